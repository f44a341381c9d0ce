#include "vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

enum { BUCKETS_FIRST = 64 };

static uint32_t hash_of(struct str text)
{
	return (uint32_t)str_hash_fast(text);
}

/* Where it is, or could be. */
static uint32_t *place(const struct vocabulary *v, struct str text,
		       uint32_t hash)
{
	for (size_t i = hash;; i++) {
		uint32_t *at = &v->bucket[i & (v->n_buckets - 1)];
		const struct token *t = &v->token[*at];

		if (*at == 0 || (t->hash == hash && t->len == text.len &&
				 memcmp(t->text, text.p, text.len) == 0))
			return at;
	}
}

static void grow(struct vocabulary *v)
{
	uint32_t *old = v->bucket;
	size_t n = v->n_buckets;

	v->n_buckets = n ? n * 2 : BUCKETS_FIRST;
	v->bucket = xcalloc(v->n_buckets, sizeof(*v->bucket));
	for (size_t i = 0; i < n; i++) {
		const struct token *t = &v->token[old[i]];

		if (old[i])
			*place(v, (struct str){ t->text, t->len }, t->hash) =
				old[i];
	}
	free(old);
}

void vocabulary_init(struct vocabulary *v)
{
	*v = (struct vocabulary){ .n_tokens = 1 };
	xgrow(&v->token, &v->cap_tokens, 0, sizeof(*v->token));
	v->token[TOKEN_ANY] = (struct token){ .text = NULL };
	v->cap_present = 1;
	v->present = xcalloc(1, sizeof(*v->present));
	v->present[0] = 1;
	grow(v);
}

void vocabulary_free(struct vocabulary *v)
{
	for (size_t i = 0; i < v->n_tokens; i++) {
		free(v->token[i].text);
		free(v->token[i].v);
	}
	free(v->token);
	free(v->bucket);
	free(v->free);
	free(v->present);
	free(v->found);
	*v = (struct vocabulary){ 0 };
}

static bool is_prefix(const struct token *t)
{
	return t->text[t->len - 1] == '*';
}

static uint32_t add(struct vocabulary *v, struct str text, uint32_t hash)
{
	struct token *t;
	uint32_t id;

	if (v->n_free) {
		id = v->free[--v->n_free];
	} else {
		xgrow(&v->token, &v->cap_tokens, v->n_tokens,
		      sizeof(*v->token));
		id = (uint32_t)v->n_tokens++;
	}
	while (v->cap_present * 64 < v->n_tokens) {
		v->present = xrealloc(v->present,
				      v->cap_present * 2 * sizeof(*v->present));
		memset(v->present + v->cap_present, 0,
		       v->cap_present * sizeof(*v->present));
		v->cap_present *= 2;
	}
	t = &v->token[id];
	*t = (struct token){ .text = xstrndup(text.p, text.len),
			     .len = (uint32_t)text.len,
			     .hash = hash };
	if (is_prefix(t))
		v->prefixes[text.len - 1]++;
	return id;
}

uint32_t vocabulary_take(struct vocabulary *v, struct str text)
{
	uint32_t hash = hash_of(text), *at;

	if (v->n_used * 2 >= v->n_buckets)
		grow(v);
	at = place(v, text, hash);
	if (*at == 0) {
		*at = add(v, text, hash);
		v->n_used++;
	}
	v->token[*at].users++;
	return *at;
}

/* What stands behind a bucket that was emptied may belong there. */
static void close_gap(struct vocabulary *v, size_t gap)
{
	for (size_t i = gap + 1;; i++) {
		uint32_t *at = &v->bucket[i & (v->n_buckets - 1)], id = *at;
		const struct token *t = &v->token[id];

		if (id == 0)
			return;
		*at = 0;
		*place(v, (struct str){ t->text, t->len }, t->hash) = id;
	}
}

void vocabulary_leave(struct vocabulary *v, uint32_t id)
{
	struct token *t = &v->token[id];
	uint32_t *at;

	if (--t->users > 0)
		return;
	at = place(v, (struct str){ t->text, t->len }, t->hash);
	*at = 0;
	v->n_used--;
	close_gap(v, (size_t)(at - v->bucket));
	if (is_prefix(t))
		v->prefixes[t->len - 1]--;
	free(t->text);
	free(t->v);
	*t = (struct token){ .text = NULL };
	xgrow(&v->free, &v->cap_free, v->n_free, sizeof(*v->free));
	v->free[v->n_free++] = id;
}

static void note(struct vocabulary *v, struct str text)
{
	uint32_t id = *place(v, text, hash_of(text));

	if (id == 0 || vocabulary_has(v, id))
		return;
	v->present[id >> 6] |= UINT64_C(1) << (id & 63);
	xgrow(&v->found, &v->cap_found, v->n_found, sizeof(*v->found));
	v->found[v->n_found++] = id;
}

static void note_prefixes(struct vocabulary *v, struct str word)
{
	char text[TOKEN_PREFIX_MAX + 1];

	for (size_t n = 1; n <= TOKEN_PREFIX_MAX && n <= word.len; n++) {
		if (v->prefixes[n] == 0)
			continue;
		memcpy(text, word.p, n);
		text[n] = '*';
		note(v, (struct str){ text, n + 1 });
	}
}

void vocabulary_read(struct vocabulary *v, struct str row)
{
	struct str word;

	for (size_t i = 0; i < v->n_found; i++)
		v->present[v->found[i] >> 6] = 0;
	v->present[0] |= 1;
	v->n_found = 0;
	if (v->n_used == 0)
		return;
	while (str_token(&row, " \n", &word)) {
		note(v, word);
		note_prefixes(v, word);
	}
}
