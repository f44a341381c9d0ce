/* The newest frames: what is in, what made room, what lies side by side. */
#include "cmd/gateway/ring.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* A frame that tells its offset, of a given length. */
static struct str frame_of(uint64_t offset, size_t len, char *out)
{
	memset(out, '.', len);
	memcpy(out, &offset, sizeof(offset));
	return (struct str){ out, len };
}

static void add(struct ring *r, uint64_t offset, size_t len)
{
	char frame[4096], topic[32];

	snprintf(topic, sizeof(topic), "t.x/%llu", (unsigned long long)offset);
	ring_add(r, offset, str_from(topic), frame_of(offset, len, frame));
}

/* Everything after the floor up to `last` is there, in order, and unharmed. */
static void check(const struct ring *r, uint64_t step, uint64_t last)
{
	uint64_t want = ring_floor(r);
	char topic[32];

	for (uint64_t seq = ring_after(r, want); seq < ring_end(r); seq++) {
		const struct ring_item *it = ring_at(r, seq);
		uint64_t in;

		want += step;
		assert_int_equal(it->offset, want);
		memcpy(&in, it->frame.p, sizeof(in));
		assert_int_equal(in, want);
		snprintf(topic, sizeof(topic), "t.x/%llu",
			 (unsigned long long)want);
		assert_true(str_is(it->topic, topic));
	}
	assert_int_equal(want, last);
}

static void starts_empty_behind_its_floor(void **state)
{
	struct ring *r = ring_new(4, 1024);

	(void)state;
	ring_reset(r, 41);
	assert_int_equal(ring_floor(r), 41);
	assert_int_equal(ring_after(r, 41), ring_end(r));
	add(r, 42, 8);
	assert_int_equal(ring_floor(r), 41);
	check(r, 1, 42);
	ring_free(&r);
	assert_null(r);
}

static void the_oldest_make_room_by_number(void **state)
{
	struct ring *r = ring_new(4, 4096);

	(void)state;
	for (uint64_t i = 1; i <= 10; i++) {
		add(r, i, 16);
		check(r, 1, i);
	}
	assert_int_equal(ring_floor(r), 6);
	ring_free(&r);
}

static void the_oldest_make_room_by_size(void **state)
{
	struct ring *r = ring_new(64, 1000);

	(void)state;
	for (uint64_t i = 1; i <= 100; i++) {
		add(r, i, 300);
		check(r, 1, i);
		/* three fit, but where the end is too short for the third */
		assert_true(i - ring_floor(r) >= (i < 2 ? 1 : 2));
	}
	ring_free(&r);
}

/* Any sizes in any order: what is said to be there is there. */
static void survives_any_mixture_of_sizes(void **state)
{
	struct ring *r = ring_new(32, 3000);
	uint64_t seed = 1;

	(void)state;
	for (uint64_t i = 1; i <= 20000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		add(r, i * 3,
		    8 + (seed >> 33) % ((seed >> 20) % 7 ? 60 : 2900));
		check(r, 3, i * 3);
	}
	ring_free(&r);
}

static void what_is_larger_than_the_ring_empties_it(void **state)
{
	struct ring *r = ring_new(8, 100);

	(void)state;
	add(r, 1, 50);
	add(r, 2, 101);
	assert_int_equal(ring_floor(r), 2);
	assert_int_equal(ring_after(r, 2), ring_end(r));
	add(r, 3, 100);
	check(r, 1, 3);
	ring_free(&r);
}

static void finds_the_first_after_any_offset(void **state)
{
	struct ring *r = ring_new(16, 4096);

	(void)state;
	ring_reset(r, 100);
	for (uint64_t offset = 110; offset <= 150; offset += 10)
		add(r, offset, 8);
	for (uint64_t offset = 100; offset <= 160; offset++) {
		uint64_t seq = ring_after(r, offset);
		uint64_t want = offset / 10 * 10 + 10;

		if (want > 150)
			assert_int_equal(seq, ring_end(r));
		else
			assert_int_equal(ring_at(r, seq)->offset, want);
	}
	ring_free(&r);
}

static void neighbours_lie_side_by_side(void **state)
{
	struct ring *r = ring_new(16, 4096);
	uint64_t seq;

	(void)state;
	for (uint64_t i = 1; i <= 5; i++)
		add(r, i, 20);
	seq = ring_after(r, 0);
	for (; seq + 1 < ring_end(r); seq++)
		assert_ptr_equal(ring_at(r, seq)->frame.p + 20,
				 ring_at(r, seq + 1)->frame.p);
	ring_free(&r);
}

/* The newest may get shorter; the next one then follows it as closely. */
static void the_newest_may_get_shorter(void **state)
{
	struct ring *r = ring_new(4, 100);
	uint64_t seq;

	(void)state;
	ring_shorten(r, STR("x")); /* there is none */
	for (uint64_t i = 1; i <= 9; i++) {
		add(r, i, 60);
		ring_shorten(r, STR("0123456789"));
		seq = ring_end(r) - 1;
		assert_true(str_is(ring_at(r, seq)->frame, "0123456789"));
		assert_int_equal(ring_at(r, seq)->offset, i);
	}
	assert_true(ring_floor(r) <= 5);
	for (; seq > ring_after(r, ring_floor(r)); seq--)
		assert_true(str_is(ring_at(r, seq)->frame, "0123456789"));
	add(r, 10, 101); /* larger than the ring */
	ring_shorten(r, STR("x"));
	assert_int_equal(ring_after(r, 10), ring_end(r));
	ring_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_empty_behind_its_floor),
		cmocka_unit_test(the_oldest_make_room_by_number),
		cmocka_unit_test(the_oldest_make_room_by_size),
		cmocka_unit_test(survives_any_mixture_of_sizes),
		cmocka_unit_test(what_is_larger_than_the_ring_empties_it),
		cmocka_unit_test(finds_the_first_after_any_offset),
		cmocka_unit_test(neighbours_lie_side_by_side),
		cmocka_unit_test(the_newest_may_get_shorter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
