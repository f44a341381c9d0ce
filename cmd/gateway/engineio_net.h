#ifndef GATEWAY_ENGINEIO_NET_H
#define GATEWAY_ENGINEIO_NET_H

/*
 * engineio_net - Engine.IO (engineio.h) on the connections of net.h.
 *
 * Whoever owns the net_events passes on what is meant for a path that Engine.IO
 * is served at: head, request and upgrade by the request's path, the others for
 * connections whose upgrade was passed on. A connection's user (net_user()) is
 * then a struct session (session.h), which session_end() ends.
 */
#include "common/loop.h"

#include "engineio.h"
#include "net.h"
#include "session.h"

struct engineio_net;

/* For engineio_conf.wire; its arg is the engineio_net. */
extern const struct engineio_wire engineio_net_wire;

/*
 * `headers` go along with every answer, as in net_answer; NULL: none but
 * Cache-Control.
 */
struct engineio_net *engineio_net_new(struct loop *loop, const char *headers);
void engineio_net_free(struct engineio_net **np);

/* What is served: made with the wire above, freed before engineio_net_free(). */
void engineio_net_serve(struct engineio_net *n, struct engineio *e);

/* True if a connection's user is one of ours. */
bool engineio_net_has(const struct session *s);

/* The connection of a link; NULL for NULL. */
struct net_conn *engineio_net_conn(const struct engineio_link *l);

/*
 * Who has sent what sessions and clients are being told of, or NULL. Valid
 * within such a call.
 */
struct access *engineio_net_who(const struct engineio_net *n);

/* Likewise, the POST that it has come in, or NULL. */
const struct net_conn *engineio_net_post(const struct engineio_net *n);

void engineio_net_head(struct engineio_net *n, struct net_conn *c,
		       const struct net_request *r);
void engineio_net_request(struct engineio_net *n, struct net_conn *c,
			  const struct net_request *r);
bool engineio_net_upgrade(struct engineio_net *n, struct net_conn *c,
			  const struct net_request *r);
void engineio_net_opened(struct engineio_net *n, struct net_conn *c);
void engineio_net_message(struct engineio_net *n, struct net_conn *c,
			  struct str data, bool binary);
void engineio_net_refused(struct engineio_net *n, struct net_conn *c);
void engineio_net_writable(struct engineio_net *n, struct net_conn *c);

#endif
