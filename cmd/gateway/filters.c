#include "filters.h"

#include <assert.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/expr.h"
#include "common/xmem.h"

enum { BUCKETS = 256 };

struct filter {
	struct filters *all;
	struct filter *next; /* of the same bucket */
	struct expr *expr;
	uint64_t hash;
	size_t refs;
	struct position at; /* the last event that it was asked about, */
	bool answer;	    /* and what it said */
};

struct filters {
	struct filter *by_text[BUCKETS];
	struct filters_counts counts;
};

struct filters *filters_new(void)
{
	return xcalloc(1, sizeof(struct filters));
}

void filters_free(struct filters **fp)
{
	if (*fp)
		assert((*fp)->counts.filters == 0);
	free(*fp);
	*fp = NULL;
}

struct filters_counts filters_count(const struct filters *all)
{
	return all->counts;
}

static struct filter *find(const struct filters *all, struct str text,
			   uint64_t hash)
{
	struct filter *f = all->by_text[hash % BUCKETS];

	while (f && !(f->hash == hash && str_eq(filter_text(f), text)))
		f = f->next;
	return f;
}

struct filter *filters_get(struct filters *all, struct str text, struct err *e)
{
	struct expr *x = expr_compile(text, e);
	struct filter *f;
	uint64_t hash;

	if (!x)
		return NULL;
	hash = str_hash_fast(expr_text(x));
	f = find(all, expr_text(x), hash);
	if (f || all->counts.filters == FILTERS_MAX) {
		if (!f)
			err_set(e, EX_UNAVAILABLE,
				"there are %d different filters already",
				FILTERS_MAX);
		expr_free(&x);
		return filter_hold(f);
	}
	f = xcalloc(1, sizeof(*f));
	*f = (struct filter){ .all = all,
			      .next = all->by_text[hash % BUCKETS],
			      .expr = x,
			      .hash = hash,
			      .refs = 1 };
	all->by_text[hash % BUCKETS] = f;
	all->counts.filters++;
	return f;
}

struct filter *filter_hold(struct filter *f)
{
	if (f)
		f->refs++;
	return f;
}

void filter_drop(struct filter **fp)
{
	struct filter *f = *fp, **at;

	*fp = NULL;
	if (!f || --f->refs > 0)
		return;
	at = &f->all->by_text[f->hash % BUCKETS];
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	f->all->counts.filters--;
	expr_free(&f->expr);
	free(f);
}

struct str filter_text(const struct filter *f)
{
	return expr_text(f->expr);
}

bool filter_match(struct filter *f, const struct event *ev)
{
	uint64_t given_up;

	if (ev->offset && f->at.offset == ev->offset &&
	    f->at.epoch == ev->epoch)
		return f->answer;
	f->all->counts.tests++;
	given_up = expr_given_up(f->expr);
	f->answer = expr_match(f->expr, ev);
	f->all->counts.given_up += expr_given_up(f->expr) - given_up;
	f->at = (struct position){ ev->epoch, ev->offset };
	return f->answer;
}
