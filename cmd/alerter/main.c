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
#include "timeline.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
	const char *watches, *rules, *searches;
	bool timeline;
} cfg;

static const struct opt opts[] = {
	STAGE_OPTIONS(cfg.stage),
	{ 'w', "watches", "FILE", OPT_STR, &cfg.watches, 0, 0,
	  "as a filter: watches, a JSON object on each line" },
	{ 'r', "rules", "FILE", OPT_STR, &cfg.rules, 0, 0,
	  "as a filter: rules, a JSON object on each line" },
	{ 'q', "searches", "FILE", OPT_STR, &cfg.searches, 0, 0,
	  "as a filter: saved searches, a JSON object on each line" },
	{ 0, "timeline", NULL, OPT_FLAG, &cfg.timeline, 0, 0,
	  "as a filter: draw when each alert is told, and why then" },
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

/* Also of a run that ended with an error: it says where. */
static int draw(const struct timeline *tl, int rc, struct err *e)
{
	struct buf b = { 0 };
	struct err bad;

	timeline_draw(tl, &b);
	if (buf_print(&b, rc ? &bad : e))
		rc = -1;
	buf_free(&b);
	return rc;
}

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
	if (cfg.timeline && (!cfg.stage.out || cfg.stage.pass))
		return err_set(e, EX_USAGE,
			       "--timeline goes with --in and --out, and "
			       "without --pass");
	if (cfg.common.check_config)
		return 0;
	alerter_init(&al);
	if (cfg.timeline)
		al.timeline = timeline_new();
	cfg.stage.mute = cfg.timeline;
	rc = stage_run(&alerter_handler, &al, &cfg.common, &cfg.stage, e);
	if (cfg.timeline)
		rc = draw(al.timeline, rc, e);
	timeline_free(&al.timeline);
	alerter_fini(&al);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
