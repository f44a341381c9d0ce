#ifndef GATEWAY_API_H
#define GATEWAY_API_H

/*
 * api - the HTTP side: who may ask (guard.h), and who answers what.
 *
 * Every handler answers its request, or leaves a session on the connection
 * that will.
 */
#include "gateway.h"
#include "http.h"

/* net_events.head and .request; arg is the struct gateway. */
void api_head(void *arg, struct net_conn *c, const struct net_request *r);
void api_request(void *arg, struct net_conn *c, const struct net_request *r);

/*
 * Host, Origin and token of a request, a write or not. False: answered.
 */
bool api_admit(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, bool is_write);

/*
 * What a query wants: its `topic` parameters, which who asks must be allowed to
 * read, or all that may be read where there are none. False with *e, EX_NOPERM
 * or EX_USAGE.
 */
bool api_wanted(const struct gateway *g, const struct net_conn *c,
		const struct net_request *r, struct patterns *p, struct err *e);

/*
 * Answer what went wrong: 400 (EX_USAGE, EX_DATAERR), 403 (EX_NOPERM; counted;
 * 401 where there was no token), or else 503.
 */
void api_fail(struct gateway *g, struct net_conn *c, const struct err *e);

/* ---- handlers; `rest` is the path behind what led here ---- */

typedef void api_fn(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, struct str rest);

api_fn api_health, api_ready, api_metrics, api_status; /* api_health.c */
api_fn api_events_get;				       /* api_events.c */
api_fn api_events_post;				       /* api_events_post.c */
api_fn api_presence;				       /* presence_live.c */
api_fn api_connections, api_connection;		       /* api_connections.c */
api_fn api_stream;				       /* streams.c */
api_fn api_topics, api_history;			       /* api_history.c */
api_fn api_blobs;				       /* api_blobs.c */
api_fn api_observations;			       /* api_observations.c */
api_fn api_settings;				       /* api_settings.c */
api_fn api_unsubscribe;				       /* api_unsubscribe.c */
api_fn api_old, api_old_status;			       /* api_old.c */
api_fn api_websocket;				       /* live.c */
bool api_has_asset(struct str path);		       /* assets.c */
api_fn api_asset;				       /* assets.c */

/* Users with a name who are connected here, each counted once. */
size_t api_count_users(struct gateway *g);

/*
 * Events of these patterns as an old path gives them: since a time or position,
 * or the newest; `as` is what the array is called, and lives on.
 */
void api_events_old(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, const struct patterns *set,
		    struct str as);

/* hub_conf.woken: a long poll's first event is there. */
void api_events_woken(void *user);

/* Queries in slices: a turn's worth of each; true if there is more. */
bool api_jobs(void *arg);

/*
 * One event as it was sent: complete it, and check whether `who` may write it,
 * and whether it is as its type says. -1 with *e: EX_DATAERR or EX_NOPERM.
 */
int api_read_event(const struct access *who, struct str text, struct arena *a,
		   int64_t now_us, struct event *ev_r, struct err *e);

/* Publish n events and answer the connection when they are durable. */
typedef void api_published(struct gateway *g, struct net_conn *c, void *arg,
			   const struct position *pos, size_t n);
/* Count what publish_add() did not take. */
void api_count_unpublished(struct gateway *g, const struct err *e);
/* arg is freed with free() in the end. */
void api_publish(struct gateway *g, struct net_conn *c, const struct event *ev,
		 size_t n, api_published *fn, void *arg);

#endif
