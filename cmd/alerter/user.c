#include "user.h"

#include <assert.h>
#include <stdlib.h>

#include "common/xmem.h"

#include "zone.h"

static void user_free(struct user *u)
{
	arena_free(&u->arena);
	free(u);
}

static int64_t duration_us(struct str s)
{
	int64_t ms;

	return str_duration_ms(s, &ms) ? ms * 1000 : 0;
}

struct step *steps_make(const struct shape_subs *subs, struct arena *a)
{
	const struct type_step *t = subs->v;
	struct step *step = arena_alloc(a, subs->n * sizeof(*step));

	for (size_t i = 0; i < subs->n; i++)
		step[i] = (struct step){ duration_us(t[i].after), t[i].notify,
					 t[i].user };
	return step;
}

static void fill(struct users *all, struct user *u, const struct type_user *t)
{
	int rc = user_digest_cron(&t->digest, &u->digest, NULL);

	assert(rc == 0);
	u->zone = zone_or_utc(&all->zones, "user", u->id, t->zone);
	if (t->quiet.n &&
	    hours_parse(t->quiet.v, t->quiet.n, &u->quiet, NULL) == 0)
		u->has_quiet = hours_invert(&u->quiet, &u->open);
	u->max_per_day = (uint64_t)shape_count(t->max_per_day, 0);
	u->max_searches = (uint64_t)shape_count(t->searches, 0);
	u->notify = t->notify;
	u->step = steps_make(&t->escalate, &u->arena);
	u->n_steps = t->escalate.n;
}

static struct user *user_new(struct users *all, struct str id)
{
	const struct type_user nothing = { .id = { 0 } };
	struct user *u = xcalloc(1, sizeof(*u));

	u->id = arena_str(&u->arena, id);
	fill(all, u, &nothing);
	return u;
}

static struct user *find(const struct users *all, struct str id)
{
	const struct table_entry *found = table_find(&all->by_id, id);

	return found ? found->v[0] : NULL;
}

static void replace(struct users *all, struct user *new)
{
	struct user *old = find(all, new->id);

	if (old) {
		new->n_searches = old->n_searches;
		table_remove(&all->by_id, old->id, old);
		user_free(old);
	}
	table_add(&all->by_id, new->id, new);
}

struct user *users_get(struct users *all, struct str id)
{
	struct user *u = find(all, id);

	if (!u) {
		u = user_new(all, id);
		table_add(&all->by_id, u->id, u);
	}
	return u;
}

int users_put(struct users *all, struct str id, struct str data, struct err *e)
{
	struct user *u = xcalloc(1, sizeof(*u));
	struct type_user t;

	u->id = arena_str(&u->arena, id);
	u->text = arena_str(&u->arena, data);
	if (shape_decode(&shape_user, u->text, &t, &u->arena, e) ||
	    user_check(&t, e)) {
		user_free(u);
		return -1;
	}
	fill(all, u, &t);
	replace(all, u);
	return 0;
}

void users_remove(struct users *all, struct str id)
{
	replace(all, user_new(all, id));
}

void users_free(struct users *all)
{
	for (size_t i = 0; i < all->by_id.n_buckets; i++)
		for (struct table_entry *t = all->by_id.bucket[i]; t;
		     t = t->next)
			user_free(t->v[0]);
	table_free(&all->by_id);
	tz_cache_free(&all->zones);
}
