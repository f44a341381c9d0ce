#include "markup_words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/words.h"
#include "common/xmem.h"

enum { WORD_LEN_MAX = 24 };

/* loose: what it means only in a name that says "price" too, "list-price". */
struct entry {
	const char *word;
	unsigned means, loose;
};

/* In the order of strcmp(). */
static const struct entry words[] = {
	{ "accessories", WORD_ASIDE, 0 },
	{ "actual", WORD_NOW, 0 },
	{ "add", WORD_ADD, 0 },
	{ "addtobag", WORD_BUY, 0 },
	{ "addtobasket", WORD_BUY, 0 },
	{ "addtocart", WORD_BUY, 0 },
	{ "agotado", WORD_STOCK, 0 },
	{ "aktuell", WORD_NOW, 0 },
	{ "aktueller", WORD_NOW, 0 },
	{ "also", WORD_ASIDE, 0 },
	{ "alsobought", WORD_ASIDE, 0 },
	{ "alternatives", WORD_ASIDE, 0 },
	{ "ancien", WORD_OLD, 0 },
	{ "angebot", WORD_NOW, 0 },
	{ "anterior", WORD_OLD, 0 },
	{ "antes", WORD_OLD, 0 },
	{ "approx", WORD_EXTRA, 0 },
	{ "ausverkauft", WORD_STOCK, 0 },
	{ "availability", WORD_STOCK, 0 },
	{ "avant", WORD_OLD, 0 },
	{ "bag", WORD_CART, 0 },
	{ "barre", WORD_OLD, 0 },
	{ "basket", WORD_CART, 0 },
	{ "before", 0, WORD_OLD },
	{ "beschikbaarheid", WORD_STOCK, 0 },
	{ "bestand", WORD_STOCK, 0 },
	{ "best", 0, WORD_NOW },
	{ "bonus", WORD_EXTRA, 0 },
	{ "bought", WORD_ASIDE, 0 },
	{ "bundle", WORD_ASIDE, 0 },
	{ "buy", WORD_BUY, 0 },
	{ "buybox", WORD_NOW | WORD_BUYBOX, 0 },
	{ "buying", WORD_NOW, 0 },
	{ "buynow", WORD_BUY, 0 },
	{ "carousel", WORD_ASIDE, 0 },
	{ "cart", WORD_CART, 0 },
	{ "cashback", WORD_EXTRA, 0 },
	{ "cena", WORD_PRICE, 0 },
	{ "cenovka", WORD_PRICE, 0 },
	{ "compare", 0, WORD_OLD },
	{ "comparison", WORD_ASIDE, 0 },
	{ "conv", WORD_EXTRA, 0 },
	{ "converted", WORD_EXTRA, 0 },
	{ "coupon", WORD_EXTRA, 0 },
	{ "courier", WORD_EXTRA, 0 },
	{ "credit", WORD_EXTRA, 0 },
	{ "cross", WORD_ASIDE, 0 },
	{ "crossed", WORD_OLD, 0 },
	{ "crossedout", WORD_OLD, 0 },
	{ "crossell", WORD_ASIDE, 0 },
	{ "crosssell", WORD_ASIDE, 0 },
	{ "cuotas", WORD_EXTRA, 0 },
	{ "current", WORD_NOW, 0 },
	{ "deal", WORD_NOW, 0 },
	{ "delivery", WORD_EXTRA, 0 },
	{ "deposit", WORD_EXTRA, 0 },
	{ "detail", WORD_PRODUCT, 0 },
	{ "details", WORD_PRODUCT, 0 },
	{ "disc", WORD_OLD, 0 },
	{ "discount", WORD_EXTRA, 0 },
	{ "discounted", WORD_NOW, 0 },
	{ "dispo", WORD_STOCK, 0 },
	{ "disponibilidad", WORD_STOCK, 0 },
	{ "disponibilidade", WORD_STOCK, 0 },
	{ "disponibilita", WORD_STOCK, 0 },
	{ "disponibilite", WORD_STOCK, 0 },
	{ "doprava", WORD_EXTRA, 0 },
	{ "dostawa", WORD_EXTRA, 0 },
	{ "dostepnosc", WORD_STOCK, 0 },
	{ "dostupnost", WORD_STOCK, 0 },
	{ "dropdown", WORD_EXTRA, 0 },
	{ "envio", WORD_EXTRA, 0 },
	{ "eski", WORD_OLD, 0 },
	{ "estoque", WORD_STOCK, 0 },
	{ "existencias", WORD_STOCK, 0 },
	{ "final", WORD_NOW, 0 },
	{ "finance", WORD_EXTRA, 0 },
	{ "financing", WORD_EXTRA, 0 },
	{ "finanzierung", WORD_EXTRA, 0 },
	{ "fiyat", WORD_PRICE, 0 },
	{ "footer", WORD_ASIDE, 0 },
	{ "frakt", WORD_EXTRA, 0 },
	{ "frete", WORD_EXTRA, 0 },
	{ "full", 0, WORD_OLD },
	{ "gift", WORD_EXTRA, 0 },
	{ "hind", WORD_PRICE, 0 },
	{ "hinta", WORD_PRICE, 0 },
	{ "installment", WORD_EXTRA, 0 },
	{ "installments", WORD_EXTRA, 0 },
	{ "instalment", WORD_EXTRA, 0 },
	{ "instalments", WORD_EXTRA, 0 },
	{ "inventory", WORD_STOCK, 0 },
	{ "item", WORD_PRODUCT, 0 },
	{ "kaina", WORD_PRICE, 0 },
	{ "lager", WORD_STOCK, 0 },
	{ "lagerstatus", WORD_STOCK, 0 },
	{ "leasing", WORD_EXTRA, 0 },
	{ "lieferbarkeit", WORD_STOCK, 0 },
	{ "linethrough", WORD_OLD, 0 },
	{ "list", 0, WORD_OLD },
	{ "livraison", WORD_EXTRA, 0 },
	{ "lowest", 0, WORD_OLD },
	{ "loyalty", WORD_EXTRA, 0 },
	{ "megamenu", WORD_ASIDE, 0 },
	{ "menu", WORD_ASIDE, 0 },
	{ "minicart", WORD_ASIDE, 0 },
	{ "month", WORD_EXTRA, 0 },
	{ "monthly", WORD_EXTRA, 0 },
	{ "mrp", WORD_OLD, 0 },
	{ "msrp", WORD_OLD, 0 },
	{ "nalichie", WORD_STOCK, 0 },
	{ "name", WORD_TITLE, 0 },
	{ "nav", WORD_ASIDE, 0 },
	{ "navigation", WORD_ASIDE, 0 },
	{ "new", 0, WORD_NOW },
	{ "newsletter", WORD_ASIDE, 0 },
	{ "now", WORD_NOW, 0 },
	{ "offer", WORD_NOW, 0 },
	{ "offerprice", WORD_PRICE | WORD_NOW, 0 },
	{ "old", WORD_OLD, 0 },
	{ "oldprice", WORD_PRICE | WORD_OLD, 0 },
	{ "omnibus", WORD_OLD, 0 },
	{ "option", WORD_EXTRA, 0 },
	{ "options", WORD_EXTRA, 0 },
	{ "orig", WORD_OLD, 0 },
	{ "original", WORD_OLD, 0 },
	{ "our", WORD_NOW, 0 },
	{ "outofstock", WORD_STOCK, 0 },
	{ "parcelas", WORD_EXTRA, 0 },
	{ "percent", WORD_EXTRA, 0 },
	{ "points", WORD_EXTRA, 0 },
	{ "popular", WORD_ASIDE, 0 },
	{ "porto", WORD_EXTRA, 0 },
	{ "postage", WORD_EXTRA, 0 },
	{ "preco", WORD_PRICE, 0 },
	{ "preis", WORD_PRICE, 0 },
	{ "pret", WORD_PRICE, 0 },
	{ "prev", 0, WORD_OLD },
	{ "previous", WORD_OLD, 0 },
	{ "prezzo", WORD_PRICE, 0 },
	{ "price", WORD_PRICE, 0 },
	{ "prices", WORD_PRICE, 0 },
	{ "pricing", WORD_PRICE, 0 },
	{ "prijs", WORD_PRICE, 0 },
	{ "pris", WORD_PRICE, 0 },
	{ "prix", WORD_PRICE, 0 },
	{ "prod", WORD_PRODUCT, 0 },
	{ "product", WORD_PRODUCT, 0 },
	{ "progress", WORD_EXTRA, 0 },
	{ "promo", WORD_NOW, 0 },
	{ "promotion", WORD_NOW, 0 },
	{ "rata", WORD_EXTRA, 0 },
	{ "rate", WORD_EXTRA, 0 },
	{ "raten", WORD_EXTRA, 0 },
	{ "recent", WORD_ASIDE, 0 },
	{ "recently", WORD_ASIDE, 0 },
	{ "recommend", WORD_ASIDE, 0 },
	{ "recommendation", WORD_ASIDE, 0 },
	{ "recommendations", WORD_ASIDE, 0 },
	{ "recommended", WORD_ASIDE, 0 },
	{ "recommender", WORD_ASIDE, 0 },
	{ "reduced", WORD_NOW, 0 },
	{ "ref", 0, WORD_OLD },
	{ "regular", 0, WORD_OLD },
	{ "related", WORD_ASIDE, 0 },
	{ "retail", 0, WORD_OLD },
	{ "review", WORD_ASIDE, 0 },
	{ "reviews", WORD_ASIDE, 0 },
	{ "rrp", WORD_OLD, 0 },
	{ "rupture", WORD_STOCK, 0 },
	{ "saatavuus", WORD_STOCK, 0 },
	{ "sale", WORD_NOW, 0 },
	{ "save", WORD_EXTRA, 0 },
	{ "saved", WORD_EXTRA, 0 },
	{ "saving", WORD_EXTRA, 0 },
	{ "savings", WORD_EXTRA, 0 },
	{ "select", WORD_EXTRA, 0 },
	{ "sell", WORD_NOW, 0 },
	{ "selling", WORD_NOW, 0 },
	{ "shipping", WORD_EXTRA, 0 },
	{ "sidebar", WORD_ASIDE, 0 },
	{ "similar", WORD_ASIDE, 0 },
	{ "sklad", WORD_STOCK, 0 },
	{ "skladem", WORD_STOCK, 0 },
	{ "slashed", WORD_OLD, 0 },
	{ "slider", WORD_ASIDE, 0 },
	{ "sold", WORD_STOCK, 0 },
	{ "soldout", WORD_STOCK, 0 },
	{ "special", WORD_NOW, 0 },
	{ "spedizione", WORD_EXTRA, 0 },
	{ "sponsored", WORD_ASIDE, 0 },
	{ "srp", WORD_OLD, 0 },
	{ "stara", WORD_OLD, 0 },
	{ "stock", WORD_STOCK, 0 },
	{ "stok", WORD_STOCK, 0 },
	{ "streich", WORD_OLD, 0 },
	{ "strike", WORD_OLD, 0 },
	{ "striked", WORD_OLD, 0 },
	{ "strikethrough", WORD_OLD, 0 },
	{ "stroke", 0, WORD_OLD },
	{ "subscribe", WORD_EXTRA, 0 },
	{ "subscription", WORD_EXTRA, 0 },
	{ "subtotal", WORD_EXTRA, 0 },
	{ "swatch", WORD_EXTRA, 0 },
	{ "swatches", WORD_EXTRA, 0 },
	{ "tachado", WORD_OLD, 0 },
	{ "tasso", WORD_EXTRA, 0 },
	{ "tax", WORD_EXTRA, 0 },
	{ "threshold", WORD_EXTRA, 0 },
	{ "through", WORD_OLD, 0 },
	{ "tier", WORD_EXTRA, 0 },
	{ "title", WORD_TITLE, 0 },
	{ "total", WORD_EXTRA, 0 },
	{ "trade", WORD_EXTRA, 0 },
	{ "transport", WORD_EXTRA, 0 },
	{ "trolley", WORD_CART, 0 },
	{ "unavailable", WORD_STOCK, 0 },
	{ "unit", WORD_EXTRA, 0 },
	{ "upsell", WORD_ASIDE, 0 },
	{ "upsells", WORD_ASIDE, 0 },
	{ "uvp", WORD_OLD, 0 },
	{ "varasto", WORD_STOCK, 0 },
	{ "variant", WORD_EXTRA, 0 },
	{ "variants", WORD_EXTRA, 0 },
	{ "variation", WORD_EXTRA, 0 },
	{ "variations", WORD_EXTRA, 0 },
	{ "vat", WORD_EXTRA, 0 },
	{ "verfuegbarkeit", WORD_STOCK, 0 },
	{ "versand", WORD_EXTRA, 0 },
	{ "verzending", WORD_EXTRA, 0 },
	{ "viewed", WORD_ASIDE, 0 },
	{ "voorraad", WORD_STOCK, 0 },
	{ "vorher", WORD_OLD, 0 },
	{ "was", WORD_OLD, 0 },
	{ "weekly", WORD_EXTRA, 0 },
	{ "zaloga", WORD_STOCK, 0 },
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, ((const struct entry *)entry)->word);
}

static struct entry lookup(const char *word)
{
	const struct entry *e = bsearch(word, words, ARRAY_LEN(words),
					sizeof(words[0]), compare);

	return e ? *e : (struct entry){ word, 0, 0 };
}

static unsigned all_of(const char *word)
{
	struct entry e = lookup(word);

	return e.means | e.loose;
}

/* "ourprice", "priceblock": a price, and what stands before or after it. */
static struct entry meaning(const char *word)
{
	static const char *const stems[] = { "price", "preis", "precio",
					     "prix" };
	struct entry e = lookup(word);

	if (e.means || e.loose || !strstr(word, "pr"))
		return e;
	for (size_t i = 0; i < ARRAY_LEN(stems) && !e.means; i++) {
		const char *at = strstr(word, stems[i]);
		char before[WORD_LEN_MAX + 1];

		if (!at)
			continue;
		str_copy(before, sizeof(before),
			 (struct str){ word, (size_t)(at - word) });
		e.means = WORD_PRICE | all_of(before) |
			  all_of(at + strlen(stems[i]));
	}
	return e;
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

/* Those of one name, such as "priceOld". */
static unsigned words_of_name(struct str name)
{
	char word[WORD_LEN_MAX + 1];
	bool related = false;
	unsigned means = 0;
	unsigned own = 0, loose = 0; /* of this name of several */
	size_t n = 0;

	for (size_t i = 0; i <= name.len; i++) {
		bool in = i < name.len && is_letter(name.p[i]);
		bool hump = in && n > 0 && is_upper(name.p[i]) &&
			    !is_upper(name.p[i - 1]);

		if (n > 0 && (!in || hump)) {
			struct entry e;

			word[n] = '\0';
			e = related ? (struct entry){ 0 } : meaning(word);
			own |= e.means;
			loose |= e.loose;
			related = is_relation(word);
			n = 0;
		}
		if (i == name.len || name.p[i] == ' ') {
			means |= own | (own & WORD_PRICE ? loose : 0);
			own = loose = 0;
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
	static const struct str data[] = {
		{ "testid", 6 },   { "test-id", 7 },   { "test", 4 },
		{ "qa", 2 },	   { "role", 4 },      { "price-type", 10 },
		{ "aut-id", 6 },   { "cy", 2 },	       { "hook", 4 },
		{ "auto-id", 7 },  { "e2e", 3 },       { "automation", 10 },
		{ "selenium", 8 }, { "at", 2 },	       { "name", 4 },
		{ "element", 7 },  { "component", 9 }, { "automation-id", 13 }
	};
	static const struct str prefix = { "data-", 5 };

	if (name.len <= prefix.len || memcmp(name.p, prefix.p, prefix.len) != 0)
		return str_is(name, "class") || str_is(name, "id") ||
		       str_is(name, "itemprop");
	name = str_sub(name, prefix.len, name.len);
	for (size_t i = 0; i < ARRAY_LEN(data); i++)
		if (str_eq(name, data[i]))
			return true;
	return false;
}

static unsigned words_of(struct str value, struct markup_seen *seen)
{
	size_t i;

	value = str_utf8_prefix(value, 512);
	if (!seen)
		return words_of_name(value);
	i = str_hash_fast(value) % MARKUP_SEEN;
	if (!seen[i].value.p || !str_eq(seen[i].value, value)) {
		seen[i].value = value;
		seen[i].means = words_of_name(value);
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
 * Parts of labels as rows of words have them: without case and marks. The first
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
	{ "wieder verfugbar", LABEL_NONE },
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
	{ "nicht verfugbar", LABEL_SOLD_OUT },
	{ "nicht lieferbar", LABEL_SOLD_OUT },
	{ "nicht auf lager", LABEL_SOLD_OUT },
	{ "nicht vorratig", LABEL_SOLD_OUT },
	{ "nicht mehr auf lager", LABEL_SOLD_OUT },
	{ "nicht mehr verfugbar", LABEL_SOLD_OUT },
	{ "nicht mehr lieferbar", LABEL_SOLD_OUT },
	{ "indisponible", LABEL_SOLD_OUT },
	{ "non disponible", LABEL_SOLD_OUT },
	{ "plus disponible", LABEL_SOLD_OUT },
	{ "rupture de stock", LABEL_SOLD_OUT },
	{ "plus en stock", LABEL_SOLD_OUT },
	{ "pas en stock", LABEL_SOLD_OUT },
	{ "epuise", LABEL_SOLD_OUT },
	{ "agotado", LABEL_SOLD_OUT },
	{ "no disponible", LABEL_SOLD_OUT },
	{ "sin stock", LABEL_SOLD_OUT },
	{ "sin existencias", LABEL_SOLD_OUT },
	{ "fuera de stock", LABEL_SOLD_OUT },
	{ "non disponibile", LABEL_SOLD_OUT },
	{ "esaurito", LABEL_SOLD_OUT },
	{ "esaurita", LABEL_SOLD_OUT },
	{ "esgotado", LABEL_SOLD_OUT },
	{ "indisponivel", LABEL_SOLD_OUT },
	{ "nao disponivel", LABEL_SOLD_OUT },
	{ "sem estoque", LABEL_SOLD_OUT },
	{ "sem stock", LABEL_SOLD_OUT },
	{ "fora de estoque", LABEL_SOLD_OUT },
	{ "uitverkocht", LABEL_SOLD_OUT },
	{ "niet op voorraad", LABEL_SOLD_OUT },
	{ "niet leverbaar", LABEL_SOLD_OUT },
	{ "niet beschikbaar", LABEL_SOLD_OUT },
	{ "udsolgt", LABEL_SOLD_OUT },
	{ "ikke pa lager", LABEL_SOLD_OUT },
	{ "slutsald", LABEL_SOLD_OUT },
	{ "slut i lager", LABEL_SOLD_OUT },
	{ "inte i lager", LABEL_SOLD_OUT },
	{ "ej i lager", LABEL_SOLD_OUT },
	{ "utsolgt", LABEL_SOLD_OUT },
	{ "loppuunmyyty", LABEL_SOLD_OUT },
	{ "loppu varastosta", LABEL_SOLD_OUT },
	{ "ei varastossa", LABEL_SOLD_OUT },
	{ "wyprzedan", LABEL_SOLD_OUT },
	{ "niedostepn", LABEL_SOLD_OUT },
	{ "brak w magazynie", LABEL_SOLD_OUT },
	{ "vyprodan", LABEL_SOLD_OUT },
	{ "nedostupn", LABEL_SOLD_OUT },
	{ "neni skladem", LABEL_SOLD_OUT },
	{ "nie je na sklade", LABEL_SOLD_OUT },
	{ "ni na zalogi", LABEL_SOLD_OUT },
	{ "razprodan", LABEL_SOLD_OUT },
	{ "rasprodan", LABEL_SOLD_OUT },
	{ "indisponibil", LABEL_SOLD_OUT },
	{ "stoc epuizat", LABEL_SOLD_OUT },
	{ "nincs raktaron", LABEL_SOLD_OUT },
	{ "elfogyott", LABEL_SOLD_OUT },
	{ "нет в наличии", LABEL_SOLD_OUT },
	{ "распродан", LABEL_SOLD_OUT },
	{ "закончился", LABEL_SOLD_OUT },
	{ "немає в наявності", LABEL_SOLD_OUT },
	{ "εξαντλ", LABEL_SOLD_OUT },
	{ "tukendi", LABEL_SOLD_OUT },
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
	{ "niet in voorraad", LABEL_SOLD_OUT },
	{ "niet op stock", LABEL_SOLD_OUT },
	{ "neni na sklade", LABEL_SOLD_OUT },
	{ "nema na ", LABEL_SOLD_OUT },
	{ "nije na stanju", LABEL_SOLD_OUT },
	{ "nije na lageru", LABEL_SOLD_OUT },
	{ "нет на складе", LABEL_SOLD_OUT },
	{ "няма наличност", LABEL_SOLD_OUT },
	{ "μη διαθεσιμο", LABEL_SOLD_OUT },
	{ "在庫なし", LABEL_SOLD_OUT },
	{ "无货", LABEL_SOLD_OUT },
	{ "無貨", LABEL_SOLD_OUT },
	{ "לא במלאי", LABEL_SOLD_OUT },
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
	{ "ostoskoriin", LABEL_BUY },
	{ "legg i handlekurv", LABEL_BUY },
	{ "do koszyka", LABEL_BUY },
	{ "do kosika", LABEL_BUY },
	{ "v kosarico", LABEL_BUY },
	{ "in cos ", LABEL_BUY },
	{ "kosarba", LABEL_BUY },
	{ "ostukorvi", LABEL_BUY },
	{ "sepete ekle", LABEL_BUY },
	{ "купить", LABEL_BUY },
	{ "в корзину", LABEL_BUY },
	{ "加入購物車", LABEL_BUY },
	{ "購買", LABEL_BUY },
	{ "カートに", LABEL_BUY },
	{ "הוסף לסל", LABEL_BUY },
	{ "加入购物车", LABEL_BUY },
	{ "立即购买", LABEL_BUY },
	{ "장바구니", LABEL_BUY },
	{ "구매하기", LABEL_BUY },
	{ "أضف إلى السلة", LABEL_BUY },
	{ "أضف للسلة", LABEL_BUY },
	{ "افزودن به سبد", LABEL_BUY },
	{ "ใส่ตะกร้า", LABEL_BUY },
	{ "them vao gio", LABEL_BUY },
	{ "mua ngay", LABEL_BUY },
	{ "ke keranjang", LABEL_BUY },
	{ "beli sekarang", LABEL_BUY },
	{ "στο καλαθι", LABEL_BUY },
	{ "у кошик", LABEL_BUY },
	{ "до кошика", LABEL_BUY },
	{ "купити", LABEL_BUY },
	{ "в количката", LABEL_BUY },
	{ "u kosaricu", LABEL_BUY },
	{ "u korpu", LABEL_BUY },
	{ "i krepseli", LABEL_BUY },
	{ "ielikt groza", LABEL_BUY },
	{ "pievienot grozam", LABEL_BUY },
	{ "køb nu", LABEL_BUY },
	{ "i varukorg", LABEL_BUY },
	{ "kjøp na", LABEL_BUY },
	{ "do kosiku", LABEL_BUY },
	{ "koupit", LABEL_BUY },
	{ "add to shopping", LABEL_BUY },
	{ "zum warenkorb", LABEL_BUY },
	{ "in den korb", LABEL_BUY },
	{ "a la bolsa", LABEL_BUY },
	{ "al carro", LABEL_BUY },
	{ "a sacola", LABEL_BUY },
	{ "aan winkelwagen", LABEL_BUY },
	{ "aan winkelmand", LABEL_BUY },
	{ "til kurv", LABEL_BUY },
	{ "i kurven", LABEL_BUY },
	{ "i kundvagn", LABEL_BUY },
	{ "lagg i korg", LABEL_BUY },
	{ "lisaa koriin", LABEL_BUY },
	{ "lisa korvi", LABEL_BUY },
	{ "osta nyt", LABEL_BUY },
	{ "kup teraz", LABEL_BUY },
	{ "satin al", LABEL_BUY },
	{ "satın al", LABEL_BUY },
	{ "в кошик", LABEL_BUY },
	{ "カゴに", LABEL_BUY },
	{ "かごに", LABEL_BUY },
	{ "in stock", LABEL_IN_STOCK },
	{ "auf lager", LABEL_IN_STOCK },
	{ "en stock", LABEL_IN_STOCK },
	{ "em stock", LABEL_IN_STOCK },
	{ "disponibile", LABEL_IN_STOCK },
	{ "disponible", LABEL_IN_STOCK },
	{ "disponivel", LABEL_IN_STOCK },
	{ "op voorraad", LABEL_IN_STOCK },
	{ "pa lager", LABEL_IN_STOCK },
	{ "varastossa", LABEL_IN_STOCK },
	{ "skladem", LABEL_IN_STOCK },
	{ "na zalogi", LABEL_IN_STOCK },
	{ "в наличии", LABEL_IN_STOCK },
	{ "sofort verfugbar", LABEL_IN_STOCK },
	{ "sofort lieferbar", LABEL_IN_STOCK },
	{ "vorratig", LABEL_IN_STOCK },
	{ "finns i lager", LABEL_IN_STOCK },
	{ " st i lager", LABEL_IN_STOCK },
	{ "em estoque", LABEL_IN_STOCK },
	{ "in voorraad", LABEL_IN_STOCK },
	{ "raktaron", LABEL_IN_STOCK },
	{ "na sklade", LABEL_IN_STOCK },
	{ "na lageru", LABEL_IN_STOCK },
	{ "na stanju", LABEL_IN_STOCK },
	{ "w magazynie", LABEL_IN_STOCK },
	{ "stokta", LABEL_IN_STOCK },
	{ "в наявності", LABEL_IN_STOCK },
	{ "в наличност", LABEL_IN_STOCK },
	{ "αμεσα διαθεσιμο", LABEL_IN_STOCK },
	{ "在庫あり", LABEL_IN_STOCK },
	{ "现货", LABEL_IN_STOCK },
	{ "現貨", LABEL_IN_STOCK },
	{ "במלאי", LABEL_IN_STOCK },
};

/*
 * Labels that begin with the same two bytes, in their order: so that at each
 * place of a text only those are compared that may be there.
 */
static struct {
	uint8_t first[256], next[ARRAY_LEN(labels)]; /* one more; 0: none */
	uint8_t len[ARRAY_LEN(labels)];
	bool ready;
} label_index;

static size_t pair_at(const char *s)
{
	return ((unsigned char)s[0] * 31U + (unsigned char)s[1]) & 255;
}

/* What is not written as rows have it would never be found in one. */
static bool is_part_of_row(struct str label)
{
	struct buf row = { 0 };
	bool is;

	words_add(&row, label);
	is = words_contain(buf_str(&row), label);
	buf_free(&row);
	return is;
}

static void index_labels(void)
{
	_Static_assert(ARRAY_LEN(labels) < 256, "numbers of labels are bytes");

	for (size_t i = ARRAY_LEN(labels); i-- > 0;) {
		uint8_t *first = &label_index.first[pair_at(labels[i].text)];

		assert(is_part_of_row(str_from(labels[i].text)));
		label_index.len[i] = (uint8_t)strlen(labels[i].text);
		label_index.next[i] = *first;
		*first = (uint8_t)(i + 1);
	}
	label_index.ready = true;
}

enum label markup_label(struct str text)
{
	size_t best = ARRAY_LEN(labels);
	struct buf row = { 0 };

	if (!label_index.ready)
		index_labels();
	words_add(&row, text);
	for (size_t at = 0; at + 1 < row.len; at++) {
		size_t i = label_index.first[pair_at(row.p + at)];

		for (; i && i - 1 < best; i = label_index.next[i - 1])
			if (label_index.len[i - 1] <= row.len - at &&
			    !memcmp(row.p + at, labels[i - 1].text,
				    label_index.len[i - 1]))
				best = i - 1;
	}
	buf_free(&row);
	return best < ARRAY_LEN(labels) ? labels[best].means : LABEL_NONE;
}
