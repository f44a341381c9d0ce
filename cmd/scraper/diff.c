#include "diff.h"

#include <string.h>

#include "common/buf.h"
#include "common/clk.h"
#include "common/decimal.h"
#include "common/types_observation.h"
#include "common/xmem.h"

#include "diff_work.h"

struct diff_event diff_event_of(const char *type, struct str subject,
				const struct shape *shape, const void *data,
				struct arena *a)
{
	struct buf topic = { 0 }, json = { 0 };
	struct diff_event ev = { .item = NULL };

	buf_addf(&topic, "%s/%.*s", type, STR_ARG(subject));
	shape_encode(shape, data, &json);
	ev.topic = arena_str(a, buf_str(&topic));
	ev.data = arena_str(a, buf_str(&json));
	buf_free(&topic);
	buf_free(&json);
	return ev;
}

struct diff_event *diff_say(struct work *k, const char *type,
			    struct str subject, const struct shape *shape,
			    const void *data)
{
	if (k->d->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		struct diff_event *more =
			arena_alloc(k->a, cap * sizeof(*more));

		if (k->d->n)
			memcpy(more, k->d->events, k->d->n * sizeof(*more));
		k->d->events = more;
		k->cap = cap;
	}
	k->d->events[k->d->n] = diff_event_of(type, subject, shape, data, k->a);
	return &k->d->events[k->d->n++];
}

void diff_hash_text(struct diff_hash *h, struct str s)
{
	/* Absent and empty are different; FNV-1a's prime keeps the order. */
	h->sum = h->sum * UINT64_C(0x100000001b3) ^ (s.p ? str_hash(s) : 1);
}

/* "12.50" and "12.5" are one amount. */
void diff_hash_amount(struct diff_hash *h, struct str s)
{
	struct decimal d;

	if (!s.p || !decimal_parse(s, &d)) {
		diff_hash_text(h, s);
		return;
	}
	s = str_from(decimal_format(d, h->text));
	while (d.scale > 0 && s.p[s.len - 1] == '0')
		s.len--, d.scale--;
	if (s.p[s.len - 1] == '.')
		s.len--;
	diff_hash_text(h, s);
}

uint64_t diff_hash_end(const struct diff_hash *h)
{
	return h->sum ? h->sum : 1;
}

void diff_found(const struct diff_watch *w, const struct watch_state *before,
		const struct observation *o, int64_t now_us, struct arena *a,
		struct watch_state *after_r, struct diff *d_r)
{
	size_t things = o->n_items + before->n_known + 2;
	struct work k = { .w = w,
			  .before = before,
			  .o = o,
			  .now_s = now_us / 1000000,
			  .a = a,
			  .after = after_r,
			  .d = d_r };

	*after_r = *before;
	*d_r = (struct diff){ .outcome = OUTCOME_UNCHANGED };
	k.trails = trails_new(&w->confirm, before->trails, before->n_trails,
			      things, a);
	if (w->page)
		diff_page(&k);
	else if (w->item)
		diff_price(&k);
	else
		diff_list(&k);
	if (d_r->n)
		d_r->outcome = OUTCOME_CHANGED;
	d_r->moved |= trails_end(&k.trails, WATCHSTATE_TRAILS_MAX) || d_r->n;
	d_r->waits = k.trails.n > 0;
	after_r->trails = k.trails.v;
	after_r->n_trails = k.trails.n;
	after_r->based = true;
	after_r->cut = o->span == OBSERVED_PART;
}

/* ---- how fetches end ---- */

static enum outcome ending(enum outcome o)
{
	return o == OUTCOME_CHANGED ? OUTCOME_UNCHANGED : o;
}

bool diff_ends_otherwise(enum outcome a, enum outcome b)
{
	return ending(a) != ending(b);
}

static struct str number(struct arena *a, int64_t n)
{
	struct buf b = { 0 };
	struct str s;

	buf_addf(&b, "%lld", (long long)n);
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

struct diff_event diff_ending(const struct diff_watch *w,
			      const struct diff_ending *end, struct arena *a)
{
	char time[CLK_TEXT_SIZE];
	struct type_observation t = {
		.watch = w->id,
		.source = w->source,
		.outcome = str_from(outcome_name(end->outcome)),
		.reason = str_utf8_prefix(end->reason, 500),
		.url = w->url,
	};

	if (!end->first)
		t.previous = str_from(outcome_name(end->previous));
	if (end->status)
		t.status = number(a, end->status);
	t.via = end->via;
	t.proxy = end->proxy;
	if (end->next_us != CLK_NONE)
		t.next = str_from(clk_format(end->next_us, time));
	if (end->outcome == OUTCOME_CHANGED ||
	    end->outcome == OUTCOME_UNCHANGED ||
	    end->outcome == OUTCOME_IMPLAUSIBLE)
		t.items = number(a, (int64_t)end->items);
	if (end->pages)
		t.pages = number(a, end->pages);
	t.stopped = end->stopped;
	if (w->no_robots)
		t.robots = STR("ignored");
	return diff_event_of("observation.change", w->id, &shape_observation,
			     &t, a);
}
