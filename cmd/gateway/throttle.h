#ifndef GATEWAY_THROTTLE_H
#define GATEWAY_THROTTLE_H

/*
 * throttle - how often one address, or one user, may do things: a bucket of
 * tokens (rate.h) for each of them and each kind of thing.
 *
 * An address of IPv6 is its first 64 bits, of which whoever has a network (its
 * first 48 bits) has 65536: all of these together may do THROTTLE_NETWORK times
 * as much as one.
 *
 * Who has done nothing for longest is forgotten where there are more than
 * THROTTLE_MAX; that one then has its full buckets again. As buckets are full
 * after a second anyway, nothing is lost where that was longer ago; and by the
 * default limits no network can bring so many addresses in a second.
 *
 * Pure: the time is passed in.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/in.h>

#include "common/str.h"

enum {
	THROTTLE_MAX = 65536, /* addresses, networks and users, together */
	THROTTLE_NETWORK = 8,
};

enum throttle_kind {
	THROTTLE_CONNECTION, /* of addresses only */
	THROTTLE_REQUEST,
	THROTTLE_MESSAGE,
	THROTTLE_SUBSCRIPTION,
	THROTTLE_KINDS,
};

enum { THROTTLE_DEFAULT = -1 };

/*
 * Of each kind, so many in a second; 0: as many as they like;
 * THROTTLE_DEFAULT: what is enough for an office behind one address, or for a
 * program that publishes some hundreds a second.
 */
struct throttle_limits {
	int64_t per_s[THROTTLE_KINDS];
};

/*
 * With the defaults in their place: who is local, that is, on this machine, has
 * no limit but those that were given.
 */
struct throttle_limits throttle_resolve(const struct throttle_limits *limits,
					bool is_local);

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle **tp);

/*
 * The address (NULL: none; of IPv4 mapped into IPv6) and the user (absent:
 * none) do one more thing. 0, or the milliseconds after which they may again.
 * The limits are resolved.
 */
int64_t throttle_take(struct throttle *t, const struct throttle_limits *limits,
		      enum throttle_kind kind, const struct in6_addr *address,
		      struct str user, int64_t now_ms);

/*
 * What they have just done was as much as n things more. That is owed where it
 * is too many, for a second at most.
 */
void throttle_charge(struct throttle *t, const struct throttle_limits *limits,
		     enum throttle_kind kind, size_t n,
		     const struct in6_addr *address, struct str user,
		     int64_t now_ms);

size_t throttle_count(const struct throttle *t);

#endif
