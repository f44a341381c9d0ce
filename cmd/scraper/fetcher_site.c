/*
 * The sites that are known, and the fetches that wait in line at each.
 */
#include "fetcher_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/url.h"
#include "common/xmem.h"

#include "origin.h"

void site_add(struct site *s, struct fetch *ft)
{
	ft->site = s;
	ft->next = NULL;
	*s->last = ft;
	s->last = &ft->next;
	s->fetcher->waiting++;
}

void site_remove(struct site *s, struct fetch *ft)
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

void fetch_free(struct fetch *ft)
{
	free(ft->fell);
	free(ft->via);
	free(ft->url);
	free(ft);
}

static bool site_is_idle(const struct site *s)
{
	return !s->first && !s->asking && !s->asking_trip && !s->ready &&
	       !s->entry.place && !s->polite.busy && !s->pins;
}

void site_free(struct site *s)
{
	http_cancel(&s->asking);
	trip_cancel(&s->asking_trip);
	site_ways_free(s);
	while (s->first) {
		struct fetch *ft = s->first;

		site_remove(s, ft);
		fetch_free(ft);
	}
	robots_cache_free(&s->robots);
	free(s->robots_url);
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

struct site *site_of(struct fetcher *f, struct str url)
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

void site_retry(struct site *s, int64_t at_ms)
{
	struct fetcher *f = s->fetcher;
	int64_t now = loop_now_ms(f->conf.loop);

	schedule_set(&f->schedule, &s->entry, at_ms);
	if (schedule_first(&f->schedule) == &s->entry)
		loop_timer_start(f->timer, at_ms - now);
}

void site_await(struct site *s)
{
	struct fetcher *f = s->fetcher;

	if (s->ready)
		return;
	s->ready = true;
	s->next_ready = NULL;
	*f->ready_last = s;
	f->ready_last = &s->next_ready;
}

void site_wait(struct site *s, int64_t ms, int64_t now)
{
	if (ms == POOL_BUSY)
		site_await(s);
	else if (!s->entry.place || s->entry.due_ms > now + ms)
		site_retry(s, now + ms);
}
