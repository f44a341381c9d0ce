#include "mail.h"

#include <stdio.h>
#include <string.h>

#include "common/base64.h"
#include "common/clk.h"

enum { LINE = 76, WORD_FRAME = 12 }; /* "=?UTF-8?B?" and "?=" */

/* ---- addresses ---- */

/* Of an atom (RFC 5322, 3.2.3; RFC 6532, 3.2), or a dot. */
static bool is_atom_char(unsigned char c)
{
	return c >= 0x80 ||
	       (c > ' ' && c < 0x7f && !strchr("()<>[]:;@\\,\"", c));
}

bool mail_is_address(struct str text)
{
	size_t at = str_find(text, STR("@"));
	struct str local = str_sub(text, 0, at),
		   domain = str_sub(text, at + 1, text.len);

	if (at == (size_t)-1 || !local.len || !domain.len ||
	    text.len > MAIL_ADDRESS_MAX || !str_is_utf8(text) ||
	    *domain.p == '.' || domain.p[domain.len - 1] == '.')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (i != at && !is_atom_char((unsigned char)text.p[i]))
			return false;
	return true;
}

bool mail_parse_address(struct str text, struct str *name_r,
			struct str *address_r)
{
	struct str rest, name = str_cut(text, '<', &rest);

	*name_r = (struct str){ 0 };
	*address_r = str_trim(text);
	if (rest.p) {
		name = str_trim(name);
		if (name.len > 1 && *name.p == '"' && str_ends(name, STR("\"")))
			name = str_sub(name, 1, name.len - 1);
		*name_r = name;
		rest = str_trim(rest);
		if (!str_ends(rest, STR(">")))
			return false;
		*address_r = str_trim(str_sub(rest, 0, rest.len - 1));
	}
	return str_is_utf8(text) && mail_is_address(*address_r);
}

/* ---- headers ---- */

/* Can it stand as it is, in room for so many characters? */
static bool is_plain(struct str text, size_t room)
{
	if (text.len > room || str_find(text, STR("=?")) != (size_t)-1 ||
	    str_trim(text).len != text.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

/*
 * Encoded words of whole characters, on as many lines as they need; column is
 * that of the first one. Control characters are blanks.
 */
static void add_words(struct buf *b, size_t column, struct str text)
{
	while (text.len) {
		size_t room = (LINE - WORD_FRAME - column) / 4 * 3;
		char word[LINE];
		size_t len = 0;

		while (text.len) {
			uint32_t cp;
			size_t n = utf8_decode(text, &cp);

			if (len + n > room)
				break;
			memcpy(word + len, text.p, n);
			if (cp < ' ' || cp == 0x7f)
				word[len] = ' ';
			len += n;
			text = str_sub(text, n, text.len);
		}
		buf_puts(b, "=?UTF-8?B?");
		base64_add(b, (struct str){ word, len });
		buf_puts(b, text.len ? "?=\r\n " : "?=");
		column = 1;
	}
}

void mail_add_text(struct buf *b, const char *name, struct str text)
{
	size_t column = strlen(name) + 2;

	buf_addf(b, "%s: ", name);
	if (is_plain(text, LINE - column))
		buf_add_str(b, text);
	else
		add_words(b, column, text);
	buf_puts(b, "\r\n");
}

void mail_add_address(struct buf *b, const char *header, struct str name,
		      struct str address)
{
	size_t column = strlen(header) + 2;

	buf_addf(b, "%s: ", header);
	if (!name.len) {
		buf_add_str(b, address);
	} else {
		/* A quoted string, where there is nothing to quote in it. */
		if (is_plain(name, LINE - column - 2) &&
		    !memchr(name.p, '"', name.len) &&
		    !memchr(name.p, '\\', name.len))
			buf_addf(b, "\"%.*s\"", STR_ARG(name));
		else
			add_words(b, column, name);
		buf_addf(b, "\r\n <%.*s>", STR_ARG(address));
	}
	buf_puts(b, "\r\n");
}

void mail_add_date(struct buf *b, int64_t us)
{
	static const char days[] = "ThuFriSatSunMonTueWed",
			  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int64_t s = us / 1000000 - (us % 1000000 < 0);
	int64_t day = s / 86400 - (s % 86400 < 0);
	int second = (int)(s - day * 86400), y, m, d;
	int week = (int)((day % 7 + 7) % 7);

	clk_date(day, &y, &m, &d);
	buf_addf(b, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\r\n",
		 days + (ptrdiff_t)week * 3, d, months + (ptrdiff_t)(m - 1) * 3,
		 y, second / 3600, second / 60 % 60, second % 60);
}

/* ---- bodies ---- */

/* Does a character stand for itself? Not where a server would change it. */
static bool is_quoted(struct str text, size_t i, size_t column)
{
	unsigned char c = (unsigned char)text.p[i];
	bool last = i + 1 == text.len || text.p[i + 1] == '\n';

	if (column == 0 && (c == '.' || c == 'F' || c == '-'))
		return true;
	if (c == ' ' || c == '\t')
		return last;
	return c < ' ' || c > '~' || c == '=';
}

void mail_add_quoted(struct buf *b, struct str text)
{
	size_t column = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool quoted = is_quoted(text, i, column);

		if (c == '\n') {
			buf_puts(b, "\r\n");
			column = 0;
			continue;
		}
		if (column + (quoted ? 3 : 1) > LINE - 1) {
			buf_puts(b, "=\r\n");
			column = 0;
			quoted = is_quoted(text, i, column);
		}
		if (quoted)
			buf_addf(b, "=%02X", c);
		else
			buf_putc(b, (char)c);
		column += quoted ? 3 : 1;
	}
	if (column)
		buf_puts(b, "\r\n");
}

void mail_add_base64(struct buf *b, struct str bytes)
{
	while (bytes.len) {
		base64_add(b, str_sub(bytes, 0, LINE / 4 * 3));
		buf_puts(b, "\r\n");
		bytes = str_sub(bytes, LINE / 4 * 3, bytes.len);
	}
}
