/*
 * alerter - decides who is told what.
 * Reads watches, rules, searches, silences, and what others have found; writes
 * alert.new, .suppressed, .resolved and user.notification. See
 * weir-alerter(1).
 */
#include <sysexits.h>

#include "common/stage.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "alerter.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
	const char *watches, *rules, *searches;
} cfg;

static const struct opt opts[] = {
	STAGE_OPTIONS(cfg.stage),
	{ 'w', "watches", "FILE", OPT_STR, &cfg.watches, 0, 0,
	  "as a filter: watches, a JSON object on each line" },
	{ 'r', "rules", "FILE", OPT_STR, &cfg.rules, 0, 0,
	  "as a filter: rules, a JSON object on each line" },
	{ 'q', "searches", "FILE", OPT_STR, &cfg.searches, 0, 0,
	  "as a filter: saved searches, a JSON object on each line" },
};

static const struct opt_tool tool = {
	.name = "alerter",
	.synopsis =
		"[-i FILE -o - [-p] [-s DIR] [-w FILE] [-r FILE] [-q FILE]]",
	.summary = "Decides who is told what.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static int run(char **args, struct err *e)
{
	struct alerter al = { .watches = cfg.watches,
			      .rules = cfg.rules,
			      .searches = cfg.searches };
	int rc;

	(void)args;
	if (!cfg.stage.out && (cfg.watches || cfg.rules || cfg.searches))
		return err_set(e, EX_USAGE,
			       "--watches, --rules and --searches go with "
			       "--in and --out");
	if (cfg.common.check_config)
		return 0;
	alerter_init(&al);
	rc = stage_run(&alerter_handler, &al, &cfg.common, &cfg.stage, e);
	alerter_fini(&al);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
