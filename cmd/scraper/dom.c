#include "dom.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

struct str dom_attr(const struct dom_node *n, const char *name)
{
	for (const struct dom_attr *at = n->attrs; at; at = at->next)
		if (str_is(at->name, name))
			return at->value;
	return (struct str){ 0 };
}

const struct dom_node *dom_skip(const struct dom_node *top,
				const struct dom_node *n)
{
	while (n != top) {
		if (n->next)
			return n->next;
		n = n->parent;
	}
	return NULL;
}

const struct dom_node *dom_walk(const struct dom_node *top,
				const struct dom_node *n)
{
	return n->first ? n->first : dom_skip(top, n);
}

struct str dom_text_content(const struct dom_node *n, struct arena *a)
{
	struct str s = { 0 };
	size_t len = 0;
	char *out;

	if (n->type == DOM_TEXT || n->type == DOM_COMMENT)
		return n->text;
	for (const struct dom_node *d = dom_walk(n, n); d; d = dom_walk(n, d))
		if (d->type == DOM_TEXT) {
			len += d->text.len;
			s = d->text;
		}
	if (len == s.len)
		return s.p ? s : STR("");
	out = arena_alloc(a, len + 1);
	s = (struct str){ out, len };
	for (const struct dom_node *d = dom_walk(n, n); d; d = dom_walk(n, d))
		if (d->type == DOM_TEXT) {
			memcpy(out, d->text.p, d->text.len);
			out += d->text.len;
		}
	return s;
}

#define N(lit)                         \
	{                              \
		(lit), sizeof(lit) - 1 \
	}

static bool is_among(struct str name, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool is_invisible(const struct dom_node *n)
{
	static const struct str names[] = {
		N("script"),   N("style"), N("template"),
		N("noscript"), N("head"),
	};

	return is_among(n->name, names, ARRAY_LEN(names)) ||
	       dom_attr(n, "hidden").p;
}

/* HTML's "Rendering" section: what is not display: inline. */
static bool is_block(const struct dom_node *n)
{
	static const struct str names[] = {
		N("div"),     N("p"),	   N("li"),	    N("tr"),
		N("br"),      N("h1"),	   N("h2"),	    N("h3"),
		N("h4"),      N("h5"),	   N("h6"),	    N("ul"),
		N("ol"),      N("table"),  N("article"),    N("section"),
		N("header"),  N("footer"), N("nav"),	    N("main"),
		N("aside"),   N("form"),   N("fieldset"),   N("legend"),
		N("dl"),      N("dt"),	   N("dd"),	    N("blockquote"),
		N("pre"),     N("figure"), N("figcaption"), N("hr"),
		N("address"), N("body"),   N("html"),	    N("thead"),
		N("tbody"),   N("tfoot"),  N("caption"),    N("details"),
		N("summary"), N("dialog"), N("menu"),	    N("hgroup"),
		N("search"),  N("option"), N("optgroup"),   N("select"),
		N("center"),  N("dir"),	   N("listing"),    N("plaintext"),
		N("xmp"),
	};

	return is_among(n->name, names, ARRAY_LEN(names));
}

static bool is_cell(const struct dom_node *n)
{
	static const struct str names[] = { N("td"), N("th") };

	return is_among(n->name, names, ARRAY_LEN(names));
}

/* Visible text in the making: gaps are written once something follows. */
struct lines {
	struct buf out;
	bool space, newline;
};

static void lines_add(struct lines *l, struct str text, bool keep_newlines)
{
	for (size_t i = 0, n; i < text.len; i += n) {
		uint32_t c;

		n = utf8_decode(str_sub(text, i, text.len), &c);
		if (c == '\n' && keep_newlines) {
			l->newline = true;
		} else if (c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0) {
			l->space = true;
		} else {
			if (l->out.len && l->newline)
				buf_putc(&l->out, '\n');
			else if (l->out.len && l->space)
				buf_putc(&l->out, ' ');
			l->space = l->newline = false;
			buf_add(&l->out, text.p + i, n);
		}
	}
}

static void lines_edge(struct lines *l, const struct dom_node *n)
{
	if (is_block(n))
		l->newline = true;
	else if (is_cell(n))
		l->space = true;
}

struct str dom_visible_text_but(const struct dom_node *top, const bool *ignored,
				struct arena *a)
{
	struct lines l = { 0 };
	const struct dom_node *n = top, *next;
	const struct dom_node *pre = NULL; /* the outermost <pre> around n */
	struct str s;

	for (; n; n = next) {
		bool seen =
			n == top || n->type != DOM_ELEMENT || !is_invisible(n);

		next = seen && !(ignored && ignored[n->order]) ? n->first
							       : NULL;
		if (n->type == DOM_TEXT)
			lines_add(&l, n->text, pre);
		else if (n->type == DOM_ELEMENT && seen)
			lines_edge(&l, n);
		if (!pre && str_is(n->name, "pre"))
			pre = n;
		/* Leave n, and what ends with it. */
		while (!next && n != top) {
			if (seen)
				lines_edge(&l, n);
			seen = true;
			if (n == pre)
				pre = NULL;
			next = n->next;
			n = n->parent;
		}
	}
	s = arena_str(a, buf_str(&l.out));
	buf_free(&l.out);
	return s;
}

struct str dom_visible_text(const struct dom_node *n, struct arena *a)
{
	return dom_visible_text_but(n, NULL, a);
}
