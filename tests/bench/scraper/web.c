#include "bench.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "common/clk.h"
#include "common/str.h"
#include "common/xmem.h"

#include "cmd/scraper/schedule.h"

enum { REQUEST_MAX = 4096, HOSTS_OF_NET = 250 };

struct peer {
	size_t len;
	char *in; /* kept for the next connection of this number */
};

/* What the client must do next, as its own schedule has it. */
struct visit {
	unsigned run;
	uint64_t n; /* answers in this run */
	struct timing timing;
	int64_t answered_us;
};

static struct visit visits[WEB_PAGES_MAX];

static unsigned net_address(unsigned host)
{
	return INADDR_LOOPBACK + 0x10000 + host / HOSTS_OF_NET * 256 +
	       host % HOSTS_OF_NET;
}

const char *web_url(const struct web *w, unsigned n, char out[64])
{
	unsigned a = net_address(n % w->n_hosts);

	snprintf(out, 64, "http://127.%u.%u.%u:%u/p/%u", a >> 16 & 255,
		 a >> 8 & 255, a & 255, w->port, n);
	return out;
}

/* How late is a request, against the answer before and the schedule? */
static void judge(struct web *w, unsigned n, int64_t now_us)
{
	struct visit *v = &visits[n];
	char id[16];
	int64_t due_us, late_ms;

	if (v->run != atomic_load(&w->run)) {
		snprintf(id, sizeof(id), "p%u", n);
		*v = (struct visit){
			.run = atomic_load(&w->run),
			.timing = { .every_ms = w->every_ms,
				    .seed = str_hash(str_from(id)) },
		};
		return;
	}
	due_us = v->answered_us + 1000 * timing_next(&v->timing, v->n, 0);
	late_ms = (now_us - due_us) / 1000;
	if (late_ms < 0)
		late_ms = 0; /* its clock has whole milliseconds */
	if (late_ms > WEB_LATE_MS)
		late_ms = WEB_LATE_MS;
	atomic_fetch_add(&w->late[late_ms], 1);
}

static void answer(struct web *w, int fd, const char *request)
{
	static const char same[] = "HTTP/1.1 304 Not Modified\r\n"
				   "ETag: \"v1\"\r\n\r\n";
	static const char page[] = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\n"
				   "Content-Type: text/html\r\n"
				   "Content-Length: 13\r\n\r\n<p>hello</p>\n";
	static const char none[] = "HTTP/1.1 404 Not Found\r\n"
				   "Content-Length: 0\r\n\r\n";
	const char *text = none;
	unsigned n = WEB_PAGES_MAX;

	if (sscanf(request, "GET /p/%u ", &n) == 1 && n < WEB_PAGES_MAX) {
		text = strstr(request, "If-None-Match") ? same : page;
		judge(w, n, clk_mono_us());
	}
	atomic_fetch_add(text == same ? &w->same : &w->others, 1);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return; /* who is gone needs no answer */
	if (n < WEB_PAGES_MAX) {
		visits[n].n++;
		visits[n].answered_us = clk_mono_us();
	}
}

static void serve_peer(struct web *w, int fd, struct peer *p)
{
	ssize_t got = recv(fd, p->in + p->len, REQUEST_MAX - p->len - 1, 0);

	if (got <= 0) {
		if (got < 0 && errno == EAGAIN)
			return;
		close(fd);
		return;
	}
	p->len += (size_t)got;
	p->in[p->len] = '\0';
	if (!strstr(p->in, "\r\n\r\n"))
		return;
	answer(w, fd, p->in);
	p->len = 0;
}

static void accept_peers(struct web *w, int ep, int lfd, struct peer *peers,
			 size_t n_peers)
{
	int fd, on = 1;

	while ((fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

		if ((size_t)fd >= n_peers)
			die("web: too many connections");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		peers[fd].len = 0;
		if (!peers[fd].in)
			peers[fd].in = xmalloc(REQUEST_MAX);
		epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
		atomic_fetch_add(&w->accepts, 1);
	}
}

static _Noreturn void serve(struct web *w, int lfd, int cpu)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = lfd }, got[256];
	struct rlimit files;
	struct peer *peers;
	int ep = epoll_create1(0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpu);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	peers = xcalloc(files.rlim_cur, sizeof(*peers));
	epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &ev);
	for (;;) {
		int n = epoll_wait(ep, got, ARRAY_LEN(got), -1);

		for (int i = 0; i < n; i++) {
			int fd = got[i].data.fd;

			if (fd == lfd)
				accept_peers(w, ep, fd, peers, files.rlim_cur);
			else
				serve_peer(w, fd, &peers[fd]);
		}
	}
}

/* All of 127.0.0.0/8, and nothing that comes from outside. */
static int listen_lo(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 4096))
		die("web: listen");
	return fd;
}

static unsigned port_of(int fd)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		die("web: port");
	return ntohs(a.sin_port);
}

struct web *web_new(unsigned n_hosts, int64_t every_ms)
{
	struct web *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (w == MAP_FAILED)
		die("web: memory");
	w->n_hosts = n_hosts;
	w->every_ms = every_ms;
	w->run = 1;
	return w;
}

pid_t web_start(struct web *w, int cpu)
{
	int fd = listen_lo();
	pid_t pid;

	w->port = port_of(fd);
	pid = fork();
	if (pid == 0)
		serve(w, fd, cpu);
	close(fd);
	return pid;
}

void web_reset_counts(struct web *w)
{
	w->same = w->others = w->accepts = 0;
	for (size_t i = 0; i <= WEB_LATE_MS; i++)
		w->late[i] = 0;
}

unsigned web_late_ms(const struct web *w, double share)
{
	unsigned long all = 0, sum = 0;
	unsigned ms = 0;

	for (size_t i = 0; i <= WEB_LATE_MS; i++)
		all += w->late[i];
	while (ms < WEB_LATE_MS &&
	       (double)(sum += w->late[ms]) < share * (double)all)
		ms++;
	return ms;
}
