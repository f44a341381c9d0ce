#include "egress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/types_way.h"
#include "common/xmem.h"

#include "secrets.h"

struct egress {
	struct way *ways;
	size_t n;
};

static void way_drop(struct way *w)
{
	if (--w->refs)
		return;
	http_headers_free(&w->headers);
	arena_free(&w->arena);
	free(w);
}

struct egress *egress_new(void)
{
	return xcalloc(1, sizeof(struct egress));
}

void egress_free(struct egress **gp)
{
	struct egress *g = *gp;

	if (!g)
		return;
	while (g->ways) {
		struct way *w = g->ways;

		g->ways = w->next;
		way_drop(w);
	}
	free(g);
	*gp = NULL;
}

struct way *egress_first(const struct egress *g)
{
	return g->ways;
}

struct way *egress_find(const struct egress *g, struct str id, bool provider)
{
	struct way *w = g->ways;

	while (w && !(str_eq(w->id, id) && w->is_provider == provider))
		w = w->next;
	return w;
}

/* ---- settings ---- */

static struct way *way_new(struct str id, struct str json, bool provider)
{
	struct way *w = xcalloc(1, sizeof(*w));

	w->refs = 1;
	w->is_provider = provider;
	w->arena.block = 1024;
	w->id = arena_str(&w->arena, id);
	w->template = arena_str(&w->arena, json); /* what is decoded stays */
	return w;
}

static void set_rules(struct way *w, struct str requests, struct str delay,
		      size_t n)
{
	w->rules.requests = shape_count(requests, EGRESS_REQUESTS);
	if (delay.p)
		str_duration_ms(delay, &w->rules.delay_ms);
	w->n = n;
	w->lines = arena_alloc(&w->arena, n * sizeof(*w->lines));
	memset(w->lines, 0, n * sizeof(*w->lines));
}

/* "user:password" */
static int read_credentials(struct way *w, const struct type_proxy *t,
			    const struct egress_env *env, struct err *e)
{
	struct str text, password;
	const char *user, *pass;

	if (!t->credentials.present)
		return 0;
	if (secrets_read(t->credentials.file, env->secrets_dir, &w->arena,
			 &text, e))
		return -1;
	text = str_cut(text, ':', &password);
	if (!password.p)
		return err_set(e, EX_CONFIG, "%.*s: not user:password",
			       STR_ARG(t->credentials.file));
	user = arena_strdup(&w->arena, text);
	pass = arena_strdup(&w->arena, password);
	for (size_t i = 0; i < w->n; i++) {
		w->proxies[i].user = user;
		w->proxies[i].password = pass;
	}
	return 0;
}

static int compile_pool(struct way *w, const struct egress_env *env,
			struct err *e)
{
	struct type_proxy t;
	struct err why;

	if (shape_decode(&shape_proxy, w->template, &t, &w->arena, e) ||
	    proxy_check(&t, e))
		return -1;
	if (t.id.p)
		w->id = t.id;
	set_rules(w, t.requests, t.delay, t.proxies.n);
	w->rules.sticky = str_is(t.rotation, "sticky");
	w->names_there = str_is(t.names, "proxy");
	w->proxies = arena_alloc(&w->arena, w->n * sizeof(*w->proxies));
	memset(w->proxies, 0, w->n * sizeof(*w->proxies));
	for (size_t i = 0; i < w->n; i++) {
		w->lines[i].hash = str_hash(t.proxies.v[i]);
		w->proxies[i].url = arena_strdup(&w->arena, t.proxies.v[i]);
	}
	if (read_credentials(w, &t, env, &why))
		snprintf(w->broken, sizeof(w->broken),
			 "%.*s: credentials: %.180s",
			 STR_ARG(str_utf8_prefix(w->id, 60)), why.msg);
	return 0;
}

/*
 * An account at a provider is its host and the file that the key is in: the
 * setting may get another name, other parameters or a new key, and what was
 * spent still counts.
 */
static struct str make_account(struct way *w, const struct type_provider *t)
{
	struct str host,
		rest = str_sub(t->url, str_chr(t->url, '/') + 2, t->url.len);
	struct buf b = { 0 };
	char text[20];

	host = str_cut(str_cut(rest, '/', &(struct str){ 0 }), '?',
		       &(struct str){ 0 });
	buf_add_str(&b, host);
	buf_putc(&b, '\0');
	buf_add_str(&b, t->key.file);
	buf_putc(&b, '\0');
	buf_add_str(&b, t->headers);
	snprintf(text, sizeof(text), "%016llx",
		 (unsigned long long)str_hash(buf_str(&b)));
	buf_free(&b);
	return arena_str(&w->arena, str_from(text));
}

static int read_key(struct way *w, const struct type_provider *t,
		    const struct egress_env *env, struct err *e)
{
	struct header_lines lines;

	if (t->key.present &&
	    secrets_read(t->key.file, env->secrets_dir, &w->arena, &w->key, e))
		return err_prefix(e, "key");
	if (secrets_headers(t->headers, env->secrets_dir, &w->arena, &lines, e))
		return -1;
	w->headers = http_headers_new(lines.v, lines.n);
	return 0;
}

static int compile_provider(struct way *w, const struct egress_env *env,
			    struct err *e)
{
	struct type_provider t;
	struct err why;

	if (shape_decode(&shape_provider, w->template, &t, &w->arena, e) ||
	    provider_check(&t, &w->arena, e))
		return -1;
	if (t.id.p)
		w->id = t.id;
	w->template = t.url;
	set_rules(w, t.requests, (struct str){ 0 }, 1);
	w->timeout_ms = EGRESS_PROVIDER_MS;
	if (t.timeout.p)
		str_duration_ms(t.timeout, &w->timeout_ms);
	w->budget = (struct budget_rules){
		.budget = shape_count(t.budget, 0),
		.cost = shape_count(t.cost, 1),
		.day = (int)shape_count(t.resets, 1),
		.tz = tz_get(env->zones, t.tz.p ? t.tz : STR("UTC"), e),
	};
	if (!w->budget.tz)
		return err_prefix(e, "tz");
	if (t.errors.present) {
		w->errors = arena_alloc(&w->arena, sizeof(*w->errors));
		*w->errors = t.errors;
	}
	w->account = make_account(w, &t);
	if (read_key(w, &t, env, &why))
		snprintf(w->broken, sizeof(w->broken), "%.*s: %.180s",
			 STR_ARG(str_utf8_prefix(w->id, 60)), why.msg);
	return 0;
}

/* The same proxy in a newer setting is as well as it was. */
static void keep_health(struct way *to, const struct way *from)
{
	for (size_t i = 0; from && i < to->n; i++)
		for (size_t k = 0; k < from->n; k++) {
			struct pool_proxy *p = &to->lines[i];

			if (p->hash != from->lines[k].hash)
				continue;
			*p = from->lines[k];
			p->busy = 0;
		}
}

static void remove_way(struct egress *g, struct way *old)
{
	struct way **wp = &g->ways;

	while (*wp != old)
		wp = &(*wp)->next;
	*wp = old->next;
	old->next = NULL;
	g->n--;
	way_drop(old);
}

static struct str authority(const char *url)
{
	struct str s = str_from(url);

	return str_sub(s, str_find(s, STR("://")) + 3, s.len);
}

static bool same_credentials(const struct http_proxy *a,
			     const struct http_proxy *b)
{
	return str_eq(str_from(a->user), str_from(b->user)) &&
	       str_eq(str_from(a->password), str_from(b->password));
}

/* Is there another pool with this proxy and other credentials? */
static bool is_shared(const struct egress *g, const struct way *w,
		      const struct http_proxy *p)
{
	for (const struct way *o = g->ways; o; o = o->next)
		for (size_t i = 0; o != w && !o->is_provider && i < o->n; i++)
			if (str_eq(authority(o->proxies[i].url),
				   authority(p->url)) &&
			    !same_credentials(&o->proxies[i], p))
				return true;
	return false;
}

static void mark_shared(struct egress *g)
{
	for (struct way *w = g->ways; w; w = w->next)
		for (size_t i = 0; !w->is_provider && i < w->n; i++)
			w->proxies[i].alone = is_shared(g, w, &w->proxies[i]);
}

static int set_way(struct egress *g, struct str id, struct str json,
		   bool provider, const struct egress_env *env, struct err *e)
{
	struct way *old = egress_find(g, id, provider), *w;
	int rc;

	if (!json.p) {
		if (old)
			remove_way(g, old);
		mark_shared(g);
		return 0;
	}
	w = way_new(id, json, provider);
	rc = provider ? compile_provider(w, env, e) : compile_pool(w, env, e);
	if (rc == 0 && !old && g->n == EGRESS_WAYS_MAX)
		rc = err_set(e, EX_DATAERR,
			     "there are %d pools and providers already",
			     EGRESS_WAYS_MAX);
	if (rc == 0) {
		keep_health(w, old);
		w->next = g->ways;
		g->ways = w;
		g->n++;
	} else {
		way_drop(w);
	}
	if (old)
		remove_way(g, old);
	mark_shared(g);
	return rc;
}

int egress_set_pool(struct egress *g, struct str id, struct str json,
		    const struct egress_env *env, struct err *e)
{
	return set_way(g, id, json, false, env, e);
}

int egress_set_provider(struct egress *g, struct str id, struct str json,
			const struct egress_env *env, struct err *e)
{
	return set_way(g, id, json, true, env, e);
}

/* ---- seats ---- */

void egress_say_spent(const struct way *w, char reason_r[EGRESS_REASON_MAX])
{
	char date[CLK_TEXT_SIZE];
	int offset = tz_span_at(w->budget.tz, w->resets_s).offset_s;

	clk_format((w->resets_s + offset) * 1000000, date);
	snprintf(reason_r, EGRESS_REASON_MAX,
		 "budget of %.*s is used up until %.10s", STR_ARG(w->id), date);
}

static enum egress_answer shut(char reason_r[EGRESS_REASON_MAX],
			       const char *text)
{
	str_copy(reason_r, EGRESS_REASON_MAX, str_from(text));
	return EGRESS_SHUT;
}

static struct way *look_up(struct egress *g, struct str id,
			   char reason_r[EGRESS_REASON_MAX])
{
	struct way *pool = egress_find(g, id, false);
	struct way *provider = egress_find(g, id, true);

	if (pool && provider)
		snprintf(reason_r, EGRESS_REASON_MAX,
			 "%.*s is both a pool and a provider", STR_ARG(id));
	else if (!pool && !provider)
		snprintf(reason_r, EGRESS_REASON_MAX,
			 "there is no pool or provider %.*s", STR_ARG(id));
	else
		return pool ? pool : provider;
	return NULL;
}

enum egress_answer egress_take(struct egress *g, struct str id, uint64_t host,
			       int64_t now_ms, int64_t now_s,
			       struct seat *seat_r, int64_t *wait_ms_r,
			       char reason_r[EGRESS_REASON_MAX])
{
	struct way *w = look_up(g, id, reason_r);
	bool held;
	int at;

	if (!w)
		return EGRESS_SHUT;
	if (w->broken[0])
		return shut(reason_r, w->broken);
	if (w->spent && now_s < w->resets_s) {
		egress_say_spent(w, reason_r);
		return EGRESS_SHUT;
	}
	at = pool_pick(&w->rules, w->lines, w->n, w->turn, host, now_ms,
		       wait_ms_r, &held);
	if (at < 0 && held) {
		snprintf(reason_r, EGRESS_REASON_MAX,
			 "%.180s; rests for %lld s", w->failure,
			 (long long)(*wait_ms_r + 999) / 1000);
		return EGRESS_RESTS;
	}
	if (at < 0)
		return EGRESS_WAIT;
	w->turn = (size_t)at + 1;
	w->refs++;
	w->requests++;
	pool_start(&w->rules, &w->lines[at], now_ms);
	*seat_r = (struct seat){ w, (size_t)at };
	return EGRESS_TAKEN;
}

bool egress_leave(struct seat *seat, enum pool_end how, const char *reason,
		  int64_t rest_ms, uint64_t host, int64_t now_ms)
{
	struct way *w = seat->way;
	struct pool_proxy *p = &w->lines[seat->line];
	bool was = pool_is_well(p, now_ms), is;

	pool_end(p, how, host, now_ms);
	if (how == POOL_FAILED && p->hold_ms < now_ms + rest_ms)
		p->hold_ms = now_ms + rest_ms;
	if (how == POOL_FAILED || how == POOL_DOUBT) {
		w->failures++;
		str_copy(w->failure, sizeof(w->failure),
			 str_from(reason ? reason : "it does not get there"));
	}
	is = pool_is_well(p, now_ms);
	w->told = false;
	*seat = (struct seat){ NULL, 0 };
	way_drop(w);
	return was != is;
}

bool way_errs(const struct way *w, int status)
{
	if (!w->errors)
		return status == 401 || status == 402 || status == 403 ||
		       status == 407 || status == 429;
	for (size_t i = 0; i < w->errors->n; i++) {
		struct str s = w->errors->v[i];
		uint64_t n;

		if (str_u64(s, &n) ? (int)n == status
				   : s.p[0] - '0' == status / 100)
			return true;
	}
	return false;
}

const char *seat_proxy(const struct seat *seat)
{
	return seat->way && !seat->way->is_provider
		       ? seat->way->proxies[seat->line].url
		       : NULL;
}

size_t way_well(const struct way *w, int64_t now_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += pool_is_well(&w->lines[i], now_ms);
	return n;
}
