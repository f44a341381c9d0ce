/*
 * chats - the two ends of many WebSockets, as cheap as they can be.
 *
 *	chats serve RATE		print the port; RATE messages a second to
 *					each who comes, until standard input
 *					ends; then print how many were sent
 *	chats read PORT STREAMS SECONDS	the machine's own limit: read as many
 *					and look at nothing; print JSON
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

enum { PEERS_MAX = 4096, STEP_MS = 5, ROUND_MS = 1000 };

struct peer {
	int fd;
	bool open;
	unsigned long n;
};

static struct peer peers[PEERS_MAX];
static size_t n_peers;
static unsigned long sent, held_up;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(71);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void watch(int epoll, int fd, size_t i)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = i };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e))
		die("epoll_ctl");
}

/* ---- serve ---- */

static void shake_hands(struct peer *p)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[SHA_DIGEST_LENGTH], accept_text[32];
	char in[4096], answer[256], text[128], *key;
	ssize_t n = recv(p->fd, in, sizeof(in) - 1, 0);
	int len;

	if (n <= 0)
		return;
	in[n] = '\0';
	key = strcasestr(in, "Sec-WebSocket-Key: ");
	if (!key)
		return;
	key += strlen("Sec-WebSocket-Key: ");
	len = snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(key, "\r\n"),
		       key, guid);
	SHA1((unsigned char *)text, (size_t)len, digest);
	EVP_EncodeBlock(accept_text, digest, sizeof(digest));
	len = snprintf(answer, sizeof(answer),
		       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: "
		       "websocket\r\nConnection: Upgrade\r\n"
		       "Sec-WebSocket-Accept: %s\r\n\r\n",
		       (char *)accept_text);
	p->open = send(p->fd, answer, (size_t)len, MSG_NOSIGNAL) == len;
}

/* Longer than 125 bytes, so that all have the same form of length. */
static void say(struct peer *p, size_t who)
{
	struct timespec t;
	unsigned char frame[256];
	int len;

	clock_gettime(CLOCK_REALTIME, &t);
	len = snprintf(
		(char *)frame + 4, sizeof(frame) - 4,
		"{\"type\":\"chat\",\"id\":\"%zu-%lu\",\"user\":"
		"{\"name\":\"user%lu\"},\"text\":\"how much is the blue "
		"one, number %lu? I would take two of them\",\"ts\":%lld%03ld}",
		who, p->n, p->n % 97, p->n, (long long)t.tv_sec,
		t.tv_nsec / 1000000);
	frame[0] = 0x81;
	frame[1] = 126;
	frame[2] = (unsigned char)(len >> 8);
	frame[3] = (unsigned char)len;
	if (send(p->fd, frame, (size_t)len + 4, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    len + 4) {
		held_up++;
		return;
	}
	p->n++;
	sent++;
}

/* Spread evenly: each step serves its share of all that there are. */
static void speak(unsigned long rate, double *owed, size_t *next)
{
	*owed += (double)(n_peers * rate) * STEP_MS / ROUND_MS;
	while (*owed >= 1) {
		struct peer *p = &peers[*next % n_peers];

		if (p->open)
			say(p, *next % n_peers);
		++*next;
		--*owed;
	}
}

static void take_new(int epoll, int listener)
{
	int fd, on = 1;

	while (n_peers < PEERS_MAX &&
	       (fd = accept4(listener, NULL, NULL, 0)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		peers[n_peers] = (struct peer){ .fd = fd };
		watch(epoll, fd, n_peers++);
	}
}

static int serve(unsigned long rate)
{
	enum { LISTENER = PEERS_MAX, INPUT };
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int epoll = epoll_create1(0);
	struct epoll_event e[256];
	double owed = 0;
	size_t next = 0;
	long at = now_ms();

	if (bind(listener, (struct sockaddr *)&sa, sizeof(sa)) ||
	    listen(listener, SOMAXCONN) ||
	    getsockname(listener, (struct sockaddr *)&sa, &len))
		die("listen");
	printf("%d\n", ntohs(sa.sin_port));
	fflush(stdout);
	watch(epoll, listener, LISTENER);
	watch(epoll, 0, INPUT);
	for (;;) {
		long wait = at - now_ms();
		int n = epoll_wait(epoll, e, 256, wait > 0 ? (int)wait : 0);

		for (int i = 0; i < n; i++) {
			size_t who = e[i].data.u64;
			char c[512];

			if (who == INPUT)
				goto out;
			if (who == LISTENER)
				take_new(epoll, listener);
			else if (!peers[who].open)
				shake_hands(&peers[who]);
			else if (recv(peers[who].fd, c, sizeof(c), 0) <= 0) {
				peers[who].open = false;
				close(peers[who].fd);
			}
		}
		if (now_ms() < at)
			continue;
		at += STEP_MS;
		if (n_peers)
			speak(rate, &owed, &next);
	}
out:
	printf("{\"sent\":%lu,\"held_up\":%lu,\"streams\":%zu}\n", sent,
	       held_up, n_peers);
	return 0;
}

/* ---- read ---- */

static int join(int port)
{
	static const char hello[] =
		"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((unsigned short)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    send(fd, hello, sizeof(hello) - 1, 0) < 0)
		die("connect");
	return fd;
}

static int read_all(int port, size_t streams, long seconds)
{
	static char in[64 << 10];
	struct epoll_event e[256];
	int epoll = epoll_create1(0);
	unsigned long messages = 0, bytes = 0;
	double cpu;
	long end;

	for (size_t i = 0; i < streams; i++) {
		peers[i].fd = join(port);
		watch(epoll, peers[i].fd, i);
	}
	cpu = cpu_s();
	end = now_ms() + seconds * 1000;
	while (now_ms() < end) {
		int n = epoll_wait(epoll, e, 256, 100);

		for (int i = 0; i < n; i++) {
			ssize_t got = recv(peers[e[i].data.u64].fd, in,
					   sizeof(in), MSG_DONTWAIT);

			for (ssize_t k = 0; k < got; k++)
				messages += (unsigned char)in[k] == 0x81;
			bytes += got > 0 ? (unsigned long)got : 0;
		}
	}
	printf("{\"messages_s\":%lu,\"bytes_s\":%lu,\"cpu\":%.3f}\n",
	       messages / (unsigned long)seconds,
	       bytes / (unsigned long)seconds,
	       (cpu_s() - cpu) / (double)seconds);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(strtoul(argv[2], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "read") == 0)
		return read_all(atoi(argv[2]), strtoul(argv[3], NULL, 10),
				atol(argv[4]));
	fprintf(stderr,
		"usage: chats serve RATE | read PORT STREAMS SECONDS\n");
	return 64;
}
