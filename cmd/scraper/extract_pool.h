#ifndef SCRAPER_EXTRACT_POOL_H
#define SCRAPER_EXTRACT_POOL_H

/*
 * extract_pool - documents are read in other processes, which have no network
 * and can be spared (extract_child.h).
 *
 * Processes are started when there is something to do, each has one document
 * at a time, and the others wait in line. One that takes longer than timeout_ms
 * for a document is killed; the document ends as OUTCOME_PARSE_FAIL with the
 * reason, as it does where the process ends by itself, or answers what no
 * extractor could have found. Nothing else is lost, and another process takes
 * the next document; when several end in a row, later and later.
 */
#include "common/loop.h"
#include "common/stats.h"

#include "extract_wire.h"

enum {
	EXTRACT_POOL_CHILDREN_MAX = 16,
	EXTRACT_POOL_START_MS = 10000, /* until a process is ready */
	EXTRACT_POOL_BACKOFF_MS =
		100, /* after a second end in a row; doubled */
	EXTRACT_POOL_BACKOFF_MAX_MS = 5000,
	EXTRACT_POOL_STARTS_MAX = 3, /* failed in a row: what waits is told */
	EXTRACT_POOL_TRIES = 2, /* of a document whose process went for another
				   reason */
};

struct extract_pool_conf {
	int64_t children;
	int64_t timeout_ms;
	int64_t memory; /* bytes, for each process */
};

struct extract_pool;
struct extraction;

/* stats may be NULL. */
struct extract_pool *extract_pool_new(struct loop *l, struct stats *stats,
				      const struct extract_pool_conf *conf);
/* From the next documents on. */
void extract_pool_set(struct extract_pool *p,
		      const struct extract_pool_conf *conf);
/* No callback comes any more. */
void extract_pool_free(struct extract_pool **pp);

/*
 * Everything dies with the return. body is that of the request. ended: the
 * document ended the process that read it, and would again.
 */
struct extracted {
	const struct observation *o;
	struct str body;
	bool ended;
};
typedef void extraction_fn(void *arg, const struct extracted *x);

/* The request is copied. fn is called once, from the loop. */
struct extraction *extract_pool_run(struct extract_pool *p,
				    const struct wire_request *r,
				    extraction_fn *fn, void *arg);
/* fn does not come. NULL is fine. */
void extraction_cancel(struct extraction **xp);

/* Documents that are not yet answered. */
size_t extract_pool_pending(const struct extract_pool *p);

#endif
