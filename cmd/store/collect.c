#include "collect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "shelves.h"

enum phase { IDLE, LISTING, MARKING, REMOVING };

struct collect {
	struct collect_conf conf;
	bool counted;	  /* this process had its first pass */
	int wait;	  /* LOCK_NB, or 0 */
	const char *held; /* why this pass removes nothing, or NULL */
	enum phase phase;
	int64_t next_us;   /* the next pass */
	int64_t cutoff_us; /* what was put before is judged */

	struct shelves shelves;
	unsigned first, ahead; /* of this round: the next shelf, and how many */
	unsigned pos, upto;    /* of this pass: its shelf, and where it stops */
	struct blob_list old;  /* to be judged */
	int64_t blobs, bytes;
	uint64_t at, until; /* offsets */
	size_t bytes_left;  /* of this slice */
	size_t removing;    /* index in old */
};

struct collect *collect_new(const struct collect_conf *conf)
{
	struct collect *c = xcalloc(1, sizeof(*c));

	c->conf = *conf;
	if (c->conf.max_blobs == 0)
		c->conf.max_blobs = COLLECT_BLOBS;
	c->wait = LOCK_NB;
	c->ahead = SHELVES;
	return c;
}

void collect_free(struct collect **cp)
{
	struct collect *c = *cp;

	if (!c)
		return;
	shelves_end(&c->shelves);
	blob_list_free(&c->old);
	free(c);
	*cp = NULL;
}

static int64_t put_us(const struct stat *sb)
{
	return (int64_t)sb->st_mtim.tv_sec * 1000000 +
	       sb->st_mtim.tv_nsec / 1000;
}

/*
 * A journal that says little of what there was: it took the place of one that
 * was lost, or of a newer one that may be put back.
 */
static int hold(struct collect *c, struct journal *j, bool is_empty,
		int64_t now_us, struct err *e)
{
	int64_t born_us = now_us;

	if (journal_born(j, &born_us, e) < 0)
		return -1;
	c->held = NULL;
	if (is_empty)
		c->held = "the journal is empty";
	else if (born_us > now_us - c->conf.grace_ms * 1000)
		c->held = "the journal's epoch is younger than the grace";
	return 0;
}

static int begin(struct collect *c, struct journal *j, int64_t now_us,
		 struct err *e)
{
	struct journal_head head;

	if (journal_head(j, &head, e) ||
	    hold(c, j, head.offset == 0, now_us, e))
		return -1;
	c->at = head.first;
	c->until = head.offset;
	c->cutoff_us = c->counted && !c->held ? now_us - c->conf.grace_ms * 1000
					      : INT64_MIN;
	c->pos = 0;
	c->upto = c->ahead;
	c->blobs = c->bytes = 0;
	c->removing = 0;
	blob_list_free(&c->old);
	shelves_begin(&c->shelves, c->conf.dir, c->first);
	c->phase = LISTING;
	return 1;
}

/* A pass is over; a round is when all shelves were judged. */
static void end(struct collect *c, int64_t now_us)
{
	int64_t wait_ms = c->conf.every_ms;

	c->first += c->upto;
	c->ahead -= c->upto;
	if (c->ahead > 0) {
		wait_ms = 0;
	} else {
		c->first = 0;
		c->ahead = SHELVES;
	}
	if (!c->counted && wait_ms > COLLECT_FIRST_MS)
		wait_ms = COLLECT_FIRST_MS;
	c->next_us = now_us + wait_ms * 1000;
	c->counted = true;
	c->phase = IDLE;
	shelves_end(&c->shelves);
	blob_list_free(&c->old);
}

/* ---- listing ---- */

static void list_file(struct collect *c, const struct shelf_file *f)
{
	bool is_old = put_us(&f->sb) < c->cutoff_us;

	if (!f->id.p) {
		/* Somebody died before it was renamed. */
		if (is_old && blob_is_unborn(f->name))
			unlinkat(f->shelf_fd, f->name, 0);
		return;
	}
	c->blobs++;
	c->bytes += f->sb.st_size;
	if (c->old.n >= c->conf.max_blobs && f->pos > c->pos &&
	    f->pos < c->upto)
		c->upto = f->pos;
	c->pos = f->pos;
	if (is_old && f->pos < c->upto)
		blob_list_add(&c->old, f->id);
}

static int list(struct collect *c, struct stats *stats, struct err *e)
{
	struct shelf_file f;

	for (int i = 0; i < COLLECT_LOOK; i++) {
		int rc = shelves_next(&c->shelves, &f, e);

		if (rc < 0)
			return -1;
		if (rc == 0) {
			stats_set(stats, "blobs", NULL, c->blobs);
			stats_set(stats, "blob_bytes", NULL, c->bytes);
			blob_list_sort(&c->old);
			c->phase = MARKING;
			break;
		}
		list_file(c, &f);
	}
	return 1;
}

/* ---- marking ---- */

static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct collect *c = arg;
	struct str data = ev->data, id;

	(void)e;
	while (blob_next(&data, &id)) {
		struct blob_entry *named = blob_list_find(&c->old, id);

		if (named)
			named->named = true;
	}
	if (ev->data.len >= c->bytes_left)
		return 1;
	c->bytes_left -= ev->data.len;
	return 0;
}

static int mark(struct collect *c, struct journal *j, struct err *e)
{
	struct journal_scan scan = { .from = c->at,
				     .until = c->until,
				     .budget = COLLECT_LOOK };
	int rc = 0;

	c->bytes_left = COLLECT_BYTES;
	if (c->old.n)
		rc = journal_scan(j, &scan, on_event, c, &c->at, e);
	if (rc == 0)
		c->phase = REMOVING;
	return rc < 0 ? -1 : 1;
}

/* ---- removing ---- */

static void remove_file(const struct collect *c, int blobs, const char *name,
			struct stats *stats)
{
	struct stat sb;

	/* It may have been put again since it was listed. */
	if (fstatat(blobs, name, &sb, AT_SYMLINK_NOFOLLOW) ||
	    put_us(&sb) >= c->cutoff_us || unlinkat(blobs, name, 0))
		return;
	stats_add(stats, "blobs_collected_total", NULL, 1);
	stats_add(stats, "blob_bytes_collected_total", NULL, sb.st_size);
	stats_add(stats, "blobs", NULL, -1);
	stats_add(stats, "blob_bytes", NULL, -sb.st_size);
}

/* 1; 0: somebody else has the blobs, try again later. */
static int remove_some(struct collect *c, int64_t now_us, struct stats *stats,
		       struct err *e)
{
	char name[BLOB_ID_SIZE + 16];
	int blobs, left = COLLECT_REMOVE, rc;

	while (c->removing < c->old.n && c->old.v[c->removing].named)
		c->removing++;
	if (c->removing == c->old.n) {
		end(c, now_us);
		return 1;
	}
	rc = shelves_lock(c->conf.dir, LOCK_EX | c->wait, &blobs, e);
	if (rc <= 0)
		return rc;
	for (; c->removing < c->old.n && left > 0; c->removing++) {
		const struct blob_entry *b = &c->old.v[c->removing];

		if (b->named)
			continue;
		left--;
		snprintf(name, sizeof(name), "%.2s/%s", b->id, b->id);
		remove_file(c, blobs, name, stats);
		snprintf(name, sizeof(name), "%.2s/%s" BLOB_PACKED, b->id,
			 b->id);
		remove_file(c, blobs, name, stats);
	}
	close(blobs);
	return 1;
}

static int slice(struct collect *c, struct journal *j, int64_t now_us,
		 struct stats *stats, struct err *e)
{
	switch (c->phase) {
	case IDLE: return now_us < c->next_us ? 0 : begin(c, j, now_us, e);
	case LISTING: return list(c, stats, e);
	case MARKING: return mark(c, j, e);
	case REMOVING: return remove_some(c, now_us, stats, e);
	}
	return 0;
}

int collect_turn(struct collect *c, struct journal *j, int64_t now_us,
		 struct stats *stats, struct err *e)
{
	int rc = slice(c, j, now_us, stats, e);

	if (rc < 0) {
		c->upto = c->ahead; /* what failed is not tried at once */
		end(c, now_us);
	}
	return rc;
}

int collect_now(struct collect *c, struct journal *j, int64_t now_us,
		struct stats *stats, struct err *e)
{
	int rc;

	c->counted = true;
	c->wait = 0;
	while ((rc = collect_turn(c, j, now_us, stats, e)) > 0)
		;
	return rc;
}

const char *collect_held(const struct collect *c)
{
	return c->held;
}
