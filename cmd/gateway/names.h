#ifndef GATEWAY_NAMES_H
#define GATEWAY_NAMES_H

/*
 * names - the users at one topic: a bounded sorted set, each with how often it
 * was added.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/str.h"

enum { NAMES_MAX = 1000 };

struct name {
	char *text;
	size_t connections;
};

/* Zeroed it is empty. Owns its texts. */
struct names {
	struct name *v;
	size_t n, cap;
};

void names_free(struct names *s);

/* False: there are NAMES_MAX, and this is none of them. */
bool names_add(struct names *s, struct str text);
/* As often as it was added; then it is gone. */
void names_take(struct names *s, struct str text);

/* Each of them once; as many as there is room for. */
void names_add_all(struct names *to, const struct names *from);

/* The same names, however often each was added. */
bool names_eq(const struct names *a, const struct names *b);

/* Add those of a that are not in b (NULL: all), as a JSON array. */
void names_print(const struct names *a, const struct names *b, struct buf *out);

#endif
