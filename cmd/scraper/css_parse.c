#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "css_token.h"

enum { NTH_MAX = 100000000 };

static struct css_complex *parse_list(struct css_parser *p, bool relative,
				      bool inside);

/* ---- simple selectors ---- */

static struct css_simple *add_simple(struct css_parser *p,
				     struct css_compound *c, enum css_kind kind)
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
static int parse_qualified(struct css_parser *p, struct css_simple *s,
			   bool star)
{
	bool any = false;

	if (css_peek(p) == '|' && css_peek_at(p, 1) != '=') {
		s->ns = CSS_NS_NONE;
	} else if (css_peek(p) == '*') {
		any = true;
		p->at++;
	} else if (css_ident(p, star ? "selector" : "attribute name",
			     &s->name)) {
		return -1;
	}
	if (css_peek(p) == '|' && css_peek_at(p, 1) != '=') {
		p->at++;
		if (any)
			s->ns = CSS_NS_ANY;
		else if (s->ns != CSS_NS_NONE)
			s->ns = CSS_NS_PREFIX;
		s->prefix = css_lower_case(p, s->name);
		s->name = (struct str){ 0 };
		any = star && css_take(p, '*');
		if (!any && css_ident(p, "name", &s->name))
			return -1;
	}
	if (any && !star)
		return css_fail(p, "'|'");
	s->lower = css_lower_case(p, s->name);
	return 0;
}

static int parse_operator(struct css_parser *p, enum css_op *op_r)
{
	static const char before[] = "~|^$*";
	static const enum css_op ops[] = { CSS_WORD, CSS_DASH, CSS_PREFIX,
					   CSS_SUFFIX, CSS_INSIDE };
	const char *sign;

	if (css_take(p, '=')) {
		*op_r = CSS_EQUALS;
		return 0;
	}
	sign = css_peek(p) ? strchr(before, css_peek(p)) : NULL;
	if (!sign || css_peek_at(p, 1) != '=')
		return css_fail(p, "operator or ']'");
	*op_r = ops[sign - before];
	p->at += 2;
	return 0;
}

static int parse_attr(struct css_parser *p, struct css_compound *c)
{
	struct css_simple *s = add_simple(p, c, CSS_ATTR);

	p->at++;
	css_skip_space(p);
	if (parse_qualified(p, s, false))
		return -1;
	css_skip_space(p);
	if (css_take(p, ']'))
		return 0;
	if (parse_operator(p, &s->op))
		return -1;
	css_skip_space(p);
	if (css_word(p, "string or name", &s->value))
		return -1;
	css_skip_space(p);
	if (css_take(p, 'i') || css_take(p, 'I'))
		s->fold = CSS_CASE_FOLD;
	else if (css_take(p, 's') || css_take(p, 'S'))
		s->fold = CSS_CASE_EXACT;
	css_skip_space(p);
	return css_take(p, ']') ? 0 : css_fail(p, "']'");
}

/* ---- pseudo-classes ---- */

static int parse_uint(struct css_parser *p, int *v_r)
{
	int v = 0;

	if (!css_is_digit(css_peek(p)))
		return css_fail(p, "number");
	while (css_is_digit(css_peek(p))) {
		v = v * 10 + (p->in.p[p->at++] - '0');
		if (v > NTH_MAX)
			v = NTH_MAX;
	}
	*v_r = v;
	return 0;
}

static bool take_keyword(struct css_parser *p, const char *word)
{
	size_t n = strlen(word);
	struct str s = str_sub(p->in, p->at, p->at + n);

	if (!str_eq_nocase(s, str_from(word)) || css_is_name(css_peek_at(p, n)))
		return false;
	p->at += n;
	return true;
}

/* an+b, as in CSS Syntax, "The An+B microsyntax". */
static int parse_an_plus_b(struct css_parser *p, struct css_simple *s)
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
	if (css_take(p, '-'))
		sign = -1;
	else
		css_take(p, '+');
	if (css_is_digit(css_peek(p)) ? parse_uint(p, &v)
				      : (css_peek(p) | 0x20) != 'n')
		return css_fail(p, "an+b, odd or even");
	if (!css_take(p, 'n') && !css_take(p, 'N')) {
		s->offset = sign * v;
		return 0;
	}
	s->step = sign * v;
	css_skip_space(p);
	if (css_peek(p) != '+' && css_peek(p) != '-')
		return 0;
	sign = css_take(p, '-') ? -1 : 1;
	if (sign > 0)
		p->at++;
	css_skip_space(p);
	if (parse_uint(p, &v))
		return -1;
	s->offset = sign * v;
	return 0;
}

static int parse_nth(struct css_parser *p, struct css_simple *s)
{
	s->nth = p->css->n_nth++;
	if (parse_an_plus_b(p, s))
		return -1;
	css_skip_space(p);
	if (!s->of_type && take_keyword(p, "of")) {
		s->list = parse_list(p, false, true);
		return s->list ? 0 : -1;
	}
	return 0;
}

static int parse_words(struct css_parser *p, struct css_simple *s)
{
	struct css_word **to = &s->words;

	do {
		css_skip_space(p);
		*to = arena_alloc(&p->css->arena, sizeof(**to));
		if (css_word(p, "string or name", &(*to)->text))
			return -1;
		to = &(*to)->next;
		css_skip_space(p);
	} while (css_take(p, ','));
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

static int parse_function(struct css_parser *p, struct css_compound *c,
			  struct str name, size_t open)
{
	const struct function *f = functions;
	struct css_simple *s;
	int rc = 0;

	while (f < functions + ARRAY_LEN(functions) && !str_is(name, f->name))
		f++;
	if (f == functions + ARRAY_LEN(functions))
		return css_fail(p, "known pseudo-class");
	p->at = open + 1;
	if (++p->depth > CSS_NESTING_MAX)
		return css_fail(p, "shallower nesting");
	s = add_simple(p, c, f->kind);
	s->from_end = f->from_end;
	s->of_type = f->of_type;
	css_skip_space(p);
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
	css_skip_space(p);
	return css_take(p, ')') ? 0 : css_fail(p, "')'");
}

static void add_nth(struct css_parser *p, struct css_compound *c, bool from_end,
		    bool of_type)
{
	struct css_simple *s = add_simple(p, c, CSS_NTH);

	s->nth = p->css->n_nth++;
	s->offset = 1;
	s->from_end = from_end;
	s->of_type = of_type;
}

/* :first-child and its five like. */
static bool parse_edge(struct css_parser *p, struct css_compound *c,
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

static int parse_pseudo(struct css_parser *p, struct css_compound *c)
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
	if (css_peek(p) == ':')
		return css_fail(
			p, "pseudo-class (pseudo-elements select nothing)");
	start = p->at;
	if (css_ident(p, "pseudo-class", &raw))
		return -1;
	name = css_lower_case(p, raw);
	if (css_peek(p) == '(') {
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
	return css_fail(p, "known pseudo-class");
}

/* ---- compounds, complex selectors, lists ---- */

static int parse_hash(struct css_parser *p, struct css_compound *c)
{
	p->at++;
	if (!css_at_name(p))
		return css_fail(p, "id");
	css_name(p, &add_simple(p, c, CSS_ID)->value);
	return 0;
}

static int parse_class(struct css_parser *p, struct css_compound *c)
{
	p->at++;
	return css_ident(p, "class", &add_simple(p, c, CSS_CLASS)->value);
}

static struct css_compound *parse_compound(struct css_parser *p)
{
	struct css_compound *c = arena_alloc(&p->css->arena, sizeof(*c));
	int rc = 0;

	if (css_peek(p) == '*' || css_peek(p) == '|' || css_at_ident(p))
		rc = parse_qualified(p, add_simple(p, c, CSS_TYPE), true);
	while (!rc) {
		css_skip_comments(p);
		switch (css_peek(p)) {
		case '#': rc = parse_hash(p, c); break;
		case '.': rc = parse_class(p, c); break;
		case '[': rc = parse_attr(p, c); break;
		case ':': rc = parse_pseudo(p, c); break;
		default:
			if (c->first)
				return c;
			rc = css_fail(p, "selector");
		}
	}
	return NULL;
}

/* What stands before the next compound; CSS_NOTHING at the end. */
static enum css_comb parse_combinator(struct css_parser *p)
{
	bool space = css_skip_space(p);
	enum css_comb comb = CSS_NOTHING;

	switch (css_peek(p)) {
	case '>': comb = CSS_CHILD; break;
	case '+': comb = CSS_ADJACENT; break;
	case '~': comb = CSS_SIBLING; break;
	case 0:
	case ',':
	case ')': return CSS_NOTHING;
	default: return space ? CSS_DESCENDANT : CSS_NOTHING;
	}
	p->at++;
	css_skip_space(p);
	return comb;
}

static struct css_complex *parse_complex(struct css_parser *p, bool relative)
{
	struct css_complex *x = arena_alloc(&p->css->arena, sizeof(*x));
	struct css_compound *left = NULL;
	enum css_comb comb = CSS_NOTHING;

	css_skip_space(p);
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

static struct css_complex *parse_list(struct css_parser *p, bool relative,
				      bool inside)
{
	struct css_complex *first = NULL, **to = &first;

	do {
		*to = parse_complex(p, relative);
		if (!*to)
			return NULL;
		to = &(*to)->next;
	} while (css_take(p, ','));
	if (!inside && p->at < p->in.len) {
		css_fail(p, "selector, combinator or ','");
		return NULL;
	}
	return first;
}

struct css *css_compile(struct str text, struct err *e)
{
	struct css *css = xcalloc(1, sizeof(*css));
	struct css_parser p = { .css = css, .in = text, .e = e };

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
