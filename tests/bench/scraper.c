/*
 * bench/scraper - checks that answer 304, per second of CPU: weir-scraper as
 * users run it, against a bare libcurl-multi loop that makes the same requests
 * of the same server. Prints one line of JSON.
 *
 *	build/bench/scraper [SECONDS [path of weir-scraper]]
 *
 * The server is a process of its own; only the clients' CPU time counts. Both
 * are measured after a warm-up, when every page was seen once.
 */
#include <fcntl.h>
#include <libgen.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <curl/curl.h>
#include <uv.h>

enum { PAGES = 5000, HANDLES = 50, WARM_S = 3, REQUEST_MAX = 4096 };

struct shared {
	_Atomic unsigned long checks; /* 304 answers */
	_Atomic unsigned long others;
};

static struct shared *shared;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the server ---- */

struct peer {
	size_t len;
	char in[REQUEST_MAX];
};

static void answer(int fd, const char *request)
{
	static const char same[] = "HTTP/1.1 304 Not Modified\r\n"
				   "ETag: \"v1\"\r\n\r\n";
	static const char page[] = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\n"
				   "Content-Type: text/html\r\n"
				   "Content-Length: 13\r\n\r\n<p>hello</p>\n";
	static const char none[] = "HTTP/1.1 404 Not Found\r\n"
				   "Content-Length: 0\r\n\r\n";
	const char *text = page;

	if (strncmp(request, "GET /robots.txt", 15) == 0)
		text = none;
	else if (strstr(request, "If-None-Match"))
		text = same;
	atomic_fetch_add(text == same ? &shared->checks : &shared->others, 1);
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

static void serve_peer(int ep, int fd, struct peer **peers)
{
	struct peer *p = peers[fd];
	ssize_t n = recv(fd, p->in + p->len, sizeof(p->in) - p->len - 1, 0);

	if (n <= 0) {
		epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL);
		close(fd);
		return;
	}
	p->len += (size_t)n;
	p->in[p->len] = '\0';
	if (!strstr(p->in, "\r\n\r\n"))
		return;
	answer(fd, p->in);
	p->len = 0;
}

static void serve(int lfd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = lfd }, got[64];
	struct peer **peers = calloc(4096, sizeof(*peers));
	int ep = epoll_create1(0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &ev);
	for (;;) {
		int n = epoll_wait(ep, got, 64, -1);

		for (int i = 0; i < n; i++) {
			int fd = got[i].data.fd;

			if (fd != lfd) {
				serve_peer(ep, fd, peers);
				continue;
			}
			fd = accept(lfd, NULL, NULL);
			if (fd < 0 || fd >= 4096)
				die("accept");
			if (!peers[fd])
				peers[fd] = calloc(1, sizeof(**peers));
			peers[fd]->len = 0;
			ev.data.fd = fd;
			epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
		}
	}
}

static pid_t start_server(unsigned *port_r)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&a, &len))
		die("server");
	*port_r = ntohs(a.sin_port);
	pid = fork();
	if (pid == 0)
		serve(fd);
	close(fd);
	return pid;
}

/* ---- the bare loop: curl_multi_socket_action in libuv, nothing else ---- */

static struct {
	uv_loop_t loop;
	uv_timer_t timer;
	CURLM *multi;
	struct curl_slist *headers;
	unsigned port, next;
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

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/p/%u", bare.port,
		 bare.next++ % PAGES);
	curl_easy_setopt(easy, CURLOPT_URL, url);
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
		h = calloc(1, sizeof(*h));
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

static void run_bare(unsigned port)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	bare.port = port;
	uv_loop_init(&bare.loop);
	uv_timer_init(&bare.loop, &bare.timer);
	bare.multi = curl_multi_init();
	curl_multi_setopt(bare.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(bare.multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(bare.multi, CURLMOPT_MAXCONNECTS, 2L * HANDLES);
	bare.headers = curl_slist_append(NULL, "If-None-Match: \"v1\"");
	for (int i = 0; i < HANDLES; i++) {
		CURL *easy = curl_easy_init();

		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, bare.headers);
		curl_easy_setopt(easy, CURLOPT_USERAGENT, "weir/bench");
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
		add(easy);
	}
	uv_run(&bare.loop, UV_RUN_DEFAULT);
}

/* ---- the scraper ---- */

static void write_watches(const char *path, unsigned port)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	for (int i = 0; i < PAGES; i++)
		fprintf(f,
			"{\"id\":\"p%d\",\"kind\":\"page\",\"every\":\"100ms\","
			"\"url\":\"http://127.0.0.1:%u/p/%d\"}\n",
			i, port, i);
	fclose(f);
}

static void run_scraper(const char *tool, const char *watches)
{
	char handles[16];
	int null = open("/dev/null", O_WRONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	snprintf(handles, sizeof(handles), "%d", HANDLES);
	execl(tool, tool, "-w", watches, "-o", "-", "--allow", "127.0.0.1",
	      "--host-delay", "0ms", "--host-requests", handles,
	      "--max-fetches", handles, "--user-agent", "weir/bench", NULL);
	die(tool);
}

/* ---- measuring ---- */

static double cpu_of(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return -1;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Let it warm up, then count checks per CPU second, then end it. */
static double measure(pid_t pid, unsigned seconds)
{
	unsigned long from, checks = 0;
	double cpu, used = -1;

	for (int i = 0; i < 20 && !atomic_load(&shared->checks); i++)
		sleep(1);
	sleep(WARM_S);
	from = atomic_load(&shared->checks);
	cpu = cpu_of(pid);
	sleep(seconds);
	if (cpu >= 0) {
		checks = atomic_load(&shared->checks) - from;
		used = cpu_of(pid) - cpu;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	atomic_store(&shared->checks, 0);
	return used > 0 ? (double)checks / used : 0;
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 5, port;
	char tool[4096], watches[] = "/tmp/weir-bench-XXXXXX";
	double limit, ours;
	pid_t server, pid;

	snprintf(tool, sizeof(tool), "%s/../bin/weir-scraper",
		 dirname(strdup(argv[0])));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	server = start_server(&port);
	close(mkstemp(watches));
	write_watches(watches, port);
	pid = fork();
	if (pid == 0)
		run_bare(port);
	limit = measure(pid, seconds);
	pid = fork();
	if (pid == 0)
		run_scraper(argc > 2 ? argv[2] : tool, watches);
	ours = measure(pid, seconds);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(watches);
	printf("{\"bench\":\"scraper\",\"checks_per_cpu_second\":%.0f,"
	       "\"limit\":%.0f,\"ratio\":%.2f,\"want\":0.7}\n",
	       ours, limit, limit > 0 ? ours / limit : 0);
	return ours > 0 && limit > 0 ? 0 : 1;
}
