#ifndef GATEWAY_HUB_PRIVATE_H
#define GATEWAY_HUB_PRIVATE_H

/*
 * What hub.c (who stands where), hub_flush.c (who is live), hub_serve.c (who is
 * behind) and hub_plan.c (what a client asks for) share.
 */
#include "common/buf.h"

#include "cache.h"
#include "hub.h"
#include "pieces.h"
#include "ring.h"

struct queue {
	struct hub_client *head, *tail;
};

/* What each kind of frame has of its own. */
struct lane {
	struct ring *ring; /* kept up only while there are clients */
	size_t clients;
	struct buf frame; /* of the newest event */
	bool wanted;	  /* it is, by a group */
};

struct hub {
	struct hub_conf conf;
	struct lane lane[FRAME_KINDS];
	struct groups *groups;
	struct filters *filters;
	struct loop_work *work;
	struct loop_timer *tick, *retry, *lag;
	uint32_t epoch;
	uint64_t newest;  /* event that the hub was told of */
	uint64_t flushed; /* live clients have seen everything up to here */
	int64_t flushed_ms;
	size_t waiting, n_waiting; /* bytes, events that were not flushed */
	struct group **due;	   /* groups with something to send */
	size_t n_due, cap_due;
	int64_t *recorded_us; /* of events that are due, when recorded */
	size_t n_recorded, cap_recorded;
	bool wanted; /* the newest event, by a live client */
	struct queue behind, ahead, woken, choked;
	size_t clients[HUB_TRANSPORTS][HUB_CLASSES];
	struct hub_client *all; /* that want something */
	struct pieces *pieces;	/* for those that are behind, */
	struct cache *cache;	/* and for those that are owed something */
	size_t spent;		/* of HUB_TURN_MAX */
	struct buf text, whole; /* an event's text, brief and not */
	struct buf out;		/* what one write takes, */
	struct mark *mark;	/* and the events in it */
	size_t n_marks, cap_marks;
	struct hub_counts counts;
};

/* Put a client where it belongs by its position, patterns and socket. */
void hub_settle(struct hub *h, struct hub_client *c);

/* From one list to another; the client's position and socket are seen to. */
void hub_set_state(struct hub *h, struct hub_client *c, enum hub_state state);

/* ---- hub_flush.c ---- */

/*
 * Send all that is waiting to those that are live. Who cannot take it, and of a
 * large group who has to wait for another turn, is not live then.
 */
void hub_flush(struct hub *h);

/* ---- hub_frame.c ---- */

/* An event's text, the same for everyone; valid until the next call. */
struct str hub_print(struct hub *h, const struct event *ev);

/*
 * Add an event, and its text (hub_print), as frames of a kind: compressed, if
 * it is one for that. is_past: see hub_conf.encode.
 */
void hub_frame(struct hub *h, enum frame_kind kind, const struct event *ev,
	       struct str text, bool is_past, struct buf *b);

/*
 * Frame an event for each kind of client there is, not compressed yet, into
 * its lane; returns the largest one's bytes.
 */
size_t hub_frame_all(struct hub *h, const struct event *ev);

/*
 * Compress the newest event, in the rings, for the lanes where somebody wants
 * it. What nobody wanted stays as it is; a client takes both.
 */
void hub_deflate_wanted(struct hub *h);

/* ---- hub_plan.c, hub_serve.c, hub_judge.c ---- */

/*
 * What a client asked for that comes before its position: the newest events of
 * topics, or all that later patterns have missed. Served one after the other.
 */
struct owed {
	struct owed *next;
	struct patterns wanted, had; /* events of the first, not the second */
	uint64_t *offset;	     /* only these, rising; NULL: all */
	size_t n, cap, done;	     /* of them */
	struct journal_want want;    /* all: what is known to be pruned, */
	uint64_t at;		     /* and up to where was looked */
	/* Owned; or absent: all, but of these topics `offset`. */
	struct str thin;
};

/* What will be so when a client has what it asks for. */
struct plan {
	struct patterns set;
	uint64_t pos;
	struct journal_want want;
	bool recovered;
	struct owed *owed;	    /* or NULL */
	uint32_t looked;	    /* topics, for it */
	const struct patterns *had; /* or NULL; lives as long as its group */
};

/* As hub_subscribe(); changes nothing. Free *p in any case. */
int hub_plan(struct hub *h, const struct hub_client *c,
	     const struct hub_wish *wish, struct plan *p, struct err *e);
void hub_plan_free(struct plan *p);

/* Write events to a client that takes more. How many of them have gone. */
size_t hub_send(struct hub *h, struct hub_client *c, struct str frames,
		const struct mark *mark, size_t n);
/*
 * Its socket took so many bytes of them, and not all: what is missing of the
 * event that was cut, or else the next one, is kept for it; no other is, for it
 * would be a copy of what can be had again. How many have gone.
 */
size_t hub_send_cut(struct hub *h, struct hub_client *c, struct str frames,
		    const struct mark *mark, size_t n, size_t taken);

/* The events in h->out begin anew; there is one more, its frames come next. */
void hub_mark_begin(struct hub *h);
void hub_mark(struct hub *h, uint64_t offset, size_t at);

/* One piece for one client. False: the journal cannot be read now. */
bool hub_serve(struct hub *h, struct hub_client *c);

/* Tell a client of events after its position that are gone, once. */
void hub_check_pruned(struct hub *h, struct hub_client *c, struct journal *j);

/*
 * Do what is to be done with one that may have fallen too far behind. True: it
 * is not to be served now. hub_judge.c
 */
bool hub_judge(struct hub *h, struct hub_client *c);
void hub_judge_choked(void *hub); /* the timer `lag` */

/* In order, each once. */
void hub_sort_offsets(struct owed *o);

/* It is owed one thing more; NULL is nothing. */
void hub_owe(struct hub_client *c, struct owed *o);

/* It has got the first of what it is owed. */
void hub_pop_owed(struct owed **first);

/* A client is owed nothing any more. */
void hub_drop_owed(struct owed **first);

#endif
