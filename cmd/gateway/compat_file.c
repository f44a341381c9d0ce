/* Where the table is read from: the edge of compat. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "compat.h"

/* All of it, or one byte more than is taken. */
static int read_all(int fd, struct buf *b)
{
	ssize_t n = 0;

	while (b->len <= COMPAT_FILE_MAX) {
		char *room = buf_reserve(b, 16384);

		n = read(fd, room, 16384);
		if (n <= 0)
			break;
		b->len += (size_t)n;
	}
	return n < 0 ? -1 : 0;
}

struct compat *compat_open(const char *path, struct err *e)
{
	struct compat *t = NULL;
	struct buf b = { 0 };
	struct err why = { 0 };
	int fd;

	if (!path)
		return compat_parse(
			(struct str){ compat_default, compat_default_len }, e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read_all(fd, &b))
		err_set(e, EX_CONFIG, "compat: %s: %s", path, strerror(errno));
	else if (!(t = compat_parse(buf_str(&b), &why)))
		err_set(e, why.code, "compat: %s: %s", path, why.msg);
	if (fd >= 0)
		close(fd);
	buf_free(&b);
	return t;
}
