/*
 * A base, a line break, a reference: what is resolved is an absolute URL whose
 * host stays the same; whatever the base is, a normal form is found or not.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/buf.h"
#include "common/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether it is one does not depend on what was asked before. */
static void check_memory(struct str url)
{
	size_t end = str_find(url, STR("//"));
	struct buf b = { 0 };
	bool cold, warm;

	if (end == (size_t)-1)
		return;
	for (end += 2; end < url.len && !strchr("/?#\\", url.p[end]);)
		end++;
	url_is_http(STR("http://other.example/"));
	cold = url_is_http(url);
	buf_add_str(&b, str_sub(url, 0, end));
	buf_putc(&b, '/');
	url_is_http(buf_str(&b));
	warm = url_is_http(url);
	assert(cold == warm);
	buf_free(&b);
}

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
	check_memory(ref.p ? ref : base);
	url_normalise(base, &a, &url);
	arena_free(&a);
	return 0;
}
