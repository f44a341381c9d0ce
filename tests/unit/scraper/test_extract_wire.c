/*
 * What a process that reads documents says is not believed. That what is right
 * gets through is shown by every case of extraction: wires.h.
 */
#include "cmd/scraper/fields.h"

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

/* All texts together are UTF-8, and none of these two is. */
static void refuses_what_is_cut_within_a_character(void **state)
{
	struct item it = { .id = STR("a"), .title = STR("\xc3\xa9") };
	const struct observation o = { .outcome = OUTCOME_FOUND,
				       .items = &it,
				       .n_items = 1 };
	uint32_t lengths[] = { 1, 2 }, other[] = { 2, 1 };
	struct observation there;
	struct buf wire = { 0 };
	struct arena a = { 0 };
	struct err e;
	char *at;

	(void)state;
	wire_put_answer(&o, &wire);
	at = memmem(wire.p, wire.len, lengths, sizeof(lengths));
	assert_non_null(at);
	memcpy(at, other, sizeof(other));
	assert_int_equal(
		wire_get_answer(str_sub(buf_str(&wire), WIRE_HEAD, wire.len),
				&a, &there, &e),
		-1);
	buf_free(&wire);
	arena_free(&a);
}

/* What was found is said once, where the field has just that. */
static void what_selectors_found_gets_through(void **state)
{
	const struct item_raw raw[] = {
		{ FIELD_ID, STR("x") },
		{ FIELD_TITLE, STR("T ") },
		{ FIELD_BRAND, STR("") },
		{ FIELD_SKU, STR("a\nb") },
	};
	struct item it = { .id = STR("x"),
			   .title = STR("T"),
			   .sku = STR("a b"),
			   .raw = raw,
			   .n_raw = sizeof(raw) / sizeof(raw[0]) };
	const struct observation o = { .outcome = OUTCOME_FOUND,
				       .items = &it,
				       .n_items = 1 };
	struct observation there;
	struct buf wire = { 0 };
	struct arena a = { 0 };
	struct err e;

	(void)state;
	wire_put_answer(&o, &wire);
	assert_int_equal(
		wire_get_answer(str_sub(buf_str(&wire), WIRE_HEAD, wire.len),
				&a, &there, &e),
		0);
	assert_int_equal(there.items[0].n_raw, it.n_raw);
	for (size_t i = 0; i < it.n_raw; i++) {
		assert_int_equal(there.items[0].raw[i].field, raw[i].field);
		assert_true(str_eq(there.items[0].raw[i].text, raw[i].text));
		assert_non_null(there.items[0].raw[i].text.p);
	}
	assert_null(there.items[0].brand.p);
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
		cmocka_unit_test(refuses_what_is_cut_within_a_character),
		cmocka_unit_test(what_selectors_found_gets_through),
		cmocka_unit_test(a_request_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
