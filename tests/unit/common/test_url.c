#include "common/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/json.h"

/*
 * One case a line: {"base","ref","want"} for url_resolve(), {"url","normal"}
 * and {"url","host"} for the other two; null where it must be refused.
 */
static void check(bool ok, struct str got, const struct json *want,
		  const char *line)
{
	struct str expected = str_from(json_string(want));

	if (ok != (expected.p != NULL) || (ok && !str_eq(got, expected)))
		fail_msg("got %.*s: %s", STR_ARG(got), line);
}

static void run_case(const struct json *c, const char *line)
{
	struct arena a = { 0 };
	struct str url = str_from(json_string(json_member(c, "url")));
	struct str base = str_from(json_string(json_member(c, "base")));
	struct str ref = str_from(json_string(json_member(c, "ref")));
	struct str got = { 0 };

	if (ref.p)
		check(url_resolve(base, ref, &a, &got), got,
		      json_member(c, "want"), line);
	else if (json_member(c, "normal"))
		check(url_normalise(url, &a, &got), got,
		      json_member(c, "normal"), line);
	else
		check(url_host(url, &a, &got), got, json_member(c, "host"),
		      line);
	arena_free(&a);
}

static void resolves_normalises_and_names_hosts(void **state)
{
	FILE *f = fopen("tests/fixtures/url/cases.jsonl", "re");
	char line[4096];
	int n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct json *c = json_parse(str_from(line), 0, NULL);

		assert_non_null(c);
		run_case(c, line);
		json_free(&c);
		n++;
	}
	fclose(f);
	assert_true(n > 40);
}

static void only_the_web_is_http(void **state)
{
	(void)state;
	assert_true(url_is_http(STR("https://shop.example/")));
	assert_true(url_is_http(STR(" http://shop.example ")));
	assert_true(url_is_http(STR("HTTP://192.0.2.1:8080/x")));
	assert_false(url_is_http(STR("ftp://shop.example/")));
	assert_false(url_is_http(STR("file:///etc/passwd")));
	assert_false(url_is_http(STR("javascript:alert(1)")));
	assert_false(url_is_http(STR("/only/a/path")));
	assert_false(url_is_http(STR("")));
	assert_false(url_is_http((struct str){ 0 }));
}

static void refuses_what_is_too_long(void **state)
{
	static char text[URL_MAX + 2];
	struct arena a = { 0 };
	struct str got;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = 'x';
	assert_true(url_resolve(STR("http://a.example/"),
				(struct str){ text, URL_MAX }, &a, &got));
	assert_false(url_resolve(STR("http://a.example/"),
				 (struct str){ text, URL_MAX + 1 }, &a, &got));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolves_normalises_and_names_hosts),
		cmocka_unit_test(only_the_web_is_http),
		cmocka_unit_test(refuses_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
