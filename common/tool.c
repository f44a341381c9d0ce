#include "common/tool.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/bus_keys.h"
#include "common/log.h"

/* What other users may do with our files is decided once, here. */
enum { TOOL_UMASK = 0007 };

static int check_args(const struct opt_tool *tool, char **args, struct err *e)
{
	size_t n = 0;

	while (n < tool->max_args && args[n])
		n++;
	if (!args[n])
		return 0;
	if (n == 0)
		return err_set(e, EX_USAGE, "'%s': no operands are taken",
			       args[n]);
	return err_set(e, EX_USAGE, "'%s': more than %zu operand%s", args[n], n,
		       n > 1 ? "s" : "");
}

/* Endpoints and keys are everybody's; the rest was checked by run(). */
static int config_ok(const struct opt_tool *tool, struct err *e)
{
	const char *path = conf_path(tool->common->conf);
	struct bus_keys keys;
	int rc = bus_keys_read(tool->common, &keys, e);

	bus_keys_wipe(&keys);
	if (rc)
		return -1;
	printf("weir-%s: configuration OK%s%s\n", tool->name, path ? ": " : "",
	       path ? path : "");
	if (fflush(stdout) || ferror(stdout))
		return err_set(e, EX_IOERR, "standard output: write failed");
	return 0;
}

int tool_main(const struct opt_tool *tool,
	      int (*run)(char **args, struct err *e), int argc, char **argv)
{
	struct err e = { 0 };
	char prog[40], **args;
	int status;

	umask(TOOL_UMASK);
	snprintf(prog, sizeof(prog), "weir-%s", tool->name);
	log_init(prog);
	status = opt_parse(tool, argc, argv, &args, &e);
	if (status == 0) {
		log_verbose(tool->common->verbose);
		status = check_args(tool, args, &e);
		if (status == 0)
			status = run(args, &e);
		if (status == 0 && tool->common->check_config)
			status = config_ok(tool, &e);
	} else if (status > 0) {
		status = EX_OK; /* --help or --version was answered */
	}
	if (status < 0)
		log_error("%s", e.msg);
	opt_release(tool);
	return status < 0 ? e.code : status;
}
