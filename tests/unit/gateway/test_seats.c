/* Seats as text, and the descriptor that hands it over. */
#include "cmd/gateway/seats.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/gateway/handover.h"

#define NAMESPACES STR("[\"/\",\"/prices\"]")
#define HEAD	   "{\"weir.seats\":1,\"namespaces\":[\"/\",\"/prices\"],\"seats\":"
#define SEAT(pid, left) \
	"{\"pid\":\"" pid "\",\"sid\":\"s\",\"left\":" left ",\"rooms\":[]}\n"

enum { NOW = 1000000 };

static int ann; /* a holder */

static void add(struct rooms *r, const char *pid, const char *user,
		const char *room, int64_t left_ms)
{
	struct rooms_seat *seat =
		rooms_sit(r, str_from(pid), STR("s\"1"), str_from(user), &ann);

	if (room) {
		rooms_enter(r, seat, STR("jobs"));
		rooms_enter(r, seat, str_from(room));
	}
	rooms_stand_up(r, seat, left_ms);
}

static void what_is_printed_is_read(void **state)
{
	struct rooms *r = rooms_new(), *copy = rooms_new();
	struct buf text = { 0 }, again = { 0 };
	struct rooms_seat *seat;
	void *before;
	struct err e;

	(void)state;
	add(r, "a1", "ann", "venue:\"7\"\xc3\xa9", 10);
	add(r, "a2", NULL, NULL, 20);
	/* Who is still there is none that was left. */
	rooms_sit(r, STR("a3"), STR("s"), STR("bob"), &ann);
	seats_print(r, NAMESPACES, &text);
	assert_int_equal(seats_read(copy, buf_str(&text), NAMESPACES, NOW, &e),
			 0);
	seats_print(copy, NAMESPACES, &again);
	assert_string_equal(again.p, text.p);
	assert_int_equal(rooms_count(copy).left, 2);
	assert_int_equal(rooms_count(copy).rooms, 0);
	/* A seat is its user's alone, as before. */
	assert_null(
		rooms_sit_again(copy, STR("a1"), STR("bob"), &ann, &before));
	seat = rooms_sit_again(copy, STR("a1"), STR("ann"), &ann, &before);
	assert_non_null(seat);
	assert_null(before);
	assert_true(str_is(rooms_sid(seat), "s\"1"));
	assert_true(rooms_in(seat, STR("jobs")));
	assert_true(rooms_in(seat, STR("venue:\"7\"\xc3\xa9")));
	assert_int_equal(rooms_count(copy).rooms, 2);
	/* And it is kept for no longer than it would have been. */
	rooms_tick(copy, 20 + ROOMS_KEEP_MS - 1);
	assert_true(rooms_has(copy, STR("a2")));
	rooms_tick(copy, 20 + ROOMS_KEEP_MS);
	assert_false(rooms_has(copy, STR("a2")));
	rooms_free(&r);
	rooms_free(&copy);
	buf_free(&text);
	buf_free(&again);
}

static void what_is_broken_is_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "broken" },
		{ "\n", "broken" },
		{ "weir\n", "broken" },
		{ "{\"weir.seats\":2}\n", "of version 2" },
		{ "{\"weir.seats\":\"1\"}\n", "broken" },
		{ "{\"weir.seats\":1,\"namespaces\":[\"/\"],\"seats\":0}\n",
		  "for other namespaces" },
		{ HEAD "0}", "broken" },
		{ HEAD "-1}\n", "broken" },
		{ HEAD "50001}\n", "broken" },
		{ HEAD "0}\n" SEAT("a", "1"), "broken" },
		{ HEAD "1}\n", "broken" },
		{ HEAD "2}\n" SEAT("a", "1"), "broken" },
		{ HEAD "1}\n[]\n", "broken" },
		{ HEAD "1}\n" SEAT("", "1"), "broken" },
		{ HEAD "1}\n" SEAT("a", "1000001"), "broken" },
		{ HEAD "2}\n" SEAT("a", "1") SEAT("a", "1"), "broken" },
		{ HEAD "2}\n" SEAT("a", "2") SEAT("b", "1"), "broken" },
		{ HEAD "1}\n{\"pid\":\"a\",\"sid\":\"s\",\"left\":1}\n",
		  "broken" },
		{ HEAD "1}\n{\"pid\":\"a\",\"sid\":\"s\",\"left\":1,"
		       "\"rooms\":[1]}\n",
		  "broken" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rooms *r = rooms_new();
		struct err e = { 0 };

		assert_int_equal(seats_read(r, str_from(cases[i].text),
					    NAMESPACES, NOW, &e),
				 -1);
		assert_string_equal(e.msg, cases[i].why);
		rooms_free(&r);
	}
}

static void a_seat_has_so_many_rooms_at_most(void **state)
{
	struct rooms *r = rooms_new();
	struct buf b = { 0 };
	struct err e;

	(void)state;
	buf_puts(&b, HEAD "1}\n{\"pid\":\"a\",\"sid\":\"s\",\"left\":1,"
			  "\"rooms\":[\"0\"");
	for (int i = 1; i <= ROOMS_MAX; i++)
		buf_addf(&b, ",\"%d\"", i);
	buf_puts(&b, "]}\n");
	assert_int_equal(seats_read(r, buf_str(&b), NAMESPACES, NOW, &e), -1);
	rooms_free(&r);
	buf_free(&b);
}

/* Wherever it ends before its end, and whatever comes behind it. */
static void what_was_cut_off_is_seen(void **state)
{
	static const char whole[] = HEAD "2}\n" SEAT("a", "1") SEAT("b", "2");
	const size_t len = sizeof(whole) - 1;
	struct err e;

	(void)state;
	/* one more: the byte that ends the array */
	for (size_t n = 0; n <= len + 1; n++) {
		struct rooms *r = rooms_new();
		struct str text = { whole, n };

		assert_int_equal(seats_read(r, text, NAMESPACES, NOW, &e),
				 n == len ? 0 : -1);
		rooms_free(&r);
	}
}

/* ---- the descriptor ---- */

/* Memory with some seals, in the environment as ours would be. */
static int leave_memory(off_t size, int seals)
{
	int first = memfd_create("foreign", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int fd = fcntl(first, F_DUPFD_CLOEXEC, 4);

	close(first);
	assert_true(fd > 3);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	handover_leave(fd);
	return fd;
}

static void memory_that_is_not_as_ours_is_refused(void **state)
{
	enum { ALL = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL };
	static const struct {
		off_t size;
		int seals, rc, code;
		bool closed;
	} rows[] = {
		{ 9, ALL, 1, 0, true },
		{ 0, ALL, 1, 0, true },
		/* what could be changed yet is not ours, and left alone */
		{ 9, 0, -1, EX_DATAERR, false },
		{ 9, ALL & ~F_SEAL_WRITE, -1, EX_DATAERR, false },
		{ 9, ALL & ~F_SEAL_GROW, -1, EX_DATAERR, false },
		{ 9, ALL & ~F_SEAL_SHRINK, -1, EX_DATAERR, false },
		{ 9, ALL & ~F_SEAL_SEAL, -1, EX_DATAERR, false },
		{ HANDOVER_MAX + 1, ALL, -1, EX_DATAERR, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = leave_memory(rows[i].size, rows[i].seals);
		struct buf b = { 0 };
		struct err e = { 0 };

		assert_int_equal(handover_take(&b, &e), rows[i].rc);
		assert_int_equal(e.code, rows[i].code);
		assert_int_equal(b.len, rows[i].rc > 0 ? rows[i].size : 0);
		assert_int_equal(fcntl(fd, F_GETFD), rows[i].closed ? -1 : 0);
		if (!rows[i].closed)
			close(fd);
		buf_free(&b);
	}
}

static void too_much_is_not_left(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(handover_new((struct str){ "", HANDOVER_MAX + 1 }, &e),
			 -1);
	assert_int_equal(e.code, EX_OSERR);
}

static void bytes_are_handed_over(void **state)
{
	struct buf b = { 0 };
	struct stat st;
	struct err e;
	int fd = handover_new(STR("some seats\n"), &e);

	(void)state;
	assert_true(fd > 3); /* which is the listening socket's */
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), -1);
	handover_leave(fd);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(handover_take(&b, &e), 1);
	assert_string_equal(b.p, "some seats\n");
	/* once, and it is closed */
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_null(getenv(HANDOVER_NAME));
	assert_int_equal(handover_take(&b, &e), 0);
	buf_free(&b);
}

static void what_is_not_ours_is_left_alone(void **state)
{
	int fd = open("/dev/null", O_RDWR);
	const struct {
		long pid;
		long long fd;
	} cases[] = {
		{ getpid(), 0 },
		{ getpid(), -1 },
		{ getpid(), 99999999999 },
		{ getpid(), fd },     /* no sealed memory */
		{ getpid() + 1, fd }, /* of another process */
	};
	struct buf b = { 0 };
	char text[64];
	struct err e;

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i <= sizeof(cases) / sizeof(cases[0]); i++) {
		text[0] = '\0'; /* the last one names nothing */
		if (i < sizeof(cases) / sizeof(cases[0]))
			snprintf(text, sizeof(text), "%ld:%lld", cases[i].pid,
				 cases[i].fd);
		setenv(HANDOVER_NAME, text, 1);
		assert_int_equal(handover_take(&b, &e), -1);
		assert_null(getenv(HANDOVER_NAME));
		assert_int_equal(b.len, 0);
	}
	assert_int_equal(fcntl(fd, F_GETFD), 0); /* still open */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read),
		cmocka_unit_test(what_is_broken_is_refused),
		cmocka_unit_test(a_seat_has_so_many_rooms_at_most),
		cmocka_unit_test(what_was_cut_off_is_seen),
		cmocka_unit_test(bytes_are_handed_over),
		cmocka_unit_test(memory_that_is_not_as_ours_is_refused),
		cmocka_unit_test(too_much_is_not_left),
		cmocka_unit_test(what_is_not_ours_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
