#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

/*
 * gateway - what the parts of this process share.
 *
 *	feed, journal -> follow -> hub ---------> net -> clients
 *	                        -> publish <----- net <- requests
 *	ingest <- producer <- queue <- publish
 */
#include "common/bus.h"
#include "common/follow.h"
#include "common/journal.h"
#include "common/loop.h"
#include "common/opt.h"
#include "common/producer.h"
#include "common/stats.h"

#include "auth.h"
#include "board.h"
#include "compat.h"
#include "hub.h"
#include "net.h"
#include "publish.h"
#include "pulse.h"
#include "proxies.h"
#include "session.h"
#include "throttle.h"

enum { GATEWAY_WAIT_MAX_S = 60 }; /* of a long poll */

struct gateway_settings {
	const struct opt_common *common; /* for the bus */
	const char *dir;		 /* of journal and blobs */
	const char *listen;
	int64_t port;
	const char *tls_cert, *tls_key; /* files; NULL: plain */
	const char *unsubscribe_key;	/* a file; NULL: no such links */
	int64_t max_clients;
	int64_t ping_ms, accept_rate;
	int64_t max_per_address; /* < 0: NET_PER_PEER, but not of this machine */
	struct opt_list hosts;	 /* names besides those of loopback */
	struct opt_list expect;	 /* tools that must be heard of */
	const char *compat;	 /* the file, or NULL */
	struct opt_list lag;	 /* how far clients may fall behind */
	struct auth_settings auth;
	struct opt_list origins; /* pages elsewhere that may */
	struct opt_list proxies; /* whose X-Forwarded-For counts */
	struct throttle_limits limits;
	int64_t max_subscriptions; /* patterns of a client */
	bool deflate;		   /* WebSockets may be compressed */
	bool no_io_uring;	   /* each write is a system call */
};

struct gateway {
	const struct gateway_settings *settings;
	struct loop *loop;
	struct bus *bus;
	struct net *net;
	struct hub *hub;
	struct deflater *deflater; /* NULL: nothing is compressed */
	struct lag *lag;	   /* NULL: no rules */
	struct follow *follow;
	struct producer_memory *queue;
	struct producer *producer;
	struct publish *publish;
	struct auth *auth;
	char *unsubscribe_key;	   /* of links in mails; NULL: none */
	struct sessions *sessions; /* those that are kept */
	struct throttle *throttle;
	struct proxies proxies;
	struct leave *leave;
	struct tls *tls;       /* NULL: plain */
	int listening;	       /* a socket that was handed over, or -1 */
	struct compat *compat; /* what old clients call things */
	struct board *board;
	struct pulse *sockets, *streams; /* clients that must see a sign */
	struct roll *roll;		 /* of all clients */
	struct presence_live *presence;
	struct socketio_live *socketio;
	struct stats *stats;
	struct stats_times *delivery; /* of stats: delivery_seconds */
	struct loop_timer *timer; /* $stats, and reading the clock for others */
	struct loop_work *jobs_work;
	struct session *jobs;	/* queries that go on in the next turn */
	struct buf text, frame; /* what a WebSocket is told, while it is said */
	int64_t started_us;
	int64_t heap_looked_ms;
	struct err failure; /* why the loop was stopped; code 0: by a signal */
};

/*
 * The journal, for reading in this turn of the loop only; NULL with *e
 * (EX_UNAVAILABLE) while there is none.
 */
struct journal *gateway_journal(struct gateway *g, struct err *e);

/* Connections, or sessions, that one address may have. */
struct peers_limit gateway_per_peer(const struct gateway *g);

/*
 * The client does one more thing of this kind, by its address and its user
 * (absent: none). 0, or, counted, the milliseconds after which it may again.
 */
int64_t gateway_throttle(struct gateway *g, enum throttle_kind kind,
			 const struct net_conn *c, struct str user);
/* Likewise, by its user alone. */
int64_t gateway_throttle_user(struct gateway *g, enum throttle_kind kind,
			      const struct net_conn *c, struct str user);

/* What it has just done was as much as n things more; owed for a second at most. */
void gateway_charge(struct gateway *g, enum throttle_kind kind,
		    const struct net_conn *c, struct str user, size_t n);

/*
 * Make the parts of one that is zeroed but for settings, listening and what is
 * read from settings (auth, proxies, tls, compat, lag); `reload` is called for
 * SIGHUP. Close it also where that has failed.
 */
int gateway_open(struct gateway *g, void (*reload)(void *arg), struct err *e);
void gateway_close(struct gateway *g);

/* Until a signal; -1 with *e if something went wrong. */
int gateway_serve(struct gateway *g, struct err *e);

#endif
