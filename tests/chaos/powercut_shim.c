/*
 * powercut_shim - record what a process writes to its LMDB file, what it syncs,
 * and what it told others meanwhile, in the order in which it did.
 *
 *	LD_PRELOAD=powercut_shim.so POWERCUT_FILE=/d/journal/data.mdb \
 *		POWERCUT_LOG=/d/log weir-store ...
 *
 * tests/helpers/powercut.c reads the log; struct powercut_record is the format.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/chaos/powercut.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int log_fd(void)
{
	static int fd = -1;

	if (fd < 0 && getenv("POWERCUT_LOG"))
		fd = open(getenv("POWERCUT_LOG"),
			  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return fd;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* Is it the file that we watch? LMDB has it open more than once. */
static int watched(int fd)
{
	const char *path = getenv("POWERCUT_FILE");
	struct stat a, b;

	return path && fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void record(enum powercut_kind kind, uint64_t offset, const void *p,
		   size_t len)
{
	ssize_t (*real)(int, const struct iovec *, int) = next("writev");
	struct powercut_record r = { kind, (uint32_t)len, offset };
	struct iovec iov[2] = { { &r, sizeof(r) },
				{ (void *)(uintptr_t)p, len } };

	if (log_fd() < 0)
		return;
	pthread_mutex_lock(&lock);
	if (real(log_fd(), iov, len ? 2 : 1) != (ssize_t)(sizeof(r) + len))
		abort(); /* the test would lie */
	pthread_mutex_unlock(&lock);
}

static void record_write(int fd, uint64_t offset, const void *p, ssize_t len)
{
	int dsync = fcntl(fd, F_GETFL) & O_DSYNC;

	if (len > 0 && watched(fd))
		record(dsync ? POWERCUT_WRITE_SYNC : POWERCUT_WRITE, offset, p,
		       (size_t)len);
}

static void record_writev(int fd, uint64_t offset, const struct iovec *iov,
			  int n, ssize_t len)
{
	for (int i = 0; i < n && len > 0; i++) {
		ssize_t part = (ssize_t)iov[i].iov_len < len
				       ? (ssize_t)iov[i].iov_len
				       : len;

		record_write(fd, offset, iov[i].iov_base, part);
		offset += (uint64_t)part;
		len -= part;
	}
}

ssize_t pwrite(int fd, const void *p, size_t len, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = next("pwrite");
	ssize_t n = real(fd, p, len, offset);

	record_write(fd, (uint64_t)offset, p, n);
	return n;
}

ssize_t pwrite64(int fd, const void *p, size_t len, off64_t offset)
{
	return pwrite(fd, p, len, offset);
}

ssize_t write(int fd, const void *p, size_t len)
{
	ssize_t (*real)(int, const void *, size_t) = next("write");
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t n = real(fd, p, len);

	if (at >= 0)
		record_write(fd, (uint64_t)at, p, n);
	return n;
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	ssize_t (*real)(int, const struct iovec *, int) = next("writev");
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t len = real(fd, iov, n);

	if (at >= 0)
		record_writev(fd, (uint64_t)at, iov, n, len);
	return len;
}

ssize_t pwritev(int fd, const struct iovec *iov, int n, off_t offset)
{
	ssize_t (*real)(int, const struct iovec *, int, off_t) =
		next("pwritev");
	ssize_t len = real(fd, iov, n, offset);

	record_writev(fd, (uint64_t)offset, iov, n, len);
	return len;
}

ssize_t pwritev64(int fd, const struct iovec *iov, int n, off64_t offset)
{
	return pwritev(fd, iov, n, offset);
}

int ftruncate(int fd, off_t len)
{
	int (*real)(int, off_t) = next("ftruncate");
	int rc = real(fd, len);

	if (rc == 0 && watched(fd))
		record(POWERCUT_TRUNCATE, (uint64_t)len, NULL, 0);
	return rc;
}

int ftruncate64(int fd, off64_t len)
{
	return ftruncate(fd, len);
}

int fdatasync(int fd)
{
	int (*real)(int) = next("fdatasync");
	int rc = real(fd);

	if (rc == 0 && watched(fd))
		record(POWERCUT_SYNC, 0, NULL, 0);
	return rc;
}

int fsync(int fd)
{
	int (*real)(int) = next("fsync");
	int rc = real(fd);

	if (rc == 0 && watched(fd))
		record(POWERCUT_SYNC, 0, NULL, 0);
	return rc;
}

/* ---- what others were told ---- */

/* The message that is being sent, frame by frame. */
static _Thread_local char topic[512];
static _Thread_local size_t topic_len;
static _Thread_local int frame;

static void next_frame(int flags)
{
	frame = flags & 2 /* ZMQ_SNDMORE */ ? frame + 1 : 0;
}

/* What a store passes on is not about its journal. */
int zmq_msg_send(void *msg, void *s, int flags)
{
	int (*real)(void *, void *, int) = next("zmq_msg_send");

	topic_len = 0;
	next_frame(flags);
	return real(msg, s, flags);
}

/* The second frame of "$ack/SOURCE/" or of an event, with its first. */
int zmq_send(void *s, const void *p, size_t len, int flags)
{
	int (*real)(void *, const void *, size_t, int) = next("zmq_send");
	char text[1024];

	if (frame == 0 && len < sizeof(topic)) {
		memcpy(topic, p, len);
		topic_len = len;
	}
	if (frame == 1 && topic_len && topic_len + 1 + len <= sizeof(text)) {
		memcpy(text, topic, topic_len);
		text[topic_len] = ' ';
		memcpy(text + topic_len + 1, p, len);
		record(POWERCUT_TOLD, 0, text, topic_len + 1 + len);
	}
	next_frame(flags);
	return real(s, p, len, flags);
}
