#include "listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "activation.h"
#include "rate.h"

struct listener {
	struct listener_conf conf;
	int fd;
	bool shared;
	struct loop_fd *watch;
	struct loop_timer *pause;
	struct rate rate;
};

/* What is accepted has them, too. */
static void set_options(int fd)
{
	int one = 1, sndbuf = LISTENER_SNDBUF;
	unsigned give_up = LISTENER_GIVE_UP_MS;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &give_up,
		   sizeof(give_up));
}

static void pause_for(struct listener *l, int64_t ms)
{
	loop_fd_set(l->watch, 0);
	loop_timer_start(l->pause, ms);
}

static void on_acceptable(void *arg, int what)
{
	struct listener *l = arg;

	(void)what;
	for (int i = 0; i < LISTENER_SLICE; i++) {
		struct sockaddr_storage sa;
		socklen_t len = sizeof(sa);
		int fd;

		if (!rate_take(&l->rate, loop_now_ms(l->conf.loop))) {
			l->conf.delayed(l->conf.arg);
			pause_for(l, rate_wait_ms(&l->rate));
			return;
		}
		fd = accept4(l->fd, (struct sockaddr *)&sa, &len,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			l->conf.accepted(l->conf.arg, fd, &sa);
			continue;
		}
		rate_give_back(&l->rate);
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			l->conf.failed(l->conf.arg);
			pause_for(l, LISTENER_PAUSE_MS);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

static void on_pause_end(void *arg)
{
	struct listener *l = arg;

	loop_fd_set(l->watch, LOOP_READ);
}

static bool parse_address(const char *text, uint16_t port,
			  struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)sa;

	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		*len = sizeof(*v4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		*len = sizeof(*v6);
		return true;
	}
	return false;
}

static int take_over(struct listener *l)
{
	char address[ACTIVATION_ADDRESS_MAX];

	l->fd = l->conf.fd;
	set_options(l->fd);
	listen(l->fd, LISTENER_BACKLOG);
	activation_address(l->fd, address, &l->conf.port);
	return 0;
}

/*
 * Whether somebody listens there: only to a socket that would share the port
 * the system does not say so.
 */
static bool is_taken(const struct sockaddr_storage *sa, socklen_t len)
{
	int fd = socket(sa->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;
	bool taken;

	if (fd < 0)
		return false;
	/* Connections that are left over from another do not count. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	taken = bind(fd, (const struct sockaddr *)sa, len) &&
		errno == EADDRINUSE;
	close(fd);
	return taken;
}

static int listen_on(struct listener *l, struct err *e)
{
	struct sockaddr_storage sa;
	socklen_t len;
	int one = 1;

	if (!parse_address(l->conf.address, l->conf.port, &sa, &len))
		return err_set(e, EX_CONFIG, "listen: %s: not an IP address",
			       l->conf.address);
	l->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (l->fd < 0)
		return err_set(e, EX_OSERR, "socket: %s", strerror(errno));
	l->shared = is_taken(&sa, len);
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	set_options(l->fd);
	if (bind(l->fd, (struct sockaddr *)&sa, len) ||
	    listen(l->fd, LISTENER_BACKLOG) ||
	    getsockname(l->fd, (struct sockaddr *)&sa, &len))
		return err_set(e, EX_UNAVAILABLE, "listen: %s port %u: %s",
			       l->conf.address, l->conf.port, strerror(errno));
	l->conf.port = ntohs(sa.ss_family == AF_INET6
				     ? ((struct sockaddr_in6 *)&sa)->sin6_port
				     : ((struct sockaddr_in *)&sa)->sin_port);
	return 0;
}

struct listener *listener_new(const struct listener_conf *conf, struct err *e)
{
	struct listener *l = xcalloc(1, sizeof(*l));

	l->conf = *conf;
	l->fd = -1;
	rate_init(&l->rate, conf->rate, loop_now_ms(conf->loop));
	if (conf->fd >= 0 ? take_over(l) : listen_on(l, e)) {
		listener_free(&l);
		return NULL;
	}
	l->pause = loop_timer_new(conf->loop, on_pause_end, l);
	l->watch = loop_fd_new(conf->loop, l->fd, LOOP_READ, on_acceptable, l);
	return l;
}

void listener_free(struct listener **lp)
{
	struct listener *l = *lp;

	if (!l)
		return;
	loop_fd_free(&l->watch);
	loop_timer_free(&l->pause);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
	*lp = NULL;
}

uint16_t listener_port(const struct listener *l)
{
	return l->conf.port;
}

bool listener_is_shared(const struct listener *l)
{
	return l->shared;
}

void listener_stop(struct listener *l)
{
	loop_timer_stop(l->pause);
	loop_fd_set(l->watch, 0);
}

int listener_dup(const struct listener *l)
{
	return fcntl(l->fd, F_DUPFD_CLOEXEC, 0);
}
