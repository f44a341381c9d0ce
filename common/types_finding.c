#include "common/types_finding.h"

#include "common/types_rows.h"

#define DOC_BACKFILLED \
	"Read later, from a body that was kept; time is when it was so."
#define DOC_BASELINE	 "The first sight of a source: no news."
#define DOC_FREE	 "It costs nothing, and says so; price is 0."
#define DOC_AVAILABILITY "As schema.org names it: InStock, OutOfStock."
#define DOC_CONDITION	 "As schema.org names it: NewCondition."
#define DOC_LIST_PRICE	 "The price that is crossed out."
#define DOC_SHIPPING	 "What sending it costs, at the least."
#define DOC_UNIT_PRICE	 "The price of one unit, where the page says it."
#define DOC_UNIT	 "That unit: kg, l, 100 g."

#define PRICE_ROWS                                                            \
	{ ROW(type_price, watch, ID, 0, DOC_WATCH) },                         \
		{ SUB(type_price, item, REQ, shape_item_seen,                 \
		      "Whose price it is.") },                                \
		{ ROW(type_price, price, DECIMAL, REQ | NUL,                  \
		      "Null: the page gives none.") },                        \
		{ ROW(type_price, currency, CURRENCY, NUL, "ISO 4217.") },    \
		{ ROW(type_price, previous, DECIMAL, NUL,                     \
		      "The price before.") },                                 \
		{ ROW(type_price, availability, TEXT, NUL, DOC_AVAILABILITY), \
		  .max = 64 },                                                \
		{ ROW(type_price, source, ID, 0, DOC_SOURCE) },               \
		{ ROW(type_price, list_price, DECIMAL, 0, DOC_LIST_PRICE) },  \
		{ ROW(type_price, shipping, DECIMAL, 0, DOC_SHIPPING) },      \
		{ ROW(type_price, unit_price, DECIMAL, 0, DOC_UNIT_PRICE) },  \
		{ ROW(type_price, unit, TEXT, 0, DOC_UNIT), .max = 64 },      \
		{ ROW(type_price, condition, TEXT, 0, DOC_CONDITION),         \
		  .max = 64 },                                                \
		{ ROW(type_price, title, TEXT, 0,                             \
		      "What the page calls it.") },                           \
		{ ROW(type_price, link, URL, 0, "Where to look or buy.") },   \
		{ ROW(type_price, image, URL, 0, "A picture.") },             \
		{ ROW(type_price, seller, TEXT, 0, "Who sells it.") },        \
		{ ROW(type_price, baseline, BOOL, 0, DOC_BASELINE) },         \
	{                                                                     \
		ROW(type_price, free, BOOL, 0, DOC_FREE)                      \
	}

static const struct shape_field price_rows[] = {
	PRICE_ROWS,
	{ ROW(type_price, offers, COUNT, 0,
	      "Of so many shops' offers this is the best; absent: one "
	      "watch.") },
	{ ROW(type_price, backfilled, BOOL, 0, DOC_BACKFILLED) },
};
const struct shape shape_price =
	SHAPE(type_price, price_rows, OPEN,
	      "The price or availability of an item changed, or its best offer "
	      "where several watches have it.");

static const struct shape_field offer_rows[] = {
	PRICE_ROWS,
	{ ROW(type_price, stale, BOOL, 0,
	      "The watch was not fetched well for too long.") },
};
const struct shape shape_offer = SHAPE(
	type_price, offer_rows, OPEN,
	"One shop's offer changed, of an item that several watches have.");

static const struct shape_field listing_rows[] = {
	{ ROW(type_listing, watch, ID, 0, DOC_WATCH) },
	{ ROW(type_listing, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_listing, baseline, BOOL, 0, DOC_BASELINE) },
	{ ROW(type_listing, backfilled, BOOL, 0, DOC_BACKFILLED) },
	{ ROW(type_listing, free, BOOL, 0, DOC_FREE) },
	{ ROW(type_listing, id, TEXT, REQ, "Stable within its source.") },
	{ ROW(type_listing, title, TEXT, 0, "Its headline.") },
	{ ROW(type_listing, price, DECIMAL, NUL, "What it costs.") },
	{ ROW(type_listing, list_price, DECIMAL, 0, DOC_LIST_PRICE) },
	{ ROW(type_listing, shipping, DECIMAL, 0, DOC_SHIPPING) },
	{ ROW(type_listing, unit_price, DECIMAL, 0, DOC_UNIT_PRICE) },
	{ ROW(type_listing, unit, TEXT, 0, DOC_UNIT), .max = 64 },
	{ ROW(type_listing, currency, CURRENCY, NUL, "ISO 4217.") },
	{ ROW(type_listing, availability, TEXT, 0, DOC_AVAILABILITY),
	  .max = 64 },
	{ ROW(type_listing, condition, TEXT, 0, DOC_CONDITION), .max = 64 },
	{ ROW(type_listing, sku, TEXT, 0, "The seller's number.") },
	{ ROW(type_listing, mpn, TEXT, 0, "The maker's number.") },
	{ ROW(type_listing, gtin, TEXT, 0, "The number in the bar code.") },
	{ ROW(type_listing, brand, TEXT, 0, "The maker.") },
	{ ROW(type_listing, image, URL, 0, "A picture.") },
	{ ROW(type_listing, link, URL, 0, "Where to look or buy.") },
	{ ROW(type_listing, seller, TEXT, 0, "Who sells it.") },
	{ ROW(type_listing, rating, DECIMAL, 0, "As the page gives it.") },
	{ ROW(type_listing, published, TIME, 0, "When it was listed.") },
	{ ROW(type_listing, updated, TIME, 0, "When it was changed.") },
	{ ROW(type_listing, author, TEXT, 0, "Who wrote it.") },
	{ ROW(type_listing, summary, TEXT, 0, "Its text, or part of it.") },
	{ ROW(type_listing, previous, DECIMAL, NUL,
	      "The price before, in listing.update.") },
};
const struct shape shape_listing = SHAPE(type_listing, listing_rows, OPEN,
					 "An entry of a list: an ad, a post.");

static const struct shape_field page_rows[] = {
	{ ROW(type_page_change, watch, ID, REQ, DOC_WATCH) },
	{ ROW(type_page_change, url, URL, 0, "The page.") },
	{ ROW(type_page_change, added, LIST, 0, "Lines that came."),
	  .max = 4096 },
	{ ROW(type_page_change, removed, LIST, 0, "Lines that went."),
	  .max = 4096 },
	{ ROW(type_page_change, baseline, BOOL, 0, DOC_BASELINE) },
	{ ROW(type_page_change, backfilled, BOOL, 0, DOC_BACKFILLED) },
	{ ROW(type_page_change, truncated, BOOL, 0,
	      "There were more lines than these.") },
	{ ROW(type_page_change, blob, BLOB, 0, "The whole text, now.") },
};
const struct shape shape_page_change =
	SHAPE(type_page_change, page_rows, OPEN, "The text of a page changed.");

static const struct shape_field chat_message_rows[] = {
	{ ROW(type_chat_message, stream, ID, REQ, "The chat: its watch.") },
	{ ROW(type_chat_message, platform, TEXT, 0, "Where it is."),
	  .max = 64 },
	{ ROW(type_chat_message, id, TEXT, REQ,
	      "The server's id; weir-N where it gives none."),
	  .max = 256 },
	{ ROW(type_chat_message, username, TEXT, 0, "Who said it."),
	  .max = 256 },
	{ ROW(type_chat_message, message, TEXT, REQ, "What was said.") },
	{ ROW(type_chat_message, channel, TEXT, 0,
	      "Which one it was said in, of a stream that has several."),
	  .max = 256 },
	{ ROW(type_chat_message, sent, TIME, 0, "When, as the server says.") },
	{ ROW(type_chat_message, backlog, BOOL, 0,
	      "Said before the stream was first connected to.") },
};
const struct shape shape_chat_message =
	SHAPE(type_chat_message, chat_message_rows, OPEN,
	      "Somebody said something in a chat.");
