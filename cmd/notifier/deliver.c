/*
 * From a row in the ledger to a recorded outcome. Everything here changes
 * ledger and memory alike; if the transaction fails, so does the process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/xmem.h"

#include "notifier.h"

/* ---- events ---- */

/* Names are an id's length at most; others may come from a notification. */
static struct str short_name(struct str name)
{
	return str_utf8_prefix(name, STR_ID_MAX);
}

static int emit(struct notifier *n, const char *type, const struct message *m,
		struct type_delivery *d, struct err *e)
{
	struct buf topic = { .p = NULL }, data = { .p = NULL };
	int rc;

	if (str_is_id(m->user))
		d->user = m->user;
	d->alert = m->data.alert;
	buf_puts(&topic, type);
	buf_putc(&topic, '/');
	buf_add_str(&topic, m->user);
	shape_encode(&shape_delivery, d, &data);
	rc = stage_emit(n->stage, buf_str(&topic), clk_wall_us(), &m->ev,
			(struct str){ 0 }, buf_str(&data), e);
	buf_free(&topic);
	buf_free(&data);
	return rc;
}

/* Tell how it stands with one delivery; line is its notification. */
static int tell(struct notifier *n, const char *type, struct str target,
		struct str line, unsigned attempt, const struct outcome *o,
		struct err *e)
{
	char id[MESSAGE_ID_SIZE], attempt_text[16], status_text[16];
	struct type_delivery d = { .channel = short_name(target) };
	struct arena a = { 0 };
	struct event ev;
	struct message m;
	int rc = -1;

	if (event_parse(line, 0, &a, &ev, e) || message_read(&ev, &a, &m, e))
		goto out;
	message_id(&ev, target, id);
	d.id = str_from(id);
	if (*o->reason)
		d.reason = str_from(o->reason);
	if (*o->receiver)
		d.receiver = str_from(o->receiver);
	if (*o->message)
		d.message_id = str_from(o->message);
	snprintf(status_text, sizeof(status_text), "%d", o->status);
	if (o->status >= 0)
		d.status = str_from(status_text);
	snprintf(attempt_text, sizeof(attempt_text), "%u", attempt);
	if (attempt)
		d.attempt = str_from(attempt_text);
	rc = emit(n, type, &m, &d, e);
out:
	arena_free(&a);
	return rc;
}

int deliver_refuse(struct notifier *n, const struct message *m,
		   struct str target, const char *reason, struct err *e)
{
	char id[MESSAGE_ID_SIZE];
	struct type_delivery d = { .channel = short_name(target),
				   .reason = str_from(reason) };

	message_id(&m->ev, target, id);
	d.id = str_from(id);
	stats_add(stage_stats(n->stage), "failed_total", "-", 1);
	log_warn("failed channel=%.*s delivery=%s user=%.*s reason=%s",
		 STR_ARG(d.channel), id, STR_ARG(m->user), reason);
	return emit(n, "delivery.failed", m, &d, e);
}

/* ---- rows ---- */

static struct str lane_name(const struct lane *l)
{
	return str_from(l->channel.name);
}

static int save(struct notifier *n, const struct job *job, enum row_state state,
		struct str target, struct str line, struct err *e)
{
	struct row row = { .state = state,
			   .told = job->told,
			   .attempt = job->attempt,
			   .born_us = job->born_us,
			   .due_us = job->due_us,
			   .part = job->part,
			   .message = str_from(job->message),
			   .target = target,
			   .line = line };
	char key[LANE_KEY_MAX];

	buf_reset(&n->scratch);
	row_print(&row, &n->scratch);
	return stage_put(n->stage, row_key(lane_name(job->lane), job->seq, key),
			 buf_str(&n->scratch), e);
}

/* The delivery is over, one way or another. */
static int forget(struct notifier *n, struct job *job, struct err *e)
{
	struct lane *l = job->lane;
	char key[LANE_KEY_MAX];

	if (stage_del(n->stage, row_key(lane_name(l), job->seq, key), e) < 0)
		return -1;
	l->rows--;
	lane_drop(l, job);
	return 0;
}

/* The row of a job, copied: puts move what the ledger hands out. */
static int read_row(struct notifier *n, const struct job *job, struct arena *a,
		    struct row *row_r, struct err *e)
{
	char key[LANE_KEY_MAX];
	struct str val;
	int rc = stage_get(n->stage,
			   row_key(lane_name(job->lane), job->seq, key), &val,
			   e);

	if (rc < 0)
		return -1;
	if (rc == 0 || !row_read(arena_str(a, val), row_r))
		return err_set(e, EX_DATAERR, "ledger: damaged queue of %s",
			       job->lane->channel.name);
	return 0;
}

static int load_row(void *arg, struct str key, struct str val, struct err *e)
{
	struct lane *l = arg;
	struct row row;
	struct str name;
	uint64_t seq;

	if (!row_unkey(key, &name, &seq) || !row_read(val, &row))
		return err_set(e, EX_DATAERR, "ledger: damaged queue of %s",
			       l->channel.name);
	if (seq <= l->loaded)
		return 0;
	return !lane_add(l, seq, &row);
}

static int load_rows(struct notifier *n, struct lane *l, struct err *e)
{
	char prefix[LANE_KEY_MAX];

	l->whole = true; /* unless lane_add() finds no room */
	return stage_each(n->stage, row_prefix(lane_name(l), prefix), load_row,
			  l, e);
}

/* ---- outcomes ---- */

static void count(struct notifier *n, const struct job *job, const char *name)
{
	stats_add(stage_stats(n->stage), name, job->lane->label, 1);
}

static int fail(struct notifier *n, struct job *job, struct str target,
		struct str line, const struct outcome *o, struct err *e)
{
	count(n, job, "failed_total");
	log_warn("failed channel=%s attempt=%u reason=%s %s",
		 job->lane->channel.name, job->attempt, o->reason, o->receiver);
	if (tell(n, "delivery.failed", target, line, job->attempt, o, e))
		return -1;
	return forget(n, job, e);
}

static void log_unknown(const struct job *job, const struct outcome *o)
{
	log_warn("unknown channel=%s attempt=%u reason=%s policy=%s",
		 job->lane->channel.name, job->attempt, o->reason,
		 job->lane->channel.hold ? "hold" : "resend");
}

/* Say once that nobody knows whether it arrived. */
static int tell_unknown(struct notifier *n, struct job *job, struct str line,
			const struct outcome *o, struct err *e)
{
	if (job->told)
		return 0;
	job->told = true;
	count(n, job, "unknown_total");
	return tell(n, "delivery.unknown", lane_name(job->lane), line,
		    job->attempt, o, e);
}

/* Back into the queue, as the job is now. */
static int wait_again(struct notifier *n, struct job *job, struct err *e)
{
	job->state = JOB_WAITING;
	if (save(n, job, ROW_WAITING, lane_name(job->lane), str_from(job->line),
		 e))
		return -1;
	free(job->line);
	job->line = NULL;
	return 0;
}

static int retry(struct notifier *n, struct job *job, struct err *e)
{
	struct lane *l = job->lane;
	const struct outcome *o = &job->outcome;
	struct str line = str_from(job->line);
	int64_t at_us;
	uint32_t random;

	while (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		;
	at_us = lane_retry_at(l, job, o, clk_wall_us(), random);
	if (at_us == CLK_NONE)
		return fail(n, job, lane_name(l), line, o, e);
	count(n, job, "retries_total");
	log_info("retry channel=%s attempt=%u reason=%s in_ms=%lld",
		 l->channel.name, job->attempt, o->reason,
		 (long long)(at_us - clk_wall_us()) / 1000);
	job->due_us = at_us;
	return wait_again(n, job, e);
}

/* A part of its text is there; is that all? */
static int record_sent(struct notifier *n, struct job *job, struct err *e)
{
	struct lane *l = job->lane;
	struct outcome *o = &job->outcome;
	struct str line = str_from(job->line);

	/* What can be changed later is the first part. */
	if (job->part == 0)
		str_copy(job->message, sizeof(job->message),
			 str_from(o->message));
	if (o->more && job->part < UINT8_MAX) {
		job->part++;
		job->attempt = 0;
		return wait_again(n, job, e);
	}
	count(n, job, "sent_total");
	log_debug("sent channel=%s attempt=%u", l->channel.name, job->attempt);
	str_copy(o->message, sizeof(o->message), str_from(job->message));
	if (tell(n, "delivery.sent", lane_name(l), line, job->attempt, o, e))
		return -1;
	return forget(n, job, e);
}

static int record(struct notifier *n, struct job *job, struct err *e)
{
	struct lane *l = job->lane;
	const struct outcome *o = &job->outcome;
	struct str line = str_from(job->line);

	l->active--;
	if (o->end == OUTCOME_SENT || o->end == OUTCOME_FAILED)
		l->failures = 0; /* there is somebody who answers */
	switch (o->end) {
	case OUTCOME_SENT: return record_sent(n, job, e);
	case OUTCOME_FAILED: return fail(n, job, lane_name(l), line, o, e);
	case OUTCOME_UNKNOWN:
		log_unknown(job, o);
		if (tell_unknown(n, job, line, o, e))
			return -1;
		if (l->channel.hold)
			return forget(n, job, e);
		return retry(n, job, e);
	case OUTCOME_RETRY: break;
	}
	return retry(n, job, e);
}

/* ---- what an earlier life left ---- */

static int judge_row(struct notifier *n, struct job *job, const struct row *row,
		     struct err *e)
{
	static const struct outcome gone = { .reason = "no-channel",
					     .status = -1 };
	struct lane *l = job->lane;
	int64_t now_us = clk_wall_us();
	int64_t life_us = l->channel.retry_life_ms * 1000;
	bool old = row->state == ROW_OLD;
	bool late = old && now_us - job->born_us > life_us;
	struct outcome o = { .reason = late  ? "too-old"
				       : old ? "no-ledger"
					     : "interrupted",
			     .status = -1 };

	if (!l->channel.kind)
		return fail(n, job, row->target, row->line, &gone, e);
	/* Each crash is told of, timeouts once; old ones can be very many. */
	if (!old) {
		job->told = false;
		log_unknown(job, &o);
	}
	if (tell_unknown(n, job, row->line, &o, e))
		return -1;
	if (l->channel.hold || late)
		return forget(n, job, e);
	job->state = JOB_WAITING;
	job->due_us = now_us;
	return save(n, job, ROW_WAITING, row->target, row->line, e);
}

static int judge(struct notifier *n, struct job *job, struct err *e)
{
	struct arena a = { 0 };
	struct row row;
	int rc = read_row(n, job, &a, &row, e);

	if (rc == 0)
		rc = judge_row(n, job, &row, e);
	arena_free(&a);
	return rc;
}

/* ---- sending ---- */

static int choose(struct notifier *n, struct job *job, struct err *e)
{
	struct arena a = { 0 };
	struct row row;
	int rc = read_row(n, job, &a, &row, e);

	if (rc == 0) {
		job->line = xstrndup(row.line.p, row.line.len);
		job->attempt++;
		job->state = JOB_CHOSEN;
		job->lane->active++;
		bucket_take(&job->lane->bucket);
		rc = save(n, job, ROW_BEGUN, row.target, row.line, e);
	}
	arena_free(&a);
	return rc;
}

bool deliver_is_due(struct notifier *n, struct lane *l, int64_t *wait_ms_r)
{
	int64_t now_ms = loop_now_ms(stage_loop(n->stage));

	*wait_ms_r = -1;
	if (lane_find(l, JOB_ENDED))
		return true;
	if (n->stopping)
		return false;
	return lane_wants_rows(l) || lane_find(l, JOB_UNSETTLED) ||
	       lane_next(l, clk_wall_us(), now_ms, wait_ms_r);
}

int deliver_turn(struct notifier *n, struct lane *l, struct err *e)
{
	int64_t now_ms = loop_now_ms(stage_loop(n->stage)), wait_ms;
	struct job *job;

	while ((job = lane_find(l, JOB_ENDED)))
		if (record(n, job, e))
			return -1;
	if (lane_wants_rows(l) && load_rows(n, l, e))
		return -1;
	while ((job = lane_find(l, JOB_UNSETTLED)))
		if (judge(n, job, e))
			return -1;
	while (!n->stopping &&
	       (job = lane_next(l, clk_wall_us(), now_ms, &wait_ms)))
		if (choose(n, job, e))
			return -1;
	stats_set(stage_stats(n->stage), "queued", l->label, (int64_t)l->rows);
	return 0;
}

static void on_outcome(void *arg, const struct outcome *o)
{
	struct job *job = arg;
	struct notifier *n = job->lane->owner;

	job->outcome = *o;
	job->sending = NULL;
	job->state = JOB_ENDED;
	loop_work_wake(n->work);
}

void deliver_start(struct notifier *n, struct lane *l)
{
	struct arena a = { 0 };
	struct job *job;

	while ((job = lane_find(l, JOB_CHOSEN))) {
		struct compose_job what;
		struct event ev;
		struct err e;

		job->state = JOB_SENDING;
		if (event_parse(str_from(job->line), 0, &a, &ev, &e) == 0)
			message_id(&ev, lane_name(l), job->id);
		what = (struct compose_job){ .line = str_from(job->line),
					     .id = job->id,
					     .part = job->part + 1 };
		job->sending = send_start(n->sender, &l->channel, &what,
					  on_outcome, job);
		arena_reset(&a);
	}
	arena_free(&a);
}
