#ifndef GATEWAY_ORIGINS_H
#define GATEWAY_ORIGINS_H

/*
 * origins - pages elsewhere that may use the gateway (RFC 6454; CORS as in the
 * Fetch standard, section 3.2).
 *
 * One of the list is an origin, "https://app.example"; the same with "*."
 * before its name, for all names below it; or "*", any page, but without what a
 * browser adds of itself: no password that it remembers, only a token that the
 * page has.
 *
 * Pure.
 */
#include "common/buf.h"
#include "common/err.h"
#include "common/opt.h"
#include "common/str.h"

enum { ORIGIN_MAX = 512 }; /* bytes; longer ones are foreign */

enum origin {
	ORIGIN_OWN,	/* the gateway's, or no browser's */
	ORIGIN_LISTED,	/* by its name */
	ORIGIN_ANY,	/* only by "*" */
	ORIGIN_FOREIGN, /* of none of these */
};

/* -1 with *e (EX_CONFIG): which of the list is none of the three. */
int origins_check(const struct opt_list *list, struct err *e);

/*
 * What a request's Origin (absent: own) is to a gateway that is called host, by
 * this scheme (guard_origin()).
 */
enum origin origins_judge(const struct opt_list *list, struct str origin,
			  struct str scheme, struct str host);

/*
 * Add the headers of an answer for it: whose page may read it, and what of its
 * head. `preflight`: and what it may ask. None where the list is empty.
 */
void origins_print(const struct opt_list *list, enum origin what,
		   struct str origin, bool preflight, struct buf *b);

#endif
