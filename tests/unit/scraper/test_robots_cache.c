/* What one origin's robots.txt means for us, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "cmd/scraper/robots_cache.h"

static const int64_t NOW = 1000;

static struct http_response response(enum http_result result, int status,
				     const char *body)
{
	return (struct http_response){ .result = result,
				       .reason = result ? "why" : "",
				       .status = status,
				       .body = str_from(body) };
}

static enum robots_verdict ask(const struct robots_cache *c, const char *url,
			       int64_t now)
{
	return robots_cache_ask(c, str_from(url), now);
}

static void each_kind_of_answer_has_its_meaning(void **state)
{
	static const char rules[] = "User-agent: *\nDisallow: /no\n";
	static const struct {
		enum http_result result;
		int status;
		enum robots_verdict yes, no; /* for /yes and /no */
		int64_t keep_ms;
	} t[] = {
		{ HTTP_OK, 200, ROBOTS_ALLOW, ROBOTS_DENY, ROBOTS_KEEP_MS },
		{ HTTP_OK, 404, ROBOTS_ALLOW, ROBOTS_ALLOW, ROBOTS_KEEP_MS },
		{ HTTP_OK, 401, ROBOTS_ALLOW, ROBOTS_ALLOW, ROBOTS_KEEP_MS },
		{ HTTP_OK, 403, ROBOTS_ALLOW, ROBOTS_ALLOW, ROBOTS_KEEP_MS },
		{ HTTP_REDIRECTS, 302, ROBOTS_ALLOW, ROBOTS_ALLOW,
		  ROBOTS_KEEP_MS },
		{ HTTP_OK, 429, ROBOTS_FAILING, ROBOTS_FAILING,
		  ROBOTS_FAILING_MS },
		{ HTTP_OK, 503, ROBOTS_FAILING, ROBOTS_FAILING,
		  ROBOTS_FAILING_MS },
		{ HTTP_NO_HOST, 0, ROBOTS_GONE, ROBOTS_GONE, ROBOTS_GONE_MS },
		{ HTTP_TIMEOUT, 0, ROBOTS_GONE, ROBOTS_GONE, ROBOTS_GONE_MS },
		{ HTTP_REFUSED, 0, ROBOTS_GONE, ROBOTS_GONE, ROBOTS_GONE_MS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct http_response r =
			response(t[i].result, t[i].status, rules);
		struct robots_cache c = { 0 };

		assert_int_equal(ask(&c, "http://a/yes", NOW), ROBOTS_UNKNOWN);
		robots_cache_put(&c, &r, STR("weir"), NOW);
		if (ask(&c, "http://a/yes", NOW) != t[i].yes ||
		    ask(&c, "http://a/no", NOW) != t[i].no)
			fail_msg("row %zu", i);
		assert_int_equal(ask(&c, "http://a/yes",
				     NOW + t[i].keep_ms - 1),
				 t[i].yes);
		assert_int_equal(ask(&c, "http://a/yes", NOW + t[i].keep_ms),
				 ROBOTS_UNKNOWN);
		robots_cache_free(&c);
	}
}

static void known_rules_outlive_a_failing_server(void **state)
{
	struct http_response good =
		response(HTTP_OK, 200, "User-agent: weir\nDisallow: /no\n");
	struct http_response bad = response(HTTP_OK, 500, "");
	struct robots_cache c = { 0 };

	(void)state;
	robots_cache_put(&c, &good, STR("weir"), NOW);
	robots_cache_put(&c, &bad, STR("weir"), NOW);
	assert_int_equal(ask(&c, "http://a/no", NOW), ROBOTS_DENY);
	assert_int_equal(ask(&c, "http://a/yes", NOW), ROBOTS_ALLOW);
	assert_int_equal(ask(&c, "http://a/yes", NOW + ROBOTS_FAILING_MS),
			 ROBOTS_UNKNOWN);
	robots_cache_free(&c);
	assert_int_equal(ask(&c, "http://a/no", NOW), ROBOTS_UNKNOWN);
}

static void a_failing_server_is_asked_less_and_less(void **state)
{
	struct http_response bad = response(HTTP_OK, 500, "");
	struct http_response good = response(HTTP_OK, 404, "");
	struct robots_cache c = { 0 };
	int64_t want = ROBOTS_FAILING_MS;

	(void)state;
	for (int i = 0; i < 10; i++) {
		robots_cache_put(&c, &bad, STR("weir"), NOW);
		assert_int_equal(c.until_ms, NOW + want);
		want = want * 2 > ROBOTS_FAILING_MAX_MS ? ROBOTS_FAILING_MAX_MS
							: want * 2;
	}
	robots_cache_put(&c, &good, STR("weir"), NOW);
	assert_int_equal(c.failures, 0);
	robots_cache_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_answer_has_its_meaning),
		cmocka_unit_test(known_rules_outlive_a_failing_server),
		cmocka_unit_test(a_failing_server_is_asked_less_and_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
