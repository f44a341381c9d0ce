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

/*
 * "De: R$ 20 por R$ 15", and nothing before it: elsewhere "de" is only "of".
 */
static bool is_from(const struct plain *t, size_t from)
{
	static const struct str de[] = { W("de") };
	size_t start = 0;

	while (t->raw[start] == ' ')
		start++;
	return from == start + de[0].len &&
	       word_before(t, from, de, ARRAY_LEN(de));
}

/* "Was $20" */
static bool is_former(const struct plain *t, size_t from)
{
	static const struct str words[] = { W("was"),
					    W("statt"),
					    W("uvp"),
					    W("rrp"),
					    W("msrp"),
					    W("mrp"),
					    W("m.r.p."),
					    W("list price"),
					    W("list"),
					    W("regular price"),
					    W("regularly"),
					    W("reg."),
					    W("reg"),
					    W("old price"),
					    W("original price"),
					    W("originally"),
					    W("before"),
					    W("instead of"),
					    W("vorher"),
					    W("früher"),
					    W("bisher"),
					    W("ehemals"),
					    W("alter preis"),
					    W("au lieu de"),
					    W("prix conseillé"),
					    W("ancien prix"),
					    W("avant"),
					    W("antes"),
					    W("precio anterior"),
					    W("anziché"),
					    W("invece di"),
					    W("prezzo precedente"),
					    W("tidigare"),
					    W("ord. pris"),
					    W("ordinarie pris"),
					    W("førpris"),
					    W("før"),
					    W("adviesprijs"),
					    W("van"),
					    W("było"),
					    W("cena regularna"),
					    W("cena katalogowa"),
					    W("původní cena"),
					    W("běžná cena"),
					    W("pôvodná cena"),
					    W("eredeti ár"),
					    W("preț vechi"),
					    W("было"),
					    W("старая цена") };

	return word_before(t, from, words, ARRAY_LEN(words)) ||
	       is_from(t, from);
}

/*
 * The lowest price of the last 30 days, which shops of the European Union must
 * show beside a reduced one.
 */
static bool is_lowest_lately(const struct plain *t, size_t from)
{
	static const struct str days[] = { W("day"),   W("tag"),  W("jour"),
					   W("giorn"), W("día"),  W("dias"),
					   W("dag"),   W("dni"),  W("dní"),
					   W("dnů"),   W("dan"),  W("nap"),
					   W("zile"),  W("päev"), W("päiv"),
					   W("dien"),  W("ημέρ"), W("дн") };

	const char *unit = t->low + from;

	/* Back to the number before this one: it must be these days. */
	while (unit > t->low && (unit[-1] < '0' || unit[-1] > '9'))
		unit--;
	if (unit - t->low < 2 || unit[-2] != '3' || unit[-1] != '0' ||
	    (*unit != ' ' && *unit != '-'))
		return false;
	unit++;
	for (size_t k = 0; k < ARRAY_LEN(days); k++)
		if (!strncmp(unit, days[k].p, days[k].len))
			return true;
	return false;
}

/* Without one of the words that ends at byte i, and the spaces before it. */
static size_t skip_word(const struct plain *t, size_t i,
			const struct str *words, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (word_before(t, i, &words[k], 1)) {
			i -= words[k].len;
			break;
		}
	while (i > 0 && t->raw[i - 1] == ' ')
		i--;
	return i;
}

/* "4 x 12,50 €", "10x de R$ 20", "20 rat x 24,95 zł" */
static bool is_instalment(const struct plain *t, size_t from)
{
	static const struct str links[] = { W("de"), W("à"),   W("da"),
					    W("of"), W("von"), W("po") };
	static const struct str parts[] = { W("rat"), W("raten"),
					    W("payments") };
	size_t i = skip_word(t, from, links, ARRAY_LEN(links));

	if (i == 0 || t->low[i - 1] != 'x')
		return false;
	for (i--; i > 0 && t->raw[i - 1] == ' ';)
		i--;
	i = skip_word(t, i, parts, ARRAY_LEN(parts));
	return i > 0 && t->raw[i - 1] >= '0' && t->raw[i - 1] <= '9';
}

/* "zzgl. 4,90 €", "save $5", "payments of $12.50" */
static bool is_beside(const struct plain *t, size_t from)
{
	static const struct str words[] = {
		/* what is paid beside it */
		W("zzgl."), W("zzgl"), W("plus"), W("shipping"), W("delivery"),
		W("postage"), W("versand"), W("versandkosten"), W("porto"),
		W("livraison"), W("frais de port"), W("envío"), W("spedizione"),
		W("verzending"), W("frakt"), W("dostawa"), W("doprava"),
		/* what is not paid */
		W("save"), W("you save"), W("sie sparen"), W("spare"),
		W("sparen"), W("économisez"), W("ahorra"), W("risparmi"),
		W("poupe"), W("economize"), W("economisești"), W("bespaar"),
		W("je bespaart"), W("du sparer"), W("spar"), W("du sparar"),
		W("spara"), W("säästä"), W("säästät"), W("säästad"),
		W("oszczędzasz"), W("ušetříte"), W("ušetríte"), W("prihranite"),
		W("prihranek"), W("uštedite"), W("ušteda"), W("megtakarítás"),
		W("sutaupote"), W("экономия"), W("вы экономите"), W("економія"),
		W("tasarruf"),
		/* in parts, in another currency, of more than this */
		W("payments of"), W("instalments of"), W("installments of"),
		W("raten à"), W("raten von"), W("cuotas de"), W("rate da"),
		W("mensualités de"), W("parcelas de"), W("approximately"),
		W("approx."), W("approx"), W("total"), W("subtotal"), W("over"),
		W("above"), W("orders of"), W("up to"), W("bis zu"),
		W("deposit"), W("anzahlung"),
		/* of some, or of a part of the goods */
		W("members pay"), W("member price"), W("members"),
		W("club price"), W("bid"), W("current bid"), W("gebot"),
		/* without the tax */
		W("ex tax"), W("excl. tax"), W("ex vat"), W("excl. vat")
	};

	/* "delivery from 4,90 €" */
	static const struct str least[] = { W("from"),	W("ab"),   W("od"),
					    W("desde"), W("dès"),  W("da"),
					    W("vanaf"), W("från"), W("fra") };

	if (from > 0 && t->raw[from - 1] == '+')
		return true;
	return word_before(t, from, words, ARRAY_LEN(words)) ||
	       word_before(t, skip_word(t, from, least, ARRAY_LEN(least)),
			   words, ARRAY_LEN(words));
}

/* "4,90 € Versand", "25,00 € / kg", "$1.20 per 100 g", "9 € mtl." */
static bool is_beside_by_what_follows(const struct plain *t, size_t to)
{
	static const char *const words[] = {
		"shipping",	 "delivery",	 "postage",
		"versand",	 "porto",	 "off",
		"versandkosten", "de livraison", "de port",
		"de envío",	 "rabatt",	 "discount",
		"mtl",		 "monatlich",	 "monthly",
		"miesięcznie",	 "měsíčně",	 "pfand",
		"ex vat",	 "excl. vat",	 "gift card",
		"voucher",	 "gutschein",	 "cashback",
		"excl. btw",	 "bez dph",	 NULL
	};
	static const char *const per[] = {
		"per", "pro", "je", "par", "al", NULL
	};
	static const char *const units[] = {
		"kg",	 "g",	"l",	 "ml",	  "cl",	  "lb",
		"oz",	 "m",	"m²",	 "m2",	  "cm",	  "liter",
		"1",	 "10",	"litre", "100",	  "1000", "unit",
		"stück", "st",	"stk",	 "piece", "pc",	  "100g",
		"100ml", "1kg", "1l",	 "month", "mo",	  "monat",
		"mois",	 "mes", "mese",	 "maand", "mån",  NULL
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

/* "Now $20", "Angebotspreis 20 €" */
static bool is_present(const struct plain *t, size_t from)
{
	static const struct str words[] = {
		W("now"),	    W("sale price"),  W("our price"),
		W("special price"), W("deal price"),  W("current price"),
		W("buy it now"),    W("jetzt"),	      W("angebotspreis"),
		W("aktionspreis"),  W("sonderpreis"), W("maintenant"),
		W("prix promo"),    W("ahora"),	      W("oferta"),
		W("adesso"),	    W("por"),	      W("nu"),
		W("voor"),	    W("teraz"),	      W("促销价"),
		W("特价"),	    W("特価"),	      W("セール価格")
	};

	return word_before(t, from, words, ARRAY_LEN(words));
}

enum price_aside price_aside(const struct plain *t, size_t from, size_t to)
{
	size_t at = from;

	while (at > 0 && strchr(" :~(", t->raw[at - 1]))
		at--;
	if (is_former(t, at))
		return PRICE_ASIDE_FORMER;
	if (is_lowest_lately(t, at) || is_instalment(t, at) ||
	    is_beside(t, at) || is_beside_by_what_follows(t, to))
		return PRICE_ASIDE_OTHER;
	return is_present(t, at) ? PRICE_ASIDE_NOT : PRICE_ASIDE_NONE;
}
