#ifndef COMMON_WS_CLIENT_H
#define COMMON_WS_CLIENT_H

/*
 * ws_client - a WebSocket (RFC 6455) as its client, over a wire (wire.h).
 *
 * Messages in parts are put together, pings are answered, text is UTF-8. No
 * extensions are asked for. A redirect is not followed: a watch names the
 * address that it means. An answer other than 101 is handed over with its
 * body's beginning, so that it can be judged like any page.
 */
#include "common/http.h"
#include "common/wire.h"

struct ws_client;

struct ws_client_target {
	const char *url;		      /* ws or wss */
	const struct http_headers *headers;   /* borrowed until it is open */
	const char *subprotocol, *user_agent; /* the same; or NULL */
	size_t max_bytes;		      /* of one message */
	const struct http_proxy *proxy;	      /* see wire.h */
	const char *address;
};

enum ws_client_how {
	WS_CLIENT_FAILED,   /* see result: it did not stand, or was lost */
	WS_CLIENT_ANSWERED, /* with a status that is no 101 */
	WS_CLIENT_CLOSED,   /* by the server, with a code */
	WS_CLIENT_BAD,	    /* against the protocol */
	WS_CLIENT_TOO_BIG,  /* a message of more than max_bytes */
};

struct ws_client_end {
	enum ws_client_how how;
	enum http_result result;
	const char *reason;
	unsigned code; /* of a close; WS_NO_CODE: it had none */
	int status;    /* of the handshake's answer; 0: there was none */
	struct str body, retry_after, cf_mitigated, waf_action;
};

/* Called from the loop, none of them from within a call on the client. */
struct ws_client_handler {
	void (*open)(void *arg);
	/* May pause and send, may not free. */
	void (*message)(void *arg, struct str bytes, bool binary);
	/* The last call, ws_client_free() is still due (and may be in it). */
	void (*end)(void *arg, const struct ws_client_end *end);
};

struct ws_client *ws_client_new(struct wires *ws, struct loop *l,
				const struct ws_client_target *t,
				const struct ws_client_handler *h, void *arg);

/* A text message, or a ping, once it is open. */
void ws_client_send(struct ws_client *c, struct str text);
void ws_client_ping(struct ws_client *c);

/* Nothing is read, and no message handed over. */
void ws_client_pause(struct ws_client *c, bool paused);

/* When it last received anything; 0: it does not stand. */
int64_t ws_client_heard_ms(const struct ws_client *c);

/* Says farewell where it stands. No callback any more. NULL is fine. */
void ws_client_free(struct ws_client **cp);

#endif
