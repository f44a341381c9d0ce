#include "common/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/xmem.h"

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

static void names_ports(void **state)
{
	static const struct {
		const char *url;
		unsigned port;
	} cases[] = {
		{ "http://h.example/", 80 },
		{ "https://h.example/?x=:8", 443 },
		{ "http://h.example:8090/p", 8090 },
		{ "http://[2001:db8::1]:8080/", 8080 },
		{ "https://u:1@h.example", 443 },
		{ "h.example:80", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(url_port(str_from(cases[i].url)),
				 cases[i].port);
}

/* What is short for plain paths gives what curl gives of any. */
static void plain_paths_resolve_like_others(void **state)
{
	static const char *const bases[] = {
		"https://shop.example/a/b?c#d", "HTTP://Shop.Example:80",
		"http://[2001:db8::1]:8080/x",	"https://user@h.example/",
		"https://b%C3%BCcher.example/", "https://shop.example:443/",
	};
	static const char *const refs[] = {
		"/p/1",
		"/p/1.html",
		"/p/.html",
		"/p//1",
		"/a.b/c-d_e",
		"/p/../q",
		"/p/./q",
		"/p/q.",
		"/p/..",
		"/",
		"//h/p",
		"/p?q=1",
		"/p/%7e",
		"p/1",
		"/P/1/",
		"/p/a b",
		"/p/\\b",
		"https://shop.example/p/1",
		"https://shop.example",
		"https://shop.example.evil/p",
		"http://shop.example/p/1",
		"/p/1 ",
	};
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bases) * ARRAY_LEN(refs); i++) {
		struct str base = str_from(bases[i / ARRAY_LEN(refs)]);
		struct str ref = str_from(refs[i % ARRAY_LEN(refs)]);
		struct str got = { 0 }, again = { 0 }, slow = { 0 };
		char longer[64];

		snprintf(longer, sizeof(longer), "%.*s#x",
			 STR_ARG(str_trim(ref)));
		/* The first warms what the second uses. */
		assert_true(url_resolve(base, ref, &a, &got));
		assert_true(url_resolve(base, ref, &a, &again));
		assert_true(url_resolve(base, str_from(longer), &a, &slow));
		assert_true(str_eq(got, again));
		slow.len -= 2;
		if (!str_eq(got, slow))
			fail_msg("%s with %s: %.*s, else %.*s", base.p, ref.p,
				 STR_ARG(got), STR_ARG(slow));
	}
	arena_free(&a);
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
	/* Asked of a host that was seen just now, too. */
	assert_true(url_is_http(STR("https://shop.example")));
	assert_true(url_is_http(STR("https://shop.example?a#b")));
	assert_true(url_is_http(STR("https://shop.example/\xc3\xa4 b")));
	assert_true(url_is_http(STR("https://shop.example.org/")));
	assert_false(url_is_http(STR("https://shop.example:x/")));
	assert_false(url_is_http(STR("https://shop.example b/")));
	assert_false(url_is_http(STR("")));
	assert_false(url_is_http((struct str){ 0 }));
}

/* One that is good however it is written gives nothing of that to another. */
static void what_is_remembered_is_as_curl_writes_it(void **state)
{
	struct arena a = { 0 };
	struct str got;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(url_resolve(STR("http://other.example/"), STR("/p"),
					&a, &got));
		assert_true(url_is_http(STR("HTTPS://Shop.Example:443/a")));
		assert_true(url_resolve(STR("http://other.example/"),
					STR("HTTPS://Shop.Example:443/p/1"), &a,
					&got));
		assert_true(str_is(got, "https://Shop.Example/p/1"));
	}
	arena_free(&a);
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

static void all_but_the_unreserved_is_encoded(void **state)
{
	struct buf b = { 0 };

	(void)state;
	url_add_encoded(&b, (struct str){ "aZ09-._~ /%\0\xc3\xa9", 14 });
	assert_true(str_is(buf_str(&b), "aZ09-._~%20%2F%25%00%C3%A9"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_but_the_unreserved_is_encoded),
		cmocka_unit_test(names_ports),
		cmocka_unit_test(plain_paths_resolve_like_others),
		cmocka_unit_test(resolves_normalises_and_names_hosts),
		cmocka_unit_test(only_the_web_is_http),
		cmocka_unit_test(what_is_remembered_is_as_curl_writes_it),
		cmocka_unit_test(refuses_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
