#include "activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/str.h"

enum { FIRST_FD = 3 }; /* SD_LISTEN_FDS_START */

static bool is_number(const char *text, uint64_t want)
{
	uint64_t n;

	return text && str_u64(str_from(text), &n) && n == want;
}

static bool listens(int fd)
{
	struct sockaddr_storage sa;
	int type = 0, listening = 0;
	socklen_t n = sizeof(type), len = sizeof(sa);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) ||
	    getsockname(fd, (struct sockaddr *)&sa, &len))
		return false;
	return type == SOCK_STREAM && listening &&
	       (sa.ss_family == AF_INET || sa.ss_family == AF_INET6);
}

int activation_take(int *fd_r, struct err *e)
{
	const char *fds = getenv("LISTEN_FDS");
	bool is_ours =
		fds && is_number(getenv("LISTEN_PID"), (uint64_t)getpid());
	bool is_one = is_number(fds, 1);

	/* Not for our children. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!is_ours)
		return 0;
	if (!is_one || !listens(FIRST_FD))
		return err_set(e, EX_CONFIG,
			       "LISTEN_FDS: not one socket that listens for "
			       "TCP");
	fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_FD, F_SETFL, fcntl(FIRST_FD, F_GETFL) | O_NONBLOCK);
	*fd_r = FIRST_FD;
	return 1;
}

void activation_address(int fd, char address_r[ACTIVATION_ADDRESS_MAX],
			uint16_t *port_r)
{
	struct sockaddr_storage sa = { 0 };
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&sa;
	socklen_t len = sizeof(sa);
	bool is_v6;

	getsockname(fd, (struct sockaddr *)&sa, &len);
	is_v6 = sa.ss_family == AF_INET6;
	inet_ntop(is_v6 ? AF_INET6 : AF_INET,
		  is_v6 ? (const void *)&v6->sin6_addr
			: (const void *)&v4->sin_addr,
		  address_r, ACTIVATION_ADDRESS_MAX);
	*port_r = ntohs(is_v6 ? v6->sin6_port : v4->sin_port);
}

void activation_leave(int fd)
{
	char pid[24];

	if (fd != FIRST_FD) {
		dup2(fd, FIRST_FD); /* not closed when executing */
		close(fd);
	} else {
		fcntl(fd, F_SETFD, 0);
	}
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
}
