#ifndef ALERTER_VOCABULARY_H
#define ALERTER_VOCABULARY_H

/*
 * vocabulary - the words that rules and searches ask for, as numbers.
 *
 * A token is a word as words_add() writes it, or the beginning of one, with a
 * '*' behind it. It is kept as long as somebody uses it. Of an event it is
 * noted once which tokens its text has; then asking for one is looking at a
 * bit. Token 0 is nobody's word and is in every text.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum { TOKEN_ANY = 0, TOKEN_PREFIX_MAX = 32 /* bytes before its '*' */ };

struct token {
	char *text; /* NULL: not in use */
	uint32_t len, hash;
	uint32_t users;
	/* For whoever uses them: what is found by this token (postings.h). */
	struct posting *v;
	uint32_t n, cap;
};

struct vocabulary {
	struct token *token;
	size_t n_tokens, cap_tokens; /* with those that are free */
	uint32_t *bucket;	     /* a token, or 0 */
	size_t n_buckets, n_used;
	uint32_t *free;
	size_t n_free, cap_free;
	uint32_t prefixes[TOKEN_PREFIX_MAX + 1]; /* tokens of this length */
	uint64_t *present; /* of the text at hand, a bit for each token */
	size_t cap_present;
	uint32_t *found; /* the same as a list */
	size_t n_found, cap_found;
};

void vocabulary_init(struct vocabulary *v);
void vocabulary_free(struct vocabulary *v);

/* One user more of this token, or one less; what is used by nobody goes. */
uint32_t vocabulary_take(struct vocabulary *v, struct str text);
void vocabulary_leave(struct vocabulary *v, uint32_t token);

/* Note the tokens of a text, rows of words_add() with a newline between two. */
void vocabulary_read(struct vocabulary *v, struct str row);

static inline bool vocabulary_has(const struct vocabulary *v, uint32_t token)
{
	return v->present[token >> 6] >> (token & 63) & 1;
}

#endif
