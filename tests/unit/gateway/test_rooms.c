/* Rooms, and the seats of clients that come back. */
#include "cmd/gateway/rooms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/xmem.h"

static int ann, bob; /* holders */

static struct rooms_seat *sit(struct rooms *r, const char *pid,
			      const char *user, void *holder)
{
	return rooms_sit(r, str_from(pid), STR("sid"), str_from(user), holder);
}

static bool add_up(void *arg, struct str room, size_t clients)
{
	size_t *n = arg;

	assert_true(room.len > 0);
	*n += clients;
	return true;
}

static size_t members(const struct rooms *r)
{
	size_t n = 0;

	rooms_each(r, add_up, &n);
	return n;
}

static void rooms_count_who_is_in_them(void **state)
{
	struct rooms *r = rooms_new();
	struct rooms_seat *a = sit(r, "a", "ann", &ann);
	struct rooms_seat *b = sit(r, "b", NULL, &bob);

	(void)state;
	assert_true(rooms_enter(r, a, STR("x")) && rooms_enter(r, a, STR("x")));
	assert_true(rooms_enter(r, a, STR("y")));
	assert_true(rooms_enter(r, b, STR("x")));
	assert_int_equal(rooms_count(r).rooms, 2);
	assert_int_equal(members(r), 3);
	assert_true(rooms_in(a, STR("y")) && !rooms_in(b, STR("y")));
	assert_true(rooms_leave(r, a, STR("x")));
	assert_false(rooms_leave(r, a, STR("x")));
	assert_true(str_is(rooms_at(a, 0), "y"));
	assert_null(rooms_at(a, 1).p);
	assert_int_equal(members(r), 2);
	rooms_give_up(r, &b);
	assert_null(b);
	assert_int_equal(rooms_count(r).rooms, 1);
	assert_int_equal(members(r), 1);
	/* whoever has no seat is in no room, and comes into none */
	assert_false(rooms_enter(r, b, STR("x")) || rooms_in(b, STR("x")) ||
		     rooms_leave(r, b, STR("x")) || rooms_at(b, 0).p);
	rooms_free(&r);
}

static void a_client_is_in_so_many_rooms_at_most(void **state)
{
	struct rooms *r = rooms_new();
	struct rooms_seat *a = sit(r, "a", NULL, &ann);
	char name[16];

	(void)state;
	for (int i = 0; i < ROOMS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_true(rooms_enter(r, a, str_from(name)));
	}
	assert_false(rooms_enter(r, a, STR("more")));
	assert_true(rooms_enter(r, a, STR("7")));
	rooms_free(&r);
}

static void a_seat_is_kept_for_the_same_user_for_a_while(void **state)
{
	struct rooms *r = rooms_new();
	struct rooms_seat *a = sit(r, "a", "ann", &ann);
	void *before;

	(void)state;
	rooms_enter(r, a, STR("x"));
	/* it comes back before it is known to have gone */
	assert_ptr_equal(
		rooms_sit_again(r, STR("a"), STR("ann"), &bob, &before), a);
	assert_ptr_equal(before, &ann);
	assert_int_equal(members(r), 1);
	rooms_stand_up(r, a, 1000);
	assert_int_equal(members(r), 0);
	assert_int_equal(rooms_count(r).left, 1);
	assert_null(rooms_sit_again(r, STR("a"), STR("bob"), &bob, &before));
	assert_null(
		rooms_sit_again(r, STR("a"), (struct str){ 0 }, &bob, &before));
	assert_null(rooms_sit_again(r, STR("b"), STR("ann"), &bob, &before));
	rooms_tick(r, 1000 + ROOMS_KEEP_MS - 1);
	assert_ptr_equal(
		rooms_sit_again(r, STR("a"), STR("ann"), &ann, &before), a);
	assert_null(before);
	assert_true(rooms_in(a, STR("x")) && str_is(rooms_sid(a), "sid"));
	assert_true(str_is(rooms_pid(a), "a") && str_is(rooms_user(a), "ann"));
	assert_int_equal(members(r), 1);
	rooms_tick(r, 1000 + 2 * ROOMS_KEEP_MS); /* is not for who is there */
	rooms_stand_up(r, a, 2000);
	rooms_tick(r, 2000 + ROOMS_KEEP_MS);
	assert_null(rooms_sit_again(r, STR("a"), STR("ann"), &ann, &before));
	assert_int_equal(rooms_count(r).left, 0);
	assert_int_equal(rooms_count(r).again, 2);
	assert_int_equal(rooms_count(r).unknown, 4);
	rooms_free(&r);
}

static void the_oldest_seats_make_room(void **state)
{
	struct rooms *r = rooms_new();
	struct str nobody = { 0 };
	char pid[16];
	void *before;

	(void)state;
	for (int i = 0; i <= ROOMS_LEFT_MAX; i++) {
		struct rooms_seat *s;

		snprintf(pid, sizeof(pid), "p%d", i);
		s = sit(r, pid, NULL, &ann);
		rooms_enter(r, s, STR("x"));
		rooms_stand_up(r, s, i);
	}
	assert_int_equal(rooms_count(r).left, ROOMS_LEFT_MAX);
	assert_int_equal(rooms_count(r).pushed, 1);
	assert_null(rooms_sit_again(r, STR("p0"), nobody, &ann, &before));
	assert_non_null(rooms_sit_again(r, STR("p1"), nobody, &ann, &before));
	rooms_free(&r);
}

static void what_is_kept_has_a_limit_in_bytes(void **state)
{
	struct rooms *r = rooms_new();
	const size_t least = ROOMS_MAX * 200, most = ROOMS_MAX * 300;
	struct str nobody = { 0 };
	char text[256];
	size_t n = 0;
	void *before;

	(void)state;
	for (; rooms_count(r).pushed < 2; n++) {
		struct rooms_seat *s;

		snprintf(text, sizeof(text), "p%zu", n);
		s = sit(r, text, NULL, &ann);
		for (int i = 0; i < ROOMS_MAX; i++) {
			snprintf(text, sizeof(text), "%zu.%0200d", n, i);
			rooms_enter(r, s, str_from(text));
		}
		rooms_stand_up(r, s, (int64_t)n);
		assert_true(n < ROOMS_LEFT_MAX);
	}
	assert_in_range(n, ROOMS_LEFT_BYTES_MAX / most,
			ROOMS_LEFT_BYTES_MAX / least);
	assert_int_equal(rooms_count(r).left, n - 2);
	assert_null(rooms_sit_again(r, STR("p1"), nobody, &ann, &before));
	assert_non_null(rooms_sit_again(r, STR("p2"), nobody, &ann, &before));
	/* which makes room for one */
	rooms_stand_up(r, sit(r, "q", NULL, &ann), (int64_t)n);
	assert_int_equal(rooms_count(r).pushed, 2);
	rooms_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rooms_count_who_is_in_them),
		cmocka_unit_test(a_client_is_in_so_many_rooms_at_most),
		cmocka_unit_test(a_seat_is_kept_for_the_same_user_for_a_while),
		cmocka_unit_test(the_oldest_seats_make_room),
		cmocka_unit_test(what_is_kept_has_a_limit_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
