/*
 * A byte of rules, then a look at a list or a page in each line: events are
 * ones that weir's own door lets in, and the state can be written and read at
 * any time. Nothing is told of a look that is like the one before.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "common/json.h"

#include "cmd/scraper/diff.h"

enum { LOOKS_MAX = 50 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "a:1 b:2" */
static void read_look(struct str text, bool page, struct arena *a,
		      struct observation *o)
{
	struct str word;

	*o = (struct observation){ .outcome = OUTCOME_FOUND, .text = text };
	if (page)
		return;
	o->items = arena_alloc(a, (text.len / 2 + 1) * sizeof(*o->items));
	while (str_token(&text, " ", &word)) {
		struct item *it = &o->items[o->n_items++];

		it->id = str_cut(word, ':', &it->price);
		if (!it->price.len)
			it->price = (struct str){ 0 };
	}
}

static void check_events(const struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct event ev = { .topic = d->events[i].topic,
				    .data = d->events[i].data };
		struct err e;

		/* Prices of this fuzzer are any text, so only form counts. */
		assert(json_check(ev.data, JSON_UNIQUE, &e) == 0);
	}
}

static void restart(struct watch_state *s, struct arena *a)
{
	struct buf b = { 0 };
	struct err e;

	watchstate_encode(s, &b);
	assert(watchstate_decode(arena_str(a, buf_str(&b)), a, s, &e) == 0);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct diff_watch w = { .id = STR("w"),
				.source = STR("s"),
				.url = STR("http://x/"),
				.forget_s = 300 };
	struct watch_state s = { 0 }, after;
	struct arena a = { 0 };
	int64_t now_us = 1000000;
	uint8_t rules = size ? data[0] : 0;

	rest = str_sub(rest, 1, size);
	if (!str_is_utf8(rest)) /* observations are: item.h */
		return 0;
	w.page = rules & 1;
	w.list = (enum diff_list)(rules / 2 % 3);
	w.feed = rules & 8;
	if (rules & 16)
		w.confirm = (struct confirm){ .times = 2, .of = 3 };
	for (int i = 0; i < LOOKS_MAX && rest.len; i++) {
		struct observation o;
		struct diff d;

		read_look(str_cut(rest, '\n', &rest), w.page, &a, &o);
		now_us += 60 * 1000000;
		diff_found(&w, &s, &o, now_us, &a, &after, &d);
		check_events(&d);
		s = after;
		restart(&s, &a);
		diff_found(&w, &s, &o, now_us, &a, &after, &d);
		assert(w.confirm.times || !d.n);
	}
	arena_free(&a);
	return 0;
}
