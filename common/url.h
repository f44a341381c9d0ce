#ifndef COMMON_URL_H
#define COMMON_URL_H

/*
 * url - take apart, resolve and compare web addresses.
 *
 * libcurl's parser (RFC 3986 with the usual lenience) is behind it, so that
 * what we judge is what will be fetched. Only http and https are addresses
 * here; anything else (mailto:, javascript:, data:) is refused. Texts come
 * from pages: white space around them and line breaks within are dropped,
 * blanks and other bytes that no URL has are percent-encoded, '\' is '/'.
 */
#include <stdbool.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/str.h"

enum { URL_MAX = 8192 }; /* bytes; longer ones are refused */

/* An absolute http or https URL with a host. */
bool url_is_http(struct str url);

/*
 * ref as seen from base, which may be absent if ref is absolute. The fragment
 * stays. False where the result is no http(s) URL.
 */
bool url_resolve(struct str base, struct str ref, struct arena *a,
		 struct str *url_r);

/*
 * One spelling for what is one page: scheme and host in lower case, no default
 * port, dot segments or fragment, "/" for no path, and without the query
 * parameters by which campaigns mark their links (utm_*, gclid, fbclid …).
 */
bool url_normalise(struct str url, struct arena *a, struct str *url_r);

/* The host in lower case, without port; IPv6 in its brackets. */
bool url_host(struct str url, struct arena *a, struct str *host_r);
/* The port, that of its scheme where it names none; 0: no URL that has one. */
unsigned url_port(struct str url);

/* Append s with all but the unreserved characters (RFC 3986, 2.3) encoded. */
void url_add_encoded(struct buf *b, struct str s);

#endif
