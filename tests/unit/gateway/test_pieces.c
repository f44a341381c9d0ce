/* What was gathered for one that is behind, kept for the next. */
#include "cmd/gateway/pieces.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* Events of every third offset of a span, each as "OFFSET ". */
static void make(struct pieces *p, uint64_t owner, uint64_t after,
		 uint64_t upto)
{
	struct buf *b = pieces_begin(p, owner, after);

	for (uint64_t o = after + 1; o <= upto; o++)
		if (o % 3 == 0) {
			buf_addf(b, "%d ", (int)o);
			pieces_add(p, o);
		}
	pieces_end(p, upto);
}

static void assert_part(struct pieces *p, uint64_t owner, uint64_t after,
			const char *frames, size_t n, uint64_t upto)
{
	struct piece_part part;

	if (!pieces_find(p, owner, after, &part))
		fail_msg("%d after %d: not there", (int)owner, (int)after);
	if (!str_is(part.frames, frames) || part.n != n || part.upto != upto)
		fail_msg("%d after %d: %zu up to %d: %.*s", (int)owner,
			 (int)after, part.n, (int)part.upto,
			 STR_ARG(part.frames));
	for (size_t i = 0; i < part.n; i++) {
		size_t at = part.mark[i].at - part.mark[0].at;

		assert_int_equal(part.mark[i].offset,
				 strtoul(part.frames.p + at, NULL, 10));
	}
}

static void a_piece_serves_all_who_stand_within_it(void **state)
{
	struct pieces *p = pieces_new();
	struct piece_part part;

	(void)state;
	make(p, 1, 10, 20);
	make(p, 2, 12, 14);
	make(p, 1, 20, 30);
	assert_part(p, 1, 10, "12 15 18 ", 3, 20);
	assert_part(p, 1, 11, "12 15 18 ", 3, 20);
	assert_part(p, 1, 12, "15 18 ", 2, 20);
	assert_part(p, 1, 19, "", 0, 20); /* there is nothing in between */
	assert_part(p, 1, 20, "21 24 27 30 ", 4, 30);
	assert_part(p, 2, 12, "", 0, 14);
	assert_false(pieces_find(p, 1, 9, &part));
	assert_false(pieces_find(p, 1, 30, &part));
	assert_false(pieces_find(p, 2, 14, &part));
	assert_false(pieces_find(p, 3, 12, &part));
	pieces_clear(p);
	assert_false(pieces_find(p, 1, 12, &part));
	pieces_free(&p);
}

static void the_piece_that_was_not_used_for_longest_makes_room(void **state)
{
	struct pieces *p = pieces_new();
	struct piece_part part;

	(void)state;
	for (uint64_t i = 0; i < PIECES_MAX; i++)
		make(p, 1, 10 * i, 10 * i + 10);
	assert_true(pieces_find(p, 1, 5, &part));
	make(p, 2, 0, 10);
	assert_true(pieces_find(p, 1, 5, &part));
	assert_false(pieces_find(p, 1, 15, &part));
	assert_true(pieces_find(p, 1, 25, &part));
	pieces_free(&p);
}

static void one_that_was_not_ended_is_not_there(void **state)
{
	struct pieces *p = pieces_new();
	struct piece_part part;

	(void)state;
	buf_puts(pieces_begin(p, 1, 10), "11 ");
	pieces_add(p, 11);
	assert_false(pieces_find(p, 1, 10, &part));
	make(p, 1, 10, 12);
	assert_part(p, 1, 10, "12 ", 1, 12);
	pieces_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_serves_all_who_stand_within_it),
		cmocka_unit_test(
			the_piece_that_was_not_used_for_longest_makes_room),
		cmocka_unit_test(one_that_was_not_ended_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
