/*
 * notifier - deliver notifications to people.
 * Reads user.notification; writes delivery.sent, delivery.failed and
 * delivery.unknown. See weir-notifier(1).
 */
#include <sysexits.h>

#include "common/stage.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "notifier.h"
#include "trial.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
	const char *test;
} cfg;

static const struct opt opts[] = {
	STAGE_OPTIONS(cfg.stage),
	{ 0, "test", "CHANNEL", OPT_STR, &cfg.test, 0, 0,
	  "send a test message over CHANNEL, print the outcome, and exit" },
};

static const struct opt_tool tool = {
	.name = "notifier",
	.synopsis = "[-i FILE -o - [-p] [-s DIR]] [--test CHANNEL]",
	.summary = "Deliver notifications over the channels of weir.conf.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static struct channels channels;

/* What is being sent needs its channel no longer. */
static int reload(struct notifier *n, struct err *e)
{
	struct opt_past *past = opt_reload(&tool, e);
	struct channels old = channels;

	if (!past)
		return -1;
	if (channels_load(cfg.common.conf, &channels, e)) {
		channels = old;
		opt_revert(&tool, &past);
		return -1;
	}
	notifier_rebind(n);
	channels_free(&old);
	opt_keep(&tool, &past);
	return 0;
}

/* 0, -1 with *e, or 1 where a test message was not delivered. */
static int work(struct err *e)
{
	struct notifier n = { .channels = &channels, .reload = reload };

	if (cfg.common.check_config)
		return 0;
	if (cfg.test)
		return trial_run(&channels, cfg.test, e);
	return stage_run(&notifier_handler, &n, &cfg.common, &cfg.stage, e);
}

static int run(char **args, struct err *e)
{
	int rc;

	(void)args;
	if (channels_load(cfg.common.conf, &channels, e))
		return -1;
	rc = work(e);
	channels_free(&channels);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
