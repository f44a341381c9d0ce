#include "trip.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/loop_resolve.h"
#include "common/url.h"
#include "common/xmem.h"

#include "classify.h"
#include "provider_url.h"

struct trip {
	const struct trips *t;
	struct seat seat;
	uint64_t host; /* a hash, for the seat */
	struct http_request req;
	char *url;  /* of the page */
	char *name; /* of its host */
	struct loop_resolve *resolve;
	struct http_call *call;
	trip_fn *fn;
	void *arg;
};

static void trip_free(struct trip *t)
{
	free(t->url);
	free(t->name);
	free(t);
}

static void leave(struct trip *t, enum pool_end how, const char *reason,
		  int64_t rest_ms)
{
	int64_t now_ms = loop_now_ms(t->t->loop);
	bool provider = t->seat.way->is_provider;
	bool changed =
		egress_leave(&t->seat, how, reason, rest_ms, t->host, now_ms);

	t->t->left(t->t->arg, provider, how, changed);
}

/* Without an answer. */
static void fail(struct trip *t, enum http_result result, const char *reason,
		 enum pool_end health, enum trip_end how)
{
	const struct http_response r = { .result = result,
					 .reason = reason,
					 .url = t->url };

	leave(t, health, reason, 0);
	t->fn(t->arg, &r, how);
	trip_free(t);
}

/* ---- how it went ---- */

/* What a proxy or provider may say where it does not reach the site. */
static bool is_gateway_error(const struct trip *t,
			     const struct http_response *r)
{
	if (r->result != HTTP_OK)
		return false;
	if (t->seat.way->is_provider)
		return r->status / 100 == 5;
	return strncmp(t->url, "http:", 5) == 0 &&
	       strncmp(seat_proxy(&t->seat), "http", 4) == 0 &&
	       (r->status == 502 || r->status == 503 || r->status == 504);
}

static enum pool_end judge(const struct trip *t, const struct http_response *r,
			   const struct verdict *v, enum trip_end *how_r)
{
	bool provider = t->seat.way->is_provider;

	*how_r = TRIP_SHUT;
	if (provider && r->result == HTTP_OK &&
	    way_errs(t->seat.way, r->status))
		return POOL_FAILED;
	if (is_gateway_error(t, r))
		return POOL_DOUBT;
	switch (r->result) {
	case HTTP_PROXY: *how_r = TRIP_LOST; return POOL_FAILED;
	case HTTP_NO_ROUTE: *how_r = TRIP_LOST; return POOL_DOUBT;
	case HTTP_TIMEOUT:
	case HTTP_BROKEN: return POOL_DOUBT;
	case HTTP_NO_HOST:
	case HTTP_NO_CONNECT:
	case HTTP_BAD_TLS:
	case HTTP_REFUSED:
		if (provider)
			return POOL_FAILED;
		break;
	default: break;
	}
	*how_r = TRIP_THERE;
	return v->outcome == OUTCOME_BLOCKED ||
			       v->outcome == OUTCOME_RATE_LIMITED
		       ? POOL_DOUBT
		       : POOL_GOOD;
}

/* What is told of it must not show a key. */
static void say(const struct trip *t, const struct http_response *r,
		enum pool_end health, char text[EGRESS_REASON_MAX])
{
	const struct way *w = t->seat.way;

	if (r->result != HTTP_OK)
		snprintf(text, EGRESS_REASON_MAX, "%.*s: %s", STR_ARG(w->id),
			 r->reason);
	else if (health == POOL_FAILED || health == POOL_DOUBT)
		snprintf(text, EGRESS_REASON_MAX, "%.*s answered %d",
			 STR_ARG(w->id), r->status);
	else
		text[0] = '\0';
	provider_hide(text, w->key);
	str_make_printable(text);
}

static void on_answer(void *arg, const struct http_response *r)
{
	struct trip *t = arg;
	struct http_response told = *r;
	char reason[EGRESS_REASON_MAX];
	enum trip_end how;
	enum pool_end health;
	struct verdict v;
	struct answer a;

	t->call = NULL;
	answer_from(&a, r);
	classify(&a, clk_wall_us(), &v);
	health = judge(t, r, &v, &how);
	say(t, r, health, reason);
	told.url = t->url;
	told.reason = reason;
	if (t->seat.way->is_provider) {
		told.location = NULL;
		if (health == POOL_FAILED && r->result == HTTP_OK) {
			told.result = HTTP_PROXY;
			told.body = (struct str){ 0 };
		}
	}
	if (told.result == HTTP_OK)
		told.reason = "";
	leave(t, health, reason, v.retry_ms);
	t->fn(t->arg, &told, how);
	trip_free(t);
}

/* ---- there ---- */

static void ask_provider(struct trip *t)
{
	struct way *w = t->seat.way;
	struct http_request req = t->req;
	char reason[EGRESS_REASON_MAX];
	struct buf url = { 0 };

	if (!t->t->spend(t->t->arg, w)) {
		egress_say_spent(w, reason);
		if (w->broken[0])
			str_copy(reason, sizeof(reason), str_from(w->broken));
		fail(t, HTTP_REFUSED, reason, POOL_NEUTRAL, TRIP_SHUT);
		return;
	}
	provider_url(w->template, str_from(t->url), w->key, &url);
	req.url = url.p;
	req.headers = w->headers;
	req.timeout_ms = w->timeout_ms;
	req.connect_ms = t->req.connect_ms;
	t->call = http_send(t->t->http, &req, on_answer, t);
	buf_free(&url);
}

static void ask_proxy(struct trip *t, const struct loop_address *judged)
{
	const struct http_proxy *proxy = &t->seat.way->proxies[t->seat.line];
	struct http_request req = t->req;
	char address[NI_MAXHOST];

	req.url = t->url;
	req.proxy = proxy;
	if (judged && strncmp(proxy->url, "socks5:", 7) == 0) {
		if (getnameinfo((const struct sockaddr *)&judged->sa,
				judged->len, address, sizeof(address), NULL, 0,
				NI_NUMERICHOST) == 0)
			req.address = address;
	}
	t->call = http_send(t->t->http, &req, on_answer, t);
}

static bool is_local_name(struct str name)
{
	struct str end = STR("localhost");

	if (str_ends(name, STR("."))) /* the same, written out */
		name.len--;
	return name.len >= end.len &&
	       str_eq_nocase(str_sub(name, name.len - end.len, name.len), end);
}

const char *trip_refuses(const struct netguard *g, bool names_there,
			 const char *name, const struct loop_address *v,
			 size_t n)
{
	const char *what = NULL;

	for (size_t i = 0; i < n && !what; i++)
		what = netguard_refuses(g, (const struct sockaddr *)&v[i].sa);
	if (n == 0 && names_there && is_local_name(str_from(name)))
		what = "loopback";
	return what;
}

static void on_resolved(void *arg, const struct loop_address *v, size_t n,
			const char *why)
{
	struct trip *t = arg;
	bool there = t->seat.way->names_there;
	const char *what = trip_refuses(t->t->guard, there, t->name, v, n);
	char reason[EGRESS_REASON_MAX];

	loop_resolve_free(&t->resolve);
	if (what) {
		snprintf(reason, sizeof(reason), "address is %s", what);
		fail(t, HTTP_REFUSED, reason, POOL_NEUTRAL, TRIP_THERE);
	} else if (n == 0 && !there) {
		snprintf(reason, sizeof(reason), "%.150s: %s", t->name, why);
		fail(t, HTTP_NO_HOST, reason, POOL_NEUTRAL, TRIP_THERE);
	} else if (t->seat.way->is_provider) {
		ask_provider(t);
	} else {
		ask_proxy(t, n ? &v[0] : NULL);
	}
}

/* Judge the host of the page. */
static void look(struct trip *t)
{
	struct arena a = { 0 };
	struct str host;

	if (!url_host(str_from(t->url), &a, &host))
		host = STR("invalid.");
	if (str_starts(host, STR("[")))
		host = str_sub(host, 1, host.len - 1);
	t->name = xstrndup(host.p, host.len);
	arena_free(&a);
	t->resolve = loop_resolve_all(t->t->loop, t->name,
				      url_port(str_from(t->url)),
				      t->seat.way->names_there, on_resolved, t);
	if (!t->resolve) /* no name at all: none that can be found */
		t->resolve = loop_resolve_all(t->t->loop, "invalid.", 0, false,
					      on_resolved, t);
}

struct trip *trip_new(const struct trips *ts, struct seat seat, uint64_t host,
		      const struct http_request *req, trip_fn *fn, void *arg)
{
	struct trip *t = xcalloc(1, sizeof(*t));

	t->t = ts;
	t->seat = seat;
	t->host = host;
	t->req = *req;
	t->url = xstrdup(req->url);
	t->fn = fn;
	t->arg = arg;
	look(t);
	return t;
}

void trip_cancel(struct trip **tp)
{
	struct trip *t = *tp;

	if (!t)
		return;
	loop_resolve_free(&t->resolve);
	http_cancel(&t->call);
	leave(t, POOL_NEUTRAL, NULL, 0);
	trip_free(t);
	*tp = NULL;
}
