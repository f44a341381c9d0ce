/* Streams: answers that go on, to clients that have nothing more to say. */
#include "net_private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sysexits.h>
#include <unistd.h>

enum { SLICE = 64 }; /* streams that are ended in a turn */

/* Each is told of once (EPOLLONESHOT), and lives as long as its descriptor. */
static void on_said(void *arg, int what)
{
	struct net *n = arg;
	struct epoll_event ev[SLICE];
	int k = epoll_wait(n->streams_fd, ev, SLICE, 0);

	(void)what;
	for (int i = 0; i < k; i++) {
		struct net_conn *c = ev[i].data.ptr;

		if (!c->dying || c->ending)
			net_kill_soon(c);
	}
}

int net_streams_init(struct net *n, struct err *e)
{
	n->streams_fd = epoll_create1(EPOLL_CLOEXEC);
	if (n->streams_fd < 0)
		return err_set(e, EX_OSERR, "epoll: %s", strerror(errno));
	n->streams =
		loop_fd_new(n->conf.loop, n->streams_fd, LOOP_READ, on_said, n);
	return 0;
}

void net_streams_fini(struct net *n)
{
	loop_fd_free(&n->streams);
	if (n->streams_fd >= 0)
		close(n->streams_fd);
}

void net_become_stream(struct net_conn *c)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT,
				  .data.ptr = c };

	/* It may be slow for as long as it likes: the hub sends no more then. */
	c->sending = false;
	net_unwatch(c);
	net_let_go(c);
	c->is_stream = true;
	c->net->counts.streams++;
	/* Gives the memory of its head back, and stops its timeout. */
	lws_http_mark_sse(c->wsi);
	if (epoll_ctl(c->net->streams_fd, EPOLL_CTL_ADD,
		      lws_get_socket_fd(c->wsi), &ev))
		net_kill_soon(c);
}
