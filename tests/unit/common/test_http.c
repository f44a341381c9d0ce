/*
 * The client against a server in the same loop, on loopback: a path says what
 * the server does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zlib.h>

#include "common/buf.h"
#include "common/http.h"
#include "common/xmem.h"

/* ---- the server ---- */

enum { CONNS = 64 };

struct conn {
	struct server *server;
	struct loop_fd *fd;
	int s;
	struct buf in;
	const char *flood; /* written again and again */
};

struct server {
	struct loop *loop;
	struct loop_fd *fd;
	int s;
	unsigned port, accepted, open, most;
	struct conn conn[CONNS];
	char last[4096]; /* the last request, head and body */
};

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static const struct {
	const char *path, *answer;
	const char *flood;
	bool close;
} routes[] = {
	{ "/hello",
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e1\"\r\n"
	  "X-Twice: one\r\nX-Twice: two\r\n\r\nhello",
	  NULL, false },
	{ "/same", "HTTP/1.1 304 Not Modified\r\nETag: \"e1\"\r\n\r\n", NULL,
	  false },
	{ "/missing", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", NULL,
	  false },
	{ "/moved",
	  "HTTP/1.1 301 Moved\r\nLocation: hello\r\nContent-Length: 0\r\n\r\n",
	  NULL, false },
	{ "/round",
	  "HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n",
	  NULL, false },
	{ "/to-file",
	  "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"
	  "Content-Length: 0\r\n\r\n",
	  NULL, false },
	{ "/long", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\nabc",
	  NULL, false },
	{ "/short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", NULL,
	  true },
	{ "/endless", CHUNKED, "10\r\n0123456789abcdef\r\n", false },
	{ "/headers", "HTTP/1.1 200 OK\r\n", "X-More: 0123456789abcdef\r\n",
	  false },
	{ "/noise", "no such protocol\r\n\r\n", NULL, true },
	{ "/empty", "", NULL, true },
	{ "/never", "", NULL, false },
};

/* 200,000 zeros, compressed: a head, zeros and a tail. */
static size_t bomb(char out[512])
{
	static const unsigned char head[] = { 0x1f, 0x8b, 0x08, 0,    0,
					      0,    0,	  0,	2,    3,
					      0xed, 0xc1, 0x31, 1,    0,
					      0,    0,	  0xc2, 0xa0, 0xf5,
					      0x4f, 0x6d, 0x06, 0x7f, 0xa0 };
	static const unsigned char tail[] = { 0x80, 0xd7, 0,	0x7b,
					      0x58, 0xe0, 0x5c, 0x40,
					      0x0d, 0x03, 0 };
	enum { LEN = 229 };
	int n = snprintf(out, 512,
			 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
			 "Content-Length: %d\r\n\r\n",
			 LEN);

	memset(out + n, 0, LEN);
	memcpy(out + n, head, sizeof(head));
	memcpy(out + n + LEN - sizeof(tail), tail, sizeof(tail));
	return (size_t)n + LEN;
}

/* n bytes, packed into what the caller frees. */
static struct buf packed(char *p, size_t n)
{
	z_stream z = { .next_in = (Bytef *)p, .avail_in = (uInt)n };
	struct buf b = { 0 };

	deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	z.avail_out = (uInt)deflateBound(&z, n);
	z.next_out = (Bytef *)buf_reserve(&b, z.avail_out);
	deflate(&z, Z_FINISH);
	b.len = z.total_out;
	deflateEnd(&z);
	return b;
}

/* As many zeros as a stream may be in one piece and more, packed twice. */
static size_t stream_bomb(char out[512])
{
	char *zeros = xcalloc(2, HTTP_STREAM_MAX);
	struct buf once = packed(zeros, 2 * (size_t)HTTP_STREAM_MAX);
	struct buf twice = packed(once.p, once.len);
	int n = snprintf(out, 512,
			 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n"
			 "Content-Length: %zu\r\n\r\n",
			 twice.len);

	assert_true((size_t)n + twice.len <= 512);
	memcpy(out + n, twice.p, twice.len);
	n += (int)twice.len;
	free(zeros);
	buf_free(&once);
	buf_free(&twice);
	return (size_t)n;
}

static void conn_close(struct conn *c)
{
	if (!c->fd)
		return;
	loop_fd_free(&c->fd);
	close(c->s);
	buf_free(&c->in);
	c->server->open--;
}

static void conn_write(struct conn *c, const char *p, size_t n)
{
	if (send(c->s, p, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		conn_close(c);
}

static void answer(struct conn *c, struct str path)
{
	struct server *s = c->server;
	char text[512];

	if (str_is(path, "/bomb")) {
		conn_write(c, text, bomb(text));
		return;
	}
	if (str_is(path, "/stream-bomb")) {
		conn_write(c, text, stream_bomb(text));
		return;
	}
	if (str_is(path, "/to-private")) {
		snprintf(text, sizeof(text),
			 "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
			 "Location: http://127.0.0.2:%u/hello\r\n\r\n",
			 s->port);
		conn_write(c, text, strlen(text));
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!str_is(path, routes[i].path))
			continue;
		conn_write(c, routes[i].answer, strlen(routes[i].answer));
		c->flood = routes[i].flood;
		if (c->flood && c->fd)
			loop_fd_set(c->fd, LOOP_READ | LOOP_WRITE);
		if (routes[i].close)
			conn_close(c);
		return;
	}
	fail_msg("no route %.*s", STR_ARG(path));
}

/* One request at a time; a body is taken to come with its head. */
static void on_conn(void *arg, int what)
{
	struct conn *c = arg;
	struct str rest, path;
	ssize_t n;

	if (c->flood && (what & LOOP_WRITE)) {
		conn_write(c, c->flood, strlen(c->flood));
		return;
	}
	n = recv(c->s, buf_reserve(&c->in, 4096), 4096, MSG_DONTWAIT);
	if (n <= 0) {
		conn_close(c);
		return;
	}
	c->in.len += (size_t)n;
	if (str_find(buf_str(&c->in), STR("\r\n\r\n")) == (size_t)-1)
		return;
	str_copy(c->server->last, sizeof(c->server->last), buf_str(&c->in));
	str_cut(str_from(c->server->last), ' ', &rest);
	path = str_cut(rest, ' ', &rest);
	buf_reset(&c->in);
	answer(c, path);
}

static void on_accept(void *arg, int what)
{
	struct server *s = arg;
	struct conn *c = s->conn;

	(void)what;
	while (c->fd)
		c++;
	c->server = s;
	c->s = accept(s->s, NULL, NULL);
	c->flood = NULL;
	c->fd = loop_fd_new(s->loop, c->s, LOOP_READ, on_conn, c);
	s->accepted++;
	if (++s->open > s->most)
		s->most = s->open;
}

static void server_start(struct server *s, struct loop *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	s->loop = l;
	/* On every address of loopback, and on no other. */
	s->s = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(setsockopt(s->s, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3),
			 0);
	assert_int_equal(bind(s->s, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->s, 64), 0);
	getsockname(s->s, (struct sockaddr *)&a, &len);
	s->port = ntohs(a.sin_port);
	s->fd = loop_fd_new(l, s->s, LOOP_READ, on_accept, s);
}

static void server_stop(struct server *s)
{
	for (size_t i = 0; i < CONNS; i++)
		conn_close(&s->conn[i]);
	loop_fd_free(&s->fd);
	close(s->s);
}

/* ---- the scene: requests one after the other, and their answers ---- */

enum { STEPS = 8 };

struct answer {
	enum http_result result;
	int status;
	char body[64], url[128], location[128], reason[300], twice[16];
};

struct scene {
	struct loop *loop;
	struct server server;
	struct http *http;
	struct netguard *guard;
	struct http_request step[STEPS];
	char url[STEPS][128];
	struct answer got[STEPS];
	size_t n, done;
	size_t streamed; /* bytes */
	struct http_call *call;
};

static struct scene *scene_new(void)
{
	struct scene *t = xcalloc(1, sizeof(*t));
	struct http_config config = { .max_per_host = 2,
				      .user_agent = "test/1" };
	struct err e;

	t->loop = loop_new(&e);
	assert_non_null(t->loop);
	server_start(&t->server, t->loop);
	t->guard = netguard_new();
	assert_int_equal(netguard_allow(t->guard, "127.0.0.1", &e), 0);
	config.guard = t->guard;
	t->http = http_new(t->loop, &config, &e);
	assert_non_null(t->http);
	return t;
}

static void scene_free(struct scene *t)
{
	http_free(&t->http);
	server_stop(&t->server);
	loop_free(&t->loop);
	netguard_free(&t->guard);
	free(t);
}

static struct http_request *plan(struct scene *t, const char *path)
{
	struct http_request *req = &t->step[t->n];

	snprintf(t->url[t->n], sizeof(t->url[0]), "http://127.0.0.1:%u%s",
		 t->server.port, path);
	req->url = t->url[t->n++];
	req->max_bytes = 1000;
	req->timeout_ms = 5000;
	return req;
}

static void on_answer(void *arg, const struct http_response *r)
{
	struct scene *t = arg;
	struct answer *a = &t->got[t->done++];

	a->result = r->result;
	a->status = r->status;
	str_copy(a->body, sizeof(a->body), r->body);
	str_copy(a->url, sizeof(a->url), str_from(r->url));
	str_copy(a->location, sizeof(a->location), str_from(r->location));
	str_copy(a->reason, sizeof(a->reason), str_from(r->reason));
	str_copy(a->twice, sizeof(a->twice), http_header(r, "x-twice"));
	if (t->done == t->n)
		loop_stop(t->loop);
	else
		http_send(t->http, &t->step[t->done], on_answer, t);
}

static void play(struct scene *t)
{
	http_send(t->http, &t->step[0], on_answer, t);
	loop_run(t->loop);
	assert_int_equal(t->done, t->n);
	assert_int_equal(http_busy(t->http), 0);
}

/* ---- tests ---- */

static bool take_head(void *arg, const struct http_response *r)
{
	(void)arg;
	assert_int_equal(r->status, 200);
	return true;
}

static void count_chunk(void *arg, struct str bytes)
{
	struct scene *t = arg;

	t->streamed += bytes.len;
}

static void a_stream_that_is_unpacked_to_too_much_ends(void **state)
{
	static const struct http_stream stream = { take_head, count_chunk };
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/stream-bomb")->stream = &stream;
	play(t);
	assert_int_equal(t->got->result, HTTP_TOO_LARGE);
	assert_string_equal(t->got->reason, "body of more than 4194304 bytes");
	assert_true(t->streamed > 0 && t->streamed <= HTTP_STREAM_MAX);
	scene_free(t);
}

static void each_end_has_its_result(void **state)
{
	static const struct {
		const char *path;
		unsigned redirects;
		enum http_result want;
		int status;
	} t[] = {
		{ "/hello", 0, HTTP_OK, 200 },
		{ "/same", 0, HTTP_OK, 304 },
		{ "/missing", 0, HTTP_OK, 404 },
		{ "/moved", 0, HTTP_OK, 301 },
		{ "/moved", 3, HTTP_OK, 200 },
		{ "/round", 3, HTTP_REDIRECTS, 302 },
		{ "/to-file", 3, HTTP_REFUSED, 302 },
		{ "/to-private", 3, HTTP_REFUSED, 302 },
		{ "/long", 0, HTTP_TOO_LARGE, 200 },
		{ "/endless", 0, HTTP_TOO_LARGE, 200 },
		{ "/bomb", 0, HTTP_TOO_LARGE, 200 },
		{ "/headers", 0, HTTP_TOO_LARGE, 200 },
		{ "/short", 0, HTTP_BROKEN, 200 },
		{ "/noise", 0, HTTP_BROKEN, 0 },
		{ "/empty", 0, HTTP_BROKEN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct scene *s = scene_new();
		struct answer *a = s->got;

		plan(s, t[i].path)->max_redirects = t[i].redirects;
		play(s);
		if (a->result != t[i].want || a->status != t[i].status)
			fail_msg("%s: %s %d (%s)", t[i].path,
				 http_result_name(a->result), a->status,
				 a->reason);
		/* A reason exactly where there is something to explain. */
		assert_int_equal(a->reason[0] == '\0', a->result == HTTP_OK);
		scene_free(s);
	}
}

static void an_answer_is_handed_over_whole(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/hello");
	plan(t, "/moved");
	plan(t, "/moved")->max_redirects = 1;
	play(t);
	assert_string_equal(t->got[0].body, "hello");
	assert_string_equal(t->got[0].twice, "two");
	assert_string_equal(t->got[0].url, t->url[0]);
	assert_string_equal(t->got[0].location, "");
	assert_string_equal(t->got[1].location, t->url[0]);
	assert_string_equal(t->got[1].twice, "");
	assert_string_equal(t->got[2].url, t->url[0]);
	scene_free(t);
}

static void a_request_carries_method_headers_and_body(void **state)
{
	static const char *const lines[] = { "X-One: 1",
					     "If-None-Match: \"e\"" };
	struct http_headers *h = http_headers_new(lines, 2);
	struct scene *t = scene_new();
	struct http_request *req = plan(t, "/hello");

	(void)state;
	req->method = "PUT";
	req->headers = h;
	req->body = STR("{\"a\":1}");
	play(t);
	assert_int_equal(t->got[0].result, HTTP_OK);
	assert_ptr_equal(strstr(t->server.last, "PUT /hello HTTP/1.1\r\n"),
			 t->server.last);
	assert_non_null(strstr(t->server.last, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(t->server.last, "\r\nIf-None-Match: \"e\"\r\n"));
	assert_non_null(strstr(t->server.last, "\r\nUser-Agent: test/1\r\n"));
	assert_non_null(strstr(t->server.last, "\r\n\r\n{\"a\":1}"));
	scene_free(t);
	http_headers_free(&h);
	assert_null(http_headers_new(NULL, 0));
}

static void a_handle_forgets_the_request_before(void **state)
{
	static const char *const lines[] = { "X-One: 1" };
	struct http_headers *h = http_headers_new(lines, 1);
	struct scene *t = scene_new();
	struct http_request *req = plan(t, "/hello");

	(void)state;
	req->headers = h;
	req->body = STR("x");
	plan(t, "/hello")->method = "HEAD";
	plan(t, "/short"); /* leaves an error text */
	plan(t, "/hello");
	play(t);
	assert_int_equal(t->got[0].result, HTTP_OK);
	assert_string_equal(t->got[3].body, "hello");
	assert_string_equal(t->got[3].reason, "");
	assert_ptr_equal(strstr(t->server.last, "GET "), t->server.last);
	assert_null(strstr(t->server.last, "X-One"));
	scene_free(t);
	http_headers_free(&h);
}

static void connections_are_reused(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	for (int i = 0; i < STEPS; i++)
		plan(t, i % 2 ? "/hello" : "/same");
	play(t);
	assert_int_equal(t->server.accepted, 1);
	scene_free(t);
}

static void a_connection_that_the_server_closed_is_replaced(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/hello");
	plan(t, "/short");
	plan(t, "/hello");
	play(t);
	assert_int_equal(t->got[2].result, HTTP_OK);
	assert_int_equal(t->server.accepted, 2);
	scene_free(t);
}

static void silence_is_a_timeout(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/never")->timeout_ms = 30;
	play(t);
	assert_int_equal(t->got[0].result, HTTP_TIMEOUT);
	assert_int_equal(t->got[0].status, 0);
	scene_free(t);
}

static void what_cannot_be_sent_is_told(void **state)
{
	static const struct {
		const char *url;
		enum http_result want;
	} t[] = {
		{ "ftp://127.0.0.1/", HTTP_REFUSED },
		{ "file:///etc/passwd", HTTP_REFUSED },
		{ "http://", HTTP_REFUSED },
		{ "http://[::1", HTTP_REFUSED },
		{ "http://127.0.0.2/", HTTP_REFUSED },
		{ "http://2130706434/", HTTP_REFUSED }, /* 127.0.0.2 */
		{ "http://0x7f.2/", HTTP_REFUSED },
		{ "http://[::ffff:127.0.0.2]/", HTTP_REFUSED },
		{ "http://127.0.0.1:1/", HTTP_NO_CONNECT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct scene *s = scene_new();

		plan(s, "")->url = t[i].url;
		play(s);
		if (s->got[0].result != t[i].want)
			fail_msg("%s: %s (%s)", t[i].url,
				 http_result_name(s->got[0].result),
				 s->got[0].reason);
		scene_free(s);
	}
}

static void the_guard_names_what_it_refused(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/to-private")->max_redirects = 1;
	play(t);
	assert_string_equal(t->got[0].reason, "address is loopback");
	scene_free(t);
}

static void on_cancelled(void *arg, const struct http_response *r)
{
	(void)arg;
	(void)r;
	fail_msg("a cancelled request was answered");
}

static void on_stop(void *arg, const struct http_response *r)
{
	struct scene *t = arg;

	(void)r;
	http_cancel(&t->call);
	loop_stop(t->loop);
}

static void a_cancelled_request_is_not_answered(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/never");
	plan(t, "/hello");
	t->call = http_send(t->http, &t->step[0], on_cancelled, t);
	http_send(t->http, &t->step[1], on_stop, t);
	loop_run(t->loop);
	assert_null(t->call);
	http_cancel(&t->call); /* nothing to do */
	assert_int_equal(http_busy(t->http), 0);
	scene_free(t);
}

static void requests_under_way_end_with_the_client(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/never");
	http_send(t->http, &t->step[0], on_cancelled, t);
	scene_free(t);
}

static void on_one_of_many(void *arg, const struct http_response *r)
{
	struct scene *t = arg;

	assert_int_equal(r->status, 200);
	if (++t->done == 20)
		loop_stop(t->loop);
}

static void one_host_gets_few_connections(void **state)
{
	struct scene *t = scene_new();

	(void)state;
	plan(t, "/hello");
	for (int i = 0; i < 20; i++)
		http_send(t->http, &t->step[0], on_one_of_many, t);
	loop_run(t->loop);
	assert_int_equal(t->server.most, 2);
	scene_free(t);
}

/* ---- many hosts ---- */

enum { HOSTS = 48, ROUNDS = 3 };

struct round {
	struct scene *scene;
	unsigned n;
};

static void next_host(struct round *r);

static void on_host(void *arg, const struct http_response *resp)
{
	struct round *r = arg;

	assert_int_equal(resp->result, HTTP_OK);
	if (++r->n == HOSTS * ROUNDS)
		loop_stop(r->scene->loop);
	else
		next_host(r);
}

static void next_host(struct round *r)
{
	char url[64];
	const struct http_request req = { .url = url,
					  .max_bytes = 100,
					  .timeout_ms = 5000 };

	snprintf(url, sizeof(url), "http://127.0.1.%u:%u/hello",
		 1 + r->n % HOSTS, r->scene->server.port);
	http_send(r->scene->http, &req, on_host, r);
}

/* How many connections it takes to ask each host in turn, three times. */
static unsigned connections_for(unsigned max_connections)
{
	struct scene *t = scene_new();
	struct round r = { .scene = t };
	unsigned accepted;
	struct err e;

	assert_int_equal(netguard_allow(t->guard, "127.0.1.0/24", &e), 0);
	http_set(t->http,
		 &(struct http_config){ .guard = t->guard,
					.max_connections = max_connections,
					.max_per_host = 2 });
	next_host(&r);
	loop_run(t->loop);
	accepted = t->server.accepted;
	assert_true(t->server.open <= max_connections);
	scene_free(t);
	return accepted;
}

/* In one part, and in the most that there are: none is closed. */
static void every_host_keeps_its_connection(void **state)
{
	(void)state;
	assert_int_equal(connections_for(HOSTS), HOSTS);
	assert_int_equal(connections_for(HTTP_BANKS * 256), HOSTS);
}

/* Whose turn is furthest away was used longest ago, and has gone by then. */
static void beyond_the_limit_the_oldest_makes_way(void **state)
{
	(void)state;
	assert_int_equal(connections_for(HOSTS / 2), HOSTS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_end_has_its_result),
		cmocka_unit_test(a_stream_that_is_unpacked_to_too_much_ends),
		cmocka_unit_test(an_answer_is_handed_over_whole),
		cmocka_unit_test(a_request_carries_method_headers_and_body),
		cmocka_unit_test(a_handle_forgets_the_request_before),
		cmocka_unit_test(connections_are_reused),
		cmocka_unit_test(
			a_connection_that_the_server_closed_is_replaced),
		cmocka_unit_test(silence_is_a_timeout),
		cmocka_unit_test(what_cannot_be_sent_is_told),
		cmocka_unit_test(the_guard_names_what_it_refused),
		cmocka_unit_test(a_cancelled_request_is_not_answered),
		cmocka_unit_test(requests_under_way_end_with_the_client),
		cmocka_unit_test(one_host_gets_few_connections),
		cmocka_unit_test(every_host_keeps_its_connection),
		cmocka_unit_test(beyond_the_limit_the_oldest_makes_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
