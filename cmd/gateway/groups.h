#ifndef GATEWAY_GROUPS_H
#define GATEWAY_GROUPS_H

/*
 * groups - clients that want the same, and who wants an event.
 *
 * Clients with equal patterns and filters, and frames of one kind, form one
 * group; what is waiting for them is gathered once. From a topic to the groups
 * that want it leads a table by pattern: a topic has only as many possible
 * patterns as it has parts, so the price of an event depends on who wants it,
 * not on who is there.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

#include "frame.h"
#include "line.h"
#include "patterns.h"

struct hub_client;

/* A client that stands at the newest event. */
struct group_live {
	struct line line; /* nowhere: it is only woken */
	struct hub_client *client;
};

struct group {
	uint64_t id; /* of this one only, and never of another */
	struct patterns patterns;
	enum frame_kind kind;
	struct group_live *live;
	size_t n_live, cap_live;
	size_t turn;	   /* hub's: who of them is put off next */
	uint64_t *pending; /* the ring's sequence numbers to send */
	size_t n_pending, cap_pending;
	/* groups' own */
	struct group *next; /* of the same hash */
	uint64_t hash;
	size_t refs;
	uint64_t seen; /* the last match that included it */
};

struct groups;

struct groups *groups_new(void);
void groups_free(struct groups **gp); /* after all of its groups */

/* The group of a non-empty set, made where there is none; holds it. */
struct group *groups_get(struct groups *g, const struct patterns *p,
			 enum frame_kind kind);
struct group *groups_hold(struct group *group); /* group */
/* Let go of it; the last one frees it. Sets *grp to NULL. */
void groups_put(struct groups *g, struct group **grp);

/* Call fn once for each group that wants an event; each filter is asked once. */
void groups_match(struct groups *g, const struct event *ev,
		  void (*fn)(void *arg, struct group *group), void *arg);

size_t groups_count(const struct groups *g);

#endif
