#ifndef COMMON_TYPES_H
#define COMMON_TYPES_H

/*
 * types - the data of every event type that weir itself knows.
 *
 * One struct and one shape (shape.h) each. A field that is absent has p ==
 * NULL (or present == false, or false). Settings (watch, rule, search …) are
 * closed: an unknown member is an error. Observed facts are open. The manual
 * is weir-events(7).
 */
#include "common/event.h"
#include "common/shape.h"

/* ---- settings: retained, written by users ---- */

struct type_item { /* what several shops may sell: "item" of a watch */
	bool present;
	struct str id, kind, name, target, currency;
};

struct type_chat { /* "chat" of a watch */
	bool present;
	struct str protocol, platform;
	struct str send; /* JSON array of strings and objects */
	struct str subprotocol, nick;
	struct str pass; /* JSON object {"file":NAME} */
	struct shape_list channels;
	struct str messages, id, username, message, sent, only, ended;
	struct str since;
};

struct type_secret { /* {"file":NAME} in the secrets directory */
	bool present;
	struct str file;
};

struct type_proxy { /* proxy.set/POOL */
	struct str id;
	struct shape_list proxies; /* URLs */
	struct type_secret credentials;
	struct str rotation, names;
	struct str requests; /* count */
	struct str delay;
};

struct type_provider { /* provider.set/NAME */
	struct str id, url;
	struct type_secret key;
	struct str headers;			   /* JSON object */
	struct str budget, cost, resets, requests; /* counts */
	struct str tz, timeout;
	struct shape_list errors;
};

struct type_confirm { /* "confirm": a change counts once seen N times of M */
	bool present;
	struct str times, of; /* whole numbers */
	struct str again;
};

struct type_adaptive { /* "adaptive": {"min","max"}, both durations */
	bool present;
	struct str min, max;
};

struct type_bounds { /* {"min","max"} of a price */
	bool present;
	struct str min, max;
};

struct type_watch { /* watch.set/ID */
	struct str id, url, source, kind, every, cron, tz, fresh;
	struct shape_list windows; /* when it may be fetched; hours.h */
	struct type_adaptive adaptive;
	struct str cache;     /* JSON false: Cache-Control is not heeded */
	struct str robots;    /* ignore */
	struct str min_items; /* a count */
	struct type_bounds plausible;
	struct type_item item;
	struct str extract; /* JSON object, compiled by the scraper */
	struct str enabled; /* JSON true or false as text; absent: true */
	struct str headers; /* JSON object */
	struct str currency;
	struct type_chat chat;
	struct shape_list via; /* "direct", pools and providers, in order */
	struct str list, forget;
	struct type_confirm confirm;
};

/* session.start/ID: a watch of kind chat, or nothing, or an old client's. */
struct type_session {
	struct type_watch watch;
	struct str reason;
};

struct type_search { /* search.set/ID */
	struct str id, user;
	struct shape_list keywords;
	struct type_bounds price;
	struct str currency;
	struct shape_list sources, notify;
	struct str cooldown;
};

struct type_drop { /* "drop": {"percent" or "amount", "over"} */
	bool present;
	struct str percent; /* JSON number */
	struct str amount, over;
};

struct type_rule { /* rule.set/ID */
	struct str id, on, target;
	struct type_drop drop;
	struct str stock;
	struct shape_list keywords;
	struct type_bounds price;
	struct str currency, hysteresis, cooldown, user;
	struct shape_list notify;
	struct str start, stop; /* ids of chats */
};

struct type_silence { /* silence.set/ID: no notification until then */
	struct str id, pattern, until, user, note;
};

/* ---- facts ---- */

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
	bool baseline, free;
	struct str id, title, price, list_price, shipping, unit_price, unit;
	struct str currency, availability;
	struct str condition, sku, mpn, gtin, brand, image, link, seller;
	struct str rating, published, updated, author, summary;
	struct str previous; /* listing.update: the price before */
};

struct type_page_change { /* page.change/WATCH */
	struct str watch, url;
	struct shape_list added, removed;
	bool baseline, truncated;
	struct str blob; /* the page's text */
};

struct type_observation { /* observation.change/WATCH */
	struct str watch, source, outcome, previous, reason, url;
	struct str status; /* JSON number: the HTTP status */
	struct str next;   /* RFC 3339: the next try */
	struct str items;  /* JSON number */
	struct str via, proxy;
	struct str robots; /* ignored */
};

struct type_body { /* of an observation.record */
	bool present;
	struct str blob;   /* where it is kept; else: */
	struct str sha256; /* what it was */
	struct str bytes;  /* JSON number */
};

struct type_record { /* observation.record/WATCH */
	struct str watch, source, kind, outcome, reason;
	struct str url, final;
	struct str status;  /* JSON number: the HTTP status */
	struct str took;    /* JSON number: ms of the last request */
	struct str headers; /* JSON object */
	struct str via, proxy, robots;
	struct type_body body;
	struct str extract; /* JSON object */
	struct str config;
	struct str items; /* JSON number */
	struct str moved; /* JSON array of objects */
	struct str more;  /* JSON number: what moved and is not in it */
	bool pushed;
};

struct type_push { /* observation.push/WATCH */
	struct str watch, url, content_type;
	struct str status; /* JSON number */
	struct str captured;
	struct str items; /* JSON array of objects; or: */
	struct str body;  /* or: */
	struct str blob;
};

struct type_summary {		/* observation.summary */
	struct shape_list seen; /* ids of watches */
	struct str since, until;
};

struct type_window { /* one window of price.stats */
	bool present;
	struct str min, max, mean, median; /* decimals */
	struct str change, change_percent; /* decimals, signed */
	struct str n;			   /* JSON number: observations */
};

struct type_stats { /* price.stats/ITEM */
	struct str item, source, price, currency;
	struct type_window h1, h24, d7, d30, all; /* "1h" "24h" "7d" "30d" */
	struct str z;	  /* decimal, robust z-score of the newest price */
	struct str trend; /* rising, falling, steady */
	struct str slope; /* decimal, per day */
};

struct type_anomaly {	 /* price.anomaly/ITEM */
	struct str kind; /* low, high, all-time-low, jump */
	struct str item, source, price, currency, previous, median, z, message;
};

struct type_alert {    /* alert.new/ITEM/RULE and the others */
	struct str id; /* hash of rule and cause */
	struct str rule, user, kind, message;
	struct str itemType; /* the fields of the old alert:new */
	struct type_item item;
	struct str currentPrice, targetPrice, currency, previous;
	struct str source, link;
	struct str listing; /* JSON object, of saved searches and keywords */
	struct str blob;    /* the page's text */
	struct str reason;  /* of alert.suppressed: cooldown, hysteresis … */
	struct str until;   /* RFC 3339, of alert.suppressed */
	struct shape_list notify;
};

struct type_notification { /* user.notification/USER */
	struct str type;   /* price_alert, saved_search, custom */
	struct str title, message, timestamp, alert;
	struct str data;	  /* JSON object */
	struct shape_list notify; /* channels; absent: all of the user's */
};

struct type_delivery { /* delivery.sent, .failed, .unknown/USER */
	struct str id; /* idempotency key */
	struct str channel, user, alert, reason, receiver;
	struct str status;  /* JSON number */
	struct str attempt; /* JSON number */
};

struct type_chat_message { /* chat.message/STREAM */
	struct str stream, platform, id, username, message, sent;
	bool backlog;
};

struct type_status { /* scraper.status/SOURCE, or of a chat, /STREAM */
	struct str source;
	bool running;
	struct str outcome, reason, watches, timestamp;
	/* Of a chat. Numbers are JSON. */
	struct str stream, platform, state, messages, per_minute, reconnects;
	struct str last, next, gap;
};

struct type_proxy_status { /* proxy.status/POOL */
	struct str pool;
	struct str proxies, healthy, requests, failures; /* JSON numbers */
	struct str reason;
};

struct type_provider_status { /* provider.status/NAME */
	struct str provider;
	struct str budget, used, left; /* JSON numbers */
	struct str resets;	       /* RFC 3339 */
	bool healthy;
	struct str reason;
};

struct type_freshness { /* watch.stale, watch.fresh/WATCH */
	struct str watch, source, url, item, fresh, since, outcome, reason;
};

struct type_message { /* system.message */
	struct str message, level, timestamp;
};

struct type_trouble { /* event.refused, stage.gap, stage.skipped */
	struct str reason, position, deadline, from, to, topic, source, id;
};

/* clang-format off */
extern const struct shape
	shape_item, shape_watch, shape_poll, shape_search, shape_rule,
	shape_silence, shape_proxy, shape_provider, shape_proxy_status,
	shape_provider_status, shape_price, shape_offer, shape_listing, shape_page_change,
	shape_observation, shape_summary, shape_stats, shape_anomaly,
	shape_alert, shape_notification, shape_delivery, shape_status, shape_freshness, shape_message,
	shape_trouble, shape_chat_message, shape_session_start, shape_session_stop;
extern const struct shape shape_record, shape_push;
/* clang-format on */

/* The shape of a type ("price.update"), or NULL: weir does not know it. */
const struct shape *type_shape(struct str type);

/* Every known type, for listings and tests; NULL after the last. */
struct type_entry {
	const char *type;
	const struct shape *shape;
	bool retained;	     /* its last value per topic is state */
	const char *subject; /* what it is: "ITEM", "SOURCE" …; NULL: any */
	size_t named;	     /* offset of the member that equals it, or -1 */
};
const struct type_entry *type_at(size_t i);
bool type_is_retained(struct str type);

/*
 * The door: whoever takes events from outside asks this first, so that a
 * setting is judged while somebody is there to read what is wrong with it.
 *
 * Checks an event of a known type: its data decodes (or is null where the
 * type is retained: a deletion), the subject is the one that the data names,
 * a watch can be completed and its time zone is one, a rule, search or silence
 * makes sense. 0, or -1 with *e: EX_DATAERR. Unknown types pass. Only the scraper
 * can judge extract, the parameters of a mock and files with secrets.
 */
int type_check(const struct event *ev, struct err *e);

/*
 * Fill what a user left out of a watch, in place; text comes from the arena.
 * kind is product, or mock for a mock: URL. source is the URL's host. id is
 * host and path with '_' for each '/', at most WATCH_ID_TEXT bytes of it; where
 * something else was left out or replaced (a query, an end that is too long),
 * eight hexadecimal digits of the URL's hash follow. item is there for product
 * and mock; one without an id gets the watch's. -1 with *e (EX_DATAERR) for what cannot
 * be: a URL without a host, or with a password in it; a header with a secret
 * that is not in a file; kind and URL that do not go together; both every and
 * cron; a cron expression that is none; a confirmation of more than there are.
 */
enum { WATCH_ID_TEXT = 80, WATCH_CONFIRM_MAX = 10, WATCH_MIN_ITEMS_MAX = 5000 };
int watch_complete(struct type_watch *w, struct arena *a, struct err *e);

/*
 * The same for a chat: kind is chat, source the stream's own name, protocol
 * from the URL, platform from the host. Called by watch_complete().
 */
enum { CHAT_SEND_MAX = 16, CHAT_CHANNELS_MAX = 64 };

/*
 * What a shape cannot say of a rule, search or silence: its id is not that of
 * the rule which an item's target or a watch's freshness is, its pattern is one
 * and not the bare name of a type whose topics all have a subject, its keywords
 * hold a word, some price reaches its target or lies within its bounds, and
 * channels can have the names that it wants to notify. -1 with *e: EX_DATAERR.
 */
#define RULE_TARGET "target"
#define RULE_FRESH  "fresh"
int rule_check(const struct type_rule *r, struct str id, struct err *e);
int target_check(struct str target, struct err *e); /* absent is fine */
int search_check(const struct type_search *s, struct err *e);
int silence_check(const struct type_silence *s, struct err *e);

/*
 * What a shape cannot say of the ways to a site: each proxy is an http, https,
 * socks5 or socks5h URL of host and port alone; a provider's URL is http or
 * https, holds {url}, and {key} if and only if there is a key, and no other
 * placeholder; one request costs no more than the budget; errors are statuses
 * such as 429 or 5xx; a watch's via names each way once. -1 with *e:
 * EX_DATAERR.
 */
#define WAY_DIRECT "direct"
enum { WAY_MAX = 8, POOL_PROXIES_MAX = 64, PROVIDER_REQUESTS = 4 };
int proxy_check(const struct type_proxy *p, struct err *e);
int provider_check(const struct type_provider *p, struct arena *a,
		   struct err *e);
int via_check(const struct shape_list *via, struct err *e);
/* Request headers as in a watch: those that carry secrets name a file. */
int headers_check(struct str headers, struct arena *a, struct err *e);

/* items is an array of objects, status is one of HTTP's. -1 with *e. */
int push_check(const struct type_push *p, struct err *e);

/* Bytes of their data; what is longer would not fit into its alerts. */
enum { RULE_DATA_MAX = 8 << 10 };

#endif
