/* Pools and providers by name: seats, secrets, accounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xmem.h"

#include "cmd/scraper/egress.h"

static struct tz_cache zones;
static char secrets[] = "/tmp/weir-egress-XXXXXX";
static const struct egress_env env = { .secrets_dir = secrets,
				       .zones = &zones };

static void put_secret(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", secrets, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static struct way *pool(struct egress *g, const char *id, const char *rest)
{
	struct buf b = { 0 };
	struct err e;

	buf_addf(&b, "{\"id\":\"%s\",\"proxies\":%s}", id, rest);
	if (egress_set_pool(g, str_from(id), buf_str(&b), &env, &e))
		fail_msg("%s", e.msg);
	buf_free(&b);
	return egress_find(g, str_from(id), false);
}

static struct way *provider(struct egress *g, const char *id, const char *rest)
{
	struct buf b = { 0 };
	struct err e;

	buf_addf(&b, "{\"id\":\"%s\",\"budget\":10,%s}", id, rest);
	if (egress_set_provider(g, str_from(id), buf_str(&b), &env, &e))
		fail_msg("%s", e.msg);
	buf_free(&b);
	return egress_find(g, str_from(id), true);
}

static enum egress_answer take(struct egress *g, const char *id,
			       struct seat *seat, char *reason)
{
	int64_t wait;

	return egress_take(g, str_from(id), 1, 1000, 1790000000, seat, &wait,
			   reason);
}

static void a_seat_outlives_its_setting(void **state)
{
	struct egress *g = egress_new();
	char reason[EGRESS_REASON_MAX];
	struct seat seat, other;
	struct err e;

	(void)state;
	pool(g, "p", "[\"http://a:1\"],\"requests\":1");
	assert_int_equal(take(g, "p", &seat, reason), EGRESS_TAKEN);
	assert_string_equal(seat_proxy(&seat), "http://a:1");
	assert_int_equal(take(g, "p", &other, reason), EGRESS_WAIT);
	/* Another setting of that name has its own seats. */
	pool(g, "p", "[\"http://b:1\"],\"requests\":1");
	assert_string_equal(seat_proxy(&seat), "http://a:1");
	assert_int_equal(take(g, "p", &other, reason), EGRESS_TAKEN);
	assert_int_equal(
		egress_set_pool(g, STR("p"), (struct str){ 0 }, &env, &e), 0);
	assert_int_equal(take(g, "p", &other, reason), EGRESS_SHUT);
	assert_string_equal(reason, "there is no pool or provider p");
	egress_leave(&seat, POOL_GOOD, NULL, 0, 1, 1000);
	assert_null(seat.way);
	egress_leave(&other, POOL_GOOD, NULL, 0, 1, 1000);
	egress_free(&g);
}

static void failures_are_told_and_kept(void **state)
{
	struct egress *g = egress_new();
	char reason[EGRESS_REASON_MAX];
	struct seat seat;

	(void)state;
	pool(g, "p", "[\"http://a:1\"]");
	assert_int_equal(take(g, "p", &seat, reason), EGRESS_TAKEN);
	assert_true(egress_leave(&seat, POOL_FAILED, "p: no", 0, 1, 1000));
	assert_int_equal(take(g, "p", &seat, reason), EGRESS_RESTS);
	assert_string_equal(reason, "p: no; rests for 10 s");
	/* The same proxy in a newer setting is as well as it was. */
	pool(g, "p", "[\"http://b:1\",\"http://a:1\"]");
	assert_int_equal(way_well(egress_find(g, STR("p"), false), 1000), 1);
	egress_free(&g);
}

static void a_secret_that_is_not_there_shuts_the_way(void **state)
{
	struct egress *g = egress_new();
	char reason[EGRESS_REASON_MAX];
	struct seat seat;

	(void)state;
	pool(g, "p", "[\"http://a:1\"],\"credentials\":{\"file\":\"none\"}");
	assert_int_equal(take(g, "p", &seat, reason), EGRESS_SHUT);
	assert_non_null(strstr(reason, "none"));
	put_secret("odd", "hush");
	pool(g, "p", "[\"http://a:1\"],\"credentials\":{\"file\":\"odd\"}");
	assert_int_equal(take(g, "p", &seat, reason), EGRESS_SHUT);
	assert_string_equal(reason, "p: credentials: odd: not user:password");
	put_secret("odd", "me:hush:hush");
	pool(g, "p", "[\"http://a:1\"],\"credentials\":{\"file\":\"odd\"}");
	assert_int_equal(take(g, "p", &seat, reason), EGRESS_TAKEN);
	assert_string_equal(seat.way->proxies[0].password, "hush:hush");
	egress_leave(&seat, POOL_NEUTRAL, NULL, 0, 1, 1000);
	egress_free(&g);
}

static void one_proxy_with_two_credentials_shares_nothing(void **state)
{
	struct egress *g = egress_new();
	struct way *a, *b, *c;
	struct err e;

	(void)state;
	put_secret("one", "me:1");
	put_secret("two", "me:2");
	a = pool(g, "a",
		 "[\"http://x:1\",\"http://y:1\"],"
		 "\"credentials\":{\"file\":\"one\"}");
	assert_false(a->proxies[0].alone || a->proxies[1].alone);
	b = pool(g, "b", "[\"http://x:1\"],\"credentials\":{\"file\":\"two\"}");
	c = pool(g, "c", "[\"http://y:1\"],\"credentials\":{\"file\":\"one\"}");
	assert_true(a->proxies[0].alone && b->proxies[0].alone);
	assert_false(a->proxies[1].alone || c->proxies[0].alone);
	egress_set_pool(g, STR("b"), (struct str){ 0 }, &env, &e);
	assert_false(a->proxies[0].alone);
	egress_free(&g);
}

static bool same_account(struct egress *g, const char *one, const char *two)
{
	struct way *a = provider(g, "a", one), *b = provider(g, "b", two);

	return str_eq(a->account, b->account);
}

static void an_account_is_the_host_and_the_key_s_file(void **state)
{
	static const char one[] = "\"url\":\"https://api.x/?k={key}&u={url}\","
				  "\"key\":{\"file\":\"one\"}";
	struct egress *g = egress_new();

	(void)state;
	assert_true(same_account(g, one, one));
	assert_true(same_account(
		g, one,
		"\"url\":\"https://api.x/v2?u={url}&k={key}&js=1\","
		"\"key\":{\"file\":\"one\"},\"resets\":9,\"cost\":5"));
	assert_false(same_account(g, one,
				  "\"url\":\"https://api.x/?k={key}&u={url}\","
				  "\"key\":{\"file\":\"two\"}"));
	assert_false(same_account(g, one,
				  "\"url\":\"https://api.y/?k={key}&u={url}\","
				  "\"key\":{\"file\":\"one\"}"));
	egress_free(&g);
}

static void statuses_speak_of_the_provider_or_the_site(void **state)
{
	struct egress *g = egress_new();
	struct way *w = provider(g, "a", "\"url\":\"http://x/{url}\"");

	(void)state;
	assert_true(way_errs(w, 401) && way_errs(w, 429));
	assert_false(way_errs(w, 404) || way_errs(w, 500) || way_errs(w, 200));
	w = provider(g, "a",
		     "\"url\":\"http://x/{url}\",\"errors\":[\"418\",\"5xx\"]");
	assert_true(way_errs(w, 418) && way_errs(w, 503));
	assert_false(way_errs(w, 401) || way_errs(w, 419));
	egress_free(&g);
}

static void what_is_used_up_says_until_when(void **state)
{
	struct egress *g = egress_new();
	char reason[EGRESS_REASON_MAX];
	struct seat seat;
	struct way *w = provider(g, "a",
				 "\"url\":\"http://x/{url}\","
				 "\"tz\":\"Europe/Berlin\"");

	(void)state;
	w->spent = true;
	w->resets_s = 1796079600; /* 2026-11-30T23:00:00Z */
	assert_int_equal(take(g, "a", &seat, reason), EGRESS_SHUT);
	assert_string_equal(reason, "budget of a is used up until 2026-12-01");
	w->resets_s = 1790000000; /* now */
	assert_int_equal(take(g, "a", &seat, reason), EGRESS_TAKEN);
	egress_leave(&seat, POOL_FAILED, "a answered 429", 60000, 1, 1000);
	assert_int_equal(take(g, "a", &seat, reason), EGRESS_RESTS);
	assert_string_equal(reason, "a answered 429; rests for 60 s");
	pool(g, "a", "[\"http://a:1\"]");
	assert_int_equal(take(g, "a", &seat, reason), EGRESS_SHUT);
	assert_string_equal(reason, "a is both a pool and a provider");
	egress_free(&g);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(secrets))
		return -1;
	put_secret("one", "k1");
	put_secret("two", "k2");
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "one", "two", "odd" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", secrets, names[i]);
		unlink(path);
	}
	tz_cache_free(&zones);
	return rmdir(secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seat_outlives_its_setting),
		cmocka_unit_test(failures_are_told_and_kept),
		cmocka_unit_test(a_secret_that_is_not_there_shuts_the_way),
		cmocka_unit_test(one_proxy_with_two_credentials_shares_nothing),
		cmocka_unit_test(an_account_is_the_host_and_the_key_s_file),
		cmocka_unit_test(statuses_speak_of_the_provider_or_the_site),
		cmocka_unit_test(what_is_used_up_says_until_when),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
