#ifndef COMMON_BLOB_H
#define COMMON_BLOB_H

/*
 * blob - pages, pictures and whatever else is too large for an event, by
 * content.
 *
 * A blob's id is the SHA-256 of its content in 64 lower-case hexadecimal
 * digits. An event names it with a member "blob" of its data, at any depth:
 *
 *	{"watch":"menu","blob":"9f86d081884c7d65…"}
 *
 * Those bytes cannot stand inside a JSON string, where quotes are escaped, so
 * names are found by a search, without parsing; scraped text cannot forge one.
 *
 * A blob lies in DIR/blobs/9f/9f86d081884c7d65…, text in one frame of zstd and
 * with ".zst" behind its id; the id is always of what was put. Files are not
 * written to again: they are made under another name (a dot first), synced,
 * renamed, and their directories synced, before blob_put() returns. Whoever
 * puts first and commits the event afterwards names nothing that is not there,
 * also after a power cut: a cut leaves a file whole, or without its name, or
 * not at all (tests/chaos/powercut.sh looks at the order).
 *
 * DIR/blobs may be a link to a directory elsewhere; what is linked within it is
 * not followed, and what is no regular file is not read.
 *
 * The time of a file is when it was last put. weir-store removes what no event
 * names some time after that (cmd/store/collect.h), under an exclusive flock
 * on DIR/blobs; blob_put() holds a shared one. One that an event names can be
 * read without a lock.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum {
	BLOB_ID_LEN = 64,
	BLOB_ID_SIZE = BLOB_ID_LEN + 1,
	BLOB_MAX = 8 << 20, /* bytes of one; more are neither put nor read */
};

#define BLOB_DIR    "blobs"
#define BLOB_PACKED ".zst"

bool blob_is_id(struct str s);

/* The id of this content. -1 with *e: EX_SOFTWARE, where OpenSSL is broken. */
int blob_id(struct str content, char id_r[BLOB_ID_SIZE], struct err *e);

/*
 * Keep content; dir is there. A blob that is there, and right, only gets a new
 * time. -1 with *e: EX_DATAERR above BLOB_MAX, EX_TEMPFAIL with a full disk,
 * EX_IOERR. blob_batch.h puts many at a time.
 */
int blob_put(const char *dir, struct str content, bool is_text,
	     char id_r[BLOB_ID_SIZE], struct err *e);

/*
 * Read one whole into b, emptied first; *is_text_r as it was put. 1: its hash
 * was compared; 0: it is not there, or id is none; -1 with *e: EX_DATAERR,
 * what is there is not that content, EX_IOERR.
 */
int blob_get(const char *dir, struct str id, struct buf *b, bool *is_text_r,
	     struct err *e);

/*
 * The same without reading it: what its content should be long. 1 does not
 * mean that it is undamaged.
 */
int blob_look(const char *dir, struct str id, size_t *size_r, bool *is_text_r,
	      struct err *e);

/*
 * The next name of a blob in *json, which moves behind it. False: no more. The
 * key is "blob" as it stands, without escapes; white space is allowed.
 */
bool blob_next(struct str *json, struct str *id_r);

/* The id in the name of a file; absent where it is no blob's. */
struct str blob_of_file(const char *name);

/* Is it the name of one that is still being written, ".ID.PID"? */
bool blob_is_unborn(const char *name);

#endif
