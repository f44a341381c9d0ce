#ifndef COMMON_TYPES_OBSERVATION_H
#define COMMON_TYPES_OBSERVATION_H

/*
 * types_observation - how fetching fares: observation.change, .record, .push
 * and .summary, scraper.status, watch.stale and watch.fresh. See types.h.
 */
#include "common/err.h"
#include "common/shape.h"

struct type_observation { /* observation.change/WATCH */
	struct str watch, source, outcome, previous, reason, url;
	struct str status; /* JSON number: the HTTP status */
	struct str next;   /* RFC 3339: the next try */
	struct str items;  /* JSON number */
	struct str via, proxy;
	struct str robots; /* ignored */
	struct str pages;  /* JSON number: of a list that goes on */
	struct str stopped;
};

struct type_body { /* of an observation.record */
	bool present;
	struct str blob;   /* where it is kept; else: */
	struct str sha256; /* what it was */
	struct str bytes;  /* JSON number */
};

struct type_record { /* observation.record/WATCH */
	struct str watch, source, kind, outcome, reason;
	struct str url, final;
	struct str status;  /* JSON number: the HTTP status */
	struct str took;    /* JSON number: ms of the last request */
	struct str headers; /* JSON object */
	struct str via, proxy, robots;
	struct type_body body;
	struct str extract; /* JSON object */
	struct str config;
	struct str items; /* JSON number */
	struct str moved; /* JSON array of objects */
	struct str more;  /* JSON number: what moved and is not in it */
	bool pushed;
	struct str pages, stopped; /* as in an observation */
	struct str further;	   /* JSON array of objects: the later pages */
};

struct type_push { /* observation.push/WATCH */
	struct str watch, url, content_type;
	struct str status; /* JSON number */
	struct str captured;
	struct str items; /* JSON array of objects; or: */
	struct str body;  /* or: */
	struct str blob;
};

struct type_summary {		/* observation.summary */
	struct shape_list seen; /* ids of watches */
	struct str since, until;
};

struct type_status { /* scraper.status/SOURCE, or of a chat, /STREAM */
	struct str source;
	bool running;
	struct str outcome, reason, watches, timestamp;
	/* Of a chat. Numbers are JSON. */
	struct str stream, platform, state, messages, per_minute, reconnects;
	struct str last, next, gap;
};

struct type_freshness { /* watch.stale, watch.fresh/WATCH */
	struct str watch, source, url, item, fresh, since, outcome, reason;
};

extern const struct shape shape_observation, shape_record, shape_push;
extern const struct shape shape_summary, shape_status, shape_freshness;

/* items is an array of objects, status is one of HTTP's. -1 with *e. */
int push_check(const struct type_push *p, struct err *e);

#endif
