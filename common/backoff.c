#include "common/backoff.h"

int64_t backoff_ms(int64_t base_ms, unsigned failures, int64_t max_ms)
{
	int64_t ms = base_ms;

	for (unsigned i = 1; i < failures && ms < max_ms; i++)
		ms *= 2;
	return ms < max_ms ? ms : max_ms;
}
