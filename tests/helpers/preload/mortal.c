/*
 * Preloaded: the process dies of SIGKILL right before its Nth synced commit
 * (MORTAL=N), or right after it (MORTAL=N+), so that a death meets every point
 * at which what is durable changes. What an LMDB commit writes last, its meta
 * page, goes through a descriptor with O_DSYNC.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static ssize_t (*real_pwrite)(int fd, const void *p, size_t n, off_t at);
static unsigned long left;
static bool after;

__attribute__((constructor)) static void begin(void)
{
	const char *when = getenv("MORTAL");
	char *end;

	*(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite");
	if (!when)
		return;
	left = strtoul(when, &end, 10);
	after = *end == '+';
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	bool last = left && (fcntl(fd, F_GETFL) & O_DSYNC) && --left == 0;
	ssize_t done;

	if (last && !after)
		kill(getpid(), SIGKILL);
	done = real_pwrite(fd, p, n, at);
	if (last)
		kill(getpid(), SIGKILL);
	return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
	__attribute__((alias("pwrite")));
