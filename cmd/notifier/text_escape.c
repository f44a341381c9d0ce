#include "text_escape.h"

#include <stdio.h>

static size_t units_of(uint32_t cp, size_t bytes, enum text_unit unit)
{
	switch (unit) {
	case TEXT_BYTES: return bytes;
	case TEXT_UTF16: return cp > 0xffff ? 2 : 1;
	case TEXT_CHARACTERS: break;
	}
	return 1;
}

size_t text_units(struct str s, enum text_unit unit)
{
	size_t units = 0;

	while (s.len) {
		uint32_t cp;
		size_t n = utf8_decode(s, &cp);

		units += units_of(cp, n, unit);
		s = str_sub(s, n, s.len);
	}
	return units;
}

/* One character on its way, and room for what it becomes. */
struct escaped {
	struct str s;
	char room[16];
};

static void put(struct escaped *x, const char *text)
{
	x->s = str_from(text);
}

static bool entity(struct escaped *x, uint32_t cp)
{
	switch (cp) {
	case '&': put(x, "&amp;"); return true;
	case '<': put(x, "&lt;"); return true;
	case '>': put(x, "&gt;"); return true;
	}
	return false;
}

static void backslash(struct escaped *x, uint32_t cp)
{
	x->room[0] = '\\';
	x->room[1] = (char)cp;
	x->s = (struct str){ x->room, 2 };
}

static void percent(struct escaped *x, struct str raw)
{
	static const char free[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";

	if (raw.len == 1 && *raw.p && strchr(free, *raw.p))
		return;
	for (size_t i = 0; i < raw.len; i++) {
		x->room[3 * i] = '%';
		x->room[3 * i + 1] = hex[(unsigned char)raw.p[i] >> 4];
		x->room[3 * i + 2] = hex[(unsigned char)raw.p[i] & 15];
	}
	x->s = (struct str){ x->room, 3 * raw.len };
}

/* raw is one character, cp. */
static void escape(struct escaped *x, struct str raw, uint32_t cp,
		   enum text_escape how)
{
	bool control = (cp < ' ' && cp != '\n' && cp != '\t') || cp == 0x7f;

	x->s = raw;
	if (how == TEXT_URL) {
		percent(x, raw);
	} else if (how == TEXT_JSON) {
		if (cp == '"' || cp == '\\')
			backslash(x, cp);
		else if (cp < ' ')
			x->s = (struct str){ x->room,
					     (size_t)sprintf(x->room, "\\u%04x",
							     (unsigned)cp) };
	} else if (control) {
		x->s = (struct str){ 0 };
	} else if (how == TEXT_MARKDOWN) {
		if (cp < 0x80 && strchr("\\`*_~|<>#[]()", (int)cp))
			backslash(x, cp);
	} else if (how == TEXT_HTML && cp == '"') {
		put(x, "&quot;");
	} else if (how == TEXT_HTML || how == TEXT_MRKDWN) {
		(void)entity(x, cp);
	}
}

size_t text_escape_add(struct buf *b, struct str value, enum text_escape how,
		       enum text_unit unit, size_t room, size_t *units_r)
{
	size_t at = 0, used = 0;

	while (at < value.len) {
		struct str rest = str_sub(value, at, value.len);
		struct escaped x;
		uint32_t cp;
		size_t n = utf8_decode(rest, &cp), units;

		escape(&x, str_sub(rest, 0, n), cp, how);
		units = x.s.p == rest.p ? units_of(cp, n, unit)
					: text_units(x.s, unit);
		if (units > room - used)
			break;
		used += units;
		at += n;
		if (b)
			buf_add_str(b, x.s);
	}
	*units_r = used;
	return at;
}
