/*
 * bench/storm - clients of two gateways that are dropped at once, and come
 * back.
 *
 *	storm BIN-DIRECTORY [CLIENTS]
 *
 * Starts a store and two gateways that share a port. CLIENTS (20,000) listen
 * to a topic of which something is told RATE times a second, STAYING others to
 * one with STAYING_RATE. Then all of the first are dropped, and connect again,
 * each with the position that it had: how long it takes until the last of them
 * has caught up, that is, hears something that is not old; how long events
 * take to those who stayed, before and meanwhile; and whether anybody missed an
 * event or had one twice. Beside it, how long as many bare connections take
 * to a process that only accepts them. One JSON object.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
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

#include "common/xmem.h"

enum {
	CLIENTS = 20000,
	STAYING = 200,
	RATE = 2, /* events a second that all of them hear */
	STAYING_RATE = 50,
	PROCESSES = 5, /* the first has those who stay */
	GATEWAYS = 2,
	ADDRESS = 4000,	  /* clients that come from one 127.0.0.x */
	CONNECTING = 500, /* at a time, at first */
	REST = 1024,	  /* bytes; the largest frame */
	READ_SIZE = 64 << 10,
	TICK_MS = 5,
	RETRY_MS = 200, /* twice as long after each failure, with jitter */
	RETRY_MAX_MS = 2000,
	FRESH_MS = 500, /* an event that is no older is news */
	BASELINE_S = 4,
	PATIENCE_S = 60,
	SAMPLES = 400000,
};

static const char topics[2][8] = { "crowd.", "stay." };

/* What one process says, and is told. */
struct tally {
	_Alignas(64) _Atomic unsigned ready, back, done;
	_Atomic unsigned missed, doubled, unrecovered, retries;
	_Atomic uint64_t last_back_ns;
	_Atomic unsigned n_took;
	uint32_t took_us[SAMPLES]; /* to those who stay */
};

static struct shared {
	_Atomic uint64_t drop_ns;     /* 0: not yet */
	_Atomic uint64_t final[2];    /* the last of each topic; 0: not yet */
	_Atomic unsigned is_sampling; /* latencies are noted */
	struct tally tally[PROCESSES];
} * shared;

struct client {
	enum { WAITING, CONNECTING_, SHAKING, ASKING, LIVE } state;
	bool stays, is_back, is_done, was_live, was_dropped;
	unsigned address, failures;
	int fd;
	uint64_t due_ns; /* while it waits */
	uint64_t seen, offset;
	unsigned rest_len;
	char rest[REST];
};

static uint16_t port;
static char epoch[16];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench/storm: %s: %s\n", what, strerror(errno));
	kill(0, SIGTERM);
	_exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* ---- a client ---- */

struct crowd {
	struct client *v;
	unsigned n, connecting, limit;
	int ep;
	struct tally *tally;
};

static int connect_from(unsigned address, int *fd_r)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK +
							     1 + address) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1;

	*fd_r = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd_r < 0)
		die("socket");
	setsockopt(*fd_r, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
		   sizeof(one));
	if (bind(*fd_r, (struct sockaddr *)&from, sizeof(from)))
		die("bind");
	return connect(*fd_r, (struct sockaddr *)&to, sizeof(to)) &&
			       errno != EINPROGRESS
		       ? -1
		       : 0;
}

static void say(struct client *c, const char *text)
{
	char frame[256] = { (char)0x81 };
	size_t n = strlen(text);

	frame[1] = (char)(0x80 | n); /* masked with zeros */
	memcpy(frame + 6, text, n);
	if (send(c->fd, frame, n + 6, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
	    errno != ECONNRESET)
		die("send");
}

static void try_later(struct crowd *w, struct client *c)
{
	uint64_t ms = (uint64_t)RETRY_MS << (c->failures < 4 ? c->failures : 4);

	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	if (c->state == CONNECTING_ || c->state == SHAKING ||
	    c->state == ASKING)
		w->connecting--;
	c->failures++;
	w->tally->retries++;
	close(c->fd);
	c->state = WAITING;
	c->due_ns = now_ns() + (ms / 2 + (uint64_t)rand() % ms) * 1000000;
}

static void begin(struct crowd *w, struct client *c)
{
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = c };

	c->rest_len = 0;
	c->state = CONNECTING_;
	w->connecting++;
	if (connect_from(c->address, &c->fd) ||
	    epoll_ctl(w->ep, EPOLL_CTL_ADD, c->fd, &e))
		try_later(w, c);
}

static void shake_hands(struct crowd *w, struct client *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	char text[256];
	int n = snprintf(text, sizeof(text),
			 "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
			 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			 "Sec-WebSocket-Version: 13\r\n\r\n",
			 port);

	c->state = SHAKING;
	epoll_ctl(w->ep, EPOLL_CTL_MOD, c->fd, &e);
	if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		try_later(w, c);
}

static void ask(struct client *c)
{
	char text[125];
	int n = snprintf(text, sizeof(text), "{\"subscribe\":[\"%s\"]",
			 topics[c->stays]);

	if (c->was_live)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      ",\"since\":\"%s:%" PRIu64 "\"", epoch,
			      c->offset);
	snprintf(text + n, sizeof(text) - (size_t)n, "}");
	c->state = ASKING;
	say(c, text);
}

static void on_answer(struct crowd *w, struct client *c, const char *text)
{
	const char *at = strstr(text, "\"position\":\"");

	if (!at || strncmp(text, "{\"subscribed\"", 13) != 0)
		return;
	if (c->was_live && !strstr(text, "\"recovered\":true"))
		w->tally->unrecovered++;
	if (!c->was_live) {
		snprintf(epoch, sizeof(epoch), "%.8s", at + 12);
		c->offset = strtoull(at + 21, NULL, 10);
		w->tally->ready++;
	}
	c->was_live = true;
	c->failures = 0;
	c->state = LIVE;
	w->connecting--;
}

static void note_back(struct crowd *w, struct client *c, uint64_t age_ns)
{
	if (!c->was_dropped || c->is_back || age_ns > FRESH_MS * 1000000ull)
		return;
	c->is_back = true;
	w->tally->back++;
	w->tally->last_back_ns = now_ns();
}

static void on_event(struct crowd *w, struct client *c, const char *text)
{
	const char *n = strstr(text, "\"n\":"), *t = strstr(text, "\"t\":\"");
	const char *offset = strstr(text, "\"offset\":\"");
	uint64_t seen, age_ns;

	if (!n || !t || !offset)
		return;
	seen = strtoull(n + 4, NULL, 10);
	age_ns = now_ns() - strtoull(t + 5, NULL, 16);
	c->offset = strtoull(offset + 10, NULL, 10);
	if (c->seen && seen <= c->seen)
		w->tally->doubled++;
	else if (c->seen)
		w->tally->missed += (unsigned)(seen - c->seen - 1);
	c->seen = seen;
	note_back(w, c, age_ns);
	if (c->stays && shared->is_sampling && w->tally->n_took < SAMPLES)
		w->tally->took_us[w->tally->n_took++] =
			(uint32_t)(age_ns / 1000);
}

/* The messages in p; what is left is kept. */
static void feed(struct crowd *w, struct client *c, char *p, size_t n)
{
	while (n >= 2) {
		size_t head = 2, len = (unsigned char)p[1] & 0x7f;
		char after;

		if (len == 126) {
			head = 4;
			len = (size_t)(unsigned char)p[2] << 8 |
			      (unsigned char)p[3];
		}
		if (n < head + len)
			break;
		after = p[head + len];
		p[head + len] = '\0';
		if (c->state == ASKING)
			on_answer(w, c, p + head);
		else if ((p[0] & 0x0f) == 1)
			on_event(w, c, p + head);
		p[head + len] = after;
		p += head + len;
		n -= head + len;
	}
	if (n > REST)
		die("a frame is too large");
	memcpy(c->rest, p, n);
	c->rest_len = (unsigned)n;
}

static void on_head(struct crowd *w, struct client *c, char *p, size_t n)
{
	if (n < 12 || strncmp(p, "HTTP/1.1 101", 12) != 0)
		try_later(w, c); /* it says no, for now */
	else
		ask(c);
}

static void take(struct crowd *w, struct client *c, char *buf)
{
	ssize_t n;

	if (c->state == CONNECTING_) {
		shake_hands(w, c);
		return;
	}
	memcpy(buf, c->rest, c->rest_len);
	n = recv(c->fd, buf + c->rest_len, READ_SIZE - c->rest_len - 1, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		try_later(w, c);
	else if (c->state == SHAKING)
		on_head(w, c, buf, (size_t)n);
	else
		feed(w, c, buf, c->rest_len + (size_t)n);
}

/* ---- one process ---- */

static void drop_all(struct crowd *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		struct client *c = &w->v[i];

		if (c->stays)
			continue;
		close(c->fd);
		c->was_dropped = true;
		c->state = WAITING;
		c->due_ns = 0;
	}
	w->limit = w->n;
}

static void look_at_all(struct crowd *w)
{
	uint64_t now = now_ns();

	for (unsigned i = 0; i < w->n; i++) {
		struct client *c = &w->v[i];
		uint64_t end = shared->final[c->stays];

		if (c->state == WAITING && c->due_ns <= now &&
		    w->connecting < w->limit)
			begin(w, c);
		if (end && c->seen == end && !c->is_done) {
			c->is_done = true;
			w->tally->done++;
		}
	}
}

static _Noreturn void be_clients(struct tally *t, unsigned first, unsigned n,
				 unsigned staying)
{
	struct crowd w = { .v = xcalloc(n, sizeof(*w.v)),
			   .n = n,
			   .limit = CONNECTING,
			   .ep = epoll_create1(EPOLL_CLOEXEC),
			   .tally = t };
	struct epoll_event ev[256];
	char *buf = xmalloc(READ_SIZE);
	uint64_t looked = 0;
	bool dropped = false;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < n; i++) {
		w.v[i].stays = i < staying;
		w.v[i].address = (first + i) / ADDRESS;
	}
	for (;;) {
		int got = epoll_wait(w.ep, ev, 256, TICK_MS);

		for (int i = 0; i < got; i++)
			take(&w, ev[i].data.ptr, buf);
		if (shared->drop_ns && !dropped) {
			drop_all(&w);
			dropped = true;
		} else if (now_ns() - looked < TICK_MS * 1000000ull) {
			continue;
		}
		look_at_all(&w);
		looked = now_ns();
	}
}

/* ---- the machine's own limit ---- */

/* Connections to a process that only takes them, a second. */
static double bare_rate(unsigned n)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int ls = socket(AF_INET, SOCK_STREAM, 0), fd;
	uint64_t start;
	pid_t pid;

	if (ls < 0 || bind(ls, (struct sockaddr *)&at, len) ||
	    listen(ls, 4096) || getsockname(ls, (struct sockaddr *)&at, &len))
		die("bare");
	port = ntohs(at.sin_port);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (unsigned i = 0; i < n; i++)
			if ((fd = accept(ls, NULL, NULL)) >= 0)
				close(fd);
		_exit(0);
	}
	close(ls);
	start = now_ns();
	for (unsigned i = 0; i < n; i++) {
		struct pollfd p = { .events = POLLOUT };

		if (connect_from(i / ADDRESS, &p.fd))
			die("bare connect");
		poll(&p, 1, 10000);
		close(p.fd);
	}
	waitpid(pid, NULL, 0);
	return n / ((double)(now_ns() - start) / 1e9);
}

/* ---- store, gateways and what is told ---- */

static char dir[64];

/* Waits for its ready line; *url_port_r from there, where it is not NULL. */
static void spawn(const char *bin, const char *const args[],
		  uint16_t *url_port_r)
{
	char path[4096], line[8192], *at;
	int fd[2];
	pid_t pid;
	FILE *said;

	snprintf(path, sizeof(path), "%s/%s", bin, args[0]);
	if (pipe(fd))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(fd[1], 2);
		close(fd[0]);
		execv(path, (char **)(uintptr_t)args);
		_exit(127);
	}
	close(fd[1]);
	said = fdopen(fd[0], "r");
	while (said && fgets(line, sizeof(line), said))
		if (strstr(line, ": ready ")) {
			at = strstr(line, "127.0.0.1:");
			if (at && url_port_r)
				*url_port_r = (uint16_t)atoi(at + 10);
			return; /* the pipe stays open */
		}
	die(args[0]);
}

static void start_tools(const char *bin)
{
	char number[16];
	const char *const store[] = { "weir-store", "--dir", dir, NULL };
	const char *const gateway[] = { "weir-gateway",	 "--dir", dir,
					"--max-clients", "18000", "--port",
					number,		 NULL };

	spawn(bin, store, NULL);
	for (int i = 0; i < GATEWAYS; i++) {
		snprintf(number, sizeof(number), "%u", i ? port : 0);
		spawn(bin, gateway, &port);
	}
}

static FILE *open_pub(const char *bin)
{
	char command[4300];
	FILE *f;

	snprintf(command, sizeof(command), "%s/weir-pub --dir %s", bin, dir);
	f = popen(command, "w");
	if (!f)
		die("weir-pub");
	return f;
}

static uint64_t told[2];

static void tell(FILE *pub, int which)
{
	fprintf(pub,
		"{\"type\":\"%.*s.tick\",\"data\":{\"n\":%" PRIu64
		",\"t\":\"%016" PRIx64 "\"}}\n",
		(int)strcspn(topics[which], "."), topics[which], ++told[which],
		now_ns());
	if (fflush(pub))
		die("weir-pub");
}

static unsigned sum(size_t offset)
{
	unsigned n = 0;

	for (int i = 0; i < PROCESSES; i++)
		n += *(_Atomic unsigned *)(void *)((char *)&shared->tally[i] +
						   offset);
	return n;
}
#define SUM(member) sum(offsetof(struct tally, member))

/* Tell both crowds at their rates, until `enough`, or seconds are over. */
static void go_on(FILE *pub, double seconds, unsigned enough)
{
	uint64_t start = now_ns(), at_ns;
	uint64_t period = 1000000000 / STAYING_RATE, next = start;

	for (unsigned i = 0;; i++) {
		at_ns = now_ns();
		if ((double)(at_ns - start) > seconds * 1e9 ||
		    (enough && SUM(back) >= enough))
			return;
		if (at_ns < next)
			sleep_ms((int)((next - at_ns) / 1000000));
		next += period;
		tell(pub, 1);
		if (i % (STAYING_RATE / RATE) == 0)
			tell(pub, 0);
	}
}

static int by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Latencies since the last call, to those who stay. */
static void print_took(const char *name)
{
	uint32_t *all = xmalloc(sizeof(*all) * SAMPLES * PROCESSES);
	size_t n = 0;

	for (int i = 0; i < PROCESSES; i++) {
		struct tally *t = &shared->tally[i];

		memcpy(all + n, t->took_us, t->n_took * sizeof(*all));
		n += t->n_took;
		t->n_took = 0;
	}
	qsort(all, n, sizeof(*all), by_value);
	if (n)
		printf(",\"%s_p50_ms\":%.1f,\"%s_p99_ms\":%.1f,"
		       "\"%s_max_ms\":%.1f",
		       name, all[n / 2] / 1e3, name, all[n * 99 / 100] / 1e3,
		       name, all[n - 1] / 1e3);
	free(all);
}

static void wait_until(unsigned want, size_t member, const char *what)
{
	uint64_t start = now_ns();

	while (sum(member) < want) {
		if (now_ns() - start > PATIENCE_S * 1000000000ull) {
			fprintf(stderr, "bench/storm: %s: %u of %u\n", what,
				sum(member), want);
			return;
		}
		sleep_ms(20);
	}
}

/*
 * Those who stay are in a process of their own, so that what the others have to
 * do does not delay their looking at the clock; the others give way to it and to
 * the gateways.
 */
static void start_clients(unsigned clients)
{
	unsigned first = STAYING;

	if (fork() == 0)
		be_clients(&shared->tally[0], 0, STAYING, STAYING);
	for (unsigned i = 1; i < PROCESSES; i++) {
		unsigned n = (clients + STAYING - first) / (PROCESSES - i);

		if (fork() == 0) {
			if (nice(10) < 0)
				die("nice");
			be_clients(&shared->tally[i], first, n, 0);
		}
		first += n;
	}
}

static void storm(const char *bin, unsigned clients)
{
	unsigned all = clients + STAYING;
	double last_s = 0, bare = bare_rate(clients);
	FILE *pub;

	start_tools(bin);
	start_clients(clients);
	pub = open_pub(bin);
	wait_until(all, offsetof(struct tally, ready), "ready");
	go_on(pub, 1, 0); /* everybody has heard something */
	shared->is_sampling = 1;
	go_on(pub, BASELINE_S, 0);
	printf("{\"bench\":\"storm\",\"clients\":%u,\"gateways\":%d,"
	       "\"bare_connects_per_s\":%.0f",
	       clients, GATEWAYS, bare);
	print_took("stayed_before");
	shared->drop_ns = now_ns();
	go_on(pub, PATIENCE_S, clients);
	print_took("stayed_meanwhile");
	for (int i = 0; i < PROCESSES; i++) {
		double s = (double)(int64_t)(shared->tally[i].last_back_ns -
					     shared->drop_ns) /
			   1e9;

		last_s = s > last_s ? s : last_s;
	}
	go_on(pub, 2, 0);
	shared->final[0] = told[0];
	shared->final[1] = told[1];
	wait_until(all, offsetof(struct tally, done), "at the end");
	printf(",\"back\":%u,\"last_back_s\":%.2f,\"retries\":%u,"
	       "\"missed\":%u,\"doubled\":%u,\"unrecovered\":%u,"
	       "\"at_the_end\":%u}\n",
	       SUM(back), last_s, SUM(retries), SUM(missed), SUM(doubled),
	       SUM(unrecovered), SUM(done));
	pclose(pub);
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	struct rlimit files;
	char command[128];

	if (argc < 2) {
		fprintf(stderr, "usage: storm BIN-DIRECTORY [CLIENTS]\n");
		return 64;
	}
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	setpgid(0, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(dir, sizeof(dir), "%.40s/storm.XXXXXX",
		 tmp ? tmp : "/var/tmp");
	if (shared == MAP_FAILED || !mkdtemp(dir))
		die("scratch");
	storm(argv[1], argc > 2 ? (unsigned)atoi(argv[2]) : CLIENTS);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0;
}
