#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/str.h"

enum { HOST_SIZE = 64, PORT_SIZE = 8 };

static bool split(struct str address, char host[HOST_SIZE],
		  char port[PORT_SIZE])
{
	size_t colon = address.len;

	while (colon > 0 && address.p[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return false;
	struct str h = str_sub(address, 0, colon - 1);
	struct str p = str_sub(address, colon, address.len);
	uint64_t number;

	/* getaddrinfo() takes 99999 and keeps its lower 16 bits. */
	if (!str_u64(p, &number) || number > UINT16_MAX)
		return false;
	if (h.p[0] == '[' && str_ends(h, STR("]")))
		h = str_sub(h, 1, h.len - 1);
	return str_copy(host, HOST_SIZE, h) && str_copy(port, PORT_SIZE, p);
}

static void name_of(int fd, char name_r[LISTEN_NAME_SIZE])
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char host[48] = "?", port[8] = "?";

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == 0)
		getnameinfo((struct sockaddr *)&sa, len, host, sizeof(host),
			    port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(name_r, LISTEN_NAME_SIZE,
		 sa.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int listen_open(const char *address, char name_r[LISTEN_NAME_SIZE],
		struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICHOST |
						    AI_NUMERICSERV |
						    AI_PASSIVE };
	struct addrinfo *ai = NULL;
	char host[HOST_SIZE], port[PORT_SIZE];
	int fd, code, on = 1;

	if (!split(str_from(address), host, port) ||
	    getaddrinfo(host, port, &hints, &ai))
		return err_set(e, EX_CONFIG, "listen: '%s' is not ADDR:PORT",
			       address);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, SOMAXCONN) == 0) {
		freeaddrinfo(ai);
		name_of(fd, name_r);
		return fd;
	}
	code = errno;
	freeaddrinfo(ai);
	if (fd >= 0)
		close(fd);
	return err_set(e, code == EADDRINUSE ? EX_TEMPFAIL : EX_OSERR,
		       "listen: %s: %s", address, strerror(code));
}
