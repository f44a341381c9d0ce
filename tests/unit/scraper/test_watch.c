/* A definition becomes a watch, or is refused by the name of what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <sys/stat.h>

#include "common/xmem.h"

#include "cmd/scraper/watch.h"

static struct tz_cache zones;
static char secrets[] = "/tmp/weir-secrets-XXXXXX";

static struct watch *make(const char *json, struct err *e)
{
	const struct watch_env env = { .secrets_dir = secrets,
				       .zones = &zones };

	return watch_new(str_from(json), (struct str){ 0 }, &env, e);
}

static struct watch *must(const char *json)
{
	struct err e;
	struct watch *w = make(json, &e);

	if (!w)
		fail_msg("%s: %s", json, e.msg);
	return w;
}

static void put_secret(const char *name, const char *text, size_t len)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", secrets, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text, 1, len, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
}

static int setup(void **state)
{
	char *big = xcalloc(1, SECRETS_VALUE_MAX + 2);

	(void)state;
	if (!mkdtemp(secrets))
		return -1;
	memset(big, 'x', SECRETS_VALUE_MAX + 1);
	put_secret("shop.cookie", "session=abc\n", 12);
	put_secret("evil", "a\r\nHost: b", 10);
	put_secret("big", big, SECRETS_VALUE_MAX + 1);
	put_secret("empty", "\n", 1);
	free(big);
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "shop.cookie", "evil", "big",
					     "empty" };
	char path[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", secrets, names[i]);
		unlink(path);
	}
	tz_cache_free(&zones);
	return rmdir(secrets);
}

static void a_watch_needs_little(void **state)
{
	struct watch *w = must("{\"url\":\"http://shop.example/x\"}");

	(void)state;
	assert_true(w->enabled && w->extracts && !w->headers);
	assert_int_equal(w->timing.every_ms, TIMING_EVERY_MS);
	assert_true(str_is(w->diff.source, "shop.example"));
	assert_true(str_eq(w->diff.item->id, w->diff.id));
	assert_string_equal(w->url, "http://shop.example/x");
	watch_free(&w);
	w = must("{\"id\":\"m\",\"url\":\"mock:x?seed=3\",\"enabled\":false,"
		 "\"cron\":\"@daily\",\"tz\":\"UTC\"}");
	assert_true(!w->enabled && !w->extracts && w->timing.cron);
	assert_int_equal(w->mock->seed, 3);
	watch_free(&w);
	watch_free(&w); /* nothing to do */
}

static void a_rhythm_is_understood(void **state)
{
	struct watch *w = must("{\"url\":\"http://x/\"}");

	(void)state;
	assert_true(!w->timing.hours && !w->timing.max_ms && w->heeds_cache &&
		    !w->ignores_robots);
	watch_free(&w);
	w = must("{\"url\":\"http://x/\",\"every\":\"1d\","
		 "\"windows\":[\"Mon\",\"22:00-06:00\"],\"cache\":false,"
		 "\"adaptive\":{\"min\":\"1m\",\"max\":\"6h\"},"
		 "\"robots\":\"ignore\"}");
	assert_true(w->timing.hours == w->hours && w->hours->n == 7);
	assert_int_equal(w->timing.min_ms, 60000);
	assert_int_equal(w->timing.max_ms, 6 * 3600000);
	assert_int_equal(w->timing.every_ms, 6 * 3600000);
	assert_true(!w->heeds_cache && w->ignores_robots && w->diff.no_robots);
	watch_free(&w);
}

static void what_breaks_the_contract_is_not_believed(void **state)
{
	static const struct {
		const char *members, *price, *availability;
		size_t n;
		enum outcome want;
		const char *why;
	} t[] = {
		{ "", "5", NULL, 1, OUTCOME_FOUND, NULL },
		{ "", NULL, "OutOfStock", 1, OUTCOME_FOUND, NULL },
		{ "", NULL, NULL, 1, OUTCOME_SELECTOR_MISS,
		  "neither a price nor whether it can be had" },
		{ ",\"kind\":\"page\"", NULL, NULL, 1, OUTCOME_FOUND, NULL },
		{ ",\"kind\":\"feed\"", NULL, NULL, 2, OUTCOME_FOUND, NULL },
		{ ",\"kind\":\"feed\",\"min_items\":3", NULL, NULL, 2,
		  OUTCOME_IMPLAUSIBLE, "2 items, fewer than 3" },
		{ ",\"kind\":\"feed\",\"min_items\":3", NULL, NULL, 0,
		  OUTCOME_IMPLAUSIBLE, "0 items, fewer than 3" },
		{ ",\"plausible\":{\"min\":\"10\"}", "5", NULL, 1,
		  OUTCOME_IMPLAUSIBLE, "price 5 is below 10" },
		{ ",\"plausible\":{\"min\":\"10\"}", NULL, "InStock", 1,
		  OUTCOME_FOUND, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct item items[2] = { { .id = STR("a") },
					 { .id = STR("b") } };
		const struct observation o = { .items = items,
					       .n_items = t[i].n };
		char json[200], why[CONTRACT_REASON_MAX] = "";
		struct watch *w;

		snprintf(json, sizeof(json), "{\"url\":\"http://x/\"%s}",
			 t[i].members);
		if (t[i].price)
			items[0].price = str_from(t[i].price);
		if (t[i].availability)
			items[0].availability = str_from(t[i].availability);
		w = must(json);
		assert_int_equal(watch_judge(w, &o, why), t[i].want);
		if (t[i].why)
			assert_string_equal(why, t[i].why);
		watch_free(&w);
	}
}

static void bad_watches_name_what_is_wrong(void **state)
{
	static const struct {
		const char *json, *says;
	} t[] = {
		{ "{}", "url" },
		{ "{\"url\":\"ftp://x/\"}", "url" },
		{ "{\"url\":\"http://x/\",\"every\":\"1 hour\"}", "every" },
		{ "{\"url\":\"http://x/\",\"colour\":1}", "colour" },
		{ "{\"url\":\"http://x/\",\"cron\":\"99 * * * *\"}", "cron" },
		{ "{\"url\":\"http://x/\",\"cron\":\"0 0 30 2 *\"}", "never" },
		{ "{\"url\":\"http://x/\",\"cron\":\"@daily\","
		  "\"tz\":\"Mars/Base\"}",
		  "tz" },
		{ "{\"url\":\"http://x/\",\"tz\":\"../etc/passwd\"}", "zone" },
		{ "{\"url\":\"http://x/\",\"kind\":\"html\",\"extract\":"
		  "{\"fields\":{\"title\":{\"css\":\"[\"}}}}",
		  "fields.title: [: css:" },
		{ "{\"url\":\"mock:x?step=a\"}", "step" },
		{ "{\"url\":\"http://x/\",\"windows\":[\"Mo 8-9\"]}",
		  "windows: 'Mo 8-9': no days" },
		{ "{\"url\":\"http://x/\",\"windows\":[]}", "windows" },
		{ "{\"url\":\"http://x/\",\"cron\":\"@daily\","
		  "\"windows\":[\"08:00-20:00\"]}",
		  "never comes within windows" },
		{ "{\"url\":\"http://x/\",\"cron\":\"@daily\","
		  "\"adaptive\":{\"min\":\"1m\",\"max\":\"1h\"}}",
		  "adaptive: cron" },
		{ "{\"url\":\"http://x/\","
		  "\"adaptive\":{\"min\":\"2h\",\"max\":\"1h\"}}",
		  "adaptive: min is above max" },
		{ "{\"url\":\"http://x/\",\"headers\":{\"Cookie\":\"hush\"}}",
		  "Cookie" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct err e = { 0 };
		struct watch *w = make(t[i].json, &e);

		if (w || !strstr(e.msg, t[i].says) || strstr(e.msg, "hush"))
			fail_msg("%s: %s", t[i].json, e.msg);
		assert_true(e.code == EX_DATAERR || e.code == EX_CONFIG);
	}
}

static void what_is_wrong_is_named_once(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(make("{\"url\":\"http://x/\",\"kind\":\"html\"}", &e));
	assert_string_equal(e.msg, "extract: fields are missing");
}

static void only_findings_count_for_comparison(void **state)
{
	static const char *const same[] = {
		"{\"id\":\"a\",\"url\":\"http://x/\",\"every\":\"5m\"}",
		"{\"id\":\"a\",\"url\":\"http://x/\",\"item\":{\"id\":\"a\","
		"\"target\":\"5\"}}",
		"{\"id\":\"a\",\"url\":\"http://x/\",\"headers\":"
		"{\"Accept-Language\":\"de\"}}",
	};
	static const char *const other[] = {
		"{\"id\":\"a\",\"url\":\"http://x/y\"}",
		"{\"id\":\"a\",\"url\":\"http://x/\",\"kind\":\"page\"}",
		"{\"id\":\"a\",\"url\":\"http://x/\",\"item\":{\"id\":\"b\"}}",
	};
	struct watch *w = must("{\"id\":\"a\",\"url\":\"http://x/\"}"), *o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		o = must(same[i]);
		assert_true(o->config == w->config);
		watch_free(&o);
	}
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		o = must(other[i]);
		assert_true(o->config != w->config);
		watch_free(&o);
	}
	watch_free(&w);
}

static void a_version_is_asked_for_until_it_is_unknown(void **state)
{
	struct watch *w = must("{\"url\":\"http://x/\"}");
	char line[2000];

	(void)state;
	assert_false(w->conditional);
	watch_set_version(w, STR("\"v1\""), (struct str){ 0 });
	assert_true(w->conditional && w->headers && w->version);
	watch_set_version(w, (struct str){ 0 }, (struct str){ 0 });
	assert_true(!w->conditional && !w->headers && !w->version);
	/* What cannot be sent back as it came is not. */
	watch_set_version(w, STR("\"a\r\nHost: b\""), (struct str){ 0 });
	assert_false(w->conditional);
	memset(line, 'x', sizeof(line));
	watch_set_version(w, (struct str){ line, sizeof(line) },
			  (struct str){ 0 });
	assert_false(w->conditional);
	watch_free(&w);
}

static void headers_are_read_and_checked(void **state)
{
	static const struct {
		const char *json, *want; /* NULL: refused */
	} t[] = {
		{ "{\"Accept-Language\":\"de\"}", "Accept-Language: de" },
		{ "{\"Cookie\":{\"file\":\"shop.cookie\"}}",
		  "Cookie: session=abc" },
		{ "{\"X-Empty\":\"\"}", "X-Empty;" },
		{ "{\"X-Plain\":{\"file\":\"shop.cookie\"}}",
		  "X-Plain: session=abc" },
		{ "{\"X-Empty\":{\"file\":\"empty\"}}", "X-Empty;" },
		{ "{\"Cookie\":{\"file\":\"evil\"}}", NULL },
		{ "{\"Cookie\":{\"file\":\"big\"}}", NULL },
		{ "{\"Cookie\":{\"file\":\"none\"}}", NULL },
		{ "{\"Cookie\":{\"file\":\"../x\"}}", NULL },
		{ "{\"Cookie\":{\"file\":\"..\"}}", NULL },
		{ "{\"Cookie\":{\"path\":\"shop.cookie\"}}", NULL },
		{ "{\"Cookie\":7}", NULL },
		{ "{\"Host\":\"other\"}", NULL },
		{ "{\"If-None-Match\":\"x\"}", NULL },
		{ "{\"Bad Name\":\"x\"}", NULL },
		{ "{\"\":\"x\"}", NULL },
		{ "{\"X\":\"a\\r\\nHost: b\"}", NULL },
		{ "{\"\\u0058-Escaped\":\"x\"}", "X-Escaped: x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct header_lines l;
		struct arena a = { 0 };
		struct err e = { 0 };
		int rc = secrets_headers(str_from(t[i].json), secrets, &a, &l,
					 &e);

		if (rc != (t[i].want ? 0 : -1) ||
		    (t[i].want && strcmp(l.v[0], t[i].want) != 0))
			fail_msg("%s: %s", t[i].json, rc ? e.msg : l.v[0]);
		if (rc)
			assert_int_equal(e.code, EX_CONFIG);
		arena_free(&a);
	}
}

/* Whoever else could read or change it, it is as if it were not there. */
static void a_secret_is_its_owner_s_alone(void **state)
{
	static const mode_t modes[] = { 0400, 0600, 0640, 0604,
					0620, 0601, 0666, 0700 };
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/shop.cookie", secrets);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct arena a = { 0 };
		struct err e = { 0 };
		struct str value;
		bool good = !(modes[i] & 077);
		int rc;

		assert_int_equal(chmod(path, modes[i]), 0);
		rc = secrets_read(STR("shop.cookie"), secrets, &a, &value, &e);
		if ((rc == 0) != good)
			fail_msg("%04o: %s", (unsigned)modes[i],
				 rc ? e.msg : "taken");
		if (rc) {
			assert_non_null(strstr(e.msg, "chmod 600"));
			assert_null(strstr(e.msg, "session"));
		}
		arena_free(&a);
	}
	assert_int_equal(chmod(path, 0600), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_watch_needs_little),
		cmocka_unit_test(a_rhythm_is_understood),
		cmocka_unit_test(what_breaks_the_contract_is_not_believed),
		cmocka_unit_test(bad_watches_name_what_is_wrong),
		cmocka_unit_test(what_is_wrong_is_named_once),
		cmocka_unit_test(only_findings_count_for_comparison),
		cmocka_unit_test(a_version_is_asked_for_until_it_is_unknown),
		cmocka_unit_test(headers_are_read_and_checked),
		cmocka_unit_test(a_secret_is_its_owner_s_alone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
