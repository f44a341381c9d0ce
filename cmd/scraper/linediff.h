#ifndef SCRAPER_LINEDIFF_H
#define SCRAPER_LINEDIFF_H

/*
 * linediff - which lines a text gained and lost.
 *
 * The shortest edit script (Myers, "An O(ND) Difference Algorithm and Its
 * Variations", 1986), so that a moved line counts as lost and gained. Texts
 * that differ by more than LINEDIFF_EDITS_MAX lines are compared as multisets
 * of lines instead: then a line that only moved is no difference.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/str.h"

enum { LINEDIFF_EDITS_MAX = 1000 };

struct linediff {
	struct str *added, *removed; /* in the order of their text */
	size_t n_added, n_removed;
	bool unordered; /* too different: compared as multisets */
};

/*
 * unordered: as multisets, so that a line that moved did not change. Lines end
 * with '\n'; a missing one at the end does not matter. The lists are
 * in the arena, the lines point into before and after.
 */
void linediff(struct str before, struct str after, bool unordered,
	      struct arena *a, struct linediff *d_r);

#endif
