/* The line of documents, and who reads the next one. */
#include <stdlib.h>

#include "common/log.h"
#include "common/xmem.h"

#include "extract_worker.h"

void extract_pool_count(struct extract_pool *p, const char *name,
			const char *label)
{
	if (p->stats)
		stats_add(p->stats, name, label, 1);
}

static void show_pending(struct extract_pool *p)
{
	if (p->stats)
		stats_set(p->stats, "extractions_pending", NULL,
			  (int64_t)p->pending);
}

/* ---- what waits ---- */

static void put_last(struct extract_pool *p, struct extraction *x)
{
	x->next = NULL;
	*p->last = x;
	p->last = &x->next;
}

void extract_pool_put_first(struct extract_pool *p, struct extraction *x)
{
	x->next = p->first;
	p->first = x;
	if (!x->next)
		p->last = &x->next;
}

static struct extraction *take_first(struct extract_pool *p)
{
	struct extraction *x = p->first;

	p->first = x->next;
	if (!p->first)
		p->last = &p->first;
	return x;
}

void extraction_free(struct extraction *x)
{
	buf_free(&x->message);
	free(x);
}

static const char *label_of(const struct extracted *x)
{
	if (x->ended)
		return "ended-its-process";
	return x->unread ? "unread" : outcome_name(x->o->outcome);
}

static void tell(struct extraction *x, struct extracted *found)
{
	struct extract_pool *p = x->pool;
	struct str message = buf_str(&x->message);

	found->body = str_sub(message, message.len - x->body, message.len);
	p->pending--;
	show_pending(p);
	extract_pool_count(p, "extractions_total", label_of(found));
	if (x->fn)
		x->fn(x->arg, found);
	extraction_free(x);
}

void extraction_end(struct extraction *x, const struct observation *o)
{
	tell(x, &(struct extracted){ .o = o });
}

void extraction_fail(struct extraction *x, const char *why)
{
	const struct observation o = { .outcome = OUTCOME_PARSE_FAIL,
				       .reason = str_from(why) };

	tell(x, &(struct extracted){ .o = &o, .ended = true });
}

static void give_back_unread(struct extraction *x, const char *why)
{
	const struct observation o = { .outcome = OUTCOME_UNREACHABLE,
				       .reason = str_from(why) };

	tell(x, &(struct extracted){ .o = &o, .unread = true });
}

void extraction_drop(struct extraction *x)
{
	x->pool->pending--;
	show_pending(x->pool);
	extraction_free(x);
}

static bool has_worker(const struct extract_pool *p)
{
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		if (p->worker[i].state != WORKER_DOWN)
			return true;
	return false;
}

void extract_pool_give_up(struct extract_pool *p)
{
	size_t n = 0;

	if (p->starts < EXTRACT_POOL_STARTS_MAX || has_worker(p))
		return;
	for (const struct extraction *x = p->first; x; x = x->next)
		n++;
	if (n)
		log_error("extraction: %s: %zu not read", p->why, n);
	/* Whoever is told may ask again, at the end of the line. */
	for (; n && p->first; n--)
		give_back_unread(take_first(p), p->why);
}

/* ---- processes ---- */

static bool has_room(const struct worker *w, const struct extraction *x)
{
	return w->state == WORKER_BUSY && w->conf == w->pool->n_conf &&
	       w->n < w->window &&
	       w->bytes + x->message.len <= EXTRACT_POOL_FLIGHT_BYTES;
}

/* The one with the fewest documents that has room for one more, or NULL. */
static struct worker *with_room(struct extract_pool *p,
				const struct extraction *x)
{
	struct worker *best = NULL;

	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++) {
		struct worker *w = &p->worker[i];

		if (has_room(w, x) && (!best || w->n < best->n))
			best = w;
	}
	return best;
}

/*
 * What is in line goes to whoever is idle; else more are started, and those who
 * are busy have the next ones at hand.
 */
void extract_pool_kick(struct extract_pool *p)
{
	size_t waiting = 0;
	struct worker *w;

	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX && p->first; i++)
		if (p->worker[i].state == WORKER_IDLE)
			extract_worker_give(&p->worker[i], take_first(p));
	for (struct extraction *x = p->first;
	     x && waiting < (size_t)p->conf.children; x = x->next)
		waiting++;
	for (int64_t i = 0; i < p->conf.children; i++)
		waiting -= waiting && p->worker[i].state == WORKER_STARTING;
	for (int64_t i = 0; i < p->conf.children && waiting; i++)
		if (p->worker[i].state == WORKER_DOWN && !p->worker[i].rests) {
			extract_worker_start(&p->worker[i]);
			waiting--;
		}
	while (p->first && (w = with_room(p, p->first)))
		extract_worker_give(w, take_first(p));
}

/* ---- outside ---- */

struct extract_pool *extract_pool_new(struct loop *l, struct stats *stats,
				      const struct extract_pool_conf *conf)
{
	struct extract_pool *p = xcalloc(1, sizeof(*p));

	p->loop = l;
	p->stats = stats;
	p->conf = *conf;
	p->last = &p->first;
	p->arena.keep = EXTRACT_POOL_KEEP;
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		extract_worker_init(&p->worker[i], p);
	return p;
}

void extract_pool_set(struct extract_pool *p,
		      const struct extract_pool_conf *conf)
{
	bool other = conf->children != p->conf.children ||
		     conf->memory != p->conf.memory;

	p->conf = *conf;
	if (!other)
		return;
	p->n_conf++;
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		if (p->worker[i].state == WORKER_IDLE)
			extract_worker_retire(&p->worker[i]);
}

void extract_pool_free(struct extract_pool **pp)
{
	struct extract_pool *p = *pp;

	if (!p)
		return;
	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		extract_worker_free(&p->worker[i]);
	while (p->first)
		extraction_free(take_first(p));
	arena_free(&p->arena);
	free(p);
	*pp = NULL;
}

struct extraction *extract_pool_run(struct extract_pool *p,
				    const struct wire_request *r,
				    extraction_fn *fn, void *arg)
{
	struct extraction *x = xcalloc(1, sizeof(*x));

	x->pool = p;
	x->fn = fn;
	x->arg = arg;
	x->body = r->doc.body.len;
	wire_put_request(r, &x->message);
	put_last(p, x);
	p->pending++;
	show_pending(p);
	extract_pool_kick(p);
	return x;
}

void extraction_cancel(struct extraction **xp)
{
	struct extraction *x = *xp, **at;
	struct extract_pool *p;

	*xp = NULL;
	if (!x)
		return;
	p = x->pool;
	x->fn = NULL;
	if (x->worker)
		return; /* let it be answered */
	for (at = &p->first; *at != x;)
		at = &(*at)->next;
	*at = x->next;
	if (!x->next)
		p->last = at;
	extraction_drop(x);
}

size_t extract_pool_pending(const struct extract_pool *p)
{
	return p->pending;
}

size_t extract_pool_in_flight(const struct extract_pool *p)
{
	size_t n = 0;

	for (size_t i = 0; i < EXTRACT_POOL_CHILDREN_MAX; i++)
		n += p->worker[i].n;
	return n;
}
