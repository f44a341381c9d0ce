/* See commits.h. */
#include "tests/bench/preload/commits.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct commits *commits;
static ssize_t (*real_pwrite)(int fd, const void *p, size_t n, off_t at);
static ssize_t (*real_pwritev)(int fd, const struct iovec *v, int n, off_t at);

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv(COMMITS_ENV);
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at;

	*(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite");
	*(void **)&real_pwritev = dlsym(RTLD_NEXT, "pwritev");
	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(*commits), PROT_READ | PROT_WRITE, MAP_SHARED,
		  fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		commits = at;
}

static void note(void)
{
	struct timespec t;
	uint64_t n = commits->n;

	clock_gettime(CLOCK_REALTIME, &t);
	commits->at_us[n % COMMITS_MAX] =
		(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
	commits->n = n + 1;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	ssize_t done = real_pwrite(fd, p, n, at);

	if (commits && done > 0)
		commits->bytes += (uint64_t)done;
	if (commits && (fcntl(fd, F_GETFL) & O_DSYNC))
		note();
	return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
	__attribute__((alias("pwrite")));

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	ssize_t done = real_pwritev(fd, v, n, at);

	if (commits && done > 0)
		commits->bytes += (uint64_t)done;
	return done;
}

ssize_t pwritev64(int fd, const struct iovec *v, int n, off_t at)
	__attribute__((alias("pwritev")));
