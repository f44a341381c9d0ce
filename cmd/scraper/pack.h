#ifndef SCRAPER_PACK_H
#define SCRAPER_PACK_H

/*
 * pack - numbers and texts as the bytes of a row in the ledger.
 *
 * A number takes a byte for each seven bits of it, the lowest first (LEB128);
 * a text its length plus one, 0 where it is absent, and its bytes.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

void pack_number(struct buf *b, uint64_t v);
void pack_text(struct buf *b, struct str s);

/* What is left; bad for good once it was not what was asked for. */
struct unpack {
	struct str rest;
	bool bad;
};

/* Of what is bad: 0, or absent. Text borrows from the bytes. */
uint64_t unpack_number(struct unpack *u);
struct str unpack_bytes(struct unpack *u, uint64_t n);
struct str unpack_text(struct unpack *u);
/* A count of things that take at least `size` bytes each. */
size_t unpack_count(struct unpack *u, size_t size);

#endif
