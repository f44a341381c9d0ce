#include "peers.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "common/xmem.h"

enum { BUCKETS = 1024, HALF = 8 };

struct peer {
	struct peer *next; /* of the same bucket */
	size_t n;
	struct in6_addr address; /* of IPv4: mapped into IPv6 */
};

struct peers {
	struct peer *bucket[BUCKETS];
	size_t n;
};

struct peers *peers_new(void)
{
	return xcalloc(1, sizeof(struct peers));
}

void peers_free(struct peers **pp)
{
	if (*pp)
		assert((*pp)->n == 0);
	free(*pp);
	*pp = NULL;
}

struct in6_addr peers_address(const struct sockaddr_storage *sa)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)sa;
	struct in6_addr a = { 0 };

	if (sa->ss_family == AF_INET6) {
		a = v6->sin6_addr;
	} else if (sa->ss_family == AF_INET) {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(a.s6_addr + 12, &v4->sin_addr, 4);
	}
	return a;
}

size_t peers_max(const struct peers_limit *l, const struct in6_addr *a)
{
	return l->spare_local && peers_is_local(a) ? 0 : l->max;
}

static struct peer **find(struct peers *p, const struct in6_addr *a)
{
	const struct str key = { (const char *)a, sizeof(*a) };
	struct peer **at = &p->bucket[str_hash(key) % BUCKETS];

	while (*at && memcmp(&(*at)->address, a, sizeof(*a)) != 0)
		at = &(*at)->next;
	return at;
}

struct peer *peers_take_address(struct peers *p, const struct in6_addr *whole,
				size_t max)
{
	struct in6_addr a = *whole;
	struct peer **at;

	if (!IN6_IS_ADDR_V4MAPPED(&a))
		memset(a.s6_addr + HALF, 0, HALF);
	at = find(p, &a);
	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->address = a;
		p->n++;
	} else if (max && (*at)->n >= max) {
		return NULL;
	}
	(*at)->n++;
	return *at;
}

struct peer *peers_take(struct peers *p, const struct sockaddr_storage *sa,
			size_t max)
{
	struct in6_addr a = peers_address(sa);

	return peers_take_address(p, &a, max);
}

void peers_leave(struct peers *p, struct peer **peerp)
{
	struct peer *peer = *peerp, **at;

	*peerp = NULL;
	if (!peer || --peer->n > 0)
		return;
	at = find(p, &peer->address);
	*at = peer->next;
	p->n--;
	free(peer);
}

bool peers_is_local(const struct in6_addr *a)
{
	static const uint8_t zeros[HALF];

	if (IN6_IS_ADDR_V4MAPPED(a))
		return a->s6_addr[12] == 127;
	return memcmp(a->s6_addr, zeros, HALF) == 0;
}

bool peer_is_local(const struct peer *peer)
{
	return peers_is_local(&peer->address);
}

struct in6_addr peer_address(const struct peer *peer)
{
	return peer->address;
}

void peer_text(const struct peer *peer, char out[PEERS_TEXT_MAX])
{
	const struct in6_addr *a = &peer->address;

	if (IN6_IS_ADDR_V4MAPPED(a))
		inet_ntop(AF_INET, a->s6_addr + 12, out, PEERS_TEXT_MAX);
	else
		inet_ntop(AF_INET6, a, out, PEERS_TEXT_MAX);
}
