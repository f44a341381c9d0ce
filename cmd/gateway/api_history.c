#include <stdlib.h>
#include <sysexits.h>

#include "common/expr.h"
#include "common/json.h"
#include "common/since.h"
#include "common/xmem.h"

#include "api.h"
#include "buckets.h"
#include "http.h"

enum {
	TOPICS = 1000, /* in one answer, where no limit is given */
	TOPICS_MAX = 10000,
	POINTS = 500,
	POINTS_MAX = 10000,
	LOOK_MAX = 20000, /* events of the topic read for one answer */
	NAME_MAX = 64,	  /* bytes of a field's name */
};

/* ---- topics ---- */

struct listing {
	struct buf b;
	const struct access *who;
	struct str prefix;
	uint64_t limit, n;
	uint32_t epoch;
	char last[EVENT_TOPIC_MAX + 1];
	bool more;
};

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct listing *l = arg;
	struct position pos = { l->epoch, t->last };
	char text[POSITION_TEXT_MAX];

	(void)e;
	if (!str_starts(t->topic, l->prefix))
		return str_cmp(t->topic, l->prefix) > 0; /* past them all */
	if (!access_reads(l->who, t->topic))
		return 0;
	if (l->n == l->limit) {
		l->more = true;
		return 1;
	}
	buf_puts(&l->b, l->n++ ? ",{\"topic\":" : "{\"topic\":");
	buf_json_str(&l->b, t->topic);
	buf_addf(&l->b, ",\"last\":\"%s\",\"count\":%llu}",
		 position_format(pos, text), (unsigned long long)t->count);
	str_copy(l->last, sizeof(l->last), t->topic);
	return 0;
}

/*
 * Of each pattern that may be read, the part within `scope`. They are sorted,
 * and so are their topics; one that is within another was listed with it.
 */
static int list_readable(struct journal *j, struct str scope, struct str after,
			 struct listing *l, struct err *e)
{
	struct patterns mine = { 0 };
	struct str done = { 0 };
	int rc = 0;

	access_patterns(l->who, &mine);
	for (size_t i = 0; i < mine.n && rc == 0 && !l->more; i++) {
		struct str p = mine.v[i];

		if (topic_matches(scope, p))
			p = scope;
		else if (!topic_matches(p, scope))
			continue;
		if (done.p && topic_matches(p, done))
			continue;
		rc = journal_topics(j, p, after, on_topic, l, e) < 0 ? -1 : 0;
		done = p;
	}
	patterns_free(&mine);
	return rc;
}

static int list_topics(struct journal *j, struct str after, struct listing *l,
		       struct err *e)
{
	size_t cut = l->prefix.len;
	struct journal_head head;
	int rc = journal_begin(j, e);

	if (rc)
		return -1;
	/* The longest pattern that covers the prefix. */
	while (cut > 0 && l->prefix.p[cut - 1] != '/' &&
	       l->prefix.p[cut - 1] != '.')
		cut--;
	rc = journal_head(j, &head, e);
	l->epoch = head.epoch;
	if (rc == 0)
		rc = list_readable(j, str_sub(l->prefix, 0, cut), after, l, e);
	journal_end(j);
	return rc;
}

void api_topics(struct gateway *g, struct net_conn *c,
		const struct net_request *r, struct str rest)
{
	static const char *const names[] = { "prefix", "limit", "after" };
	struct listing l = { .who = net_who(c),
			     .prefix = http_param(r, "prefix") };
	struct err e;
	struct journal *j = gateway_journal(g, &e);

	(void)rest;
	if (!l.prefix.p)
		l.prefix = STR("");
	buf_puts(&l.b, "{\"topics\":[");
	if (!j || !http_check_params(r, names, ARRAY_LEN(names), &e) ||
	    !http_param_u64(r, "limit", 1, TOPICS_MAX, TOPICS, &l.limit, &e) ||
	    pattern_check(l.prefix, &e) ||
	    list_topics(j, http_param(r, "after"), &l, &e)) {
		buf_free(&l.b);
		api_fail(g, c, &e);
		return;
	}
	buf_putc(&l.b, ']');
	if (l.more) {
		buf_puts(&l.b, ",\"after\":");
		buf_json_str(&l.b, str_from(l.last));
	}
	buf_putc(&l.b, '}');
	http_json(c, 200, NULL, &l.b);
}

/* ---- history ---- */

struct point {
	int64_t time_us;
	uint64_t offset;
	struct str value; /* as text */
	struct str currency;
};

struct walk {
	char field[NAME_MAX + 1];
	uint64_t first, last; /* offsets wanted */
	uint64_t limit, looked;
	bool complete, recovered;
	struct expr *filter;	/* or NULL */
	struct buckets buckets; /* span_us 0: points instead */
	struct point *point;	/* newest first */
	size_t n, cap;
	struct arena arena;
};

/* The value of a member, or of a member of a member: "all.min". */
static bool find_value(struct str data, struct str field, struct str *value_r)
{
	char name[NAME_MAX + 1];

	while (field.p) {
		str_copy(name, sizeof(name), str_cut(field, '.', &field));
		if (json_type_of(data) != JSON_OBJECT ||
		    !json_get(data, name, &data))
			return false;
	}
	*value_r = data;
	return true;
}

/* A decimal, whether it stands there as a string or as a number. */
static bool read_value(struct str data, const char *field, struct arena *a,
		       struct decimal *d_r)
{
	struct str value, text;

	if (!find_value(data, str_from(field), &value))
		return false;
	if (json_type_of(value) == JSON_NUMBER)
		return decimal_parse_json(value, d_r);
	return json_text(value, a, &text) && decimal_parse(text, d_r);
}

static void add_point(struct walk *w, const struct event *ev,
		      struct decimal value)
{
	char text[DECIMAL_TEXT_MAX];
	struct str member;
	struct point *p;

	xgrow(&w->point, &w->cap, w->n, sizeof(*w->point));
	p = &w->point[w->n++];
	*p = (struct point){ .time_us = ev->time_us, .offset = ev->offset };
	p->value = arena_str(&w->arena, str_from(decimal_format(value, text)));
	if (json_get(ev->data, "currency", &member) &&
	    json_type_of(member) == JSON_STRING)
		p->currency = arena_str(&w->arena, member);
}

static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct walk *w = arg;
	struct decimal value;

	(void)e;
	if (ev->offset < w->first)
		return 1;
	if (w->looked++ == LOOK_MAX ||
	    (w->buckets.span_us ? w->buckets.n > w->limit : w->n == w->limit)) {
		w->complete = false;
		return 1;
	}
	if ((w->filter && !expr_match(w->filter, ev)) ||
	    !read_value(ev->data, w->field, &w->arena, &value))
		return 0;
	if (w->buckets.span_us)
		buckets_add(&w->buckets, ev->time_us, value);
	else
		add_point(w, ev, value);
	return 0;
}

static bool read_bounds(const struct net_request *r, struct journal *j,
			struct walk *w, struct err *e)
{
	struct str topic = http_param(r, "topic");
	struct journal_want want = { .pattern = &topic, .n = 1 };
	struct str since = http_param(r, "since");
	struct str until = http_param(r, "until");
	int64_t now_us = clk_wall_us();
	struct since when;
	int whole;

	if (since.p && !since_parse(since, now_us, &when))
		return !err_set(e, EX_USAGE,
				"since: not a position, a time or an age");
	if (since.p) {
		whole = since_first(&when, j, &want, &w->first, e);
		if (whole < 0)
			return false;
		w->recovered = whole;
	}
	if (until.p && !since_parse(until, now_us, &when))
		return !err_set(e, EX_USAGE,
				"until: not a position, a time or an age");
	if (!until.p || since_last(&when, j, &w->last, e) == 0)
		return true;
	if (e->code == EX_DATAERR) /* a position of another journal */
		e->code = EX_USAGE;
	return false;
}

/* Names with a dot between: none of them is empty. */
static bool is_path(struct str field)
{
	while (field.p)
		if (str_cut(field, '.', &field).len == 0)
			return false;
	return true;
}

static bool read_walk(const struct access *who, const struct net_request *r,
		      struct journal *j, struct walk *w, struct err *e)
{
	static const char *const names[] = { "topic", "since",	"until",
					     "limit", "bucket", "field",
					     "filter" };
	struct str bucket = http_param(r, "bucket");
	struct str field = http_param(r, "field");
	struct str topic = http_param(r, "topic");
	struct str filter = http_param(r, "filter");
	int64_t ms = 0;

	if (!http_check_params(r, names, ARRAY_LEN(names), e) ||
	    !http_param_u64(r, "limit", 1, POINTS_MAX, POINTS, &w->limit, e))
		return false;
	if (!topic.p)
		return !err_set(e, EX_USAGE, "topic: missing");
	if (topic_check(topic, e) || access_check_reads(who, &topic, 1, e))
		return false;
	if (!str_copy(w->field, sizeof(w->field),
		      field.p ? field : STR("price")))
		return !err_set(e, EX_USAGE, "field: longer than %d bytes",
				NAME_MAX);
	if (!is_path(str_from(w->field)))
		return !err_set(e, EX_USAGE,
				"field: not a name, or names with a dot "
				"between");
	if (bucket.p && (!str_duration_ms(bucket, &ms) || ms < 1000))
		return !err_set(e, EX_USAGE,
				"bucket: not a duration of 1s at least");
	w->buckets.span_us = ms * 1000;
	if (filter.p && !(w->filter = expr_compile(filter, e)))
		return err_prefix(e, "filter") == 0;
	return read_bounds(r, j, w, e);
}

/* The newest first, as they were gathered; filled in later is not newest. */
static int compare_points(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->time_us != y->time_us)
		return x->time_us < y->time_us ? 1 : -1;
	return x->offset < y->offset ? 1 : x->offset > y->offset ? -1 : 0;
}

static void print_points(const struct walk *w, struct buf *b)
{
	char time[CLK_TEXT_SIZE];

	buf_putc(b, '[');
	for (size_t i = w->n; i-- > 0;) {
		const struct point *p = &w->point[i];

		buf_addf(b, "{\"time\":\"%s\",\"offset\":\"%llu\",\"value\":\"",
			 clk_format(p->time_us, time),
			 (unsigned long long)p->offset);
		buf_add_str(b, p->value);
		buf_putc(b, '"');
		if (p->currency.p) {
			buf_puts(b, ",\"currency\":");
			buf_add_str(b, p->currency);
		}
		buf_puts(b, i ? "}," : "}");
	}
	buf_putc(b, ']');
}

static void answer_walk(struct net_conn *c, struct str topic,
			const struct walk *w)
{
	struct buf b = { 0 };

	if (w->n)
		qsort(w->point, w->n, sizeof(*w->point), compare_points);
	buf_puts(&b, "{\"topic\":");
	buf_json_str(&b, topic);
	buf_puts(&b, ",\"field\":");
	buf_json_str(&b, str_from(w->field));
	if (w->buckets.span_us) {
		buf_addf(&b, ",\"bucket_s\":%lld,\"buckets\":",
			 (long long)w->buckets.span_us / 1000000);
		buckets_print(&w->buckets, w->limit, &b);
	} else {
		buf_puts(&b, ",\"points\":");
		print_points(w, &b);
	}
	buf_addf(&b, ",\"complete\":%s,\"recovered\":%s}",
		 w->complete && w->recovered ? "true" : "false",
		 w->recovered ? "true" : "false");
	http_json(c, 200, NULL, &b);
}

void api_history(struct gateway *g, struct net_conn *c,
		 const struct net_request *r, struct str rest)
{
	struct walk w = { .complete = true, .recovered = true };
	struct str topic = http_param(r, "topic");
	struct err e;
	struct journal *j = gateway_journal(g, &e);

	(void)rest;
	if (j && read_walk(net_who(c), r, j, &w, &e) &&
	    (w.last == 0 && http_param(r, "until").p
		     ? 0
		     : journal_history(j, topic, w.last, on_event, &w, &e)) >=
		    0)
		answer_walk(c, topic, &w);
	else
		api_fail(g, c, &e);
	buckets_free(&w.buckets);
	expr_free(&w.filter);
	free(w.point);
	arena_free(&w.arena);
}
