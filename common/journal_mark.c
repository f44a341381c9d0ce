/*
 * What tells a journal from a copy of it.
 *
 * A copy in another place is another file, also under a used inode number: its
 * birth tells. A copy that was written over the file is the same one. So an
 * empty file beside it bears the head in its name, head.EPOCH:OFFSET, and is
 * renamed after each commit. The commit is on disk before, so a power cut may
 * leave the name behind the journal, never ahead of it: only an older copy is.
 * It is a name and no text because who copies the whole directory over this
 * one brings a name of his own and leaves ours.
 *
 * The same file's time of modification is set to the clock that is announced,
 * each time: without a sync, which a heartbeat is not worth. So it outlives a
 * kill, but a power cut may take the last seconds of it.
 */
#include "common/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/journal_record.h"

enum { MARK_NAME_MAX = POSITION_TEXT_MAX + 8 };

static const struct str prefix = { "head.", 5 };

static void print_name(struct position pos, char out[MARK_NAME_MAX])
{
	char text[POSITION_TEXT_MAX];

	snprintf(out, MARK_NAME_MAX, "head.%s", position_format(pos, text));
}

static bool is_ours(const struct journal *j, struct position pos)
{
	return pos.epoch == j->epoch && pos.offset <= j->head;
}

/* No event is recorded before what was announced under any name. */
static void read_clock(struct journal *j, const char *name)
{
	struct stat sb;
	int64_t us;

	if (fstatat(j->dir_fd, name, &sb, AT_SYMLINK_NOFOLLOW))
		return;
	us = sb.st_mtim.tv_sec * INT64_C(1000000) + sb.st_mtim.tv_nsec / 1000;
	if (us > j->last_us)
		j->last_us = us;
}

/* Look at all names there are; remove those that do not say what we say. */
static int each_name(struct journal *j, bool remove, bool *other_r,
		     struct err *e)
{
	int fd = openat(j->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *at;

	if (!dir) {
		err_set(e, EX_IOERR, "journal: %s", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((at = readdir(dir))) {
		struct str name = str_from(at->d_name);
		struct position pos;

		if (!str_starts(name, prefix) ||
		    !position_parse(str_sub(name, prefix.len, name.len), &pos))
			continue;
		*other_r |= !is_ours(j, pos);
		read_clock(j, at->d_name);
		if (remove && (pos.epoch != j->marked.epoch ||
			       pos.offset != j->marked.offset))
			(void)unlinkat(j->dir_fd, at->d_name, 0);
	}
	closedir(dir);
	return 0;
}

int journal_mark_open(struct journal *j, const char *path, bool *copy_r,
		      struct err *e)
{
	struct db_id is, was = { 0 };
	struct str val;
	int rc = db_get(j->write, j->meta, STR("file"), &val, e);

	if (rc < 0)
		return -1;
	if (rc > 0 && val.len <= sizeof(was)) /* older ones had no birth */
		memcpy(&was, val.p, val.len);
	db_file_id(j->db, &is);
	*copy_r = !db_same_file(&was, &is);
	j->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir_fd < 0)
		return err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	if (each_name(j, false, copy_r, e))
		return -1;
	return db_put(j->write, j->meta, STR("file"), bytes(&is, sizeof(is)), 0,
		      e);
}

int journal_mark_settle(struct journal *j, struct err *e)
{
	bool ignored = false;

	journal_mark_head(j);
	if (each_name(j, true, &ignored, e))
		return -1;
	if (fsync(j->dir_fd))
		return err_set(e, EX_IOERR, "journal: %s", strerror(errno));
	return 0;
}

/* That a copy may not be told is no reason to take no more events. */
void journal_mark_head(struct journal *j)
{
	struct position head = { j->epoch, j->head };
	char from[MARK_NAME_MAX], to[MARK_NAME_MAX];
	int fd;

	if (j->marked.epoch == head.epoch && j->marked.offset == head.offset)
		return;
	print_name(j->marked, from);
	print_name(head, to);
	j->marked = head;
	if (renameat(j->dir_fd, from, j->dir_fd, to) == 0)
		return;
	fd = openat(j->dir_fd, to, O_WRONLY | O_CREAT | O_CLOEXEC, 0660);
	if (fd >= 0)
		close(fd);
	journal_mark_clock(j);
}

void journal_mark_clock(const struct journal *j)
{
	const struct timespec clock = {
		.tv_sec = (time_t)(j->last_us / 1000000),
		.tv_nsec = (long)(j->last_us % 1000000 * 1000),
	};
	char name[MARK_NAME_MAX];

	print_name(j->marked, name);
	(void)utimensat(j->dir_fd, name,
			(struct timespec[]){ { .tv_nsec = UTIME_OMIT }, clock },
			0);
}
