#ifndef GATEWAY_NET_PRIVATE_H
#define GATEWAY_NET_PRIVATE_H

/*
 * What net.c (connections come and go), net_request.c (what a head says),
 * net_http.c (requests and their answers), net_watch.c (what they may hold, and
 * how long), net_stream.c (answers that go on) and net_socket.c (WebSockets)
 * share.
 *
 * What libwebsockets 4.1.6 does of itself, and what of that is not wanted:
 *
 * - LWS_WRITE_HTTP (alias RAW) on a WebSocket writes the bytes as they are. What
 *   the socket does not take is copied to a list and sent first later;
 *   lws_partial_buffered() tells. More writes then would grow that list.
 * - While a request waits for its answer, lws reads neither its connection nor
 *   notices its end, but polls for it and spins: reading is switched off.
 * - A chunked request body is not understood: refused. Without a length there
 *   is none, but lws waits for one: such a connection ends with its answer.
 * - The rest of a read is kept in a buffer, and a request is taken out of it
 *   when it was handled. Its body is looked for in that buffer before, where
 *   the head still is: that is read as the body, and then for ever. So a
 *   request with a body that came with the one before it ends the connection.
 * - An unknown Upgrade is answered by lws itself, and then offered to us with
 *   the head gone: UPGRADE must be looked up again, not believed.
 * - A CR or LF that is percent-encoded ends the request line, and what follows
 *   it is read as headers. The protocol version is then not seen: refused.
 * - Where it cannot make out a method, and after CONNECT, the connection is a
 *   raw one, without a timeout: answered and closed.
 * - A broken percent-encoding and a path without a slash it answers with a page
 *   of its own (403), and it hangs up on %00, on more than 16 KiB, and on more
 *   than some 90 headers and parameters. It says so to nobody before it does.
 * - It has 16 KiB for a head from its first byte on. Of first heads the lobby
 *   sees to it that they are whole, but for TLS; of later ones there are no more
 *   at a time than NET_KEPT_MAX, as the connections beyond that end with their
 *   answer. (Its own pool must not be smaller than there are connections: those
 *   whose body is not here yet have theirs, and the others would wait for them.)
 * - Frames of clients are taken without a mask, too, and nothing tells whether
 *   there was one. (RFC 6455 wants the mask for the sake of proxies on the way;
 *   to us it makes no difference.)
 * - In a stream it neither reads nor notices the client's end, either; with
 *   reading switched off it would not write what was left over. So a set of
 *   our own (epoll) tells of what comes.
 * - What it says by itself (the answer to a ping) it writes when the socket was
 *   found writable. It may have been filled since, by us in the same turn: then
 *   a part of that is kept, and nobody is told. So each write that goes behind
 *   its back (net_send_to()) looks for that first.
 * - A close or a kill drops what is kept: see net_end_when_sent().
 * - Its own permessage-deflate confirms what it does not keep to: it is not
 *   used. One of ours, which does nothing, makes it let RSV1 pass, and then on
 *   every frame. It is answered for by us, except on a ping: lws does not tell
 *   of those. One with the bit is noticed after it was answered, for then we
 *   may write, but not where the last frame of a message had the bit, too.
 * - It ends a handshake without an answer where Sec-WebSocket-Extensions has
 *   more than EXTENSIONS_MAX bytes.
 * - Connections are never closed from within our own loops, but soon after
 *   (LWS_TO_KILL_ASYNC).
 */
#include <libwebsockets.h>

#include "common/buf.h"

#include "burst.h"
#include "deflate.h"
#include "deflate_offer.h"
#include "listener.h"
#include "lobby.h"
#include "net.h"
#include "proxies.h"
#include "peers.h"

struct net {
	struct net_conf conf;
	struct lws_context *context;
	struct lws_vhost *vhost;
	void *tls; /* the vhost's SSL_CTX, or NULL: plain */
	struct listener *listener;
	struct lobby *lobby;
	struct peers *peers;
	struct net_conn *adopting;
	struct net_conn *holding; /* held in this turn, on a kept connection */
	struct loop_work *settle;
	struct net_conn *watched;
	struct loop_timer *watch;
	int streams_fd; /* epoll: streams whose clients have said something */
	struct loop_fd *streams;
	struct net_counts counts;
	size_t in_request; /* connections */
	size_t kept;	   /* likewise: between two requests */
	bool leaving;
	struct burst *burst;
	struct inflater *inflater;  /* or NULL: nothing is compressed */
	struct deflate_offer offer; /* of the current upgrade */
	int64_t looked_us;
	char scratch[NET_HEAD_MAX + 1024]; /* strings of the current request */
	size_t scratch_used;
	struct net_request request;
};

struct net_conn {
	struct net *net;
	struct lws *wsi;
	struct peer *peer;
	struct net_conn *next_holding;
	bool in_holding;
	int64_t since_ms; /* it came, or was last answered */
	uint64_t served;  /* requests answered on this connection */
	uint64_t taken;	  /* bytes, when the last of them was here */
	struct net_conn *next_watched, **watched_at; /* at NULL: not watched */
	int64_t deadline_ms;
	size_t holds;	/* bytes, of what is held in all */
	uint64_t acked; /* bytes, when the deadline was set */
	void *user;
	struct access *who;
	struct peer *client; /* that came through a proxy; or NULL */
	char *headers;	     /* of the answer, besides its own; or NULL */
	struct buf body;     /* of a request, or of a message in parts */
	size_t length;	     /* of the body that was announced */
	bool is_socket, is_stream;
	bool in_request;     /* not answered yet */
	bool kept;	     /* answered, and may ask again */
	bool head_only;	     /* the request was HEAD */
	bool held;	     /* reading is switched off until the answer */
	bool receiving;	     /* its body */
	bool sending;	     /* an answer that the socket has not all taken */
	bool last;	     /* request: the connection ends with its answer */
	bool asked_to_close; /* by the client: lws does, when all is sent */
	bool dying;
	bool ending; /* dying, when what was written is out */
	bool choked;
	bool deflates;	   /* WebSocket: messages may be compressed */
	bool in_frame;	   /* of a message, of which a part is here */
	bool marked;	   /* that frame, or the last one, had RSV1, */
	bool packed;	   /* and so had the message's first one */
	bool skipping;	   /* the rest of a message that was refused */
	bool binary;	   /* the message is, of which a part is here */
	size_t binary_max; /* 0: binary messages are not taken */
	unsigned choked_sends;
};

/* ---- net_request.c ---- */

/* What the head says; valid until the next call. */
const struct net_request *net_read_request(struct net *n, struct lws *wsi);

/* A header's text, absent where it was not sent; valid as the request is. */
struct str net_header(struct net *n, struct lws *wsi,
		      enum lws_token_indexes token);

/*
 * Whom a trusted proxy speaks for with this request, and how that one reached
 * it (scheme). False where that address has too many connections.
 */
bool net_know_client(struct net_conn *c);

/* A header that is a list of words has this one. */
bool net_header_has(struct net *n, struct lws *wsi,
		    enum lws_token_indexes token, struct str word);

/* The client wants the connection to end with its answer. */
bool net_wants_close(struct net *n, struct lws *wsi);

/* 0, or the status of a refusal, and why: no request should look like it. */
int net_request_fault(struct net *n, struct lws *wsi, const char **detail_r);

/* ---- net_http.c ---- */

void net_begin_request(struct net_conn *c);
void net_end_request(struct net_conn *c);
void net_unkeep(struct net_conn *c);

/*
 * lws ends it: count it where that is because a head did not come in time. Of a
 * TLS handshake that was not done it tells only when the socket is closed.
 */
void net_see_late_head(struct net_conn *c);
void net_see_no_head(struct net_conn *c);

/* End a connection; what lws has kept is lost. */
void net_kill_soon(struct net_conn *c);

/* Write bytes as they are; < 0: the connection is broken. */
int net_write(struct net_conn *c, struct str s);

/* A refusal of our own; the connection ends with it. */
void net_refuse(struct net_conn *c, int status, const char *detail);
extern const char net_crowded[];
/* The same of what is in order, but not now: not counted as malformed. */
void net_decline(struct net_conn *c, int status, const char *detail);

/* What lws tells of requests; what is returned goes back to lws. */
int net_on_head(struct net_conn *c);
int net_on_body(struct net_conn *c, const char *in, size_t len);
int net_on_body_end(struct net_conn *c);
int net_on_raw(struct net_conn *c);

/* Requests that were held in this turn (loop_work). */
bool net_settle_held(void *net);
void net_unlist_held(struct net_conn *c);

/* ---- net_watch.c ---- */

/*
 * Have len more bytes, as a part of `whole`; false, counted, where that would
 * be too much (NET_HELD_MAX).
 */
bool net_hold(struct net_conn *c, size_t len, size_t whole);
void net_let_go(struct net_conn *c); /* of all that it holds */

/* A body is awaited, or an answer is on its way: NET_REQUEST_S from now on. */
void net_watch(struct net_conn *c);
void net_unwatch(struct net_conn *c);
void net_look(void *net); /* at those that are watched (loop_timer) */

/* ---- net_stream.c ---- */

int net_streams_init(struct net *n, struct err *e);
void net_streams_fini(struct net *n);

/* It is a stream from now on: its head was written. */
void net_become_stream(struct net_conn *c);

/* ---- net_socket.c ---- */

/* False, and writable() will be called, if lws has kept what was written. */
bool net_has_room(struct net_conn *c);

/* End a WebSocket or stream that has been told why, as net_close() says. */
void net_end_when_sent(struct net_conn *c);

/* 0 lets lws shake hands; -1 closes, after what was answered is out. */
int net_on_upgrade(struct net_conn *c);
int net_on_opened(struct net_conn *c);
int net_on_receive(struct net_conn *c, const char *in, size_t len);
int net_on_writable(struct net_conn *c);

/* ---- net_deflate.c ---- */

extern const struct lws_extension net_extensions[];

/* What lws tells of a handshake; < 0: it is not agreed to, it fails. */
int net_on_extension(struct net_conn *c);
int net_on_headers(struct net_conn *c, struct lws_process_html_args *a);

/* A pong or a close has come. */
int net_on_control(struct net_conn *c);

/*
 * A ping may have been answered, of which lws tells nothing else: was that the
 * frame that had the bit? Not if the last one of a message could be.
 */
void net_after_pong(struct net_conn *c);

/* The frame that lws is at has RSV1. */
bool net_is_marked(const struct net_conn *c);

/* As inflater_read(), and count it. */
enum inflate_result net_inflate(struct net_conn *c, struct str packed,
				size_t max, struct str *out_r);

/* Close, counted, for what RFC 7692 does not allow. -1 */
int net_break_off(struct net_conn *c, uint16_t code, const char *why);

#endif
