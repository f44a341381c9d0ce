#include "fetcher_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clk.h"
#include "common/url.h"
#include "common/xmem.h"

#include "origin.h"

enum {
	PUMP_MAX = 64,	       /* starts in a row of one site */
	SCAN_MAX = 64,	       /* fetches in line that are looked at */
	ROBOTS_AGAIN_MS = 200, /* until another site may have a turn for us */
};

static void pump(struct site *s);

/* ---- ends ---- */

void fetch_finish(struct fetch *ft, const struct verdict *v,
		  const struct answer *a, const struct http_response *r)
{
	struct fetched f = { .v = v, .a = a, .r = r, .sent_us = ft->sent_us };

	f.via = ft->by;
	f.proxy = ft->proxy[0] ? ft->proxy : NULL;
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
	fetch_finish(ft, &v, &a, NULL);
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

static bool is_full(const struct fetcher *f)
{
	return f->active + f->held >= (size_t)f->conf.max_active;
}

/*
 * A place is free, and maybe a seat. Each of those in line is asked once: who
 * still cannot go gets in line again.
 */
static void take_places(struct fetcher *f)
{
	struct site *list = f->ready, **last = f->ready_last, *r;

	f->ready = NULL;
	f->ready_last = &f->ready;
	while (!is_full(f) && (r = list)) {
		list = r->next_ready;
		r->ready = false;
		pump(r);
	}
	if (!list)
		return;
	/* The others wait on, before those that still must after their turn. */
	*last = f->ready;
	if (!f->ready)
		f->ready_last = last;
	f->ready = list;
}

void fetcher_give_place(struct fetcher *f, struct site *s)
{
	f->active--;
	pump(s);
	take_places(f);
}

void fetcher_hold(struct fetcher *f, size_t places)
{
	bool more = places < f->held;

	f->held = places;
	if (more)
		take_places(f);
}

/* ---- redirects ---- */

/* True if the answer leads on, and the fetch goes there. */
static bool follow(struct fetch *ft, const struct http_response *r)
{
	struct str to;

	if (r->result != HTTP_OK || r->status / 100 != 3 || !r->location)
		return false;
	to = str_from(r->location);
	if (!url_is_http(to) || ft->hops++ >= ft->fetcher->conf.max_redirects)
		return false;
	ft->own = ft->own && origin_is_home(str_from(ft->url), to);
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
		     const struct verdict *how, const struct answer *a,
		     int64_t now)
{
	struct fetcher *f = ft->fetcher;
	struct verdict v = *how;

	polite_end(&f->conf.polite, &ft->site->polite,
		   f->conf.holds ? politeness_of(&v) : POLITE_NEUTRAL,
		   v.retry_ms, now);
	/* Before the host's hold ends there is no next try. */
	if (ft->site->polite.hold_ms - now > v.retry_ms)
		v.retry_ms = ft->site->polite.hold_ms - now;
	fetch_finish(ft, &v, a, r);
}

/* To where it goes on: another site, or the same by another way. */
static void go_on(struct fetch *ft, enum polite_end how, int64_t now)
{
	struct fetcher *f = ft->fetcher;
	struct site *to = site_of(f, str_from(ft->url));

	polite_end(&f->conf.polite, &ft->site->polite, how, 0, now);
	site_add(to, ft);
	pump(to);
}

static void ended(struct fetch *ft, const struct http_response *r,
		  enum trip_end how)
{
	struct fetcher *f = ft->fetcher;
	struct site *s = ft->site;
	int64_t now = loop_now_ms(f->conf.loop);
	struct verdict v;
	struct answer a;

	s->pins++;
	if (how == TRIP_THERE && follow(ft, r)) {
		go_on(ft, POLITE_GOOD, now);
	} else {
		answer_from(&a, r);
		a.conditional = ft->conditional && !ft->provided;
		if (!classify_redirect(ft, r, &v))
			classify(&a, r->status == 304 ? 0 : clk_wall_us(), &v);
		if (way_next(ft, &v, r->result, how, now))
			go_on(ft, POLITE_NEUTRAL, now);
		else
			answered(ft, r, &v, &a, now);
	}
	s->pins--;
	fetcher_give_place(f, s);
}

static void on_answer(void *arg, const struct http_response *r)
{
	struct fetch *ft = arg;

	ft->call = NULL;
	ended(ft, r, TRIP_THERE);
}

static void on_trip(void *arg, const struct http_response *r, enum trip_end how)
{
	struct fetch *ft = arg;

	ft->trip = NULL;
	ended(ft, r, how);
}

static void start(struct site *s, struct fetch *ft, struct seat seat,
		  int64_t now)
{
	struct fetcher *f = s->fetcher;
	struct http_request req = {
		.url = ft->url,
		.headers = ft->own ? ft->headers : ft->version,
		.max_bytes = f->conf.max_bytes,
		.timeout_ms = f->conf.timeout_ms,
		.connect_ms = f->conf.connect_ms,
	};

	site_remove(s, ft);
	polite_start(&f->conf.polite, &s->polite, now);
	f->active++;
	if (!ft->sent_us)
		ft->sent_us = clk_mono_us();
	ft->by = seat.way ? ft->via[ft->way] : (struct str){ 0 };
	ft->provided = seat.way && seat.way->is_provider;
	str_copy(ft->proxy, sizeof(ft->proxy), str_from(seat_proxy(&seat)));
	if (seat.way)
		ft->trip =
			trip_new(&f->trips, seat, s->host, &req, on_trip, ft);
	else
		ft->call = http_send(f->conf.http, &req, on_answer, ft);
}

/* ---- the line ---- */

/* True if this one is through: sent, or ended. */
static bool try_one(struct site *s, struct fetch *ft, int64_t now)
{
	struct answer a = { .result = HTTP_OK };
	struct verdict v;
	struct seat seat;
	int64_t wait = 0;

	switch (way_choose(ft, now, &seat, &wait, &v)) {
	case CHOICE_GO: start(s, ft, seat, now); return true;
	case CHOICE_WAIT: site_wait(s, wait, now); return false;
	case CHOICE_END: break;
	}
	site_remove(s, ft);
	fetch_finish(ft, &v, &a, NULL);
	return true;
}

/*
 * Start what may start: mostly the first in line, or one behind others that
 * wait for their way. False when there is something to wait for.
 */
static bool pump_one(struct site *s)
{
	struct fetcher *f = s->fetcher;
	int64_t now = loop_now_ms(f->conf.loop), wait;
	struct fetch *ft = s->first;
	struct site *turn;

	if (!ft || s->asking || s->asking_trip)
		return false;
	if (is_full(f)) {
		site_await(s);
		return false;
	}
	for (int i = 0; ft && i < SCAN_MAX; ft = ft->next, i++) {
		enum robots_verdict what = ROBOTS_ALLOW;

		if (f->conf.robots && !ft->ignores_robots)
			what = robots_cache_ask(&s->robots, str_from(ft->url),
						now);
		/* Not reached directly may well be reached otherwise. */
		if (what == ROBOTS_GONE && way_is_choice(ft))
			what = ROBOTS_UNKNOWN;
		if (what != ROBOTS_ALLOW && what != ROBOTS_UNKNOWN) {
			site_remove(s, ft);
			finish_robots(ft, what);
			return true;
		}
		turn = s;
		if (what == ROBOTS_UNKNOWN)
			turn = site_robots_turn(s, ft);
		wait = polite_wait(&f->conf.polite, &turn->polite, now);
		if (turn != s && wait == POLITE_BUSY)
			wait = ROBOTS_AGAIN_MS;
		if (wait > 0)
			site_retry(s, now + wait);
		if (wait != 0)
			return false;
		if (what == ROBOTS_UNKNOWN)
			return !site_ask_robots(s, ft, now);
		if (try_one(s, ft, now))
			return true;
	}
	return false;
}

static void pump(struct site *s)
{
	int i = 0;

	s->pins++;
	while (i < PUMP_MAX && pump_one(s))
		i++;
	s->pins--;
	if (i == PUMP_MAX) /* let others have their turn */
		site_retry(s, loop_now_ms(s->fetcher->conf.loop));
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

/* The list and its texts in one piece. */
static struct str *copy_ways(const struct str *via, size_t n)
{
	size_t size = n * sizeof(*via);
	struct str *copy;
	char *text;

	for (size_t i = 0; i < n; i++)
		size += via[i].len;
	if (n == 0)
		return NULL;
	copy = xmalloc(size);
	text = (char *)(copy + n);
	for (size_t i = 0; i < n; i++) {
		memcpy(text, via[i].p, via[i].len);
		copy[i] = (struct str){ text, via[i].len };
		text += via[i].len;
	}
	return copy;
}

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
	ft->via = copy_ways(req->via, req->n_via);
	ft->n_via = req->n_via;
	ft->own = true;
	ft->ignores_robots = req->ignores_robots;
	ft->fn = fn;
	ft->arg = arg;
	site_add(s, ft);
	/* From the loop, so that no callback comes before we return. */
	if (!s->entry.place)
		site_retry(s, loop_now_ms(f->conf.loop));
	return ft;
}

void fetch_cancel(struct fetch **fp)
{
	struct fetch *ft = *fp;

	if (!ft)
		return;
	if (ft->call || ft->trip) {
		struct fetcher *f = ft->fetcher;

		http_cancel(&ft->call);
		trip_cancel(&ft->trip);
		polite_end(&f->conf.polite, &ft->site->polite, POLITE_NEUTRAL,
			   0, loop_now_ms(f->conf.loop));
		f->active--;
		if (!ft->site->entry.place)
			site_retry(ft->site, loop_now_ms(f->conf.loop));
		for (struct site *s = f->ready; s; s = s->next_ready)
			site_wait(s, 0, loop_now_ms(f->conf.loop));
	} else {
		site_remove(ft->site, ft);
	}
	fetch_free(ft);
	*fp = NULL;
}

int64_t fetcher_hold_ms(const struct fetcher *f, const char *url)
{
	struct str origin = origin_of(str_from(url));
	const struct site *s = f->sites[str_hash(origin) % SITES];
	int64_t now = loop_now_ms(f->conf.loop);

	while (s && !str_is(origin, s->origin))
		s = s->next;
	return s && s->polite.hold_ms > now ? s->polite.hold_ms - now : 0;
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

static void set_trips(struct fetcher *f)
{
	f->trips = (struct trips){
		.loop = f->conf.loop,
		.http = f->conf.http,
		.guard = f->conf.guard,
		.spend = f->conf.spend,
		.left = f->conf.left,
		.arg = f->conf.arg,
	};
}

struct fetcher *fetcher_new(const struct fetcher_conf *conf)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));

	f->conf = *conf;
	f->timer = loop_timer_new(conf->loop, on_timer, f);
	f->ready_last = &f->ready;
	set_trips(f);
	return f;
}

void fetcher_set(struct fetcher *f, const struct fetcher_conf *conf)
{
	const struct fetcher_conf old = f->conf;

	f->conf = *conf;
	f->conf.loop = old.loop;
	f->conf.http = old.http;
	f->conf.egress = old.egress;
	f->conf.spend = old.spend;
	f->conf.left = old.left;
	f->conf.arg = old.arg;
	set_trips(f);
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
