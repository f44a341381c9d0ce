/* Cache-Control, Expires, Date, Age and Vary, one a line: a time in bounds. */
#include <assert.h>

#include "cmd/scraper/lifetime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct lifetime l = { 0 };
	int64_t ms;

	l.cache_control = str_cut(rest, '\n', &rest);
	l.expires = str_cut(rest, '\n', &rest);
	l.date = str_cut(rest, '\n', &rest);
	l.age = str_cut(rest, '\n', &rest);
	l.vary = str_cut(rest, '\n', &rest);
	ms = lifetime_ms(&l, INT64_C(1795000000000000));
	assert(ms >= 0 && ms <= LIFETIME_MAX_MS);
	return 0;
}
