#ifndef COMMON_DB_H
#define COMMON_DB_H

/*
 * db - tables in one memory-mapped file, LMDB behind it.
 *
 * One process writes, any number read. A commit is on disk when it returns
 * (LMDB's default flags; never NOSYNC, NOMETASYNC or WRITEMAP, except for
 * DB_SCRATCH). Values that are read point into the map and die with their
 * transaction. Each directory may be opened once per process; not across
 * fork(), not on NFS. Return codes: 1 found, 0 not there, -1 with *e:
 *
 *	EX_TEMPFAIL	the map or the disk is full
 *	EX_IOERR	anything else that went wrong below
 *	EX_DATAERR	the file is damaged or of another format
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/str.h"

enum db_flags {
	DB_READ = 1,	/* reader: no lock is held, many may be open */
	DB_SCRATCH = 2, /* nobody will miss it after a crash: no syncs */
};

enum { DB_KEY_MAX = 511, DB_TABLES_MAX = 16 };

struct db;
struct db_txn;
struct db_cursor;
typedef unsigned db_table;

/*
 * Open (a writer also creates) the directory. A writer holds DIR/lock for its
 * life: EX_TEMPFAIL where another process has it. map_size is the most that
 * the file may grow to; address space, not memory.
 */
struct db *db_open(const char *dir, unsigned flags, size_t map_size,
		   struct err *e);
void db_close(struct db **dbp);

/*
 * Which file it is, to recognise a copy. Kept on disk: only grows. Where both
 * births are known, inode and birth tell, and not the device: its number may be
 * another one after a reboot (NVMe, device mapper, loop), which must not look
 * like a copy. So a clone of the whole file system is not told.
 */
struct db_id {
	uint64_t dev, ino;
	int64_t born_ns; /* 0: the file system does not know */
};
void db_file_id(const struct db *db, struct db_id *id_r);
bool db_same_file(const struct db_id *a, const struct db_id *b);
/* False once the directory or file was moved, replaced or removed. */
bool db_in_place(const struct db *db);
uint64_t db_file_bytes(const struct db *db); /* used, from the map's pages */

/* Open a table; a writer creates it. A reader: 0 where it is missing. */
int db_table_open(struct db *db, const char *name, db_table *t_r,
		  struct err *e);

/* At most one write transaction, and one read transaction per struct db_txn. */
int db_begin(struct db *db, bool write, struct db_txn **txn_r, struct err *e);
int db_commit(struct db_txn **txnp, struct err *e);
void db_abort(struct db_txn **txnp);

/*
 * A reader's snapshot can be let go and taken anew without allocating, and so
 * can its cursors. Hold it for milliseconds: pages that it can see cannot be
 * reused.
 */
void db_reset(struct db_txn *txn);
int db_renew(struct db_txn *txn, struct err *e);

/* Free the slots of readers that died. The number of them. */
int db_clear_readers(struct db *db);

enum db_put_flags { DB_APPEND = 1 /* key is above all others */ };
int db_get(struct db_txn *txn, db_table t, struct str key, struct str *val_r,
	   struct err *e);
int db_put(struct db_txn *txn, db_table t, struct str key, struct str val,
	   unsigned flags, struct err *e);
/* Room for a value of len bytes, to be filled before the next call. */
int db_reserve(struct db_txn *txn, db_table t, struct str key, size_t len,
	       unsigned flags, char **val_r, struct err *e);
int db_del(struct db_txn *txn, db_table t, struct str key, struct err *e);
int db_count(struct db_txn *txn, db_table t, uint64_t *n_r, struct err *e);

/* Close cursors before their transaction ends. */
enum db_seek { DB_FIRST, DB_LAST, DB_NEXT, DB_PREV, DB_AT_OR_AFTER };
int db_cursor_open(struct db_txn *txn, db_table t, struct db_cursor **c_r,
		   struct err *e);
void db_cursor_close(struct db_cursor **cp);
/* *key is read for DB_AT_OR_AFTER and set to where the cursor stands. */
int db_seek(struct db_cursor *c, enum db_seek how, struct str *key,
	    struct str *val_r, struct err *e);
int db_cursor_del(struct db_cursor *c, struct err *e);

/* Copy the whole to a new directory, compacted, while others go on. */
int db_copy(struct db *db, const char *dir, struct err *e);

/* 64-bit keys in the order of their numbers (big-endian). */
struct str db_key_u64(uint64_t v, char out[8]);
uint64_t db_u64(struct str key);

#endif
