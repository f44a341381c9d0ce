#include "common/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/loop_child.h"
#include "common/xmem.h"

enum { ARGS_MAX = 24 };

struct child {
	struct loop_child *process;
	struct loop_timer *timer;
	int out_fd;
	size_t max_bytes;
	child_fn *fn;
	void *arg;
};

/* A file without a name that holds these bytes. */
static int bytes_fd(struct str bytes)
{
	int fd = memfd_create("weir", MFD_CLOEXEC);

	while (fd >= 0 && bytes.len) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n <= 0) {
			close(fd);
			return -1;
		}
		bytes = str_sub(bytes, (size_t)n, bytes.len);
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static void read_output(const struct child *c, struct buf *b)
{
	char piece[16 << 10];
	ssize_t n;

	lseek(c->out_fd, 0, SEEK_SET);
	while (b->len < c->max_bytes &&
	       (n = read(c->out_fd, piece, sizeof(piece))) > 0)
		buf_add(b, piece, (size_t)n);
}

static void release(struct child *c)
{
	loop_child_free(&c->process);
	loop_timer_free(&c->timer);
	close(c->out_fd);
	free(c);
}

static void on_end(void *arg, int status, int signal)
{
	struct child *c = arg;
	struct buf output = { 0 };

	read_output(c, &output);
	c->fn(c->arg, status == 0 && signal == 0, buf_str(&output));
	buf_free(&output);
	release(c);
}

/* on_end() then tells. */
static void on_timeout(void *arg)
{
	struct child *c = arg;

	loop_child_kill(c->process, SIGKILL);
}

/* Beside this program, where it was built or installed; else by $PATH. */
static void find_tool(const char *tool, char out[4096])
{
	ssize_t n = readlink("/proc/self/exe", out, 4000);
	char *slash;

	out[n > 0 ? n : 0] = '\0';
	slash = strrchr(out, '/');
	if (slash) {
		sprintf(slash, "/weir-%.60s", tool);
		if (access(out, X_OK) == 0)
			return;
	}
	sprintf(out, "weir-%.60s", tool);
}

static struct loop_child *spawn(struct loop *l, const struct child_want *w,
				struct child *c, int in_fd, struct err *e)
{
	char program[4096], *argv[ARGS_MAX + 6];
	char dir[] = "--dir", config[] = "--config";
	const int fd[] = { in_fd, c->out_fd, STDERR_FILENO };
	size_t n = 0;

	find_tool(w->tool, program);
	argv[n++] = program;
	if (w->dir) {
		argv[n++] = dir;
		argv[n++] = (char *)(uintptr_t)w->dir;
	}
	if (w->config) {
		argv[n++] = config;
		argv[n++] = (char *)(uintptr_t)w->config;
	}
	for (size_t i = 0; i < ARGS_MAX && w->args[i]; i++)
		argv[n++] = (char *)(uintptr_t)w->args[i];
	argv[n] = NULL;
	return loop_child_new(l, argv, NULL, fd, on_end, c, e);
}

struct child *child_start(struct loop *l, const struct child_want *w,
			  child_fn *fn, void *arg, struct err *e)
{
	struct child *c = xcalloc(1, sizeof(*c));
	int in_fd = bytes_fd(w->input);

	c->out_fd = memfd_create("weir", MFD_CLOEXEC);
	c->max_bytes = w->max_bytes;
	c->fn = fn;
	c->arg = arg;
	if (in_fd < 0 || c->out_fd < 0)
		err_set(e, EX_OSERR, "memfd: %s", strerror(errno));
	else
		c->process = spawn(l, w, c, in_fd, e);
	if (in_fd >= 0)
		close(in_fd);
	if (!c->process) {
		if (c->out_fd >= 0)
			close(c->out_fd);
		free(c);
		return NULL;
	}
	c->timer = loop_timer_new(l, on_timeout, c);
	loop_timer_start(c->timer, w->timeout_ms);
	return c;
}

void child_cancel(struct child **cp)
{
	if (*cp)
		release(*cp);
	*cp = NULL;
}
