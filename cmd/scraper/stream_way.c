/*
 * By which way a stream is reached: the first of those that its watch names,
 * and after a failure the next. A chat is a request of its proxy until it
 * stands; then the seat is another's, as it would never come free.
 *
 * The host is judged as that of a page is (trip.h), before a proxy is asked to
 * go there.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clk.h"
#include "common/loop_resolve.h"
#include "common/types_way.h"
#include "common/url.h"
#include "common/wire_url.h"
#include "common/xmem.h"

#include "stream_private.h"
#include "trip.h"

enum { BUSY_MS = 500 }; /* until another look for a seat */

struct stream_way {
	struct seat seat; /* until it stands */
	uint64_t host;	  /* a hash, for the seat */
	char *name;	  /* of the host */
	struct loop_resolve *resolve;
	struct http_proxy proxy; /* a copy, as the seat is left before */
	char address[NI_MAXHOST];
};

static char *copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void drop(char **text)
{
	free(*text);
	*text = NULL;
}

void stream_way_leave(struct stream *s, enum pool_end how, const char *reason)
{
	const struct streams *ss = s->all;
	struct stream_way *w = s->way;
	bool changed;

	if (!w || !w->seat.way)
		return;
	changed = egress_leave(&w->seat, how, reason, 0, w->host,
			       loop_now_ms(ss->loop));
	ss->conf.left(ss->conf.arg, false, how, changed);
}

enum pool_end stream_way_health(const struct link_end *end)
{
	if (end->way == LINK_PROXY_FAILED)
		return POOL_FAILED;
	return end->way == LINK_PROXY_DOUBTED ||
			       end->outcome == OUTCOME_TIMEOUT ||
			       end->outcome == OUTCOME_BLOCKED ||
			       end->outcome == OUTCOME_RATE_LIMITED
		       ? POOL_DOUBT
		       : POOL_GOOD;
}

void stream_way_free(struct stream *s)
{
	struct stream_way *w = s->way;
	char *url, *user, *password;

	if (!w)
		return;
	stream_way_leave(s, POOL_NEUTRAL, NULL);
	loop_resolve_free(&w->resolve);
	url = (char *)(uintptr_t)w->proxy.url;
	user = (char *)(uintptr_t)w->proxy.user;
	password = (char *)(uintptr_t)w->proxy.password;
	drop(&url);
	drop(&user);
	drop(&password);
	free(w->name);
	free(w);
	s->way = NULL;
}

static void fail(struct stream *s, enum outcome outcome, const char *reason)
{
	stream_end(s,
		   &(struct link_end){ .outcome = outcome, .reason = reason });
}

static void on_resolved(void *arg, const struct loop_address *v, size_t n,
			const char *why)
{
	struct stream *s = arg;
	struct stream_way *w = s->way;
	bool there = w->seat.way->names_there;
	const char *what =
		trip_refuses(s->all->conf.links.guard, there, w->name, v, n);
	char reason[LINK_REASON_MAX];

	loop_resolve_free(&w->resolve);
	if (what) {
		snprintf(reason, sizeof(reason), "address is %s", what);
		stream_way_leave(s, POOL_NEUTRAL, NULL);
		fail(s, OUTCOME_REFUSED, reason);
	} else if (n == 0 && !there) {
		snprintf(reason, sizeof(reason), "dns: %.150s: %s", w->name,
			 why);
		stream_way_leave(s, POOL_NEUTRAL, NULL);
		fail(s, OUTCOME_UNREACHABLE, reason);
	} else {
		if (n && !getnameinfo((const struct sockaddr *)&v[0].sa,
				      v[0].len, w->address, sizeof(w->address),
				      NULL, 0, NI_NUMERICHOST))
			s->target.address = w->address;
		s->target.proxy = &w->proxy;
		stream_connect(s);
	}
}

/* Of an address that the watch's door has let in. */
static unsigned find_host(const struct stream *s, char **name_r)
{
	struct str url = str_from(s->target.url), host;
	struct arena a = { 0 };
	struct wire_url u;

	if (!wire_url_parse(url, &u)) {
		*name_r = xstrdup(u.host);
		return u.port;
	}
	if (!url_host(url, &a, &host))
		host = STR("invalid.");
	if (str_starts(host, STR("[")))
		host = str_sub(host, 1, host.len - 1);
	*name_r = xstrndup(host.p, host.len);
	arena_free(&a);
	return url_port(url);
}

static void look(struct stream *s)
{
	struct stream_way *w = s->way;
	const struct way *way = w->seat.way;
	const struct http_proxy *p = &way->proxies[w->seat.line];
	unsigned port = find_host(s, &w->name);

	w->proxy = (struct http_proxy){ .url = copy(p->url),
					.user = copy(p->user),
					.password = copy(p->password),
					.alone = p->alone };
	w->resolve = loop_resolve_all(s->all->loop, w->name, port,
				      way->names_there, on_resolved, s);
	if (!w->resolve) /* no name at all: none that can be found */
		w->resolve = loop_resolve_all(s->all->loop, "invalid.", 0,
					      false, on_resolved, s);
}

/* TAKEN, WAIT, or why it is shut. */
static enum egress_answer take(struct stream *s, struct str id, int64_t *wait_r,
			       char reason[EGRESS_REASON_MAX])
{
	const struct streams *ss = s->all;
	struct stream_way *w = s->way;

	if (egress_find(ss->conf.egress, id, true)) {
		snprintf(reason, EGRESS_REASON_MAX,
			 "via: %.*s is a provider of pages; a chat goes "
			 "through proxies or directly",
			 STR_ARG(id));
		return EGRESS_SHUT;
	}
	return egress_take(ss->conf.egress, id, w->host, loop_now_ms(ss->loop),
			   clk_wall_us() / 1000000, &w->seat, wait_r, reason);
}

void stream_way_begin(struct stream *s)
{
	const struct shape_list *via = &s->watch->def.via;
	char reason[EGRESS_REASON_MAX] = "";
	enum egress_answer got = EGRESS_SHUT;
	int64_t wait_ms = 0;

	stream_way_free(s);
	s->target.proxy = NULL;
	s->target.address = NULL;
	if (via->n == 0) {
		stream_connect(s);
		return;
	}
	s->way = xcalloc(1, sizeof(*s->way));
	s->way->host = str_hash(s->watch->def.source);
	for (size_t i = 0; i < via->n; i++) {
		struct str id = via->v[(s->failures + i) % via->n];

		if (str_is(id, WAY_DIRECT)) {
			stream_connect(s);
			return;
		}
		got = take(s, id, &wait_ms, reason);
		if (got == EGRESS_TAKEN || got == EGRESS_WAIT)
			break;
	}
	if (got == EGRESS_TAKEN)
		look(s);
	else if (got == EGRESS_WAIT)
		stream_try_in(s, wait_ms > 0 ? wait_ms : BUSY_MS);
	else
		fail(s,
		     got == EGRESS_RESTS ? OUTCOME_UNREACHABLE
					 : OUTCOME_REFUSED,
		     reason);
}
