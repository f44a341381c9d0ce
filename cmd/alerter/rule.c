#include "rule.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/json.h"
#include "common/types_rule.h"
#include "common/words.h"
#include "common/xmem.h"

#include "policy.h"

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

/* ---- the condition ---- */

static void add_decimal(struct buf *b, struct decimal d)
{
	char text[DECIMAL_TEXT_MAX];

	buf_puts(b, decimal_format(d, text));
}

/* What comes next must be so, too. */
static struct buf *add_test(struct buf *b)
{
	if (b->len)
		buf_puts(b, " and ");
	return b;
}

static void add_limit(struct buf *b, const char *test, struct decimal limit)
{
	buf_puts(add_test(b), test);
	add_decimal(b, limit);
}

/* The price is so far below what it was: by a share of that, by an amount. */
static void add_drop(struct buf *b, const struct rule *r, struct str over)
{
	const struct decimal all = decimal_from_int(100);
	struct buf was = { 0 };
	struct decimal share;

	if (over.p)
		buf_addf(&was, "highest(\"%.*s\")", STR_ARG(over));
	else
		buf_puts(&was, "previous()");
	if (r->has_percent && decimal_sub(all, r->percent, &share)) {
		share.scale += 2;
		add_limit(b, "price <= ", share);
		buf_puts(b, " * ");
		buf_add_str(b, buf_str(&was));
	}
	if (r->has_amount) {
		buf_puts(add_test(b), "price <= ");
		buf_add_str(b, buf_str(&was));
		buf_puts(b, " - ");
		add_decimal(b, r->amount);
	}
	buf_free(&was);
}

/* A row of words as somebody would write it. */
static void add_words(struct buf *b, struct str row)
{
	bool is_open = !str_ends(row, STR(" "));

	buf_puts(add_test(b), "text mentions \"");
	buf_add_str(b, str_sub(row, 1, row.len - !is_open));
	buf_puts(b, is_open ? "*\"" : "\"");
}

static void add_names(struct buf *b, const char *field,
		      const struct shape_list *names)
{
	if (names->n == 0)
		return;
	buf_addf(add_test(b), "%s in [", field);
	for (size_t i = 0; i < names->n; i++) {
		buf_puts(b, i ? ", " : "");
		buf_json_str(b, names->v[i]);
	}
	buf_putc(b, ']');
}

/* Of the short forms, what is not kept in the rule. */
struct rule_more {
	struct str when, over, score;
	const struct shape_list *sellers;
	const struct type_near *near;
};

/* Each short form is a test, which could as well stand in the `if`. */
static void write_condition(const struct rule *r, const struct rule_more *more,
			    struct buf *b)
{
	const struct type_near *near = more->near;

	if (r->has_target)
		add_limit(b, "price <= ", r->target);
	if (r->has_min)
		add_limit(b, "price >= ", r->min);
	if (r->has_max)
		add_limit(b, "price <= ", r->max);
	if (r->has_percent || r->has_amount)
		add_drop(b, r, more->over);
	if (r->stock.p)
		buf_addf(add_test(b), "availability == \"%.*s\"",
			 STR_ARG(r->stock));
	for (size_t i = 0; i < r->n_phrases; i++)
		add_words(b, r->phrases[i]);
	add_names(b, "seller", more->sellers);
	if (near->present)
		buf_addf(add_test(b), "distance(%.*s, %.*s) <= %.*s",
			 STR_ARG(near->lat), STR_ARG(near->lon),
			 STR_ARG(near->km));
	if (more->score.p)
		buf_addf(add_test(b), "score >= %.*s", STR_ARG(more->score));
	if (more->when.p && b->len)
		buf_addf(b, " and (%.*s)", STR_ARG(more->when));
	else
		buf_add_str(b, more->when);
}

/*
 * That of a search is compiled when it is first asked: most are never, since
 * the index decides about them.
 */
static int compile_condition(struct rule *r, const struct rule_more *more,
			     struct err *e)
{
	struct buf b = { 0 };

	write_condition(r, more, &b);
	r->condition = arena_str(&r->arena, buf_str(&b));
	r->asks = arena_alloc(&r->arena, sizeof(*r->asks));
	r->has_if = more->when.p || more->sellers->n || more->near->present ||
		    more->score.p;
	buf_free(&b);
	if (r->condition.len == 0 || (r->is_search && !r->has_if))
		return 0;
	*r->asks = expr_compile_rule(r->condition, e);
	return *r->asks ? 0 : err_prefix(e, "if and what stands beside it");
}

static int compile_rule(struct rule *r, struct err *e)
{
	struct type_rule t;
	struct rule_more more;

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
	r->policy = policy_of_rule(&t, &r->arena);
	if (t.user.p)
		r->user = t.user;
	r->has_target = t.target.p && decimal_parse(t.target, &r->target);
	r->cooldown_us = duration_us(t.cooldown);
	r->for_us = duration_us(t.hold);
	r->keep_us = duration_us(t.keep);
	r->of_n = (unsigned)shape_count(t.of.n, 0);
	r->of_m = (unsigned)shape_count(t.of.m, 0);
	if (t.until.p && !(r->until = expr_compile_rule(t.until, e)))
		return err_prefix(e, "until");
	r->absent = t.absent;
	r->absent_us = duration_us(t.absent);
	if (t.fewer.present && decimal_parse_json(t.fewer.percent, &r->fewer))
		r->fewer_over_us = duration_us(t.fewer.over);
	compile_bounds(r, &t.price);
	compile_slack(r, t.hysteresis);
	compile_drop(r, &t.drop);
	compile_keywords(r);
	r->sources = t.sources;
	more = (struct rule_more){ t.when, t.drop.over, t.score, &t.sellers,
				   &t.near };
	return compile_condition(r, &more, e);
}

static int compile_search(struct rule *r, struct err *e)
{
	struct type_search t;
	struct rule_more more;

	if (shape_decode(&shape_search, r->text, &t, &r->arena, e) ||
	    search_check(&t, e))
		return -1;
	r->on = STR("listing.");
	r->currency = t.currency;
	r->keywords = t.keywords;
	r->notify = t.notify;
	r->sources = t.sources;
	r->policy = policy_of_search(&t, &r->arena);
	if (t.user.p)
		r->user = t.user;
	r->cooldown_us = duration_us(t.cooldown);
	compile_bounds(r, &t.price);
	compile_keywords(r);
	more = (struct rule_more){ .when = t.when,
				   .score = t.score,
				   .sellers = &t.sellers,
				   .near = &t.near };
	return compile_condition(r, &more, e);
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
	if (r->asks)
		expr_free(r->asks);
	expr_free(&r->until);
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

/* The price before, as far as it can be compared. */
static bool price_before(const struct matter *m, struct decimal *price_r)
{
	if (m->known && m->known->currency.p && m->currency.p &&
	    !str_eq(m->currency, m->known->currency))
		return false;
	return m->previous.p && decimal_parse(m->previous, price_r);
}

/* What conditions ask of the past, for expr_ask(). */
static bool ask_past(void *arg, enum expr_fact which, int64_t window_us,
		     struct decimal *r)
{
	const struct matter *m = arg;
	int64_t from_us = m->time_us - window_us;

	if (which == EXPR_PREVIOUS)
		return price_before(m, r);
	if (!m->known || !str_eq(m->currency, m->known->currency))
		return false;
	return which == EXPR_HIGHEST ? known_highest(m->known, from_us, r)
				     : known_lowest(m->known, from_us, r);
}

bool rule_reference(const struct rule *r, const struct matter *m,
		    struct decimal *price_r)
{
	return ask_past((void *)(uintptr_t)m,
			r->over_us ? EXPR_HIGHEST : EXPR_PREVIOUS, r->over_us,
			price_r);
}

/* Of an item's own target nothing is compiled: it is another each time. */
static enum verdict judge_target(const struct rule *r, const struct matter *m)
{
	struct decimal price;

	if (!m->price.p || !decimal_parse(m->price, &price))
		return VERDICT_UNKNOWN;
	return decimal_cmp(price, r->target) <= 0 ? VERDICT_YES : VERDICT_NO;
}

static struct expr *condition(const struct rule *r)
{
	struct err e;

	if (!*r->asks)
		*r->asks = expr_compile_rule(r->condition, &e);
	return *r->asks;
}

struct str rule_condition(const struct rule *r)
{
	return r->asks && r->condition.len ? expr_text(condition(r)) : STR("");
}

static enum verdict judge_until(struct expr *until, const struct matter *m,
				const struct expr_facts *facts)
{
	switch (expr_ask(until, m->ev, facts, (struct decimal){ 0, 0 })) {
	case EXPR_YES: return VERDICT_NO;
	case EXPR_NO: return VERDICT_YES;
	case EXPR_UNKNOWN: break;
	}
	return VERDICT_UNKNOWN;
}

enum verdict rule_judge(const struct rule *r, const struct matter *m,
			bool firing)
{
	const struct decimal none = { 0, 0 };
	const struct expr_facts facts = { .number = ask_past,
					  .arg = (void *)(uintptr_t)m,
					  .row = m->row };

	if (r->fresh.p || r->lacks)
		return m->stale ? VERDICT_YES : VERDICT_NO;
	if (r->currency.p && !str_eq(r->currency, m->currency))
		return VERDICT_UNKNOWN;
	if (firing && r->until)
		return judge_until(r->until, m, &facts);
	if (!r->asks)
		return judge_target(r, m);
	if (r->condition.len == 0)
		return VERDICT_YES;
	switch (expr_ask(condition(r), m->ev, &facts,
			 firing ? r->slack : none)) {
	case EXPR_YES: return VERDICT_YES;
	case EXPR_NO: return VERDICT_NO;
	case EXPR_UNKNOWN: break;
	}
	return VERDICT_UNKNOWN;
}

void rule_values(const struct rule *r, const struct matter *m, struct buf *b)
{
	const struct expr_facts facts = { .number = ask_past,
					  .arg = (void *)(uintptr_t)m,
					  .row = m->row };

	if (r->asks && r->condition.len && m->ev)
		expr_values(condition(r), m->ev, &facts, b);
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

/* What the short forms need is all that there is to ask, but for a few. */
static void needs_of_forms(struct rule *r, struct rule_needs *needs)
{
	needs->clauses = each_phrase(r);
	needs->n_clauses = r->n_phrases;
	needs->has_min = r->has_min;
	needs->has_max = r->has_max;
	needs->min = r->min;
	needs->max = r->max;
	needs->asks = r->stock.p || r->has_percent || r->has_amount;
	if (r->has_target &&
	    (!r->has_max || decimal_cmp(r->target, r->max) < 0)) {
		needs->has_max = true;
		needs->max = r->target;
	}
}

static void needs_of_condition(const struct rule *r, struct rule_needs *needs)
{
	const struct expr_needs *of = expr_needs(condition(r));

	needs->clauses = of->clauses;
	needs->n_clauses = of->n_clauses;
	needs->has_min = of->has_min;
	needs->has_max = of->has_max;
	needs->min = of->min;
	needs->max = of->max;
	needs->asks = true;
}

void rule_needs(struct rule *r, struct rule_needs *needs_r)
{
	*needs_r = (struct rule_needs){
		.topics = { r->on, STR("chat.message/") },
		.n_topics = r->is_search && r->sources.n ? 2 : 1,
		.sources = { r->sources.v, r->sources.n },
		.currency = r->currency,
	};
	if (r->has_if)
		needs_of_condition(r, needs_r);
	else
		needs_of_forms(r, needs_r);
}

bool rule_is_momentary(const struct rule *r)
{
	return (r->has_percent || r->has_amount) && r->over_us == 0;
}

bool rule_needs_change(const struct rule *r)
{
	return r->stock.p && !r->has_target && !r->has_min && !r->has_max &&
	       !r->has_percent && !r->has_amount && !r->has_if;
}

const char *rule_kind(const struct rule *r)
{
	if (r->lacks)
		return r->lacks;
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
