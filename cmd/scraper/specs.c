#include "specs.h"

#include <stddef.h>

#include "common/url.h"
#include "common/xmem.h"

#include "plain.h"
#include "schemaorg.h"

enum {
	LABEL_MAX = 40,	   /* visible characters of a label */
	VALUE_MAX = 60,	   /* of a value */
	ROW_MAX = 160,	   /* of what holds both */
	TEXTS_MAX = 50000, /* of the page looked at */
	BESIDE_MAX = 4,	   /* neighbours looked at for the value */
};

enum spec { SPEC_SKU, SPEC_MPN, SPEC_GTIN, SPEC_BRAND, SPEC_MAKER, SPECS };

/* In lower case, as plain_make() has it. */
static const char *const labels[SPECS][64] = {
	[SPEC_SKU] = { "sku",
		       "asin",
		       "item number",
		       "item no",
		       "item no.",
		       "item #",
		       "product code",
		       "product id",
		       "product number",
		       "product no.",
		       "catalog number",
		       "artikelnummer",
		       "artikelnr",
		       "artikelnr.",
		       "artikel-nr",
		       "artikel-nr.",
		       "art.-nr.",
		       "art. nr.",
		       "art.nr.",
		       "best.-nr.",
		       "bestellnummer",
		       "référence",
		       "réf",
		       "réf.",
		       "ref",
		       "ref.",
		       "referencia",
		       "referência",
		       "codice articolo",
		       "codice prodotto",
		       "código",
		       "código do produto",
		       "cod. produs",
		       "varenummer",
		       "varenr.",
		       "tuotenumero",
		       "tootekood",
		       "prekės kodas",
		       "preces kods",
		       "kod produktu",
		       "kód",
		       "kód produktu",
		       "kód zboží",
		       "katalogové číslo",
		       "cikkszám",
		       "šifra",
		       "šifra artikla",
		       "артикул",
		       "код товара",
		       "商品編號",
		       "商品番号" },
	[SPEC_MPN] = { "mpn",
		       "manufacturer part number",
		       "manufacturer's part number",
		       "mfr part number",
		       "part number",
		       "item model number",
		       "model number",
		       "model no.",
		       "model",
		       "modellnummer",
		       "herstellernummer",
		       "hersteller-nr.",
		       "teilenummer",
		       "numéro de modèle",
		       "numéro du modèle de l'article",
		       "numéro de pièce",
		       "número de modelo",
		       "número de modelo del producto",
		       "numero modello articolo",
		       "modelnummer",
		       "модель" },
	[SPEC_GTIN] = { "ean", "gtin", "upc", "isbn", "isbn-13", "isbn13",
			"ean-13", "ean13", "gtin-13", "ean code", "ean-code",
			"code ean", "código ean", "codice ean", "ean kód",
			"barcode", "strichcode", "штрихкод" },
	[SPEC_BRAND] = { "brand",
			 "brand name",
			 "marke",
			 "marque",
			 "marca",
			 "merk",
			 "märke",
			 "mærke",
			 "merke",
			 "merkki",
			 "marka",
			 "značka",
			 "márka",
			 "brend",
			 "blagovna znamka",
			 "zīmols",
			 "kaubamärk",
			 "prekės ženklas",
			 "бренд",
			 "торговая марка",
			 "品牌",
			 "ブランド",
			 "מותג" },
	[SPEC_MAKER] = { "manufacturer", "hersteller", "fabricant",
			 "fabricante", "produttore", "fabrikant", "producent",
			 "výrobce", "výrobca", "proizvajalec", "proizvođač",
			 "gyártó", "producător", "valmistaja", "tootja",
			 "ražotājs", "gamintojas", "производитель" },
};

struct reader {
	const struct layout *l;
	struct str host;
	struct str found[SPECS];
	struct buf text;
};

static enum spec spec_named(struct str label)
{
	struct plain t;

	if (label.len > 4 * LABEL_MAX)
		return SPECS;
	plain_make(label, &t);
	for (int s = 0; s < SPECS; s++)
		for (size_t i = 0; i < ARRAY_LEN(labels[s]) && labels[s][i];
		     i++)
			if (labels[s][i][0] == t.low[0] &&
			    str_is((struct str){ t.low, t.len }, labels[s][i]))
				return (enum spec)s;
	return SPECS;
}

/* "Acme item number" on www.acme.example: the label without the shop's name. */
static struct str without_shop(struct str label, struct str host)
{
	struct str rest, shop = str_cut(label, ' ', &rest);

	while (host.len) {
		struct str name = str_cut(host, '.', &host);

		/* Not the country's: "no model" is no model of shop.no. */
		if (host.len && str_eq_nocase(name, shop))
			return rest;
	}
	return label;
}

static bool has_digit(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return false;
}

/* Without the marks that stand around values, direction marks among them. */
static struct str trim_marks(struct str s)
{
	static const struct str marks[] = { { ":", 1 },
					    { " ", 1 },
					    { "#", 1 },
					    { "\xe2\x80\x8e", 3 },
					    { "\xe2\x80\x8f", 3 },
					    { "\xc2\xa0", 2 },
					    { "\xef\xbc\x9a", 3 } };
	bool cut = true;

	while (cut) {
		cut = false;
		s = str_trim(s);
		for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
			if (str_starts(s, marks[i])) {
				s = str_sub(s, marks[i].len, s.len);
				cut = true;
			}
			if (str_ends(s, marks[i])) {
				s.len -= marks[i].len;
				cut = true;
			}
		}
	}
	return s;
}

static bool is_plausible(enum spec s, struct str value)
{
	if (value.len == 0 || value.len > 4 * VALUE_MAX ||
	    spec_named(value) != SPECS)
		return false;
	switch (s) {
	case SPEC_SKU: return has_digit(value);
	case SPEC_GTIN: return schemaorg_is_gtin(value);
	default: return str_chr(value, ':') == (size_t)-1;
	}
}

static void keep(struct reader *r, enum spec s, struct str value)
{
	value = trim_marks(value);
	if (!r->found[s].p && is_plausible(s, value))
		r->found[s] = arena_str(r->l->arena, value);
}

/* The text that stands behind n, in what holds both and not much more. */
static struct str text_beside(struct reader *r, const struct dom_node *n)
{
	const struct layout *l = r->l;
	uint32_t len = layout_length(l, n);
	int tried = 0;

	while (n->parent && layout_length(l, n->parent) <= len + 1)
		n = n->parent;
	if (!n->parent || layout_length(l, n->parent) > ROW_MAX)
		return (struct str){ 0 };
	while ((n = n->next) && tried++ < BESIDE_MAX) {
		struct str s;

		if (layout_length(l, n) == 0 || layout_length(l, n) > VALUE_MAX)
			continue;
		s = trim_marks(layout_text(l, n, 4 * VALUE_MAX, &r->text));
		if (s.len > 0)
			return s;
	}
	return (struct str){ 0 };
}

static void read_text(struct reader *r, const struct dom_node *n)
{
	struct str text = str_trim(n->text), label, value;
	enum spec s;

	label = str_cut(text, ':', &value);
	label = trim_marks(label);
	s = spec_named(label);
	if (s == SPECS)
		s = spec_named(without_shop(label, r->host));
	if (s == SPECS || r->found[s].p)
		return;
	if (trim_marks(value).len == 0)
		value = text_beside(r, n);
	keep(r, s, value);
}

void specs_read(const struct layout *l, struct str url, struct specs *s_r)
{
	struct reader r = { .l = l };
	size_t tried = 0;

	if (url.p)
		url_host(url, l->arena, &r.host);
	for (size_t i = 0; i < l->n && tried < TEXTS_MAX; i++) {
		const struct dom_node *n = l->nodes[i];

		if (!n || n->type != DOM_TEXT ||
		    (l->notes[i].flags & (LAYOUT_HIDDEN | LAYOUT_ASIDE)) ||
		    layout_length(l, n) < 2 ||
		    layout_length(l, n) > LABEL_MAX + VALUE_MAX)
			continue;
		tried++;
		read_text(&r, n);
	}
	*s_r = (struct specs){
		.sku = r.found[SPEC_SKU],
		.mpn = r.found[SPEC_MPN],
		.gtin = r.found[SPEC_GTIN],
		.brand = r.found[SPEC_BRAND].p ? r.found[SPEC_BRAND]
					       : r.found[SPEC_MAKER],
	};
	buf_free(&r.text);
}
