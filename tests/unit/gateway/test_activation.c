/* A listening socket that was handed over: taken only where it is one. */
#include "cmd/gateway/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

enum { FD = 3 };

enum kind {
	NOTHING,
	TCP4,
	TCP6,
	TCP_NOT_LISTENING,
	CONNECTED, /* one end of a pair */
	UDP,
	UNIX,
	A_FILE,
};

/* What is at the descriptor: -1 where the system has none of that. */
static int make(enum kind kind)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int pair[2], fd;

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	v6.sin6_addr = in6addr_loopback;
	switch (kind) {
	case TCP6:
		fd = socket(AF_INET6, SOCK_STREAM, 0);
		return bind(fd, (struct sockaddr *)&v6, sizeof(v6)) ||
				       listen(fd, 5)
			       ? -1
			       : fd;
	case TCP4:
	case TCP_NOT_LISTENING:
		fd = socket(AF_INET, SOCK_STREAM, 0);
		return bind(fd, (struct sockaddr *)&v4, sizeof(v4)) ||
				       (kind == TCP4 && listen(fd, 5))
			       ? -1
			       : fd;
	case CONNECTED:
		return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) ? -1 : pair[0];
	case UDP: return socket(AF_INET, SOCK_DGRAM, 0);
	case UNIX: /* a name that the system chooses */
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		return bind(fd, (struct sockaddr *)&un, sizeof(sa_family_t)) ||
				       listen(fd, 5)
			       ? -1
			       : fd;
	case A_FILE: return open("/dev/null", O_RDWR);
	default: return -1;
	}
}

/* How it went, from a process of its own, whose descriptor 3 nobody needs. */
enum {
	TAKEN = 1,
	FAILED = 2, /* EX_CONFIG */
	ENVIRONMENT_LEFT = 4,
	CLOSES = 8, /* the descriptor, when executing */
	WAITS_NOT = 16,
	NOT_HERE = 77, /* there is no such socket in this system */
};

static void put_at_3(int fd)
{
	if (fd != FD) {
		dup2(fd, FD);
		close(fd);
	}
}

/* "PID" stands for the process, "NEXT" for another one; NULL: not set. */
static void set(const char *name, const char *value)
{
	char text[32];

	if (value && (!strcmp(value, "PID") || !strcmp(value, "NEXT"))) {
		snprintf(text, sizeof(text), "%ld",
			 (long)getpid() + !strcmp(value, "NEXT"));
		value = text;
	}
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static int take(void)
{
	struct err e = { 0 };
	int fd = -1, rc = activation_take(&fd, &e), flags;
	int how = 0;

	if (rc == 1 && fd == FD)
		how |= TAKEN;
	if (rc < 0 && e.code == EX_CONFIG && e.msg[0])
		how |= FAILED;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") ||
	    getenv("LISTEN_FDNAMES"))
		how |= ENVIRONMENT_LEFT;
	flags = fcntl(FD, F_GETFD);
	if (flags >= 0 && (flags & FD_CLOEXEC))
		how |= CLOSES;
	flags = fcntl(FD, F_GETFL);
	if (flags >= 0 && (flags & O_NONBLOCK))
		how |= WAITS_NOT;
	return how;
}

static int in_child(enum kind kind, const char *pid, const char *fds)
{
	int fd;

	close(FD);
	fd = make(kind);
	if (fd < 0 && kind != NOTHING)
		return NOT_HERE;
	if (fd >= 0)
		put_at_3(fd);
	set("LISTEN_PID", pid);
	set("LISTEN_FDS", fds);
	set("LISTEN_FDNAMES", "a:b");
	return take();
}

static void only_one_that_listens_for_tcp_is_taken(void **state)
{
	enum { GOOD = TAKEN | CLOSES | WAITS_NOT };
	static const struct {
		enum kind kind;
		const char *pid, *fds;
		int want;
	} rows[] = {
		{ TCP4, "PID", "1", GOOD },
		{ TCP6, "PID", "1", GOOD },
		/* not for us, and so not touched */
		{ TCP4, NULL, NULL, 0 },
		{ TCP4, NULL, "1", 0 },
		{ TCP4, "PID", NULL, 0 },
		{ TCP4, "NEXT", "1", 0 },
		{ TCP4, "NEXT", "7", 0 },
		{ TCP4, "", "1", 0 },
		{ TCP4, "x", "1", 0 },
		{ TCP4, "-1", "1", 0 },
		{ TCP4, "99999999999999999999999", "1", 0 },
		/* for us, and not what it says */
		{ TCP4, "PID", "0", FAILED },
		{ TCP4, "PID", "2", FAILED },
		{ TCP4, "PID", "", FAILED },
		{ TCP4, "PID", "one", FAILED },
		{ TCP4, "PID", "-1", FAILED },
		{ TCP4, "PID", "1 ", FAILED },
		{ TCP4, "PID", "18446744073709551617", FAILED },
		{ NOTHING, "PID", "1", FAILED },
		{ TCP_NOT_LISTENING, "PID", "1", FAILED },
		{ CONNECTED, "PID", "1", FAILED },
		{ UDP, "PID", "1", FAILED },
		{ UNIX, "PID", "1", FAILED },
		{ A_FILE, "PID", "1", FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(in_child(rows[i].kind, rows[i].pid, rows[i].fds));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) == NOT_HERE)
			print_message("# row %zu: not in this system\n", i);
		else if (WEXITSTATUS(status) != rows[i].want)
			fail_msg("row %zu: %d, not %d", i, WEXITSTATUS(status),
				 rows[i].want);
	}
}

/* Left to the next program, and taken by it, from any descriptor. */
static int hand_on(bool from_3)
{
	int fd, how;

	close(FD);
	fd = make(TCP4);
	if (from_3)
		put_at_3(fd);
	else
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	activation_leave(from_3 ? FD : fd);
	if (fcntl(FD, F_GETFD) != 0)
		return NOT_HERE; /* executing would close it */
	how = take();
	return !from_3 && fcntl(fd, F_GETFD) != -1 ? NOT_HERE : how;
}

static void what_is_left_is_taken(void **state)
{
	(void)state;
	for (int from_3 = 0; from_3 < 2; from_3++) {
		int status;
		pid_t pid = fork();

		if (pid == 0)
			_exit(hand_on(from_3));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, (TAKEN | CLOSES | WAITS_NOT) << 8);
	}
}

static void its_address_is_where_it_listens(void **state)
{
	static const struct {
		enum kind kind;
		const char *address;
	} rows[] = { { TCP4, "127.0.0.1" }, { TCP6, "::1" } };
	char address[ACTIVATION_ADDRESS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = make(rows[i].kind);
		uint16_t port = 0;

		if (fd < 0)
			continue;
		activation_address(fd, address, &port);
		assert_string_equal(address, rows[i].address);
		assert_true(port > 0);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_that_listens_for_tcp_is_taken),
		cmocka_unit_test(what_is_left_is_taken),
		cmocka_unit_test(its_address_is_where_it_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
