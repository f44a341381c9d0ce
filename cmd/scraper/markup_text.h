#ifndef SCRAPER_MARKUP_TEXT_H
#define SCRAPER_MARKUP_TEXT_H

/*
 * markup_text - whether a text can be an amount at all, for what sees every
 * text of a page: a look at its bytes, before price.h reads it. Pure.
 */
#include <stdbool.h>

#include "common/str.h"

/* Of any script that shops are written in. */
bool markup_text_has_digit(struct str s);

bool markup_text_has_letter(struct str s); /* a to z */

/* One number, or a range of two: "12.99 - 24.99 €". */
bool markup_text_is_price(struct str s);

#endif
