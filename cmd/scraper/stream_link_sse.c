/*
 * Server-sent events: each event's data is a unit. A stream that the server
 * ends is lost like any other; 204 says that it wants no more of us.
 */
#include "stream_link_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "classify.h"
#include "sse.h"

struct event_stream {
	struct link l; /* first */
	struct http_headers *headers;
	struct http_call *call;
	struct sse sse;
	struct buf held;     /* came while it was paused */
	bool stopped;	     /* the socket is not read */
	struct link_end end; /* what comes after what is held */
	char *reason;	     /* its; NULL: it has not ended */
};

/* Hand over the events in `in`; the number of bytes used. */
static size_t read_events(struct event_stream *s, struct str in)
{
	struct sse_event e;
	size_t all = 0, used = 0;

	while (all < in.len && !s->l.paused && !s->l.over) {
		enum sse_result r =
			sse_read(&s->sse, str_sub(in, all, in.len), &used, &e);

		if (r == SSE_BIG) {
			link_fail(&s->l, OUTCOME_REFUSED,
				  "event of more than %zu bytes", s->sse.max);
			break;
		}
		all += used;
		if (r != SSE_EVENT)
			continue;
		link_give(&s->l,
			  &(struct link_unit){ .bytes = e.data,
					       .event = e.event,
					       .id = e.id,
					       .retry_ms = s->sse.retry_ms });
	}
	return all;
}

static bool on_head(void *arg, const struct http_response *r)
{
	struct event_stream *s = arg;
	struct str type = http_header(r, "content-type"), rest;

	if (!str_eq_nocase(str_trim(str_cut(type, ';', &rest)),
			   STR("text/event-stream"))) {
		link_finish(&s->l, &(struct link_end){
					   .outcome = OUTCOME_PARSE_FAIL,
					   .reason = "not text/event-stream",
					   .status = r->status });
		return false;
	}
	link_heard(&s->l);
	link_set_timer(&s->l, s->l.idle_ms / 2);
	link_opened(&s->l);
	return true;
}

static void stop_reading(struct event_stream *s)
{
	if (!s->stopped && s->call)
		http_pause(s->call, true);
	s->stopped = true;
}

static void on_chunk(void *arg, struct str in)
{
	struct event_stream *s = arg;
	size_t used = 0;

	link_heard(&s->l);
	if (!s->held.len)
		used = read_events(s, in);
	if (!s->l.paused || s->l.over)
		return;
	/* Bounded: no more is read from the socket meanwhile. */
	buf_add(&s->held, in.p + used, in.len - used);
	stop_reading(s);
}

static void on_end(void *arg, const struct http_response *r)
{
	struct event_stream *s = arg;
	struct link_end end = { .status = r->status };
	struct answer a;
	struct verdict v;

	s->call = NULL;
	answer_from(&a, r);
	if (a.result == HTTP_OK && r->status == 200) {
		end.outcome = OUTCOME_UNREACHABLE;
		end.reason = "the server has ended the stream";
	} else {
		classify(&a, clk_wall_us(), &v);
		end.outcome = v.outcome;
		end.reason = v.reason;
		end.retry_ms = v.retry_ms;
		end.way = link_way_of(r->result);
	}
	if (end.outcome == OUTCOME_FOUND) {
		end.outcome = OUTCOME_HTTP_ERROR;
		end.reason = "another status than 200";
	}
	if (!s->held.len) {
		link_finish(&s->l, &end);
		return;
	}
	s->reason = xstrdup(end.reason);
	s->end = end;
	s->end.reason = s->reason;
}

static const struct http_stream stream = { .head = on_head, .chunk = on_chunk };

static void set_headers(struct event_stream *s)
{
	struct buf id = { 0 };
	const char *lines[3] = { "Accept: text/event-stream",
				 "Cache-Control: no-store" };
	size_t n = 2;

	if (s->l.target->last_id && *s->l.target->last_id &&
	    !strpbrk(s->l.target->last_id, "\r\n")) {
		buf_addf(&id, "Last-Event-ID: %s", s->l.target->last_id);
		lines[n++] = id.p;
	}
	s->headers = http_headers_join(s->l.target->headers, lines, n);
	buf_free(&id);
}

static int sse_start(struct link *l)
{
	struct event_stream *s = (struct event_stream *)l;
	const struct links *ls = l->links;

	s->sse.max = ls->conf.max_bytes;
	if (l->target->last_id)
		buf_puts(&s->sse.id, l->target->last_id);
	set_headers(s);
	link_set_timer(l, ls->conf.open_ms);
	s->call = http_send(
		ls->http,
		&(struct http_request){ .url = l->target->url,
					.headers = s->headers,
					.max_bytes = ls->conf.max_bytes,
					.connect_ms = ls->conf.open_ms,
					.proxy = l->target->proxy,
					.address = l->target->address,
					.max_redirects = link_redirects(l),
					.stream = &stream },
		on_end, s);
	return 0;
}

/* What was held back, and then the socket again. */
static void read_on(struct event_stream *s)
{
	size_t used = read_events(s, buf_str(&s->held));

	buf_consume(&s->held, used);
	if (s->held.len || s->l.paused || s->l.over)
		return;
	buf_free(&s->held);
	s->stopped = false;
	if (s->reason)
		link_finish(&s->l, &s->end);
	else if (s->call)
		http_pause(s->call, false);
}

static void sse_tick(struct link *l)
{
	struct event_stream *s = (struct event_stream *)l;

	if (!l->open) {
		link_is_late(l);
		return;
	}
	if (!l->paused && s->stopped)
		read_on(s);
	link_is_idle(l, l->heard_ms);
}

/* A head that is not here yet is awaited nevertheless. */
static void sse_pause(struct link *l)
{
	if (l->open)
		stop_reading((struct event_stream *)l);
}

static void sse_resume(struct link *l)
{
	if (((struct event_stream *)l)->stopped)
		link_set_timer(l, 0);
}

static void sse_stop(struct link *l)
{
	struct event_stream *s = (struct event_stream *)l;

	http_cancel(&s->call);
	http_headers_free(&s->headers);
	sse_free(&s->sse);
	buf_free(&s->held);
	free(s->reason);
}

const struct link_ops link_sse = {
	.size = sizeof(struct event_stream),
	.start = sse_start,
	.pause = sse_pause,
	.resume = sse_resume,
	.tick = sse_tick,
	.stop = sse_stop,
};
