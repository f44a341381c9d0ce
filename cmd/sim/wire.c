#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/clk.h"
#include "common/xmem.h"

enum { SEND_MS = 5000 };

#define BYTES(s)                   \
	{                          \
		(s), sizeof(s) - 1 \
	}
#define OK    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
#define HELLO "<p>hello</p>"
#define BODY  "Content-Length: 12\r\n\r\n" HELLO
#define GZIP  "\x1f\x8b\x08\0\0\0\0\0\0\x03"
#define HINT  "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"

static const struct wire wires[] = {
	{ .name = "nothing" },
	{ .name = "reset", .reset = true },
	{ .name = "other-protocol", .head = BYTES("SSH-2.0-OpenSSH_9.2\r\n") },
	{ .name = "bad-status", .head = BYTES("HTTP/1.1 fine\r\n" BODY) },
	{ .name = "no-length", .head = BYTES(OK "\r\n" HELLO) },
	{ .name = "short",
	  .head = BYTES(OK "Content-Length: 1000\r\n\r\n" HELLO) },
	{ .name = "long", .head = BYTES(OK BODY "<p>and more</p>") },
	{ .name = "two-lengths",
	  .head = BYTES(OK "Content-Length: 5\r\n" BODY) },
	{ .name = "negative-length",
	  .head = BYTES(OK "Content-Length: -1\r\n\r\n" HELLO) },
	{ .name = "huge-length",
	  .head = BYTES(OK "Content-Length: 99999999999\r\n\r\n" HELLO) },
	{ .name = "bad-chunk",
	  .head = BYTES(OK "Transfer-Encoding: chunked\r\n\r\n"
			   "c\r\n" HELLO "\r\nzz\r\n<p>what</p>\r\n") },
	{ .name = "cut-chunk",
	  .head = BYTES(OK "Transfer-Encoding: chunked\r\n\r\n"
			   "ff\r\n" HELLO) },
	{ .name = "huge-chunk",
	  .head = BYTES(OK "Transfer-Encoding: chunked\r\n\r\n"
			   "ffffffffffffffffff\r\n" HELLO) },
	{ .name = "not-gzip",
	  .head = BYTES(OK "Content-Encoding: gzip\r\n" BODY) },
	{ .name = "cut-gzip", /* a stored block of 100 bytes, of which 12 come */
	  .head = BYTES(
		  OK "Content-Encoding: gzip\r\nContent-Length: 27\r\n\r\n" GZIP
		     "\x01\x64\0\x9b\xff" HELLO) },
	{ .name = "unknown-encoding",
	  .head = BYTES(OK "Content-Encoding: x-shuffled\r\n" BODY) },
	{ .name = "hints",
	  .again = BYTES(HINT),
	  .n = 20,
	  .tail = BYTES(OK BODY) },
	{ .name = "hints-flood",
	  .again = BYTES(HINT),
	  .n = 50000,
	  .tail = BYTES(OK BODY) },
	{ .name = "huge-header",
	  .head = BYTES(OK "X-Huge: "),
	  .again = BYTES("0123456789abcdef"),
	  .n = 1 << 16,
	  .tail = BYTES("\r\n" BODY) },
	{ .name = "nul-header", .head = BYTES(OK "X-Nul: a\0b\r\n" BODY) },
	{ .name = "no-colon", .head = BYTES(OK "nonsense\r\n" BODY) },
};

const struct wire *wire_named(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(wires); i++)
		if (str_is(name, wires[i].name))
			return &wires[i];
	return NULL;
}

static bool send_all(int fd, struct str s, int64_t until_ms)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.p, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		int64_t left = until_ms - clk_mono_ms();

		if (n >= 0) {
			s = str_sub(s, (size_t)n, s.len);
			continue;
		}
		if (errno != EAGAIN || left <= 0)
			return false;
		poll(&p, 1, (int)left);
	}
	return true;
}

void wire_send(const struct wire *w, int fd)
{
	const struct linger rst = { .l_onoff = 1 };
	int64_t until_ms = clk_mono_ms() + SEND_MS;
	bool ok = send_all(fd, w->head, until_ms);

	for (unsigned i = 0; ok && i < w->n; i++)
		ok = send_all(fd, w->again, until_ms);
	if (ok)
		send_all(fd, w->tail, until_ms);
	if (w->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &rst, sizeof(rst));
	else
		shutdown(fd, SHUT_WR);
}
