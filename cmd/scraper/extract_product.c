/* The product of a page, as an item: see product_choice.c for the judgement. */
#include "extract.h"

#include <stddef.h>
#include <string.h>

#include "common/decimal.h"
#include "common/xmem.h"

#include "fields.h"
#include "item_words.h"
#include "page.h"
#include "product_choice.h"
#include "specs.h"

enum { NAMES_MAX = 24 }; /* of the product, to know its title by */

static const char *const source_names[] = {
	[THING_JSONLD] = "JSON-LD", [THING_MICRODATA] = "microdata",
	[THING_RDFA] = "RDFa",	    [THING_OPENGRAPH] = "OpenGraph",
	[THING_STATE] = "script",
};

static void read_head(struct product_page *p)
{
	const struct dom_node *root = p->dom->root;

	for (const struct dom_node *n = root; n; n = dom_walk(root, n)) {
		if (n->type != DOM_ELEMENT)
			continue;
		if (n->tag == DOM_TAG_TITLE && !p->document_title.p)
			p->document_title = thing_node_text(&p->things, n);
		if (n->tag == DOM_TAG_LINK && !p->canonical.p &&
		    str_eq_nocase(dom_attr(n, "rel"), STR("canonical")))
			p->canonical = dom_attr(n, "href");
	}
}

static size_t gather_names(const struct product_page *p,
			   struct str names[NAMES_MAX])
{
	size_t n = 0;

	names[n++] = p->document_title;
	for (const struct product *q = p->products; q && n < NAMES_MAX;
	     q = q->next)
		if (!q->aside && q->name.len > 0)
			names[n++] = q->name;
	return n;
}

static struct str clean(const struct product_page *p, struct str s);

static void set(struct product_page *p, struct item *it, enum field f,
		struct str s)
{
	s = clean(p, s);
	if (s.len > 0)
		item_set_text(it, f, s, p->doc, p->arena);
}

/*
 * Templates that were not filled in, and words that stand for nothing.
 */
static bool is_placeholder(struct str s)
{
	static const char *const words[] = { "null", "undefined", "n/a",
					     "none", "nan",	  "-",
					     "false" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_nocase(s, str_from(words[i])))
			return true;
	return s.len > 0 &&
	       (s.p[0] == '$' || str_starts(s, STR("{{")) ||
		str_starts(s, STR("[[")) || str_starts(s, STR("<%")));
}

/* Text of JSON-LD and attributes is often escaped once more. */
static struct str clean(const struct product_page *p, struct str s)
{
	size_t amp = str_chr(s, '&');
	struct dom *d;

	s = str_trim(str_utf8_prefix(s, ITEM_TEXT_MAX));
	if (is_placeholder(s))
		return (struct str){ 0 };
	if (amp >= s.len ||
	    str_chr(str_sub(s, amp, s.len), ';') == (size_t)-1 ||
	    str_chr(s, '<') != (size_t)-1)
		return s;
	d = dom_parse_html(s, STR("text/html; charset=utf-8"), p->arena, NULL);
	return d ? str_trim(dom_text_content(d->root, p->arena)) : s;
}

/* From the first source that says it. */
static void fill_from_products(struct product_page *p, struct item *it)
{
	static const struct {
		enum field field;
		size_t offset;
	} table[] = {
		{ FIELD_TITLE, offsetof(struct product, name) },
		{ FIELD_SUMMARY, offsetof(struct product, summary) },
		{ FIELD_BRAND, offsetof(struct product, brand) },
		{ FIELD_SKU, offsetof(struct product, sku) },
		{ FIELD_MPN, offsetof(struct product, mpn) },
		{ FIELD_GTIN, offsetof(struct product, gtin) },
		{ FIELD_IMAGE, offsetof(struct product, image) },
		{ FIELD_LINK, offsetof(struct product, url) },
		{ FIELD_RATING, offsetof(struct product, rating) },
		{ FIELD_CONDITION, offsetof(struct product, condition) },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		for (int s = 0; s < THING_SOURCES; s++) {
			const char *q = (const char *)p->mains[s];
			struct str v = { 0 };

			if (q)
				v = *(const struct str
					      *)(const void *)(q +
							       table[i].offset);
			/* OpenGraph's title has the shop's name in it. */
			if (v.len > 0 && table[i].field == FIELD_TITLE &&
			    s == THING_OPENGRAPH && p->layout->title.len > 0)
				v = p->layout->title;
			v = clean(p, v);
			if (v.len == 0)
				continue;
			item_set_text(it, table[i].field, v, p->doc, p->arena);
			break;
		}
	}
}

static void fill_from_offer(struct product_page *p, struct item *it,
			    const struct offer *o)
{
	set(p, it, FIELD_CONDITION, o->condition);
	set(p, it, FIELD_SELLER, o->seller);
	set(p, it, FIELD_SHIPPING, o->shipping);
	if (!it->sku.p)
		set(p, it, FIELD_SKU, o->sku);
	if (!it->mpn.p)
		set(p, it, FIELD_MPN, o->mpn);
	if (!it->gtin.p)
		set(p, it, FIELD_GTIN, o->gtin);
}

/* An offer at another price says nothing of this one. */
static bool speaks_of(const struct product_page *p,
		      const struct product_claim *c, const struct offer *o)
{
	struct decimal amount;
	struct str currency;

	return !c || o->price.len == 0 ||
	       (product_read_amount(p, o, &amount, &currency) &&
		decimal_cmp(amount, c->amount) == 0);
}

/*
 * As a reader sees it. A button that buys is often there for what is sold out
 * too, or is that of others: it does not count against what says so by its
 * name, where the button is far from the title or the word at the price.
 */
static struct str seen_availability(const struct markup *m)
{
	if (m->sold_out && !m->can_buy)
		return STR("OutOfStock");
	if (m->sold_out_named &&
	    (!m->can_buy_here || (m->sold_out_by_price && !m->in_stock)))
		return STR("OutOfStock");
	if (m->can_buy || m->in_stock)
		return STR("InStock");
	return (struct str){ 0 };
}

/*
 * In stock at this price, if any offer at it is; else what the first says. Of
 * data whose price is of another day, the rest is too.
 */
static struct str availability_of(const struct product_page *p,
				  const struct product_claim *c)
{
	struct str first = { 0 };

	if (p->is_unseen)
		first = seen_availability(p->markup);
	if (c && !first.p)
		first = item_availability(c->offer->availability);
	for (int s = 0; s < THING_SOURCES && !first.p; s++) {
		if (!p->mains[s])
			continue;
		for (const struct offer *o = p->mains[s]->offers; o;
		     o = o->next) {
			if (!speaks_of(p, c, o))
				continue;
			if (product_is_in_stock(o->availability))
				return item_availability(o->availability);
			if (!first.p)
				first = item_availability(o->availability);
		}
	}
	return first.p ? first : seen_availability(p->markup);
}

static struct str amount_text(const struct product_page *p, struct decimal d)
{
	char out[DECIMAL_TEXT_MAX];

	return arena_str(p->arena, str_from(decimal_format(d, out)));
}

static void set_list_price(const struct product_page *p, struct item *it,
			   struct decimal price, struct decimal list)
{
	if (decimal_cmp(list, price) > 0)
		it->list_price = amount_text(p, list);
}

static void fill_list_price(const struct product_page *p, struct item *it,
			    struct decimal price, const struct product_claim *c)
{
	const struct markup *m = p->markup;
	struct decimal list;
	struct str currency;

	if (c && c->offer->list_price.len > 0) {
		struct offer o = *c->offer;

		o.price = o.list_price;
		if (product_read_amount(p, &o, &list, &currency))
			set_list_price(p, it, price, list);
	} else if (m->list && m->best &&
		   decimal_cmp(m->best->amount, price) == 0) {
		set_list_price(p, it, price, m->list->amount);
	}
}

static struct str visible_currency(const struct product_page *p,
				   struct decimal amount)
{
	const struct markup *m = p->markup;

	for (size_t i = 0; i < m->n_prices; i++)
		if (m->prices[i].currency.len > 0 &&
		    decimal_cmp(m->prices[i].amount, amount) == 0)
			return m->prices[i].currency;
	return (struct str){ 0 };
}

static void set_price(const struct product_page *p, struct item *it,
		      struct decimal amount, struct str currency)
{
	it->price = amount_text(p, amount);
	if (currency.len == 0)
		currency = visible_currency(p, amount);
	if (currency.len == 0)
		currency = price_hint(&p->hints);
	if (currency.len > 0)
		it->currency = currency;
}

/* Why this one, in words that make sense in a log. */
static struct str explain(const struct product_page *p,
			  const struct product_claim *c)
{
	struct buf b = { .max = 200 };
	struct str text;

	buf_puts(&b, source_names[c->source]);
	for (unsigned s = c->source + 1; s < THING_SOURCES; s++)
		if (c->sources & (1u << s))
			buf_addf(&b, ", %s agrees", source_names[s]);
	if (c->best || c->open)
		buf_puts(&b, ", also on the page");
	if (p->n_claims > 1)
		buf_addf(&b, "; one of %zu prices", p->n_claims);
	if (c->offer->lowest)
		buf_puts(&b, "; the lowest of several offers");
	text = arena_str(p->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/*
 * A price of 0 is what shops put where they have none; it is free where what
 * is offered is of a kind that is given away: applications, events, courses.
 */
static bool is_free(const struct product_page *p, const struct product_claim *c)
{
	return decimal_sign(c->amount) == 0 && c->source < THING_OPENGRAPH &&
	       !p->mains[c->source]->typed;
}

static void fill_price(struct product_page *p, struct item *it,
		       const struct product_claim *c)
{
	const struct markup_price *v;

	if (c && decimal_sign(c->amount) == 0 && !is_free(p, c)) {
		p->is_zero = true;
		c = NULL;
	}
	v = product_choose_visible(p, c);
	if (v && c && c->source == THING_STATE)
		c = NULL;
	if (v) {
		set_price(p, it, v->amount, v->currency);
		it->picked = STR("visible text");
		fill_list_price(p, it, v->amount, NULL);
		if (c && c->old) {
			set_list_price(p, it, v->amount, c->amount);
			it->picked = STR("visible text: the page's data has "
					 "its former price");
		} else if (c) {
			p->is_unseen = true;
			it->picked = STR("visible text: the price in the "
					 "page's data stands nowhere on it");
		}
	} else if (c) {
		set_price(p, it, c->amount, c->currency);
		it->picked = explain(p, c);
		it->free = is_free(p, c);
		fill_list_price(p, it, c->amount, c);
		set(p, it, FIELD_UNIT_PRICE, c->offer->unit_price);
		if (it->unit_price.p)
			set(p, it, FIELD_UNIT, c->offer->unit);
	}
	if (c)
		fill_from_offer(p, it, c->offer);
}

/* What only the words of the page say. */
static void fill_from_specs(struct product_page *p, struct item *it)
{
	struct specs s;

	specs_read(p->layout, p->doc->url, &s);
	if (!it->sku.p)
		set(p, it, FIELD_SKU, s.sku);
	if (!it->mpn.p)
		set(p, it, FIELD_MPN, s.mpn);
	if (!it->gtin.p)
		set(p, it, FIELD_GTIN, s.gtin);
	if (!it->brand.p)
		set(p, it, FIELD_BRAND, s.brand);
}

static bool fill_item(struct product_page *p, struct item *it)
{
	const struct product_claim *c = product_choose_claim(p);
	bool described = false;

	if (p->is_catalogue)
		return false;
	for (int s = 0; s < THING_OPENGRAPH; s++)
		described |= p->mains[s] && p->mains[s]->n_offers > 0;
	described |=
		p->mains[THING_OPENGRAPH] && p->mains[THING_OPENGRAPH]->typed;
	fill_from_products(p, it);
	fill_price(p, it, c);
	if (!it->price.p && !(described && availability_of(p, c).len > 0) &&
	    !(p->markup->sold_out_named && !p->markup->can_buy_here))
		return false;
	fill_from_specs(p, it);
	/* A shop's own number again is no part number. */
	if (it->mpn.p && str_eq(it->mpn, it->sku))
		it->mpn = (struct str){ 0 };
	it->availability = availability_of(p, c);
	if (!it->title.p && p->layout->title.len > 0)
		set(p, it, FIELD_TITLE, p->layout->title);
	if (!it->title.p)
		set(p, it, FIELD_TITLE, p->document_title);
	if (!it->link.p)
		set(p, it, FIELD_LINK, p->canonical);
	if (!it->link.p)
		set(p, it, FIELD_LINK, p->doc->url);
	return it->title.p != NULL;
}

static bool has_price(const struct product *q)
{
	for (; q; q = q->next)
		for (const struct offer *o = q->offers; o; o = o->next)
			if (o->price.len > 0)
				return true;
	return false;
}

/* What the page says; its scripts are asked where that has no price. */
static void read_page(struct product_page *p)
{
	jsonld_read(&p->things, p->dom);
	microdata_read(&p->things, p->dom);
	rdfa_read(&p->things, p->dom);
	opengraph_read(&p->things, p->dom);
	p->products = schemaorg_products(&p->things);
	if (!has_price(p->products)) {
		state_read(&p->things, p->dom);
		p->products = schemaorg_products(&p->things);
	}
	read_head(p);
}

static void run(const void *compiled, const struct document *doc,
		struct arena *a, struct observation *o)
{
	struct product_page *p = arena_alloc(a, sizeof(*p));
	struct str names[NAMES_MAX];
	struct item it = { 0 }, *to;
	struct err e = { 0 };

	(void)compiled;
	p->doc = doc;
	p->arena = a;
	p->things.arena = a;
	if (str_trim(doc->body).len == 0) {
		observation_fail(o, a, OUTCOME_EMPTY, "the page is empty");
		return;
	}
	if (!page_is_text(doc, a, o))
		return;
	p->dom = dom_parse_html(doc->body, doc->content_type, a, &e);
	if (!p->dom) {
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "%s", e.msg);
		return;
	}
	read_page(p);
	product_hints(p->dom, p->products, doc, a, &p->hints);
	p->layout = layout_read(p->dom, names, gather_names(p, names), a);
	p->markup = markup_read(p->layout, &p->hints);
	product_choose_mains(p);
	if (!fill_item(p, &it)) {
		observation_fail(o, a, OUTCOME_SELECTOR_MISS, "%s",
				 p->is_zero ? "a product's price of 0 is none, "
					      "and the page shows no other"
					    : "no offer of one product on the "
					      "page");
		return;
	}
	item_finish(&it, doc, a);
	to = observation_add(o, a);
	if (to)
		*to = it;
}

const struct extract_kind extract_product = {
	.name = "product",
	.run = run,
};
