#ifndef GATEWAY_PATTERNS_H
#define GATEWAY_PATTERNS_H

/*
 * patterns - what one client wants to hear: a small sorted set of topic
 * patterns (event.h). Two clients that want the same have equal keys.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/str.h"

enum { PATTERNS_MAX = 128 }; /* of one client */

/* Zeroed it is empty. Owns its texts. */
struct patterns {
	struct str *v;
	size_t n, cap;
};

void patterns_free(struct patterns *p);
void patterns_copy(struct patterns *to, const struct patterns *from);

/* Add one; false if the set is full. Adding it again changes nothing. */
bool patterns_add(struct patterns *p, struct str pattern);
/* Take one out; false if it was not in. */
bool patterns_remove(struct patterns *p, struct str pattern);

bool patterns_match(const struct patterns *p, struct str topic);

/* The set as one text, for hashing and comparing. */
void patterns_key(const struct patterns *p, struct buf *b);

/* The set as a JSON array. */
void patterns_print(const struct patterns *p, struct buf *b);

#endif
