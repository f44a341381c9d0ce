/*
 * What handlers are promised, in the real loop. Nothing here depends on how
 * long something takes.
 */
#include "common/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/buf.h"

#include "tests/unit/cases.h"

static struct test {
	struct loop *l;
	struct loop_timer *timer[3];
	struct loop_fd *fd;
	struct loop_work *work;
	struct buf did;
	int pipe[2], left;
} t;

static int setup(void **state)
{
	(void)state;
	t = (struct test){ .l = loop_new(NULL) };
	return t.l && pipe2(t.pipe, O_NONBLOCK | O_CLOEXEC) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		loop_timer_free(&t.timer[i]);
	loop_fd_free(&t.fd);
	loop_work_free(&t.work);
	loop_free(&t.l);
	close(t.pipe[0]);
	close(t.pipe[1]);
	buf_free(&t.did);
	return t.l ? -1 : 0;
}

static void did(const char *want)
{
	assert_string_equal(buf_str(&t.did).p, want);
	buf_reset(&t.did);
}

/* A turn of the loop is over each time that it is about to wait. */
static bool on_turn(void *arg)
{
	int *turns = arg;

	if (--*turns > 0)
		return true;
	loop_stop(t.l);
	return false;
}

/* Turns enough for all that can be done without waiting. */
static void run(void)
{
	int turns = 10;
	struct loop_work *counter = loop_work_new(t.l, on_turn, &turns);

	loop_work_wake(counter);
	loop_run(t.l);
	loop_rearm(t.l);
	loop_work_free(&counter);
}

static void on_timer(void *arg)
{
	buf_puts(&t.did, arg);
	if (--t.left == 0)
		loop_stop(t.l);
}

static void timers_end_in_their_order_and_once(void **state)
{
	static char a[] = "a", b[] = "b", c[] = "c";

	(void)state;
	t.timer[0] = loop_timer_new(t.l, on_timer, a);
	t.timer[1] = loop_timer_new(t.l, on_timer, b);
	t.timer[2] = loop_timer_new(t.l, on_timer, c);
	assert_false(loop_timer_running(t.timer[0]));
	loop_timer_start(t.timer[0], 4);
	loop_timer_start(t.timer[1], 2);
	loop_timer_start(t.timer[2], 1);
	loop_timer_start(t.timer[2], 6); /* moved */
	assert_true(loop_timer_running(t.timer[2]));
	t.left = 3;
	loop_run(t.l);
	loop_rearm(t.l);
	did("bac");
	assert_false(loop_timer_running(t.timer[2]));
	run();
	did("");
	loop_timer_start(t.timer[0], -5); /* at once */
	loop_timer_start(t.timer[1], 0);
	loop_timer_stop(t.timer[1]);
	run();
	did("a");
}

static void on_timer_frees(void *arg)
{
	buf_puts(&t.did, "x");
	loop_timer_free(&t.timer[0]);
	loop_timer_free(arg);
}

static void on_timer_again(void *arg)
{
	int *times = arg;

	if (++*times < 1000)
		loop_timer_start(t.timer[0], 0);
}

static void a_timer_that_starts_itself_lets_others_have_their_turn(void **state)
{
	int times = 0;

	(void)state;
	t.timer[0] = loop_timer_new(t.l, on_timer_again, &times);
	loop_timer_start(t.timer[0], 0);
	run();
	assert_in_range(times, 1, 11);
}

static void a_handler_may_free_its_own_handle_and_others(void **state)
{
	static char b[] = "b";

	(void)state;
	t.timer[0] = loop_timer_new(t.l, on_timer_frees, &t.timer[1]);
	t.timer[1] = loop_timer_new(t.l, on_timer, b);
	loop_timer_start(t.timer[0], 0);
	loop_timer_start(t.timer[1], 0);
	run();
	did("x");
	assert_null(t.timer[0]);
	assert_null(t.timer[1]);
	loop_timer_free(&t.timer[0]); /* NULL is fine */
}

static void on_fd(void *arg, int what)
{
	char c;

	(void)arg;
	if ((what & LOOP_READ) && read(t.pipe[0], &c, 1) == 1)
		buf_putc(&t.did, c);
	if (what & LOOP_WRITE)
		buf_puts(&t.did, "w");
	if (--t.left == 0)
		loop_fd_set(t.fd, 0);
}

static void a_descriptor_is_told_of_while_anybody_is_interested(void **state)
{
	(void)state;
	assert_int_equal(write(t.pipe[1], "123", 3), 3);
	t.fd = loop_fd_new(t.l, t.pipe[0], 0, on_fd, NULL);
	run();
	did("");
	t.left = 2;
	loop_fd_set(t.fd, LOOP_READ);
	run();
	did("12"); /* again for what is left there; then it was paused */
	t.left = -1;
	loop_fd_set(t.fd, LOOP_READ);
	loop_fd_set(t.fd, LOOP_READ);
	run();
	did("3");
	loop_fd_free(&t.fd);
	t.left = 1;
	t.fd = loop_fd_new(t.l, t.pipe[1], LOOP_WRITE, on_fd, NULL);
	run();
	did("w");
	/* The descriptor itself stays open. */
	loop_fd_free(&t.fd);
	assert_int_equal(write(t.pipe[1], "4", 1), 1);
}

static bool on_work(void *arg)
{
	(void)arg;
	buf_puts(&t.did, ".");
	return --t.left > 0;
}

static void work_goes_on_while_it_wants_to(void **state)
{
	(void)state;
	t.work = loop_work_new(t.l, on_work, NULL);
	run();
	did("");
	t.left = 3;
	loop_work_wake(t.work);
	loop_work_wake(t.work);
	run();
	did("...");
	run();
	did("");
	loop_work_wake(t.work);
	loop_work_free(&t.work);
	run();
	did("");
}

static bool on_work_wakes(void *arg)
{
	(void)arg;
	buf_puts(&t.did, ".");
	if (--t.left > 0)
		loop_work_wake(t.work);
	return false;
}

static void a_wake_while_it_runs_is_not_lost(void **state)
{
	(void)state;
	t.work = loop_work_new(t.l, on_work_wakes, NULL);
	t.left = 3;
	loop_work_wake(t.work);
	run();
	did("...");
}

static bool on_work_frees(void *arg)
{
	(void)arg;
	buf_puts(&t.did, ".");
	loop_work_free(&t.work);
	return true;
}

static void work_may_free_itself(void **state)
{
	(void)state;
	t.work = loop_work_new(t.l, on_work_frees, NULL);
	loop_work_wake(t.work);
	run();
	did(".");
}

static void on_hup(void *arg)
{
	buf_puts(&t.did, arg);
	kill(getpid(), SIGTERM);
}

static void signals_stop_it_and_hup_is_handed_on(void **state)
{
	static char hup[] = "hup";

	(void)state;
	assert_int_equal(loop_signals(t.l, on_hup, hup, NULL), 0);
	kill(getpid(), SIGHUP);
	loop_run(t.l);
	did("hup");
	assert_true(loop_stopping(t.l));
	loop_run(t.l); /* does nothing any more */
	loop_rearm(t.l);
	assert_false(loop_stopping(t.l));
	kill(getpid(), SIGINT);
	loop_run(t.l);
	assert_true(loop_stopping(t.l));
	/* A reader that went away is an error of write(2), not our end. */
	close(t.pipe[0]);
	assert_int_equal(write(t.pipe[1], "x", 1), -1);
	t.pipe[0] = -1;
}

#define loop_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(timers_end_in_their_order_and_once),
		loop_test(
			a_timer_that_starts_itself_lets_others_have_their_turn),
		loop_test(a_handler_may_free_its_own_handle_and_others),
		loop_test(a_descriptor_is_told_of_while_anybody_is_interested),
		loop_test(work_goes_on_while_it_wants_to),
		loop_test(a_wake_while_it_runs_is_not_lost),
		loop_test(work_may_free_itself),
		loop_test(signals_stop_it_and_hup_is_handed_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
