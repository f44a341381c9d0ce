#include "poll.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/backoff.h"
#include "common/log.h"
#include "common/xmem.h"

#include "bot.h"
#include "errand.h"
#include "serve.h"
#include "telegram.h"
#include "update.h"

struct poll {
	struct bot *bot;
	unsigned limit; /* of updates in one answer */
	struct telegram *telegram;
	struct telegram_call *call;
	struct loop_timer *timer;
	uint64_t asked; /* the offset of the answer that is awaited */
	unsigned failures;
};

static struct str offset_key(const struct bot *b, char out[64])
{
	int n = snprintf(out, 64, "u/%.*s", STR_ARG(bot_number(b)));

	return (struct str){ out, (size_t)n };
}

/* The next update that is wanted; 0: whatever there is. */
static int get_offset(const struct bot *b, uint64_t *offset_r, struct err *e)
{
	char key[64];
	struct str val;
	int got = stage_get(b->stage, offset_key(b, key), &val, e);

	*offset_r = 0;
	if (got > 0 && !str_u64(val, offset_r))
		*offset_r = 0;
	return got < 0 ? -1 : 0;
}

static int set_offset(const struct bot *b, uint64_t offset, struct err *e)
{
	char key[64], text[STR_U64_MAX];
	struct str val = { text, str_put_u64(text, offset) };

	return stage_put(b->stage, offset_key(b, key), val, e);
}

int poll_served(struct bot *b, struct str update, struct err *e)
{
	struct str id, number = str_cut(update, '/', &id);
	uint64_t served, offset;

	if (!str_eq(number, bot_number(b)) || !str_u64(id, &served))
		return 0;
	if (get_offset(b, &offset, e))
		return -1;
	/* Of what was served before this ledger, the last one counts. */
	if (served < offset && !stage_is_silent(b->stage))
		return 0;
	return set_offset(b, served + 1, e);
}

static void ask(struct poll *p);

/* One update, its effects, and the step to the next: one transaction. */
static int take(struct poll *p, const struct json *node, struct err *e)
{
	struct bot *b = p->bot;
	struct update u;
	uint64_t offset;
	struct err bad;

	if (update_read(node, &u, &bad)) {
		log_warn("passed over: %s", bad.msg);
		return 0;
	}
	if (stage_begin(b->stage, e) || get_offset(b, &offset, e))
		return -1;
	/*
	 * Below what was asked for there is nothing, unless Telegram numbers
	 * anew, which it does after a week of silence.
	 */
	if (u.id < p->asked) {
		log_info("updates are numbered anew, from %llu",
			 (unsigned long long)u.id);
		p->asked = offset = 0;
	}
	if (u.id >= offset) {
		stats_add(stage_stats(b->stage), "updates_total", NULL, 1);
		if (serve(b, &u, e) || set_offset(b, u.id + 1, e))
			return -1;
	}
	return stage_commit(b->stage, e);
}

static void fail(struct poll *p, const struct telegram_answer *a)
{
	int64_t ms =
		backoff_ms(POLL_RETRY_MS, ++p->failures, POLL_RETRY_MAX_MS);

	/* Many long messages are a longer answer than we take. */
	p->limit = p->limit > 4 ? p->limit / 4 : 1;
	/* The first, and then each that waits for as long as there is. */
	if (p->failures == 1 || a->status == 401 || a->status == 409)
		log_warn("Telegram: %s", a->why);
	stats_add(stage_stats(p->bot->stage), "poll_failures_total", NULL, 1);
	if (a->status == 401 || a->status == 409)
		ms = POLL_RETRY_MAX_MS;
	ms = ms / 2 + arc4random_uniform((uint32_t)(ms / 2) + 1);
	loop_timer_start(p->timer, a->wait_ms > ms ? a->wait_ms : ms);
}

static void on_updates(void *arg, const struct telegram_answer *a)
{
	struct poll *p = arg;
	unsigned n = 0;
	struct err e;

	p->call = NULL;
	if (!a->ok) {
		fail(p, a);
		return;
	}
	if (p->failures)
		log_info("Telegram answers again");
	p->failures = 0;
	json_each (node, a->result) {
		if (take(p, node, &e)) {
			stage_fail(p->bot->stage, &e);
			return;
		}
		n++;
	}
	if (n < p->limit)
		p->limit = POLL_LIMIT;
	errands_go(p->bot->errands);
	ask(p);
}

static void ask(struct poll *p)
{
	struct stage *s = p->bot->stage;
	struct buf body = { 0 };
	uint64_t offset;
	struct err e;

	if (stage_begin(s, &e) || get_offset(p->bot, &offset, &e) ||
	    stage_commit(s, &e)) {
		stage_fail(s, &e);
		return;
	}
	p->asked = offset;
	buf_addf(&body,
		 "{\"offset\":%llu,\"limit\":%u,\"timeout\":%lld,"
		 "\"allowed_updates\":[\"message\",\"callback_query\"]}",
		 (unsigned long long)offset, p->limit,
		 (long long)p->bot->poll_s);
	p->call = telegram_call(p->telegram, "getUpdates", buf_str(&body),
				p->bot->poll_s * 1000 + POLL_SLACK_MS,
				on_updates, p);
	buf_free(&body);
}

static void on_timer(void *arg)
{
	ask(arg);
}

void poll_start(struct poll *p)
{
	ask(p);
}

struct poll *poll_new(struct bot *b, struct err *e)
{
	struct poll *p = xcalloc(1, sizeof(*p));

	p->bot = b;
	p->limit = POLL_LIMIT;
	p->telegram = telegram_new(stage_loop(b->stage), b->base, b->token, e);
	p->timer = loop_timer_new(stage_loop(b->stage), on_timer, p);
	if (!p->telegram)
		poll_free(&p);
	return p;
}

void poll_free(struct poll **pp)
{
	struct poll *p = *pp;

	if (!p)
		return;
	telegram_cancel(&p->call);
	telegram_free(&p->telegram);
	loop_timer_free(&p->timer);
	free(p);
	*pp = NULL;
}
