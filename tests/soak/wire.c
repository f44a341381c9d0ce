#include "wire.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "outside.h"
#include "soak.h"

enum { NARROW = 8 << 10 /* bytes: who reads slowly is choked soon */ };

bool wire_open(struct wire *w, bool narrow)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(soak.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = w };
	int size = NARROW;

	w->has_head = false;
	w->fd = outside_socket(w->client->index);
	if (w->fd < 0) {
		perror("soak: bind");
		exit(1);
	}
	if (narrow)
		setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (connect(w->fd, (struct sockaddr *)&at, sizeof(at))) {
		soak.refused++;
		close(w->fd);
		w->fd = -1;
		return false;
	}
	epoll_ctl(soak.ep, EPOLL_CTL_ADD, w->fd, &e);
	return true;
}

void wire_close(struct wire *w, bool hard)
{
	const struct linger reset = { 1, 0 };

	if (w->fd < 0)
		return;
	if (hard)
		setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(w->fd);
	w->fd = -1;
	buf_free(&w->in);
}

void wire_say(const struct wire *w, struct str s)
{
	if (w->fd < 0 || send(w->fd, s.p, s.len, MSG_NOSIGNAL) < 0)
		return;
}

void wire_read(struct wire *w, bool on)
{
	struct epoll_event e = { .events = on ? EPOLLIN : 0, .data.ptr = w };

	if (w->fd >= 0)
		epoll_ctl(soak.ep, EPOLL_CTL_MOD, w->fd, &e);
}

int wire_head(struct str in, struct answer *a_r)
{
	size_t end = str_find(in, STR("\r\n\r\n"));

	if (end == (size_t)-1)
		return 0;
	if (!str_starts(in, STR("HTTP/1.1 ")) || end < 12)
		return -1;
	*a_r = (struct answer){ .status = atoi(in.p + 9) };
	return (int)end + 4;
}

int wire_answer(struct str in, struct answer *a_r)
{
	int head = wire_head(in, a_r);
	struct str rest;
	uint64_t len;
	size_t at;

	if (head <= 0)
		return head;
	at = str_find(str_sub(in, 0, (size_t)head), STR("Content-Length: "));
	if (at == (size_t)-1)
		return -1;
	rest = str_sub(in, at + 16, (size_t)head);
	if (!str_u64(str_cut(rest, '\r', &rest), &len))
		return -1;
	if (in.len - (size_t)head < len)
		return 0;
	a_r->body = str_sub(in, (size_t)head, (size_t)head + (size_t)len);
	return head + (int)len;
}

int wire_frame(struct str in, struct frame *f_r)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t head = 2, len;

	if (in.len < 2 || (p[1] == 126 && in.len < 4))
		return 0;
	if ((p[0] & 0xf0) != 0x80 || p[1] > 126)
		return -1; /* in parts, compressed, or more than 64 KiB */
	len = p[1];
	if (len == 126) {
		len = (size_t)(p[2] << 8 | p[3]);
		head = 4;
	}
	if (in.len < head + len)
		return 0;
	*f_r = (struct frame){ p[0] & 0xf, str_sub(in, head, head + len) };
	return (int)(head + len);
}

void wire_shake_hands(const struct wire *w, const char *path,
		      const char *protocol, const char *token)
{
	struct buf b = { 0 };

	buf_addf(&b,
		 "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		 "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n",
		 path);
	if (protocol)
		buf_addf(&b, "Sec-WebSocket-Protocol: %s\r\n", protocol);
	if (token)
		buf_addf(&b, "Authorization: Bearer %s\r\n", token);
	buf_puts(&b, "\r\n");
	wire_say(w, buf_str(&b));
	buf_free(&b);
}
