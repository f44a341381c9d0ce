/* What a record says of a finding, and how much of it at most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/blob.h"
#include "common/json.h"
#include "common/types.h"
#include "common/xmem.h"

#include "cmd/scraper/fields.h"
#include "cmd/scraper/provenance.h"

static struct tz_cache zones;

static struct watch *make(const char *json)
{
	const struct watch_env env = { .zones = &zones };
	struct err e;
	struct watch *w =
		watch_new(str_from(json), (struct str){ 0 }, &env, &e);

	if (!w)
		fail_msg("%s: %s", json, e.msg);
	return w;
}

static const char shop[] =
	"{\"id\":\"w\",\"source\":\"s\",\"kind\":\"html\",\"url\":"
	"\"https://x/\",\"item\":{\"id\":\"i\"},\"extract\":{\"fields\":"
	"{\"price\":{\"css\":\".p\"}}}}";

/* An event of the type is valid, and its data is that. */
static struct str print(const struct watch *w, const struct provenance *p,
			const struct provenance_end *end, struct arena *a)
{
	struct event ev = { .topic = STR("observation.record/w"),
			    .source = STR("weir/scraper/-"),
			    .id = 1,
			    .data = provenance_print(w, p, end, a) };
	struct err e;

	if (event_check(&ev, &e) || type_check(&ev, &e))
		fail_msg("%.*s: %s", STR_ARG(ev.data), e.msg);
	return ev.data;
}

/* The same, without the hash of the watch. */
static void assert_printed(struct str data, const char *want)
{
	char text[4096];
	const char *config = ",\"config\":\"";
	size_t at = str_find(data, str_from(config));

	assert_int_not_equal(at, -1);
	snprintf(text, sizeof(text), "%.*s%.*s", (int)at, data.p,
		 (int)(data.len - at - strlen(config) - 17),
		 data.p + at + strlen(config) + 17);
	assert_string_equal(text, want);
}

static void a_price_that_moved_says_from_what_it_was_read(void **state)
{
	struct watch *w = make(shop);
	struct item_raw raw = { FIELD_PRICE, STR("1.250,60 EUR") };
	struct item it = { .id = STR("n"),
			   .title = STR("Pen"),
			   .price = STR("1250.60"),
			   .currency = STR("EUR"),
			   .raw = &raw,
			   .n_raw = 1 };
	struct known before = { .title = STR("Pen"),
				.price = STR("1300"),
				.currency = STR("EUR") };
	struct diff_event ev = { .topic = STR("price.update/i"),
				 .item = &it,
				 .before = &before };
	const struct diff d = { .events = &ev, .n = 1 };
	const struct provenance p = { .body = STR("body"),
				      .bytes = 4,
				      .url = STR("https://x/final"),
				      .headers = STR("{\"etag\":\"1\"}"),
				      .took_us = 12999 };
	struct provenance_end end = { .outcome = OUTCOME_CHANGED,
				      .status = 200,
				      .items = 1,
				      .d = &d,
				      .kept = true };
	char id[BLOB_ID_SIZE], want[2048];
	struct arena a = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(blob_id(p.body, id, &e), 0);
	end.body_id = str_from(id);
	snprintf(want, sizeof(want),
		 "{\"watch\":\"w\",\"source\":\"s\",\"kind\":\"html\","
		 "\"outcome\":\"changed\",\"url\":\"https://x/\","
		 "\"final\":\"https://x/final\",\"status\":200,\"took\":12,"
		 "\"headers\":{\"etag\":\"1\"},\"body\":{\"blob\":\"%s\","
		 "\"bytes\":4},\"extract\":{\"fields\":{\"price\":{\"css\":"
		 "\".p\"}}},\"items\":1,\"moved\":[{\"event\":"
		 "\"price.update/i\",\"id\":\"n\",\"fields\":{\"price\":"
		 "{\"value\":\"1250.60\",\"previous\":\"1300\",\"raw\":"
		 "\"1.250,60 EUR\",\"by\":{\"css\":\".p\"}}}}]}",
		 id);
	assert_printed(print(w, &p, &end, &a), want);
	arena_free(&a);
	watch_free(&w);
}

static void what_could_not_be_read_says_why(void **state)
{
	struct watch *w = make(shop);
	const struct diff none = { .n = 0 };
	const struct provenance p = { .url = STR("https://x/") };
	const struct provenance_end end = { .outcome = OUTCOME_SELECTOR_MISS,
					    .reason = STR("nothing there"),
					    .d = &none };
	struct arena a = { 0 };

	(void)state;
	assert_printed(print(w, &p, &end, &a),
		       "{\"watch\":\"w\",\"source\":\"s\",\"kind\":\"html\","
		       "\"outcome\":\"selector-miss\",\"reason\":"
		       "\"nothing there\",\"url\":\"https://x/\",\"extract\":"
		       "{\"fields\":{\"price\":{\"css\":\".p\"}}}}");
	arena_free(&a);
	watch_free(&w);
}

/* How many are told in full; the others are in `more`. */
static size_t told_of(size_t n, size_t length, struct arena *a)
{
	struct watch *w = make(shop);
	struct diff d = { .n = n };
	struct item it = { 0 };
	struct provenance p = { .body = STR("x"), .bytes = 1 };
	struct provenance_end end = { .outcome = OUTCOME_CHANGED,
				      .d = &d,
				      .items = n };
	struct str data, moved, more;
	struct json_iter i;
	char *text = arena_alloc(a, length + 1), want[24];
	size_t told = 0;

	memset(text, '"', length); /* twice as long when escaped */
	it.title = it.id = it.availability = it.condition =
		(struct str){ text, length };
	d.events = arena_alloc(a, n * sizeof(*d.events));
	for (size_t k = 0; k < n; k++)
		d.events[k] =
			(struct diff_event){ .topic = STR("listing.new/s"),
					     .item = &it };
	data = print(w, &p, &end, a);
	assert_true(json_get(data, "moved", &moved));
	for (i = json_iter(moved); json_next(&i);)
		told++;
	if (told == n) {
		assert_false(json_get(data, "more", &more));
	} else {
		assert_true(json_get(data, "more", &more));
		snprintf(want, sizeof(want), "%zu", n - told);
		assert_true(str_is(more, want));
	}
	assert_true(data.len < EVENT_DATA_MAX / 2);
	watch_free(&w);
	return told;
}

static void no_more_is_told_than_the_limits_say(void **state)
{
	struct arena a = { 0 };
	size_t told;

	(void)state;
	assert_int_equal(told_of(PROVENANCE_MOVED_MAX, 10, &a),
			 PROVENANCE_MOVED_MAX);
	assert_int_equal(told_of(ITEM_MAX, 10, &a), PROVENANCE_MOVED_MAX);
	told = told_of(PROVENANCE_MOVED_MAX, ITEM_TEXT_MAX, &a);
	assert_int_equal(told, 38); /* of 1,700 bytes each, in 64 KiB */
	arena_free(&a);
}

static void a_long_configuration_is_named_by_its_hash_only(void **state)
{
	struct buf json = { 0 };
	const struct diff none = { .n = 0 };
	const struct provenance p = { .took_us = 0 };
	const struct provenance_end end = { .outcome = OUTCOME_EMPTY,
					    .d = &none };
	struct arena a = { 0 };
	struct str data, value;
	struct watch *w;

	(void)state;
	buf_puts(&json,
		 "{\"id\":\"w\",\"kind\":\"html\",\"url\":\"https://x/\","
		 "\"extract\":{\"fields\":{\"price\":{\"css\":\"a\"}}");
	for (int i = 0; i < PROVENANCE_EXTRACT_MAX; i++)
		buf_putc(&json, ' ');
	buf_puts(&json, "}}");
	w = make(json.p);
	data = print(w, &p, &end, &a);
	assert_false(json_get(data, "extract", &value));
	assert_true(json_get(data, "config", &value));
	assert_int_equal(value.len, 18);
	buf_free(&json);
	arena_free(&a);
	watch_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_price_that_moved_says_from_what_it_was_read),
		cmocka_unit_test(what_could_not_be_read_says_why),
		cmocka_unit_test(no_more_is_told_than_the_limits_say),
		cmocka_unit_test(
			a_long_configuration_is_named_by_its_hash_only),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	tz_cache_free(&zones);
	return failed;
}
