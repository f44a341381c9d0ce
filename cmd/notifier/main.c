/*
 * notifier - deliver notifications to people.
 * Reads user.notification; writes delivery.sent, delivery.failed and
 * delivery.unknown. See weir-notifier(1).
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/opt.h"
#include "common/stage.h"
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

/* 0, -1 with *e, or 1 where a test message was not delivered. */
static int work(const struct channels *channels, struct err *e)
{
	struct notifier n = { .channels = channels };

	if (cfg.common.check_config)
		return opt_config_ok(&tool, e);
	if (cfg.test)
		return trial_run(channels, cfg.test, e);
	if (cfg.stage.out && !cfg.stage.in)
		return err_set(e, EX_USAGE, "--out goes with --in");
	return stage_run(&notifier_handler, &n, &cfg.common, &cfg.stage, e);
}

static int run(char **args, struct err *e)
{
	struct channels channels;
	int rc;

	if (*args)
		return err_set(e, EX_USAGE, "'%s': no operands", *args);
	if (channels_load(cfg.common.conf, &channels, e))
		return -1;
	rc = work(&channels, e);
	channels_free(&channels);
	return rc;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	char **args;
	int status;

	umask(0007);
	log_init("weir-notifier");
	status = opt_parse(&tool, argc, argv, &args, &e);
	if (status == 0) {
		log_verbose(cfg.common.verbose);
		status = run(args, &e);
	} else if (status > 0) {
		status = EX_OK; /* --help or --version was answered */
	}
	if (status < 0)
		log_error("%s", e.msg);
	opt_release(&tool);
	return status < 0 ? e.code : status;
}
