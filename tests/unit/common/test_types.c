/* Cases: tests/fixtures/types/, which also tests/lint/schemas.sh reads. */
#include "common/types.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* Decode, encode, decode, encode: both texts are the same. */
static bool round_trips(const struct shape *shape, struct str data)
{
	struct arena a = { 0 };
	struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };
	void *out = arena_alloc(&a, shape->size);
	bool same;

	if (shape_decode(shape, data, out, &a, &e)) {
		arena_free(&a);
		return false;
	}
	shape_encode(shape, out, &first);
	if (json_check(buf_str(&first), JSON_UNIQUE, &e) ||
	    shape_decode(shape, buf_str(&first), out, &a, &e))
		fail_msg("%s: %s", first.p, e.msg);
	shape_encode(shape, out, &second);
	same = str_eq(buf_str(&first), buf_str(&second));
	if (!same)
		fail_msg("%s became %s", first.p, second.p);
	buf_free(&first);
	buf_free(&second);
	arena_free(&a);
	return true;
}

static bool judge(const struct json *c, void *ctx)
{
	const struct shape *shape = type_shape(cases_str(c, "type"));
	struct buf data = { 0 };
	bool valid = json_true(json_member(c, "valid"));

	(void)ctx;
	assert_non_null(shape);
	json_print(json_member(c, "data"), &data);
	if (round_trips(shape, buf_str(&data)) != valid)
		fail_msg("%s %s: should be %s",
			 json_string(json_member(c, "type")), data.p,
			 valid ? "valid" : "invalid");
	buf_free(&data);
	return true;
}

static void valid_data_survives_and_invalid_is_refused(void **state)
{
	(void)state;
	assert_true(
		cases_run("tests/fixtures/types", "settings.jsonl", judge, NULL)
			.n > 100);
	assert_true(
		cases_run("tests/fixtures/types", "facts.jsonl", judge, NULL)
			.n > 100);
}

static void an_event_is_checked_by_data_and_subject(void **state)
{
	static const struct {
		const char *topic, *data, *want; /* want NULL: passes */
	} cases[] = {
		{ "price.update/lamp",
		  "{\"item\":{\"id\":\"lamp\"},\"price\":\"1\"}", NULL },
		{ "price.update/lamp",
		  "{\"item\":{\"id\":\"bulb\"},\"price\":\"1\"}",
		  "subject: is lamp, but data names bulb" },
		{ "price.update",
		  "{\"item\":{\"id\":\"lamp\"},\"price\":\"1\"}",
		  "subject: missing, must be ITEM" },
		{ "price.update/lamp", "{\"item\":{\"id\":\"lamp\"}}",
		  "data: price: missing" },
		{ "price.update/lamp", "null", "data: not a JSON object" },
		{ "price.update/lamp", NULL, "data: not a JSON object" },
		{ "watch.set/a", "{\"url\":\"http://x\"}", NULL },
		{ "watch.set/a", "{\"id\":\"b\",\"url\":\"http://x\"}",
		  "subject: is a, but data names b" },
		{ "watch.set/a/b", "{\"url\":\"http://x\"}",
		  "subject: not an id" },
		{ "watch.set/a", "{\"url\":\"http://ann:secret@x/\"}",
		  "url: must not hold a user name or password" },
		{ "watch.set/a", "{\"url\":\"http://x\",\"tz\":\"UTC\"}",
		  NULL },
		{ "watch.set/a", "{\"url\":\"http://x\",\"tz\":\"Nowhere\"}",
		  "tz: 'Nowhere' is no time zone: No such file or directory" },
		{ "watch.set/a", "{\"url\":\"http://x\",\"every\":\"49ms\"}",
		  "data: every: not a duration such as 90s, 6h or 7d "
		  "(50ms to 999d)" },
		{ "rule.set/a", "{\"on\":\"price.\",\"absent\":\"0s\"}",
		  "data: absent: not a duration such as 90s, 6h or 7d "
		  "(50ms to 999d)" },
		{ "rule.set/a",
		  "{\"on\":\"observation.\",\"fewer\":"
		  "{\"percent\":50,\"over\":\"0s\"}}",
		  "data: fewer.over: not a duration such as 90s, 6h or 7d "
		  "(50ms to 999d)" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"confirm\":{\"times\":3,\"of\":2}}",
		  "confirm.of: less than times" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"confirm\":{\"times\":2,\"of\":2}}",
		  NULL },
		{ "silence.set/s", "{\"pattern\":\"a/\",\"untl\":\"1h\"}",
		  "data: untl: unknown member; known are id, pattern, if, "
		  "until, "
		  "windows, zone, user, note" },
		{ "watch.set/a", "{\"url\":\"http://x\",\"windows\":[\"8-9\"]}",
		  "windows: '8-9': no days as in Mon-Fri" },
		{ "watch.set/a", "{\"url\":\"http://x\",\"windows\":[]}",
		  "windows: no window" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"windows\":[\"08:00-20:00\"],"
		  "\"cron\":\"0 21 * * *\"}",
		  "cron: never comes within windows" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"windows\":[\"08:00-20:00\"],"
		  "\"cron\":\"0 0 * * *\",\"tz\":\"UTC\"}",
		  "cron: never comes within windows" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\","
		  "\"adaptive\":{\"min\":\"2m\",\"max\":\"1m\"}}",
		  "adaptive: min is above max" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"cron\":\"@daily\","
		  "\"adaptive\":{\"min\":\"1m\",\"max\":\"2m\"}}",
		  "adaptive: cron is there, too" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"kind\":\"feed\","
		  "\"plausible\":{\"min\":\"1\"}}",
		  "plausible: there is no item whose price it is" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\","
		  "\"plausible\":{\"min\":\"2\",\"max\":\"1.9\"}}",
		  "plausible: min is above max" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"kind\":\"page\",\"min_items\":2}",
		  "min_items: a page has none" },
		{ "rule.set/target",
		  "{\"on\":\"price.update/\",\"stock\":\"InStock\"}",
		  "id: 'target' is taken; the target of an item is that "
		  "rule" },
		{ "rule.set/fresh", "{\"on\":\"price.update/\"}",
		  "id: 'fresh' is taken; how fresh a watch must be is that "
		  "rule" },
		{ "rule.set/r",
		  "{\"on\":\"chat.\",\"absent\":\"1h\","
		  "\"fewer\":{\"percent\":50,\"over\":\"7d\"}}",
		  "absent: not together with fewer" },
		{ "rule.set/r",
		  "{\"on\":\"observation.\",\"target\":\"1\","
		  "\"fewer\":{\"percent\":50,\"over\":\"7d\"}}",
		  "fewer: together with on and sources only" },
		{ "rule.set/r",
		  "{\"on\":\"chat.\",\"absent\":\"1h\","
		  "\"of\":{\"n\":1,\"m\":2}}",
		  "of: not together with absent or fewer" },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"until\":\"price > 90\"}", NULL },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"until\":\"price >\"}",
		  "until: line 1, column 8: a value or a field is missing at "
		  "the end" },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"until\":\"price > 90\","
		  "\"hysteresis\":\"1%\"}",
		  "until: not together with hysteresis" },
		{ "rule.set/channel", "{\"on\":\"price.update/\"}",
		  "id: 'channel' is taken; a channel that does not deliver "
		  "is that rule" },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"of\":{\"n\":4,\"m\":3}}",
		  "of: n is above m" },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"of\":{\"n\":3,\"m\":3}}", NULL },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"keywords\":[\"-\",\"\"]}",
		  "keywords: no word in them" },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\","
		  "\"price\":{\"min\":\"2\",\"max\":\"1.5\"}}",
		  "price: min is above max" },
		{ "rule.set/r", "{\"on\":\"price.update/\",\"keywords\":[]}",
		  "keywords: no word in them" },
		{ "rule.set/r", "{\"on\":\"a b\"}",
		  "on: topic has a space, a control character or broken "
		  "UTF-8" },
		{ "rule.set/r", "{\"on\":\"price\"}",
		  "on: no topic is 'price'; those of all types that begin so "
		  "are 'price.'" },
		{ "rule.set/r", "{\"on\":\"price.update\"}",
		  "on: matches nothing without what comes after "
		  "'price.update/'; with the '/' it means all of them" },
		{ "rule.set/r", "{\"on\":\"price.update/lamp\"}", NULL },
		{ "rule.set/r", "{\"on\":\"system.message\"}", NULL },
		{ "rule.set/r", "{\"on\":\"venue.update\"}", NULL },
		{ "proxy.set/p", "{\"id\":\"p\",\"proxies\":[]}",
		  "proxies: there is none" },
		{ "proxy.set/direct",
		  "{\"id\":\"direct\",\"proxies\":[\"http://a:1\"]}",
		  "id: 'direct' is taken" },
		{ "proxy.set/p",
		  "{\"id\":\"p\",\"proxies\":[\"http://me:hush@a:1\"]}",
		  "proxies[1]: not http, https, socks5 or "
		  "socks5h://HOST:PORT (credentials go into a file)" },
		{ "proxy.set/p",
		  "{\"id\":\"p\",\"proxies\":[\"http://a:1\",\"ftp://a:1\"]}",
		  "proxies[2]: not http, https, socks5 or "
		  "socks5h://HOST:PORT (credentials go into a file)" },
		{ "proxy.set/p", "{\"id\":\"p\",\"proxies\":[\"http://a\"]}",
		  "proxies[1]: not http, https, socks5 or "
		  "socks5h://HOST:PORT (credentials go into a file)" },
		{ "proxy.set/p",
		  "{\"id\":\"p\",\"proxies\":[\"socks5://[::1]:1\","
		  "\"https://b.example:65535\"]}",
		  NULL },
		{ "proxy.set/p",
		  "{\"id\":\"p\",\"proxies\":[\"http://a:1\",\"http://a:1\"]}",
		  "proxies[2]: is there twice" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,\"url\":\"http://a/?u={url}\"}",
		  NULL },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,\"url\":\"http://a/\"}",
		  "url: {url} must be there once" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,"
		  "\"url\":\"http://a/{key}?u={url}\"}",
		  "url: {key} is there, but no key" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,\"key\":{\"file\":\"k\"},"
		  "\"url\":\"http://a/?u={url}\"}",
		  "key: no {key} in the url" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,"
		  "\"url\":\"http://a/?u={url}&c={country}\"}",
		  "url: no placeholders but {url} and {key}" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,"
		  "\"url\":\"http://{url}/\"}",
		  "url: its host must be a host alone" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,\"cost\":10,"
		  "\"url\":\"http://a/{url}\"}",
		  "cost: is above the whole budget" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,\"errors\":[\"429\",\"6xx\"],"
		  "\"url\":\"http://a/{url}\"}",
		  "errors[2]: no status such as 429 or 5xx" },
		{ "provider.set/a",
		  "{\"id\":\"a\",\"budget\":9,\"tz\":\"Nowhere\","
		  "\"url\":\"http://a/{url}\"}",
		  "tz: 'Nowhere' is no time zone: No such file or directory" },
		{ "watch.set/a", "{\"url\":\"http://x\",\"via\":[]}",
		  "via: names no way" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"via\":[\"direct\",\"direct\"]}",
		  "via[2]: is there twice" },
		{ "watch.set/a", "{\"url\":\"http://x\",\"via\":\"no such\"}",
		  "via[1]: not an id" },
		{ "silence.set/s", "{\"pattern\":\"alert.new\"}",
		  "pattern: matches nothing without what comes after "
		  "'alert.new/'; with the '/' it means all of them" },
		{ "silence.set/s", "{\"pattern\":\"a b\"}",
		  "pattern: topic has a space, a control character or broken "
		  "UTF-8" },
		{ "silence.set/s", "{\"pattern\":\"alert.new/\"}", NULL },
		{ "silence.set/s", "{\"if\":\"rule == \\\"r\\\"\"}", NULL },
		{ "silence.set/s", "{\"if\":\"rule = \\\"r\\\"\"}",
		  "if: line 1, column 6: '=' has no meaning here; did you mean "
		  "==?" },
		{ "silence.set/s",
		  "{\"pattern\":\"alert.new/\",\"windows\":[\"8-9\"]}",
		  "windows: '8-9': no days as in Mon-Fri" },
		{ "silence.set/s", "{\"note\":\"x\"}",
		  "data: one of pattern, if is missing" },
		{ "alert.ack/0123456789abcdef", "{\"user\":\"ana\"}", NULL },
		{ "alert.ack/0123456789abcdef", "null", NULL },
		{ "alert.ack/a/b", "null", "subject: not an id" },
		{ "alert.new/lamp/r", "null", "data: not a JSON object" },
		{ "rule.set/r", "{\"on\":\"price.update/\",\"target\":\"-5\"}",
		  "target: below 0, as no price is" },
		{ "rule.set/r", "{\"on\":\"price.update/\",\"target\":0}",
		  NULL },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"price\":{\"max\":\"-0.01\"}}",
		  "price: max is below 0, as no price is" },
		{ "rule.set/r",
		  "{\"on\":\"price.update/\",\"notify\":[\"a\",\"no such\"]}",
		  "notify[2]: no channel can have that name (not an id)" },
		{ "rule.set/r",
		  "{\"on\":\"\",\"group\":{\"by\":[\"source\",\"a..b\"]}}",
		  "group.by[2]: not a field of alerts such as source or "
		  "item.kind" },
		{ "rule.set/r", "{\"on\":\"\",\"inhibits\":{\"equal\":[\"\"]}}",
		  "inhibits.equal[1]: not a field of alerts such as source or "
		  "item.kind" },
		{ "rule.set/r", "{\"on\":\"\",\"inhibits\":{\"if\":\"(\"}}",
		  "inhibits.if: line 1, column 2: a field or a value is "
		  "missing at the end" },
		{ "rule.set/r",
		  "{\"on\":\"\",\"escalate\":[{\"after\":\"1h\"},"
		  "{\"after\":\"60m\"}]}",
		  "escalate[2]: after: not later than that of the step "
		  "before" },
		{ "user.set/u", "{\"zone\":\"Nowhere\"}",
		  "zone: 'Nowhere' is no time zone: No such file or "
		  "directory" },
		{ "user.set/u", "{\"quiet\":[\"25:00-26:00\"]}",
		  "quiet: '25:00-26:00': no times as in 08:00-20:00" },
		{ "user.set/u", "{\"quiet\":[\"Mon-Thu\",\"Fri-Sun\"]}",
		  "quiet: leaves no time to be told anything" },
		{ "user.set/u", "{\"digest\":{\"at\":\"8\"}}",
		  "digest.at: no time as in 08:00" },
		{ "user.set/u", "{\"digest\":{\"days\":\"Mon *\"}}",
		  "digest.days: no days as in Mon-Fri" },
		{ "user.set/u", "{\"digest\":{\"days\":\"Moonday\"}}",
		  "digest.days: no days as in Mon-Fri" },
		{ "user.set/u",
		  "{\"escalate\":[{\"after\":\"1m\",\"notify\":[\"a b\"]}]}",
		  "escalate[1]: notify[1]: no channel can have that name (not "
		  "an id)" },
		{ "user.set/u",
		  "{\"quiet\":[\"Mon-Thu\"],\"digest\":{\"days\":\"sun\"}}",
		  NULL },
		{ "search.set/s", "{\"notify\":[\"\"]}",
		  "notify[1]: no channel can have that name (not an id)" },
		{ "search.set/s", "{\"keywords\":[],\"notify\":[]}",
		  "keywords: no word in them" },
		{ "watch.set/a",
		  "{\"url\":\"http://x\",\"item\":{\"target\":\"-5\"}}",
		  "item: target: below 0, as no price is" },
		{ "search.set/s", "{\"keywords\":\"- +\"}",
		  "keywords: no word in them" },
		{ "search.set/s", "{\"keywords\":\"\xc3\xa9\"}", NULL },
		{ "search.set/s", "{\"price\":{\"min\":2,\"max\":2.0}}", NULL },
		{ "watch.set/a", "null", NULL },
		{ "watch.set/a", NULL, NULL },
		{ "watch.set", "null", "subject: missing, must be ID" },
		{ "watch.poll/a", "{\"x\":1}", NULL },
		{ "watch.poll", "{}", "subject: missing, must be ID" },
		{ "listing.new/ads", "{\"id\":\"1\"}", NULL },
		{ "system.message", "{\"message\":\"hi\"}", NULL },
		{ "system.message/x", "{\"message\":\"hi\"}", NULL },
		{ "venue.update/7", "[1]", NULL },
		{ "price.updates/x", "7", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct event ev = { .topic = str_from(cases[i].topic),
				    .data = str_from(cases[i].data) };
		struct err e = { 0 };

		if (type_check(&ev, &e) != (cases[i].want ? -1 : 0) ||
		    strcmp(e.msg, cases[i].want ? cases[i].want : "") != 0)
			fail_msg("%s %s: %s", cases[i].topic, cases[i].data,
				 e.msg);
	}
}

static void a_url_says_how_long_it_may_be(void **state)
{
	struct event ev = { .topic = STR("watch.set/a") };
	struct buf data = { 0 };
	struct err e = { 0 };

	(void)state;
	buf_puts(&data, "{\"url\":\"http://x/");
	for (int i = 0; i < SHAPE_URL_MAX; i++)
		buf_putc(&data, 'y');
	buf_puts(&data, "\"}");
	ev.data = buf_str(&data);
	assert_int_equal(type_check(&ev, &e), -1);
	assert_string_equal(e.msg, "data: url: longer than 2048 characters");
	buf_free(&data);
}

static void a_rule_fits_into_its_alerts(void **state)
{
	struct event ev = { .topic = STR("rule.set/r") };
	struct buf data = { 0 };
	struct err e = { 0 };

	(void)state;
	buf_puts(&data, "{\"on\":\"price.update/\",\"keywords\":[\"a\"");
	for (int i = 0; i < 3; i++)
		buf_addf(&data, ",\"%04000d\"", i);
	buf_puts(&data, "]}");
	ev.data = buf_str(&data);
	assert_int_equal(type_check(&ev, &e), -1);
	assert_string_equal(e.msg, "longer than 8192 bytes");
	buf_free(&data);
}

static void only_settings_are_retained(void **state)
{
	static const char *const retained[] = { "watch.set",   "rule.set",
						"search.set",  "silence.set",
						"user.set",    "proxy.set",
						"provider.set" };
	const struct type_entry *t;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(retained); i++)
		assert_true(type_is_retained(str_from(retained[i])));
	for (size_t i = 0; (t = type_at(i)); i++) {
		n += t->retained;
		assert_ptr_equal(type_shape(str_from(t->type)), t->shape);
	}
	assert_int_equal(n, ARRAY_LEN(retained));
	assert_false(type_is_retained(STR("price.update")));
	assert_false(type_is_retained(STR("watch")));
	assert_null(type_shape(STR("venue.update")));
}

static void complete(const char *text, struct type_watch *w, struct arena *a)
{
	struct err e = { 0 };

	if (shape_decode(&shape_watch, str_from(text), w, a, &e) ||
	    watch_complete(w, a, &e))
		fail_msg("%s: %s", text, e.msg);
}

static void an_id_is_made_from_the_url(void **state)
{
	static const struct {
		const char *url, *id, *source;
	} cases[] = {
		{ "https://shop.example/p/lamp", "shop.example_p_lamp",
		  "shop.example" },
		{ "https://Shop.Example/p/Lamp/", "shop.example_p_Lamp",
		  "shop.example" },
		{ "https://shop.example", "shop.example", "shop.example" },
		{ "https://shop.example/", "shop.example", "shop.example" },
		{ "http://127.0.0.1:8001/p/lamp", "127.0.0.1.8001_p_lamp",
		  "127.0.0.1" },
		{ "mock:gold", "mock_gold", "mock" },
		/* what an id cannot hold shows as a hash of the whole URL */
		{ "https://shop.example/p?id=7", "shop.example_p-", NULL },
		{ "https://shop.example/p?id=8", "shop.example_p-", NULL },
		{ "https://shop.example/p#top", "shop.example_p-", NULL },
		{ "https://shop.example/a_b", "shop.example_a-b-", NULL },
		{ "https://shop.example/a%20b", "shop.example_a-20b-", NULL },
		{ "http://[2001:db8::1]:80/x", "-2001-db8--1-.80_x-",
		  "-2001-db8--1-" },
		{ "mock:gold?seed=7", "mock_gold-", "mock" },
		{ "https://shop.example/a-path-that-is-much-longer-than-what-"
		  "anybody-would-like-to-see-as-a-name-in-a-list",
		  "shop.example_a-path-that-is-much-longer-than-what-anybody-"
		  "would-like-to-see-as-a-nam"
		  "",
		  NULL },
	};
	struct str seen[ARRAY_LEN(cases)];
	struct arena a = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct type_watch w = { .url = str_from(cases[i].url) };
		struct str want = str_from(cases[i].id);
		struct err e = { 0 };

		assert_int_equal(watch_complete(&w, &a, &e), 0);
		if (want.p[want.len - 1] == '-' || want.len > 70) {
			want = str_sub(want, 0, WATCH_ID_TEXT);
			assert_true(str_starts(w.id, want));
			assert_true(w.id.len > want.len);
		} else {
			assert_true(str_eq(w.id, want));
		}
		assert_true(str_is_id(w.id));
		if (cases[i].source)
			assert_true(str_is(w.source, cases[i].source));
		for (size_t k = 0; k < i; k++)
			assert_true(!str_eq(seen[k], w.id) || (i == 3));
		seen[i] = w.id;
	}
	arena_free(&a);
}

static void what_is_left_out_of_a_watch_is_filled_in(void **state)
{
	struct arena a = { 0 };
	struct type_watch w;

	(void)state;
	complete("{\"url\":\"https://shop.example/lamp\"}", &w, &a);
	assert_true(str_is(w.kind, "product"));
	assert_true(w.item.present && str_eq(w.item.id, w.id));
	complete("{\"url\":\"mock:gold\",\"id\":\"g\"}", &w, &a);
	assert_true(str_is(w.kind, "mock") && str_is(w.item.id, "g"));
	complete("{\"url\":\"mock:gold\",\"item\":{\"target\":80}}", &w, &a);
	assert_true(str_eq(w.item.id, w.id) && str_is(w.item.target, "80"));
	complete("{\"url\":\"http://x/\",\"kind\":\"feed\"}", &w, &a);
	assert_false(w.item.present);
	complete("{\"url\":\"http://x/\",\"kind\":\"json\",\"source\":\"s\","
		 "\"item\":{\"id\":\"i\"}}",
		 &w, &a);
	assert_true(str_is(w.item.id, "i") && str_is(w.source, "s"));
	arena_free(&a);
}

/* Each of these on the door: what a chat cannot be, and what it can. */
static void a_chat_is_judged_at_the_door(void **state)
{
	static const struct {
		const char *data, *want; /* NULL: it may pass */
	} cases[] = {
		{ "{\"url\":\"wss://x/\"}", NULL },
		{ "{\"url\":\"http://x/\",\"kind\":\"chat\"}", NULL },
		{ "{\"url\":\"ws://x/\",\"chat\":{\"protocol\":\"irc\","
		  "\"channels\":[\"#a\"]}}",
		  NULL },
		{ "{\"url\":\"ws://x/\",\"kind\":\"html\"}",
		  "kind: html does not go with a URL of that kind" },
		{ "{\"url\":\"irc://x/\"}", "chat: channels: none is named" },
		{ "{\"url\":\"irc://x/\",\"chat\":{\"channels\":[\"#a b\"]}}",
		  "chat: channels[1]: no name of a channel" },
		{ "{\"url\":\"irc://x/\",\"chat\":{\"channels\":[\"\"]}}",
		  "chat: channels[1]: no name of a channel" },
		{ "{\"url\":\"irc://x/\",\"chat\":{\"channels\":"
		  "[\"#a\",\"&a\",\"+a\",\"!a\"]}}",
		  NULL },
		{ "{\"url\":\"irc://x/\",\"chat\":{\"channels\":"
		  "[\"#a\",\"ann\"]}}",
		  "chat: channels[2]: ann: #ann is meant?" },
		{ "{\"url\":\"ws://x/\",\"chat\":{\"protocol\":\"irc\","
		  "\"channels\":[\"ann\"]}}",
		  "chat: channels[1]: ann: #ann is meant?" },
		{ "{\"url\":\"http://x/\",\"chat\":{\"protocol\":\"irc\","
		  "\"channels\":[\"#a\"]}}",
		  "chat: protocol: irc does not go with that URL" },
		{ "{\"url\":\"ws://x/\",\"every\":\"499ms\"}",
		  "every: below 500ms" },
		{ "{\"url\":\"ws://x/\",\"cron\":\"@daily\"}",
		  "cron: not for a chat" },
		{ "{\"url\":\"ws://x/\",\"chat\":{\"send\":[1]}}",
		  "chat: send[1]: neither a text nor an object" },
		{ "{\"url\":\"ws://x/\",\"chat\":{\"pass\":{\"a\":1}}}",
		  "chat: pass: must be {\"file\":NAME}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct event ev = { .topic = STR("watch.set/c"),
				    .data = str_from(cases[i].data) };
		struct err e = { 0 };
		bool good = type_check(&ev, &e) == 0;

		if (good != !cases[i].want ||
		    (!good && strcmp(e.msg, cases[i].want)))
			fail_msg("%s: %s", cases[i].data, e.msg);
	}
}

static void a_watch_that_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *url, *kind, *every, *cron, *want;
	} cases[] = {
		{ "http:///x", NULL, NULL, NULL, "url: has no host" },
		{ "http://:80/", NULL, NULL, NULL, "url: has no host" },
		{ "mock:?seed=1", NULL, NULL, NULL,
		  "url: mock: without a name" },
		{ "http://ann:secret@x/", NULL, NULL, NULL,
		  "url: must not hold a user name or password" },
		{ "http://x", "mock", NULL, NULL,
		  "kind: mock does not go with an http URL" },
		{ "mock:x", "feed", NULL, NULL,
		  "kind: feed does not go with a mock: URL" },
		{ "http://x", NULL, "1h", "0 * * * *",
		  "cron: every is there, too" },
		{ "http://x", NULL, NULL, "61 * * * *",
		  "cron: minute: '61' is not understood (0 to 59)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct type_watch w = { .url = str_from(cases[i].url),
					.kind = str_from(cases[i].kind),
					.every = str_from(cases[i].every),
					.cron = str_from(cases[i].cron) };
		struct arena a = { 0 };
		struct err e = { 0 };

		assert_int_equal(watch_complete(&w, &a, &e), -1);
		assert_string_equal(e.msg, cases[i].want);
		assert_int_equal(e.code, EX_DATAERR);
		arena_free(&a);
	}
}

static void a_secret_header_names_a_file(void **state)
{
	static const struct {
		const char *headers;
		bool valid;
	} cases[] = {
		{ "{\"Cookie\":\"a=b\"}", false },
		{ "{\"Accept-Language\":\"de\",\"cookie\":\"\"}", false },
		{ "{\"authorization\":\"Bearer x\"}", false },
		{ "{\"X-Api-Key\":\"x\"}", false },
		{ "{\"X-Csrf-Token\":7}", false },
		{ "{\"\\u0043ookie\":\"a=b\"}", false },
		{ "{\"C\\u004fokie\":\"a=b\"}", false },
		{ "{\"Cookie\":{\"file\":\"f\",\"text\":\"a=b\"}}", false },
		{ "{\"Cookie\":{\"text\":\"a=b\"}}", false },
		{ "{\"Cookie\":{\"file\":7}}", false },
		{ "{\"Accept-Language\":7}", false },
		{ "{\"Cookie\":{\"file\":\"shop.cookie\"}}", true },
		{ "{\"Accept-Language\":\"de\"}", true },
		{ "{}", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char data[128];
		struct event ev = { .topic = STR("watch.set/a") };
		struct err e = { 0 };

		snprintf(data, sizeof(data),
			 "{\"url\":\"http://x\",\"headers\":%s}",
			 cases[i].headers);
		ev.data = str_from(data);
		if ((type_check(&ev, &e) == 0) != cases[i].valid)
			fail_msg("%s: %s", data, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_data_survives_and_invalid_is_refused),
		cmocka_unit_test(an_event_is_checked_by_data_and_subject),
		cmocka_unit_test(a_secret_header_names_a_file),
		cmocka_unit_test(a_url_says_how_long_it_may_be),
		cmocka_unit_test(a_rule_fits_into_its_alerts),
		cmocka_unit_test(only_settings_are_retained),
		cmocka_unit_test(an_id_is_made_from_the_url),
		cmocka_unit_test(what_is_left_out_of_a_watch_is_filled_in),
		cmocka_unit_test(a_watch_that_cannot_be_is_refused),
		cmocka_unit_test(a_chat_is_judged_at_the_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
