#include "common/producer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/xmem.h"

enum { PRODUCER_HELLO_MAX_MS = 2000, PRODUCER_ACKS_A_TURN = 1000 };

struct producer {
	struct producer_conf conf;
	struct bus_sock *out, *in;
	struct loop_fd *fd;
	struct loop_work *work;
	struct loop_timer *timer;
	struct bus_msg msg;
	struct buf attrs;
	char source[EVENT_SOURCE_MAX + 1];
	char nonce[17];
	bool live;	    /* hello was answered */
	bool late;	    /* an acknowledgement timed out since */
	uint32_t epoch;	    /* of the journal that answered */
	uint64_t sent;	    /* the last id that was sent */
	uint64_t acked;	    /* the last id that the store has */
	int64_t timeout_ms; /* the next wait */
	int64_t rewound_ms; /* when it last went back to send again */
};

static uint64_t random_u64(void)
{
	uint64_t v = 0;

	/* Blocks only before the kernel's pool is ready, early at boot. */
	while (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
		;
	return v;
}

static void fail(struct producer *p, const struct err *e)
{
	loop_timer_stop(p->timer);
	p->live = false;
	p->conf.failed(p->conf.arg, e);
}

static void start_timer(struct producer *p)
{
	/* Between three quarters and five quarters of it. */
	int64_t quarter = p->timeout_ms / 4;
	int64_t jitter = (int64_t)(random_u64() % (uint64_t)(2 * quarter + 1));

	loop_timer_start(p->timer, p->timeout_ms - quarter + jitter);
}

static void send_hello(struct producer *p)
{
	struct err ignored;

	buf_reset(&p->attrs);
	buf_addf(&p->attrs, "%s %s %s", p->source, p->nonce,
		 p->conf.queue.transient ? "t" : "-");
	(void)bus_send(p->out, STR("$hello"), buf_str(&p->attrs), STR(""),
		       &ignored);
	start_timer(p);
}

/* Begin anew: who are we, and what does the store have of us? */
static void greet(struct producer *p)
{
	struct str source = p->conf.queue.source(p->conf.queue.arg);
	char topic[EVENT_SOURCE_MAX + 8];
	struct err e;

	p->live = false;
	if (!str_is(source, p->source)) {
		str_copy(p->source, sizeof(p->source), source);
		snprintf(topic, sizeof(topic), "$ack/%s/", p->source);
		if (bus_subscribe(p->in, str_from(topic), &e)) {
			fail(p, &e);
			return;
		}
	}
	snprintf(p->nonce, sizeof(p->nonce), "%016llx",
		 (unsigned long long)random_u64());
	p->timeout_ms = PRODUCER_HELLO_MS;
	send_hello(p);
}

/* Send what the window has room for. */
static void send_window(struct producer *p)
{
	struct producer_queue *q = &p->conf.queue;
	uint64_t first, last;
	struct event ev;
	struct err e;
	int rc = 0;

	q->range(q->arg, &first, &last);
	while (p->sent < last && p->sent - p->acked < BUS_WINDOW) {
		rc = q->get(q->arg, p->sent + 1, &ev, &e);
		if (rc)
			break;
		buf_reset(&p->attrs);
		event_print_attrs(&ev, &p->attrs);
		rc = bus_send(p->out, ev.topic, buf_str(&p->attrs),
			      ev.data.len ? ev.data : STR("null"), &e);
		if (rc)
			break;
		p->sent++;
	}
	q->rest(q->arg);
	if (rc)
		fail(p, &e);
	else if (p->sent > p->acked && !loop_timer_running(p->timer))
		start_timer(p);
}

/* The store has everything up to id. */
static int forget(struct producer *p, uint64_t id)
{
	struct producer_queue *q = &p->conf.queue;
	struct err e;

	if (q->acked(q->arg, id, &e)) {
		fail(p, &e);
		return -1;
	}
	p->acked = id;
	if (p->sent < id)
		p->sent = id;
	p->timeout_ms = PRODUCER_TIMEOUT_MS;
	p->late = false;
	loop_timer_stop(p->timer);
	if (p->conf.durable)
		p->conf.durable(p->conf.arg, id, p->epoch);
	return 0;
}

static void on_hello_answer(struct producer *p, uint64_t last, uint32_t epoch)
{
	struct producer_queue *q = &p->conf.queue;
	uint64_t first, ours;
	struct err e;

	q->range(q->arg, &first, &ours);
	if (last > q->known(q->arg) || last + 1 < first) {
		int rc = q->conflict(q->arg, last, &e);

		if (rc < 0)
			fail(p, &e);
		if (rc == 0)
			greet(p);
		if (rc <= 0)
			return;
		if (last > ours) /* it has all that we gave, and more to come */
			last = ours;
	}
	p->live = true;
	p->epoch = epoch;
	p->sent = last;
	if (forget(p, last))
		return;
	/* An older identity may be done with, now or by this answer. */
	if (!str_is(q->source(q->arg), p->source))
		greet(p);
	else
		send_window(p);
}

static void on_ack(struct producer *p, uint64_t last, uint32_t epoch)
{
	struct producer_queue *q = &p->conf.queue;
	int64_t now = loop_now_ms(p->conf.loop);

	if (epoch != p->epoch || last < p->acked) {
		greet(p);
		return;
	}
	if (last > p->sent)
		last = p->sent;
	if (last > p->acked) {
		if (forget(p, last))
			return;
		if (!str_is(q->source(q->arg), p->source)) {
			greet(p);
			return;
		}
	} else if (p->sent > p->acked &&
		   now - p->rewound_ms >= PRODUCER_TIMEOUT_MS) {
		/* It got something that was not next: go back. */
		p->rewound_ms = now;
		p->sent = p->acked;
	}
	send_window(p);
}

static void on_message(struct producer *p)
{
	struct str rest, last_text = str_cut(p->msg.attrs, ' ', &rest);
	struct str nonce, epoch_text = str_cut(rest, ' ', &nonce);
	struct position pos;
	char text[POSITION_TEXT_MAX];
	uint64_t last;

	if (!str_u64(last_text, &last))
		return;
	snprintf(text, sizeof(text), "%.*s:0", STR_ARG(epoch_text));
	if (!position_parse(str_from(text), &pos))
		return;
	/* Acknowledgements for an identity that we gave up concern nobody. */
	if (p->msg.topic.len != strlen(p->source) + 6 ||
	    memcmp(p->msg.topic.p + 5, p->source, strlen(p->source)) != 0)
		return;
	if (!p->live) {
		if (str_is(nonce, p->nonce))
			on_hello_answer(p, last, pos.epoch);
		return;
	}
	on_ack(p, last, pos.epoch);
}

static bool on_work(void *arg)
{
	struct producer *p = arg;
	struct err e;

	for (int i = 0; i < PRODUCER_ACKS_A_TURN; i++) {
		int rc = bus_recv(p->in, &p->msg, &e);

		if (rc == 0)
			return false;
		if (rc > 0)
			on_message(p);
		else if (e.code != EX_DATAERR) {
			fail(p, &e);
			return false;
		}
	}
	return true;
}

static void on_fd(void *arg, int what)
{
	struct producer *p = arg;

	(void)what;
	loop_work_wake(p->work);
}

static void on_timer(void *arg)
{
	struct producer *p = arg;

	p->timeout_ms *= 2;
	if (!p->live) {
		if (p->timeout_ms > PRODUCER_HELLO_MAX_MS)
			p->timeout_ms = PRODUCER_HELLO_MAX_MS;
		send_hello(p);
		return;
	}
	if (p->timeout_ms > PRODUCER_TIMEOUT_MAX_MS)
		p->timeout_ms = PRODUCER_TIMEOUT_MAX_MS;
	if (p->sent == p->acked)
		return;
	p->late = true;
	p->rewound_ms = loop_now_ms(p->conf.loop);
	p->sent = p->acked;
	send_window(p);
}

struct producer *producer_new(const struct producer_conf *conf, struct err *e)
{
	struct producer *p = xcalloc(1, sizeof(*p));

	p->conf = *conf;
	bus_msg_init(&p->msg);
	p->out = bus_open(conf->bus, BUS_PRODUCER, e);
	if (p->out)
		p->in = bus_open(conf->bus, BUS_CONSUMER, e);
	if (!p->in) {
		producer_free(&p);
		return NULL;
	}
	p->work = loop_work_new(conf->loop, on_work, p);
	p->timer = loop_timer_new(conf->loop, on_timer, p);
	p->fd = loop_fd_new(conf->loop, bus_fd(p->in), LOOP_READ, on_fd, p);
	greet(p);
	loop_work_wake(p->work);
	return p;
}

void producer_free(struct producer **pp)
{
	struct producer *p = *pp;

	if (!p)
		return;
	loop_fd_free(&p->fd);
	loop_timer_free(&p->timer);
	loop_work_free(&p->work);
	bus_close(&p->in);
	bus_close(&p->out);
	bus_msg_fini(&p->msg);
	buf_free(&p->attrs);
	free(p);
	*pp = NULL;
}

void producer_kick(struct producer *p)
{
	if (p->live)
		send_window(p);
}

bool producer_connected(const struct producer *p)
{
	return p->live && !p->late;
}

void producer_control(struct producer *p, struct str topic, struct str attrs,
		      struct str data)
{
	struct err ignored;

	(void)bus_send(p->out, topic, attrs, data, &ignored);
}
