#ifndef SCRAPER_ITEM_WORDS_H
#define SCRAPER_ITEM_WORDS_H

/* item_words - schema.org's names for what sources say in words of their own. */
#include <stdbool.h>

#include "common/str.h"

/* "InStock", "OutOfStock", "PreOrder" …; absent where text says neither. */
struct str item_availability(struct str text);

/* "NewCondition", "UsedCondition", …; absent where text says none of them. */
struct str item_condition(struct str text);

/*
 * Does text say that sending it costs nothing, and no more than that? What is
 * free above an amount is not free.
 */
bool item_is_shipped_free(struct str text);

#endif
