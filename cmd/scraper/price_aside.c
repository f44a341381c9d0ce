#include "price_aside.h"

#include <string.h>

#include "common/xmem.h"

#define W(lit)                         \
	{                              \
		(lit), sizeof(lit) - 1 \
	}

/* Does one of the words end at byte i, and begin there as a word? */
static bool word_before(const struct plain *t, size_t i,
			const struct str *words, size_t n)
{
	if (i == 0)
		return false;
	for (const struct str *w = words; w < words + n; w++)
		if (w->len <= i && w->p[w->len - 1] == t->low[i - 1] &&
		    memcmp(t->low + i - w->len, w->p, w->len) == 0 &&
		    !plain_letter_before(t, i - w->len))
			return true;
	return false;
}

/* "Was $20", "zzgl. 4,90 €", "save $5" */
static bool by_what_precedes(const struct plain *t, size_t from)
{
	static const struct str words[] = {
		/* what it cost */
		W("was"), W("statt"), W("uvp"), W("rrp"), W("msrp"),
		W("list price"), W("list"), W("regular price"), W("regularly"),
		W("reg."), W("reg"), W("old price"), W("original price"),
		W("originally"), W("before"), W("instead of"), W("vorher"),
		W("früher"), W("bisher"), W("ehemals"), W("alter preis"),
		W("au lieu de"), W("prix conseillé"), W("ancien prix"),
		W("avant"), W("antes"), W("precio anterior"), W("anziché"),
		W("invece di"), W("prezzo precedente"), W("tidigare"),
		W("ord. pris"), W("ordinarie pris"), W("førpris"), W("før"),
		W("adviesprijs"), W("van"), W("было"),
		/* what is paid beside it */
		W("zzgl."), W("zzgl"), W("plus"), W("shipping"), W("delivery"),
		W("postage"), W("versand"), W("versandkosten"), W("porto"),
		W("livraison"), W("frais de port"), W("envío"), W("spedizione"),
		W("verzending"), W("frakt"),
		/* what is not paid */
		W("save"), W("you save"), W("sie sparen"), W("spare"),
		W("sparen"), W("économisez"), W("ahorra"), W("risparmi")
	};

	while (from > 0 && strchr(" :~", t->raw[from - 1]))
		from--;
	return word_before(t, from, words, ARRAY_LEN(words)) ||
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
