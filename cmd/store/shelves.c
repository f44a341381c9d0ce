#include "shelves.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/xmem.h"

void shelves_begin(struct shelves *s, const char *dir, unsigned first)
{
	*s = (struct shelves){ dir, NULL, first % SHELVES, SHELVES };
}

void shelves_end(struct shelves *s)
{
	if (s->shelf)
		closedir(s->shelf);
	*s = (struct shelves){ 0 };
}

static int fail(const char *path, const char *what, struct err *e)
{
	return err_set(e, EX_IOERR, "%s: %s: %s", path, what, strerror(errno));
}

/* What is linked there is somebody else's. */
static DIR *open_shelf(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *shelf = fd < 0 ? NULL : fdopendir(fd);

	if (!shelf && fd >= 0)
		close(fd);
	return shelf;
}

/* Of the shelf before s->at. */
static int shelf_fail(const struct shelves *s, const char *what, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%02x", s->dir,
		 (s->at + SHELVES - 1) % SHELVES);
	return fail(path, what, e);
}

/* Open the next one that is there. 1, 0, -1. */
static int next_shelf(struct shelves *s, struct err *e)
{
	char path[4096];

	while (!s->shelf && s->left > 0) {
		snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%02x", s->dir,
			 s->at);
		s->at = (s->at + 1) % SHELVES;
		s->left--;
		s->shelf = open_shelf(path);
		if (!s->shelf && errno != ENOENT)
			return shelf_fail(s, "open", e);
	}
	return s->shelf != NULL;
}

int shelves_next(struct shelves *s, struct shelf_file *f_r, struct err *e)
{
	struct dirent *d;
	int rc;

	while ((rc = next_shelf(s, e)) > 0) {
		errno = 0;
		d = readdir(s->shelf);
		if (!d && errno)
			return shelf_fail(s, "read", e);
		if (!d) {
			closedir(s->shelf);
			s->shelf = NULL;
			continue;
		}
		f_r->pos = SHELVES - 1 - s->left;
		f_r->shelf_fd = dirfd(s->shelf);
		f_r->name = d->d_name;
		f_r->id = blob_of_file(d->d_name);
		/* What went meanwhile is not there. */
		if (fstatat(f_r->shelf_fd, d->d_name, &f_r->sb,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(f_r->sb.st_mode))
			return 1;
	}
	return rc;
}

int shelves_lock(const char *dir, int how, int *fd_r, struct err *e)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/" BLOB_DIR, dir);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : fail(path, "open", e);
	if (flock(fd, how)) {
		int rc = errno == EWOULDBLOCK ? 0 : fail(path, "lock", e);

		close(fd);
		return rc;
	}
	*fd_r = fd;
	return 1;
}

int64_t shelves_bytes(const char *dir, struct str id)
{
	static const char *const ends[] = { BLOB_PACKED, "" };
	char path[4096];
	struct stat sb;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%s/" BLOB_DIR "/%.2s/%.*s%s", dir,
			 id.p, STR_ARG(id), ends[i]);
		if (lstat(path, &sb) == 0 && S_ISREG(sb.st_mode))
			return sb.st_size;
	}
	return 0;
}

/* ---- lists ---- */

void blob_list_add(struct blob_list *l, struct str id)
{
	struct blob_entry *at;

	xgrow(&l->v, &l->cap, l->n, sizeof(*l->v));
	at = &l->v[l->n++];
	at->named = false;
	str_copy(at->id, sizeof(at->id), id);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, BLOB_ID_LEN);
}

void blob_list_sort(struct blob_list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

struct blob_entry *blob_list_find(const struct blob_list *l, struct str id)
{
	return l->n ? bsearch(id.p, l->v, l->n, sizeof(*l->v), compare) : NULL;
}

void blob_list_free(struct blob_list *l)
{
	free(l->v);
	*l = (struct blob_list){ 0 };
}
