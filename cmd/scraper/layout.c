/*
 * Three passes over the document, each linear: forward for what every node is
 * by itself and how much visible text stands before it, backward for where it
 * ends, forward again for what it inherits.
 */
#include "layout.h"

#include <string.h>

#include "common/xmem.h"

#include "markup_words.h"

enum {
	HEADINGS_MAX = 300, /* of a kind that are compared with the names */
	TITLE_SCORE = 55,   /* at least: an <h1> has it by itself */
	LINKS_KEPT = 4,	    /* neighbours that may lead to the same */
};

static bool contains(struct str s, const char *part)
{
	return str_find(s, str_from(part)) != (size_t)-1;
}

/* The style attribute sets the property to this. */
static bool is_styled(const struct dom_node *n, const char *property,
		      const char *value)
{
	struct str rest = str_utf8_prefix(dom_attr(n, "style"), 1024);

	while (rest.len) {
		struct str one = str_cut(rest, ';', &rest), set, more;
		struct str name = str_trim(str_cut(one, ':', &set));

		set = str_trim(str_cut(set, '!', &more));
		if (str_eq_nocase(name, str_from(property)) &&
		    str_eq_nocase(set, str_from(value)))
			return true;
	}
	return false;
}

static bool is_hidden(const struct dom_node *n)
{
	static const bool tags[DOM_TAGS] = {
		[DOM_TAG_HEAD] = true,	   [DOM_TAG_SCRIPT] = true,
		[DOM_TAG_STYLE] = true,	   [DOM_TAG_TEMPLATE] = true,
		[DOM_TAG_NOSCRIPT] = true, [DOM_TAG_SVG] = true,
		[DOM_TAG_SELECT] = true,   [DOM_TAG_TEXTAREA] = true,
		[DOM_TAG_IFRAME] = true,   [DOM_TAG_DATALIST] = true
	};

	return tags[n->tag] || dom_attr(n, "hidden").p ||
	       is_styled(n, "display", "none") ||
	       is_styled(n, "visibility", "hidden");
}

bool layout_is_struck(const struct dom_node *n)
{
	struct str style;

	if (n->tag == DOM_TAG_DEL || n->tag == DOM_TAG_S ||
	    n->tag == DOM_TAG_STRIKE)
		return true;
	style = str_utf8_prefix(dom_attr(n, "style"), 1024);
	return style.len && contains(style, "line-through");
}

static bool is_aside(const struct dom_node *n, unsigned words)
{
	static const bool tags[DOM_TAGS] = { [DOM_TAG_NAV] = true,
					     [DOM_TAG_FOOTER] = true,
					     [DOM_TAG_ASIDE] = true };

	return (words & WORD_ASIDE) || tags[n->tag];
}

static bool is_link(const struct dom_node *n)
{
	struct str href = dom_attr(n, "href");

	return n->tag == DOM_TAG_A && href.len > 1 && href.p[0] != '#' &&
	       !str_starts(href, STR("javascript:"));
}

/* Characters that are not white space (a no-break space counts as one). */
static uint32_t visible_len(struct str s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (unsigned char)s.p[i] > ' ' &&
		     ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Parts that only the page of one product has. */
static bool is_for_one(const struct dom_node *n, unsigned words)
{
	return (words & WORD_BUYBOX) ||
	       (n->tag == DOM_TAG_BODY && (words & WORD_PRODUCT));
}

static void note_own(struct layout *l)
{
	const struct dom_node *root = l->dom->root;
	struct markup_seen *seen =
		arena_alloc(l->arena, MARKUP_SEEN * sizeof(*seen));
	uint32_t pos = 0;

	for (const struct dom_node *n = root; n; n = dom_walk(root, n)) {
		struct layout_note *o = layout_note(l, n);

		l->nodes[n->order] = n;
		o->pos = o->end = pos;
		if (n->parent)
			o->flags = layout_note(l, n->parent)->flags &
				   LAYOUT_HIDDEN;
		if (n->type == DOM_TEXT && !(o->flags & LAYOUT_HIDDEN))
			o->end = pos += visible_len(n->text);
		if (n->type != DOM_ELEMENT)
			continue;
		o->words = (uint16_t)markup_words(n, seen);
		l->for_one |= is_for_one(n, o->words);
		if (is_hidden(n))
			o->flags |= LAYOUT_HIDDEN;
	}
}

static void note_ends(struct layout *l)
{
	for (size_t i = l->n; i-- > 0;) {
		const struct dom_node *n = l->nodes[i];

		if (n && n->last)
			l->notes[i].end = layout_note(l, n->last)->end;
	}
}

/* A picture in large leads nowhere else. */
static bool is_to_picture(struct str href)
{
	static const char *const ends[] = { ".jpg",  ".jpeg", ".png",
					    ".webp", ".gif",  ".avif" };
	size_t query = str_chr(href, '?');

	href = query == (size_t)-1 ? href : str_sub(href, 0, query);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);

		if (href.len > n &&
		    str_eq_nocase(str_sub(href, href.len - n, href.len),
				  str_from(ends[i])))
			return true;
	}
	return false;
}

/*
 * Pictures that lead elsewhere, to what has a name there: in the link itself,
 * or in another beside it that leads to the same. The badge of a means of
 * payment has none.
 */
struct links {
	struct {
		struct str href;
		bool named;
		struct layout_note *picture; /* NULL: none in it */
	} last[LINKS_KEPT];
	size_t n; /* of all so far */
};

static void note_link(struct links *ls, const struct layout *l,
		      const struct dom_node *n)
{
	size_t k = ls->n++ % LINKS_KEPT;

	ls->last[k].href = dom_attr(n, "href");
	ls->last[k].named = layout_length(l, n) > 1;
	ls->last[k].picture = NULL;
	for (size_t i = 0; i < LINKS_KEPT && i < ls->n; i++) {
		if (i == k || !str_eq(ls->last[i].href, ls->last[k].href))
			continue;
		ls->last[k].named |= ls->last[i].named;
		ls->last[i].named |= ls->last[k].named;
		if (ls->last[i].named && ls->last[i].picture)
			ls->last[i].picture->flags |= LAYOUT_PICTURE;
	}
}

/* o: a picture in the link that was noted last. */
static void note_picture(struct links *ls, struct layout_note *o)
{
	size_t k = (ls->n - 1) % LINKS_KEPT;

	if (ls->n == 0 || is_to_picture(ls->last[k].href))
		return;
	ls->last[k].picture = o;
	if (ls->last[k].named)
		o->flags |= LAYOUT_PICTURE;
}

static void note_inherited(struct layout *l)
{
	struct links links = { .n = 0 };

	for (const struct dom_node *n = l->title_node; n; n = n->parent)
		layout_note(l, n)->flags |= LAYOUT_TITLE_PATH;
	for (size_t i = 0; i < l->n; i++) {
		const struct dom_node *n = l->nodes[i];
		struct layout_note *o = &l->notes[i];

		if (!n || !n->parent)
			continue;
		o->flags |= layout_note(l, n->parent)->flags &
			    (LAYOUT_STRUCK | LAYOUT_ASIDE | LAYOUT_LINK);
		if (n->type != DOM_ELEMENT)
			continue;
		if (layout_is_struck(n))
			o->flags |= LAYOUT_STRUCK;
		if (is_link(n)) {
			o->flags |= LAYOUT_LINK;
			note_link(&links, l, n);
		}
		if (!(o->flags & LAYOUT_TITLE_PATH) && is_aside(n, o->words))
			o->flags |= LAYOUT_ASIDE;
		if (n->tag == DOM_TAG_IMG && (o->flags & LAYOUT_LINK))
			note_picture(&links, o);
	}
	for (size_t i = l->n; i-- > 0;)
		if (l->nodes[i] && l->nodes[i]->parent)
			layout_note(l, l->nodes[i]->parent)->flags |=
				l->notes[i].flags & LAYOUT_PICTURE;
}

static bool is_inline(const struct dom_node *n)
{
	static const bool tags[DOM_TAGS] = {
		[DOM_TAG_SPAN] = true,	 [DOM_TAG_B] = true,
		[DOM_TAG_STRONG] = true, [DOM_TAG_EM] = true,
		[DOM_TAG_I] = true,	 [DOM_TAG_SUP] = true,
		[DOM_TAG_SMALL] = true,	 [DOM_TAG_FONT] = true,
		[DOM_TAG_SUB] = true,	 [DOM_TAG_INS] = true,
		[DOM_TAG_BDI] = true,	 [DOM_TAG_A] = true,
		[DOM_TAG_DATA] = true,	 [DOM_TAG_META] = true
	};

	return tags[n->tag];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * What stands between digits and the element behind them: two digits in an
 * element of their own are the hundredths, 12<sup>99</sup>; other digits are
 * another number.
 */
static void add_joint(struct buf *b, const struct dom_node *n)
{
	const char *between = is_inline(n) ? "" : " ";
	struct str s = STR("");

	while (n && n->type == DOM_ELEMENT)
		n = n->first;
	if (n && n->type == DOM_TEXT)
		s = str_trim(n->text);
	if (s.len == 2 && is_digit(s.p[0]) && is_digit(s.p[1]))
		between = ".";
	else if (s.len > 0 && is_digit(s.p[0]))
		between = "|";
	buf_puts(b, between);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* White space that sets the source out is one byte: an end of line, or " ". */
static void add_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len;) {
		size_t from = i;
		bool lines = false;

		while (i < s.len && !is_space(s.p[i]))
			i++;
		buf_add_str(b, str_sub(s, from, i));
		for (from = i; i < s.len && is_space(s.p[i]); i++)
			lines = lines || s.p[i] == '\n';
		if (i > from && b->len > 0 && !is_space(b->p[b->len - 1]))
			buf_putc(b, lines ? '\n' : ' ');
	}
}

struct str layout_text(const struct layout *l, const struct dom_node *top,
		       size_t max, struct buf *b)
{
	const struct dom_node *n = top;

	buf_reset(b);
	b->max = max;
	while (n && !b->full) {
		bool hidden = layout_note(l, n)->flags & LAYOUT_HIDDEN;

		if (n->type == DOM_TEXT && !hidden)
			add_text(b, n->text);
		if (n->type == DOM_ELEMENT && !hidden && n != top) {
			if (b->len > 0 && is_digit(b->p[b->len - 1]))
				add_joint(b, n);
			else if (!is_inline(n))
				buf_putc(b, ' ');
		}
		n = hidden ? dom_skip(top, n) : dom_walk(top, n);
	}
	return str_trim(buf_str(b));
}

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       (c & 0x80);
}

static bool has_word(struct str s, struct str word)
{
	for (size_t i = 0; i + word.len <= s.len; i++)
		if (!((s.p[i] ^ word.p[0]) & ~32) &&
		    str_eq_nocase(str_sub(s, i, i + word.len), word))
			return true;
	return false;
}

int layout_likeness(struct str s, struct str name)
{
	int found = 0, all = 0;
	size_t start = 0;

	for (size_t i = 0; i <= s.len && all < 24; i++) {
		if (i < s.len && is_word_char(s.p[i]))
			continue;
		/* Single letters and digits are in every name. */
		if (i > start + 1) {
			all++;
			found += has_word(name, str_sub(s, start, i));
		}
		start = i + 1;
	}
	return all ? 100 * found / all : 0;
}

static int title_score(const struct layout *l, const struct dom_node *n,
		       struct str text, const struct str *names, size_t n_names)
{
	static const bool tags[DOM_TAGS] = {
		[DOM_TAG_H1] = true, [DOM_TAG_H2] = true, [DOM_TAG_H3] = true
	};
	unsigned words = layout_note(l, n)->words;
	int like = 0, score = 0;

	for (size_t i = 0; i < n_names; i++) {
		int of_text, of_name;

		if (names[i].len == 0)
			continue;
		of_text = layout_likeness(text, names[i]);
		of_name = layout_likeness(names[i], text);
		like = of_text > like ? of_text : like;
		like = of_name > like ? of_name : like;
	}
	if (n->tag == DOM_TAG_H1)
		score += 60;
	else if (tags[n->tag])
		score += 20;
	if (words & WORD_TITLE)
		score += words & WORD_PRODUCT ? 30 : 10;
	if (is_aside(n, words) || layout_note(l, n)->flags & LAYOUT_LINK)
		score -= 30;
	return score + like;
}

/* main: the heading of the page; else lesser ones and what is called a title. */
static bool may_be_title(const struct layout *l, const struct dom_node *n,
			 bool main)
{
	static const bool tags[DOM_TAGS] = {
		[DOM_TAG_H2] = true, [DOM_TAG_H3] = true
	};
	const struct layout_note *o = layout_note(l, n);
	uint32_t len = o->end - o->pos;

	if ((o->flags & LAYOUT_HIDDEN) || len <= 1 || len >= LAYOUT_TITLE_MAX)
		return false;
	if (main)
		return n->tag == DOM_TAG_H1;
	return tags[n->tag] || (o->words & WORD_TITLE);
}

/* Judge the first of these headings; the best score so far, or the new one. */
static int try_headings(struct layout *l, const struct str *names,
			size_t n_names, bool main, int best)
{
	struct buf b = { 0 };
	int tried = 0;

	for (size_t i = 0; i < l->n && tried < HEADINGS_MAX; i++) {
		const struct dom_node *n = l->nodes[i];
		struct str text;
		int score;

		if (!n || n->type != DOM_ELEMENT || !may_be_title(l, n, main))
			continue;
		tried++;
		text = layout_text(l, n, 4 * LAYOUT_TITLE_MAX, &b);
		score = title_score(l, n, text, names, n_names);
		if (score <= best)
			continue;
		best = score;
		l->title_node = n;
		l->title = arena_str(l->arena, text);
	}
	buf_free(&b);
	return best;
}

static void find_title(struct layout *l, const struct str *names,
		       size_t n_names)
{
	int best = try_headings(l, names, n_names, true, TITLE_SCORE);

	try_headings(l, names, n_names, false, best);
}

struct layout *layout_read(const struct dom *d, const struct str *names,
			   size_t n_names, struct arena *a)
{
	struct layout *l = arena_alloc(a, sizeof(*l));

	l->dom = d;
	l->arena = a;
	l->n = d->n_nodes;
	l->nodes = arena_alloc(a, l->n * sizeof(*l->nodes));
	l->notes = arena_alloc(a, l->n * sizeof(*l->notes));
	note_own(l);
	note_ends(l);
	find_title(l, names, n_names);
	note_inherited(l);
	return l;
}
