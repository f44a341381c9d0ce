#include <stdlib.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/json.h"
#include "common/since.h"
#include "common/xmem.h"

#include "api.h"
#include "http.h"
#include "leave.h"
#include "socketio_live.h"

enum {
	LIMIT = 100, /* events of one answer, where none is given */
	LIMIT_MAX = 1000,
	ANSWER_MAX = 1 << 20, /* bytes, after which an answer ends early */
	SLICE = 10000,	      /* events looked at in one turn */
};

/* ---- GET: a query, which may then wait for what comes ---- */

/*
 * Looking through a long journal takes many turns of the loop; all queries
 * that are not done stand in g->jobs and have a slice each in a turn.
 */
struct query {
	struct session s;   /* first */
	struct query *next; /* in g->jobs */
	bool queued;
	struct patterns patterns;
	struct filter *filter; /* of all of them, or NULL */
	struct position pos;   /* everything up to here was looked at */
	uint64_t limit, n;
	struct journal_want want;
	bool recovered;
	bool last;	    /* only the newest event of each topic */
	bool reverse;	    /* from the newest down to behind first */
	uint64_t first, at; /* of those: the bound, and where to go on */
	int64_t wait_ms;    /* 0: do not */
	struct str as;	    /* of an old path: what its answer calls them */
	int64_t newest_us;  /* what was recorded up to here was looked at */
	int64_t last_us;    /* when the last of them was recorded */
	struct buf events;
	size_t *end; /* of each of them, where they are to be turned round */
	size_t n_ends, cap_ends;
	struct loop_timer *deadline;
	struct hub_client waiter;
};

static void unqueue(struct query *q)
{
	struct session **head = &q->s.g->jobs;
	struct query *at;

	if (!q->queued)
		return;
	q->queued = false;
	if (*head == &q->s) {
		*head = q->next ? &q->next->s : NULL;
		return;
	}
	for (at = (struct query *)*head; at->next != q; at = at->next)
		;
	at->next = q->next;
}

/* At the end, so that all have their turn. */
static void enqueue(struct query *q)
{
	struct gateway *g = q->s.g;
	struct query *at = (struct query *)g->jobs;

	q->next = NULL;
	q->queued = true;
	if (!at) {
		g->jobs = &q->s;
	} else {
		while (at->next)
			at = at->next;
		at->next = q;
	}
	loop_work_wake(g->jobs_work);
}

static void close_query(struct session *s)
{
	struct query *q = (struct query *)s;

	unqueue(q);
	hub_leave(s->g->hub, &q->waiter);
	loop_timer_free(&q->deadline);
	patterns_free(&q->patterns);
	filter_drop(&q->filter);
	buf_free(&q->events);
	free(q->end);
	free(q);
}

static bool is_full(const struct query *q)
{
	return q->n == q->limit || q->events.len >= ANSWER_MAX;
}

/* The last one first. */
static void add_turned(const struct query *q, struct buf *b)
{
	for (size_t i = q->n_ends; i-- > 0;) {
		size_t start = i ? q->end[i - 1] : 0;

		buf_add_str(b, str_sub(buf_str(&q->events), start, q->end[i]));
		if (i)
			buf_putc(b, ',');
	}
}

static void answer(struct query *q)
{
	char text[POSITION_TEXT_MAX], time[CLK_TEXT_SIZE];
	struct net_conn *c = q->s.conn;
	struct buf b = { 0 };

	buf_putc(&b, '{');
	buf_json_str(&b, q->as.p ? q->as : STR("events"));
	buf_puts(&b, ":[");
	if (q->n_ends)
		add_turned(q, &b);
	else
		buf_add_str(&b, buf_str(&q->events));
	buf_putc(&b, ']');
	if (q->as.p) {
		bool more = is_full(q) && !q->reverse;

		buf_addf(&b, ",\"count\":%llu,\"more\":%s,\"timestamp\":\"%s\"",
			 (unsigned long long)q->n, more ? "true" : "false",
			 clk_format(more ? q->last_us : q->newest_us, time));
	}
	buf_addf(&b, ",\"next\":\"%s\",\"recovered\":%s}",
		 position_format(q->pos, text),
		 q->recovered ? "true" : "false");
	session_end(c);
	http_json(c, 200, NULL, &b);
}

static void fail(struct query *q, const struct err *e)
{
	struct net_conn *c = q->s.conn;
	struct err why = *e;

	session_end(c);
	http_problem(c, why.code == EX_DATAERR ? 400 : 503, "%s", why.msg);
}

/* As old clients know it; they want the oldest first, in any case. */
static void add_old(struct query *q, const struct event *ev)
{
	const struct compat_past past = { socketio_live_past, q->s.g };
	struct buf b = { 0 };

	compat_payload(q->s.g->compat, ev, &past, &b);
	q->last_us = ev->recorded_us;
	if (q->last_us > q->newest_us)
		q->newest_us = q->last_us;
	if (q->n++ && !q->reverse)
		buf_putc(&q->events, ',');
	buf_add_str(&q->events, buf_str(&b));
	buf_free(&b);
	if (!q->reverse)
		return;
	xgrow(&q->end, &q->cap_ends, q->n_ends, sizeof(*q->end));
	q->end[q->n_ends++] = q->events.len;
}

static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct query *q = arg;

	(void)e;
	if (!patterns_want(&q->patterns, ev))
		return 0;
	if (q->as.p) {
		add_old(q, ev);
		return is_full(q);
	}
	if (q->n++)
		buf_putc(&q->events, ',');
	event_print(ev, 0, &q->events);
	return is_full(q);
}

/* The end of the journal, and nothing was there: wait, if asked to. */
static bool start_waiting(struct query *q)
{
	struct hub_wish wish = { q->patterns.v, q->patterns.n, &q->pos, false,
				 q->filter };
	struct position pos;
	bool recovered;
	struct err e;

	if (!loop_timer_running(q->deadline) || leave_is_leaving(q->s.g->leave))
		return false;
	/* Woken at once where something has come in between. */
	return hub_subscribe(q->s.g->hub, &q->waiter, &wish, &pos, &recovered,
			     &e) == 0;
}

/* One slice of looking from the newest down. */
static void run_reverse(struct query *q)
{
	struct journal_scan scan = { .from = q->at,
				     .until = q->first,
				     .reverse = true,
				     .budget = SLICE };
	struct err e;
	struct journal *j = gateway_journal(q->s.g, &e);
	int rc = j ? journal_scan(j, &scan, on_event, q, &q->at, &e) : -1;

	if (rc < 0)
		fail(q, &e);
	else if (rc == 1 && !is_full(q))
		enqueue(q);
	else
		answer(q);
}

/* Offsets of topics' newest events, those after a bound. */
struct newest {
	uint64_t after, *v;
	size_t n, cap, looked;
};

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct newest *all = arg;

	all->looked++;
	if (t->last <= all->after)
		return 0;
	if (all->n == HUB_LAST_MAX)
		return err_set(e, EX_DATAERR, "last: more than %d topics",
			       HUB_LAST_MAX);
	xgrow(&all->v, &all->cap, all->n, sizeof(*all->v));
	all->v[all->n++] = t->last;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * The newest event of each topic that had one after where it is, in order. A
 * full answer ends with its last one, so that the next begins there.
 */
static int look_newest(struct query *q, struct journal *j, uint64_t head,
		       struct err *e)
{
	struct newest all = { .after = q->pos.offset };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < q->patterns.n; i++)
		rc = journal_topics(j, q->patterns.v[i], (struct str){ 0 },
				    on_topic, &all, e);
	gateway_charge(q->s.g, THROTTLE_REQUEST, q->s.conn, q->s.who->user,
		       all.looked / HUB_LOOKED_COST);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_offset);
	for (size_t i = 0; rc == 0 && i < all.n && !is_full(q); i++) {
		if (all.v[i] == q->pos.offset)
			continue; /* of two patterns */
		rc = journal_get(j, all.v[i], on_event, q, e) < 0 ? -1 : 0;
		q->pos.offset = all.v[i];
	}
	if (rc == 0 && !is_full(q))
		q->pos.offset = head;
	free(all.v);
	return rc;
}

/* Look at what comes next. As journal_scan(); 2: it is another journal now. */
static int look(struct query *q, struct journal *j, struct err *e)
{
	struct journal_scan scan = { .from = q->pos.offset + 1,
				     .budget = SLICE };
	struct journal_head head;
	uint64_t next = 0;
	int rc;

	if (journal_head(j, &head, e))
		return -1;
	if (head.epoch != q->pos.epoch)
		return 2;
	rc = journal_pruned(j, q->pos.offset, &q->want, e);
	if (rc < 0)
		return -1;
	q->recovered &= !rc;
	if (q->last)
		return look_newest(q, j, head.offset, e);
	rc = journal_scan(j, &scan, on_event, q, &next, e);
	if (rc >= 0)
		q->pos.offset = rc == 0 ? head.offset : next - 1;
	return rc;
}

/* One slice. It is answered, waits, or is queued again. */
static void run(struct query *q)
{
	struct err e;
	struct journal *j = gateway_journal(q->s.g, &e);
	int rc = -1;

	if (q->reverse) {
		run_reverse(q);
		return;
	}
	if (j && journal_begin(j, &e) == 0) {
		rc = look(q, j, &e);
		journal_end(j);
	}
	if (rc < 0) {
		fail(q, &e);
		return;
	}
	q->recovered &= rc < 2;
	if (rc == 1 && !is_full(q))
		enqueue(q);
	else if (q->n > 0 || rc == 2 || !start_waiting(q))
		answer(q);
}

bool api_jobs(void *arg)
{
	struct gateway *g = arg;
	struct query *last = (struct query *)g->jobs, *q;

	while (last && last->next)
		last = last->next;
	/* Those that are queued again meanwhile have the next turn. */
	while ((q = (struct query *)g->jobs)) {
		bool is_last = q == last;

		unqueue(q);
		run(q);
		if (is_last)
			break;
	}
	return g->jobs != NULL;
}

static void on_deadline(void *arg)
{
	struct query *q = arg;

	if (!q->queued)
		answer(q);
}

/*
 * As old clients write it, milliseconds since 1970, too; a time is when the
 * newest that they have was recorded.
 */
static bool parse_old_since(struct str text, struct since *w)
{
	uint64_t ms;

	if (str_u64(text, &ms) && ms < INT64_MAX / 2000)
		*w = (struct since){ .us = (int64_t)ms * 1000 };
	else if (!since_parse(text, clk_wall_us(), w))
		return false;
	w->us += !w->is_position;
	return true;
}

static bool read_since(struct query *q, const struct net_request *r,
		       struct journal *j, struct err *e)
{
	struct str since = http_param(r, "since");
	struct journal_head head;
	struct since w;
	uint64_t first = 1;
	int whole = 1;

	if (since.p && !(q->as.p ? parse_old_since(since, &w)
				 : since_parse(since, clk_wall_us(), &w)))
		return !err_set(e, EX_USAGE,
				"since: not a position, a time or an age");
	q->want.pattern = q->patterns.v;
	q->want.n = q->patterns.n;
	if (since.p)
		whole = since_first(&w, j, &q->want, &first, e);
	if (whole < 0 || journal_head(j, &head, e))
		return false;
	if (!since.p)
		q->want.told = head.offset; /* it asks for what there is */
	q->recovered = whole == 1;
	q->newest_us = head.offset ? head.recorded_us : clk_wall_us();
	q->first = first;
	q->at = UINT64_MAX;
	q->pos = (struct position){ head.epoch,
				    q->reverse ? head.offset : first - 1 };
	return true;
}

static bool read_query(struct query *q, const struct net_request *r,
		       struct journal *j, struct err *e)
{
	static const char *const names[] = { "topic*", "since",	  "limit",
					     "wait",   "reverse", "last",
					     "filter" };
	uint64_t wait_s;

	if (!http_check_params(r, names, ARRAY_LEN(names), e) ||
	    !http_param_u64(r, "limit", 1, LIMIT_MAX, LIMIT, &q->limit, e) ||
	    !http_param_u64(r, "wait", 0, GATEWAY_WAIT_MAX_S, 0, &wait_s, e) ||
	    !http_param_flag(r, "reverse", &q->reverse, e) ||
	    !http_param_flag(r, "last", &q->last, e))
		return false;
	if (q->last && q->reverse)
		return !err_set(e, EX_USAGE, "last and reverse: one of them");
	q->wait_ms = (int64_t)wait_s * 1000;
	return api_wanted(q->s.g, q->s.conn, r, &q->patterns, e) &&
	       http_param_filter(r, hub_filters(q->s.g->hub), &q->patterns,
				 &q->filter, e) &&
	       read_since(q, r, j, e);
}

static struct query *add_query(struct gateway *g, struct net_conn *c)
{
	struct query *q = xcalloc(1, sizeof(*q));

	q->waiter.user = q;
	q->waiter.waiter = true;
	q->waiter.transport = HUB_POLL;
	q->deadline = loop_timer_new(g->loop, on_deadline, q);
	session_begin(&q->s, g, c, close_query);
	return q;
}

void api_events_get(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, struct str rest)
{
	struct query *q;
	struct err e;
	struct journal *j = gateway_journal(g, &e);

	(void)rest;
	if (!j) {
		http_problem(c, 503, "%s", e.msg);
		return;
	}
	q = add_query(g, c);
	if (!read_query(q, r, j, &e)) {
		session_end(c);
		api_fail(g, c, &e);
		return;
	}
	if (q->wait_ms)
		loop_timer_start(q->deadline, q->wait_ms);
	run(q);
}

void api_events_old(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, const struct patterns *set,
		    struct str as)
{
	struct query *q;
	struct err e;
	struct journal *j = gateway_journal(g, &e);

	if (!j) {
		http_problem(c, 503, "%s", e.msg);
		return;
	}
	q = add_query(g, c);
	q->as = as;
	q->reverse = !http_param(r, "since").p;
	patterns_copy(&q->patterns, set);
	if (access_check_reads(net_who(c), set->v, set->n, &e) ||
	    !http_param_u64(r, "limit", 1, LIMIT_MAX, LIMIT, &q->limit, &e) ||
	    !read_since(q, r, j, &e)) {
		session_end(c);
		api_fail(g, c, &e);
		return;
	}
	run(q);
}

void api_events_woken(void *user)
{
	enqueue(user);
}
