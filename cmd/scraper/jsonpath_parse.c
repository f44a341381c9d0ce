/*
 * A recursive descent parser that follows the grammar of RFC 9535, appendix A,
 * rule by rule; each function starts at the first character of its rule. White
 * space is only taken where the grammar has an "S".
 */
#include "jsonpath.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "iregexp.h"
#include "jsonpath_query.h"

#define INT_MAX_EXACT ((1LL << 53) - 1) /* I-JSON, RFC 7493 */

struct parser {
	struct str text;
	size_t pos;
	int nesting;
	struct jsonpath *path;
	struct err *e;
};

static bool fail(struct parser *p, size_t pos, const char *why)
{
	err_set(p->e, EX_CONFIG, "JSONPath: %s at byte %zu", why, pos + 1);
	return false;
}

static char peek(const struct parser *p)
{
	return p->pos < p->text.len ? p->text.p[p->pos] : 0;
}

static bool take(struct parser *p, const char *token)
{
	struct str t = str_from(token);

	if (!str_starts(str_sub(p->text, p->pos, p->text.len), t))
		return false;
	p->pos += t.len;
	return true;
}

static void skip_space(struct parser *p)
{
	while (peek(p) && strchr(" \t\n\r", peek(p)))
		p->pos++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_first(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static void *make(struct parser *p, size_t size)
{
	return arena_alloc(&p->path->arena, size);
}

/* ---- literals ---- */

static bool hex4(struct parser *p, uint32_t *v_r)
{
	*v_r = 0;
	for (int i = 0; i < 4; i++, p->pos++) {
		char c = peek(p);

		if (is_digit(c))
			*v_r = *v_r << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*v_r = *v_r << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return fail(p, p->pos, "hex digit expected");
	}
	return true;
}

/* Behind "\u". */
static bool unicode_escape(struct parser *p, struct buf *out)
{
	size_t start = p->pos;
	uint32_t cp, low;
	char utf8[4];

	if (!hex4(p, &cp))
		return false;
	if (cp >= 0xd800 && cp < 0xdc00) {
		if (!take(p, "\\u"))
			return fail(p, start, "half of a surrogate pair");
		if (!hex4(p, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(p, start, "half of a surrogate pair");
		cp = 0x10000 + ((cp & 0x3ff) << 10) + (low & 0x3ff);
	} else if (cp >= 0xdc00 && cp < 0xe000) {
		return fail(p, start, "half of a surrogate pair");
	}
	buf_add(out, utf8, utf8_encode(cp, utf8));
	return true;
}

/* Behind the backslash. */
static bool escape(struct parser *p, char quote, struct buf *out)
{
	static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
	char c = peek(p);
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		buf_putc(out, to[at - from]);
	else if (c == quote)
		buf_putc(out, c);
	else if (c != 'u')
		return fail(p, p->pos, "unknown escape");
	p->pos++;
	return c != 'u' || unicode_escape(p, out);
}

static bool string_literal(struct parser *p, struct str *s_r)
{
	size_t start = p->pos;
	char quote = p->text.p[p->pos++];
	struct buf out = { 0 };
	bool ok = true;

	while (ok && p->pos < p->text.len && peek(p) != quote) {
		if ((unsigned char)peek(p) < 0x20)
			ok = fail(p, p->pos, "control character in string");
		else if (take(p, "\\"))
			ok = escape(p, quote, &out);
		else
			buf_putc(&out, p->text.p[p->pos++]);
	}
	if (ok && p->pos == p->text.len)
		ok = fail(p, start, "string without end");
	p->pos++;
	*s_r = arena_str(&p->path->arena, buf_str(&out));
	buf_free(&out);
	return ok;
}

static bool integer(struct parser *p, int64_t *v_r)
{
	size_t start = p->pos, digits;
	bool negative = take(p, "-");
	uint64_t v;

	digits = p->pos;
	while (is_digit(peek(p)))
		p->pos++;
	if (p->pos == digits)
		return fail(p, start, "integer expected");
	if (p->text.p[digits] == '0' && (p->pos - digits > 1 || negative))
		return fail(p, start, "leading zero or -0");
	if (!str_u64(str_sub(p->text, digits, p->pos), &v) || v > INT_MAX_EXACT)
		return fail(p, start, "integer beyond 2^53-1");
	*v_r = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool number_literal(struct parser *p, struct expr *x)
{
	size_t start = p->pos;
	struct str s;

	while (peek(p) && strchr("+-.eE0123456789", peek(p)))
		p->pos++;
	s = str_sub(p->text, start, p->pos);
	/* The grammar is that of JSON. */
	if (json_check(s, 0, NULL))
		return fail(p, start, "malformed number");
	x->literal = JSON_NUMBER;
	x->text = arena_str(&p->path->arena, s);
	return true;
}

/* ---- queries ---- */

static bool logical_or(struct parser *p, struct expr **x_r);
static bool query(struct parser *p, struct query *q_r);

static bool nested_logical(struct parser *p, struct expr **x_r)
{
	bool ok;

	if (++p->nesting > JSONPATH_NESTING_MAX)
		return fail(p, p->pos, "nested too deeply");
	ok = logical_or(p, x_r);
	p->nesting--;
	return ok;
}

/* "start:end:step", all three optional; start is taken already. */
static bool slice(struct parser *p, struct selector *s)
{
	s->type = SELECT_SLICE;
	s->step = 1;
	p->pos++;
	skip_space(p);
	if (is_digit(peek(p)) || peek(p) == '-') {
		s->has_end = true;
		if (!integer(p, &s->end))
			return false;
		skip_space(p);
	}
	if (!take(p, ":"))
		return true;
	skip_space(p);
	if (is_digit(peek(p)) || peek(p) == '-')
		return integer(p, &s->step);
	return true;
}

static bool index_or_slice(struct parser *p, struct selector *s)
{
	size_t end;

	s->type = SELECT_INDEX;
	if (peek(p) != ':') {
		s->has_start = true;
		if (!integer(p, &s->start))
			return false;
	}
	end = p->pos;
	skip_space(p);
	if (peek(p) == ':')
		return slice(p, s);
	p->pos = end;
	return true;
}

static bool selector(struct parser *p, struct selector *s)
{
	char c = peek(p);

	if (c == '\'' || c == '"') {
		s->type = SELECT_NAME;
		return string_literal(p, &s->name);
	}
	if (take(p, "*")) {
		s->type = SELECT_WILDCARD;
		return true;
	}
	if (take(p, "?")) {
		s->type = SELECT_FILTER;
		skip_space(p);
		return nested_logical(p, &s->filter);
	}
	if (c == ':' || c == '-' || is_digit(c))
		return index_or_slice(p, s);
	return fail(p, p->pos, "selector expected");
}

/* Behind "[". */
static bool bracketed(struct parser *p, struct segment *seg)
{
	struct selector **tail = &seg->selectors;

	do {
		*tail = make(p, sizeof(**tail));
		skip_space(p);
		if (!selector(p, *tail))
			return false;
		skip_space(p);
		tail = &(*tail)->next;
	} while (take(p, ","));
	if (!take(p, "]"))
		return fail(p, p->pos, "',' or ']' expected");
	return true;
}

/* Behind "." or "..": a wildcard or a name without quotes. */
static bool shorthand(struct parser *p, struct segment *seg)
{
	struct selector *s = make(p, sizeof(*s));
	size_t start = p->pos;

	seg->selectors = s;
	if (take(p, "*")) {
		s->type = SELECT_WILDCARD;
		return true;
	}
	if (!is_name_first(peek(p)))
		return fail(p, p->pos, "name or '*' expected");
	while (is_name_first(peek(p)) || is_digit(peek(p)))
		p->pos++;
	s->type = SELECT_NAME;
	s->name = arena_str(&p->path->arena, str_sub(p->text, start, p->pos));
	return true;
}

static bool segment(struct parser *p, struct segment *seg)
{
	if (take(p, "["))
		return bracketed(p, seg);
	if (take(p, "..")) {
		seg->descendant = true;
		return take(p, "[") ? bracketed(p, seg) : shorthand(p, seg);
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
static bool query(struct parser *p, struct query *q)
{
	struct segment **tail = &q->segments;

	q->relative = p->text.p[p->pos++] == '@';
	q->singular = true;
	for (;;) {
		size_t end = p->pos;

		skip_space(p);
		if (peek(p) != '[' && peek(p) != '.') {
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

static void prepare_regexp(struct parser *p, struct expr *x)
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

static bool primary(struct parser *p, struct expr **x_r);

/* Behind the "(". */
static bool arguments(struct parser *p, const struct function *f,
		      struct expr *x)
{
	for (size_t i = 0; i < f->n_args; i++) {
		size_t start;
		bool fits;

		skip_space(p);
		start = p->pos;
		if (i > 0 && !take(p, ","))
			return fail(p, p->pos, "',' expected");
		skip_space(p);
		if (!primary(p, &x->args[i]))
			return false;
		fits = f->args == KIND_VALUE ? is_value(x->args[i])
					     : x->args[i]->type == EXPR_QUERY;
		if (!fits)
			return fail(p, start, "argument of the wrong type");
	}
	skip_space(p);
	if (!take(p, ")"))
		return fail(p, p->pos, "')' expected");
	return true;
}

static bool function(struct parser *p, struct expr *x)
{
	size_t start = p->pos;
	struct str name;
	bool ok;

	while ((peek(p) >= 'a' && peek(p) <= 'z') || peek(p) == '_' ||
	       is_digit(peek(p)))
		p->pos++;
	name = str_sub(p->text, start, p->pos);
	if (!take(p, "("))
		return fail(p, start, "literal, query or function expected");
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (!str_is(name, functions[i].name))
			continue;
		x->type = functions[i].type;
		if (++p->nesting > JSONPATH_NESTING_MAX)
			return fail(p, p->pos, "nested too deeply");
		ok = arguments(p, &functions[i], x);
		p->nesting--;
		if (ok && functions[i].result == KIND_LOGICAL)
			prepare_regexp(p, x);
		return ok;
	}
	return fail(p, start, "no such function");
}

static bool word(struct parser *p, struct expr *x)
{
	static const struct {
		const char *text;
		enum json_type type;
	} words[] = { { "true", JSON_BOOL },
		      { "false", JSON_BOOL },
		      { "null", JSON_NULL } };
	size_t end = p->pos;
	struct str w;

	while (end < p->text.len &&
	       (is_name_first(p->text.p[end]) || is_digit(p->text.p[end])))
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
static bool primary(struct parser *p, struct expr **x_r)
{
	struct expr *x = make(p, sizeof(*x));
	char c = peek(p);

	*x_r = x;
	x->type = EXPR_LITERAL;
	if (c == '"' || c == '\'') {
		x->literal = JSON_STRING;
		return string_literal(p, &x->text);
	}
	if (c == '-' || is_digit(c))
		return number_literal(p, x);
	if (c == '$' || c == '@') {
		bool ok;

		x->type = EXPR_QUERY;
		if (++p->nesting > JSONPATH_NESTING_MAX)
			return fail(p, p->pos, "nested too deeply");
		ok = query(p, &x->query);
		p->nesting--;
		return ok;
	}
	return word(p, x) || function(p, x);
}

static struct expr *node(struct parser *p, enum expr_type type, struct expr *a,
			 struct expr *b)
{
	struct expr *x = make(p, sizeof(*x));

	x->type = type;
	x->args[0] = a;
	x->args[1] = b;
	return x;
}

/* Turns a query or call that stands alone into a test. */
static bool as_test(struct parser *p, size_t start, struct expr *x)
{
	if (x->type == EXPR_QUERY)
		x->type = EXPR_EXISTS;
	else if (x->type != EXPR_MATCH && x->type != EXPR_SEARCH)
		return fail(p, start, "a value is no test");
	return true;
}

/* Behind the left side: an operator and the right side. */
static bool comparison(struct parser *p, size_t start, struct expr **x_r)
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

	while (i < ARRAY_LEN(operators) && !take(p, operators[i].token))
		i++;
	if (i == ARRAY_LEN(operators))
		return as_test(p, start, left);
	if (!is_value(left))
		return fail(p, start, "cannot be compared");
	skip_space(p);
	start = p->pos;
	if (!primary(p, &right))
		return false;
	if (!is_value(right))
		return fail(p, start, "cannot be compared");
	*x_r = operators[i].swapped ? node(p, operators[i].type, right, left)
				    : node(p, operators[i].type, left, right);
	if (operators[i].negated)
		*x_r = node(p, EXPR_NOT, *x_r, NULL);
	return true;
}

static bool parenthesis(struct parser *p, struct expr **x_r)
{
	skip_space(p);
	if (!nested_logical(p, x_r))
		return false;
	skip_space(p);
	if (!take(p, ")"))
		return fail(p, p->pos, "')' expected");
	return true;
}

static bool basic(struct parser *p, struct expr **x_r)
{
	bool negated = take(p, "!");
	size_t start;

	if (negated)
		skip_space(p);
	start = p->pos;
	if (take(p, "(")) {
		if (!parenthesis(p, x_r))
			return false;
	} else if (!primary(p, x_r)) {
		return false;
	} else if (negated) {
		if (!as_test(p, start, *x_r))
			return false;
	} else {
		skip_space(p);
		if (!comparison(p, start, x_r))
			return false;
	}
	if (negated)
		*x_r = node(p, EXPR_NOT, *x_r, NULL);
	return true;
}

/* rule *( S token S rule ) */
static bool chain(struct parser *p, const char *token, enum expr_type type,
		  bool (*rule)(struct parser *, struct expr **),
		  struct expr **x_r)
{
	struct expr *right;

	if (!rule(p, x_r))
		return false;
	for (;;) {
		size_t end = p->pos;

		skip_space(p);
		if (!take(p, token)) {
			p->pos = end;
			return true;
		}
		skip_space(p);
		if (!rule(p, &right))
			return false;
		*x_r = node(p, type, *x_r, right);
	}
}

static bool logical_and(struct parser *p, struct expr **x_r)
{
	return chain(p, "&&", EXPR_AND, basic, x_r);
}

static bool logical_or(struct parser *p, struct expr **x_r)
{
	return chain(p, "||", EXPR_OR, logical_and, x_r);
}

struct jsonpath *jsonpath_compile(struct str text, struct err *e)
{
	struct parser p = { .text = text, .e = e };
	bool ok;

	p.path = xcalloc(1, sizeof(*p.path));
	if (text.len > JSONPATH_TEXT_MAX)
		ok = fail(&p, JSONPATH_TEXT_MAX, "too long");
	else if (!str_is_utf8(text))
		ok = fail(&p, 0, "invalid UTF-8");
	else if (peek(&p) != '$')
		ok = fail(&p, 0, "'$' expected");
	else
		ok = query(&p, &p.path->query);
	if (ok && p.pos < text.len)
		ok = fail(&p, p.pos, "'.' or '[' expected");
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
