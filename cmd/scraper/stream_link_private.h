#ifndef SCRAPER_STREAM_LINK_PRIVATE_H
#define SCRAPER_STREAM_LINK_PRIVATE_H

/*
 * Between stream_link.c (what all links have) and the transports
 * (stream_link_*.c); nobody else includes this.
 */
#include "common/wire.h"
#include "common/ws_client.h"

#include "stream_link.h"

/* How a transport goes about it; the struct link is first in its own. */
struct link_ops {
	size_t size; /* of the transport's struct */
	/* Begin; 0, or -1 after link_fail(). */
	int (*start)(struct link *l);
	/* The link is not paused any more: hand over what waits, read on. */
	void (*resume)(struct link *l);
	/* The socket is not to be read. */
	void (*pause)(struct link *l);
	/* The time of link_set_timer() is over. */
	void (*tick)(struct link *l);
	/* Let go of all that it holds. */
	void (*stop)(struct link *l);
};

struct link {
	struct links *links;
	const struct link_ops *ops;
	const struct link_target *target;
	const struct link_handler *handler;
	void *arg;
	struct loop_timer *timer;
	struct link *next, **at;
	int64_t idle_ms, heard_ms;
	bool open, paused, over;
	char *reason; /* once it is over; end is told from the loop */
	struct link_end end;
};

struct links {
	struct links_conf conf;
	struct http *http;
	struct wires *wires;
	struct link *first;
	size_t n;
};

/* It stands, where it did not before. */
void link_opened(struct link *l);

/* Hand a unit over; not while paused. True: the next one may follow. */
bool link_give(struct link *l, const struct link_unit *u);

/* Something came: it is not idle. */
void link_heard(struct link *l);

/* Call tick() once, so long from now. */
void link_set_timer(struct link *l, int64_t in_ms);

/*
 * From tick(), of a link that stands: true, it is half-way to its end for lack
 * of anything heard, ask whether somebody is there. Sets the timer, and ends
 * the link when it is time.
 */
bool link_is_idle(struct link *l, int64_t heard_ms);

/*
 * How many may be followed: none where there are headers, which are for the
 * host that was named, and which libcurl would send to any other; none through a
 * proxy, which would go where nobody has judged.
 */
unsigned link_redirects(const struct link *l);
enum link_way link_way_of(enum http_result result);
/* From tick(): it does not stand yet, and it is over. */
void link_is_late(struct link *l);

/*
 * It is over: end() is called from the loop, soon, and the transport is
 * stopped then. Only the first one counts. Returns -1.
 */
int link_fail(struct link *l, enum outcome outcome, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with all that may be known. */
int link_finish(struct link *l, const struct link_end *end);

/*
 * Connect to the link's target; h is called with the link, and may have
 * link_websocket_end() as its end: what that of a WebSocket says of the link's.
 */
struct ws_client *link_websocket_open(struct link *l,
				      const struct ws_client_handler *h);
void link_websocket_end(void *link, const struct ws_client_end *e);

extern const struct link_ops link_irc, link_poll, link_sse, link_websocket;

#endif
