#include "feed_simple.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

enum {
	OPEN_MAX = 32,	   /* blocks in blocks */
	INLINES_MAX = 100, /* of which some may stay open */
	NAME_MAX_LEN = 10,
};

struct reader {
	struct str rest;
	struct buf out;
	bool space, newline; /* to be written once something follows */
	struct str open[OPEN_MAX];
	size_t n_open, n_inlines;
};

static bool is_letter(char c)
{
	return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Between the parts of a tag. */
static bool is_tag_space(char c)
{
	return is_space(c) && c != '\v';
}

static bool is_inline(struct str name)
{
	static const char *const names[] = { "a",     "b",   "i",   "em",
					     "span",  "img", "u",   "strong",
					     "small", "sub", "sup", NULL };

	return str_is_any(name, names);
}

/* A constant, which outlives the tag; absent where it is no block. */
static struct str block_named(struct str name)
{
	static const char *const names[] = { "p",  "div", "ul",
					     "ol", "li",  "blockquote" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return str_from(names[i]);
	return (struct str){ 0 };
}

static char peek(const struct reader *r)
{
	return r->rest.len ? *r->rest.p : '\0';
}

static void skip(struct reader *r, size_t n)
{
	r->rest = str_sub(r->rest, n, r->rest.len);
}

/* ---- text ---- */

static void put(struct reader *r, struct str s)
{
	if (r->out.len && r->newline)
		buf_putc(&r->out, '\n');
	else if (r->out.len && r->space)
		buf_putc(&r->out, ' ');
	r->space = r->newline = false;
	buf_add_str(&r->out, s);
}

static bool read_number(struct reader *r, struct str digits)
{
	char text[4];
	uint64_t c;

	/* The others mean something else than what they say, or nothing. */
	if (!str_u64(digits, &c) || c <= ' ' || (c >= 0x7f && c <= 0xa0) ||
	    c >= 0xd800)
		return false;
	put(r, (struct str){ text, utf8_encode((uint32_t)c, text) });
	return true;
}

static bool read_entity(struct reader *r)
{
	static const struct {
		const char *name, *text;
	} entities[] = {
		{ "amp", "&" },	  { "lt", "<" },  { "gt", ">" },
		{ "quot", "\"" }, { "nbsp", "" },
	};
	size_t n = 1;
	struct str name;

	while (n < r->rest.len && n < NAME_MAX_LEN &&
	       (is_letter(r->rest.p[n]) || is_digit(r->rest.p[n]) ||
		r->rest.p[n] == '#'))
		n++;
	if (n == 1 && n < r->rest.len && is_space(r->rest.p[n])) {
		put(r, STR("&"));
		skip(r, 1);
		return true;
	}
	if (n == r->rest.len || r->rest.p[n] != ';')
		return false;
	name = str_sub(r->rest, 1, n);
	skip(r, n + 1);
	if (name.len > 1 && name.p[0] == '#')
		return read_number(r, str_sub(name, 1, name.len));
	for (size_t i = 0; i < ARRAY_LEN(entities); i++) {
		if (!str_is(name, entities[i].name))
			continue;
		if (*entities[i].text)
			put(r, str_from(entities[i].text));
		else
			r->space = true;
		return true;
	}
	return false;
}

static bool read_text(struct reader *r)
{
	size_t n = 0;

	while (n < r->rest.len && !is_space(r->rest.p[n]) &&
	       r->rest.p[n] != '<' && r->rest.p[n] != '&') {
		unsigned char c = (unsigned char)r->rest.p[n];

		if (c < ' ')
			return false;
		if (c == 0xc2 && n + 1 < r->rest.len &&
		    (unsigned char)r->rest.p[n + 1] == 0xa0)
			break;
		n++;
	}
	if (n > 0) {
		put(r, str_sub(r->rest, 0, n));
		skip(r, n);
	} else { /* a space, or a no-break space of two bytes */
		r->space = true;
		skip(r, is_space(peek(r)) ? 1 : 2);
	}
	return true;
}

/* ---- tags ---- */

static void skip_spaces(struct reader *r)
{
	while (r->rest.len && is_tag_space(*r->rest.p))
		skip(r, 1);
}

/* The name in lower case, in text; absent where there is none, or a long one. */
static struct str read_name(struct reader *r, char text[NAME_MAX_LEN])
{
	size_t n = 0;

	while (n < r->rest.len && n < NAME_MAX_LEN &&
	       (is_letter(r->rest.p[n]) || (n && is_digit(r->rest.p[n])))) {
		char c = r->rest.p[n];

		text[n++] = (char)(is_letter(c) ? c | 32 : c);
	}
	skip(r, n);
	return n ? (struct str){ text, n } : (struct str){ 0 };
}

static bool read_value(struct reader *r)
{
	char quote = peek(r);
	size_t n;

	if (quote == '"' || quote == '\'') {
		n = str_chr(str_sub(r->rest, 1, r->rest.len), quote);
		if (n == (size_t)-1)
			return false;
		skip(r, n + 2);
		return is_tag_space(peek(r)) || peek(r) == '>' ||
		       peek(r) == '/';
	}
	for (n = 0; n < r->rest.len && !is_tag_space(r->rest.p[n]) &&
		    !strchr("\"'<>=`", r->rest.p[n]);)
		n++;
	skip(r, n);
	return n > 0 && (is_tag_space(peek(r)) || peek(r) == '>');
}

/* To behind the '>'. What is hidden has no text. */
static bool read_attributes(struct reader *r)
{
	for (;;) {
		size_t n = 0;

		skip_spaces(r);
		if (peek(r) == '/')
			skip(r, 1);
		if (peek(r) == '>') {
			skip(r, 1);
			return true;
		}
		while (n < r->rest.len &&
		       (is_letter(r->rest.p[n]) || is_digit(r->rest.p[n]) ||
			strchr("-_:", r->rest.p[n])))
			n++;
		if (n == 0 ||
		    str_eq_nocase(str_sub(r->rest, 0, n), STR("hidden")))
			return false;
		skip(r, n);
		if (peek(r) != '=')
			continue;
		skip(r, 1);
		if (!read_value(r))
			return false;
	}
}

static struct str innermost(const struct reader *r)
{
	return r->n_open ? r->open[r->n_open - 1] : (struct str){ 0 };
}

static void close_paragraph(struct reader *r)
{
	if (str_is(innermost(r), "p"))
		r->n_open--;
}

static bool open_block(struct reader *r, struct str name)
{
	close_paragraph(r);
	/* An <li> ends the one before it. */
	if (str_is(name, "li") && str_is(innermost(r), "li"))
		r->n_open--;
	if (r->n_open == OPEN_MAX)
		return false;
	r->open[r->n_open++] = name;
	r->newline = true;
	return true;
}

static bool close_block(struct reader *r, struct str name)
{
	if (!str_is(name, "p"))
		close_paragraph(r);
	if (!str_is(name, "li") && str_is(innermost(r), "li"))
		r->n_open--;
	if (!str_eq(innermost(r), name))
		return false;
	r->n_open--;
	r->newline = true;
	return true;
}

static bool read_tag(struct reader *r)
{
	char text[NAME_MAX_LEN];
	struct str name, block;
	bool end;

	skip(r, 1);
	end = peek(r) == '/';
	skip(r, end);
	name = read_name(r, text);
	if (!name.p ||
	    (!is_tag_space(peek(r)) && peek(r) != '>' && peek(r) != '/'))
		return false;
	block = block_named(name);
	if (end) {
		skip_spaces(r);
		if (peek(r) != '>')
			return false;
		skip(r, 1);
		if (block.p)
			return close_block(r, block);
		return is_inline(name) && !str_is(name, "img");
	}
	if (!read_attributes(r))
		return false;
	if (str_is(name, "br"))
		r->newline = true;
	else if (block.p)
		return open_block(r, block);
	else
		return is_inline(name) && ++r->n_inlines < INLINES_MAX;
	return true;
}

bool feed_simple_text(struct str html, struct arena *a, struct str *text_r)
{
	struct reader r = { .rest = html };
	bool ok = str_is_utf8(html);

	while (ok && r.rest.len > 0)
		ok = *r.rest.p == '<'	? read_tag(&r)
		     : *r.rest.p == '&' ? read_entity(&r)
					: read_text(&r);
	if (ok)
		*text_r = arena_str(a, buf_str(&r.out));
	buf_free(&r.out);
	return ok;
}
