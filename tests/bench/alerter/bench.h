#ifndef BENCH_ALERTER_H
#define BENCH_ALERTER_H

/*
 * What the parts of bench/alerter share. Each prints one JSON object, figures
 * beside what is wanted and beside the machine's own limit or the plain way to
 * do it, and passes no judgement.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* ---- util.c ---- */

_Noreturn void die(const char *what);

double cpu_s(void);	/* of this process so far */
size_t heap_used(void); /* bytes of the heap that are in use, or mapped */

/* A directory of its own for files, removed by bench_end(). */
const char *bench_dir(void);
void bench_end(void);

/* NAME in it. */
const char *bench_path(const char *name, char out[128]);
void bench_write(const char *path, const struct buf *b);

/*
 * Run weir-alerter as a filter of IN, rules from RULES, output to OUT (paths).
 * Its CPU seconds; *peak_mib_r: what it had in memory at most.
 */
double run_filter(const char *bin, const char *in, const char *rules,
		  const char *out, double *peak_mib_r);
size_t count_lines(const char *path);

/* ---- words.c: text as people write it, by Zipf's law ---- */

enum { WORDS_KNOWN = 100000 };

struct dice {
	uint64_t state; /* not 0 */
};
uint32_t dice_below(struct dice *d, uint32_t n);
/* As often small as large: from low to high, evenly in its logarithm. */
double dice_log(struct dice *d, double low, double high);

/* The word of rank r is drawn in proportion to 1 / (r + 1). */
uint32_t words_draw(struct dice *d); /* a rank */
void words_put(struct buf *b, uint32_t rank);

/* The data of search.set: two to five different words, bounds of the price. */
void put_search(struct buf *b, struct dice *d, uint32_t i);

/* An ad: title and summary as they are written, its price, and all as JSON. */
struct ad {
	struct str title, summary, price, data; /* freed by nobody */
};
struct ad make_ad(struct dice *d);

/* The i-th event of a stream of prices of n_items, as a line. */
void put_price(struct buf *b, struct dice *d, uint32_t i, uint32_t n_items);

/* ---- the parts ---- */

void bench_match(const char *bin, bool quick);
void bench_filter(const char *bin, bool quick);
void bench_backtest(const char *bin, bool quick);

#endif
