#include "api.h"

#include "common/xmem.h"

#include "guard.h"
#include "http.h"

enum { READS = 1, POSTS = 2, PUTS = 4, DELETES = 8 };

struct route {
	const char *path; /* one that ends in '/' leads to all below it */
	unsigned methods;
	api_fn *fn, *post;
	bool open; /* no token is needed */
};

static const struct route routes[] = {
	{ "/healthz", READS, api_health, NULL, true },
	{ "/health", READS, api_health, NULL, true },
	{ "/readyz", READS, api_ready, NULL, true },
	{ "/metrics", READS, api_metrics, NULL, false },
	{ "/api/v1/events", READS | POSTS, api_events_get, api_events_post,
	  false },
	{ "/api/v1/topics", READS, api_topics, NULL, false },
	{ "/api/v1/history", READS, api_history, NULL, false },
	{ "/api/v1/blobs/", READS, api_blobs, NULL, false },
	{ "/api/v1/status", READS, api_status, NULL, false },
	/* these tell by themselves what may be done with what they have */
	{ "/api/v1/", READS | POSTS | PUTS | DELETES, api_settings,
	  api_settings, false },
	{ "/", READS, api_asset, NULL, false },
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

static unsigned bit_of(enum net_method m)
{
	switch (m) {
	case NET_GET:
	case NET_HEAD: return READS;
	case NET_POST: return POSTS;
	case NET_PUT: return PUTS;
	case NET_DELETE: return DELETES;
	case NET_OTHER: break;
	}
	return 0;
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
	if (s->token.p && !(route && route->open) &&
	    !guard_token(r->authorization, s->token)) {
		stats_add(g->stats, "refused_total", "token", 1);
		http_problem(c, 401, "a token is needed");
		return false;
	}
	return true;
}

void api_head(void *arg, struct net_conn *c, const struct net_request *r)
{
	bool is_read = r->method == NET_GET || r->method == NET_HEAD;

	api_admit(arg, c, r, !is_read);
}

void api_request(void *arg, struct net_conn *c, const struct net_request *r)
{
	struct str rest;
	const struct route *route = find_route(r->path, &rest);
	unsigned bit = bit_of(r->method);

	if (!route) {
		http_problem(c, 404, "there is nothing here");
	} else if (!(route->methods & bit)) {
		http_not_allowed(c, route->methods & POSTS ? "GET, HEAD, POST"
							   : "GET, HEAD");
	} else if (r->body.len && !guard_is_json(r->content_type)) {
		http_problem(c, 415, "a body must be application/json");
	} else if (bit == POSTS && route->post) {
		route->post(arg, c, r, rest);
	} else {
		route->fn(arg, c, r, rest);
	}
}

void session_end(struct net_conn *c)
{
	struct session *s = net_user(c);

	net_set_user(c, NULL);
	if (s)
		s->close(s);
}
