#include "cmd/alerter/percolate.h"

#include <string.h>

#include "cmd/alerter/deadlines.h"
#include "cmd/alerter/silence.h"
#include "cmd/alerter/state.h"

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define HOUR INT64_C(3600000000)

static void put(struct percolator *p, bool is_search, const char *id,
		const char *data)
{
	struct err e = { 0 };
	struct rule *r = rule_new(is_search, str_from(id), str_from(data), &e);

	if (!r)
		fail_msg("%s: %s", data, e.msg);
	percolator_put(p, r);
}

static void finds(struct percolator *p, const char *topic, const char *source,
		  const char *row, const char *want)
{
	struct buf got = { 0 };
	const struct rule *const *found;
	size_t n;

	found = percolator_find(p, str_from(topic), str_from(source),
				str_from(row), &n);
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s%.*s", i ? " " : "", STR_ARG(found[i]->id));
	assert_string_equal(buf_str(&got).p, want);
	buf_free(&got);
}

static void candidates_come_by_word_topic_and_pattern(void **state)
{
	struct percolator *p = percolator_new();

	(void)state;
	put(p, true, "a", "{\"keywords\":\"red bicycle\"}");
	put(p, true, "b", "{\"sources\":[\"ksl\"]}");
	put(p, false, "z", "{\"on\":\"listing.new/\"}");
	put(p, false, "lamp", "{\"on\":\"price.update/lamp\"}");
	put(p, false, "k", "{\"on\":\"price.update/\",\"keywords\":\"lamp\"}");
	finds(p, "listing.new/ads", "ads", " red bicycle bicycle ", "z a");
	finds(p, "listing.new/ksl", "ksl", " red ", "z b");
	finds(p, "price.update/lamp", "shop", " desk lamp ", "k lamp");
	finds(p, "price.update/lamp", "shop", " desk \n lamp ", "k lamp");
	finds(p, "price.update/other", "shop", "", "");
	percolator_free(&p);
	assert_null(p);
}

static void a_rule_is_replaced_and_removed_by_its_id(void **state)
{
	struct percolator *p = percolator_new();

	(void)state;
	put(p, false, "a", "{\"on\":\"x.y/1\"}");
	put(p, true, "a", "{\"keywords\":\"lamp\"}");
	put(p, false, "a", "{\"on\":\"x.y/2\"}");
	assert_int_equal(percolator_count(p), 2);
	finds(p, "x.y/1", "", "", "");
	finds(p, "x.y/2", "", "", "a");
	percolator_remove(p, false, STR("a"));
	percolator_remove(p, false, STR("a"));
	assert_null(percolator_get(p, false, STR("a")));
	assert_non_null(percolator_get(p, true, STR("a")));
	finds(p, "x.y/2", "", "", "");
	percolator_remove(p, true, STR("a"));
	finds(p, "listing.new/s", "s", " lamp ", "");
	assert_int_equal(percolator_count(p), 0);
	percolator_free(&p);
}

/* However they are indexed, the same rules say yes as without an index. */
static void nothing_that_matches_is_missed(void **state)
{
	static const char *const words[] = { "red",  "bicycle", "lamp", "old",
					     "desk", "chair",	"big",	"new" };
	struct percolator *p = percolator_new();
	uint64_t seed = 11;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		char id[16], data[128];

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		snprintf(id, sizeof(id), "s%04u", i);
		snprintf(data, sizeof(data), "{\"keywords\":\"%s %s\"}",
			 words[seed >> 40 & 7], words[seed >> 50 & 7]);
		put(p, true, id, data);
	}
	for (unsigned i = 0; i < 64; i++) {
		struct matter m = { .topic = STR("listing.new/s") };
		const struct rule *const *found;
		char row[64];
		size_t n, yes = 0, want = 0;

		snprintf(row, sizeof(row), " %s %s ", words[i & 7],
			 words[i >> 3]);
		m.row = str_from(row);
		found = percolator_find(p, m.topic, STR("s"), m.row, &n);
		for (size_t k = 0; k < n; k++)
			yes += rule_judge(found[k], &m, false) == VERDICT_YES;
		for (unsigned k = 0; k < 2000; k++) {
			char id[16];

			snprintf(id, sizeof(id), "s%04u", k);
			want += rule_judge(percolator_get(p, true,
							  str_from(id)),
					   &m, false) == VERDICT_YES;
		}
		assert_int_equal(yes, want);
		assert_true(n < 2000);
	}
	percolator_free(&p);
}

static void a_silence_covers_its_topics_user_and_time(void **state)
{
	static const struct {
		const char *data, *topic, *user;
		int hour;
		bool want;
	} cases[] = {
		{ "{\"pattern\":\"\"}", "alert.new/a/b", "ann", 0, true },
		{ "{\"pattern\":\"alert.new/a/\"}", "alert.new/a/b", "ann", 0,
		  true },
		{ "{\"pattern\":\"alert.new/a/\"}", "alert.new/b/b", "ann", 0,
		  false },
		{ "{\"pattern\":\"\",\"user\":\"bob\"}", "alert.new/a/b", "ann",
		  0, false },
		{ "{\"pattern\":\"\",\"until\":\"1970-01-01T02:00:00Z\"}",
		  "alert.new/a/b", "ann", 1, true },
		{ "{\"pattern\":\"\",\"until\":\"1970-01-01T02:00:00Z\"}",
		  "alert.new/a/b", "ann", 2, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct silences all = { 0 };
		struct err e = { 0 };
		int64_t until = 0;

		assert_int_equal(silences_put(&all, STR("s"),
					      str_from(cases[i].data), &e),
				 0);
		assert_int_equal(silences_cover(&all, str_from(cases[i].topic),
						str_from(cases[i].user),
						cases[i].hour * HOUR, &until),
				 cases[i].want);
		silences_remove(&all, STR("s"));
		assert_int_equal(all.n, 0);
		silences_free(&all);
	}
}

static void the_longest_silence_counts(void **state)
{
	struct silences all = { 0 };
	struct err e;
	int64_t until;
	struct str user = STR("ann"), topic = STR("alert.new/a/b");

	(void)state;
	silences_put(&all, STR("a"),
		     STR("{\"pattern\":\"\","
			 "\"until\":\"1970-01-01T05:00:00Z\"}"),
		     &e);
	silences_put(&all, STR("b"),
		     STR("{\"pattern\":\"\","
			 "\"until\":\"1970-01-01T02:00:00Z\"}"),
		     &e);
	assert_true(silences_cover(&all, topic, user, HOUR, &until));
	assert_true(until == 5 * HOUR);
	silences_put(&all, STR("c"), STR("{\"pattern\":\"\"}"), &e);
	assert_true(silences_cover(&all, topic, user, HOUR, &until));
	assert_true(until == CLK_NONE);
	assert_int_equal(silences_put(&all, STR("d"), STR("{}"), &e), -1);
	assert_int_equal(all.n, 3);
	silences_free(&all);
}

static void expect_first(struct deadlines *d, const char *key)
{
	assert_true(d->n > 0);
	assert_true(str_is(d->v[0]->key, key));
	deadlines_set(d, d->v[0]->key, CLK_NONE);
}

static void deadlines_come_earliest_first(void **state)
{
	struct deadlines d = { 0 };

	(void)state;
	deadlines_set(&d, STR("b"), 5);
	deadlines_set(&d, STR("c"), 3);
	deadlines_set(&d, STR("a"), 5);
	deadlines_set(&d, STR("d"), 1);
	deadlines_set(&d, STR("c"), 9);
	deadlines_set(&d, STR("d"), CLK_NONE);
	deadlines_set(&d, STR("x"), CLK_NONE);
	deadlines_set(&d, d.v[0]->key, 4);
	assert_int_equal(d.n, 3);
	expect_first(&d, "a");
	expect_first(&d, "b");
	expect_first(&d, "c");
	assert_int_equal(d.n, 0);
	deadlines_set(&d, STR("a"), 1);
	deadlines_free(&d);
}

static void many_deadlines_stay_in_order(void **state)
{
	struct deadlines d = { 0 };
	struct deadline was = { .due_us = INT64_MIN };
	char key[32], last[32] = "";
	uint64_t x = 1;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		snprintf(key, sizeof(key), "fresh/%d", (int)(x >> 40) % 10000);
		deadlines_set(&d, str_from(key),
			      i % 7 ? (int64_t)(x >> 50) : CLK_NONE);
	}
	assert_true(d.n > 5000 && d.n < 10000);
	while (d.n > 0) {
		const struct deadline *first = d.v[0];

		assert_true(was.due_us < first->due_us ||
			    (was.due_us == first->due_us &&
			     str_cmp(str_from(last), first->key) < 0));
		was.due_us = first->due_us;
		str_copy(last, sizeof(last), first->key);
		deadlines_set(&d, first->key, CLK_NONE);
	}
	assert_int_equal(d.by_key.n, 0);
	deadlines_free(&d);
}

static void a_state_survives_as_text(void **state)
{
	static const char *const texts[] = {
		"{\"firing\":false}",
		"{\"firing\":true,\"told\":true,"
		"\"fired\":\"2026-03-01T00:00:00.000001Z\",\"id\":\"0f1e\"}",
		"{\"firing\":true,\"held\":true,"
		"\"due\":\"2026-03-01T06:00:00.000000Z\",\"cause\":\"a 1\","
		"\"alert\":{\"rule\":\"r\"},\"note\":{}}",
	};
	static const char *const bad[] = {
		"{}",
		"{\"firing\":true,\"held\":true}",
	};
	struct arena a = { 0 };
	struct state st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = { 0 };

		assert_true(state_decode(str_from(texts[i]), &a, &st));
		state_encode(&st, &b);
		assert_string_equal(b.p, texts[i]);
		buf_free(&b);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(state_decode(str_from(bad[i]), &a, &st));
	assert_true(state_is_of(STR("state/a/b/r/x"), false, STR("x")));
	assert_false(state_is_of(STR("state/a/b/s/x"), false, STR("x")));
	assert_false(state_is_of(STR("state/a/b/r/ax"), false, STR("x")));
	arena_free(&a);
}

static void known(struct known *k, const char *price, const char *currency,
		  int hour)
{
	known_price(k, str_from(price), str_from(currency), hour * HOUR);
}

static void highest(const struct known *k, int from_hour, const char *want)
{
	char out[DECIMAL_TEXT_MAX] = "none";
	struct decimal d;

	if (known_highest(k, from_hour * HOUR, &d))
		decimal_format(d, out);
	assert_string_equal(out, want);
}

static void the_highest_price_of_a_time_is_known(void **state)
{
	struct known k = { .data = STR("{}") }, again;
	struct arena a = { 0 };
	struct buf b = { 0 };

	(void)state;
	highest(&k, 0, "none");
	known(&k, "100", "EUR", 0);
	known(&k, "80", "EUR", 2);
	known(&k, "90", "EUR", 4);
	known(&k, "70", "EUR", 6);
	known(&k, "70.0", "EUR", 7);
	highest(&k, 1, "100");
	highest(&k, 2, "90"); /* 100 held until then, and no longer */
	highest(&k, 3, "90");
	highest(&k, 6, "70");
	highest(&k, 99, "70");
	known_encode(&k, &b);
	assert_true(known_decode(buf_str(&b), &a, &again));
	highest(&again, 3, "90");
	assert_int_equal(again.n, k.n);
	known(&k, "5", "USD", 8);
	highest(&k, 0, "5");
	buf_free(&b);
	arena_free(&a);
}

static void heights_take_bounded_room(void **state)
{
	struct known k = { .data = STR("{}") };

	(void)state;
	/* Down by one each hour, by a hundred at hour 500. */
	for (int i = 0; i < 1000; i++) {
		char price[16];

		snprintf(price, sizeof(price), "%d",
			 2000 - i - (i >= 500 ? 100 : 0));
		known(&k, price, "EUR", i);
	}
	assert_int_equal(k.n, KNOWN_HIGHS_MAX);
	highest(&k, 499, "1501"); /* the large step is not forgotten */
	highest(&k, 998, "902");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates_come_by_word_topic_and_pattern),
		cmocka_unit_test(a_rule_is_replaced_and_removed_by_its_id),
		cmocka_unit_test(nothing_that_matches_is_missed),
		cmocka_unit_test(a_silence_covers_its_topics_user_and_time),
		cmocka_unit_test(the_longest_silence_counts),
		cmocka_unit_test(deadlines_come_earliest_first),
		cmocka_unit_test(many_deadlines_stay_in_order),
		cmocka_unit_test(a_state_survives_as_text),
		cmocka_unit_test(the_highest_price_of_a_time_is_known),
		cmocka_unit_test(heights_take_bounded_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
