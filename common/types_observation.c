#include "common/types_observation.h"

#include <sysexits.h>

#include "common/event.h"
#include "common/json.h"
#include "common/types_rows.h"

static const char *const outcome_names[] = {
	"changed", "unchanged",	   "empty",   "selector-miss", "parse-fail",
	"blocked", "rate-limited", "timeout", "unreachable",   "http-error",
	"refused", "implausible",  NULL
};

static const char *const observation_robots[] = { "ignored", NULL };

/* As cmd/scraper/paging.h has them. */
static const char *const stopped_names[] = {
	"last", "limit",     "nothing-new", "known", "loop",
	"full", "elsewhere", "failed",	    NULL
};

static const struct shape_field observation_rows[] = {
	{ ROW(type_observation, watch, ID, REQ, DOC_WATCH) },
	{ ROW(type_observation, source, ID, 0, DOC_SOURCE) },
	{ NAMED(type_observation, outcome, REQ, outcome_names,
		"How the fetch ended.") },
	{ NAMED(type_observation, previous, NUL, outcome_names,
		"How the one before ended.") },
	{ ROW(type_observation, reason, TEXT, 0, "Why, in one line."),
	  .max = 512 },
	{ ROW(type_observation, url, URL, 0, "What was fetched.") },
	{ ROW(type_observation, status, NUMBER, 0, "The HTTP status.") },
	{ ROW(type_observation, next, TIME, 0, "When it is tried again.") },
	{ ROW(type_observation, items, NUMBER, 0, "How many were found.") },
	{ ROW(type_observation, via, ID, 0,
	      "The pool or provider that it came by; absent: directly.") },
	{ ROW(type_observation, proxy, TEXT, 0, "The proxy of that pool."),
	  .max = 512 },
	{ NAMED(type_observation, robots, 0, observation_robots,
		"Ignored: robots.txt was not asked, as the watch wants it.") },
	{ ROW(type_observation, pages, NUMBER, 0,
	      "How many pages of the list were read; absent: it has no "
	      "more than one.") },
	{ NAMED(type_observation, stopped, 0, stopped_names,
		"Why no further page was read.") },
};
const struct shape shape_observation =
	SHAPE(type_observation, observation_rows, OPEN,
	      "Fetches of a watch end in another way than before.");

static const struct shape_field body_rows[] = {
	{ ROW(type_body, blob, BLOB, 0, "The body, as it was read.") },
	{ ROW(type_body, sha256, BLOB, 0, "Its hash, where it is not kept.") },
	{ ROW(type_body, bytes, NUMBER, 0, "How long it is.") },
};
static const struct shape shape_body =
	SHAPE(type_body, body_rows, OPEN, "Body.");

static const struct shape_field record_rows[] = {
	{ ROW(type_record, watch, ID, REQ, DOC_WATCH) },
	{ ROW(type_record, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_record, kind, TEXT, 0, "How it was read."), .max = 64 },
	{ NAMED(type_record, outcome, REQ, outcome_names,
		"How the fetch ended.") },
	{ ROW(type_record, reason, TEXT, 0, "Why, in one line."), .max = 512 },
	{ ROW(type_record, url, URL, 0, "What was asked for.") },
	{ ROW(type_record, final, URL, 0,
	      "What answered, where redirects led elsewhere.") },
	{ ROW(type_record, status, NUMBER, 0, "The HTTP status.") },
	{ ROW(type_record, via, ID, 0,
	      "The pool or provider that it came by; absent: directly.") },
	{ ROW(type_record, proxy, TEXT, 0, "The proxy of that pool."),
	  .max = 512 },
	{ NAMED(type_record, robots, 0, observation_robots,
		"Ignored: robots.txt was not asked, as the watch wants it.") },
	{ ROW(type_record, took, NUMBER, 0,
	      "Milliseconds of the last request.") },
	{ ROW(type_record, headers, OBJECT, 0,
	      "Headers of the answer that mattered, by lower-case name.") },
	{ SUB(type_record, body, 0, shape_body, "What was read.") },
	{ ROW(type_record, extract, OBJECT, 0,
	      "The watch's extract that was in force; absent: none, or too "
	      "long.") },
	{ ROW(type_record, config, TEXT, 0,
	      "A hash of all of the watch that decides what is read."),
	  .max = 64 },
	{ ROW(type_record, items, NUMBER, 0, "How many were found.") },
	{ ROW(type_record, moved, JSON, 0,
	      "For each event that followed its topic as event, the entry as "
	      "id, and per field value, previous, the raw text and by, the "
	      "selector that found it.") },
	{ ROW(type_record, more, NUMBER, 0,
	      "How many events followed that are not in moved.") },
	{ ROW(type_record, pushed, BOOL, 0, "It was pushed in, not fetched.") },
	{ ROW(type_record, pages, NUMBER, 0,
	      "How many pages of the list were read; absent: it has no "
	      "more than one.") },
	{ NAMED(type_record, stopped, 0, stopped_names,
		"Why no further page was read.") },
	{ ROW(type_record, further, JSON, 0,
	      "Of each later page its url, status, the number of its items, "
	      "and its body.") },
};
const struct shape shape_record =
	SHAPE(type_record, record_rows, OPEN,
	      "How a finding came about: what was answered, and what was read "
	      "from it.");

static const struct shape_field push_rows[] = {
	{ ROW(type_push, watch, ID, 0, "The watch that it is for.") },
	{ ROW(type_push, url, URL, 0,
	      "Where it is from; absent: the watch's.") },
	{ ROW(type_push, content_type, TEXT, 0,
	      "What body or blob is; absent: found out."),
	  .max = 256 },
	{ ROW(type_push, status, NUMBER, 0,
	      "The HTTP status that it came with; absent: 200.") },
	{ ROW(type_push, captured, TIME, 0, "When; absent: now.") },
	{ ROW(type_push, items, JSON, 0,
	      "What was found, as an array of objects with the fields of "
	      "extract; or:") },
	{ ROW(type_push, body, TEXT, 0, "The document, if it is text; or:"),
	  .max = EVENT_DATA_MAX },
	{ ROW(type_push, blob, BLOB, 0, "The document.") },
};
static const char *const push_any_of[] = { "items", "body", "blob", NULL };
const struct shape shape_push = {
	.doc = "What somebody else has captured, to be read as if it was "
	       "fetched.",
	.fields = push_rows,
	.n = sizeof(push_rows) / sizeof(push_rows[0]),
	.size = sizeof(struct type_push),
	.flags = OPEN,
	.any_of = push_any_of,
};

static const struct shape_field summary_rows[] = {
	{ ROW(type_summary, seen, LIST, 0, "Ids of watches."), .max = 8192 },
	{ ROW(type_summary, since, TIME, 0, "What time it is about.") },
	{ ROW(type_summary, until, TIME, 0, "The end of that time.") },
};
const struct shape shape_summary =
	SHAPE(type_summary, summary_rows, OPEN,
	      "Watches that were fetched successfully, changed or not.");

/* stopped: by a user; ended: by the server. */
static const char *const state_names[] = { "connecting", "live",    "waiting",
					   "paused",	 "stopped", "ended",
					   "failed",	 NULL };

static const struct shape_field status_rows[] = {
	{ ROW(type_status, source, ID, REQ, DOC_SOURCE) },
	{ ROW(type_status, running, BOOL, REQ, "It is being fetched.") },
	{ ROW(type_status, outcome, TEXT, 0, "How the last fetch ended."),
	  .max = 64 },
	{ ROW(type_status, reason, TEXT, 0, "Why."), .max = 512 },
	{ ROW(type_status, watches, NUMBER, 0, "How many it has.") },
	{ ROW(type_status, timestamp, TIME, 0, "When it was so.") },
	{ ROW(type_status, stream, ID, 0, "The chat, where it is one.") },
	{ ROW(type_status, platform, TEXT, 0, "Where the chat is."),
	  .max = 64 },
	{ NAMED(type_status, state, 0, state_names, "How the chat is.") },
	{ ROW(type_status, messages, NUMBER, 0, "How many it has given.") },
	{ ROW(type_status, per_minute, NUMBER, 0,
	      "How many in the minute before.") },
	{ ROW(type_status, reconnects, NUMBER, 0,
	      "How often it was connected to again.") },
	{ ROW(type_status, last, TIME, 0, "When the last message came.") },
	{ ROW(type_status, next, TIME, 0, "When it is tried again.") },
	{ ROW(type_status, gap, TIME, 0,
	      "Connected again, and what was said since then may be missing: "
	      "the server repeated nothing that was known.") },
};
const struct shape shape_status =
	SHAPE(type_status, status_rows, OPEN, "The state of a source.");

static const struct shape_field freshness_rows[] = {
	{ ROW(type_freshness, watch, ID, REQ, "The watch.") },
	{ ROW(type_freshness, source, ID, 0, DOC_SOURCE) },
	{ ROW(type_freshness, url, URL, 0, "What is fetched.") },
	{ ROW(type_freshness, item, ID, 0, "Whose price it is.") },
	{ ROW(type_freshness, fresh, DURATION, 0,
	      "How old its last good fetch may be; absent: any age.") },
	{ ROW(type_freshness, since, TIME, 0,
	      "Stale: the last good fetch; fresh: when it became stale.") },
	{ NAMED(type_freshness, outcome, 0, outcome_names,
		"How the last fetch ended that was not good.") },
	{ ROW(type_freshness, reason, TEXT, 0, "Why, in one line."),
	  .max = 512 },
};
const struct shape shape_freshness =
	SHAPE(type_freshness, freshness_rows, OPEN,
	      "A watch has not kept what it promised, or does so again.");

/* ---- what a shape cannot say ---- */

int push_check(const struct type_push *p, struct err *e)
{
	struct json_iter it = json_iter(p->items);
	uint64_t status;

	if (p->items.p && json_type_of(p->items) != JSON_ARRAY)
		return err_set(e, EX_DATAERR, "items: not an array");
	while (p->items.p && json_next(&it))
		if (json_type_of(it.value) != JSON_OBJECT)
			return err_set(e, EX_DATAERR,
				       "items: not all of them are objects");
	if (p->status.p &&
	    (!str_u64(p->status, &status) || status < 100 || status > 599))
		return err_set(e, EX_DATAERR, "status: not from 100 to 599");
	return 0;
}
