/*
 * robots.txt: asked for by the ways of the first fetch that wants to know. Where
 * it leads to another site, it waits for its turn there like any request.
 */
#include "fetcher_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/url.h"
#include "common/xmem.h"

enum { ROBOTS_BODY_MAX = 4 << 20 }; /* its beginning is what is read */

/*
 * What fails by the ways of one fetch may go by those of another: it ends that
 * fetch, and is not remembered of the site.
 */
static void fail_asker(struct fetch *ft, const struct verdict *v)
{
	struct answer a = { .result = HTTP_OK };

	site_remove(ft->site, ft);
	fetch_finish(ft, v, &a, NULL);
}

static void no_robots(struct site *s, const struct http_response *r)
{
	struct verdict v;
	struct answer a;

	answer_from(&a, r);
	classify(&a, clk_wall_us(), &v);
	fail_asker(s->asker, &v);
}

/* The next request is for its own robots.txt again. */
static void go_home(struct site *s)
{
	free(s->robots_url);
	s->robots_url = NULL;
	s->robots_hops = 0;
}

/* True if the answer leads on; else it is final, as *end_r. */
static bool leads_on(struct site *s, const struct http_response *r,
		     struct http_response *end_r)
{
	struct str to = str_from(r->location);
	struct site *at;

	*end_r = *r;
	if (r->result != HTTP_OK || r->status / 100 != 3 || !to.p)
		return false;
	if (s->robots_hops == ROBOTS_REDIRECTS || !url_is_http(to)) {
		end_r->result = HTTP_REDIRECTS;
		return false;
	}
	at = site_of(s->fetcher, to);
	if (at->polite.hold_ms > loop_now_ms(s->fetcher->conf.loop)) {
		*end_r = (struct http_response){
			.result = HTTP_NO_CONNECT,
			.reason = "robots.txt leads to a host on hold",
		};
		return false;
	}
	s->robots_hops++;
	free(s->robots_url);
	s->robots_url = xstrndup(to.p, to.len);
	return true;
}

struct site *site_robots_turn(struct site *s, const struct fetch *ft)
{
	if (s->asker != ft)
		go_home(s);
	return s->robots_url ? site_of(s->fetcher, str_from(s->robots_url)) : s;
}

static void got_robots(struct site *s, const struct http_response *r,
		       bool directly)
{
	struct fetcher *f = s->fetcher;
	bool failed = r->result != HTTP_OK && r->result != HTTP_REDIRECTS;
	bool choice = s->asker ? way_is_choice(s->asker) : !directly;
	struct str id;

	s->robots_lost = 0;
	go_home(s);
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
	fetcher_give_place(f, s);
}

/*
 * A request like any other, but that only "later" is said to us here: what is
 * forbidden is the robots.txt alone.
 */
static void end_robots(struct site *s, const struct http_response *r)
{
	struct fetcher *f = s->fetcher;
	int64_t now = loop_now_ms(f->conf.loop);
	enum polite_end how = POLITE_NEUTRAL;
	struct site *at = s->robots_at;
	struct verdict v;
	struct answer a;

	s->robots_at = NULL;
	answer_from(&a, r);
	classify(&a, clk_wall_us(), &v);
	if (v.outcome == OUTCOME_RATE_LIMITED && f->conf.holds)
		how = POLITE_LIMITED;
	polite_end(&f->conf.polite, &at->polite, how, v.retry_ms, now);
	if (at != s) /* others may wait there for this turn to end */
		site_retry(at, now);
}

static void on_robots(void *arg, const struct http_response *r)
{
	struct site *s = arg;
	struct http_response end;

	s->asking = NULL;
	end_robots(s, r);
	if (leads_on(s, r, &end))
		fetcher_give_place(s->fetcher, s);
	else
		got_robots(s, &end, true);
}

static void on_robots_trip(void *arg, const struct http_response *r,
			   enum trip_end how)
{
	struct site *s = arg;
	struct http_response told = *r, end;
	bool again;

	/* What a proxy says in its own name is no robots.txt. */
	if (how != TRIP_THERE && r->result == HTTP_OK)
		told.result = HTTP_NO_ROUTE;
	s->asking_trip = NULL;
	end_robots(s, &told);
	/* By another line of the pool, or to where it leads. */
	again = how == TRIP_LOST && ++s->robots_lost < WAY_LINES_MAX;
	if (again || leads_on(s, &told, &end))
		fetcher_give_place(s->fetcher, s);
	else
		got_robots(s, &end, false);
}

static void send_robots(struct site *s, struct fetch *ft, struct seat seat)
{
	struct fetcher *f = s->fetcher;
	struct site *at = site_robots_turn(s, ft);
	size_t size = strlen(s->origin) + sizeof("/robots.txt");
	char *url = xmalloc(size);
	struct http_request req = {
		.url = s->robots_url ? s->robots_url : url,
		.max_bytes = ROBOTS_BODY_MAX,
		.timeout_ms = f->conf.timeout_ms,
		.connect_ms = f->conf.connect_ms,
	};

	snprintf(url, size, "%s/robots.txt", s->origin);
	polite_start(&f->conf.polite, &at->polite, loop_now_ms(f->conf.loop));
	s->robots_at = at;
	f->active++;
	if (seat.way)
		s->asking_trip = trip_new(&f->trips, seat, at->host, &req,
					  on_robots_trip, s);
	else
		s->asking = http_send(f->conf.http, &req, on_robots, s);
	free(url);
}

/* False: no way is open to this one, which is over. */
bool site_ask_robots(struct site *s, struct fetch *ft, int64_t now)
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
			send_robots(s, ft, seat);
		if (got == EGRESS_WAIT)
			site_wait(s, wait, now);
		if (got == EGRESS_TAKEN || got == EGRESS_WAIT)
			return true;
		s->robots_lost = 0;
	}
	s->robots_tried = 0;
	way_say_shut(got, reason, &v);
	fail_asker(ft, &v);
	return false;
}
