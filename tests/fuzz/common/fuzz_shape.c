/*
 * The first byte chooses a type, the rest is its data: what decodes is the
 * same after it was encoded and decoded again.
 */
#include <assert.h>

#include "common/json.h"
#include "common/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct shape *shape, struct str text, struct arena *a)
{
	struct buf first = { 0 }, second = { 0 };
	struct err e = { 0 };
	void *out = arena_alloc(a, shape->size);

	if (shape_decode(shape, text, out, a, &e) == 0) {
		int rc;

		shape_encode(shape, out, &first);
		rc = json_check(buf_str(&first), JSON_UNIQUE, &e);
		assert(rc == 0);
		rc = shape_decode(shape, buf_str(&first), out, a, &e);
		assert(rc == 0);
		shape_encode(shape, out, &second);
		assert(str_eq(buf_str(&first), buf_str(&second)));
		if (shape == &shape_watch)
			(void)watch_complete(out, a, &e);
	} else {
		assert(e.code != 0 && e.msg[0]);
	}
	buf_free(&first);
	buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct type_entry *t;
	struct arena a = { 0 };
	struct str text;

	if (size == 0)
		return 0;
	t = type_at(data[0]);
	text = (struct str){ (const char *)data + 1, size - 1 };
	if (t && t->shape && json_check(text, JSON_STRICT, NULL) == 0)
		check(t->shape, text, &a);
	arena_free(&a);
	return 0;
}
