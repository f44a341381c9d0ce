#ifndef SCRAPER_ITEM_H
#define SCRAPER_ITEM_H

/*
 * item - what extraction finds on a page, and how a fetch ended.
 *
 * Every fetch ends in one observation: a typed outcome and, where the outcome
 * is OUTCOME_FOUND, the items in document order. All text borrows from the
 * arena that the observation was made with, is valid UTF-8, trimmed, with runs
 * of white space folded to one space. A field that the page does not give is
 * absent (p == NULL).
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/str.h"

/* Limits on what one page may give; what is over them is cut or left out. */
enum {
	ITEM_MAX = 5000,      /* items of one page */
	ITEM_TEXT_MAX = 4096, /* bytes of one field */
	ITEM_URL_MAX = 2048,  /* bytes of link and image */
	ITEM_UNIT_MAX = 64,   /* bytes of unit */
	ITEM_RAW_MAX = 200,   /* bytes of what a selector found */
};

enum outcome {
	OUTCOME_FOUND, /* extraction gave items; the scraper turns this
				  into "changed" or "unchanged" */
	OUTCOME_CHANGED,
	OUTCOME_UNCHANGED,
	OUTCOME_EMPTY,	       /* no content, or a list without entries */
	OUTCOME_SELECTOR_MISS, /* a selector, path or offer found nothing */
	OUTCOME_PARSE_FAIL,    /* the bytes are not what the kind expects */
	OUTCOME_BLOCKED,
	OUTCOME_RATE_LIMITED,
	OUTCOME_TIMEOUT,
	OUTCOME_UNREACHABLE,
	OUTCOME_HTTP_ERROR,
	OUTCOME_REFUSED,
	OUTCOME_IMPLAUSIBLE, /* found, and not to be believed: contract.h */
	OUTCOMES,	     /* of them; the ledger has their numbers */
};

/* The name in events: "changed", "selector-miss" … ("found" for FOUND). */
const char *outcome_name(enum outcome o);

/* What a selector found for a field, before it was read as one. */
struct item_raw {
	int field; /* enum field */
	struct str text;
};

struct item {
	struct str id; /* stable within its source */
	struct str title;
	struct str price; /* decimal text, as common/decimal.h reads it */
	struct str list_price;
	struct str shipping;   /* decimal text, at the least; 0: none to pay */
	struct str unit_price; /* of one unit, "kg", "100 g" */
	struct str unit;
	struct str currency;	 /* ISO 4217, upper case */
	struct str availability; /* schema.org's name: InStock, OutOfStock … */
	struct str condition;	 /* NewCondition, UsedCondition … */
	struct str sku, mpn, gtin, brand;
	struct str image, link; /* absolute URLs */
	struct str seller;
	struct str rating;    /* decimal text */
	struct str published; /* RFC 3339 in UTC, as clk_format writes it */
	struct str updated;
	struct str author;
	struct str summary;
	struct str picked; /* which of several offers, and why; short text */
	bool free;	   /* the page says that it is free; price is "0" */
	unsigned page; /* of a list that goes on, from 1; 0: of its only one */
	/* Where a watch's own selectors found them: what they were read from. */
	const struct item_raw *raw;
	size_t n_raw;
};

/* How much of a list that goes on over several pages was read. */
enum observation_span {
	OBSERVED_PAGE, /* as much as the watch says */
	OBSERVED_TOP,  /* from the top down to what is known */
	OBSERVED_PART, /* less than was there to read: nothing is absent */
};

struct observation {
	enum outcome outcome;
	struct str reason; /* one line: why, where outcome is no success */
	struct item *items;
	size_t n_items;
	size_t dropped; /* items beyond ITEM_MAX */
	/* Kind "page" only: the text that is compared, a line each. */
	struct str text;
	/* Where the list goes on, an absolute URL; absent: nowhere, or unasked. */
	struct str next;
	enum observation_span span;
};

/*
 * Add {"outcome":…,"reason":…,"items":[…]} (and "text", "next" where there is
 * one). An item is a JSON object of the fields above under their own names, in
 * the order of the struct, absent ones left out, "free":true only where it is
 * so.
 */
void observation_print(const struct observation *o, struct buf *b);

/* Into the arena, without the whole document that *from borrows from. */
void observation_copy(struct observation *to, const struct observation *from,
		      struct arena *a);

/*
 * Text as a reader sees it: entities are the caller's matter; white space
 * (Unicode's too) folded and trimmed, control characters dropped, cut to max
 * bytes between characters. Absent where nothing is left.
 */
struct str item_text(struct arena *a, struct str raw, size_t max);

#endif
