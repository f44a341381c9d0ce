#ifndef GATEWAY_ROLL_H
#define GATEWAY_ROLL_H

/*
 * roll - the clients that are connected, each under a number that no other has
 * had. A few words for each: what else there is to say of one is found out when
 * somebody asks.
 */
#include <stddef.h>
#include <stdint.h>

struct session;
struct hub_client;

/* Lives in what close() of its session frees. */
struct roll_item {
	struct roll_item *prev, *next;
	struct session *session;
	struct hub_client *client;
	uint64_t id;
	int64_t since_us; /* wall clock */
};

struct roll;

struct roll *roll_new(void);
void roll_free(struct roll **rp); /* after its items have gone */

/* With the next number, from 1. */
void roll_add(struct roll *r, struct roll_item *item, struct session *s,
	      struct hub_client *client, int64_t now_us);
void roll_remove(struct roll *r, struct roll_item *item);

size_t roll_count(const struct roll *r);

/* The first with a number above `id`, in order; NULL: none. */
struct roll_item *roll_after(struct roll *r, uint64_t id);
/* The one with this number, or NULL. */
struct roll_item *roll_find(struct roll *r, uint64_t id);

#endif
