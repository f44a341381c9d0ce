#include "source.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "crowd.h"

struct source {
	struct source_conf conf;
	FILE *command;
	int fd;
	struct buf data, out;
	uint32_t seed;
};

/* Text such as people and shops write, for what compresses it. */
static const char *const words[] = {
	"price ",     "of ",	  "the ",      "camera ",
	"in ",	      "harbour ", "bicycle ",  "is ",
	"lower ",     "than ",	  "before ",   "and ",
	"delivered ", "within ",  "a ",	       "week ",
	"from ",      "Antwerp ", "used, ",    "like ",
	"new ",	      "with ",	  "case, ",    "strap ",
	"original ",  "box ",	  "warranty ", "until ",
	"March ",     "1299.00 ", "EUR ",      "(refurbished) ",
};

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		die("connect to publish");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void write_all(int fd, struct str s)
{
	while (s.len) {
		ssize_t n = write(fd, s.p, s.len);

		if (n <= 0)
			die("publish");
		s = str_sub(s, (size_t)n, s.len);
	}
}

struct source *source_new(const struct source_conf *conf)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->conf = *conf;
	s->fd = -1;
	if (conf->command) {
		s->command = popen(conf->command, "we");
		if (!s->command)
			die(conf->command);
		s->fd = fileno(s->command);
	} else if (!conf->kind->is_bare) {
		s->fd = connect_to(conf->port);
	}
	if (conf->kind->is_nats)
		write_all(s->fd, STR("CONNECT {\"verbose\":false,"
				     "\"pedantic\":false}\r\n"));
	return s;
}

void source_free(struct source **sp)
{
	struct source *s = *sp;

	if (s->command) {
		if (pclose(s->command) != 0)
			die(s->conf.command);
	} else if (s->fd >= 0) {
		close(s->fd);
	}
	buf_free(&s->data);
	buf_free(&s->out);
	free(s);
	*sp = NULL;
}

static void add_words(struct source *s, size_t len)
{
	while (len) {
		struct str word;

		s->seed = s->seed * 1664525 + 1013904223;
		word = str_from(words[(s->seed >> 16) % ARRAY_LEN(words)]);
		word = str_sub(word, 0, len);
		buf_add_str(&s->data, word);
		len -= word.len;
	}
}

/* One event, as it is said to this server. */
static void add_event(struct source *s, size_t pad)
{
	const char *kind = s->conf.kind->name;
	struct buf *b = &s->out;

	buf_reset(&s->data);
	buf_addf(&s->data, "{" CROWD_STAMP "%016" PRIx64 "\",\"pad\":\"",
		 now_ns());
	add_words(s, pad);
	buf_puts(&s->data, "\"}");
	if (s->conf.command)
		buf_puts(b, "{\"type\":\"bench.event\",\"subject\":\"item\","
			    "\"data\":");
	else if (strcmp(kind, "nchan") == 0)
		buf_addf(b,
			 "POST /pub HTTP/1.1\r\nHost: localhost\r\n"
			 "Content-Length: %zu\r\n\r\n",
			 s->data.len);
	else if (strcmp(kind, "nats") == 0)
		buf_addf(b, "PUB bench %zu\r\n", s->data.len);
	else if (strcmp(kind, "bare") == 0) {
		buf_putc(b, (char)0x81);
		buf_putc(b, 126);
		buf_putc(b, (char)(s->data.len >> 8));
		buf_putc(b, (char)s->data.len);
	}
	buf_add_str(b, buf_str(&s->data));
	if (s->conf.command)
		buf_puts(b, "}\n");
	else if (strcmp(kind, "nats") == 0)
		buf_puts(b, "\r\n");
	else if (strcmp(kind, "ws") == 0 || strcmp(kind, "socketio") == 0)
		buf_puts(b, "\n");
}

void source_publish(struct source *s, unsigned n, size_t pad)
{
	char answers[16384];

	buf_reset(&s->out);
	for (unsigned i = 0; i < n; i++)
		add_event(s, pad);
	for (unsigned i = 0; i < s->conf.n_clients; i++)
		if (send(s->conf.clients[i], s->out.p, s->out.len,
			 MSG_NOSIGNAL) != (ssize_t)s->out.len)
			die("send");
	if (s->fd < 0)
		return;
	write_all(s->fd, buf_str(&s->out));
	if (!s->command)
		while (recv(s->fd, answers, sizeof(answers), MSG_DONTWAIT) > 0)
			;
}
