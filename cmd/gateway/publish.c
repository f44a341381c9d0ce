#include "publish.h"

#include <stdlib.h>

#include "common/xmem.h"

struct publish_batch {
	struct publish_batch *next;
	publish_fn *fn; /* NULL: abandoned */
	void *arg;
	int64_t deadline_ms;
	bool refused;
	size_t n, left;
	struct position pos[];
};

/* An event that waits for its position. Its id is its place in the queue. */
struct slot {
	struct publish_batch *batch; /* NULL: has it, or nobody waits */
	size_t index;
	char *origin; /* "source\nid", or NULL */
};

struct publish {
	struct loop *loop;
	struct producer_memory *queue;
	struct publish_batch *batches; /* oldest first */
	struct slot *slot;	       /* of the ids first .. first + n - 1 */
	uint64_t first;
	size_t n, cap;
	struct loop_timer *timer;
};

static void unlink_batch(struct publish *p, struct publish_batch *b)
{
	struct publish_batch **at = &p->batches;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
}

static void end_batch(struct publish *p, struct publish_batch *b,
		      enum publish_end end)
{
	for (size_t i = 0; b->left && i < p->n; i++)
		if (p->slot[i].batch == b)
			p->slot[i].batch = NULL;
	unlink_batch(p, b);
	if (b->fn)
		b->fn(b->arg, end, b->pos, b->n);
	free(b);
}

static void on_timer(void *arg)
{
	struct publish *p = arg;
	int64_t now = loop_now_ms(p->loop);

	while (p->batches && p->batches->deadline_ms <= now)
		end_batch(p, p->batches, PUBLISH_LATE);
	if (p->batches)
		loop_timer_start(p->timer, p->batches->deadline_ms - now);
}

struct publish *publish_new(struct loop *loop, struct producer_memory *queue)
{
	struct publish *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->queue = queue;
	p->first = 1;
	p->timer = loop_timer_new(loop, on_timer, p);
	return p;
}

void publish_free(struct publish **pp)
{
	struct publish *p = *pp;
	struct publish_batch *b;

	if (!p)
		return;
	while ((b = p->batches)) {
		p->batches = b->next;
		free(b);
	}
	for (size_t i = 0; i < p->n; i++)
		free(p->slot[i].origin);
	loop_timer_free(&p->timer);
	free(p->slot);
	free(p);
	*pp = NULL;
}

/* Both parts are without control characters (id: checked here). */
static char *origin_of(const struct event *ev)
{
	struct buf b = { 0 };

	if (!ev->source.p || (!ev->id && !ev->idtext.p) ||
	    str_ends(ev->source, STR("/-")))
		return NULL;
	buf_add_str(&b, ev->source);
	buf_putc(&b, '\n');
	if (ev->id)
		buf_u64(&b, ev->id);
	else
		buf_add_str(&b, ev->idtext);
	return b.p;
}

/* All or nothing, into the queue. */
static int enqueue(struct publish *p, const struct event *ev, size_t n,
		   struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (producer_memory_add(p->queue, &ev[i], e) == 0) {
			producer_memory_undo(p->queue, i);
			return -1;
		}
	return 0;
}

struct publish_batch *publish_add(struct publish *p, const struct event *ev,
				  size_t n, publish_fn *fn, void *arg,
				  struct err *e)
{
	struct publish_batch **at = &p->batches, *b;

	if (enqueue(p, ev, n, e))
		return NULL;
	b = xcalloc(1, sizeof(*b) + n * sizeof(b->pos[0]));
	b->fn = fn;
	b->arg = arg;
	b->n = b->left = n;
	b->deadline_ms = loop_now_ms(p->loop) + PUBLISH_TIMEOUT_MS;
	while (*at)
		at = &(*at)->next;
	*at = b;
	for (size_t i = 0; i < n; i++) {
		xgrow(&p->slot, &p->cap, p->n, sizeof(*p->slot));
		p->slot[p->n++] = (struct slot){ b, i, origin_of(&ev[i]) };
	}
	if (!loop_timer_running(p->timer))
		loop_timer_start(p->timer, PUBLISH_TIMEOUT_MS);
	return b;
}

void publish_abandon(struct publish_batch *b)
{
	b->fn = NULL;
}

static void settle(struct publish *p, struct slot *s, struct position pos)
{
	struct publish_batch *b = s->batch;

	s->batch = NULL;
	b->pos[s->index] = pos;
	if (--b->left == 0)
		end_batch(p, b, b->refused ? PUBLISH_REFUSED : PUBLISH_DONE);
}

void publish_event(struct publish *p, const struct event *ev)
{
	struct slot *s;

	if (ev->id < p->first || ev->id >= p->first + p->n ||
	    !str_eq(ev->source, producer_memory_source(p->queue)))
		return;
	s = &p->slot[ev->id - p->first];
	if (!s->batch)
		return;
	if (event_is(ev, "event.refused"))
		s->batch->refused = true;
	settle(p, s, (struct position){ ev->epoch, ev->offset });
}

/* Where the same pair is already. Absent: it comes along on the feed. */
static bool look_up(struct journal *j, const char *origin, uint32_t epoch,
		    struct position *pos_r)
{
	struct str id, source = str_cut(str_from(origin), '\n', &id);

	pos_r->epoch = epoch;
	return journal_origin(j, source, id, INT64_MIN, &pos_r->offset, NULL) ==
	       1;
}

void publish_durable(struct publish *p, uint64_t id, uint32_t epoch,
		     struct journal *j)
{
	size_t done = 0;

	for (size_t i = 0; i < p->n && p->first + i <= id; i++) {
		struct slot *s = &p->slot[i];
		struct position pos;

		if (s->batch && s->origin && j &&
		    look_up(j, s->origin, epoch, &pos))
			settle(p, s, pos);
	}
	/* What is settled at the front is needed no more. */
	while (done < p->n && p->first + done <= id && !p->slot[done].batch)
		free(p->slot[done++].origin);
	p->first += done;
	p->n -= done;
	for (size_t i = 0; done && i < p->n; i++)
		p->slot[i] = p->slot[i + done];
}
