#ifndef COMMON_BUF_H
#define COMMON_BUF_H

/*
 * buf - bytes that grow, up to a limit that is said when the buffer is made.
 *
 * A zeroed struct buf is an empty buffer without a limit of its own. Going
 * over the limit sets `full` and leaves the contents as they were, so that a
 * long chain of additions needs one check at its end.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

struct buf {
	char *p; /* NUL-terminated once anything was added */
	size_t len, cap;
	size_t max; /* most bytes it may hold; 0: no limit */
	bool full;  /* something did not fit */
};

void buf_reset(struct buf *b); /* empty it, keep the memory */
void buf_free(struct buf *b);  /* release the memory, leave it usable */
struct str buf_str(const struct buf *b);

/* Make room for n more bytes; returns where they go, NULL if over max. */
char *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);
void buf_addf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Add s, with U+FFFD where its bytes are not UTF-8. */
void buf_add_utf8(struct buf *b, struct str s);

/* Drop the first n bytes. */
void buf_consume(struct buf *b, size_t n);

/* Write it to standard output, whole, and empty it. -1 with *e: EX_IOERR. */
int buf_print(struct buf *b, struct err *e);

/* Add s as a JSON string (RFC 8259) with its quotes; s must be UTF-8. */
void buf_json_str(struct buf *b, struct str s);

#endif
