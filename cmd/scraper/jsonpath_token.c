#include "jsonpath_token.h"

#include <string.h>
#include <sysexits.h>

#include "common/buf.h"

#define INT_MAX_EXACT ((1LL << 53) - 1) /* I-JSON, RFC 7493 */

bool path_fail(struct path_parser *p, size_t pos, const char *why)
{
	err_set(p->e, EX_CONFIG, "JSONPath: %s at byte %zu", why, pos + 1);
	return false;
}

char path_peek(const struct path_parser *p)
{
	return p->pos < p->text.len ? p->text.p[p->pos] : 0;
}

bool path_take(struct path_parser *p, const char *token)
{
	struct str t = str_from(token);

	if (!str_starts(str_sub(p->text, p->pos, p->text.len), t))
		return false;
	p->pos += t.len;
	return true;
}

void path_skip_space(struct path_parser *p)
{
	while (path_peek(p) && strchr(" \t\n\r", path_peek(p)))
		p->pos++;
}

bool path_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool path_is_name_first(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool hex4(struct path_parser *p, uint32_t *v_r)
{
	*v_r = 0;
	for (int i = 0; i < 4; i++, p->pos++) {
		char c = path_peek(p);

		if (path_is_digit(c))
			*v_r = *v_r << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			*v_r = *v_r << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return path_fail(p, p->pos, "hex digit expected");
	}
	return true;
}

/* Behind "\u". */
static bool unicode_escape(struct path_parser *p, struct buf *out)
{
	size_t start = p->pos;
	uint32_t cp, low;
	char utf8[4];

	if (!hex4(p, &cp))
		return false;
	if (cp >= 0xd800 && cp < 0xdc00) {
		if (!path_take(p, "\\u"))
			return path_fail(p, start, "half of a surrogate pair");
		if (!hex4(p, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return path_fail(p, start, "half of a surrogate pair");
		cp = 0x10000 + ((cp & 0x3ff) << 10) + (low & 0x3ff);
	} else if (cp >= 0xdc00 && cp < 0xe000) {
		return path_fail(p, start, "half of a surrogate pair");
	}
	buf_add(out, utf8, utf8_encode(cp, utf8));
	return true;
}

/* Behind the backslash. */
static bool escape(struct path_parser *p, char quote, struct buf *out)
{
	static const char from[] = "bfnrt/\\", to[] = "\b\f\n\r\t/\\";
	char c = path_peek(p);
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		buf_putc(out, to[at - from]);
	else if (c == quote)
		buf_putc(out, c);
	else if (c != 'u')
		return path_fail(p, p->pos, "unknown escape");
	p->pos++;
	return c != 'u' || unicode_escape(p, out);
}

bool path_string(struct path_parser *p, struct str *s_r)
{
	size_t start = p->pos;
	char quote = p->text.p[p->pos++];
	struct buf out = { 0 };
	bool ok = true;

	while (ok && p->pos < p->text.len && path_peek(p) != quote) {
		if ((unsigned char)path_peek(p) < 0x20)
			ok = path_fail(p, p->pos,
				       "control character in string");
		else if (path_take(p, "\\"))
			ok = escape(p, quote, &out);
		else
			buf_putc(&out, p->text.p[p->pos++]);
	}
	if (ok && p->pos == p->text.len)
		ok = path_fail(p, start, "string without end");
	p->pos++;
	*s_r = arena_str(&p->path->arena, buf_str(&out));
	buf_free(&out);
	return ok;
}

bool path_integer(struct path_parser *p, int64_t *v_r)
{
	size_t start = p->pos, digits;
	bool negative = path_take(p, "-");
	uint64_t v;

	digits = p->pos;
	while (path_is_digit(path_peek(p)))
		p->pos++;
	if (p->pos == digits)
		return path_fail(p, start, "integer expected");
	if (p->text.p[digits] == '0' && (p->pos - digits > 1 || negative))
		return path_fail(p, start, "leading zero or -0");
	if (!str_u64(str_sub(p->text, digits, p->pos), &v) || v > INT_MAX_EXACT)
		return path_fail(p, start, "integer beyond 2^53-1");
	*v_r = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

bool path_number(struct path_parser *p, struct expr *x)
{
	size_t start = p->pos;
	struct str s;

	while (path_peek(p) && strchr("+-.eE0123456789", path_peek(p)))
		p->pos++;
	s = str_sub(p->text, start, p->pos);
	/* The grammar is that of JSON. */
	if (json_check(s, 0, NULL))
		return path_fail(p, start, "malformed number");
	x->literal = JSON_NUMBER;
	x->text = arena_str(&p->path->arena, s);
	return true;
}
