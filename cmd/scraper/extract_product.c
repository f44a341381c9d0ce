/*
 * The product of a page: found by what the page says about itself (JSON-LD,
 * microdata, RDFa, OpenGraph) and by what a reader of it sees, and decided by
 * how far these agree.
 *
 * Every source is a witness with a product of its own, chosen among all that
 * it names by how its name is like the page's title. A source is believed in
 * the order above; against that order counts that the price stands on the
 * page in the open, and above all that it is the one a reader would take.
 * Where what the sources say is on the page only as a former price, the page
 * is right: machine-readable prices do go stale. Where none says a price, the
 * visible one must be beyond doubt: no price is better than a wrong one.
 */
#include "extract.h"

#include <string.h>

#include "common/decimal.h"
#include "common/xmem.h"

#include "fields.h"
#include "markup.h"
#include "product_hint.h"
#include "schemaorg.h"

enum {
	NAMES_MAX = 24,
	CLAIMS_MAX = 64,  /* different amounts that the sources name */
	TITLE_ALIKE = 50, /* percent of words that make two titles one */
};

/* One amount that the sources name for the product. */
struct claim {
	struct decimal amount;
	struct str currency;
	const struct offer *offer;
	enum thing_source source; /* the first to name it */
	unsigned sources;	  /* all that name it, as bits */
	unsigned n_offers;	  /* of the first source at this amount */
	bool in_stock, open, old; /* offered; as seen on the page */
	bool best;		  /* the one that a reader would take */
	int score;
};

struct page {
	const struct document *doc;
	struct arena *arena;
	const struct dom *dom;
	struct things things;
	struct product *products;
	const struct product *mains[THING_SOURCES]; /* NULL: none */
	const struct markup *markup;
	struct price_hints hints;
	struct str document_title, canonical;
	struct claim claims[CLAIMS_MAX];
	size_t n_claims;
	size_t n_offers; /* of the main product's source */
};

static const char *const source_names[] = {
	[THING_JSONLD] = "JSON-LD",
	[THING_MICRODATA] = "microdata",
	[THING_RDFA] = "RDFa",
	[THING_OPENGRAPH] = "OpenGraph",
};

/* ---- which product ---- */

static void read_head(struct page *p)
{
	const struct dom_node *root = p->dom->root;

	for (const struct dom_node *n = root; n; n = dom_walk(root, n)) {
		if (n->type != DOM_ELEMENT)
			continue;
		if (str_is(n->name, "title") && !p->document_title.p)
			p->document_title = thing_node_text(&p->things, n);
		if (str_is(n->name, "link") && !p->canonical.p &&
		    str_eq_nocase(dom_attr(n, "rel"), STR("canonical")))
			p->canonical = dom_attr(n, "href");
	}
}

static size_t gather_names(const struct page *p, struct str names[NAMES_MAX])
{
	size_t n = 0;

	names[n++] = p->document_title;
	for (const struct product *q = p->products; q && n < NAMES_MAX;
	     q = q->next)
		if (!q->aside && q->name.len > 0)
			names[n++] = q->name;
	return n;
}

/* How a name is like the titles of the page, in percent. */
static int title_likeness(const struct page *p, struct str name)
{
	int a = markup_likeness(name, p->markup->title);
	int b = markup_likeness(name, p->document_title);
	int c = markup_likeness(p->markup->title, name);

	a = a > b ? a : b;
	return a > c ? a : c;
}

/* The path of an address, without scheme, host, query and fragment. */
static struct str path_of(struct str url)
{
	size_t i = str_find(url, STR("//")), end;

	if (i != (size_t)-1) {
		url = str_sub(url, i + 2, url.len);
		i = str_chr(url, '/');
		url = i == (size_t)-1 ? STR("") : str_sub(url, i, url.len);
	}
	for (end = 0; end < url.len && !strchr("?#", url.p[end]);)
		end++;
	while (end > 0 && url.p[end - 1] == '/')
		end--;
	return str_sub(url, 0, end);
}

static bool is_this_page(const struct page *p, struct str url)
{
	struct str path = path_of(url);

	return path.len > 1 && (str_eq(path, path_of(p->doc->url)) ||
				str_eq(path, path_of(p->canonical)));
}

static int product_score(const struct page *p, const struct product *q)
{
	int score = title_likeness(p, q->name);

	if (q->aside)
		score -= 60;
	if (q->typed)
		score += 20;
	if (q->n_offers > 0)
		score += 30;
	if (is_this_page(p, q->url))
		score += 40;
	return score;
}

/* The product of one source, or NULL where it only lists others. */
static const struct product *find_main(const struct page *p,
				       enum thing_source source)
{
	const struct product *best = NULL;
	int best_score = 0;
	size_t others = 0;

	for (const struct product *q = p->products; q; q = q->next) {
		int score;

		if (q->source != source)
			continue;
		score = product_score(p, q);
		if (best && !str_eq(q->name, best->name))
			others++;
		if (!best || score > best_score) {
			best = q;
			best_score = score;
		}
	}
	if (!best || source == THING_OPENGRAPH)
		return best;
	/* One of several, or one of a list, must be what the title says. */
	if ((others > 0 || best->aside) &&
	    title_likeness(p, best->name) < TITLE_ALIKE &&
	    !is_this_page(p, best->url))
		return NULL;
	return best;
}

/* ---- which price ---- */

/* "2.449" is read as it stands, unless the page shows 2449. */
static void reread_thousands(const struct page *p, struct str text,
			     struct decimal *amount)
{
	const struct markup *m = p->markup;
	struct decimal whole = { .coef = amount->coef, .scale = 0 };
	bool exact = false, thousand = false;

	if (amount->scale != 3 || str_chr(text, '.') == (size_t)-1)
		return;
	for (size_t i = 0; i < m->n_prices; i++) {
		exact |= decimal_cmp(m->prices[i].amount, *amount) == 0;
		thousand |= decimal_cmp(m->prices[i].amount, whole) == 0;
	}
	if (thousand && !exact)
		*amount = whole;
}

static bool read_amount(const struct page *p, const struct offer *o,
			struct decimal *amount_r, struct str *currency_r)
{
	struct price got = { 0 };

	*currency_r = product_currency(o->currency, p->arena);
	if (decimal_parse_json(o->price, amount_r)) {
		reread_thousands(p, o->price, amount_r);
		return decimal_sign(*amount_r) >= 0;
	}
	if (!price_parse(o->price, o->currency, &p->hints, &got))
		return false;
	*amount_r = got.amount;
	if (!currency_r->p && got.currency[0])
		*currency_r = arena_str(p->arena, str_from(got.currency));
	return true;
}

static bool is_in_stock(struct str availability)
{
	return str_find(availability, STR("InStock")) != (size_t)-1 ||
	       str_eq_nocase(availability, STR("in stock")) ||
	       str_eq_nocase(availability, STR("instock"));
}

static struct claim *claim_of(struct page *p, struct decimal amount)
{
	for (size_t i = 0; i < p->n_claims; i++)
		if (decimal_cmp(p->claims[i].amount, amount) == 0)
			return &p->claims[i];
	return NULL;
}

static void add_claim(struct page *p, const struct offer *o,
		      enum thing_source source)
{
	struct decimal amount;
	struct str currency;
	struct claim *c;

	if (o->price.len == 0 || !read_amount(p, o, &amount, &currency))
		return;
	c = claim_of(p, amount);
	if (!c) {
		if (p->n_claims == CLAIMS_MAX)
			return;
		c = &p->claims[p->n_claims++];
		*c = (struct claim){ .amount = amount,
				     .offer = o,
				     .source = source,
				     .old = o->node && markup_is_old(o->node) };
	}
	if (!c->currency.p)
		c->currency = currency;
	if (c->source == source) {
		c->n_offers++;
		if (!c->in_stock && is_in_stock(o->availability)) {
			c->in_stock = true;
			c->offer = o;
		}
	}
	c->sources |= 1u << source;
}

/* How the page shows an amount that its sources name. */
static void look_up(const struct markup *m, struct claim *c)
{
	for (size_t i = 0; i < m->n_prices; i++) {
		const struct markup_price *p = &m->prices[i];

		if (p->aside || decimal_cmp(p->amount, c->amount) != 0)
			continue;
		c->open |= !p->old && !p->listed;
		c->old |= p->old;
	}
	if (m->best && !m->best->aside)
		c->best = decimal_cmp(m->best->amount, c->amount) == 0;
}

static void score_claim(const struct page *p, struct claim *c)
{
	struct str wanted = p->doc->currency;

	look_up(p->markup, c);
	c->score = 10 * (THING_SOURCES - (int)c->source);
	for (unsigned s = c->source + 1; s < THING_SOURCES; s++)
		c->score += c->sources & (1u << s) ? 25 : 0;
	if (c->best)
		c->score += 60;
	else if (c->open)
		c->score += 25;
	else if (c->old)
		c->score -= 40;
	if (decimal_sign(c->amount) == 0)
		c->score -= 100;
	if (c->in_stock)
		c->score += 12;
	if (p->n_offers > 0)
		c->score += (int)(10 * c->n_offers / p->n_offers);
	if (c->offer->condition.len > 0 &&
	    str_find(c->offer->condition, STR("Used")) != (size_t)-1)
		c->score -= 10;
	if (wanted.len > 0 && c->currency.len > 0)
		c->score += str_eq(wanted, c->currency) ? 100 : -100;
	if (c->offer->url.len > 0 && p->n_offers > 1 &&
	    str_eq(c->offer->url, p->doc->url))
		c->score += 30;
}

/* Collect what the main products are offered at; the likeliest, or NULL. */
static const struct claim *find_claim(struct page *p)
{
	const struct claim *best = NULL;

	for (int s = 0; s < THING_SOURCES; s++) {
		const struct product *main = p->mains[s];

		if (!main)
			continue;
		if (p->n_offers == 0)
			p->n_offers = main->n_offers;
		for (const struct offer *o = main->offers; o; o = o->next)
			add_claim(p, o, (enum thing_source)s);
	}
	for (size_t i = 0; i < p->n_claims; i++) {
		struct claim *c = &p->claims[i];

		score_claim(p, c);
		if (!best || c->score > best->score ||
		    (c->score == best->score &&
		     decimal_cmp(c->amount, best->amount) < 0))
			best = c;
	}
	return best;
}

/*
 * Whether the page itself overrules its sources: it shows a lower price, and
 * theirs only as what it was before.
 */
static bool is_stale(const struct page *p, const struct claim *c)
{
	const struct markup_price *v = p->markup->best;

	return c->old && !c->open && v && v->score >= MARKUP_SURE &&
	       !v->listed && !v->old && decimal_cmp(v->amount, c->amount) < 0;
}

static bool is_product_page(const struct page *p)
{
	for (int s = 0; s < THING_SOURCES; s++)
		if (p->mains[s] && p->mains[s]->typed)
			return true;
	return p->markup->can_buy || p->markup->in_stock || p->markup->for_one;
}

/* The visible price, where it must stand for itself. */
static const struct markup_price *find_visible(const struct page *p)
{
	const struct markup_price *v = p->markup->best;
	int enough = is_product_page(p) ? MARKUP_LIKELY : MARKUP_SURE;

	if (!v || v->aside || v->listed || v->old || v->score < enough ||
	    !p->markup->title.p)
		return NULL;
	if (p->markup->sold_out_named && !p->markup->can_buy)
		return NULL;
	return v;
}

/* ---- the item ---- */

static struct str clean(const struct page *p, struct str s);

static void set(struct page *p, struct item *it, enum field f, struct str s)
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
static struct str clean(const struct page *p, struct str s)
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

typedef struct str (*getter)(const struct product *q);

#define GETTER(field)                                          \
	static struct str get_##field(const struct product *q) \
	{                                                      \
		return q->field;                               \
	}
GETTER(name)
GETTER(summary)
GETTER(brand)
GETTER(sku)
GETTER(mpn)
GETTER(gtin)
GETTER(image)
GETTER(url)
GETTER(rating)
GETTER(condition)

/* From the first source that says it. */
static void fill_from_products(struct page *p, struct item *it)
{
	static const struct {
		enum field field;
		getter get;
	} table[] = {
		{ FIELD_TITLE, get_name },
		{ FIELD_SUMMARY, get_summary },
		{ FIELD_BRAND, get_brand },
		{ FIELD_SKU, get_sku },
		{ FIELD_MPN, get_mpn },
		{ FIELD_GTIN, get_gtin },
		{ FIELD_IMAGE, get_image },
		{ FIELD_LINK, get_url },
		{ FIELD_RATING, get_rating },
		{ FIELD_CONDITION, get_condition },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		for (int s = 0; s < THING_SOURCES; s++) {
			const struct product *q = p->mains[s];
			struct str v = { 0 };

			if (q)
				v = clean(p, table[i].get(q));
			if (v.len == 0)
				continue;
			/* OpenGraph's title has the shop's name in it. */
			if (table[i].field == FIELD_TITLE &&
			    s == THING_OPENGRAPH && p->markup->title.len > 0)
				v = p->markup->title;
			item_set_text(it, table[i].field, v, p->doc, p->arena);
			break;
		}
	}
}

static void fill_from_offer(struct page *p, struct item *it,
			    const struct offer *o)
{
	set(p, it, FIELD_CONDITION, o->condition);
	set(p, it, FIELD_SELLER, o->seller);
	if (!it->sku.p)
		set(p, it, FIELD_SKU, o->sku);
	if (!it->mpn.p)
		set(p, it, FIELD_MPN, o->mpn);
	if (!it->gtin.p)
		set(p, it, FIELD_GTIN, o->gtin);
}

/* In stock at this price, if any offer at it is; else what the first says. */
static struct str availability_of(const struct page *p, const struct claim *c)
{
	struct str first = { 0 };

	if (c && c->offer->availability.len > 0)
		return c->offer->availability;
	for (int s = 0; s < THING_SOURCES; s++) {
		if (!p->mains[s])
			continue;
		for (const struct offer *o = p->mains[s]->offers; o;
		     o = o->next) {
			if (is_in_stock(o->availability))
				return o->availability;
			if (first.len == 0)
				first = o->availability;
		}
	}
	if (first.len > 0)
		return first;
	if (p->markup->sold_out && !p->markup->can_buy)
		return STR("OutOfStock");
	if (p->markup->can_buy || p->markup->in_stock)
		return STR("InStock");
	return first;
}

static struct str amount_text(const struct page *p, struct decimal d)
{
	char out[DECIMAL_TEXT_MAX];

	return arena_str(p->arena, str_from(decimal_format(d, out)));
}

static void set_list_price(const struct page *p, struct item *it,
			   struct decimal price, struct decimal list)
{
	if (decimal_cmp(list, price) > 0)
		it->list_price = amount_text(p, list);
}

static void fill_list_price(const struct page *p, struct item *it,
			    struct decimal price, const struct claim *c)
{
	const struct markup *m = p->markup;
	struct decimal list;
	struct str currency;

	if (c && c->offer->list_price.len > 0) {
		struct offer o = *c->offer;

		o.price = o.list_price;
		if (read_amount(p, &o, &list, &currency))
			set_list_price(p, it, price, list);
	} else if (m->list && m->best &&
		   decimal_cmp(m->best->amount, price) == 0) {
		set_list_price(p, it, price, m->list->amount);
	}
}

static struct str visible_currency(const struct page *p, struct decimal amount)
{
	const struct markup *m = p->markup;

	for (size_t i = 0; i < m->n_prices; i++)
		if (m->prices[i].currency.len > 0 &&
		    decimal_cmp(m->prices[i].amount, amount) == 0)
			return m->prices[i].currency;
	return (struct str){ 0 };
}

static void set_price(const struct page *p, struct item *it,
		      struct decimal amount, struct str currency)
{
	it->price = amount_text(p, amount);
	if (currency.len == 0)
		currency = visible_currency(p, amount);
	if (currency.len == 0)
		currency = product_hints_currency(&p->hints);
	if (currency.len > 0)
		it->currency = currency;
}

/* Why this one, in words that make sense in a log. */
static struct str explain(const struct page *p, const struct claim *c)
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
static bool is_free(const struct page *p, const struct claim *c)
{
	return decimal_sign(c->amount) == 0 && c->source != THING_OPENGRAPH &&
	       !p->mains[c->source]->typed;
}

static void fill_price(struct page *p, struct item *it, const struct claim *c)
{
	const struct markup_price *v = NULL;

	if (c && decimal_sign(c->amount) == 0 && !is_free(p, c))
		c = NULL;
	if (!c)
		v = find_visible(p);
	else if (is_stale(p, c))
		v = p->markup->best;
	if (v) {
		set_price(p, it, v->amount, v->currency);
		it->picked = STR("visible text");
		fill_list_price(p, it, v->amount, NULL);
		if (c) {
			set_list_price(p, it, v->amount, c->amount);
			it->picked = STR("visible text: the page's data has "
					 "its former price");
		}
	} else if (c) {
		set_price(p, it, c->amount, c->currency);
		it->picked = explain(p, c);
		it->free = is_free(p, c);
		fill_list_price(p, it, c->amount, c);
	}
	if (c)
		fill_from_offer(p, it, c->offer);
}

static bool fill_item(struct page *p, struct item *it)
{
	const struct claim *c = find_claim(p);
	bool described = false;

	for (int s = 0; s < THING_OPENGRAPH; s++)
		described |= p->mains[s] && p->mains[s]->n_offers > 0;
	described |=
		p->mains[THING_OPENGRAPH] && p->mains[THING_OPENGRAPH]->typed;
	fill_from_products(p, it);
	fill_price(p, it, c);
	if (!it->price.p && !(described && availability_of(p, c).len > 0) &&
	    !(p->markup->sold_out_named && !p->markup->can_buy))
		return false;
	set(p, it, FIELD_AVAILABILITY, availability_of(p, c));
	if (!it->title.p && p->markup->title.len > 0)
		set(p, it, FIELD_TITLE, p->markup->title);
	if (!it->title.p)
		set(p, it, FIELD_TITLE, p->document_title);
	if (!it->link.p)
		set(p, it, FIELD_LINK, p->canonical);
	if (!it->link.p)
		set(p, it, FIELD_LINK, p->doc->url);
	return it->title.p != NULL;
}

static void run(const void *compiled, const struct document *doc,
		struct arena *a, struct observation *o)
{
	struct page *p = arena_alloc(a, sizeof(*p));
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
	p->dom = dom_parse_html(doc->body, doc->content_type, a, &e);
	if (!p->dom) {
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "%s", e.msg);
		return;
	}
	jsonld_read(&p->things, p->dom);
	microdata_read(&p->things, p->dom);
	rdfa_read(&p->things, p->dom);
	opengraph_read(&p->things, p->dom);
	p->products = schemaorg_products(&p->things);
	read_head(p);
	product_hints(p->dom, p->products, doc, a, &p->hints);
	p->markup = markup_read(p->dom, names, gather_names(p, names),
				&p->hints, a);
	for (int s = 0; s < THING_SOURCES; s++)
		p->mains[s] = find_main(p, (enum thing_source)s);
	if (!fill_item(p, &it)) {
		observation_fail(o, a, OUTCOME_SELECTOR_MISS,
				 "no offer of one product on the page");
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
