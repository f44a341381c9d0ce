#ifndef COMMON_REGEX_H
#define COMMON_REGEX_H

/*
 * regex - regular expressions by people, on texts by strangers: PCRE2's, in
 * UTF-8, \w and the like being of Unicode.
 *
 * Compiled to machine code where the system lets a process make some, and
 * interpreted where it does not, with the same answers. The work of a match is
 * bounded by the length of the text, whatever the pattern: PCRE2's own limits
 * count per place to start at, and not what a lookahead reads, so it is counted
 * here, in steps and the bytes between them. Groups cannot be asked for again
 * (\1), which would be work that nobody counts.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"
#include "common/str.h"

enum {
	REGEX_PATTERN_MAX = 512,    /* bytes */
	REGEX_NESTED_MAX = 32,	    /* groups in each other */
	REGEX_CODE_MAX = 8 << 10,   /* bytes of a compiled pattern */
	REGEX_WORK = 20000,	    /* steps and bytes of one match, */
	REGEX_WORK_PER_BYTE = 16,   /* and so many for each of the text */
	REGEX_MEMORY_MAX = 4 << 10, /* KiB that an interpreted one may take */
};

struct regex;

/*
 * Free with regex_free(). NULL with *e (EX_DATAERR, what is wrong without
 * where) and in *at_r the byte of the pattern at which it was seen, at most its
 * length.
 */
struct regex *regex_compile(struct str pattern, size_t *at_r, struct err *e);
void regex_free(struct regex **rep);

/*
 * Is it in the text, which is UTF-8? 1, 0, or -1: that would be more work than
 * a match may do. Keeps the memory that it needs for the next time.
 */
int regex_match(struct regex *re, struct str text);

#endif
