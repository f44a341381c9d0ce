#include "places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/event.h"
#include "common/xmem.h"

void places_init(struct places *p)
{
	*p = (struct places){ .cap_admitted = 1 };
	p->admitted = xcalloc(1, sizeof(*p->admitted));
}

static void place_free(struct place *at)
{
	free((void *)(uintptr_t)at->spec.sources);
	free(at->key);
	free(at->v);
	free(at);
}

void places_free(struct places *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->place[i])
			place_free(p->place[i]);
	table_free(&p->by_key);
	table_free(&p->by_topic);
	free(p->place);
	free(p->free);
	free(p->admitted);
	free(p->list);
	*p = (struct places){ 0 };
}

/* Texts with a NUL behind each, which no topic, id or currency has. */
static void make_key(const struct place_spec *s, struct buf *b)
{
	for (size_t i = 0; i < s->n_topics; i++) {
		buf_add_str(b, s->topics[i]);
		buf_putc(b, '\0');
	}
	buf_putc(b, '\n');
	buf_add_str(b, s->currency);
	buf_putc(b, '\0');
	for (size_t i = 0; i < s->n_sources; i++) {
		buf_add_str(b, s->sources[i]);
		buf_putc(b, '\0');
	}
}

/* The same, borrowed from the key. */
static struct place_spec spec_of(const struct place_spec *s, const char *key)
{
	struct place_spec own = { .n_topics = s->n_topics,
				  .n_sources = s->n_sources };
	struct str *sources = NULL;

	for (size_t i = 0; i < s->n_topics; i++) {
		own.topics[i] = (struct str){ key, s->topics[i].len };
		key += s->topics[i].len + 1;
	}
	key++;
	if (s->currency.p)
		own.currency = (struct str){ key, s->currency.len };
	key += s->currency.len + 1;
	if (s->n_sources)
		sources = xcalloc(s->n_sources, sizeof(*sources));
	for (size_t i = 0; i < s->n_sources; i++) {
		sources[i] = (struct str){ key, s->sources[i].len };
		key += s->sources[i].len + 1;
	}
	own.sources = sources;
	return own;
}

static uint32_t number(struct places *p)
{
	if (p->n_free)
		return p->free[--p->n_free];
	xgrow(&p->place, &p->cap, p->n, sizeof(*p->place));
	while (p->cap_admitted * 64 <= p->n) {
		p->admitted =
			xrealloc(p->admitted,
				 p->cap_admitted * 2 * sizeof(*p->admitted));
		memset(p->admitted + p->cap_admitted, 0,
		       p->cap_admitted * sizeof(*p->admitted));
		p->cap_admitted *= 2;
	}
	return (uint32_t)p->n++;
}

/* A number as what a table keeps; 0 is NULL, which it does not. */
static void *as_value(uint32_t id)
{
	return (void *)((uintptr_t)id + 1);
}

static uint32_t as_id(const void *value)
{
	return (uint32_t)((uintptr_t)value - 1);
}

uint32_t places_take(struct places *p, const struct place_spec *spec)
{
	const struct table_entry *e;
	struct buf key = { 0 };
	struct place *at;
	uint32_t id;

	make_key(spec, &key);
	e = table_find(&p->by_key, buf_str(&key));
	if (e) {
		buf_free(&key);
		id = as_id(e->v[0]);
		p->place[id]->users++;
		return id;
	}
	id = number(p);
	at = xcalloc(1, sizeof(*at));
	at->key = xstrndup(key.p, key.len);
	at->key_len = key.len;
	at->spec = spec_of(spec, at->key);
	at->users = 1;
	p->place[id] = at;
	table_add(&p->by_key, buf_str(&key), as_value(id));
	for (size_t i = 0; i < at->spec.n_topics; i++)
		table_add(&p->by_topic, at->spec.topics[i], as_value(id));
	buf_free(&key);
	return id;
}

void places_leave(struct places *p, uint32_t id)
{
	struct place *at = p->place[id];

	if (--at->users > 0)
		return;
	table_remove(&p->by_key, (struct str){ at->key, at->key_len },
		     as_value(id));
	for (size_t i = 0; i < at->spec.n_topics; i++)
		table_remove(&p->by_topic, at->spec.topics[i], as_value(id));
	place_free(at);
	p->place[id] = NULL;
	xgrow(&p->free, &p->cap_free, p->n_free, sizeof(*p->free));
	p->free[p->n_free++] = id;
}

/* ---- of an event ---- */

static bool is_among(struct str s, const struct str *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, v[i]))
			return true;
	return false;
}

struct event_place {
	struct str topic, source, currency;
};

static void admit(struct places *p, struct str pattern,
		  const struct event_place *ev)
{
	const struct table_entry *e = table_find(&p->by_topic, pattern);

	for (size_t i = 0; e && i < e->n; i++) {
		uint32_t id = as_id(e->v[i]);
		const struct place_spec *s = &p->place[id]->spec;

		if (places_has(p, id) ||
		    (s->currency.p && !str_eq(s->currency, ev->currency)) ||
		    (s->n_sources &&
		     !is_among(ev->source, s->sources, s->n_sources)))
			continue;
		p->admitted[id >> 6] |= UINT64_C(1) << (id & 63);
		xgrow(&p->list, &p->cap_list, p->n_list, sizeof(*p->list));
		p->list[p->n_list++] = id;
	}
}

/* By each pattern that matches the topic: its beginnings, and itself. */
void places_admit(struct places *p, struct str topic, struct str source,
		  struct str currency)
{
	const struct event_place ev = { topic, source, currency };

	for (size_t i = 0; i < p->n_list; i++)
		p->admitted[p->list[i] >> 6] = 0;
	p->n_list = 0;
	if (p->by_topic.n == 0)
		return;
	admit(p, STR(""), &ev);
	for (size_t i = 1; i < topic.len; i++)
		if (topic.p[i - 1] == '/' || topic.p[i - 1] == '.')
			admit(p, str_sub(topic, 0, i), &ev);
	admit(p, topic, &ev);
}

/* ---- what is kept in a place ---- */

void places_put(struct places *p, uint32_t place, struct range range,
		uint32_t what)
{
	struct place *at = p->place[place];

	xgrow(&at->v, &at->cap, at->n, sizeof(*at->v));
	at->v[at->n++] = (struct span){ range, 0, what };
	at->dirty = true;
}

void places_remove(struct places *p, uint32_t place, uint32_t what)
{
	struct place *at = p->place[place];

	for (size_t i = 0; i < at->n; i++) {
		if (at->v[i].what != what)
			continue;
		at->v[i] = at->v[--at->n];
		at->dirty = true;
		return;
	}
}

static int compare_spans(const void *pa, const void *pb)
{
	const struct span *a = pa, *b = pb;

	return (a->range.low > b->range.low) - (a->range.low < b->range.low);
}

/*
 * The spans are a tree without pointers: the root is the one in the middle,
 * and what stands before and behind it are its two subtrees.
 */
static float grow_tree(struct span *v, size_t n)
{
	size_t mid = n / 2;
	float left, right;

	if (n == 0)
		return -INFINITY;
	left = grow_tree(v, mid);
	right = grow_tree(v + mid + 1, n - mid - 1);
	v[mid].most = v[mid].range.high;
	if (left > v[mid].most)
		v[mid].most = left;
	if (right > v[mid].most)
		v[mid].most = right;
	return v[mid].most;
}

struct asking {
	struct range price;
	void (*fn)(void *arg, uint32_t what);
	void *arg;
};

static void ask_tree(const struct span *v, size_t n, const struct asking *a)
{
	while (n > 0) {
		size_t mid = n / 2;

		if (v[mid].most < a->price.low)
			return;
		ask_tree(v, mid, a);
		if (v[mid].range.low > a->price.high)
			return;
		if (v[mid].range.high >= a->price.low)
			a->fn(a->arg, v[mid].what);
		v += mid + 1;
		n -= mid + 1;
	}
}

void places_each(struct places *p, uint32_t place, struct range price,
		 void (*fn)(void *arg, uint32_t what), void *arg)
{
	struct place *at = p->place[place];
	const struct asking a = { price, fn, arg };

	if (at->dirty) {
		qsort(at->v, at->n, sizeof(*at->v), compare_spans);
		grow_tree(at->v, at->n);
		at->dirty = false;
	}
	ask_tree(at->v, at->n, &a);
}
