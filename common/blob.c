#include "common/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
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
	SYNC_EACH = 4, /* files, at least, for a thread to be worth it */
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
static bool place_open(struct place *p, const char *dir, struct str id)
{
	char shelf[3] = { id.p[0], id.p[1] };

	*p = (struct place){ -1, -1, -1, "" };
	str_copy(p->id, sizeof(p->id), id);
	p->dir = open_dir(AT_FDCWD, dir, 0, false);
	if (p->dir >= 0)
		p->blobs = open_dir(p->dir, BLOB_DIR, 0, false);
	if (p->blobs >= 0)
		p->shelf = open_dir(p->blobs, shelf, O_NOFOLLOW, false);
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
	if (place_open(&p, dir, id))
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
	if (place_open(&p, dir, id))
		rc = look_any(&p, size_r, is_text_r, e);
	else if (errno != ENOENT)
		rc = fail(&p, "open", e);
	place_close(&p);
	return rc;
}

/* ---- writing ---- */

/* One of a batch. */
struct entry {
	char id[BLOB_ID_SIZE];
	bool packed;	 /* its file is */
	bool is_new;	 /* it has its name only once it is synced */
	int fd;		 /* to be synced; -1: through */
	struct err *why; /* it failed */
};

enum { SHELVES = 256, NEVER_OPEN = -1 };

struct blob_batch {
	const char *path;
	int dir, blobs, shelf[SHELVES]; /* while something is open */
	struct entry *v;
	size_t n, cap;
	size_t through; /* of these; the others are open */
};

static void batch_init(struct blob_batch *b, const char *dir)
{
	*b = (struct blob_batch){ .path = dir, .dir = -1, .blobs = -1 };
	for (size_t i = 0; i < SHELVES; i++)
		b->shelf[i] = NEVER_OPEN;
}

struct blob_batch *blob_batch_new(const char *dir)
{
	struct blob_batch *b = xmalloc(sizeof(*b));

	batch_init(b, dir);
	return b;
}

static unsigned nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static int *shelf_of(struct blob_batch *b, const char *id)
{
	return &b->shelf[nibble(id[0]) << 4 | nibble(id[1])];
}

/* The places of one; they stay open, and the lock is held, until the flush. */
static int batch_open(struct blob_batch *b, const char *id, struct place *p_r,
		      struct err *e)
{
	int *shelf = shelf_of(b, id);
	const char name[3] = { id[0], id[1] };

	if (b->dir < 0)
		b->dir = open_dir(AT_FDCWD, b->path, 0, false);
	if (b->dir >= 0 && b->blobs < 0) {
		b->blobs = open_dir(b->dir, BLOB_DIR, 0, true);
		if (b->blobs >= 0 && flock(b->blobs, LOCK_SH)) {
			close(b->blobs);
			b->blobs = -1;
		}
	}
	if (b->blobs >= 0 && *shelf < 0)
		*shelf = open_dir(b->blobs, name, O_NOFOLLOW, true);
	*p_r = (struct place){ b->dir, b->blobs, *shelf, "" };
	str_copy(p_r->id, sizeof(p_r->id), str_from(id));
	return *shelf < 0 ? fail(p_r, "open", e) : 0;
}

static void batch_close(struct blob_batch *b)
{
	for (size_t i = 0; i < SHELVES; i++) {
		if (b->shelf[i] >= 0)
			close(b->shelf[i]);
		b->shelf[i] = NEVER_OPEN;
	}
	if (b->blobs >= 0)
		close(b->blobs);
	if (b->dir >= 0)
		close(b->dir);
	b->dir = b->blobs = -1;
}

static struct entry *entry_of(const struct blob_batch *b, const char *id)
{
	for (size_t i = 0; i < b->n; i++)
		if (memcmp(b->v[i].id, id, BLOB_ID_LEN) == 0)
			return &b->v[i];
	return NULL;
}

static void temp_name(const char *id, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, ".%s.%d", id, (int)getpid());
}

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
static int write_file(const struct place *p, struct str s, struct err *e)
{
	char temp[NAME_SIZE];
	int fd;

	temp_name(p->id, temp);
	/* Whoever had our number before may have died in this place. */
	unlinkat(p->shelf, temp, 0);
	fd = openat(p->shelf, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0660);
	if (fd < 0)
		return fail(p, "create", e);
	if (write_all(fd, s) == 0)
		return fd;
	fail(p, "write", e);
	close(fd);
	unlinkat(p->shelf, temp, 0);
	return -1;
}

static int store(const struct place *p, struct str content, bool is_text,
		 struct err *e)
{
	size_t cap = ZSTD_compressBound(content.len), n;
	struct buf b = { 0 };
	int fd;

	if (!is_text)
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

static void file_name(const char *id, bool packed, char out[NAME_SIZE])
{
	snprintf(out, NAME_SIZE, "%s%s", id, packed ? BLOB_PACKED : "");
}

/* The new time must last, or the collector would judge by the old one. */
static int touch(const struct place *p, bool packed, struct err *e)
{
	char name[NAME_SIZE];
	int fd;

	file_name(p->id, packed, name);
	fd = openat(p->shelf, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && futimens(fd, NULL) == 0)
		return fd;
	fail(p, "touch", e);
	if (fd >= 0)
		close(fd);
	return -1;
}

static void add_entry(struct blob_batch *b, const struct entry *x)
{
	if (b->n == b->cap) {
		b->cap = b->cap ? 2 * b->cap : 8;
		b->v = xrealloc(b->v, b->cap * sizeof(*b->v));
	}
	b->v[b->n++] = *x;
}

int blob_batch_add(struct blob_batch *b, struct str content, bool is_text,
		   char id_r[BLOB_ID_SIZE], struct err *e)
{
	struct entry x = { .packed = is_text, .fd = -1 };
	struct buf there = { 0 };
	struct place p;

	if (content.len > BLOB_MAX)
		return err_set(e, EX_DATAERR, "blob: above %d bytes", BLOB_MAX);
	if (blob_id(content, id_r, e))
		return -1;
	if (entry_of(b, id_r))
		return 0;
	if (b->n - b->through == BLOB_BATCH_OPEN)
		blob_batch_flush(b);
	if (batch_open(b, id_r, &p, e))
		return -1;
	str_copy(x.id, sizeof(x.id), str_from(id_r));
	x.is_new = load_any(&p, &there, &x.packed, NULL) <= 0;
	if (x.is_new)
		x.packed = is_text;
	x.fd = x.is_new ? store(&p, content, is_text, e)
			: touch(&p, x.packed, e);
	buf_free(&there);
	if (x.fd < 0)
		return -1;
	add_entry(b, &x);
	return 0;
}

/* ---- syncing ---- */

/* A file or directory; error: 0, or errno. */
struct sync_one {
	int fd, error;
};

struct sync_all {
	struct sync_one *v;
	size_t n;
	atomic_size_t next;
};

static void *sync_some(void *arg)
{
	struct sync_all *all = arg;
	size_t i;

	while ((i = atomic_fetch_add(&all->next, 1)) < all->n)
		all->v[i].error = fsync(all->v[i].fd) ? errno : 0;
	return NULL;
}

/*
 * Side by side: what waits for the disk together is written together. Threads
 * that are not to be had are done without.
 */
static void sync_together(struct sync_one *v, size_t n)
{
	struct sync_all all = { .v = v, .n = n };
	pthread_t threads[BLOB_BATCH_THREADS - 1];
	size_t n_threads = 0;
	sigset_t every, was;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &was);
	while (n_threads < ARRAY_LEN(threads) && n_threads < n / SYNC_EACH &&
	       atomic_load(&all.next) < n &&
	       pthread_create(&threads[n_threads], NULL, sync_some, &all) == 0)
		n_threads++;
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	sync_some(&all);
	while (n_threads > 0)
		pthread_join(threads[--n_threads], NULL);
}

/* The first reason holds. */
static void failed_with(struct entry *x, int error, const char *what)
{
	struct place p;

	if (x->why)
		return;
	x->why = xmalloc(sizeof(*x->why));
	str_copy(p.id, sizeof(p.id), str_from(x->id));
	errno = error;
	fail(&p, what, x->why);
}

static void sync_files(struct entry *v, size_t n)
{
	struct sync_one one[BLOB_BATCH_OPEN];

	for (size_t i = 0; i < n; i++)
		one[i] = (struct sync_one){ v[i].fd, 0 };
	sync_together(one, n);
	for (size_t i = 0; i < n; i++) {
		if (one[i].error)
			failed_with(&v[i], one[i].error, "write");
		close(v[i].fd);
		v[i].fd = -1;
	}
}

static void name_file(struct blob_batch *b, struct entry *x)
{
	char temp[NAME_SIZE], name[NAME_SIZE];
	int shelf = *shelf_of(b, x->id);

	if (!x->is_new)
		return;
	temp_name(x->id, temp);
	file_name(x->id, x->packed, name);
	if (!x->why && renameat(shelf, temp, shelf, name))
		failed_with(x, errno, "rename");
	if (x->why)
		unlinkat(shelf, temp, 0);
}

/* Also where it was there: who wrote it may have died before this. */
static void sync_dirs(struct blob_batch *b, struct entry *v, size_t n)
{
	struct sync_one one[SHELVES + 2] = { { .fd = -1 } };
	size_t at[SHELVES] = { 0 }, n_dirs = 0;
	int above;

	for (size_t i = 0; i < SHELVES; i++)
		if (b->shelf[i] >= 0) {
			at[i] = n_dirs;
			one[n_dirs++].fd = b->shelf[i];
		}
	one[n_dirs++].fd = b->blobs;
	one[n_dirs++].fd = b->dir;
	sync_together(one, n_dirs);
	above = one[n_dirs - 1].error ? one[n_dirs - 1].error
				      : one[n_dirs - 2].error;
	for (size_t i = 0; i < n; i++) {
		size_t shelf = (size_t)(shelf_of(b, v[i].id) - b->shelf);
		int error = above ? above : one[at[shelf]].error;

		if (error)
			failed_with(&v[i], error, "sync");
	}
}

void blob_batch_flush(struct blob_batch *b)
{
	struct entry *v = b->v + b->through;
	size_t n = b->n - b->through;

	if (n > 0) {
		sync_files(v, n);
		for (size_t i = 0; i < n; i++)
			name_file(b, &v[i]);
		sync_dirs(b, v, n);
	}
	b->through = b->n;
	batch_close(b);
}

int blob_batch_kept(const struct blob_batch *b, const char *id, struct err *e)
{
	const struct entry *x = entry_of(b, id);

	if (!x)
		return err_set(e, EX_SOFTWARE, "blob %s: was not put", id);
	if (!x->why)
		return 0;
	*e = *x->why;
	return -1;
}

static void batch_fini(struct blob_batch *b)
{
	/* What was not flushed was not meant to last. */
	for (size_t i = b->through; i < b->n; i++) {
		char temp[NAME_SIZE];

		close(b->v[i].fd);
		temp_name(b->v[i].id, temp);
		if (b->v[i].is_new)
			unlinkat(*shelf_of(b, b->v[i].id), temp, 0);
	}
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].why);
	batch_close(b);
	free(b->v);
}

void blob_batch_free(struct blob_batch **bp)
{
	if (*bp)
		batch_fini(*bp);
	free(*bp);
	*bp = NULL;
}

int blob_put(const char *dir, struct str content, bool is_text,
	     char id_r[BLOB_ID_SIZE], struct err *e)
{
	struct blob_batch b;
	int rc;

	batch_init(&b, dir);
	rc = blob_batch_add(&b, content, is_text, id_r, e);
	blob_batch_flush(&b);
	if (rc == 0)
		rc = blob_batch_kept(&b, id_r, e);
	batch_fini(&b);
	return rc;
}
