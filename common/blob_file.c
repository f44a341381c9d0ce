#include "common/blob_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <zstd.h>

#include "common/xmem.h"

enum {
	LEVEL = 3,			  /* of compression */
	NAME_SIZE = BLOB_ID_SIZE + 32,	  /* of a file */
	FILE_MAX = BLOB_MAX + (64 << 10), /* bytes, where nothing packs */
	HEAD_MAX = 18, /* bytes of a zstd frame's head (RFC 8878, 3.1.1.1) */
};

/* ---- places ---- */

int blob_dir_open(int at, const char *name, int how, bool make)
{
	if (make && mkdirat(at, name, 0770) && errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | how);
}

/* False with errno. */
bool blob_place_open(struct blob_place *p, const char *dir, struct str id)
{
	char shelf[3] = { id.p[0], id.p[1] };

	*p = (struct blob_place){ -1, -1, -1, "" };
	str_copy(p->id, sizeof(p->id), id);
	p->dir = blob_dir_open(AT_FDCWD, dir, 0, false);
	if (p->dir >= 0)
		p->blobs = blob_dir_open(p->dir, BLOB_DIR, 0, false);
	if (p->blobs >= 0)
		p->shelf = blob_dir_open(p->blobs, shelf, O_NOFOLLOW, false);
	return p->shelf >= 0;
}

void blob_place_close(const struct blob_place *p)
{
	const int fds[] = { p->shelf, p->blobs, p->dir };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int blob_fail(const struct blob_place *p, const char *what, struct err *e)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	return err_set(e, full ? EX_TEMPFAIL : EX_IOERR, "blob %s: %s: %s",
		       p->id, what, strerror(errno));
}

static int damaged(const struct blob_place *p, const char *why, struct err *e)
{
	return err_set(e, EX_DATAERR, "blob %s: %s", p->id, why);
}

/* ---- names ---- */

static void file_name(const char *id, bool packed, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%s%s", id, packed ? BLOB_PACKED : "");
}

/* While it is written; blob_is_unborn() knows it. */
static void temp_name(const char *id, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, ".%s.%d", id, (int)getpid());
}

int blob_file_name(int shelf, const char *id, bool packed)
{
	char temp[NAME_SIZE], name[NAME_SIZE];

	temp_name(id, temp);
	file_name(id, packed, name);
	return renameat(shelf, temp, shelf, name);
}

void blob_file_drop(int shelf, const char *id)
{
	char temp[NAME_SIZE];

	temp_name(id, temp);
	unlinkat(shelf, temp, 0);
}

/* ---- reading ---- */

/* 1 with *fd_r and *size_r, 0: not there, -1. A FIFO is not waited for. */
static int open_file(const struct blob_place *p, bool packed, int *fd_r,
		     size_t *size_r, struct err *e)
{
	char name[NAME_SIZE];
	struct stat sb;
	int fd, rc = -1;

	file_name(p->id, packed, name);
	fd = openat(p->shelf, name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : blob_fail(p, "open", e);
	if (fstat(fd, &sb))
		blob_fail(p, "stat", e);
	else if (!S_ISREG(sb.st_mode))
		damaged(p, "is not a regular file", e);
	else if (sb.st_size > FILE_MAX)
		damaged(p, "is too large", e);
	else
		rc = 1;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*fd_r = fd;
	*size_r = (size_t)sb.st_size;
	return rc;
}

/* At most max bytes of a file; returns as open_file() does. */
static int read_file(const struct blob_place *p, bool packed, size_t max,
		     struct buf *b, struct err *e)
{
	int fd, rc;
	size_t size;
	ssize_t n;

	rc = open_file(p, packed, &fd, &size, e);
	if (rc <= 0)
		return rc;
	if (size > max)
		size = max;
	n = pread(fd, buf_reserve(b, size), size, 0);
	if (n < 0)
		rc = blob_fail(p, "read", e);
	else
		b->p[b->len += (size_t)n] = '\0';
	close(fd);
	return rc;
}

/* What the head of a packed file says of its content. */
static int unpacked_size(const struct blob_place *p, struct str packed,
			 size_t *size_r, struct err *e)
{
	/* What stands for "unknown" and "error" is above any size, too. */
	unsigned long long size =
		ZSTD_getFrameContentSize(packed.p, packed.len);

	if (size > BLOB_MAX) {
		damaged(p, "is too large, or no zstd", e);
		return -1;
	}
	*size_r = (size_t)size;
	return 1;
}

static int unpack(const struct blob_place *p, struct str packed, struct buf *b,
		  struct err *e)
{
	size_t size, n;

	if (unpacked_size(p, packed, &size, e) < 0)
		return -1;
	n = ZSTD_decompress(buf_reserve(b, size), size, packed.p, packed.len);
	if (ZSTD_isError(n))
		return damaged(p, ZSTD_getErrorName(n), e);
	b->len += n;
	b->p[b->len] = '\0';
	return 1;
}

/* One of the two forms; returns as blob_get() does. */
static int load(const struct blob_place *p, bool packed, struct buf *b,
		struct err *e)
{
	struct buf file = { 0 };
	char id[BLOB_ID_SIZE];
	int rc;

	buf_reset(b);
	rc = read_file(p, packed, FILE_MAX, packed ? &file : b, e);
	if (rc > 0 && packed)
		rc = unpack(p, buf_str(&file), b, e);
	buf_free(&file);
	if (rc <= 0)
		return rc;
	if (blob_id(buf_str(b), id, e))
		return -1;
	return strcmp(id, p->id) ? damaged(p, "is damaged", e) : 1;
}

int blob_file_load(const struct blob_place *p, struct buf *b, bool *packed_r,
		   struct err *e)
{
	int rc = load(p, true, b, e), plain;

	*packed_r = rc > 0;
	if (rc > 0)
		return 1;
	plain = load(p, false, b, rc < 0 ? NULL : e);
	return plain > 0 || rc == 0 ? plain : rc;
}

static int look(const struct blob_place *p, bool packed, size_t *size_r,
		struct err *e)
{
	struct buf head = { 0 };
	int fd, rc;

	if (packed) {
		rc = read_file(p, true, HEAD_MAX, &head, e);
		if (rc > 0)
			rc = unpacked_size(p, buf_str(&head), size_r, e);
		buf_free(&head);
		return rc;
	}
	rc = open_file(p, false, &fd, size_r, e);
	if (rc > 0)
		close(fd);
	return rc;
}

int blob_file_look(const struct blob_place *p, size_t *size_r, bool *packed_r,
		   struct err *e)
{
	int rc = look(p, true, size_r, e), plain;

	*packed_r = rc > 0;
	if (rc > 0)
		return 1;
	plain = look(p, false, size_r, rc < 0 ? NULL : e);
	return plain > 0 || rc == 0 ? plain : rc;
}

/* ---- writing ---- */

static int write_all(int fd, struct str s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			s = str_sub(s, (size_t)n, s.len);
	}
	return 0;
}

/* Its file, not yet synced and without its name; -1. */
static int write_file(const struct blob_place *p, struct str s, struct err *e)
{
	char temp[NAME_SIZE];
	int fd;

	temp_name(p->id, temp);
	/* Whoever had our number before may have died in this place. */
	unlinkat(p->shelf, temp, 0);
	fd = openat(p->shelf, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0660);
	if (fd < 0)
		return blob_fail(p, "create", e);
	if (write_all(fd, s) == 0)
		return fd;
	blob_fail(p, "write", e);
	close(fd);
	unlinkat(p->shelf, temp, 0);
	return -1;
}

int blob_file_write(const struct blob_place *p, struct str content, bool pack,
		    struct err *e)
{
	size_t cap = ZSTD_compressBound(content.len), n;
	struct buf b = { 0 };
	int fd;

	if (!pack)
		return write_file(p, content, e);
	n = ZSTD_compress(buf_reserve(&b, cap), cap, content.p, content.len,
			  LEVEL);
	if (ZSTD_isError(n))
		fd = err_set(e, EX_SOFTWARE, "blob %s: %s", p->id,
			     ZSTD_getErrorName(n));
	else
		fd = write_file(p, (struct str){ b.p, n }, e);
	buf_free(&b);
	return fd;
}

/* The new time must last, or the collector would judge by the old one. */
int blob_file_touch(const struct blob_place *p, bool packed, struct err *e)
{
	char name[NAME_SIZE];
	int fd;

	file_name(p->id, packed, name);
	fd = openat(p->shelf, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && futimens(fd, NULL) == 0)
		return fd;
	blob_fail(p, "touch", e);
	if (fd >= 0)
		close(fd);
	return -1;
}
