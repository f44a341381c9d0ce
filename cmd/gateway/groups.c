#include "groups.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

enum { BUCKETS = 4096 };

/* A group that wants a pattern, and the filter that it has there, or NULL. */
struct want {
	struct group *group;
	struct filter *filter; /* held by the group's patterns */
};

/* A pattern, and the groups whose sets contain it. */
struct wanted {
	struct wanted *next;
	struct str pattern; /* owned */
	uint64_t hash;
	struct want *want;
	size_t n, cap;
};

struct groups {
	struct group *by_key[BUCKETS];
	struct wanted *by_pattern[BUCKETS];
	uint64_t made;
	uint64_t matches; /* counted, so that a group is told once */
	size_t n;
};

struct groups *groups_new(void)
{
	return xcalloc(1, sizeof(struct groups));
}

void groups_free(struct groups **gp)
{
	if (*gp)
		assert((*gp)->n == 0);
	free(*gp);
	*gp = NULL;
}

size_t groups_count(const struct groups *g)
{
	return g->n;
}

/* ---- patterns ---- */

static struct wanted **find_wanted(struct groups *g, struct str pattern)
{
	uint64_t hash = str_hash_fast(pattern);
	struct wanted **at = &g->by_pattern[hash % BUCKETS];

	while (*at && !((*at)->hash == hash && str_eq((*at)->pattern, pattern)))
		at = &(*at)->next;
	return at;
}

static void want(struct groups *g, struct group *group, size_t i)
{
	const struct patterns *p = &group->patterns;
	struct str pattern = p->v[i];
	struct wanted **at = find_wanted(g, pattern);

	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->hash = str_hash_fast(pattern);
		(*at)->pattern =
			(struct str){ xstrndup(pattern.p ? pattern.p : "",
					       pattern.len),
				      pattern.len };
	}
	xgrow(&(*at)->want, &(*at)->cap, (*at)->n, sizeof(*(*at)->want));
	(*at)->want[(*at)->n++] =
		(struct want){ group, p->filter ? p->filter[i] : NULL };
}

static void unwant(struct groups *g, struct str pattern,
		   const struct group *group)
{
	struct wanted **at = find_wanted(g, pattern), *w = *at;
	size_t i = 0;

	while (w->want[i].group != group)
		i++;
	w->want[i] = w->want[--w->n];
	if (w->n)
		return;
	*at = w->next;
	free((char *)(uintptr_t)w->pattern.p);
	free(w->want);
	free(w);
}

/* ---- groups ---- */

static struct group **find_group(struct groups *g, const struct patterns *p,
				 enum frame_kind kind, uint64_t *hash_r)
{
	struct group **at;

	*hash_r = patterns_hash(p) + kind;
	at = &g->by_key[*hash_r % BUCKETS];
	while (*at && !((*at)->hash == *hash_r && (*at)->kind == kind &&
			patterns_eq(&(*at)->patterns, p)))
		at = &(*at)->next;
	return at;
}

struct group *groups_get(struct groups *g, const struct patterns *p,
			 enum frame_kind kind)
{
	uint64_t hash;
	struct group **at = find_group(g, p, kind, &hash), *group = *at;

	assert(p->n > 0);
	if (group)
		return groups_hold(group);
	group = xcalloc(1, sizeof(*group));
	group->id = ++g->made;
	group->kind = kind;
	group->hash = hash;
	group->refs = 1;
	patterns_copy(&group->patterns, p);
	for (size_t i = 0; i < p->n; i++)
		want(g, group, i);
	*at = group;
	g->n++;
	return group;
}

struct group *groups_hold(struct group *group)
{
	group->refs++;
	return group;
}

void groups_put(struct groups *g, struct group **grp)
{
	struct group *group = *grp, **at;

	*grp = NULL;
	if (!group || --group->refs > 0)
		return;
	at = &g->by_key[group->hash % BUCKETS];
	while (*at != group)
		at = &(*at)->next;
	*at = group->next;
	for (size_t i = 0; i < group->patterns.n; i++)
		unwant(g, group->patterns.v[i], group);
	patterns_free(&group->patterns);
	free(group->live);
	free(group->pending);
	free(group);
	g->n--;
}

static void tell(struct groups *g, struct str pattern, const struct event *ev,
		 void (*fn)(void *arg, struct group *group), void *arg)
{
	const struct wanted *w = *find_wanted(g, pattern);

	for (size_t i = 0; w && i < w->n; i++) {
		struct group *group = w->want[i].group;
		struct filter *f = w->want[i].filter;

		if (group->seen == g->matches || (f && !filter_match(f, ev)))
			continue;
		group->seen = g->matches;
		fn(arg, group);
	}
}

void groups_match(struct groups *g, const struct event *ev,
		  void (*fn)(void *arg, struct group *group), void *arg)
{
	struct str topic = ev->topic;

	if (g->n == 0)
		return;
	g->matches++;
	tell(g, STR(""), ev, fn, arg);
	for (size_t i = 0; i < topic.len; i++)
		if (topic.p[i] == '/' || topic.p[i] == '.')
			tell(g, str_sub(topic, 0, i + 1), ev, fn, arg);
	tell(g, topic, ev, fn, arg);
}
