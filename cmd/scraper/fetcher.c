#include "fetcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clk.h"
#include "common/url.h"
#include "common/xmem.h"

#include "robots_cache.h"
#include "schedule.h"

enum {
	SITES = 4096, /* slots of the table, by hash */
	/*
	 * Remembered: one for each watch that there may be, or robots.txt would
	 * be asked for with every fetch; and redirects may name many more.
	 */
	SITES_MAX = 64 << 10,
	ROBOTS_BODY_MAX = 4 << 20, /* its beginning is what is read */
	PUMP_MAX = 64,		   /* starts in a row of one site */
};

/* One origin: "https://shop.example:8443". */
struct site {
	struct schedule_entry entry; /* first: when to try again */
	struct fetcher *fetcher;
	char *origin;
	struct polite_host polite;
	struct robots_cache robots;
	struct http_call *asking; /* for robots.txt */
	struct fetch *first, **last;
	bool ready;    /* in the line for a free place */
	unsigned pins; /* in use up the stack */
	struct site *next, *next_ready;
};

struct fetch {
	struct fetcher *fetcher;
	struct site *site;
	char *url;
	const struct http_headers *headers, *version;
	bool conditional, own; /* own: still at the watch's host */
	bool ignores_robots;
	int64_t hops;
	int64_t sent_us;	/* its first request; 0: not yet */
	struct http_call *call; /* under way */
	struct fetch *next;	/* while it waits */
	fetch_fn *fn;
	void *arg;
};

struct fetcher {
	struct fetcher_conf conf;
	struct loop_timer *timer;
	struct schedule schedule;
	struct site *sites[SITES];
	struct site *ready, **ready_last;
	size_t n_sites, waiting, active;
};

static void pump(struct site *s);

/* ---- sites ---- */

static void enqueue(struct site *s, struct fetch *ft)
{
	ft->site = s;
	ft->next = NULL;
	*s->last = ft;
	s->last = &ft->next;
	s->fetcher->waiting++;
}

static void unlink_fetch(struct site *s, struct fetch *ft)
{
	struct fetch **p = &s->first;

	while (*p != ft)
		p = &(*p)->next;
	*p = ft->next;
	if (s->last == &ft->next)
		s->last = p;
	s->fetcher->waiting--;
}

static void fetch_free(struct fetch *ft)
{
	free(ft->url);
	free(ft);
}

/* The URL up to its path: its own spelling of the origin is good enough. */
static struct str origin_of(struct str url)
{
	size_t at = str_find(url, STR("://"));
	size_t n = at == (size_t)-1 ? url.len : at + 3;

	while (n < url.len && !strchr("/?#", url.p[n]))
		n++;
	return str_sub(url, 0, n);
}

static bool site_is_idle(const struct site *s)
{
	return !s->first && !s->asking && !s->ready && !s->entry.place &&
	       !s->polite.busy && !s->pins;
}

static void site_free(struct site *s)
{
	http_cancel(&s->asking);
	while (s->first) {
		struct fetch *ft = s->first;

		unlink_fetch(s, ft);
		fetch_free(ft);
	}
	robots_cache_free(&s->robots);
	free(s->origin);
	free(s);
}

/* Forget the sites that nothing waits for. */
static void forget_sites(struct fetcher *f)
{
	for (size_t i = 0; i < SITES; i++) {
		struct site **sp = &f->sites[i];

		while (*sp) {
			struct site *s = *sp;

			if (!site_is_idle(s)) {
				sp = &s->next;
				continue;
			}
			*sp = s->next;
			site_free(s);
			f->n_sites--;
		}
	}
}

static struct site *site_of(struct fetcher *f, struct str url)
{
	struct str origin = origin_of(url);
	uint64_t hash = str_hash(origin);
	struct site **slot = &f->sites[hash % SITES];
	struct site *s = *slot;

	while (s && !str_is(origin, s->origin))
		s = s->next;
	if (s)
		return s;
	if (f->n_sites >= SITES_MAX)
		forget_sites(f);
	f->n_sites++;
	s = xcalloc(1, sizeof(*s));
	s->fetcher = f;
	s->origin = xstrndup(origin.p, origin.len);
	s->polite.seed = hash;
	s->last = &s->first;
	s->next = *slot;
	*slot = s;
	return s;
}

static void retry_at(struct site *s, int64_t at_ms)
{
	struct fetcher *f = s->fetcher;
	int64_t now = loop_now_ms(f->conf.loop);

	schedule_set(&f->schedule, &s->entry, at_ms);
	if (schedule_first(&f->schedule) == &s->entry)
		loop_timer_start(f->timer, at_ms - now);
}

/* ---- ends ---- */

static void finish(struct fetch *ft, const struct verdict *v,
		   const struct answer *a, const struct http_response *r)
{
	const struct fetched f = {
		.v = v, .a = a, .r = r, .sent_us = ft->sent_us
	};

	ft->fn(ft->arg, &f);
	fetch_free(ft);
}

/* End without a request, because of what we know of robots.txt. */
static void finish_robots(struct fetch *ft, enum robots_verdict what)
{
	const struct robots_cache *c = &ft->site->robots;
	struct answer a = { .result = c->result, .reason = c->reason };
	struct verdict v = { .outcome = OUTCOME_REFUSED };

	if (what == ROBOTS_DENY)
		snprintf(v.reason, sizeof(v.reason), "robots.txt forbids it");
	else if (what == ROBOTS_FAILING)
		snprintf(v.reason, sizeof(v.reason),
			 "robots.txt cannot be read: status %d", c->status);
	else
		classify(&a, clk_wall_us(), &v);
	finish(ft, &v, &a, NULL);
}

static enum polite_end politeness_of(const struct verdict *v)
{
	switch (v->outcome) {
	case OUTCOME_FOUND:
	case OUTCOME_UNCHANGED:
	case OUTCOME_EMPTY: return POLITE_GOOD;
	case OUTCOME_BLOCKED: return POLITE_BLOCKED;
	case OUTCOME_RATE_LIMITED: return POLITE_LIMITED;
	default: return POLITE_NEUTRAL;
	}
}

static void give_place(struct fetcher *f, struct site *s)
{
	struct site *r;

	f->active--;
	pump(s);
	while (f->active < (size_t)f->conf.max_active && (r = f->ready)) {
		f->ready = r->next_ready;
		if (!f->ready)
			f->ready_last = &f->ready;
		r->ready = false;
		pump(r);
	}
}

/* ---- redirects ---- */

/* The same host, and not from https to where everybody can read it. */
static bool stays_home(struct str from, struct str to)
{
	struct str a = origin_of(from), b = origin_of(to), x, y;

	if (str_eq_nocase(a, b))
		return true;
	str_cut(a, ':', &x);
	str_cut(b, ':', &y);
	return str_eq_nocase(x, y) && str_starts(b, STR("https:"));
}

/* True if the answer leads on, and the fetch goes there. */
static bool follow(struct fetch *ft, const struct http_response *r)
{
	struct str to;

	if (r->result != HTTP_OK || r->status / 100 != 3 || !r->location)
		return false;
	to = str_from(r->location);
	if (!url_is_http(to) || ft->hops++ >= ft->fetcher->conf.max_redirects)
		return false;
	ft->own = ft->own && stays_home(str_from(ft->url), to);
	free(ft->url);
	ft->url = xstrndup(to.p, to.len);
	return true;
}

/* A redirect that was not followed, and why. */
static bool classify_redirect(const struct fetch *ft,
			      const struct http_response *r, struct verdict *v)
{
	if (r->result != HTTP_OK || r->status / 100 != 3 || !r->location)
		return false;
	*v = (struct verdict){ .outcome = OUTCOME_HTTP_ERROR };
	if (url_is_http(str_from(r->location))) {
		snprintf(v->reason, sizeof(v->reason),
			 "more than %lld redirects",
			 (long long)ft->fetcher->conf.max_redirects);
		return true;
	}
	v->outcome = OUTCOME_REFUSED;
	snprintf(v->reason, sizeof(v->reason), "redirect to %.100s",
		 r->location);
	str_make_printable(v->reason);
	return true;
}

/* ---- requests ---- */

static void answered(struct fetch *ft, const struct http_response *r,
		     int64_t now)
{
	struct fetcher *f = ft->fetcher;
	struct verdict v;
	struct answer a;

	answer_from(&a, r);
	a.conditional = ft->conditional;
	if (!classify_redirect(ft, r, &v))
		classify(&a, r->status == 304 ? 0 : clk_wall_us(), &v);
	polite_end(&f->conf.polite, &ft->site->polite,
		   f->conf.holds ? politeness_of(&v) : POLITE_NEUTRAL,
		   v.retry_ms, now);
	/* Before the host's hold ends there is no next try. */
	if (ft->site->polite.hold_ms - now > v.retry_ms)
		v.retry_ms = ft->site->polite.hold_ms - now;
	finish(ft, &v, &a, r);
}

static void on_answer(void *arg, const struct http_response *r)
{
	struct fetch *ft = arg;
	struct fetcher *f = ft->fetcher;
	struct site *s = ft->site;
	int64_t now = loop_now_ms(f->conf.loop);

	ft->call = NULL;
	s->pins++;
	if (follow(ft, r)) {
		struct site *to = site_of(f, str_from(ft->url));

		polite_end(&f->conf.polite, &s->polite, POLITE_GOOD, 0, now);
		enqueue(to, ft);
		pump(to);
	} else {
		answered(ft, r, now);
	}
	s->pins--;
	give_place(f, s);
}
static void start(struct site *s, struct fetch *ft, int64_t now)
{
	struct fetcher *f = s->fetcher;
	struct http_request req = {
		.url = ft->url,
		.headers = ft->own ? ft->headers : ft->version,
		.max_bytes = f->conf.max_bytes,
		.timeout_ms = f->conf.timeout_ms,
		.connect_ms = f->conf.connect_ms,
	};

	unlink_fetch(s, ft);
	polite_start(&f->conf.polite, &s->polite, now);
	f->active++;
	if (!ft->sent_us)
		ft->sent_us = clk_mono_us();
	ft->call = http_send(f->conf.http, &req, on_answer, ft);
}

static void on_robots(void *arg, const struct http_response *r)
{
	struct site *s = arg;
	struct fetcher *f = s->fetcher;

	s->asking = NULL;
	robots_cache_put(&s->robots, r, str_from(f->conf.robots),
			 loop_now_ms(f->conf.loop));
	polite_ask(&s->polite,
		   s->robots.rules ? robots_delay_ms(s->robots.rules) : -1);
	give_place(f, s);
}

static void ask_robots(struct site *s)
{
	struct fetcher *f = s->fetcher;
	size_t size = strlen(s->origin) + sizeof("/robots.txt");
	char *url = xmalloc(size);
	struct http_request req = {
		.url = url,
		.max_bytes = ROBOTS_BODY_MAX,
		.timeout_ms = f->conf.timeout_ms,
		.connect_ms = f->conf.connect_ms,
		.max_redirects = ROBOTS_REDIRECTS,
	};

	snprintf(url, size, "%s/robots.txt", s->origin);
	f->active++;
	s->asking = http_send(f->conf.http, &req, on_robots, s);
	free(url);
}

static void await_place(struct site *s)
{
	struct fetcher *f = s->fetcher;

	if (s->ready)
		return;
	s->ready = true;
	s->next_ready = NULL;
	*f->ready_last = s;
	f->ready_last = &s->next_ready;
}

/* Start what may start. False when there is something to wait for. */
static bool pump_one(struct site *s)
{
	struct fetcher *f = s->fetcher;
	int64_t now = loop_now_ms(f->conf.loop), wait;
	enum robots_verdict what = ROBOTS_ALLOW;
	struct fetch *ft = s->first;

	if (!ft || s->asking)
		return false;
	if (f->active >= (size_t)f->conf.max_active) {
		await_place(s);
		return false;
	}
	if (f->conf.robots && !ft->ignores_robots)
		what = robots_cache_ask(&s->robots, str_from(ft->url), now);
	if (what == ROBOTS_UNKNOWN) {
		ask_robots(s);
		return false;
	}
	if (what != ROBOTS_ALLOW) {
		unlink_fetch(s, ft);
		finish_robots(ft, what);
		return true;
	}
	wait = polite_wait(&f->conf.polite, &s->polite, now);
	if (wait > 0)
		retry_at(s, now + wait);
	if (wait != 0)
		return false;
	start(s, ft, now);
	return true;
}

static void pump(struct site *s)
{
	int i = 0;

	s->pins++;
	while (i < PUMP_MAX && pump_one(s))
		i++;
	s->pins--;
	if (i == PUMP_MAX) /* let others have their turn */
		retry_at(s, loop_now_ms(s->fetcher->conf.loop));
}

static void on_timer(void *arg)
{
	struct fetcher *f = arg;
	int64_t now = loop_now_ms(f->conf.loop);
	struct schedule_entry *e;

	while ((e = schedule_first(&f->schedule)) && e->due_ms <= now) {
		schedule_remove(&f->schedule, e);
		pump((struct site *)(void *)e);
		if (schedule_first(&f->schedule) == e && e->due_ms <= now)
			break;
	}
	if (e)
		loop_timer_start(f->timer, e->due_ms - now);
}

/* ---- interface ---- */

struct fetch *fetcher_get(struct fetcher *f, const struct fetch_request *req,
			  fetch_fn *fn, void *arg)
{
	struct fetch *ft = xcalloc(1, sizeof(*ft));
	struct site *s = site_of(f, str_from(req->url));

	ft->fetcher = f;
	ft->url = xstrdup(req->url);
	ft->headers = req->headers;
	ft->version = req->version;
	ft->conditional = req->conditional;
	ft->own = true;
	ft->ignores_robots = req->ignores_robots;
	ft->fn = fn;
	ft->arg = arg;
	enqueue(s, ft);
	/* From the loop, so that no callback comes before we return. */
	if (!s->entry.place)
		retry_at(s, loop_now_ms(f->conf.loop));
	return ft;
}

void fetch_cancel(struct fetch **fp)
{
	struct fetch *ft = *fp;

	if (!ft)
		return;
	if (ft->call) {
		struct fetcher *f = ft->fetcher;

		http_cancel(&ft->call);
		polite_end(&f->conf.polite, &ft->site->polite, POLITE_NEUTRAL,
			   0, loop_now_ms(f->conf.loop));
		f->active--;
		if (!ft->site->entry.place)
			retry_at(ft->site, loop_now_ms(f->conf.loop));
	} else {
		unlink_fetch(ft->site, ft);
	}
	fetch_free(ft);
	*fp = NULL;
}

void fetcher_forget_robots(struct fetcher *f)
{
	for (size_t i = 0; i < SITES; i++)
		for (struct site *s = f->sites[i]; s; s = s->next)
			robots_cache_free(&s->robots);
}

size_t fetcher_waiting(const struct fetcher *f)
{
	return f->waiting;
}

size_t fetcher_active(const struct fetcher *f)
{
	return f->active;
}

struct fetcher *fetcher_new(const struct fetcher_conf *conf)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));

	f->conf = *conf;
	f->timer = loop_timer_new(conf->loop, on_timer, f);
	f->ready_last = &f->ready;
	return f;
}

void fetcher_set(struct fetcher *f, const struct fetcher_conf *conf)
{
	const struct fetcher_conf old = f->conf;

	f->conf = *conf;
	f->conf.loop = old.loop;
	f->conf.http = old.http;
}

void fetcher_free(struct fetcher **fp)
{
	struct fetcher *f = *fp;

	if (!f)
		return;
	for (size_t i = 0; i < SITES; i++) {
		while (f->sites[i]) {
			struct site *s = f->sites[i];

			f->sites[i] = s->next;
			site_free(s);
		}
	}
	schedule_free(&f->schedule);
	loop_timer_free(&f->timer);
	free(f);
	*fp = NULL;
}
