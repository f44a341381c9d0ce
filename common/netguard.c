#include "common/netguard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/str.h"
#include "common/xmem.h"

/* Every address is held as IPv6, IPv4 in its mapped form. */
struct addr {
	unsigned char b[16];
};

struct allowed {
	struct addr net;
	unsigned bits;
	unsigned port; /* 0: any */
};

struct netguard {
	struct allowed allow[NETGUARD_ALLOW_MAX];
	size_t n;
};

struct range4 {
	uint32_t net;
	unsigned bits;
	const char *name;
};

static const struct range4 ranges4[] = {
	{ 0x00000000, 8, "unspecified" },    /* 0.0.0.0/8 */
	{ 0x0a000000, 8, "private" },	     /* 10.0.0.0/8 */
	{ 0x64400000, 10, "shared" },	     /* 100.64.0.0/10, CGNAT */
	{ 0x7f000000, 8, "loopback" },	     /* 127.0.0.0/8 */
	{ 0xa9fe0000, 16, "link-local" },    /* 169.254.0.0/16, metadata */
	{ 0xac100000, 12, "private" },	     /* 172.16.0.0/12 */
	{ 0xc0000000, 24, "reserved" },	     /* 192.0.0.0/24 */
	{ 0xc0000200, 24, "documentation" }, /* 192.0.2.0/24 */
	{ 0xc0586300, 24, "reserved" },	     /* 192.88.99.0/24, old 6to4 */
	{ 0xc0a80000, 16, "private" },	     /* 192.168.0.0/16 */
	{ 0xc6120000, 15, "benchmarking" },  /* 198.18.0.0/15 */
	{ 0xc6336400, 24, "documentation" }, /* 198.51.100.0/24 */
	{ 0xcb007100, 24, "documentation" }, /* 203.0.113.0/24 */
	{ 0xe0000000, 4, "multicast" },	     /* 224.0.0.0/4 */
	{ 0xf0000000, 4, "reserved" },	     /* 240.0.0.0/4, broadcast */
};

struct range6 {
	unsigned char net[6];
	unsigned bits;
	const char *name;
};

/* Asked in this order; what no row names must be in 2000::/3. */
static const struct range6 ranges6[] = {
	{ { 0xfc }, 7, "private" },			     /* fc00::/7 */
	{ { 0xfe, 0x80 }, 10, "link-local" },		     /* fe80::/10 */
	{ { 0xfe, 0xc0 }, 10, "private" },		     /* fec0::/10 */
	{ { 0xff }, 8, "multicast" },			     /* ff00::/8 */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, "documentation" }, /* 2001:db8:: */
	{ { 0x3f, 0xff }, 20, "documentation" },	     /* 3fff::/20 */
	{ { 0x20, 0x01, 0, 0x02, 0, 0 }, 48, "benchmarking" },
	{ { 0x20, 0x01, 0, 0x10 }, 28, "reserved" },	  /* ORCHID */
	{ { 0x20, 0x01, 0, 0x20 }, 28, "reserved" },	  /* ORCHIDv2 */
	{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, "private" }, /* local NAT64 */
};

/* Prefixes whose addresses carry an IPv4 one at byte `at`. */
struct carrier {
	unsigned char net[12];
	unsigned bits, at;
	bool inverted;
};

static const struct carrier carriers[] = {
	{ { 0 }, 96, 12, false }, /* compatible */
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 96, 12, false }, /* SIIT */
	{ { 0, 0x64, 0xff, 0x9b }, 96, 12, false },		   /* NAT64 */
	{ { 0x20, 0x02 }, 16, 2, false },			   /* 6to4 */
	{ { 0x20, 0x01, 0, 0 }, 32, 4, false }, /* Teredo server */
	{ { 0x20, 0x01, 0, 0 }, 32, 12, true }, /* Teredo client */
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool prefix_is(const unsigned char *a, const unsigned char *net,
		      unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(a, net, bytes) != 0)
		return false;
	return rest == 0 || ((a[bytes] ^ net[bytes]) >> (8 - rest)) == 0;
}

static const char *refuses4(const unsigned char *b)
{
	uint32_t a = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		     (uint32_t)b[2] << 8 | b[3];

	for (size_t i = 0; i < ARRAY_LEN(ranges4); i++)
		if ((a ^ ranges4[i].net) >> (32 - ranges4[i].bits) == 0)
			return ranges4[i].name;
	return NULL;
}

/* An IPv4 address inside an IPv6 one that a gateway would unpack. */
static const char *refuses_carried(const unsigned char *b)
{
	static const unsigned char isatap[4] = { 0, 0, 0x5e, 0xfe };
	unsigned char v4[4];
	const char *name;

	for (size_t i = 0; i < ARRAY_LEN(carriers); i++) {
		const struct carrier *c = &carriers[i];

		if (!prefix_is(b, c->net, c->bits))
			continue;
		for (unsigned k = 0; k < 4; k++)
			v4[k] = b[c->at + k] ^ (c->inverted ? 0xff : 0);
		name = refuses4(v4);
		if (name)
			return name;
	}
	/* The interface part is 0:5efe:a.b.c.d, with the u bit or without. */
	if ((b[8] & 0xfd) == isatap[0] && memcmp(b + 9, isatap + 1, 3) == 0)
		return refuses4(b + 12);
	return NULL;
}

static const char *refuses6(const unsigned char *b)
{
	static const unsigned char zero[15];
	static const unsigned char nat64[12] = { 0, 0x64, 0xff, 0x9b };
	const char *name;

	if (memcmp(b, zero, 15) == 0 && b[15] <= 1)
		return b[15] ? "loopback" : "unspecified";
	for (size_t i = 0; i < ARRAY_LEN(ranges6); i++)
		if (prefix_is(b, ranges6[i].net, ranges6[i].bits))
			return ranges6[i].name;
	name = refuses_carried(b);
	if (name)
		return name;
	if ((b[0] & 0xe0) == 0x20 || prefix_is(b, nat64, 96))
		return NULL;
	return "reserved"; /* outside of what is given out, 2000::/3 */
}

static bool is_allowed(const struct netguard *g, const struct addr *a,
		       unsigned port)
{
	for (size_t i = 0; g && i < g->n; i++) {
		const struct allowed *w = &g->allow[i];

		if ((!w->port || w->port == port) &&
		    prefix_is(a->b, w->net.b, w->bits))
			return true;
	}
	return false;
}

static const char *refuses(const struct netguard *g, const struct addr *a,
			   unsigned port)
{
	if (is_allowed(g, a, port))
		return NULL;
	if (memcmp(a->b, mapped, sizeof(mapped)) == 0)
		return refuses4(a->b + 12);
	return refuses6(a->b);
}

const char *netguard_refuses(const struct netguard *g,
			     const struct sockaddr *sa)
{
	struct addr a;

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		memcpy(a.b, mapped, sizeof(mapped));
		memcpy(a.b + 12, &in.sin_addr, 4);
		return refuses(g, &a, ntohs(in.sin_port));
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		memcpy(a.b, &in6.sin6_addr, 16);
		return refuses(g, &a, ntohs(in6.sin6_port));
	}
	return "not an internet address";
}

/* Also takes a zone ("fe80::1%eth0"), as curl prints it. */
static bool parse_addr(const char *text, struct addr *a_r, bool *v4_r)
{
	char plain[INET6_ADDRSTRLEN + 1];

	if (!str_copy(plain, sizeof(plain),
		      (struct str){ text, strcspn(text, "%") }))
		return false;
	*v4_r = inet_pton(AF_INET, plain, a_r->b + 12) == 1;
	if (!*v4_r)
		return inet_pton(AF_INET6, plain, a_r->b) == 1;
	memcpy(a_r->b, mapped, sizeof(mapped));
	return true;
}

const char *netguard_refuses_text(const struct netguard *g, const char *addr,
				  unsigned port)
{
	struct addr a;
	bool v4;

	if (!parse_addr(addr, &a, &v4))
		return "not an internet address";
	return refuses(g, &a, port);
}

struct netguard *netguard_new(void)
{
	return xcalloc(1, sizeof(struct netguard));
}

void netguard_free(struct netguard **gp)
{
	free(*gp);
	*gp = NULL;
}

/* Split "[net]:port", "net:port" (IPv4 only) or "net". */
static bool split_port(struct str s, struct str *net_r, struct str *port_r)
{
	struct str rest;

	if (s.len && s.p[0] == '[') {
		*net_r = str_cut(str_sub(s, 1, s.len), ']', &rest);
		if (!rest.p || (rest.len && rest.p[0] != ':'))
			return false;
		*port_r = rest.len ? str_sub(rest, 1, rest.len)
				   : (struct str){ 0 };
		return true;
	}
	*net_r = str_cut(s, ':', &rest);
	if (rest.p && str_chr(rest, ':') != (size_t)-1) {
		*net_r = s; /* two colons: IPv6 without a port */
		rest = (struct str){ 0 };
	}
	*port_r = rest;
	return true;
}

static bool parse_entry(struct str s, struct allowed *w)
{
	struct str net, port, bits;
	char text[INET6_ADDRSTRLEN + 1];
	uint64_t n, p = 0;
	bool v4;

	if (!split_port(s, &net, &port))
		return false;
	net = str_cut(net, '/', &bits);
	if (!str_copy(text, sizeof(text), net) || strlen(text) != net.len ||
	    strchr(text, '%') || !parse_addr(text, &w->net, &v4))
		return false;
	n = v4 ? 32 : 128;
	if (bits.p && (!str_u64(bits, &n) || n > (v4 ? 32 : 128)))
		return false;
	if (port.p && (!str_u64(port, &p) || p < 1 || p > 65535))
		return false;
	w->bits = (unsigned)n + (v4 ? 96 : 0);
	w->port = (unsigned)p;
	return true;
}

int netguard_allow(struct netguard *g, const char *entry, struct err *e)
{
	if (g->n == NETGUARD_ALLOW_MAX)
		return err_set(e, EX_CONFIG, "allow: more than %d entries",
			       NETGUARD_ALLOW_MAX);
	if (!parse_entry(str_from(entry), &g->allow[g->n]))
		return err_set(e, EX_CONFIG,
			       "allow: '%s' is not ADDRESS[/BITS][:PORT]",
			       entry);
	g->n++;
	return 0;
}
