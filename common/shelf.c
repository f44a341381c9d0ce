/*
 * A tree with a fork for each bit in which keys differ (D. J. Bernstein's
 * crit-bit tree). A byte counts as nine bits, of which the first says that it
 * is there; so no key is the beginning of another.
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

bool shelf_get(const struct shelf *s, struct str key, struct str *val_r)
{
	const struct leaf *l = nearest(s, key);

	if (!l || !str_eq(key_of(l), key))
		return false;
	*val_r = val_of(l);
	return true;
}

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

void shelf_put(struct shelf *s, struct str key, struct str val)
{
	struct leaf *old = nearest(s, key), *new;

	if (old && str_eq(key_of(old), key) && val.len <= old->room) {
		if (val.len)
			memmove(old->bytes + old->key_len, val.p, val.len);
		old->val_len = (uint32_t)val.len;
		return;
	}
	new = leaf_new(key, val);
	if (!old) {
		s->root = new;
		s->n++;
	} else if (str_eq(key_of(old), key)) {
		*place_of(s, key) = new;
		free(old);
	} else {
		add(s, old, new);
		s->n++;
	}
}

bool shelf_remove(struct shelf *s, struct str key)
{
	void **up = NULL, **p = &s->root;
	struct leaf *leaf;
	struct fork *f;

	while (*p && is_fork(*p)) {
		up = p;
		p = &fork_of(*p)->child[side(fork_of(*p), key)];
	}
	leaf = *p;
	if (!leaf || !str_eq(key_of(leaf), key))
		return false;
	if (up) {
		f = fork_of(*up);
		*up = f->child[p == &f->child[0]];
		free(f);
	} else {
		s->root = NULL;
	}
	free(leaf);
	s->n--;
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
