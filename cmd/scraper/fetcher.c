#include "fetcher_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clk.h"
#include "common/url.h"
#include "common/xmem.h"

enum {
	ROBOTS_BODY_MAX = 4 << 20, /* its beginning is what is read */
	PUMP_MAX = 64,		   /* starts in a row of one site */
	SCAN_MAX = 64,		   /* fetches in line that are looked at */
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
	if (s->asker == ft)
		s->asker = NULL;
	s->fetcher->waiting--;
}

static void fetch_free(struct fetch *ft)
{
	free(ft->fell);
	free(ft->via);
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
	return !s->first && !s->asking && !s->asking_trip && !s->ready &&
	       !s->entry.place && !s->polite.busy && !s->pins;
}

static void site_free(struct site *s)
{
	http_cancel(&s->asking);
	trip_cancel(&s->asking_trip);
	site_ways_free(s);
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

/* http and https, on whatever port, are one host to a sticky pool. */
static uint64_t hash_host(struct str origin)
{
	struct arena a = { 0 };
	struct str host = origin;
	uint64_t hash;

	url_host(origin, &a, &host);
	hash = str_hash(host);
	arena_free(&a);
	return hash;
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
	s->host = hash_host(origin);
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

/*
 * A place is free, and maybe a seat. Each of those in line is asked once: who
 * still cannot go gets in line again.
 */
static void give_place(struct fetcher *f, struct site *s)
{
	struct site *list, *r;

	f->active--;
	pump(s);
	list = f->ready;
	f->ready = NULL;
	f->ready_last = &f->ready;
	while ((r = list)) {
		list = r->next_ready;
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
	finish(ft, &v, a, r);
}

/* To where it goes on: another site, or the same by another way. */
static void go_on(struct fetch *ft, enum polite_end how, int64_t now)
{
	struct fetcher *f = ft->fetcher;
	struct site *to = site_of(f, str_from(ft->url));

	polite_end(&f->conf.polite, &ft->site->polite, how, 0, now);
	enqueue(to, ft);
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
	give_place(f, s);
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

	unlink_fetch(s, ft);
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

/* ---- robots.txt ---- */

/*
 * What fails by the ways of one fetch may go by those of another: it ends that
 * fetch, and is not remembered of the site.
 */
static void fail_asker(struct fetch *ft, const struct verdict *v)
{
	struct answer a = { .result = HTTP_OK };

	unlink_fetch(ft->site, ft);
	finish(ft, v, &a, NULL);
}

static void no_robots(struct site *s, const struct http_response *r)
{
	struct verdict v;
	struct answer a;

	answer_from(&a, r);
	classify(&a, clk_wall_us(), &v);
	fail_asker(s->asker, &v);
}

static void got_robots(struct site *s, const struct http_response *r,
		       bool directly)
{
	struct fetcher *f = s->fetcher;
	bool failed = r->result != HTTP_OK && r->result != HTTP_REDIRECTS;
	bool choice = s->asker ? way_is_choice(s->asker) : !directly;
	struct str id;

	s->robots_lost = 0;
	s->pins++;
	if (failed && s->asker &&
	    way_for_robots(s->asker, s->robots_tried + 1, &id)) {
		s->robots_tried++;
	} else {
		s->robots_tried = 0;
		if (!failed || !choice)
			robots_cache_put(&s->robots, r,
					 str_from(f->conf.robots),
					 loop_now_ms(f->conf.loop));
		else if (s->asker)
			no_robots(s, r);
		polite_ask(&s->polite,
			   s->robots.rules ? robots_delay_ms(s->robots.rules)
					   : -1);
	}
	s->pins--;
	give_place(f, s);
}

/*
 * A request like any other, but that only "later" is said to us here: what is
 * forbidden is the robots.txt alone.
 */
static void end_robots(struct site *s, const struct http_response *r)
{
	struct fetcher *f = s->fetcher;
	enum polite_end how = POLITE_NEUTRAL;
	struct verdict v;
	struct answer a;

	answer_from(&a, r);
	classify(&a, clk_wall_us(), &v);
	if (v.outcome == OUTCOME_RATE_LIMITED && f->conf.holds)
		how = POLITE_LIMITED;
	polite_end(&f->conf.polite, &s->polite, how, v.retry_ms,
		   loop_now_ms(f->conf.loop));
}

static void on_robots(void *arg, const struct http_response *r)
{
	struct site *s = arg;

	s->asking = NULL;
	end_robots(s, r);
	got_robots(s, r, true);
}

static void on_robots_trip(void *arg, const struct http_response *r,
			   enum trip_end how)
{
	struct site *s = arg;
	struct http_response failed = *r;

	/* What a proxy says in its own name is no robots.txt. */
	if (how != TRIP_THERE && r->result == HTTP_OK)
		failed.result = HTTP_NO_ROUTE;
	s->asking_trip = NULL;
	end_robots(s, &failed);
	if (how == TRIP_LOST && ++s->robots_lost < WAY_LINES_MAX)
		give_place(s->fetcher, s); /* another line of the pool */
	else
		got_robots(s, &failed, false);
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

static void wait_for(struct site *s, int64_t ms, int64_t now)
{
	if (ms == POOL_BUSY)
		await_place(s);
	else if (!s->entry.place || s->entry.due_ms > now + ms)
		retry_at(s, now + ms);
}

static void send_robots(struct site *s, struct seat seat)
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
	polite_start(&f->conf.polite, &s->polite, loop_now_ms(f->conf.loop));
	f->active++;
	if (seat.way)
		s->asking_trip = trip_new(&f->trips, seat, s->host, &req,
					  on_robots_trip, s);
	else
		s->asking = http_send(f->conf.http, &req, on_robots, s);
	free(url);
}

/* False: no way is open to this one, which is over. */
static bool ask_robots(struct site *s, struct fetch *ft, int64_t now)
{
	struct fetcher *f = s->fetcher;
	char reason[EGRESS_REASON_MAX] = "";
	enum egress_answer got = EGRESS_SHUT;
	struct seat seat = { NULL, 0 };
	struct verdict v;
	int64_t wait = 0;
	struct str id;

	if (s->asker != ft)
		s->robots_tried = 0;
	s->asker = ft;
	for (; way_for_robots(ft, s->robots_tried, &id); s->robots_tried++) {
		got = EGRESS_TAKEN;
		if (!way_is_direct(id))
			got = egress_take(f->conf.egress, id, s->host, now,
					  clk_wall_us() / 1000000, &seat, &wait,
					  reason);
		if (got == EGRESS_TAKEN)
			send_robots(s, seat);
		if (got == EGRESS_WAIT)
			wait_for(s, wait, now);
		if (got == EGRESS_TAKEN || got == EGRESS_WAIT)
			return true;
		s->robots_lost = 0;
	}
	s->robots_tried = 0;
	way_say_shut(got, reason, &v);
	fail_asker(ft, &v);
	return false;
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
	case CHOICE_WAIT: wait_for(s, wait, now); return false;
	case CHOICE_END: break;
	}
	unlink_fetch(s, ft);
	finish(ft, &v, &a, NULL);
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

	if (!ft || s->asking || s->asking_trip)
		return false;
	if (f->active >= (size_t)f->conf.max_active) {
		await_place(s);
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
			unlink_fetch(s, ft);
			finish_robots(ft, what);
			return true;
		}
		wait = polite_wait(&f->conf.polite, &s->polite, now);
		if (wait > 0)
			retry_at(s, now + wait);
		if (wait != 0)
			return false;
		if (what == ROBOTS_UNKNOWN)
			return !ask_robots(s, ft, now);
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
	if (ft->call || ft->trip) {
		struct fetcher *f = ft->fetcher;

		http_cancel(&ft->call);
		trip_cancel(&ft->trip);
		polite_end(&f->conf.polite, &ft->site->polite, POLITE_NEUTRAL,
			   0, loop_now_ms(f->conf.loop));
		f->active--;
		if (!ft->site->entry.place)
			retry_at(ft->site, loop_now_ms(f->conf.loop));
		for (struct site *s = f->ready; s; s = s->next_ready)
			wait_for(s, 0, loop_now_ms(f->conf.loop));
	} else {
		unlink_fetch(ft->site, ft);
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
