#include "item_words.h"

#include "common/xmem.h"

#include "markup_words.h"

/* Letters and digits only, lower case. */
struct words {
	const char *words; /* separated by spaces */
	const char *name;  /* schema.org's */
};

static const struct words availabilities[] = {
	{ "instock available availablenow availableforpurchase yes true onsale "
	  "limitedquantity lowstock onlyafewleft auflager lieferbar vorrätig "
	  "enstock disponible disponibile disponível opvoorraad",
	  "InStock" },
	{ "outofstock notavailable unavailable no false notinstock nostock "
	  "currentlyunavailable temporarilyoutofstock nichtlieferbar "
	  "ausverkauft épuisé agotado esaurito esgotado nãodisponível",
	  "OutOfStock" },
	{ "soldout sold vendu verkauft", "SoldOut" },
	{ "preorder availableforpreorder vorbestellbar précommande",
	  "PreOrder" },
	{ "presale", "PreSale" },
	{ "backorder backordered onbackorder availableonbackorder "
	  "availableforbackorder",
	  "BackOrder" },
	{ "discontinued endoflife", "Discontinued" },
	{ "instoreonly", "InStoreOnly" },
	{ "onlineonly", "OnlineOnly" },
	{ "limitedavailability limited", "LimitedAvailability" },
	{ "madetoorder", "MadeToOrder" },
	{ "reserved", "Reserved" },
};

static const struct words conditions[] = {
	{ "newcondition new brandnew newwithtags newinbox unused neu neuwertig "
	  "neuf nuevo nuovo novo nieuw nowy новый",
	  "NewCondition" },
	{ "usedcondition used likenew verygood good acceptable preowned "
	  "preloved secondhand openbox gebraucht occasion doccasion usado "
	  "segundamano usato tweedehands używany бу",
	  "UsedCondition" },
	{ "refurbishedcondition refurbished renewed reconditioned "
	  "certifiedrefurbished sellerrefurbished generalüberholt "
	  "reconditionné reacondicionado ricondizionato recondicionado",
	  "RefurbishedCondition" },
	{ "damagedcondition damaged defective broken forparts "
	  "forpartsornotworking defekt",
	  "DamagedCondition" },
};

static const struct words shipped[] = {
	{ "free freeshipping freedelivery freepostage shippingfree "
	  "includesshipping shippingincluded gratis gratisversand kostenlos "
	  "kostenloserversand versandkostenfrei versandfrei portofrei "
	  "gratuit gratuite livraisongratuite livraisonofferte "
	  "fraisdeportofferts "
	  "gratuito gratuita enviogratis envíogratis envíogratuito "
	  "spedizionegratuita spedizionegratis gratisverzending "
	  "gratisbezorging "
	  "fretegrátis portesgrátis darmowadostawa dopravazdarma fraktfritt "
	  "gratisfrakt frifrakt ilmainentoimitus бесплатнаядоставка 送料無料 "
	  "包邮",
	  "0" },
};

static struct str find(const struct words *table, size_t n, struct str key)
{
	for (size_t i = 0; i < n; i++) {
		struct str words = str_from(table[i].words), word;

		while (str_token(&words, " ", &word))
			if (str_eq(word, key))
				return str_from(table[i].name);
	}
	return (struct str){ 0 };
}

/* "InStock" of "https://schema.org/InStock". */
static struct str last_part(struct str iri)
{
	size_t start = iri.len;

	if (str_find(iri, STR("://")) == (size_t)-1)
		return iri;
	while (start > 0 && iri.p[start - 1] != '/' && iri.p[start - 1] != '#')
		start--;
	return str_sub(iri, start, iri.len);
}

/* Look up what is left of text without case, space and punctuation. */
static struct str look_up(const struct words *table, size_t n, struct str text)
{
	char key[64];
	size_t len = 0;

	text = last_part(text);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';

		if (!letter && c < 0x80 && (c < '0' || c > '9'))
			continue;
		if (len == sizeof(key))
			return (struct str){ 0 };
		key[len++] = (char)(letter ? c | 32 : c);
	}
	return find(table, n, (struct str){ key, len });
}

struct str item_availability(struct str text)
{
	struct str name =
		look_up(availabilities, ARRAY_LEN(availabilities), text);

	if (name.p)
		return name;
	switch (markup_label(text)) {
	case LABEL_IN_STOCK: return STR("InStock");
	case LABEL_SOLD_OUT: return STR("OutOfStock");
	default: return (struct str){ 0 };
	}
}

struct str item_condition(struct str text)
{
	return look_up(conditions, ARRAY_LEN(conditions), text);
}

bool item_is_shipped_free(struct str text)
{
	return look_up(shipped, ARRAY_LEN(shipped), text).p != NULL;
}
