#ifndef GATEWAY_ASKED_H
#define GATEWAY_ASKED_H

/*
 * asked - what a client of the hub wants, as parameters of its request: topic
 * (several), since, last and filter; Last-Event-ID comes before since.
 */
#include "live.h"

/*
 * The position that `since` means for these patterns: a position itself, a time
 * or an age (since.h). *whole_r is false where some of what a time asks for is
 * not there any more. -1 with *e: EX_USAGE, it is none; EX_UNAVAILABLE, there
 * is no journal yet.
 */
int asked_since(struct gateway *g, struct str since, const struct str *pattern,
		size_t n, struct position *pos_r, bool *whole_r, struct err *e);

struct asked {
	struct patterns patterns;
	struct filter *filter; /* of all of them, or NULL */
	struct position since;
	bool has_since, last;
	bool recovered; /* what a time asks for is all there */
};

/*
 * Read it into what is zeroed, and check that it may be read. False with *e.
 * asked_free() it in any case.
 */
bool asked_read(struct session *s, const struct net_request *r, struct asked *a,
		struct err *e);
void asked_free(struct asked *a);

/* As hub_subscribe(). */
int asked_subscribe(struct live *l, const struct asked *a,
		    struct position *pos_r, bool *recovered_r, struct err *e);

#endif
