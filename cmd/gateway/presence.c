#include "presence.h"

#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/json.h"
#include "common/xmem.h"

#include "access.h"
#include "names.h"

enum { BUCKETS = 4096 };

/* Who is at one gateway. */
struct crowd {
	struct crowd *next;
	struct gateway_name *from; /* NULL: at ours */
	int64_t heard_ms;
	size_t count, anonymous;
	struct names users;
};

struct place {
	struct place *next, *prev_all, *next_all;
	char *topic;
	struct crowd own;
	struct crowd *others;
	bool changed; /* since the others were told */
	bool said;    /* others know of somebody here */
	bool news;    /* since those who watch were told */
	int64_t told_ms;
	void **watcher;
	size_t n_watchers, cap_watchers;
	struct names told;
	size_t told_count;
};

struct gateway_name {
	struct gateway_name *next;
	char *text;
	size_t crowds;
};

struct presence {
	struct place *bucket[BUCKETS];
	struct place *all, *at; /* at: the next to look at when telling */
	struct gateway_name *gateways;
	struct presence_counts counts;
};

/* ---- places ---- */

static struct place **find_place(struct presence *p, struct str topic)
{
	struct place **at = &p->bucket[str_hash(topic) % BUCKETS];

	while (*at && !str_is(topic, (*at)->topic))
		at = &(*at)->next;
	return at;
}

/* NULL where there are too many. */
static struct place *get_place(struct presence *p, struct str topic)
{
	struct place **at = find_place(p, topic), *pl = *at;

	if (pl)
		return pl;
	if (p->counts.topics == PRESENCE_TOPICS_MAX) {
		p->counts.untracked++;
		return NULL;
	}
	pl = *at = xcalloc(1, sizeof(*pl));
	pl->topic = xstrndup(topic.p ? topic.p : "", topic.len);
	pl->next_all = p->all;
	if (p->all)
		p->all->prev_all = pl;
	p->all = pl;
	p->counts.topics++;
	return pl;
}

static void free_place(struct presence *p, struct place **at)
{
	struct place *pl = *at;

	*at = pl->next;
	if (pl->prev_all)
		pl->prev_all->next_all = pl->next_all;
	else
		p->all = pl->next_all;
	if (pl->next_all)
		pl->next_all->prev_all = pl->prev_all;
	if (p->at == pl)
		p->at = pl->next_all;
	names_free(&pl->own.users);
	names_free(&pl->told);
	free(pl->watcher);
	free(pl->topic);
	free(pl);
	p->counts.topics--;
}

/* Nobody is there, and nobody has to be told. */
static void drop_empty(struct presence *p, struct place *pl)
{
	if (!pl->own.count && !pl->others && !pl->n_watchers && !pl->said)
		free_place(p, find_place(p, str_from(pl->topic)));
}

bool presence_join(struct presence *p, struct str topic, struct str user)
{
	struct place *pl = get_place(p, topic);

	if (!pl)
		return false;
	pl->own.count++;
	if (!user.p)
		pl->own.anonymous++;
	else
		names_add(&pl->own.users, user);
	pl->changed = pl->news = true;
	return true;
}

void presence_leave(struct presence *p, struct str topic, struct str user)
{
	struct place *pl = *find_place(p, topic);

	/* Where it was not counted, it was not there. */
	if (!pl || !pl->own.count || (!user.p && !pl->own.anonymous))
		return;
	pl->own.count--;
	if (!user.p)
		pl->own.anonymous--;
	else
		names_take(&pl->own.users, user);
	pl->changed = pl->news = true;
	drop_empty(p, pl);
}

/* ---- others ---- */

static struct gateway_name *get_gateway(struct presence *p, struct str text)
{
	struct gateway_name *g;

	for (g = p->gateways; g; g = g->next)
		if (str_is(text, g->text))
			return g;
	if (p->counts.gateways == PRESENCE_GATEWAYS_MAX)
		return NULL;
	g = xcalloc(1, sizeof(*g));
	g->text = xstrndup(text.p, text.len);
	g->next = p->gateways;
	p->gateways = g;
	p->counts.gateways++;
	return g;
}

static void forget_gateways(struct presence *p)
{
	struct gateway_name **at = &p->gateways, *g;

	while ((g = *at)) {
		if (g->crowds) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		free(g->text);
		free(g);
		p->counts.gateways--;
	}
}

static void free_crowd(struct place *pl, struct crowd **at)
{
	struct crowd *c = *at;

	*at = c->next;
	c->from->crowds--;
	names_free(&c->users);
	free(c);
	pl->news = true;
}

static bool read_count(struct str entry, const char *name, size_t *n_r)
{
	struct str value;
	uint64_t n;

	if (!json_get(entry, name, &value) || !str_u64(value, &n) ||
	    n > UINT32_MAX)
		return false;
	*n_r = (size_t)n;
	return true;
}

struct entry {
	struct str topic;
	size_t count, anonymous;
	struct str users;
};

static bool read_entry(struct str value, struct arena *a, struct entry *en)
{
	struct str topic, user;
	struct json_iter it;
	struct err e;

	if (!json_get(value, "topic", &topic) ||
	    !json_text(topic, a, &en->topic) || pattern_check(en->topic, &e) ||
	    !read_count(value, "count", &en->count) ||
	    !read_count(value, "anonymous", &en->anonymous) ||
	    !json_get(value, "users", &en->users) ||
	    json_type_of(en->users) != JSON_ARRAY)
		return false;
	it = json_iter(en->users);
	while (json_next(&it))
		if (!json_text(it.value, a, &user) ||
		    access_check_user(user, &e))
			return false;
	return true;
}

static void set_crowd(struct presence *p, struct gateway_name *from,
		      const struct entry *en, struct arena *a, int64_t now_ms)
{
	struct json_iter it = json_iter(en->users);
	struct place *pl =
		en->count ? get_place(p, en->topic) : *find_place(p, en->topic);
	struct crowd **at, *c;
	struct str user;

	if (!pl)
		return;
	for (at = &pl->others; *at && (*at)->from != from; at = &(*at)->next)
		;
	if (*at)
		free_crowd(pl, at);
	if (en->count) {
		c = xcalloc(1, sizeof(*c));
		*c = (struct crowd){ pl->others, from,		now_ms,
				     en->count,	 en->anonymous, { 0 } };
		while (json_next(&it))
			if (json_text(it.value, a, &user))
				names_add(&c->users, user);
		pl->others = c;
		from->crowds++;
		pl->news = true;
	}
	drop_empty(p, pl);
}

bool presence_hear(struct presence *p, struct str gateway, struct str data,
		   int64_t now_ms)
{
	struct gateway_name *from = NULL;
	struct arena a = { 0 };
	struct json_iter it;
	struct str topics;
	struct entry en;
	bool ok = gateway.len > 0 && !json_check(data, JSON_STRICT, NULL) &&
		  json_get(data, "topics", &topics) &&
		  json_type_of(topics) == JSON_ARRAY;

	it = json_iter(ok ? topics : STR("[]"));
	if (ok)
		from = get_gateway(p, gateway);
	while (from && json_next(&it)) {
		ok = read_entry(it.value, &a, &en);
		if (!ok)
			break;
		set_crowd(p, from, &en, &a, now_ms);
	}
	arena_free(&a);
	forget_gateways(p);
	return ok && from;
}

void presence_expire(struct presence *p, int64_t now_ms)
{
	struct place *pl, *next;

	for (pl = p->all; pl; pl = next) {
		struct crowd **at = &pl->others;

		next = pl->next_all;
		while (*at)
			if (now_ms - (*at)->heard_ms > PRESENCE_FORGET_MS)
				free_crowd(pl, at);
			else
				at = &(*at)->next;
		drop_empty(p, pl);
	}
	forget_gateways(p);
}

/* ---- telling others ---- */

static bool is_due(const struct place *pl, int64_t now_ms)
{
	if (pl->changed)
		return pl->own.count || pl->said;
	return pl->own.count && now_ms - pl->told_ms >= PRESENCE_REFRESH_MS;
}

static void tell_one(struct place *pl, int64_t now_ms, struct buf *b)
{
	buf_puts(b, b->len ? ",{\"topic\":" : "{\"topics\":[{\"topic\":");
	buf_json_str(b, str_from(pl->topic));
	buf_addf(b,
		 ",\"count\":%zu,\"anonymous\":%zu,\"users\":", pl->own.count,
		 pl->own.anonymous);
	names_print(&pl->own.users, NULL, b);
	buf_putc(b, '}');
	pl->changed = false;
	pl->said = pl->own.count > 0;
	pl->told_ms = now_ms;
}

bool presence_tell(struct presence *p, int64_t now_ms, struct buf *b)
{
	size_t n = p->counts.topics;

	buf_reset(b);
	for (; n > 0 && b->len < PRESENCE_MESSAGE_MAX; n--) {
		struct place *pl = p->at ? p->at : p->all;

		p->at = pl->next_all;
		if (is_due(pl, now_ms))
			tell_one(pl, now_ms, b);
		drop_empty(p, pl);
	}
	if (b->len)
		buf_puts(b, "]}");
	return b->len > 0;
}

/* ---- who asks ---- */

struct sum {
	size_t count, anonymous;
	struct names users;
};

static struct sum sum_of(const struct place *pl)
{
	struct sum s = { 0 };

	if (!pl)
		return s;
	s.count = pl->own.count;
	s.anonymous = pl->own.anonymous;
	names_add_all(&s.users, &pl->own.users);
	for (const struct crowd *c = pl->others; c; c = c->next) {
		s.count += c->count;
		s.anonymous += c->anonymous;
		names_add_all(&s.users, &c->users);
	}
	return s;
}

void presence_print(struct presence *p, struct str topic, struct buf *b)
{
	struct sum s = sum_of(*find_place(p, topic));

	buf_puts(b, "{\"topic\":");
	buf_json_str(b, topic);
	buf_addf(b, ",\"count\":%zu,\"users\":", s.count);
	names_print(&s.users, NULL, b);
	buf_addf(b, ",\"anonymous\":%zu}", s.anonymous);
	names_free(&s.users);
}

static void print_change(const struct place *pl, size_t count,
			 const struct names *now, const struct names *before,
			 struct buf *b)
{
	const struct names none = { 0 };

	buf_puts(b, "{\"presence\":{\"topic\":");
	buf_json_str(b, str_from(pl->topic));
	buf_addf(b, ",\"count\":%zu%s,\"joined\":", count,
		 before ? "" : ",\"all\":true");
	names_print(now, before, b);
	buf_puts(b, ",\"left\":");
	names_print(before ? before : &none, now, b);
	buf_puts(b, "}}");
}

bool presence_watch(struct presence *p, struct str topic, void *watcher,
		    struct buf *b)
{
	struct place *pl = get_place(p, topic);

	if (!pl)
		return false;
	for (size_t i = 0; i < pl->n_watchers; i++)
		if (pl->watcher[i] == watcher)
			return true;
	if (pl->n_watchers == 0) {
		struct sum s = sum_of(pl);

		names_free(&pl->told);
		pl->told = s.users;
		pl->told_count = s.count;
		pl->news = false;
	}
	xgrow(&pl->watcher, &pl->cap_watchers, pl->n_watchers,
	      sizeof(*pl->watcher));
	pl->watcher[pl->n_watchers++] = watcher;
	print_change(pl, pl->told_count, &pl->told, NULL, b);
	return true;
}

void presence_unwatch(struct presence *p, struct str topic, void *watcher)
{
	struct place *pl = *find_place(p, topic);

	for (size_t i = 0; pl && i < pl->n_watchers; i++)
		if (pl->watcher[i] == watcher) {
			pl->watcher[i] = pl->watcher[--pl->n_watchers];
			break;
		}
	if (pl)
		drop_empty(p, pl);
}

void presence_changes(struct presence *p,
		      void (*fn)(void *watcher, struct str message))
{
	struct buf b = { 0 };

	for (struct place *pl = p->all; pl; pl = pl->next_all) {
		struct sum s;

		if (!pl->n_watchers || !pl->news)
			continue;
		pl->news = false;
		s = sum_of(pl);
		if (s.count == pl->told_count &&
		    names_eq(&s.users, &pl->told)) {
			names_free(&s.users);
			continue;
		}
		buf_reset(&b);
		print_change(pl, s.count, &s.users, &pl->told, &b);
		names_free(&pl->told);
		pl->told = s.users;
		pl->told_count = s.count;
		for (size_t i = 0; i < pl->n_watchers; i++)
			fn(pl->watcher[i], buf_str(&b));
	}
	buf_free(&b);
}

/* ---- life ---- */

struct presence *presence_new(void)
{
	return xcalloc(1, sizeof(struct presence));
}

void presence_free(struct presence **pp)
{
	struct presence *p = *pp;

	while (p && p->all) {
		struct place *pl = p->all;

		while (pl->others)
			free_crowd(pl, &pl->others);
		free_place(p, find_place(p, str_from(pl->topic)));
	}
	if (p)
		forget_gateways(p);
	free(p);
	*pp = NULL;
}

struct presence_counts presence_count(const struct presence *p)
{
	return p->counts;
}
