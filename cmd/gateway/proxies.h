#ifndef GATEWAY_PROXIES_H
#define GATEWAY_PROXIES_H

/*
 * proxies - whose word about the address of a client is taken.
 *
 * X-Forwarded-For grows to the right: each proxy adds who came to it. So it is
 * read from the right, past those that are trusted; the first other one is the
 * client, and what stands left of it is anybody's claim. Pure.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/opt.h"
#include "common/str.h"

enum { PROXIES_MAX = 64, PROXIES_HOPS_MAX = 32 };

/* Zeroed it is empty. */
struct proxies {
	struct {
		struct in6_addr address; /* of IPv4: mapped into IPv6 */
		unsigned bits;
	} v[PROXIES_MAX];
	size_t n;
};

/* "ADDRESS" or "ADDRESS/BITS" each. -1 with *e, EX_CONFIG. */
int proxies_read(struct proxies *p, const struct opt_list *list, struct err *e);

bool proxies_trust(const struct proxies *p, const struct in6_addr *a);

/*
 * Who it is that came to us as `peer`, by the header (absent: nothing was
 * said). peer itself, where it is not trusted, or where what it says is no
 * address.
 */
struct in6_addr proxies_client(const struct proxies *p,
			       const struct in6_addr *peer, struct str header);

#endif
