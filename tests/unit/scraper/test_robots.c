#include "cmd/scraper/robots.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static bool allowed(struct str body, const char *agent, struct str target)
{
	struct robots *r = robots_parse(body, str_from(agent));
	bool ok = robots_allowed(r, target);

	robots_free(&r);
	return ok;
}

struct sample {
	const char *body, *target;
	bool want;
};

static void judge(const struct sample *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (allowed(str_from(s[i].body), "weir/1.0 (+https://x.test)",
			    str_from(s[i].target)) != s[i].want)
			fail_msg("case %zu: %s: want %d in\n%s", i, s[i].target,
				 s[i].want, s[i].body);
}

static void the_longest_match_decides_and_allow_wins_a_tie(void **state)
{
	const struct sample s[] = {
		{ "", "/a", true },
		{ "User-agent: *\nDisallow: /\n", "", false },
		{ "User-agent: *\nDisallow:\n", "/a", true },
		{ "User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b/c",
		  true },
		{ "User-agent: *\nAllow: /a\nDisallow: /a/b\n", "/a/b/c",
		  false },
		{ "User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", true },
		{ "User-agent: *\nAllow: /a\nDisallow: /A\n", "/A", false },
		{ "User-agent: *\nDisallow: /\n", "/robots.txt", true },
		{ "User-agent: *\nDisallow: /?x=\n", "?x=1", false },
		{ "User-agent: *\nDisallow: /a\n", "/b#/a", true },
	};

	(void)state;
	judge(s, ARRAY_LEN(s));
}

static void groups_of_one_agent_are_merged(void **state)
{
	const struct sample s[] = {
		{ "User-agent: weir\nDisallow: /a\n\nUser-agent: x\n"
		  "Disallow: /\n\nUser-agent: WEIR\nDisallow: /b\n",
		  "/a", false },
		{ "User-agent: weir\nDisallow: /a\n\nUser-agent: x\n"
		  "Disallow: /\n\nUser-agent: WEIR\nDisallow: /b\n",
		  "/b", false },
		{ "User-agent: weir\nDisallow: /a\nUser-agent: x\n"
		  "Disallow: /\n",
		  "/c", true },
		{ "User-agent: x\nUser-agent: weir\nDisallow: /\n", "/a",
		  false },
		{ "User-agent: x\nSitemap: /s.xml\nUser-agent: weir\n"
		  "Disallow: /\n",
		  "/a", false },
		/* An own group hides the one for all, even without a rule. */
		{ "User-agent: *\nDisallow: /\nUser-agent: weir\n", "/a",
		  true },
		{ "User-agent: weirdo\nDisallow: /\n", "/a", true },
		{ "User-agent: weir/2.0\nDisallow: /\n", "/a", false },
		{ "User-agent: weir2\nDisallow: /\n", "/a", true },
		{ "User-agent: *press*\nDisallow: /\n", "/a", true },
		{ "Disallow: /\n", "/a", true },
	};

	(void)state;
	judge(s, ARRAY_LEN(s));
}

static void star_and_dollar_are_special(void **state)
{
	const struct sample s[] = {
		{ "User-agent: *\nDisallow: /*.pdf$\n", "/x/y.pdf", false },
		{ "User-agent: *\nDisallow: /*.pdf$\n", "/x/y.pdf?z", true },
		{ "User-agent: *\nDisallow: /a*b*c\n", "/a1b2c3", false },
		{ "User-agent: *\nDisallow: /a*b*c\n", "/a1c2b3", true },
		{ "User-agent: *\nDisallow: /a**b\n", "/ab", false },
		{ "User-agent: *\nDisallow: /$\n", "/", false },
		{ "User-agent: *\nDisallow: /$\n", "/a", true },
		{ "User-agent: *\nDisallow: *a\n", "/ba", false },
		{ "User-agent: *\nDisallow: /a*ab$\n", "/ab", true },
		{ "User-agent: *\nDisallow: /a*ab$\n", "/aabab", false },
		{ "User-agent: *\nDisallow: /a$b\n", "/a$b", false },
		{ "User-agent: *\nDisallow: /a%2A\n", "/a*", false },
		{ "User-agent: *\nDisallow: /a%2A\n", "/ab", true },
		{ "User-agent: *\nDisallow: /a%24\n", "/a$", false },
		{ "User-agent: *\nDisallow: /\nAllow: /d/index.html\n", "/d/",
		  true },
		{ "User-agent: *\nDisallow: /\nAllow: /d/index.html\n", "/d",
		  false },
	};

	(void)state;
	judge(s, ARRAY_LEN(s));
}

static void percent_encoding_has_one_form(void **state)
{
	const struct sample s[] = {
		{ "User-agent: *\nDisallow: /\xc3\xa9\n", "/%c3%A9", false },
		{ "User-agent: *\nDisallow: /%c3%a9\n", "/\xc3\xa9", false },
		{ "User-agent: *\nDisallow: /%62ar\n", "/bar", false },
		{ "User-agent: *\nDisallow: /bar\n", "/%62%61r", false },
		{ "User-agent: *\nDisallow: /a%2fb\n", "/a%2Fb", false },
		{ "User-agent: *\nDisallow: /a%2fb\n", "/a/b", true },
		{ "User-agent: *\nDisallow: /a%zz\n", "/a%zz", false },
	};

	(void)state;
	judge(s, ARRAY_LEN(s));
}

static void lines_are_read_as_people_write_them(void **state)
{
	const struct sample s[] = {
		{ "\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "/a", false },
		{ "user-AGENT:*\r\ndisALLOW:/a # why\r\n", "/a", false },
		{ "User-agent: *\rDisallow: /a\r", "/a", false },
		{ "user-agent *\ndisallow /a\n", "/a", false },
		{ "user-agent * x\ndisallow /a\n", "/a", true },
		{ "User-agent: *\n<p>\n: :\nDissalow: /a", "/a", false },
		{ " User-agent : * \n\tDisallow : /a b \n", "/a%20b", false },
		{ "User-agent: *\n# Disallow: /a\n", "/a", true },
	};

	(void)state;
	judge(s, ARRAY_LEN(s));
}

static void the_delay_is_that_of_our_group(void **state)
{
	const struct {
		const char *body;
		int64_t want_ms;
	} s[] = {
		{ "", -1 },
		{ "User-agent: *\nCrawl-delay: 2.5\n", 2500 },
		{ "User-agent: *\nCrawl-delay: 0\n", 0 },
		{ "User-agent: *\nCrawl-delay: -1\n", -1 },
		{ "User-agent: *\nCrawl-delay: soon\n", -1 },
		{ "User-agent: *\nCrawl-delay: 99999999999999\n", 3600000 },
		/* One group, but the delay stands before the agent. */
		{ "User-agent: *\nCrawl-delay: 9\nUser-agent: weir\n"
		  "Disallow: /a\n",
		  -1 },
		{ "User-agent: *\nDisallow: /x\nCrawl-delay: 9\n"
		  "User-agent: weir\nDisallow: /a\n",
		  -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		struct robots *r =
			robots_parse(str_from(s[i].body), STR("weir"));

		assert_int_equal(robots_delay_ms(r), s[i].want_ms);
		robots_free(&r);
		assert_null(r);
	}
	robots_free(&(struct robots *){ NULL });
}

static void half_a_rule_at_the_limit_is_not_read(void **state)
{
	static const char head[] = "User-agent: *\nDisallow: /a\n";
	static const char tail[] = "Disallow: /bcd\n";
	struct buf b = { 0 };

	(void)state;
	buf_puts(&b, head);
	while (b.len + sizeof(tail) - 6 < ROBOTS_BYTES_MAX)
		buf_putc(&b, '#');
	b.p[b.len - 1] = '\n';
	buf_puts(&b, tail);
	assert_true(b.len > ROBOTS_BYTES_MAX);
	assert_false(allowed(buf_str(&b), "weir", STR("/a")));
	assert_true(allowed(buf_str(&b), "weir", STR("/bcd")));
	assert_true(allowed(buf_str(&b), "weir", STR("/b")));
	/* What is just within the limit counts. */
	buf_consume(&b, 200);
	assert_true(allowed(buf_str(&b), "weir", STR("/bcd")));
	buf_free(&b);
}

static void the_target_of_a_url_is_its_path_and_query(void **state)
{
	const char *const s[][2] = {
		{ "https://a.test/b?c=d", "/b?c=d" },
		{ "https://a.test", "" },
		{ "https://a.test?b=/c", "?b=/c" },
		{ "/b?u=https://c.test/d", "/b?u=https://c.test/d" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		assert_true(str_is(robots_target(str_from(s[i][0])), s[i][1]));
}

static bool judge_rule(const struct json *c, void *ctx)
{
	(void)ctx;
	if (json_member(c, "kind"))
		return true;
	return allowed(cases_str(c, "robots"),
		       json_string(json_member(c, "ua")),
		       robots_target(cases_str(c, "url"))) ==
	       json_true(json_member(c, "allowed"));
}

static bool judge_real_file(const struct json *c, void *ctx)
{
	struct str body = cases_str(c, "robots");
	bool good = true;

	(void)ctx;
	json_each (check, json_member(c, "checks")) {
		const char *agent = json_string(json_at(check, 0));
		struct str url = str_from(json_string(json_at(check, 1)));

		if (allowed(body, agent, robots_target(url)) !=
		    json_true(json_at(check, 2))) {
			print_message("# %s %.*s\n", agent, STR_ARG(url));
			good = false;
		}
	}
	return good;
}

static void agrees_with_other_implementations(void **state)
{
	const char *dir = cases_dir();
	struct cases_count rules, files;

	(void)state;
	rules = cases_run(dir, "robots.jsonl", judge_rule, NULL);
	files = cases_run(dir, "robots-real.jsonl", judge_real_file, NULL);
	print_message("# rules %zu of %zu, real files %zu of %zu\n", rules.good,
		      rules.n, files.good, files.n);
	assert_true(rules.good * 1000 >= rules.n * 995);
	assert_true(files.good * 1000 >= files.n * 995);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_longest_match_decides_and_allow_wins_a_tie),
		cmocka_unit_test(groups_of_one_agent_are_merged),
		cmocka_unit_test(star_and_dollar_are_special),
		cmocka_unit_test(percent_encoding_has_one_form),
		cmocka_unit_test(lines_are_read_as_people_write_them),
		cmocka_unit_test(the_delay_is_that_of_our_group),
		cmocka_unit_test(half_a_rule_at_the_limit_is_not_read),
		cmocka_unit_test(the_target_of_a_url_is_its_path_and_query),
		cmocka_unit_test(agrees_with_other_implementations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
