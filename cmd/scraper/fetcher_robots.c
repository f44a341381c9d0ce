/*
 * robots.txt: asked for by the ways of the first fetch that wants to know.
 */
#include "fetcher_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
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
	fetcher_give_place(f, s);
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
		fetcher_give_place(s->fetcher,
				   s); /* another line of the pool */
	else
		got_robots(s, &failed, false);
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
			send_robots(s, seat);
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
