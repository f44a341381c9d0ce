/*
 * Candidates are found from the texts that have digits upwards; a candidate
 * looks at no more than a few of its ancestors, so that all is linear in the
 * size of the page.
 */
#include "markup.h"

#include <string.h>

#include "common/xmem.h"

#include "layout.h"
#include "markup_beside.h"
#include "markup_text.h"

enum {
	CANDIDATE_LEN = 40, /* visible characters of a candidate, at most */
	LABEL_LEN = 60,	    /* of a button or a word about the stock */
	CARD_LEN = 240,	    /* of what shows another product */
	CLIMB_MAX = 6,	    /* ancestors that a text is tried with */
	BUTTONS_MAX = 400,  /* kept; five times as many are looked at */
	TRIES_MAX = 50000,  /* elements read as a price */
	LABELS_MAX = 3000,  /* texts near the title looked at */
	SOLD_OUT_MAX = 64,  /* of these, kept that say "sold out" */
	BESIDE_LEAST = 20,  /* score of one worth asking what stands beside */
	NEAR_TITLE = 2500,  /* visible characters to what is of its product */
	BESIDE = 300,	    /* visible characters to what is about a price */
	TWIN = 20,	    /* visible characters to the same price again */
	PART = 8,	    /* candidates between a price and its part */
	SIGNATURES = 1024,  /* kinds of candidates told apart; a power of 2 */
	CARDS_MIN = 3,	    /* amounts in one kind that make it a list */
};

struct reader {
	struct markup *m;
	const struct layout *l;
	const struct price_hints *hints;
	bool *tried; /* by order: elements that were looked at */
	uint32_t buttons[BUTTONS_MAX]; /* positions of those that buy */
	size_t n_buttons;
	uint32_t sold_out[SOLD_OUT_MAX]; /* positions of words that say it */
	size_t n_sold_out;
	size_t cap; /* of m->prices */
};

static bool is_button(const struct dom_node *n)
{
	static const bool tags[DOM_TAGS] = { [DOM_TAG_BUTTON] = true,
					     [DOM_TAG_INPUT] = true,
					     [DOM_TAG_A] = true };

	return tags[n->tag] || str_is(dom_attr(n, "role"), "button");
}

static enum label button_label(const struct reader *r, const struct dom_node *n,
			       struct buf *b)
{
	static const char *const attrs[] = { "value", "title", "aria-label",
					     "alt" };
	enum label l = markup_label(layout_text(r->l, n, 4 * LABEL_LEN, b));

	for (size_t i = 0; i < ARRAY_LEN(attrs) && l == LABEL_NONE; i++)
		l = markup_label(
			str_utf8_prefix(dom_attr(n, attrs[i]), 4 * LABEL_LEN));
	return l;
}

static void find_buttons(struct reader *r)
{
	struct buf b = { 0 };
	size_t tried = 0;

	for (size_t i = 0; i < r->l->n && tried < 5 * BUTTONS_MAX; i++) {
		const struct dom_node *n = r->l->nodes[i];
		const struct layout_note *o = &r->l->notes[i];
		bool buys;

		if (!n || n->type != DOM_ELEMENT ||
		    (o->flags & (LAYOUT_HIDDEN | LAYOUT_ASIDE)) ||
		    layout_length(r->l, n) > LABEL_LEN)
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
}

static void place_buttons(struct reader *r)
{
	const struct dom_node *t = r->l->title_node;
	struct markup *m = r->m;

	m->can_buy = r->n_buttons > 0;
	m->can_buy_here = m->can_buy && !t;
	for (size_t i = 0; t && i < r->n_buttons; i++)
		m->can_buy_here |= layout_apart(layout_note(r->l, t)->pos,
						r->buttons[i]) <= NEAR_TITLE;
}

static bool is_about_stock(const struct reader *r, const struct dom_node *n)
{
	for (int up = 0; n && up < 4; up++, n = n->parent)
		if (layout_note(r->l, n)->words & WORD_STOCK)
			return true;
	return false;
}

/*
 * A small part of the page, without its title, that has a picture leading
 * elsewhere: the card of another product.
 */
static bool in_card(const struct reader *r, const struct dom_node *n)
{
	for (int up = 0; n && up < 2 * CLIMB_MAX; up++, n = n->parent) {
		unsigned flags = layout_note(r->l, n)->flags;

		if ((flags & LAYOUT_TITLE_PATH) ||
		    layout_length(r->l, n) > CARD_LEN)
			return false;
		if (flags & LAYOUT_PICTURE)
			return true;
	}
	return false;
}

/* What can be chosen, as a size, says nothing of the rest. */
static bool is_choice(const struct dom_node *n)
{
	static const bool tags[DOM_TAGS] = {
		[DOM_TAG_OPTION] = true, [DOM_TAG_LABEL] = true
	};

	for (int up = 0; n && up < 3; up++, n = n->parent)
		if (tags[n->tag])
			return true;
	return false;
}

static void take_stock(struct reader *r, const struct dom_node *n)
{
	struct markup *m = r->m;

	switch (markup_label(str_utf8_prefix(n->text, 4 * LABEL_LEN))) {
	case LABEL_SOLD_OUT:
		if (is_choice(n->parent) || in_card(r, n->parent))
			return;
		m->sold_out = true;
		m->sold_out_named |= is_about_stock(r, n->parent);
		if (r->n_sold_out < SOLD_OUT_MAX)
			r->sold_out[r->n_sold_out++] =
				layout_note(r->l, n)->pos;
		return;
	case LABEL_IN_STOCK: m->in_stock = true; return;
	case LABEL_BUY:
	case LABEL_NONE: return;
	}
}

static void find_stock(struct reader *r)
{
	uint32_t title;
	size_t tried = 0;

	if (!r->l->title_node)
		return;
	title = layout_note(r->l, r->l->title_node)->pos;
	for (size_t i = 0; i < r->l->n && tried < LABELS_MAX; i++) {
		const struct dom_node *n = r->l->nodes[i];

		if (!n || n->type != DOM_TEXT ||
		    (r->l->notes[i].flags &
		     (LAYOUT_HIDDEN | LAYOUT_ASIDE | LAYOUT_LINK)) ||
		    layout_length(r->l, n) == 0 ||
		    layout_length(r->l, n) > LABEL_LEN ||
		    layout_apart(r->l->notes[i].pos, title) > NEAR_TITLE)
			continue;
		tried++;
		take_stock(r, n);
	}
}

/* What the names of n and of what holds it tightly say. */
static unsigned words_around(const struct reader *r, const struct dom_node *n)
{
	unsigned words = 0;

	for (int up = 0; n && up < 4; up++, n = n->parent) {
		if (up > 0 && layout_length(r->l, n) > 2 * CANDIDATE_LEN)
			break;
		words |= layout_note(r->l, n)->words;
	}
	return words;
}

static int score_words(const struct reader *r, const struct dom_node *n)
{
	unsigned own = layout_note(r->l, n)->words, all = words_around(r, n);
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

/* What a choice costs beside the price: "Large (+5.00 €)" */
static bool has_surcharge(struct str s)
{
	size_t open = str_chr(s, '(');

	return open + 1 < s.len && strchr("+-", s.p[open + 1]);
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
	if (s.p[0] == '(')
		score -= 30;
	else if (str_chr(s, '/') != (size_t)-1)
		score -= 15;
	if (str_chr(s, '%') != (size_t)-1 || has_surcharge(s))
		score -= 80;
	return score;
}

static bool in_title(const struct reader *r, const struct dom_node *n)
{
	for (int up = 0; n && up < CLIMB_MAX; up++, n = n->parent)
		if (n == r->l->title_node)
			return true;
	return false;
}

static int score_place(const struct reader *r, const struct layout_note *o)
{
	const struct dom_node *t = r->l->title_node;
	int score = 0, nearest = 600;

	if (t) {
		int title = (int)layout_note(r->l, t)->end;
		int d = (int)o->pos - title;

		score = d >= 0 ? 30 - d / 40 : 20 + d / 10;
		score = score < -30 ? -30 : score;
	}
	for (size_t i = 0; i < r->n_buttons; i++) {
		int d = (int)layout_apart(r->buttons[i], o->pos);

		nearest = d < nearest ? d : nearest;
	}
	score += 20 - nearest / 30;
	if (o->flags & LAYOUT_STRUCK)
		score -= 80;
	if (o->flags & LAYOUT_ASIDE)
		score -= 60;
	if (o->flags & LAYOUT_LINK)
		score -= 25;
	return score;
}

/* The currency is the text's own: a hint only tells which "$" it is. */
static bool read_price(const struct reader *r, struct str text,
		       bool needs_currency, struct markup_price *p)
{
	static const struct str none = { 0 };
	const struct markup *m = r->m;
	struct price got;

	/* Most elements say what is in the one within. */
	if (m->n_prices && str_eq(m->prices[m->n_prices - 1].text, text)) {
		p->amount = m->prices[m->n_prices - 1].amount;
		p->currency = m->prices[m->n_prices - 1].currency;
		p->aside_words = m->prices[m->n_prices - 1].aside_words;
		return !needs_currency || p->currency.p;
	}
	if (!(needs_currency ? price_parse_marked(text, NULL, &got)
			     : price_parse(text, none, NULL, &got)) ||
	    decimal_sign(got.amount) <= 0)
		return false;
	p->amount = got.amount;
	p->aside_words = got.aside;
	if (!got.currency[0])
		return !needs_currency;
	if (got.hinted)
		price_parse(text, none, r->hints, &got);
	/* "89,000 km", "9 tk": money only where that is what one pays with. */
	if (got.weak && needs_currency &&
	    !str_eq(str_from(got.currency), price_hint(r->hints)))
		return false;
	p->amount = got.amount;
	p->currency = arena_str(r->l->arena, str_from(got.currency));
	return true;
}

static void add_price(struct reader *r, const struct markup_price *p)
{
	struct markup *m = r->m;

	if (m->n_prices == r->cap) {
		struct markup_price *old = m->prices;

		r->cap = r->cap ? 2 * r->cap : 32;
		m->prices =
			arena_alloc(r->l->arena, r->cap * sizeof(*m->prices));
		if (old)
			memcpy(m->prices, old, m->n_prices * sizeof(*old));
	}
	m->prices[m->n_prices++] = *p;
}

static void try_candidate(struct reader *r, const struct dom_node *n,
			  struct buf *b)
{
	struct layout_note *o = layout_note(r->l, n);
	struct markup_price p = { .node = n, .pos = o->pos };
	struct str text = layout_text(r->l, n, 4 * CANDIDATE_LEN, b);
	unsigned words;

	if (b->full || !markup_text_is_price(text))
		return;
	words = words_around(r, n);
	if (!read_price(r, text,
			!(words & WORD_PRICE) || markup_text_has_letter(text),
			&p))
		return;
	p.text = arena_str(r->l->arena, text);
	p.score = score_text(text, p.currency.p != NULL) + score_words(r, n) +
		  score_place(r, o);
	p.struck = o->flags & LAYOUT_STRUCK;
	p.old = p.struck || (words & WORD_OLD);
	p.extra = words & WORD_EXTRA;
	p.aside = o->flags & LAYOUT_ASIDE;
	p.link = o->flags & LAYOUT_LINK;
	if (p.aside_words)
		p.score -= 40;
	if (in_title(r, n))
		p.score += 30;
	if (in_card(r, n)) {
		p.score -= 40;
		p.listed = true;
	}
	add_price(r, &p);
}

static void find_prices(struct reader *r)
{
	struct markup *m = r->m;
	struct buf b = { 0 };
	size_t tries = 0;

	for (size_t i = 0; i < r->l->n; i++) {
		const struct dom_node *n = r->l->nodes[i];

		if (!n || n->type != DOM_TEXT ||
		    (r->l->notes[i].flags & LAYOUT_HIDDEN) ||
		    layout_length(r->l, n) > CANDIDATE_LEN ||
		    !markup_text_has_digit(n->text))
			continue;
		/* Beside other elements it stands for itself. */
		if (layout_length(r->l, n->parent) > layout_length(r->l, n) &&
		    m->n_prices < MARKUP_PRICES_MAX)
			try_candidate(r, n, &b);
		for (int up = 0; up < CLIMB_MAX && n->parent; up++) {
			n = n->parent;
			if (layout_length(r->l, n) > CANDIDATE_LEN ||
			    r->tried[n->order])
				break;
			r->tried[n->order] = true;
			if (m->n_prices == MARKUP_PRICES_MAX ||
			    ++tries > TRIES_MAX)
				goto out;
			try_candidate(r, n, &b);
		}
	}
out:
	buf_free(&b);
}

static void score_words_beside(struct reader *r)
{
	struct markup *m = r->m;
	struct buf b = { 0 }, line = { 0 };

	for (size_t i = 0; i < m->n_prices; i++) {
		struct markup_price *p = &m->prices[i];

		if (p->score < BESIDE_LEAST || p->old || p->aside ||
		    p->aside_words)
			continue;
		switch (markup_beside(r->l, p->node, p->text, &b, &line)) {
		case PRICE_ASIDE_NONE: break;
		case PRICE_ASIDE_NOT: p->score += 15; break;
		case PRICE_ASIDE_FORMER: p->old = true; /* fallthrough */
		case PRICE_ASIDE_OTHER:
			p->aside_words = true;
			p->score -= 40;
			break;
		}
	}
	buf_free(&b);
	buf_free(&line);
}

static void mark_twin(const struct markup_price *one, struct markup_price *twin)
{
	if (twin->old || twin->aside_words)
		return;
	twin->old = one->old;
	twin->aside_words = one->aside_words;
	twin->score -= 40;
}

/* Both are in one element, and nothing else is. */
static bool is_pair(const struct layout *l, const struct markup_price *a,
		    const struct markup_price *b)
{
	return a->node->parent == b->node->parent &&
	       layout_length(l, a->node) + layout_length(l, b->node) ==
		       layout_length(l, a->node->parent);
}

/*
 * A price is often there twice: to be read out, and in parts to be looked at.
 * What the words say of the first holds for its twin right behind it, and, if
 * they are a pair, the other way round: "$2 $2" "per kg".
 */
static void score_twins(struct reader *r)
{
	struct markup *m = r->m;

	for (size_t i = 1; i < m->n_prices; i++) {
		struct markup_price *one = &m->prices[i - 1];
		struct markup_price *twin = &m->prices[i];

		if (one->struck || twin->struck || !twin->currency.p ||
		    layout_apart(one->pos, twin->pos) > TWIN ||
		    decimal_cmp(one->amount, twin->amount) != 0)
			continue;
		if (one->old || one->aside_words)
			mark_twin(one, twin);
		else if ((twin->old || twin->aside_words) &&
			 is_pair(r->l, one, twin))
			mark_twin(twin, one);
	}
}

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
	} *table = arena_alloc(r->l->arena, SIGNATURES * sizeof(*table));

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < m->n_prices; i++) {
			struct markup_price *p = &m->prices[i];
			/* A saving is not of a list with prices. */
			uint64_t sig =
				(signature(p->node) * 2 + p->aside_words) * 2 +
				1;
			size_t k = (sig >> 1) & (SIGNATURES - 1);

			if (p->old)
				continue;
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

/* What may be less than a price: "303", "R$ 303," */
static bool is_part(const struct markup_price *p)
{
	return !p->currency.p || strchr(".,", p->text.p[p->text.len - 1]);
}

/* The part from the point on: ".59 €" */
static bool is_cents_of(const struct markup_price *p,
			const struct markup_price *whole)
{
	return strchr(".,", p->text.p[0]) && p->text.len < whole->text.len &&
	       str_ends(whole->text, p->text);
}

/* The part before the point. */
static bool is_number_of(const struct markup_price *p,
			 const struct markup_price *whole)
{
	const struct decimal one = decimal_from_int(1);
	struct decimal cents;

	return is_part(p) && decimal_sub(whole->amount, p->amount, &cents) &&
	       decimal_sign(cents) > 0 && decimal_cmp(cents, one) < 0;
}

/* A former price needs a present one beside it; alone, it is the price. */
static void clear_lone_old(struct markup *m)
{
	size_t n = m->n_prices < 200 ? m->n_prices : 200;

	for (size_t i = 0; i < n; i++) {
		struct markup_price *p = &m->prices[i];
		bool lone = p->old && !p->struck;

		for (size_t k = 0; k < n && lone; k++)
			lone = m->prices[k].old || m->prices[k].extra ||
			       m->prices[k].aside_words ||
			       is_number_of(&m->prices[k], p) ||
			       layout_apart(m->prices[k].pos, p->pos) > 150 ||
			       decimal_cmp(m->prices[k].amount, p->amount) >=
				       0 ||
			       m->prices[k].score < 0;
		if (!lone)
			continue;
		p->old = false;
		p->score += 30;
	}
}

/*
 * Of two prices side by side with as much for the one as for the other, the
 * lower is to be paid, and the other is what it was.
 */
static const struct markup_price *find_lower(const struct markup *m)
{
	const struct markup_price *best = m->best, *lower = NULL;
	const struct decimal four = decimal_from_int(4);

	for (size_t i = 0; i < m->n_prices; i++) {
		const struct markup_price *p = &m->prices[i];
		struct decimal least;

		if (p->old || p->extra || p->aside || p->listed || p->link ||
		    p->aside_words || !p->currency.p ||
		    p->score + 12 < best->score ||
		    layout_apart(p->pos, best->pos) > 30 ||
		    decimal_cmp(p->amount, best->amount) >= 0 ||
		    !decimal_mul(p->amount, four, &least) ||
		    decimal_cmp(least, best->amount) < 0)
			continue;
		if (!lower || p->score > lower->score)
			lower = p;
	}
	return lower;
}

/* A price speaks for its parts, which may stand out more. */
static void score_part(struct markup_price *part, struct markup_price *whole)
{
	if (layout_apart(part->pos, whole->pos) > TWIN)
		return;
	if (is_cents_of(part, whole)) {
		if (part->score > whole->score && !whole->old)
			whole->score = part->score;
		part->score = whole->score - 1;
		part->old = whole->old;
	} else if (part->score > whole->score && !whole->old &&
		   is_number_of(part, whole)) {
		whole->score = part->score + 1;
	}
}

static void score_parts(struct markup *m)
{
	for (size_t i = 0; i < m->n_prices; i++) {
		size_t k = i > PART ? i - PART : 0;

		if (is_part(&m->prices[i]) || m->prices[i].aside_words)
			continue;
		for (; k < m->n_prices && k <= i + PART; k++)
			score_part(&m->prices[k], &m->prices[i]);
	}
}

/* Of the best price there may be one that is not of a list, a little lower. */
static const struct markup_price *find_same(const struct markup *m)
{
	const struct markup_price *best = m->best, *same = NULL;

	for (size_t i = 0; best->listed && i < m->n_prices; i++) {
		const struct markup_price *p = &m->prices[i];

		if (!p->listed && !p->old && !p->aside && !p->aside_words &&
		    p->score + 12 >= best->score &&
		    str_eq(p->currency, best->currency) &&
		    decimal_cmp(p->amount, best->amount) == 0 &&
		    (!same || p->score > same->score))
			same = p;
	}
	return same ? same : best;
}

static void choose(struct markup *m)
{
	const struct markup_price *lower;

	for (size_t i = 0; i < m->n_prices; i++)
		if (!m->best || m->prices[i].score > m->best->score)
			m->best = &m->prices[i];
	if (!m->best)
		return;
	m->best = find_same(m);
	lower = find_lower(m);
	if (lower) {
		m->list = m->best;
		m->best = lower;
		return;
	}
	for (size_t i = 0; i < m->n_prices; i++) {
		const struct markup_price *p = &m->prices[i];

		if (!p->old || p->aside ||
		    decimal_cmp(p->amount, m->best->amount) <= 0 ||
		    layout_apart(p->pos, m->best->pos) > 120)
			continue;
		if (!m->list || p->score > m->list->score)
			m->list = p;
	}
}

static void place_sold_out(struct reader *r)
{
	const struct markup_price *best = r->m->best;

	for (size_t i = 0; best && i < r->n_sold_out; i++)
		r->m->sold_out_by_price |=
			!best->aside && !best->listed &&
			layout_apart(r->sold_out[i], best->pos) <= BESIDE;
}

struct markup *markup_read(const struct layout *l,
			   const struct price_hints *hints)
{
	struct reader *r = arena_alloc(l->arena, sizeof(*r));

	r->m = arena_alloc(l->arena, sizeof(*r->m));
	r->l = l;
	r->hints = hints;
	r->tried = arena_alloc(l->arena, l->n);
	find_buttons(r);
	place_buttons(r);
	find_stock(r);
	find_prices(r);
	score_words_beside(r);
	score_twins(r);
	score_lists(r);
	score_repeats(r->m);
	clear_lone_old(r->m);
	score_parts(r->m);
	choose(r->m);
	place_sold_out(r);
	return r->m;
}

bool markup_is_old(const struct dom_node *n)
{
	for (int up = 0; n && n->type == DOM_ELEMENT && up < 3;
	     up++, n = n->parent) {
		unsigned words = markup_words(n, NULL);

		if (layout_is_struck(n) ||
		    ((words & WORD_OLD) && !(words & WORD_NOW)))
			return true;
	}
	return false;
}
