#ifndef TESTS_UNIT_SCRAPER_WIRES_H
#define TESTS_UNIT_SCRAPER_WIRES_H

/*
 * wires - what an extractor found is the same at the other end of the wire,
 * where it is not believed.
 */
#include <string.h>

#include "cmd/scraper/extract_wire.h"

/* True if o, printed, is want there, too. */
static inline bool wires_carry(const struct observation *o, struct str want)
{
	struct buf wire = { 0 }, got = { 0 };
	struct observation there = { 0 };
	struct arena a = { 0 };
	enum wire_type type;
	struct err e = { 0 };
	bool same;

	wire_put_answer(o, &wire);
	same = wire_length(buf_str(&wire), WIRE_ANSWER_MAX, &type) ==
		       (int64_t)wire.len &&
	       type == WIRE_ANSWER &&
	       wire_get_answer(str_sub(buf_str(&wire), WIRE_HEAD, wire.len), &a,
			       &there, &e) == 0;
	observation_print(&there, &got);
	same = same && str_eq(buf_str(&got), want) &&
	       there.dropped == o->dropped;
	if (!same)
		print_message("# on the wire: %s\n#  got %s\n# want %.*s\n",
			      e.msg, got.p, STR_ARG(want));
	buf_free(&wire);
	buf_free(&got);
	arena_free(&a);
	return same;
}

#endif
