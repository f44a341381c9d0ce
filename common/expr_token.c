#include "common/expr_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

/* ---- mistakes ---- */

static void find_place(struct str before, unsigned *line_r, unsigned *column_r)
{
	*line_r = *column_r = 1;
	for (size_t i = 0; i < before.len; i++) {
		if (before.p[i] == '\n') {
			++*line_r;
			*column_r = 1;
		} else if ((before.p[i] & 0xc0) != 0x80) {
			++*column_r;
		}
	}
}

int expr_mistake(struct expr_parser *p, const char *at, const char *fmt, ...)
{
	unsigned line, column;
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	find_place(str_sub(p->text, 0, (size_t)(at - p->text.p)), &line,
		   &column);
	return err_set(p->e, EX_DATAERR, "line %u, column %u: %s", line, column,
		       what);
}

struct str expr_quote(struct str s)
{
	enum { QUOTE_MAX = 40 };

	return str_utf8_prefix(s, QUOTE_MAX);
}

/* ---- words ---- */

/* The language's own come first; then what others call them. */
static const struct {
	const char *word, *meant;
} words[] = {
	{ "and", NULL },
	{ "or", NULL },
	{ "not", NULL },
	{ "in", NULL },
	{ "contains", NULL },
	{ "starts", NULL },
	{ "mentions", NULL },
	{ "matches", NULL },
	{ "has", NULL },
	{ "true", NULL },
	{ "false", NULL },
	{ "null", NULL },
	{ "event", NULL },
	{ "data", NULL },
	{ "text", NULL },
	{ "exists", "has" },
	{ "includes", "contains" },
	{ "like", "contains" },
	{ "match", "matches" },
	{ "regex", "matches" },
	{ "regexp", "matches" },
	{ "rlike", "matches" },
	{ "startswith", "starts" },
	{ "starts_with", "starts" },
	{ "keywords", "mentions" },
	{ "nil", "null" },
	{ "none", "null" },
	{ "is", "==" },
	{ "eq", "==" },
	{ "ne", "!=" },
	{ "lt", "<" },
	{ "le", "<=" },
	{ "gt", ">" },
	{ "ge", ">=" },
};

bool expr_is_word(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(words) && !words[i].meant; i++)
		if (str_is(name, words[i].word))
			return true;
	return false;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/*
 * How many letters must be put in, left out, replaced or swapped with the one
 * beside them to make b of a, in any case of letters. 99: they are too long.
 */
static int distance(struct str a, struct str b)
{
	enum { LONG = 16, TOO_FAR = 99 };
	int d[LONG + 1][LONG + 1];

	if (a.len > LONG || b.len > LONG)
		return TOO_FAR;
	for (size_t i = 0; i <= a.len; i++) {
		for (size_t j = 0; j <= b.len; j++) {
			int c = i && j ? (a.p[i - 1] | 32) != (b.p[j - 1] | 32)
				       : 0;

			if (i == 0 || j == 0) {
				d[i][j] = (int)(i + j);
				continue;
			}
			d[i][j] = least(d[i - 1][j - 1] + c,
					least(d[i - 1][j], d[i][j - 1]) + 1);
			if (c && i > 1 && j > 1 &&
			    (a.p[i - 1] | 32) == (b.p[j - 2] | 32) &&
			    (a.p[i - 2] | 32) == (b.p[j - 1] | 32))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a.len][b.len];
}

/* Short words are near to many others: those must be nearer. */
static int near_enough(struct str word)
{
	return word.len <= 2 ? 0 : word.len <= 5 ? 1 : 2;
}

const char *expr_meant(struct str word, const char *const *list)
{
	const char *best = NULL;
	int least_d = near_enough(word) + 1;

	for (size_t i = 0; list ? list[i] != NULL : i < ARRAY_LEN(words); i++) {
		const char *ours = list ? list[i] : words[i].word;
		int d = distance(word, str_from(ours));

		if (d >= least_d)
			continue;
		least_d = d;
		best = list || !words[i].meant ? ours : words[i].meant;
	}
	/* What is right already was meant for another place. */
	return best && str_is(word, best) ? NULL : best;
}

/* ---- tokens ---- */

/* The longest first. Those of other languages say what they are here. */
static const struct {
	const char *sign, *ours;
} signs[] = {
	{ "=~", "matches" }, { "~", "matches" }, { "===", "==" },
	{ "!==", "!=" },     { "==", NULL },	 { "!=", NULL },
	{ "<=", NULL },	     { ">=", NULL },	 { "<>", "!=" },
	{ "=<", "<=" },	     { "=>", ">=" },	 { "&&", "and" },
	{ "||", "or" },	     { "<", NULL },	 { ">", NULL },
	{ "*", NULL },	     { "+", NULL },	 { "-", NULL },
	{ "(", NULL },	     { ")", NULL },	 { "[", NULL },
	{ "]", NULL },	     { ",", NULL },	 { ".", NULL },
	{ "=", "==" },	     { "!", "not" },	 { "&", "and" },
	{ "|", "or" },	     { "≤", "<=" },	 { "≥", ">=" },
	{ "≠", "!=" },	     { "“", "\"" },	 { "”", "\"" },
	{ "„", "\"" },	     { "‘", "'" },	 { "’", "'" },
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t name_len(struct str s)
{
	size_t n = 0;

	while (n < s.len && (is_letter(s.p[n]) || (n > 0 && is_digit(s.p[n]))))
		n++;
	return n;
}

bool expr_is_name(struct str s)
{
	return s.len > 0 && name_len(s) == s.len;
}

/* Up to its end as it may be meant: "5kg" is one, and no number. */
static size_t number_len(struct str s)
{
	size_t n = s.len > 0 && s.p[0] == '-';

	if (n == s.len || !is_digit(s.p[n]))
		return 0;
	for (; n < s.len; n++)
		if (!is_digit(s.p[n]) && !is_letter(s.p[n]) && s.p[n] != '.' &&
		    !((s.p[n] == '-' || s.p[n] == '+') &&
		      (s.p[n - 1] | 32) == 'e'))
			break;
	return n;
}

/* With both quotes; 0: the second is missing. */
static size_t string_len(struct str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == s.p[0])
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

static int next_sign(struct expr_parser *p)
{
	uint32_t cp;

	for (size_t i = 0; i < ARRAY_LEN(signs); i++) {
		struct str sign = str_from(signs[i].sign);

		if (!str_starts(p->rest, sign))
			continue;
		if (signs[i].ours)
			return expr_mistake(p, p->rest.p,
					    "'%s' has no meaning here; did you "
					    "mean %s?",
					    signs[i].sign, signs[i].ours);
		p->token.kind = EXPR_SIGN;
		p->token.text.len = sign.len;
		return 0;
	}
	return expr_mistake(p, p->rest.p,
			    "'%.*s' has no meaning here; an odd name is "
			    "written data[\"odd name\"]",
			    (int)utf8_decode(p->rest, &cp), p->rest.p);
}

static int next_token(struct expr_parser *p)
{
	struct expr_token *t = &p->token;
	char c = p->rest.p[0];

	t->text = p->rest;
	if (is_letter(c)) {
		t->kind = EXPR_NAME;
		t->text.len = name_len(p->rest);
		return 0;
	}
	if (c == '"' || c == '\'') {
		t->kind = EXPR_STRING;
		t->text.len = string_len(p->rest);
		return t->text.len ? 0
				   : expr_mistake(p, p->rest.p,
						  "text without end; a second "
						  "%c is missing",
						  c);
	}
	t->text.len = number_len(p->rest);
	if (t->text.len > 0) {
		t->kind = EXPR_NUMBER;
		return 0;
	}
	return next_sign(p);
}

int expr_next(struct expr_parser *p)
{
	while (p->rest.len > 0 && strchr(" \t\r\n", p->rest.p[0]) &&
	       p->rest.p[0])
		p->rest = str_sub(p->rest, 1, p->rest.len);
	if (p->rest.len == 0) {
		p->token = (struct expr_token){ EXPR_END, p->rest };
		return 0;
	}
	if (next_token(p))
		return -1;
	p->rest = str_sub(p->rest, p->token.text.len, p->rest.len);
	return 0;
}

bool expr_is(const struct expr_parser *p, const char *text)
{
	return (p->token.kind == EXPR_NAME || p->token.kind == EXPR_SIGN) &&
	       str_is(p->token.text, text);
}
