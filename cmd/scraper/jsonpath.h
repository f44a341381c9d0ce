#ifndef SCRAPER_JSONPATH_H
#define SCRAPER_JSONPATH_H

/*
 * jsonpath - queries on JSON trees: JSONPath (RFC 9535), all of it, and JSON
 * Pointer (RFC 6901).
 *
 * Compile once, run on many trees. Where an object has a name twice, [name]
 * takes the last one and wildcards take all. Numbers compare by their digits,
 * exactly, not as doubles. Work on one tree is bounded, whatever the query
 * and the tree.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"
#include "common/str.h"

enum {
	JSONPATH_TEXT_MAX = 4096,     /* bytes of a query */
	JSONPATH_NESTING_MAX = 32,    /* filters, parentheses, functions */
	JSONPATH_NODES_MAX = 200000,  /* nodes in a result */
	JSONPATH_WORK_MAX = 20000000, /* nodes looked at in a run, roughly */
};

struct jsonpath;

/* Nodes of the tree that was asked, in the standard's order. */
struct nodelist {
	const struct json **node;
	size_t n;
};

/*
 * NULL with *e (EX_CONFIG): what is wrong, and at which byte (from 1). That
 * includes functions that do not exist or are used against their types.
 */
struct jsonpath *jsonpath_compile(struct str text, struct err *e);
void jsonpath_free(struct jsonpath **pp); /* NULL is fine */

/*
 * Select from root, which is "$". The list is in the arena. -1 with *e
 * (EX_DATAERR) where a limit was hit. One run at a time on one jsonpath.
 */
int jsonpath_run(const struct jsonpath *p, const struct json *root,
		 struct arena *a, struct nodelist *list_r, struct err *e);

/* The same within what is *left of the work for several runs. */
int jsonpath_run_within(const struct jsonpath *p, const struct json *root,
			uint64_t *left, struct arena *a,
			struct nodelist *list_r, struct err *e);

/* The same for the query without its last segment: where that one looked. */
int jsonpath_run_parents(const struct jsonpath *p, const struct json *root,
			 struct arena *a, struct nodelist *list_r,
			 struct err *e);

/* True if it can select one node at most: names and indexes only. */
bool jsonpath_is_singular(const struct jsonpath *p);

/* 0 if ptr is a JSON Pointer, else -1 with *e (EX_CONFIG). */
int jsonptr_check(struct str ptr, struct err *e);

/* The value that ptr points at in root; NULL if there is none. */
const struct json *jsonptr_get(struct str ptr, const struct json *root);

#endif
