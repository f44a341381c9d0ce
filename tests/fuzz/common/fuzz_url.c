/*
 * A base, a line break, a reference: what is resolved is an absolute URL whose
 * host stays the same; whatever the base is, a normal form is found or not.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "common/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str ref, base = { (const char *)data, size };
	struct arena a = { 0 };
	struct str url, again, host, other;

	base = str_cut(base, '\n', &ref);
	if (url_resolve(base, ref, &a, &url)) {
		assert(url_is_http(url) && url.len <= URL_MAX);
		assert(url_host(url, &a, &host) && host.len > 0);
		/* Who is asked does not change on the way. */
		if (url_resolve(url, url, &a, &again))
			assert(url_host(again, &a, &other) &&
			       str_eq(host, other));
	}
	url_normalise(base, &a, &url);
	arena_free(&a);
	return 0;
}
