/* What was needed once is not kept for ever. */
#include "cmd/gateway/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

enum { BLOCKS = 4096, SIZE = 16 << 10 };

static char *block[BLOCKS];

/* Bytes that this process has of the system. */
static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %zu", &pages), 1);
	fclose(f);
	return pages * 4096;
}

static void all_but_the_last_is_freed(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		block[i] = xmalloc(SIZE);
		memset(block[i], 'x', SIZE);
	}
	for (int i = 0; i < BLOCKS - 1; i++)
		free(block[i]);
}

static void what_is_free_goes_back_below_one_that_is_not(void **state)
{
	size_t full, before = heap_look().used;
	int64_t looked_ms = 0;

	(void)state;
	all_but_the_last_is_freed();
	assert_true(heap_look().used < before + (2 * SIZE));
	assert_true(heap_look().free >= (size_t)(BLOCKS - 1) * SIZE);
	full = resident();
	heap_tidy(&looked_ms, HEAP_LOOK_MS - 1);
	assert_true(resident() > full - (1 << 20));
	heap_tidy(&looked_ms, HEAP_LOOK_MS);
	assert_true(resident() < full - (size_t)(BLOCKS - 1) * SIZE / 10 * 9);
	free(block[BLOCKS - 1]);
}

static void what_is_allocated_is_counted(void **state)
{
	size_t before = heap_look().used;
	char *small = xmalloc(SIZE), *mapped = xmalloc(64 << 20);

	(void)state;
	assert_true(heap_look().used >= before + SIZE + (64 << 20));
	free(small);
	free(mapped);
	assert_true(heap_look().used <= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_free_goes_back_below_one_that_is_not),
		cmocka_unit_test(what_is_allocated_is_counted),
	};

	/* A sanitizer has an allocator of its own, which gives nothing back. */
	if (getenv("ASAN_OPTIONS"))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
