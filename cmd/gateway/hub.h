#ifndef GATEWAY_HUB_H
#define GATEWAY_HUB_H

/*
 * hub - every event to everyone who wants it, once and in order.
 *
 * The journal is the queue. A client is a position, a set of patterns (with
 * filters, perhaps) and a socket; there is no queue of its own. Those that
 * stand at the newest event are *live*: what has come since the last flush is
 * gathered once for all that want the same, and goes out in one write each. A
 * client whose socket takes no more is *choked* and merely keeps its position.
 * When it can take more, and when a client comes with a position of its own, it
 * is *behind*: it is served from the ring of newest frames, or from the
 * journal, until it is live again: bounded work in each turn of the loop, which
 * all share that want the same.
 *
 * Who falls too far behind what it wants (lag.h) either goes on with the newest
 * event of each topic, or has to come back. A client that asked for older
 * events is not judged before it has been live.
 *
 * A flush comes at once when little happens, and at most once a millisecond
 * when much does: sending less often is what makes sending cheap. It goes to so
 * many of those that want the same; the others are behind then, by that much,
 * and come in the next turns: what is for few does not wait for what is for
 * many.
 *
 * A client that asks for the newest event of each topic gets those up to its
 * position, in order, and then all that came after it. So nothing is missed
 * and nothing comes twice, however long the first part takes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/event.h"
#include "common/journal.h"
#include "common/loop.h"

#include "deflate.h"
#include "groups.h"
#include "lag.h"

enum {
	HUB_WRITE_MAX = 64 << 10, /* bytes gathered for one write */
	HUB_TICK_MS = 1,	  /* between two flushes */
	HUB_RETRY_MS = 200,	  /* when the journal could not be read */
	HUB_SLICE = 16,		  /* long polls that are woken in a turn */
	HUB_LOOK_MAX = 2048,	  /* events looked at for one that is behind */
	HUB_LIVE_SLICE = 1024, /* live clients of a group sent to in a turn */
	HUB_TURN_MAX = 4096,   /* likewise for all; 1 KiB sent counts as one, */
	HUB_WRITE_COST = 8,    /* and each write as so many */
	HUB_DEFLATE_COST = 32, /* and an event compressed */
	HUB_LAST_MAX = 100000, /* topics that "last" may give */
	HUB_LAG_MS = 30000,    /* twice found to be lagging: disconnected */
	HUB_LAG_SLICE = 256,   /* clients that take no more, looked at */
	HUB_LOOKED_COST = 1000, /* topics to look at, as one subscription */
	HUB_OWED_MAX = 16,	/* requests of one client that wait */
	HUB_RING_SLOTS = 16384, /* of each kind of frame */
	HUB_RING_BYTES = 4 << 20,
};

enum hub_state {
	HUB_IDLE,
	HUB_LIVE,
	HUB_BEHIND,
	HUB_AHEAD, /* comes from a gateway that is quicker than this one */
	HUB_CHOKED,
	HUB_WOKEN,
};

/* How a client comes, for those who count. */
enum hub_transport {
	HUB_WEBSOCKET,
	HUB_SSE,
	HUB_POLL,
	HUB_SOCKETIO,
	HUB_TRANSPORTS,
};

/* Belongs to the caller; zeroed but for these, before it is first used. */
struct hub_client {
	void *user;
	struct line line;
	enum frame_kind kind;
	bool waiter;	   /* is not sent events, only woken by the first one */
	uint8_t transport; /* enum hub_transport */
	/* hub's own */
	struct group *group; /* NULL: wants nothing */
	enum hub_state state;
	size_t at; /* among its group's live ones */
	struct hub_client *prev, *next, *all_prev, *all_next;
	uint64_t pos; /* the last event seen, unless live */
	/* What it knows to be pruned; the patterns are set for each use. */
	struct journal_want want;
	bool blocked;	   /* the socket takes no more */
	bool returning;	   /* asked for what was; may lag until it is live */
	bool put_off;	   /* by the hub's own doing it is behind */
	bool lagging;	   /* was found to be, and takes no more */
	uint32_t looked;   /* topics, for "last", when it last subscribed */
	struct owed *owed; /* what it is sent first, up to its position */
};

struct hub_conf {
	struct loop *loop;
	void *arg;
	/* The journal, or NULL while there is none. */
	struct journal *(*journal)(void *arg);
	/*
	 * Write frames to a client. False: its socket took what it could and
	 * the rest is kept; hub_drained() when that is gone.
	 */
	bool (*send)(void *user, struct str frames);
	/*
	 * Likewise, to at most LINES_MAX that have taken all so far, by their
	 * lines alone. Returns how many have not now, in left_r: of what they
	 * have not taken nothing is kept either. An event that was cut there
	 * is soon made whole by send().
	 */
	size_t (*send_to)(void *arg, const struct line *to, size_t n,
			  struct str frames, struct line_left *left_r);
	/*
	 * Add an event's frames of a custom kind; some bytes in any case.
	 * is_past: one client alone is sent it, which has seen newer ones, so
	 * that where it stands is not this event's position.
	 */
	void (*encode)(void *arg, enum frame_kind kind, const struct event *ev,
		       bool is_past, struct buf *b);
	/*
	 * Compresses events of a deflated kind, once for all that want them;
	 * NULL: there are no such clients. Belongs to the caller.
	 */
	struct deflater *deflater;
	/*
	 * Events that were recorded then have been sent to the live clients
	 * that wanted them (of each group, the first HUB_LIVE_SLICE). May be
	 * NULL.
	 */
	void (*flushed)(void *arg, const int64_t *recorded_us, size_t n);
	/*
	 * A client that is no waiter wants something else than before; NULL:
	 * nothing. May be NULL.
	 */
	void (*wants)(void *user, const struct patterns *before,
		      const struct patterns *now);
	/* A waiter's first event is there; it is idle again. */
	void (*woken)(void *user);
	/*
	 * What follows does not join on to what the client has: it is another
	 * journal, or events that it wants were pruned before it had them, or
	 * are left out because it lags. What follows comes after pos.
	 */
	void (*broken)(void *user, struct position pos);
	/*
	 * How far clients may fall behind, or NULL; belongs to the caller. One
	 * that has to come back is told so, and its connection ended, soon.
	 */
	struct lag *lag;
	void (*lagged)(void *user, struct position pos);
};

struct hub;

struct hub *hub_new(const struct hub_conf *conf);
void hub_free(struct hub **hp); /* after its clients have left */

/* ---- events in (follow.h) ---- */

void hub_event(struct hub *h, const struct event *ev);
void hub_slice_end(struct hub *h);
/* Send what waits for the tick: the loop may be long in coming to it. */
void hub_look(struct hub *h);
/* Events after the last one were pruned; the next one comes after them. */
void hub_gap(struct hub *h);
/* Where the journal is read from now; also when it is another one. */
void hub_epoch(struct hub *h, struct position pos);
uint32_t hub_epoch_of(const struct hub *h); /* 0: none yet */

/* Those of its clients; a client's own are dropped before the hub is freed. */
struct filters *hub_filters(struct hub *h);

/* ---- clients ---- */

/*
 * Add patterns to what c wants. Without `since` it goes on from where it is,
 * or from the newest event. With it, one that had patterns already is first
 * sent what the new ones have missed, up to where it is. *pos_r is the position
 * after which events come, and *recovered_r whether that is all that matches
 * since `since`, or from there on. `last`: the newest event of each topic
 * first; where `since` is given, only if it could not be recovered. `filter`:
 * of those topics only the events for which it holds, whichever way they come;
 * a pattern has one filter, the latest. -1 with *e: EX_UNAVAILABLE (no journal
 * yet), EX_TEMPFAIL (what was asked for before is still being sent), EX_DATAERR
 * (too many patterns, filters or topics); nothing has changed then.
 *
 * Nothing is sent from within: answer first, with hub_reply().
 */
struct hub_wish {
	const struct str *pattern;
	size_t n;
	const struct position *since; /* or NULL */
	bool last;
	struct filter *filter; /* of hub_filters(), or NULL */
};
int hub_subscribe(struct hub *h, struct hub_client *c,
		  const struct hub_wish *wish, struct position *pos_r,
		  bool *recovered_r, struct err *e);

/*
 * Take patterns away, also from what they are still to be sent; those that were
 * not there do not matter.
 */
void hub_unsubscribe(struct hub *h, struct hub_client *c,
		     const struct str *pattern, size_t n);

/* Wants nothing any more: before the client goes away. */
void hub_leave(struct hub *h, struct hub_client *c);

/* Wake all waiters now, whether there is an event or not. */
void hub_end_waits(struct hub *h);

/* Send a client frames that are no events, between events. */
void hub_reply(struct hub *h, struct hub_client *c, struct str frames);

/* The client's socket takes no more, after a write that was not the hub's. */
void hub_choked(struct hub *h, struct hub_client *c);
/* The client's socket takes more again. */
void hub_drained(struct hub *h, struct hub_client *c);

/*
 * The position that c could come back with; epoch 0 while "last", or what later
 * patterns have missed, is still being sent, and before there was a journal.
 */
struct position hub_position(const struct hub *h, const struct hub_client *c);

struct hub_counts {
	size_t subscribed, behind, choked; /* clients now */
	size_t groups;
	struct filters_counts filters;
	uint64_t framed; /* events framed for the rings, once for each kind */
	uint64_t delivered; /* events sent to clients */
	uint64_t flushes;
	uint64_t from_ring, from_journal;    /* gathered for those behind */
	uint64_t lagged[LAG_DISCONNECT + 1]; /* clients, by policy */
	uint64_t shared; /* delivered later, and gathered for another */
};
struct hub_counts hub_count(const struct hub *h);

/* Clients by how they are served, and what the last of them has not got yet. */
enum hub_class {
	HUB_CLASS_LIVE,
	HUB_CLASS_BEHIND,
	HUB_CLASS_CHOKED,
	HUB_CLASSES,
};
struct hub_lag {
	size_t clients;
	uint64_t events;
};
void hub_lags(const struct hub *h,
	      struct hub_lag out[HUB_TRANSPORTS][HUB_CLASSES]);

#endif
