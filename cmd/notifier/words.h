#ifndef NOTIFIER_WORDS_H
#define NOTIFIER_WORDS_H

/*
 * words - split a command line into its words, without a shell.
 *
 * Words stand between spaces and tabs. Single quotes take everything up to the
 * next one as it is; in double quotes and outside, a backslash takes the next
 * character as it is. Nothing else has a meaning: no variables, patterns,
 * redirections. Pure.
 */
#include "common/arena.h"
#include "common/err.h"
#include "common/str.h"

enum { WORDS_MAX = 64 };

/*
 * An array of words that ends with NULL. NULL with *e, EX_CONFIG: no word, too
 * many, a quote without its end.
 */
char **words_split(struct str line, struct arena *a, struct err *e);

#endif
