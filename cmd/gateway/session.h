#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

/*
 * session - what a connection is in the middle of; net_user() of it. There is
 * one for WebSockets, and for requests that are answered later.
 */
#include "access.h"
#include "expiry.h"
#include "net.h"

struct gateway;

enum {
	SESSION_AUTH_S = 10, /* a WebSocket without a token has so long to
				authenticate */
	SESSIONS_SLICE = 64, /* ended in one turn */
	SESSIONS_LOOK_MS = 60 * 1000, /* the wall clock may have been set */
};

struct session {
	struct gateway *g;
	struct net_conn *conn;
	void (*close)(struct session *s); /* frees it */
	struct access *who; /* never NULL; a reference of its own */
	/* Only of those that session_keep() knows. */
	void (*over)(struct session *s, const char *why);
	struct session *prev, *next;
	struct expiry_item until;
};

/*
 * Make s, which is at the start of what close() frees, the connection's; `who`
 * is whoever asks (net_who()).
 */
void session_begin(struct session *s, struct gateway *g, struct net_conn *c,
		   void (*close)(struct session *s));

/*
 * It goes on for as long as its client may: over() ends it when that is no
 * longer so, and why: the token has expired, or is not known any more. One of
 * somebody who may read nothing is over in SESSION_AUTH_S.
 */
void session_keep(struct session *s,
		  void (*over)(struct session *s, const char *why));

/* Nobody, and may not even read: has to authenticate first. */
bool session_is_stranger(const struct session *s);

/* Somebody else from now on, or the same with other rights; takes `who`. */
void session_set_who(struct session *s, struct access *who);

/* No more of that: for one that is no connection's, before it is freed. */
void session_forget(struct session *s);

/* Take a connection's session away (frees it). */
void session_end(struct net_conn *c);

/* ---- all that are kept ---- */

struct sessions;

struct sessions *sessions_new(struct gateway *g);
void sessions_free(struct sessions **sp); /* after its sessions */

/* The settings are others: those whose tokens are not known any more are over. */
void sessions_review(struct sessions *all);

#endif
