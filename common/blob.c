#include "common/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <openssl/sha.h>
#include <zstd.h>

#include "common/xmem.h"

enum {
	LEVEL = 3,			  /* of compression */
	NAME_SIZE = BLOB_ID_SIZE + 32,	  /* of a file */
	FILE_MAX = BLOB_MAX + (64 << 10), /* bytes, where nothing packs */
	HEAD_MAX = 18, /* bytes of a zstd frame's head (RFC 8878, 3.1.1.1) */
};

int blob_id(struct str content, char id_r[BLOB_ID_SIZE], struct err *e)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	if (!SHA256((const unsigned char *)(content.p ? content.p : ""),
		    content.len, hash))
		return err_set(e, EX_SOFTWARE, "blob: no SHA-256");
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(id_r + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

/* ---- places ---- */

/* Open directories: DIR, DIR/blobs, and the one of this blob within. */
struct place {
	int dir, blobs, shelf;
	char id[BLOB_ID_SIZE];
};

static int open_dir(int at, const char *name, int how, bool make)
{
	if (make && mkdirat(at, name, 0770) && errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | how);
}

/* False with errno. */
static bool place_open(struct place *p, const char *dir, struct str id,
		       bool make)
{
	char shelf[3] = { id.p[0], id.p[1] };

	*p = (struct place){ -1, -1, -1, "" };
	str_copy(p->id, sizeof(p->id), id);
	p->dir = open_dir(AT_FDCWD, dir, 0, false);
	if (p->dir >= 0)
		p->blobs = open_dir(p->dir, BLOB_DIR, 0, make);
	if (p->blobs >= 0)
		p->shelf = open_dir(p->blobs, shelf, O_NOFOLLOW, make);
	return p->shelf >= 0;
}

static void place_close(const struct place *p)
{
	const int fds[] = { p->shelf, p->blobs, p->dir };

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int fail(const struct place *p, const char *what, struct err *e)
{
	bool full = errno == ENOSPC || errno == EDQUOT;

	return err_set(e, full ? EX_TEMPFAIL : EX_IOERR, "blob %s: %s: %s",
		       p->id, what, strerror(errno));
}

static int damaged(const struct place *p, const char *why, struct err *e)
{
	return err_set(e, EX_DATAERR, "blob %s: %s", p->id, why);
}

/* ---- reading ---- */

/* 1 with *fd_r and *size_r, 0: not there, -1. A FIFO is not waited for. */
static int open_file(const struct place *p, bool packed, int *fd_r,
		     size_t *size_r, struct err *e)
{
	char name[NAME_SIZE];
	struct stat sb;
	int fd, rc = -1;

	snprintf(name, sizeof(name), "%s%s", p->id, packed ? BLOB_PACKED : "");
	fd = openat(p->shelf, name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(p, "open", e);
	if (fstat(fd, &sb))
		fail(p, "stat", e);
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
static int read_file(const struct place *p, bool packed, size_t max,
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
		rc = fail(p, "read", e);
	else
		b->p[b->len += (size_t)n] = '\0';
	close(fd);
	return rc;
}

/* What the head of a packed file says of its content. */
static int unpacked_size(const struct place *p, struct str packed,
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

static int unpack(const struct place *p, struct str packed, struct buf *b,
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
static int load(const struct place *p, bool packed, struct buf *b,
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

static int load_any(const struct place *p, struct buf *b, bool *packed_r,
		    struct err *e)
{
	int rc = load(p, true, b, e), plain;

	*packed_r = rc > 0;
	if (rc > 0)
		return 1;
	plain = load(p, false, b, rc < 0 ? NULL : e);
	return plain > 0 || rc == 0 ? plain : rc;
}

int blob_get(const char *dir, struct str id, struct buf *b, bool *is_text_r,
	     struct err *e)
{
	struct place p;
	int rc = 0;

	buf_reset(b);
	if (!blob_is_id(id))
		return 0;
	if (place_open(&p, dir, id, false))
		rc = load_any(&p, b, is_text_r, e);
	else if (errno != ENOENT)
		rc = fail(&p, "open", e);
	place_close(&p);
	return rc;
}

static int look(const struct place *p, bool packed, size_t *size_r,
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

static int look_any(const struct place *p, size_t *size_r, bool *packed_r,
		    struct err *e)
{
	int rc = look(p, true, size_r, e), plain;

	*packed_r = rc > 0;
	if (rc > 0)
		return 1;
	plain = look(p, false, size_r, rc < 0 ? NULL : e);
	return plain > 0 || rc == 0 ? plain : rc;
}

int blob_look(const char *dir, struct str id, size_t *size_r, bool *is_text_r,
	      struct err *e)
{
	struct place p;
	int rc = 0;

	if (!blob_is_id(id))
		return 0;
	if (place_open(&p, dir, id, false))
		rc = look_any(&p, size_r, is_text_r, e);
	else if (errno != ENOENT)
		rc = fail(&p, "open", e);
	place_close(&p);
	return rc;
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
	return fsync(fd);
}

static int write_file(const struct place *p, const char *name, struct str s,
		      struct err *e)
{
	char temp[NAME_SIZE];
	int fd, rc;

	snprintf(temp, sizeof(temp), ".%s.%d", p->id, (int)getpid());
	/* Whoever had our number before may have died in this place. */
	unlinkat(p->shelf, temp, 0);
	fd = openat(p->shelf, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0660);
	if (fd < 0)
		return fail(p, "create", e);
	rc = write_all(fd, s);
	if (rc)
		fail(p, "write", e);
	close(fd);
	if (rc == 0 && renameat(p->shelf, temp, p->shelf, name))
		rc = fail(p, "rename", e);
	if (rc)
		unlinkat(p->shelf, temp, 0);
	return rc;
}

static int store(const struct place *p, struct str content, bool is_text,
		 struct err *e)
{
	size_t cap = ZSTD_compressBound(content.len), n;
	char name[NAME_SIZE];
	struct buf b = { 0 };
	int rc;

	if (!is_text)
		return write_file(p, p->id, content, e);
	snprintf(name, sizeof(name), "%s" BLOB_PACKED, p->id);
	n = ZSTD_compress(buf_reserve(&b, cap), cap, content.p, content.len,
			  LEVEL);
	if (ZSTD_isError(n))
		rc = err_set(e, EX_SOFTWARE, "blob %s: %s", p->id,
			     ZSTD_getErrorName(n));
	else
		rc = write_file(p, name, (struct str){ b.p, n }, e);
	buf_free(&b);
	return rc;
}

/* The new time must last, or the collector would judge by the old one. */
static int touch(const struct place *p, bool packed, struct err *e)
{
	char name[NAME_SIZE];
	int fd, rc;

	snprintf(name, sizeof(name), "%s%s", p->id, packed ? BLOB_PACKED : "");
	fd = openat(p->shelf, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	rc = fd < 0 || futimens(fd, NULL) || fsync(fd) ? fail(p, "touch", e)
						       : 0;
	if (fd >= 0)
		close(fd);
	return rc;
}

int blob_put(const char *dir, struct str content, bool is_text,
	     char id_r[BLOB_ID_SIZE], struct err *e)
{
	struct buf there = { 0 };
	bool packed;
	struct place p;
	int rc = -1;

	if (content.len > BLOB_MAX)
		return err_set(e, EX_DATAERR, "blob: above %d bytes", BLOB_MAX);
	if (blob_id(content, id_r, e))
		return -1;
	if (!place_open(&p, dir, (struct str){ id_r, BLOB_ID_LEN }, true) ||
	    flock(p.blobs, LOCK_SH))
		fail(&p, "open", e);
	else if (load_any(&p, &there, &packed, NULL) > 0)
		rc = touch(&p, packed, e);
	else
		rc = store(&p, content, is_text, e);
	/* Also where it was there: who wrote it may have died before this. */
	if (rc == 0 && (fsync(p.shelf) || fsync(p.blobs) || fsync(p.dir)))
		rc = fail(&p, "sync", e);
	place_close(&p);
	buf_free(&there);
	return rc;
}
