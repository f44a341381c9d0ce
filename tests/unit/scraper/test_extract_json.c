/* Cases: tests/fixtures/json/items.jsonl. */
#include "tests/unit/scraper/extracts.h"

#include "common/xmem.h"

static bool is_right(const struct json *c)
{
	return extracts_right(&extract_json, c);
}

static void gives_the_items_that_the_paths_select(void **state)
{
	(void)state;
	cases_run("tests/fixtures/json/items.jsonl", 30, is_right);
}

static void gives_what_programs_find(void **state)
{
	(void)state;
	cases_run("tests/fixtures/json/programs.jsonl", 60, is_right);
}

/* A test that reads the words of programs, and runs nothing. */
static void knows_that_there_are_programs(void **state)
{
	static const struct {
		const char *config;
		bool programs;
	} cases[] = {
		{ "{\"fields\":{\"title\":{\"path\":\"$\"}}}", false },
		{ "{\"fields\":{\"title\":{\"jq\":\".[\"}}}", true },
		{ "{\"items\":{\"jq\":\".[\"},\"fields\":{\"title\":"
		  "{\"path\":\"$\"}}}",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct json *config =
			json_parse(str_from(cases[i].config), 0, NULL);
		struct extractor *x = extractor_new("json", config, NULL);

		assert_non_null(x);
		assert_int_equal(extractor_has_programs(x), cases[i].programs);
		extractor_free(&x);
		json_free(&config);
	}
}

static void counts_what_is_over_the_limit(void **state)
{
	struct json *config = json_parse(STR("{\"items\":{\"path\":\"$\"},"
					     "\"fields\":{\"title\":{"
					     "\"pointer\":\"\"}}}"),
					 0, NULL);
	struct buf body = { 0 };
	struct document doc = { 0 };
	struct observation o = { 0 };
	struct arena a = { 0 };
	void *compiled = NULL;

	(void)state;
	assert_int_equal(extract_json.compile(config, &compiled, NULL), 0);
	for (int i = 0; i < ITEM_MAX + 3; i++)
		buf_addf(&body, "%c\"item %d\"", i ? ',' : '[', i);
	buf_putc(&body, ']');
	doc.body = buf_str(&body);
	extract_json.run(compiled, &doc, &a, &o);
	assert_int_equal(o.outcome, OUTCOME_FOUND);
	assert_int_equal(o.n_items, ITEM_MAX);
	assert_int_equal(o.dropped, 3);
	extract_json.release(compiled);
	json_free(&config);
	buf_free(&body);
	arena_free(&a);
}

/* Each field of each item alone is far from the limit. */
static void ends_what_takes_too_long_in_all(void **state)
{
	struct json *config = json_parse(
		STR("{\"items\":{\"path\":\"$[*]\"},\"fields\":{\"title\":{"
		    "\"path\":\"$[?count($[?@==0])==1]\"}}}"),
		0, NULL);
	struct document doc = { 0 };
	struct observation o = { 0 };
	struct buf body = { 0 };
	struct arena a = { 0 };
	void *compiled = NULL;

	(void)state;
	assert_int_equal(extract_json.compile(config, &compiled, NULL), 0);
	for (int i = 0; i < 30; i++) {
		buf_puts(&body, i ? ",[0" : "[[0");
		for (int k = 1; k < 1000; k++)
			buf_puts(&body, ",0");
		buf_putc(&body, ']');
	}
	buf_putc(&body, ']');
	doc.body = buf_str(&body);
	extract_json.run(compiled, &doc, &a, &o);
	assert_int_equal(o.outcome, OUTCOME_PARSE_FAIL);
	assert_true(str_is(o.reason, "fields: too much work for JSONPath"));
	extract_json.release(compiled);
	json_free(&config);
	buf_free(&body);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_items_that_the_paths_select),
		cmocka_unit_test(gives_what_programs_find),
		cmocka_unit_test(knows_that_there_are_programs),
		cmocka_unit_test(counts_what_is_over_the_limit),
		cmocka_unit_test(ends_what_takes_too_long_in_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
