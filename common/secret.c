#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* Opening a FIFO would wait for its writer. */
static int open_regular(const char *path, struct stat *sb_r, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, sb_r) != 0)
		err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(sb_r->st_mode))
		err_set(e, EX_CONFIG, "%s: not a regular file", path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int secret_open(const char *path, struct err *e)
{
	struct stat sb;
	int fd = open_regular(path, &sb, e);

	if (fd < 0 || !(sb.st_mode & 077))
		return fd;
	close(fd);
	return err_set(e, EX_CONFIG,
		       "%s: mode is %04o; others than its owner may touch it "
		       "(chmod 600)",
		       path, (unsigned)(sb.st_mode & 07777));
}

int secret_open_public(const char *path, struct err *e)
{
	struct stat sb;

	return open_regular(path, &sb, e);
}
