#ifndef GATEWAY_PEERS_H
#define GATEWAY_PEERS_H

/*
 * peers - how many connections each address has. An address is one of IPv4, or
 * the first half of one of IPv6: whoever has one of these has all behind it.
 */
#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { PEERS_TEXT_MAX = 46 };

struct peers;
struct peer;

/* How many an address may have. */
struct peers_limit {
	size_t max;	  /* 0: as many as it likes */
	bool spare_local; /* as an address of this machine may, always */
};

/* As `max` of peers_take_address(). */
size_t peers_max(const struct peers_limit *l, const struct in6_addr *a);

struct peers *peers_new(void);
void peers_free(struct peers **pp); /* after all of its peers */

/*
 * One more connection from sa; NULL where the address has `max` already (0: as
 * many as it likes). What is not of an IP address is one address.
 */
struct peer *peers_take(struct peers *p, const struct sockaddr_storage *sa,
			size_t max);
/* As above; of IPv4 it is mapped into IPv6. */
struct peer *peers_take_address(struct peers *p, const struct in6_addr *a,
				size_t max);
/* The whole address, likewise; of what is no IP address, zeros. */
struct in6_addr peers_address(const struct sockaddr_storage *sa);

/*
 * Only this machine has it: 127.0.0.0/8, or of ::/64, of which nothing but ::1
 * is ever a peer's.
 */
bool peers_is_local(const struct in6_addr *a);
bool peer_is_local(const struct peer *peer);

/* As it was taken, of IPv6 with the second half 0. */
struct in6_addr peer_address(const struct peer *peer);

/* One less. Sets *peerp to NULL. */
void peers_leave(struct peers *p, struct peer **peerp);

/* As text, of IPv6 with the second half 0. */
void peer_text(const struct peer *peer, char out[PEERS_TEXT_MAX]);

#endif
