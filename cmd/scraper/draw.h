#ifndef SCRAPER_DRAW_H
#define SCRAPER_DRAW_H

/*
 * draw - numbers that look random and are the same every time.
 *
 * The n-th draw of a seed needs no state: spread, jitter and the mock source
 * stay the same over a restart and in a test. (The output function of
 * SplitMix64: Steele, Lea, Flood, OOPSLA 2014.)
 */
#include <stdint.h>

uint64_t draw(uint64_t seed, uint64_t n);

/* The n-th draw as a whole number from 0 to below `limit` (0 where <= 0). */
int64_t draw_below(uint64_t seed, uint64_t n, int64_t limit);

#endif
