/*
 * The program that is executed next has the socket and the seats; where it
 * cannot be executed, who wanted to leave has them again. The program is this
 * test, or a copy of it that is removed.
 */
#include "cmd/gateway/leave.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/gateway/activation.h"
#include "cmd/gateway/handover.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

#define SEATS "some seats\n"

enum { BOTH = 40, SOCKET_ONLY, NEITHER, STAYED = 50 };

/* What the program that was executed has. */
static int have(void)
{
	struct buf b = { 0 };
	struct err e;
	int fd = -1, seats;
	bool are_ours;

	if (activation_take(&fd, &e) != 1)
		return NEITHER;
	seats = handover_take(&b, &e);
	are_ours = seats == 1 && str_is(buf_str(&b), SEATS);
	buf_free(&b);
	if (are_ours)
		return BOTH;
	return seats == 0 ? SOCKET_ONLY : NEITHER;
}

static int listen_somewhere(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 5)
		       ? -1
		       : fd;
}

/* Execute ourselves with one argument more; or say why that could not be. */
static int leave_with(char *self, bool with_seats, bool is_removed)
{
	char *argv[] = { self, (char[]){ "--have" }, NULL };
	struct leave_fds fds = { listen_somewhere(), -1 };
	struct err e = { 0 };

	leave_init(argv);
	if (with_seats)
		fds.seats = handover_new(STR(SEATS), &e);
	if (is_removed && unlink(self))
		return 1;
	leave_execute(&fds, &e);
	if (e.code != EX_OSERR || !strstr(e.msg, "No such file"))
		return 2;
	return STAYED + have() - BOTH;
}

/* Run PROGRAM WHAT: its exit status. */
static int run(const char *program, const char *what)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execl(program, program, what, (char *)NULL);
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char *copy_self(void **state, char out[256])
{
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	tmpdir_path(*state, "program", out);
	tmpdir_copy(self, out);
	assert_int_equal(chmod(out, 0700), 0);
	return out;
}

static void the_next_program_has_what_is_left_to_it(void **state)
{
	char program[256];

	copy_self(state, program);
	assert_int_equal(run(program, "--seats"), BOTH);
	assert_int_equal(run(program, "--no-seats"), SOCKET_ONLY);
}

static void who_cannot_leave_has_all_of_it_again(void **state)
{
	char program[256];

	assert_int_equal(run(copy_self(state, program), "--removed-seats"),
			 STAYED);
	assert_int_equal(run(copy_self(state, program), "--removed"),
			 STAYED + SOCKET_ONLY - BOTH);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(the_next_program_has_what_is_left_to_it),
		tmpdir_test(who_cannot_leave_has_all_of_it_again),
	};

	if (argc > 1 && strcmp(argv[1], "--have") == 0)
		return have();
	if (argc > 1)
		return leave_with(argv[0],
				  strstr(argv[1], "-seats") &&
					  !strstr(argv[1], "no-"),
				  strstr(argv[1], "removed"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
