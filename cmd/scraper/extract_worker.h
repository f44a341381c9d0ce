#ifndef SCRAPER_EXTRACT_WORKER_H
#define SCRAPER_EXTRACT_WORKER_H

/*
 * extract_worker - one process of a pool, from its start to its end, and the
 * documents that it has. For extract_pool.c and extract_worker.c only.
 */
#include "extract_pool.h"

struct extraction {
	struct extract_pool *pool;
	extraction_fn *fn; /* NULL: cancelled */
	void *arg;
	struct buf message;    /* the request */
	size_t body;	       /* bytes at its end */
	unsigned turns;	       /* that it had, first in its process */
	struct worker *worker; /* that has it, or NULL: in line */
	struct extraction *next;
};

enum worker_state {
	WORKER_DOWN,	 /* no process */
	WORKER_STARTING, /* not yet ready */
	WORKER_IDLE,
	WORKER_BUSY,
	WORKER_ENDING, /* killed, or at its end */
};

struct worker {
	struct extract_pool *pool;
	enum worker_state state;
	struct loop_child *process;
	struct loop_fd *io;
	struct loop_timer *timer; /* to be ready, to answer, to start again */
	int fd;
	struct extraction *first, **last; /* it has; answered in this order */
	struct extraction *sending;	  /* the one that it has a part of */
	size_t sent;			  /* bytes of that part */
	size_t n, bytes;		  /* of them all */
	size_t window;			  /* documents that it is given now */
	int64_t turn_ms;		  /* when that of the first began */
	struct buf in;
	uint64_t conf; /* by which it was started */
	bool ready;    /* it was */
	bool blamed;   /* ended for a reason that was told */
	bool retired;  /* ended because it is no longer wanted */
	bool rests;    /* started again only when the timer says so */
};

struct extract_pool {
	struct loop *loop;
	struct stats *stats;
	struct extract_pool_conf conf;
	uint64_t n_conf; /* counts changes of it */
	struct worker worker[EXTRACT_POOL_CHILDREN_MAX];
	struct extraction *first, **last; /* in line */
	size_t pending;
	unsigned ends;	 /* of processes in a row, without an answer between */
	unsigned starts; /* failed, in a row */
	char why[160];	 /* the last of them did */
	bool told_filter;
	struct arena arena;
};

/* ---- extract_pool.c ---- */

void extract_pool_count(struct extract_pool *p, const char *name,
			const char *label);
/* Whoever can work is given what is in line. */
void extract_pool_kick(struct extract_pool *p);
void extract_pool_put_first(struct extract_pool *p, struct extraction *x);
/*
 * Where nobody can work, what waits is told, rather than kept for ever. From
 * the loop only: whoever has just asked is not told before they know what for.
 */
void extract_pool_give_up(struct extract_pool *p);

/* x is out of every list; its callback is called, and it is freed. */
void extraction_end(struct extraction *x, const struct observation *o);
/* It has ended the process that read it. */
void extraction_fail(struct extraction *x, const char *why);
/* The same for one that was cancelled. */
void extraction_drop(struct extraction *x);
void extraction_free(struct extraction *x); /* that is not told at all */

/* ---- extract_worker.c ---- */

void extract_worker_init(struct worker *w, struct extract_pool *p);
void extract_worker_free(struct worker *w); /* and what it has */
/* A process for one that is down. */
void extract_worker_start(struct worker *w);
/* One that is idle or busy has x from now on. */
void extract_worker_give(struct worker *w, struct extraction *x);
/* It is no longer wanted. */
void extract_worker_retire(struct worker *w);
/* Its first document, which it has no longer; NULL: it has none. */
struct extraction *extract_worker_take(struct worker *w);

#endif
