#ifndef SIM_MISCHIEF_H
#define SIM_MISCHIEF_H

/*
 * mischief - what goes wrong on the web, by path prefix.
 *
 * Prefixes that change an answer stand in front of the path that they change
 * and can be combined: /slow/500/ratelimit/2/ads/feed.xml.
 */
#include <stdbool.h>

#include "site.h"

/* False if there is no prefix `name`; else *v->a is the answer. */
bool mischief_answer(struct visit *v, struct str name, struct str rest);

#endif
