#include "throttle.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "rate.h"

enum { BUCKETS = 16384 };

struct entry {
	struct entry *next;	       /* of the same bucket */
	struct entry *older, *younger; /* by when it was last used */
	struct rate rate[THROTTLE_KINDS];
	char kind; /* address or user, which may look the same */
	size_t len;
	char name[];
};

struct throttle {
	struct entry *bucket[BUCKETS];
	struct entry *oldest, *youngest;
	size_t n;
};

struct throttle_limits throttle_resolve(const struct throttle_limits *limits,
					bool is_local)
{
	static const int64_t defaults[] = {
		[THROTTLE_CONNECTION] = 500,
		[THROTTLE_REQUEST] = 1000,
		[THROTTLE_MESSAGE] = 1000,
		[THROTTLE_SUBSCRIPTION] = 500,
	};
	struct throttle_limits l = *limits;

	for (int i = 0; i < THROTTLE_KINDS; i++)
		if (l.per_s[i] == THROTTLE_DEFAULT)
			l.per_s[i] = is_local ? 0 : defaults[i];
	return l;
}

struct throttle *throttle_new(void)
{
	return xcalloc(1, sizeof(struct throttle));
}

void throttle_free(struct throttle **tp)
{
	struct throttle *t = *tp;

	*tp = NULL;
	while (t && t->oldest) {
		struct entry *en = t->oldest;

		t->oldest = en->younger;
		free(en);
	}
	free(t);
}

size_t throttle_count(const struct throttle *t)
{
	return t->n;
}

static struct str name_of(const struct entry *en)
{
	return (struct str){ en->name, en->len };
}

static struct entry **find(struct throttle *t, char kind, struct str name)
{
	struct entry **at = &t->bucket[str_hash_fast(name) % BUCKETS];

	while (*at && !((*at)->kind == kind && str_eq(name_of(*at), name)))
		at = &(*at)->next;
	return at;
}

static void unlink_age(struct throttle *t, struct entry *en)
{
	if (en->older)
		en->older->younger = en->younger;
	else
		t->oldest = en->younger;
	if (en->younger)
		en->younger->older = en->older;
	else
		t->youngest = en->older;
}

static void link_youngest(struct throttle *t, struct entry *en)
{
	en->younger = NULL;
	en->older = t->youngest;
	if (en->older)
		en->older->younger = en;
	else
		t->oldest = en;
	t->youngest = en;
}

static void forget_oldest(struct throttle *t)
{
	struct entry *en = t->oldest;
	struct entry **at = find(t, en->kind, name_of(en));

	*at = en->next;
	unlink_age(t, en);
	t->n--;
	free(en);
}

static struct entry *get(struct throttle *t, char kind, struct str name,
			 const struct throttle_limits *limits, int64_t now_ms)
{
	struct entry **at = find(t, kind, name), *en = *at;

	if (en) {
		unlink_age(t, en);
		link_youngest(t, en);
		return en;
	}
	if (t->n == THROTTLE_MAX) {
		forget_oldest(t);
		at = find(t, kind, name);
	}
	en = xcalloc(1, sizeof(*en) + name.len + 1);
	en->kind = kind;
	en->len = name.len;
	memcpy(en->name, name.p, name.len);
	for (int i = 0; i < THROTTLE_KINDS; i++)
		rate_init(&en->rate[i], limits->per_s[i], now_ms);
	*at = en;
	link_youngest(t, en);
	t->n++;
	return en;
}

/* The bucket, as the limits are now: they may have been set again. */
static struct rate *bucket(struct throttle *t, char who, struct str name,
			   const struct throttle_limits *limits,
			   enum throttle_kind kind, int64_t now_ms)
{
	struct rate *r = &get(t, who, name, limits, now_ms)->rate[kind];

	if (r->per_s != limits->per_s[kind])
		rate_init(r, limits->per_s[kind], now_ms);
	return r;
}

int64_t throttle_take(struct throttle *t, const struct throttle_limits *limits,
		      enum throttle_kind kind, struct str address,
		      struct str user, int64_t now_ms)
{
	struct rate *of_address = NULL, *of_user;

	if (limits->per_s[kind] == 0)
		return 0;
	if (address.p)
		of_address = bucket(t, 'a', address, limits, kind, now_ms);
	if (of_address && !rate_take(of_address, now_ms))
		return rate_wait_ms(of_address);
	if (!user.p)
		return 0;
	/* The newest two are never the oldest: of_address is still there. */
	of_user = bucket(t, 'u', user, limits, kind, now_ms);
	if (rate_take(of_user, now_ms))
		return 0;
	if (of_address)
		rate_give_back(of_address);
	return rate_wait_ms(of_user);
}
