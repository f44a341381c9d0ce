#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/xmem.h"

#include "source.h"

_Static_assert((int)WRITER_BATCH <= JOURNAL_TOPICS_MAX, "one transaction");

/* One message of the batch, and the event that it became. */
struct entry {
	struct bus_msg msg;
	struct event ev;
	bool accepted; /* appended: to be published */
	bool refused;  /* as event.refused, with the text in data */
	bool passed;   /* a control message that was passed on */
	struct str data;
};

struct writer {
	struct journal *j;
	struct bus_sock *ingest, *feed;
	struct stats *stats;
	struct stats_times *commits; /* of stats: commit_seconds */
	struct sources *sources;
	struct entry *entry; /* WRITER_BATCH of them */
	size_t n;	     /* in the batch that is being written */
	struct arena arena;  /* what refused events say */
	struct buf attrs;
	int64_t complained_us;
};

struct writer *writer_new(struct journal *j, struct bus_sock *ingest,
			  struct bus_sock *feed, struct stats *stats)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->j = j;
	w->ingest = ingest;
	w->feed = feed;
	w->stats = stats;
	w->commits = stats_times(stats, "commit_seconds", NULL);
	w->sources = sources_new(WRITER_SOURCES);
	w->entry = xcalloc(WRITER_BATCH, sizeof(*w->entry));
	for (size_t i = 0; i < WRITER_BATCH; i++)
		bus_msg_init(&w->entry[i].msg);
	return w;
}

void writer_free(struct writer **wp)
{
	struct writer *w = *wp;

	if (!w)
		return;
	for (size_t i = 0; i < WRITER_BATCH; i++)
		bus_msg_fini(&w->entry[i].msg);
	free(w->entry);
	sources_free(&w->sources);
	arena_free(&w->arena);
	buf_free(&w->attrs);
	free(w);
	*wp = NULL;
}

/* Whoever sends nonsense sends much of it; one line a second will do. */
static bool may_complain(struct writer *w, int64_t now_us)
{
	if (now_us - w->complained_us < 1000000)
		return false;
	w->complained_us = now_us;
	return true;
}

/* Somebody sends what nobody can use. */
static void complain(struct writer *w, const char *what, struct str about,
		     int64_t now_us)
{
	stats_add(w->stats, "malformed_total", NULL, 1);
	if (!may_complain(w, now_us))
		return;
	log_warn("ingest: %s: %.80s%s", what, about.len ? about.p : "",
		 about.len > 80 ? "..." : "");
}

/* ---- taking ---- */

/* Receive what waits. Returns the number of messages that can be read. */
static size_t collect(struct writer *w, int64_t now_us, struct err *e)
{
	size_t bytes = 0;

	w->n = 0;
	for (int i = 0; i < WRITER_BATCH && bytes < WRITER_BATCH_BYTES; i++) {
		struct entry *at = &w->entry[w->n];
		int rc = bus_recv(w->ingest, &at->msg, e);

		if (rc == 0)
			break;
		if (rc < 0) {
			complain(w, e->msg, (struct str){ 0 }, now_us);
			continue;
		}
		at->accepted = at->refused = at->passed = false;
		bytes += at->msg.data.len;
		w->n++;
	}
	return w->n;
}

/* "SOURCE NONCE FLAGS" */
static int on_hello(struct writer *w, struct entry *at, int64_t now_us,
		    struct err *e)
{
	struct str rest, name = str_cut(at->msg.attrs, ' ', &rest);
	struct str flags, nonce = str_cut(rest, ' ', &flags);
	struct source *src;

	if (!source_is_valid(name) || nonce.len == 0 ||
	    nonce.len >= sizeof(src->nonce)) {
		complain(w, "malformed hello", at->msg.attrs, now_us);
		return 0;
	}
	src = sources_find(w->sources, w->j, name, e);
	if (!src)
		return -1;
	/* Its row says so at once: no event does, and we may forget it. */
	src->moved |= src->transient != str_is(flags, "t");
	src->transient = str_is(flags, "t");
	src->hello = true;
	str_copy(src->nonce, sizeof(src->nonce), nonce);
	sources_touch(w->sources, src);
	return 0;
}

/* "STAGE EPOCH OFFSET" */
static int on_pos(struct writer *w, struct entry *at, int64_t now_us,
		  struct err *e)
{
	struct str rest, stage = str_cut(at->msg.attrs, ' ', &rest);
	struct str offset, epoch = str_cut(rest, ' ', &offset);
	char text[64];
	struct position pos;

	snprintf(text, sizeof(text), "%.*s:%.*s", STR_ARG(epoch),
		 STR_ARG(offset));
	if (!source_is_valid(stage) || !position_parse(str_from(text), &pos)) {
		complain(w, "malformed position", at->msg.attrs, now_us);
		return 0;
	}
	return journal_write_stage(w->j, stage, pos, now_us, e);
}

static int on_control(struct writer *w, struct entry *at, int64_t now_us,
		      struct err *e)
{
	struct str topic = at->msg.topic;
	struct err ignored;

	if (str_is(topic, "$hello"))
		return on_hello(w, at, now_us, e);
	if (str_is(topic, "$pos"))
		return on_pos(w, at, now_us, e);
	if (!str_starts(topic, STR("$stats/")) &&
	    !str_starts(topic, STR("$presence/"))) {
		complain(w, "unknown control message", topic, now_us);
		return 0;
	}
	(void)bus_forward(w->feed, &at->msg, at->msg.attrs, &ignored);
	at->passed = true;
	return 0;
}

/*
 * What must not be journaled as it is takes its place as event.refused, so
 * that its source is not stuck.
 */
static void refuse(struct writer *w, struct entry *at, const struct err *why,
		   int64_t now_us)
{
	struct buf data = { .p = NULL };
	char topic[EVENT_TOPIC_MAX + 1];

	str_copy(topic, sizeof(topic), at->ev.topic);
	str_make_printable(topic);
	buf_puts(&data, "{\"reason\":");
	buf_json_str(&data, str_from(why->msg));
	buf_puts(&data, ",\"topic\":");
	buf_json_str(&data, str_from(topic));
	buf_addf(&data, ",\"bytes\":%zu}", at->ev.data.len);
	at->data = arena_str(&w->arena, buf_str(&data));
	buf_free(&data);
	at->refused = true;
	at->ev.topic = STR("event.refused");
	at->ev.data = at->data;
	at->ev.ext = (struct str){ 0 };
	stats_add(w->stats, "refused_total", NULL, 1);
	if (!may_complain(w, now_us))
		return;
	log_warn("refused event %llu of %.*s: %s",
		 (unsigned long long)at->ev.id, STR_ARG(at->ev.source),
		 why->msg);
}

static int on_event(struct writer *w, struct entry *at, int64_t now_us,
		    struct err *e)
{
	struct bus_msg *m = &at->msg;
	struct source *src;
	struct err why;

	if (event_parse_frames(m->topic, m->attrs, m->data, &at->ev, &why) ||
	    at->ev.id == 0) {
		complain(w, "malformed event", m->topic, now_us);
		return 0;
	}
	src = sources_find(w->sources, w->j, at->ev.source, e);
	if (!src)
		return -1;
	sources_touch(w->sources, src);
	if (at->ev.id <= src->last) {
		stats_add(w->stats, "duplicates_total", NULL, 1);
		return 0;
	}
	if (at->ev.id != src->last + 1) {
		stats_add(w->stats, "gaps_total", NULL, 1);
		return 0;
	}
	if (at->ev.time_us == CLK_NONE)
		at->ev.time_us = now_us;
	if (event_check(&at->ev, &why))
		refuse(w, at, &why, now_us);
	src->last = at->ev.id;
	src->moved = true;
	return 1;
}

/*
 * A pair that came from outside within the last day is not journaled again; its
 * source moves on all the same. 1: it is a repeat.
 */
static int is_repeat(struct writer *w, const struct entry *at, int64_t now_us,
		     struct err *e)
{
	const int64_t day_us = JOURNAL_ORIGIN_S * INT64_C(1000000);
	struct arena a = { 0 };
	struct str source, id;
	uint64_t offset;
	int rc = 0;

	if (at->ev.ext.len == 0)
		return 0;
	source = event_attr(&at->ev, "originsource", &a);
	id = event_attr(&at->ev, "originid", &a);
	if (source.len && id.len)
		rc = journal_origin(w->j, source, id, now_us - day_us, &offset,
				    e);
	arena_free(&a);
	return rc;
}

static int take(struct writer *w, struct entry *at, int64_t now_us,
		struct err *e)
{
	int rc;

	if (at->passed)
		return 0; /* and its frames with it: the batch is tried again */
	if (at->msg.topic.len && at->msg.topic.p[0] == '$')
		return on_control(w, at, now_us, e);
	rc = on_event(w, at, now_us, e);
	if (rc <= 0)
		return rc;
	rc = is_repeat(w, at, now_us, e);
	if (rc != 0) {
		stats_add(w->stats, "repeats_total", NULL, rc > 0);
		return rc < 0 ? -1 : 0;
	}
	if (journal_write_append(w->j, &at->ev, now_us, e))
		return -1;
	at->accepted = true;
	return 0;
}

/* ---- writing and telling ---- */

static int write_batch(struct writer *w, int64_t now_us, struct err *e)
{
	struct source *src;

	if (journal_write_begin(w->j, e))
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (take(w, &w->entry[i], now_us, e))
			return -1;
	for (src = sources_touched(w->sources); src; src = src->next_touched)
		if (src->moved &&
		    journal_write_set_source(w->j, src->name, src->last,
					     src->transient, now_us, e))
			return -1;
	return journal_write_commit(w->j, e);
}

static void publish(struct writer *w)
{
	struct err ignored;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++) {
		struct entry *at = &w->entry[i];

		if (!at->accepted)
			continue;
		n++;
		buf_reset(&w->attrs);
		event_print_attrs(&at->ev, &w->attrs);
		if (at->refused)
			(void)bus_send(w->feed, at->ev.topic,
				       buf_str(&w->attrs), at->ev.data,
				       &ignored);
		else
			(void)bus_forward(w->feed, &at->msg, buf_str(&w->attrs),
					  &ignored);
	}
	stats_add(w->stats, "events_total", NULL, (int64_t)n);
	stats_add(w->stats, "batches_total", NULL, 1);
}

static void acknowledge(struct writer *w, uint32_t epoch)
{
	struct source *src = sources_touched(w->sources);
	char topic[EVENT_SOURCE_MAX + 8], attrs[128];
	struct err ignored;

	for (; src; src = src->next_touched) {
		snprintf(topic, sizeof(topic), "$ack/%.*s/",
			 STR_ARG(src->name));
		snprintf(attrs, sizeof(attrs), "%llu %08x %s",
			 (unsigned long long)src->last, epoch,
			 src->hello ? src->nonce : "-");
		(void)bus_send(w->feed, str_from(topic), str_from(attrs),
			       STR(""), &ignored);
	}
	sources_settle(w->sources);
}

int writer_turn(struct writer *w, int64_t now_us, struct err *e)
{
	struct journal_head head;
	int64_t begin_us;

	/* A batch that met a full disk is still here. */
	if (w->n == 0 && collect(w, now_us, e) == 0)
		return 0;
	arena_reset(&w->arena);
	begin_us = clk_mono_us();
	if (write_batch(w, now_us, e)) {
		journal_write_abort(w->j);
		sources_clear(w->sources);
		for (size_t i = 0; i < w->n; i++)
			w->entry[i].accepted = w->entry[i].refused = false;
		return -1;
	}
	stats_took(w->commits, clk_mono_us() - begin_us);
	/* The producer fills its window again while the feed is served. */
	journal_newest(w->j, &head);
	acknowledge(w, head.epoch);
	publish(w);
	w->n = 0;
	return 1;
}

void writer_heartbeat(struct writer *w, int64_t now_us)
{
	struct journal_head head;
	char attrs[80], text[CLK_TEXT_SIZE];
	struct err ignored;

	journal_newest(w->j, &head);
	snprintf(attrs, sizeof(attrs), "%08x %llu %s", head.epoch,
		 (unsigned long long)head.offset,
		 clk_format(journal_write_clock(w->j, now_us), text));
	(void)bus_send(w->feed, STR("$head"), str_from(attrs), STR(""),
		       &ignored);
}
