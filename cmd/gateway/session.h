#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

/*
 * session - what a connection is in the middle of; net_user() of it. There is
 * one for WebSockets, and for requests that are answered later.
 */
#include "access.h"
#include "net.h"

struct gateway;

struct session {
	struct gateway *g;
	struct net_conn *conn;
	void (*close)(struct session *s); /* frees it */
	struct access *who; /* never NULL; a reference of its own */
};

/*
 * Make s, which is at the start of what close() frees, the connection's; `who`
 * is whoever asks (net_who()).
 */
void session_begin(struct session *s, struct gateway *g, struct net_conn *c,
		   void (*close)(struct session *s));

/* Somebody else from now on, or the same with other rights; takes `who`. */
void session_set_who(struct session *s, struct access *who);

/* Take a connection's session away (frees it). */
void session_end(struct net_conn *c);

#endif
