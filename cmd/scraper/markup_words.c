#include "markup_words.h"

#include <stdlib.h>
#include <string.h>

#include "common/words.h"
#include "common/xmem.h"

enum { WORD_LEN_MAX = 24 };

struct entry {
	const char *word;
	unsigned means;
};

/* In the order of strcmp(). */
static const struct entry words[] = {
	{ "accessories", WORD_ASIDE },
	{ "add", WORD_ADD },
	{ "addtobag", WORD_BUY },
	{ "addtobasket", WORD_BUY },
	{ "addtocart", WORD_BUY },
	{ "agotado", WORD_STOCK },
	{ "also", WORD_ASIDE },
	{ "alsobought", WORD_ASIDE },
	{ "alternatives", WORD_ASIDE },
	{ "ancien", WORD_OLD },
	{ "anterior", WORD_OLD },
	{ "antes", WORD_OLD },
	{ "approx", WORD_EXTRA },
	{ "ausverkauft", WORD_STOCK },
	{ "availability", WORD_STOCK },
	{ "avant", WORD_OLD },
	{ "bag", WORD_CART },
	{ "barre", WORD_OLD },
	{ "basket", WORD_CART },
	{ "before", WORD_OLD },
	{ "beschikbaarheid", WORD_STOCK },
	{ "bestand", WORD_STOCK },
	{ "bonus", WORD_EXTRA },
	{ "bought", WORD_ASIDE },
	{ "bundle", WORD_ASIDE },
	{ "buy", WORD_BUY },
	{ "buybox", WORD_NOW | WORD_BUYBOX },
	{ "buying", WORD_NOW },
	{ "buynow", WORD_BUY },
	{ "carousel", WORD_ASIDE },
	{ "cart", WORD_CART },
	{ "cashback", WORD_EXTRA },
	{ "cena", WORD_PRICE },
	{ "cenovka", WORD_PRICE },
	{ "compare", WORD_OLD },
	{ "comparison", WORD_ASIDE },
	{ "conv", WORD_EXTRA },
	{ "converted", WORD_EXTRA },
	{ "coupon", WORD_EXTRA },
	{ "credit", WORD_EXTRA },
	{ "cross", WORD_ASIDE },
	{ "crossed", WORD_OLD },
	{ "crossell", WORD_ASIDE },
	{ "crosssell", WORD_ASIDE },
	{ "current", WORD_NOW },
	{ "deal", WORD_NOW },
	{ "delivery", WORD_EXTRA },
	{ "deposit", WORD_EXTRA },
	{ "detail", WORD_PRODUCT },
	{ "details", WORD_PRODUCT },
	{ "disc", WORD_OLD },
	{ "discount", WORD_EXTRA },
	{ "discounted", WORD_NOW },
	{ "dispo", WORD_STOCK },
	{ "disponibilidad", WORD_STOCK },
	{ "disponibilidade", WORD_STOCK },
	{ "disponibilita", WORD_STOCK },
	{ "disponibilite", WORD_STOCK },
	{ "dostepnosc", WORD_STOCK },
	{ "dostupnost", WORD_STOCK },
	{ "dropdown", WORD_EXTRA },
	{ "eski", WORD_OLD },
	{ "estoque", WORD_STOCK },
	{ "existencias", WORD_STOCK },
	{ "final", WORD_NOW },
	{ "finance", WORD_EXTRA },
	{ "financing", WORD_EXTRA },
	{ "fiyat", WORD_PRICE },
	{ "footer", WORD_ASIDE },
	{ "full", WORD_OLD },
	{ "gift", WORD_EXTRA },
	{ "hind", WORD_PRICE },
	{ "hinta", WORD_PRICE },
	{ "installment", WORD_EXTRA },
	{ "installments", WORD_EXTRA },
	{ "instalment", WORD_EXTRA },
	{ "instalments", WORD_EXTRA },
	{ "inventory", WORD_STOCK },
	{ "item", WORD_PRODUCT },
	{ "kaina", WORD_PRICE },
	{ "lager", WORD_STOCK },
	{ "lagerstatus", WORD_STOCK },
	{ "leasing", WORD_EXTRA },
	{ "lieferbarkeit", WORD_STOCK },
	{ "list", WORD_OLD },
	{ "loyalty", WORD_EXTRA },
	{ "megamenu", WORD_ASIDE },
	{ "menu", WORD_ASIDE },
	{ "minicart", WORD_ASIDE },
	{ "month", WORD_EXTRA },
	{ "monthly", WORD_EXTRA },
	{ "msrp", WORD_OLD },
	{ "nalichie", WORD_STOCK },
	{ "name", WORD_TITLE },
	{ "nav", WORD_ASIDE },
	{ "navigation", WORD_ASIDE },
	{ "newsletter", WORD_ASIDE },
	{ "now", WORD_NOW },
	{ "offer", WORD_NOW },
	{ "offerprice", WORD_PRICE | WORD_NOW },
	{ "old", WORD_OLD },
	{ "oldprice", WORD_PRICE | WORD_OLD },
	{ "option", WORD_EXTRA },
	{ "options", WORD_EXTRA },
	{ "orig", WORD_OLD },
	{ "original", WORD_OLD },
	{ "our", WORD_NOW },
	{ "outofstock", WORD_STOCK },
	{ "percent", WORD_EXTRA },
	{ "points", WORD_EXTRA },
	{ "popular", WORD_ASIDE },
	{ "postage", WORD_EXTRA },
	{ "preco", WORD_PRICE },
	{ "preis", WORD_PRICE },
	{ "pret", WORD_PRICE },
	{ "prev", WORD_OLD },
	{ "previous", WORD_OLD },
	{ "prezzo", WORD_PRICE },
	{ "price", WORD_PRICE },
	{ "prices", WORD_PRICE },
	{ "pricing", WORD_PRICE },
	{ "prijs", WORD_PRICE },
	{ "pris", WORD_PRICE },
	{ "prix", WORD_PRICE },
	{ "prod", WORD_PRODUCT },
	{ "product", WORD_PRODUCT },
	{ "progress", WORD_EXTRA },
	{ "promo", WORD_NOW },
	{ "promotion", WORD_NOW },
	{ "rata", WORD_EXTRA },
	{ "rate", WORD_EXTRA },
	{ "recent", WORD_ASIDE },
	{ "recently", WORD_ASIDE },
	{ "recommend", WORD_ASIDE },
	{ "recommendation", WORD_ASIDE },
	{ "recommendations", WORD_ASIDE },
	{ "recommended", WORD_ASIDE },
	{ "recommender", WORD_ASIDE },
	{ "reduced", WORD_NOW },
	{ "ref", WORD_OLD },
	{ "related", WORD_ASIDE },
	{ "retail", WORD_OLD },
	{ "review", WORD_ASIDE },
	{ "reviews", WORD_ASIDE },
	{ "rrp", WORD_OLD },
	{ "rupture", WORD_STOCK },
	{ "saatavuus", WORD_STOCK },
	{ "sale", WORD_NOW },
	{ "save", WORD_EXTRA },
	{ "saved", WORD_EXTRA },
	{ "saving", WORD_EXTRA },
	{ "savings", WORD_EXTRA },
	{ "select", WORD_EXTRA },
	{ "sell", WORD_NOW },
	{ "selling", WORD_NOW },
	{ "shipping", WORD_EXTRA },
	{ "sidebar", WORD_ASIDE },
	{ "similar", WORD_ASIDE },
	{ "sims", WORD_ASIDE },
	{ "sklad", WORD_STOCK },
	{ "skladem", WORD_STOCK },
	{ "slider", WORD_ASIDE },
	{ "sold", WORD_STOCK },
	{ "soldout", WORD_STOCK },
	{ "special", WORD_NOW },
	{ "sponsored", WORD_ASIDE },
	{ "srp", WORD_OLD },
	{ "standard", WORD_OLD },
	{ "stock", WORD_STOCK },
	{ "stok", WORD_STOCK },
	{ "strike", WORD_OLD },
	{ "striked", WORD_OLD },
	{ "strikethrough", WORD_OLD },
	{ "swatch", WORD_EXTRA },
	{ "swatches", WORD_EXTRA },
	{ "tasso", WORD_EXTRA },
	{ "tax", WORD_EXTRA },
	{ "threshold", WORD_EXTRA },
	{ "tier", WORD_EXTRA },
	{ "title", WORD_TITLE },
	{ "trade", WORD_EXTRA },
	{ "trolley", WORD_CART },
	{ "unavailable", WORD_STOCK },
	{ "unit", WORD_EXTRA },
	{ "upsell", WORD_ASIDE },
	{ "upsells", WORD_ASIDE },
	{ "uvp", WORD_OLD },
	{ "varasto", WORD_STOCK },
	{ "variant", WORD_EXTRA },
	{ "variants", WORD_EXTRA },
	{ "variation", WORD_EXTRA },
	{ "variations", WORD_EXTRA },
	{ "vat", WORD_EXTRA },
	{ "verfuegbarkeit", WORD_STOCK },
	{ "viewed", WORD_ASIDE },
	{ "voorraad", WORD_STOCK },
	{ "was", WORD_OLD },
	{ "weekly", WORD_EXTRA },
	{ "zaloga", WORD_STOCK },
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, ((const struct entry *)entry)->word);
}

static unsigned lookup(const char *word)
{
	const struct entry *e = bsearch(word, words, ARRAY_LEN(words),
					sizeof(words[0]), compare);

	return e ? e->means : 0;
}

/* "ourprice", "priceblock": a price, and what stands before or after it. */
static unsigned meaning(const char *word)
{
	static const char *const stems[] = { "price", "preis", "precio",
					     "prix" };
	unsigned means = lookup(word);

	if (means || !strstr(word, "pr"))
		return means;
	for (size_t i = 0; i < ARRAY_LEN(stems) && !means; i++) {
		const char *at = strstr(word, stems[i]);
		char before[WORD_LEN_MAX + 1];

		if (!at)
			continue;
		str_copy(before, sizeof(before),
			 (struct str){ word, (size_t)(at - word) });
		means = WORD_PRICE | lookup(before) |
			lookup(at + strlen(stems[i]));
	}
	return means;
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z') || (c & 0x80);
}

/* "has-sidebar", "withoutMenu": said of what is not in it, but about. */
static bool is_relation(const char *word)
{
	return !strcmp(word, "with") || !strcmp(word, "without") ||
	       !strcmp(word, "has") || !strcmp(word, "no");
}

unsigned markup_words_of(struct str name)
{
	char word[WORD_LEN_MAX + 1];
	bool related = false;
	unsigned means = 0;
	size_t n = 0;

	for (size_t i = 0; i <= name.len; i++) {
		bool in = i < name.len && is_letter(name.p[i]);
		bool hump = in && n > 0 && is_upper(name.p[i]) &&
			    !is_upper(name.p[i - 1]);

		if (n > 0 && (!in || hump)) {
			word[n] = '\0';
			means |= related ? 0 : meaning(word);
			related = is_relation(word);
			n = 0;
		}
		if (in && n < WORD_LEN_MAX)
			word[n++] = (char)(is_upper(name.p[i]) ? name.p[i] | 32
							       : name.p[i]);
	}
	if ((means & WORD_ADD) && (means & WORD_CART))
		means |= WORD_BUY;
	return means;
}

/* Attributes whose values name things to those who made the page. */
static bool is_naming(struct str name)
{
	return str_is(name, "class") || str_is(name, "id") ||
	       str_is(name, "itemprop") || str_is(name, "data-testid") ||
	       str_is(name, "data-test") || str_is(name, "data-qa") ||
	       str_is(name, "data-role") || str_is(name, "data-price-type");
}

static unsigned words_of(struct str value, struct markup_seen *seen)
{
	size_t i;

	value = str_utf8_prefix(value, 512);
	if (!seen)
		return markup_words_of(value);
	i = str_hash_fast(value) % MARKUP_SEEN;
	if (!seen[i].value.p || !str_eq(seen[i].value, value)) {
		seen[i].value = value;
		seen[i].means = markup_words_of(value);
	}
	return seen[i].means;
}

unsigned markup_words(const struct dom_node *n, struct markup_seen *seen)
{
	unsigned means = 0;

	for (const struct dom_attr *a = n->attrs; a; a = a->next)
		if (is_naming(a->name))
			means |= words_of(a->value, seen);
	return means;
}

/*
 * Parts of labels as rows of words have them: folded, without signs. The first
 * that is found counts: "not in stock" stands before "in stock". A promise of
 * its return says nothing of what is there now.
 */
static const struct {
	const char *text;
	enum label means;
} labels[] = {
	{ "back in stock", LABEL_NONE },
	{ "when in stock", LABEL_NONE },
	{ "when available", LABEL_NONE },
	{ "wieder auf lager", LABEL_NONE },
	{ "wieder verfügbar", LABEL_NONE },
	{ "wieder lieferbar", LABEL_NONE },
	{ "de retour en stock", LABEL_NONE },
	{ "de nuevo en stock", LABEL_NONE },
	{ "weer op voorraad", LABEL_NONE },
	{ "out of stock", LABEL_SOLD_OUT },
	{ "not in stock", LABEL_SOLD_OUT },
	{ "sold out", LABEL_SOLD_OUT },
	{ "currently unavailable", LABEL_SOLD_OUT },
	{ "temporarily unavailable", LABEL_SOLD_OUT },
	{ "no longer available", LABEL_SOLD_OUT },
	{ "not available", LABEL_SOLD_OUT },
	{ "ausverkauft", LABEL_SOLD_OUT },
	{ "vergriffen", LABEL_SOLD_OUT },
	{ "nicht verfügbar", LABEL_SOLD_OUT },
	{ "nicht lieferbar", LABEL_SOLD_OUT },
	{ "nicht auf lager", LABEL_SOLD_OUT },
	{ "nicht vorrätig", LABEL_SOLD_OUT },
	{ "nicht mehr auf lager", LABEL_SOLD_OUT },
	{ "nicht mehr verfügbar", LABEL_SOLD_OUT },
	{ "nicht mehr lieferbar", LABEL_SOLD_OUT },
	{ "indisponible", LABEL_SOLD_OUT },
	{ "non disponible", LABEL_SOLD_OUT },
	{ "plus disponible", LABEL_SOLD_OUT },
	{ "rupture de stock", LABEL_SOLD_OUT },
	{ "plus en stock", LABEL_SOLD_OUT },
	{ "pas en stock", LABEL_SOLD_OUT },
	{ "épuisé", LABEL_SOLD_OUT },
	{ "agotado", LABEL_SOLD_OUT },
	{ "no disponible", LABEL_SOLD_OUT },
	{ "sin stock", LABEL_SOLD_OUT },
	{ "sin existencias", LABEL_SOLD_OUT },
	{ "fuera de stock", LABEL_SOLD_OUT },
	{ "non disponibile", LABEL_SOLD_OUT },
	{ "esaurito", LABEL_SOLD_OUT },
	{ "esaurita", LABEL_SOLD_OUT },
	{ "esgotado", LABEL_SOLD_OUT },
	{ "indisponível", LABEL_SOLD_OUT },
	{ "não disponível", LABEL_SOLD_OUT },
	{ "sem estoque", LABEL_SOLD_OUT },
	{ "sem stock", LABEL_SOLD_OUT },
	{ "fora de estoque", LABEL_SOLD_OUT },
	{ "uitverkocht", LABEL_SOLD_OUT },
	{ "niet op voorraad", LABEL_SOLD_OUT },
	{ "niet leverbaar", LABEL_SOLD_OUT },
	{ "niet beschikbaar", LABEL_SOLD_OUT },
	{ "udsolgt", LABEL_SOLD_OUT },
	{ "ikke på lager", LABEL_SOLD_OUT },
	{ "slutsåld", LABEL_SOLD_OUT },
	{ "slut i lager", LABEL_SOLD_OUT },
	{ "inte i lager", LABEL_SOLD_OUT },
	{ "ej i lager", LABEL_SOLD_OUT },
	{ "utsolgt", LABEL_SOLD_OUT },
	{ "loppuunmyyty", LABEL_SOLD_OUT },
	{ "loppu varastosta", LABEL_SOLD_OUT },
	{ "ei varastossa", LABEL_SOLD_OUT },
	{ "wyprzedan", LABEL_SOLD_OUT },
	{ "niedostępn", LABEL_SOLD_OUT },
	{ "brak w magazynie", LABEL_SOLD_OUT },
	{ "vyprodán", LABEL_SOLD_OUT },
	{ "nedostupn", LABEL_SOLD_OUT },
	{ "není skladem", LABEL_SOLD_OUT },
	{ "nie je na sklade", LABEL_SOLD_OUT },
	{ "ni na zalogi", LABEL_SOLD_OUT },
	{ "razprodan", LABEL_SOLD_OUT },
	{ "rasprodan", LABEL_SOLD_OUT },
	{ "indisponibil", LABEL_SOLD_OUT },
	{ "stoc epuizat", LABEL_SOLD_OUT },
	{ "nincs raktáron", LABEL_SOLD_OUT },
	{ "elfogyott", LABEL_SOLD_OUT },
	{ "нет в наличии", LABEL_SOLD_OUT },
	{ "распродан", LABEL_SOLD_OUT },
	{ "закончился", LABEL_SOLD_OUT },
	{ "немає в наявності", LABEL_SOLD_OUT },
	{ "εξαντλ", LABEL_SOLD_OUT },
	{ "tükendi", LABEL_SOLD_OUT },
	{ "stokta yok", LABEL_SOLD_OUT },
	{ "售完", LABEL_SOLD_OUT },
	{ "售罄", LABEL_SOLD_OUT },
	{ "完售", LABEL_SOLD_OUT },
	{ "缺货", LABEL_SOLD_OUT },
	{ "缺貨", LABEL_SOLD_OUT },
	{ "品切れ", LABEL_SOLD_OUT },
	{ "在庫切れ", LABEL_SOLD_OUT },
	{ "売り切れ", LABEL_SOLD_OUT },
	{ "품절", LABEL_SOLD_OUT },
	{ "אזל מהמלאי", LABEL_SOLD_OUT },
	{ "add to cart", LABEL_BUY },
	{ "add to basket", LABEL_BUY },
	{ "add to bag", LABEL_BUY },
	{ "add to trolley", LABEL_BUY },
	{ "buy now", LABEL_BUY },
	{ "buy it now", LABEL_BUY },
	{ "in den warenkorb", LABEL_BUY },
	{ "in den einkaufswagen", LABEL_BUY },
	{ "jetzt kaufen", LABEL_BUY },
	{ "ajouter au panier", LABEL_BUY },
	{ "acheter", LABEL_BUY },
	{ "al carrito", LABEL_BUY },
	{ "a la cesta", LABEL_BUY },
	{ "comprar", LABEL_BUY },
	{ "al carrello", LABEL_BUY },
	{ "acquista", LABEL_BUY },
	{ "adicionar ao carrinho", LABEL_BUY },
	{ "in winkelwagen", LABEL_BUY },
	{ "in winkelmand", LABEL_BUY },
	{ "læg i kurv", LABEL_BUY },
	{ "i varukorgen", LABEL_BUY },
	{ "ostoskoriin", LABEL_BUY },
	{ "legg i handlekurv", LABEL_BUY },
	{ "do koszyka", LABEL_BUY },
	{ "do košíka", LABEL_BUY },
	{ "v košarico", LABEL_BUY },
	{ "în coș", LABEL_BUY },
	{ "kosárba", LABEL_BUY },
	{ "ostukorvi", LABEL_BUY },
	{ "sepete ekle", LABEL_BUY },
	{ "купить", LABEL_BUY },
	{ "в корзину", LABEL_BUY },
	{ "加入購物車", LABEL_BUY },
	{ "購買", LABEL_BUY },
	{ "カートに", LABEL_BUY },
	{ "הוסף לסל", LABEL_BUY },
	{ "in stock", LABEL_IN_STOCK },
	{ "auf lager", LABEL_IN_STOCK },
	{ "en stock", LABEL_IN_STOCK },
	{ "em stock", LABEL_IN_STOCK },
	{ "disponibile", LABEL_IN_STOCK },
	{ "disponible", LABEL_IN_STOCK },
	{ "disponível", LABEL_IN_STOCK },
	{ "op voorraad", LABEL_IN_STOCK },
	{ "på lager", LABEL_IN_STOCK },
	{ "varastossa", LABEL_IN_STOCK },
	{ "skladem", LABEL_IN_STOCK },
	{ "na zalogi", LABEL_IN_STOCK },
	{ "в наличии", LABEL_IN_STOCK },
};

enum label markup_label(struct str text)
{
	enum label means = LABEL_NONE;
	struct buf row = { 0 };

	words_add(&row, text);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		if (str_find(buf_str(&row), str_from(labels[i].text)) !=
		    (size_t)-1) {
			means = labels[i].means;
			break;
		}
	}
	buf_free(&row);
	return means;
}
