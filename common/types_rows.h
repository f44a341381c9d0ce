#ifndef COMMON_TYPES_ROWS_H
#define COMMON_TYPES_ROWS_H

/*
 * types_rows - how the tables of types_*.c are written. For them alone.
 *
 * A row is named as its member of the struct is, which is its name in the
 * JSON, too. Flags are those of shape.h by short names.
 */
#include <stddef.h>

#include "common/shape.h"

/* A row of a table: a member of struct s, named as it is in the JSON. */
#define ROW(s, m, k, fl, d)                           \
	.name = #m, .kind = SHAPE_##k, .flags = (fl), \
	.offset = offsetof(struct s, m), .doc = (d)
#define NAMED(s, m, fl, nm, d) ROW(s, m, NAME, fl, d), .names = (nm)
#define SUB(s, m, fl, sh, d)   ROW(s, m, SUB, fl, d), .sub = &(sh)

#define SHAPE(s, rows, fl, d)                           \
	{                                               \
		.doc = (d), .fields = (rows),           \
		.n = sizeof(rows) / sizeof((rows)[0]),  \
		.size = sizeof(struct s), .flags = (fl) \
	}

enum {
	REQ = SHAPE_REQUIRED,
	NUL = SHAPE_NULLABLE,
	LOOSE = SHAPE_LOOSE,
	POS = SHAPE_POSITIVE,
	OPEN = SHAPE_OPEN,
};

/* Sentences that tables of several files have. */
#define DOC_WATCH  "The watch that saw it."
#define DOC_SOURCE "Where it was seen: a shop, a site."
#define DOC_NOTIFY "Names of channels in weir.conf; absent: all of the user's."

#endif
