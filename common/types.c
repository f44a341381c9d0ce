#include "common/types.h"

#include "common/hours.h"

/* A row of a table: a member of struct s, named as it is in the JSON. */
#define ROW(s, m, k, fl, d)                           \
	.name = #m, .kind = SHAPE_##k, .flags = (fl), \
	.offset = offsetof(struct s, m), .doc = (d)
#define NAMED(s, m, fl, nm, d) ROW(s, m, NAME, fl, d), .names = (nm)
#define SUB(s, m, fl, sh, d)   ROW(s, m, SUB, fl, d), .sub = &(sh)

#define SHAPE(s, rows, fl, d)                           \
	{                                               \
		.doc = (d), .fields = (rows),           \
		.n = sizeof(rows) / sizeof((rows)[0]),  \
		.size = sizeof(struct s), .flags = (fl) \
	}

enum {
	REQ = SHAPE_REQUIRED,
	NUL = SHAPE_NULLABLE,
	LOOSE = SHAPE_LOOSE,
	POS = SHAPE_POSITIVE,
	OPEN = SHAPE_OPEN,
};

/* ---- settings ---- */

/* A watch may leave the id to be made; what was seen has one. */
#define ITEM_ROWS(id_flags, id_doc)                                       \
	{ ROW(type_item, id, ID, id_flags, id_doc) },                     \
		{ ROW(type_item, kind, TEXT, 0,                           \
		      "What it is: watch, sneaker, car."),                \
		  .max = 128 },                                           \
		{ ROW(type_item, name, TEXT, 0, "What people call it."),  \
		  .max = 512 },                                           \
		{ ROW(type_item, target, DECIMAL, LOOSE,                  \
		      "The price to wait for: alert at this or less.") }, \
	{                                                                 \
		ROW(type_item, currency, CURRENCY, 0,                     \
		    "The currency of the target; absent: any.")           \
	}

static const struct shape_field item_rows[] = { ITEM_ROWS(
	0, "The item, the subject of its prices; absent: the watch's id.") };
static const struct shape_field seen_rows[] = { ITEM_ROWS(
	REQ, "The item, the subject of its prices.") };
const struct shape shape_item = SHAPE(type_item, item_rows, 0, "Item.");
static const struct shape shape_item_seen =
	SHAPE(type_item, seen_rows, OPEN, "Item.");

static const struct shape_field secret_rows[] = {
	{ ROW(type_secret, file, ID, REQ, "A file in the secrets directory.") },
};
static const struct shape shape_secret =
	SHAPE(type_secret, secret_rows, 0, "A secret.");

static const char *const rotation_names[] = { "round-robin", "sticky", NULL };
static const char *const resolver_names[] = { "here", "proxy", NULL };

static const struct shape_field proxy_rows[] = {
	{ ROW(type_proxy, id, ID, 0, "The pool.") },
	{ ROW(type_proxy, proxies, LIST, REQ,
	      "URLs of its proxies: http, https, socks5 or socks5h, with host "
	      "and port."),
	  .max = POOL_PROXIES_MAX },
	{ SUB(type_proxy, credentials, 0, shape_secret,
	      "Where user:password for all of them is.") },
	{ NAMED(type_proxy, rotation, 0, rotation_names,
		"Which is next: each in its turn (round-robin, the default), "
		"or for each host always the same one (sticky).") },
	{ NAMED(type_proxy, names, 0, resolver_names,
		"Where the name of a site is resolved to judge whether it may "
		"be asked: here (the default), or by the proxy alone.") },
	{ ROW(type_proxy, requests, COUNT, 0,
	      "Requests through one proxy at a time; absent: 4."),
	  .max = 1000 },
	{ ROW(type_proxy, delay, DURATION, 0,
	      "Time between two requests through one proxy; absent: none.") },
};
const struct shape shape_proxy =
	SHAPE(type_proxy, proxy_rows, 0, "Proxies to fetch through.");

static const struct shape_field provider_rows[] = {
	{ ROW(type_provider, id, ID, 0, "The provider.") },
	{ ROW(type_provider, url, TEXT, REQ,
	      "What to ask it: {url} stands for the page's URL, {key} for the "
	      "key."),
	  .max = SHAPE_URL_MAX },
	{ SUB(type_provider, key, 0, shape_secret, "Where its key is.") },
	{ ROW(type_provider, headers, OBJECT, 0,
	      "Request headers; secret ones name a file.") },
	{ ROW(type_provider, budget, COUNT, REQ,
	      "What may be spent from one reset to the next.") },
	{ ROW(type_provider, cost, COUNT, 0,
	      "What one request costs; absent: 1.") },
	{ ROW(type_provider, resets, COUNT, 0,
	      "The day of the month on which the budget is whole again, or "
	      "the last day of a month that has no such day; absent: 1."),
	  .max = 31 },
	{ ROW(type_provider, tz, TEXT, 0,
	      "Where that day begins; absent: UTC."),
	  .max = 128 },
	{ ROW(type_provider, requests, COUNT, 0,
	      "Requests at a time; absent: 4."),
	  .max = 1000 },
	{ ROW(type_provider, timeout, DURATION, 0,
	      "For one request; absent: 70s.") },
	{ ROW(type_provider, errors, LIST, 0,
	      "Statuses by which the provider speaks of itself, such as 429 or "
	      "5xx; absent: 401, 402, 403, 407 and 429."),
	  .max = 32 },
};
const struct shape shape_provider =
	SHAPE(type_provider, provider_rows, 0,
	      "A service that fetches pages for us, and what it may cost.");

static const char *const watch_kinds[] = { "product", "json", "html", "feed",
					   "page",    "chat", "mock", NULL };

static const char *const protocol_names[] = { "websocket", "sse", "irc", "poll",
					      NULL };

static const struct shape_field chat_rows[] = {
	{ NAMED(type_chat, protocol, 0, protocol_names,
		"How it is spoken; absent: websocket for ws: and wss:, irc for "
		"irc: and ircs:, poll for http: and https:.") },
	{ ROW(type_chat, platform, TEXT, 0,
	      "Where it is: twitch, youtube; absent: the source."),
	  .max = 64 },
	{ ROW(type_chat, send, JSON, 0,
	      "websocket: what is sent once it is open, an array of texts, "
	      "objects, and {\"file\":NAME} for what is secret.") },
	{ ROW(type_chat, subprotocol, TEXT, 0,
	      "websocket: Sec-WebSocket-Protocol."),
	  .max = 128 },
	{ ROW(type_chat, nick, TEXT, 0,
	      "irc: the nickname; absent: an anonymous one."),
	  .max = 64 },
	{ ROW(type_chat, pass, OBJECT, 0,
	      "irc: the password, {\"file\":NAME}.") },
	{ ROW(type_chat, channels, LIST, 0, "irc: the channels to join.") },
	{ ROW(type_chat, messages, TEXT, 0,
	      "JSON: path to the message or the list of them; absent: found."),
	  .max = 256 },
	{ ROW(type_chat, id, TEXT, 0, "JSON: path to a message's id."),
	  .max = 256 },
	{ ROW(type_chat, username, TEXT, 0, "JSON: path to who said it."),
	  .max = 256 },
	{ ROW(type_chat, message, TEXT, 0, "JSON: path to what was said."),
	  .max = 256 },
	{ ROW(type_chat, sent, TEXT, 0, "JSON: path to when it was said."),
	  .max = 256 },
	{ ROW(type_chat, only, TEXT, 0,
	      "JSON: only messages for which this expression holds; see weir-"
	      "expr(7).") },
	{ ROW(type_chat, ended, TEXT, 0,
	      "JSON: path to what is true, or there, once the stream is over."),
	  .max = 256 },
	{ ROW(type_chat, since, TEXT, 0,
	      "poll: what {since} in the URL becomes: id or sent (of the last "
	      "message; sent-ms, sent-s: as a number), or the path to a cursor "
	      "in the body; absent: id."),
	  .max = 256 },
};
static const struct shape shape_chat =
	SHAPE(type_chat, chat_rows, 0, "How a chat is read.");

static const struct shape_field confirm_rows[] = {
	{ ROW(type_confirm, times, COUNT, REQ, "Seen so many times."),
	  .max = WATCH_CONFIRM_MAX },
	{ ROW(type_confirm, of, COUNT, REQ,
	      "In so many good fetches, no fewer than times."),
	  .max = WATCH_CONFIRM_MAX },
	{ ROW(type_confirm, again, INTERVAL, 0,
	      "When to fetch again while something waits, where that is "
	      "sooner; absent: 1m.") },
};
static const struct shape shape_confirm =
	SHAPE(type_confirm, confirm_rows, 0, "Confirmation.");

static const char *const list_names[] = { "part", "newest", "whole", NULL };

static const struct shape_field adaptive_rows[] = {
	{ ROW(type_adaptive, min, INTERVAL, REQ,
	      "Never more often than this.") },
	{ ROW(type_adaptive, max, INTERVAL, REQ, "Never less often.") },
};
static const struct shape shape_adaptive =
	SHAPE(type_adaptive, adaptive_rows, 0, "Bounds of an interval.");

static const struct shape_field bounds_rows[] = {
	{ ROW(type_bounds, min, DECIMAL, LOOSE, "The least, itself allowed.") },
	{ ROW(type_bounds, max, DECIMAL, LOOSE, "The most, itself allowed.") },
};
static const struct shape shape_bounds =
	SHAPE(type_bounds, bounds_rows, 0, "Price bounds.");

static const char *const watch_robots[] = { "ignore", NULL };

#define WATCH_ROWS(url_flags)                                                  \
	{ ROW(type_watch, id, ID, 0, "Absent: made from the URL.") },          \
		{ ROW(type_watch, url, URL, url_flags, "What to fetch.") },    \
		{ ROW(type_watch, source, ID, 0,                               \
		      "Where its findings come from; absent: the URL's "       \
		      "host.") },                                              \
		{ NAMED(type_watch, kind, 0, watch_kinds,                      \
			"How to read it; absent: product, or mock for mock: "  \
			"URLs.") },                                            \
		{ ROW(type_watch, every, INTERVAL, 0,                          \
		      "Time between two fetches, at least 50ms; absent: "      \
		      "1h.") },                                                \
		{ ROW(type_watch, cron, TEXT, 0,                               \
		      "When to fetch, as in crontab(5), in place of every."),  \
		  .max = 256 },                                                \
		{ ROW(type_watch, tz, TEXT, 0,                                 \
		      "Time zone of cron and windows, such as Europe/Berlin; " \
		      "absent: UTC."),                                         \
		  .max = 128 },                                                \
		{ ROW(type_watch, windows, LIST, 0,                            \
		      "When it may be fetched, as in Mon-Fri 08:00-20:00; "    \
		      "absent: always."),                                      \
		  .max = HOURS_WINDOWS_MAX },                                  \
		{ SUB(type_watch, adaptive, 0, shape_adaptive,                 \
		      "Fetch more often while it changes, less while it does " \
		      "not.") },                                               \
		{ ROW(type_watch, cache, FLAG, 0,                              \
		      "False: fetched also while the server says that its "    \
		      "last "                                                  \
		      "answer is fresh.") },                                   \
		{ NAMED(type_watch, robots, 0, watch_robots,                   \
			"Ignore: robots.txt is not obeyed for this watch.") }, \
		{ SUB(type_watch, item, 0, shape_item,                         \
		      "What its price belongs to.") },                         \
		{ ROW(type_watch, extract, OBJECT, 0,                          \
		      "What to read where, for kinds html and json.") },       \
		{ ROW(type_watch, fresh, DURATION, 0,                          \
		      "How old the last good fetch may be before it is "       \
		      "stale.") },                                             \
		{ ROW(type_watch, min_items, COUNT, 0,                         \
		      "Fewer are not believed: implausible."),                 \
		  .max = WATCH_MIN_ITEMS_MAX },                                \
		{ SUB(type_watch, plausible, 0, shape_bounds,                  \
		      "Bounds of the item's price; one beyond them is not "    \
		      "believed: implausible.") },                             \
		{ ROW(type_watch, enabled, FLAG, 0, "False: not fetched.") },  \
		{ ROW(type_watch, headers, OBJECT, 0,                          \
		      "Further request headers; secret ones name a file.") },  \
		{ ROW(type_watch, currency, CURRENCY, 0,                       \
		      "Of prices that do not say theirs.") },                  \
		{ ROW(type_watch, via, WORDS, 0,                               \
		      "By which way to fetch it: direct, a pool of proxies, "  \
		      "a provider; or several, tried in order."),              \
		  .max = WAY_MAX },                                            \
		{ NAMED(type_watch, list, 0, list_names,                       \
			"What the page shows of a list; absent: part.") },     \
		{ ROW(type_watch, forget, DURATION, 0,                         \
		      "How long an entry that went is known when it comes "    \
		      "back; absent: 30d.") },                                 \
		{ SUB(type_watch, confirm, 0, shape_confirm,                   \
		      "How often a change must be seen before it counts.") },  \
	{                                                                      \
		SUB(type_watch, chat, 0, shape_chat, "How a chat is read.")    \
	}

static const struct shape_field watch_rows[] = { WATCH_ROWS(REQ) };
const struct shape shape_watch =
	SHAPE(type_watch, watch_rows, 0, "Something to fetch, and how often.");

/* Its first member is a watch. */
static const struct shape_field start_rows[] = {
	WATCH_ROWS(0),
	{ ROW(type_session, reason, TEXT, 0, "Why, for people."), .max = 512 },
};
const struct shape shape_session_start =
	SHAPE(type_session, start_rows, 0,
	      "Starts the chat of this id; with a URL the chat is defined by "
	      "this, as watch.set would.");

static const struct shape_field stop_rows[] = {
	{ ROW(type_session, reason, TEXT, 0, "Why, for people."), .max = 512 },
};
const struct shape shape_session_stop =
	SHAPE(type_session, stop_rows, OPEN, "Stops the chat of this id.");

const struct shape shape_poll = {
	.doc = "Asks for a fetch now; its data says nothing.",
	.flags = OPEN,
};

#define DOC_USER "Whom to tell; absent: default."
#define DOC_WORDS                                                          \
	"Words, or an array of phrases: all must occur as whole words in " \
	"title or summary, whatever their case."
#define DOC_NOTIFY   "Names of channels in weir.conf; absent: all of the user's."
#define DOC_CURRENCY "Only prices in this currency; absent: any."
#define DOC_COOLDOWN "How long to keep quiet after an alert for the same thing."

static const struct shape_field search_rows[] = {
	{ ROW(type_search, id, ID, 0, "The search.") },
	{ ROW(type_search, user, ID, 0, DOC_USER) },
	{ ROW(type_search, keywords, WORDS, 0, DOC_WORDS) },
	{ SUB(type_search, price, 0, shape_bounds,
	      "Bounds; a listing without a price is out of them.") },
	{ ROW(type_search, currency, CURRENCY, 0, DOC_CURRENCY) },
	{ ROW(type_search, sources, LIST, 0, "Absent or empty: all.") },
	{ ROW(type_search, notify, LIST, 0, DOC_NOTIFY) },
	{ ROW(type_search, cooldown, DURATION, 0, DOC_COOLDOWN) },
};
const struct shape shape_search =
	SHAPE(type_search, search_rows, 0, "A saved search for listings.");

static const struct shape_field drop_rows[] = {
	{ ROW(type_drop, percent, RATE, 0, "At least so many per cent.") },
	{ ROW(type_drop, amount, DECIMAL, LOOSE | POS, "At least so much.") },
	{ ROW(type_drop, over, DURATION, 0,
	      "Below the highest price of this time; absent: below the "
	      "price before.") },
};
static const char *const drop_any_of[] = { "percent", "amount", NULL };
static const struct shape shape_drop = {
	.doc = "Drop.",
	.fields = drop_rows,
	.n = sizeof(drop_rows) / sizeof(drop_rows[0]),
	.size = sizeof(struct type_drop),
	.any_of = drop_any_of,
};

/* https://schema.org/ItemAvailability */
static const char *const stock_names[] = { "BackOrder",	  "Discontinued",
					   "InStock",	  "InStoreOnly",
					   "MadeToOrder", "LimitedAvailability",
					   "OnlineOnly",  "OutOfStock",
					   "PreOrder",	  "PreSale",
					   "Reserved",	  "SoldOut",
					   NULL };

static const struct shape_field rule_rows[] = {
	{ ROW(type_rule, id, ID, 0, "The rule; \"target\" is taken.") },
	{ ROW(type_rule, on, TEXT, REQ,
	      "The topics it is for: a pattern such as price.update/."),
	  .max = EVENT_TOPIC_MAX },
	{ ROW(type_rule, target, DECIMAL, LOOSE,
	      "Fires when the price is this or less.") },
	{ SUB(type_rule, drop, 0, shape_drop, "Fires when the price drops.") },
	{ NAMED(type_rule, stock, 0, stock_names,
		"Fires when the availability becomes this.") },
	{ ROW(type_rule, keywords, WORDS, 0, DOC_WORDS) },
	{ SUB(type_rule, price, 0, shape_bounds,
	      "Bounds within which the price must be.") },
	{ ROW(type_rule, currency, CURRENCY, 0, DOC_CURRENCY) },
	{ ROW(type_rule, hysteresis, PERCENT, 0,
	      "How far the price must go back before the rule may fire "
	      "again.") },
	{ ROW(type_rule, cooldown, DURATION, 0, DOC_COOLDOWN) },
	{ ROW(type_rule, user, ID, 0, DOC_USER) },
	{ ROW(type_rule, notify, LIST, 0, DOC_NOTIFY) },
	{ ROW(type_rule, start, ID, 0,
	      "The chat that is started when the rule fires.") },
	{ ROW(type_rule, stop, ID, 0,
	      "The chat that is stopped when the rule fires.") },
};
const struct shape shape_rule =
	SHAPE(type_rule, rule_rows, 0, "When to alert, and whom.");

static const struct shape_field silence_rows[] = {
	{ ROW(type_silence, id, ID, 0, "The silence.") },
	{ ROW(type_silence, pattern, TEXT, REQ,
	      "The alerts that notify nobody: a pattern of their topics, "
	      "such as alert.new/rolex-submariner/."),
	  .max = EVENT_TOPIC_MAX },
	{ ROW(type_silence, until, TIME, 0, "Absent: until it is removed.") },
	{ ROW(type_silence, user, ID, 0, "Only this user; absent: all.") },
	{ ROW(type_silence, note, TEXT, 0, "Why."), .max = 512 },
};
const struct shape shape_silence =
	SHAPE(type_silence, silence_rows, 0, "No notifications for a while.");

/* ---- facts ---- */

#define DOC_WATCH	 "The watch that saw it."
#define DOC_SOURCE	 "Where it was seen: a shop, a site."
#define DOC_BASELINE	 "The first sight of a source: no news."
#define DOC_FREE	 "It costs nothing, and says so; price is 0."
#define DOC_AVAILABILITY "As schema.org names it: InStock, OutOfStock."
#define DOC_CONDITION	 "As schema.org names it: NewCondition."
#define DOC_LIST_PRICE	 "The price that is crossed out."

#define DOC_SHIPPING   "What sending it costs, at the least."
#define DOC_UNIT_PRICE "The price of one unit, where the page says it."
#define DOC_UNIT       "That unit: kg, l, 100 g."

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
	{ ROW(type_price, backfilled, BOOL, 0,
	      "Read later, from a body that was kept; time is when it was "
	      "so.") },
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
	{ ROW(type_page_change, truncated, BOOL, 0,
	      "There were more lines than these.") },
	{ ROW(type_page_change, blob, BLOB, 0, "The whole text, now.") },
};
const struct shape shape_page_change =
	SHAPE(type_page_change, page_rows, OPEN, "The text of a page changed.");

static const char *const outcome_names[] = {
	"changed", "unchanged",	   "empty",   "selector-miss", "parse-fail",
	"blocked", "rate-limited", "timeout", "unreachable",   "http-error",
	"refused", "implausible",  NULL
};

static const char *const observation_robots[] = { "ignored", NULL };

static const struct shape_field observation_rows[] = {
	{ ROW(type_observation, watch, ID, REQ, DOC_WATCH) },
	{ ROW(type_observation, source, ID, 0, DOC_SOURCE) },
	{ NAMED(type_observation, outcome, REQ, outcome_names,
		"How the fetch ended.") },
	{ NAMED(type_observation, previous, NUL, outcome_names,
		"How the one before ended.") },
	{ ROW(type_observation, reason, TEXT, 0, "Why, in one line."),
	  .max = 512 },
	{ ROW(type_observation, url, URL, 0, "What was fetched.") },
	{ ROW(type_observation, status, NUMBER, 0, "The HTTP status.") },
	{ ROW(type_observation, next, TIME, 0, "When it is tried again.") },
	{ ROW(type_observation, items, NUMBER, 0, "How many were found.") },
	{ ROW(type_observation, via, ID, 0,
	      "The pool or provider that it came by; absent: directly.") },
	{ ROW(type_observation, proxy, TEXT, 0, "The proxy of that pool."),
	  .max = 512 },
	{ NAMED(type_observation, robots, 0, observation_robots,
		"Ignored: robots.txt was not asked, as the watch wants it.") },
};
const struct shape shape_observation =
	SHAPE(type_observation, observation_rows, OPEN,
	      "Fetches of a watch end in another way than before.");

static const struct shape_field body_rows[] = {
	{ ROW(type_body, blob, BLOB, 0, "The body, as it was read.") },
	{ ROW(type_body, sha256, BLOB, 0, "Its hash, where it is not kept.") },
	{ ROW(type_body, bytes, NUMBER, 0, "How long it is.") },
};
static const struct shape shape_body =
	SHAPE(type_body, body_rows, OPEN, "Body.");

static const struct shape_field record_rows[] = {
	{ ROW(type_record, watch, ID, REQ, DOC_WATCH) },
	{ ROW(type_record, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_record, kind, TEXT, 0, "How it was read."), .max = 64 },
	{ NAMED(type_record, outcome, REQ, outcome_names,
		"How the fetch ended.") },
	{ ROW(type_record, reason, TEXT, 0, "Why, in one line."), .max = 512 },
	{ ROW(type_record, url, URL, 0, "What was asked for.") },
	{ ROW(type_record, final, URL, 0,
	      "What answered, where redirects led elsewhere.") },
	{ ROW(type_record, status, NUMBER, 0, "The HTTP status.") },
	{ ROW(type_record, via, ID, 0,
	      "The pool or provider that it came by; absent: directly.") },
	{ ROW(type_record, proxy, TEXT, 0, "The proxy of that pool."),
	  .max = 512 },
	{ NAMED(type_record, robots, 0, observation_robots,
		"Ignored: robots.txt was not asked, as the watch wants it.") },
	{ ROW(type_record, took, NUMBER, 0,
	      "Milliseconds of the last request.") },
	{ ROW(type_record, headers, OBJECT, 0,
	      "Headers of the answer that mattered, by lower-case name.") },
	{ SUB(type_record, body, 0, shape_body, "What was read.") },
	{ ROW(type_record, extract, OBJECT, 0,
	      "The watch's extract that was in force; absent: none, or too "
	      "long.") },
	{ ROW(type_record, config, TEXT, 0,
	      "A hash of all of the watch that decides what is read."),
	  .max = 64 },
	{ ROW(type_record, items, NUMBER, 0, "How many were found.") },
	{ ROW(type_record, moved, JSON, 0,
	      "For each event that followed its topic as event, the entry as "
	      "id, and per field value, previous, the raw text and by, the "
	      "selector that found it.") },
	{ ROW(type_record, more, NUMBER, 0,
	      "How many events followed that are not in moved.") },
	{ ROW(type_record, pushed, BOOL, 0, "It was pushed in, not fetched.") },
};
const struct shape shape_record =
	SHAPE(type_record, record_rows, OPEN,
	      "How a finding came about: what was answered, and what was read "
	      "from it.");

static const struct shape_field push_rows[] = {
	{ ROW(type_push, watch, ID, 0, "The watch that it is for.") },
	{ ROW(type_push, url, URL, 0,
	      "Where it is from; absent: the watch's.") },
	{ ROW(type_push, content_type, TEXT, 0,
	      "What body or blob is; absent: found out."),
	  .max = 256 },
	{ ROW(type_push, status, NUMBER, 0,
	      "The HTTP status that it came with; absent: 200.") },
	{ ROW(type_push, captured, TIME, 0, "When; absent: now.") },
	{ ROW(type_push, items, JSON, 0,
	      "What was found, as an array of objects with the fields of "
	      "extract; or:") },
	{ ROW(type_push, body, TEXT, 0, "The document, if it is text; or:"),
	  .max = EVENT_DATA_MAX },
	{ ROW(type_push, blob, BLOB, 0, "The document.") },
};
static const char *const push_any_of[] = { "items", "body", "blob", NULL };
const struct shape shape_push = {
	.doc = "What somebody else has captured, to be read as if it was "
	       "fetched.",
	.fields = push_rows,
	.n = sizeof(push_rows) / sizeof(push_rows[0]),
	.size = sizeof(struct type_push),
	.flags = OPEN,
	.any_of = push_any_of,
};

static const struct shape_field summary_rows[] = {
	{ ROW(type_summary, seen, LIST, 0, "Ids of watches."), .max = 8192 },
	{ ROW(type_summary, since, TIME, 0, "What time it is about.") },
	{ ROW(type_summary, until, TIME, 0, "The end of that time.") },
};
const struct shape shape_summary =
	SHAPE(type_summary, summary_rows, OPEN,
	      "Watches that were fetched successfully, changed or not.");

static const struct shape_field window_rows[] = {
	{ ROW(type_window, min, DECIMAL, 0, "The lowest price.") },
	{ ROW(type_window, max, DECIMAL, 0, "The highest price.") },
	{ ROW(type_window, mean, DECIMAL, 0,
	      "Mean, each price weighted by how long it held.") },
	{ ROW(type_window, median, DECIMAL, 0, "Median, weighted likewise.") },
	{ ROW(type_window, change, DECIMAL, 0,
	      "The price less that at the window's start.") },
	{ ROW(type_window, change_percent, DECIMAL, 0,
	      "The same in per cent of the latter.") },
	{ ROW(type_window, n, NUMBER, 0, "Prices seen in it.") },
};
static const struct shape shape_window =
	SHAPE(type_window, window_rows, OPEN, "Window.");

static const char *const trend_names[] = { "rising", "falling", "steady",
					   NULL };

/* A window whose name is no name of C. */
#define WINDOW(m, json, d)                                \
	{                                                 \
		.name = (json), .kind = SHAPE_SUB,        \
		.offset = offsetof(struct type_stats, m), \
		.sub = &shape_window, .doc = (d)          \
	}

static const struct shape_field stats_rows[] = {
	{ ROW(type_stats, item, ID, REQ, "Whose prices they are.") },
	{ ROW(type_stats, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_stats, price, DECIMAL, 0, "The newest price.") },
	{ ROW(type_stats, currency, CURRENCY, 0, "Of all of them.") },
	WINDOW(h1, "1h", "The last hour."),
	WINDOW(h24, "24h", "The last 24 hours."),
	WINDOW(d7, "7d", "The last 7 days."),
	WINDOW(d30, "30d", "The last 30 days."),
	WINDOW(all, "all", "Since the first price."),
	{ ROW(type_stats, z, DECIMAL, 0,
	      "Robust z-score of the newest price.") },
	{ NAMED(type_stats, trend, 0, trend_names, "Where prices go.") },
	{ ROW(type_stats, slope, DECIMAL, 0, "Change of the price per day.") },
};
const struct shape shape_stats =
	SHAPE(type_stats, stats_rows, OPEN,
	      "Statistics of an item's prices at one source.");

static const char *const anomaly_names[] = { "low", "high", "all-time-low",
					     "jump", NULL };

static const struct shape_field anomaly_rows[] = {
	{ NAMED(type_anomaly, kind, REQ, anomaly_names,
		"What is unusual about it.") },
	{ ROW(type_anomaly, item, ID, REQ, "Whose price it is.") },
	{ ROW(type_anomaly, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_anomaly, price, DECIMAL, 0, "The unusual price.") },
	{ ROW(type_anomaly, currency, CURRENCY, 0, "ISO 4217.") },
	{ ROW(type_anomaly, previous, DECIMAL, 0, "The price before.") },
	{ ROW(type_anomaly, median, DECIMAL, 0, "What is usual.") },
	{ ROW(type_anomaly, z, DECIMAL, 0, "Robust z-score of the price.") },
	{ ROW(type_anomaly, message, TEXT, 0, "The same as a sentence.") },
};
const struct shape shape_anomaly =
	SHAPE(type_anomaly, anomaly_rows, OPEN, "A price is unusual.");

static const struct shape_field alert_rows[] = {
	{ ROW(type_alert, id, ID, 0, "A hash of rule and cause.") },
	{ ROW(type_alert, rule, ID, 0,
	      "The rule or search; target: the item's own; fresh: its watch is "
	      "stale.") },
	{ ROW(type_alert, user, ID, 0, "Whom it is for.") },
	{ ROW(type_alert, kind, TEXT, 0,
	      "What happened: target, drop, stock, fresh, keywords, page, "
	      "match."),
	  .max = 64 },
	{ ROW(type_alert, message, TEXT, 0, "The same as a sentence.") },
	{ ROW(type_alert, itemType, TEXT, 0, "The item's kind."), .max = 128 },
	{ SUB(type_alert, item, 0, shape_item_seen, "The item.") },
	{ ROW(type_alert, currentPrice, DECIMAL, NUL, "The price now.") },
	{ ROW(type_alert, targetPrice, DECIMAL, NUL, "The price wanted.") },
	{ ROW(type_alert, currency, CURRENCY, 0, "Of both.") },
	{ ROW(type_alert, previous, DECIMAL, 0, "The price before.") },
	{ ROW(type_alert, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_alert, link, URL, 0, "Where to look or buy.") },
	{ ROW(type_alert, listing, OBJECT, 0, "The listing that matched.") },
	{ ROW(type_alert, blob, BLOB, 0, "The whole text of the page, now.") },
	{ ROW(type_alert, reason, TEXT, 0,
	      "Why nobody is told: cooldown, silence."),
	  .max = 128 },
	{ ROW(type_alert, until, TIME, 0, "Until when.") },
	{ ROW(type_alert, notify, LIST, 0, DOC_NOTIFY) },
};
const struct shape shape_alert = SHAPE(type_alert, alert_rows, OPEN,
				       "A rule or search found something.");

static const struct shape_field notification_rows[] = {
	{ ROW(type_notification, type, TEXT, REQ,
	      "price_alert, saved_search or custom."),
	  .max = 64 },
	{ ROW(type_notification, title, TEXT, REQ, "One line."), .max = 512 },
	{ ROW(type_notification, message, TEXT, REQ, "What happened.") },
	{ ROW(type_notification, timestamp, TIME, 0, "When it happened.") },
	{ ROW(type_notification, alert, ID, 0, "The alert's id.") },
	{ ROW(type_notification, data, OBJECT, 0, "The facts.") },
	{ ROW(type_notification, notify, LIST, 0, DOC_NOTIFY) },
};
const struct shape shape_notification =
	SHAPE(type_notification, notification_rows, OPEN,
	      "Something to tell a user.");

static const struct shape_field delivery_rows[] = {
	{ ROW(type_delivery, id, TEXT, REQ, "The idempotency key."),
	  .max = 256 },
	{ ROW(type_delivery, channel, TEXT, REQ, "Which channel."),
	  .max = 128 },
	{ ROW(type_delivery, user, ID, 0, "Whom it is for.") },
	{ ROW(type_delivery, alert, ID, 0, "The alert's id.") },
	{ ROW(type_delivery, reason, TEXT, 0, "Why it failed."), .max = 512 },
	{ ROW(type_delivery, receiver, TEXT, 0, "What the receiver said."),
	  .max = 512 },
	{ ROW(type_delivery, status, NUMBER, 0, "HTTP or exit status.") },
	{ ROW(type_delivery, attempt, NUMBER, 0, "Which try, from 1.") },
};
const struct shape shape_delivery =
	SHAPE(type_delivery, delivery_rows, OPEN,
	      "How telling a user over one channel went.");

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
	{ ROW(type_chat_message, sent, TIME, 0, "When, as the server says.") },
	{ ROW(type_chat_message, backlog, BOOL, 0,
	      "Said before the stream was first connected to.") },
};
const struct shape shape_chat_message =
	SHAPE(type_chat_message, chat_message_rows, OPEN,
	      "Somebody said something in a chat.");

/* stopped: by a user; ended: by the server. */
static const char *const state_names[] = { "connecting", "live",    "waiting",
					   "paused",	 "stopped", "ended",
					   "failed",	 NULL };

static const struct shape_field status_rows[] = {
	{ ROW(type_status, source, ID, REQ, DOC_SOURCE) },
	{ ROW(type_status, running, BOOL, REQ, "It is being fetched.") },
	{ ROW(type_status, outcome, TEXT, 0, "How the last fetch ended."),
	  .max = 64 },
	{ ROW(type_status, reason, TEXT, 0, "Why."), .max = 512 },
	{ ROW(type_status, watches, NUMBER, 0, "How many it has.") },
	{ ROW(type_status, timestamp, TIME, 0, "When it was so.") },
	{ ROW(type_status, stream, ID, 0, "The chat, where it is one.") },
	{ ROW(type_status, platform, TEXT, 0, "Where the chat is."),
	  .max = 64 },
	{ NAMED(type_status, state, 0, state_names, "How the chat is.") },
	{ ROW(type_status, messages, NUMBER, 0, "How many it has given.") },
	{ ROW(type_status, per_minute, NUMBER, 0,
	      "How many in the minute before.") },
	{ ROW(type_status, reconnects, NUMBER, 0,
	      "How often it was connected to again.") },
	{ ROW(type_status, last, TIME, 0, "When the last message came.") },
	{ ROW(type_status, next, TIME, 0, "When it is tried again.") },
	{ ROW(type_status, gap, TIME, 0,
	      "Connected again, and what was said since then may be missing: "
	      "the server repeated nothing that was known.") },
};
const struct shape shape_status =
	SHAPE(type_status, status_rows, OPEN, "The state of a source.");

static const struct shape_field freshness_rows[] = {
	{ ROW(type_freshness, watch, ID, REQ, "The watch.") },
	{ ROW(type_freshness, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_freshness, url, URL, 0, "What is fetched.") },
	{ ROW(type_freshness, item, ID, 0, "Whose price it is.") },
	{ ROW(type_freshness, fresh, DURATION, 0,
	      "How old its last good fetch may be; absent: any age.") },
	{ ROW(type_freshness, since, TIME, 0,
	      "Stale: the last good fetch; fresh: when it became stale.") },
	{ NAMED(type_freshness, outcome, 0, outcome_names,
		"How the last fetch ended that was not good.") },
	{ ROW(type_freshness, reason, TEXT, 0, "Why, in one line."),
	  .max = 512 },
};
const struct shape shape_freshness =
	SHAPE(type_freshness, freshness_rows, OPEN,
	      "A watch has not kept what it promised, or does so again.");

static const struct shape_field proxy_status_rows[] = {
	{ ROW(type_proxy_status, pool, ID, REQ, "The pool.") },
	{ ROW(type_proxy_status, proxies, NUMBER, 0, "How many it has.") },
	{ ROW(type_proxy_status, healthy, NUMBER, 0,
	      "How many of them are not left alone now.") },
	{ ROW(type_proxy_status, requests, NUMBER, 0,
	      "Sent through it since the scraper started.") },
	{ ROW(type_proxy_status, failures, NUMBER, 0,
	      "How many of them its proxies failed.") },
	{ ROW(type_proxy_status, reason, TEXT, 0, "The last failure."),
	  .max = 512 },
};
const struct shape shape_proxy_status =
	SHAPE(type_proxy_status, proxy_status_rows, OPEN,
	      "How a pool of proxies is.");

static const struct shape_field provider_status_rows[] = {
	{ ROW(type_provider_status, provider, ID, REQ, "The provider.") },
	{ ROW(type_provider_status, budget, NUMBER, 0,
	      "What may be spent until the reset.") },
	{ ROW(type_provider_status, used, NUMBER, 0, "What is spent of it.") },
	{ ROW(type_provider_status, left, NUMBER, 0, "What is not.") },
	{ ROW(type_provider_status, resets, TIME, 0,
	      "When the budget is whole again.") },
	{ ROW(type_provider_status, healthy, BOOL, REQ,
	      "False: left alone for a while, or used up.") },
	{ ROW(type_provider_status, reason, TEXT, 0, "Why."), .max = 512 },
};
const struct shape shape_provider_status =
	SHAPE(type_provider_status, provider_status_rows, OPEN,
	      "What is left of a provider's budget, and how it is.");

static const char *const level_names[] = { "info", "success", "warning",
					   "error", NULL };

static const struct shape_field message_rows[] = {
	{ ROW(type_message, message, TEXT, REQ, "For people.") },
	{ NAMED(type_message, level, 0, level_names, "How grave.") },
	{ ROW(type_message, timestamp, TIME, 0, "When.") },
};
const struct shape shape_message =
	SHAPE(type_message, message_rows, OPEN, "A message to everybody.");

static const struct shape_field trouble_rows[] = {
	{ ROW(type_trouble, reason, TEXT, 0, "Why, in one line.") },
	{ ROW(type_trouble, position, TEXT, 0,
	      "Of the event that was skipped."),
	  .max = 64 },
	{ ROW(type_trouble, deadline, TIME, 0,
	      "When what was skipped was due, where it was no event.") },
	{ ROW(type_trouble, from, TEXT, 0,
	      "Where the range begins in which events are missing: a position, "
	      "or the id that a source gave."),
	  .max = 64 },
	{ ROW(type_trouble, to, TEXT, 0, "Where that range ends, inclusive."),
	  .max = 64 },
	{ ROW(type_trouble, topic, TEXT, 0, "The event's topic."),
	  .max = EVENT_TOPIC_MAX },
	{ ROW(type_trouble, source, TEXT, 0, "The event's source."),
	  .max = EVENT_SOURCE_MAX },
	{ ROW(type_trouble, id, TEXT, 0, "The event's id."),
	  .max = EVENT_ID_MAX },
};
const struct shape shape_trouble =
	SHAPE(type_trouble, trouble_rows, OPEN, "Events that were not taken.");
