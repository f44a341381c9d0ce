#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum {
	SEALS = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL,
	FIRST_FD = 4, /* below it are the standard ones, and activation.h's */
};

static bool write_all(int fd, struct str s)
{
	while (s.len) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno != EINTR)
			return false;
		s = str_sub(s, n > 0 ? (size_t)n : 0, s.len);
	}
	return true;
}

int handover_new(struct str bytes, struct err *e)
{
	int first, fd = -1;

	if (bytes.len > HANDOVER_MAX)
		return err_set(e, EX_OSERR, "more than %d bytes", HANDOVER_MAX);
	first = memfd_create("weir-gateway", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (first >= 0) {
		fd = fcntl(first, F_DUPFD_CLOEXEC, FIRST_FD);
		close(first);
	}
	if (fd < 0 || fchmod(fd, 0600) || !write_all(fd, bytes) ||
	    fcntl(fd, F_ADD_SEALS, SEALS)) {
		err_set(e, EX_OSERR, "%s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

void handover_leave(int fd)
{
	char text[48];

	if (fcntl(fd, F_SETFD, 0))
		return;
	snprintf(text, sizeof(text), "%ld:%d", (long)getpid(), fd);
	setenv(HANDOVER_NAME, text, 1);
}

/* The one that the environment names, or -1. */
static int find(void)
{
	const char *text = getenv(HANDOVER_NAME);
	struct str fd_text = { 0 }, pid_text;
	uint64_t pid, fd;
	int seals;

	if (!text)
		return -1;
	pid_text = str_cut(str_from(text), ':', &fd_text);
	if (!str_u64(pid_text, &pid) || pid != (uint64_t)getpid() ||
	    !str_u64(fd_text, &fd) || fd < FIRST_FD || fd > INT32_MAX)
		return -1;
	/* What is not ours is left alone. The kernel may add seals of its own. */
	seals = fcntl((int)fd, F_GET_SEALS);
	return seals >= 0 && (seals & SEALS) == SEALS ? (int)fd : -1;
}

static int read_all(int fd, struct buf *b, struct err *e)
{
	struct stat st;
	size_t n = 0;

	if (fstat(fd, &st))
		return err_set(e, EX_OSERR, "%s", strerror(errno));
	if (st.st_size > HANDOVER_MAX)
		return err_set(e, EX_DATAERR, "more than %d bytes",
			       HANDOVER_MAX);
	while (n < (size_t)st.st_size) {
		size_t want = (size_t)st.st_size - n;
		ssize_t got = pread(fd, buf_reserve(b, want), want, (off_t)n);

		if (got <= 0)
			return err_set(e, EX_OSERR, "cannot be read");
		b->len += (size_t)got;
		b->p[b->len] = '\0';
		n += (size_t)got;
	}
	return 1;
}

int handover_take(struct buf *b, struct err *e)
{
	bool is_named = getenv(HANDOVER_NAME) != NULL;
	int fd = find(), rc;

	unsetenv(HANDOVER_NAME); /* not for our children */
	if (fd < 0)
		return is_named ? err_set(e, EX_DATAERR,
					  HANDOVER_NAME ": nothing of ours")
				: 0;
	rc = read_all(fd, b, e);
	close(fd);
	return rc;
}
