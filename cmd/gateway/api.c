#include "api.h"

#include <sysexits.h>

#include "common/xmem.h"

#include "guard.h"
#include "http.h"

enum { TOKEN_MAX = 8 << 10 }; /* bytes of user and password */

struct route {
	const char *path; /* one that ends in '/' leads to all below it */
	api_fn *fn;
	api_fn *post; /* NULL: nothing can be posted there */
	bool open;    /* no token is needed */
	bool any;     /* fn takes every method, and tells which it has */
};

static const struct route routes[] = {
	{ "/healthz", .fn = api_health, .open = true },
	{ "/health", .fn = api_health, .open = true },
	{ "/readyz", .fn = api_ready, .open = true },
	{ "/metrics", .fn = api_metrics },
	{ "/api/v1/events", .fn = api_events_get, .post = api_events_post },
	{ "/api/v1/events/stream", .fn = api_stream },
	{ "/api/v1/topics", .fn = api_topics },
	{ "/api/v1/history", .fn = api_history },
	{ "/api/v1/blobs/", .fn = api_blobs },
	{ "/api/v1/status", .fn = api_status },
	{ "/api/v1/", .fn = api_settings, .any = true },
	{ "/", .fn = api_asset },
};

static const struct route *find_route(struct str path, struct str *rest_r)
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

static bool is_read(const struct net_request *r)
{
	return r->method == NET_GET || r->method == NET_HEAD;
}

/* True, and who asks is known; false: answered. */
static bool identify(struct gateway *g, struct net_conn *c,
		     const struct net_request *r, bool is_open)
{
	struct buf b = { .max = TOKEN_MAX };
	struct str token = guard_token(r->authorization, &b);
	struct access *who = NULL;
	struct err e;

	if (is_open || !auth_is_on(g->auth))
		who = auth_nobody(g->auth);
	else if (token.p)
		who = auth_token(g->auth, token, &e);
	else
		err_set(&e, EX_NOPERM, "a token is needed");
	buf_free(&b);
	if (!who) {
		stats_add(g->stats, "refused_total", "token", 1);
		http_problem(c, 401, "%s", e.msg);
		return false;
	}
	net_set_who(c, who);
	return true;
}

bool api_admit(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, bool is_write)
{
	const struct gateway_settings *s = g->settings;
	const struct route *route;
	struct str rest;

	if (!guard_host(r->host, s->hosts.v, s->hosts.n)) {
		stats_add(g->stats, "refused_total", "host", 1);
		http_problem(c, 403,
			     "Host is none of the names of this "
			     "gateway (--host adds one)");
		return false;
	}
	if (is_write && !guard_origin(r->origin, r->host)) {
		stats_add(g->stats, "refused_total", "origin", 1);
		http_problem(c, 403, "Origin is not this gateway");
		return false;
	}
	route = find_route(r->path, &rest);
	return identify(g, c, r, route && route->open);
}

void api_head(void *arg, struct net_conn *c, const struct net_request *r)
{
	api_admit(arg, c, r, !is_read(r));
}

void api_request(void *arg, struct net_conn *c, const struct net_request *r)
{
	struct str rest;
	const struct route *route = find_route(r->path, &rest);
	bool is_post = r->method == NET_POST;

	if (!route)
		http_problem(c, 404, "there is nothing here");
	else if (!route->any && !is_read(r) && !(is_post && route->post))
		http_not_allowed(c,
				 route->post ? "GET, HEAD, POST" : "GET, HEAD");
	else if (r->body.len && !guard_is_json(r->content_type))
		http_problem(c, 415, "a body must be application/json");
	else if (is_post && route->post)
		route->post(arg, c, r, rest);
	else
		route->fn(arg, c, r, rest);
}
