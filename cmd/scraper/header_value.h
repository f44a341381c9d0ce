#ifndef SCRAPER_HEADER_VALUE_H
#define SCRAPER_HEADER_VALUE_H

/* header_value - take apart what a header says (RFC 9110, 5.6.4). */
#include "common/str.h"

/*
 * Up to the first of the stops that is not within quotes, or all, without white
 * space around it. *rest begins with that stop then, or is empty.
 */
struct str header_take(struct str *rest, const char *stops);

/* Without the quotes around it, where it has them; escapes stay. */
struct str header_unquoted(struct str s);

#endif
