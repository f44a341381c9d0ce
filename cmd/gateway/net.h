#ifndef GATEWAY_NET_H
#define GATEWAY_NET_H

/*
 * net - HTTP/1.1 and WebSocket connections; libwebsockets behind them.
 *
 * The listening socket is ours (SO_REUSEPORT, so that several gateways share a
 * port); accepted sockets are given to libwebsockets, which parses HTTP and
 * WebSocket framing and keeps connections alive. Everything that goes out is
 * written by us in whole: an HTTP answer with its head in one write, WebSocket
 * frames prebuilt (frame.h) and straight to the socket.
 *
 * A connection is either in a request, a WebSocket, or a stream: the answer to
 * a request that goes on until one side ends it. Each request is answered
 * exactly once, with net_answer() or net_stream(), inside its callback or
 * later; until then nothing more is read from that connection. The client of a
 * stream has nothing to say; whatever comes from it, its end too, ends the
 * connection. One thread. Nothing here logs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"

#include "line.h"
#include "peers.h"

struct access;
struct net;
struct net_conn;
struct proxies;
struct tls;

enum {
	NET_PEER_MAX = 46,	    /* an address as text */
	NET_PARAMS_MAX = 64,	    /* query parameters of one request */
	NET_HEAD_MAX = 16 << 10,    /* bytes of a request's head */
	NET_BODY_MAX = 4 << 20,	    /* bytes of a request's body */
	NET_MESSAGE_MAX = 64 << 10, /* bytes of a WebSocket message in, unless
				       more are taken */
	NET_KEEPALIVE_S = 60,	    /* an idle HTTP connection is closed */
	NET_REQUEST_S = 20,	    /* a request must be here in full; 408 */
	/* Who is told why it ends must have taken that; else: hung up. */
	NET_CLOSE_S = 5,
	NET_LOOK_MS = 5, /* of a turn of the loop, see net_events.look */
	/* What is turned away is told to come back after so long. */
	NET_RETRY_MIN_S = 2,
	NET_RETRY_MAX_S = 10,
	/* Connections that wait for another request, which may have begun. */
	NET_KEPT_MAX = 4096,
	NET_PER_PEER = 1000, /* connections of an address; a default */
	/* An answer must get on by so much in that time; else: hung up. */
	NET_PROGRESS_MIN = 16 << 10,
	/* Bodies and unsent answers above NET_SMALL_MAX, together; 503. */
	NET_HELD_MAX = 64 << 20,
	NET_SMALL_MAX = 64 << 10,
};

/* Codes of net_close(), besides those of RFC 6455. */
enum {
	NET_CLOSE_POLICY = 1008,
	NET_CLOSE_AUTH = 4001, /* authentication is needed, or is over */
};

enum net_method {
	NET_GET,
	NET_HEAD,
	NET_POST,
	NET_PUT,
	NET_DELETE,
	NET_OPTIONS,
	NET_OTHER
};

struct net_param {
	struct str name, value; /* decoded; value is absent without '=' */
};

/* Strings are valid until the callback returns; absent where not sent. */
struct net_request {
	enum net_method method;
	struct str path; /* decoded and normalised, starts with '/' */
	struct net_param param[NET_PARAMS_MAX];
	size_t n_params;
	struct str scheme; /* "http", "https"; absent: not known. In head()
			      and upgrade() */
	struct str host, origin, authorization, content_type;
	struct str if_none_match, accept, accept_encoding;
	struct str last_event_id;
	struct str wants_method; /* of OPTIONS: Access-Control-Request-Method */
	struct str protocols;	 /* of an upgrade: what the client offers */
	struct str version;	 /* likewise: of the protocol, "13" */
	struct str ce_type;	 /* of POST: the binary mode of CloudEvents */
	struct str body;
};

struct net_answer {
	int status;
	const char *type;    /* NULL: no body */
	const char *headers; /* more of them, each ending in CRLF; or NULL */
	struct str body;
	bool close; /* end the connection after it */
};

/* What a connection tells; arg is net_conf's. */
struct net_events {
	/*
	 * The head of a request is here, its body not yet. May answer, to
	 * refuse it; then the body is never read.
	 */
	void (*head)(void *arg, struct net_conn *c,
		     const struct net_request *r);
	/* The whole request. Answer it now or later. */
	void (*request)(void *arg, struct net_conn *c,
			const struct net_request *r);
	/* Somebody wants a WebSocket: true, or answer and false. */
	bool (*upgrade)(void *arg, struct net_conn *c,
			const struct net_request *r);
	void (*opened)(void *arg, struct net_conn *c);
	/*
	 * A message has come, as yet not looked at: false if it is too much for
	 * now, and was answered. It goes no further then.
	 */
	bool (*incoming)(void *arg, struct net_conn *c);
	void (*message)(void *arg, struct net_conn *c, struct str data,
			bool binary);
	/* A message that is not handed over, and why. */
	void (*refused)(void *arg, struct net_conn *c, const char *code,
			const char *why);
	/* What net_send() had left over is gone. */
	void (*writable)(void *arg, struct net_conn *c);
	/* The connection is no more; the last call for it. */
	void (*closed)(void *arg, struct net_conn *c);
	/*
	 * Connections that come, speak and go in one turn of the loop have
	 * taken NET_LOOK_MS: time to see to what may not wait for its end. From
	 * within a handler of theirs: may write, must not end a request. May be
	 * NULL.
	 */
	void (*look)(void *arg);
};

struct net_conf {
	struct loop *loop;
	const char *address; /* IPv4 or IPv6, as text */
	uint16_t port;	     /* 0: any free one */
	int listening; /* a socket that listens already, is taken; or -1 */
	const struct tls *tls;	     /* NULL: plain; see net_set_tls() */
	size_t max_conns;	     /* more are answered 503 and closed */
	struct peers_limit per_peer; /* likewise, from one address */
	int64_t accept_rate;	     /* connections a second, 0: no limit */
	bool deflate; /* WebSockets may be compressed: net_allow_deflate() */
	bool no_io_uring; /* see burst.h */
	/* Who may say where its clients come from; not counted itself. */
	const struct proxies *proxies;
	/*
	 * One more comes, from no proxy; false: too soon, it is answered 429
	 * and closed. May be NULL.
	 */
	bool (*admit)(void *arg, const struct in6_addr *address, bool is_local);
	const struct net_events *on;
	void *arg;
};

/* NULL with *e as listener_new() says, or EX_SOFTWARE. */
struct net *net_new(const struct net_conf *conf, struct err *e);
void net_free(struct net **np);

uint16_t net_port(const struct net *n);

/* Another process listened there before; clients go to one or the other. */
bool net_is_shared(const struct net *n);

/* What new connections are shown from now on, where conf.tls was given. */
int net_set_tls(struct net *n, const struct tls *tls, struct err *e);

/*
 * No more connections, which wait in the listening socket's queue, and no more
 * WebSockets or streams; each connection ends with its next answer.
 */
void net_take_no_more(struct net *n);
/* Requests and answers that are not done with. */
size_t net_busy(const struct net *n);
/* Another descriptor of the listening socket, which outlives net; or -1. */
int net_listening(const struct net *n);

struct net_counts {
	size_t conns;	/* now, of any kind */
	size_t sockets; /* of them: WebSockets */
	size_t streams; /* of them: streams */
	size_t waiting; /* of them: have not sent the first head yet */
	uint64_t accepted, refused, failed, requests, messages, sends, bytes;
	uint64_t not_found, not_allowed, not_taken; /* answers 404, 405, 415 */
	uint64_t malformed;  /* requests refused by net itself */
	uint64_t held;	     /* bytes of bodies and unsent answers, now */
	uint64_t overloads;  /* 503: as NET_HELD_MAX says */
	uint64_t timeouts;   /* as NET_REQUEST_S says */
	uint64_t late_heads; /* heads that did not come in full, likewise */
	uint64_t unkept;     /* ended with an answer: NET_KEPT_MAX */
	uint64_t crowded;    /* refused: too many from one address */
	uint64_t delayed;    /* times that accept_rate was reached */
	uint64_t silent;     /* WebSockets given up, */
	uint64_t untold;     /* hung up as NET_CLOSE_S says */
	uint64_t io_uring;   /* 1: events go out by a ring (burst.h) */
	/* permessage-deflate that was offered: agreed to, and not */
	uint64_t offers_taken, offers_declined;
	uint64_t inflated;	 /* messages that came compressed */
	uint64_t bombs;		 /* of more than a message may have */
	uint64_t inflate_broken; /* connections closed for the rest */
};
struct net_counts net_count(const struct net *n);

/*
 * The address that c comes from, by its proxies where they are trusted, as
 * peer_text() and peer_address() have it (peers.h).
 */
void net_peer(const struct net_conn *c, char out[NET_PEER_MAX]);
struct in6_addr net_address(const struct net_conn *c);

/* That address is of this machine (peers.h). */
bool net_is_local(const struct net_conn *c);

/* A pointer of the caller's. */
void net_set_user(struct net_conn *c, void *user);
void *net_user(const struct net_conn *c);

/*
 * Who makes the request (access.h): set in head() or upgrade(), there until the
 * next one. Takes the reference; closed() is to set NULL.
 */
void net_set_who(struct net_conn *c, struct access *who);
struct access *net_who(const struct net_conn *c);

void net_answer(struct net_conn *c, const struct net_answer *a);

/* More headers, each ending in CRLF, for the answer to the current request. */
void net_set_headers(struct net_conn *c, struct str headers);

/*
 * In upgrade(), before it returns true: messages may come compressed, if the
 * client offers that in a way that can be kept (deflate_offer.h) and conf
 * allows it. In opened(): they may, and frames that are sent may be, too.
 */
void net_allow_deflate(struct net_conn *c);
bool net_deflates(const struct net_conn *c);

/*
 * WebSocket, in opened(): take messages of up to max bytes, binary ones, too.
 * Otherwise they are text, of up to NET_MESSAGE_MAX.
 */
void net_take_binary(struct net_conn *c, size_t max);

/*
 * Answer with a head, and a body that goes on with net_send(); a->body begins
 * it. As net_send(). HEAD is answered with the head, and the connection ends.
 */
bool net_stream(struct net_conn *c, const struct net_answer *a);

/*
 * WebSocket, stream: write whole frames. False if the socket did not take all
 * of them: what is left is kept and sent first; send no more until writable().
 */
bool net_send(struct net_conn *c, struct str frames);

/* For how long nothing has come, control frames neither. */
int64_t net_quiet_ms(const struct net_conn *c);
/* It is not there any more: end it. */
void net_give_up(struct net_conn *c);

/* For net_send_to(), in opened() or after net_stream(). */
struct line net_line(const struct net_conn *c);

/*
 * As net_send(), to many at once, of which none is choked; lines to nowhere are
 * passed over. Returns how many have not taken all, in left_r. What they have
 * not taken (over TLS: nothing) is not kept: of that, the caller sends to each
 * the rest of a frame that was begun, or another one, with net_send().
 */
size_t net_send_to(struct net *n, const struct line *to, size_t n_to,
		   struct str frames, struct line_left *left_r);

/* Bytes that have arrived at the client, as the system counts them. */
uint64_t net_arrived(const struct net_conn *c);

/* End a WebSocket as net_close(), and a stream likewise, without a word. */
void net_hang_up(struct net_conn *c, uint16_t code, const char *why);

/*
 * End a WebSocket with a code of RFC 6455, soon; closed() follows. What it was
 * sent before, it takes first: for that it has NET_CLOSE_S.
 */
void net_close(struct net_conn *c, uint16_t code, const char *why);

#endif
