#include "price_aside.h"

#include <string.h>

/* Does one of the words end at byte i, and begin there as a word? */
static bool word_before(const struct plain *t, size_t i,
			const char *const words[])
{
	if (i == 0)
		return false;
	for (; *words; words++) {
		size_t len = strlen(*words);

		if (len <= i && (*words)[len - 1] == t->low[i - 1] &&
		    memcmp(t->low + i - len, *words, len) == 0 &&
		    !plain_letter_before(t, i - len))
			return true;
	}
	return false;
}

/* "Was $20", "zzgl. 4,90 €", "save $5" */
static bool by_what_precedes(const struct plain *t, size_t from)
{
	static const char *const words[] = {
		/* what it cost */
		"was", "statt", "uvp", "rrp", "msrp", "list price", "list",
		"regular price", "regularly", "reg.", "reg", "old price",
		"original price", "originally", "before", "instead of",
		"vorher", "früher", "bisher", "ehemals", "alter preis",
		"au lieu de", "prix conseillé", "ancien prix", "avant", "antes",
		"precio anterior", "anziché", "invece di", "prezzo precedente",
		"tidigare", "ord. pris", "ordinarie pris", "førpris", "før",
		"adviesprijs", "van", "было",
		/* what is paid beside it */
		"zzgl.", "zzgl", "plus", "shipping", "delivery", "postage",
		"versand", "versandkosten", "porto", "livraison",
		"frais de port", "envío", "spedizione", "verzending", "frakt",
		/* what is not paid */
		"save", "you save", "sie sparen", "spare", "sparen",
		"économisez", "ahorra", "risparmi", NULL
	};

	while (from > 0 && strchr(" :~", t->raw[from - 1]))
		from--;
	return word_before(t, from, words) ||
	       (from > 0 && t->raw[from - 1] == '+');
}

/* "4,90 € Versand", "25,00 € / kg", "$1.20 per 100 g" */
static bool by_what_follows(const struct plain *t, size_t to)
{
	static const char *const words[] = {
		"shipping", "delivery",	     "postage", "versand",
		"porto",    "versandkosten", "off",	"de livraison",
		"de port",  "de envío",	     "rabatt",	"discount",
		NULL
	};
	static const char *const per[] = { "per", "pro", "je", NULL };
	static const char *const units[] = {
		"kg",	 "g",	"l",	"ml",	 "cl",	  "lb", "oz",
		"m",	 "m²",	"m2",	"cm",	 "liter", "1",	"10",
		"litre", "100", "1000", "unit",	 "stück", "st", "stk",
		"piece", "pc",	"100g", "100ml", "1kg",	  "1l", NULL
	};
	size_t len;

	while (t->raw[to] == ' ')
		to++;
	if (plain_word_at(t, to, words))
		return true;
	len = t->raw[to] == '/' ? 1 : plain_word_at(t, to, per);
	for (to += len; t->raw[to] == ' ';)
		to++;
	return len && plain_word_at(t, to, units);
}

bool price_is_aside(const struct plain *t, size_t from, size_t to)
{
	return by_what_precedes(t, from) || by_what_follows(t, to);
}
