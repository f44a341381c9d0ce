/*
 * wsclient - a WebSocket as a filter: lines in, messages out.
 *
 *	wsclient [OPTION...] PORT [PATH]
 *
 *	-n N       end with 0 after N messages
 *	-t MS      end with 1 after so long (default 10000)
 *	-p NAME    subprotocol to offer (default weir.v1; "": none)
 *	-H HEADER  another header line; "Host: x" replaces the one that is sent
 *	-b         send the lines as binary messages
 *	-r BYTES   receive buffer of the socket, which does not grow then
 *	-q N       print every Nth message only, for long runs
 *
 * Each line of standard input goes out as one message, each message that comes
 * is printed on a line. Where the server does not upgrade, its status goes to
 * standard error and the exit status is 2; where it closes, its code
 * and reason, and 3.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clk.h"
#include "common/lines.h"

static struct {
	const char *path, *protocol;
	struct buf headers;
	bool has_host, binary;
	long want, every;
	int receive_buffer; /* 0: the kernel's choice */
	int64_t timeout_ms, deadline_ms;
} opt = {
	.path = "/ws", .protocol = "weir.v1", .every = 1, .timeout_ms = 10000
};

static struct buf in; /* what has come */
static long got;

static void finish(int status)
{
	fflush(stdout);
	exit(status);
}

static void send_all(int fd, const struct buf *b)
{
	for (size_t sent = 0; sent < b->len;) {
		ssize_t n = send(fd, b->p + sent, b->len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return; /* reading tells why */
		sent += n > 0 ? (size_t)n : 0;
	}
}

/* False at the end of the stream. */
static bool receive(int fd)
{
	ssize_t n = recv(fd, buf_reserve(&in, 65536), 65536, 0);

	if (n <= 0)
		return false;
	in.len += (size_t)n;
	return true;
}

static void check_time(void)
{
	if (clk_mono_ms() >= opt.deadline_ms) {
		fprintf(stderr, "timeout after %ld messages\n", got);
		finish(1);
	}
}

static void shake_hands(int fd, const char *port)
{
	struct buf b = { 0 };
	size_t end;

	buf_addf(&b,
		 "GET %s HTTP/1.1\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		 "Sec-WebSocket-Key: d2VpciB0ZXN0IGNsaWVudA==\r\n",
		 opt.path);
	if (!opt.has_host)
		buf_addf(&b, "Host: 127.0.0.1:%s\r\n", port);
	if (*opt.protocol)
		buf_addf(&b, "Sec-WebSocket-Protocol: %s\r\n", opt.protocol);
	buf_add_str(&b, buf_str(&opt.headers));
	buf_puts(&b, "\r\n");
	send_all(fd, &b);
	while ((end = str_find(buf_str(&in), STR("\r\n\r\n"))) == (size_t)-1)
		if (!receive(fd))
			break;
	if (!str_starts(buf_str(&in), STR("HTTP/1.1 101"))) {
		while (receive(fd))
			;
		fprintf(stderr, "%.*s\n", (int)in.len, in.p ? in.p : "");
		finish(2);
	}
	buf_consume(&in, end + 4);
	buf_free(&b);
}

static void send_frame(int fd, unsigned opcode, struct str s)
{
	static const unsigned char mask[4] = { 1, 2, 3, 4 };
	struct buf b = { 0 };

	buf_putc(&b, (char)(0x80 | opcode));
	if (s.len < 126) {
		buf_putc(&b, (char)(0x80 | s.len));
	} else if (s.len <= UINT16_MAX) {
		buf_putc(&b, (char)(0x80 | 126));
		buf_putc(&b, (char)(s.len >> 8));
		buf_putc(&b, (char)s.len);
	} else {
		buf_putc(&b, (char)(0x80 | 127));
		for (int i = 56; i >= 0; i -= 8)
			buf_putc(&b, (char)((uint64_t)s.len >> i));
	}
	buf_add(&b, mask, sizeof(mask));
	for (size_t i = 0; i < s.len; i++)
		buf_putc(&b, (char)(s.p[i] ^ mask[i % 4]));
	send_all(fd, &b);
	buf_free(&b);
}

/* One frame from the front of `in`; false if it is not whole yet. */
static bool take_frame(int fd)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t head = 2, len;
	struct str s;

	if (in.len < 2)
		return false;
	len = p[1] & 0x7f;
	head += len == 126 ? 2 : len == 127 ? 8 : 0;
	if (in.len < head)
		return false;
	for (size_t i = 2, n = len; n >= 126 && i < head; i++)
		len = (i == 2 ? 0 : len << 8) | p[i];
	if (in.len - head < len)
		return false;
	s = (struct str){ in.p + head, len };
	switch (p[0]) {
	case 0x81:
		if (got++ % opt.every == 0)
			printf("%.*s\n", STR_ARG(s));
		if (got == opt.want)
			finish(0);
		break;
	case 0x88:
		fprintf(stderr, "close %d%s%.*s\n",
			len >= 2 ? p[head] << 8 | p[head + 1] : 1005,
			len > 2 ? " " : "", len > 2 ? (int)len - 2 : 0,
			s.p + 2);
		finish(3);
		break;
	case 0x89: send_frame(fd, 0xa, s); break;
	case 0x8a: break;
	default: fprintf(stderr, "unexpected frame %02x\n", p[0]); finish(4);
	}
	buf_consume(&in, head + len);
	return true;
}

static void talk(int fd)
{
	struct pollfd polled[2] = { { .fd = fd, .events = POLLIN },
				    { .fd = 0, .events = POLLIN } };
	struct lines lines;
	bool more = true; /* on standard input */

	lines_init(&lines, 0, 1 << 20);
	for (;;) {
		bool ready = more && lines_ready(&lines);
		struct str line;

		while (take_frame(fd))
			;
		fflush(stdout);
		check_time();
		poll(polled, 2, ready ? 0 : 50);
		if (polled[0].revents && !receive(fd)) {
			fprintf(stderr, "end of stream\n");
			finish(3);
		}
		if (!more || !(ready || polled[1].revents))
			continue;
		more = lines_next(&lines, &line, NULL) > 0;
		if (more)
			send_frame(fd, opt.binary ? 2 : 1, line);
		else
			polled[1].fd = -1;
	}
}

static void add_header(const char *line)
{
	buf_addf(&opt.headers, "%s\r\n", line);
	if (strncasecmp(line, "Host:", 5) == 0)
		opt.has_host = true;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int c, fd;

	while ((c = getopt(argc, argv, "n:t:p:H:bq:r:")) != -1) {
		switch (c) {
		case 'n': opt.want = atol(optarg); break;
		case 't': opt.timeout_ms = atol(optarg); break;
		case 'p': opt.protocol = optarg; break;
		case 'H': add_header(optarg); break;
		case 'b': opt.binary = true; break;
		case 'r': opt.receive_buffer = atoi(optarg); break;
		case 'q': opt.every = atol(optarg); break;
		default: return 64;
		}
	}
	if (optind == argc)
		return 64;
	if (optind + 1 < argc)
		opt.path = argv[optind + 1];
	opt.deadline_ms = clk_mono_ms() + opt.timeout_ms;
	to.sin_port = htons((uint16_t)atoi(argv[optind]));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (opt.receive_buffer)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &opt.receive_buffer,
			   sizeof(opt.receive_buffer));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("connect");
		return 71;
	}
	shake_hands(fd, argv[optind]);
	talk(fd);
	return 0;
}
