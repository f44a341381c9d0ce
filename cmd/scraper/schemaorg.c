#include "schemaorg.h"

#include <string.h>

#include "common/buf.h"
#include "common/decimal.h"
#include "common/xmem.h"

struct reader {
	struct things *ts;
	struct product *p;
	struct offer **link; /* where p's next offer goes */
};

/* The text that a property's value stands for: its own, or a thing's name. */
static struct str text_of(struct reader *r, const struct thing_prop *p)
{
	static const char *const names[] = { "name", "url", "contentUrl",
					     "value" };
	const struct thing *t;

	if (!p->thing)
		return str_trim(p->text);
	t = things_resolve(r->ts, p->thing);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct thing_prop *q = thing_prop(t, names[i], NULL);

		if (q && str_trim(q->text).len > 0)
			return str_trim(q->text);
	}
	return t->id;
}

/* The first of the names (a NULL ends them) that has a text. */
static struct str first_text(struct reader *r, const struct thing *t,
			     const char *const *names)
{
	for (; *names; names++) {
		const struct thing_prop *p = NULL;

		while ((p = thing_prop(t, *names, p))) {
			struct str s = text_of(r, p);

			if (s.len > 0)
				return s;
		}
	}
	return (struct str){ 0 };
}

#define TEXT(r, t, ...) \
	first_text(r, t, (const char *const[]){ __VA_ARGS__, NULL })

/*
 * A name in words: where the element is a link, its value is an address, and
 * the words are its text.
 */
static struct str words_of(struct reader *r, const struct thing *t,
			   const char *const *names)
{
	struct str s = first_text(r, t, names);

	if (str_find(s, STR("://")) == (size_t)-1 && !str_starts(s, STR("/")))
		return s;
	for (; *names; names++) {
		const struct thing_prop *p = thing_prop(t, *names, NULL);

		if (p && p->node && !p->thing)
			return str_trim(thing_node_text(r->ts, p->node));
	}
	return (struct str){ 0 };
}

#define WORDS(r, t, ...) \
	words_of(r, t, (const char *const[]){ __VA_ARGS__, NULL })

bool schemaorg_is_gtin(struct str s)
{
	unsigned sum = 0;

	if (s.len != 8 && s.len != 12 && s.len != 13 && s.len != 14)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned char)s.p[i] - '0';

		if (digit > 9)
			return false;
		sum += (s.len - i) % 2 ? digit : 3 * digit;
	}
	return sum > 0 && sum % 10 == 0;
}

/* GTINs are also written with spaces or hyphens, or with their scheme. */
static struct str gtin_of(struct reader *r, const struct thing *t)
{
	static const char *const names[] = {
		"gtin13",	"gtin",	       "gtin14",       "gtin12",
		"gtin8",	"ean",	       "isbn",	       "upc",
		"productID",	"identifier",  "product:gtin", "product:ean",
		"product:isbn", "product:upc", "book:isbn"
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct thing_prop *p = thing_prop(t, names[i], NULL);
		char digits[16];
		size_t n = 0;
		struct str s;

		if (!p)
			continue;
		s = text_of(r, p);
		if (str_chr(s, ':') != (size_t)-1)
			str_cut(s, ':', &s);
		for (size_t k = 0; k < s.len && n < sizeof(digits); k++)
			if (!strchr(" -", s.p[k]))
				digits[n++] = s.p[k];
		if (schemaorg_is_gtin((struct str){ digits, n }))
			return arena_str(r->ts->arena,
					 (struct str){ digits, n });
	}
	return (struct str){ 0 };
}

static bool contains(struct str s, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= s.len; i++)
		if (str_eq_nocase(str_sub(s, i, i + n), str_from(word)))
			return true;
	return false;
}

/* A specification of the price that nobody pays. */
static bool is_list_price(struct str type)
{
	return contains(type, "ListPrice") || contains(type, "Strikethrough") ||
	       contains(type, "MSRP") || contains(type, "SRP") ||
	       contains(type, "RegularPrice");
}

/* One that is not said is the other's. */
static bool is_same_currency(struct str a, struct str b)
{
	return a.len == 0 || b.len == 0 || str_eq_nocase(a, b);
}

static struct offer *add_offer(struct reader *r, const struct offer *like)
{
	struct offer *o;

	if (r->p->n_offers >= OFFERS_MAX)
		return NULL;
	o = arena_alloc(r->ts->arena, sizeof(*o));
	*o = *like;
	o->next = NULL;
	*r->link = o;
	r->link = &o->next;
	r->p->n_offers++;
	return o;
}

/* The price of a reference quantity: "100" and "GRM", "kg". */
static void read_unit_price(struct reader *r, const struct thing *spec,
			    struct str price, struct offer *o)
{
	static const struct {
		const char *code, *unit;
	} codes[] = {
		{ "KGM", "kg" },    { "GRM", "g" },	{ "LTR", "l" },
		{ "MLT", "ml" },    { "MTR", "m" },	{ "CMT", "cm" },
		{ "MTK", "m²" },    { "LBR", "lb" },	{ "ONZ", "oz" },
		{ "C62", "piece" }, { "H87", "piece" }, { "EA", "piece" }
	};
	const struct thing_prop *p =
		thing_prop(spec, "referenceQuantity", NULL);
	const struct thing *q;
	struct str value, unit;
	struct buf b = { 0 };

	if (!p->thing || o->unit_price.len > 0)
		return;
	q = things_resolve(r->ts, p->thing);
	value = TEXT(r, q, "value");
	unit = TEXT(r, q, "unitText", "unitCode");
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (str_is(unit, codes[i].code))
			unit = str_from(codes[i].unit);
	if (unit.len == 0)
		return; /* of what? */
	if (value.len > 0 && !str_is(value, "1"))
		buf_addf(&b, "%.*s ", STR_ARG(value));
	buf_add_str(&b, unit);
	o->unit_price = price;
	o->unit = arena_str(r->ts->arena, buf_str(&b));
	buf_free(&b);
}

/* The least that any of the ways to send it costs. */
static void read_shipping(struct reader *r, const struct thing *t,
			  struct offer *o)
{
	const struct thing_prop *p = NULL;
	struct decimal least, d;
	bool found = false;

	while ((p = thing_prop(t, "shippingDetails", p))) {
		const struct thing_prop *rate;
		const struct thing *amount;
		struct str s;

		if (!p->thing)
			continue;
		rate = thing_prop(things_resolve(r->ts, p->thing),
				  "shippingRate", NULL);
		if (!rate || !rate->thing)
			continue;
		amount = things_resolve(r->ts, rate->thing);
		s = TEXT(r, amount, "value", "minValue", "price");
		/* In another currency it is what people elsewhere pay. */
		if (!decimal_parse_json(s, &d) || decimal_sign(d) < 0 ||
		    !is_same_currency(TEXT(r, amount, "currency",
					   "priceCurrency"),
				      o->currency))
			continue;
		if (found && decimal_cmp(d, least) >= 0)
			continue;
		found = true;
		least = d;
		o->shipping = s;
	}
}

/* priceSpecification: a price of its own, or the list price beside one. */
static void read_specification(struct reader *r, const struct thing *t,
			       struct offer *o)
{
	const struct thing_prop *p = NULL;

	while ((p = thing_prop(t, "priceSpecification", p))) {
		const struct thing *spec;
		struct str price;

		if (!p->thing)
			continue;
		spec = things_resolve(r->ts, p->thing);
		price = TEXT(r, spec, "price", "minPrice");
		if (price.len > 0 &&
		    thing_prop(spec, "referenceQuantity", NULL)) {
			read_unit_price(r, spec, price, o);
			continue;
		}
		if (price.len == 0 || thing_prop(spec, "billingDuration", NULL))
			continue;
		if (is_list_price(TEXT(r, spec, "priceType", "name")))
			o->list_price = price;
		else if (o->price.len == 0)
			o->price = price;
		if (o->currency.len == 0)
			o->currency = TEXT(r, spec, "priceCurrency");
	}
}

/* What t says of an offer; what it does not is left as it is. */
static void read_terms(struct reader *r, const struct thing *t, struct offer *o)
{
	const struct {
		struct str *to, value;
	} table[] = {
		{ &o->currency, TEXT(r, t, "priceCurrency", "currency") },
		{ &o->availability, TEXT(r, t, "availability") },
		{ &o->condition, TEXT(r, t, "itemCondition", "condition") },
		{ &o->seller, WORDS(r, t, "seller", "offeredBy", "merchant") },
		{ &o->sku, TEXT(r, t, "sku") },
		{ &o->mpn, TEXT(r, t, "mpn") },
		{ &o->gtin, gtin_of(r, t) },
		{ &o->url, TEXT(r, t, "url") },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].value.len > 0)
			*table[i].to = table[i].value;
}

/* One offer for each price that t names; one without if it names none. */
static void read_prices(struct reader *r, const struct thing *t, struct offer o)
{
	const struct thing_prop *p = NULL;
	bool found = false;

	read_specification(r, t, &o);
	read_shipping(r, t, &o);
	while ((p = thing_prop(t, "price", p))) {
		struct str s = text_of(r, p);

		if (s.len == 0)
			continue;
		o.price = s;
		o.node = p->node;
		add_offer(r, &o);
		found = true;
	}
	if (found)
		return;
	if (o.price.len == 0) {
		o.price = TEXT(r, t, "lowPrice");
		o.lowest = o.price.len > 0 &&
			   !str_eq(o.price, TEXT(r, t, "highPrice"));
		p = thing_prop(t, "lowPrice", NULL);
		o.node = p ? p->node : NULL;
	}
	if (o.price.len > 0 || o.availability.len > 0)
		add_offer(r, &o);
}

static void read_offer(struct reader *r, const struct thing *t, struct offer o,
		       unsigned depth)
{
	const struct thing_prop *p = NULL;
	struct offer **before = r->link;

	if (depth > 3 || !things_spend(r->ts, 1))
		return;
	read_terms(r, t, &o);
	while ((p = thing_prop(t, "offers", p)))
		if (p->thing)
			read_offer(r, things_resolve(r->ts, p->thing), o,
				   depth + 1);
	for (struct offer *q = *before; q; q = q->next)
		if (q->price.len > 0)
			return;
	read_prices(r, t, o);
}

static void read_variant(struct reader *r, const struct thing *t)
{
	struct offer o = { .name = TEXT(r, t, "name") };
	const struct thing_prop *p = NULL;

	read_terms(r, t, &o);
	while ((p = thing_prop(t, "offers", p)))
		if (p->thing)
			read_offer(r, things_resolve(r->ts, p->thing), o, 0);
}

static void read_offers(struct reader *r, const struct thing *t)
{
	const struct thing_prop *p = NULL;

	while ((p = thing_prop(t, "offers", p)))
		if (p->thing)
			read_offer(r, things_resolve(r->ts, p->thing),
				   (struct offer){ 0 }, 0);
	while ((p = thing_prop(t, "hasVariant", p)))
		if (p->thing && things_spend(r->ts, 1))
			read_variant(r, things_resolve(r->ts, p->thing));
	if (r->p->n_offers == 0) {
		struct offer o = { 0 };

		read_terms(r, t, &o);
		read_prices(r, t, o);
	}
}

static struct str rating_of(struct reader *r, const struct thing *t)
{
	const struct thing_prop *p = thing_prop(t, "aggregateRating", NULL);

	if (!p || !p->thing)
		return (struct str){ 0 };
	return TEXT(r, things_resolve(r->ts, p->thing), "ratingValue");
}

/* An address of its own; an @id in the page is none. */
static struct str url_of(struct reader *r, const struct thing *t)
{
	struct str s = TEXT(r, t, "url", "mainEntityOfPage");

	if (s.len == 0 && str_starts(t->id, STR("http")))
		s = t->id;
	return s;
}

static void read_product(struct reader *r, const struct thing *t)
{
	struct product *p = r->p;
	const struct thing_prop *group = thing_prop(t, "isVariantOf", NULL);

	p->name = WORDS(r, t, "name");
	p->summary = TEXT(r, t, "description");
	p->brand = WORDS(r, t, "brand", "manufacturer");
	p->sku = TEXT(r, t, "sku", "productID");
	p->mpn = TEXT(r, t, "mpn");
	p->gtin = gtin_of(r, t);
	p->image = TEXT(r, t, "image");
	p->url = url_of(r, t);
	p->rating = rating_of(r, t);
	p->condition = TEXT(r, t, "itemCondition", "condition");
	read_offers(r, t);
	if (group && group->thing && p->brand.len == 0)
		p->brand =
			WORDS(r, things_resolve(r->ts, group->thing), "brand");
}

static void read_opengraph(struct reader *r, const struct thing *t)
{
	struct product *p = r->p;
	struct offer o = {
		.price = TEXT(r, t, "product:sale_price:amount",
			      "product:price:amount", "og:price:amount",
			      "product:price", "og:price"),
		.list_price = TEXT(r, t, "product:original_price:amount",
				   "og:price:standard_amount"),
		.currency =
			TEXT(r, t, "product:price:currency",
			     "product:sale_price:currency", "og:price:currency",
			     "og:currency", "product:currency"),
		.availability =
			TEXT(r, t, "product:availability", "og:availability"),
		.condition = TEXT(r, t, "product:condition", "og:condition"),
		.shipping = TEXT(r, t, "product:shipping_cost:amount",
				 "product:shipping_cost"),
	};

	p->name = TEXT(r, t, "og:title", "twitter:title");
	p->summary = TEXT(r, t, "og:description", "twitter:description");
	p->brand = TEXT(r, t, "product:brand", "og:brand");
	p->sku = TEXT(r, t, "product:retailer_item_id", "product:sku", "og:sku",
		      "product:retailer_part_no");
	p->mpn = TEXT(r, t, "product:mfr_part_no", "product:mpn");
	p->gtin = gtin_of(r, t);
	p->image = TEXT(r, t, "og:image", "og:image:secure_url", "og:image:url",
			"twitter:image");
	p->url = TEXT(r, t, "og:url");
	if (o.price.len > 0 || o.availability.len > 0)
		add_offer(r, &o);
}

/* Types whose things are sold, where they do not say so by their offers. */
static bool is_product_type(const struct thing *t)
{
	static const char *const types[] = {
		"Product",	"ProductGroup",	     "ProductModel",
		"SomeProducts", "IndividualProduct", "Vehicle",
		"Car",		"Motorcycle",
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (thing_is(t, types[i]))
			return true;
	return false;
}

static bool is_offer_type(const struct thing *t)
{
	return thing_is(t, "Offer") || thing_is(t, "AggregateOffer") ||
	       thing_is(t, "OfferCatalog") || thing_is(t, "OfferForPurchase");
}

/* Types that have offers and are not what is offered. */
static bool is_frame(const struct thing *t)
{
	static const char *const types[] = { "ItemList", "WebSite",
					     "WebPage",	 "Organization",
					     "Store",	 "Brand",
					     "ItemPage" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (thing_is(t, types[i]))
			return true;
	return is_offer_type(t);
}

/* Part of a list, or there because of another product. */
static bool is_aside(const struct thing *t)
{
	static const char *const roles[] = {
		"isRelatedTo",
		"isSimilarTo",
		"isAccessoryOrSparePartFor",
		"related",
		"related_products",
		"isConsumableFor",
		"itemListElement",
		"hasPart",
		"makesOffer",
		"recommended",
		"isVariantOf",
		"hasVariant",
		"similar",
		"review",
		"workExample",
		"addOn",
	};
	unsigned depth = 0;

	for (; t && depth <= THING_DEPTH_MAX; t = t->parent, depth++) {
		if (thing_is(t, "ItemList") || thing_is(t, "ListItem") ||
		    thing_is(t, "OfferCatalog"))
			return true;
		for (size_t i = 0; i < ARRAY_LEN(roles); i++)
			if (str_eq_nocase(t->role, str_from(roles[i])))
				return true;
	}
	return false;
}

/* An offer that stands alone is what it offers, if it says so. */
static bool is_lone_offer(const struct thing *t)
{
	return is_offer_type(t) && !t->parent &&
	       (thing_prop(t, "itemOffered", NULL) ||
		thing_prop(t, "name", NULL)) &&
	       (thing_prop(t, "price", NULL) ||
		thing_prop(t, "lowPrice", NULL) ||
		thing_prop(t, "priceSpecification", NULL));
}

static void read_lone_offer(struct reader *r, const struct thing *t)
{
	const struct thing_prop *p = thing_prop(t, "itemOffered", NULL);

	if (p && p->thing)
		read_product(r, things_resolve(r->ts, p->thing));
	if (r->p->name.len == 0)
		r->p->name = WORDS(r, t, "name", "itemOffered");
	if (r->p->image.len == 0)
		r->p->image = TEXT(r, t, "image");
	if (r->p->n_offers == 0)
		read_offer(r, t, (struct offer){ 0 }, 0);
}

/*
 * Prices of a script may be in cents, and nothing says so; one with a fraction
 * cannot.
 */
static bool has_fraction(struct str price)
{
	size_t dot = str_chr(price, '.');

	return dot != (size_t)-1 && price.len - dot - 1 <= 2 &&
	       price.len - dot > 1;
}

static bool read_state(struct reader *r, const struct thing *t)
{
	struct product *p = r->p;
	struct offer o = {
		.price = TEXT(r, t, "salePrice", "sale_price", "currentPrice",
			      "finalPrice", "final_price", "price"),
		.currency = TEXT(r, t, "currency", "currencyCode",
				 "priceCurrency", "currency_code"),
	};

	p->name = TEXT(r, t, "name", "title", "productName", "product_name");
	if (p->name.len == 0 || !has_fraction(o.price))
		return false;
	p->brand = TEXT(r, t, "brand", "brandName");
	p->sku = TEXT(r, t, "sku");
	p->gtin = gtin_of(r, t);
	add_offer(r, &o);
	return true;
}

static bool read_thing(struct reader *r, const struct thing *t)
{
	r->p->source = t->source;
	r->p->thing = t;
	r->p->typed = is_product_type(t);
	r->p->aside = is_aside(t);
	if (t->source == THING_STATE) {
		r->p->typed = false;
		return read_state(r, t);
	}
	if (t->source == THING_OPENGRAPH) {
		r->p->typed =
			t->n_types > 0 && contains(t->types[0], "product");
		read_opengraph(r, t);
		return r->p->typed || r->p->n_offers > 0;
	}
	if (is_lone_offer(t)) {
		read_lone_offer(r, t);
		return true;
	}
	if (!r->p->typed && (!thing_prop(t, "offers", NULL) || is_frame(t)))
		return false;
	read_product(r, t);
	return true;
}

struct product *schemaorg_products(struct things *ts)
{
	struct product *first = NULL, **link = &first;
	size_t n[THING_SOURCES] = { 0 };

	for (const struct thing *t = ts->first; t; t = t->next) {
		struct product p = { 0 };
		struct reader r = { .ts = ts, .p = &p, .link = &p.offers };

		if (n[t->source] >= PRODUCTS_MAX || !t->first ||
		    !read_thing(&r, t))
			continue;
		n[t->source]++;
		*link = arena_alloc(ts->arena, sizeof(p));
		**link = p;
		link = &(*link)->next;
	}
	return first;
}
