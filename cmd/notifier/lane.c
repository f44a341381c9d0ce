#include "lane.h"

#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/xmem.h"

/* ---- rows ---- */

struct row_head {
	int64_t born_us, due_us;
	uint32_t attempt, target_len;
	uint8_t state, told, part, message_len;
	uint8_t more; /* 1: struct row_more follows */
	uint8_t urgent, zero[2];
};

struct row_more {
	uint64_t self, update;
	uint32_t tried_len, zero;
};

void row_print(const struct row *r, struct buf *b)
{
	struct row_head h = { .born_us = r->born_us,
			      .due_us = r->due_us,
			      .attempt = r->attempt,
			      .target_len = (uint32_t)r->target.len,
			      .state = (uint8_t)r->state,
			      .told = r->told,
			      .part = (uint8_t)r->part,
			      .message_len = (uint8_t)r->message.len,
			      .more = 1,
			      .urgent = r->urgent };
	struct row_more more = { .self = r->self,
				 .update = r->update,
				 .tried_len = (uint32_t)r->tried.len };

	buf_add(b, &h, sizeof(h));
	buf_add(b, &more, sizeof(more));
	buf_add_str(b, r->tried);
	buf_add_str(b, r->message);
	buf_add_str(b, r->target);
	buf_add_str(b, r->line);
}

/* The next len bytes of *rest. */
static bool take(struct str *rest, size_t len, struct str *part_r)
{
	if (len > rest->len)
		return false;
	*part_r = str_sub(*rest, 0, len);
	*rest = str_sub(*rest, len, rest->len);
	return true;
}

/* Rows of earlier versions have no struct row_more. */
bool row_read(struct str val, struct row *r_r)
{
	struct row_more more = { .self = 0 };
	struct str part;
	struct row_head h;

	if (!take(&val, sizeof(h), &part))
		return false;
	memcpy(&h, part.p, sizeof(h));
	if (h.state > ROW_OLD || h.message_len > OUTCOME_MESSAGE_MAX)
		return false;
	*r_r = (struct row){ .state = (enum row_state)h.state,
			     .told = h.told,
			     .urgent = h.urgent,
			     .attempt = h.attempt,
			     .born_us = h.born_us,
			     .due_us = h.due_us,
			     .part = h.part };
	if (h.more) {
		if (!take(&val, sizeof(more), &part))
			return false;
		memcpy(&more, part.p, sizeof(more));
	}
	r_r->self = more.self;
	r_r->update = more.update;
	r_r->line = val;
	return take(&r_r->line, more.tried_len, &r_r->tried) &&
	       take(&r_r->line, h.message_len, &r_r->message) &&
	       take(&r_r->line, h.target_len, &r_r->target);
}

struct str row_prefix(struct str lane, char out[LANE_KEY_MAX])
{
	memcpy(out, "q/", 2);
	memcpy(out + 2, lane.p, lane.len);
	out[2 + lane.len] = '/';
	return (struct str){ out, lane.len + 3 };
}

struct str row_key(struct str lane, uint64_t seq, char out[LANE_KEY_MAX])
{
	struct str key = row_prefix(lane, out);

	db_key_u64(seq, out + key.len);
	return (struct str){ out, key.len + 8 };
}

bool row_unkey(struct str key, struct str *lane_r, uint64_t *seq_r)
{
	if (key.len < 3 + 8 || !str_starts(key, STR("q/")) ||
	    key.p[key.len - 9] != '/')
		return false;
	*lane_r = str_sub(key, 2, key.len - 9);
	*seq_r = db_u64(str_sub(key, key.len - 8, key.len));
	return str_is_id(*lane_r);
}

/* ---- jobs ---- */

void lane_bind(struct lane *l, const struct channel *channel, int64_t now_ms)
{
	if (channel) {
		l->channel = *channel;
		l->label = l->name;
	} else {
		l->channel = (struct channel){ .kind = NULL };
	}
	l->channel.name = l->name;
	bucket_init(&l->bucket, l->channel.rate, now_ms);
	/* It may be mended now: the next one shows it. */
	l->failures = l->rejects = 0;
	l->pause_us = 0;
	l->failing_us = CLK_NONE;
	l->gone = false;
	for (size_t i = 0; i < l->n; i++) {
		l->job[i]->stuck = false;
		l->job[i]->old = true;
	}
	for (size_t i = 0; !channel && i < l->n; i++)
		if (l->job[i]->state == JOB_WAITING)
			l->job[i]->state = JOB_UNSETTLED;
}

struct lane *lane_new(const struct channel *channel, struct str name,
		      int64_t now_ms)
{
	struct lane *l = xcalloc(1, sizeof(*l));

	l->name = xstrndup(name.p, name.len);
	l->label = "-";
	lane_bind(l, channel, now_ms);
	return l;
}

void lane_free(struct lane **lp)
{
	struct lane *l = *lp;

	if (!l)
		return;
	while (l->n)
		lane_drop(l, l->job[l->n - 1]);
	free(l->name);
	free(l);
	*lp = NULL;
}

/* At its place by seq, for which there must be room. */
static struct job *insert(struct lane *l, uint64_t seq, const struct row *row)
{
	bool settled = row->state == ROW_WAITING && l->channel.kind;
	struct job *job = xcalloc(1, sizeof(*job));
	size_t i = l->n++;

	for (; i > 0 && l->job[i - 1]->seq > seq; i--)
		l->job[i] = l->job[i - 1];
	l->job[i] = job;
	job->lane = l;
	job->seq = seq;
	job->state = settled ? JOB_WAITING : JOB_UNSETTLED;
	job->told = row->told;
	job->urgent = row->urgent;
	job->attempt = row->attempt;
	job->born_us = row->born_us;
	job->due_us = row->due_us;
	job->part = row->part;
	job->self = row->self;
	job->update = row->update;
	if (row->tried.len)
		job->tried = xstrndup(row->tried.p, row->tried.len);
	str_copy(job->message, sizeof(job->message), row->message);
	return job;
}

/* Those beyond what was loaded are all urgent. */
static size_t window_used(const struct lane *l)
{
	size_t n = l->n;

	while (n && l->job[n - 1]->seq > l->loaded)
		n--;
	return n;
}

static struct job *find_seq(const struct lane *l, uint64_t seq)
{
	for (size_t i = l->n; i-- > 0 && l->job[i]->seq >= seq;)
		if (l->job[i]->seq == seq)
			return l->job[i];
	return NULL;
}

struct job *lane_add(struct lane *l, uint64_t seq, const struct row *row)
{
	struct job *job = find_seq(l, seq);

	if (window_used(l) == LANE_WINDOW) {
		l->whole = false;
		return NULL;
	}
	l->loaded = seq;
	return job ? job : insert(l, seq, row);
}

void lane_add_urgent(struct lane *l, uint64_t seq, const struct row *row)
{
	/* A change is not sent before what it changes. */
	if (row->urgent && !row->update && seq > l->loaded &&
	    !find_seq(l, seq) && l->n - window_used(l) < LANE_URGENT)
		insert(l, seq, row);
}

void lane_drop(struct lane *l, struct job *job)
{
	size_t i = 0;

	while (l->job[i] != job)
		i++;
	l->n--;
	memmove(l->job + i, l->job + i + 1, (l->n - i) * sizeof(*l->job));
	free(job->line);
	free(job->edit);
	free(job->tried);
	free(job);
}

bool lane_wants_rows(const struct lane *l)
{
	return !l->whole && window_used(l) < LANE_WINDOW / 2;
}

struct job *lane_find(const struct lane *l, enum job_state state)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->job[i]->state == state)
			return l->job[i];
	return NULL;
}

/* What it changes must have its message first. */
static bool must_follow(const struct lane *l, size_t i)
{
	for (size_t k = 0; l->job[i]->update && k < i; k++)
		if (l->job[k]->self == l->job[i]->update ||
		    l->job[k]->update == l->job[i]->update)
			return true;
	return false;
}

/* What is due first goes first, but for urgent ones that are due. */
static int64_t rank(const struct job *job, int64_t now_us)
{
	return job->urgent && job->due_us <= now_us ? INT64_MIN : job->due_us;
}

/* The waiting job that goes next; the older one of equals. */
static struct job *first_due(const struct lane *l, int64_t now_us)
{
	struct job *first = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct job *job = l->job[i];

		if (job->state == JOB_WAITING &&
		    (!first || rank(job, now_us) < rank(first, now_us)) &&
		    !must_follow(l, i))
			first = job;
	}
	return first;
}

struct job *lane_next(struct lane *l, int64_t now_us, int64_t now_ms,
		      int64_t *wait_ms_r)
{
	struct job *job = first_due(l, now_us);
	int64_t from_us, wait_ms;

	*wait_ms_r = -1;
	if (!job || l->gone || l->active >= l->channel.parallel)
		return NULL;
	from_us = job->due_us > l->pause_us ? job->due_us : l->pause_us;
	wait_ms = from_us > now_us ? (from_us - now_us + 999) / 1000
				   : bucket_wait_ms(&l->bucket, now_ms);
	if (wait_ms == 0)
		return job;
	*wait_ms_r = wait_ms;
	return NULL;
}

/*
 * Until when all wait, as the receiver asks. Not for longer than one
 * notification is tried: whoever asks for a year would get none of them, and
 * nobody would be told.
 */
static void pause_for(struct lane *l, int64_t wait_ms, int64_t now_us)
{
	if (wait_ms > l->channel.retry_life_ms)
		wait_ms = l->channel.retry_life_ms;
	if (now_us + wait_ms * 1000 > l->pause_us)
		l->pause_us = now_us + wait_ms * 1000;
}

int64_t lane_retry_at(struct lane *l, const struct job *job,
		      const struct outcome *o, int64_t now_us, uint32_t random)
{
	const struct channel *c = &l->channel;
	int64_t pause_ms = retry_pause_ms(job->attempt, random);
	int64_t end_us = job->born_us + c->retry_life_ms * 1000, at_us;

	/* What fails at the same time counts once. */
	if (now_us >= l->pause_us) {
		l->failures++;
		l->pause_us =
			now_us + retry_pause_ms(l->failures, random) * 1000;
	}
	pause_for(l, o->wait_ms, now_us);
	if (o->wait_ms > pause_ms)
		pause_ms = o->wait_ms;
	at_us = now_us + pause_ms * 1000;
	if ((c->retries && job->attempt > c->retries) || at_us > end_us)
		return CLK_NONE;
	return at_us;
}

static bool is(const char *reason, const char *word)
{
	return strcmp(reason, word) == 0;
}

/* Does it get nothing through? Then *since_us_r is since when. */
static bool is_dead(struct lane *l, const struct outcome *o, int64_t now_us,
		    int64_t *since_us_r)
{
	*since_us_r = now_us;
	if (o->end == OUTCOME_FAILED) {
		l->failing_us = CLK_NONE;
		if (is(o->reason, "rejected"))
			l->rejects++;
		return is(o->reason, "auth") || is(o->reason, "gone") ||
		       l->rejects >= LANE_REJECTS;
	}
	if (is(o->reason, "rate-limit") || o->edit_gone)
		return false;
	if (l->failing_us == CLK_NONE)
		l->failing_us = now_us;
	*since_us_r = l->failing_us;
	return now_us - l->failing_us >= l->channel.down_after_ms * 1000;
}

enum lane_turn lane_judge(struct lane *l, const struct outcome *o,
			  int64_t now_us)
{
	bool was = l->down;
	int64_t since_us;

	if (o->end == OUTCOME_SENT) {
		l->failures = l->rejects = 0;
		l->failing_us = CLK_NONE;
		l->down = l->gone = false;
		pause_for(l, o->wait_ms, now_us);
		return was ? LANE_UP : LANE_SAME;
	}
	l->gone = l->gone || is(o->reason, "gone");
	if (is_dead(l, o, now_us, &since_us) && !was) {
		l->down = true;
		l->down_us = since_us;
		str_copy(l->down_reason, sizeof(l->down_reason),
			 str_from(o->reason));
	}
	/* Somebody answers; where all is refused, it is asked less often. */
	if (o->end == OUTCOME_FAILED && !l->down)
		l->failures = 0;
	else if (o->end == OUTCOME_FAILED && now_us >= l->pause_us)
		l->pause_us = now_us + retry_pause_ms(++l->failures, 0) * 1000;
	return l->down && !was ? LANE_DOWN : LANE_SAME;
}

struct job *lane_refugee(const struct lane *l, int64_t now_us)
{
	bool alone = l->gone || (l->down && now_us < l->pause_us);

	for (size_t i = 0; alone && i < l->n; i++)
		if (l->job[i]->state == JOB_WAITING &&
		    (l->gone || !l->job[i]->stuck))
			return l->job[i];
	return NULL;
}
