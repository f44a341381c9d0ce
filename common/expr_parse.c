/*
 *	any   = all { "or" all }
 *	all   = not { "and" not }
 *	not   = "not" not | "(" any ")" | test
 *	test  = "has" "(" field ")" | field
 *	      | field COMPARISON ( value | term ) | value COMPARISON field
 *	      | field [ "not" ] "in" list
 *	      | field [ "not" ] ( "contains" | "starts" | "matches" ) value
 *	      | field [ "not" ] "mentions" ( value | list )
 *	list  = "[" value { "," value } "]"
 *	term  = [ NUMBER "*" ] field [ ( "+" | "-" ) NUMBER ]
 *	field = [ ( "data" | "event" ) step ] { step }, the first a name
 *	      | "text" | FUNCTION "(" [ value { "," value } ] ")"
 *	step  = "." NAME | "[" STRING "]" | "[" INDEX "]"
 */
#include "common/expr_private.h"

#include <string.h>

#include "common/decimal.h"
#include "common/xmem.h"

static const struct {
	const char *text;
	enum expr_kind kind;
} operators[] = {
	{ "==", EXPR_EQ },
	{ "!=", EXPR_NE },
	{ "<", EXPR_LT },
	{ "<=", EXPR_LE },
	{ ">", EXPR_GT },
	{ ">=", EXPR_GE },
	{ "in", EXPR_IN },
	{ "contains", EXPR_CONTAINS },
	{ "starts", EXPR_STARTS },
	{ "mentions", EXPR_MENTIONS },
	{ "matches", EXPR_MATCHES },
};

static struct expr_node *new_node(struct expr_parser *p, enum expr_kind kind)
{
	struct expr_node *n;

	if (++p->nodes > EXPR_NODES_MAX) {
		expr_mistake(p, p->token.text.p, "more than %d tests",
			     EXPR_NODES_MAX);
		return NULL;
	}
	n = arena_alloc(&p->x->memory, sizeof(*n));
	n->kind = kind;
	return n;
}

/*
 * ---- tests: what returns a pointer returns NULL where there is a mistake ----
 */

static bool at_operator(const struct expr_parser *p, enum expr_kind *kind_r)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (!expr_is(p, operators[i].text))
			continue;
		*kind_r = operators[i].kind;
		return true;
	}
	return false;
}

static enum expr_kind turned(enum expr_kind kind)
{
	switch (kind) {
	case EXPR_LT: return EXPR_GT;
	case EXPR_GT: return EXPR_LT;
	case EXPR_LE: return EXPR_GE;
	case EXPR_GE: return EXPR_LE;
	default: return kind;
	}
}

static struct expr_node *negated(struct expr_parser *p, struct expr_node *of)
{
	struct expr_node *n;

	if (!of)
		return NULL;
	if (of->kind == EXPR_NOT)
		return of->first;
	if (of->kind >= EXPR_EQ && of->kind <= EXPR_LE) {
		of->kind ^= 1; /* its opposite stands beside it */
		return of;
	}
	n = new_node(p, EXPR_NOT);
	if (n)
		n->first = of;
	return n;
}

/* Is it asked of what can be asked so? */
static int check_sides(struct expr_parser *p, struct expr_node *n,
		       const char *left_at, const char *right_at)
{
	bool computes = n->left.attr == EXPR_FUNCTION;
	const char *name;

	if (n->left.attr == EXPR_TEXT && n->kind <= EXPR_IN)
		return expr_mistake(p, left_at,
				    "text is all that is written there; it is "
				    "asked with mentions, contains, starts or "
				    "matches; a member of that name is "
				    "data.text");
	if (!n->list && n->right.field.attr == EXPR_TEXT)
		return expr_mistake(p, right_at,
				    "text is all that is written there, and no "
				    "value; a member of that name is "
				    "data.text");
	if (computes && n->kind >= EXPR_IN) {
		name = expr_functions[n->left.function];
		return expr_mistake(p, left_at,
				    "%s() is a number; it is asked with == != "
				    "< <= > >=",
				    name);
	}
	if (n->list ? !computes
		    : !computes && !n->right.is_sum &&
			      n->right.field.attr != EXPR_FUNCTION)
		return 0;
	n->is_decimal = true;
	if (n->list && n->list->type == JSON_NULL)
		return 0;
	if (n->list && (n->list->type != JSON_NUMBER ||
			!decimal_parse(n->list->text, &n->limit)))
		return expr_mistake(p, right_at,
				    "a number is expected beside %s()",
				    expr_functions[n->left.function]);
	return 0;
}

/* x == null is not has(x). */
static struct expr_node *finish(struct expr_parser *p, struct expr_node *n)
{
	bool negate = n->kind == EXPR_EQ;

	if (!n->list || n->list->type != JSON_NULL)
		return n;
	n->kind = EXPR_HAS;
	n->is_decimal = false;
	n->list = NULL;
	return negate ? negated(p, n) : n;
}

static int arithmetic_left(struct expr_parser *p, const char *at)
{
	return expr_mistake(p, at,
			    "arithmetic stands right of a comparison, as in "
			    "price <= 0.9 * highest(\"7d\")");
}

/* A value on the left is put on the right, and the sign turned round. */
static struct expr_node *parse_turned(struct expr_parser *p)
{
	struct expr_node *n = new_node(p, EXPR_EQ);
	struct expr_value *v = arena_alloc(&p->x->memory, sizeof(*v));
	const char *at = p->token.text.p, *left_at;

	if (!n || expr_read_value(p, v))
		return NULL;
	if (expr_is(p, "*")) {
		arithmetic_left(p, p->token.text.p);
		return NULL;
	}
	if (expr_is(p, "in")) {
		expr_mistake(p, at,
			     "'in' takes a list that is written here; did "
			     "you mean FIELD contains VALUE?");
		return NULL;
	}
	if (!at_operator(p, &n->kind) || n->kind > EXPR_LE) {
		expr_unexpected(p, "a comparison of this value with a field");
		return NULL;
	}
	if (expr_next(p))
		return NULL;
	if (expr_at_value(p)) {
		expr_mistake(p, at, "two values; one side must be a field");
		return NULL;
	}
	n->kind = turned(n->kind);
	n->list = v;
	n->n_list = 1;
	left_at = p->token.text.p;
	if (expr_read_field(p, &n->left) || expr_check_value(p, n, v, at) ||
	    check_sides(p, n, left_at, at))
		return NULL;
	return finish(p, n);
}

static struct expr_node *parse_has(struct expr_parser *p)
{
	struct expr_node *n = new_node(p, EXPR_HAS);

	if (!n || expr_next(p) ||
	    expr_expect(p, "(", "'(' and a field, as in has(price),") ||
	    expr_read_field(p, &n->left) || expr_expect(p, ")", "')'"))
		return NULL;
	return n;
}

/* Neither is true or false by itself. */
static int no_test(struct expr_parser *p, const struct expr_node *n,
		   const char *at)
{
	if (n->left.attr == EXPR_TEXT)
		return expr_mistake(
			p, at,
			"text is asked with mentions, contains, starts "
			"or matches, as in text mentions \"red bike\"");
	return expr_mistake(p, at,
			    "%s() is a number; compare it, as in %s() > 5",
			    expr_functions[n->left.function],
			    expr_functions[n->left.function]);
}

static struct expr_node *parse_test(struct expr_parser *p)
{
	const char *at = p->token.text.p, *right_at;
	struct expr_node *n;
	bool negate;

	if (expr_is(p, "has"))
		return parse_has(p);
	if (expr_at_value(p))
		return parse_turned(p);
	if (p->token.kind != EXPR_NAME) {
		expr_unexpected(p, "a field or a value");
		return NULL;
	}
	n = new_node(p, EXPR_EQ);
	if (!n || expr_read_field(p, &n->left))
		return NULL;
	negate = expr_is(p, "not");
	if (negate && expr_next(p))
		return NULL;
	if (!at_operator(p, &n->kind) && !negate) {
		if (n->left.attr >= EXPR_TEXT) {
			no_test(p, n, at);
			return NULL;
		}
		n->list = arena_alloc(&p->x->memory, sizeof(*n->list));
		*n->list = (struct expr_value){ JSON_BOOL, STR("true") };
		n->n_list = 1;
		return n;
	}
	if (negate && n->kind < EXPR_IN) {
		expr_unexpected(p, "in, contains, starts, mentions or matches");
		return NULL;
	}
	if (expr_next(p))
		return NULL;
	right_at = p->token.text.p;
	if (expr_read_right(p, n) || check_sides(p, n, at, right_at))
		return NULL;
	return negate ? negated(p, n) : finish(p, n);
}

/* ---- what joins tests ---- */

static struct expr_node *parse_any(struct expr_parser *p);

static bool enter(struct expr_parser *p)
{
	if (++p->depth <= EXPR_DEPTH_MAX)
		return expr_next(p) == 0;
	expr_mistake(p, p->token.text.p, "more than %d in each other",
		     EXPR_DEPTH_MAX);
	return false;
}

/* An expression is whole; what follows must end it, or its parentheses. */
static int read_end(struct expr_parser *p, bool inner)
{
	const struct expr_token *t = &p->token;
	struct str shown = expr_quote(t->text);
	enum expr_kind kind;
	const char *meant;

	if (inner ? expr_is(p, ")") : t->kind == EXPR_END)
		return expr_next(p);
	if (t->kind == EXPR_END)
		return expr_unexpected(p, "')'");
	if (expr_is(p, ")"))
		return expr_mistake(p, t->text.p, "')' without its '('");
	if (at_operator(p, &kind))
		return expr_mistake(p, t->text.p,
				    "'%.*s' after a whole test; tests are "
				    "joined by 'and' or 'or'",
				    STR_ARG(shown));
	if (expr_is(p, "*") || expr_is(p, "+"))
		return arithmetic_left(p, t->text.p);
	if (expr_is(p, "-"))
		return expr_mistake(p, t->text.p,
				    "'-' has no meaning here; an odd name is "
				    "written data[\"odd name\"]");
	meant = t->kind == EXPR_NAME ? expr_meant(t->text, NULL) : NULL;
	return expr_mistake(p, t->text.p,
			    "an operator, 'and' or 'or' is expected, not "
			    "'%.*s'%s%s%s",
			    STR_ARG(shown), meant ? "; did you mean " : "",
			    meant ? meant : "", meant ? "?" : "");
}

static struct expr_node *parse_not(struct expr_parser *p)
{
	struct expr_node *n;

	if (expr_is(p, "not")) {
		n = enter(p) ? negated(p, parse_not(p)) : NULL;
	} else if (expr_is(p, "(")) {
		n = enter(p) ? parse_any(p) : NULL;
		if (n && read_end(p, true))
			return NULL;
	} else {
		return parse_test(p);
	}
	p->depth--;
	return n;
}

typedef struct expr_node *parse_fn(struct expr_parser *p);

static struct expr_node *parse_joined(struct expr_parser *p, parse_fn *part,
				      enum expr_kind kind, const char *word)
{
	struct expr_node *first = part(p), *all, **next;

	if (!first || !expr_is(p, word))
		return first;
	all = new_node(p, kind);
	if (!all)
		return NULL;
	all->first = first;
	for (next = &first->next; expr_is(p, word); next = &(*next)->next) {
		if (expr_next(p))
			return NULL;
		*next = part(p);
		if (!*next)
			return NULL;
	}
	return all;
}

static struct expr_node *parse_all(struct expr_parser *p)
{
	return parse_joined(p, parse_not, EXPR_AND, "and");
}

static struct expr_node *parse_any(struct expr_parser *p)
{
	return parse_joined(p, parse_all, EXPR_OR, "or");
}

int expr_parse(struct expr *x, struct str text, bool is_rule, struct err *e)
{
	struct expr_parser p = {
		.text = text, .rest = text, .e = e, .x = x, .is_rule = is_rule
	};

	if (expr_next(&p))
		return -1;
	x->root = parse_any(&p);
	return x->root ? read_end(&p, false) : -1;
}
