#include "paging.h"

#include "extract.h"
#include "origin.h"

enum {
	MET_FIRST = 256, /* ids that the first bag has room for */
	URLS_PER_PAGE = 2,
};

const char *paging_name(enum paging_end end)
{
	static const char *const names[] = {
		[PAGING_GOES_ON] = "goes-on",
		[PAGING_LAST] = "last",
		[PAGING_LIMIT] = "limit",
		[PAGING_NOTHING_NEW] = "nothing-new",
		[PAGING_KNOWN] = "known",
		[PAGING_LOOP] = "loop",
		[PAGING_FULL] = "full",
		[PAGING_ELSEWHERE] = "elsewhere",
		[PAGING_FAILED] = "failed",
	};

	return names[end];
}

void paging_begin(struct paging *p, const struct paging_rules *rules,
		  const struct watch_state *before, struct arena *a)
{
	*p = (struct paging){
		.rules = rules,
		.a = a,
		.met = bag_new(a, MET_FIRST),
		.met_room = MET_FIRST,
		.urls = bag_new(a, URLS_PER_PAGE * (size_t)rules->max),
	};
	if (!rules->ends_known || !before->based || before->cut)
		return;
	p->known = bag_new(a, before->n_known);
	for (size_t i = 0; i < before->n_known; i++)
		bag_slot(&p->known, before->known[i].id)->count = 1;
}

/* True if this look has not met it. */
static bool meet(struct paging *p, struct str id)
{
	struct bag_slot *slot;

	if (p->all.n_items == p->met_room) {
		p->met_room *= 2;
		p->met = bag_new(p->a, p->met_room);
		for (size_t i = 0; i < p->all.n_items; i++)
			bag_slot(&p->met, p->all.items[i].id)->count = 1;
	}
	slot = bag_slot(&p->met, id);
	return slot->count++ == 0;
}

/* How many entries are new to this look; *known_r: were all known before? */
static size_t take(struct paging *p, const struct observation *o, bool *known_r)
{
	size_t n = 0;

	*known_r = p->known.slots && o->n_items;
	for (size_t i = 0; i < o->n_items; i++) {
		const struct item *it = &o->items[i];
		struct item *place;

		if (*known_r)
			*known_r = bag_count(&p->known, it->id);
		if (!meet(p, it->id))
			continue;
		n++;
		place = observation_add(&p->all, p->a);
		if (!place)
			continue;
		*place = *it;
		place->page = p->n;
	}
	return n;
}

static bool may_go(const struct paging_rules *r, struct str from, struct str to)
{
	if (origin_is_home(r->home, to) || origin_is_home(from, to))
		return true;
	for (size_t i = 0; i < r->n_hosts; i++)
		if (origin_is_on(to, r->hosts[i]))
			return true;
	return false;
}

static enum paging_end judge(struct paging *p, struct str url,
			     const struct observation *o, size_t n, bool known)
{
	if (p->n > 1 && !n)
		return PAGING_NOTHING_NEW;
	if (!o->next.p)
		return PAGING_LAST;
	if (known)
		return PAGING_KNOWN;
	if (bag_count(&p->urls, o->next))
		return PAGING_LOOP;
	if (p->all.n_items == ITEM_MAX)
		return PAGING_FULL;
	if (p->n >= p->rules->max)
		return PAGING_LIMIT;
	return may_go(p->rules, url, o->next) ? PAGING_GOES_ON
					      : PAGING_ELSEWHERE;
}

bool paging_add(struct paging *p, struct str asked, struct str url,
		const struct observation *o)
{
	bool known;
	size_t n;

	p->n++;
	bag_slot(&p->urls, asked)->count = 1;
	bag_slot(&p->urls, url)->count = 1;
	p->all.outcome = OUTCOME_FOUND;
	p->all.dropped += o->dropped;
	n = take(p, o, &known);
	p->next = o->next;
	p->end = judge(p, url, o, n, known);
	switch (p->end) {
	case PAGING_KNOWN: p->all.span = OBSERVED_TOP; break;
	case PAGING_LIMIT:
	case PAGING_FULL:
		if (p->rules->is_whole)
			p->all.span = OBSERVED_PART;
		break;
	case PAGING_ELSEWHERE:
		p->all.span = OBSERVED_PART;
		p->all.reason = STR("the next page is on another host");
		break;
	default: break;
	}
	return p->end == PAGING_GOES_ON;
}

void paging_fail(struct paging *p, enum outcome outcome, struct str reason)
{
	struct buf b = { 0 };

	buf_addf(&b, "page %u: %s", p->n + 1, outcome_name(outcome));
	if (reason.len)
		buf_addf(&b, ": %.*s", STR_ARG(reason));
	p->end = PAGING_FAILED;
	p->all.span = OBSERVED_PART;
	p->all.reason = arena_str(p->a, buf_str(&b));
	buf_free(&b);
}
