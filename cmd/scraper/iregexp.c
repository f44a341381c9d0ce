/*
 * The pattern is checked against RFC 9485's grammar and written anew for
 * PCRE2 while it is read, so that only what both mean alike gets through: "."
 * becomes [^\n\r], characters that are special to PCRE2 alone are quoted. The
 * exceptions are ^ and $ outside of classes: by the grammar they stand for
 * themselves, by the RFC's own mapping to other dialects (5.3 to 5.5) they are
 * anchors, and JSONPath's compliance suite follows the mapping.
 */
#include "iregexp.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "common/buf.h"
#include "common/xmem.h"

enum {
	DEPTH_MAX = 50,		/* groups in groups */
	WORKSPACE = 1200,	/* ints; a sixth of it are states at a time */
	MATCH_LIMIT = 10000000, /* PCRE2's own measure */
	OUTPUT_MAX = 16 * IREGEXP_PATTERN_MAX,
};

struct iregexp {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	int workspace[WORKSPACE];
};

struct translate {
	const char *p, *end;
	struct buf out;
	int depth;
};

static bool at(const struct translate *t, char c)
{
	return t->p < t->end && *t->p == c;
}

static bool take(struct translate *t, char c)
{
	if (!at(t, c))
		return false;
	t->p++;
	return true;
}

static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* A character that stands for itself, or a byte of one. */
static void put_literal(struct translate *t)
{
	unsigned char c = (unsigned char)*t->p++;

	if (c < 0x80 && !is_alnum(c))
		buf_addf(&t->out, "\\x{%x}", c);
	else
		buf_putc(&t->out, (char)c);
}

/* Behind the backslash: SingleCharEsc. */
static bool single_escape(struct translate *t)
{
	if (t->p == t->end)
		return false;
	if (one_of(*t->p, "nrt")) {
		buf_putc(&t->out, '\\');
		buf_putc(&t->out, *t->p++);
		return true;
	}
	if (!one_of(*t->p, "()*+-.?[\\]^{|}"))
		return false;
	put_literal(t);
	return true;
}

/* Behind the backslash: \p{Lu} and the like. */
static bool category(struct translate *t)
{
	static const char *const minor[] = { "Llmotu",	 "Mcen", "Ndlo",
					     "Pcdefios", "Zlps", "Sckmo",
					     "Ccfno" };
	const char *start = t->p;

	t->p++;
	if (!take(t, '{') || t->p == t->end)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(minor); i++) {
		if (*t->p != minor[i][0])
			continue;
		t->p++;
		if (t->p < t->end && one_of(*t->p, minor[i] + 1))
			t->p++;
		if (!take(t, '}'))
			return false;
		buf_putc(&t->out, '\\');
		buf_add(&t->out, start, (size_t)(t->p - start));
		return true;
	}
	return false;
}

static bool is_category(const struct translate *t)
{
	return t->end - t->p > 1 && t->p[0] == '\\' && one_of(t->p[1], "pP");
}

static bool class_char(struct translate *t)
{
	if (t->p == t->end || one_of(*t->p, "-[]"))
		return false;
	if (take(t, '\\'))
		return single_escape(t);
	do
		put_literal(t);
	while (t->p < t->end && ((unsigned char)*t->p & 0xc0) == 0x80);
	return true;
}

/* Behind "[". */
static bool class(struct translate *t)
{
	bool first = true;

	buf_putc(&t->out, '[');
	if (take(t, '^'))
		buf_putc(&t->out, '^');
	for (; first || !at(t, ']'); first = false) {
		if (at(t, '-') &&
		    (first || (t->end - t->p > 1 && t->p[1] == ']'))) {
			put_literal(t);
			continue;
		}
		if (is_category(t)) {
			t->p++;
			if (!category(t))
				return false;
			continue;
		}
		if (!class_char(t))
			return false;
		if (at(t, '-') && t->end - t->p > 1 && t->p[1] != ']') {
			buf_putc(&t->out, *t->p++);
			if (!class_char(t))
				return false;
		}
	}
	buf_putc(&t->out, ']');
	return take(t, ']');
}

static bool digits(struct translate *t)
{
	const char *start = t->p;

	while (t->p < t->end && *t->p >= '0' && *t->p <= '9')
		buf_putc(&t->out, *t->p++);
	return t->p > start;
}

static bool quantifier(struct translate *t)
{
	if (t->p < t->end && one_of(*t->p, "*+?")) {
		buf_putc(&t->out, *t->p++);
		return true;
	}
	if (!take(t, '{'))
		return true;
	buf_putc(&t->out, '{');
	if (!digits(t))
		return false;
	if (take(t, ',')) {
		buf_putc(&t->out, ',');
		digits(t);
	}
	buf_putc(&t->out, '}');
	return take(t, '}');
}

static bool branches(struct translate *t);

static bool group(struct translate *t)
{
	bool ok;

	if (++t->depth > DEPTH_MAX)
		return false;
	buf_puts(&t->out, "(?:");
	ok = branches(t) && take(t, ')');
	buf_putc(&t->out, ')');
	t->depth--;
	return ok;
}

static bool atom(struct translate *t)
{
	if (take(t, '('))
		return group(t);
	if (take(t, '['))
		return class(t);
	if (take(t, '.')) {
		buf_puts(&t->out, "[^\\n\\r]");
		return true;
	}
	if (take(t, '\\')) {
		if (t->p < t->end && one_of(*t->p, "pP"))
			return category(t);
		return single_escape(t);
	}
	if (one_of(*t->p, "*+?]{}"))
		return false;
	if (one_of(*t->p, "^$")) {
		buf_putc(&t->out, *t->p++);
		return true;
	}
	do
		put_literal(t);
	while (t->p < t->end && ((unsigned char)*t->p & 0xc0) == 0x80);
	return true;
}

static bool branches(struct translate *t)
{
	while (t->p < t->end && *t->p != ')') {
		if (take(t, '|')) {
			buf_putc(&t->out, '|');
			continue;
		}
		if (!atom(t) || !quantifier(t))
			return false;
	}
	return true;
}

static pcre2_code *compile(struct str text)
{
	uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED |
			   PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY;
	PCRE2_SIZE offset;
	int error;

	return pcre2_compile((PCRE2_SPTR)text.p, text.len, options, &error,
			     &offset, NULL);
}

struct iregexp *iregexp_compile(struct str pattern, bool whole)
{
	struct translate t = { .p = pattern.p,
			       .end = pattern.p + pattern.len,
			       .out = { .max = OUTPUT_MAX } };
	struct iregexp *re = NULL;
	pcre2_code *code = NULL;

	if (pattern.len > IREGEXP_PATTERN_MAX || !str_is_utf8(pattern))
		return NULL;
	/* All places to start at are followed at once, too: one pass. */
	buf_puts(&t.out, whole ? "(?:" : ".*(?:");
	if (branches(&t) && t.p == t.end) {
		buf_puts(&t.out, whole ? ")\\z" : ")");
		if (!t.out.full)
			code = compile(buf_str(&t.out));
	}
	buf_free(&t.out);
	if (!code)
		return NULL;
	re = xcalloc(1, sizeof(*re));
	re->code = code;
	re->match = pcre2_match_data_create(1, NULL);
	re->limits = pcre2_match_context_create(NULL);
	if (!re->match || !re->limits) {
		iregexp_free(&re);
		return NULL;
	}
	pcre2_set_match_limit(re->limits, MATCH_LIMIT);
	return re;
}

void iregexp_free(struct iregexp **rep)
{
	struct iregexp *re = *rep;

	*rep = NULL;
	if (!re)
		return;
	pcre2_match_context_free(re->limits);
	pcre2_match_data_free(re->match);
	pcre2_code_free(re->code);
	free(re);
}

int iregexp_match(struct iregexp *re, struct str subject)
{
	int rc = pcre2_dfa_match(
		re->code, (PCRE2_SPTR)(subject.p ? subject.p : ""), subject.len,
		0, PCRE2_NO_UTF_CHECK | PCRE2_DFA_SHORTEST, re->match,
		re->limits, re->workspace, WORKSPACE);

	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	return rc >= 0 ? 1 : -1;
}
