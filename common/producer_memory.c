/*
 * A producer's queue in memory: for tools whose callers repeat what was not
 * confirmed (weir-pub, the gateway). Its identity lives as long as it does.
 */
#include "common/producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

struct slot {
	char *mem; /* all strings of ev */
	struct event ev;
};

struct producer_memory {
	char source[EVENT_SOURCE_MAX];
	char tool[64];
	struct slot *slot; /* ring; event id is at id % max */
	size_t max;
	uint64_t first, last; /* ids that wait */
	uint64_t known;	      /* the last that was handed out */
};

static void name_source(struct producer_memory *m)
{
	uint32_t r = 0;

	while (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
		;
	snprintf(m->source, sizeof(m->source), "weir/%s/%08x", m->tool, r);
}

struct producer_memory *producer_memory_new(const char *tool, size_t max)
{
	struct producer_memory *m = xcalloc(1, sizeof(*m));

	str_copy(m->tool, sizeof(m->tool), str_from(tool));
	m->max = max;
	m->slot = xcalloc(max, sizeof(*m->slot));
	m->first = 1;
	name_source(m);
	return m;
}

void producer_memory_free(struct producer_memory **mp)
{
	struct producer_memory *m = *mp;

	if (!m)
		return;
	for (size_t i = 0; i < m->max; i++)
		free(m->slot[i].mem);
	free(m->slot);
	free(m);
	*mp = NULL;
}

struct str producer_memory_source(const struct producer_memory *m)
{
	return str_from(m->source);
}

size_t producer_memory_waiting(const struct producer_memory *m)
{
	return (size_t)(m->last + 1 - m->first);
}

/*
 * ext, with the pair that the event came with. One that came through weir
 * before keeps the pair that it first came with.
 */
static void build_ext(const struct event *ev, struct buf *b)
{
	struct str ignored;
	bool has =
		ev->ext.len && (json_get(ev->ext, "originsource", &ignored) ||
				json_get(ev->ext, "originid", &ignored));

	if (ev->ext.len > 2)
		buf_add(b, ev->ext.p, ev->ext.len - 1);
	if (!has && ev->source.len && (ev->id || ev->idtext.len)) {
		buf_puts(b, b->len ? "," : "{");
		buf_puts(b, "\"originsource\":");
		buf_json_str(b, ev->source);
		buf_puts(b, ",\"originid\":");
		if (ev->id)
			buf_addf(b, "\"%llu\"", (unsigned long long)ev->id);
		else
			buf_json_str(b, ev->idtext);
	}
	if (b->len)
		buf_putc(b, '}');
}

/* Copy s to *at and move *at behind it. */
static struct str put(char **at, struct str s)
{
	struct str copy = { *at, s.len };

	if (s.len)
		memcpy(*at, s.p, s.len);
	*at += s.len;
	return s.p ? copy : s;
}

/* Copy ev into the slot of its id. */
static void keep(struct producer_memory *m, const struct event *ev)
{
	struct slot *slot = &m->slot[ev->id % m->max];
	char *at = xmalloc(ev->topic.len + ev->ext.len + ev->data.len);

	free(slot->mem);
	slot->mem = at;
	slot->ev = *ev;
	slot->ev.topic = put(&at, ev->topic);
	slot->ev.data = put(&at, ev->data);
	slot->ev.ext = put(&at, ev->ext);
}

uint64_t producer_memory_add(struct producer_memory *m, const struct event *ev,
			     struct err *e)
{
	struct buf ext = { .p = NULL };
	struct event made = {
		.topic = ev->topic,
		.source = str_from(m->source),
		.id = m->last + 1,
		.time_us = ev->time_us,
		.recorded_us = CLK_NONE,
		.data = ev->data,
	};
	uint64_t id = 0;

	if (producer_memory_waiting(m) == m->max) {
		err_set(e, EX_TEMPFAIL, "too many events wait for the store");
		return 0;
	}
	build_ext(ev, &ext);
	if (ext.len)
		made.ext = buf_str(&ext);
	if (event_check(&made, e) == 0) {
		keep(m, &made);
		id = ++m->last;
	}
	buf_free(&ext);
	return id;
}

void producer_memory_undo(struct producer_memory *m, size_t n)
{
	m->last -= n;
}

static void queue_range(void *arg, uint64_t *first_r, uint64_t *last_r)
{
	const struct producer_memory *m = arg;

	*first_r = m->first;
	*last_r = m->last;
}

static int queue_get(void *arg, uint64_t id, struct event *ev_r, struct err *e)
{
	struct producer_memory *m = arg;

	(void)e;
	*ev_r = m->slot[id % m->max].ev;
	if (m->known < id)
		m->known = id;
	return 0;
}

static uint64_t queue_known(void *arg)
{
	const struct producer_memory *m = arg;

	return m->known;
}

static int queue_acked(void *arg, uint64_t id, struct err *e)
{
	struct producer_memory *m = arg;

	(void)e;
	for (; m->first <= id; m->first++) {
		struct slot *slot = &m->slot[m->first % m->max];

		free(slot->mem);
		slot->mem = NULL;
	}
	return 0;
}

static void queue_rest(void *arg)
{
	(void)arg;
}

static int queue_conflict(void *arg, uint64_t store_last, struct err *e)
{
	struct producer_memory *m = arg;

	/* Somebody else drew this name before us, and we sent nothing yet. */
	if (m->known == 0) {
		name_source(m);
		return 0;
	}
	/*
	 * The store is another one, or an older copy. Which of our events it
	 * lost cannot be told, and our caller knows them by their ids.
	 */
	return err_set(e, EX_TEMPFAIL,
		       "the store lost events of %s: it has %llu", m->source,
		       (unsigned long long)store_last);
}

static struct str queue_source(void *arg)
{
	return producer_memory_source(arg);
}

struct producer_queue producer_memory_queue(struct producer_memory *m)
{
	return (struct producer_queue){
		.arg = m,
		.range = queue_range,
		.known = queue_known,
		.get = queue_get,
		.acked = queue_acked,
		.conflict = queue_conflict,
		.rest = queue_rest,
		.source = queue_source,
		.transient = true,
	};
}
