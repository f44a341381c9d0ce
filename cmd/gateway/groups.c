#include "groups.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

enum { BUCKETS = 4096 };

/* A pattern, and the groups whose sets contain it. */
struct wanted {
	struct wanted *next;
	struct str pattern; /* owned */
	uint64_t hash;
	struct group **group;
	size_t n, cap;
};

struct groups {
	struct group *by_key[BUCKETS];
	struct wanted *by_pattern[BUCKETS];
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
	uint64_t hash = str_hash(pattern);
	struct wanted **at = &g->by_pattern[hash % BUCKETS];

	while (*at && !((*at)->hash == hash && str_eq((*at)->pattern, pattern)))
		at = &(*at)->next;
	return at;
}

static void want(struct groups *g, struct str pattern, struct group *group)
{
	struct wanted **at = find_wanted(g, pattern);

	if (!*at) {
		*at = xcalloc(1, sizeof(**at));
		(*at)->hash = str_hash(pattern);
		(*at)->pattern =
			(struct str){ xstrndup(pattern.p ? pattern.p : "",
					       pattern.len),
				      pattern.len };
	}
	xgrow(&(*at)->group, &(*at)->cap, (*at)->n, sizeof(*(*at)->group));
	(*at)->group[(*at)->n++] = group;
}

static void unwant(struct groups *g, struct str pattern,
		   const struct group *group)
{
	struct wanted **at = find_wanted(g, pattern), *w = *at;
	size_t i = 0;

	while (w->group[i] != group)
		i++;
	w->group[i] = w->group[--w->n];
	if (w->n)
		return;
	*at = w->next;
	free((char *)(uintptr_t)w->pattern.p);
	free(w->group);
	free(w);
}

/* ---- groups ---- */

static struct group **find_group(struct groups *g, const struct patterns *p,
				 enum frame_kind kind, uint64_t *hash_r)
{
	struct buf key = { 0 };
	struct group **at;

	patterns_key(p, &key);
	*hash_r = str_hash(buf_str(&key)) + kind;
	for (at = &g->by_key[*hash_r % BUCKETS]; *at; at = &(*at)->next) {
		struct buf other = { 0 };
		bool same;

		if ((*at)->hash != *hash_r || (*at)->kind != kind)
			continue;
		patterns_key(&(*at)->patterns, &other);
		same = str_eq(buf_str(&key), buf_str(&other));
		buf_free(&other);
		if (same)
			break;
	}
	buf_free(&key);
	return at;
}

struct group *groups_get(struct groups *g, const struct patterns *p,
			 enum frame_kind kind)
{
	uint64_t hash;
	struct group **at = find_group(g, p, kind, &hash), *group = *at;

	assert(p->n > 0);
	if (group) {
		group->refs++;
		return group;
	}
	group = xcalloc(1, sizeof(*group));
	group->kind = kind;
	group->hash = hash;
	group->refs = 1;
	patterns_copy(&group->patterns, p);
	for (size_t i = 0; i < p->n; i++)
		want(g, group->patterns.v[i], group);
	*at = group;
	g->n++;
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

static void tell(struct groups *g, struct str pattern,
		 void (*fn)(void *arg, struct group *group), void *arg)
{
	struct wanted *w = *find_wanted(g, pattern);

	for (size_t i = 0; w && i < w->n; i++) {
		if (w->group[i]->seen == g->matches)
			continue;
		w->group[i]->seen = g->matches;
		fn(arg, w->group[i]);
	}
}

void groups_match(struct groups *g, struct str topic,
		  void (*fn)(void *arg, struct group *group), void *arg)
{
	if (g->n == 0)
		return;
	g->matches++;
	tell(g, STR(""), fn, arg);
	for (size_t i = 0; i < topic.len; i++)
		if (topic.p[i] == '/' || topic.p[i] == '.')
			tell(g, str_sub(topic, 0, i + 1), fn, arg);
	tell(g, topic, fn, arg);
}
