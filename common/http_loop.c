/*
 * curl takes a socket out of its set at the end of each request and puts it
 * back for the next one. Here it stays in epoll meanwhile, and leaves when curl
 * closes it (closesocket callback) or when it turns readable while idle (the
 * peer has closed it).
 */
#include "common/http_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/xmem.h"

/* A socket that curl uses. */
struct sock {
	struct bank *bank;
	struct loop_fd *fd; /* NULL: not waited for yet */
	curl_socket_t s;
	bool ours; /* http_opened(): http_closed() will tell its end */
	bool idle; /* curl does not want to hear of it now */
};

static struct sock *sock_at(struct bank *b, curl_socket_t s)
{
	struct http *h = b->http;
	size_t at = (size_t)s, n = h->n_socks;

	if (at >= n) {
		xgrow(&h->socks, &h->n_socks, at, sizeof(struct sock *));
		memset(h->socks + n, 0, (h->n_socks - n) * sizeof(*h->socks));
	}
	if (!h->socks[at]) {
		h->socks[at] = xcalloc(1, sizeof(struct sock));
		h->socks[at]->bank = b;
		h->socks[at]->s = s;
	}
	return h->socks[at];
}

static void sock_free(struct http *h, curl_socket_t s)
{
	struct sock *k = (size_t)s < h->n_socks ? h->socks[s] : NULL;

	if (!k)
		return;
	loop_fd_free(&k->fd);
	h->socks[s] = NULL;
	free(k);
}

void http_opened(struct bank *b, curl_socket_t s)
{
	sock_at(b, s)->ours = true;
}

int http_closed(void *http, curl_socket_t s)
{
	sock_free(http, s);
	return close(s);
}

static void on_socket_ready(void *arg, int what)
{
	struct sock *k = arg;
	struct bank *b = k->bank;
	int mask = 0, running;

	if (k->idle) { /* closed by the peer; curl will find out */
		loop_fd_set(k->fd, 0);
		return;
	}
	if (what & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (what & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	curl_multi_socket_action(b->multi, k->s, mask, &running);
	http_drain(b);
}

/* The resolver's sockets are curl's own: their end is told only by REMOVE. */
static int on_socket(CURL *easy, curl_socket_t s, int what, void *arg,
		     void *unused)
{
	struct bank *b = arg;
	struct sock *k = sock_at(b, s);
	int interest = 0;

	(void)easy;
	(void)unused;
	if (what == CURL_POLL_REMOVE) {
		k->idle = true;
		if (!k->ours)
			sock_free(b->http, s);
		return 0;
	}
	if (what & CURL_POLL_IN)
		interest |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		interest |= LOOP_WRITE;
	k->idle = false;
	if (!k->fd)
		k->fd = loop_fd_new(b->http->loop, s, interest, on_socket_ready,
				    k);
	loop_fd_set(k->fd, interest);
	return 0;
}

static void on_timeout(void *arg)
{
	struct bank *b = arg;
	int running;

	curl_multi_socket_action(b->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	http_drain(b);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct bank *b = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(b->timer);
	else
		loop_timer_start(b->timer, ms);
	return 0;
}

void http_loop_attach(struct bank *b)
{
	b->timer = loop_timer_new(b->http->loop, on_timeout, b);
	curl_multi_setopt(b->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(b->multi, CURLMOPT_SOCKETDATA, b);
	curl_multi_setopt(b->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(b->multi, CURLMOPT_TIMERDATA, b);
}

void http_loop_detach(struct http *h)
{
	for (size_t i = 0; i < h->n_socks; i++)
		sock_free(h, (curl_socket_t)i);
	free(h->socks);
	for (size_t i = 0; i < ARRAY_LEN(h->banks); i++)
		loop_timer_free(&h->banks[i].timer);
}
