#include "watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

#include "page_rules.h"

enum { VERSION_MAX = 1024 }; /* bytes of an ETag that is sent back */

static int set_hours(struct watch *w, struct err *e)
{
	const struct shape_list *windows = &w->def.windows;

	if (!windows->present)
		return 0;
	w->hours = arena_alloc(&w->arena, sizeof(*w->hours));
	w->timing.hours = w->hours;
	return hours_parse(windows->v, windows->n, w->hours, e)
		       ? err_prefix(e, "windows")
		       : 0;
}

static void set_adaptive(struct watch *w)
{
	struct timing *t = &w->timing;

	if (!w->def.adaptive.present)
		return;
	str_duration_ms(w->def.adaptive.min, &t->min_ms);
	str_duration_ms(w->def.adaptive.max, &t->max_ms);
	t->every_ms = timing_bounded(t, t->every_ms);
}

static int set_timing(struct watch *w, const struct watch_env *env,
		      struct err *e)
{
	struct type_watch *d = &w->def;
	struct cron *cron;

	w->timing.every_ms = TIMING_EVERY_MS;
	w->timing.seed = str_hash(d->id);
	if (d->every.p)
		str_duration_ms(d->every, &w->timing.every_ms);
	w->timing.tz = tz_get(env->zones, d->tz.p ? d->tz : STR("UTC"), e);
	if (!w->timing.tz)
		return err_prefix(e, "tz");
	if (set_hours(w, e))
		return -1;
	set_adaptive(w);
	if (!d->cron.p)
		return 0;
	w->timing.cron = cron = arena_alloc(&w->arena, sizeof(*cron));
	if (cron_parse(d->cron, cron, e))
		return err_prefix(e, "cron");
	if (w->hours && hours_cron(w->hours, cron, w->timing.tz, 0) == CLK_NONE)
		return err_set(e, EX_DATAERR,
			       "cron: never comes within windows");
	return 0;
}

/*
 * Where nothing says what the next page is, a page or feed is asked what it
 * calls that itself.
 */
static void set_next(struct watch *w)
{
	struct type_watch *d = &w->def;
	struct buf b = { 0 };
	struct str next, members;

	if (str_is(d->kind, "feed") && !d->extract.p)
		d->extract = STR("{\"next\":{}}");
	if (!str_is(d->kind, "html") ||
	    json_type_of(d->extract) != JSON_OBJECT ||
	    json_get(d->extract, "next", &next))
		return;
	members = str_trim(str_sub(str_trim(d->extract), 1, d->extract.len));
	buf_addf(&b, "{\"next\":{}%s%.*s", members.p[0] == '}' ? "" : ",",
		 STR_ARG(members));
	d->extract = arena_str(&w->arena, buf_str(&b));
	buf_free(&b);
}

static void set_paging(struct watch *w)
{
	const struct type_watch *d = &w->def;

	w->paging = (struct paging_rules){
		.max = (unsigned)shape_count(d->pages, 1),
		.ends_known = str_is(d->list, "newest"),
		.is_whole = str_is(d->list, "whole"),
		.home = d->url,
		.hosts = d->next_hosts.v,
		.n_hosts = d->next_hosts.n,
	};
	if (w->paging.max > 1)
		set_next(w);
}

static enum diff_list list_named(struct str name)
{
	if (str_is(name, "newest"))
		return DIFF_NEWEST;
	return str_is(name, "whole") ? DIFF_WHOLE : DIFF_PART;
}

_Static_assert((int)WATCH_CONFIRM_MAX <= (int)CONFIRM_OF_MAX,
	       "confirm: room for all that may be said");

/* Absent: all counts at once. */
static struct confirm confirm_of(const struct type_confirm *c)
{
	struct confirm rule = {
		.times = (unsigned)shape_count(c->times, 0),
		.of = (unsigned)shape_count(c->of, 0),
		.again_ms = CONFIRM_AGAIN_MS,
	};

	if (c->again.p)
		str_duration_ms(c->again, &rule.again_ms);
	return rule;
}

static void set_diff(struct watch *w)
{
	const struct type_watch *d = &w->def;
	int64_t forget_ms = DIFF_FORGET_MS;

	if (d->forget.p)
		str_duration_ms(d->forget, &forget_ms);
	w->diff = (struct diff_watch){
		.id = d->id,
		.source = d->source,
		.url = d->url,
		.item = d->item.present ? &d->item : NULL,
		.page = str_is(d->kind, "page"),
		.no_robots = w->ignores_robots,
		.feed = str_is(d->kind, "feed"),
		.rules = w->rules,
		.list = list_named(d->list),
		.forget_s = forget_ms / 1000,
		.confirm = confirm_of(&d->confirm),
	};
}

static int set_mock(struct watch *w, struct err *e)
{
	w->mock = arena_alloc(&w->arena, sizeof(*w->mock));
	return mock_parse(w->def.url, w->mock, e);
}

/* What extracts is compiled where that happens; here only to be checked. */
static int check_extract(struct watch *w, const struct watch_env *env,
			 struct err *e)
{
	struct type_watch *d = &w->def;
	struct json *config = NULL;
	struct extractor *x;
	int rc;

	if (str_is(d->kind, "mock"))
		return set_mock(w, e);
	if (str_is(d->kind, "chat")) {
		w->chat = chat_new(d, env->secrets_dir, &w->arena, e);
		return w->chat ? 0 : -1;
	}
	if (d->extract.p && !(config = json_parse(d->extract, 0, e)))
		return err_prefix(e, "extract");
	if (str_is(d->kind, "page"))
		w->rules = page_rules_compile(config, e);
	x = extractor_new(arena_strdup(&w->arena, d->kind), config, e);
	rc = x ? 0 : -1;
	w->extracts = x;
	w->unproven = x && extractor_has_programs(x);
	extractor_free(&x);
	json_free(&config);
	return rc;
}

/* A change of these makes what is known incomparable with what comes. */
static uint64_t config_hash(const struct type_watch *d)
{
	const struct str parts[] = { d->url,	 d->kind,     d->extract,
				     d->item.id, d->currency, d->source };
	struct buf b = { 0 };
	uint64_t hash;

	/* More pages are more of the list: what they show is no news. */
	if (shape_count(d->pages, 1) > 1)
		buf_addf(&b, "pages %.*s", STR_ARG(d->pages));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		buf_add_str(&b, parts[i]);
		buf_putc(&b, '\0');
	}
	hash = str_hash(buf_str(&b));
	buf_free(&b);
	return hash;
}

static int compile(struct watch *w, struct str id, const struct watch_env *env,
		   struct err *e)
{
	struct type_watch *d = &w->def;

	if (!d->id.p && id.p)
		d->id = arena_str(&w->arena, id);
	if (watch_complete(d, &w->arena, e) || set_timing(w, env, e))
		return -1;
	set_paging(w);
	if (check_extract(w, env, e) ||
	    secrets_headers(d->headers, env->secrets_dir, &w->arena, &w->lines,
			    e))
		return -1;
	for (size_t i = 0; w->chat && i < w->lines.n; i++)
		w->chat->hash ^= str_hash(str_from(w->lines.v[i])) + i;
	w->url = arena_strdup(&w->arena, d->url);
	w->enabled = !str_is(d->enabled, "false");
	w->heeds_cache = !str_is(d->cache, "false");
	w->ignores_robots = str_is(d->robots, "ignore");
	w->config = config_hash(d);
	contract_read(d, &w->contract);
	set_diff(w);
	if (w->paging.max > 1)
		w->own = http_headers_new(w->lines.v, w->lines.n);
	watch_set_version(w, (struct str){ 0 }, (struct str){ 0 });
	return 0;
}

struct watch *watch_new(struct str json, struct str id,
			const struct watch_env *env, struct err *e)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	w->arena.block = 256; /* there may be many thousands of watches */
	json = arena_str(&w->arena, json);
	if (shape_decode(&shape_watch, json, &w->def, &w->arena, e) ||
	    compile(w, id, env, e))
		watch_free(&w);
	return w;
}

/* Without lines of its own they are the same. */
static void free_headers(struct watch *w)
{
	if (w->version == w->headers)
		w->version = NULL;
	http_headers_free(&w->headers);
	http_headers_free(&w->version);
}

static void free_str(struct str *s)
{
	free((char *)(uintptr_t)s->p);
	*s = (struct str){ 0 };
}

void watch_free(struct watch **wp)
{
	struct watch *w = *wp;

	if (!w)
		return;
	page_rules_free(&w->rules);
	chat_free(&w->chat);
	free_headers(w);
	http_headers_free(&w->own);
	free_str(&w->etag);
	free_str(&w->last_modified);
	arena_free(&w->arena);
	free(w);
	*wp = NULL;
}

/* A version that can be sent back as it is, in a header of its own. */
static const char *version_line(const char *name, struct str value, char *line)
{
	if (!value.len || value.len > VERSION_MAX)
		return NULL;
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.p[i] < ' ')
			return NULL;
	sprintf(line, "%s: %.*s", name, STR_ARG(value));
	return line;
}

static void remember(struct str *to, struct str s)
{
	struct str copy = { 0 };

	if (s.len)
		copy = (struct str){ xstrndup(s.p, s.len), s.len };
	free_str(to);
	*to = copy;
}

void watch_set_version(struct watch *w, struct str etag,
		       struct str last_modified)
{
	char lines[2][VERSION_MAX + 32];
	const char *all[SECRETS_HEADERS_MAX + 2], *line;
	size_t n = w->lines.n, n_version = 0;

	if (w->headers && str_eq(etag, w->etag) &&
	    str_eq(last_modified, w->last_modified))
		return;
	free_headers(w);
	for (size_t i = 0; i < n; i++)
		all[i] = w->lines.v[i];
	line = version_line("If-None-Match", etag, lines[0]);
	if (line)
		all[n + n_version++] = line;
	line = version_line("If-Modified-Since", last_modified, lines[1]);
	if (line)
		all[n + n_version++] = line;
	w->conditional = n_version > 0;
	w->headers = http_headers_new(all, n + n_version);
	w->version = n ? http_headers_new(all + n, n_version) : w->headers;
	remember(&w->etag, etag);
	remember(&w->last_modified, last_modified);
}

/* A title alone says nothing of what an item's watch is about. */
static bool tells_nothing(const struct diff_watch *w,
			  const struct observation *o)
{
	return w->item && !w->page && o->n_items && !o->items[0].price.p &&
	       !o->items[0].availability.p;
}

enum outcome watch_judge(const struct watch *w, const struct observation *o,
			 char why_r[CONTRACT_REASON_MAX])
{
	const struct contract *c = &w->contract;

	if (tells_nothing(&w->diff, o)) {
		snprintf(why_r, CONTRACT_REASON_MAX,
			 "neither a price nor whether it can be had");
		return OUTCOME_SELECTOR_MISS;
	}
	if (contract_takes_items(c, (int64_t)o->n_items, why_r) &&
	    (!o->n_items || contract_takes_price(c, o->items[0].price, why_r)))
		return OUTCOME_FOUND;
	return OUTCOME_IMPLAUSIBLE;
}
