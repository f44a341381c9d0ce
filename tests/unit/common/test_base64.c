/* Base64: the vectors of RFC 4648, section 10, and what is none. */
#include "common/base64.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const struct {
	struct str bytes;
	const char *text;
} rows[] = {
	{ { "", 0 }, "" },
	{ { "f", 1 }, "Zg==" },
	{ { "fo", 2 }, "Zm8=" },
	{ { "foo", 3 }, "Zm9v" },
	{ { "foob", 4 }, "Zm9vYg==" },
	{ { "fooba", 5 }, "Zm9vYmE=" },
	{ { "foobar", 6 }, "Zm9vYmFy" },
	{ { "\1\2\3\4", 4 }, "AQIDBA==" },
	{ { "\0\0", 2 }, "AAA=" },
	{ { "\xfb\xff\xfe", 3 }, "+//+" },
};

static void bytes_go_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { 0 }, bytes = { 0 };

		buf_putc(&text, '>');
		buf_putc(&bytes, '>');
		base64_add(&text, rows[i].bytes);
		assert_string_equal(text.p + 1, rows[i].text);
		assert_true(base64_add_bytes(&bytes, str_from(rows[i].text)));
		assert_true(str_eq(str_sub(buf_str(&bytes), 1, bytes.len),
				   rows[i].bytes));
		buf_free(&text);
		buf_free(&bytes);
	}
}

static void of_urls_there_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = { 0 }, bytes = { 0 };
		size_t len = strcspn(rows[i].text, "=");

		buf_puts(&text, "+/=");
		base64url_add(&text, rows[i].bytes);
		assert_int_equal(text.len, 3 + len);
		assert_memory_equal(text.p, "+/=", 3);
		assert_null(strpbrk(text.p + 3, "+/="));
		assert_true(base64url_add_bytes(&bytes, str_sub(buf_str(&text),
								3, text.len)));
		assert_true(str_eq(buf_str(&bytes), rows[i].bytes));
		buf_free(&text);
		buf_free(&bytes);
	}
}

static void what_is_none_adds_nothing(void **state)
{
	static const char *const texts[] = {
		"Z",	"Zg",	  "Zg=",      "Zh==",	   "Zm9=",
		"====", "Z===",	  "Zg==Zg==", "Zm9v\n",	   "Zm 9",
		"Zm-v", "Zm9vZg", "=Zm9",     "Zm9vYmE==", "Z\xc3\xa9v",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = { 0 };

		buf_putc(&b, '>');
		if (base64_add_bytes(&b, str_from(texts[i])))
			fail_msg("%s: taken", texts[i]);
		assert_int_equal(b.len, 1);
		buf_free(&b);
	}
}

static void a_full_buffer_takes_no_more(void **state)
{
	struct buf b = { .max = 5 };

	(void)state;
	assert_false(base64_add_bytes(&b, STR("Zm9vYmFy")));
	assert_int_equal(b.len, 0);
	assert_true(b.full);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_there_and_back),
		cmocka_unit_test(of_urls_there_and_back),
		cmocka_unit_test(what_is_none_adds_nothing),
		cmocka_unit_test(a_full_buffer_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
