/*
 * An answer: two bytes of status, a line of Retry-After, the body. One outcome
 * comes out, with a reason where it is no success and a wait within bounds.
 */
#include <assert.h>

#include "cmd/scraper/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	struct answer a = { .reason = "" };
	struct verdict v;

	if (size < 2)
		return 0;
	a.status = 100 + (data[0] << 8 | data[1]) % 500;
	a.conditional = size & 1;
	rest = str_sub(rest, 2, size);
	a.retry_after = str_cut(rest, '\n', &rest);
	a.server = a.retry_after;
	a.body = rest;
	classify(&a, INT64_C(1795000000000000), &v);
	assert(v.retry_ms >= 0 && v.retry_ms <= CLASSIFY_RETRY_MAX_MS);
	assert((v.outcome == OUTCOME_FOUND || v.outcome == OUTCOME_UNCHANGED) ==
	       (v.reason[0] == '\0'));
	assert(v.outcome != OUTCOME_FOUND || a.status / 100 == 2);
	return 0;
}
