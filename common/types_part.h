#ifndef COMMON_TYPES_PART_H
#define COMMON_TYPES_PART_H

/*
 * types_part - what several types are made of: an item, bounds of a price, the
 * name of a secret, request headers. types.h says how to read a struct and its
 * shape.
 */
#include "common/arena.h"
#include "common/err.h"
#include "common/shape.h"

struct type_item { /* what several shops may sell: "item" of a watch */
	bool present;
	struct str id, kind, name, target, currency;
};

struct type_bounds { /* {"min","max"} of a price */
	bool present;
	struct str min, max;
};

struct type_secret { /* {"file":NAME} in the secrets directory */
	bool present;
	struct str file;
};

/* As a watch says it, where the id may be left out; and as it was seen. */
extern const struct shape shape_item, shape_item_seen;
extern const struct shape shape_bounds, shape_secret;

/* {"file":NAME} and nothing beside it, where a secret could stand. */
bool secret_is_named(struct str value);

/*
 * A JSON object of request headers, or absent: each is a string or names a
 * file with a secret, and those that carry secrets do the latter. -1 with *e:
 * EX_DATAERR.
 */
int headers_check(struct str headers, struct arena *a, struct err *e);

#endif
