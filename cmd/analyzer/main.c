/*
 * analyzer - statistics of prices, and which prices are unusual.
 * Reads price.update; writes price.stats and price.anomaly. See
 * weir-analyzer(1).
 */
#include "common/stage.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "analyzer.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
} cfg;

static const struct opt opts[] = { STAGE_OPTIONS(cfg.stage) };

static const struct opt_tool tool = {
	.name = "analyzer",
	.synopsis = "[-i FILE -o - [-p] [-s DIR]]",
	.summary = "Statistics of prices, and which prices are unusual.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static int run(char **args, struct err *e)
{
	struct analyzer *an;
	int rc;

	(void)args;
	if (cfg.common.check_config)
		return 0;
	an = xcalloc(1, sizeof(*an));
	rc = stage_run(&analyzer_handler, an, &cfg.common, &cfg.stage, e);
	analyzer_free(&an);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
