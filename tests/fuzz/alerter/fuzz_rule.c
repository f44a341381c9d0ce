/*
 * A rule or search that compiles can be judged against anything; the rest of
 * the input, behind the first newline, is the text and price that it sees.
 */
#include <assert.h>

#include "cmd/alerter/lifecycle.h"
#include "common/words.h"
#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct rule *r, struct str seen)
{
	struct known known = { .data = STR("{}") };
	struct rule_state st = LIFE_FRESH;
	struct occasion o = { .hold_until_us = CLK_NONE };
	struct buf row = { 0 };
	struct event ev = { .topic = STR("price.update/x"),
			    .data = STR("{\"price\":\"12.50\",\"text\":1}") };
	struct matter m = { .topic = ev.topic,
			    .ev = &ev,
			    .price = str_sub(seen, 0, 8),
			    .previous = str_sub(seen, 8, 16),
			    .availability = STR("InStock"),
			    .known = &known };
	struct decimal d;

	words_add(&row, seen);
	m.row = buf_str(&row);
	if (!decimal_parse(m.price, &d))
		m.price = STR("12.50");
	for (int64_t i = 0; i < 4; i++) {
		enum verdict v = rule_judge(r, &m, rule_is_firing(&st));

		/* The hysteresis only ever widens; an end of its own may not. */
		if (v == VERDICT_YES && !r->until)
			assert(rule_judge(r, &m, true) == VERDICT_YES);
		o.recorded_us = i * 3600000000;
		(void)rule_step(r, &st, v, &o);
		assert(!rule_is_held(&st) || st.due_us != CLK_NONE);
		known_price(&known, m.price, m.currency, o.recorded_us);
		m.time_us = o.recorded_us;
		m.price = m.previous;
	}
	buf_free(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str seen, text = { (const char *)data, size };
	struct err e;

	text = str_cut(text, '\n', &seen);
	if (json_check(text, JSON_STRICT, &e))
		return 0;
	for (int is_search = 0; is_search < 2; is_search++) {
		struct rule *r = rule_new(is_search, STR("x"), text, &e);

		if (r)
			judge(r, seen);
		rule_free(&r);
	}
	return 0;
}
