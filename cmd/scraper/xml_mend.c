#include "xml_mend.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

enum { ATTRS_MAX = 100 }; /* of one tag that are kept */

struct mender {
	struct str rest;
	struct buf out;
	struct str open[XML_MEND_DEPTH_MAX];
	size_t n_open;
	bool no_cdata_end; /* none is left in rest */
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool starts_name(char c)
{
	return ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' || c == ':' ||
	       (c & 0x80);
}

static bool is_name_char(char c)
{
	return starts_name(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static char peek(const struct mender *m, size_t i)
{
	return i < m->rest.len ? m->rest.p[i] : '\0';
}

static struct str take(struct mender *m, size_t n)
{
	struct str s = str_sub(m->rest, 0, n);

	m->rest = str_sub(m->rest, s.len, m->rest.len);
	return s;
}

static void copy(struct mender *m, size_t n)
{
	buf_add_str(&m->out, take(m, n));
}

static void skip_spaces(struct mender *m)
{
	while (is_space(peek(m, 0)))
		take(m, 1);
}

static struct str take_name(struct mender *m)
{
	size_t n = 0;

	while (n < m->rest.len && is_name_char(m->rest.p[n]))
		n++;
	return take(m, n);
}

/* What HTML never closes, save for those that feeds use in another way. */
static bool is_void(struct str name)
{
	static const char *const names[] = { "br", "hr", "img", "input",
					     "wbr" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, str_from(names[i])))
			return true;
	return false;
}

static void close_innermost(struct mender *m)
{
	struct str name = m->open[--m->n_open];

	buf_addf(&m->out, "</%.*s>", STR_ARG(name));
}

/* ---- tags ---- */

/* Without quotes a value goes to the next space, or the end of the tag. */
static struct str take_value(struct mender *m)
{
	char quote = peek(m, 0);
	size_t n = 0;

	if (quote == '"' || quote == '\'') {
		struct str value;

		take(m, 1);
		n = str_chr(m->rest, quote);
		value = take(m, n == (size_t)-1 ? m->rest.len : n);
		take(m, 1);
		return value;
	}
	while (n < m->rest.len && !is_space(m->rest.p[n]) &&
	       m->rest.p[n] != '>' &&
	       !(m->rest.p[n] == '/' && peek(m, n + 1) == '>'))
		n++;
	return take(m, n);
}

static void put_value(struct mender *m, struct str value)
{
	buf_putc(&m->out, '"');
	for (size_t i = 0; i < value.len; i++) {
		if (value.p[i] == '<')
			buf_puts(&m->out, "&lt;");
		else if (value.p[i] == '"')
			buf_puts(&m->out, "&quot;");
		else
			buf_putc(&m->out, value.p[i]);
	}
	buf_putc(&m->out, '"');
}

/* Up to the tag's end; true if that closes the element, too. */
static bool mend_attributes(struct mender *m)
{
	struct str seen[ATTRS_MAX];
	size_t n_seen = 0;

	while (m->rest.len > 0) {
		struct str name, value = { 0 };
		bool again = false;

		skip_spaces(m);
		if (peek(m, 0) == '>' || peek(m, 0) == '<')
			break;
		if (peek(m, 0) == '/' && peek(m, 1) == '>') {
			take(m, 1);
			return true;
		}
		name = take_name(m);
		if (name.len == 0 || !starts_name(name.p[0])) {
			take(m, name.len == 0);
			continue;
		}
		skip_spaces(m);
		if (peek(m, 0) == '=') {
			take(m, 1);
			skip_spaces(m);
			value = take_value(m);
		}
		for (size_t i = 0; i < n_seen && !again; i++)
			again = str_eq(seen[i], name);
		if (again || n_seen == ATTRS_MAX)
			continue;
		seen[n_seen++] = name;
		buf_addf(&m->out, " %.*s=", STR_ARG(name));
		put_value(m, value);
	}
	return false;
}

static bool mend_start(struct mender *m)
{
	struct str name;
	bool closed;

	take(m, 1);
	name = take_name(m);
	if (m->n_open == XML_MEND_DEPTH_MAX)
		return false;
	buf_addf(&m->out, "<%.*s", STR_ARG(name));
	closed = mend_attributes(m) || is_void(name);
	if (peek(m, 0) == '>')
		take(m, 1);
	buf_puts(&m->out, closed ? "/>" : ">");
	if (!closed)
		m->open[m->n_open++] = name;
	return true;
}

static void mend_end(struct mender *m)
{
	struct str name;
	size_t i = m->n_open, end;

	take(m, 2);
	name = take_name(m);
	end = str_chr(m->rest, '<');
	end = str_chr(str_sub(m->rest, 0,
			      end < m->rest.len ? end : m->rest.len),
		      '>');
	if (end != (size_t)-1)
		take(m, end + 1);
	while (i > 0 && !str_eq_nocase(m->open[i - 1], name))
		i--;
	while (i > 0 && m->n_open >= i)
		close_innermost(m);
}

/* ---- what is no tag ---- */

/* From "<![CDATA[": to its end, or that of the element that it stands in. */
static void mend_cdata(struct mender *m)
{
	size_t end = (size_t)-1;

	if (!m->no_cdata_end)
		end = str_find(m->rest, STR("]]>"));
	m->no_cdata_end = end == (size_t)-1;
	if (!m->no_cdata_end) {
		copy(m, end + 3);
		return;
	}
	for (end = 0; end < m->rest.len; end++) {
		struct str at = str_sub(m->rest, end, m->rest.len);
		struct str name = m->n_open ? m->open[m->n_open - 1] : at;

		if (str_starts(at, STR("</")) &&
		    str_starts(str_sub(at, 2, at.len), name))
			break;
	}
	copy(m, end);
	buf_puts(&m->out, "]]>");
}

/* Behind the first of what ends it, or to the end of all. */
static void copy_to(struct mender *m, struct str end)
{
	size_t at = str_find(m->rest, end);

	copy(m, at == (size_t)-1 ? m->rest.len : at + end.len);
	if (at == (size_t)-1)
		buf_add_str(&m->out, end);
}

/* At a '<'. */
static bool mend_mark(struct mender *m)
{
	if (str_starts(m->rest, STR("<![CDATA[")))
		mend_cdata(m);
	else if (str_starts(m->rest, STR("<!--")))
		copy_to(m, STR("-->"));
	else if (str_starts(m->rest, STR("<!DOCTYPE")))
		copy_to(m, STR(">"));
	else if (str_starts(m->rest, STR("<?")))
		copy_to(m, STR("?>"));
	else if (peek(m, 1) == '/')
		mend_end(m);
	else if (starts_name(peek(m, 1)))
		return mend_start(m);
	else {
		take(m, 1);
		buf_puts(&m->out, "&lt;");
	}
	return true;
}

struct str xml_mend(struct str text, struct arena *a)
{
	struct mender m = { .rest = text };
	struct str mended = { 0 };
	bool ok = true;

	while (ok && m.rest.len > 0) {
		size_t n = str_chr(m.rest, '<');

		copy(&m, n == (size_t)-1 ? m.rest.len : n);
		if (m.rest.len > 0)
			ok = mend_mark(&m);
	}
	while (m.n_open > 0)
		close_innermost(&m);
	if (ok)
		mended = arena_str(a, buf_str(&m.out));
	buf_free(&m.out);
	return mended;
}
