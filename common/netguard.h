#ifndef COMMON_NETGUARD_H
#define COMMON_NETGUARD_H

/*
 * netguard - which addresses a request made for somebody else may go to.
 *
 * Refused is everything that is not a public unicast address: private,
 * loopback, link-local, shared (CGNAT), multicast, unspecified, documentation
 * and reserved ranges (the IANA special-purpose registries, RFC 6890), and
 * every IPv6 form that carries such an IPv4 address: mapped, compatible, NAT64
 * (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214). An
 * allow-list makes exceptions, by address or prefix and, if wanted, port.
 *
 * The check is of an address, after names were resolved, so no spelling of a
 * name or number gets around it. Pure; a guard is not changed while in use.
 */
#include <sys/socket.h>

#include "common/err.h"

enum { NETGUARD_ALLOW_MAX = 64 };

struct netguard;

struct netguard *netguard_new(void);
void netguard_free(struct netguard **gp);

/*
 * Allow one more: "127.0.0.1", "10.0.0.0/8", "127.0.0.1:8080", "::1",
 * "[::1]:8080", "[fd00::/8]:443". Without a port, any. An IPv4 entry also holds
 * for the mapped form (::ffff:a.b.c.d). -1 with *e: EX_CONFIG.
 */
int netguard_allow(struct netguard *g, const char *entry, struct err *e);

/*
 * NULL if one may connect to sa, else what it is: "loopback", "private" … g
 * may be NULL (nothing is allowed beyond public addresses).
 */
const char *netguard_refuses(const struct netguard *g,
			     const struct sockaddr *sa);

/* The same for an address as text, without brackets. */
const char *netguard_refuses_text(const struct netguard *g, const char *addr,
				  unsigned port);

#endif
