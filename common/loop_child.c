#include "common/loop_child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <linux/close_range.h>

#include <uv.h>

#include "common/xmem.h"

struct loop_child {
	uv_process_t uv;
	loop_child_fn *fn;
	void *arg;
	bool running;
};

static void free_data(uv_handle_t *h)
{
	free(h->data);
}

static void on_exit_status(uv_process_t *h, int64_t status, int signal)
{
	struct loop_child *c = h->data;

	c->running = false;
	if (c->fn)
		c->fn(c->arg, (int)status, signal);
}

struct loop_child *loop_child_new(struct loop *l, char **argv, char **env,
				  const int fd[3], loop_child_fn *fn, void *arg,
				  struct err *e)
{
	struct loop_child *c = xcalloc(1, sizeof(*c));
	uv_stdio_container_t io[] = {
		{ .flags = UV_INHERIT_FD, .data.fd = fd[0] },
		{ .flags = UV_INHERIT_FD, .data.fd = fd[1] },
		{ .flags = UV_INHERIT_FD, .data.fd = fd[2] },
	};
	uv_process_options_t options = { .exit_cb = on_exit_status,
					 .file = argv[0],
					 .args = argv,
					 .env = env,
					 .flags = UV_PROCESS_DETACHED,
					 .stdio = io,
					 .stdio_count = ARRAY_LEN(io) };
	int rc;

	/*
	 * Not all that libraries open is closed by exec (LMDB's files are not),
	 * and nothing of ours is for the program. Best effort: before Linux
	 * 5.11 this is refused.
	 */
	(void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	rc = uv_spawn(loop_native(l), &c->uv, &options);
	c->uv.data = c;
	if (rc) {
		err_set(e, EX_OSERR, "%s: %s", argv[0], uv_strerror(rc));
		uv_close((uv_handle_t *)&c->uv, free_data);
		return NULL;
	}
	c->fn = fn;
	c->arg = arg;
	c->running = true;
	return c;
}

void loop_child_kill(struct loop_child *c, int signo)
{
	if (c->running)
		kill(-c->uv.pid, signo);
}

void loop_child_free(struct loop_child **cp)
{
	struct loop_child *c = *cp;

	if (!c)
		return;
	loop_child_kill(c, SIGKILL);
	uv_close((uv_handle_t *)&c->uv, free_data);
	/*
	 * The loop waits for it no more, and whoever inherits it may never do.
	 * It is as good as dead; ECHILD: it was waited for just now.
	 */
	while (c->running && waitpid(c->uv.pid, NULL, 0) < 0 && errno == EINTR)
		;
	*cp = NULL;
}
