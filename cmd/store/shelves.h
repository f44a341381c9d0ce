#ifndef STORE_SHELVES_H
#define STORE_SHELVES_H

/*
 * shelves - the files in DIR/blobs/00 to ff, one by one; and lists of blobs.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "common/blob.h"

enum { SHELVES = 256 };

struct shelves {
	const char *dir; /* borrowed */
	DIR *shelf;
	unsigned at, left; /* the next shelf, and how many there are to come */
};

struct shelf_file {
	unsigned pos; /* of its shelf, from 0 where it began */
	int shelf_fd;
	const char *name;
	struct str id; /* absent: it is no blob */
	struct stat sb;
};

/* From this shelf on, around all of them. Zeroed is over. */
void shelves_begin(struct shelves *s, const char *dir, unsigned first);
/* Valid until the next call. 1; 0: no more; -1 with *e: EX_IOERR. */
int shelves_next(struct shelves *s, struct shelf_file *f_r, struct err *e);
void shelves_end(struct shelves *s);

/*
 * Hold DIR/blobs as blob.h says (how: of flock(2)). 1: until *fd_r is closed;
 * 0: there is none, or somebody else holds it; -1 with *e.
 */
int shelves_lock(const char *dir, int how, int *fd_r, struct err *e);

/* What a blob takes on disk; 0: it is not there. */
int64_t shelves_bytes(const char *dir, struct str id);

struct blob_list {
	struct blob_entry {
		char id[BLOB_ID_SIZE];
		bool named;
	} * v;
	size_t n, cap;
};

void blob_list_add(struct blob_list *l, struct str id);
/* Before the first look-up, after the last addition. */
void blob_list_sort(struct blob_list *l);
struct blob_entry *blob_list_find(const struct blob_list *l, struct str id);
void blob_list_free(struct blob_list *l);

#endif
