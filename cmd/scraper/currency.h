#ifndef SCRAPER_CURRENCY_H
#define SCRAPER_CURRENCY_H

/*
 * currency - from what people write beside a price to its ISO 4217 code.
 *
 * Signs and words are data (currency.c). Many stand for several currencies
 * ("$", "kr"): those carry all their codes, the one that is meant where
 * nothing else is known first.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

#include "plain.h"

enum { CURRENCY_LEN = 3, CURRENCY_SIZE = 4 };

/* A sign, word or code that was found in a text. */
struct currency_mark {
	size_t at, len;
	char codes[56]; /* all that it may mean, between spaces */
	bool weak;	/* counts only right beside a number ("R", "top") */
};

/* The mark that starts at byte i; false if there is none. */
bool currency_mark_at(const struct plain *t, size_t i,
		      struct currency_mark *m_r);

/* May the mark mean this code? */
bool currency_mark_means(const struct currency_mark *m, struct str code);

/* Is s an ISO 4217 code, in upper case? */
bool currency_is_code(struct str s);

/* Digits after the point of its smallest coin: 2 but for some. */
unsigned currency_digits(struct str code);

/*
 * The country that a host's name ends in, "de"; absent where it ends in none,
 * or in one whose names everybody takes (.co, .me; but not .com.co).
 */
struct str currency_country(struct str host);

/*
 * The currency of a country ("DE", "uk", or a top-level domain), or of a
 * language tag: of its region ("en-CA"), else of the one country where it is
 * spoken ("sv"). Absent where that is not known.
 */
struct str currency_of_country(struct str country);
struct str currency_of_lang(struct str lang);

#endif
