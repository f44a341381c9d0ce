#include "feed_text.h"

#include "common/buf.h"

#include "dom.h"
#include "feed_simple.h"

enum { HTML_MAX = 65536 }; /* bytes of one text that are looked at */

struct str feed_html_text(struct str html, struct arena *a)
{
	struct arena scratch = { 0 };
	struct dom *d;

	if (str_chr(html, '<') == (size_t)-1 &&
	    str_chr(html, '&') == (size_t)-1)
		return html;
	if (feed_simple_text(str_utf8_prefix(html, HTML_MAX), a, &html))
		return html;
	d = dom_parse_html(str_utf8_prefix(html, HTML_MAX),
			   STR("text/html; charset=utf-8"), &scratch, NULL);
	if (d)
		html = arena_str(a, dom_visible_text(d->root, &scratch));
	arena_free(&scratch);
	return html;
}

bool feed_looks_like_html(struct str s)
{
	for (size_t i = 0; i + 2 < s.len; i++)
		if (s.p[i] == '<' && s.p[i + 1] == '/' &&
		    (s.p[i + 2] | 32) >= 'a' && (s.p[i + 2] | 32) <= 'z')
			return true;
	return false;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct str feed_base64(struct str s, struct arena *a)
{
	char *out = arena_alloc(a, s.len / 4 * 3 + 4);
	size_t len = 0;
	unsigned bits = 0, n_bits = 0;

	for (size_t i = 0; i < s.len && s.p[i] != '='; i++) {
		int d = base64_digit(s.p[i]);

		if (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'))
			continue;
		if (d < 0)
			return (struct str){ 0 };
		bits = (bits << 6 | (unsigned)d) & 0xffff;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		out[len++] = (char)(bits >> n_bits & 0xff);
	}
	return (struct str){ out, len };
}

struct str feed_person(struct str name, struct str mail, struct arena *a)
{
	struct buf b = { 0 };
	struct str s;

	name = str_trim(name);
	mail = str_trim(mail);
	if (name.len == 0 || mail.len == 0)
		return name.len ? name : mail;
	buf_addf(&b, "%.*s (%.*s)", STR_ARG(name), STR_ARG(mail));
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static bool is_mail(struct str s)
{
	return str_chr(s, '@') != (size_t)-1 && str_chr(s, ' ') == (size_t)-1;
}

struct str feed_person_text(struct str text, struct arena *a)
{
	struct str before, inside, rest;
	char open = '(', close = ')';

	text = str_trim(text);
	if (str_chr(text, '<') != (size_t)-1) {
		open = '<';
		close = '>';
	}
	before = str_trim(str_cut(text, open, &rest));
	inside = str_trim(str_cut(rest, close, &rest));
	if (inside.len == 0 || str_trim(rest).len > 0)
		return text;
	if (is_mail(inside))
		return feed_person(before, inside, a);
	return is_mail(before) ? feed_person(inside, before, a) : text;
}
