#ifndef COMMON_TOOL_H
#define COMMON_TOOL_H

/*
 * tool - what main() of every weir-NAME does around the work itself.
 *
 *	int main(int argc, char **argv)
 *	{
 *		return tool_main(&tool, run, argc, argv);
 *	}
 *
 * Reads the settings, refuses operands beyond tool->max_args, calls run(), and
 * turns its failure into one line of the log and the exit status.
 */
#include "common/opt.h"

/*
 * run() gets the operands (NULL-terminated) and returns the exit status, or -1
 * with *e. With --check-config it checks what only this tool can check and
 * returns 0 without doing anything else; that all is well is said here.
 */
int tool_main(const struct opt_tool *tool,
	      int (*run)(char **args, struct err *e), int argc, char **argv);

#endif
