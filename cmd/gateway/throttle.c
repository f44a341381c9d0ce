#include "throttle.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "rate.h"

enum { BUCKETS = 16384, NETWORK = 6, HALF = 8 };

struct entry {
	struct entry *next;	       /* of the same bucket */
	struct entry *older, *younger; /* by when it was last used */
	struct rate rate[THROTTLE_KINDS];
	char kind; /* "anu": address, network, user, which may look the same */
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

static struct entry *get(struct throttle *t, char kind, struct str name)
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
	*at = en;
	link_youngest(t, en);
	t->n++;
	return en;
}

/* What one thing takes from, up to three of them. */
struct taking {
	struct throttle *t;
	enum throttle_kind kind;
	int64_t per_s, now_ms;
	struct rate *taken[2];
	size_t n;
};

/* A bucket, as the limits are now: they may have been set again. */
static struct rate *bucket(const struct taking *k, char who, struct str name,
			   int64_t per_s)
{
	struct rate *r = &get(k->t, who, name)->rate[k->kind];

	if (r->per_s != per_s)
		rate_init(r, per_s, k->now_ms);
	return r;
}

/*
 * Take from a bucket. Else what was taken from others is given back. 0, or how
 * long to wait. The newest three are never the oldest: the others' are still
 * there.
 */
static int64_t take(struct taking *k, char who, struct str name, int64_t per_s)
{
	struct rate *r = bucket(k, who, name, per_s);

	if (rate_take(r, k->now_ms)) {
		if (k->n < ARRAY_LEN(k->taken))
			k->taken[k->n++] = r;
		return 0;
	}
	while (k->n)
		rate_give_back(k->taken[--k->n]);
	return rate_wait_ms(r);
}

/* Of IPv6, the half that is an address; and its network. */
static struct str half_of(const struct in6_addr *a)
{
	return (struct str){ (const char *)a,
			     IN6_IS_ADDR_V4MAPPED(a) ? sizeof(*a) : HALF };
}

static struct str network_of(const struct in6_addr *a)
{
	return (struct str){ (const char *)a, NETWORK };
}

static int64_t take_address(struct taking *k, const struct in6_addr *a)
{
	int64_t ms = 0;

	/* Of the network first: what it may not, has no entry. */
	if (!IN6_IS_ADDR_V4MAPPED(a))
		ms = take(k, 'n', network_of(a), k->per_s * THROTTLE_NETWORK);
	return ms ? ms : take(k, 'a', half_of(a), k->per_s);
}

int64_t throttle_take(struct throttle *t, const struct throttle_limits *limits,
		      enum throttle_kind kind, const struct in6_addr *address,
		      struct str user, int64_t now_ms)
{
	struct taking k = { .t = t,
			    .kind = kind,
			    .per_s = limits->per_s[kind],
			    .now_ms = now_ms };
	int64_t ms = 0;

	if (k.per_s == 0)
		return 0;
	if (address)
		ms = take_address(&k, address);
	if (ms == 0 && user.p)
		ms = take(&k, 'u', user, k.per_s);
	return ms;
}

void throttle_charge(struct throttle *t, const struct throttle_limits *limits,
		     enum throttle_kind kind, size_t n,
		     const struct in6_addr *address, struct str user,
		     int64_t now_ms)
{
	const struct taking k = { .t = t,
				  .kind = kind,
				  .per_s = limits->per_s[kind],
				  .now_ms = now_ms };
	const int64_t much = (int64_t)n;

	if (k.per_s == 0 || n == 0)
		return;
	if (!IN6_IS_ADDR_V4MAPPED(address))
		rate_charge(bucket(&k, 'n', network_of(address),
				   k.per_s * THROTTLE_NETWORK),
			    much, now_ms);
	rate_charge(bucket(&k, 'a', half_of(address), k.per_s), much, now_ms);
	if (user.p)
		rate_charge(bucket(&k, 'u', user, k.per_s), much, now_ms);
}
