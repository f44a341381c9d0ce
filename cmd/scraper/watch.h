#ifndef SCRAPER_WATCH_H
#define SCRAPER_WATCH_H

/*
 * watch - one thing to fetch, ready for work: the user's definition, decoded,
 * its extractor checked, its headers read, its schedule understood.
 */
#include "common/arena.h"
#include "common/contract.h"
#include "common/err.h"
#include "common/http.h"
#include "common/types_watch.h"

#include "chat.h"
#include "diff.h"
#include "extract.h"
#include "mock.h"
#include "paging.h"
#include "schedule.h"
#include "secrets.h"

struct watch {
	struct arena arena; /* of the definition */
	struct type_watch def;
	struct timing timing;
	struct hours *hours; /* in the arena, or NULL */
	bool extracts;	     /* it is no mock and no chat */
	struct chat *chat;   /* NULL: none */
	/*
	 * Its programs (jq) are to be compiled before the first fetch, in a
	 * process that can be spared.
	 */
	bool unproven;
	struct mock *mock; /* in the arena, or NULL */
	struct diff_watch diff;
	struct page_rules *rules; /* of a page */
	struct contract contract;
	struct paging_rules paging; /* max 1: its list has one page */
	const char *url;
	struct header_lines lines;
	bool enabled;
	bool heeds_cache;    /* Cache-Control of the answers */
	bool ignores_robots; /* robots.txt */
	uint64_t config;     /* hash of all that makes findings comparable */
	/*
	 * What goes with each request: `own` and the version that is known; or,
	 * to another host, the version alone. NULL: nothing.
	 */
	struct http_headers *headers, *version, *own;
	bool conditional;
	struct str etag, last_modified; /* heap */
};

struct watch_env {
	const char *secrets_dir; /* or NULL, or secrets_unread */
	struct tz_cache *zones;
};

/*
 * From the data of watch.set; id is for one that does not say its own, or
 * absent. NULL with *e: EX_DATAERR or EX_CONFIG, naming the member that is
 * wrong.
 */
struct watch *watch_new(struct str json, struct str id,
			const struct watch_env *env, struct err *e);
void watch_free(struct watch **wp);

/* Ask from now on for something newer than this; absent: for anything. */
void watch_set_version(struct watch *w, struct str etag,
		       struct str last_modified);

/*
 * What was found, is it to be believed? OUTCOME_FOUND; or, with why, one line:
 * OUTCOME_SELECTOR_MISS, it says nothing of what the watch is about, or
 * OUTCOME_IMPLAUSIBLE, it breaks the contract.
 */
enum outcome watch_judge(const struct watch *w, const struct observation *o,
			 char why_r[CONTRACT_REASON_MAX]);

#endif
