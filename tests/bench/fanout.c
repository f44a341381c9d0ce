/*
 * bench/fanout - deliveries to WebSocket clients per second of the gateway's
 * CPU, against a bare loop of send(2) that writes the same frames to as many
 * connections, one at a time. Prints one line of JSON.
 *
 *	build/bench/fanout [CLIENTS [SECONDS [directory of the programs]]]
 *
 * "single": an event each 5 ms, so that each is sent by itself. "busy": 10,000
 * events a second, where the gateway may send many with one write. Clients are
 * a process of their own; only the sender's CPU time counts.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
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

enum { FRAME = 230, READ_SIZE = 65536 };

static struct {
	_Atomic unsigned long frames; /* received by all clients */
	_Atomic unsigned ready;	      /* clients that were answered */
} * shared;

static const char *bin = "build/bin";
static char dir[] = "/tmp/weir-fanout-XXXXXX";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_until(double at)
{
	double left = at - now(CLOCK_MONOTONIC);

	if (left > 0)
		usleep((useconds_t)(left * 1e6));
}

/* ---- programs ---- */

/* Start one; its standard error, or input (for weir-pub), is *fd_r. */
static pid_t start(const char *tool, const char *arg, int stream, int *fd_r)
{
	char path[4096];
	int fd[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/weir-%s", bin, tool);
	if (pipe2(fd, O_CLOEXEC))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(fd[stream == 0 ? 0 : 1], stream);
		execl(path, path, "--dir", dir, arg, arg ? "0" : NULL,
		      (char *)NULL);
		_exit(127);
	}
	close(fd[stream == 0 ? 0 : 1]);
	*fd_r = fd[stream == 0 ? 1 : 0];
	return pid;
}

/* Read its log up to the ready line; the port in it, or 0. */
static int wait_ready(int fd)
{
	char log[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, log + len, sizeof(log) - 1 - len)) > 0) {
		char *url;

		len += (size_t)n;
		log[len] = '\0';
		if (!strstr(log, ": ready "))
			continue;
		url = strstr(log, "127.0.0.1:");
		return url ? atoi(url + strlen("127.0.0.1:")) : 0;
	}
	fprintf(stderr, "a program did not start: %s\n", log);
	exit(1);
}

/* Seconds of CPU that a process has used. */
static double cpu_of(pid_t pid)
{
	char path[64], line[1024], *p;
	unsigned long utime, stime;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f || !fgets(line, sizeof(line), f))
		die(path);
	fclose(f);
	p = strrchr(line, ')');
	if (sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &utime, &stime) != 2)
		die("stat");
	return (double)(utime + stime) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- clients ---- */

struct conn {
	int fd;
	unsigned char head[4];
	size_t have, left; /* bytes of the head, of the payload to skip */
	bool answered;
};

static void count(struct conn *c, const unsigned char *p, size_t n)
{
	while (n > 0) {
		if (c->left) {
			size_t skip = c->left < n ? c->left : n;

			c->left -= skip;
			p += skip;
			n -= skip;
			if (c->left)
				return;
		} else {
			c->head[c->have++] = *p++;
			n--;
			if (c->have < 2 || (c->head[1] == 126 && c->have < 4))
				continue;
			c->left = c->head[1] == 126
					  ? (size_t)c->head[2] << 8 | c->head[3]
					  : c->head[1];
		}
		if (c->left)
			continue;
		c->have = 0;
		if (c->answered)
			shared->frames++;
		else
			shared->ready++;
		c->answered = true;
	}
}

static int connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect");
	return fd;
}

static void subscribe(int fd)
{
	static const char head[] =
		"GET /ws HTTP/1.1\r\nHost: localhost\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Protocol: weir.v1\r\n"
		"Sec-WebSocket-Key: d2VpciB0ZXN0IGNsaWVudA==\r\n\r\n";
	/* a masked frame; the mask is 0 */
	static const char wish[] = "\x81\x92\0\0\0\0{\"subscribe\":[\"\"]}";
	char c, last[4] = { 0 };

	if (write(fd, head, sizeof(head) - 1) < 0)
		die("write");
	while (memcmp(last, "\r\n\r\n", 4) != 0 && read(fd, &c, 1) == 1) {
		memmove(last, last + 1, 3);
		last[3] = c;
	}
	if (write(fd, wish, sizeof(wish) - 1) < 0)
		die("write");
}

/* Read for ever, and count. */
static void be_clients(int port, int n, bool are_websockets)
{
	static unsigned char buf[READ_SIZE];
	struct conn *conn = calloc((size_t)n, sizeof(*conn));
	struct epoll_event ev[256];
	int ep = epoll_create1(EPOLL_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < n; i++) {
		struct epoll_event e = { .events = EPOLLIN,
					 .data.ptr = &conn[i] };

		conn[i].fd = connect_to(port);
		if (are_websockets)
			subscribe(conn[i].fd);
		else
			conn[i].answered = true;
		epoll_ctl(ep, EPOLL_CTL_ADD, conn[i].fd, &e);
	}
	for (;;) {
		int k = epoll_wait(ep, ev, 256, -1);

		for (int i = 0; i < k; i++) {
			struct conn *c = ev[i].data.ptr;
			ssize_t got = read(c->fd, buf, sizeof(buf));

			if (got <= 0)
				_exit(0);
			count(c, buf, (size_t)got);
		}
	}
}

static pid_t fork_clients(int port, int n, bool are_websockets)
{
	pid_t pid;

	shared->frames = 0;
	shared->ready = 0;
	pid = fork();
	if (pid == 0)
		be_clients(port, n, are_websockets);
	return pid;
}

static void wait_frames(unsigned long want)
{
	for (int i = 0; shared->frames < want && i < 3000; i++)
		usleep(10000);
	if (shared->frames < want) {
		fprintf(stderr, "only %lu of %lu came\n", shared->frames, want);
		exit(1);
	}
}

/* ---- measurements ---- */

/* Deliveries per CPU second of a loop of send(). */
static double bare(int n, double seconds)
{
	unsigned char frame[FRAME] = { 0x81, 126, 0, FRAME - 4 };
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int *conn = calloc((size_t)n, sizeof(*conn));
	unsigned long sent = 0;
	double cpu, next;
	pid_t clients;

	if (bind(fd, (struct sockaddr *)&at, len) || listen(fd, 1024) ||
	    getsockname(fd, (struct sockaddr *)&at, &len))
		die("listen");
	clients = fork_clients(ntohs(at.sin_port), n, false);
	for (int i = 0; i < n; i++)
		conn[i] = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	next = now(CLOCK_MONOTONIC);
	for (int round = 0; round < (int)(seconds * 200); round++) {
		for (int i = 0; i < n; i++, sent++)
			if (send(conn[i], frame, FRAME, MSG_NOSIGNAL) != FRAME)
				die("send");
		sleep_until(next += 0.005);
	}
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	wait_frames(sent);
	kill(clients, SIGKILL);
	waitpid(clients, NULL, 0);
	for (int i = 0; i < n; i++)
		close(conn[i]);
	free(conn);
	close(fd);
	return (double)sent / cpu;
}

/* The same of the gateway, with `each` events every `every` seconds. */
static double gateway(pid_t pid, int n, double seconds, int each, double every)
{
	static const char line[] =
		"{\"type\":\"bench.event\",\"subject\":\"item\","
		"\"data\":{\"price\":\"12.50\",\"currency\":\"USD\"}}\n";
	unsigned long events = 0;
	int in;
	pid_t pub = start("pub", NULL, 0, &in);
	double cpu = cpu_of(pid), next = now(CLOCK_MONOTONIC);

	shared->frames = 0;
	while ((double)events < seconds * each / every) {
		for (int i = 0; i < each; i++, events++)
			if (write(in, line, sizeof(line) - 1) < 0)
				die("weir-pub");
		sleep_until(next += every);
	}
	close(in);
	waitpid(pub, NULL, 0);
	wait_frames(events * (unsigned long)n);
	cpu = cpu_of(pid) - cpu;
	return (double)events * n / cpu;
}

static void allow_files(int n)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur < (rlim_t)n + 64) {
		fprintf(stderr, "fanout: at most %lu files\n",
			(unsigned long)r.rlim_cur);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1000, log, port;
	double seconds = argc > 2 ? atof(argv[2]) : 5, limit, single, busy;
	pid_t store, gw, clients;
	char command[64];

	if (argc > 3)
		bin = argv[3];
	allow_files(n);
	signal(SIGPIPE, SIG_IGN);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !mkdtemp(dir))
		die("start");
	store = start("store", NULL, 2, &log);
	wait_ready(log);
	gw = start("gateway", "--port", 2, &log);
	port = wait_ready(log);
	clients = fork_clients(port, n, true);
	while (shared->ready < (unsigned)n)
		usleep(10000);
	single = gateway(gw, n, seconds, 1, 0.005);
	busy = gateway(gw, n, seconds, 50, 0.005);
	limit = bare(n, seconds);
	printf("{\"bench\":\"fanout\",\"clients\":%d,\"frame_bytes\":%d,"
	       "\"bare_send_per_cpu_s\":%.0f,\"single_per_cpu_s\":%.0f,"
	       "\"single_ratio\":%.2f,\"busy_per_cpu_s\":%.0f,"
	       "\"busy_ratio\":%.2f}\n",
	       n, FRAME, limit, single, single / limit, busy, busy / limit);
	kill(clients, SIGKILL);
	kill(gw, SIGTERM);
	kill(store, SIGTERM);
	while (wait(NULL) > 0)
		;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0;
}
