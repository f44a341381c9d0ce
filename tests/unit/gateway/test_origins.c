/* Which pages elsewhere may use the gateway. */
#include "cmd/gateway/origins.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const char *names[] = { "https://app.example", "http://box:8080",
			       "https://*.example.com",
			       "https://*.port.example:8443" };
static const struct opt_list listed = { .v = names, .n = ARRAY_LEN(names) };
static const char *anything[] = { "*", "https://app.example" };
static const struct opt_list any = { .v = anything, .n = ARRAY_LEN(anything) };
static const struct opt_list none = { 0 };

static void origins_are_own_listed_or_foreign(void **state)
{
	static const struct {
		const struct opt_list *list;
		const char *origin;
		enum origin want;
	} rows[] = {
		{ &none, NULL, ORIGIN_OWN },
		{ &none, "http://weir:80", ORIGIN_OWN },
		{ &none, "https://weir:80", ORIGIN_OWN },
		{ &none, "https://app.example", ORIGIN_FOREIGN },
		{ &none, "null", ORIGIN_FOREIGN },
		{ &listed, NULL, ORIGIN_OWN },
		{ &listed, "https://app.example", ORIGIN_LISTED },
		{ &listed, "https://APP.example", ORIGIN_LISTED },
		{ &listed, "http://app.example", ORIGIN_FOREIGN },
		{ &listed, "https://app.example:443", ORIGIN_FOREIGN },
		{ &listed, "https://app.example.evil", ORIGIN_FOREIGN },
		{ &listed, "https://evil-app.example", ORIGIN_FOREIGN },
		{ &listed, "https://x.app.example", ORIGIN_FOREIGN },
		{ &listed, "http://box:8080", ORIGIN_LISTED },
		{ &listed, "http://box", ORIGIN_FOREIGN },
		{ &listed, "https://a.example.com", ORIGIN_LISTED },
		{ &listed, "https://a.b.example.com", ORIGIN_LISTED },
		{ &listed, "https://example.com", ORIGIN_FOREIGN },
		{ &listed, "https://.example.com", ORIGIN_FOREIGN },
		{ &listed, "https://evilexample.com", ORIGIN_FOREIGN },
		{ &listed, "https://a.example.com:8443", ORIGIN_FOREIGN },
		{ &listed, "https://a.example.com.evil", ORIGIN_FOREIGN },
		{ &listed, "https://evil/.example.com", ORIGIN_FOREIGN },
		{ &listed, "https://evil#.example.com", ORIGIN_FOREIGN },
		{ &listed, "https://evil@.example.com", ORIGIN_FOREIGN },
		{ &listed, "http://a.example.com", ORIGIN_FOREIGN },
		{ &listed, "https://a.port.example:8443", ORIGIN_LISTED },
		{ &listed, "https://a.port.example", ORIGIN_FOREIGN },
		{ &listed, "null", ORIGIN_FOREIGN },
		{ &listed, "", ORIGIN_FOREIGN },
		{ &listed, "*", ORIGIN_FOREIGN },
		{ &any, "https://app.example", ORIGIN_LISTED },
		{ &any, "https://evil.example", ORIGIN_ANY },
		{ &any, "null", ORIGIN_ANY },
		{ &any, "http://weir:80", ORIGIN_OWN },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (origins_judge(rows[i].list, str_from(rows[i].origin),
				  (struct str){ 0 },
				  STR("weir:80")) != rows[i].want)
			fail_msg("row %zu, '%s': want %d", i, rows[i].origin,
				 rows[i].want);
}

static void the_list_is_checked(void **state)
{
	static const struct {
		const char *origin;
		bool want;
	} rows[] = {
		{ "*", true },
		{ "https://app.example", true },
		{ "http://[::1]:8080", true },
		{ "https://*.example.com", true },
		{ "", false },
		{ "app.example", false },
		{ "https://", false },
		{ "https://*", false },
		{ "https://*.", false },
		{ "https://*example.com", false },
		{ "https://a.*.com", false },
		{ "https://app.example/", false },
		{ "https://app.example/path", false },
		{ "ftp://app.example", false },
		{ "https://a b", false },
		{ "https://a\r\nX: y", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *one = rows[i].origin;
		const struct opt_list list = { .v = &one, .n = 1 };
		struct err e = { 0 };

		if ((origins_check(&list, &e) == 0) != rows[i].want)
			fail_msg("'%s': want %d", one, rows[i].want);
		if (!rows[i].want)
			assert_int_equal(e.code, EX_CONFIG);
	}
}

static const char *printed(const struct opt_list *list, enum origin what,
			   bool preflight, char out[1024])
{
	struct buf b = { 0 };

	buf_puts(&b, "");
	origins_print(list, what, STR("https://app.example"), preflight, &b);
	str_copy(out, 1024, buf_str(&b));
	buf_free(&b);
	return out;
}

static void answers_say_whose_page_may_read_them(void **state)
{
	char text[1024];

	(void)state;
	assert_string_equal(printed(&none, ORIGIN_OWN, false, text), "");
	assert_string_equal(printed(&listed, ORIGIN_OWN, false, text),
			    "Vary: Origin\r\n");
	assert_string_equal(printed(&listed, ORIGIN_FOREIGN, true, text),
			    "Vary: Origin\r\n");
	printed(&listed, ORIGIN_LISTED, false, text);
	assert_non_null(strstr(text, "Allow-Origin: https://app.example\r\n"));
	assert_non_null(strstr(text, "Allow-Credentials: true\r\n"));
	assert_non_null(strstr(text, "Expose-Headers: "));
	printed(&any, ORIGIN_ANY, true, text);
	assert_non_null(strstr(text, "Allow-Origin: *\r\n"));
	assert_null(strstr(text, "Credentials"));
	assert_non_null(strstr(text, "Allow-Methods: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origins_are_own_listed_or_foreign),
		cmocka_unit_test(the_list_is_checked),
		cmocka_unit_test(answers_say_whose_page_may_read_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
