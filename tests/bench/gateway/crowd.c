#include "crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "tests/bench/preload/commits.h"

enum {
	READ_SIZE = 128 << 10,
	EVENTS = 256,
	LINEAR = 64, /* microseconds with a bucket each; above, ... */
	STEPS = 32,  /* ... so many buckets for each power of two */
	BUCKETS = 1024,
};

/* What one process counts, for all to see. */
struct tally {
	_Alignas(64) _Atomic uint64_t deliveries;
	_Atomic uint64_t seen, seen_bytes; /* events that were looked at */
	_Atomic unsigned ready, gone;
	_Atomic uint64_t took[CROWD_LATENCIES][BUCKETS];
};

struct crowd {
	const struct wire_kind *kind;
	uint16_t port;
	unsigned processes;
	pid_t pid[CROWD_PROCESSES_MAX];
	struct tally *tally; /* shared */
};

struct client {
	struct wire wire;
	struct tally *tally;
	int fd;
	bool sampled;
};

_Noreturn void die(const char *what)
{
	fprintf(stderr, "bench/gateway: %s: %s\n", what, strerror(errno));
	_exit(1);
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- latencies ---- */

static size_t bucket_of(uint64_t us)
{
	unsigned power;

	if (us < LINEAR)
		return us;
	power = 63 - (unsigned)__builtin_clzll(us); /* 6 or more */
	us = LINEAR + (power - 6) * STEPS + ((us >> (power - 5)) - STEPS);
	return us < BUCKETS ? us : BUCKETS - 1;
}

static uint64_t bucket_us(size_t i)
{
	size_t power = (i - LINEAR) / STEPS, step = (i - LINEAR) % STEPS;

	return i < LINEAR ? i : (STEPS + step) << (power + 1);
}

/* What follows `key` in a text; absent if it is not there. */
static struct str after(struct str text, struct str key)
{
	const char *p = memmem(text.p, text.len, key.p, key.len);

	if (!p)
		return (struct str){ 0 };
	return str_sub(text, (size_t)(p - text.p) + key.len, text.len);
}

static const struct commits *commits; /* or NULL */

void crowd_see_commits(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	commits = mmap(NULL, sizeof(*commits), PROT_READ, MAP_SHARED, fd, 0);
	if (commits == MAP_FAILED)
		die("mmap");
	close(fd);
}

/*
 * When the commit was done that an event is in, by the time that it was
 * recorded: just before that commit, and after the one before. 0: not known.
 */
static int64_t committed_us(int64_t recorded_us)
{
	uint64_t n = commits->n, i = n;

	while (i > 0 && n - i < COMMITS_MAX / 2 &&
	       commits->at_us[(i - 1) % COMMITS_MAX] >= recorded_us)
		i--;
	return i < n ? commits->at_us[i % COMMITS_MAX] : 0;
}

static void note_latency(struct tally *t, struct str text)
{
	struct str sent = after(text, STR(CROWD_STAMP));
	struct str recorded = after(text, STR("\"recordedtime\":\""));
	int64_t at_us;

	if (sent.p)
		t->took[CROWD_PUBLISHED][bucket_of(
			(now_ns() - strtoull(sent.p, NULL, 16)) / 1000)]++;
	recorded = str_cut(recorded, '"', &sent);
	if (commits && recorded.p && clk_parse(recorded, &at_us) &&
	    (at_us = committed_us(at_us)) != 0)
		t->took[CROWD_COMMITTED]
		       [bucket_of((uint64_t)(clk_wall_us() - at_us))]++;
}

void crowd_forget(struct crowd *c)
{
	for (unsigned i = 0; i < c->processes; i++) {
		c->tally[i].seen = c->tally[i].seen_bytes = 0;
		for (size_t l = 0; l < CROWD_LATENCIES; l++)
			for (size_t k = 0; k < BUCKETS; k++)
				c->tally[i].took[l][k] = 0;
	}
}

bool crowd_latency(const struct crowd *c, enum crowd_latency of, double percent,
		   uint64_t *us_r)
{
	uint64_t sum[BUCKETS] = { 0 }, all = 0, seen = 0;
	size_t i;

	for (unsigned p = 0; p < c->processes; p++)
		for (i = 0; i < BUCKETS; i++) {
			sum[i] += c->tally[p].took[of][i];
			all += c->tally[p].took[of][i];
		}
	for (i = 0; i < BUCKETS - 1; i++) {
		seen += sum[i];
		if ((double)seen > (double)all * percent / 100)
			break;
	}
	*us_r = bucket_us(i);
	return all > 0;
}

/* ---- one process ---- */

static void on_ready(void *arg)
{
	struct client *c = arg;

	c->tally->ready++;
}

static void on_event(void *arg, struct str text, size_t bytes)
{
	struct client *c = arg;

	if (c->sampled) {
		c->tally->seen++;
		c->tally->seen_bytes += bytes;
		note_latency(c->tally, text);
	}
	/* Only this process writes it: no locked instruction is needed. */
	atomic_store_explicit(&c->tally->deliveries, c->tally->deliveries + 1,
			      memory_order_relaxed);
}

static void on_reply(void *arg, struct str frame)
{
	struct client *c = arg;

	if (send(c->fd, frame.p, frame.len, MSG_NOSIGNAL) < 0)
		die("send");
}

static const struct wire_events on = { on_ready, on_event, on_reply };

static int connect_from(unsigned address, uint16_t port)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK +
							     1 + address) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		die("socket");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)))
		die("bind");
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	return fd;
}

static void shake_hands(struct client *c)
{
	char text[4096], *end;
	ssize_t n = (ssize_t)wire_handshake(c->wire.kind, text, sizeof(text));

	if (send(c->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		die("handshake");
	do {
		n = recv(c->fd, text, sizeof(text) - 1, MSG_PEEK);
		if (n <= 0)
			die("handshake");
		text[n] = '\0';
	} while (!(end = strstr(text, "\r\n\r\n")));
	if (strncmp(text, "HTTP/1.1 101 ", 13) != 0) {
		fprintf(stderr, "bench/gateway: %s\n", text);
		_exit(1);
	}
	if (recv(c->fd, text, (size_t)(end + 4 - text), 0) < 0)
		die("handshake");
	if (c->wire.kind->hello) {
		struct str hello = str_from(c->wire.kind->hello);

		n = (ssize_t)wire_frame(c->wire.kind->is_nats ? 2 : 1, hello,
					text);
		on_reply(c, (struct str){ text, (size_t)n });
	}
}

static void take(struct client *c, char *buf)
{
	ssize_t n = recv(c->fd, buf, READ_SIZE, 0);

	if (n > 0) {
		wire_feed(&c->wire, buf, (size_t)n, &on, c);
		return;
	}
	close(c->fd);
	c->tally->gone++;
}

static _Noreturn void be_clients(const struct crowd *crowd, struct tally *t,
				 unsigned first, unsigned n)
{
	struct client *clients = xcalloc(n, sizeof(*clients));
	struct epoll_event ev[EVENTS];
	char *buf = xmalloc(READ_SIZE);
	int ep = epoll_create1(EPOLL_CLOEXEC), got;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < n; i++) {
		struct client *c = &clients[i];
		struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

		c->wire.kind = crowd->kind;
		c->tally = t;
		c->sampled = i % CROWD_SAMPLE == 0;
		c->fd = connect_from((first + i) / CROWD_ADDRESS, crowd->port);
		shake_hands(c);
		if (!crowd->kind->answers)
			t->ready++;
		if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e))
			die("epoll");
	}
	for (;;) {
		got = epoll_wait(ep, ev, EVENTS, -1);
		for (int i = 0; i < got; i++)
			take(ev[i].data.ptr, buf);
	}
}

/* ---- all of them ---- */

struct crowd *crowd_new(const struct wire_kind *kind, uint16_t port,
			unsigned clients, unsigned processes)
{
	struct crowd *c = xcalloc(1, sizeof(*c));
	unsigned first = 0;

	c->kind = kind;
	c->port = port;
	c->processes = processes;
	c->tally =
		mmap(NULL, processes * sizeof(*c->tally),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->tally == MAP_FAILED)
		die("mmap");
	for (unsigned i = 0; i < processes; i++) {
		unsigned n = (clients - first) / (processes - i);

		c->pid[i] = fork();
		if (c->pid[i] == 0)
			be_clients(c, &c->tally[i], first, n);
		first += n;
	}
	return c;
}

void crowd_free(struct crowd **cp)
{
	struct crowd *c = *cp;

	for (unsigned i = 0; i < c->processes; i++) {
		kill(c->pid[i], SIGKILL);
		waitpid(c->pid[i], NULL, 0);
	}
	munmap(c->tally, c->processes * sizeof(*c->tally));
	free(c);
	*cp = NULL;
}

struct crowd_counts crowd_count(const struct crowd *c)
{
	struct crowd_counts n = { 0 };
	uint64_t seen = 0, bytes = 0;

	for (unsigned i = 0; i < c->processes; i++) {
		n.ready += c->tally[i].ready;
		n.gone += c->tally[i].gone;
		n.deliveries += c->tally[i].deliveries;
		seen += c->tally[i].seen;
		bytes += c->tally[i].seen_bytes;
	}
	n.frame_size = seen ? (unsigned)((bytes + seen / 2) / seen) : 0;
	return n;
}
