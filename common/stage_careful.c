/*
 * A stage after an unclean end: what it was handling then may be what ended
 * it. So events and deadlines are handled one by one, each tried a few times,
 * and what ends the process every time is passed over, recorded, and kept in
 * mind for --retry.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/stage_private.h"

#define KEY_RUNNING STR("\001running")
#define KEY_TRIED   STR("\001tried")
#define KEY_FIRED   STR("\001fired")
#define SKIPPED	    "\001skipped/" /* and a position */

enum {
	STAGE_TRIES = 3,
	/* More than one slice, so that the event that did it is met alone. */
	STAGE_CAREFUL = 1024,
};

struct tried {
	struct position pos;
	uint64_t times;
};

struct fired {
	int64_t due_us;
	uint64_t times;
};

/* ---- was the last end unclean? ---- */

int stage_mark_running(struct stage *s, struct err *e)
{
	struct str val;
	int rc = ledger_get(s->ledger, KEY_RUNNING, &val, e);

	if (rc < 0)
		return -1;
	if (rc > 0)
		s->careful = STAGE_CAREFUL;
	return ledger_put(s->ledger, KEY_RUNNING, STR("1"), e);
}

void stage_mark_clean_end(struct stage *s)
{
	struct err ignored;

	if (ledger_begin(s->ledger, &ignored) == 0 &&
	    ledger_del(s->ledger, KEY_RUNNING, &ignored) >= 0 &&
	    ledger_del(s->ledger, KEY_TRIED, &ignored) >= 0 &&
	    ledger_del(s->ledger, KEY_FIRED, &ignored) >= 0)
		(void)ledger_commit(s->ledger, &ignored);
}

/* ---- one at a time ---- */

/* What: "position" or "deadline"; which: it. */
static int emit_skipped(struct stage *s, const char *what, const char *which,
			int64_t time_us, const struct event *cause,
			struct err *e)
{
	struct buf data = { .p = NULL };
	char topic[100];
	int rc;

	snprintf(topic, sizeof(topic), "stage.skipped/%s", s->h->tool);
	buf_addf(&data,
		 "{\"%s\":\"%s\",\"reason\":\"ended the process %d times\"}",
		 what, which, STAGE_TRIES);
	rc = stage_emit(s, str_from(topic), time_us, cause, (struct str){ 0 },
			buf_str(&data), e);
	buf_free(&data);
	stats_add(s->stats, "skipped_total", NULL, 1);
	log_error("skipped %s %s, which ended this process %d times", what,
		  which, STAGE_TRIES);
	return rc;
}

static struct str skipped_key(struct position pos, char out[64])
{
	snprintf(out, 64, SKIPPED "%08x:%llu", pos.epoch,
		 (unsigned long long)pos.offset);
	return str_from(out);
}

static int skip_event(struct stage *s, const struct event *ev, struct err *e)
{
	char key[64];

	s->now = (struct position){ ev->epoch, ev->offset };
	s->dirty = true;
	if (ledger_put(s->ledger, skipped_key(s->now, key), STR("1"), e) ||
	    emit_skipped(s, "position", key + strlen(SKIPPED), ev->recorded_us,
			 ev, e))
		return -1;
	return stage_settle(s, e);
}

/*
 * Commit that we are about to handle this one, then handle it alone. Whoever
 * finds that note three times passes over the event.
 */
int stage_handle_carefully(struct stage *s, const struct event *ev,
			   struct err *e)
{
	struct tried tried = { .times = 0 };
	struct position pos = { ev->epoch, ev->offset };

	/* What a deadline does is not the fault of the event after it. */
	if (stage_fire_all(s, ev->recorded_us, e) || stage_need_txn(s, e) ||
	    stage_get_row(s, KEY_TRIED, &tried, sizeof(tried), e) < 0)
		return -1;
	if (tried.pos.epoch != pos.epoch || tried.pos.offset != pos.offset)
		tried = (struct tried){ pos, 0 };
	if (tried.times >= STAGE_TRIES)
		return skip_event(s, ev, e);
	tried.times++;
	if (stage_put_row(s, KEY_TRIED, &tried, sizeof(tried), e) ||
	    ledger_commit(s->ledger, e))
		return -1;
	if (s->careful)
		s->careful--;
	return stage_handle(s, ev, e) || stage_settle(s, e) ? -1 : 0;
}

/* Several may be due at one time: one that fired leaves no note behind. */
int stage_fire_carefully(struct stage *s, int64_t due_us, struct err *e)
{
	struct fired fired = { .times = 0 };
	char text[CLK_TEXT_SIZE];
	int rc;

	if (stage_need_txn(s, e) ||
	    stage_get_row(s, KEY_FIRED, &fired, sizeof(fired), e) < 0)
		return -1;
	if (fired.due_us != due_us)
		fired = (struct fired){ due_us, 0 };
	if (fired.times >= STAGE_TRIES) {
		rc = s->h->give_up(s->self, s, due_us, e) ||
		     emit_skipped(s, "deadline", clk_format(due_us, text),
				  due_us, NULL, e);
	} else {
		fired.times++;
		if (stage_put_row(s, KEY_FIRED, &fired, sizeof(fired), e) ||
		    ledger_commit(s->ledger, e))
			return -1;
		s->careful--;
		rc = stage_fire(s, due_us, e);
	}
	if (rc || ledger_del(s->ledger, KEY_FIRED, e) < 0)
		return -1;
	return stage_settle(s, e);
}

/* ---- --retry: one event that was skipped, out of its order ---- */

/* Call fn for the event at pos. EX_NOINPUT: it is not there. */
static int visit(struct stage *s, struct position pos, journal_fn *fn,
		 struct err *e)
{
	struct journal *j = journal_open(s->common->dir, e);
	struct journal_head head;
	int rc;

	if (!j)
		return -1;
	rc = journal_head(j, &head, e);
	if (rc == 0 && head.epoch == pos.epoch)
		rc = journal_get(j, pos.offset, fn, s, e);
	journal_close(&j);
	if (rc == 0)
		err_set(e, EX_NOINPUT, "--retry: event %s is gone",
			s->options->retry);
	return rc > 0 ? 0 : -1;
}

static int is_there(void *arg, const struct event *ev, struct err *e)
{
	(void)arg;
	(void)ev;
	(void)e;
	return 0;
}

int stage_check_retry(struct stage *s, struct err *e)
{
	struct position pos;
	struct str val;
	char key[64];
	int rc;

	if (!s->options->retry)
		return 0;
	if (!position_parse(str_from(s->options->retry), &pos))
		return err_set(e, EX_USAGE, "--retry: %s is no position",
			       s->options->retry);
	rc = ledger_get(s->ledger, skipped_key(pos, key), &val, e);
	if (rc == 0)
		return err_set(e, EX_USAGE,
			       "--retry: %s was not skipped, or was handled "
			       "since",
			       s->options->retry);
	return rc < 0 ? -1 : visit(s, pos, is_there, e);
}

static int retry_event(void *arg, const struct event *ev, struct err *e)
{
	return stage_handle(arg, ev, e);
}

int stage_retry(struct stage *s, struct err *e)
{
	struct position pos, was = ledger_position(s->ledger);
	char key[64];

	if (!s->options->retry ||
	    !position_parse(str_from(s->options->retry), &pos))
		return 0;
	if (visit(s, pos, retry_event, e) ||
	    ledger_del(s->ledger, skipped_key(pos, key), e) < 0)
		return -1;
	s->now = was;
	return stage_settle(s, e);
}
