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
#include "product_choice.h"

#include <string.h>

#include "common/xmem.h"

#include "item_words.h"

enum {
	TITLE_ALIKE = 50, /* percent of words that make two titles one */
	LISTED_MIN = 6,	  /* prices of a list of products */
};

/* How much of a name the titles of the page have, in percent. */
static int name_likeness(const struct product_page *p, struct str name)
{
	int a = layout_likeness(name, p->layout->title);
	int b = layout_likeness(name, p->document_title);

	return a > b ? a : b;
}

/* How a name is like the titles of the page, or its title like the name. */
static int title_likeness(const struct product_page *p, struct str name)
{
	int a = name_likeness(p, name);
	int b = layout_likeness(p->layout->title, name);

	return a > b ? a : b;
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

static bool is_this_page(const struct product_page *p, struct str url)
{
	struct str path = path_of(url);

	return path.len > 1 && (str_eq(path, path_of(p->doc->url)) ||
				str_eq(path, path_of(p->canonical)));
}

static int product_score(const struct product_page *p, const struct product *q)
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
static const struct product *find_main(const struct product_page *p,
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
	if (is_this_page(p, best->url))
		return best;
	/* One of a list: "Lamps" is not what "Lamps, small, of brass" are. */
	if (best->aside && name_likeness(p, best->name) < TITLE_ALIKE)
		return NULL;
	/* One of several must be what the title says. */
	if ((others > 0 || source == THING_STATE) &&
	    title_likeness(p, best->name) < TITLE_ALIKE)
		return NULL;
	return best;
}

void product_choose_mains(struct product_page *p)
{
	for (int s = 0; s < THING_SOURCES; s++)
		p->mains[s] = find_main(p, (enum thing_source)s);
}

/* "2.449" is read as it stands, unless the page shows 2449. */
static void reread_thousands(const struct product_page *p, struct str text,
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

bool product_read_amount(const struct product_page *p, const struct offer *o,
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

bool product_is_in_stock(struct str availability)
{
	static const char *const names[] = { "InStock", "LimitedAvailability",
					     "OnlineOnly", "InStoreOnly",
					     NULL };

	return str_is_any(item_availability(availability), names);
}

/* Where several offers make one claim, the first one speaks for them. */
static bool is_sold_out(const struct offer *o)
{
	static const char *const names[] = { "OutOfStock", "SoldOut",
					     "Discontinued", NULL };

	return str_is_any(item_availability(o->availability), names);
}

/* The same amount in another currency is another claim. */
static struct product_claim *claim_of(struct product_page *p,
				      struct decimal amount,
				      struct str currency)
{
	for (size_t i = 0; i < p->n_claims; i++) {
		struct product_claim *c = &p->claims[i];

		if (decimal_cmp(c->amount, amount) == 0 &&
		    (!c->currency.p || !currency.p ||
		     str_eq(c->currency, currency)))
			return c;
	}
	return NULL;
}

static void add_claim(struct product_page *p, const struct offer *o,
		      enum thing_source source)
{
	struct decimal amount;
	struct str currency;
	struct product_claim *c;

	if (o->price.len == 0 || !product_read_amount(p, o, &amount, &currency))
		return;
	c = claim_of(p, amount, currency);
	if (!c) {
		if (p->n_claims == PRODUCT_CLAIMS_MAX)
			return;
		c = &p->claims[p->n_claims++];
		*c = (struct product_claim){ .amount = amount,
					     .offer = o,
					     .source = source,
					     .old = o->node &&
						    markup_is_old(o->node) };
	}
	if (!c->currency.p)
		c->currency = currency;
	if (c->source == source) {
		c->n_offers++;
		if (!c->in_stock && product_is_in_stock(o->availability)) {
			c->in_stock = true;
			c->offer = o;
		}
	}
	c->sources |= 1u << source;
}

/* How the page shows an amount that its sources name. */
static void look_up(const struct markup *m, struct product_claim *c)
{
	for (size_t i = 0; i < m->n_prices; i++) {
		const struct markup_price *p = &m->prices[i];

		if (p->aside || decimal_cmp(p->amount, c->amount) != 0)
			continue;
		c->open |= !p->old && !p->listed;
		c->old |= p->old;
	}
	if (m->best && !m->best->aside && !m->best->listed)
		c->best = decimal_cmp(m->best->amount, c->amount) == 0;
}

static void score_claim(const struct product_page *p, struct product_claim *c)
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
	else if (is_sold_out(c->offer))
		c->score -= 12;
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

/*
 * Shops also call a whole list one product, with the lowest of all its prices:
 * that is nobody's price, and stands nowhere but in the list.
 */
static bool is_catalogue(const struct product_page *p,
			 const struct product_claim *c)
{
	size_t listed = 0;

	for (size_t i = 0; i < p->markup->n_prices; i++)
		listed += p->markup->prices[i].listed;
	return c->offer->lowest && !c->open && !c->best && listed >= LISTED_MIN;
}

const struct product_claim *product_choose_claim(struct product_page *p)
{
	const struct product_claim *best = NULL;

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
		struct product_claim *c = &p->claims[i];

		score_claim(p, c);
		if (!best || c->score > best->score ||
		    (c->score == best->score &&
		     decimal_cmp(c->amount, best->amount) < 0))
			best = c;
	}
	p->is_catalogue = best && is_catalogue(p, best);
	return best;
}

/*
 * Whether the page itself overrules its sources: it shows a lower price, and
 * theirs only as what it was before.
 */
static bool is_stale(const struct product_page *p,
		     const struct product_claim *c)
{
	const struct markup_price *v = p->markup->best;

	return c->old && !c->open && v && v->score >= MARKUP_SURE &&
	       !v->listed && !v->old && decimal_cmp(v->amount, c->amount) < 0;
}

/* All of it, or what stands before its point. */
static bool is_shown(const struct markup_price *p, struct decimal amount)
{
	struct decimal cents;

	if (!decimal_sub(amount, p->amount, &cents))
		return false;
	return decimal_sign(cents) == 0 ||
	       (!p->currency.p && decimal_sign(cents) > 0 &&
		decimal_cmp(cents, decimal_from_int(1)) < 0);
}

/*
 * Whether what the sources say stands nowhere on the page, which shows another
 * price beyond doubt: theirs is without the tax, or of another day.
 */
static bool is_unseen(const struct product_page *p,
		      const struct product_claim *c)
{
	const struct markup_price *v = p->markup->best;

	if (c->open || c->best || c->old || !v || v->score < MARKUP_PROBABLE ||
	    v->listed || v->old || v->aside_words || v->aside)
		return false;
	for (size_t i = 0; i < p->markup->n_prices; i++)
		if (is_shown(&p->markup->prices[i], c->amount))
			return false;
	return str_eq(v->currency, c->currency);
}

static bool is_product_page(const struct product_page *p)
{
	for (int s = 0; s < THING_SOURCES; s++)
		if (p->mains[s] && p->mains[s]->typed)
			return true;
	return p->markup->can_buy || p->markup->in_stock ||
	       p->markup->sold_out_by_price || p->layout->for_one;
}

/* "/item/4711", "/p/lamp.html": what shops call the pages of one product. */
static bool has_product_address(const struct product_page *p)
{
	static const char *const names[] = {
		"p",	     "pd",	 "pdp",	     "item",	 "items",
		"product",   "products", "produkt",  "produkte", "producto",
		"productos", "produit",	 "produits", "prodotto", "prodotti",
		"produto",   "artikel",	 "listing",  "listings", "toode",
		"tovar",     "prod",
	};
	struct str path = path_of(p->doc->url), segment;

	while (str_token(&path, "/", &segment))
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (str_eq_nocase(segment, str_from(names[i])) &&
			    path.len > 0)
				return true;
	return false;
}

/* The visible price, where it must stand for itself. */
static const struct markup_price *find_lone(const struct product_page *p)
{
	const struct markup_price *v = p->markup->best;
	int enough = MARKUP_SURE;

	if (is_product_page(p))
		enough = MARKUP_LIKELY;
	else if (has_product_address(p))
		enough = MARKUP_PROBABLE;

	if (!v || v->aside || v->listed || v->old || v->score < enough ||
	    !p->layout->title.p)
		return NULL;
	/* Far from where it says so, the price is that of another. */
	if (p->markup->sold_out_named && !p->markup->can_buy_here &&
	    !p->markup->sold_out_by_price)
		return NULL;
	return v;
}

const struct markup_price *product_choose_visible(const struct product_page *p,
						  const struct product_claim *c)
{
	if (!c || c->source == THING_STATE)
		return find_lone(p);
	return is_stale(p, c) || is_unseen(p, c) ? p->markup->best : NULL;
}
