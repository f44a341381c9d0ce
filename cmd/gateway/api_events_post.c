/*
 * POST /api/v1/events: JSON of our own, in which much may be left out, or whole
 * events in the structured or batched mode of CloudEvents' HTTP binding, 1.0.2.
 */
#include <sysexits.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/xmem.h"

#include "api.h"
#include "guard.h"
#include "http.h"

int api_read_event(const struct access *who, struct str text, struct arena *a,
		   int64_t now_us, struct event *ev, struct err *e)
{
	struct str value;

	if (event_parse(text, EVENT_LAX, a, ev, e) ||
	    access_check_writes(who, ev->topic, e))
		return -1;
	if (ev->time_us == CLK_NONE)
		ev->time_us = now_us;
	if (!ev->data.p)
		ev->data = STR("null");
	ev->data = json_one_line(ev->data, a);
	if (ev->ext.p && (json_get(ev->ext, "originsource", &value) ||
			  json_get(ev->ext, "originid", &value)))
		return err_set(e, EX_DATAERR,
			       "originsource, originid: are made from source "
			       "and id");
	return access_check_event(who, ev, e);
}

static size_t count_events(struct str body)
{
	struct json_iter it = json_iter(body);
	size_t n = 0;

	if (json_type_of(body) != JSON_ARRAY)
		return 1;
	while (json_next(&it))
		n++;
	return n;
}

/* What CloudEvents 1.0 requires, and JSON of our own may leave out. */
static int check_cloudevent(struct str text, struct err *e)
{
	static const char *const required[] = { "specversion", "id", "source",
						"type" };
	struct str value;

	if (json_type_of(text) != JSON_OBJECT)
		return 0; /* of which event_parse() has its own word */
	for (size_t i = 0; i < ARRAY_LEN(required); i++)
		if (!json_get(text, required[i], &value))
			return err_set(e, EX_DATAERR,
				       "%s: missing; CloudEvents require it",
				       required[i]);
	return 0;
}

static int read_one(const struct access *who, struct str text, bool is_cloud,
		    struct arena *a, int64_t now_us, struct event *ev,
		    struct err *e)
{
	if (is_cloud && check_cloudevent(text, e))
		return -1;
	return api_read_event(who, text, a, now_us, ev, e);
}

static int read_events(const struct access *who, struct str body,
		       enum guard_body what, struct arena *a, struct event *ev,
		       size_t n, struct err *e)
{
	struct json_iter it = json_iter(body);
	bool is_cloud = what != GUARD_BODY_JSON;
	int64_t now_us = clk_wall_us(); /* the same for all of them */

	if (json_type_of(body) != JSON_ARRAY)
		return read_one(who, body, is_cloud, a, now_us, ev, e);
	for (size_t i = 0; i < n && json_next(&it); i++)
		if (read_one(who, it.value, is_cloud, a, now_us, &ev[i], e))
			return err_prefix(e, "event %zu", i + 1);
	return 0;
}

/* The content type says whether there is one, or an array of them. */
static int check_shape(struct str body, enum guard_body what, struct err *e)
{
	bool is_array = json_type_of(body) == JSON_ARRAY;

	if (what == GUARD_BODY_CLOUDEVENT && is_array)
		return err_set(e, EX_DATAERR,
			       "application/cloudevents+json is one event; an "
			       "array is application/cloudevents-batch+json");
	if (what == GUARD_BODY_CLOUDEVENT_BATCH && !is_array)
		return err_set(e, EX_DATAERR,
			       "application/cloudevents-batch+json is an array "
			       "of events");
	return 0;
}

static void on_published(struct gateway *g, struct net_conn *c, void *arg,
			 const struct position *pos, size_t n)
{
	char text[POSITION_TEXT_MAX];
	struct buf b = { 0 };

	(void)g;
	(void)arg;
	buf_puts(&b, "{\"positions\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s\"%s\"", i ? "," : "",
			 position_format(pos[i], text));
	buf_puts(&b, "]}");
	http_json(c, 201, NULL, &b);
}

void api_events_post(struct gateway *g, struct net_conn *c,
		     const struct net_request *r, struct str rest)
{
	enum guard_body what = guard_body(r->content_type);
	struct str body = json_trim(r->body);
	struct arena a = { 0 };
	struct event *ev = NULL;
	struct err e;
	size_t n;

	(void)rest;
	if (!http_check_params(r, NULL, 0, &e) ||
	    json_check(body, JSON_STRICT, &e) || check_shape(body, what, &e)) {
		http_problem(c, 400, "%s", e.msg);
		return;
	}
	n = count_events(body);
	if (n == 0 || n > PUBLISH_BATCH_MAX) {
		http_problem(c, 400, "from 1 to %d events in one request",
			     PUBLISH_BATCH_MAX);
		return;
	}
	ev = arena_alloc(&a, n * sizeof(*ev));
	if (read_events(net_who(c), body, what, &a, ev, n, &e))
		api_fail(g, c, &e);
	else
		api_publish(g, c, ev, n, on_published, NULL);
	arena_free(&a);
}
