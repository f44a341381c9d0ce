/*
 * An expression, NUL, JSON: what compiles has a canonical form that means the
 * same and is its own canonical form; an expression and its opposite never both
 * match, and what one knows the other does. What holds, holds with slack, and
 * meets its needs; the values that it told of are an object.
 */
#include <assert.h>
#include <sysexits.h>

#include "common/expr.h"
#include "common/json.h"
#include "common/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct expr *compile(struct str text, bool is_rule, struct err *e)
{
	return is_rule ? expr_compile_rule(text, e) : expr_compile(text, e);
}

static struct expr *opposite_of(struct str text, bool is_rule)
{
	struct buf b = { 0 };
	struct expr *x;

	buf_addf(&b, "not (%.*s)", STR_ARG(text));
	/* NULL: it is too long, or too deep, now */
	x = compile(buf_str(&b), is_rule, NULL);
	buf_free(&b);
	return x;
}

/* Known for a window of whole hours. */
static bool number(void *arg, enum expr_fact which, int64_t window_us,
		   struct decimal *r)
{
	(void)arg;
	*r = decimal_from_int((int)which * 1000 + window_us % 997);
	return window_us % INT64_C(3600000000) == 0;
}

static bool is_one_of(const struct expr_strings *s, struct str data,
		      const char *key)
{
	struct arena a = { 0 };
	struct str text = json_get_text(data, key, &a);
	bool found = s->n == 0;

	for (size_t i = 0; i < s->n && !found; i++)
		found = text.p && str_eq(text, s->v[i]);
	arena_free(&a);
	return found;
}

static bool has_topic(const struct expr_needs *of, struct str topic)
{
	for (size_t i = 0; i < of->n_topics; i++)
		if (of->topics[i].is_prefix
			    ? str_starts(topic, of->topics[i].text)
			    : str_eq(topic, of->topics[i].text))
			return true;
	return of->n_topics == 0;
}

static bool is_in_bounds(const struct expr_needs *of, struct str data)
{
	struct arena a = { 0 };
	struct decimal d;
	struct str raw;
	bool ok = true, has = json_get(data, "price", &raw);

	if (has && json_type_of(raw) == JSON_STRING)
		json_text(raw, &a, &raw);
	if (has && decimal_parse_json(raw, &d))
		ok = (!of->has_min || decimal_cmp(of->min, d) <= 0) &&
		     (!of->has_max || decimal_cmp(d, of->max) <= 0);
	arena_free(&a);
	return has ? ok : !of->has_min && !of->has_max;
}

static bool has_words(const struct expr_needs *of, struct str row)
{
	for (size_t i = 0; row.len && i < of->n_clauses; i++) {
		const struct expr_clause *c = &of->clauses[i];
		bool found = false;

		for (size_t k = 0; k < c->n && !found; k++)
			found = words_contain(row, c->rows[k]);
		if (!found)
			return false;
	}
	return true;
}

static void check_answers(struct expr *x, struct expr *again,
			  struct expr *opposite, const struct event *ev)
{
	const struct decimal none = { 0, 0 }, percent = { 1, 2 };
	struct expr_facts facts = { .number = number };
	enum expr_answer is;
	struct buf row = { 0 };

	if (json_type_of(ev->data) == JSON_OBJECT && ev->data.len % 2)
		words_add(&row, ev->data);
	facts.row = buf_str(&row);
	is = expr_ask(x, ev, &facts, none);
	assert(is == expr_ask(again, ev, &facts, none));
	assert(!opposite ||
	       EXPR_YES - is == expr_ask(opposite, ev, &facts, none));
	if (is == EXPR_YES) {
		const struct expr_needs *needs = expr_needs(x);

		assert(expr_ask(x, ev, &facts, percent) == EXPR_YES);
		assert(has_topic(needs, ev->topic));
		assert(is_in_bounds(needs, ev->data));
		assert(has_words(needs, facts.row));
		assert(is_one_of(&needs->currencies, ev->data, "currency"));
		assert(is_one_of(&needs->sources, ev->data, "source"));
	}
	buf_reset(&row);
	expr_values(x, ev, &facts, &row);
	assert(json_check(buf_str(&row), JSON_STRICT, NULL) == 0);
	buf_free(&row);
}

static void check(struct str text, struct str value, bool is_rule)
{
	struct event ev = { .topic = STR("price.update/a"),
			    .source = STR("fuzz"),
			    .id = 7,
			    .time_us = 1800000000000000,
			    .recorded_us = CLK_NONE,
			    .ext = STR("{\"x\":\"y\"}") };
	struct expr *x, *again, *opposite;
	struct err e = { 0 };

	x = compile(text, is_rule, &e);
	if (!x) {
		assert(e.code == EX_DATAERR && e.msg[0]);
		return;
	}
	again = compile(expr_text(x), is_rule, &e);
	assert(again && str_eq(expr_text(again), expr_text(x)));
	opposite = opposite_of(expr_text(x), is_rule);
	if (json_check(value, JSON_STRICT, NULL) == 0)
		ev.data = json_trim(value);
	assert(expr_match(x, &ev) == expr_match(again, &ev));
	check_answers(x, again, opposite, &ev);
	expr_free(&opposite);
	expr_free(&again);
	expr_free(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value, text = { (const char *)data, size };

	text = str_cut(text, '\0', &value);
	check(text, value, true);
	check(text, value, false);
	return 0;
}
