#include "common/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/xmem.h"

enum { FOLLOW_SLICE = 512, FOLLOW_RETRY_MS = 200, FOLLOW_PATIENCE_MS = 1000 };

struct follow {
	struct follow_conf conf;
	char *dir;
	struct bus_sock *in;
	struct bus_msg msg;
	struct loop_fd *fd;
	struct loop_work *work;
	struct loop_timer *timer;
	struct journal *journal;
	struct position pos; /* the last event handed over */
	bool started;	     /* pos is of this journal */
	bool absent;	     /* there is no journal here */
	bool behind;	     /* the journal has what the feed will not give */
	bool complained;     /* about a journal that cannot be read */
	int64_t failing_ms;  /* since when it cannot; -1: it can */
	uint64_t head;	     /* the newest offset heard of */
	int64_t heard_ms;
	unsigned left; /* events that this slice may still hand over */
	bool handed;   /* this slice handed something over */
	bool in_slice;
};

static void hand_over(struct follow *f, const struct event *ev)
{
	f->pos.offset = ev->offset;
	if (ev->offset > f->head)
		f->head = ev->offset;
	f->handed = true;
	f->conf.event(f->conf.arg, ev);
}

/* ---- the journal ---- */

static void complain(struct follow *f, const struct err *e)
{
	int64_t now_ms = loop_now_ms(f->conf.loop);

	if (f->failing_ms < 0)
		f->failing_ms = now_ms;
	/* "Not there yet" is how every first start begins. */
	if (f->complained || (e->code == EX_NOINPUT &&
			      now_ms - f->failing_ms < FOLLOW_PATIENCE_MS))
		return;
	log_warn("%s; trying again",
		 f->absent && f->conf.silence ? f->conf.silence : e->msg);
	f->complained = true;
}

static void start(struct follow *f)
{
	f->started = true;
	if (f->conf.started)
		f->conf.started(f->conf.arg);
}

/* Open the journal and find where to go on. False: not possible now. */
static bool attach(struct follow *f)
{
	struct journal_want any = { .n = 0 };
	struct journal_head head;
	uint64_t next = 0;
	bool moved;
	struct err e = { 0 };
	int rc = 0;

	if (!f->journal)
		f->journal = journal_open(f->dir, &e);
	f->absent = !f->journal && e.code == EX_NOINPUT;
	if (!f->journal || journal_begin(f->journal, &e)) {
		complain(f, &e);
		journal_close(&f->journal);
		return false;
	}
	rc = journal_head(f->journal, &head, &e);
	/* Another journal, or an older copy in its place? */
	moved = rc == 0 && f->pos.epoch &&
		(f->pos.epoch != head.epoch || f->pos.offset > head.offset);
	if (moved)
		rc = journal_resume(f->journal, f->pos, &any, &next, &e);
	journal_end(f->journal);
	if (rc < 0) {
		complain(f, &e);
		journal_close(&f->journal);
		return false;
	}
	f->complained = false;
	f->failing_ms = -1;
	f->head = head.offset;
	if (f->pos.epoch == 0) {
		f->pos.epoch = head.epoch;
		f->pos.offset = f->conf.at_head ? head.offset : 0;
	} else if (moved) {
		f->pos = (struct position){ head.epoch, next - 1 };
		f->conf.want.told = 0;
		if (f->conf.epoch)
			f->conf.epoch(f->conf.arg, f->pos);
	}
	f->conf.want.asked = 0;
	start(f);
	f->behind = true;
	return true;
}

struct reading {
	struct follow *f;
	uint64_t expected;
};

static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct reading *r = arg;
	struct follow *f = r->f;

	if (ev->offset > r->expected && f->conf.gap) {
		int rc;

		if (f->conf.gap_again)
			f->conf.want.told = 0;
		rc = journal_pruned(f->journal, f->pos.offset, &f->conf.want,
				    e);
		if (rc < 0)
			return -1;
		if (rc > 0)
			f->conf.gap(f->conf.arg, r->expected,
				    f->conf.want.told);
	}
	hand_over(f, ev);
	r->expected = ev->offset + 1;
	return --f->left == 0;
}

/* Hand over what the journal has after pos, as much as the slice allows. */
static void read_journal(struct follow *f)
{
	struct reading r = { f, f->pos.offset + 1 };
	struct journal_scan scan = { .from = f->pos.offset + 1,
				     .budget = f->left };
	uint64_t next;
	struct err e;
	int rc = journal_begin(f->journal, &e);

	if (rc == 0) {
		struct journal_head head;

		rc = journal_head(f->journal, &head, &e);
		if (rc == 0 && head.epoch != f->pos.epoch) {
			f->started = false; /* another journal took its place */
			rc = 1;
		}
		if (rc == 0)
			rc = journal_scan(f->journal, &scan, on_event, &r,
					  &next, &e);
		journal_end(f->journal);
		if (rc == 0)
			f->behind = false;
	}
	if (rc < 0) {
		log_error("%s", e.msg);
		journal_close(&f->journal);
		f->started = false;
	}
}

/* ---- the feed alone ---- */

/* The store speaks, so its journal is there by now, or never will be. */
static void begin_alone(struct follow *f, struct position head)
{
	bool is_new = f->pos.epoch && f->pos.epoch != head.epoch;

	if (!f->conf.feed_only || !f->absent || attach(f) || !f->absent)
		return;
	f->pos = head;
	f->head = head.offset;
	start(f);
	f->behind = false;
	if (is_new && f->conf.epoch)
		f->conf.epoch(f->conf.arg, head);
}

/* The feed goes on behind `to`: what lies between is in the journal, or lost. */
static void miss(struct follow *f, uint64_t to)
{
	if (f->journal) {
		f->behind = true;
		return;
	}
	if (f->conf.gap)
		f->conf.gap(f->conf.arg, f->pos.offset + 1, to);
	f->pos.offset = to;
}

/* ---- the feed ---- */

/* "EPOCH OFFSET TIME" */
static void on_head(struct follow *f)
{
	struct str rest, epoch = str_cut(f->msg.attrs, ' ', &rest);
	struct str time, offset = str_cut(rest, ' ', &time);
	char text[64];
	struct position head;
	int64_t clock_us;

	snprintf(text, sizeof(text), "%.*s:%.*s", STR_ARG(epoch),
		 STR_ARG(offset));
	if (!position_parse(str_from(text), &head) ||
	    !clk_parse(time, &clock_us))
		return;
	f->heard_ms = loop_now_ms(f->conf.loop);
	if (f->started && head.epoch != f->pos.epoch) {
		/* The file behind our map may be another one: open it anew. */
		journal_close(&f->journal);
		f->started = false;
	}
	if (!f->started) {
		begin_alone(f, head);
		return;
	}
	/* From before what was read from the journal: it says nothing new. */
	if (head.offset < f->pos.offset)
		return;
	f->head = head.offset;
	if (head.offset > f->pos.offset)
		miss(f, head.offset);
	if (head.offset == f->pos.offset && f->conf.clock)
		f->conf.clock(f->conf.arg, clock_us);
}

static void on_feed_event(struct follow *f)
{
	struct event ev;
	struct err e;

	f->heard_ms = loop_now_ms(f->conf.loop);
	if (!f->started || event_parse_frames(f->msg.topic, f->msg.attrs,
					      f->msg.data, &ev, &e))
		return;
	if (ev.epoch == f->pos.epoch && ev.offset > f->head)
		f->head = ev.offset;
	if (ev.epoch == f->pos.epoch && ev.offset <= f->pos.offset)
		return; /* was read from the journal already */
	if (ev.epoch != f->pos.epoch) {
		f->behind = f->journal != NULL;
		return; /* without one, the next heartbeat tells where */
	}
	if (ev.offset != f->pos.offset + 1)
		miss(f, ev.offset - 1);
	if (f->behind)
		return;
	f->left--;
	hand_over(f, &ev);
}

/* One message of the feed. False: nothing is there. */
static bool read_feed(struct follow *f)
{
	struct err e;
	int rc = bus_recv(f->in, &f->msg, &e);

	if (rc == 0)
		return false;
	if (rc < 0)
		return e.code == EX_DATAERR;
	if (f->msg.topic.len == 0 || f->msg.topic.p[0] != '$')
		on_feed_event(f);
	else if (str_is(f->msg.topic, "$head"))
		on_head(f);
	else if (f->conf.control)
		f->conf.control(f->conf.arg, &f->msg);
	return true;
}

/* ---- slices ---- */

static void retry_later(struct follow *f)
{
	if (!loop_timer_running(f->timer))
		loop_timer_start(f->timer, FOLLOW_RETRY_MS);
}

static bool on_work(void *arg)
{
	struct follow *f = arg;
	bool more = true;

	f->left = f->conf.slice ? f->conf.slice : FOLLOW_SLICE;
	f->handed = false;
	f->in_slice = true;
	while (more && f->left > 0) {
		if (!f->started && !attach(f)) {
			/* Heartbeats must not pile up meanwhile. */
			while (!f->started && read_feed(f))
				;
			more = f->started;
			if (!more)
				retry_later(f);
		} else if (f->behind) {
			read_journal(f);
		} else {
			more = read_feed(f);
		}
	}
	if (f->handed && f->conf.slice_end)
		f->conf.slice_end(f->conf.arg);
	f->in_slice = false;
	return more;
}

static void on_fd(void *arg, int what)
{
	struct follow *f = arg;

	(void)what;
	loop_work_wake(f->work);
}

/* Without a store there is no heartbeat, but a journal may be there. */
static void on_timer(void *arg)
{
	struct follow *f = arg;

	loop_work_wake(f->work);
}

struct follow *follow_new(const struct follow_conf *conf, struct err *e)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->conf = *conf;
	f->dir = xstrdup(conf->dir);
	f->pos = conf->from;
	f->heard_ms = f->failing_ms = -1;
	bus_msg_init(&f->msg);
	f->in = bus_open(conf->bus, BUS_CONSUMER, e);
	if (!f->in)
		goto fail;
	/*
	 * Topics of events are whatever users choose, so all are subscribed;
	 * the few control messages that this brings along are passed over.
	 */
	if (bus_subscribe(f->in, STR(""), e))
		goto fail;
	f->work = loop_work_new(conf->loop, on_work, f);
	f->timer = loop_timer_new(conf->loop, on_timer, f);
	f->fd = loop_fd_new(conf->loop, bus_fd(f->in), LOOP_READ, on_fd, f);
	loop_work_wake(f->work);
	return f;
fail:
	follow_free(&f);
	return NULL;
}

void follow_free(struct follow **fp)
{
	struct follow *f = *fp;

	if (!f)
		return;
	loop_fd_free(&f->fd);
	loop_timer_free(&f->timer);
	loop_work_free(&f->work);
	journal_close(&f->journal);
	bus_close(&f->in);
	bus_msg_fini(&f->msg);
	free(f->dir);
	free(f);
	*fp = NULL;
}

bool follow_look(struct follow *f)
{
	return f->started || attach(f);
}

void follow_look_now(struct follow *f)
{
	if (!f->in_slice && f->started && on_work(f))
		loop_work_wake(f->work);
}

struct position follow_position(const struct follow *f)
{
	return f->pos;
}

bool follow_caught_up(const struct follow *f)
{
	return f->started && !f->behind && f->head <= f->pos.offset;
}

uint64_t follow_head(const struct follow *f)
{
	return f->head;
}

int64_t follow_heard_ms(const struct follow *f)
{
	return f->heard_ms;
}

struct journal *follow_journal(struct follow *f)
{
	return f->journal;
}
