#ifndef COMMON_HTTP_HEADERS_H
#define COMMON_HTTP_HEADERS_H

/*
 * http_headers - headers of requests, made once and used for any number of
 * them, by http.h and by ws_handshake.h.
 *
 * A line is "Name: value" without an end; what is in it is for the caller to
 * judge. NULL stands for no headers everywhere. Nothing here fails: without
 * memory the process ends.
 */
#include <stddef.h>

struct http_headers;

/* Lines are copied. NULL for none (n 0); release with _free. */
struct http_headers *http_headers_new(const char *const *lines, size_t n);
/* NULL is fine, and it is set to NULL. */
void http_headers_free(struct http_headers **hp);

/* Those of h and n more, as a new object; h stays the caller's. */
struct http_headers *http_headers_join(const struct http_headers *h,
				       const char *const *lines, size_t n);

/* Line i, or NULL where there are no more. It lives as long as h does. */
const char *http_headers_line(const struct http_headers *h, size_t i);

#endif
