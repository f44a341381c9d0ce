#ifndef SCRAPER_TASK_H
#define SCRAPER_TASK_H

/*
 * task - inside scraper_*.c: a watch at work, and what its fetch gave.
 */
#include "common/blob_batch.h"

#include "provenance.h"
#include "row.h"
#include "scraper.h"
#include "stream.h"

struct source;

struct task {
	struct schedule_entry entry; /* first: when it is due */
	struct scraper *scraper;
	struct watch *watch;
	struct fetch *fetch;	       /* under way, or NULL */
	struct extraction *extraction; /* under way, or NULL, of: */
	struct result *extracted;
	struct result *paged; /* the look whose next page is fetched, or NULL */
	struct source *source;
	struct task *next_of_item; /* in its slot of items */
	uint64_t n;		   /* fetches so far, in this process */
	uint64_t polls;		   /* of a mock */
	unsigned failures;	   /* in a row */
	int64_t next_us; /* when it is due, as wall time; CLK_NONE: not */
	bool observed;	 /* there is an outcome */
	enum outcome outcome;
	bool seen;	    /* fetched well since the last summary */
	int64_t good_us;    /* the last time that it was */
	int64_t known_us;   /* of what is known; not later, after a start */
	bool stale;	    /* too long ago for its offer to be the best */
	bool recording;	    /* a result waits to be recorded */
	bool again;	    /* asked for while under way */
	uint64_t push_turn; /* it had its turn; see scraper_push.c */
	bool adapted;	    /* its interval is not in the ledger yet */
	bool is_news;	    /* just set: that it is refused is said again */
	struct task *next;  /* in its slot */
};

/* What became of a text or a body that was to be a blob. */
enum keeping_how {
	KEEPING_NONE, /* there was nothing to keep */
	KEEPING_KEPT,
	KEEPING_FAILED,
	KEEPING_TOO_LARGE,
	KEEPING_NOWHERE,
};

struct keeping {
	enum keeping_how how;
	char id[BLOB_ID_SIZE]; /* "": none */
};

/* One end of a fetch that may be worth a transaction. */
struct result {
	struct task *task; /* NULL: removed meanwhile */
	struct arena arena;
	struct observation o;
	enum outcome outcome;
	struct str reason;
	int status;
	struct str via, proxy; /* by which way; absent: directly */
	int64_t time_us;
	int64_t wait_ms; /* at least, until the next fetch */
	struct str etag, last_modified;
	struct provenance from;
	struct keeping kept; /* of from.body, where that is not held */
	struct pages *pages; /* of scraper_pages.c; NULL: there is only one */
	struct str push;     /* key of the push that it is from, or absent */
	bool is_news;	     /* an outcome is said although it is the old one */
	struct record *record; /* in the arena; of scraper_record.c */
	struct result *next;
};

/* What shows of one source in scraper.status. */
struct source {
	char *name;
	unsigned watches, failing;
	unsigned blocked;     /* of these, by the site, or asked to wait */
	enum outcome outcome; /* of the last that failed */
	int64_t next_us;      /* and its next try; CLK_NONE: not known */
	bool told, told_running, told_failing, told_blocked;
	struct source *next, *next_in_slot;
};

struct scraper {
	const struct scraper_conf *conf;
	struct stage *stage;
	struct loop *loop;
	struct http *http;
	struct egress *egress;
	struct loop_timer *telling; /* of ways, in a while */
	struct fetcher *fetcher;
	struct streams *streams;
	struct extract_pool *pool;
	struct loop_timer *due, *summary;
	struct loop_work *work, *push_work;
	struct push *pushes, **pushes_last; /* that wait, or are being read */
	size_t n_pushes, push_bytes;
	uint64_t push_turn;
	struct buf push_items; /* how their items are read */
	struct schedule schedule;
	struct tz_cache zones;
	struct task *tasks[SCRAPER_TASKS];
	struct task *items[SCRAPER_TASKS]; /* those with an item, by it */
	size_t n_tasks;
	size_t left; /* of one pass */
	struct source *sources, *source_slots[SCRAPER_TASKS];
	struct result *results, **results_last;
	size_t n_results, result_bytes; /* of their bodies and texts */
	size_t page_bytes;		/* of pages, of lists under way */
	struct loop_timer *gather;
	int64_t recorded_ms;	  /* the last transaction's end */
	struct stats_times *late; /* of stats: schedule_late_seconds */
	int64_t since_us;	  /* the last summary */
	bool live;
};

/* ---- scraper_task.c: the tasks and their schedule ---- */

struct task *task_find(const struct scraper *s, struct str id);

/* Take over a watch, in place of an older one of its id. NULL: too many. */
struct task *task_set(struct scraper *s, struct watch *w);
void task_remove(struct scraper *s, struct task *t);

/* Due in so many ms; below 0: never. */
void task_due_in(struct task *t, int64_t ms);
/* Sooner than it is due, if that is more than so many ms from now. */
void task_due_within(struct task *t, int64_t ms);
/* Once live, a watch that is new: as soon as its windows let it. */
void task_begin(struct task *t);
/* As soon as it may, whatever its windows. */
void task_poll(struct task *t);
/* It ended so at that time. */
void task_seen(struct task *t, enum outcome outcome, int64_t time_us);
/* Takes the outcome into account, also that of its source. */
void task_set_outcome(struct task *t, enum outcome outcome);
void tasks_due(void *scraper); /* for loop_timer_new() */
/* Once live: everything gets its first time. */
void tasks_start(struct scraper *s);
/* One of a pass is through. */
void task_through(struct task *t);

/* ---- scraper_rhythm.c: when it is fetched next ---- */

/* Not before wait_ms: what the host asks for. */
void rhythm_next(struct task *t, int64_t wait_ms);
/* Its host is left alone for so long: come then, not all at once. */
void rhythm_hold(struct task *t, int64_t hold_ms);
/* A fetch found something new, or nothing. */
void rhythm_adapt(struct task *t, bool changed);
/* w comes in place of its watch. */
void rhythm_take_over(struct task *t, struct watch *w);
/* The interval that the ledger knows; inside a transaction, as all below. */
int rhythm_load(struct task *t, struct err *e);
int rhythm_forget(struct scraper *s, struct str id, struct err *e);
int rhythm_save(struct scraper *s, struct err *e);
bool rhythm_has_news(const struct scraper *s); /* for rhythm_save() */

/* ---- scraper_egress.c: pools and providers in the ledger ---- */

/* The settings: those of the files, or those in the ledger. */
int ways_open(struct scraper *s, struct err *e);
int ways_load(struct scraper *s, struct err *e);
/* proxy.set, provider.set; others are passed over. */
int ways_event(struct scraper *s, const struct event *ev, struct err *e);
/* For struct fetcher_conf. */
bool ways_spend(void *scraper, struct way *w);
void ways_left(void *scraper, bool provider, enum pool_end how, bool changed);
/* Say how a way is, where that is not what was said last. */
int ways_tell(struct scraper *s, struct way *w, int64_t time_us, struct err *e);
int ways_tell_all(struct scraper *s, struct err *e);
void ways_tick(void *scraper); /* for loop_timer_new() */

/* ---- scraper_fetch.c: one fetch ---- */

void task_fetch(struct task *t);
/* Is one under way, or not yet recorded? */
bool task_is_busy(const struct task *t);
/* Drop what is under way. */
void task_cancel(struct task *t);

/* What every request of its watch is, but for the URL. */
struct fetch_request task_request(const struct task *t, const char *url);
/* Read a page of what r is to be. All is copied. */
void task_extract(struct task *t, struct result *r, struct str body,
		  struct str content_type, struct str url);
/* r->o is all that was found. fails: soon again would not mend it. */
void task_found(struct task *t, struct result *r, bool fails);

/* What was not fetched: all is borrowed until task_take() returns. */
struct taken {
	const struct answer *a;
	struct str url;
	struct str items; /* read by this as JSON; absent: as the watch says */
	struct str key, source; /* of the push */
	uint64_t id;
	int64_t time_us;
};
/* Read it as if it had been fetched. The task is not busy. */
void task_take(struct task *t, const struct taken *in);

/* ---- scraper_pages.c: a list that goes on ---- */

enum {
	PAGES_BYTES_MAX = 8 << 20, /* of the bodies of a look's pages */
	PAGES_ALL_MAX = 64 << 20,  /* of those of all looks under way */
};

/* The first page of r has come; its body is r's where this is a list. */
void pages_begin(struct task *t, struct result *r, const struct fetched *f);
/*
 * A page was read: take what was found into r->o. True: the next page was
 * asked for, and r is not yet to be recorded.
 */
bool pages_go_on(struct task *t, struct result *r, struct observation *o);
/* r is recorded, or dropped. */
void pages_end(struct result *r);
/* How many were read, and why no more; 0, absent: it is no such list. */
unsigned pages_read(const struct result *r);
struct str pages_stopped(const struct result *r);
/* As keep_body() and keep_ended(), of the pages after the first. */
void pages_keep(const struct result *r, struct blob_batch *b);
void pages_kept(const struct result *r, const struct blob_batch *b);
/* They as an observation.record tells of them, a JSON array; absent: none. */
struct str pages_print(const struct result *r, struct arena *a);

/* ---- scraper_push.c: what others have captured ---- */

int push_event(struct scraper *s, const struct event *ev, struct err *e);
/* Those that were not read before the last end; once, from open(). */
int push_load(struct scraper *s, struct err *e);
/* Some may have their turn now. */
void push_wake(struct scraper *s);
bool push_read(void *scraper); /* for loop_work_new() */
/* In the transaction in which what was read of it is recorded. */
int push_recorded(struct scraper *s, const struct result *r, struct err *e);
/* After it. Where it was not recorded, it is read again. */
void push_ended(struct scraper *s, const struct result *r, bool recorded);
void push_free(struct scraper *s);

/* ---- scraper_known.c: what the ledger knows of a watch ---- */

/*
 * Text lives as long as the arena does. What cannot be read is told, and counts
 * as not there.
 */
int known_get(struct scraper *s, struct str id, struct arena *a,
	      struct watch_state *st_r, struct err *e);
/* The same; of one that was defined in another way, only how it ended. */
int known_of(struct task *t, struct arena *a, struct watch_state *st_r,
	     struct err *e);
/* Inside a transaction, as all below. */
int known_save(struct scraper *s, struct str id, const struct watch_state *st,
	       struct err *e);
int known_forget(struct scraper *s, struct str id, struct err *e);
/* Take the outcome that is in the ledger into the task. */
int known_load(struct task *t, struct err *e);
/* Remember that it is stale. */
int known_stale(struct task *t, struct err *e);

/* ---- scraper_tell.c: sources and watches, beside their findings ---- */

/* Say how a source is, where that is not what was said last. */
int tell_source(struct scraper *s, struct source *src, int64_t time_us,
		struct err *e);
/* For loop_timer_new(), once a minute: which watches were seen. */
void tell_summary(void *scraper);
/*
 * A watch cannot be worked with: its outcome is refused. is_news: it was just
 * set, so say so whatever its outcome was.
 */
int tell_bad_watch(struct scraper *s, struct str id, int64_t time_us,
		   bool is_news, const struct err *why, struct err *e);

/* ---- scraper_record.c: results into the ledger ---- */

bool record_results(void *scraper);  /* for loop_work_new() */
void record_gathered(void *scraper); /* for loop_timer_new() */
/* Those that wait, in one transaction. */
void record_now(struct scraper *s);

/* ---- scraper_keep.c: texts and bodies as blobs ---- */

/* Into the batch of a transaction; NULL: nothing is kept. */
void keep_body(const struct result *r, struct str body, struct blob_batch *b,
	       struct keeping *k);
void keep_text(const struct result *r, struct blob_batch *b,
	       const struct diff *d, struct keeping *k);
/*
 * After its flush: how did it end? Counted, and told if need be. False if it
 * should have been kept and was not. what: "body", say; total: what counts it.
 */
bool keep_ended(const struct result *r, const struct blob_batch *b,
		const char *what, const char *total, struct keeping *k);

/* ---- scraper_group.c: items that several watches have ---- */

/* How long an offer may be the best that its watch cannot see any more. */
#define GROUP_FRESH_MS (INT64_C(7) * 24 * 3600 * 1000)

void group_join(struct task *t);
void group_leave(struct task *t);
/* Is there another watch of its item? */
bool group_is_shared(const struct task *t);

/*
 * Say which offer is the best, if that is not what was told last. Inside a
 * transaction, like the next ones.
 */
int group_settle(struct scraper *s, struct str item, int64_t time_us,
		 struct err *e);
/* The price of one of several offers is not the item's: offer.update. */
void group_rename(struct result *r, struct diff *d);
/*
 * The state of one of several offers was saved: say which is the best now.
 * say: and how this one stands. first: its state was a baseline.
 */
int group_record(struct result *r, bool say, bool first,
		 const struct event *cause, struct err *e);
/* What has become stale; in transactions of its own. */
int group_sweep(struct scraper *s, int64_t now_us, struct err *e);

bool outcome_is_good(enum outcome o);

#endif
