/* Bytes of a ledger: what is understood is written again as it was read. */
#include <assert.h>

#include "cmd/scraper/watchstate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = { 0 };
	struct buf first = { 0 }, second = { 0 };
	struct watch_state s;

	if (watchstate_decode((struct str){ (const char *)data, size }, &a, &s,
			      NULL) == 0) {
		watchstate_encode(&s, &first);
		assert(watchstate_decode(buf_str(&first), &a, &s, NULL) == 0);
		watchstate_encode(&s, &second);
		assert(str_eq(buf_str(&first), buf_str(&second)));
	}
	buf_free(&first);
	buf_free(&second);
	arena_free(&a);
	return 0;
}
