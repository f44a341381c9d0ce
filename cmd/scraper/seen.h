#ifndef SCRAPER_SEEN_H
#define SCRAPER_SEEN_H

/*
 * seen - which messages of a stream are known, to take each once. Pure.
 *
 * A ring of the hashes of the last SEEN_MAX messages, in order, and a table to
 * look one up. A message with an id of the server's is known by it. One
 * without is known by who said what and when, and two of these may be equal
 * and both real. So it is the order that tells: what a server repeats when we
 * come back ends with, or goes beyond, the last that is known.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

enum { SEEN_MAX = 1024 }; /* messages remembered of a stream */

struct seen; /* NULL: empty */

void seen_free(struct seen **sp);

/* Remember one more, in place of the oldest. Allocates *sp where it is NULL. */
void seen_add(struct seen **sp, uint64_t hash);
bool seen_has(const struct seen *s, uint64_t hash);
size_t seen_count(const struct seen *s);
/* The i-th, 0 is the oldest. */
uint64_t seen_at(const struct seen *s, size_t i);

/*
 * How many of n messages in order, from the first, are what is known already:
 * those up to where the last that is known stands with all that is known
 * before it. Where there are several such places: the last that has the whole
 * beginning in it. 0: they have nothing in common.
 */
size_t seen_overlap(const struct seen *s, const uint64_t *v, size_t n);

/* What a message is known by. */
uint64_t seen_hash_id(struct str id);
uint64_t seen_hash_content(struct str username, struct str text,
			   int64_t sent_us);

#endif
