/* A coding, and any bytes: what comes out comes in pieces, and it ends. */
#include <assert.h>

#include "common/unpack.h"

enum { OUT_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool take(void *arg, struct str piece)
{
	size_t *n = arg;

	assert(piece.len > 0 && piece.len <= UNPACK_PIECE);
	*n += piece.len;
	return *n <= OUT_MAX;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const char *const codings[] = {
		"gzip", "deflate", "br", "zstd", "gzip, br", "zstd, gzip"
	};
	struct str in = { (const char *)data, size };
	struct unpack *u;
	struct err e;
	size_t n = 0, half;

	if (size < 1)
		return 0;
	in = str_sub(in, 1, size);
	half = in.len / 2;
	if (unpack_new(str_from(codings[data[0] % 6]), &u, &e))
		return 0;
	if (!unpack_feed(u, str_sub(in, 0, half), take, &n, &e) &&
	    !unpack_feed(u, str_sub(in, half, in.len), take, &n, &e))
		unpack_end(u, &e);
	unpack_free(&u);
	return 0;
}
