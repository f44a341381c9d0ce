#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "css_tree.h"

enum { NTH_MAX = 100000000 };

struct parser {
	struct css *css;
	struct str in;
	size_t at;
	unsigned depth;
	struct err *e;
};

static struct css_complex *parse_list(struct parser *p, bool relative,
				      bool inside);

/* ---- characters ---- */

static int peek_at(const struct parser *p, size_t ahead)
{
	size_t i = p->at + ahead;

	return i < p->in.len ? (unsigned char)p->in.p[i] : 0;
}

static int peek(const struct parser *p)
{
	return peek_at(p, 0);
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != (unsigned char)c)
		return false;
	p->at++;
	return true;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c >= 0x80;
}

static bool is_name(int c)
{
	return is_name_start(c) || is_digit(c) || c == '-';
}

static int hex_digit(int c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int fail(struct parser *p, const char *expected)
{
	struct str rest = str_sub(p->in, p->at, p->in.len);
	struct str got = str_utf8_prefix(rest, 12);

	if (!rest.len)
		return err_set(p->e, EX_CONFIG,
			       "css: %s expected at byte %zu, where it ends",
			       expected, p->at + 1);
	return err_set(p->e, EX_CONFIG, "css: %s expected at byte %zu: %.*s%s",
		       expected, p->at + 1, STR_ARG(got),
		       got.len < rest.len ? "…" : "");
}

static void skip_comments(struct parser *p)
{
	while (peek(p) == '/' && peek_at(p, 1) == '*') {
		struct str rest = str_sub(p->in, p->at + 2, p->in.len);
		size_t end = str_find(rest, STR("*/"));

		p->at = end == (size_t)-1 ? p->in.len : p->at + 2 + end + 2;
	}
}

/* Skips white space and comments; true if there was white space. */
static bool skip_space(struct parser *p)
{
	bool space = false;

	for (skip_comments(p); is_space(peek(p)); skip_comments(p)) {
		space = true;
		p->at++;
	}
	return space;
}

/* ---- tokens ---- */

static bool is_escape(const struct parser *p, size_t ahead)
{
	int next = peek_at(p, ahead + 1);

	return peek_at(p, ahead) == '\\' && next && next != '\n' &&
	       next != '\r' && next != '\f';
}

static void parse_escape(struct parser *p, struct buf *out)
{
	uint32_t c = 0;
	char enc[4];
	int n = 0;

	p->at++; /* the backslash */
	if (hex_digit(peek(p)) < 0) {
		buf_putc(out, p->in.p[p->at++]);
		return;
	}
	for (; n < 6 && hex_digit(peek(p)) >= 0; n++)
		c = c * 16 + (uint32_t)hex_digit(p->in.p[p->at++]);
	if (is_space(peek(p)))
		p->at++;
	if (c == 0 || c > 0x10ffff)
		c = 0xfffd;
	buf_add(out, enc, utf8_encode(c, enc));
}

static struct str keep(struct parser *p, struct buf *b)
{
	struct str s = arena_str(&p->css->arena, buf_str(b));

	buf_free(b);
	return s;
}

static void parse_name(struct parser *p, struct str *name_r)
{
	struct buf out = { 0 };

	while (is_name(peek(p)) || is_escape(p, 0)) {
		if (peek(p) == '\\')
			parse_escape(p, &out);
		else
			buf_putc(&out, p->in.p[p->at++]);
	}
	*name_r = keep(p, &out);
}

static bool at_ident(const struct parser *p)
{
	size_t i = peek(p) == '-' ? 1 : 0;

	return is_name_start(peek_at(p, i)) || is_escape(p, i) ||
	       (i && peek_at(p, 1) == '-');
}

static int parse_ident(struct parser *p, const char *what, struct str *name_r)
{
	if (!at_ident(p))
		return fail(p, what);
	parse_name(p, name_r);
	return 0;
}

static int parse_string(struct parser *p, struct str *s_r)
{
	struct buf out = { 0 };
	char quote = p->in.p[p->at++];

	while (peek(p) != (unsigned char)quote) {
		if (!peek(p) || peek(p) == '\n') {
			buf_free(&out);
			return fail(p,
				    quote == '"' ? "closing \"" : "closing '");
		}
		if (peek(p) == '\\' && peek_at(p, 1) == '\n')
			p->at += 2;
		else if (is_escape(p, 0))
			parse_escape(p, &out);
		else
			buf_putc(&out, p->in.p[p->at++]);
	}
	p->at++;
	*s_r = keep(p, &out);
	return 0;
}

static int parse_word(struct parser *p, const char *what, struct str *s_r)
{
	if (peek(p) == '"' || peek(p) == '\'')
		return parse_string(p, s_r);
	return parse_ident(p, what, s_r);
}

static struct str lower_case(struct parser *p, struct str s)
{
	char *out = arena_strdup(&p->css->arena, s);

	for (size_t i = 0; i < s.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] | 0x20);
	return (struct str){ out, s.len };
}

/* ---- simple selectors ---- */

static struct css_simple *add_simple(struct parser *p, struct css_compound *c,
				     enum css_kind kind)
{
	struct css_simple *s = arena_alloc(&p->css->arena, sizeof(*s));
	struct css_simple **to = &c->first;

	while (*to)
		to = &(*to)->next;
	*to = s;
	s->kind = kind;
	return s;
}

/*
 * [ns|]name, or with star [ns|]*: one name with what stands before it. A '|'
 * before '=' is an operator.
 */
static int parse_qualified(struct parser *p, struct css_simple *s, bool star)
{
	bool any = false;

	if (peek(p) == '|' && peek_at(p, 1) != '=') {
		s->ns = CSS_NS_NONE;
	} else if (peek(p) == '*') {
		any = true;
		p->at++;
	} else if (parse_ident(p, star ? "selector" : "attribute name",
			       &s->name)) {
		return -1;
	}
	if (peek(p) == '|' && peek_at(p, 1) != '=') {
		p->at++;
		if (any)
			s->ns = CSS_NS_ANY;
		else if (s->ns != CSS_NS_NONE)
			s->ns = CSS_NS_PREFIX;
		s->prefix = lower_case(p, s->name);
		s->name = (struct str){ 0 };
		any = star && take(p, '*');
		if (!any && parse_ident(p, "name", &s->name))
			return -1;
	}
	if (any && !star)
		return fail(p, "'|'");
	s->lower = lower_case(p, s->name);
	return 0;
}

static int parse_operator(struct parser *p, enum css_op *op_r)
{
	static const char before[] = "~|^$*";
	static const enum css_op ops[] = { CSS_WORD, CSS_DASH, CSS_PREFIX,
					   CSS_SUFFIX, CSS_INSIDE };
	const char *sign;

	if (take(p, '=')) {
		*op_r = CSS_EQUALS;
		return 0;
	}
	sign = peek(p) ? strchr(before, peek(p)) : NULL;
	if (!sign || peek_at(p, 1) != '=')
		return fail(p, "operator or ']'");
	*op_r = ops[sign - before];
	p->at += 2;
	return 0;
}

static int parse_attr(struct parser *p, struct css_compound *c)
{
	struct css_simple *s = add_simple(p, c, CSS_ATTR);

	p->at++;
	skip_space(p);
	if (parse_qualified(p, s, false))
		return -1;
	skip_space(p);
	if (take(p, ']'))
		return 0;
	if (parse_operator(p, &s->op))
		return -1;
	skip_space(p);
	if (parse_word(p, "string or name", &s->value))
		return -1;
	skip_space(p);
	if (take(p, 'i') || take(p, 'I'))
		s->fold = CSS_CASE_FOLD;
	else if (take(p, 's') || take(p, 'S'))
		s->fold = CSS_CASE_EXACT;
	skip_space(p);
	return take(p, ']') ? 0 : fail(p, "']'");
}

/* ---- pseudo-classes ---- */

static int parse_uint(struct parser *p, int *v_r)
{
	int v = 0;

	if (!is_digit(peek(p)))
		return fail(p, "number");
	while (is_digit(peek(p))) {
		v = v * 10 + (p->in.p[p->at++] - '0');
		if (v > NTH_MAX)
			v = NTH_MAX;
	}
	*v_r = v;
	return 0;
}

static bool take_keyword(struct parser *p, const char *word)
{
	size_t n = strlen(word);
	struct str s = str_sub(p->in, p->at, p->at + n);

	if (!str_eq_nocase(s, str_from(word)) || is_name(peek_at(p, n)))
		return false;
	p->at += n;
	return true;
}

/* an+b, as in CSS Syntax, "The An+B microsyntax". */
static int parse_an_plus_b(struct parser *p, struct css_simple *s)
{
	int sign = 1, v = 1;

	if (take_keyword(p, "odd")) {
		s->step = 2;
		s->offset = 1;
		return 0;
	}
	if (take_keyword(p, "even")) {
		s->step = 2;
		return 0;
	}
	if (take(p, '-'))
		sign = -1;
	else
		take(p, '+');
	if (is_digit(peek(p)) ? parse_uint(p, &v) : (peek(p) | 0x20) != 'n')
		return fail(p, "an+b, odd or even");
	if (!take(p, 'n') && !take(p, 'N')) {
		s->offset = sign * v;
		return 0;
	}
	s->step = sign * v;
	skip_space(p);
	if (peek(p) != '+' && peek(p) != '-')
		return 0;
	sign = take(p, '-') ? -1 : 1;
	if (sign > 0)
		p->at++;
	skip_space(p);
	if (parse_uint(p, &v))
		return -1;
	s->offset = sign * v;
	return 0;
}

static int parse_nth(struct parser *p, struct css_simple *s)
{
	s->nth = p->css->n_nth++;
	if (parse_an_plus_b(p, s))
		return -1;
	skip_space(p);
	if (!s->of_type && take_keyword(p, "of")) {
		s->list = parse_list(p, false, true);
		return s->list ? 0 : -1;
	}
	return 0;
}

static int parse_words(struct parser *p, struct css_simple *s)
{
	struct css_word **to = &s->words;

	do {
		skip_space(p);
		*to = arena_alloc(&p->css->arena, sizeof(**to));
		if (parse_word(p, "string or name", &(*to)->text))
			return -1;
		to = &(*to)->next;
		skip_space(p);
	} while (take(p, ','));
	return 0;
}

static const struct function {
	const char *name;
	enum css_kind kind;
	bool from_end, of_type;
} functions[] = {
	{ "not", CSS_NOT, false, false },
	{ "is", CSS_IS, false, false },
	{ "where", CSS_IS, false, false },
	{ "matches", CSS_IS, false, false },
	{ "has", CSS_HAS, false, false },
	{ "nth-child", CSS_NTH, false, false },
	{ "nth-last-child", CSS_NTH, true, false },
	{ "nth-of-type", CSS_NTH, false, true },
	{ "nth-last-of-type", CSS_NTH, true, true },
	{ "contains", CSS_CONTAINS, false, false },
	{ "lang", CSS_LANG, false, false },
};

static int parse_function(struct parser *p, struct css_compound *c,
			  struct str name, size_t open)
{
	const struct function *f = functions;
	struct css_simple *s;
	int rc = 0;

	while (f < functions + ARRAY_LEN(functions) && !str_is(name, f->name))
		f++;
	if (f == functions + ARRAY_LEN(functions))
		return fail(p, "known pseudo-class");
	p->at = open + 1;
	if (++p->depth > CSS_NESTING_MAX)
		return fail(p, "shallower nesting");
	s = add_simple(p, c, f->kind);
	s->from_end = f->from_end;
	s->of_type = f->of_type;
	skip_space(p);
	switch (f->kind) {
	case CSS_NTH: rc = parse_nth(p, s); break;
	case CSS_CONTAINS:
	case CSS_LANG: rc = parse_words(p, s); break;
	default:
		s->list = parse_list(p, f->kind == CSS_HAS, true);
		rc = s->list ? 0 : -1;
	}
	if (rc)
		return -1;
	p->depth--;
	skip_space(p);
	return take(p, ')') ? 0 : fail(p, "')'");
}

static void add_nth(struct parser *p, struct css_compound *c, bool from_end,
		    bool of_type)
{
	struct css_simple *s = add_simple(p, c, CSS_NTH);

	s->nth = p->css->n_nth++;
	s->offset = 1;
	s->from_end = from_end;
	s->of_type = of_type;
}

/* :first-child and its five like. */
static bool parse_edge(struct parser *p, struct css_compound *c,
		       struct str name)
{
	struct str where, rest = { 0 };
	bool of_type, only;

	where = str_cut(name, '-', &rest);
	of_type = rest.p && str_is(rest, "of-type");
	if (!of_type && !(rest.p && str_is(rest, "child")))
		return false;
	only = str_is(where, "only");
	if (!only && !str_is(where, "first") && !str_is(where, "last"))
		return false;
	if (only || where.p[0] == 'f')
		add_nth(p, c, false, of_type);
	if (only || where.p[0] == 'l')
		add_nth(p, c, true, of_type);
	return true;
}

static int parse_pseudo(struct parser *p, struct css_compound *c)
{
	static const struct {
		const char *name;
		enum css_kind kind;
	} plain[] = {
		{ "root", CSS_ROOT },	      { "scope", CSS_SCOPE },
		{ "empty", CSS_EMPTY },	      { "checked", CSS_CHECKED },
		{ "enabled", CSS_ENABLED },   { "disabled", CSS_DISABLED },
		{ "required", CSS_REQUIRED }, { "optional", CSS_OPTIONAL },
		{ "link", CSS_LINK },	      { "any-link", CSS_LINK },
		{ "visited", CSS_NEVER },     { "hover", CSS_NEVER },
		{ "active", CSS_NEVER },      { "focus", CSS_NEVER },
		{ "target", CSS_NEVER },      { "focus-within", CSS_NEVER },
	};
	struct str raw, name;
	size_t start;

	p->at++;
	if (peek(p) == ':')
		return fail(p, "pseudo-class (pseudo-elements select nothing)");
	start = p->at;
	if (parse_ident(p, "pseudo-class", &raw))
		return -1;
	name = lower_case(p, raw);
	if (peek(p) == '(') {
		size_t open = p->at;

		p->at = start; /* for the message */
		return parse_function(p, c, name, open);
	}
	if (parse_edge(p, c, name))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (str_is(name, plain[i].name)) {
			add_simple(p, c, plain[i].kind);
			return 0;
		}
	p->at = start;
	return fail(p, "known pseudo-class");
}

/* ---- compounds, complex selectors, lists ---- */

static int parse_hash(struct parser *p, struct css_compound *c)
{
	p->at++;
	if (!is_name(peek(p)) && !is_escape(p, 0))
		return fail(p, "id");
	parse_name(p, &add_simple(p, c, CSS_ID)->value);
	return 0;
}

static int parse_class(struct parser *p, struct css_compound *c)
{
	p->at++;
	return parse_ident(p, "class", &add_simple(p, c, CSS_CLASS)->value);
}

static struct css_compound *parse_compound(struct parser *p)
{
	struct css_compound *c = arena_alloc(&p->css->arena, sizeof(*c));
	int rc = 0;

	if (peek(p) == '*' || peek(p) == '|' || at_ident(p))
		rc = parse_qualified(p, add_simple(p, c, CSS_TYPE), true);
	while (!rc) {
		skip_comments(p);
		switch (peek(p)) {
		case '#': rc = parse_hash(p, c); break;
		case '.': rc = parse_class(p, c); break;
		case '[': rc = parse_attr(p, c); break;
		case ':': rc = parse_pseudo(p, c); break;
		default:
			if (c->first)
				return c;
			rc = fail(p, "selector");
		}
	}
	return NULL;
}

/* What stands before the next compound; CSS_NOTHING at the end. */
static enum css_comb parse_combinator(struct parser *p)
{
	bool space = skip_space(p);
	enum css_comb comb = CSS_NOTHING;

	switch (peek(p)) {
	case '>': comb = CSS_CHILD; break;
	case '+': comb = CSS_ADJACENT; break;
	case '~': comb = CSS_SIBLING; break;
	case 0:
	case ',':
	case ')': return CSS_NOTHING;
	default: return space ? CSS_DESCENDANT : CSS_NOTHING;
	}
	p->at++;
	skip_space(p);
	return comb;
}

static struct css_complex *parse_complex(struct parser *p, bool relative)
{
	struct css_complex *x = arena_alloc(&p->css->arena, sizeof(*x));
	struct css_compound *left = NULL;
	enum css_comb comb = CSS_NOTHING;

	skip_space(p);
	if (relative) {
		comb = parse_combinator(p);
		if (comb == CSS_NOTHING)
			comb = CSS_DESCENDANT;
		x->lead = comb;
		left = arena_alloc(&p->css->arena, sizeof(*left));
		add_simple(p, left, CSS_ANCHOR);
	}
	do {
		struct css_compound *c = parse_compound(p);

		if (!c)
			return NULL;
		c->left = left;
		c->comb = comb;
		left = c;
		comb = parse_combinator(p);
	} while (comb != CSS_NOTHING);
	x->right = left;
	return x;
}

static struct css_complex *parse_list(struct parser *p, bool relative,
				      bool inside)
{
	struct css_complex *first = NULL, **to = &first;

	do {
		*to = parse_complex(p, relative);
		if (!*to)
			return NULL;
		to = &(*to)->next;
	} while (take(p, ','));
	if (!inside && p->at < p->in.len) {
		fail(p, "selector, combinator or ','");
		return NULL;
	}
	return first;
}

struct css *css_compile(struct str text, struct err *e)
{
	struct css *css = xcalloc(1, sizeof(*css));
	struct parser p = { .css = css, .in = text, .e = e };

	if (text.len > CSS_TEXT_MAX)
		err_set(e, EX_CONFIG, "css: longer than %d bytes",
			CSS_TEXT_MAX);
	else if (!str_is_utf8(text) || str_chr(text, '\0') != (size_t)-1)
		err_set(e, EX_CONFIG, "css: is no UTF-8 text");
	else
		css->list = parse_list(&p, false, false);
	if (!css->list)
		css_free(&css);
	return css;
}

void css_free(struct css **cp)
{
	if (!*cp)
		return;
	arena_free(&(*cp)->arena);
	free(*cp);
	*cp = NULL;
}
