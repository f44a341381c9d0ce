#include "common/arena.h"

#include <stdalign.h>
#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static bool is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena a = { 0 };
	char *last = NULL;

	(void)state;
	/* Twice: the second round gets memory that was written to. */
	for (int round = 0; round < 2; round++) {
		for (size_t n = 0; n < 400; n++) {
			char *p = arena_alloc(&a, n);

			assert_non_null(p);
			assert_int_equal((uintptr_t)p % alignof(max_align_t),
					 0);
			assert_true(is_zero(p, n));
			memset(p, 'x', n);
			assert_true(!last || n < 2 || last[n - 2] == 'x');
			last = p;
		}
		assert_true(a.used >= 400 * 399 / 2);
		arena_reset(&a);
		assert_int_equal(a.used, 0);
		last = NULL;
	}
	arena_free(&a);
	assert_null(a.head);
}

static void large_pieces_have_room_and_are_given_back(void **state)
{
	struct arena a = { 0 };
	char *p = arena_alloc(&a, 1 << 20);

	(void)state;
	assert_true(is_zero(p, 1 << 20));
	memset(p, 'x', 1 << 20);
	assert_true(is_zero(arena_alloc(&a, 10), 10));
	arena_reset(&a);
	assert_null(a.head); /* the large block was the first */
	arena_alloc(&a, 10);
	arena_alloc(&a, 1 << 20);
	arena_reset(&a);
	assert_non_null(a.head);
	arena_free(&a);
	arena_free(&a);
}

static void as_much_is_kept_as_is_said(void **state)
{
	struct arena a = { .keep = 1 << 20 };
	const void *head;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++)
			memset(arena_alloc(&a, 5000), 'x', 5000);
		if (round > 0) /* it all was in what was kept */
			assert_ptr_equal(a.head, head);
		arena_reset(&a);
		head = a.head;
		assert_non_null(head);
	}
	assert_true(is_zero(arena_alloc(&a, 500000), 500000));
	arena_alloc(&a, 4 << 20); /* more than is kept */
	arena_reset(&a);
	head = a.head;
	arena_alloc(&a, 1 << 20);
	assert_ptr_equal(a.head, head);
	assert_false(arena_alloc(&a, 1) == NULL || a.head == head);
	arena_free(&a);
}

static void copies_end_with_a_nul(void **state)
{
	struct arena a = { 0 };
	char text[] = "a\0b";
	struct str s;

	(void)state;
	s = arena_str(&a, (struct str){ text, 3 });
	text[0] = 'x';
	assert_true(str_eq(s, STR("a\0b")));
	assert_int_equal(s.p[3], '\0');
	assert_string_equal(arena_strdup(&a, (struct str){ 0 }), "");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(large_pieces_have_room_and_are_given_back),
		cmocka_unit_test(as_much_is_kept_as_is_said),
		cmocka_unit_test(copies_end_with_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
