#include "common/loop_resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "common/xmem.h"

struct loop_resolve {
	uv_getaddrinfo_t uv; /* first */
	loop_resolve_fn *fn; /* NULL: nobody wants to know any more */
	void *arg;
	bool done;
};

static void on_addresses(uv_getaddrinfo_t *uv, int status,
			 struct addrinfo *found)
{
	struct loop_resolve *r = (struct loop_resolve *)uv;
	struct loop_address list[LOOP_RESOLVE_MAX];
	size_t n = 0;

	for (const struct addrinfo *a = found; a && n < ARRAY_LEN(list);
	     a = a->ai_next) {
		if (a->ai_addrlen > sizeof(list[n].sa))
			continue;
		memcpy(&list[n].sa, a->ai_addr, a->ai_addrlen);
		list[n++].len = a->ai_addrlen;
	}
	uv_freeaddrinfo(found);
	r->done = true;
	if (!r->fn) {
		free(r);
		return;
	}
	r->fn(r->arg, list, n, n ? "" : uv_strerror(status));
}

static struct loop_resolve *start(struct loop *l, const char *host,
				  unsigned port, int flags, loop_resolve_fn *fn,
				  void *arg)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM,
					.ai_flags = flags };
	struct loop_resolve *r = xcalloc(1, sizeof(*r));
	char service[16];

	r->fn = fn;
	r->arg = arg;
	snprintf(service, sizeof(service), "%u", port);
	/* Fails only where memory or the arguments do. */
	if (uv_getaddrinfo(loop_native(l), &r->uv, on_addresses, host, service,
			   &hints)) {
		free(r);
		return NULL;
	}
	return r;
}

struct loop_resolve *loop_resolve_new(struct loop *l, const char *host,
				      unsigned port, loop_resolve_fn *fn,
				      void *arg)
{
	return start(l, host, port, AI_ADDRCONFIG, fn, arg);
}

struct loop_resolve *loop_resolve_all(struct loop *l, const char *host,
				      unsigned port, bool numbers_only,
				      loop_resolve_fn *fn, void *arg)
{
	return start(l, host, port, numbers_only ? AI_NUMERICHOST : 0, fn, arg);
}

void loop_resolve_free(struct loop_resolve **rp)
{
	struct loop_resolve *r = *rp;

	*rp = NULL;
	if (!r)
		return;
	r->fn = NULL;
	if (r->done)
		free(r);
	else /* on_addresses() is still to come, and frees it */
		uv_cancel((uv_req_t *)&r->uv);
}
