/*
 * A pattern, a line break, a subject: matching ends, and a pattern that matches
 * the whole of a subject matches a part of it.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/scraper/iregexp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str subject, pattern = { (const char *)data, size };
	struct iregexp *whole, *part;

	pattern = str_cut(pattern, '\n', &subject);
	if (!str_is_utf8(pattern) || !str_is_utf8(subject))
		return 0;
	whole = iregexp_compile(pattern, true);
	part = iregexp_compile(pattern, false);
	assert(!whole == !part);
	if (whole && iregexp_match(whole, subject) == 1)
		assert(iregexp_match(part, subject) != 0);
	iregexp_free(&whole);
	iregexp_free(&part);
	return 0;
}
