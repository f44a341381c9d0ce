#include "rule.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/json.h"
#include "common/types_rule.h"
#include "common/words.h"
#include "common/xmem.h"

enum { RULE_BLOCK = 1024 }; /* most are short, and there are many */

/* ---- compile ---- */

static struct str row_of(struct str text, struct arena *a)
{
	struct buf b = { 0 };
	struct str row = { 0 };

	words_phrase(&b, text);
	if (b.len)
		row = arena_str(a, buf_str(&b));
	buf_free(&b);
	return row;
}

static void add_phrase(struct rule *r, struct str text)
{
	struct str row = row_of(text, &r->arena);

	if (row.p)
		r->phrases[r->n_phrases++] = row;
}

/* A string is a list of words; each entry of an array is one phrase. */
static void compile_keywords(struct rule *r)
{
	struct str rest, word;
	size_t n = r->keywords.n;

	if (n == 0)
		return;
	if (r->keywords.single)
		n = r->keywords.v[0].len + 1;
	r->phrases = arena_alloc(&r->arena, n * sizeof(*r->phrases));
	if (r->keywords.single) {
		rest = r->keywords.v[0];
		while (str_token(&rest, " \t\n\r", &word))
			add_phrase(r, word);
	} else {
		for (size_t i = 0; i < n; i++)
			add_phrase(r, r->keywords.v[i]);
	}
}

static int64_t duration_us(struct str s)
{
	int64_t ms;

	return s.p && str_duration_ms(s, &ms) ? ms * 1000 : 0;
}

static void compile_bounds(struct rule *r, const struct type_bounds *b)
{
	r->has_min = b->min.p && decimal_parse(b->min, &r->min);
	r->has_max = b->max.p && decimal_parse(b->max, &r->max);
}

static void compile_drop(struct rule *r, const struct type_drop *drop)
{
	r->has_percent = drop->percent.p &&
			 decimal_parse_json(drop->percent, &r->percent);
	r->has_amount =
		drop->amount.p && decimal_parse(drop->amount, &r->amount);
	r->over_us = duration_us(drop->over);
}

static void compile_slack(struct rule *r, struct str percent)
{
	if (percent.len &&
	    decimal_parse(str_sub(percent, 0, percent.len - 1), &r->slack))
		r->slack.scale += 2; /* 1% is 0.01 */
}

static int compile_rule(struct rule *r, struct err *e)
{
	struct type_rule t;

	if (shape_decode(&shape_rule, r->text, &t, &r->arena, e) ||
	    rule_check(&t, r->id, e))
		return -1;
	r->on = t.on;
	r->currency = t.currency;
	r->keywords = t.keywords;
	r->notify = t.notify;
	r->stock = t.stock;
	r->start = t.start;
	r->stop = t.stop;
	r->target_text = t.target;
	if (t.user.p)
		r->user = t.user;
	r->has_target = t.target.p && decimal_parse(t.target, &r->target);
	r->cooldown_us = duration_us(t.cooldown);
	r->for_us = duration_us(t.hold);
	r->keep_us = duration_us(t.keep);
	r->of_n = (unsigned)shape_count(t.of.n, 0);
	r->of_m = (unsigned)shape_count(t.of.m, 0);
	compile_bounds(r, &t.price);
	compile_slack(r, t.hysteresis);
	compile_drop(r, &t.drop);
	compile_keywords(r);
	return 0;
}

static int compile_search(struct rule *r, struct err *e)
{
	struct type_search t;

	if (shape_decode(&shape_search, r->text, &t, &r->arena, e) ||
	    search_check(&t, e))
		return -1;
	r->on = STR("listing.");
	r->currency = t.currency;
	r->keywords = t.keywords;
	r->notify = t.notify;
	r->sources = t.sources;
	if (t.user.p)
		r->user = t.user;
	r->cooldown_us = duration_us(t.cooldown);
	compile_bounds(r, &t.price);
	compile_keywords(r);
	return 0;
}

struct rule *rule_new(bool is_search, struct str id, struct str data,
		      struct err *e)
{
	struct rule *r;

	if (data.len > RULE_DATA_MAX) {
		err_set(e, EX_DATAERR, "longer than %d bytes", RULE_DATA_MAX);
		return NULL;
	}
	r = xcalloc(1, sizeof(*r));
	r->arena.block = RULE_BLOCK;
	r->is_search = is_search;
	r->id = arena_str(&r->arena, id);
	r->text = arena_str(&r->arena, data);
	r->user = STR(RULE_USER);
	if (is_search ? compile_search(r, e) : compile_rule(r, e))
		rule_free(&r);
	return r;
}

void rule_free(struct rule **rp)
{
	struct rule *r = *rp;

	if (!r)
		return;
	arena_free(&r->arena);
	free(r);
	*rp = NULL;
}

bool rule_from_item(struct rule *r, const struct type_item *item)
{
	*r = (struct rule){ .id = STR(RULE_TARGET),
			    .on = STR("price.update/"),
			    .user = STR(RULE_USER),
			    .currency = item->currency,
			    .target_text = item->target };
	r->has_target =
		item->target.p && decimal_parse(item->target, &r->target);
	return r->has_target;
}

/* ---- judge ---- */

/* limit * (1 + slack), or (1 - slack); limit itself where it does not fit. */
static struct decimal loosen(struct decimal limit, struct decimal slack,
			     bool up)
{
	struct decimal band, r;

	if (slack.coef == 0 || !decimal_mul(limit, slack, &band))
		return limit;
	/* A band is always outwards, also around a negative limit. */
	if (band.coef < 0)
		band.coef = -band.coef;
	if (up ? !decimal_add(limit, band, &r) : !decimal_sub(limit, band, &r))
		return limit;
	return r;
}

static bool in_bounds(const struct rule *r, struct decimal price,
		      struct decimal slack)
{
	if (r->has_target &&
	    decimal_cmp(price, loosen(r->target, slack, true)) > 0)
		return false;
	if (r->has_min && decimal_cmp(price, loosen(r->min, slack, false)) < 0)
		return false;
	return !r->has_max ||
	       decimal_cmp(price, loosen(r->max, slack, true)) <= 0;
}

bool rule_reference(const struct rule *r, const struct matter *m,
		    struct decimal *price_r)
{
	if (r->over_us)
		return m->known && str_eq(m->currency, m->known->currency) &&
		       known_highest(m->known, m->time_us - r->over_us,
				     price_r);
	if (m->known && m->known->currency.p && m->currency.p &&
	    !str_eq(m->currency, m->known->currency))
		return false;
	return m->previous.p && decimal_parse(m->previous, price_r);
}

static bool has_dropped(const struct rule *r, struct decimal ref,
			struct decimal price, struct decimal slack)
{
	const struct decimal one_percent = { 1, 2 };
	struct decimal part, limit;

	if (r->has_amount &&
	    (!decimal_sub(ref, r->amount, &limit) ||
	     decimal_cmp(price, loosen(limit, slack, true)) > 0))
		return false;
	if (!r->has_percent)
		return true;
	return decimal_mul(ref, one_percent, &part) &&
	       decimal_mul(part, r->percent, &part) &&
	       decimal_sub(ref, part, &limit) &&
	       decimal_cmp(price, loosen(limit, slack, true)) <= 0;
}

static bool asks_for_price(const struct rule *r)
{
	return r->has_target || r->has_min || r->has_max || r->has_percent ||
	       r->has_amount;
}

static enum verdict judge_price(const struct rule *r, const struct matter *m,
				struct decimal slack)
{
	struct decimal price, ref;

	if (r->currency.p && !str_eq(r->currency, m->currency))
		return VERDICT_UNKNOWN;
	if (!asks_for_price(r))
		return VERDICT_YES;
	if (!m->price.p || !decimal_parse(m->price, &price))
		return VERDICT_UNKNOWN;
	if (!in_bounds(r, price, slack))
		return VERDICT_NO;
	if (!r->has_percent && !r->has_amount)
		return VERDICT_YES;
	return rule_reference(r, m, &ref) && has_dropped(r, ref, price, slack)
		       ? VERDICT_YES
		       : VERDICT_NO;
}

enum verdict rule_judge(const struct rule *r, const struct matter *m,
			bool firing)
{
	const struct decimal none = { 0, 0 };
	enum verdict v;

	if (r->fresh.p)
		return m->stale ? VERDICT_YES : VERDICT_NO;
	v = judge_price(r, m, firing ? r->slack : none);
	if (v != VERDICT_YES)
		return v;
	if (r->stock.p && !m->availability.p)
		return VERDICT_UNKNOWN;
	if (r->stock.p && !str_eq(r->stock, m->availability))
		return VERDICT_NO;
	for (size_t i = 0; i < r->n_phrases; i++)
		if (!words_contain(m->row, r->phrases[i]))
			return VERDICT_NO;
	return VERDICT_YES;
}

bool rule_finds(const struct rule *r, struct str text)
{
	struct buf row = { 0 };
	bool found = false;

	words_add(&row, text);
	for (size_t i = 0; i < r->n_phrases && !found; i++)
		found = words_contain(buf_str(&row), r->phrases[i]);
	buf_free(&row);
	return found;
}

bool rule_concerns(const struct rule *r, struct str topic, struct str source)
{
	bool is_named = r->is_search && r->sources.n;

	if (!topic_matches(topic, r->on) &&
	    !(is_named && str_starts(topic, STR("chat.message/"))))
		return false;
	if (r->sources.n == 0)
		return true;
	for (size_t i = 0; i < r->sources.n; i++)
		if (str_eq(r->sources.v[i], source))
			return true;
	return false;
}

static struct expr_clause *each_phrase(struct rule *r)
{
	struct expr_clause *c =
		arena_alloc(&r->arena, r->n_phrases * sizeof(*c));

	for (size_t i = 0; i < r->n_phrases; i++)
		c[i] = (struct expr_clause){ &r->phrases[i], 1 };
	return c;
}

void rule_needs(struct rule *r, struct rule_needs *needs_r)
{
	*needs_r = (struct rule_needs){
		.topics = { r->on, STR("chat.message/") },
		.n_topics = r->is_search && r->sources.n ? 2 : 1,
		.sources = { r->sources.v, r->sources.n },
		.currency = r->currency,
		.clauses = each_phrase(r),
		.n_clauses = r->n_phrases,
		.has_min = r->has_min,
		.has_max = r->has_max,
		.min = r->min,
		.max = r->max,
		.asks = r->stock.p || r->has_percent || r->has_amount,
	};
	if (r->has_target &&
	    (!r->has_max || decimal_cmp(r->target, r->max) < 0)) {
		needs_r->has_max = true;
		needs_r->max = r->target;
	}
}

bool rule_is_momentary(const struct rule *r)
{
	return (r->has_percent || r->has_amount) && r->over_us == 0;
}

bool rule_needs_change(const struct rule *r)
{
	return r->stock.p && !asks_for_price(r);
}

const char *rule_kind(const struct rule *r)
{
	if (r->has_target)
		return "target";
	if (r->has_percent || r->has_amount)
		return "drop";
	if (r->stock.p)
		return "stock";
	if (r->fresh.p)
		return "fresh";
	return r->n_phrases ? "keywords" : "match";
}
