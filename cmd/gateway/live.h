#ifndef GATEWAY_LIVE_H
#define GATEWAY_LIVE_H

/*
 * live - clients of the hub, and those of them that are WebSockets and speak
 * weir.v1 (client.h).
 */
#include "gateway.h"

struct live {
	struct session s; /* first */
	struct hub_client client;
};

/* net_events of a WebSocket; arg is the struct gateway. */
bool live_upgrade(void *arg, struct net_conn *c, const struct net_request *r);
void live_opened(void *arg, struct net_conn *c);
void live_message(void *arg, struct net_conn *c, struct str text, bool binary);
void live_refused(void *arg, struct net_conn *c, const char *code,
		  const char *why);
void live_writable(void *arg, struct net_conn *c);

/* hub_conf.send, .send_to and .broken. */
bool live_send(void *user, struct str frames);
bool live_send_to(void *arg, struct line to, struct str frames);
void live_broken(void *user, struct position pos);

#endif
