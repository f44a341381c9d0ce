/*
 * An event stream: the first byte says where it is cut, and that makes no
 * difference.
 */
#include <assert.h>

#include "common/buf.h"
#include "cmd/scraper/sse.h"

enum { MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* False once something was too big. */
static bool feed(struct sse *s, struct str in, struct buf *out)
{
	struct sse_event e;
	size_t used = 0;

	while (in.len) {
		enum sse_result r = sse_read(s, in, &used, &e);

		if (r == SSE_BIG)
			return false;
		assert(used && used <= in.len);
		if (r == SSE_EVENT) {
			assert(str_is_utf8(e.data) && str_is_utf8(e.event) &&
			       str_is_utf8(e.id));
			buf_add_str(out, e.event);
			buf_add_str(out, e.id);
			buf_add_str(out, e.data);
			buf_putc(out, '\0');
		}
		in = str_sub(in, used, in.len);
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf whole = { 0 }, parts = { 0 };
	struct sse a = { .max = MAX }, b = { .max = MAX };
	size_t cut = size ? data[0] % size : 0;
	bool ok = feed(&a, in, &whole);

	assert((feed(&b, str_sub(in, 0, cut), &parts) &&
		feed(&b, str_sub(in, cut, size), &parts)) == ok);
	assert(str_eq(buf_str(&whole), buf_str(&parts)));
	buf_free(&whole);
	buf_free(&parts);
	sse_free(&a);
	sse_free(&b);
	return 0;
}
