#ifndef SCRAPER_PROVENANCE_H
#define SCRAPER_PROVENANCE_H

/*
 * provenance - how a finding came about, as observation.record/WATCH says it:
 * what was asked and answered, and for each thing that moved the text that a
 * selector found, what was read from it, and what was known before.
 *
 * Taken from every answer that may be news, told of those that are. Pure.
 * Never in it: what a watch sends (headers with secrets), and cookies.
 */
#include "common/arena.h"

#include "diff.h"
#include "fetcher.h"
#include "watch.h"

enum {
	PROVENANCE_MOVED_MAX = 50,	   /* events that are told in full */
	PROVENANCE_MOVED_BYTES = 64 << 10, /* of all of them */
	PROVENANCE_TEXT_MAX = 200,	   /* bytes of a value */
	PROVENANCE_BY_MAX = 1024,	   /* bytes of a selector */
	PROVENANCE_HEADER_MAX = 256,	   /* bytes of one */
	PROVENANCE_EXTRACT_MAX = 4096,	   /* bytes of a watch's "extract" */
};

struct provenance {
	struct str body;       /* as it was read; absent: none, or not held */
	size_t bytes;	       /* of it, held or not; 0: none */
	struct str url;	       /* that answered; absent: as the watch says */
	struct str headers;    /* a JSON object; absent: none */
	struct str via, proxy; /* by which way; absent: directly */
	int64_t took_us;       /* of the last request; 0: not known */
	/* Of the observation.push that it is from; absent: it was fetched. */
	struct str push_source;
	uint64_t push_id;
};

/* body: whether to take it, too. All is copied. */
void provenance_take(struct provenance *p, const struct fetched *f, bool body,
		     struct arena *a);

/* The same of what was pushed. */
void provenance_push(struct provenance *p, const struct answer *in,
		     struct str url, struct str source, uint64_t id,
		     struct arena *a);

/* What could not be read well is kept so that a selector can be mended. */
bool provenance_is_telling(enum outcome o);

struct provenance_end {
	enum outcome outcome;
	struct str reason;
	int status; /* 0: none */
	size_t items;
	const struct diff *d; /* may have no events */
	struct str body_id;   /* its hash */
	bool kept;	      /* there is a blob of it */
	unsigned pages;	      /* of a list; 0: it is no such list */
	struct str stopped, further;
};

/* The data of the event. */
struct str provenance_print(const struct watch *w, const struct provenance *p,
			    const struct provenance_end *end, struct arena *a);

#endif
