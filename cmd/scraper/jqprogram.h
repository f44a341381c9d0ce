#ifndef SCRAPER_JQPROGRAM_H
#define SCRAPER_JQPROGRAM_H

/*
 * jqprogram - programs in jq's language (libjq behind it).
 *
 * A program may run for ever and take all memory that there is. It is compiled
 * and run only in a process that can be spared and that can reach nothing: see
 * extract_child.h. Compiling takes some 20 ms. What the language has to look
 * beyond its input (environment, modules, further input, clock, messages) is
 * refused by name, so that a program that counts on it is told so.
 *
 * Where there is no memory left the process ends, with status 71 as in xmem.h.
 * A number is an IEEE double, as jq has it: of more than 17 digits it keeps 17.
 */
#include "common/buf.h"
#include "common/err.h"
#include "common/json.h"

enum {
	JQPROGRAM_TEXT_MAX = 8192,   /* bytes of a program */
	JQPROGRAM_RESULTS_MAX = 5000 /* that are taken from one run */
};

/* Only looks at the words: 0, or -1 with *e (EX_CONFIG). Runs nothing. */
int jqprogram_check(struct str text, struct err *e);

/* NULL with *e: EX_CONFIG, what jq says in one line. text was checked. */
struct jqprogram *jqprogram_new(const char *text, struct err *e);
void jqprogram_free(struct jqprogram **pp);

/* A value of jq's, counted. */
struct jqvalue;
struct jqvalue *jqvalue_new(const struct json *n);
void jqvalue_free(struct jqvalue **vp);

/* For a string, number, true or false; absent for others. In the arena. */
struct str jqvalue_text(const struct jqvalue *v, struct arena *a,
			bool *number_r);
/* The elements of an array; -1 for anything else. */
int jqvalue_count(const struct jqvalue *v);
struct jqvalue *jqvalue_at(const struct jqvalue *v, int i);
/* As a tree, freed by the caller. NULL with *e: jq can nest deeper than JSON. */
struct json *jqvalue_json(const struct jqvalue *v, struct err *e);

/*
 * Run with one input; then take the results one by one. Borrows nothing.
 * 1 and *v_r, which is the caller's; 0: no more; -1 with *e: EX_DATAERR, the
 * program failed. A new start forgets what is left of the run before.
 */
void jqprogram_start(struct jqprogram *p, const struct jqvalue *input);
int jqprogram_next(struct jqprogram *p, struct jqvalue **v_r, struct err *e);

#endif
