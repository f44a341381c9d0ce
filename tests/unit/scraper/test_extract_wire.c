/*
 * What a process that reads documents says is not believed. That what is right
 * gets through is shown by every case of extraction: wires.h.
 */
#include "tests/unit/cases.h"
#include "tests/unit/scraper/wires.h"

static int take(const struct observation *o)
{
	struct buf wire = { 0 };
	struct arena a = { 0 };
	struct observation there;
	struct err e;
	int rc;

	wire_put_answer(o, &wire);
	rc = wire_get_answer(str_sub(buf_str(&wire), WIRE_HEAD, wire.len), &a,
			     &there, &e);
	buf_free(&wire);
	arena_free(&a);
	return rc;
}

static const struct item good = { .id = { "x", 1 } };

static void refuses_what_no_extractor_finds(void **state)
{
	const struct item bad[] = {
		{ .title = STR("no id") },
		{ .id = STR("") },
		{ .id = STR("a\nb") },
		{ .id = STR("\xff") },
		{ .id = STR("x"), .price = STR("1e9") },
		{ .id = STR("x"), .rating = STR("five") },
		{ .id = STR("x"), .currency = STR("eur") },
		{ .id = STR("x"), .currency = STR("EURO") },
		{ .id = STR("x"), .link = STR("javascript:alert(1)") },
		{ .id = STR("x"), .image = STR("file:///etc/passwd") },
		{ .id = STR("x"), .published = STR("today") },
		{ .id = STR("x"), .availability = STR("In Stock") },
		{ .id = STR("x"), .picked = STR("a\x1b[31m") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct item it = bad[i];
		const struct observation o = { .outcome = OUTCOME_FOUND,
					       .items = &it,
					       .n_items = 1 };

		if (take(&o) == 0)
			fail_msg("item %zu was taken", i);
	}
}

static void refuses_outcomes_that_are_not_its_own(void **state)
{
	struct item it = good;

	(void)state;
	for (enum outcome o = 0; o < 20; o++) {
		bool own = o == OUTCOME_FOUND || o == OUTCOME_EMPTY ||
			   o == OUTCOME_SELECTOR_MISS ||
			   o == OUTCOME_PARSE_FAIL || o == OUTCOME_REFUSED;

		assert_int_equal(
			take(&(struct observation){ .outcome = o }) == 0, own);
		assert_int_equal(take(&(struct observation){ .outcome = o,
							     .items = &it,
							     .n_items = 1 }) ==
					 0,
				 o == OUTCOME_FOUND);
	}
	assert_int_equal(
		take(&(struct observation){ .outcome = OUTCOME_EMPTY,
					    .reason = STR("two\nlines") }),
		-1);
}

/* Every beginning of an answer, and one byte too many. */
static void refuses_what_is_cut(void **state)
{
	struct item it = good;
	const struct observation o = { .outcome = OUTCOME_FOUND,
				       .reason = STR("r"),
				       .items = &it,
				       .n_items = 1 };
	struct observation there;
	struct buf wire = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	wire_put_answer(&o, &wire);
	buf_putc(&wire, 'x');
	for (size_t n = WIRE_HEAD; n <= wire.len; n++)
		assert_int_equal(
			wire_get_answer(str_sub(buf_str(&wire), WIRE_HEAD, n),
					&a, &there, &e) == 0,
			n == wire.len - 1);
	buf_free(&wire);
	arena_free(&a);
}

/* What a request does not carry is absent. */
static void a_request_is_whole(void **state)
{
	const struct wire_request r = { .kind = STR("json"),
					.doc.body = STR("{}"),
					.doc.url = STR("https://a.example/") };
	struct wire_request there;
	struct buf wire = { 0 };

	(void)state;
	memset(&there, 0xff, sizeof(there));
	wire_put_request(&r, &wire);
	assert_int_equal(
		wire_get_request(str_sub(buf_str(&wire), WIRE_HEAD, wire.len),
				 &there),
		0);
	assert_true(str_is(there.kind, "json") && str_is(there.doc.body, "{}"));
	assert_true(str_is(there.doc.url, "https://a.example/"));
	assert_null(there.config.p);
	assert_null(there.doc.lang.p);
	assert_int_equal(there.doc.lang.len, 0);
	buf_free(&wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_no_extractor_finds),
		cmocka_unit_test(refuses_outcomes_that_are_not_its_own),
		cmocka_unit_test(refuses_what_is_cut),
		cmocka_unit_test(a_request_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
