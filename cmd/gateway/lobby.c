#include "lobby.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/str.h"
#include "common/xmem.h"

struct guest {
	struct guest *prev, *next; /* in the order in which they came */
	int64_t due_ms;
	int fd;
	void *user;
};

struct lobby {
	struct lobby_conf conf;
	int epoll;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct guest *head, *tail;
	size_t n;
	char *look; /* what one of them has said so far */
};

enum verdict { WAIT, READY, GONE };

static bool has_end(struct str s)
{
	/* Servers take a bare LF for a line's end (RFC 9112, 2.2). */
	return memmem(s.p, s.len, "\n\r\n", 3) || memmem(s.p, s.len, "\n\n", 2);
}

static enum verdict judge(const struct lobby *l, int fd)
{
	ssize_t n =
		recv(fd, l->look, l->conf.head_max, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? WAIT : GONE;
	if (n == 0)
		return GONE;
	if (l->conf.is_tls || (size_t)n == l->conf.head_max)
		return READY;
	/* What no method begins with need not come whole to be refused. */
	if (l->look[0] != '\r' && l->look[0] != '\n' &&
	    (l->look[0] < 'A' || l->look[0] > 'Z'))
		return READY;
	return has_end((struct str){ l->look, (size_t)n }) ? READY : WAIT;
}

static void unlist(struct lobby *l, struct guest *g)
{
	if (g->prev)
		g->prev->next = g->next;
	else
		l->head = g->next;
	if (g->next)
		g->next->prev = g->prev;
	else
		l->tail = g->prev;
	l->n--;
}

static void dismiss(struct lobby *l, struct guest *g, enum verdict v, bool late)
{
	const struct guest was = *g;

	epoll_ctl(l->epoll, EPOLL_CTL_DEL, g->fd, NULL);
	unlist(l, g);
	free(g);
	if (v == READY)
		l->conf.ready(l->conf.arg, was.fd, was.user);
	else
		l->conf.gone(l->conf.arg, was.fd, was.user, late);
}

static void on_said(void *arg, int what)
{
	struct lobby *l = arg;
	struct epoll_event ev[LOBBY_SLICE];
	int n = epoll_wait(l->epoll, ev, LOBBY_SLICE, 0);

	(void)what;
	for (int i = 0; i < n; i++) {
		struct guest *g = ev[i].data.ptr;
		enum verdict v = judge(l, g->fd);

		/* Its end: there will be no more of the head. */
		if (v == WAIT && (ev[i].events & (EPOLLRDHUP | EPOLLHUP)))
			v = GONE;
		if (v != WAIT)
			dismiss(l, g, v, false);
	}
}

static void on_timer(void *arg)
{
	struct lobby *l = arg;
	int64_t now_ms = loop_now_ms(l->conf.loop);

	for (int i = 0; i < LOBBY_SLICE; i++) {
		if (!l->head || l->head->due_ms > now_ms)
			break;
		dismiss(l, l->head, GONE, true);
	}
	if (l->head)
		loop_timer_start(l->timer, l->head->due_ms > now_ms
						   ? l->head->due_ms - now_ms
						   : 0);
}

void lobby_add(struct lobby *l, int fd, void *user)
{
	enum verdict v = judge(l, fd);
	struct guest *g;
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
	};

	if (v != WAIT) {
		if (v == READY)
			l->conf.ready(l->conf.arg, fd, user);
		else
			l->conf.gone(l->conf.arg, fd, user, false);
		return;
	}
	ev.data.ptr = g = xcalloc(1, sizeof(*g));
	g->fd = fd;
	g->user = user;
	g->due_ms = loop_now_ms(l->conf.loop) + LOBBY_WAIT_MS;
	g->prev = l->tail;
	if (l->tail)
		l->tail->next = g;
	else
		l->head = g;
	l->tail = g;
	l->n++;
	if (!loop_timer_running(l->timer))
		loop_timer_start(l->timer, LOBBY_WAIT_MS);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev))
		dismiss(l, g, GONE, false);
}

bool lobby_make_room(struct lobby *l)
{
	if (!l->head)
		return false;
	dismiss(l, l->head, GONE, true);
	return true;
}

size_t lobby_count(const struct lobby *l)
{
	return l->n;
}

struct lobby *lobby_new(const struct lobby_conf *conf, struct err *e)
{
	struct lobby *l = xcalloc(1, sizeof(*l));

	l->conf = *conf;
	l->look = xmalloc(conf->head_max);
	l->timer = loop_timer_new(conf->loop, on_timer, l);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0) {
		err_set(e, EX_OSERR, "epoll: %s", strerror(errno));
		lobby_free(&l);
		return NULL;
	}
	l->watch = loop_fd_new(conf->loop, l->epoll, LOOP_READ, on_said, l);
	return l;
}

void lobby_free(struct lobby **lp)
{
	struct lobby *l = *lp;

	if (!l)
		return;
	while (l->head)
		dismiss(l, l->head, GONE, false);
	loop_fd_free(&l->watch);
	loop_timer_free(&l->timer);
	if (l->epoll >= 0)
		close(l->epoll);
	free(l->look);
	free(l);
	*lp = NULL;
}
