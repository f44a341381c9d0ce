#include "common/expr_private.h"

static enum expr_answer yes_or_no(bool is_so)
{
	return is_so ? EXPR_YES : EXPR_NO;
}

static bool is_plain(const struct expr_value *v)
{
	return v->type == JSON_BOOL || v->type == JSON_NUMBER ||
	       v->type == JSON_STRING;
}

/* ---- comparisons ---- */

enum { DIFFERENT = 2 }; /* of kinds that are neither equal nor in an order */

/*
 * <0, 0, >0 or DIFFERENT. A value in the expression says whether text is to be
 * read as a number; where there is none, text that can be is.
 */
static int compare(const struct expr_value *a, const struct expr_value *b,
		   bool as_numbers)
{
	int c;

	if (as_numbers && expr_is_number(a) && expr_is_number(b))
		c = json_number_cmp(a->text, b->text);
	else if (a->type == b->type)
		c = str_cmp(a->text, b->text);
	else
		return DIFFERENT;
	return c < 0 ? -1 : c > 0;
}

static bool is_equal(const struct expr_value *v, const struct expr_value *want)
{
	return compare(v, want, want->type == JSON_NUMBER) == 0;
}

/* c as that of compare(): is it what such a test wants? */
static enum expr_answer ask_order(enum expr_kind kind, int c)
{
	switch (kind) {
	case EXPR_EQ: return yes_or_no(c == 0);
	case EXPR_NE: return yes_or_no(c != 0);
	case EXPR_LT: return yes_or_no(c < 0);
	case EXPR_LE: return yes_or_no(c <= 0);
	case EXPR_GT: return yes_or_no(c > 0);
	default: return yes_or_no(c >= 0);
	}
}

static bool is_order(enum expr_kind kind)
{
	return kind >= EXPR_LT && kind <= EXPR_LE;
}

/*
 * The limit, moved by the slack to where more holds; itself where that has too
 * many digits. The band is outwards, also around a limit below 0.
 */
static struct decimal loosen(const struct expr *x, enum expr_kind kind,
			     struct decimal limit)
{
	bool up = (kind == EXPR_LT || kind == EXPR_LE) != x->is_turned;
	struct decimal band, r;

	if (!x->has_slack || !is_order(kind) ||
	    !decimal_mul(limit, x->slack, &band))
		return limit;
	if (band.coef < 0)
		band.coef = -band.coef;
	if (up ? !decimal_add(limit, band, &r) : !decimal_sub(limit, band, &r))
		return limit;
	return r;
}

static enum expr_answer ask_decimals(const struct expr *x, enum expr_kind kind,
				     struct decimal left, struct decimal limit)
{
	return ask_order(kind, decimal_cmp(left, loosen(x, kind, limit)));
}

/* One side, or both, is computed. */
static enum expr_answer ask_computed(struct expr *x, const struct expr_node *n)
{
	struct decimal left, limit = n->limit;

	if (!expr_decimal(x, &n->left, &left) ||
	    (!n->list && !expr_term_decimal(x, &n->right, &limit)))
		return EXPR_UNKNOWN;
	return ask_decimals(x, n->kind, left, limit);
}

/* Numbers of any size are compared; only decimals have slack. */
static bool are_decimals(const struct expr_node *n,
			 const struct expr_value *left,
			 const struct expr_value *right, struct decimal d_r[2])
{
	return is_order(n->kind) && (!n->list || right->type == JSON_NUMBER) &&
	       expr_is_number(left) && expr_is_number(right) &&
	       decimal_parse_json(left->text, &d_r[0]) &&
	       decimal_parse_json(right->text, &d_r[1]);
}

static enum expr_answer ask_comparison(struct expr *x,
				       const struct expr_node *n,
				       const struct expr_value *left)
{
	struct expr_value right =
		n->list ? *n->list : expr_value(x, &n->right.field);
	struct decimal d[2];
	int c;

	if (!is_plain(left) || !is_plain(&right))
		return EXPR_UNKNOWN;
	if (x->has_slack && are_decimals(n, left, &right, d))
		return ask_decimals(x, n->kind, d[0], d[1]);
	c = compare(left, &right, !n->list || right.type == JSON_NUMBER);
	if (is_order(n->kind) && (c == DIFFERENT || left->type == JSON_BOOL))
		return EXPR_UNKNOWN;
	return ask_order(n->kind, c);
}

/* ---- other tests ---- */

static enum expr_answer ask_in(const struct expr_node *n,
			       const struct expr_value *v)
{
	if (!is_plain(v))
		return EXPR_UNKNOWN;
	for (size_t i = 0; i < n->n_list; i++)
		if (is_equal(v, &n->list[i]))
			return EXPR_YES;
	return EXPR_NO;
}

static enum expr_answer ask_contains(struct expr *x, const struct expr_node *n,
				     const struct expr_value *v)
{
	struct json_iter it;

	if (v->type != JSON_ARRAY)
		return EXPR_UNKNOWN;
	it = json_iter(v->text);
	while (json_next(&it)) {
		struct expr_value element = expr_read_json(x, it.value);

		if (is_equal(&element, n->list))
			return EXPR_YES;
	}
	return EXPR_NO;
}

static bool row_has(const struct expr_node *n, struct str row)
{
	for (size_t i = 0; i < n->n_list; i++)
		if (words_contain(row, n->wanted[i].row))
			return true;
	return false;
}

static enum expr_answer ask_regex(struct expr *x, const struct expr_node *n,
				  struct str text)
{
	int found = regex_match(n->regex, text);

	if (found >= 0)
		return yes_or_no(found);
	x->n_given_up++;
	return EXPR_UNKNOWN;
}

static enum expr_answer ask_string(struct expr *x, const struct expr_node *n,
				   struct str text)
{
	switch (n->kind) {
	case EXPR_CONTAINS:
		return n->list->type == JSON_STRING
			       ? yes_or_no(str_find(text, n->list->text) !=
					   (size_t)-1)
			       : EXPR_UNKNOWN;
	case EXPR_MATCHES: return ask_regex(x, n, text);
	case EXPR_STARTS: return yes_or_no(str_starts(text, n->list->text));
	default: return yes_or_no(words_mention(text, n->wanted, n->n_list));
	}
}

/*
 * `text` is several texts: yes if it is so of one of them, and unknown where
 * there is none, or where one of them took too long.
 */
static enum expr_answer ask_texts(struct expr *x, const struct expr_node *n)
{
	struct expr_texts it = { 0 };
	bool one = false, all = true;
	struct str text;

	if (n->kind == EXPR_MENTIONS && x->facts && x->facts->row.len)
		return yes_or_no(row_has(n, x->facts->row));
	for (; expr_next_text(x, &it, &text); one = true) {
		enum expr_answer a =
			n->kind == EXPR_HAS ? EXPR_YES : ask_string(x, n, text);

		if (a == EXPR_YES)
			return a;
		all = all && a == EXPR_NO;
	}
	return n->kind == EXPR_HAS || (one && all) ? EXPR_NO : EXPR_UNKNOWN;
}

static enum expr_answer ask_has(struct expr *x, const struct expr_node *n)
{
	struct expr_value v;
	struct decimal d;

	if (n->left.attr == EXPR_FUNCTION)
		return yes_or_no(expr_decimal(x, &n->left, &d));
	v = expr_value(x, &n->left);
	return yes_or_no(v.type != JSON_NONE && v.type != JSON_NULL);
}

static enum expr_answer ask_test(struct expr *x, const struct expr_node *n)
{
	struct expr_value v;

	if (n->is_decimal)
		return ask_computed(x, n);
	if (n->left.attr == EXPR_TEXT)
		return ask_texts(x, n);
	if (n->kind == EXPR_HAS)
		return ask_has(x, n);
	v = expr_value(x, &n->left);
	if (n->kind == EXPR_IN)
		return ask_in(n, &v);
	if (n->kind < EXPR_IN)
		return ask_comparison(x, n, &v);
	if (v.type == JSON_STRING)
		return ask_string(x, n, v.text);
	return n->kind == EXPR_CONTAINS ? ask_contains(x, n, &v) : EXPR_UNKNOWN;
}

static enum expr_answer ask(struct expr *x, const struct expr_node *n)
{
	enum expr_answer sum = n->kind == EXPR_AND ? EXPR_YES : EXPR_NO, a;
	enum expr_answer last = EXPR_YES - sum;

	if (n->kind > EXPR_NOT)
		return ask_test(x, n);
	if (n->kind == EXPR_NOT) {
		x->is_turned = !x->is_turned;
		a = ask(x, n->first);
		x->is_turned = !x->is_turned;
		return EXPR_YES - a;
	}
	for (n = n->first; n && sum != last; n = n->next) {
		a = ask(x, n);
		if (last == EXPR_NO ? a < sum : a > sum)
			sum = a;
	}
	return sum;
}

bool expr_match(struct expr *x, const struct event *ev)
{
	expr_take(x, ev, NULL);
	return ask(x, x->root) == EXPR_YES;
}

enum expr_answer expr_ask(struct expr *x, const struct event *ev,
			  const struct expr_facts *facts, struct decimal slack)
{
	expr_take(x, ev, facts);
	x->slack = slack;
	x->has_slack = decimal_sign(slack) != 0;
	return ask(x, x->root);
}
