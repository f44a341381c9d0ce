/* What is remembered of a watch survives being written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "cmd/scraper/watchstate.h"

static struct known known[] = {
	{ .id = { "a", 1 }, .title = { "A", 1 }, .price = { "1.50", 4 } },
	{ .id = { "b", 1 },
	  .list_price = { "9", 1 },
	  .currency = { "EUR", 3 },
	  .availability = { "InStock", 7 },
	  .condition = { "NewCondition", 12 },
	  .updated = { "2026-01-01T00:00:00.000000Z", 27 },
	  .link = { "http://x/", 9 },
	  .image = { "http://x/i", 10 },
	  .summary = UINT64_MAX },
};
static struct gone gone[] = {
	{ .id = 1 },
	{ .id = 127, .value = 128, .time_s = 1 },
	{ .id = UINT64_MAX, .value = UINT64_MAX, .time_s = INT64_MAX },
};
static struct trail trails[] = {
	{ .key = 1, .n = 1, .seen = { 7 } },
	{ .key = UINT64_MAX,
	  .n = CONFIRM_OF_MAX - 1,
	  .seen = { 1, 0, UINT64_MAX, 0, 0, 0, 0, 0, 9 } },
};

static struct watch_state full(void)
{
	return (struct watch_state){
		.config = UINT64_C(0xfedcba9876543210),
		.based = true,
		.observed = true,
		.outcome = OUTCOME_REFUSED,
		.polls = 300,
		.etag = STR("\"v1\""),
		.last_modified = STR(""),
		.price = STR("12.00"),
		.currency = STR("USD"),
		.priceless = true,
		.known = known,
		.n_known = ARRAY_LEN(known),
		.gone = gone,
		.n_gone = ARRAY_LEN(gone),
		.full = 50,
		.offer = STR("{}"),
		.stale = true,
		.good_us = 1790000000000000,
		.trails = trails,
		.n_trails = ARRAY_LEN(trails),
		.text = STR("one\ntwo\n"),
	};
}

static void what_was_written_is_read(void **state)
{
	struct watch_state in = full(), out;
	struct buf b = { 0 }, again = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	watchstate_encode(&in, &b);
	assert_int_equal(watchstate_decode(buf_str(&b), &a, &out, &e), 0);
	assert_true(out.config == in.config && out.polls == 300);
	assert_true(out.based && out.observed && out.priceless);
	assert_int_equal(out.outcome, OUTCOME_REFUSED);
	assert_true(str_is(out.etag, "\"v1\"") && str_is(out.price, "12.00"));
	assert_true(str_is(out.text, "one\ntwo\n"));
	assert_non_null(out.last_modified.p); /* empty, but there */
	assert_null(out.availability.p);
	assert_int_equal(out.n_known, 2);
	assert_true(str_is(out.known[0].price, "1.50"));
	assert_null(out.known[0].currency.p);
	assert_true(str_is(out.known[1].image, "http://x/i"));
	assert_true(out.known[1].summary == UINT64_MAX);
	assert_memory_equal(out.gone, gone, sizeof(gone));
	assert_true(out.full == 50 && out.stale);
	assert_true(out.good_us == in.good_us && str_is(out.offer, "{}"));
	assert_int_equal(out.n_trails, ARRAY_LEN(trails));
	assert_memory_equal(out.trails, trails, sizeof(trails));
	/* And nothing was lost on the way. */
	watchstate_encode(&out, &again);
	assert_true(str_eq(buf_str(&b), buf_str(&again)));
	buf_free(&b);
	buf_free(&again);
	arena_free(&a);
}

static void a_new_watch_is_short(void **state)
{
	struct watch_state none = { 0 }, out;
	struct buf b = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	watchstate_encode(&none, &b);
	assert_true(b.len < 24);
	assert_int_equal(watchstate_decode(buf_str(&b), &a, &out, &e), 0);
	assert_false(out.based || out.observed);
	buf_free(&b);
	arena_free(&a);
}

static void damaged_bytes_are_an_error_and_no_state(void **state)
{
	struct watch_state in = full(), out;
	struct buf b = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	watchstate_encode(&in, &b);
	for (size_t cut = 0; cut < b.len; cut++) {
		e.code = 0;
		assert_int_equal(watchstate_decode(str_sub(buf_str(&b), 0, cut),
						   &a, &out, &e),
				 -1);
		assert_int_equal(e.code, EX_DATAERR);
		assert_true(!out.based && !out.n_known && !out.text.p);
	}
	/* Whatever a byte says, reading ends within the bytes. */
	for (size_t i = 0; i < b.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			b.p[i] ^= (char)(1 << bit);
			watchstate_decode(buf_str(&b), &a, &out, &e);
			b.p[i] ^= (char)(1 << bit);
			arena_reset(&a);
		}
	b.p[0]++; /* of a version that is not there yet */
	assert_int_equal(watchstate_decode(buf_str(&b), &a, &out, &e), -1);
	b.p[0]--;
	buf_putc(&b, 'x'); /* trailing garbage */
	assert_int_equal(watchstate_decode(buf_str(&b), &a, &out, &e), -1);
	buf_free(&b);
	arena_free(&a);
}

/* As the first version wrote it: of what went there is the id alone. */
static void what_an_older_version_wrote_is_read(void **state)
{
	static const char old[] = "\1"		 /* version */
				  "\5\1\1\2\0\0" /* numbers */
				  "\0\0"	 /* etag, last_modified */
				  "\0\0\0\0"	 /* price … text */
				  "\1"		 /* known */
				  "\2a\0\0\0\0\0\0\0\0\0"
				  "\0"
				  "\2\7\xc8\1"; /* gone: 7, 200 */
	struct watch_state out;
	struct arena a = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(watchstate_decode((struct str){ old, sizeof(old) - 1 },
					   &a, &out, &e),
			 0);
	assert_int_equal(out.n_known, 1);
	assert_true(str_is(out.known[0].id, "a"));
	assert_int_equal(out.n_gone, 2);
	assert_true(out.gone[0].id == 7 && out.gone[1].id == 200);
	assert_true(!out.gone[0].time_s && !out.gone[0].value);
	assert_true(!out.full && !out.n_trails);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(a_new_watch_is_short),
		cmocka_unit_test(what_an_older_version_wrote_is_read),
		cmocka_unit_test(damaged_bytes_are_an_error_and_no_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
