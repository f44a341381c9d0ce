#ifndef SCRAPER_ITEM_WORDS_H
#define SCRAPER_ITEM_WORDS_H

/* item_words - schema.org's names for what sources say in words of their own. */
#include "common/str.h"

/* "InStock", "OutOfStock", "PreOrder" …; absent where text says neither. */
struct str item_availability(struct str text);

/* "NewCondition", "UsedCondition", …; absent where text says none of them. */
struct str item_condition(struct str text);

#endif
