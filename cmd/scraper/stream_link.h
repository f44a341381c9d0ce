#ifndef SCRAPER_STREAM_LINK_H
#define SCRAPER_STREAM_LINK_H

/*
 * stream_link - one connection to a chat, whatever it speaks.
 *
 * A link is one try: it opens, hands over what arrives, in order, and ends
 * once, with the reason as one of the typed outcomes. Who made it decides when
 * to try again. Messages are not parsed here: a unit is one WebSocket message,
 * the data of one event of an SSE stream, one line of IRC, or the body of one
 * poll.
 *
 * Names are resolved by us and every address is judged by the guard
 * (netguard.h) before it is connected to. Nothing here logs; no reason shows a
 * header's value, a password, or the query of a URL.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/http.h"
#include "common/loop.h"
#include "common/netguard.h"
#include "common/str.h"

#include "item.h"

enum {
	LINK_REASON_MAX = 256,
	LINK_UNIT_MAX = 1 << 20,      /* default of max_bytes */
	LINK_OPEN_MS = 30 * 1000,     /* default of open_ms */
	LINK_IDLE_MS = 5 * 60 * 1000, /* default of idle_ms */
	LINK_POLL_MS = 1000,	      /* default of every_ms */
	LINK_POLL_MIN_MS = 500,
	LINKS_MAX = 4096, /* links at a time; one more ends as refused */
};

enum link_protocol {
	LINK_WEBSOCKET,	    /* ws, wss: RFC 6455 */
	LINK_SSE,	    /* http, https: HTML, "Server-sent events" */
	LINK_IRC,	    /* irc, ircs: RFC 2812, IRCv3 */
	LINK_IRC_WEBSOCKET, /* ws, wss: text messages of one or more lines */
	LINK_POLL,	    /* http, https: GET again and again */
};

/* Borrowed until the link is freed. Zeroes mean defaults or none. */
struct link_target {
	enum link_protocol protocol;
	const char *url;
	const struct http_headers *headers; /* not for IRC over TCP */
	/* WebSocket: messages that are sent once it is open, in order. */
	const char *const *send;
	size_t n_send;
	const char *subprotocol; /* WebSocket */
	/*
	 * IRC. Without a nick "justinfan" and digits, which is how Twitch lets
	 * in who has no account. Channels are joined after registration.
	 */
	const char *nick, *pass;
	const char *const *channels;
	size_t n_channels;
	const char *last_id; /* SSE: Last-Event-ID */
	/* Who judges the host before is the caller; see wire.h and http.h. */
	const struct http_proxy *proxy; /* NULL: directly */
	const char *address;		/* that was judged, for a proxy */
	int64_t every_ms;		/* poll: from one request to the next */
	/* It ends when nothing came for so long, not even a pong. */
	int64_t idle_ms;
};

/* All in it dies with the return. */
struct link_unit {
	struct str bytes;
	bool binary; /* WebSocket: not a text message; else it is UTF-8 */
	/* SSE: "message" where it has no type; id: the last one seen. */
	struct str event, id;
	int64_t retry_ms; /* SSE: what the server wants waited; 0: not said */
};

/* Whose end it was, where there is a proxy. */
enum link_way {
	LINK_THERE,	    /* the host's, or ours */
	LINK_PROXY_DOUBTED, /* the proxy does not get there, or the host is ill */
	LINK_PROXY_FAILED,
};

/*
 * How it ended. The reason is one line, valid until the return:
 *
 *	timeout       it did not open in time, or nothing came for idle_ms
 *	unreachable   no such host, no connection, no trust (TLS), or a
 *	              connection that stood was closed or lost
 *	blocked       a status or page that says so, a login that was refused,
 *	              WebSocket 1008 (policy)
 *	rate-limited  429, or 503 with Retry-After; WebSocket 1013
 *	http-error    any other status than was needed
 *	refused       by us: the guard, no such URL, something too large
 *	parse-fail    against the protocol
 *	empty         SSE 204: the server wants no more of us
 */
struct link_end {
	enum outcome outcome;
	const char *reason;
	int status;	  /* of HTTP; 0: there was none */
	int64_t retry_ms; /* the server asks to wait so long; 0: it does not */
	enum link_way way;
};

/* Called from the loop, none of them from link_open(). */
struct link_handler {
	/* It stands: shaken hands, or joined, or the first poll answered. */
	void (*open)(void *arg);
	/* May pause and set the URL, may not close. None comes while paused. */
	void (*unit)(void *arg, const struct link_unit *u);
	/* The last call; the link is freed after it. */
	void (*end)(void *arg, const struct link_end *end);
};

struct links;
struct link;

/* Zeroes mean defaults; borrowed until links_free() or the next links_set(). */
struct links_conf {
	struct loop *loop;
	const struct netguard *guard;	    /* NULL: any address */
	const struct netguard *proxy_guard; /* more, for proxies; or NULL */
	const char *ca_file;		    /* PEM; NULL: the system's */
	const char *user_agent;
	size_t max_bytes; /* of one unit */
	int64_t open_ms;  /* to stand; of a poll, for each request */
	int64_t idle_ms;  /* where a target does not say */
};

/* NULL with *e: EX_SOFTWARE. */
struct links *links_new(const struct links_conf *conf, struct err *e);
/* For links that are opened from now on. The loop stays. */
void links_set(struct links *ls, const struct links_conf *conf);
/* Closes those that are left. Not from a callback. */
void links_free(struct links **lsp);

/* h is borrowed, too. What cannot be opened is told by its end. */
struct link *link_open(struct links *ls, const struct link_target *t,
		       const struct link_handler *h, void *arg);

/*
 * Back pressure: while it is paused the socket is not read, and what the
 * kernel's buffers do not hold waits at the server. Does not count as idle.
 */
void link_pause(struct link *l, bool paused);

/* Poll: the URL of the next request; copied. */
void link_set_url(struct link *l, const char *url);

/* From unit(): nobody can read that. It is over, and end() says parse-fail. */
void link_reject(struct link *l, const char *reason);

/* No callback comes any more. Not from one of its own. */
void link_close(struct link **lp);

#endif
