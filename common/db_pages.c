/*
 * The file format of LMDB 0.9 (data version 1) on a 64-bit machine, as far as
 * it is needed to find pages:
 *
 *	page	8 number, 2 pad, 2 flags, 2 lower, 2 upper, then offsets of
 *		nodes (2 each) up to lower
 *	node	4 size (or low half of a child's number), 2 flags (or its high
 *		part), 2 size of the key, key, data
 *	tree	40 of counts, 8 number of its root
 *	meta	16 page header, 24 magic, version and map, 2 trees, 8 last
 *		page, 8 transaction
 */
#include "common/db_pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xmem.h"

enum {
	PAGE_BRANCH = 1,
	PAGE_LEAF = 2,
	PAGE_HEAD = 16,
	NODE_BIG = 1,  /* its data is the number of the pages that hold it */
	NODE_TREE = 2, /* its data is a tree */
	NODE_HEAD = 8,
	TREE_SIZE = 48,
	TREE_ROOT = 40,
	META_TREES = PAGE_HEAD + 24,
	META_TXN = META_TREES + 2 * TREE_SIZE + 8,
	DEPTH_MAX = 32, /* LMDB's own limit */
};

static const uint64_t NO_PAGE = UINT64_MAX; /* the root of an empty tree */

struct file {
	int fd;
	size_t page_size;
	uint64_t n; /* pages that are wholly there */
};

static uint64_t number(const unsigned char *p, size_t len)
{
	uint64_t v = 0;

	memcpy(&v, p, len); /* little-endian, as all of weir's files are */
	return v;
}

static bool read_page(const struct file *f, uint64_t no, unsigned char *page)
{
	return no < f->n &&
	       pread(f->fd, page, f->page_size, (off_t)(no * f->page_size)) ==
		       (ssize_t)f->page_size;
}

static bool walk(const struct file *f, uint64_t no, int depth);

/* What the data of a leaf's node leads to, where it leads anywhere. */
static bool walk_leaf(const struct file *f, const unsigned char *node,
		      size_t room, int depth)
{
	uint64_t size = number(node, 4), flags = number(node + 4, 2), first;
	size_t at = NODE_HEAD + (size_t)number(node + 6, 2);

	if (flags & NODE_TREE)
		return at + TREE_SIZE <= room &&
		       walk(f, number(node + at + TREE_ROOT, 8), depth);
	if (!(flags & NODE_BIG))
		return at + size <= room;
	if (at + 8 > room)
		return false;
	first = number(node + at, 8);
	return first < f->n &&
	       f->n - first > (PAGE_HEAD - 1 + size) / f->page_size;
}

static bool walk_nodes(const struct file *f, const unsigned char *page,
		       int depth)
{
	uint64_t flags = number(page + 10, 2), lower = number(page + 12, 2);
	bool good = flags & (PAGE_BRANCH | PAGE_LEAF) && lower >= PAGE_HEAD &&
		    lower <= f->page_size;

	for (size_t i = PAGE_HEAD; good && i + 1 < lower; i += 2) {
		size_t at = (size_t)number(page + i, 2);
		const unsigned char *node = page + at;

		if (at < lower || at + NODE_HEAD > f->page_size)
			good = false;
		else if (flags & PAGE_BRANCH)
			good = walk(f, number(node, 6), depth);
		else
			good = walk_leaf(f, node, f->page_size - at, depth);
	}
	return good;
}

static bool walk(const struct file *f, uint64_t no, int depth)
{
	unsigned char *page;
	bool good;

	if (no == NO_PAGE)
		return true;
	if (depth == DEPTH_MAX)
		return false;
	page = xmalloc(f->page_size);
	good = read_page(f, no, page) && number(page, 8) == no &&
	       walk_nodes(f, page, depth + 1);
	free(page);
	return good;
}

bool db_pages_are_there(int fd, size_t page_size, uint64_t txn_id)
{
	struct file f = { .fd = fd, .page_size = page_size };
	unsigned char *meta = xmalloc(page_size);
	const unsigned char *trees = meta + META_TREES;
	bool good = true;
	struct stat sb;

	if (fstat(fd, &sb) == 0)
		f.n = (uint64_t)sb.st_size / page_size;
	for (uint64_t no = 0; good && no < 2; no++) {
		good = read_page(&f, no, meta);
		if (good && number(meta + META_TXN, 8) == txn_id)
			good = walk(&f, number(trees + TREE_ROOT, 8), 0) &&
			       walk(&f,
				    number(trees + TREE_SIZE + TREE_ROOT, 8),
				    0);
	}
	free(meta);
	return good;
}

bool db_pages_are_unborn(int fd, size_t page_size)
{
	static const unsigned char magic[4] = { 0xde, 0xc0, 0xef, 0xbe };
	unsigned char meta[META_TXN + 8];
	int born = 0;
	struct stat sb;

	if (fstat(fd, &sb) || sb.st_size > (off_t)(2 * page_size))
		return false;
	for (size_t no = 0; no < 2; no++) {
		if (pread(fd, meta, sizeof(meta), (off_t)(no * page_size)) !=
			    (ssize_t)sizeof(meta) ||
		    memcmp(meta + PAGE_HEAD, magic, sizeof(magic)) != 0)
			continue;
		if (number(meta + META_TXN, 8) != 0)
			return false;
		born++;
	}
	return born < 2;
}
