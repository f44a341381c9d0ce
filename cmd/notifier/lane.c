#include "lane.h"

#include <stdlib.h>
#include <string.h>

#include "common/db.h"
#include "common/xmem.h"

/* ---- rows ---- */

struct row_head {
	int64_t born_us, due_us;
	uint32_t attempt, target_len;
	uint8_t state, told, part, message_len, zero[4];
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
			      .message_len = (uint8_t)r->message.len };

	buf_add(b, &h, sizeof(h));
	buf_add_str(b, r->message);
	buf_add_str(b, r->target);
	buf_add_str(b, r->line);
}

bool row_read(struct str val, struct row *r_r)
{
	struct row_head h;
	size_t at = sizeof(h);

	if (val.len < sizeof(h))
		return false;
	memcpy(&h, val.p, sizeof(h));
	if (h.state > ROW_OLD || h.message_len > OUTCOME_MESSAGE_MAX ||
	    h.message_len > val.len - at ||
	    h.target_len > val.len - at - h.message_len)
		return false;
	*r_r = (struct row){ .state = (enum row_state)h.state,
			     .told = h.told,
			     .attempt = h.attempt,
			     .born_us = h.born_us,
			     .due_us = h.due_us,
			     .part = h.part };
	r_r->message = str_sub(val, at, at + h.message_len);
	at += h.message_len;
	r_r->target = str_sub(val, at, at + h.target_len);
	r_r->line = str_sub(val, at + h.target_len, val.len);
	return true;
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

struct job *lane_add(struct lane *l, uint64_t seq, const struct row *row)
{
	bool settled = row->state == ROW_WAITING && l->channel.kind;
	struct job *job;

	if (l->n == LANE_WINDOW) {
		l->whole = false;
		return NULL;
	}
	job = l->job[l->n++] = xcalloc(1, sizeof(*job));
	job->lane = l;
	job->seq = l->loaded = seq;
	job->state = settled ? JOB_WAITING : JOB_UNSETTLED;
	job->told = row->told;
	job->attempt = row->attempt;
	job->born_us = row->born_us;
	job->due_us = row->due_us;
	job->part = row->part;
	str_copy(job->message, sizeof(job->message), row->message);
	return job;
}

void lane_drop(struct lane *l, struct job *job)
{
	size_t i = 0;

	while (l->job[i] != job)
		i++;
	l->n--;
	memmove(l->job + i, l->job + i + 1, (l->n - i) * sizeof(*l->job));
	free(job->line);
	free(job);
}

bool lane_wants_rows(const struct lane *l)
{
	return !l->whole && l->n < LANE_WINDOW / 2;
}

struct job *lane_find(const struct lane *l, enum job_state state)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->job[i]->state == state)
			return l->job[i];
	return NULL;
}

/* The waiting job that is due first; the older one of equals. */
static struct job *first_due(const struct lane *l)
{
	struct job *first = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct job *job = l->job[i];

		if (job->state == JOB_WAITING &&
		    (!first || job->due_us < first->due_us))
			first = job;
	}
	return first;
}

struct job *lane_next(struct lane *l, int64_t now_us, int64_t now_ms,
		      int64_t *wait_ms_r)
{
	struct job *job = first_due(l);
	int64_t from_us, wait_ms;

	*wait_ms_r = -1;
	if (!job || l->active >= l->channel.parallel)
		return NULL;
	from_us = job->due_us > l->pause_us ? job->due_us : l->pause_us;
	wait_ms = from_us > now_us ? (from_us - now_us + 999) / 1000
				   : bucket_wait_ms(&l->bucket, now_ms);
	if (wait_ms == 0)
		return job;
	*wait_ms_r = wait_ms;
	return NULL;
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
	if (now_us + o->wait_ms * 1000 > l->pause_us)
		l->pause_us = now_us + o->wait_ms * 1000;
	if (o->wait_ms > pause_ms)
		pause_ms = o->wait_ms;
	at_us = now_us + pause_ms * 1000;
	if ((c->retries && job->attempt > c->retries) || at_us > end_us)
		return CLK_NONE;
	return at_us;
}
