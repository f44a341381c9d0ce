/*
 * weir-log - print what the journal holds, one event a line. See weir-log(1).
 *
 * Reads the journal's file itself, so it needs no store. Events are gathered
 * in a buffer while a snapshot of the file is held, and written after it was
 * let go: a slow reader of our output must not keep old pages alive.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/alive.h"
#include "common/blob.h"
#include "common/expr.h"
#include "common/follow.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/since.h"
#include "common/tool.h"
#include "common/xmem.h"

enum {
	LOG_PATTERNS = 64,
	LOG_CHUNK = 256 << 10,
	LOG_SCAN = 20000,
	LOG_PIPE = 1 << 20,
};

static struct {
	struct opt_common common;
	const char *since, *until, *filter, *blob;
	int64_t limit;
	bool reverse, follow, last;
} cfg;

static const struct opt opts[] = {
	{ 0, "since", "WHEN", OPT_STR, &cfg.since, 0, 0,
	  "what comes after a position, a time, or an age such as 90d" },
	{ 0, "until", "WHEN", OPT_STR, &cfg.until, 0, 0,
	  "up to a position, a time, or an age" },
	{ 'e', "filter", "EXPR", OPT_STR, &cfg.filter, 0, 0,
	  "only events for which this holds, see weir-expr(7)" },
	{ 'n', "limit", "N", OPT_UINT, &cfg.limit, 1, INT64_MAX,
	  "at most N events" },
	{ 'r', "reverse", NULL, OPT_FLAG, &cfg.reverse, 0, 0, "newest first" },
	{ 'f', "follow", NULL, OPT_FLAG, &cfg.follow, 0, 0,
	  "go on with what comes" },
	{ 'l', "last", NULL, OPT_FLAG, &cfg.last, 0, 0,
	  "the newest event of each topic" },
	{ 0, "blob", "ID", OPT_STR, &cfg.blob, 0, 0,
	  "print the blob that events name so, as it is" },
};

static const struct opt_tool tool = {
	.name = "log",
	.synopsis = "[OPTION...] [PATTERN...]",
	.summary = "Print the journal's events, all or those whose topic "
		   "matches a pattern.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.max_args = LOG_PATTERNS,
	.common = &cfg.common,
};

struct printer {
	struct since since, until;
	struct journal_want want;
	struct expr *filter; /* NULL: all */
	struct buf out;
	uint64_t left;	   /* of --limit */
	struct loop *loop; /* while following */
	struct err *e;
};

static bool wanted(const struct printer *p, const struct event *ev)
{
	bool matches = p->want.n == 0;

	for (size_t i = 0; i < p->want.n && !matches; i++)
		matches = topic_matches(ev->topic, p->want.pattern[i]);
	return matches && (!p->filter || expr_match(p->filter, ev));
}

/* Gather one event; 1: time to write. */
static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct printer *p = arg;

	(void)e;
	if (!wanted(p, ev))
		return 0;
	event_print(ev, 0, &p->out);
	buf_putc(&p->out, '\n');
	return --p->left == 0 || p->out.len >= LOG_CHUNK;
}

/* ---- ranges ---- */

static int read_range(struct printer *p, struct journal *j,
		      struct journal_scan *scan, struct err *e)
{
	struct journal_head head;
	uint64_t first = 1, last;
	int rc;

	if (journal_head(j, &head, e))
		return -1;
	last = head.offset;
	if (cfg.since) {
		rc = since_first(&p->since, j, &p->want, &first, e);
		if (rc < 0)
			return -1;
		if (since_is_ahead(&p->since, &head))
			log_warn("--since %s: the newest event is %08x:%llu",
				 cfg.since, head.epoch,
				 (unsigned long long)head.offset);
		else if (rc == 0)
			log_warn("--since %s: what came after it is not all "
				 "here (epoch %08x)",
				 cfg.since, head.epoch);
	}
	if (cfg.until && since_last(&p->until, j, &last, e))
		return -1;
	scan->reverse = cfg.reverse;
	scan->from = cfg.reverse ? last : first;
	scan->until = cfg.reverse ? first : last;
	scan->budget = LOG_SCAN;
	/* An empty range; until 0 would mean no bound. */
	return last < first || last == 0 ? 1 : 0;
}

static int print_range(struct printer *p, struct journal *j,
		       struct journal_scan *scan, struct err *e)
{
	int more = 1;

	while (more > 0 && p->left > 0) {
		more = journal_scan(j, scan, on_event, p, &scan->from, e);
		if (more < 0 || buf_print(&p->out, e))
			return -1;
		if (scan->reverse && scan->from < scan->until)
			break;
	}
	return 0;
}

/* ---- the newest event of each topic ---- */

struct newest {
	struct printer *p;
	struct journal *j;
	char after[EVENT_TOPIC_MAX]; /* where to go on */
	size_t after_len;
};

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct newest *n = arg;

	if (journal_get(n->j, t->last, on_event, n->p, e) < 0)
		return -1;
	memcpy(n->after, t->topic.p, t->topic.len);
	n->after_len = t->topic.len;
	return n->p->left == 0 || n->p->out.len >= LOG_CHUNK;
}

/* Patterns are in the order of their topics, and none twice: by narrow(). */
static int print_last(struct printer *p, struct journal *j, struct err *e)
{
	for (size_t i = 0; i < p->want.n; i++) {
		struct newest n = { .p = p, .j = j };
		size_t was;

		do {
			struct str after = { n.after, n.after_len };

			was = p->out.len;
			if (journal_topics(j, p->want.pattern[i], after,
					   on_topic, &n, e))
				return -1;
			was = p->out.len - was;
			if (buf_print(&p->out, e))
				return -1;
		} while (was > 0 && p->left > 0);
	}
	return 0;
}

/* ---- blobs ---- */

static int print_blob(struct err *e)
{
	struct buf b = { 0 };
	bool is_text;
	int rc = blob_get(cfg.common.dir, str_from(cfg.blob), &b, &is_text, e);

	if (rc == 0)
		rc = err_set(e, EX_NOINPUT, "blob %s: not there", cfg.blob);
	else if (rc > 0)
		rc = buf_print(&b, e);
	buf_free(&b);
	return rc;
}

/* ---- following ---- */

static void stop(struct printer *p, const struct err *e)
{
	*p->e = *e;
	loop_stop(p->loop);
}

static void follow_event(void *arg, const struct event *ev)
{
	struct printer *p = arg;
	struct err e = { 0 };

	if (p->left == 0 || !since_has(&p->since, ev))
		return;
	on_event(p, ev, &e);
	if (p->out.len >= LOG_CHUNK && buf_print(&p->out, &e))
		stop(p, &e);
}

static void follow_slice(void *arg)
{
	struct printer *p = arg;
	struct err e = { 0 };

	if (buf_print(&p->out, &e) || p->left == 0)
		stop(p, &e);
}

static void follow_gap(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	log_warn("between %llu and %llu events were pruned before they were "
		 "read",
		 (unsigned long long)from, (unsigned long long)to);
}

static void on_started(void *arg)
{
	(void)arg;
	notify("READY=1");
}

static int follow_from(struct printer *p, struct position from, struct err *e)
{
	struct follow_conf fc = { .dir = cfg.common.dir,
				  .from = from,
				  .want = p->want,
				  .arg = p,
				  .event = follow_event,
				  .started = on_started,
				  .slice_end = follow_slice,
				  .gap = follow_gap };
	struct alive *alive = NULL;
	struct follow *f = NULL;
	int rc = -1;

	p->loop = fc.loop = loop_new(e);
	p->e = e;
	fc.bus = bus_new(&cfg.common, e);
	if (!fc.loop || !fc.bus || loop_signals(fc.loop, NULL, NULL, e))
		goto out;
	signal(SIGPIPE, SIG_DFL); /* "| head" ends us quietly */
	f = follow_new(&fc, e);
	if (!f)
		goto out;
	alive = alive_new(fc.loop);
	loop_run(fc.loop);
	rc = e->code ? -1 : 0;
out:
	alive_free(&alive);
	follow_free(&f);
	bus_free(&fc.bus);
	loop_free(&fc.loop);
	return rc;
}

static int print(struct printer *p, struct err *e)
{
	struct journal *j = journal_open(cfg.common.dir, e);
	struct journal_scan scan = { .budget = 0 };
	struct position from = { 0, 0 };
	struct journal_head head;
	int rc;

	if (!j && cfg.follow && e->code == EX_NOINPUT) {
		*e = (struct err){ 0 };
		return follow_from(p, from, e);
	}
	if (!j)
		return -1;
	rc = journal_head(j, &head, e);
	if (rc == 0 && cfg.last)
		rc = print_last(p, j, e);
	else if (rc == 0) {
		rc = read_range(p, j, &scan, e);
		if (rc == 0)
			rc = print_range(p, j, &scan, e);
	}
	/* Go on after the head that was seen, or after what was printed. */
	from = (struct position){ head.epoch, head.offset };
	if (!cfg.last && !cfg.reverse && scan.from > head.offset + 1)
		from.offset = scan.from - 1;
	journal_close(&j);
	if (rc < 0 || !cfg.follow || p->left == 0)
		return rc < 0 ? -1 : 0;
	return follow_from(p, from, e);
}

static int parse_when(const char *name, const char *text, struct since *since_r,
		      struct err *e)
{
	if (text && !since_parse(str_from(text), clk_wall_us(), since_r))
		return err_set(e, EX_USAGE,
			       "--%s: '%s' is no position, time or age", name,
			       text);
	return 0;
}

static int check_usage(char **args, struct err *e)
{
	if (cfg.follow && (cfg.reverse || cfg.until))
		return err_set(e, EX_USAGE, "--follow: not with --%s",
			       cfg.reverse ? "reverse" : "until");
	if (cfg.last && (cfg.since || cfg.until || cfg.reverse))
		return err_set(e, EX_USAGE,
			       "--last: not with --since, --until, --reverse");
	if (cfg.blob && (cfg.last || cfg.since || cfg.until || cfg.reverse ||
			 cfg.follow || cfg.limit || cfg.filter || *args))
		return err_set(e, EX_USAGE, "--blob: goes alone");
	for (; *args; args++)
		if (pattern_check_useful(str_from(*args), e)) {
			e->code = EX_USAGE;
			return err_prefix(e, "pattern");
		}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Sort patterns, without those that another one covers. How many are left. */
static size_t narrow(struct str *pattern, size_t n)
{
	size_t kept = 0;

	qsort(pattern, n, sizeof(*pattern), compare);
	for (size_t i = 0; i < n; i++)
		if (!kept || !topic_matches(pattern[i], pattern[kept - 1]))
			pattern[kept++] = pattern[i];
	return kept;
}

/*
 * A pipe of 64 KiB wakes writer and reader for each 130 events; one of a
 * mebibyte lets both run. Fails where stdout is no pipe, which is fine.
 */
static void widen_pipe(void)
{
	(void)fcntl(STDOUT_FILENO, F_SETPIPE_SZ, LOG_PIPE);
}

static int run(char **args, struct err *e)
{
	struct printer p = { .left = cfg.limit ? (uint64_t)cfg.limit
					       : UINT64_MAX };
	struct str pattern[LOG_PATTERNS] = { STR("") };
	int rc = 0;

	if (check_usage(args, e) ||
	    parse_when("since", cfg.since, &p.since, e) ||
	    parse_when("until", cfg.until, &p.until, e) ||
	    expr_option(cfg.filter, &p.filter, e))
		return -1;
	for (p.want.pattern = pattern; args[p.want.n]; p.want.n++)
		pattern[p.want.n] = str_from(args[p.want.n]);
	p.want.n = narrow(pattern, p.want.n);
	if (p.want.n == 0 && cfg.last)
		p.want.n = 1;
	widen_pipe();
	if (!cfg.common.check_config)
		rc = cfg.blob ? print_blob(e) : print(&p, e);
	buf_free(&p.out);
	expr_free(&p.filter);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
