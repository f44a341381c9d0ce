#ifndef COMMON_TYPES_FINDING_H
#define COMMON_TYPES_FINDING_H

/*
 * types_finding - what the web says: price.update, offer.update, listing.new,
 * listing.update, listing.gone, page.change, chat.message. See types.h.
 */
#include "common/types_part.h"

struct type_price { /* price.update/ITEM, offer.update/ITEM */
	struct str watch;
	struct type_item item;
	struct str price, currency, previous, availability, source;
	struct str list_price, shipping, unit_price, unit;
	struct str condition, title, link, image, seller;
	bool baseline, free, backfilled;
	struct str offers; /* price.update: digits; absent: one watch */
	bool stale;	   /* offer.update */
};

struct type_listing { /* listing.new, .update, .gone/SOURCE */
	struct str watch, source;
	bool baseline, free, backfilled;
	struct str id, title, price, list_price, shipping, unit_price, unit;
	struct str currency, availability;
	struct str condition, sku, mpn, gtin, brand, image, link, seller;
	struct str rating, published, updated, author, summary;
	struct str previous; /* listing.update: the price before */
};

struct type_page_change { /* page.change/WATCH */
	struct str watch, url;
	struct shape_list added, removed;
	bool baseline, truncated, backfilled;
	struct str blob; /* the page's text */
};

struct type_chat_message { /* chat.message/STREAM */
	struct str stream, platform, id, username, message, channel, sent;
	bool backlog;
};

extern const struct shape shape_price, shape_offer, shape_listing;
extern const struct shape shape_page_change, shape_chat_message;

#endif
