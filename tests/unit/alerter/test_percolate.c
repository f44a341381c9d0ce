#include "cmd/alerter/percolate.h"

#include <string.h>

#include "cmd/alerter/deadlines.h"
#include "cmd/alerter/silence.h"
#include "cmd/alerter/state.h"

#include "common/words.h"
#include "common/xmem.h"

#include "tests/unit/alerter/look.h"
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

/* What may say yes to an event, and does. */
static void finds(struct percolator *p, const char *topic, const char *source,
		  const char *row, const char *want)
{
	const struct matter m = { .topic = str_from(topic),
				  .source = str_from(source),
				  .row = str_from(row) };
	struct buf got = { 0 };

	percolator_find(p, &m);
	for (size_t i = 0; i < percolator_n_found(p); i++) {
		const struct rule *r = percolator_found(p, i);

		buf_addf(&got, "%s%.*s", i ? " " : "", STR_ARG(r->id));
	}
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
	finds(p, "listing.new/ads", "ads", " bicycle ", "z");
	finds(p, "listing.new/ksl", "ksl", " red ", "z b");
	finds(p, "price.update/lamp", "shop", " desk lamp ", "k lamp");
	finds(p, "price.update/lamp", "shop", " desk \n lamp ", "k lamp");
	finds(p, "price.update/other", "shop", "", "");
	finds(p, "chat.message/ksl", "ksl", " red ", "b");
	finds(p, "chat.message/ads", "ads", " red bicycle ", "");
	percolator_find_also(p, true, STR("a"));
	percolator_find_also(p, false, STR("k"));
	percolator_find_also(p, false, STR("k"));
	percolator_find_also(p, false, STR("none"));
	assert_int_equal(percolator_n_found(p), 2);
	assert_true(str_is(percolator_found(p, 0)->id, "k"));
	assert_true(str_is(percolator_found(p, 1)->id, "a"));
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

/* ---- against each rule and each event, one by one ---- */

enum { MODEL_RULES = 300, MODEL_STEPS = 6000 };

struct model {
	struct percolator *p;
	struct rule *rule[MODEL_RULES]; /* NULL: not set */
	uint64_t seed;
	size_t yes, sure, looked_at;
};

static uint32_t draw(struct model *m, uint32_t n)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->seed >> 40) % n;
}

static const char *draw_of(struct model *m, const char *const *v, uint32_t n)
{
	/* The first ones are drawn more often. */
	return v[draw(m, 1 + draw(m, n))];
}

static const char *word(struct model *m)
{
	static const char *const words[] = { "red", "bike", "bicycle", "lamp",
					     "old", "Desk", "biker",   "chair",
					     "new", "big",  "ladder",  "b" };

	return draw_of(m, words, ARRAY_LEN(words));
}

/* Many of them are the same, or nearly. */
static const char *amount(struct model *m)
{
	static const char *const amounts[] = {
		"10",	   "10.00",  "9.99", "10.000000000000000001", "100",
		"9999999", "100.01", "0",    "123456789012345678901"
	};

	return draw_of(m, amounts, ARRAY_LEN(amounts));
}

static void add_keywords(struct model *m, struct buf *b)
{
	uint32_t n = 1 + draw(m, 5);
	bool phrases = draw(m, 3) == 0;

	if (draw(m, 6) == 0)
		return;
	buf_puts(b, phrases ? ",\"keywords\":[\"" : ",\"keywords\":\"");
	for (uint32_t i = 0; i < n; i++) {
		const char *between = phrases && draw(m, 2) ? "\",\"" : " ";

		buf_puts(b, i ? between : "");
		buf_puts(b, word(m));
		buf_puts(b, draw(m, 5) ? "" : "*");
	}
	buf_puts(b, phrases ? "\"]" : "\"");
}

/* What an index can use of it, and what it cannot. */
static void add_if(struct model *m, struct buf *b)
{
	switch (draw(m, 12)) {
	case 0:
		buf_addf(b,
			 ",\"if\":\"text mentions '%s' or text mentions "
			 "'%s %s*'\"",
			 word(m), word(m), word(m));
		break;
	case 1: buf_addf(b, ",\"if\":\"price <= %s\"", amount(m)); break;
	case 2:
		buf_addf(b, ",\"if\":\"not text mentions '%s'\"", word(m));
		break;
	case 3:
		buf_addf(b,
			 ",\"if\":\"source == 's' and (price > %s or text "
			 "mentions '%s')\"",
			 amount(m), word(m));
		break;
	default: break;
	}
}

static void add_setting(struct model *m, bool is_search, struct buf *b)
{
	static const char *const patterns[] = {
		"listing.",	   "price.update/", "listing.new/",
		"price.update/la", "listing.new/s", "",
	};
	const char *low = amount(m), *high = amount(m);
	struct decimal d[2];

	buf_puts(b, "{");
	if (is_search)
		buf_puts(b, "\"user\":\"ann\"");
	else
		buf_addf(b, "\"on\":\"%s\"",
			 draw_of(m, patterns, ARRAY_LEN(patterns)));
	add_keywords(m, b);
	decimal_parse(str_from(low), &d[0]);
	decimal_parse(str_from(high), &d[1]);
	if (decimal_cmp(d[0], d[1]) <= 0 && draw(m, 3))
		buf_addf(b, ",\"price\":{\"min\":\"%s\",\"max\":\"%s\"}", low,
			 high);
	else if (draw(m, 2))
		buf_addf(b, ",\"price\":{\"%s\":\"%s\"}",
			 draw(m, 3) ? "max" : "min", low);
	if (draw(m, 3) == 0)
		buf_addf(b, ",\"currency\":\"%s\"", draw(m, 2) ? "EUR" : "USD");
	if (is_search && draw(m, 3) == 0)
		buf_addf(b, ",\"sources\":[\"s\"%s]",
			 draw(m, 2) ? ",\"t\"" : "");
	add_if(m, b);
	if (!is_search && draw(m, 4) == 0)
		buf_addf(b, ",\"target\":\"%s\"", amount(m));
	buf_puts(b, "}");
}

static void change(struct model *m)
{
	uint32_t i = draw(m, MODEL_RULES);
	bool is_search = i % 3;
	struct buf b = { 0 };
	char id[16];

	snprintf(id, sizeof(id), "%x", i * 2654435761u);
	rule_free(&m->rule[i]);
	if (draw(m, 4) == 0) {
		percolator_remove(m->p, is_search, str_from(id));
		return;
	}
	add_setting(m, is_search, &b);
	put(m->p, is_search, id, b.p);
	m->rule[i] = rule_new(is_search, str_from(id), buf_str(&b), NULL);
	buf_free(&b);
}

static int by_kind_and_id(const void *pa, const void *pb)
{
	const struct rule *a = *(const struct rule *const *)pa;
	const struct rule *b = *(const struct rule *const *)pb;

	return a->is_search != b->is_search ? a->is_search - b->is_search
					    : str_cmp(a->id, b->id);
}

static void event(struct model *m)
{
	static const char *const topics[] = { "listing.new/s",
					      "price.update/la",
					      "listing.update/t",
					      "chat.message/s", "x.y" };
	struct matter ev = { .topic = str_from(draw_of(m, topics, 5)) };
	const struct rule *want[MODEL_RULES];
	struct look_event of;
	struct buf row = { 0 };
	size_t n = 0, found;

	ev.source = draw(m, 8) ? str_from(draw(m, 2) ? "s" : "t") : ev.source;
	if (draw(m, 8))
		ev.price = str_from(amount(m));
	if (draw(m, 4))
		ev.currency = str_from(draw(m, 3) ? "EUR" : "USD");
	for (uint32_t i = draw(m, 12); i > 0; i--) {
		words_add(&row, str_from(word(m)));
		if (draw(m, 5) == 0)
			buf_putc(&row, '\n');
		else if (row.len)
			row.len--;
	}
	buf_putc(&row, ' ');
	ev.row = buf_str(&row);
	look_event(&of, &ev);
	for (size_t i = 0; i < MODEL_RULES; i++)
		if (m->rule[i] &&
		    rule_concerns(m->rule[i], ev.topic, ev.source) &&
		    rule_judge(m->rule[i], &ev, false) == VERDICT_YES)
			want[n++] = m->rule[i];
	qsort(want, n, sizeof(want[0]), by_kind_and_id);
	percolator_find(m->p, &ev);
	found = 0;
	for (size_t i = 0; i < percolator_n_found(m->p); i++) {
		const struct rule *r = percolator_found(m->p, i);
		bool yes = rule_concerns(r, ev.topic, ev.source) &&
			   rule_judge(r, &ev, false) == VERDICT_YES;

		m->sure += percolator_is_sure(m->p, i);
		if (!yes)
			assert_false(percolator_is_sure(m->p, i));
		else if (found == n || !str_eq(want[found]->id, r->id) ||
			 want[found++]->is_search != r->is_search)
			fail_msg("%.*s is not expected", STR_ARG(r->text));
	}
	if (found < n)
		fail_msg("%.*s is missed", STR_ARG(want[found]->text));
	m->yes += n;
	m->looked_at += percolator_looked_at(m->p);
	look_event_free(&of);
	buf_free(&row);
}

static void the_same_is_found_as_without_an_index(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct model m = { .p = percolator_new(), .seed = seed };

		for (int i = 0; i < MODEL_STEPS; i++)
			if (draw(&m, 4) == 0)
				change(&m);
			else
				event(&m);
		/* It was about something. */
		assert_true(m.yes > 1000);
		assert_true(m.sure > 500);
		assert_true(m.looked_at <
			    (size_t)MODEL_STEPS * MODEL_RULES / 4);
		for (size_t i = 0; i < MODEL_RULES; i++)
			rule_free(&m.rule[i]);
		percolator_free(&m.p);
	}
}

static void what_was_set_is_there_as_text(void **state)
{
	struct percolator *p = percolator_new();
	const struct rule *found;

	(void)state;
	put(p, true, "a", "{\"keywords\":\"red\"}");
	put(p, false, "a", "{\"on\":\"\"}");
	assert_true(str_is(percolator_text(p, true, STR("a")),
			   "{\"keywords\":\"red\"}"));
	assert_true(
		str_is(percolator_text(p, false, STR("a")), "{\"on\":\"\"}"));
	assert_null(percolator_text(p, false, STR("b")).p);
	found = percolator_get(p, true, STR("a"));
	assert_true(found->is_search);
	/* One that is asked for again and again is one. */
	for (int i = 0; i < 2 * PERCOLATOR_COMPILED; i++)
		assert_ptr_equal(percolator_get(p, true, STR("a")), found);
	put(p, true, "a", "{\"keywords\":\"blue\"}");
	assert_true(str_is(percolator_get(p, true, STR("a"))->text,
			   "{\"keywords\":\"blue\"}"));
	percolator_free(&p);
}

static struct str no_condition(void *arg)
{
	(void)arg;
	fail_msg("nobody asks what it says");
	return (struct str){ 0 };
}

static bool covered(const struct silences *all, struct str topic,
		    struct str user, int64_t at_us, int64_t *until_us_r)
{
	const struct silence_case c = { .topic = topic,
					.user = user,
					.recorded_us = at_us,
					.data = no_condition };

	return silences_cover(all, &c, until_us_r);
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
		assert_int_equal(covered(&all, str_from(cases[i].topic),
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
	assert_true(covered(&all, topic, user, HOUR, &until));
	assert_true(until == 5 * HOUR);
	silences_put(&all, STR("c"), STR("{\"pattern\":\"\"}"), &e);
	assert_true(covered(&all, topic, user, HOUR, &until));
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

/* What is written, and read from a version before; absent: it is the same. */
static void a_state_survives_as_text(void **state)
{
	static const struct {
		const char *text, *old;
	} cases[] = {
		{ "{\"state\":\"inactive\"}", "{\"firing\":false}" },
		{ "{\"state\":\"quiet\"}", "{\"firing\":true}" },
		{ "{\"state\":\"firing\",\"ending\":true,"
		  "\"judged\":\"5\",\"due\":\"2026-03-01T06:00:00.000000Z\","
		  "\"item\":\"lamp\",\"price\":\"79\",\"offer\":\"\\nInStock\","
		  "\"cause\":\"a 1\",\"alert\":{\"rule\":\"r\"},\"note\":{}}",
		  NULL },
		{ "{\"state\":\"acknowledged\",\"happened\":true}", NULL },
		{ "{\"state\":\"pending\",\"cause\":\"a 1\","
		  "\"alert\":{\"rule\":\"r\"},\"note\":{}}",
		  NULL },
		{ "{\"state\":\"firing\","
		  "\"fired\":\"2026-03-01T00:00:00.000001Z\","
		  "\"id\":\"0f1e\"}",
		  "{\"firing\":true,\"told\":true,"
		  "\"fired\":\"2026-03-01T00:00:00.000001Z\","
		  "\"id\":\"0f1e\"}" },
		{ "{\"state\":\"suppressed\",\"hold\":\"silence\","
		  "\"due\":\"2026-03-01T06:00:00.000000Z\",\"id\":\"0f1e\","
		  "\"cause\":\"a 1\","
		  "\"alert\":{\"id\":\"0f1e\"},\"note\":{}}",
		  "{\"firing\":true,\"held\":true,\"id\":\"0a0a\","
		  "\"due\":\"2026-03-01T06:00:00.000000Z\",\"cause\":\"a 1\","
		  "\"alert\":{\"id\":\"0f1e\"},\"note\":{}}" },
	};
	static const char *const bad[] = {
		"{}",
		"{\"firing\":true,\"held\":true}",
		"{\"state\":\"broken\"}",
		"{\"state\":\"pending\"}",
		"{\"state\":\"firing\",\"ending\":true}",
	};
	struct arena a = { 0 };
	struct state st;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		const char *want = cases[i / 2].text, *old = cases[i / 2].old;
		struct buf b = { 0 };

		if (i % 2 && !old)
			continue;
		assert_true(
			state_decode(str_from(i % 2 ? old : want), &a, &st));
		assert_int_equal(st.is_old, i % 2);
		state_encode(&st, &b);
		assert_string_equal(b.p, want);
		buf_free(&b);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(state_decode(str_from(bad[i]), &a, &st));
	assert_true(state_is_of(STR("state/a/b/r/x"), false, STR("x")));
	assert_false(state_is_of(STR("state/a/b/s/x"), false, STR("x")));
	assert_false(state_is_of(STR("state/a/b/r/ax"), false, STR("x")));
	assert_true(str_is(state_item(STR("state/a/b/r/ax")), "a"));
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

static void lowest(const struct known *k, int from_hour, const char *want)
{
	char out[DECIMAL_TEXT_MAX] = "none";
	struct decimal d;

	if (known_lowest(k, from_hour * HOUR, &d))
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
	lowest(&k, 0, "70");
	known_encode(&k, &b);
	assert_true(known_decode(buf_str(&b), &a, &again));
	highest(&again, 3, "90");
	highest(&again, 99, "70");
	lowest(&again, 1, "70");
	assert_int_equal(again.highs.n, k.highs.n);
	assert_int_equal(again.lows.n, k.lows.n);
	known(&k, "5", "USD", 8);
	highest(&k, 0, "5");
	known(&k, "6", "USD", 9);
	lowest(&k, 8, "5");
	lowest(&k, 9, "6"); /* 5 held until then, and no longer */
	buf_free(&b);
	arena_free(&a);
}

/* What a version before has written, and what nobody has. */
static void what_was_known_before_is_known(void **state)
{
	static const char *const bad[] = { "", "{}", "\1", "x",
					   "{\"data\":{},\"time\":\"1\"}" };
	struct arena a = { 0 };
	struct known k;

	(void)state;
	assert_true(known_decode(
		STR("{\"data\":{\"a\":1},\"price\":\"80\",\"currency\":\"EUR\","
		    "\"time\":\"7\",\"recorded\":\"-8\",\"highs\":"
		    "[[\"100.50\",\"3600000000\"],[\"80\",\"9\"]]}"),
		&a, &k));
	assert_true(str_is(k.data, "{\"a\":1}"));
	assert_true(str_is(k.price, "80"));
	assert_null(k.availability.p);
	assert_true(k.time_us == 7 && k.recorded_us == -8);
	highest(&k, 0, "100.50");
	lowest(&k, 0, "none");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(known_decode(str_from(bad[i]), &a, &k));
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
	assert_int_equal(k.highs.n, KNOWN_EDGES_MAX);
	highest(&k, 499, "1501"); /* the large step is not forgotten */
	highest(&k, 998, "902");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candidates_come_by_word_topic_and_pattern),
		cmocka_unit_test(a_rule_is_replaced_and_removed_by_its_id),
		cmocka_unit_test(the_same_is_found_as_without_an_index),
		cmocka_unit_test(what_was_set_is_there_as_text),
		cmocka_unit_test(a_silence_covers_its_topics_user_and_time),
		cmocka_unit_test(the_longest_silence_counts),
		cmocka_unit_test(deadlines_come_earliest_first),
		cmocka_unit_test(many_deadlines_stay_in_order),
		cmocka_unit_test(a_state_survives_as_text),
		cmocka_unit_test(the_highest_price_of_a_time_is_known),
		cmocka_unit_test(what_was_known_before_is_known),
		cmocka_unit_test(heights_take_bounded_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
