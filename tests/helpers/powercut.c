/*
 * powercut journal|ledger LOG DIR TRIES SEED - replay a recorded life, cut the
 * power at every sync, and see what is left.
 *
 * Between two syncs any of the pages written since may be on disk or not, in
 * whatever order they were written. At each sync that is reached, TRIES such
 * files are made in DIR (none of the pages, all, those up to one, and subsets
 * by chance) and opened by the code that would open them. Whatever had been
 * told to others before must be in it. Prints one line of counts; status 1
 * and a line for each failure where something is missing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/db.h"
#include "common/journal.h"
#include "common/ledger.h"
#include "common/xmem.h"

#include "tests/chaos/powercut.h"

enum { PAGE = 4096, SOURCES = 64, SHOW = 10 };

/* One page, or a part of one, that was written and not yet synced. */
struct write {
	uint64_t offset;
	size_t len;
	const unsigned char *p;
};

/* The highest number told for a source. */
struct told {
	char source[EVENT_SOURCE_MAX + 1];
	uint64_t last;
};

struct replay {
	const char *dir;
	char file[4096];
	bool ledger;
	unsigned tries;

	unsigned char *disk; /* what is safely there */
	size_t len, cap;
	struct write *pending;
	size_t n, n_cap;
	bool created; /* the file had its first sync */

	struct told told[SOURCES];
	size_t n_told;

	unsigned long cuts, images, failures;
};

static void complain(struct replay *r, const char *what)
{
	if (r->failures++ < SHOW)
		printf("# cut %lu, image %lu: %s\n", r->cuts, r->images, what);
}

static bool chance(unsigned n)
{
	return (unsigned)rand() % n == 0;
}

/* ---- the disk ---- */

static void put(unsigned char **image, size_t *len, size_t *cap,
		const struct write *w)
{
	size_t end = (size_t)w->offset + w->len;

	if (end > *cap) {
		*cap = end + (1 << 20);
		*image = xrealloc(*image, *cap);
	}
	if (end > *len) {
		memset(*image + *len, 0, end - *len);
		*len = end;
	}
	memcpy(*image + w->offset, w->p, w->len);
}

static void settle(struct replay *r)
{
	for (size_t i = 0; i < r->n; i++)
		put(&r->disk, &r->len, &r->cap, &r->pending[i]);
	r->n = 0;
	r->created = true;
}

/* Pages reach the disk one by one. */
static void add_write(struct replay *r, uint64_t offset, const unsigned char *p,
		      size_t len)
{
	while (len > 0) {
		size_t room = PAGE - offset % PAGE;
		size_t part = len < room ? len : room;

		xgrow(&r->pending, &r->n_cap, r->n, sizeof(*r->pending));
		r->pending[r->n++] = (struct write){ offset, part, p };
		offset += part;
		p += part;
		len -= part;
	}
}

/* How a cut may have left the file: which of the pending pages are there. */
static void write_image(struct replay *r, unsigned try)
{
	unsigned char *image = xmalloc(r->len + 1);
	size_t len = r->len, cap = r->len + 1, upto;
	unsigned likely = 2 + (unsigned)rand() % 8;
	int fd;

	if (r->len)
		memcpy(image, r->disk, r->len);
	upto = r->n ? (size_t)rand() % (r->n + 1) : 0;
	for (size_t i = 0; i < r->n; i++) {
		bool there = try == 0	? false
			     : try == 1 ? true
			     : try == 2 ? i < upto
			     : try == 3 ? i >= upto
			     : try % 2	? chance(likely)
					: !chance(likely);

		if (there)
			put(&image, &len, &cap, &r->pending[i]);
	}
	fd = open(r->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, image, len) != (ssize_t)len) {
		perror(r->file);
		exit(EX_IOERR);
	}
	close(fd);
	free(image);
}

/* ---- what must be there ---- */

static void problem(void *arg, const char *text)
{
	complain(arg, text);
}

static void check_journal(struct replay *r)
{
	struct err e = { 0 };
	/* Now and then, and before it can be read, as the next store would. */
	struct journal *j = r->n_told == 0 || chance(8)
				    ? journal_create(r->dir, &e)
				    : journal_open(r->dir, &e);
	uint64_t n;

	if (!j) {
		complain(r, e.msg);
		return;
	}
	if (journal_verify(j, problem, r, &n, &e))
		complain(r, e.msg);
	for (size_t i = 0; i < r->n_told; i++) {
		uint64_t last = 0;

		if (journal_source(j, str_from(r->told[i].source), &last, &e) <
			    0 ||
		    last < r->told[i].last)
			complain(r, "an acknowledged event is not there");
	}
	journal_close(&j);
}

/* The last id of a source in the ledger's tables. */
static uint64_t ledger_last(struct replay *r, struct db_txn *txn, db_table meta,
			    const char *source)
{
	uint64_t last = 0;
	char key[32];
	struct str val;
	struct err e;

	for (int g = 1;; g++) {
		snprintf(key, sizeof(key), "source/%d", g);
		if (db_get(txn, meta, str_from(key), &val, &e) <= 0)
			return 0;
		if (!str_is(val, source))
			continue;
		snprintf(key, sizeof(key), "last/%d", g);
		if (db_get(txn, meta, str_from(key), &val, &e) <= 0 ||
		    val.len != sizeof(last)) {
			complain(r, "a ledger without its counter");
			return 0;
		}
		memcpy(&last, val.p, sizeof(last));
		return last;
	}
}

static void check_told(struct replay *r)
{
	struct err e = { 0 };
	struct db *db = db_open(r->dir, DB_READ, 0, &e);
	struct db_txn *txn = NULL;
	db_table meta;

	if (!db || db_table_open(db, "meta", &meta, &e) != 1 ||
	    db_begin(db, false, &txn, &e)) {
		complain(r, "a ledger that cannot be read");
	} else {
		for (size_t i = 0; i < r->n_told; i++)
			if (ledger_last(r, txn, meta, r->told[i].source) <
			    r->told[i].last)
				complain(r, "an event was sent that is not in "
					    "the ledger");
	}
	db_abort(&txn);
	db_close(&db);
}

static int count_one(void *arg, const struct event *ev, struct err *e)
{
	(void)ev;
	(void)e;
	++*(uint64_t *)arg;
	return 0;
}

static void check_ledger(struct replay *r)
{
	struct ledger_conf conf = { .path = r->dir, .tool = "test" };
	struct err e = { 0 };
	struct ledger *l;
	uint64_t n = 0, waiting;

	if (r->n_told)
		check_told(r);
	l = ledger_open(&conf, &e);
	if (!l) {
		complain(r, e.msg);
		return;
	}
	waiting = ledger_outbox_count(l);
	if (ledger_drain(l, count_one, &n, &e))
		complain(r, e.msg);
	else if (n != waiting)
		complain(r, "the outbox has holes");
	ledger_close(&l);
}

/* The power goes now. */
static void cut(struct replay *r)
{
	r->cuts++;
	for (unsigned try = 0; try < r->tries; try++) {
		/* Without pending pages there is one way to be cut. */
		if (try > 0 && r->n == 0)
			break;
		r->images++;
		write_image(r, try);
		if (r->ledger)
			check_ledger(r);
		else
			check_journal(r);
	}
}

/* ---- the log ---- */

/*
 * "$ack/SOURCE/ LAST EPOCH NONCE" of a store, "TOPIC SOURCE ID ..." of a stage.
 */
static void tell(struct replay *r, struct str text)
{
	struct str rest, word[3], source, number;
	struct told *at = r->told;

	rest = text;
	for (int i = 0; i < 3; i++)
		word[i] = str_cut(rest, ' ', &rest);
	if (str_starts(word[0], STR("$ack/")) && !r->ledger) {
		source = str_sub(word[0], 5, word[0].len - 1);
		number = word[1];
	} else if (word[0].len && word[0].p[0] != '$' && r->ledger) {
		source = word[1];
		number = word[2];
	} else {
		return;
	}
	while (at < r->told + r->n_told && !str_is(source, at->source))
		at++;
	if (at == r->told + SOURCES)
		return;
	if (at == r->told + r->n_told) {
		r->n_told++;
		str_copy(at->source, sizeof(at->source), source);
	}
	if (!str_u64(number, &at->last))
		at->last = 0;
}

static void replay_record(struct replay *r, const struct powercut_record *rec,
			  const unsigned char *p)
{
	struct write w = { rec->offset, rec->len, p };
	size_t n = r->n;

	switch (rec->kind) {
	case POWERCUT_WRITE: add_write(r, rec->offset, p, rec->len); break;
	case POWERCUT_WRITE_SYNC:
		/* A cut before it, with or without it, and one after it. */
		add_write(r, rec->offset, p, rec->len);
		cut(r);
		r->n = n;
		put(&r->disk, &r->len, &r->cap, &w);
		break;
	case POWERCUT_SYNC:
		cut(r);
		settle(r);
		break;
	case POWERCUT_TRUNCATE: /* LMDB does not shrink what it uses */ break;
	case POWERCUT_TOLD:
		tell(r, (struct str){ (const char *)p, rec->len });
		break;
	default: fprintf(stderr, "the log is damaged\n"); exit(EX_DATAERR);
	}
}

static unsigned char *read_log(const char *path, size_t *len_r)
{
	FILE *f = fopen(path, "re");
	unsigned char *p;
	struct stat sb;

	if (!f || fstat(fileno(f), &sb)) {
		perror(path);
		exit(EX_NOINPUT);
	}
	p = xmalloc((size_t)sb.st_size + 1);
	*len_r = fread(p, 1, (size_t)sb.st_size, f);
	fclose(f);
	return p;
}

int main(int argc, char **argv)
{
	struct replay r = { .cuts = 0 };
	size_t len, at = 0;
	unsigned char *log;

	if (argc != 6) {
		fprintf(stderr, "usage: powercut journal|ledger LOG DIR TRIES "
				"SEED\n");
		return EX_USAGE;
	}
	r.ledger = strcmp(argv[1], "ledger") == 0;
	r.dir = argv[3];
	r.tries = (unsigned)atoi(argv[4]);
	srand((unsigned)atoi(argv[5]));
	mkdir(r.dir, 0700);
	snprintf(r.file, sizeof(r.file), "%s/journal", r.dir);
	if (!r.ledger)
		mkdir(r.file, 0700);
	snprintf(r.file, sizeof(r.file), "%s/%sdata.mdb", r.dir,
		 r.ledger ? "" : "journal/");
	log = read_log(argv[2], &len);
	while (at + sizeof(struct powercut_record) <= len) {
		struct powercut_record rec;

		memcpy(&rec, log + at, sizeof(rec));
		at += sizeof(rec);
		if (at + rec.len > len)
			break;
		replay_record(&r, &rec, log + at);
		at += rec.len;
	}
	cut(&r);
	printf("# %lu cuts, %lu files, %zu sources, %lu failures\n", r.cuts,
	       r.images, r.n_told, r.failures);
	free(log);
	free(r.disk);
	free(r.pending);
	return r.failures || r.cuts == 0 || r.n_told == 0;
}
