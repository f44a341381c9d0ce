/*
 * Three passes over the document, each linear: forward for what every node is
 * by itself and how much visible text stands before it, backward for where it
 * ends, forward again for what it inherits. Then the title, the buttons, and
 * the candidates are found with these notes; a candidate looks at no more than
 * a few of its ancestors.
 */
#include "markup.h"

#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xmem.h"

enum {
	CANDIDATE_LEN = 40, /* visible characters of a candidate, at most */
	LABEL_LEN = 60,	    /* of a button or a word about the stock */
	TITLE_LEN = 400,
	CARD_LEN = 240,	   /* of what shows another product */
	CLIMB_MAX = 6,	   /* ancestors that a text is tried with */
	BUTTONS_MAX = 400, /* kept; five times as many are looked at */
	TRIES_MAX = 50000, /* elements read as a price */
	LABELS_MAX = 3000, /* texts near the title looked at */
	SIGNATURES = 1024, /* kinds of candidates told apart; a power of 2 */
	CARDS_MIN = 3,	   /* amounts in one kind that make it a list */
};

enum flag {
	HIDDEN = 1 << 0,
	STRUCK = 1 << 1,
	ASIDE = 1 << 2,
	LINK = 1 << 3,
	TITLE_PATH = 1 << 4, /* the title is in it */
	TRIED = 1 << 5,	     /* was looked at as a candidate */
	PICTURE = 1 << 6,    /* has a picture that is a link */
};

struct note {
	uint32_t pos,
		end; /* visible characters before it, and before its end */
	uint16_t words;
	uint8_t flags;
};

struct reader {
	struct markup *m;
	const struct dom *dom;
	struct arena *arena;
	const struct price_hints *hints;
	const struct dom_node **nodes; /* by order */
	struct note *notes;	       /* by order */
	size_t n;
	uint32_t buttons[BUTTONS_MAX]; /* positions of those that buy */
	size_t n_buttons;
};

static struct note *note_of(const struct reader *r, const struct dom_node *n)
{
	return &r->notes[n->order];
}

static uint32_t length_of(const struct reader *r, const struct dom_node *n)
{
	return note_of(r, n)->end - note_of(r, n)->pos;
}

static bool name_is(const struct dom_node *n, const char *const *names)
{
	for (; *names; names++)
		if (str_is(n->name, *names))
			return true;
	return false;
}

static bool contains(struct str s, const char *part)
{
	return str_find(s, str_from(part)) != (size_t)-1;
}

static bool is_hidden(const struct dom_node *n)
{
	static const char *const names[] = { "head",	 "script",   "style",
					     "template", "noscript", "svg",
					     "select",	 "textarea", "iframe",
					     "datalist", NULL };
	struct str style = str_utf8_prefix(dom_attr(n, "style"), 1024);

	return name_is(n, names) || dom_attr(n, "hidden").p ||
	       contains(style, "display:none") ||
	       contains(style, "display: none") ||
	       contains(style, "visibility:hidden") ||
	       contains(style, "visibility: hidden");
}

static bool is_struck(const struct dom_node *n)
{
	static const char *const names[] = { "del", "s", "strike", NULL };

	return name_is(n, names) ||
	       contains(str_utf8_prefix(dom_attr(n, "style"), 1024),
			"line-through");
}

static bool is_aside(const struct dom_node *n, unsigned words)
{
	static const char *const names[] = { "nav", "footer", "aside", NULL };

	return (words & WORD_ASIDE) || name_is(n, names);
}

static bool is_link(const struct dom_node *n)
{
	struct str href = dom_attr(n, "href");

	return str_is(n->name, "a") && href.len > 1 && href.p[0] != '#' &&
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
	       (str_is(n->name, "body") && (words & WORD_PRODUCT));
}

static void note_own(struct reader *r)
{
	const struct dom_node *root = r->dom->root;
	uint32_t pos = 0;

	for (const struct dom_node *n = root; n; n = dom_walk(root, n)) {
		struct note *o = note_of(r, n);

		r->nodes[n->order] = n;
		o->pos = o->end = pos;
		if (n->parent)
			o->flags = note_of(r, n->parent)->flags & HIDDEN;
		if (n->type == DOM_TEXT && !(o->flags & HIDDEN))
			o->end = pos += visible_len(n->text);
		if (n->type != DOM_ELEMENT)
			continue;
		o->words = (uint16_t)markup_words(n);
		r->m->for_one |= is_for_one(n, o->words);
		if (is_hidden(n))
			o->flags |= HIDDEN;
	}
}

static void note_ends(struct reader *r)
{
	for (size_t i = r->n; i-- > 0;) {
		const struct dom_node *n = r->nodes[i];

		if (n && n->last)
			r->notes[i].end = note_of(r, n->last)->end;
	}
}

static void note_inherited(struct reader *r)
{
	for (const struct dom_node *n = r->m->title_node; n; n = n->parent)
		note_of(r, n)->flags |= TITLE_PATH;
	for (size_t i = 0; i < r->n; i++) {
		const struct dom_node *n = r->nodes[i];
		struct note *o = &r->notes[i];

		if (!n || !n->parent)
			continue;
		o->flags |=
			note_of(r, n->parent)->flags & (STRUCK | ASIDE | LINK);
		if (n->type != DOM_ELEMENT)
			continue;
		if (is_struck(n))
			o->flags |= STRUCK;
		if (is_link(n))
			o->flags |= LINK;
		if (!(o->flags & TITLE_PATH) && is_aside(n, o->words))
			o->flags |= ASIDE;
		if (str_is(n->name, "img") && (o->flags & LINK))
			o->flags |= PICTURE;
	}
	for (size_t i = r->n; i-- > 0;)
		if (r->nodes[i] && r->nodes[i]->parent)
			note_of(r, r->nodes[i]->parent)->flags |=
				r->notes[i].flags & PICTURE;
}

/* Whether a digit stands at the end of what was gathered. */
static bool after_digit(const struct buf *b)
{
	return b->len > 0 && b->p[b->len - 1] >= '0' && b->p[b->len - 1] <= '9';
}

static bool is_inline(const struct dom_node *n)
{
	static const char *const names[] = { "span", "b",    "strong", "em",
					     "i",    "sup",  "small",  "font",
					     "sub",  "ins",  "bdi",    "a",
					     "data", "meta", NULL };

	return name_is(n, names);
}

/*
 * Two digits in an element of their own, right behind other digits, are the
 * hundredths: 12<sup>99</sup>. Anything else there is another number.
 */
static bool is_fraction(const struct dom_node *n)
{
	struct str s;

	while (n && n->type == DOM_ELEMENT)
		n = n->first;
	s = n && n->type == DOM_TEXT ? str_trim(n->text) : STR("");
	return s.len == 2 && s.p[0] >= '0' && s.p[0] <= '9' && s.p[1] >= '0' &&
	       s.p[1] <= '9';
}

/* The visible text of a short element, as it would stand on one line. */
static struct str short_text(const struct reader *r, const struct dom_node *top,
			     size_t max, struct buf *b)
{
	const struct dom_node *n = top;

	buf_reset(b);
	b->max = max;
	while (n && !b->full) {
		bool hidden = note_of(r, n)->flags & HIDDEN;

		if (n->type == DOM_TEXT && !hidden)
			buf_add_str(b, n->text);
		if (n->type == DOM_ELEMENT && !hidden && n != top) {
			if (after_digit(b))
				buf_putc(b, is_fraction(n) ? '.' : '|');
			else if (!is_inline(n))
				buf_putc(b, ' ');
		}
		n = hidden ? dom_skip(top, n) : dom_walk(top, n);
	}
	return str_trim(buf_str(b));
}

/* ---- the title ---- */

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
	       (c & 0x80);
}

static bool has_word(struct str s, struct str word)
{
	for (size_t i = 0; i + word.len <= s.len; i++)
		if (str_eq_nocase(str_sub(s, i, i + word.len), word))
			return true;
	return false;
}

int markup_likeness(struct str s, struct str name)
{
	int found = 0, all = 0;
	size_t start = 0;

	for (size_t i = 0; i <= s.len && all < 24; i++) {
		if (i < s.len && is_word_char(s.p[i]))
			continue;
		if (i > start) {
			all++;
			found += has_word(name, str_sub(s, start, i));
		}
		start = i + 1;
	}
	return all ? 100 * found / all : 0;
}

static int title_score(const struct reader *r, const struct dom_node *n,
		       struct str text, const struct str *names, size_t n_names)
{
	static const char *const headings[] = { "h1", "h2", "h3", NULL };
	unsigned words = note_of(r, n)->words;
	int like = 0, score = 0;

	for (size_t i = 0; i < n_names; i++) {
		int percent;

		if (names[i].len == 0)
			continue;
		percent = markup_likeness(text, names[i]);
		like = percent > like ? percent : like;
	}
	if (str_is(n->name, "h1"))
		score += 60;
	else if (name_is(n, headings))
		score += 20;
	if (words & WORD_TITLE)
		score += words & WORD_PRODUCT ? 30 : 10;
	if (is_aside(n, words) || note_of(r, n)->flags & LINK)
		score -= 30;
	return score + like;
}

static bool may_be_title(const struct reader *r, const struct dom_node *n)
{
	static const char *const headings[] = { "h1", "h2", "h3", NULL };
	const struct note *o = note_of(r, n);
	uint32_t len = o->end - o->pos;

	return !(o->flags & HIDDEN) && len > 1 && len < TITLE_LEN &&
	       (name_is(n, headings) || (o->words & WORD_TITLE));
}

static void find_title(struct reader *r, const struct str *names,
		       size_t n_names)
{
	struct buf b = { 0 };
	int best = 70, tried = 0;

	for (size_t i = 0; i < r->n && tried < 500; i++) {
		const struct dom_node *n = r->nodes[i];
		struct str text;
		int score;

		if (!n || n->type != DOM_ELEMENT || !may_be_title(r, n))
			continue;
		tried++;
		text = short_text(r, n, 4 * TITLE_LEN, &b);
		score = title_score(r, n, text, names, n_names);
		if (score <= best)
			continue;
		best = score;
		r->m->title_node = n;
		r->m->title = arena_str(r->arena, text);
	}
	buf_free(&b);
}

/* ---- buttons and stock ---- */

static bool is_button(const struct dom_node *n)
{
	static const char *const names[] = { "button", "input", "a", NULL };

	return name_is(n, names) || str_is(dom_attr(n, "role"), "button");
}

static enum label button_label(const struct reader *r, const struct dom_node *n,
			       struct buf *b)
{
	static const char *const attrs[] = { "value", "title", "aria-label",
					     "alt" };
	enum label l = markup_label(short_text(r, n, 4 * LABEL_LEN, b));

	for (size_t i = 0; i < ARRAY_LEN(attrs) && l == LABEL_NONE; i++)
		l = markup_label(
			str_utf8_prefix(dom_attr(n, attrs[i]), 4 * LABEL_LEN));
	return l;
}

static void find_buttons(struct reader *r)
{
	struct buf b = { 0 };
	size_t tried = 0;

	for (size_t i = 0; i < r->n && tried < 5 * BUTTONS_MAX; i++) {
		const struct dom_node *n = r->nodes[i];
		const struct note *o = &r->notes[i];
		bool buys;

		if (!n || n->type != DOM_ELEMENT ||
		    (o->flags & (HIDDEN | ASIDE)) ||
		    length_of(r, n) > LABEL_LEN)
			continue;
		buys = (o->words & WORD_BUY) && !(o->words & WORD_PRICE);
		if (!buys && !is_button(n))
			continue;
		tried++;
		if (!buys && button_label(r, n, &b) != LABEL_BUY)
			continue;
		if (dom_attr(n, "disabled").p || r->n_buttons == BUTTONS_MAX)
			continue;
		r->buttons[r->n_buttons++] = o->pos;
	}
	buf_free(&b);
	r->m->can_buy = r->n_buttons > 0;
}

/* Visible characters between two positions. */
static uint32_t apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_about_stock(const struct reader *r, const struct dom_node *n)
{
	for (int up = 0; n && up < 4; up++, n = n->parent)
		if (note_of(r, n)->words & WORD_STOCK)
			return true;
	return false;
}

static void find_stock(struct reader *r)
{
	uint32_t title;
	size_t tried = 0;

	if (!r->m->title_node)
		return;
	title = note_of(r, r->m->title_node)->pos;
	for (size_t i = 0; i < r->n && tried < LABELS_MAX; i++) {
		const struct dom_node *n = r->nodes[i];
		enum label l;

		if (!n || n->type != DOM_TEXT ||
		    (r->notes[i].flags & (HIDDEN | ASIDE | LINK)) ||
		    length_of(r, n) == 0 || length_of(r, n) > LABEL_LEN ||
		    apart(r->notes[i].pos, title) > 2500)
			continue;
		tried++;
		l = markup_label(str_utf8_prefix(n->text, 4 * LABEL_LEN));
		if (l == LABEL_SOLD_OUT) {
			r->m->sold_out = true;
			r->m->sold_out_named |= is_about_stock(r, n->parent);
		}
		r->m->in_stock |= l == LABEL_IN_STOCK;
	}
}

/* ---- candidates ---- */

/* Digits with at most separators between them make one number. */
static unsigned count_numbers(struct str s)
{
	unsigned n = 0;
	bool in = false;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= '0' && c <= '9') {
			n += !in;
			in = true;
		} else if (in && !strchr(".,' ", c) && c != 0xa0 && c != 0xc2 &&
			   c != 0xe2 && c != 0x80 && c != 0xaf && c != 0x99) {
			in = false;
		}
	}
	return n;
}

static bool has_digit(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* What the names of n and of what holds it tightly say. */
static unsigned words_around(const struct reader *r, const struct dom_node *n)
{
	unsigned words = 0;

	for (int up = 0; n && up < 4; up++, n = n->parent) {
		if (up > 0 && length_of(r, n) > 2 * CANDIDATE_LEN)
			break;
		words |= note_of(r, n)->words;
	}
	return words;
}

static int score_words(const struct reader *r, const struct dom_node *n)
{
	unsigned own = note_of(r, n)->words, all = words_around(r, n);
	int score = 0;

	if (own & WORD_PRICE)
		score += 30;
	else if (all & WORD_PRICE)
		score += 20;
	if (all & WORD_NOW)
		score += 15;
	if (all & WORD_OLD)
		score -= all & WORD_NOW ? 20 : 40;
	if (all & WORD_EXTRA)
		score -= 35;
	return score;
}

/* Letters, and signs that make another thing of an amount. */
static int score_text(struct str s, bool has_currency)
{
	int score = has_currency ? 30 : 0;
	int letters = 0;

	for (size_t i = 0; i < s.len; i++)
		letters += (s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z';
	if (letters > 6)
		score -= 15;
	if (strchr("+-", s.p[0]))
		score -= 40;
	if (str_chr(s, '/') != (size_t)-1 || s.p[0] == '(')
		score -= 30;
	if (str_chr(s, '%') != (size_t)-1)
		score -= 80;
	return score;
}

static int score_place(const struct reader *r, const struct note *o)
{
	const struct dom_node *t = r->m->title_node;
	int score = 0, nearest = 600;

	if (t) {
		int title = (int)note_of(r, t)->end;
		int d = (int)o->pos - title;

		score = d >= 0 ? 30 - d / 40 : 10 + d / 20;
		score = score < -30 ? -30 : score;
	}
	for (size_t i = 0; i < r->n_buttons; i++) {
		int d = (int)apart(r->buttons[i], o->pos);

		nearest = d < nearest ? d : nearest;
	}
	score += 20 - nearest / 30;
	if (o->flags & STRUCK)
		score -= 80;
	if (o->flags & ASIDE)
		score -= 60;
	if (o->flags & LINK)
		score -= 25;
	return score;
}

/*
 * A small part of the page, without its title, that has a picture leading
 * elsewhere: the card of another product.
 */
static bool in_card(const struct reader *r, const struct dom_node *n)
{
	for (int up = 0; n && up < 2 * CLIMB_MAX; up++, n = n->parent) {
		unsigned flags = note_of(r, n)->flags;

		if ((flags & TITLE_PATH) || length_of(r, n) > CARD_LEN)
			return false;
		if (flags & PICTURE)
			return true;
	}
	return false;
}

/* The currency is the text's own: a hint only tells which "$" it is. */
static bool read_price(const struct reader *r, struct str text,
		       struct markup_price *p)
{
	struct price got;

	if (!price_parse(text, (struct str){ 0 }, NULL, &got) ||
	    decimal_sign(got.amount) <= 0)
		return false;
	p->amount = got.amount;
	if (!got.currency[0])
		return true;
	price_parse(text, (struct str){ 0 }, r->hints, &got);
	p->amount = got.amount;
	p->currency = arena_str(r->arena, str_from(got.currency));
	return true;
}

static void try_candidate(struct reader *r, const struct dom_node *n,
			  struct buf *b)
{
	struct note *o = note_of(r, n);
	struct markup *m = r->m;
	struct markup_price p = { .node = n, .pos = o->pos };
	struct str text = short_text(r, n, 4 * CANDIDATE_LEN, b);
	unsigned words;

	if (b->full || count_numbers(text) != 1 || !read_price(r, text, &p))
		return;
	words = words_around(r, n);
	if (!p.currency.p && !(words & WORD_PRICE))
		return;
	p.text = arena_str(r->arena, text);
	p.score = score_text(text, p.currency.p != NULL) + score_words(r, n) +
		  score_place(r, o);
	p.struck = o->flags & STRUCK;
	p.old = p.struck || (words & WORD_OLD);
	p.aside = o->flags & ASIDE;
	if (in_card(r, n)) {
		p.score -= 40;
		p.listed = true;
	}
	m->prices[m->n_prices++] = p;
}

static void find_prices(struct reader *r)
{
	struct markup *m = r->m;
	struct buf b = { 0 };
	size_t tries = 0;

	m->prices =
		arena_alloc(r->arena, MARKUP_PRICES_MAX * sizeof(*m->prices));
	for (size_t i = 0; i < r->n; i++) {
		const struct dom_node *n = r->nodes[i];

		if (!n || n->type != DOM_TEXT || (r->notes[i].flags & HIDDEN) ||
		    length_of(r, n) > CANDIDATE_LEN || !has_digit(n->text))
			continue;
		for (int up = 0; up < CLIMB_MAX && n->parent; up++) {
			struct note *o;

			n = n->parent;
			o = note_of(r, n);
			if (length_of(r, n) > CANDIDATE_LEN ||
			    (o->flags & TRIED))
				break;
			o->flags |= TRIED;
			if (m->n_prices == MARKUP_PRICES_MAX ||
			    ++tries > TRIES_MAX)
				goto out;
			try_candidate(r, n, &b);
		}
	}
out:
	buf_free(&b);
}

/* ---- the judgement ---- */

/* Elements that are made alike: names and classes up to the grandparent. */
static uint64_t signature(const struct dom_node *n)
{
	uint64_t h = 0;

	for (int up = 0; n && up < 3; up++, n = n->parent)
		h = h * 31 + str_hash(n->name) +
		    str_hash(str_utf8_prefix(dom_attr(n, "class"), 256));
	return h;
}

/* Many amounts in elements made alike are a list, and the offer is not. */
static void score_lists(struct reader *r)
{
	struct markup *m = r->m;
	struct {
		uint64_t sig;
		struct decimal first;
		unsigned others;
	} *table = arena_alloc(r->arena, SIGNATURES * sizeof(*table));

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < m->n_prices; i++) {
			struct markup_price *p = &m->prices[i];
			uint64_t sig = signature(p->node) | 1;
			size_t k = (sig >> 1) & (SIGNATURES - 1);

			if (table[k].sig == 0) {
				table[k].sig = sig;
				table[k].first = p->amount;
			} else if (table[k].sig != sig) {
				continue;
			}
			if (pass == 0) {
				table[k].others += decimal_cmp(table[k].first,
							       p->amount) != 0;
			} else if (table[k].others + 1 >= CARDS_MIN) {
				p->score -= 35;
				p->listed = true;
			}
		}
	}
}

/* The same amount elsewhere, in the open, is a witness. */
static void score_repeats(struct markup *m)
{
	size_t n = m->n_prices < 200 ? m->n_prices : 200;

	for (size_t i = 0; i < n; i++) {
		int more = 0;

		for (size_t k = 0; k < n && more < 3; k++)
			more += k != i && !m->prices[k].aside &&
				!m->prices[k].old &&
				m->prices[k].pos != m->prices[i].pos &&
				decimal_cmp(m->prices[k].amount,
					    m->prices[i].amount) == 0;
		m->prices[i].score += 6 * more;
	}
}

/* A former price needs a present one beside it; alone, it is the price. */
static void clear_lone_old(struct markup *m)
{
	size_t n = m->n_prices < 200 ? m->n_prices : 200;

	for (size_t i = 0; i < n; i++) {
		struct markup_price *p = &m->prices[i];
		bool lone = p->old && !p->struck;

		for (size_t k = 0; k < n && lone; k++)
			lone = m->prices[k].old ||
			       apart(m->prices[k].pos, p->pos) > 150 ||
			       decimal_cmp(m->prices[k].amount, p->amount) >=
				       0 ||
			       m->prices[k].score < 0;
		if (!lone)
			continue;
		p->old = false;
		p->score += 30;
	}
}

static void choose(struct markup *m)
{
	for (size_t i = 0; i < m->n_prices; i++)
		if (!m->best || m->prices[i].score > m->best->score)
			m->best = &m->prices[i];
	for (size_t i = 0; i < m->n_prices; i++) {
		const struct markup_price *p = &m->prices[i];

		if (!p->old || p->aside ||
		    decimal_cmp(p->amount, m->best->amount) <= 0 ||
		    apart(p->pos, m->best->pos) > 120)
			continue;
		if (!m->list || p->score > m->list->score)
			m->list = p;
	}
}

struct markup *markup_read(const struct dom *d, const struct str *names,
			   size_t n_names, const struct price_hints *hints,
			   struct arena *a)
{
	struct reader *r = arena_alloc(a, sizeof(*r));
	size_t last = 0;

	for (const struct dom_node *n = d->root; n; n = dom_walk(d->root, n))
		last = n->order > last ? n->order : last;
	r->m = arena_alloc(a, sizeof(*r->m));
	r->dom = d;
	r->arena = a;
	r->hints = hints;
	r->n = last + 1;
	r->nodes = arena_alloc(a, r->n * sizeof(*r->nodes));
	r->notes = arena_alloc(a, r->n * sizeof(*r->notes));
	note_own(r);
	note_ends(r);
	find_title(r, names, n_names);
	note_inherited(r);
	find_buttons(r);
	find_stock(r);
	find_prices(r);
	score_lists(r);
	score_repeats(r->m);
	clear_lone_old(r->m);
	choose(r->m);
	return r->m;
}

bool markup_is_old(const struct dom_node *n)
{
	for (int up = 0; n && n->type == DOM_ELEMENT && up < 3;
	     up++, n = n->parent) {
		unsigned words = markup_words(n);

		if (is_struck(n) || ((words & WORD_OLD) && !(words & WORD_NOW)))
			return true;
	}
	return false;
}
