/* Each wall is tried from inside, in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/scraper/sandbox.h"

enum { MEMORY = 64 << 20, LIMITS = 1, FILTER = 2 };

static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int try_local_socket(void)
{
	int fd[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd);
}

static int try_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int try_program(void)
{
	char name[] = "/bin/true", *argv[] = { name, NULL };

	return execve(name, argv, argv + 1);
}

static int try_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int try_kill(void)
{
	return kill(getppid() > 1 ? getppid() : getpid(), 0);
}

static int try_duplicate(void)
{
	return dup(1);
}

static int try_limit(void)
{
	const struct rlimit r = { 16, 16 };

	return setrlimit(RLIMIT_NOFILE, &r);
}

static int try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? -1
		       : 0;
}

static int try_making_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int try_memory(void)
{
	return mmap(NULL, 2 * MEMORY, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? -1
		       : 0;
}

static int try_environment(void)
{
	return getenv("PATH") || getenv("HOME") ? 0 : -1;
}

/* Descriptor 9 was open before. */
static int try_old_descriptor(void)
{
	return (int)write(9, "x", 1);
}

/* What must go on. */
static int try_allowed_memory(void)
{
	void *p = malloc(MEMORY / 4);

	if (!p)
		return -1;
	memset(p, 1, MEMORY / 4);
	free(p);
	return 0;
}

static int try_write(void)
{
	return (int)write(1, "", 0);
}

static const struct {
	const char *name;
	int (*fn)(void);
	int held; /* by which walls; 0: by none, also in the sandbox */
} probes[] = {
	{ "socket", try_socket, LIMITS | FILTER },
	{ "socketpair", try_local_socket, LIMITS | FILTER },
	{ "file", try_file, LIMITS | FILTER },
	{ "descriptor", try_duplicate, LIMITS | FILTER },
	{ "limit", try_limit, LIMITS | FILTER },
	{ "memory", try_memory, LIMITS },
	{ "program", try_program, FILTER },
	{ "process", try_process, FILTER },
	{ "kill", try_kill, FILTER },
	{ "code", try_code, FILTER },
	{ "making code", try_making_code, FILTER },
	{ "environment", try_environment, LIMITS | FILTER },
	{ "old descriptor", try_old_descriptor, LIMITS | FILTER },
	{ "allowed memory", try_allowed_memory, 0 },
	{ "write", try_write, 0 },
};

enum { N_PROBES = sizeof(probes) / sizeof(probes[0]) };

/* '+' for each that went through, '-' for each that was held, "?" unknown. */
static void run_inside(int walls, size_t i, int out)
{
	struct err e;
	char c = '?';

	dup2(out, 1);
	dup2(out, 9);
	sandbox_prepare();
	if (!((walls & LIMITS) && sandbox_limit(MEMORY, &e)) &&
	    !((walls & FILTER) && sandbox_filter(&e)))
		c = probes[i].fn() < 0 ? '-' : '+';
	if (write(1, &c, 1) != 1)
		_exit(1);
	_exit(0);
}

static char probe(int walls, size_t i)
{
	char c = '!';
	int fd[2], status;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_inside(walls, i, fd[1]);
	close(fd[1]);
	if (read(fd[0], &c, 1) != 1)
		c = '!';
	close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return c;
}

static void walls_hold(int walls)
{
	for (size_t i = 0; i < N_PROBES; i++) {
		int held = probes[i].held;
		char got;

		if (held && !(held & walls))
			continue; /* another wall's */
		got = probe(walls, i);
		if (got != (held ? '-' : '+'))
			fail_msg("%s: %c", probes[i].name, got);
	}
}

static void limits_alone_hold(void **state)
{
	(void)state;
	walls_hold(LIMITS);
}

static void both_walls_hold(void **state)
{
	(void)state;
	walls_hold(LIMITS | FILTER);
}

/* Where the same can be done without, the walls are what holds it. */
static void nothing_is_held_without(void **state)
{
	static const size_t free[] = { 0, 1, 2, 3, 5, 6, 7, 8, 9, 10 };

	(void)state;
	for (size_t i = 0; i < sizeof(free) / sizeof(free[0]); i++) {
		char got = probe(0, free[i]);

		/* A program that runs leaves nothing to read. */
		if (got != '+' && probes[free[i]].fn != try_program)
			fail_msg("%s: %c", probes[free[i]].name, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_held_without),
		cmocka_unit_test(limits_alone_hold),
		cmocka_unit_test(both_walls_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
