#ifndef SCRAPER_EXTRACT_POOL_H
#define SCRAPER_EXTRACT_POOL_H

/*
 * extract_pool - documents are read in other processes, which have no network
 * and can be spared (extract_child.h).
 *
 * Processes are started when there is something to do. Each reads one document
 * at a time and answers in order; while its answers come swiftly, it has the
 * next ones at hand, so that it need not wait for us. The others wait in line.
 *
 * One that takes longer than timeout_ms for a document, from when the one
 * before was answered, is killed; the document ends as OUTCOME_PARSE_FAIL with
 * the reason, as it does where the process ends by itself, or answers what no
 * extractor could have found. Nothing else is lost: those behind it go to
 * another process; when several end in a row, later and later. A process that
 * somebody else has killed says nothing about its document, which is read once
 * more; as one may be killed for the memory that a document needs, not for
 * ever.
 *
 * Where EXTRACT_POOL_STARTS_MAX in a row could not be started, or did not become
 * ready, and none is there, what waits is given back unread, after the pause
 * before the next start: as OUTCOME_UNREACHABLE, which no process answers.
 */
#include "common/loop.h"
#include "common/stats.h"

#include "extract_wire.h"

enum {
	EXTRACT_POOL_CHILDREN_MAX = 16,
	EXTRACT_POOL_FLIGHT_MAX = 32, /* documents that one process has */
	EXTRACT_POOL_FLIGHT_BYTES = 4 << 20, /* of them; one may be larger */
	EXTRACT_POOL_SWIFT_MS = 250,   /* above, it is given one at a time */
	EXTRACT_POOL_KEEP = 256 << 10, /* bytes of a buffer, between answers */
	EXTRACT_POOL_START_MS = 10000, /* until a process is ready */
	EXTRACT_POOL_BACKOFF_MS = 100, /* after a second end; doubled */
	EXTRACT_POOL_BACKOFF_MAX_MS = 5000,
	EXTRACT_POOL_STARTS_MAX = 3, /* failed in a row: nobody reads */
	EXTRACT_POOL_TRIES = 2, /* of a document whose process went by itself,
				   or was killed by others */
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
 * document ended the process that read it, and would again. unread: there was
 * nobody to read it.
 */
struct extracted {
	const struct observation *o;
	struct str body;
	bool ended, unread;
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
/* Those of them that a process has. */
size_t extract_pool_in_flight(const struct extract_pool *p);

#endif
