#include "cmd/scraper/extract_child.h"
#include "cmd/scraper/try_extract.h"

#include "common/xmem.h"

#include "tests/unit/scraper/extract_cases.h"

static const char fixtures[] = "tests/fixtures/extract";

static void extracts_by_selectors(void **state)
{
	char kind[] = "html";
	struct cases_count count =
		cases_run(fixtures, "html.jsonl", extract_cases_judge, kind);

	(void)state;
	assert_true(count.n > 30);
	assert_int_equal(count.good, count.n);
}

static void binaries_are_no_pages(void **state)
{
	static const struct {
		struct str body;
		enum outcome want;
	} cases[] = {
		{ { "\x89PNG\r\n\0\0\rIHDR", 13 }, OUTCOME_PARSE_FAIL },
		{ { "\xff\xfex\0y\0", 6 }, OUTCOME_FOUND }, /* UTF-16 */
		{ { "x", 1 }, OUTCOME_FOUND },
	};
	struct json *config =
		json_parse(STR("{\"fields\":{\"title\":{}}}"), 0, NULL);
	struct extractor *x = extractor_new("html", config, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct document doc = { .body = cases[i].body };
		struct observation o;
		struct arena a = { 0 };

		extractor_run(x, &doc, &a, &o);
		assert_int_equal(o.outcome, cases[i].want);
		arena_free(&a);
	}
	extractor_free(&x);
	json_free(&config);
}

static void counts_what_is_over_the_limit(void **state)
{
	struct json *config = json_parse(
		STR("{\"items\":{\"css\":\"li\"},\"fields\":{\"title\":{}}}"),
		0, NULL);
	struct extractor *x = extractor_new("html", config, NULL);
	struct document doc = { 0 };
	struct observation o;
	struct arena a = { 0 };
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < ITEM_MAX + 3; i++)
		buf_addf(&b, "<li>item %d", i);
	doc.body = buf_str(&b);
	extractor_run(x, &doc, &a, &o);
	assert_int_equal(o.outcome, OUTCOME_FOUND);
	assert_int_equal(o.n_items, ITEM_MAX);
	assert_int_equal(o.dropped, 3);
	assert_true(str_is(o.items[4999].title, "item 4999"));
	extractor_free(&x);
	json_free(&config);
	buf_free(&b);
	arena_free(&a);
}

/* The line that --try extract writes, or the error's code. */
static int try_once(const char *watch, const char *base_url, const char *html,
		    char line[1024], struct err *e)
{
	FILE *in = tmpfile(), *out;
	int rc;

	fputs(html, in);
	rewind(in);
	out = fmemopen(line, 1024, "w");
	rc = try_extract(watch, base_url,
			 &(struct extract_pool_conf){ 1, 60000, 256 << 20 }, in,
			 out, e);
	fclose(in);
	fclose(out);
	return rc ? e->code : 0;
}

static void can_be_tried_by_hand(void **state)
{
	static const char watch[] =
		"{\"id\":\"x\",\"url\":\"https://a.example/"
		"\",\"kind\":\"html\","
		"\"item\":{\"currency\":\"EUR\"},\"extract\":{\"fields\":{"
		"\"id\":{\"css\":\"i\"},\"price\":{\"css\":\"b\"},"
		"\"link\":{\"css\":\"a\",\"attr\":\"href\"}}}}";
	static const char html[] = "<i>1</i><b>5.00</b><a href=/x>x</a>";
	struct err e = { 0 };
	char line[1024];

	(void)state;
	assert_int_equal(try_once(watch, NULL, html, line, &e), 0);
	assert_string_equal(line,
			    "{\"outcome\":\"changed\",\"items\":[{\"id\":\"1\","
			    "\"price\":\"5.00\",\"currency\":\"EUR\","
			    "\"link\":\"https://a.example/x\"}]}\n");
	assert_int_equal(try_once(watch, "https://b.example", html, line, &e),
			 0);
	assert_non_null(strstr(line, "https://b.example/x"));
	assert_int_equal(try_once(watch, NULL, "", line, &e), 0);
	assert_string_equal(line, "{\"outcome\":\"empty\",\"reason\":"
				  "\"the body is empty\",\"items\":[]}\n");
}

static void explains_a_bad_watch(void **state)
{
	static const struct {
		const char *watch;
		int code;
		const char *msg;
	} cases[] = {
		{ "{", EX_DATAERR, "watch: " },
		{ "[]", EX_DATAERR, "watch: is no object" },
		{ "{\"kind\":\"htm\"}", EX_CONFIG,
		  "watch: kind: \"htm\" is not product, html" },
		{ "{\"kind\":\"html\",\"extract\":[]}", EX_CONFIG,
		  "watch: extract: is no object" },
		{ "{\"kind\":\"html\"}", EX_CONFIG, "watch: extract: fields" },
	};
	char line[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };

		assert_int_equal(try_once(cases[i].watch, NULL, "x", line, &e),
				 cases[i].code);
		if (strncmp(e.msg, cases[i].msg, strlen(cases[i].msg)) != 0)
			fail_msg("%s: %s", cases[i].watch, e.msg);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extracts_by_selectors),
		cmocka_unit_test(binaries_are_no_pages),
		cmocka_unit_test(counts_what_is_over_the_limit),
		cmocka_unit_test(can_be_tried_by_hand),
		cmocka_unit_test(explains_a_bad_watch),
	};

	if (extract_child_asked(argc, argv))
		extract_child_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
