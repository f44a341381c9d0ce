/*
 * POST /api/v1/observations/WATCH: what a browser's extension, or a scraper of
 * somebody else's, has captured, becomes an observation.push/WATCH. The body is
 * the document as it is, or JSON that says more of it. What is too large for an
 * event, or no text, goes to the blobs first.
 */
#include <string.h>
#include <sysexits.h>

#include "common/blob.h"
#include "common/json.h"
#include "common/types.h"
#include "common/xmem.h"

#include "api.h"
#include "guard.h"
#include "http.h"

enum { INLINE_MAX = 64 << 10 }; /* bytes of a body within an event */

static bool is_text(struct str body)
{
	return str_chr(body, '\0') == (size_t)-1 && str_is_utf8(body);
}

/* Where the document goes: into the event, or to the blobs. */
static int place_body(struct gateway *g, struct str body, struct type_push *p,
		      struct arena *a, struct err *e)
{
	char id[BLOB_ID_SIZE];

	p->body = (struct str){ 0 };
	if (body.len <= INLINE_MAX && is_text(body)) {
		p->body = body;
		return 0;
	}
	if (blob_put(g->settings->dir, body, str_chr(body, '\0') == (size_t)-1,
		     id, e))
		return -1;
	p->blob = arena_str(a, str_from(id));
	return 0;
}

/* The document as it is, and what the address says of it. */
static int read_raw(struct gateway *g, const struct net_request *r,
		    struct type_push *p, struct arena *a, struct err *e)
{
	*p = (struct type_push){
		.url = http_param(r, "url"),
		.content_type = r->content_type,
		.status = http_param(r, "status"),
		.captured = http_param(r, "captured"),
	};
	return place_body(g, r->body, p, a, e);
}

static int read_json(struct gateway *g, const struct net_request *r,
		     struct type_push *p, struct arena *a, struct err *e)
{
	struct str body = json_trim(r->body);

	if (http_param(r, "url").p || http_param(r, "status").p ||
	    http_param(r, "captured").p)
		return err_set(e, EX_USAGE,
			       "url, status and captured go with a document "
			       "as it is; one that is JSON comes with raw=1");
	if (json_check(body, JSON_STRICT, e))
		return -1;
	if (json_type_of(body) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, "not a JSON object");
	if (shape_decode(&shape_push, json_one_line(body, a), p, a, e))
		return err_prefix(e, "not an observation (a document that is "
				     "JSON itself comes with raw=1)");
	return p->body.p ? place_body(g, p->body, p, a, e) : 0;
}

static int read_push(struct gateway *g, const struct net_request *r,
		     struct type_push *p, struct arena *a, struct err *e)
{
	static const char *const names[] = { "url", "status", "captured",
					     "raw" };
	bool raw;

	if (!http_check_params(r, names, ARRAY_LEN(names), e) ||
	    !http_param_flag(r, "raw", &raw, e))
		return -1;
	if (r->body.len == 0)
		return err_set(e, EX_DATAERR, "a body is missing");
	return raw || guard_body(r->content_type) == GUARD_BODY_OTHER
		       ? read_raw(g, r, p, a, e)
		       : read_json(g, r, p, a, e);
}

static void on_published(struct gateway *g, struct net_conn *c, void *arg,
			 const struct position *pos, size_t n)
{
	char text[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	(void)g;
	(void)arg;
	(void)n;
	buf_addf(&b, "{\"position\":\"%s\"}", position_format(pos[0], text));
	http_json(c, 202, NULL, &b);
}

static void publish(struct gateway *g, struct net_conn *c,
		    const struct type_push *p, struct event *ev,
		    struct arena *a)
{
	struct buf data = { 0 };
	struct err e;

	shape_encode(&shape_push, p, &data);
	ev->data = arena_str(a, buf_str(&data));
	buf_free(&data);
	/* What the address said was not looked at yet. */
	if (json_check(ev->data, JSON_STRICT, &e) || type_check(ev, &e))
		api_fail(g, c, &e);
	else
		api_publish(g, c, ev, 1, on_published, NULL);
}

static int on_watch(void *arg, const struct event *ev, struct err *e)
{
	(void)e;
	*(bool *)arg = ev->data.p && json_type_of(ev->data) != JSON_NULL;
	return 1;
}

/* 1: there is a watch of this id; 0: there is none; -1 with *e. */
static int look_up(struct gateway *g, struct str id, struct arena *a,
		   struct err *e)
{
	struct journal *j = gateway_journal(g, e);
	struct buf topic = { 0 };
	bool found = false;
	int rc;

	buf_addf(&topic, "watch.set/%.*s", STR_ARG(id));
	rc = !j ? -1
		: journal_retained(j, arena_str(a, buf_str(&topic)), on_watch,
				   &found, e);
	buf_free(&topic);
	return rc < 0 ? -1 : found;
}

void api_observations(struct gateway *g, struct net_conn *c,
		      const struct net_request *r, struct str watch)
{
	struct arena a = { 0 };
	struct buf topic = { 0 };
	struct event ev = { .time_us = clk_wall_us(), .recorded_us = CLK_NONE };
	struct type_push p;
	struct err e;
	int rc;

	if (!str_is_id(watch)) {
		http_problem(c, 404, "there is nothing here");
		return;
	}
	buf_addf(&topic, "observation.push/%.*s", STR_ARG(watch));
	ev.topic = arena_str(&a, buf_str(&topic));
	buf_free(&topic);
	/* May it write, is there such a watch? Then the body is looked at. */
	rc = access_check_writes(net_who(c), ev.topic, &e);
	if (rc == 0)
		rc = look_up(g, watch, &a, &e);
	if (rc == 0)
		http_problem(c, 404, "%.*s is not one of the watches",
			     STR_ARG(watch));
	else if (rc < 0 || read_push(g, r, &p, &a, &e))
		api_fail(g, c, &e);
	else {
		if (!p.watch.p)
			p.watch = watch;
		publish(g, c, &p, &ev, &a);
	}
	arena_free(&a);
}
