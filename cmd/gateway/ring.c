#include "ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/xmem.h"

/*
 * Bytes taken at one end and given back at the other. A piece never wraps
 * around: where the end has no room for it, it starts over at 0.
 */
struct belt {
	char *p;
	size_t size;
	size_t head; /* where the next piece goes */
	size_t tail; /* where the oldest piece is */
	bool empty;
};

struct ring {
	struct ring_item *item;
	size_t slots;
	uint64_t first, end; /* sequence numbers of the oldest, and behind */
	uint64_t floor, last;
	struct belt frames, topics;
};

static void belt_clear(struct belt *b)
{
	b->head = b->tail = 0;
	b->empty = true;
}

/* Room for len bytes in one piece, or NULL. */
static char *belt_room(struct belt *b, size_t len)
{
	if (b->empty)
		belt_clear(b);
	if (b->empty || b->head > b->tail) {
		if (b->size - b->head >= len)
			return b->p + b->head;
		if (b->tail > len) {
			b->head = 0;
			return b->p;
		}
		return NULL;
	}
	return b->tail - b->head >= len ? b->p + b->head : NULL;
}

static struct str belt_take(struct belt *b, char *room, struct str s)
{
	if (s.len)
		memcpy(room, s.p, s.len);
	b->head = (size_t)(room - b->p) + s.len;
	b->empty = false;
	return (struct str){ room, s.len };
}

struct ring *ring_new(size_t slots, size_t bytes)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	assert(slots > 0 && bytes > 0);
	r->item = xcalloc(slots, sizeof(*r->item));
	r->slots = slots;
	/* A frame holds its topic and much else. */
	r->frames.size = bytes;
	r->topics.size = bytes / 4 + EVENT_TOPIC_MAX;
	r->frames.p = xmalloc(r->frames.size);
	r->topics.p = xmalloc(r->topics.size);
	ring_reset(r, 0);
	return r;
}

void ring_free(struct ring **rp)
{
	struct ring *r = *rp;

	if (!r)
		return;
	free(r->item);
	free(r->frames.p);
	free(r->topics.p);
	free(r);
	*rp = NULL;
}

void ring_reset(struct ring *r, uint64_t offset)
{
	r->first = r->end;
	r->floor = r->last = offset;
	belt_clear(&r->frames);
	belt_clear(&r->topics);
}

static void drop_oldest(struct ring *r)
{
	const struct ring_item *next;

	r->floor = ring_at(r, r->first)->offset;
	r->first++;
	if (r->first == r->end) {
		belt_clear(&r->frames);
		belt_clear(&r->topics);
		return;
	}
	next = ring_at(r, r->first);
	r->frames.tail = (size_t)(next->frame.p - r->frames.p);
	r->topics.tail = (size_t)(next->topic.p - r->topics.p);
}

void ring_add(struct ring *r, uint64_t offset, struct str topic,
	      struct str frame)
{
	struct ring_item *it;
	char *f = NULL, *t = NULL;

	assert(offset > r->last && frame.len > 0 && topic.len > 0);
	if (frame.len > r->frames.size || topic.len > r->topics.size) {
		ring_reset(r, offset);
		return;
	}
	if (r->end - r->first == r->slots)
		drop_oldest(r);
	while (!(f = belt_room(&r->frames, frame.len)) ||
	       !(t = belt_room(&r->topics, topic.len)))
		drop_oldest(r);
	it = &r->item[r->end++ % r->slots];
	it->offset = r->last = offset;
	it->frame = belt_take(&r->frames, f, frame);
	it->topic = belt_take(&r->topics, t, topic);
}

void ring_shorten(struct ring *r, struct str frame)
{
	struct ring_item *it;

	if (r->first == r->end)
		return;
	it = &r->item[(r->end - 1) % r->slots];
	assert(frame.len > 0 && frame.len <= it->frame.len);
	it->frame = belt_take(&r->frames,
			      r->frames.p + (it->frame.p - r->frames.p), frame);
}

uint64_t ring_floor(const struct ring *r)
{
	return r->floor;
}

uint64_t ring_after(const struct ring *r, uint64_t offset)
{
	uint64_t lo = r->first, hi = r->end;

	assert(offset >= r->floor);
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (ring_at(r, mid)->offset <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint64_t ring_end(const struct ring *r)
{
	return r->end;
}

const struct ring_item *ring_at(const struct ring *r, uint64_t seq)
{
	assert(seq >= r->first && seq < r->end);
	return &r->item[seq % r->slots];
}
