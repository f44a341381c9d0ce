#include "engineio_net.h"

#include <stdlib.h>
#include <sys/random.h>

#include "common/xmem.h"

#include "session.h"

struct engineio_net {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t due_ms; /* when the timer is */
	const char *headers;
	struct engineio *e;
	struct access *who;    /* of the connection that something came from */
	struct net_conn *post; /* whose body is being taken, or NULL */
};

/* A connection that has a request to be answered, or is a WebSocket. */
struct conn {
	struct session s; /* first */
	struct engineio_net *n;
	struct engineio_link link;
};

static int64_t now_ms(const struct engineio_net *n)
{
	return loop_now_ms(n->loop);
}

static void rearm(struct engineio_net *n)
{
	int64_t due_ms = engineio_deadline(n->e), now = now_ms(n);

	if (due_ms == n->due_ms)
		return;
	n->due_ms = due_ms;
	if (due_ms == INT64_MAX)
		loop_timer_stop(n->timer);
	else
		loop_timer_start(n->timer, due_ms > now ? due_ms - now : 0);
}

/* ---- orders ---- */

static void answer(void *arg, struct engineio_link *l,
		   const struct net_answer *a)
{
	const struct engineio_net *n = arg;
	struct conn *conn = l->user;
	struct net_conn *c = conn->s.conn;
	struct net_answer with = *a;

	with.headers = n->headers;
	session_end(c);
	net_answer(c, &with);
}

static bool send_frames(void *arg, struct engineio_link *l, struct str frames)
{
	const struct conn *conn = l->user;

	(void)arg;
	return net_send(conn->s.conn, frames);
}

static void hang_up(void *arg, struct engineio_link *l, uint16_t code,
		    const char *why)
{
	const struct conn *conn = l->user;

	(void)arg;
	net_close(conn->s.conn, code, why);
}

static void draw(void *arg, void *p, size_t n)
{
	(void)arg;
	while (getrandom(p, n, 0) != (ssize_t)n)
		continue;
}

const struct engineio_wire engineio_net_wire = {
	.answer = answer,
	.send = send_frames,
	.hang_up = hang_up,
	.random = draw,
};

/* ---- connections ---- */

static void close_conn(struct session *s)
{
	struct conn *conn = (struct conn *)s;
	struct engineio_net *n = conn->n;

	engineio_gone(n->e, &conn->link, now_ms(n));
	rearm(n);
	free(conn);
}

static struct engineio_link *link_of(struct net_conn *c)
{
	struct conn *conn = net_user(c);

	return &conn->link;
}

struct net_conn *engineio_net_conn(const struct engineio_link *l)
{
	const struct conn *conn = l ? l->user : NULL;

	return conn ? conn->s.conn : NULL;
}

/* One slice in each turn of the loop. */
static void go_on_with_body(struct engineio_net *n)
{
	struct engineio_link *l = engineio_next_body(n->e);

	if (!l)
		return;
	n->post = engineio_net_conn(l);
	n->who = net_who(n->post);
	engineio_take_body(n->e, l, now_ms(n));
	n->post = NULL;
}

static void on_timer(void *arg)
{
	struct engineio_net *n = arg;

	n->due_ms = INT64_MAX;
	engineio_tick(n->e, now_ms(n));
	go_on_with_body(n);
	rearm(n);
}

static struct engineio_link *add_conn(struct engineio_net *n,
				      struct net_conn *c)
{
	struct conn *conn = xcalloc(1, sizeof(*conn));

	conn->s = (struct session){ .conn = c, .close = close_conn };
	if (net_who(c))
		conn->s.who = access_hold(net_who(c));
	conn->n = n;
	conn->link.user = conn;
	conn->link.from = net_address(c);
	net_set_user(c, &conn->s);
	return &conn->link;
}

bool engineio_net_has(const struct session *s)
{
	return s && s->close == close_conn;
}

struct access *engineio_net_who(const struct engineio_net *n)
{
	return n->who;
}

const struct net_conn *engineio_net_post(const struct engineio_net *n)
{
	return n->post;
}

void engineio_net_head(struct engineio_net *n, struct net_conn *c,
		       const struct net_request *r)
{
	/* What is overdue is over before what came after it is looked at. */
	engineio_tick(n->e, now_ms(n));
	n->who = net_who(c);
	engineio_head(n->e, add_conn(n, c), r, now_ms(n));
	rearm(n);
}

void engineio_net_request(struct engineio_net *n, struct net_conn *c,
			  const struct net_request *r)
{
	n->who = net_who(c);
	n->post = c;
	engineio_request(n->e, link_of(c), r, now_ms(n));
	n->post = NULL;
	rearm(n);
}

bool engineio_net_upgrade(struct engineio_net *n, struct net_conn *c,
			  const struct net_request *r)
{
	return engineio_upgrade(n->e, add_conn(n, c), r);
}

void engineio_net_opened(struct engineio_net *n, struct net_conn *c)
{
	net_take_binary(c, ENGINEIO_PAYLOAD_MAX);
	engineio_opened(n->e, link_of(c), now_ms(n));
	rearm(n);
}

void engineio_net_message(struct engineio_net *n, struct net_conn *c,
			  struct str data, bool binary)
{
	n->who = net_who(c);
	engineio_received(n->e, link_of(c), data, binary, now_ms(n));
	rearm(n);
}

void engineio_net_refused(struct engineio_net *n, struct net_conn *c)
{
	engineio_refused(n->e, link_of(c), now_ms(n));
	rearm(n);
}

void engineio_net_writable(struct engineio_net *n, struct net_conn *c)
{
	engineio_writable(n->e, link_of(c), now_ms(n));
	rearm(n);
}

/* ---- life cycle ---- */

struct engineio_net *engineio_net_new(struct loop *loop, const char *headers)
{
	struct engineio_net *n = xcalloc(1, sizeof(*n));

	n->loop = loop;
	n->timer = loop_timer_new(loop, on_timer, n);
	n->due_ms = INT64_MAX;
	n->headers = headers ? headers : "Cache-Control: no-store\r\n";
	return n;
}

void engineio_net_serve(struct engineio_net *n, struct engineio *e)
{
	n->e = e;
}

void engineio_net_free(struct engineio_net **np)
{
	if (!*np)
		return;
	loop_timer_free(&(*np)->timer);
	free(*np);
	*np = NULL;
}
