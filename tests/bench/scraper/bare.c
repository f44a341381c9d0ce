/*
 * curl_multi_socket_action in libuv, and nothing else: what can be had of the
 * same libraries by one who wants nothing but answers.
 */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include <curl/curl.h>
#include <uv.h>

#include "common/xmem.h"

static struct {
	const struct web *w;
	uv_loop_t loop;
	uv_timer_t timer, pace;
	CURLM *multi;
	CURL **idle;
	unsigned n_idle;
	unsigned n_pages, next;
	double per_ms, owed; /* 0: as many as can be */
	uint64_t paced_ms;
} bare;

static size_t drop(char *p, size_t size, size_t n, void *arg)
{
	(void)p;
	(void)arg;
	return size * n;
}

static void add(CURL *easy)
{
	char url[64];

	curl_easy_setopt(easy, CURLOPT_URL,
			 web_url(bare.w, bare.next++ % bare.n_pages, url));
	curl_multi_add_handle(bare.multi, easy);
}

static void again(void)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(bare.multi, &left))) {
		CURL *easy = m->easy_handle;

		if (m->data.result != CURLE_OK)
			die(curl_easy_strerror(m->data.result));
		curl_multi_remove_handle(bare.multi, easy);
		if (bare.per_ms > 0)
			bare.idle[bare.n_idle++] = easy;
		else
			add(easy);
	}
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	int mask = 0, running;
	uv_os_fd_t fd;

	(void)status;
	uv_fileno((uv_handle_t *)h, &fd);
	if (events & UV_READABLE)
		mask |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		mask |= CURL_CSELECT_OUT;
	curl_multi_socket_action(bare.multi, fd, mask, &running);
	again();
}

static void on_closed(uv_handle_t *h)
{
	free(h);
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *arg,
		     void *sock)
{
	uv_poll_t *h = sock;
	int events = 0;

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		if (h)
			uv_close((uv_handle_t *)h, on_closed);
		curl_multi_assign(bare.multi, s, NULL);
		return 0;
	}
	if (!h) {
		h = xcalloc(1, sizeof(*h));
		uv_poll_init(&bare.loop, h, s);
		curl_multi_assign(bare.multi, s, h);
	}
	events |= what & CURL_POLL_IN ? UV_READABLE : 0;
	events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
	uv_poll_start(h, events, on_poll);
	return 0;
}

static void on_timeout(uv_timer_t *t)
{
	int running;

	(void)t;
	curl_multi_socket_action(bare.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	again();
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	(void)multi;
	(void)arg;
	if (ms < 0)
		uv_timer_stop(&bare.timer);
	else
		uv_timer_start(&bare.timer, on_timeout, (uint64_t)ms, 0);
	return 0;
}

/* Each at its own time, as from a schedule. */
static void on_pace(uv_timer_t *t)
{
	uint64_t now = uv_now(t->loop);

	bare.owed += bare.per_ms * (double)(now - bare.paced_ms);
	bare.paced_ms = now;
	for (; bare.owed >= 1; bare.owed--)
		if (bare.n_idle > 0)
			add(bare.idle[--bare.n_idle]);
	uv_timer_start(t, on_pace,
		       1 + (uint64_t)((1 - bare.owed) / bare.per_ms), 0);
}

static void start_loop(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	uv_loop_init(&bare.loop);
	uv_timer_init(&bare.loop, &bare.timer);
	uv_timer_init(&bare.loop, &bare.pace);
	bare.multi = curl_multi_init();
	curl_multi_setopt(bare.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(bare.multi, CURLMOPT_TIMERFUNCTION, on_timer);
	bare.paced_ms = uv_now(&bare.loop);
	if (bare.per_ms > 0)
		uv_timer_start(&bare.pace, on_pace, 1, 0);
}

void bare_run(const struct web *w, unsigned n_pages, unsigned handles,
	      double per_second)
{
	struct curl_slist *headers;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	bare.w = w;
	bare.n_pages = n_pages;
	bare.per_ms = per_second / 1000;
	bare.idle = xcalloc(handles, sizeof(*bare.idle));
	start_loop();
	/* A connection for each host stays open, as in the scraper. */
	curl_multi_setopt(bare.multi, CURLMOPT_MAXCONNECTS,
			  2L * (handles > w->n_hosts ? handles : w->n_hosts));
	headers = curl_slist_append(NULL, "If-None-Match: \"v1\"");
	for (unsigned i = 0; i < handles; i++) {
		CURL *easy = curl_easy_init();

		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(easy, CURLOPT_USERAGENT, "weir/bench");
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
		if (bare.per_ms > 0)
			bare.idle[bare.n_idle++] = easy;
		else
			add(easy);
	}
	uv_run(&bare.loop, UV_RUN_DEFAULT);
	exit(1);
}
