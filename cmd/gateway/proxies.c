#include "proxies.h"

#include <arpa/inet.h>
#include <string.h>
#include <sysexits.h>

enum { V4_BITS = 32, V6_BITS = 128 };

/* An address as text; of IPv4 it is mapped. False if it is none. */
static bool read_address(struct str s, struct in6_addr *a_r, bool *v4_r)
{
	char text[INET6_ADDRSTRLEN + 1];
	struct in_addr v4;

	if (!str_copy(text, sizeof(text), s))
		return false;
	*v4_r = inet_pton(AF_INET, text, &v4) == 1;
	if (!*v4_r)
		return inet_pton(AF_INET6, text, a_r) == 1;
	*a_r = (struct in6_addr){ 0 };
	a_r->s6_addr[10] = a_r->s6_addr[11] = 0xff;
	memcpy(a_r->s6_addr + 12, &v4, sizeof(v4));
	return true;
}

int proxies_read(struct proxies *p, const struct opt_list *list, struct err *e)
{
	p->n = 0;
	if (list->n > PROXIES_MAX)
		return err_set(e, EX_CONFIG, "trusted-proxy: more than %d",
			       PROXIES_MAX);
	for (size_t i = 0; i < list->n; i++) {
		struct str bits,
			address = str_cut(str_from(list->v[i]), '/', &bits);
		uint64_t n;
		bool v4;

		if (!read_address(address, &p->v[p->n].address, &v4))
			goto bad;
		n = v4 ? V4_BITS : V6_BITS;
		if (bits.p &&
		    (!str_u64(bits, &n) || n > (v4 ? V4_BITS : V6_BITS)))
			goto bad;
		p->v[p->n++].bits = (unsigned)(v4 ? V6_BITS - V4_BITS + n : n);
		continue;
	bad:
		return err_set(e, EX_CONFIG,
			       "trusted-proxy: '%s' is not ADDRESS or "
			       "ADDRESS/BITS",
			       list->v[i]);
	}
	return 0;
}

static bool same_bits(const struct in6_addr *a, const struct in6_addr *b,
		      unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	return memcmp(a, b, bytes) == 0 &&
	       (rest == 0 ||
		(a->s6_addr[bytes] ^ b->s6_addr[bytes]) >> (8 - rest) == 0);
}

bool proxies_trust(const struct proxies *p, const struct in6_addr *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (same_bits(&p->v[i].address, a, p->v[i].bits))
			return true;
	return false;
}

/* Cut the last element of a list; false if there is none. */
static bool cut_last(struct str *list, struct str *last_r)
{
	size_t at = list->len;

	if (!list->p)
		return false;
	while (at > 0 && list->p[at - 1] != ',')
		at--;
	*last_r = str_trim(str_sub(*list, at, list->len));
	*list = at > 0 ? str_sub(*list, 0, at - 1) : (struct str){ 0 };
	return true;
}

/* Some proxies write a port, too: "1.2.3.4:80", "[::1]:80". */
static struct str without_port(struct str s)
{
	size_t end;

	if (s.len && s.p[0] == '[') {
		end = str_chr(s, ']');
		return end == (size_t)-1 ? s : str_sub(s, 1, end);
	}
	end = str_chr(s, ':');
	if (end != (size_t)-1 &&
	    str_chr(str_sub(s, end + 1, s.len), ':') == (size_t)-1)
		return str_sub(s, 0, end);
	return s;
}

struct in6_addr proxies_client(const struct proxies *p,
			       const struct in6_addr *peer, struct str header)
{
	struct in6_addr at = *peer, before;
	struct str one;
	bool v4;

	for (int i = 0; i < PROXIES_HOPS_MAX && proxies_trust(p, &at); i++) {
		if (!cut_last(&header, &one) ||
		    !read_address(without_port(one), &before, &v4))
			break;
		at = before;
	}
	return at;
}
