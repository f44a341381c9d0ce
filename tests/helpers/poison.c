/*
 * poison - a stage that dies of certain events, for tests of what follows.
 *
 *	poison [OPTION...]
 *
 * Answers each dose.given/X with dose.taken/X. Where the data is "deadly", the
 * process aborts instead, and where it is "filling" it ends as with a full
 * disk, unless the environment has ANTIDOTE. What is "slow" is "deadly" as soon
 * as anything else was recorded, or time has passed.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/opt.h"
#include "common/stage.h"
#include "common/xmem.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
} cfg;

static const struct opt opts[] = { STAGE_OPTIONS(cfg.stage) };

static const struct opt_tool tool = {
	.name = "poison",
	.synopsis = "[OPTION...]",
	.summary = "Take each dose, and die of a deadly one.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static int64_t due_us = CLK_NONE; /* of the slow one */

static int set_due(struct stage *s, int64_t us, struct err *e)
{
	due_us = us;
	return stage_put(s, STR("due"),
			 (struct str){ (const char *)&us, sizeof(us) }, e);
}

static int on_open(void *self, struct stage *s, struct err *e)
{
	struct str val;
	int rc = stage_get(s, STR("due"), &val, e);

	(void)self;
	if (rc > 0)
		memcpy(&due_us, val.p, sizeof(due_us));
	return rc < 0 ? -1 : 0;
}

static void die_without_antidote(void)
{
	if (!getenv("ANTIDOTE"))
		abort();
}

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	const struct str no_ext = { 0 };
	struct buf topic = { 0 };
	int rc;

	(void)self;
	if (!event_is(ev, "dose.given"))
		return 0;
	if (str_is(ev->data, "\"slow\""))
		return set_due(s, ev->recorded_us, e);
	if (str_is(ev->data, "\"deadly\""))
		die_without_antidote();
	if (str_is(ev->data, "\"filling\"") && !getenv("ANTIDOTE"))
		return err_set(e, EX_TEMPFAIL, "there is no room");
	buf_puts(&topic, "dose.taken/");
	buf_add_str(&topic, event_subject(ev));
	rc = stage_emit(s, buf_str(&topic), ev->time_us, ev, no_ext, ev->data,
			e);
	buf_free(&topic);
	return rc;
}

static int64_t deadline(void *self)
{
	(void)self;
	return due_us;
}

static int give_up(void *self, struct stage *s, int64_t now_us, struct err *e)
{
	(void)self;
	(void)now_us;
	return set_due(s, CLK_NONE, e);
}

static int fire(void *self, struct stage *s, int64_t now_us, struct err *e)
{
	die_without_antidote();
	return give_up(self, s, now_us, e);
}

static const struct stage_handler handler = {
	.tool = "poison",
	.pure = true,
	.open = on_open,
	.event = on_event,
	.deadline = deadline,
	.fire = fire,
	.give_up = give_up,
};

int main(int argc, char **argv)
{
	struct err e = { 0 };
	char **args;
	int status;

	log_init("poison");
	status = opt_parse(&tool, argc, argv, &args, &e);
	if (status == 0)
		status = stage_run(&handler, NULL, &cfg.common, &cfg.stage, &e);
	if (status < 0)
		log_error("%s", e.msg);
	opt_release(&tool);
	return status < 0 ? e.code : EX_OK;
}
