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

/* A delivery's event in the making: more may be put into data. */
struct news {
	struct str target, line; /* the channel and the notification */
	unsigned attempt;
	const struct outcome *outcome;
	struct type_delivery data;
};

static int read_line(struct str line, struct arena *a, struct message *m_r,
		     struct err *e)
{
	struct event ev;

	if (event_parse(line, 0, a, &ev, e))
		return -1;
	return message_read(&ev, a, m_r, e);
}

/* Tell how it stands with one delivery. */
static int tell(struct notifier *n, const char *type, const struct news *news,
		struct err *e)
{
	char id[MESSAGE_ID_SIZE], attempt_text[16], status_text[16];
	const struct outcome *o = news->outcome;
	unsigned attempt = news->attempt;
	struct type_delivery d = news->data;
	struct arena a = { 0 };
	struct message m;
	int rc = -1;

	if (read_line(news->line, &a, &m, e))
		goto out;
	message_id(&m.ev, news->target, id);
	d.id = str_from(id);
	d.channel = short_name(news->target);
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
			   .urgent = job->urgent,
			   .attempt = job->attempt,
			   .born_us = job->born_us,
			   .due_us = job->due_us,
			   .part = job->part,
			   .message = str_from(job->message),
			   .self = job->self,
			   .update = job->update,
			   .tried = str_from(job->tried),
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

/* The first of the channels that failed, if any. */
static struct str first_tried(const struct job *job)
{
	struct str rest, first = str_cut(str_from(job->tried), '\n', &rest);

	return first.len ? first : (struct str){ 0 };
}

/* Who else could deliver it: NULL for nobody. */
static const struct channel *find_next(struct notifier *n,
				       const struct job *job,
				       const struct message *m)
{
	return channels_next(n->channels, &job->lane->channel, m->user,
			     &m->data.notify, str_from(job->tried));
}

static struct str add_tried(const struct job *job, struct arena *a)
{
	struct buf b = { .p = NULL };
	struct str tried;

	buf_puts(&b, job->tried ? job->tried : "");
	if (b.len)
		buf_putc(&b, '\n');
	buf_puts(&b, job->lane->name);
	tried = arena_str(a, buf_str(&b));
	buf_free(&b);
	return tried;
}

/*
 * This channel's delivery has failed, and another channel takes it over where
 * there is one. `always`: it has failed also where there is none. 1: it has
 * not, and stays.
 */
static int give_up(struct notifier *n, struct job *job, struct str line,
		   const struct outcome *o, bool always, struct err *e)
{
	struct news news = { .target = lane_name(job->lane),
			     .attempt = job->attempt,
			     .outcome = o,
			     .data = { .instead = first_tried(job) } };
	struct arena a = { 0 };
	struct message m;
	const struct channel *to = NULL;
	struct str tried;
	int rc;

	/* The line may be the job's own, which ends before it is needed. */
	news.line = arena_str(&a, line);
	rc = read_line(news.line, &a, &m, e);
	if (rc == 0)
		to = find_next(n, job, &m);
	if (rc == 0 && !to && !always) {
		job->stuck = true;
		rc = 1;
	}
	if (rc)
		goto out;
	tried = add_tried(job, &a);
	if (to)
		news.data.fallover = str_from(to->name);
	count(n, job, to ? "fallover_total" : "failed_total");
	log_warn("failed channel=%s attempt=%u reason=%s%s%s %s",
		 job->lane->name, job->attempt, o->reason,
		 to ? " fallover=" : "", to ? to->name : "", o->receiver);
	rc = tell(n, "delivery.failed", &news, e);
	if (rc == 0)
		rc = forget(n, job, e);
	if (rc == 0 && to)
		rc = notifier_enqueue(n, &m, str_from(to->name),
				      str_from(to->name), tried, e);
out:
	arena_free(&a);
	return rc;
}

static bool may_go_elsewhere(const struct outcome *o)
{
	return strcmp(o->reason, "bad-notification") != 0;
}

static int fail(struct notifier *n, struct job *job, struct str target,
		struct str line, const struct outcome *o, struct err *e)
{
	const struct news news = { .target = target,
				   .line = line,
				   .attempt = job->attempt,
				   .outcome = o,
				   .data = { .instead = first_tried(job) } };

	if (job->lane->channel.kind && may_go_elsewhere(o))
		return give_up(n, job, line, o, true, e);
	count(n, job, "failed_total");
	log_warn("failed channel=%s attempt=%u reason=%s %s",
		 job->lane->channel.name, job->attempt, o->reason, o->receiver);
	if (tell(n, "delivery.failed", &news, e))
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
	return tell(n, "delivery.unknown",
		    &(struct news){ .target = lane_name(job->lane),
				    .line = line,
				    .attempt = job->attempt,
				    .outcome = o },
		    e);
}

/* Back into the queue, as the job is now. */
static int wait_again(struct notifier *n, struct job *job, struct err *e)
{
	job->state = JOB_WAITING;
	if (save(n, job, ROW_WAITING, lane_name(job->lane), str_from(job->line),
		 e))
		return -1;
	free(job->line);
	free(job->edit);
	job->line = job->edit = NULL;
	return 0;
}

/* What was to be changed is not there any more: at once, as a new message. */
static int send_anew(struct notifier *n, struct job *job, struct err *e)
{
	struct arena a = { 0 };
	struct message m;
	int rc = read_line(str_from(job->line), &a, &m, e);

	count(n, job, "retries_total");
	if (rc == 0)
		rc = book_drop(n, job->lane, m.data.update, e);
	if (rc == 0)
		rc = wait_again(n, job, e);
	arena_free(&a);
	return rc;
}

static int retry(struct notifier *n, struct job *job, struct err *e)
{
	struct lane *l = job->lane;
	const struct outcome *o = &job->outcome;
	struct str line = str_from(job->line);
	int64_t at_us;
	uint32_t random;
	int rc;

	if (o->edit_gone && job->edit)
		return send_anew(n, job, e);
	while (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		;
	at_us = lane_retry_at(l, job, o, clk_wall_us(), random);
	if (at_us == CLK_NONE)
		return fail(n, job, lane_name(l), line, o, e);
	if (l->down) {
		rc = give_up(n, job, line, o, false, e);
		if (rc <= 0)
			return rc;
	}
	count(n, job, "retries_total");
	log_info("retry channel=%s attempt=%u reason=%s in_ms=%lld",
		 l->channel.name, job->attempt, o->reason,
		 (long long)(at_us - clk_wall_us()) / 1000);
	job->due_us = at_us;
	return wait_again(n, job, e);
}

/* Remember by which id the message can be changed. */
static int enter(struct notifier *n, const struct job *job, struct err *e)
{
	struct arena a = { 0 };
	struct message m;
	int rc = read_line(str_from(job->line), &a, &m, e);

	if (rc == 0)
		rc = book_put(n, job->lane, m.data.id, str_from(job->message),
			      e);
	arena_free(&a);
	return rc;
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
			 str_from(*o->message || !job->edit ? o->message
							    : job->edit));
	if (o->more && job->part < UINT8_MAX) {
		job->part++;
		job->attempt = 0;
		return wait_again(n, job, e);
	}
	count(n, job, "sent_total");
	log_debug("sent channel=%s attempt=%u", l->channel.name, job->attempt);
	str_copy(o->message, sizeof(o->message), str_from(job->message));
	if (*o->message && enter(n, job, e))
		return -1;
	if (tell(n, "delivery.sent",
		 &(struct news){ .target = lane_name(l),
				 .line = line,
				 .attempt = job->attempt,
				 .outcome = o,
				 .data = { .instead = first_tried(job) } },
		 e))
		return -1;
	return forget(n, job, e);
}

static int record(struct notifier *n, struct job *job, struct err *e)
{
	struct lane *l = job->lane;
	const struct outcome *o = &job->outcome;
	struct str line = str_from(job->line);

	l->active--;
	if (!job->old && health_judge(n, l, o, e))
		return -1;
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

/* Is there a message to change? */
static int find_edit(struct notifier *n, struct job *job, struct str line,
		     struct arena *a, struct err *e)
{
	struct message m;
	struct str message;

	if (!job->update || job->part)
		return 0;
	if (read_line(line, a, &m, e) ||
	    book_find(n, job->lane, m.data.update, &message, e))
		return -1;
	if (message.len)
		job->edit = xstrndup(message.p, message.len);
	return 0;
}

static int choose(struct notifier *n, struct job *job, struct err *e)
{
	struct arena a = { 0 };
	struct row row;
	int rc = read_row(n, job, &a, &row, e);

	if (rc == 0)
		rc = find_edit(n, job, row.line, &a, e);
	if (rc == 0) {
		job->line = xstrndup(row.line.p, row.line.len);
		job->attempt++;
		job->old = false;
		job->state = JOB_CHOSEN;
		job->lane->active++;
		bucket_take(&job->lane->bucket);
		rc = save(n, job, ROW_BEGUN, row.target, row.line, e);
	}
	arena_free(&a);
	return rc;
}

/* Of a channel that is down, to another one; of one that is gone, anyway. */
static int flee(struct notifier *n, struct job *job, struct err *e)
{
	const struct lane *l = job->lane;
	bool gone = l->gone;
	struct outcome o = { .end = OUTCOME_RETRY,
			     .reason = gone ? "gone" : l->down_reason,
			     .status = -1 };
	struct arena a = { 0 };
	struct row row;
	int rc = read_row(n, job, &a, &row, e);

	if (rc == 0)
		rc = give_up(n, job, row.line, &o, gone, e);
	arena_free(&a);
	return rc < 0 ? -1 : 0;
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
	       lane_refugee(l, clk_wall_us()) ||
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
	if (health_gone(n, l, e))
		return -1;
	while (!n->stopping && (job = lane_refugee(l, clk_wall_us())))
		if (flee(n, job, e))
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
					     .part = job->part + 1,
					     .edit = str_from(job->edit) };
		job->sending = send_start(n->sender, &l->channel, &what,
					  on_outcome, job);
		arena_reset(&a);
	}
	arena_free(&a);
}
