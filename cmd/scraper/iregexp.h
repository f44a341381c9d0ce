#ifndef SCRAPER_IREGEXP_H
#define SCRAPER_IREGEXP_H

/*
 * iregexp - interoperable regular expressions (RFC 9485), as JSONPath has
 * them: no anchors, no references, nothing lazy.
 *
 * PCRE2's alternative matcher is behind it, which follows all paths at once:
 * time grows with the length of the subject and never explodes, whatever the
 * pattern. Patterns and subjects may come from strangers.
 */
#include <stdbool.h>

#include "common/str.h"

enum { IREGEXP_PATTERN_MAX = 1000 }; /* bytes */

struct iregexp;

/*
 * whole: must match all of a subject, else some part of it. pattern is UTF-8.
 * NULL if it is no I-Regexp or too large.
 */
struct iregexp *iregexp_compile(struct str pattern, bool whole);
void iregexp_free(struct iregexp **rep); /* NULL is fine */

/* 1: matches; 0: does not; -1: more work than a match may take. */
int iregexp_match(struct iregexp *re, struct str subject);

#endif
