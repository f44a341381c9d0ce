/* Single events, framed once for many. */
#include "cmd/gateway/cache.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/cases.h"

static void add(struct cache *c, enum frame_kind kind, uint64_t offset,
		size_t len)
{
	static char frames[CACHE_LARGEST + 1];
	char topic[32];

	memset(frames, (int)('a' + offset % 26), len);
	snprintf(topic, sizeof(topic), "t/%d", (int)offset);
	cache_add(c, kind, offset, str_from(topic),
		  (struct str){ frames, len });
}

static bool has(const struct cache *c, enum frame_kind kind, uint64_t offset,
		size_t len)
{
	struct cached had;
	char topic[32];

	if (!cache_find(c, kind, offset, &had))
		return false;
	snprintf(topic, sizeof(topic), "t/%d", (int)offset);
	assert_true(str_is(had.topic, topic));
	assert_int_equal(had.frames.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(had.frames.p[i], 'a' + offset % 26);
	return true;
}

static void each_kind_has_its_own(void **state)
{
	struct cache *c = cache_new();

	(void)state;
	assert_false(has(c, FRAME_SSE, 7, 1));
	add(c, FRAME_SSE, 7, 100);
	add(c, FRAME_WEBSOCKET, 7, 90);
	add(c, FRAME_SSE, 8, 1);
	assert_true(has(c, FRAME_SSE, 7, 100));
	assert_true(has(c, FRAME_WEBSOCKET, 7, 90));
	assert_true(has(c, FRAME_SSE, 8, 1));
	assert_false(has(c, FRAME_WEBSOCKET, 8, 1));
	assert_false(has(c, FRAME_SSE, 6, 1));
	cache_clear(c);
	assert_false(has(c, FRAME_SSE, 7, 100));
	cache_free(&c);
	assert_null(c);
}

/* Of those that were added last there is all that fits, and it is whole. */
static void the_oldest_make_room(void **state)
{
	enum { LEN = 3000, KEPT = CACHE_BYTES / (LEN + 32) - 1 };
	struct cache *c = cache_new();

	(void)state;
	for (uint64_t o = 1; o < 2000; o++) {
		add(c, FRAME_SSE, o, LEN + o % 7);
		for (uint64_t back = 0; back < KEPT && back < o; back += 50)
			assert_true(has(c, FRAME_SSE, o - back,
					LEN + (o - back) % 7));
		if (o > CACHE_BYTES / LEN)
			assert_false(
				has(c, FRAME_SSE, o - CACHE_BYTES / LEN, 0));
	}
	cache_free(&c);
}

static void two_of_one_place_are_not_mistaken(void **state)
{
	struct cache *c = cache_new();

	(void)state;
	add(c, FRAME_SSE, 5, 10);
	add(c, FRAME_SSE, 5 + CACHE_SLOTS, 20);
	assert_false(has(c, FRAME_SSE, 5, 10));
	assert_true(has(c, FRAME_SSE, 5 + CACHE_SLOTS, 20));
	cache_free(&c);
}

static void what_is_very_large_is_not_kept(void **state)
{
	struct cache *c = cache_new();

	(void)state;
	add(c, FRAME_SSE, 1, 10);
	add(c, FRAME_SSE, 2, CACHE_LARGEST + 1);
	assert_false(has(c, FRAME_SSE, 2, CACHE_LARGEST + 1));
	assert_true(has(c, FRAME_SSE, 1, 10));
	cache_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_own),
		cmocka_unit_test(the_oldest_make_room),
		cmocka_unit_test(two_of_one_place_are_not_mistaken),
		cmocka_unit_test(what_is_very_large_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
