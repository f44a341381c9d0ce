/*
 * command - a program that gets the event on its standard input.
 */
#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

#include "kind.h"
#include "words.h"

struct command {
	const char *line;
	char **argv; /* in the arena */
};

static const struct kind_key keys[] = {
	{ KIND_KEY(command, line, "command", OPT_STR), .needed = true },
};

/* A program with its path must be there; others are looked for when run. */
static int check(void *settings, struct arena *a, struct err *e)
{
	struct command *c = settings;

	c->argv = words_split(str_from(c->line), a, e);
	if (!c->argv)
		return err_prefix(e, "command");
	if (strchr(c->argv[0], '/') && access(c->argv[0], X_OK) != 0)
		return err_set(e, EX_CONFIG, "command: %s: %s", c->argv[0],
			       strerror(errno));
	return 0;
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct command *c = settings;

	(void)e;
	req->argv = c->argv;
	event_print(&km->msg->ev, 0, &req->body);
	buf_putc(&req->body, '\n');
	return 0;
}

const struct kind kind_command = {
	.name = "command",
	.transport = KIND_COMMAND,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct command),
	.check = check,
	.build = build,
};
