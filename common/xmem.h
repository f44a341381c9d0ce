#ifndef COMMON_XMEM_H
#define COMMON_XMEM_H

/*
 * xmem - memory that is there or ends the process.
 *
 * None of these returns NULL: when the system has no memory left they write
 * one line and exit 71 (EX_OSERR). Sizes that come from outside must have been
 * bounded by the caller first. All blocks are released with free().
 */
#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size); /* zeroed; n * size may not overflow */
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len); /* copies len bytes, adds a NUL */

/*
 * Make room for one more element: grow *arrp (elements of `size` bytes,
 * capacity *capp) so that it holds more than n. New room is not zeroed.
 */
void xgrow(void *arrp, size_t *capp, size_t n, size_t size);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
