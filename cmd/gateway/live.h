#ifndef GATEWAY_LIVE_H
#define GATEWAY_LIVE_H

/*
 * live - clients of the hub, and those of them that are WebSockets and speak
 * weir.v1 (client.h).
 */
#include "gateway.h"
#include "roll.h"

enum {
	/* Between two questions to a WebSocket; one that was not answered
	   until the next is the last. */
	LIVE_PING_MS = 45 * 1000,
	LIVE_PING_MIN_MS = 1000,
	LIVE_PING_MAX_MS = 3600 * 1000,
	LIVE_TOO_OFTEN_MAX = 100, /* messages refused for their rate, in a row,
				     before the WebSocket is closed (1008) */
	LIVE_PUBLISHING_MAX = 64, /* events of one WebSocket at a time */
	LIVE_LAGGED = 4008,	  /* the code that ends a WebSocket so */
};

struct asked;
struct publication;

struct live {
	struct session s; /* first */
	struct hub_client client;
	struct wheel_item beat;
	struct roll_item entry;
	struct access *present_as;  /* NULL: wants nothing */
	struct patterns *uncounted; /* beyond PRESENCE_TOPICS_MAX; or NULL */
	struct patterns *watched;   /* of which it is told who is there */
	bool presence_missed;	    /* something of that, while choked */
	int64_t asked_ms; /* WebSocket: the ping that waits for a sign; or 0 */
	struct publication *publishing; /* WebSocket: not durable yet */
	unsigned n_publishing;
	unsigned too_often;  /* messages refused for their rate, in a row */
	struct asked *asked; /* cloudevents.json, until it is open; or NULL */
};

/* net_events of a WebSocket; arg is the struct gateway. */
bool live_upgrade(void *arg, struct net_conn *c, const struct net_request *r);
void live_opened(void *arg, struct net_conn *c);
bool live_incoming(void *arg, struct net_conn *c);
void live_message(void *arg, struct net_conn *c, struct str text, bool binary);
void live_refused(void *arg, struct net_conn *c, const char *code,
		  const char *why);
void live_writable(void *arg, struct net_conn *c);

struct live *live_of(struct wheel_item *beat);

/* What asks WebSockets whether they are there. */
struct pulse *live_new(struct gateway *g);

/*
 * End a client that may come back after retry_ms: a WebSocket with a code and
 * a reason (client_print_reason()), a stream with what its block can say.
 */
void live_dismiss(struct live *l, uint16_t code, unsigned retry_ms);

/* hub_conf.send, .send_to and .broken. */
bool live_send(void *user, struct str frames);
size_t live_send_to(void *arg, const struct line *to, size_t n,
		    struct str frames, struct line_left *left_r);
void live_broken(void *user, struct position pos);
void live_lagged(void *user, struct position pos);

#endif
