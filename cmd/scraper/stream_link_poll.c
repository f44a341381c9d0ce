/*
 * Polling: one request after the other over a kept connection, conditional
 * while the URL stays the same and the server names versions.
 */
#include "stream_link_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/xmem.h"

#include "classify.h"

enum { VERSION_MAX = 1024 };

struct poll {
	struct link l;	  /* first */
	char *url, *next; /* of the last request, of the one to come */
	struct http_headers *headers; /* the target's, and the version */
	struct http_call *call;
	struct buf held; /* a body that came while it was paused */
	bool has_held;
	int64_t sent_ms;
};

static void ask(struct poll *p);

static void schedule(struct poll *p)
{
	int64_t every = p->l.target->every_ms;
	int64_t due;

	if (p->l.paused || p->l.over)
		return;
	if (!every)
		every = LINK_POLL_MS;
	if (every < LINK_POLL_MIN_MS)
		every = LINK_POLL_MIN_MS;
	due = p->sent_ms + every - loop_now_ms(p->l.links->conf.loop);
	link_set_timer(&p->l, due > 0 ? due : 0);
}

static void add_line(char *lines[], size_t *n, const char *name, struct str v)
{
	struct buf b = { 0 };

	if (!v.len || v.len > VERSION_MAX)
		return;
	buf_addf(&b, "%s: %.*s", name, STR_ARG(v));
	lines[(*n)++] = b.p;
}

/* What the next request says of the version that we have. */
static void keep_version(struct poll *p, const struct http_response *r)
{
	char *lines[2];
	size_t n = 0;

	http_headers_free(&p->headers);
	add_line(lines, &n, "If-None-Match", http_header(r, "etag"));
	add_line(lines, &n, "If-Modified-Since",
		 http_header(r, "last-modified"));
	if (n)
		p->headers = http_headers_join(p->l.target->headers,
					       (const char *const *)lines, n);
	while (n)
		free(lines[--n]);
}

static void give(struct poll *p, struct str body)
{
	link_give(&p->l, &(struct link_unit){ .bytes = body });
}

static void on_body(struct poll *p, const struct http_response *r)
{
	keep_version(p, r);
	if (!p->l.paused) {
		give(p, r->body);
		return;
	}
	buf_add_str(&p->held, r->body);
	p->has_held = true;
}

static void on_answer(void *arg, const struct http_response *r)
{
	struct poll *p = arg;
	struct answer a;
	struct verdict v;

	p->call = NULL;
	link_heard(&p->l);
	answer_from(&a, r);
	a.conditional = p->headers != NULL;
	classify(&a, clk_wall_us(), &v);
	switch (v.outcome) {
	case OUTCOME_FOUND:
	case OUTCOME_UNCHANGED:
	case OUTCOME_EMPTY: link_opened(&p->l); break;
	default:
		link_finish(&p->l, &(struct link_end){
					   .outcome = v.outcome,
					   .reason = v.reason,
					   .status = r->status,
					   .retry_ms = v.retry_ms,
					   .way = link_way_of(r->result) });
		return;
	}
	if (v.outcome == OUTCOME_FOUND)
		on_body(p, r);
	schedule(p);
}

static void ask(struct poll *p)
{
	const struct links *ls = p->l.links;
	struct http_request req = { .max_bytes = ls->conf.max_bytes,
				    .timeout_ms = ls->conf.open_ms,
				    .proxy = p->l.target->proxy,
				    .address = p->l.target->address,
				    .max_redirects = link_redirects(&p->l) };

	if (strcmp(p->url, p->next) != 0) {
		free(p->url);
		p->url = xstrdup(p->next);
		http_headers_free(&p->headers);
	}
	req.url = p->url;
	req.headers = p->headers ? p->headers : p->l.target->headers;
	p->sent_ms = loop_now_ms(ls->conf.loop);
	p->call = http_send(ls->http, &req, on_answer, p);
}

static int poll_start(struct link *l)
{
	struct poll *p = (struct poll *)l;

	p->url = xstrdup(l->target->url);
	p->next = xstrdup(l->target->url);
	ask(p);
	return 0;
}

static void poll_tick(struct link *l)
{
	struct poll *p = (struct poll *)l;

	if (p->has_held && !l->paused) {
		p->has_held = false;
		give(p, buf_str(&p->held));
		buf_free(&p->held);
		schedule(p);
	} else if (!p->call && !l->paused) {
		ask(p);
	}
}

static void poll_pause(struct link *l)
{
	struct poll *p = (struct poll *)l;

	if (!p->call)
		loop_timer_stop(l->timer);
}

static void poll_resume(struct link *l)
{
	struct poll *p = (struct poll *)l;

	if (p->has_held)
		link_set_timer(l, 0);
	else if (!p->call)
		schedule(p);
}

static void poll_stop(struct link *l)
{
	struct poll *p = (struct poll *)l;

	http_cancel(&p->call);
	http_headers_free(&p->headers);
	buf_free(&p->held);
	free(p->url);
	free(p->next);
}

const struct link_ops link_poll = {
	.size = sizeof(struct poll),
	.start = poll_start,
	.pause = poll_pause,
	.resume = poll_resume,
	.tick = poll_tick,
	.stop = poll_stop,
};

void link_set_url(struct link *l, const char *url)
{
	struct poll *p = (struct poll *)l;

	if (l->ops != &link_poll)
		return;
	free(p->next);
	p->next = xstrdup(url);
}
