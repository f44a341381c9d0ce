/*
 * weir-sub - print events as they come, one a line. See weir-sub(1).
 */
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>

#include "common/alive.h"
#include "common/expr.h"
#include "common/follow.h"
#include "common/log.h"
#include "common/notify.h"
#include "common/since.h"
#include "common/tool.h"
#include "common/xmem.h"

static struct {
	struct opt_common common;
	const char *since, *filter;
	int64_t limit;
	bool last;
} cfg;

static const struct opt opts[] = {
	{ 0, "since", "WHEN", OPT_STR, &cfg.since, 0, 0,
	  "begin after a position, a time, or an age such as 1h" },
	{ 'e', "filter", "EXPR", OPT_STR, &cfg.filter, 0, 0,
	  "only events for which this holds, see weir-expr(7)" },
	{ 'n', "limit", "N", OPT_UINT, &cfg.limit, 1, INT64_MAX,
	  "end after N events" },
	{ 'l', "last", NULL, OPT_FLAG, &cfg.last, 0, 0,
	  "first the newest event of each topic" },
};

static const struct opt_tool tool = {
	.name = "sub",
	.synopsis = "[OPTION...] [PATTERN...]",
	.summary = "Print events as they come, all or those whose topic "
		   "matches a pattern.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.max_args = 64,
	.common = &cfg.common,
};

struct sub {
	struct since since;
	struct str *pattern;
	size_t cap;
	struct journal_want want; /* the patterns again */
	struct expr *filter;	  /* NULL: all */
	struct buf out;
	uint64_t left;
	struct loop *loop;
	struct follow *follow;
	struct err why;
};

static void write_out(void *arg)
{
	struct sub *s = arg;

	if (buf_print(&s->out, &s->why) || s->left == 0)
		loop_stop(s->loop);
}

static bool wanted(const struct sub *s, const struct event *ev)
{
	bool matches = s->want.n == 0;

	for (size_t i = 0; i < s->want.n && !matches; i++)
		matches = topic_matches(ev->topic, s->want.pattern[i]);
	return matches && (!s->filter || expr_match(s->filter, ev));
}

static void print_event(struct sub *s, const struct event *ev)
{
	if (s->left == 0 || !wanted(s, ev))
		return;
	s->left--;
	event_print(ev, 0, &s->out);
	buf_putc(&s->out, '\n');
}

static void on_event(void *arg, const struct event *ev)
{
	struct sub *s = arg;

	if (since_has(&s->since, ev))
		print_event(s, ev);
}

static int on_newest(void *arg, const struct event *ev, struct err *e)
{
	(void)e;
	print_event(arg, ev);
	return 0;
}

struct newest {
	struct sub *s;
	struct journal *j;
};

static int print_newest(void *arg, const struct journal_topic *t, struct err *e)
{
	struct newest *n = arg;

	return journal_get(n->j, t->last, on_newest, n->s, e) < 0 ? -1 : 0;
}

static void on_gap(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	log_warn("between %llu and %llu events were missed, or pruned before "
		 "they were read",
		 (unsigned long long)from, (unsigned long long)to);
}

static void on_epoch(void *arg, struct position pos)
{
	(void)arg;
	log_warn("the journal is another one now; going on at %08x:%llu",
		 pos.epoch, (unsigned long long)pos.offset);
}

static void on_started(void *arg)
{
	(void)arg;
	notify("READY=1");
}

/* Where --since begins, with the newest of each topic where they are wanted. */
static int find_start(struct sub *s, struct follow_conf *fc, struct err *e)
{
	struct newest newest = { .s = s };
	struct journal_head head = { 0 };
	uint64_t first;
	int rc;

	fc->at_head = fc->feed_only = !cfg.since;
	fc->want = s->want;
	if (!cfg.since && !cfg.last)
		return 0;
	if (cfg.since &&
	    !since_parse(str_from(cfg.since), clk_wall_us(), &s->since))
		return err_set(e, EX_USAGE,
			       "--since: '%s' is no position, time or age",
			       cfg.since);
	newest.j = journal_open(cfg.common.dir, e);
	if (!newest.j)
		return -1;
	rc = journal_begin(newest.j, e);
	if (rc == 0)
		rc = journal_head(newest.j, &head, e);
	first = head.offset + 1;
	if (rc == 0 && cfg.since)
		rc = since_first(&s->since, newest.j, &s->want, &first, e);
	if (rc == 0 && since_is_ahead(&s->since, &head))
		log_warn("--since %s: the newest event is %08x:%llu", cfg.since,
			 head.epoch, (unsigned long long)head.offset);
	else if (rc == 0 && cfg.since)
		log_warn("--since %s: what came after it is not all here",
			 cfg.since);
	if (rc >= 0 && cfg.last)
		rc = journal_topics(newest.j, STR(""), (struct str){ 0 },
				    print_newest, &newest, e);
	journal_close(&newest.j);
	fc->from = (struct position){ head.epoch, first - 1 };
	fc->want = s->want;
	return rc < 0 ? -1 : 0;
}

static int subscribe(struct sub *s, struct err *e)
{
	struct follow_conf fc = { .dir = cfg.common.dir,
				  .arg = s,
				  .event = on_event,
				  .started = on_started,
				  .slice_end = write_out,
				  .gap = on_gap,
				  .epoch = on_epoch };
	struct alive *alive = NULL;
	struct buf silence = { 0 };
	int rc = -1;

	/* From another machine there is no journal to wait for. */
	if (cfg.common.feed) {
		buf_addf(&silence,
			 "nothing heard (is weir-store running on %s%s?)",
			 cfg.common.feed,
			 cfg.common.curve_key ? ", and do the keys fit" : "");
		fc.silence = silence.p;
	}
	s->loop = fc.loop = loop_new(e);
	fc.bus = bus_new(&cfg.common, e);
	if (!fc.loop || !fc.bus || loop_signals(fc.loop, NULL, NULL, e) ||
	    find_start(s, &fc, e))
		goto out;
	signal(SIGPIPE, SIG_DFL); /* "| head" ends us quietly */
	s->follow = follow_new(&fc, e);
	if (!s->follow)
		goto out;
	alive = alive_new(s->loop);
	write_out(s);
	if (!loop_stopping(s->loop))
		loop_run(s->loop);
	rc = 0;
	if (s->why.code) {
		*e = s->why;
		rc = -1;
	}
out:
	alive_free(&alive);
	follow_free(&s->follow);
	bus_free(&fc.bus);
	loop_free(&fc.loop);
	buf_free(&silence);
	return rc;
}

static int add_patterns(struct sub *s, char **args, struct err *e)
{
	for (; *args; args++) {
		struct str pattern = str_from(*args);

		if (pattern_check_useful(pattern, e)) {
			e->code = EX_USAGE;
			return err_prefix(e, "pattern");
		}
		xgrow(&s->pattern, &s->cap, s->want.n, sizeof(*s->pattern));
		s->pattern[s->want.n++] = pattern;
	}
	s->want.pattern = s->pattern;
	return 0;
}

static int run(char **args, struct err *e)
{
	struct sub s = { .left = cfg.limit ? (uint64_t)cfg.limit : UINT64_MAX };
	int rc = add_patterns(&s, args, e);

	if (rc == 0)
		rc = expr_option(cfg.filter, &s.filter, e);
	if (rc == 0 && !cfg.common.check_config)
		rc = subscribe(&s, e);
	buf_free(&s.out);
	expr_free(&s.filter);
	free(s.pattern);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
