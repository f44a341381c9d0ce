#include "blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "shelves.h"

/* ---- --check ---- */

struct verify {
	const char *dir;
	void (*problem)(void *arg, const char *text);
	void *arg;
	struct blob_list there;
	struct buf content;
};

/* What is there is what its name says. */
static int verify_files(struct verify *v, struct err *e)
{
	struct shelves s;
	struct shelf_file f;
	bool is_text;
	int rc;

	shelves_begin(&s, v->dir, 0);
	while ((rc = shelves_next(&s, &f, e)) > 0) {
		struct err why;

		if (!f.id.p)
			continue;
		blob_list_add(&v->there, f.id);
		if (blob_get(v->dir, f.id, &v->content, &is_text, &why) < 0)
			v->problem(v->arg, why.msg);
	}
	shelves_end(&s);
	blob_list_sort(&v->there);
	return rc;
}

/* What is named is there; it may have come since the files were read. */
static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct verify *v = arg;
	struct str data = ev->data, id;
	bool is_text;

	(void)e;
	while (blob_next(&data, &id)) {
		struct err why;
		int rc;

		if (blob_list_find(&v->there, id))
			continue;
		rc = blob_get(v->dir, id, &v->content, &is_text, &why);
		if (rc == 0)
			err_set(&why, EX_DATAERR, "blob %.*s: is not there",
				STR_ARG(id));
		if (rc > 0)
			continue;
		err_prefix(&why, "event %llu", (unsigned long long)ev->offset);
		v->problem(v->arg, why.msg);
	}
	return 0;
}

int blobs_verify(const char *dir, struct journal *j,
		 void (*problem)(void *arg, const char *text), void *arg,
		 uint64_t *n_r, struct err *e)
{
	struct verify v = { .dir = dir, .problem = problem, .arg = arg };
	struct journal_scan scan = { .from = 1 };
	uint64_t was;
	int rc = verify_files(&v, e);

	*n_r = v.there.n;
	/* A damaged event is passed over: journal_verify() tells of it. */
	if (rc == 0)
		do {
			was = scan.from;
			rc = journal_scan(j, &scan, on_event, &v, &scan.from,
					  e);
		} while (rc > 0 || (rc < 0 && scan.from > was));
	blob_list_free(&v.there);
	buf_free(&v.content);
	return rc;
}

/* ---- --backup ---- */

static int fail(const char *to, const char *what, struct err *e)
{
	return err_set(e, errno == ENOSPC ? EX_TEMPFAIL : EX_CANTCREAT,
		       "%s/" BLOB_DIR ": %s: %s", to, what, strerror(errno));
}

/* name: a shelf, or "" for all of them. */
static int make_shelf(const char *to, const char *name, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%.2s", to, name);
	return mkdir(path, 0770) && errno != EEXIST ? fail(to, "create", e) : 0;
}

/* 1: it is there; 0: it went, or is damaged, which --check tells; -1. */
static int copy_one(const char *dir, const char *to, const struct shelf_file *f,
		    struct err *e)
{
	char path[4096], id[BLOB_ID_SIZE];
	struct buf b = { 0 };
	struct err why;
	bool is_text;
	int rc;

	if (make_shelf(to, f->name, e))
		return -1;
	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%.2s/%s", to, f->name,
		 f->name);
	if (linkat(f->shelf_fd, f->name, AT_FDCWD, path, 0) == 0 ||
	    errno == EEXIST)
		return 1;
	rc = blob_get(dir, f->id, &b, &is_text, &why);
	if (rc > 0 && blob_put(to, buf_str(&b), is_text, id, e))
		rc = -1;
	else if (rc < 0)
		rc = 0;
	buf_free(&b);
	return rc;
}

static int copy_all(const char *dir, const char *to, uint64_t *n_r,
		    struct err *e)
{
	struct shelves s;
	struct shelf_file f;
	int rc, n = 0;

	if (make_shelf(to, "", e))
		return -1;
	shelves_begin(&s, dir, 0);
	while (n >= 0 && (rc = shelves_next(&s, &f, e)) > 0) {
		n = f.id.p ? copy_one(dir, to, &f, e) : 0;
		*n_r += n > 0;
	}
	shelves_end(&s);
	return n < 0 || rc < 0 ? -1 : 0;
}

static int sync_all(const char *to, struct err *e)
{
	int fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || syncfs(fd) ? fail(to, "sync", e) : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

int blobs_backup(const char *dir, struct journal *j, const char *to,
		 uint64_t *n_r, struct err *e)
{
	/* From before the copy, or what it names may be collected meanwhile. */
	int lock = -1, has_blobs = shelves_lock(dir, LOCK_SH, &lock, e);
	int rc = has_blobs < 0 ? -1 : journal_backup(j, to, e);

	*n_r = 0;
	/* The first ones may have come with the last events of the copy. */
	if (rc == 0 && !has_blobs)
		has_blobs = shelves_lock(dir, LOCK_SH, &lock, e);
	if (has_blobs < 0)
		rc = -1;
	if (rc == 0 && has_blobs)
		rc = copy_all(dir, to, n_r, e) || sync_all(to, e) ? -1 : 0;
	if (lock >= 0)
		close(lock);
	return rc;
}
