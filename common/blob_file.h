#ifndef COMMON_BLOB_FILE_H
#define COMMON_BLOB_FILE_H

/*
 * blob_file - the file of one blob: where it lies, how it is written and read,
 * what it is called. Inside blob*.c; blob.h says what they promise together.
 *
 * A file has one of two forms, packed (one frame of zstd) or plain; a reader
 * takes whichever is there and right. A file that is written has another name
 * until it is synced. -1 with *e: EX_DATAERR, what is there is not that
 * content; EX_TEMPFAIL, the disk is full; EX_IOERR.
 */
#include "common/blob.h"

/* Open directories: DIR, DIR/blobs, and the one of this blob within. */
struct blob_place {
	int dir, blobs, shelf;
	char id[BLOB_ID_SIZE];
};

/* A directory; how: further flags of open(2); make: it need not be there. */
int blob_dir_open(int at, const char *name, int how, bool make);

/* Where it should lie; id is one. False with errno. Close it either way. */
bool blob_place_open(struct blob_place *p, const char *dir, struct str id);
void blob_place_close(const struct blob_place *p);

/* Tell errno. */
int blob_fail(const struct blob_place *p, const char *what, struct err *e);

/* 1: its content, compared with its id, is in b; 0: it is not there; -1. */
int blob_file_load(const struct blob_place *p, struct buf *b, bool *packed_r,
		   struct err *e);
/* The same without reading it: what its content should be long. */
int blob_file_look(const struct blob_place *p, size_t *size_r, bool *packed_r,
		   struct err *e);

/* Open, written, not yet synced and without its name; or -1. */
int blob_file_write(const struct blob_place *p, struct str content, bool pack,
		    struct err *e);
/* One that is there, open, with a new time that is not yet synced; or -1. */
int blob_file_touch(const struct blob_place *p, bool packed, struct err *e);

/* What was written gets its name (-1 with errno), or goes. */
int blob_file_name(int shelf, const char *id, bool packed);
void blob_file_drop(int shelf, const char *id);

#endif
