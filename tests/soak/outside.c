#include "outside.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/xmem.h"

unsigned outside_files(int pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

unsigned long outside_memory(int pid)
{
	char path[64], line[256];
	unsigned long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Anonymous: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

int outside_socket(unsigned address)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	at.sin_addr.s_addr =
		htonl(INADDR_LOOPBACK + 1 + address % OUTSIDE_ADDRESSES);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int connect_to(uint16_t port, unsigned address)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { 30, 0 };
	int fd = outside_socket(address);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static bool say(int fd, const char *p, size_t n)
{
	return send(fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

bool outside_frame(int fd, unsigned opcode, struct str s)
{
	unsigned char head[8] = { 0x80 | opcode };
	struct buf b = { 0 };
	size_t len = 2;
	bool ok;

	head[1] = 0x80 | (s.len < 126 ? (unsigned char)s.len : 126);
	if (s.len >= 126) {
		head[2] = (unsigned char)(s.len >> 8);
		head[3] = (unsigned char)s.len;
		len = 4;
	}
	buf_add(&b, head, len + 4);
	buf_add_str(&b, s);
	ok = say(fd, b.p, b.len);
	buf_free(&b);
	return ok;
}

void outside_allow_files(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* Read until a text has come; NULL: until the end. */
static bool hear(int fd, const char *text, struct buf *in)
{
	buf_reset(in);
	for (;;) {
		char *to = buf_reserve(in, 16 << 10);
		ssize_t n = recv(fd, to, 16 << 10, 0);

		if (n <= 0)
			return n == 0 && !text;
		in->len += (size_t)n;
		if (text && memmem(in->p, in->len, text, strlen(text)))
			return true;
	}
}

/* ---- what it counts ---- */

static const char *const gauges[] = {
	"websockets",	    "streams",
	"subscribed",	    "groups",
	"filters",	    "behind",
	"choked",	    "held_bytes",
	"presence_topics",  "socketio_sessions",
	"socketio_clients", "socketio_rooms",
};

/* The sum of a gauge over its labels. */
static double sum_of(struct str text, const char *gauge)
{
	char name[80];
	double sum = 0;

	snprintf(name, sizeof(name), "weir_gateway_%s{", gauge);
	while (text.p) {
		struct str line = str_cut(text, '\n', &text);
		size_t at = str_find(line, STR("} "));

		if (str_starts(line, str_from(name)) && at != (size_t)-1)
			sum += strtod(line.p + at + 2, NULL);
	}
	return sum;
}

static char token[1024];

void outside_authorize(const char *with)
{
	snprintf(token, sizeof(token), "%s", with);
}

/* The whole answer to a GET; false: there was none that has `text` in it. */
static bool get(uint16_t port, const char *path, const char *text,
		struct buf *in)
{
	int fd = connect_to(port, 0);
	struct buf ask = { 0 };
	bool ok;

	buf_addf(&ask,
		 "GET %s HTTP/1.1\r\nHost: localhost\r\n"
		 "Authorization: Bearer %s\r\nConnection: close\r\n\r\n",
		 path, token);
	ok = fd >= 0 && say(fd, ask.p, ask.len) && hear(fd, NULL, in) &&
	     str_find(buf_str(in), str_from(text)) != (size_t)-1;
	if (fd >= 0)
		close(fd);
	buf_free(&ask);
	return ok;
}

bool outside_is_ready(uint16_t port)
{
	struct buf in = { 0 };
	bool ready = get(port, "/readyz", "\"ready\":true", &in);

	buf_free(&in);
	return ready;
}

bool outside_heap(uint16_t port, size_t *used_r, size_t *held_r)
{
	struct buf in = { 0 };
	bool ok = get(port, "/metrics", "weir_gateway_heap_bytes{", &in);

	*used_r = (size_t)sum_of(buf_str(&in), "heap_bytes");
	*held_r = (size_t)sum_of(buf_str(&in), "held_bytes");
	buf_free(&in);
	return ok;
}

double outside_left(uint16_t port, const char **name_r)
{
	struct buf in = { 0 };
	double left = -1;

	*name_r = "no answer";
	if (get(port, "/metrics", "weir_gateway_groups{", &in)) {
		left = 0;
		for (size_t i = 0; left == 0 && i < ARRAY_LEN(gauges); i++) {
			*name_r = gauges[i];
			left = sum_of(buf_str(&in), gauges[i]);
		}
	}
	buf_free(&in);
	return left;
}

/* ---- who comes and goes ---- */

#define WISH \
	"{\"subscribe\":[\"soak.n/0\"],\"presence\":true,\"filter\":\"n>0\"}"

#define UPGRADE                                         \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\n"                 \
	"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"

enum { SAYS = 2 };

static const struct visit {
	const char *path, *headers;
	const char *answer; /* what its answer has in it */
	/* What it says then, and hears of it (NULL: nothing any more). */
	struct {
		const char *say, *hear;
	} then[SAYS];
} visits[] = {
	{ "/ws",
	  UPGRADE "Sec-WebSocket-Protocol: weir.v1\r\n",
	  " 101 ",
	  { { WISH, "\"subscribed\"" } } },
	{ "/api/v1/events/stream?topic=soak.n/1&filter=n%3E0",
	  "",
	  "\"subscribed\"",
	  { { NULL, NULL } } },
	{ "/api/v1/events?topic=soak.n/2&limit=1",
	  "",
	  "\"next\"",
	  { { NULL, NULL } } },
	/* Without a good-bye its seat would wait for it. */
	{ "/socket.io/?EIO=4&transport=websocket",
	  UPGRADE,
	  "\"sid\"",
	  { { "40", "\"pid\"" }, { "41", NULL } } },
};

/* It comes, and says what it has to say; its connection, or -1. */
static int visit(uint16_t port, unsigned i, struct buf *in)
{
	const struct visit *v = &visits[i % ARRAY_LEN(visits)];
	int fd = connect_to(port, i);
	struct buf ask = { 0 };
	bool ok;

	buf_addf(&ask,
		 "GET %s HTTP/1.1\r\nHost: localhost\r\n"
		 "Authorization: Bearer %s\r\n%s\r\n",
		 v->path, token, v->headers);
	ok = fd >= 0 && say(fd, ask.p, ask.len) && hear(fd, v->answer, in);
	for (int k = 0; ok && k < SAYS && v->then[k].say; k++)
		ok = outside_frame(fd, 1, str_from(v->then[k].say)) &&
		     (!v->then[k].hear || hear(fd, v->then[k].hear, in));
	buf_free(&ask);
	if (ok || fd < 0)
		return fd;
	close(fd);
	return -1;
}

bool outside_visit(uint16_t port, unsigned n)
{
	const struct linger hard = { 1, 0 };
	struct buf in = { 0 };
	bool ok = true;

	for (unsigned i = 0; ok && i < n; i++) {
		int fd = visit(port, i, &in);

		ok = fd >= 0;
		/* With a reset, what was said last could be lost. */
		if (i % 2 && !visits[i % ARRAY_LEN(visits)].then[1].say)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard,
				   sizeof(hard));
		if (fd >= 0)
			close(fd);
	}
	buf_free(&in);
	return ok;
}
