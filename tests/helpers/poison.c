/*
 * poison - a stage that dies of certain events, for tests of what follows.
 *
 *	poison [OPTION...]
 *
 * Answers each dose.given/X with dose.taken/X. Where the data is "deadly", the
 * process aborts instead, and where it is "filling" it ends as with a full
 * disk, unless the environment has ANTIDOTE.
 */
#include <stdlib.h>
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

static int on_event(void *self, struct stage *s, const struct event *ev,
		    struct err *e)
{
	const struct str no_ext = { 0 };
	struct buf topic = { 0 };
	int rc;

	(void)self;
	if (!event_is(ev, "dose.given"))
		return 0;
	if (str_is(ev->data, "\"deadly\"") && !getenv("ANTIDOTE"))
		abort();
	if (str_is(ev->data, "\"filling\"") && !getenv("ANTIDOTE"))
		return err_set(e, EX_TEMPFAIL, "there is no room");
	buf_puts(&topic, "dose.taken/");
	buf_add_str(&topic, event_subject(ev));
	rc = stage_emit(s, buf_str(&topic), ev->time_us, ev, no_ext, ev->data,
			e);
	buf_free(&topic);
	return rc;
}

static const struct stage_handler handler = {
	.tool = "poison",
	.pure = true,
	.event = on_event,
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
