/* What the scanner accepts the tree holds too, and prints as the same. */
#include <assert.h>
#include <string.h>

#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Scanner and tree see the same members, numbers and strings. */
static void compare(struct str text, const struct json *n, struct arena *a)
{
	struct json_iter it = json_iter(text);
	struct str got;

	assert(json_type_of(text) == json_kind(n));
	if (json_kind(n) == JSON_NUMBER)
		assert(str_is(text, json_number(n)));
	/* A tree cannot hold NUL; it has U+FFFD there. */
	if (json_text(text, a, &got) && str_chr(got, '\0') == (size_t)-1)
		assert(str_is(got, json_string(n)));
	json_each (child, n) {
		assert(json_next(&it));
		assert((it.key.p != NULL) == (json_key(child) != NULL));
		compare(it.value, child, a);
	}
	assert(!json_next(&it));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct buf once = { 0 }, twice = { 0 };
	struct json *tree = json_parse(text, 0, NULL), *again;
	struct arena a = { 0 };

	assert((tree != NULL) == (json_check(text, 0, NULL) == 0));
	if (!tree)
		return 0;
	/* Stricter is never laxer. */
	if (json_check(text, JSON_STRICT, NULL) == 0)
		assert(json_check(text, JSON_UNIQUE, NULL) == 0);
	compare(json_trim(text), tree, &a);
	json_print(tree, &once);
	again = json_parse(buf_str(&once), 0, NULL);
	assert(again);
	json_print(again, &twice);
	assert(str_eq(buf_str(&once), buf_str(&twice)));
	json_free(&again);
	json_free(&tree);
	buf_free(&once);
	buf_free(&twice);
	arena_free(&a);
	return 0;
}
