#ifndef SCRAPER_FIELDS_H
#define SCRAPER_FIELDS_H

/*
 * fields - the part of a watch's "extract" that kinds html and json share:
 *
 *	{"items":SELECTOR,"fields":{NAME:SELECTOR,…},"next":SELECTOR}
 *
 * NAME is a field of struct item. SELECTOR is an object that the kind
 * compiles ({"css":…,"attr":…}, {"path":…}); beside the kind's own members it
 * may say "as", the form to read the text in: "text", "price", "url", "date".
 * Without "as" the field's name decides. Without "items" the whole document
 * is one item. "next" selects the address of the list's next page, or, with a
 * member "param", what that parameter of the query becomes on the next page.
 *
 * A kind finds raw texts and gives them to fields_add(), which makes them an
 * item. Other kinds (feed, product) use item_set() and item_finish() alone.
 */
#include "common/err.h"
#include "common/json.h"

#include "extract.h"
#include "item.h"

enum field {
	FIELD_ID,
	FIELD_TITLE,
	FIELD_PRICE,
	FIELD_LIST_PRICE,
	FIELD_SHIPPING,
	FIELD_UNIT_PRICE,
	FIELD_UNIT,
	FIELD_CURRENCY,
	FIELD_AVAILABILITY,
	FIELD_CONDITION,
	FIELD_SKU,
	FIELD_MPN,
	FIELD_GTIN,
	FIELD_BRAND,
	FIELD_IMAGE,
	FIELD_LINK,
	FIELD_SELLER,
	FIELD_RATING,
	FIELD_PUBLISHED,
	FIELD_UPDATED,
	FIELD_AUTHOR,
	FIELD_SUMMARY,
	FIELD_COUNT,
};

/* How the text of a field is read. */
enum form {
	FORM_TEXT,
	FORM_PRICE,
	FORM_URL,
	FORM_DATE,
	FORM_CURRENCY,
	FORM_AVAILABILITY,
	FORM_CONDITION,
	FORM_RATING,
	FORM_UNIT,
};

/* The field of that name, or FIELD_COUNT. */
enum field field_named(struct str name);
const char *field_name(enum field f);
enum form field_form(enum field f);
/* Where the field is in an item. */
struct str *field_of(struct item *it, enum field f);

/* What a selector found. */
struct raw {
	struct str text; /* absent: nothing */
	bool number;	 /* text is a number of JSON: no locale to guess */
};

/*
 * Normalise raw by the field that it is for and put it there; what cannot be
 * read as such a field (no price in it, no date, not a link) leaves the field
 * as it was. A price also sets currency if it says one and none is known yet.
 */
void item_set(struct item *it, enum field f, struct raw raw,
	      const struct document *doc, struct arena *a);

/* The same, read in another form than the field's own ("as"). */
void item_set_as(struct item *it, enum field f, enum form form, struct raw raw,
		 const struct document *doc, struct arena *a);

/* The same as item_set() for text. */
void item_set_text(struct item *it, enum field f, struct str text,
		   const struct document *doc, struct arena *a);

/*
 * What only shows once all fields are there: an id where the source gives
 * none (the link without its fragment and tracking parameters, else sku or
 * gtin, else a hash of what does not move: title, brand, author, published),
 * and the currency that the watch hints at for a price without one.
 */
void item_finish(struct item *it, const struct document *doc, struct arena *a);

/* True if the item says nothing that would make it one: no title, link … */
bool item_is_empty(const struct item *it);

/* How one kind compiles and releases its selectors. */
struct selector_ops {
	/* The members of SELECTOR that the kind knows, ending in NULL. */
	const char *const *members;
	/* Selectors find places in an order: "until" ends the list. */
	bool ordered;
	/*
	 * spec is an object with known members only. list: it is "items" or
	 * "until". NULL with *e (EX_CONFIG).
	 */
	void *(*compile)(const struct json *spec, bool list, struct err *e);
	/* See extractor_prepare(). May both be NULL. */
	bool (*has_program)(const void *selector);
	int (*prepare)(void *selector, struct err *e);
	void (*release)(void *selector);
	/* The raw text of selector inside item, absent if there is none. */
	struct raw (*read)(const void *selector, const void *item,
			   struct arena *a);
	/* That of "next", an address; NULL: as read. */
	struct raw (*read_link)(const void *selector, const void *item,
				struct arena *a);
	/* What "next" is that says nothing, as JSON; NULL: that is an error. */
	const char *own_next;
};

struct fields;

/*
 * Compile config. NULL with *e (EX_CONFIG) for unknown members or fields, no
 * fields, a bad selector; msg starts with its place ("fields.price: …"). ops
 * must outlive the result.
 */
struct fields *fields_compile(const struct json *config,
			      const struct selector_ops *ops, struct err *e);
void fields_free(struct fields **fp);

/* Of all selectors, as extractor_prepare() has it. */
bool fields_have_programs(const struct fields *f);
int fields_prepare(struct fields *f, struct err *e);

/* The compiled selector of "items"; NULL if there is none. */
const void *fields_items(const struct fields *f);
/* That of "until", likewise. */
const void *fields_until(const struct fields *f);

/*
 * Read all fields of one item (whatever read() takes for one) and append it
 * to *o, unless nothing was found. False once *o is full.
 */
bool fields_add(const struct fields *f, const void *item,
		const struct document *doc, struct arena *a,
		struct observation *o);

/*
 * Where the list goes on, read from the whole document: into o->next. base: as
 * an address is seen from; doc->url is what a parameter is changed in.
 */
void fields_read_next(const struct fields *f, const void *whole,
		      struct str base, const struct document *doc,
		      struct arena *a, struct observation *o);

/*
 * The outcome once all items were added: OUTCOME_FOUND, or
 * OUTCOME_SELECTOR_MISS where no field gave anything.
 */
void fields_end(const struct fields *f, struct arena *a, struct observation *o);

#endif
