#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/xmem.h"

#include "cmd/sim/site.h"

struct bench {
	struct site site;
	struct request rq; /* what the next request looks like */
	struct answer a;
};

static int set_up(void **state)
{
	struct bench *b = xcalloc(1, sizeof(*b));

	b->site.world = world_new(1, 4);
	b->rq = (struct request){ .method = STR("GET"),
				  .base = STR("http://sim.test"),
				  .headers = STR("{}"),
				  .args = STR("{}"),
				  .control = true };
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	answer_release(&b->a);
	site_release(&b->site);
	free(b);
	return 0;
}

static const char *get(struct bench *b, const char *path)
{
	answer_release(&b->a);
	b->a = (struct answer){ 0 };
	b->rq.path = str_from(path);
	site_answer(&b->site, &b->rq, &b->a);
	return b->a.body.p ? b->a.body.p : "";
}

static unsigned status_of(struct bench *b, const char *path)
{
	get(b, path);
	return b->a.status;
}

static const char *post(struct bench *b, const char *path, const char *body)
{
	const char *text;

	b->rq.method = STR("POST");
	b->rq.body = str_from(body);
	text = get(b, path);
	b->rq.method = STR("GET");
	b->rq.body = (struct str){ 0 };
	return text;
}

static void paths_have_their_status(void **state)
{
	static const struct {
		const char *path;
		unsigned status;
	} cases[] = {
		{ "/", 200 },
		{ "/page", 200 },
		{ "/robots.txt", 200 },
		{ "/shop/", 200 },
		{ "/shop/jsonld/samba-og", 200 },
		{ "/ads/ksl/feed.xml", 200 },
		{ "/img/samba-og.svg", 200 },
		{ "/private/page", 200 },
		{ "/none", 404 },
		{ "/page/", 404 },
		{ "//page", 404 },
		{ "/status/503/", 503 },
		{ "/status/503", 503 },
		{ "/status/199/", 400 },
		{ "/status/600/", 400 },
		{ "/status/-1/", 400 },
		{ "/status/x/page", 400 },
		{ "/status/", 400 },
		{ "/slow/1/page", 200 },
		{ "/slow/99999999/page", 400 },
		{ "/flaky/0/page", 400 },
		{ "/headers/5001/page", 400 },
		{ "/blocked/", 403 },
		{ "/empty/", 200 },
		{ "/nofields/", 200 },
		{ "/garbage/", 200 },
		{ "/broken/jsonld/none", 404 },
		{ "/redirect/2/page", 302 },
		{ "/redirect/0/page", 200 },
		{ "/redirect-loop/", 302 },
		{ "/redirect-to", 400 },
		{ "/control/none", 404 },
		{ "/hook/not an id", 404 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (status_of(*state, cases[i].path) != cases[i].status)
			fail_msg("%s: %u", cases[i].path,
				 ((struct bench *)*state)->a.status);
}

static void pages_are_only_read(void **state)
{
	struct bench *b = *state;

	post(b, "/page", "x");
	assert_int_equal(b->a.status, 405);
	assert_string_equal(b->a.allow, "GET, HEAD");
	b->rq.method = STR("HEAD");
	assert_int_equal(status_of(b, "/page"), 200);
}

static void what_has_not_changed_is_304(void **state)
{
	static const struct {
		const char *none_match, *since;
		unsigned status;
	} cases[] = {
		{ NULL, NULL, 200 },
		{ "W/\"0000000000000000\"", NULL, 200 },
		{ "*", NULL, 304 },
		{ NULL, "Thu, 01 Jan 2026 00:00:00 GMT", 304 },
		{ NULL, "Fri, 02 Jan 2026 00:00:00 GMT", 304 },
		{ NULL, "Wed, 31 Dec 2025 23:59:59 GMT", 200 },
		{ NULL, "yesterday", 200 },
		{ "\"other\"", "Fri, 02 Jan 2026 00:00:00 GMT", 200 },
	};
	struct bench *b = *state;
	char tag[sizeof(b->a.etag) + 8];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		b->rq.none_match = str_from(cases[i].none_match);
		b->rq.modified_since = str_from(cases[i].since);
		assert_int_equal(status_of(b, "/shop/og/samba-og"),
				 cases[i].status);
		assert_int_equal(b->a.body.len == 0, b->a.status == 304);
	}
	snprintf(tag, sizeof(tag), "\"a\", %s", b->a.etag);
	b->rq.none_match = str_from(tag);
	assert_int_equal(status_of(b, "/shop/og/samba-og"), 304);
	world_set(b->site.world, STR("samba-og"), 100, 1, true);
	assert_int_equal(status_of(b, "/shop/og/samba-og"), 200);
}

static void every_nth_answer_is_flaky_for_each_path(void **state)
{
	struct bench *b = *state;

	for (int i = 1; i <= 9; i++) {
		assert_int_equal(status_of(b, "/flaky/3/page"),
				 i % 3 ? 200 : 500);
		if (i <= 2)
			assert_int_equal(status_of(b, "/flaky/3/robots.txt"),
					 200);
	}
}

static void requests_above_the_rate_are_429(void **state)
{
	static const struct {
		int64_t ms;
		unsigned status;
	} cases[] = {
		{ 1000, 200 }, { 1500, 200 }, { 1999, 429 }, { 2000, 200 },
		{ 2001, 200 }, { 2002, 429 }, { 9000, 200 },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		b->rq.now_ms = cases[i].ms;
		assert_int_equal(status_of(b, "/ratelimit/2/page"),
				 cases[i].status);
		if (b->a.status == 429)
			assert_string_equal(b->a.retry_after, "1");
	}
}

static void prefixes_combine_up_to_a_depth(void **state)
{
	struct bench *b = *state;
	struct buf path = { 0 };

	assert_int_equal(status_of(b, "/slow/20/slow/30/status/502/"), 502);
	assert_int_equal(b->a.delay_ms, 50);
	for (int i = 0; i < 15; i++)
		buf_puts(&path, "/slow/1");
	buf_puts(&path, "/page");
	assert_int_equal(status_of(b, path.p), 200);
	buf_reset(&path);
	for (int i = 0; i < 16; i++)
		buf_puts(&path, "/slow/1");
	buf_puts(&path, "/page");
	assert_int_equal(status_of(b, path.p), 404);
	buf_free(&path);
}

static void broken_pages_are_broken_where_they_say(void **state)
{
	struct bench *b = *state;
	struct str page;
	size_t whole;

	page = str_from(get(b, "/broken/jsonld/samba-og"));
	assert_true(str_find(page, STR("\"priceCurr\n</script>")) !=
		    (size_t)-1);
	assert_true(str_ends(page, STR("</html>\n")));
	page = str_from(get(b, "/broken/tags/samba-og"));
	assert_true(str_find(page, STR("</")) == (size_t)-1);
	assert_true(str_find(page, STR("itemprop=\"price\"")) != (size_t)-1);
	page = str_from(get(b, "/broken/charset/samba-og"));
	assert_false(str_is_utf8(page));
	assert_true(strstr(b->a.type, "utf-8") != NULL);
	get(b, "/ads/feed.xml");
	whole = b->a.body.len;
	get(b, "/broken/ads/feed.xml");
	assert_int_equal(b->a.body.len, whole / 2);
}

static void redirects_count_down_and_keep_the_path(void **state)
{
	struct bench *b = *state;

	get(b, "/redirect/3/ads/\xc3\xa9 x");
	assert_string_equal(b->a.location.p, "/redirect/2/ads/%C3%A9%20x");
	b->rq.url = STR("http://[::ffff:10.0.0.1]/x?y=1");
	get(b, "/redirect-to");
	assert_string_equal(b->a.location.p, "http://[::ffff:10.0.0.1]/x?y=1");
	b->rq.url = STR("http://x/\r\nSet-Cookie: a=b");
	assert_int_equal(status_of(b, "/redirect-to"), 400);
}

static void misbehaviour_beyond_a_page_is_left_to_the_server(void **state)
{
	struct bench *b = *state;

	get(b, "/cut/page");
	assert_int_equal(b->a.kind, ANSWER_CUT);
	assert_string_equal(b->a.etag, "");
	get(b, "/endless/");
	assert_int_equal(b->a.kind, ANSWER_ENDLESS);
	get(b, "/bomb/");
	assert_int_equal(b->a.kind, ANSWER_BOMB);
	get(b, "/hang/");
	assert_int_equal(b->a.kind, ANSWER_HANG);
	get(b, "/headers/7/page");
	assert_int_equal(b->a.fillers, 7);
	b->rq.retry_after = STR("120");
	get(b, "/status/503/");
	assert_string_equal(b->a.retry_after, "120");
}

static void control_is_refused_to_others(void **state)
{
	struct bench *b = *state;

	b->rq.control = false;
	assert_int_equal(status_of(b, "/control/state"), 403);
	post(b, "/control/tick", "{\"n\":1}");
	assert_int_equal(b->a.status, 403);
	assert_int_equal(b->site.world->tick, 0);
}

static void control_refuses_what_it_cannot_do(void **state)
{
	static const struct {
		const char *path, *body, *why;
	} cases[] = {
		{ "/control/tick", "{\"n\":-1}", "n: not between" },
		{ "/control/tick", "{\"n\":10001}", "n: not between" },
		{ "/control/tick", "{\"n\":\"1\"}", "n: not between" },
		{ "/control/tick", "{", "" },
		{ "/control/set", "{}", "item: there is none" },
		{ "/control/set", "{\"item\":\"samba-og\",\"price\":\"1.005\"}",
		  "price: not an amount" },
		{ "/control/set", "{\"item\":\"samba-og\",\"price\":-1}",
		  "price: not an amount" },
		{ "/control/set",
		  "{\"item\":\"samba-og\",\"price\":\"1000000000.01\"}",
		  "price: not an amount" },
		{ "/control/ad", "{\"source\":\"x\"}", "source: " },
		{ "/control/ad", "{\"source\":\"ksl\",\"id\":\"a\"}",
		  "title: missing" },
		{ "/control/ad",
		  "{\"source\":\"ksl\",\"id\":\"a\",\"title\":\"t\"}",
		  "price: " },
		{ "/control/ad",
		  "{\"source\":\"ksl\",\"title\":\"t\",\"price\":1}", "id: " },
		{ "/control/ad", "{\"id\":\"none\",\"remove\":true}",
		  "id: there is none 'none'" },
		{ "/control/hook", "{}", "name: " },
		{ "/control/hook", "{\"name\":\"a\",\"status\":99}",
		  "status: not between" },
		{ "/control/hook", "{\"name\":\"a\",\"times\":0}",
		  "times: not between" },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = post(b, cases[i].path, cases[i].body);
		char want[128];

		snprintf(want, sizeof(want), "{\"error\":\"%s", cases[i].why);
		if (b->a.status != 400 || strncmp(text, want, strlen(want)))
			fail_msg("%s %s: %u %s", cases[i].path, cases[i].body,
				 b->a.status, text);
	}
}

static void control_changes_what_pages_show(void **state)
{
	struct bench *b = *state;

	post(b, "/control/set",
	     "{\"item\":\"samba-og\",\"price\":\"79.5\",\"stock\":false}");
	assert_int_equal(b->a.status, 200);
	assert_non_null(strstr(get(b, "/shop/og/samba-og"), "\"79.50\""));
	assert_non_null(strstr(get(b, "/control/state"),
			       "\"price\":\"79.50\",\"currency\":\"USD\","
			       "\"stock\":false"));
	post(b, "/control/ad",
	     "{\"source\":\"ksl\",\"id\":\"a\",\"title\":\"t\",\"price\":5}");
	assert_int_equal(status_of(b, "/ads/ksl/a"), 200);
	post(b, "/control/ad", "{\"id\":\"a\",\"remove\":true}");
	assert_int_equal(status_of(b, "/ads/ksl/a"), 404);
	assert_string_equal(post(b, "/control/tick", ""), "{\"tick\":1}\n");
	assert_string_equal(post(b, "/control/tick", "{\"n\":41}"),
			    "{\"tick\":42}\n");
}

static void state_and_log_are_valid_json(void **state)
{
	struct bench *b = *state;
	struct err e;

	get(b, "/pa\"ge\n\xff");
	get(b, "/page");
	get(b, "/page");
	assert_int_equal(json_check(str_from(get(b, "/control/state")),
				    JSON_UNIQUE, &e),
			 0);
	assert_int_equal(json_check(str_from(get(b, "/control/log")),
				    JSON_UNIQUE, &e),
			 0);
	assert_non_null(strstr(b->a.body.p, "\"/page\":2"));
}

static void the_log_is_bounded(void **state)
{
	struct bench *b = *state;
	char path[32];

	for (int i = 0; i < TALLY_MAX + 3; i++) {
		snprintf(path, sizeof(path), "/x%d", i);
		get(b, path);
	}
	assert_int_equal(b->site.log.n, TALLY_MAX);
	assert_int_equal(b->site.log.others, 3);
	assert_int_equal(status_of(b, "/flaky/1/page"), 500);
}

static void hooks_answer_by_their_script_and_then_ok(void **state)
{
	struct bench *b = *state;

	post(b, "/control/hook",
	     "{\"name\":\"h\",\"status\":503,\"retry_after\":7,"
	     "\"delay_ms\":20,\"times\":2,\"body\":\"busy\"}");
	for (int i = 0; i < 4; i++) {
		const char *text = post(b, "/hook/h/behind", "x");

		assert_string_equal(text, i < 2 ? "busy" : "ok");
		assert_int_equal(b->a.status, i < 2 ? 503 : 200);
		assert_int_equal(b->a.delay_ms, i < 2 ? 20 : 0);
		if (i < 2)
			assert_string_equal(b->a.retry_after, "7");
		else
			assert_null(b->a.retry_after);
	}
	assert_non_null(strstr(get(b, "/control/hook/h"), "\"total\":4"));
}

static void hooks_record_what_came(void **state)
{
	struct bench *b = *state;
	struct json *got;
	const struct json *one;
	struct err e;

	b->rq.now_ms = 5;
	b->rq.headers = STR("{\"x-a\":\"1\"}");
	post(b, "/hook/h", "{\"text\":\"\xff\"}");
	got = json_parse(str_from(get(b, "/control/hook/h")), 0, &e);
	one = json_at(json_member(got, "requests"), 0);
	assert_string_equal(json_string(json_member(one, "method")), "POST");
	assert_string_equal(json_string(json_member(one, "path")), "/hook/h");
	assert_string_equal(json_string(json_member(one, "body")),
			    "{\"text\":\"\xef\xbf\xbd\"}");
	assert_string_equal(json_number(json_member(one, "bytes")), "12");
	assert_string_equal(json_number(json_member(one, "at_ms")), "5");
	assert_non_null(json_member(json_member(one, "headers"), "x-a"));
	json_free(&got);
}

static void hooks_keep_the_newest(void **state)
{
	struct bench *b = *state;
	char body[16];
	struct json *got;
	const struct json *all;
	struct err e;

	for (int i = 0; i < HOOK_RECORDS_MAX + 2; i++) {
		snprintf(body, sizeof(body), "%d", i);
		post(b, "/hook/h", body);
	}
	got = json_parse(str_from(get(b, "/control/hook/h")), 0, &e);
	all = json_member(got, "requests");
	assert_int_equal(json_count(all), HOOK_RECORDS_MAX);
	assert_string_equal(json_string(json_member(json_at(all, 0), "body")),
			    "2");
	json_free(&got);
	for (int i = 0; i < HOOKS_MAX; i++) {
		snprintf(body, sizeof(body), "/hook/n%d", i);
		assert_int_equal(status_of(b, body),
				 i < HOOKS_MAX - 1 ? 200 : 404);
	}
}

static void telegram_answers_as_the_bot_api_does(void **state)
{
	static const struct {
		const char *path, *body, *want;
		unsigned status;
	} cases[] = {
		{ "/bot1:A/sendMessage", "{\"chat_id\":1,\"text\":\"hi\"}",
		  "{\"ok\":true,\"result\":{\"message_id\":1,"
		  "\"text\":\"hi\"}}",
		  200 },
		{ "/bot1:A/sendMessage", "{\"chat_id\":\"@c\",\"text\":\"\"}",
		  "{\"ok\":false,\"error_code\":400,\"description\":"
		  "\"Bad Request: message text is empty\"}",
		  400 },
		{ "/bot1:A/sendMessage", "{\"text\":\"hi\"}",
		  "{\"ok\":false,\"error_code\":400,\"description\":"
		  "\"Bad Request: chat_id is empty\"}",
		  400 },
		{ "/bot1:A/sendPhoto", "--form--",
		  "{\"ok\":true,\"result\":{\"message_id\":4}}", 200 },
		{ "/bot1:A/getUpdates", "",
		  "{\"ok\":false,\"error_code\":404,\"description\":"
		  "\"Not Found\"}",
		  404 },
		{ "/bot/sendMessage", "{}",
		  "{\"ok\":false,\"error_code\":404,\"description\":"
		  "\"Not Found\"}",
		  404 },
	};
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(post(b, cases[i].path, cases[i].body),
				    cases[i].want);
		assert_int_equal(b->a.status, cases[i].status);
	}
	post(b, "/control/hook",
	     "{\"name\":\"telegram\",\"status\":429,\"retry_after\":3,"
	     "\"times\":1}");
	assert_string_equal(post(b, cases[0].path, cases[0].body),
			    "{\"ok\":false,\"error_code\":429,\"description\":"
			    "\"Too Many Requests: retry after 3\","
			    "\"parameters\":{\"retry_after\":3}}");
	assert_string_equal(b->a.retry_after, "3");
	post(b, cases[0].path, cases[0].body);
	assert_int_equal(b->a.status, 200);
}

static void telegram_counts_characters_not_bytes(void **state)
{
	struct bench *b = *state;

	for (int over = 0; over < 2; over++) {
		struct buf body = { 0 };

		buf_puts(&body, "{\"chat_id\":1,\"text\":\"");
		for (int i = 0; i < TELEGRAM_TEXT_MAX + over; i++)
			buf_puts(&body, "\xc3\xa9");
		buf_puts(&body, "\"}");
		post(b, "/bot1/sendMessage", body.p);
		assert_int_equal(b->a.status, over ? 400 : 200);
		buf_free(&body);
	}
}

static void robots_name_the_crawl_delay_if_there_is_one(void **state)
{
	struct bench *b = *state;

	assert_string_equal(get(b, "/robots.txt"),
			    "User-agent: *\nDisallow: /private/\n");
	b->site.crawl_delay_s = 3;
	assert_string_equal(get(b, "/robots.txt"),
			    "User-agent: *\nDisallow: /private/\n"
			    "Crawl-delay: 3\n");
}

#define SITE_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(paths_have_their_status),
		SITE_TEST(pages_are_only_read),
		SITE_TEST(what_has_not_changed_is_304),
		SITE_TEST(every_nth_answer_is_flaky_for_each_path),
		SITE_TEST(requests_above_the_rate_are_429),
		SITE_TEST(prefixes_combine_up_to_a_depth),
		SITE_TEST(broken_pages_are_broken_where_they_say),
		SITE_TEST(redirects_count_down_and_keep_the_path),
		SITE_TEST(misbehaviour_beyond_a_page_is_left_to_the_server),
		SITE_TEST(control_is_refused_to_others),
		SITE_TEST(control_refuses_what_it_cannot_do),
		SITE_TEST(control_changes_what_pages_show),
		SITE_TEST(state_and_log_are_valid_json),
		SITE_TEST(the_log_is_bounded),
		SITE_TEST(hooks_answer_by_their_script_and_then_ok),
		SITE_TEST(hooks_record_what_came),
		SITE_TEST(hooks_keep_the_newest),
		SITE_TEST(telegram_answers_as_the_bot_api_does),
		SITE_TEST(telegram_counts_characters_not_bytes),
		SITE_TEST(robots_name_the_crawl_delay_if_there_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
