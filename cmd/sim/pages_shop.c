#include "pages.h"

#include "common/xmem.h"

#include "catalogue.h"
#include "fill.h"

/*
 * Real shop pages have more prices on them than the one that counts: list
 * price, shipping, instalments, related products. So have these.
 */
static const char english_body[] =
	"<header><a href=\"/shop/\">Harbour Goods</a>"
	"<p class=\"promo\">Free shipping over $150.00</p></header>\n"
	"<nav aria-label=\"Breadcrumb\"><a href=\"/shop/\">Shop</a> &rsaquo; "
	"<span>{kind}</span></nav>\n"
	"<main>\n<h1>{name}</h1>\n"
	"<img src=\"/img/{id}.svg\" alt=\"{name}\" width=\"320\">\n"
	"<p class=\"price-box\"><del class=\"list-price\">{list_us}</del>\n"
	"<span class=\"price\">{price_us}</span></p>\n"
	"<p class=\"stock\">{stock_text}</p>\n"
	"<button{disabled}>Add to cart</button>\n"
	"<p class=\"shipping\">Shipping $15.00</p>\n"
	"<p class=\"about\">{about}</p>\n</main>\n"
	"<section class=\"related\"><h2>Goes well with it</h2>\n<ul>\n"
	"{r:related}</ul></section>\n"
	"<footer>Harbour Goods, since 1998</footer>\n</body>\n</html>\n";

static const char english_related[] =
	"<li><a href=\"/shop/\">{title}</a> "
	"<span class=\"price\">${price_us}</span></li>\n";

static const char jsonld_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	"<meta charset=\"utf-8\">\n<title>{name} | Harbour Goods</title>\n"
	"<link rel=\"canonical\" href=\"{url}\">\n"
	"<script type=\"application/ld+json\">\n"
	"{\"@context\":\"https://schema.org/\",\"@type\":\"BreadcrumbList\","
	"\"itemListElement\":[{\"@type\":\"ListItem\",\"position\":1,"
	"\"name\":\"Shop\"},{\"@type\":\"ListItem\",\"position\":2,"
	"\"name\":{j:kind}}]}\n</script>\n"
	"<script type=\"application/ld+json\">\n"
	"{\"@context\":\"https://schema.org/\",\"@type\":\"Product\","
	"\"name\":{j:name},\"sku\":{j:sku},\"description\":{j:about},"
	"\"brand\":{\"@type\":\"Brand\",\"name\":{j:brand}},"
	"\"image\":[{j:image}],\"offers\":{\"@type\":\"Offer\","
	"\"url\":{j:url},\"priceCurrency\":\"USD\",\"price\":{j:price},"
	"\"itemCondition\":\"https://schema.org/NewCondition\","
	"\"availability\":\"https://schema.org/{stock}\","
	"\"seller\":{\"@type\":\"Organization\",\"name\":\"Harbour Goods\"}"
	"}}\n</script>\n</head>\n<body>\n";

static const char og_head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\" prefix=\"og: https://ogp.me/ns# "
	"product: https://ogp.me/ns/product#\">\n<head>\n"
	"<meta charset=\"utf-8\">\n<title>{name}</title>\n"
	"<meta property=\"og:type\" content=\"product\">\n"
	"<meta property=\"og:title\" content=\"{name}\">\n"
	"<meta property=\"og:url\" content=\"{url}\">\n"
	"<meta property=\"og:image\" content=\"{image}\">\n"
	"<meta property=\"og:description\" content=\"{about}\">\n"
	"<meta property=\"og:site_name\" content=\"Harbour Goods\">\n"
	"<meta property=\"product:brand\" content=\"{brand}\">\n"
	"<meta property=\"product:retailer_item_id\" content=\"{sku}\">\n"
	"<meta property=\"product:price:amount\" content=\"{price}\">\n"
	"<meta property=\"product:price:currency\" content=\"USD\">\n"
	"<meta property=\"product:availability\" content=\"{stock_og}\">\n"
	"</head>\n<body>\n";

static const char microdata[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	"<meta charset=\"utf-8\">\n<title>{name} | Old Town Trading</title>\n"
	"</head>\n<body>\n<header><a href=\"/shop/\">Old Town Trading</a>"
	"</header>\n"
	"<main itemscope itemtype=\"https://schema.org/Product\">\n"
	"<h1 itemprop=\"name\">{name}</h1>\n"
	"<img itemprop=\"image\" src=\"/img/{id}.svg\" alt=\"\">\n"
	"<p>by <span itemprop=\"brand\" itemscope "
	"itemtype=\"https://schema.org/Brand\">"
	"<span itemprop=\"name\">{brand}</span></span>, "
	"model <span itemprop=\"sku\">{sku}</span></p>\n"
	"<div itemprop=\"offers\" itemscope "
	"itemtype=\"https://schema.org/Offer\">\n"
	"<s>{list_us}</s>\n<meta itemprop=\"priceCurrency\" content=\"USD\">\n"
	"<strong itemprop=\"price\" content=\"{price}\">{price_us}</strong>\n"
	"<link itemprop=\"availability\" href=\"https://schema.org/{stock}\">"
	"{stock_text}\n"
	"<link itemprop=\"itemCondition\" "
	"href=\"https://schema.org/NewCondition\">\n</div>\n"
	"<p itemprop=\"description\">{about}</p>\n<ul>\n{r:related}</ul>\n"
	"</main>\n</body>\n</html>\n";

static const char microdata_related[] =
	"<li itemprop=\"isRelatedTo\" itemscope "
	"itemtype=\"https://schema.org/Product\">"
	"<span itemprop=\"name\">{title}</span> <span itemprop=\"offers\" "
	"itemscope itemtype=\"https://schema.org/Offer\">"
	"<meta itemprop=\"priceCurrency\" content=\"USD\">"
	"<span itemprop=\"price\" content=\"{price}\">${price_us}</span>"
	"</span></li>\n";

static const char plain[] =
	"<!DOCTYPE html>\n<html lang=\"de\">\n<head>\n"
	"<meta charset=\"utf-8\">\n<title>{name} - Kontor am Hafen</title>\n"
	"</head>\n<body>\n<div class=\"kopf\"><a href=\"/shop/\">Kontor am "
	"Hafen</a> Versandkostenfrei ab 150,00 EUR</div>\n"
	"<h1>{name}</h1>\n<p class=\"preis\">statt <s>{list_eu} EUR</s>\n"
	"<b>{price_eu} EUR</b> <small>inkl. MwSt., zzgl. 4,90 EUR "
	"Versand</small></p>\n<p class=\"lager\">{stock_de}</p>\n"
	"<h2>Passend dazu</h2>\n<ul>\n{r:related}</ul>\n</body>\n</html>\n";

static const char plain_related[] = "<li>{title} {price_eu} EUR</li>\n";

struct shop {
	const char *name;
	const char *head, *body, *related;
};

static const struct shop shops[] = {
	{ "jsonld", jsonld_head, english_body, english_related },
	{ "microdata", "", microdata, microdata_related },
	{ "og", og_head, english_body, english_related },
	{ "plain", "", plain, plain_related },
};

static void render_related(struct buf *b, const char *tmpl)
{
	for (size_t i = 0; i < ARRAY_LEN(catalogue_related); i++) {
		const struct catalogue_thing *t = &catalogue_related[i];
		char us[FILL_MONEY_SIZE], eu[FILL_MONEY_SIZE];
		char price[FILL_MONEY_SIZE];

		FILL(b, tmpl, { "title", str_from(t->title) },
		     { "price", fill_money(t->cents, MONEY_PLAIN, price) },
		     { "price_us", fill_money(t->cents, MONEY_US, us) },
		     { "price_eu", fill_money(t->cents, MONEY_EU, eu) });
	}
}

static void render_product(const struct shop *shop, const struct product *p,
			   struct str base, struct buf *b)
{
	struct buf related = { 0 }, url = { 0 }, image = { 0 };
	char price[FILL_MONEY_SIZE], us[FILL_MONEY_SIZE + 1] = "$";
	char eu[FILL_MONEY_SIZE], list_us[FILL_MONEY_SIZE + 1] = "$";
	char list_eu[FILL_MONEY_SIZE];
	int64_t list = p->list_cents / 10 * 13; /* never below the price */

	render_related(&related, shop->related);
	buf_addf(&url, "%.*s/shop/%s/%s", STR_ARG(base), shop->name, p->id);
	buf_addf(&image, "%.*s/img/%s.svg", STR_ARG(base), p->id);
	fill_money(p->cents, MONEY_US, us + 1);
	fill_money(list, MONEY_US, list_us + 1);

	const struct fill vars[] = {
		{ "id", str_from(p->id) },
		{ "kind", str_from(p->kind) },
		{ "brand", str_from(p->brand) },
		{ "name", str_from(p->name) },
		{ "sku", str_from(p->sku) },
		{ "about", str_from(p->about) },
		{ "url", buf_str(&url) },
		{ "image", buf_str(&image) },
		{ "price", fill_money(p->cents, MONEY_PLAIN, price) },
		{ "price_us", str_from(us) },
		{ "price_eu", fill_money(p->cents, MONEY_EU, eu) },
		{ "list_us", str_from(list_us) },
		{ "list_eu", fill_money(list, MONEY_EU, list_eu) },
		{ "stock", p->in_stock ? STR("InStock") : STR("OutOfStock") },
		{ "stock_og",
		  p->in_stock ? STR("in stock") : STR("out of stock") },
		{ "stock_text",
		  p->in_stock ? STR("In stock") : STR("Sold out") },
		{ "stock_de",
		  p->in_stock ? STR("Auf Lager") : STR("Ausverkauft") },
		{ "disabled", p->in_stock ? STR("") : STR(" disabled") },
		{ "related", buf_str(&related) },
	};
	fill(b, shop->head, vars, ARRAY_LEN(vars));
	fill(b, shop->body, vars, ARRAY_LEN(vars));
	buf_free(&related);
	buf_free(&url);
	buf_free(&image);
}

static void render_index(const struct world *w, struct answer *a)
{
	struct buf *b = &a->body;

	buf_puts(b, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
		    "<meta charset=\"utf-8\"><title>Shops</title></head>\n"
		    "<body><h1>Shops</h1>\n<ul>\n");
	for (size_t i = 0; i < w->n_products; i++) {
		const struct product *p = &w->products[i];

		FILL(b, "<li>{name} ({kind}):", { "name", str_from(p->name) },
		     { "kind", str_from(p->kind) });
		for (size_t k = 0; k < ARRAY_LEN(shops); k++)
			FILL(b, " <a href=\"/shop/{shop}/{id}\">{shop}</a>",
			     { "shop", str_from(shops[k].name) },
			     { "id", str_from(p->id) });
		buf_puts(b, "</li>\n");
	}
	buf_puts(b, "</ul></body></html>\n");
	a->modified_s = WORLD_START_S;
}

static const struct shop *shop_named(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(shops); i++)
		if (str_is(name, shops[i].name))
			return &shops[i];
	return NULL;
}

void page_shop(const struct world *w, struct str base, struct str rest,
	       struct answer *a)
{
	struct str item, name = str_cut(rest, '/', &item);
	const struct shop *shop = shop_named(name);
	const struct product *p = world_product(w, item);

	a->type = "text/html; charset=utf-8";
	if (rest.len == 0 || (shop && item.len == 0)) {
		render_index(w, a);
	} else if (shop && p) {
		render_product(shop, p, base, &a->body);
		a->modified_s = p->changed_s;
	} else {
		answer_error(a, 404, "No such product.");
	}
}
