/*
 *	any   = all { "or" all }
 *	all   = not { "and" not }
 *	not   = "not" not | "(" any ")" | test
 *	test  = "has" "(" field ")" | field
 *	      | field COMPARISON ( value | term ) | value COMPARISON field
 *	      | field [ "not" ] "in" list
 *	      | field [ "not" ] ( "contains" | "starts" ) value
 *	      | field [ "not" ] "mentions" ( value | list )
 *	list  = "[" value { "," value } "]"
 *	term  = [ NUMBER "*" ] field [ ( "+" | "-" ) NUMBER ]
 *	field = [ ( "data" | "event" ) step ] { step }, the first a name
 *	      | "text" | FUNCTION "(" [ value { "," value } ] ")"
 *	step  = "." NAME | "[" STRING "]" | "[" INDEX "]"
 */
#include "common/expr_private.h"

#include <string.h>

#include "common/clk.h"
#include "common/decimal.h"
#include "common/xmem.h"

static const struct {
	const char *text;
	enum expr_kind kind;
} operators[] = {
	{ "==", EXPR_EQ },	   { "!=", EXPR_NE },
	{ "<", EXPR_LT },	   { "<=", EXPR_LE },
	{ ">", EXPR_GT },	   { ">=", EXPR_GE },
	{ "in", EXPR_IN },	   { "contains", EXPR_CONTAINS },
	{ "starts", EXPR_STARTS }, { "mentions", EXPR_MENTIONS },
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

static bool is_time(const struct expr_field *f)
{
	return f->attr == EXPR_TIME || f->attr == EXPR_RECORDEDTIME;
}

static bool is_order(enum expr_kind kind)
{
	return kind >= EXPR_LT && kind <= EXPR_LE;
}

static bool is_decimal(struct str s)
{
	struct decimal d;

	return decimal_parse(s, &d);
}

/* Can this be asked at all? A time is given the form that events have. */
static int check_value(struct expr_parser *p, const struct expr_node *n,
		       struct expr_value *v, const char *at)
{
	struct str shown = expr_quote(v->text);
	char text[CLK_TEXT_SIZE];
	int64_t us;

	if (v->type == JSON_NULL && n->kind > EXPR_NE)
		return expr_mistake(p, at,
				    "null is no value; has(FIELD) asks for "
				    "one");
	if (v->type == JSON_NULL || n->kind > EXPR_IN)
		return 0;
	if (is_time(&n->left)) {
		if (v->type != JSON_STRING || !clk_parse(v->text, &us))
			return expr_mistake(p, at,
					    "event.%s is compared with a time "
					    "such as \"2026-11-20T21:00:00Z\"",
					    expr_attrs[n->left.attr]);
		v->text = arena_str(&p->x->memory,
				    str_from(clk_format(us, text)));
		return 0;
	}
	if (is_order(n->kind) && v->type == JSON_BOOL)
		return expr_mistake(p, at,
				    "%.*s is not more or less than something; "
				    "did you mean ==?",
				    STR_ARG(shown));
	if (is_order(n->kind) && is_decimal(v->text) && v->type == JSON_STRING)
		return expr_mistake(p, at,
				    "\"%.*s\" is text, in the order of letters;"
				    " did you mean the number %.*s?",
				    STR_ARG(shown), STR_ARG(shown));
	return 0;
}

static int check_text(struct expr_parser *p, const struct expr_node *n,
		      const struct expr_value *v, const char *at)
{
	if (v->type != JSON_STRING)
		return n->kind == EXPR_CONTAINS && n->left.attr != EXPR_TEXT
			       ? 0
			       : expr_mistake(p, at,
					      "a text in quotes is expected");
	if (v->text.len == 0)
		return expr_mistake(p, at, "every text has \"\" in it");
	if (n->kind == EXPR_MENTIONS && !words_any(v->text))
		return expr_mistake(p, at, "there is no word in it");
	return 0;
}

/* One value of a list. */
static int read_item(struct expr_parser *p, struct expr_node *n,
		     struct expr_value *v_r)
{
	const char *at = p->token.text.p;

	if (n->n_list == EXPR_LIST_MAX)
		return expr_mistake(p, at, "more than %d values in a list",
				    EXPR_LIST_MAX);
	if (!expr_at_value(p))
		return expr_unexpected(p, "a text, number, true or false");
	if (expr_read_value(p, v_r))
		return -1;
	return n->kind == EXPR_IN ? check_value(p, n, v_r, at)
				  : check_text(p, n, v_r, at);
}

static int read_list(struct expr_parser *p, struct expr_node *n)
{
	struct expr_value list[EXPR_LIST_MAX];

	if (expr_expect(p, "[", "a list such as [\"a\", \"b\"]"))
		return -1;
	for (;;) {
		if (read_item(p, n, &list[n->n_list]))
			return -1;
		n->n_list++;
		if (!expr_is(p, ","))
			break;
		if (expr_next(p))
			return -1;
	}
	n->list = arena_alloc(&p->x->memory, n->n_list * sizeof(*list));
	memcpy(n->list, list, n->n_list * sizeof(*list));
	return expr_expect(p, "]", "',' or ']'");
}

/* As rows of words, which text is searched for. */
static void compile_phrases(struct expr_parser *p, struct expr_node *n)
{
	struct arena *a = &p->x->memory;
	struct buf row = { 0 };

	n->wanted = arena_alloc(a, n->n_list * sizeof(*n->wanted));
	for (size_t i = 0; i < n->n_list; i++) {
		uint16_t *table;

		buf_reset(&row);
		words_phrase(&row, n->list[i].text);
		table = arena_alloc(a, row.len * sizeof(*table));
		words_table(buf_str(&row), table);
		n->wanted[i].row = arena_str(a, buf_str(&row));
		n->wanted[i].table = table;
	}
	buf_free(&row);
}

static int read_value(struct expr_parser *p, struct expr_node *n)
{
	const char *at = p->token.text.p;

	if (!expr_at_value(p))
		return expr_unexpected(p, "a text in quotes");
	n->list = arena_alloc(&p->x->memory, sizeof(*n->list));
	n->n_list = 1;
	if (expr_read_value(p, n->list) || check_value(p, n, n->list, at))
		return -1;
	return n->kind > EXPR_IN ? check_text(p, n, n->list, at) : 0;
}

/* 5 begins "5 * price", too. */
static bool at_term(const struct expr_parser *p)
{
	struct str rest = str_trim(p->rest);

	return !expr_at_value(p) ||
	       (p->token.kind == EXPR_NUMBER && rest.len && rest.p[0] == '*');
}

/* What stands on the right. */
static int read_right(struct expr_parser *p, struct expr_node *n)
{
	if (n->kind == EXPR_IN)
		return read_list(p, n);
	if (n->kind == EXPR_MENTIONS) {
		if (expr_is(p, "[") ? read_list(p, n) : read_value(p, n))
			return -1;
		compile_phrases(p, n);
		return 0;
	}
	if (n->kind > EXPR_IN || !at_term(p))
		return read_value(p, n);
	if (p->token.kind != EXPR_NAME && p->token.kind != EXPR_NUMBER)
		return expr_unexpected(p, "a value or a field");
	return expr_read_term(p, &n->right);
}

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
				    "asked with mentions, contains or starts; "
				    "a member of that name is data.text");
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
	if (expr_read_field(p, &n->left) || check_value(p, n, v, at) ||
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
		return expr_mistake(p, at,
				    "text is asked with mentions, contains or "
				    "starts, as in text mentions \"red bike\"");
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
		expr_unexpected(p, "in, contains, starts or mentions");
		return NULL;
	}
	if (expr_next(p))
		return NULL;
	right_at = p->token.text.p;
	if (read_right(p, n) || check_sides(p, n, at, right_at))
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
