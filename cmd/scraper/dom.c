#include "dom.h"

#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

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

static bool is_invisible(const struct dom_node *n)
{
	static const bool tags[DOM_TAGS] = { [DOM_TAG_SCRIPT] = true,
					     [DOM_TAG_STYLE] = true,
					     [DOM_TAG_TEMPLATE] = true,
					     [DOM_TAG_NOSCRIPT] = true,
					     [DOM_TAG_HEAD] = true };

	return tags[n->tag] || dom_attr(n, "hidden").p;
}

/* HTML's "Rendering" section: what is not display: inline. */
static bool is_block(const struct dom_node *n)
{
	static const bool tags[DOM_TAGS] = {
		[DOM_TAG_DIV] = true,	     [DOM_TAG_P] = true,
		[DOM_TAG_LI] = true,	     [DOM_TAG_TR] = true,
		[DOM_TAG_BR] = true,	     [DOM_TAG_H1] = true,
		[DOM_TAG_H2] = true,	     [DOM_TAG_H3] = true,
		[DOM_TAG_H4] = true,	     [DOM_TAG_H5] = true,
		[DOM_TAG_H6] = true,	     [DOM_TAG_UL] = true,
		[DOM_TAG_OL] = true,	     [DOM_TAG_TABLE] = true,
		[DOM_TAG_ARTICLE] = true,    [DOM_TAG_SECTION] = true,
		[DOM_TAG_HEADER] = true,     [DOM_TAG_FOOTER] = true,
		[DOM_TAG_NAV] = true,	     [DOM_TAG_MAIN] = true,
		[DOM_TAG_ASIDE] = true,	     [DOM_TAG_FORM] = true,
		[DOM_TAG_FIELDSET] = true,   [DOM_TAG_LEGEND] = true,
		[DOM_TAG_DL] = true,	     [DOM_TAG_DT] = true,
		[DOM_TAG_DD] = true,	     [DOM_TAG_BLOCKQUOTE] = true,
		[DOM_TAG_PRE] = true,	     [DOM_TAG_FIGURE] = true,
		[DOM_TAG_FIGCAPTION] = true, [DOM_TAG_HR] = true,
		[DOM_TAG_ADDRESS] = true,    [DOM_TAG_BODY] = true,
		[DOM_TAG_HTML] = true,	     [DOM_TAG_THEAD] = true,
		[DOM_TAG_TBODY] = true,	     [DOM_TAG_TFOOT] = true,
		[DOM_TAG_CAPTION] = true,    [DOM_TAG_DETAILS] = true,
		[DOM_TAG_SUMMARY] = true,    [DOM_TAG_DIALOG] = true,
		[DOM_TAG_MENU] = true,	     [DOM_TAG_HGROUP] = true,
		[DOM_TAG_SEARCH] = true,     [DOM_TAG_OPTION] = true,
		[DOM_TAG_OPTGROUP] = true,   [DOM_TAG_SELECT] = true,
		[DOM_TAG_CENTER] = true,     [DOM_TAG_DIR] = true,
		[DOM_TAG_LISTING] = true,    [DOM_TAG_PLAINTEXT] = true,
		[DOM_TAG_XMP] = true
	};

	return tags[n->tag];
}

static bool is_cell(const struct dom_node *n)
{
	return n->tag == DOM_TAG_TD || n->tag == DOM_TAG_TH;
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
		if (!pre && n->tag == DOM_TAG_PRE)
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
