#include "css_token.h"

#include <sysexits.h>

#include "common/buf.h"

/* ---- characters ---- */

int css_peek_at(const struct css_parser *p, size_t ahead)
{
	size_t i = p->at + ahead;

	return i < p->in.len ? (unsigned char)p->in.p[i] : 0;
}

int css_peek(const struct css_parser *p)
{
	return css_peek_at(p, 0);
}

bool css_take(struct css_parser *p, char c)
{
	if (css_peek(p) != (unsigned char)c)
		return false;
	p->at++;
	return true;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

bool css_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c >= 0x80;
}

bool css_is_name(int c)
{
	return is_name_start(c) || css_is_digit(c) || c == '-';
}

static int hex_digit(int c)
{
	if (css_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int css_fail(struct css_parser *p, const char *expected)
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

void css_skip_comments(struct css_parser *p)
{
	while (css_peek(p) == '/' && css_peek_at(p, 1) == '*') {
		struct str rest = str_sub(p->in, p->at + 2, p->in.len);
		size_t end = str_find(rest, STR("*/"));

		p->at = end == (size_t)-1 ? p->in.len : p->at + 2 + end + 2;
	}
}

bool css_skip_space(struct css_parser *p)
{
	bool space = false;

	for (css_skip_comments(p); is_space(css_peek(p));
	     css_skip_comments(p)) {
		space = true;
		p->at++;
	}
	return space;
}

/* ---- tokens ---- */

static bool is_escape(const struct css_parser *p, size_t ahead)
{
	int next = css_peek_at(p, ahead + 1);

	return css_peek_at(p, ahead) == '\\' && next && next != '\n' &&
	       next != '\r' && next != '\f';
}

static void parse_escape(struct css_parser *p, struct buf *out)
{
	uint32_t c = 0;
	char enc[4];
	int n = 0;

	p->at++; /* the backslash */
	if (hex_digit(css_peek(p)) < 0) {
		buf_putc(out, p->in.p[p->at++]);
		return;
	}
	for (; n < 6 && hex_digit(css_peek(p)) >= 0; n++)
		c = c * 16 + (uint32_t)hex_digit(p->in.p[p->at++]);
	if (is_space(css_peek(p)))
		p->at++;
	if (c == 0 || c > 0x10ffff)
		c = 0xfffd;
	buf_add(out, enc, utf8_encode(c, enc));
}

static struct str keep(struct css_parser *p, struct buf *b)
{
	struct str s = arena_str(&p->css->arena, buf_str(b));

	buf_free(b);
	return s;
}

bool css_at_name(const struct css_parser *p)
{
	return css_is_name(css_peek(p)) || is_escape(p, 0);
}

void css_name(struct css_parser *p, struct str *name_r)
{
	struct buf out = { 0 };

	while (css_at_name(p)) {
		if (css_peek(p) == '\\')
			parse_escape(p, &out);
		else
			buf_putc(&out, p->in.p[p->at++]);
	}
	*name_r = keep(p, &out);
}

bool css_at_ident(const struct css_parser *p)
{
	size_t i = css_peek(p) == '-' ? 1 : 0;

	return is_name_start(css_peek_at(p, i)) || is_escape(p, i) ||
	       (i && css_peek_at(p, 1) == '-');
}

int css_ident(struct css_parser *p, const char *what, struct str *name_r)
{
	if (!css_at_ident(p))
		return css_fail(p, what);
	css_name(p, name_r);
	return 0;
}

static int parse_string(struct css_parser *p, struct str *s_r)
{
	struct buf out = { 0 };
	char quote = p->in.p[p->at++];

	while (css_peek(p) != (unsigned char)quote) {
		if (!css_peek(p) || css_peek(p) == '\n') {
			buf_free(&out);
			return css_fail(p, quote == '"' ? "closing \""
							: "closing '");
		}
		if (css_peek(p) == '\\' && css_peek_at(p, 1) == '\n')
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

int css_word(struct css_parser *p, const char *what, struct str *s_r)
{
	if (css_peek(p) == '"' || css_peek(p) == '\'')
		return parse_string(p, s_r);
	return css_ident(p, what, s_r);
}

struct str css_lower_case(struct css_parser *p, struct str s)
{
	char *out = arena_strdup(&p->css->arena, s);

	for (size_t i = 0; i < s.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] | 0x20);
	return (struct str){ out, s.len };
}
