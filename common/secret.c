#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

int secret_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat sb;

	if (fd < 0 || fstat(fd, &sb) != 0) {
		err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(sb.st_mode)) {
		err_set(e, EX_CONFIG, "%s: not a regular file", path);
	} else if (sb.st_mode & 077) {
		err_set(e, EX_CONFIG,
			"%s: mode is %04o; others than its owner may touch it "
			"(chmod 600)",
			path, (unsigned)(sb.st_mode & 07777));
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}
