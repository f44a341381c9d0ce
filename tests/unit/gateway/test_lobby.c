/* Who has not said yet what they want, and how long that lasts. */
#include "cmd/gateway/lobby.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

enum { HEAD_MAX = 64, TURNS_MAX = 1000 };

struct scene {
	struct loop *loop;
	struct loop_timer *once;
	struct lobby *lobby;
	unsigned ready, gone, late;
	void *who; /* that was ready or gone */
};

static void be_ready(void *arg, int fd, void *user)
{
	struct scene *s = arg;

	s->ready++;
	s->who = user;
	close(fd);
}

static void be_gone(void *arg, int fd, void *user, bool late)
{
	struct scene *s = arg;

	s->gone++;
	s->late += late;
	s->who = user;
	close(fd);
}

static void stop(void *arg)
{
	struct scene *s = arg;

	loop_stop(s->loop);
}

static void open_scene(struct scene *s, bool is_tls)
{
	struct lobby_conf conf = { .is_tls = is_tls,
				   .head_max = HEAD_MAX,
				   .ready = be_ready,
				   .gone = be_gone,
				   .arg = s };
	struct err e;

	*s = (struct scene){ .loop = loop_new(&e) };
	s->once = loop_timer_new(s->loop, stop, s);
	conf.loop = s->loop;
	s->lobby = lobby_new(&conf, &e);
	assert_non_null(s->lobby);
}

static void close_scene(struct scene *s)
{
	lobby_free(&s->lobby);
	loop_timer_free(&s->once);
	loop_free(&s->loop);
}

/* Let the loop look at its descriptors once. */
static void turn(struct scene *s)
{
	loop_timer_start(s->once, 0);
	loop_run(s->loop);
	loop_rearm(s->loop);
}

/* A connection; returns the client's end. */
static int connect_to(int *server_r)
{
	int fd[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	*server_r = fd[1];
	return fd[0];
}

static void say(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

static const struct head {
	const char *text;
	bool is_tls, ready;
} heads[] = {
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, true },
	{ "GET / HTTP/1.1\nHost: a\n\n", false, true },
	{ "GET / HTTP/1.1\nHost: a\n\r\n", false, true },
	{ "GET / HTTP/1.1\r\nHost: a\r\n", false, false },
	{ "GET / HTTP/1.1\r\nHost: a\r\n\r", false, false },
	{ "G", false, false },
	{ "\r\n", false, false },
	{ "", false, false },
	/* what is no head need not be whole */
	{ "get", false, true },
	{ "\x16", false, true },
	{ "\x16", true, true },
	{ "", true, false },
	/* as long as a head may be */
	{ "GET /0123456789012345678901234567890123456789012345678901234567"
	  "890",
	  false, true },
};

static void a_head_that_is_there_is_seen_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		const struct head *h = &heads[i];
		struct scene s;
		int server, client = connect_to(&server);

		open_scene(&s, h->is_tls);
		say(client, h->text, strlen(h->text));
		lobby_add(s.lobby, server, &s);
		if (s.ready != h->ready || lobby_count(s.lobby) == h->ready)
			fail_msg("head %zu: %u ready", i, s.ready);
		assert_int_equal(s.gone, 0);
		close_scene(&s);
		/* who still waited then is gone, not late */
		assert_int_equal(s.gone, !h->ready);
		assert_int_equal(s.late, 0);
		assert_ptr_equal(s.who, &s);
		close(client);
	}
}

static void a_head_may_come_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		const struct head *h = &heads[i];
		size_t len = strlen(h->text);
		struct scene s;
		int server, client = connect_to(&server);

		open_scene(&s, h->is_tls);
		lobby_add(s.lobby, server, &s);
		for (size_t k = 0; k < len && !s.ready; k++) {
			say(client, h->text + k, 1);
			turn(&s);
		}
		for (int k = 0; k < TURNS_MAX && s.ready < h->ready; k++)
			turn(&s);
		if (s.ready != h->ready)
			fail_msg("head %zu: %u ready", i, s.ready);
		assert_int_equal(s.gone, 0);
		close(client);
		for (int k = 0; k < TURNS_MAX && s.ready + s.gone < 1; k++)
			turn(&s);
		assert_int_equal(s.gone, !h->ready);
		assert_int_equal(s.late, 0);
		assert_int_equal(lobby_count(s.lobby), 0);
		close_scene(&s);
	}
}

static void who_has_waited_longest_makes_room(void **state)
{
	enum { GUESTS = 3 };
	int client[GUESTS], server[GUESTS];
	struct scene s;

	(void)state;
	open_scene(&s, false);
	assert_false(lobby_make_room(s.lobby));
	for (int i = 0; i < GUESTS; i++) {
		client[i] = connect_to(&server[i]);
		lobby_add(s.lobby, server[i], &client[i]);
	}
	assert_int_equal(lobby_count(s.lobby), GUESTS);
	assert_true(lobby_make_room(s.lobby));
	assert_ptr_equal(s.who, &client[0]);
	assert_int_equal(s.late, 1);
	/* one that has left from between the others */
	close(client[1]);
	for (int k = 0; k < TURNS_MAX && s.gone < 2; k++)
		turn(&s);
	assert_ptr_equal(s.who, &client[1]);
	assert_int_equal(s.late, 1);
	assert_true(lobby_make_room(s.lobby));
	assert_ptr_equal(s.who, &client[2]);
	assert_int_equal(s.late, 2);
	assert_false(lobby_make_room(s.lobby));
	assert_int_equal(s.ready, 0);
	close_scene(&s);
	assert_int_equal(s.gone, GUESTS);
	close(client[0]);
	close(client[2]);
}

/* More than are looked at in one turn. */
static void all_are_seen_that_come_at_once(void **state)
{
	enum { GUESTS = 3 * LOBBY_SLICE };
	int client[GUESTS], server;
	struct scene s;

	(void)state;
	open_scene(&s, false);
	for (int i = 0; i < GUESTS; i++) {
		client[i] = connect_to(&server);
		lobby_add(s.lobby, server, &client[i]);
	}
	for (int i = 0; i < GUESTS; i++) {
		if (i % 2)
			say(client[i], "GET / HTTP/1.1\r\n\r\n", 18);
		else
			close(client[i]);
	}
	for (int k = 0; k < TURNS_MAX && s.ready + s.gone < GUESTS; k++)
		turn(&s);
	assert_int_equal(s.ready, GUESTS / 2);
	assert_int_equal(s.gone, GUESTS / 2);
	assert_int_equal(s.late, 0);
	close_scene(&s);
	for (int i = 1; i < GUESTS; i += 2)
		close(client[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_that_is_there_is_seen_at_once),
		cmocka_unit_test(a_head_may_come_byte_by_byte),
		cmocka_unit_test(who_has_waited_longest_makes_room),
		cmocka_unit_test(all_are_seen_that_come_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
