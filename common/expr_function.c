#include "common/expr_private.h"

#include <string.h>

#include "common/xmem.h"

const char *const expr_functions[] = {
	[EXPR_FN_DISTANCE] = "distance",
	[EXPR_FN_DROP] = "drop",
	[EXPR_FN_DROP_PERCENT] = "drop_percent",
	[EXPR_FN_HIGHEST] = "highest",
	[EXPR_FN_LOWEST] = "lowest",
	[EXPR_FN_PREVIOUS] = "previous",
	[EXPR_FN_RISE] = "rise",
	[EXPR_FN_RISE_PERCENT] = "rise_percent",
	NULL,
};

/* ---- what they are given ---- */

static bool needs_window(enum expr_function f)
{
	return f == EXPR_FN_HIGHEST || f == EXPR_FN_LOWEST;
}

static int read_window(struct expr_parser *p, struct expr_field *f)
{
	struct str shown = expr_quote(p->token.text);
	const char *at = p->token.text.p;
	struct expr_value v = { 0 };
	int64_t ms;

	if (p->token.kind == EXPR_NUMBER && str_duration_ms(p->token.text, &ms))
		return expr_mistake(p, at,
				    "a duration is written in quotes: \"%.*s\"",
				    STR_ARG(shown));
	if (p->token.kind != EXPR_STRING)
		return expr_unexpected(p, "a duration such as \"30d\"");
	if (expr_read_value(p, &v))
		return -1;
	if (!str_duration_ms(v.text, &ms) || ms == 0)
		return expr_mistake(p, at,
				    "%.*s is no duration; one is a number and "
				    "ms, s, m, h, d or w, as in \"30d\"",
				    STR_ARG(shown));
	f->window_us = ms * 1000;
	return 0;
}

static int read_degrees(struct expr_parser *p, struct expr_field *f, size_t i)
{
	static const struct {
		const char *name;
		int most;
	} of[] = { { "latitude", 90 }, { "longitude", 180 } };
	const char *at = p->token.text.p;
	struct decimal most = decimal_from_int(of[i].most), d;

	if (p->token.kind != EXPR_NUMBER)
		return expr_unexpected(p, "a latitude and a longitude, as in "
					  "distance(52.52, 13.405),");
	if (expr_read_decimal(p, &d))
		return -1;
	f->at[i] = d;
	if (d.coef < 0)
		d.coef = -d.coef;
	if (decimal_cmp(d, most) > 0)
		return expr_mistake(p, at, "a %s is from -%d to %d degrees",
				    of[i].name, of[i].most, of[i].most);
	return 0;
}

static int read_place(struct expr_parser *p, struct expr_field *f)
{
	if (read_degrees(p, f, 0) ||
	    expr_expect(p, ",", "',' and a longitude") || read_degrees(p, f, 1))
		return -1;
	return 0;
}

static int read_arguments(struct expr_parser *p, struct expr_field *f)
{
	const char *name = expr_functions[f->function];
	bool none = expr_is(p, ")");

	if (f->function == EXPR_FN_DISTANCE)
		return read_place(p, f);
	if (f->function == EXPR_FN_PREVIOUS)
		return none ? 0
			    : expr_mistake(p, p->token.text.p,
					   "previous() is the price before, "
					   "and is given nothing");
	if (none && needs_window(f->function))
		return expr_mistake(p, p->token.text.p,
				    "a duration is missing, as in "
				    "%s(\"30d\")",
				    name);
	return none ? 0 : read_window(p, f);
}

struct expr_step *expr_ask_for(struct expr *x, const char *a, const char *b)
{
	struct expr_step *s = expr_step_of(x, &x->data, str_from(a), 0);

	if (b)
		s = expr_step_of(x, s, str_from(b), 0);
	x->n_asked += !s->is_asked;
	s->is_asked = true;
	return s;
}

/* The members of the data that it is computed from. */
static void ask_for_data(struct expr *x, const struct expr_field *f)
{
	switch (f->function) {
	case EXPR_FN_DISTANCE:
		x->place[0] = expr_ask_for(x, "location", "lat");
		x->place[1] = expr_ask_for(x, "location", "lon");
		x->place[2] = expr_ask_for(x, "lat", NULL);
		x->place[3] = expr_ask_for(x, "lon", NULL);
		return;
	case EXPR_FN_DROP:
	case EXPR_FN_DROP_PERCENT:
	case EXPR_FN_RISE:
	case EXPR_FN_RISE_PERCENT:
		x->price = expr_ask_for(x, "price", NULL);
		return;
	default: return;
	}
}

static int no_function(struct expr_parser *p, struct str name, const char *at)
{
	const char *meant = expr_meant(name, expr_functions);
	struct str shown = expr_quote(name);

	if (!meant) {
		meant = expr_meant(name, NULL);
		meant = meant && strcmp(meant, "has") == 0 ? meant : NULL;
	}
	return expr_mistake(p, at, "there is no %.*s()%s%s%s", STR_ARG(shown),
			    meant ? "; did you mean " : "", meant ? meant : "",
			    meant ? "()?" : "");
}

int expr_read_function(struct expr_parser *p, struct str name, const char *at,
		       struct expr_field *f_r)
{
	int i = 0;

	while (expr_functions[i] && !str_is(name, expr_functions[i]))
		i++;
	if (!expr_functions[i])
		return no_function(p, name, at);
	if (!p->is_rule && i != EXPR_FN_DISTANCE)
		return expr_mistake(p, at,
				    "%s() is of what was before, which only a "
				    "rule knows; a filter sees one event",
				    expr_functions[i]);
	f_r->attr = EXPR_FUNCTION;
	f_r->function = (enum expr_function)i;
	if (expr_next(p) || read_arguments(p, f_r))
		return -1;
	ask_for_data(p->x, f_r);
	if (expr_is(p, ","))
		return expr_mistake(p, p->token.text.p,
				    "%s() is given no more than that",
				    expr_functions[i]);
	return expr_expect(p, ")", "')'");
}

/* ---- arithmetic ---- */

/* "+ 5", "- 5" or "-5"; nothing where there is none. */
static int read_plus(struct expr_parser *p, struct expr_term *t)
{
	bool plus = expr_is(p, "+"), minus = expr_is(p, "-");

	if (plus || minus) {
		if (expr_next(p))
			return -1;
		if (p->token.kind != EXPR_NUMBER)
			return expr_unexpected(p, "a number");
	} else if (p->token.kind != EXPR_NUMBER || p->token.text.p[0] != '-') {
		return 0;
	}
	if (expr_read_decimal(p, &t->plus))
		return -1;
	if (minus)
		t->plus.coef = -t->plus.coef;
	return 0;
}

int expr_read_term(struct expr_parser *p, struct expr_term *t_r)
{
	*t_r = (struct expr_term){ .times = decimal_from_int(1),
				   .plus = decimal_from_int(0) };
	if (p->token.kind == EXPR_NUMBER) {
		if (expr_read_decimal(p, &t_r->times) ||
		    expr_expect(p, "*", "'*'"))
			return -1;
	}
	if (p->token.kind != EXPR_NAME)
		return expr_unexpected(p, "a field or a function");
	if (expr_read_field(p, &t_r->field) || read_plus(p, t_r))
		return -1;
	if (expr_is(p, "*"))
		return expr_mistake(p, p->token.text.p,
				    "the number stands before the '*', as in "
				    "0.9 * highest(\"7d\")");
	t_r->is_sum = decimal_cmp(t_r->times, decimal_from_int(1)) != 0 ||
		      decimal_sign(t_r->plus) != 0;
	return 0;
}
