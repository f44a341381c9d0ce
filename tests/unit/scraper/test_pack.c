#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/scraper/pack.h"

static void gives_back_what_was_put(void **state)
{
	static const uint64_t numbers[] = { 0,	 1,	     127,
					    128, UINT32_MAX, UINT64_MAX };
	struct buf b = { 0 };
	struct unpack u;

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		pack_number(&b, numbers[i]);
	pack_text(&b, STR("lamp"));
	pack_text(&b, STR(""));
	pack_text(&b, (struct str){ 0 });
	u = (struct unpack){ .rest = buf_str(&b) };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(unpack_number(&u) == numbers[i]);
	assert_true(str_is(unpack_text(&u), "lamp"));
	assert_non_null(unpack_text(&u).p);
	assert_null(unpack_text(&u).p);
	assert_false(u.bad || u.rest.len);
	buf_free(&b);
}

static void what_is_cut_is_bad(void **state)
{
	struct buf b = { 0 };

	(void)state;
	pack_number(&b, 300);
	pack_text(&b, STR("lamp"));
	for (size_t i = 0; i < b.len; i++) {
		struct unpack u = { .rest = str_sub(buf_str(&b), 0, i) };

		unpack_number(&u);
		assert_null(unpack_text(&u).p);
		assert_true(u.bad);
	}
	buf_free(&b);
}

static void no_more_is_counted_than_can_be_there(void **state)
{
	struct unpack few = { .rest = STR("\002abcd") };
	struct unpack many = { .rest = STR("\003abcd") };
	struct unpack endless = { .rest = STR("\xff\xff\xff\xff\xff\xff\xff"
					      "\xff\xff\xff\xff\xff") };

	(void)state;
	assert_int_equal(unpack_count(&few, 2), 2);
	assert_false(few.bad);
	assert_int_equal(unpack_count(&many, 2), 0);
	assert_true(many.bad);
	assert_int_equal(unpack_number(&endless), 0);
	assert_true(endless.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_put),
		cmocka_unit_test(what_is_cut_is_bad),
		cmocka_unit_test(no_more_is_counted_than_can_be_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
