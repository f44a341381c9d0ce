#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

/*
 * session - what a connection is in the middle of; net_user() of it. There is
 * one for WebSockets, and for requests that are answered later.
 */
#include "net.h"

struct gateway;

struct session {
	struct gateway *g;
	struct net_conn *conn;
	void (*close)(struct session *s); /* frees it */
};

/* Take a connection's session away (frees it). */
void session_end(struct net_conn *c);

#endif
