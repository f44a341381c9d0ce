#include "common/blob_batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/blob_file.h"
#include "common/sync.h"
#include "common/xmem.h"

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

struct blob_batch *blob_batch_new(const char *dir)
{
	struct blob_batch *b = xmalloc(sizeof(*b));

	*b = (struct blob_batch){ .path = dir, .dir = -1, .blobs = -1 };
	for (size_t i = 0; i < SHELVES; i++)
		b->shelf[i] = NEVER_OPEN;
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
static int batch_open(struct blob_batch *b, const char *id,
		      struct blob_place *p_r, struct err *e)
{
	int *shelf = shelf_of(b, id);
	const char name[3] = { id[0], id[1] };

	if (b->dir < 0)
		b->dir = blob_dir_open(AT_FDCWD, b->path, 0, false);
	if (b->dir >= 0 && b->blobs < 0) {
		b->blobs = blob_dir_open(b->dir, BLOB_DIR, 0, true);
		if (b->blobs >= 0 && flock(b->blobs, LOCK_SH)) {
			close(b->blobs);
			b->blobs = -1;
		}
	}
	if (b->blobs >= 0 && *shelf < 0)
		*shelf = blob_dir_open(b->blobs, name, O_NOFOLLOW, true);
	*p_r = (struct blob_place){ b->dir, b->blobs, *shelf, "" };
	str_copy(p_r->id, sizeof(p_r->id), str_from(id));
	return *shelf < 0 ? blob_fail(p_r, "open", e) : 0;
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

/* ---- adding ---- */

static void add_entry(struct blob_batch *b, const struct entry *x)
{
	xgrow(&b->v, &b->cap, b->n, sizeof(*b->v));
	b->v[b->n++] = *x;
}

int blob_batch_add(struct blob_batch *b, struct str content, bool is_text,
		   char id_r[BLOB_ID_SIZE], struct err *e)
{
	struct entry x = { .packed = is_text, .fd = -1 };
	struct buf there = { 0 };
	struct blob_place p;

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
	x.is_new = blob_file_load(&p, &there, &x.packed, NULL) <= 0;
	if (x.is_new)
		x.packed = is_text;
	x.fd = x.is_new ? blob_file_write(&p, content, is_text, e)
			: blob_file_touch(&p, x.packed, e);
	buf_free(&there);
	if (x.fd < 0)
		return -1;
	add_entry(b, &x);
	return 0;
}

/* ---- the flush ---- */

/* The first reason holds. */
static void failed_with(struct entry *x, int error, const char *what)
{
	struct blob_place p;

	if (x->why)
		return;
	x->why = xmalloc(sizeof(*x->why));
	str_copy(p.id, sizeof(p.id), str_from(x->id));
	errno = error;
	blob_fail(&p, what, x->why);
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
	int shelf = *shelf_of(b, x->id);

	if (!x->is_new)
		return;
	if (!x->why && blob_file_name(shelf, x->id, x->packed))
		failed_with(x, errno, "rename");
	if (x->why)
		blob_file_drop(shelf, x->id);
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

void blob_batch_free(struct blob_batch **bp)
{
	struct blob_batch *b = *bp;

	if (!b)
		return;
	/* What was not flushed was not meant to last. */
	for (size_t i = b->through; i < b->n; i++) {
		close(b->v[i].fd);
		if (b->v[i].is_new)
			blob_file_drop(*shelf_of(b, b->v[i].id), b->v[i].id);
	}
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].why);
	batch_close(b);
	free(b->v);
	free(b);
	*bp = NULL;
}
