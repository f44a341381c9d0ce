/*
 * bench/gateway_load - clients and a publisher for one server; gateway.py
 * starts both, and tells what is compared with what.
 *
 *	gateway_load [OPTION...] KIND
 *
 *	-p PORT		of the server's WebSockets
 *	-c CLIENTS	(1000)
 *	-j PROCESSES	that the clients are spread over (2)
 *	-P PORT		where events are published, or
 *	-x COMMAND	a shell command that publishes the lines that it reads
 *	-s PID		a process of the server; may be given several times
 *	-S PID		the store
 *	-C FILE		where its commits are noted (commits.h)
 *
 * KIND is that of wire.c. For "bare", the server is this program: a loop of
 * send(2). Prints {"ready":CLIENTS} when all are, and for each line
 *
 *	run RATE SECONDS WINDOW BATCH
 *
 * on standard input one line of JSON. RATE is in events per second; 0 is as
 * fast as the clients get them, with at most WINDOW events under way. BATCH is
 * the number of events in one send of the bare loop. "idle" prints how many
 * clients are still there.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/xmem.h"

#include "crowd.h"
#include "source.h"

enum {
	FRAME = 450,	 /* bytes of an event on the wire */
	FIRST_PAD = 100, /* of the event by which the pad is found */
	BURST = 64,	 /* events published at once, at most */
	SERVERS_MAX = 8,
	PATIENCE_S = 30,
	PAUSE_NS = 50000,
};

struct load {
	struct crowd *crowd;
	struct source_conf source;
	unsigned clients, processes;
	uint16_t port;
	pid_t server[SERVERS_MAX], store;
	size_t n_servers;
};

static void pause_ns(uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / 1000000000),
				    (long)(ns % 1000000000) };

	nanosleep(&t, NULL);
}

/* ---- CPU time ---- */

static double cpu_of(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		die("CPU time of a process");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double server_cpu(const struct load *l)
{
	double sum = 0;

	for (size_t i = 0; i < l->n_servers; i++)
		sum += cpu_of(l->server[i]);
	return sum;
}

/* ---- a run ---- */

struct run {
	double rate, seconds;
	unsigned window, batch;
	uint64_t events, before; /* deliveries before its first event */
};

static uint64_t delivered(const struct load *l, const struct run *r)
{
	return crowd_count(l->crowd).deliveries - r->before;
}

static void wait_for(const struct load *l, const struct run *r)
{
	uint64_t until = now_ns() + PATIENCE_S * UINT64_C(1000000000);

	while (delivered(l, r) < r->events * l->clients && now_ns() < until)
		pause_ns(PAUSE_NS);
}

static void wait_ready(const struct crowd *c, unsigned clients)
{
	for (int i = 0; crowd_count(c).ready < clients; i++) {
		if (i > PATIENCE_S * 100)
			die("clients are not ready");
		pause_ns(10000000);
	}
}

/* One client of the kind whose frames are not compressed. */
static struct load plain_one(const struct load *l)
{
	struct load one = *l;

	one.clients = 1;
	one.crowd = crowd_new(wire_kind_by_name(l->source.kind->plain), l->port,
			      1, 1);
	wait_ready(one.crowd, 1);
	return one;
}

/* The pad that makes a plain event FRAME bytes long on the wire. */
static size_t find_pad(struct load *l, struct source *s)
{
	struct run probe = { .events = 1,
			     .before = crowd_count(l->crowd).deliveries };
	bool packs = l->source.kind->plain != NULL;
	struct load plain = packs ? plain_one(l) : *l;
	unsigned size;

	crowd_forget(l->crowd);
	source_publish(s, 1, FIRST_PAD);
	wait_for(l, &probe);
	if (packs)
		wait_for(&plain, &(struct run){ .events = 1 });
	size = crowd_count(plain.crowd).frame_size;
	if (packs)
		crowd_free(&plain.crowd);
	return FIRST_PAD + FRAME - size;
}

static void publish_at_rate(struct run *r, struct source *s, size_t pad)
{
	uint64_t start = now_ns(), now;

	for (; r->events < (uint64_t)(r->rate * r->seconds); r->events++) {
		uint64_t at =
			start + (uint64_t)((double)r->events * 1e9 / r->rate);

		if (at > (now = now_ns()))
			pause_ns(at - now);
		source_publish(s, 1, pad);
	}
}

static void publish_fast(struct load *l, struct run *r, struct source *s,
			 size_t pad)
{
	uint64_t until = now_ns() + (uint64_t)(r->seconds * 1e9);

	while (now_ns() < until) {
		uint64_t way = r->events - delivered(l, r) / l->clients;
		uint64_t n = r->window - (way < r->window ? way : r->window);

		if (l->source.n_clients)
			n = n < r->batch ? 0 : r->batch;
		else if (n > BURST)
			n = BURST;
		if (n)
			source_publish(s, (unsigned)n, pad);
		else
			pause_ns(PAUSE_NS);
		r->events += n;
	}
}

static void print_latency(const struct load *l, enum crowd_latency of,
			  const char *name)
{
	uint64_t p50, p99;

	if (crowd_latency(l->crowd, of, 50, &p50) &&
	    crowd_latency(l->crowd, of, 99, &p99))
		printf(",\"%sp50_us\":%" PRIu64 ",\"%sp99_us\":%" PRIu64, name,
		       p50, name, p99);
}

static void print_run(const struct load *l, const struct run *r, double wall,
		      double server, double store)
{
	struct crowd_counts n = crowd_count(l->crowd);
	uint64_t got = delivered(l, r);

	printf("{\"events\":%" PRIu64 ",\"deliveries\":%" PRIu64
	       ",\"missing\":%" PRId64 ",\"gone\":%u,\"frame_bytes\":%u,"
	       "\"wall_s\":%.3f,\"server_cpu_s\":%.4f,\"store_cpu_s\":%.4f",
	       r->events, got, (int64_t)(r->events * l->clients - got), n.gone,
	       n.frame_size, wall, server, store);
	print_latency(l, CROWD_PUBLISHED, "");
	print_latency(l, CROWD_COMMITTED, "commit_");
	printf("}\n");
}

static void do_run(struct load *l, struct run *r)
{
	struct source *s = source_new(&l->source);
	size_t pad = find_pad(l, s);
	double server = server_cpu(l), store = l->store ? cpu_of(l->store) : 0;
	uint64_t start = now_ns();

	r->before = crowd_count(l->crowd).deliveries;
	crowd_forget(l->crowd);
	if (r->rate > 0)
		publish_at_rate(r, s, pad);
	else
		publish_fast(l, r, s, pad);
	wait_for(l, r);
	print_run(l, r, (double)(now_ns() - start) / 1e9,
		  server_cpu(l) - server,
		  l->store ? cpu_of(l->store) - store : 0);
	source_free(&s);
}

static void obey(struct load *l)
{
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		struct run r = { 0 };

		if (strcmp(line, "idle\n") == 0)
			printf("{\"gone\":%u}\n", crowd_count(l->crowd).gone);
		else if (sscanf(line, "run %lf %lf %u %u", &r.rate, &r.seconds,
				&r.window, &r.batch) == 4)
			do_run(l, &r);
		fflush(stdout);
	}
}

/* ---- start ---- */

static int listen_anywhere(uint16_t *port_r)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) ||
	    listen(fd, SOMAXCONN) ||
	    getsockname(fd, (struct sockaddr *)&at, &len))
		die("listen");
	*port_r = ntohs(at.sin_port);
	return fd;
}

/*
 * Shake hands, though nobody asks for the key: without it the kernel would
 * acknowledge what the bare loop sends otherwise than what a server sends.
 */
static int accept_one(int fd)
{
	static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC), one = 1;
	char head[4096];

	if (client < 0 || recv(client, head, sizeof(head), 0) <= 0 ||
	    send(client, answer, strlen(answer), MSG_NOSIGNAL) < 0)
		die("accept");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return client;
}

static const int *accept_all(int fd, unsigned n)
{
	int *clients = xcalloc(n, sizeof(*clients));

	for (unsigned i = 0; i < n; i++)
		clients[i] = accept_one(fd);
	close(fd);
	return clients;
}

static void start(struct load *l)
{
	bool is_bare = l->source.kind->is_bare;
	struct rlimit files;
	int fd = -1;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGPIPE, SIG_IGN);
	if (is_bare)
		fd = listen_anywhere(&l->port);
	l->crowd = crowd_new(l->source.kind, l->port, l->clients, l->processes);
	if (is_bare) {
		l->source.clients = accept_all(fd, l->clients);
		l->source.n_clients = l->clients;
		l->server[l->n_servers++] = getpid();
	}
	wait_ready(l->crowd, l->clients);
	printf("{\"ready\":%u}\n", l->clients);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct load l = { .clients = 1000, .processes = 2 };
	int o;

	while ((o = getopt(argc, argv, "p:c:j:P:x:s:S:C:")) != -1) {
		switch (o) {
		case 'p': l.port = (uint16_t)atoi(optarg); break;
		case 'c': l.clients = (unsigned)atoi(optarg); break;
		case 'j': l.processes = (unsigned)atoi(optarg); break;
		case 'P': l.source.port = (uint16_t)atoi(optarg); break;
		case 'x': l.source.command = optarg; break;
		case 's':
			if (l.n_servers < SERVERS_MAX - 1)
				l.server[l.n_servers++] = atoi(optarg);
			break;
		case 'S': l.store = atoi(optarg); break;
		case 'C': crowd_see_commits(optarg); break;
		default: return 64;
		}
	}
	if (optind < argc)
		l.source.kind = wire_kind_by_name(argv[optind]);
	if (!l.source.kind || l.clients == 0 || l.processes == 0 ||
	    l.processes > CROWD_PROCESSES_MAX) {
		fprintf(stderr, "usage: see the head of load.c\n");
		return 64;
	}
	start(&l);
	obey(&l);
	crowd_free(&l.crowd);
	return 0;
}
