/*
 * analyzer - statistics of prices, and which prices are unusual.
 * Reads price.update; writes price.stats and price.anomaly. See
 * weir-analyzer(1).
 */
#include <sysexits.h>

#include "common/log.h"
#include "common/opt.h"
#include "common/stage.h"
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

	if (*args)
		return err_set(e, EX_USAGE, "'%s': no operands", *args);
	if (cfg.common.check_config)
		return opt_config_ok(&tool, e);
	an = xcalloc(1, sizeof(*an));
	rc = stage_run(&analyzer_handler, an, &cfg.common, &cfg.stage, e);
	analyzer_free(&an);
	return rc;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	char **args;
	int status;

	log_init("weir-analyzer");
	status = opt_parse(&tool, argc, argv, &args, &e);
	if (status == 0) {
		log_verbose(cfg.common.verbose);
		status = run(args, &e);
	}
	if (status < 0)
		log_error("%s", e.msg);
	opt_release(&tool);
	return status < 0 ? e.code : EX_OK;
}
