#include "common/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sysexits.h>
#include <unistd.h>

#include <lmdb.h>

#include "common/db_pages.h"
#include "common/xmem.h"

enum { DB_READERS_MAX = 510 };

struct db {
	MDB_env *env;
	char *path;
	int lock_fd;
	size_t map_size;
	bool writer;
};

struct db_txn {
	struct db *db;
	MDB_txn *mdb;
	bool write;
	struct db_cursor *spare[DB_TABLES_MAX]; /* reading: one of each table */
};

struct db_cursor {
	struct db_txn *txn;
	db_table table;
	MDB_cursor *mdb;
};

/*
 * LMDB reports a write that was cut short by a full disk as EIO. Whether that
 * was it is found out by writing a page next to it.
 */
static bool disk_is_full(const struct db *db)
{
	const char page[4096] = { 1 };
	char path[4096];
	bool full;
	int fd;

	snprintf(path, sizeof(path), "%s/probe", db->path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0660);
	if (fd < 0)
		return errno == ENOSPC || errno == EDQUOT;
	errno = 0;
	full = write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) &&
	       (errno == 0 || errno == ENOSPC || errno == EDQUOT);
	close(fd);
	unlink(path);
	return full;
}

static int fail(const struct db *db, int rc, const char *step, struct err *e)
{
	int code = EX_IOERR;

	if (rc == EIO && db->writer && disk_is_full(db))
		rc = ENOSPC;
	switch (rc) {
	case MDB_MAP_FULL:
	case MDB_READERS_FULL:
	case ENOSPC:
	case EDQUOT: code = EX_TEMPFAIL; break;
	case ENOENT: code = EX_NOINPUT; break;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND: code = EX_DATAERR; break;
	default: break;
	}
	return err_set(e, code, "%s: %s: %s", db->path, step, mdb_strerror(rc));
}

/* A new file's name is on disk only when its directory was synced. */
static int sync_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (rc)
		err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Sync the directory that holds path. */
static int sync_parent(const char *path, struct err *e)
{
	char dir[4096];
	char *slash;

	str_copy(dir, sizeof(dir), str_from(path));
	slash = strrchr(dir, '/');
	if (!slash)
		return sync_dir(".", e);
	slash[slash == dir] = '\0';
	return sync_dir(dir, e);
}

static int make_dir(const char *path, struct err *e)
{
	char part[4096];

	if (!str_copy(part, sizeof(part), str_from(path)))
		return err_set(e, EX_CONFIG, "%s: path too long", path);
	for (char *p = part + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0770) == 0) {
			if (sync_parent(part, e))
				return -1;
		} else if (errno != EEXIST) {
			return err_set(e, EX_CANTCREAT, "%s: %s", part,
				       strerror(errno));
		}
		if (c == '\0')
			return 0;
		*p = c;
	}
}

/* One writer for the life of the process, told apart from a crashed one. */
static int take_lock(struct db *db, struct err *e)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/lock", db->path);
	db->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (db->lock_fd < 0)
		return err_set(e, EX_CANTCREAT, "%s: %s", path,
			       strerror(errno));
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB))
		return err_set(e, EX_TEMPFAIL, "%s: in use by another process",
			       db->path);
	return 0;
}

/* A file that was cut short must not be touched through the map. */
static int check_length(struct db *db, struct err *e)
{
	mdb_filehandle_t fd;
	struct stat sb;
	MDB_stat st;
	MDB_txn *txn;
	bool good;
	int rc = mdb_env_get_fd(db->env, &fd);

	if (!rc && fstat(fd, &sb))
		rc = errno;
	if (!rc && (uint64_t)sb.st_size >= db_file_bytes(db))
		return 0;
	if (!rc)
		rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &txn);
	if (rc)
		return fail(db, rc, "open", e);
	mdb_env_stat(db->env, &st);
	good = db_pages_are_there(fd, st.ms_psize, mdb_txn_id(txn));
	mdb_txn_abort(txn);
	if (!good)
		return err_set(e, EX_DATAERR,
			       "%s: the file is damaged: it was cut short",
			       db->path);
	return 0;
}

/*
 * A power cut may leave half of a file that was just created, in which nothing
 * was ever committed: begin anew. *new_r: LMDB will create it.
 */
static int drop_unborn(struct db *db, bool *new_r, struct err *e)
{
	char path[4096];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "%s/data.mdb", db->path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	*new_r = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return 0; /* LMDB will say why */
	if (db_pages_are_unborn(fd, (size_t)sysconf(_SC_PAGESIZE))) {
		*new_r = true;
		rc = ftruncate(fd, 0);
	}
	if (rc)
		err_set(e, EX_IOERR, "%s: %s", path, strerror(errno));
	close(fd);
	return rc;
}

static int open_env(struct db *db, unsigned flags, struct err *e)
{
	unsigned mdb_flags = MDB_NOTLS;
	bool is_new = false;
	int rc;

	if (db->writer && drop_unborn(db, &is_new, e))
		return -1;
	rc = mdb_env_create(&db->env);

	if (rc)
		return fail(db, rc, "create", e);
	mdb_env_set_maxdbs(db->env, DB_TABLES_MAX);
	mdb_env_set_maxreaders(db->env, DB_READERS_MAX);
	if (db->map_size)
		mdb_env_set_mapsize(db->env, db->map_size);
	if (flags & DB_READ)
		mdb_flags |= MDB_RDONLY;
	if (flags & DB_SCRATCH)
		mdb_flags |= MDB_NOSYNC | MDB_NOMETASYNC;
	rc = mdb_env_open(db->env, db->path, mdb_flags, 0660);
	/* A journal on a read-only medium has no writer to be careful of. */
	if (rc == EROFS && (flags & DB_READ)) {
		mdb_env_close(db->env);
		db->env = NULL;
		rc = mdb_env_create(&db->env);
		if (!rc) {
			mdb_env_set_maxdbs(db->env, DB_TABLES_MAX);
			rc = mdb_env_open(db->env, db->path,
					  mdb_flags | MDB_NOLOCK, 0660);
		}
	}
	if (rc)
		return fail(db, rc, "open", e);
	if (check_length(db, e))
		return -1;
	if (is_new && !(flags & DB_SCRATCH)) {
		rc = mdb_env_sync(db->env, 1);
		if (rc)
			return fail(db, rc, "sync", e);
		if (sync_dir(db->path, e))
			return -1;
	}
	db_clear_readers(db);
	return 0;
}

struct db *db_open(const char *dir, unsigned flags, size_t map_size,
		   struct err *e)
{
	struct db *db = xcalloc(1, sizeof(*db));

	db->lock_fd = -1;
	db->path = xstrdup(dir);
	db->map_size = map_size;
	db->writer = !(flags & DB_READ);
	if (db->writer && (make_dir(dir, e) || take_lock(db, e)))
		goto out;
	if (open_env(db, flags, e))
		goto out;
	return db;
out:
	db_close(&db);
	return NULL;
}

void db_close(struct db **dbp)
{
	struct db *db = *dbp;

	if (!db)
		return;
	if (db->env)
		mdb_env_close(db->env);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->path);
	free(db);
	*dbp = NULL;
}

/* The number of an inode is used again, with another time of birth. */
static struct db_id id_of(int dir_fd, const char *path)
{
	struct db_id id = { 0 };
	struct statx x;

	if (statx(dir_fd, path, AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &x))
		return id;
	id.dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	id.ino = x.stx_ino;
	if (x.stx_mask & STATX_BTIME)
		id.born_ns = x.stx_btime.tv_sec * INT64_C(1000000000) +
			     x.stx_btime.tv_nsec;
	return id;
}

void db_file_id(const struct db *db, struct db_id *id_r)
{
	mdb_filehandle_t fd;

	*id_r = (struct db_id){ 0 };
	if (mdb_env_get_fd(db->env, &fd) == 0)
		*id_r = id_of(fd, "");
}

bool db_same_file(const struct db_id *a, const struct db_id *b)
{
	if (a->ino != b->ino)
		return false;
	return a->born_ns && b->born_ns ? a->born_ns == b->born_ns
					: a->dev == b->dev;
}

bool db_in_place(const struct db *db)
{
	char path[PATH_MAX];
	struct db_id is, there;

	snprintf(path, sizeof(path), "%s/data.mdb", db->path);
	db_file_id(db, &is);
	there = id_of(AT_FDCWD, path);
	return db_same_file(&is, &there);
}

uint64_t db_file_bytes(const struct db *db)
{
	MDB_envinfo info;
	MDB_stat st;

	mdb_env_info(db->env, &info);
	mdb_env_stat(db->env, &st);
	return (uint64_t)(info.me_last_pgno + 1) * st.ms_psize;
}

int db_table_open(struct db *db, const char *name, db_table *t_r, struct err *e)
{
	MDB_txn *txn;
	MDB_dbi dbi;
	int rc =
		mdb_txn_begin(db->env, NULL, db->writer ? 0 : MDB_RDONLY, &txn);

	if (rc)
		return fail(db, rc, "open table", e);
	rc = mdb_dbi_open(txn, name, db->writer ? MDB_CREATE : 0, &dbi);
	if (rc) {
		mdb_txn_abort(txn);
		if (rc == MDB_NOTFOUND && !db->writer)
			return 0;
		return fail(db, rc, "open table", e);
	}
	/* A handle lasts only if its transaction commits, a reader's too. */
	rc = mdb_txn_commit(txn);
	if (rc)
		return fail(db, rc, "open table", e);
	*t_r = dbi;
	return 1;
}

int db_begin(struct db *db, bool write, struct db_txn **txn_r, struct err *e)
{
	unsigned flags = write ? 0 : MDB_RDONLY;
	MDB_txn *mdb;
	int rc = mdb_txn_begin(db->env, NULL, flags, &mdb);

	if (rc == MDB_MAP_RESIZED) { /* another process grew it */
		mdb_env_set_mapsize(db->env, 0);
		rc = mdb_txn_begin(db->env, NULL, flags, &mdb);
	}
	if (rc)
		return fail(db, rc, "begin", e);
	*txn_r = xcalloc(1, sizeof(**txn_r));
	**txn_r = (struct db_txn){ .db = db, .mdb = mdb, .write = write };
	return 0;
}

static void free_cursor(struct db_cursor *c)
{
	if (!c)
		return;
	mdb_cursor_close(c->mdb);
	free(c);
}

static void free_spare(struct db_txn *txn)
{
	for (size_t i = 0; i < ARRAY_LEN(txn->spare); i++)
		free_cursor(txn->spare[i]);
}

int db_commit(struct db_txn **txnp, struct err *e)
{
	struct db_txn *txn = *txnp;
	struct db *db = txn->db;
	int rc;

	free_spare(txn);
	rc = mdb_txn_commit(txn->mdb); /* frees it, also when it fails */

	free(txn);
	*txnp = NULL;
	return rc ? fail(db, rc, "commit", e) : 0;
}

void db_abort(struct db_txn **txnp)
{
	struct db_txn *txn = *txnp;

	if (!txn)
		return;
	free_spare(txn);
	mdb_txn_abort(txn->mdb);
	free(txn);
	*txnp = NULL;
}

void db_reset(struct db_txn *txn)
{
	mdb_txn_reset(txn->mdb);
}

int db_renew(struct db_txn *txn, struct err *e)
{
	int rc = mdb_txn_renew(txn->mdb);

	if (rc == MDB_MAP_RESIZED) {
		mdb_env_set_mapsize(txn->db->env, 0);
		rc = mdb_txn_renew(txn->mdb);
	}
	return rc ? fail(txn->db, rc, "renew", e) : 0;
}

int db_clear_readers(struct db *db)
{
	int dead = 0;

	mdb_reader_check(db->env, &dead);
	return dead;
}

static MDB_val to_val(struct str s)
{
	return (MDB_val){ s.len, (void *)(uintptr_t)s.p };
}

static struct str to_str(MDB_val v)
{
	return (struct str){ v.mv_data, v.mv_size };
}

int db_get(struct db_txn *txn, db_table t, struct str key, struct str *val_r,
	   struct err *e)
{
	MDB_val k = to_val(key), v;
	int rc = mdb_get(txn->mdb, t, &k, &v);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return fail(txn->db, rc, "get", e);
	*val_r = to_str(v);
	return 1;
}

int db_put(struct db_txn *txn, db_table t, struct str key, struct str val,
	   unsigned flags, struct err *e)
{
	MDB_val k = to_val(key), v = to_val(val);
	int rc = mdb_put(txn->mdb, t, &k, &v,
			 flags & DB_APPEND ? MDB_APPEND : 0);

	return rc ? fail(txn->db, rc, "put", e) : 0;
}

int db_reserve(struct db_txn *txn, db_table t, struct str key, size_t len,
	       unsigned flags, char **val_r, struct err *e)
{
	MDB_val k = to_val(key), v = { len, NULL };
	int rc = mdb_put(txn->mdb, t, &k, &v,
			 MDB_RESERVE | (flags & DB_APPEND ? MDB_APPEND : 0));

	if (rc)
		return fail(txn->db, rc, "put", e);
	*val_r = v.mv_data;
	return 0;
}

int db_del(struct db_txn *txn, db_table t, struct str key, struct err *e)
{
	MDB_val k = to_val(key);
	int rc = mdb_del(txn->mdb, t, &k, NULL);

	if (rc == MDB_NOTFOUND)
		return 0;
	return rc ? fail(txn->db, rc, "delete", e) : 1;
}

int db_count(struct db_txn *txn, db_table t, uint64_t *n_r, struct err *e)
{
	MDB_stat st;
	int rc = mdb_stat(txn->mdb, t, &st);

	if (rc)
		return fail(txn->db, rc, "count", e);
	*n_r = st.ms_entries;
	return 0;
}

/* One that was closed, in an earlier snapshot perhaps, stands for this one. */
static struct db_cursor *take_spare(struct db_txn *txn, db_table t)
{
	struct db_cursor *c = txn->spare[t % DB_TABLES_MAX];

	if (!c || c->table != t)
		return NULL;
	txn->spare[t % DB_TABLES_MAX] = NULL;
	if (mdb_cursor_renew(txn->mdb, c->mdb) == 0)
		return c;
	free_cursor(c);
	return NULL;
}

int db_cursor_open(struct db_txn *txn, db_table t, struct db_cursor **c_r,
		   struct err *e)
{
	MDB_cursor *mdb;
	int rc;

	*c_r = take_spare(txn, t);
	if (*c_r)
		return 0;
	rc = mdb_cursor_open(txn->mdb, t, &mdb);
	if (rc)
		return fail(txn->db, rc, "cursor", e);
	*c_r = xcalloc(1, sizeof(**c_r));
	**c_r = (struct db_cursor){ txn, t, mdb };
	return 0;
}

void db_cursor_close(struct db_cursor **cp)
{
	struct db_cursor *c = *cp, **spare;

	*cp = NULL;
	if (!c)
		return;
	spare = &c->txn->spare[c->table % DB_TABLES_MAX];
	if (c->txn->write || *spare)
		free_cursor(c);
	else
		*spare = c;
}

int db_seek(struct db_cursor *c, enum db_seek how, struct str *key,
	    struct str *val_r, struct err *e)
{
	static const MDB_cursor_op ops[] = {
		[DB_FIRST] = MDB_FIRST,
		[DB_LAST] = MDB_LAST,
		[DB_NEXT] = MDB_NEXT,
		[DB_PREV] = MDB_PREV,
		[DB_AT_OR_AFTER] = MDB_SET_RANGE,
	};
	MDB_val k = { 0, NULL }, v;
	int rc;

	if (how == DB_AT_OR_AFTER)
		k = to_val(*key);
	rc = mdb_cursor_get(c->mdb, &k, &v, ops[how]);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return err_set(e, EX_IOERR, "cursor: %s", mdb_strerror(rc));
	*key = to_str(k);
	*val_r = to_str(v);
	return 1;
}

int db_cursor_del(struct db_cursor *c, struct err *e)
{
	int rc = mdb_cursor_del(c->mdb, 0);

	if (rc)
		return err_set(e, EX_IOERR, "cursor: %s", mdb_strerror(rc));
	return 0;
}

int db_copy(struct db *db, const char *dir, struct err *e)
{
	int rc;

	if (make_dir(dir, e))
		return -1;
	rc = mdb_env_copy2(db->env, dir, MDB_CP_COMPACT);
	if (rc)
		return err_set(e, rc == ENOSPC ? EX_TEMPFAIL : EX_CANTCREAT,
			       "%s: %s", dir, mdb_strerror(rc));
	return 0;
}

struct str db_key_u64(uint64_t v, char out[8])
{
	for (int i = 7; i >= 0; i--) {
		out[i] = (char)(v & 0xff);
		v >>= 8;
	}
	return (struct str){ out, 8 };
}

uint64_t db_u64(struct str key)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8 && i < key.len; i++)
		v = v << 8 | (unsigned char)key.p[i];
	return v;
}
