#ifndef SIM_SITE_H
#define SIM_SITE_H

/*
 * site - which answer a request gets.
 *
 * Holds the world and what was asked so far; knows no socket and no clock.
 * The paths are described in weir-sim(1).
 */
#include "answer.h"
#include "chat.h"
#include "hook.h"
#include "tally.h"
#include "world.h"

struct site {
	struct world *world;
	struct hooks hooks;
	struct chats chats;
	struct tally log;	/* requests per path */
	struct tally counters;	/* of the paths that misbehave by count */
	unsigned crawl_delay_s; /* in robots.txt; 0: not mentioned */
	char robots[64]; /* the path that stands in for robots.txt, or "" */
};

/* One request on its way through the paths. */
struct visit {
	struct site *site;
	const struct request *rq;
	struct answer *a;
	unsigned depth; /* prefixes taken off the path so far */
};

/* Answer a request. *a must be zeroed; the caller releases it. */
void site_answer(struct site *s, const struct request *rq, struct answer *a);

/* For the handlers: answer with what stands at path (no '/' in front). */
void site_route(struct visit *v, struct str path);

void site_release(struct site *s);

#endif
