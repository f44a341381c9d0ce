/*
 * Alerts that somebody takes care of, sessions of chats, which are only started and stopped, and watches, rules,
 * searches, silences, users, proxies, providers: what users set. Each is the retained
 * event TYPE.set/ID; to change one is to publish it, to delete one is to
 * publish null.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/types.h"
#include "common/xmem.h"

#include "api.h"
#include "http.h"

enum { NAME_MAX = 16, LIST_MAX = 10000 };

struct kind {
	const char *name;   /* in paths and answers */
	const char *prefix; /* of topics */
	const struct shape *shape;
	const char *poll; /* the topic's type that asks for one now, or NULL */
};

static const struct kind kinds[] = {
	{ "watches", "watch.set/", &shape_watch, "watch.poll/" },
	{ "rules", "rule.set/", &shape_rule, NULL },
	{ "searches", "search.set/", &shape_search, NULL },
	{ "silences", "silence.set/", &shape_silence, NULL },
	{ "users", "user.set/", &shape_user, NULL },
	{ "proxies", "proxy.set/", &shape_proxy, NULL },
	{ "providers", "provider.set/", &shape_provider, NULL },
};

union any_setting {
	struct type_watch watch;
	struct type_rule rule;
	struct type_search search;
	struct type_silence silence;
	struct type_user user;
	struct type_proxy proxy;
	struct type_provider provider;
};

static const struct kind *find_kind(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* The topic of a setting; in a buffer that is long enough for any id. */
static struct str topic_of(const char *prefix, struct str id,
			   char out[EVENT_TOPIC_MAX + 1])
{
	struct buf b = { 0 };
	struct str s;

	buf_puts(&b, prefix);
	buf_add_str(&b, id);
	str_copy(out, EVENT_TOPIC_MAX + 1, buf_str(&b));
	s = (struct str){ out, b.len };
	buf_free(&b);
	return s;
}

/* ---- reading ---- */

struct found {
	struct buf b;
	size_t n;
	bool many;
};

static int on_setting(void *arg, const struct event *ev, struct err *e)
{
	struct found *f = arg;

	(void)e;
	if (!ev->data.p || json_type_of(ev->data) == JSON_NULL)
		return 0; /* deleted */
	if (f->many && f->n)
		buf_putc(&f->b, ',');
	buf_add_str(&f->b, ev->data);
	return ++f->n == LIST_MAX;
}

/* 1: it is set, f has its data; 0: it is not; -1 with *e. */
static int look_up(struct gateway *g, const struct kind *k, struct str id,
		   struct found *f, struct err *e)
{
	char topic[EVENT_TOPIC_MAX + 1];
	struct journal *j = gateway_journal(g, e);

	if (!j || journal_retained(j, topic_of(k->prefix, id, topic),
				   on_setting, f, e) < 0)
		return -1;
	return f->n > 0;
}

static void get_one(struct gateway *g, struct net_conn *c, const struct kind *k,
		    struct str id)
{
	char topic[EVENT_TOPIC_MAX + 1];
	const struct str asked = topic_of(k->prefix, id, topic);
	struct found f = { 0 };
	struct err e;
	int rc = access_check_reads(net_who(c), &asked, 1, &e);

	if (rc == 0)
		rc = look_up(g, k, id, &f, &e);
	if (rc > 0) {
		http_json(c, 200, NULL, &f.b);
		return;
	}
	buf_free(&f.b);
	if (rc == 0)
		http_problem(c, 404, "%.*s is not one of the %s", STR_ARG(id),
			     k->name);
	else
		api_fail(g, c, &e);
}

static void get_all(struct gateway *g, struct net_conn *c, const struct kind *k)
{
	const struct str asked = str_from(k->prefix);
	struct found f = { .many = true };
	struct err e;
	struct journal *j = gateway_journal(g, &e);

	buf_addf(&f.b, "{\"%s\":[", k->name);
	if (!j || access_check_reads(net_who(c), &asked, 1, &e) ||
	    journal_retained(j, asked, on_setting, &f, &e) < 0) {
		buf_free(&f.b);
		api_fail(g, c, &e);
		return;
	}
	buf_puts(&f.b, "]}");
	http_json(c, 200, NULL, &f.b);
}

/* ---- writing ---- */

/* What to answer when it is durable. */
struct written {
	int status;
	struct str body; /* behind the struct; absent: none */
};

static void on_written(struct gateway *g, struct net_conn *c, void *arg,
		       const struct position *pos, size_t n)
{
	const struct written *w = arg;
	char text[POSITION_TEXT_MAX], header[64];
	struct buf b = { 0 };

	(void)g;
	(void)n;
	snprintf(header, sizeof(header), "Weir-Position: %s\r\n",
		 position_format(pos[0], text));
	if (w->body.p) {
		buf_add_str(&b, w->body);
		http_json(c, w->status, header, &b);
		return;
	}
	net_answer(c, &(struct net_answer){ .status = w->status,
					    .headers = header });
}

/* False, answered, before anything is looked at. */
static bool may_write(struct gateway *g, struct net_conn *c, const char *prefix,
		      struct str id)
{
	char topic[EVENT_TOPIC_MAX + 1];
	struct err e;

	if (access_check_writes(net_who(c), topic_of(prefix, id, topic), &e) ==
	    0)
		return true;
	api_fail(g, c, &e);
	return false;
}

/* Publish data under prefix + id, then answer status and body. */
static void write_one(struct gateway *g, struct net_conn *c, const char *prefix,
		      struct str id, struct str data, int status,
		      struct str body)
{
	char topic[EVENT_TOPIC_MAX + 1];
	struct event ev = {
		.topic = topic_of(prefix, id, topic),
		.time_us = clk_wall_us(),
		.recorded_us = CLK_NONE,
		.data = data,
	};
	struct written *w;
	struct err e;

	if (access_check_event(net_who(c), &ev, &e)) {
		api_fail(g, c, &e);
		return;
	}
	w = xcalloc(1, sizeof(*w) + body.len + 1);
	w->status = status;
	if (body.p) {
		memcpy(w + 1, body.p, body.len);
		w->body = (struct str){ (char *)(w + 1), body.len };
	}
	api_publish(g, c, &ev, 1, on_written, w);
}

/* Every setting has its id as text. */
static struct str *id_of(const struct kind *k, union any_setting *any)
{
	for (size_t i = 0; i < k->shape->n; i++)
		if (strcmp(k->shape->fields[i].name, "id") == 0)
			return (struct str *)((char *)any +
					      k->shape->fields[i].offset);
	return NULL;
}

/* A body without its id, which the path says, is as good as one with it. */
static struct str with_id(struct str body, struct str id, struct arena *a)
{
	struct buf b = { 0 };
	struct str value, whole;

	if (json_type_of(body) != JSON_OBJECT || json_get(body, "id", &value))
		return body;
	buf_puts(&b, "{\"id\":");
	buf_json_str(&b, id);
	body = json_trim(str_sub(body, 1, body.len));
	if (!str_starts(body, STR("}")))
		buf_putc(&b, ',');
	buf_add_str(&b, body);
	whole = arena_str(a, buf_str(&b));
	buf_free(&b);
	return whole;
}

/* The body as the setting that it becomes, completed. */
static int read_setting(const struct kind *k, struct str body, struct str id,
			struct arena *a, struct buf *data, struct err *e)
{
	union any_setting any;
	struct str *own;

	body = json_trim(body);
	if (json_check(body, JSON_STRICT, e))
		return -1;
	body = with_id(json_one_line(body, a), id, a);
	if (json_type_of(body) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, "not a JSON object");
	if (shape_decode(k->shape, body, &any, a, e))
		return -1;
	own = id_of(k, &any);
	if (!own || !str_eq(*own, id))
		return err_set(e, EX_DATAERR,
			       "id: is another one than the "
			       "path's");
	if (k->shape == &shape_watch && watch_complete(&any.watch, a, e))
		return -1;
	shape_encode(k->shape, &any, data);
	return 0;
}

static void put_one(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, const struct kind *k,
		    struct str id)
{
	struct found old = { 0 };
	struct buf data = { 0 };
	struct arena a = { 0 };
	struct err e;
	int rc;

	if (!may_write(g, c, k->prefix, id))
		return;
	if (read_setting(k, r->body, id, &a, &data, &e)) {
		http_problem(c, 400, "%s", e.msg);
		goto out;
	}
	rc = look_up(g, k, id, &old, &e);
	if (rc < 0)
		http_problem(c, 503, "%s", e.msg);
	else
		write_one(g, c, k->prefix, id, buf_str(&data), rc ? 200 : 201,
			  buf_str(&data));
out:
	arena_free(&a);
	buf_free(&data);
	buf_free(&old.b);
}

/* Something is done with one that must be there. */
static void act_on(struct gateway *g, struct net_conn *c, const struct kind *k,
		   struct str id, const char *prefix, struct str data,
		   int status, struct str body)
{
	struct found f = { 0 };
	struct err e;
	int rc;

	if (!may_write(g, c, prefix, id))
		return;
	rc = look_up(g, k, id, &f, &e);
	buf_free(&f.b);
	if (rc < 0)
		http_problem(c, 503, "%s", e.msg);
	else if (rc == 0)
		http_problem(c, 404, "%.*s is not one of the %s", STR_ARG(id),
			     k->name);
	else
		write_one(g, c, prefix, id, data, status, body);
}

static void answer_one(struct gateway *g, struct net_conn *c,
		       const struct net_request *r, const struct kind *k,
		       struct str id)
{
	switch (r->method) {
	case NET_GET:
	case NET_HEAD: get_one(g, c, k, id); break;
	case NET_PUT:
		if (r->body.len)
			put_one(g, c, r, k, id);
		else
			http_problem(c, 400, "a body is missing");
		break;
	case NET_DELETE:
		act_on(g, c, k, id, k->prefix, STR("null"), 204,
		       (struct str){ 0 });
		break;
	default: http_not_allowed(c, "GET, HEAD, PUT, DELETE");
	}
}

/* ---- chats are started and stopped ---- */

/* With a definition, it is that; without one it must be there. */
static void start_session(struct gateway *g, struct net_conn *c,
			  const struct net_request *r, struct str id)
{
	struct str body = json_trim(r->body);
	struct arena a = { 0 };
	struct err e;

	if (body.len == 0) {
		act_on(g, c, find_kind(STR("watches")), id, "session.start/",
		       STR("{}"), 202, STR("{}"));
		return;
	}
	if (!may_write(g, c, "session.start/", id))
		return;
	if (json_check(body, JSON_STRICT, &e) == 0)
		write_one(g, c, "session.start/", id,
			  with_id(json_one_line(body, &a), id, &a), 202,
			  STR("{}"));
	else
		http_problem(c, 400, "%s", e.msg);
	arena_free(&a);
}

static void answer_session(struct gateway *g, struct net_conn *c,
			   const struct net_request *r, struct str id)
{
	struct err e;

	if (!str_is_id(id))
		http_problem(c, 404, "there is nothing here");
	else if (!http_check_params(r, NULL, 0, &e))
		http_problem(c, 400, "%s", e.msg);
	else if (r->method == NET_PUT)
		start_session(g, c, r, id);
	else if (r->method == NET_DELETE)
		act_on(g, c, find_kind(STR("watches")), id, "session.stop/",
		       STR("{}"), 204, (struct str){ 0 });
	else
		http_not_allowed(c, "PUT, DELETE");
}

/* ---- alerts are acknowledged ---- */

/* Whether such an alert fires the alerter knows, and says. */
static void answer_alert(struct gateway *g, struct net_conn *c,
			 const struct net_request *r, struct str id,
			 struct str verb)
{
	struct str body = json_trim(r->body);
	struct arena a = { 0 };
	struct err e;

	if (!str_is_id(id) || !str_is(verb, "ack"))
		http_problem(c, 404, "there is nothing here");
	else if (!http_check_params(r, NULL, 0, &e))
		http_problem(c, 400, "%s", e.msg);
	else if (r->method != NET_PUT && r->method != NET_DELETE)
		http_not_allowed(c, "PUT, DELETE");
	else if (!may_write(g, c, "alert.ack/", id))
		return;
	else if (r->method == NET_DELETE)
		write_one(g, c, "alert.ack/", id, STR("null"), 204,
			  (struct str){ 0 });
	else if (body.len && json_check(body, JSON_STRICT, &e))
		http_problem(c, 400, "%s", e.msg);
	else
		write_one(g, c, "alert.ack/", id,
			  body.len ? json_one_line(body, &a) : STR("{}"), 202,
			  STR("{}"));
	arena_free(&a);
}

void api_settings(struct gateway *g, struct net_conn *c,
		  const struct net_request *r, struct str rest)
{
	struct str id, verb;
	struct str name = str_cut(rest, '/', &id);
	const struct kind *k = find_kind(name);
	bool is_read = r->method == NET_GET || r->method == NET_HEAD;
	struct err e;

	if (str_is(name, "sessions")) {
		answer_session(g, c, r, id);
		return;
	}
	id = str_cut(id, '/', &verb);
	if (str_is(name, "alerts")) {
		answer_alert(g, c, r, id, verb);
		return;
	}
	if (!k || (id.p && !str_is_id(id)) ||
	    (verb.p && !(k->poll && str_is(verb, "poll"))))
		http_problem(c, 404, "there is nothing here");
	else if (!http_check_params(r, NULL, 0, &e))
		http_problem(c, 400, "%s", e.msg);
	else if (!id.p && is_read)
		get_all(g, c, k);
	else if (!id.p)
		http_not_allowed(c, "GET, HEAD");
	else if (!verb.p)
		answer_one(g, c, r, k, id);
	else if (r->method == NET_POST)
		act_on(g, c, k, id, k->poll, STR("{}"), 202, STR("{}"));
	else
		http_not_allowed(c, "POST");
}
