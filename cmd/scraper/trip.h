#ifndef SCRAPER_TRIP_H
#define SCRAPER_TRIP_H

/*
 * trip - one request by a way out: through a proxy, or by a provider.
 *
 * The host that is asked for is judged here, by the addresses that its name
 * has here, before anybody is asked to go there for us: behind a proxy the
 * client would see the proxy's address only. Every one of them must be allowed;
 * the proxy may choose any. To a socks5 proxy the address that was judged is
 * given; the others look the name up themselves and may find another one. A
 * pool with "names":"proxy" is for names that this machine cannot resolve:
 * there only addresses, and localhost, are judged.
 *
 * A provider is paid (see spend) after that and just before it is asked. It
 * gets no header of the watch: cookies and tokens are the site's and ours. What
 * comes back names neither its URL nor its key.
 */
#include "common/http.h"

#include "egress.h"

struct trips {
	struct loop *loop;
	struct http *http;
	const struct netguard *guard;
	/* Count a request, durably. False: the budget is used up. */
	bool (*spend)(void *arg, struct way *w);
	/* A seat was left; changed: its line is well now, or no more. */
	void (*left)(void *arg, bool provider, enum pool_end how, bool changed);
	void *arg;
};

enum trip_end {
	TRIP_THERE, /* the site's own answer or failure */
	TRIP_LOST,  /* this line failed: another one of the pool may not */
	TRIP_SHUT,  /* the way failed */
};

struct trip;

/*
 * Why the host of that name, with these addresses, must not be asked for; NULL:
 * it may. names_there: only the proxy resolves names.
 */
struct loop_address;
const char *trip_refuses(const struct netguard *g, bool names_there,
			 const char *name, const struct loop_address *v,
			 size_t n);

/* r as from http_send(), but that r->call may be NULL. */
typedef void trip_fn(void *arg, const struct http_response *r,
		     enum trip_end how);

/*
 * Takes the seat over. req: url, headers and limits; redirects are answers. t and headers are borrowed until the callback, which
 * comes from the loop.
 */
struct trip *trip_new(const struct trips *t, struct seat seat, uint64_t host,
		      const struct http_request *req, trip_fn *fn, void *arg);
void trip_cancel(struct trip **tp);

#endif
