#ifndef COMMON_WORDS_H
#define COMMON_WORDS_H

/*
 * words - text as a row of words, so that looking for whole words in any case
 * is looking for bytes.
 *
 * A word is a run of letters, digits and marks; everything else separates.
 * Latin, Greek, Cyrillic and Armenian letters are folded: they lose their case
 * (Unicode's simple case folding) and the marks that they decompose into
 * (canonical decomposition) or that stand behind them, so that "CAFÉ" and "café"
 * in either of its forms are "cafe". What Unicode holds for a letter of its own
 * stays one, as ø, ł, đ and ß do. The letters of other scripts keep their marks.
 */
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

/* The folded form of a character; 0: it is a mark, and goes. */
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

/* Does a row of words contain another one, or what words_phrase() made? */
bool words_contain(struct str row, struct str phrase);

/*
 * Does the row of text contain one of these? The row is not made, so this needs
 * no memory: it is one pass over the text, in time that grows with its length
 * and their number, whatever is in it.
 */
enum { WORDS_WANTED_MAX = 256 };
struct words_wanted {
	struct str row;	       /* of words_add() or words_phrase(), not empty */
	const uint16_t *table; /* for each of its bytes (at most 65535) */
};
void words_table(struct str row, uint16_t *table);
bool words_mention(struct str text, const struct words_wanted *any, size_t n);

#endif
