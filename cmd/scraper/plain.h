#ifndef SCRAPER_PLAIN_H
#define SCRAPER_PLAIN_H

/*
 * plain - short text of any script made easy to compare.
 *
 * Digits of all scripts become ASCII's, all spaces ' ', apostrophes '\'',
 * dashes '-', full-width forms narrow ones; invisible characters and broken
 * UTF-8 are dropped. `low` is the same text, byte for byte, in lower case.
 * What is over the limit is cut between characters.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"

enum { PLAIN_MAX = 512 };

struct plain {
	char raw[PLAIN_MAX + 1], low[PLAIN_MAX + 1]; /* end with a NUL */
	size_t len;
};

void plain_make(struct str text, struct plain *t_r);

/*
 * Letters are those of scripts that put spaces between words: Han, kana and
 * Hangul are none, because there a currency follows and precedes text.
 */
bool plain_starts_with_letter(struct str s);
bool plain_ends_with_letter(struct str s);
bool plain_letter_at(const struct plain *t, size_t i);
bool plain_letter_before(const struct plain *t, size_t i);

/*
 * The length of the first of the lower-case words that stands at byte i and is
 * no part of a longer one; 0 if none does. The list ends with NULL.
 */
size_t plain_word_at(const struct plain *t, size_t i,
		     const char *const words[]);

#endif
