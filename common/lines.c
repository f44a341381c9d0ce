#include "common/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { LINES_CHUNK = 64 << 10 };

int lines_open(const char *path, int *fd_r, struct err *e)
{
	*fd_r = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		*fd_r = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd_r < 0)
		return err_set(e, EX_NOINPUT, "%s: %s", path, strerror(errno));
	return 0;
}

void lines_close(int fd)
{
	if (fd > STDIN_FILENO)
		close(fd);
}

bool lines_can_wait(int fd)
{
	struct stat sb;

	return fstat(fd, &sb) == 0 && !S_ISREG(sb.st_mode) &&
	       !(S_ISCHR(sb.st_mode) && !isatty(fd));
}

void lines_init(struct lines *l, int fd, size_t max)
{
	*l = (struct lines){ .fd = fd, .max = max };
}

void lines_fini(struct lines *l)
{
	buf_free(&l->buf);
}

static struct str pending(const struct lines *l)
{
	return str_sub(buf_str(&l->buf), l->done, l->buf.len);
}

bool lines_ready(const struct lines *l)
{
	return l->eof || str_chr(pending(l), '\n') != (size_t)-1;
}

/* Take the first n bytes of what is pending as a line, and skip bytes more. */
static struct str take(struct lines *l, size_t n, size_t skip)
{
	struct str line = str_sub(pending(l), 0, n);

	l->done += n + skip;
	l->number++;
	if (line.len && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* One read(2), with room made first. 0: a signal came, 1: read. */
static int fill(struct lines *l, struct err *e)
{
	ssize_t n;

	/* + 1: it may end in CR */
	if (pending(l).len > l->max + 1 && !lines_ready(l)) {
		l->skipping = true;
		l->done = l->buf.len;
	}
	buf_consume(&l->buf, l->done);
	l->done = 0;
	n = read(l->fd, buf_reserve(&l->buf, LINES_CHUNK), LINES_CHUNK);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		return err_set(e, EX_IOERR, "read: %s", strerror(errno));
	l->buf.len += (size_t)n;
	l->eof = n == 0;
	return 1;
}

int lines_fill(struct lines *l, struct err *e)
{
	return fill(l, e) < 0 ? -1 : 0;
}

static int too_long(const struct lines *l, struct err *e)
{
	return err_set(e, EX_DATAERR, "line %llu: longer than %zu bytes",
		       (unsigned long long)l->number, l->max);
}

int lines_next(struct lines *l, struct str *line_r, struct err *e)
{
	size_t searched = 0;

	for (;;) {
		struct str rest = pending(l);
		size_t at = str_chr(str_sub(rest, searched, rest.len), '\n');
		int got;

		if (at != (size_t)-1) {
			bool skipped = l->skipping;

			*line_r = take(l, searched + at, 1);
			l->skipping = false;
			if (skipped || line_r->len > l->max)
				return too_long(l, e);
			return 1;
		}
		if (l->eof) {
			bool skipped = l->skipping;

			if (rest.len == 0 && !skipped)
				return 0;
			*line_r = take(l, rest.len, 0);
			l->skipping = false;
			if (skipped || line_r->len > l->max)
				return too_long(l, e);
			return 1;
		}
		got = fill(l, e);
		if (got <= 0)
			return got;
		searched = l->skipping ? 0 : rest.len;
	}
}
