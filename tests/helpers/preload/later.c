/*
 * Preloaded: the clocks of a process are as many seconds ahead as the file
 * $LATER says, in digits, at any time. What waits for minutes can so be seen to
 * come without waiting. Who sleeps already is to be woken by something else.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { DIGITS = 16 };

static const char *ahead; /* the file; NULL: there is none */

/* Before main(): a process may lock itself in later. */
__attribute__((constructor)) static void map_file(void)
{
	const char *name = getenv("LATER");
	int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *p;

	if (fd < 0)
		return;
	p = mmap(NULL, DIGITS, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		ahead = p;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);
	int rc;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	rc = real(clock, t);
	if (rc || !ahead)
		return rc;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE: t->tv_sec += atol(ahead); break;
	default: break;
	}
	return 0;
}
