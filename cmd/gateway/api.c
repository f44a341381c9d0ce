#include "api.h"

#include <sysexits.h>

#include "common/xmem.h"

#include "guard.h"
#include "http.h"
#include "origins.h"
#include "socketio_live.h"

enum { TOKEN_MAX = 8 << 10 }; /* bytes of user and password */

enum need {
	NEED_NAME,    /* a token, or something that anybody may read */
	NEED_NOTHING, /* no token either */
	NEED_STATS,   /* access_reads_stats() */
	NEED_ADMIN,   /* access_administers() */
	NEED_LATER,   /* none yet: the path has one, or what comes later */
};

struct route {
	const char *path; /* one that ends in '/' leads to all below it */
	api_fn *fn;
	api_fn *post; /* NULL: nothing can be posted there */
	enum need need;
	bool any; /* fn takes every method, and tells which it has */
	bool raw; /* a body may be of any type */
};

static const struct route routes[] = {
	{ "/healthz", .fn = api_health, .need = NEED_NOTHING },
	{ "/health", .fn = api_health, .need = NEED_NOTHING },
	{ "/readyz", .fn = api_ready, .need = NEED_NOTHING },
	{ "/metrics", .fn = api_metrics, .need = NEED_STATS },
	{ "/api/openapi.json", .fn = api_asset, .need = NEED_NOTHING },
	{ "/client/", .fn = api_asset, .need = NEED_NOTHING },
	{ "/api/schema/", .fn = api_asset, .need = NEED_NOTHING },
	{ "/api/v1/events", .fn = api_events_get, .post = api_events_post },
	{ "/api/v1/events/stream", .fn = api_stream },
	{ "/api/v1/topics", .fn = api_topics },
	{ "/api/v1/history", .fn = api_history },
	{ "/api/v1/blobs/", .fn = api_blobs },
	{ "/api/v1/observations/", .post = api_observations, .raw = true },
	{ "/api/v1/status", .fn = api_status, .need = NEED_STATS },
	{ "/api/v1/presence", .fn = api_presence },
	{ "/api/v1/connections", .fn = api_connections, .need = NEED_ADMIN },
	{ "/api/v1/connections/", .fn = api_connection, .need = NEED_ADMIN,
	  .any = true },
	{ "/api/v1/", .fn = api_settings, .any = true },
	{ "/unsubscribe/", .fn = api_unsubscribe, .need = NEED_LATER,
	  .any = true, .raw = true },
	{ "/socket.io/", .need = NEED_LATER }, /* does not get here */
	{ "/ws", .fn = api_websocket, .need = NEED_LATER },
	{ "/", .fn = api_asset },
};

/* What the table of old clients has at a path, or NULL. */
static const struct route *find_old(const struct gateway *g,
				    const struct net_request *r,
				    struct str *same_r)
{
	static const struct route old = { .fn = api_old, .any = true };
	static const struct route status = { .fn = api_old_status,
					     .need = NEED_STATS };
	bool is_write = r->method != NET_GET && r->method != NET_HEAD;
	struct compat_path p;
	bool other;

	*same_r = (struct str){ 0 };
	if (!compat_path(g->compat, r->path, is_write, &p, &other))
		return other ? &old : NULL;
	*same_r = p.same;
	return p.kind == COMPAT_STATUS ? &status : &old;
}

static const struct route *find_path(struct str path, struct str *rest_r)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		struct str known = str_from(routes[i].path);

		if (str_ends(known, STR("/")) ? !str_starts(path, known)
					      : !str_eq(path, known))
			continue;
		*rest_r = str_sub(path, known.len, path.len);
		return &routes[i];
	}
	return NULL;
}

/* The table's paths are behind our own, and before the pages. */
static const struct route *find_route(const struct gateway *g,
				      const struct net_request *r,
				      struct str *rest_r)
{
	const struct route *found = find_path(r->path, rest_r), *old;
	struct str same;

	if (found && found->fn != api_asset)
		return found;
	old = find_old(g, r, &same);
	if (same.p)
		return find_path(same, rest_r);
	return old ? old : found;
}

static bool is_read(const struct net_request *r)
{
	return r->method == NET_GET || r->method == NET_HEAD;
}

bool api_wanted(const struct gateway *g, const struct net_conn *c,
		const struct net_request *r, struct patterns *p, struct err *e)
{
	const struct access *who = net_who(c);

	if (!http_param_topics(r, p, e))
		return false;
	if (p->n > (size_t)g->settings->max_subscriptions)
		return !err_set(e, EX_USAGE, "topic: more than %d of them",
				(int)g->settings->max_subscriptions);
	return p->n > 0 ? access_check_reads(who, p->v, p->n, e) == 0
			: access_readable(who, p, e) == 0;
}

void api_fail(struct gateway *g, struct net_conn *c, const struct err *e)
{
	int status = 503;

	if (e->code == EX_USAGE || e->code == EX_DATAERR)
		status = 400;
	else if (e->code == EX_NOPERM)
		status = access_is_nobody(net_who(c)) ? 401 : 403;
	if (e->code == EX_NOPERM)
		stats_add(g->stats, "refused_total", "access", 1);
	http_problem(c, status, "%s", e->msg);
}

/* Whoever has sent no token, if that is enough; or NULL with *e. */
static struct access *without_token(struct gateway *g, enum need need,
				    struct err *e)
{
	struct access *who = auth_nobody(g->auth);

	if (need == NEED_NOTHING || need == NEED_LATER ||
	    access_reads_some(who))
		return who;
	access_drop(&who);
	err_set(e, EX_NOPERM, "a token is needed");
	return NULL;
}

/* True, and who asks is known and may; false: answered. */
static bool identify(struct gateway *g, struct net_conn *c,
		     const struct net_request *r, enum need need,
		     enum origin what)
{
	struct buf b = { .max = TOKEN_MAX };
	struct str token = guard_token(r->authorization, &b);
	struct str param = http_param(r, "access_token");
	struct access *who;
	struct err e;

	if (r->authorization.p && param.p) {
		http_problem(c, 400,
			     "access_token: there is an Authorization, "
			     "too");
		return false;
	}
	if (param.p)
		token = param;
	/* "*" is not for what the browser remembers (origins.h). */
	if (what == ORIGIN_ANY && b.len > 0)
		token.p = NULL;
	if (need == NEED_NOTHING || !auth_is_on(g->auth) || !token.p)
		who = without_token(g, need, &e);
	else
		who = auth_token(g->auth, token, clk_wall_us(), &e);
	buf_free(&b);
	net_set_who(c, who);
	if (!who) {
		stats_add(g->stats, "refused_total", "token", 1);
		http_problem(c, 401, "%s", e.msg);
		return false;
	}
	if (need == NEED_STATS && !access_reads_stats(who)) {
		err_set(&e, EX_NOPERM,
			"this is for the role admin, and for who may read "
			"'$stats/'");
		api_fail(g, c, &e);
		return false;
	}
	if (need == NEED_ADMIN && !access_administers(who)) {
		err_set(&e, EX_NOPERM, "this is for the role admin");
		api_fail(g, c, &e);
		return false;
	}
	return true;
}

static bool check_host(struct gateway *g, struct net_conn *c,
		       const struct net_request *r)
{
	const struct gateway_settings *s = g->settings;

	if (guard_host(r->host, s->hosts.v, s->hosts.n))
		return true;
	stats_add(g->stats, "refused_total", "host", 1);
	http_problem(c, 403,
		     "Host is none of the names of this gateway (--host adds "
		     "one)");
	return false;
}

static void set_headers(const struct gateway *g, struct net_conn *c,
			const struct net_request *r, enum origin what,
			bool preflight)
{
	struct buf b = { 0 };

	origins_print(&g->settings->origins, what, r->origin, preflight, &b);
	net_set_headers(c, buf_str(&b));
	buf_free(&b);
}

/* A browser asks what a page elsewhere may do. */
static bool is_preflight(const struct net_request *r)
{
	return r->method == NET_OPTIONS && r->origin.p && r->wants_method.p;
}

/* False: answered. */
static bool check_origin(struct gateway *g, struct net_conn *c,
			 const struct net_request *r, enum origin what,
			 bool is_write)
{
	bool preflight = is_preflight(r);

	set_headers(g, c, r, what, preflight);
	if (what == ORIGIN_FOREIGN && (is_write || preflight)) {
		stats_add(g->stats, "refused_total", "origin", 1);
		http_problem(c, 403,
			     "Origin is not this gateway, and none that it "
			     "serves (--origin adds one)");
		return false;
	}
	if (preflight)
		net_answer(c, &(struct net_answer){ .status = 204 });
	return !preflight;
}

/* False: answered. */
static bool check_rate(struct gateway *g, struct net_conn *c, enum need need,
		       bool of_address)
{
	int64_t ms = 0;

	if (need != NEED_NOTHING && of_address)
		ms = gateway_throttle(g, THROTTLE_REQUEST, c,
				      (struct str){ 0 });
	else if (need != NEED_NOTHING)
		ms = gateway_throttle_user(g, THROTTLE_REQUEST, c,
					   net_who(c)->user);
	if (ms)
		http_problem(c, 429, "too many requests from this %s",
			     of_address ? "address" : "user");
	return ms == 0;
}

bool api_admit(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, bool is_write)
{
	enum origin what = origins_judge(&g->settings->origins, r->origin,
					 r->scheme, r->host);
	const struct route *route;
	enum need need = NEED_NAME;
	struct str rest;

	if (!check_host(g, c, r) || !check_origin(g, c, r, what, is_write))
		return false;
	route = find_route(g, r, &rest);
	if (route)
		need = route->need;
	/* Of the address before a token is looked at: that costs, too. */
	return check_rate(g, c, need, true) && identify(g, c, r, need, what) &&
	       check_rate(g, c, need, false);
}

void api_head(void *arg, struct net_conn *c, const struct net_request *r)
{
	const struct gateway *g = arg;

	if (api_admit(arg, c, r, !is_read(r)) && socketio_live_is_path(r->path))
		engineio_net_head(socketio_live_wire(g->socketio), c, r);
}

/* False: answered. */
static bool check_body(const struct route *route, struct net_conn *c,
		       const struct net_request *r)
{
	bool of_events = route->post == api_events_post;
	enum guard_body what = guard_body(r->content_type);

	if (of_events && r->ce_type.p) {
		http_problem(c, 415,
			     "the binary mode of CloudEvents is not taken; "
			     "send whole events, as "
			     "application/cloudevents+json");
		return false;
	}
	if (r->body.len == 0 || route->raw || what == GUARD_BODY_JSON ||
	    (of_events && what != GUARD_BODY_OTHER))
		return true;
	http_problem(c, 415,
		     of_events ? "a body must be application/json, "
				 "application/cloudevents+json or "
				 "application/cloudevents-batch+json, in UTF-8"
			       : "a body must be application/json");
	return false;
}

void api_request(void *arg, struct net_conn *c, const struct net_request *r)
{
	const struct gateway *g = arg;
	struct str rest;
	const struct route *route = find_route(g, r, &rest);
	bool is_post = r->method == NET_POST;

	if (socketio_live_is_path(r->path))
		engineio_net_request(socketio_live_wire(g->socketio), c, r);
	else if (!route || (!route->fn && !route->post) ||
		 (route->fn == api_asset && !api_has_asset(r->path)))
		http_problem(c, 404, "there is nothing here");
	else if (!route->any && !(is_read(r) && route->fn) &&
		 !(is_post && route->post))
		http_not_allowed(c, !route->post ? "GET, HEAD"
				    : route->fn	 ? "GET, HEAD, POST"
						 : "POST");
	else if (!check_body(route, c, r))
		return;
	else if (is_post && route->post)
		route->post(arg, c, r, rest);
	else
		route->fn(arg, c, r, rest);
}
