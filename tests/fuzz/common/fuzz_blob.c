/* Names of blobs in any bytes: each is an id in quotes, behind the last. */
#include <assert.h>

#include "common/blob.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct str rest = { (const char *)data, size }, id;
	const char *before = rest.p;

	while (blob_next(&rest, &id)) {
		assert(blob_is_id(id));
		assert(id.p >= before + 8 && id.p[-1] == '"');
		assert(id.p[id.len] == '"' && rest.p == id.p + id.len + 1);
		before = rest.p;
	}
	return 0;
}
