#include "common/types_watch.h"

#include "common/hours.h"
#include "common/types_rows.h"
#include "common/types_way.h"

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
		      "last answer is fresh.") },                              \
		{ NAMED(type_watch, robots, 0, watch_robots,                   \
			"Ignore: robots.txt is not obeyed for this watch.") }, \
		{ SUB(type_watch, item, 0, shape_item,                         \
		      "What its price belongs to.") },                         \
		{ ROW(type_watch, extract, OBJECT, 0,                          \
		      "What to read where, for kinds html and json.") },       \
		{ ROW(type_watch, fresh, DURATION, 0,                          \
		      "How old the last good fetch may be; how long a chat "   \
		      "may not be live.") },                                   \
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
		{ ROW(type_watch, pages, COUNT, 0,                             \
		      "How many pages of a list are read, each named by the "  \
		      "one before; absent: 1."),                               \
		  .max = WATCH_PAGES_MAX },                                    \
		{ ROW(type_watch, next_hosts, LIST, 0,                         \
		      "Further hosts that these pages may be on."),            \
		  .max = WATCH_NEXT_HOSTS_MAX },                               \
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
