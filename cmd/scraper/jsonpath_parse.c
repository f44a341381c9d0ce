/*
 * A recursive descent parser that follows the grammar of RFC 9535, appendix A,
 * rule by rule; each function starts at the first character of its rule. White
 * space is only taken where the grammar has an "S".
 */
#include "jsonpath.h"

#include <stdlib.h>

#include "common/xmem.h"

#include "iregexp.h"
#include "jsonpath_token.h"

static void *make(struct path_parser *p, size_t size)
{
	return arena_alloc(&p->path->arena, size);
}

/* ---- queries ---- */

static bool logical_or(struct path_parser *p, struct expr **x_r);
static bool query(struct path_parser *p, struct query *q_r);

static bool nested_logical(struct path_parser *p, struct expr **x_r)
{
	bool ok;

	if (++p->nesting > JSONPATH_NESTING_MAX)
		return path_fail(p, p->pos, "nested too deeply");
	ok = logical_or(p, x_r);
	p->nesting--;
	return ok;
}

/* "start:end:step", all three optional; start is taken already. */
static bool slice(struct path_parser *p, struct selector *s)
{
	s->type = SELECT_SLICE;
	s->step = 1;
	p->pos++;
	path_skip_space(p);
	if (path_is_digit(path_peek(p)) || path_peek(p) == '-') {
		s->has_end = true;
		if (!path_integer(p, &s->end))
			return false;
		path_skip_space(p);
	}
	if (!path_take(p, ":"))
		return true;
	path_skip_space(p);
	if (path_is_digit(path_peek(p)) || path_peek(p) == '-')
		return path_integer(p, &s->step);
	return true;
}

static bool index_or_slice(struct path_parser *p, struct selector *s)
{
	size_t end;

	s->type = SELECT_INDEX;
	if (path_peek(p) != ':') {
		s->has_start = true;
		if (!path_integer(p, &s->start))
			return false;
	}
	end = p->pos;
	path_skip_space(p);
	if (path_peek(p) == ':')
		return slice(p, s);
	p->pos = end;
	return true;
}

static bool selector(struct path_parser *p, struct selector *s)
{
	char c = path_peek(p);

	if (c == '\'' || c == '"') {
		s->type = SELECT_NAME;
		return path_string(p, &s->name);
	}
	if (path_take(p, "*")) {
		s->type = SELECT_WILDCARD;
		return true;
	}
	if (path_take(p, "?")) {
		s->type = SELECT_FILTER;
		path_skip_space(p);
		return nested_logical(p, &s->filter);
	}
	if (c == ':' || c == '-' || path_is_digit(c))
		return index_or_slice(p, s);
	return path_fail(p, p->pos, "selector expected");
}

/* Behind "[". */
static bool bracketed(struct path_parser *p, struct segment *seg)
{
	struct selector **tail = &seg->selectors;

	do {
		*tail = make(p, sizeof(**tail));
		path_skip_space(p);
		if (!selector(p, *tail))
			return false;
		path_skip_space(p);
		tail = &(*tail)->next;
	} while (path_take(p, ","));
	if (!path_take(p, "]"))
		return path_fail(p, p->pos, "',' or ']' expected");
	return true;
}

/* Behind "." or "..": a wildcard or a name without quotes. */
static bool shorthand(struct path_parser *p, struct segment *seg)
{
	struct selector *s = make(p, sizeof(*s));
	size_t start = p->pos;

	seg->selectors = s;
	if (path_take(p, "*")) {
		s->type = SELECT_WILDCARD;
		return true;
	}
	if (!path_is_name_first(path_peek(p)))
		return path_fail(p, p->pos, "name or '*' expected");
	while (path_is_name_first(path_peek(p)) || path_is_digit(path_peek(p)))
		p->pos++;
	s->type = SELECT_NAME;
	s->name = arena_str(&p->path->arena, str_sub(p->text, start, p->pos));
	return true;
}

static bool segment(struct path_parser *p, struct segment *seg)
{
	if (path_take(p, "["))
		return bracketed(p, seg);
	if (path_take(p, "..")) {
		seg->descendant = true;
		return path_take(p, "[") ? bracketed(p, seg)
					 : shorthand(p, seg);
	}
	p->pos++;
	return shorthand(p, seg);
}

static bool is_singular(const struct segment *seg)
{
	return !seg->descendant && !seg->selectors->next &&
	       (seg->selectors->type == SELECT_NAME ||
		seg->selectors->type == SELECT_INDEX);
}

/* "$" or "@" and segments; white space behind the last one is left. */
static bool query(struct path_parser *p, struct query *q)
{
	struct segment **tail = &q->segments;

	q->relative = p->text.p[p->pos++] == '@';
	q->singular = true;
	for (;;) {
		size_t end = p->pos;

		path_skip_space(p);
		if (path_peek(p) != '[' && path_peek(p) != '.') {
			p->pos = end;
			return true;
		}
		*tail = make(p, sizeof(**tail));
		if (!segment(p, *tail))
			return false;
		q->singular = q->singular && is_singular(*tail);
		tail = &(*tail)->next;
	}
}

/* ---- filters ---- */

/* RFC 9535, 2.4.1: what an expression gives, what a parameter takes. */
enum kind { KIND_VALUE, KIND_LOGICAL, KIND_NODES };

static const struct function {
	const char *name;
	enum expr_type type;
	size_t n_args;
	enum kind args, result;
} functions[] = {
	{ "length", EXPR_LENGTH, 1, KIND_VALUE, KIND_VALUE },
	{ "count", EXPR_COUNT, 1, KIND_NODES, KIND_VALUE },
	{ "value", EXPR_VALUE, 1, KIND_NODES, KIND_VALUE },
	{ "match", EXPR_MATCH, 2, KIND_VALUE, KIND_LOGICAL },
	{ "search", EXPR_SEARCH, 2, KIND_VALUE, KIND_LOGICAL },
};

static bool is_value(const struct expr *x)
{
	if (x->type == EXPR_QUERY)
		return x->query.singular;
	return x->type >= EXPR_LITERAL && x->type <= EXPR_VALUE;
}

static void prepare_regexp(struct path_parser *p, struct expr *x)
{
	const struct expr *pattern = x->args[1];
	struct regexp_ref *ref;

	if (pattern->type != EXPR_LITERAL || pattern->literal != JSON_STRING)
		return;
	x->regexp_ready = true;
	x->regexp = iregexp_compile(pattern->text, x->type == EXPR_MATCH);
	ref = make(p, sizeof(*ref));
	*ref = (struct regexp_ref){ x->regexp, p->path->regexps };
	p->path->regexps = ref;
}

static bool primary(struct path_parser *p, struct expr **x_r);

/* Behind the "(". */
static bool arguments(struct path_parser *p, const struct function *f,
		      struct expr *x)
{
	for (size_t i = 0; i < f->n_args; i++) {
		size_t start;
		bool fits;

		path_skip_space(p);
		start = p->pos;
		if (i > 0 && !path_take(p, ","))
			return path_fail(p, p->pos, "',' expected");
		path_skip_space(p);
		if (!primary(p, &x->args[i]))
			return false;
		fits = f->args == KIND_VALUE ? is_value(x->args[i])
					     : x->args[i]->type == EXPR_QUERY;
		if (!fits)
			return path_fail(p, start,
					 "argument of the wrong type");
	}
	path_skip_space(p);
	if (!path_take(p, ")"))
		return path_fail(p, p->pos, "')' expected");
	return true;
}

static bool function(struct path_parser *p, struct expr *x)
{
	size_t start = p->pos;
	struct str name;
	bool ok;

	while ((path_peek(p) >= 'a' && path_peek(p) <= 'z') ||
	       path_peek(p) == '_' || path_is_digit(path_peek(p)))
		p->pos++;
	name = str_sub(p->text, start, p->pos);
	if (!path_take(p, "("))
		return path_fail(p, start,
				 "literal, query or function expected");
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (!str_is(name, functions[i].name))
			continue;
		x->type = functions[i].type;
		if (++p->nesting > JSONPATH_NESTING_MAX)
			return path_fail(p, p->pos, "nested too deeply");
		ok = arguments(p, &functions[i], x);
		p->nesting--;
		if (ok && functions[i].result == KIND_LOGICAL)
			prepare_regexp(p, x);
		return ok;
	}
	return path_fail(p, start, "no such function");
}

static bool word(struct path_parser *p, struct expr *x)
{
	static const struct {
		const char *text;
		enum json_type type;
	} words[] = { { "true", JSON_BOOL },
		      { "false", JSON_BOOL },
		      { "null", JSON_NULL } };
	size_t end = p->pos;
	struct str w;

	while (end < p->text.len && (path_is_name_first(p->text.p[end]) ||
				     path_is_digit(p->text.p[end])))
		end++;
	w = str_sub(p->text, p->pos, end);
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!str_is(w, words[i].text))
			continue;
		x->literal = words[i].type;
		x->text = str_from(words[i].text);
		p->pos = end;
		return true;
	}
	return false;
}

/* A literal, a query or a call. */
static bool primary(struct path_parser *p, struct expr **x_r)
{
	struct expr *x = make(p, sizeof(*x));
	char c = path_peek(p);

	*x_r = x;
	x->type = EXPR_LITERAL;
	if (c == '"' || c == '\'') {
		x->literal = JSON_STRING;
		return path_string(p, &x->text);
	}
	if (c == '-' || path_is_digit(c))
		return path_number(p, x);
	if (c == '$' || c == '@') {
		bool ok;

		x->type = EXPR_QUERY;
		if (++p->nesting > JSONPATH_NESTING_MAX)
			return path_fail(p, p->pos, "nested too deeply");
		ok = query(p, &x->query);
		p->nesting--;
		return ok;
	}
	return word(p, x) || function(p, x);
}

static struct expr *node(struct path_parser *p, enum expr_type type,
			 struct expr *a, struct expr *b)
{
	struct expr *x = make(p, sizeof(*x));

	x->type = type;
	x->args[0] = a;
	x->args[1] = b;
	return x;
}

/* Turns a query or call that stands alone into a test. */
static bool as_test(struct path_parser *p, size_t start, struct expr *x)
{
	if (x->type == EXPR_QUERY)
		x->type = EXPR_EXISTS;
	else if (x->type != EXPR_MATCH && x->type != EXPR_SEARCH)
		return path_fail(p, start, "a value is no test");
	return true;
}

/* Behind the left side: an operator and the right side. */
static bool comparison(struct path_parser *p, size_t start, struct expr **x_r)
{
	static const struct {
		const char *token;
		enum expr_type type;
		bool negated, swapped;
	} operators[] = {
		{ "==", EXPR_EQ, false, false }, { "!=", EXPR_EQ, true, false },
		{ "<=", EXPR_LE, false, false }, { ">=", EXPR_LE, false, true },
		{ "<", EXPR_LT, false, false },	 { ">", EXPR_LT, false, true },
	};
	struct expr *left = *x_r, *right;
	size_t i = 0;

	while (i < ARRAY_LEN(operators) && !path_take(p, operators[i].token))
		i++;
	if (i == ARRAY_LEN(operators))
		return as_test(p, start, left);
	if (!is_value(left))
		return path_fail(p, start, "cannot be compared");
	path_skip_space(p);
	start = p->pos;
	if (!primary(p, &right))
		return false;
	if (!is_value(right))
		return path_fail(p, start, "cannot be compared");
	*x_r = operators[i].swapped ? node(p, operators[i].type, right, left)
				    : node(p, operators[i].type, left, right);
	if (operators[i].negated)
		*x_r = node(p, EXPR_NOT, *x_r, NULL);
	return true;
}

static bool parenthesis(struct path_parser *p, struct expr **x_r)
{
	path_skip_space(p);
	if (!nested_logical(p, x_r))
		return false;
	path_skip_space(p);
	if (!path_take(p, ")"))
		return path_fail(p, p->pos, "')' expected");
	return true;
}

static bool basic(struct path_parser *p, struct expr **x_r)
{
	bool negated = path_take(p, "!");
	size_t start;

	if (negated)
		path_skip_space(p);
	start = p->pos;
	if (path_take(p, "(")) {
		if (!parenthesis(p, x_r))
			return false;
	} else if (!primary(p, x_r)) {
		return false;
	} else if (negated) {
		if (!as_test(p, start, *x_r))
			return false;
	} else {
		path_skip_space(p);
		if (!comparison(p, start, x_r))
			return false;
	}
	if (negated)
		*x_r = node(p, EXPR_NOT, *x_r, NULL);
	return true;
}

/* rule *( S token S rule ) */
static bool chain(struct path_parser *p, const char *token, enum expr_type type,
		  bool (*rule)(struct path_parser *, struct expr **),
		  struct expr **x_r)
{
	struct expr *right;

	if (!rule(p, x_r))
		return false;
	for (;;) {
		size_t end = p->pos;

		path_skip_space(p);
		if (!path_take(p, token)) {
			p->pos = end;
			return true;
		}
		path_skip_space(p);
		if (!rule(p, &right))
			return false;
		*x_r = node(p, type, *x_r, right);
	}
}

static bool logical_and(struct path_parser *p, struct expr **x_r)
{
	return chain(p, "&&", EXPR_AND, basic, x_r);
}

static bool logical_or(struct path_parser *p, struct expr **x_r)
{
	return chain(p, "||", EXPR_OR, logical_and, x_r);
}

struct jsonpath *jsonpath_compile(struct str text, struct err *e)
{
	struct path_parser p = { .text = text, .e = e };
	bool ok;

	p.path = xcalloc(1, sizeof(*p.path));
	if (text.len > JSONPATH_TEXT_MAX)
		ok = path_fail(&p, JSONPATH_TEXT_MAX, "too long");
	else if (!str_is_utf8(text))
		ok = path_fail(&p, 0, "invalid UTF-8");
	else if (path_peek(&p) != '$')
		ok = path_fail(&p, 0, "'$' expected");
	else
		ok = query(&p, &p.path->query);
	if (ok && p.pos < text.len)
		ok = path_fail(&p, p.pos, "'.' or '[' expected");
	if (!ok)
		jsonpath_free(&p.path);
	return p.path;
}

void jsonpath_free(struct jsonpath **pp)
{
	struct jsonpath *p = *pp;

	*pp = NULL;
	if (!p)
		return;
	for (struct regexp_ref *r = p->regexps; r; r = r->next)
		iregexp_free(&r->regexp);
	arena_free(&p->arena);
	free(p);
}
