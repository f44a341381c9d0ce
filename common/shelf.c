/*
 * A tree with a fork for each bit in which keys differ (D. J. Bernstein's
 * crit-bit tree). A byte counts as nine bits, of which the first says that it
 * is there; so no key is the beginning of another. A single key is looked up in
 * a hash table beside it, since each fork on the way costs a wait for memory.
 */
#include "common/shelf.h"

#include <stdlib.h>

#include "common/xmem.h"

struct fork {
	void *child[2]; /* 0: the bit is not set */
	uint32_t at;	/* of this byte of the key */
	uint16_t bit;	/* this one, 1 to 256 */
};

struct leaf {
	uint32_t key_len, val_len, room; /* room: for the value */
	char bytes[];			 /* of the key, and of the value */
};

/* Of what a pointer is, says its lowest bit: 1 for a fork. */
static bool is_fork(const void *p)
{
	return (uintptr_t)p & 1;
}

static struct fork *fork_of(const void *p)
{
	return (struct fork *)((uintptr_t)p - 1);
}

static struct str key_of(const struct leaf *l)
{
	return (struct str){ l->bytes, l->key_len };
}

static struct str val_of(const struct leaf *l)
{
	return (struct str){ l->bytes + l->key_len, l->val_len };
}

static unsigned nine_bits(struct str key, size_t at)
{
	return at < key.len ? 256u | (unsigned char)key.p[at] : 0;
}

static int side(const struct fork *f, struct str key)
{
	return (nine_bits(key, f->at) & f->bit) != 0;
}

static void free_all(void *p)
{
	if (!p)
		return;
	if (is_fork(p)) {
		free_all(fork_of(p)->child[0]);
		free_all(fork_of(p)->child[1]);
		p = fork_of(p);
	}
	free(p);
}

void shelf_free(struct shelf *s)
{
	free_all(s->root);
	free(s->bucket);
	*s = (struct shelf){ .root = NULL };
}

/* The only one that can be key. NULL: there is none at all. */
static struct leaf *nearest(const struct shelf *s, struct str key)
{
	void *p = s->root;

	while (p && is_fork(p))
		p = fork_of(p)->child[side(fork_of(p), key)];
	return p;
}

/* ---- by hash ---- */

enum { BUCKETS_FIRST = 64 };

/* The hash stands here, so that no other leaf is looked at. */
struct shelf_bucket {
	struct leaf *leaf; /* NULL: free */
	uint64_t hash;
};

/* Where it is, or could be. */
static struct shelf_bucket *bucket_of(const struct shelf *s, struct str key,
				      uint64_t hash)
{
	for (size_t i = hash;; i++) {
		struct shelf_bucket *at = &s->bucket[i & (s->n_buckets - 1)];

		if (!at->leaf ||
		    (at->hash == hash && str_eq(key_of(at->leaf), key)))
			return at;
	}
}

static void grow(struct shelf *s)
{
	struct shelf_bucket *old = s->bucket;
	size_t n = s->n_buckets;

	s->n_buckets = n ? n * 2 : BUCKETS_FIRST;
	s->bucket = xcalloc(s->n_buckets, sizeof(*s->bucket));
	for (size_t i = 0; i < n; i++)
		if (old[i].leaf)
			*bucket_of(s, key_of(old[i].leaf), old[i].hash) =
				old[i];
	free(old);
}

static void empty_bucket(struct shelf *s, struct shelf_bucket *at)
{
	at->leaf = NULL;
	/* What stands behind it may belong there. */
	for (size_t i = (size_t)(at - s->bucket) + 1;; i++) {
		struct shelf_bucket *next = &s->bucket[i & (s->n_buckets - 1)];
		struct shelf_bucket was = *next;

		if (!was.leaf)
			return;
		next->leaf = NULL;
		*bucket_of(s, key_of(was.leaf), was.hash) = was;
	}
}

static struct leaf *find(const struct shelf *s, struct str key)
{
	return s->n ? bucket_of(s, key, str_hash_fast(key))->leaf : NULL;
}

bool shelf_get(const struct shelf *s, struct str key, struct str *val_r)
{
	const struct leaf *l = find(s, key);

	if (!l)
		return false;
	*val_r = val_of(l);
	return true;
}

/* ---- changes ---- */

static struct leaf *leaf_new(struct str key, struct str val)
{
	struct leaf *l = xmalloc(sizeof(*l) + key.len + val.len);

	l->key_len = (uint32_t)key.len;
	l->val_len = l->room = (uint32_t)val.len;
	if (key.len)
		memcpy(l->bytes, key.p, key.len);
	if (val.len)
		memcpy(l->bytes + key.len, val.p, val.len);
	return l;
}

/* The first bit in which two keys differ; false: they are the same. */
static bool differ(struct str a, struct str b, uint32_t *at_r, uint16_t *bit_r)
{
	size_t n = a.len < b.len ? a.len : b.len, i = 0;
	unsigned bits;

	while (i < n && a.p[i] == b.p[i])
		i++;
	bits = nine_bits(a, i) ^ nine_bits(b, i);
	if (bits == 0)
		return false;
	*at_r = (uint32_t)i;
	*bit_r = (uint16_t)(1u << (31 - __builtin_clz(bits)));
	return true;
}

static bool is_before(const struct fork *f, uint32_t at, uint16_t bit)
{
	return f->at < at || (f->at == at && f->bit > bit);
}

/* Where the tree forks for this bit of key, or is to. */
static void **place(struct shelf *s, struct str key, uint32_t at, uint16_t bit)
{
	void **p = &s->root;

	while (is_fork(*p) && is_before(fork_of(*p), at, bit))
		p = &fork_of(*p)->child[side(fork_of(*p), key)];
	return p;
}

static void add(struct shelf *s, const struct leaf *near, struct leaf *leaf)
{
	struct fork *f = xmalloc(sizeof(*f));
	struct str key = key_of(leaf);
	void **p;
	int mine;

	differ(key_of(near), key, &f->at, &f->bit);
	p = place(s, key, f->at, f->bit);
	mine = side(f, key);
	f->child[mine] = leaf;
	f->child[!mine] = *p;
	*p = (void *)((uintptr_t)f + 1);
}

/* Where the tree has the leaf of this key, which is there. */
static void **place_of(struct shelf *s, struct str key)
{
	void **p = &s->root;

	while (is_fork(*p))
		p = &fork_of(*p)->child[side(fork_of(*p), key)];
	return p;
}

static void put_new(struct shelf *s, struct leaf *new)
{
	struct str key = key_of(new);
	uint64_t hash = str_hash_fast(key);

	if (s->n)
		add(s, nearest(s, key), new);
	else
		s->root = new;
	if (++s->n * 2 > s->n_buckets)
		grow(s);
	*bucket_of(s, key, hash) = (struct shelf_bucket){ new, hash };
}

void shelf_put(struct shelf *s, struct str key, struct str val)
{
	struct leaf *old = find(s, key), *new;

	if (old && val.len <= old->room) {
		if (val.len)
			memmove(old->bytes + old->key_len, val.p, val.len);
		old->val_len = (uint32_t)val.len;
		return;
	}
	new = leaf_new(key, val);
	if (!old) {
		put_new(s, new);
		return;
	}
	*place_of(s, key) = new;
	bucket_of(s, key, str_hash_fast(key))->leaf = new;
	free(old);
}

bool shelf_remove(struct shelf *s, struct str key)
{
	struct leaf *leaf = find(s, key);
	void **up = NULL, **p = &s->root;

	if (!leaf)
		return false;
	while (is_fork(*p)) {
		up = p;
		p = &fork_of(*p)->child[side(fork_of(*p), key)];
	}
	if (up) {
		struct fork *f = fork_of(*up);

		*up = f->child[p == &f->child[0]];
		free(f);
	} else {
		s->root = NULL;
	}
	empty_bucket(s, bucket_of(s, key, str_hash_fast(key)));
	s->n--;
	free(leaf);
	return true;
}

/* ---- in order ---- */

static const struct leaf *first_below(const void *p)
{
	while (is_fork(p))
		p = fork_of(p)->child[0];
	return p;
}

/* The first that is greater than key, or the first that is not less. */
static const struct leaf *follow(const struct shelf *s, struct str key,
				 bool or_equal)
{
	const struct leaf *near = nearest(s, key);
	const void *p = s->root, *later = NULL;
	uint32_t at = UINT32_MAX;
	uint16_t bit = 0;
	bool differs;

	if (!near)
		return NULL;
	differs = differ(key_of(near), key, &at, &bit);
	if (!differs && or_equal)
		return near;
	/* Down to where key would be; what lies to the right of it is later. */
	while (is_fork(p) && (!differs || is_before(fork_of(p), at, bit))) {
		const struct fork *f = fork_of(p);

		if (side(f, key) == 0)
			later = f->child[1];
		p = f->child[side(f, key)];
	}
	/* All that is left is greater, or less. */
	if (differs && !(nine_bits(key, at) & bit))
		return first_below(p);
	return later ? first_below(later) : NULL;
}

bool shelf_next(const struct shelf *s, struct str prefix, struct str after,
		struct str *key_r, struct str *val_r)
{
	const struct leaf *l =
		after.p ? follow(s, after, false) : follow(s, prefix, true);

	if (!l || !str_starts(key_of(l), prefix))
		return false;
	*key_r = key_of(l);
	*val_r = val_of(l);
	return true;
}
