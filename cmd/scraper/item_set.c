/* The half of fields.h that knows fields, not configuration. */
#include "fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clk.h"
#include "common/decimal.h"
#include "common/url.h"
#include "common/xmem.h"

#include "currency.h"
#include "date.h"
#include "item_words.h"
#include "price.h"

static const struct {
	const char *name;
	size_t offset;
	enum form form;
} table[FIELD_COUNT] = {
#define FIELD(up, member, form) \
	[FIELD_##up] = { #member, offsetof(struct item, member), form }
	FIELD(ID, id, FORM_TEXT),
	FIELD(TITLE, title, FORM_TEXT),
	FIELD(PRICE, price, FORM_PRICE),
	FIELD(LIST_PRICE, list_price, FORM_PRICE),
	FIELD(SHIPPING, shipping, FORM_PRICE),
	FIELD(UNIT_PRICE, unit_price, FORM_PRICE),
	FIELD(UNIT, unit, FORM_UNIT),
	FIELD(CURRENCY, currency, FORM_CURRENCY),
	FIELD(AVAILABILITY, availability, FORM_AVAILABILITY),
	FIELD(CONDITION, condition, FORM_CONDITION),
	FIELD(SKU, sku, FORM_TEXT),
	FIELD(MPN, mpn, FORM_TEXT),
	FIELD(GTIN, gtin, FORM_TEXT),
	FIELD(BRAND, brand, FORM_TEXT),
	FIELD(IMAGE, image, FORM_URL),
	FIELD(LINK, link, FORM_URL),
	FIELD(SELLER, seller, FORM_TEXT),
	FIELD(RATING, rating, FORM_RATING),
	FIELD(PUBLISHED, published, FORM_DATE),
	FIELD(UPDATED, updated, FORM_DATE),
	FIELD(AUTHOR, author, FORM_TEXT),
	FIELD(SUMMARY, summary, FORM_TEXT),
#undef FIELD
};

enum field field_named(struct str name)
{
	enum field f = 0;

	while (f < FIELD_COUNT && !str_is(name, table[f].name))
		f++;
	return f;
}

const char *field_name(enum field f)
{
	return table[f].name;
}

enum form field_form(enum field f)
{
	return table[f].form;
}

struct str *field_of(struct item *it, enum field f)
{
	return (struct str *)(void *)((char *)it + table[f].offset);
}

static struct price_hints hints_of(const struct document *doc, struct arena *a)
{
	struct price_hints hints = { .lang = doc->lang,
				     .currency = doc->currency };
	struct str host;

	if (doc->url.p && url_host(doc->url, a, &host))
		hints.country = currency_country(host);
	return hints;
}

static bool read_price(struct str text, struct str near,
		       const struct document *doc, struct arena *a,
		       struct price *p_r)
{
	const struct price_hints hints = hints_of(doc, a);

	return price_parse(text, near, &hints, p_r);
}

static void set_price(struct item *it, enum field f, struct raw raw,
		      const struct document *doc, struct arena *a)
{
	char text[DECIMAL_TEXT_MAX];
	struct price p = { .found = false };

	if (f == FIELD_SHIPPING && item_is_shipped_free(raw.text)) {
		it->shipping = STR("0");
		return;
	}
	if (raw.number ? !decimal_parse_json(raw.text, &p.amount)
		       : !read_price(raw.text, it->currency, doc, a, &p))
		return;
	if (decimal_sign(p.amount) < 0)
		return;
	*field_of(it, f) =
		arena_str(a, str_from(decimal_format(p.amount, text)));
	if (field_form(f) != FORM_PRICE) /* an amount, but not what it costs */
		return;
	if (p.currency[0] && !it->currency.p)
		it->currency = arena_str(a, str_from(p.currency));
	if (f == FIELD_PRICE)
		it->free = p.free;
}

/* "USD" in any case, else a sign or word as prices have it. */
static void set_currency(struct item *it, struct str text,
			 const struct document *doc, struct arena *a)
{
	char code[CURRENCY_SIZE] = "";
	struct price p;

	text = str_trim(text);
	for (size_t i = 0; text.len == CURRENCY_LEN && i < CURRENCY_LEN; i++)
		code[i] = (char)(text.p[i] & ~('a' ^ 'A'));
	if (currency_is_code(str_from(code))) {
		it->currency = arena_str(a, str_from(code));
		return;
	}
	read_price(text, (struct str){ 0 }, doc, a, &p);
	if (p.currency[0])
		it->currency = arena_str(a, str_from(p.currency));
}

static void set_url(struct str *place, struct str text,
		    const struct document *doc, struct arena *a)
{
	struct str url;

	if (str_trim(text).len > 0 && url_resolve(doc->url, text, a, &url) &&
	    url.len <= ITEM_URL_MAX)
		*place = url;
}

static void set_date(struct str *place, struct str text, struct arena *a)
{
	char out[CLK_TEXT_SIZE];
	int64_t us;

	if (date_parse(item_text(a, text, DATE_TEXT_MAX + 1), &us))
		*place = arena_str(a, str_from(clk_format(us, out)));
}

/* The first number in "4,5 of 5 stars". */
static void set_rating(struct str *place, struct str text, struct arena *a)
{
	size_t start = 0, end;
	struct decimal d;
	char out[DECIMAL_TEXT_MAX];

	while (start < text.len && (text.p[start] < '0' || text.p[start] > '9'))
		start++;
	for (end = start; end < text.len; end++)
		if ((text.p[end] < '0' || text.p[end] > '9') &&
		    text.p[end] != '.' && text.p[end] != ',')
			break;
	while (end > start &&
	       (text.p[end - 1] == '.' || text.p[end - 1] == ','))
		end--;
	if (end - start >= sizeof(out) || end == start)
		return;
	str_copy(out, sizeof(out), str_sub(text, start, end));
	for (char *p = out; *p; p++)
		if (*p == ',')
			*p = '.';
	if (decimal_parse(str_from(out), &d))
		*place = arena_str(a, str_from(decimal_format(d, out)));
}

static void set_availability(struct item *it, struct raw raw)
{
	struct str name = item_availability(raw.text);
	struct decimal d;

	/* A number is how many there are. */
	if (raw.number)
		name = decimal_parse_json(raw.text, &d) && decimal_sign(d) > 0
			       ? STR("InStock")
			       : STR("OutOfStock");
	if (name.p)
		it->availability = name;
}

void item_set_as(struct item *it, enum field f, enum form form, struct raw raw,
		 const struct document *doc, struct arena *a)
{
	struct str *place = field_of(it, f), text;

	switch (form) {
	case FORM_TEXT:
		text = item_text(a, raw.text, ITEM_TEXT_MAX);
		if (text.p)
			*place = text;
		break;
	case FORM_PRICE: set_price(it, f, raw, doc, a); break;
	case FORM_UNIT:
		text = item_text(a, raw.text, ITEM_UNIT_MAX);
		if (text.p)
			it->unit = text;
		break;
	case FORM_URL: set_url(place, raw.text, doc, a); break;
	case FORM_DATE: set_date(place, raw.text, a); break;
	case FORM_RATING: set_rating(place, raw.text, a); break;
	case FORM_CURRENCY: set_currency(it, raw.text, doc, a); break;
	case FORM_AVAILABILITY: set_availability(it, raw); break;
	case FORM_CONDITION:
		text = item_condition(raw.text);
		if (text.p)
			it->condition = text;
		break;
	}
}

void item_set(struct item *it, enum field f, struct raw raw,
	      const struct document *doc, struct arena *a)
{
	item_set_as(it, f, field_form(f), raw, doc, a);
}

void item_set_text(struct item *it, enum field f, struct str text,
		   const struct document *doc, struct arena *a)
{
	item_set(it, f, (struct raw){ .text = text }, doc, a);
}

static struct str hash_id(const struct item *it, struct arena *a)
{
	const struct str parts[] = { it->title, it->brand, it->author,
				     it->published };
	struct buf all = { 0 };
	char id[24];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		buf_add_str(&all, parts[i]);
		buf_putc(&all, '\n');
	}
	/* What has none of them is known by its words. */
	if (all.len == ARRAY_LEN(parts))
		buf_add_str(&all, it->summary.p ? it->summary : it->image);
	snprintf(id, sizeof(id), "h%016" PRIx64, str_hash(buf_str(&all)));
	buf_free(&all);
	return arena_str(a, str_from(id));
}

void item_finish(struct item *it, const struct document *doc, struct arena *a)
{
	struct str link;

	if (!it->currency.p && (it->price.p || it->list_price.p)) {
		const struct price_hints hints = hints_of(doc, a);

		it->currency = price_hint(&hints);
	}
	if (it->id.p)
		return;
	if (it->link.p && url_normalise(it->link, a, &link))
		it->id = link;
	else if (it->sku.p || it->gtin.p)
		it->id = it->sku.p ? it->sku : it->gtin;
	else
		it->id = hash_id(it, a);
}

bool item_is_empty(const struct item *it)
{
	struct item copy = *it;

	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (field_of(&copy, f)->p)
			return false;
	return true;
}
