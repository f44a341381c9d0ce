/*
 * The head of an upgrade, in lines: Host, Origin, X-Forwarded-For,
 * Sec-WebSocket-Extensions. Nobody becomes a listed origin, a name of ours or
 * another client by how it is written, and no header of an answer is broken.
 */
#include <assert.h>
#include <string.h>

#include <arpa/inet.h>

#include "cmd/gateway/deflate_offer.h"
#include "cmd/gateway/guard.h"
#include "cmd/gateway/origins.h"
#include "cmd/gateway/proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct in6_addr address(const char *text)
{
	struct in6_addr a;

	assert(inet_pton(AF_INET6, text, &a) == 1);
	return a;
}

static void try_host(struct str host)
{
	static const char *const names[] = { "weir.example" };
	struct str name = host;

	if (!guard_host(host, names, 1))
		return;
	/* It begins with a name of ours, and only a port follows. */
	if (str_starts(name, STR("[::1]")))
		name = str_sub(name, 5, name.len);
	else if (str_chr(name, ':') != (size_t)-1)
		name = str_sub(name, str_chr(name, ':'), name.len);
	else
		name = STR("");
	assert(name.len <= 6 && (!name.len || name.p[0] == ':'));
	for (size_t i = 1; i < name.len; i++)
		assert(name.p[i] >= '0' && name.p[i] <= '9');
}

/* An origin of https, with a name that ends so. */
static bool is_below(struct str origin, struct str end)
{
	size_t scheme = strlen("https://");

	return origin.len > scheme + end.len &&
	       str_eq_nocase(str_sub(origin, 0, scheme), STR("https://")) &&
	       str_eq_nocase(str_sub(origin, origin.len - end.len, origin.len),
			     end);
}

/* scheme: absent, where nobody says which it is. */
static void try_origin(const struct opt_list *list, struct str origin,
		       struct str scheme, struct str host)
{
	enum origin what = origins_judge(list, origin, scheme, host);
	struct buf b = { 0 };
	size_t lines = 0;

	assert(what != ORIGIN_ANY);
	if (what == ORIGIN_LISTED)
		assert(str_eq_nocase(origin, STR("https://app.example")) ||
		       is_below(origin, STR(".example.com")));
	if (origin.p && what == ORIGIN_OWN)
		assert(host.len > 0 && origin.len > host.len);
	origins_print(list, what, origin, true, &b);
	for (size_t i = 0; i < b.len; i++)
		lines += b.p[i] == '\n';
	if (what == ORIGIN_FOREIGN)
		assert(lines <= 1); /* Vary */
	buf_free(&b);
}

static void try_proxies(struct str header)
{
	const char *trusted[] = { "10.0.0.0/8", "::1" };
	const struct opt_list list = { .v = trusted, .n = 2 };
	const struct in6_addr stranger = address("2001:db8::1"),
			      proxy = address("::ffff:10.1.2.3");
	struct proxies p = { 0 };
	struct in6_addr a;

	assert(proxies_read(&p, &list, NULL) == 0);
	a = proxies_client(&p, &stranger, header);
	assert(IN6_ARE_ADDR_EQUAL(&a, &stranger));
	a = proxies_client(&p, &proxy, header);
	if (!header.p)
		assert(IN6_ARE_ADDR_EQUAL(&a, &proxy));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *listed[] = { "https://app.example",
				 "https://*.example.com" };
	const struct opt_list list = { .v = listed, .n = 2 };
	struct str rest = { (const char *)data, size };
	struct str host = str_cut(rest, '\n', &rest);
	struct str origin = str_cut(rest, '\n', &rest);
	struct deflate_offer o;

	try_host(host);
	try_origin(&list, origin, (struct str){ 0 }, host);
	try_origin(&list, origin, STR("https"), host);
	try_origin(&list, origin, STR("http"), host);
	try_proxies(str_cut(rest, '\n', &rest));
	o = deflate_offer_read(rest);
	assert(o.taken == (o.answer != NULL));
	assert(!o.taken || (o.asked && o.mentions));
	return 0;
}
