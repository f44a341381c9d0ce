#ifndef COMMON_WORDS_H
#define COMMON_WORDS_H

/*
 * words - text as a row of words, so that looking for whole words in any case
 * is looking for bytes.
 *
 * A word is a run of letters, digits and marks; everything else separates.
 * Letters are folded by Unicode's simple case folding for Latin, Greek,
 * Cyrillic, Armenian and fullwidth letters; accents stay.
 */
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

/* The folded form of a character. */
uint32_t words_fold(uint32_t cp);

/*
 * Add the words of text, folded, with one space before, between and after
 * them: " red bicycle ". Adds nothing where there is no word.
 */
void words_add(struct buf *b, struct str text);

/*
 * Add what to look for in such rows: the row of text, but without the space at
 * its end where there is a '*' behind its last word, so that it is found in
 * longer words, too: "red bicyc*" is in " red bicycles ".
 */
void words_phrase(struct buf *b, struct str text);

/* Is there a word in it? */
bool words_any(struct str text);

/* Does a row of words contain another one? Both made by words_add(). */
bool words_contain(struct str row, struct str phrase);

/*
 * Does the row of text contain phrase? The row is not made, so this needs no
 * memory; time grows with the text alone, whatever is in it. table: as many
 * numbers as phrase has bytes (at most 65535), filled by words_table().
 */
void words_table(struct str phrase, uint16_t *table);
bool words_mention(struct str text, struct str phrase, const uint16_t *table);

#endif
