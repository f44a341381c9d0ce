#include "way.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/xmem.h"

const char *way_role_name(enum way_role r)
{
	static const char *const names[] = { "in force", "cause", "this",
					     "follows" };

	return names[r];
}

struct walk {
	struct way *w;
	struct journal *j;
	uint64_t look;
	struct str id;	    /* what is looked for: "SOURCE ID", or an alert's */
	struct event found; /* a copy */
	bool done;	    /* a scan has what it wanted */
	uint64_t passed;    /* offers that were none of the watch's */
	uint64_t on_way[2 * WAY_STEPS_MAX]; /* hashes; see is_on_way() */
	size_t n_on_way;
	struct arena scratch;
};

/* ---- pieces of events ---- */

static struct str copy(struct arena *a, struct str s)
{
	return s.p ? arena_str(a, s) : s;
}

static struct event copy_event(struct arena *a, const struct event *ev)
{
	struct event c = *ev;

	c.topic = copy(a, ev->topic);
	c.source = copy(a, ev->source);
	c.idtext = copy(a, ev->idtext);
	c.ext = copy(a, ev->ext);
	c.data = copy(a, ev->data);
	return c;
}

static bool is_alert(const struct event *ev)
{
	return str_starts(ev->topic, STR("alert."));
}

static bool is_notification(const struct event *ev)
{
	return event_is(ev, "user.notification");
}

/* The id of the alert that it is, or tells of; absent: none. */
static struct str alert_of(const struct event *ev, struct arena *a)
{
	if (event_is(ev, "alert.ack"))
		return event_subject(ev);
	if (is_alert(ev))
		return json_get_text(ev->data, "id", a);
	if (is_notification(ev))
		return json_get_text(ev->data, "alert", a);
	return (struct str){ 0 };
}

/* ---- looking for one ---- */

static int take(void *arg, const struct event *ev, struct err *e)
{
	struct walk *k = arg;

	(void)e;
	k->found = copy_event(&k->w->arena, ev);
	k->done = true;
	return 1;
}

static int match_name(void *arg, const struct event *ev, struct err *e)
{
	struct walk *k = arg;

	arena_reset(&k->scratch);
	if (!str_starts(k->id, ev->source) ||
	    !str_eq(event_cause(ev, &k->scratch), k->id))
		return 0;
	return take(k, ev, e);
}

static int match_alert(void *arg, const struct event *ev, struct err *e)
{
	struct walk *k = arg;

	arena_reset(&k->scratch);
	if (!is_alert(ev) || !str_eq(alert_of(ev, &k->scratch), k->id))
		return 0;
	return take(k, ev, e);
}

/* In pieces, so that no snapshot is held for long. As journal_scan(). */
static int scan(struct walk *k, struct journal_scan *s, journal_fn *fn,
		struct err *e)
{
	enum { PIECE = 10000 };
	uint64_t left = k->look;
	int rc = 1;

	for (k->done = false; rc > 0 && !k->done && left > 0;
	     left -= s->budget) {
		s->budget = left < PIECE ? left : PIECE;
		rc = journal_scan(k->j, s, fn, k, &s->from, e);
		if (s->reverse && s->from < s->until)
			break;
	}
	return rc;
}

/* Down from below `from`, not below `until`. 1: k->found; 0; -1. */
static int seek(struct walk *k, journal_fn *match, uint64_t from,
		uint64_t until, struct err *e)
{
	struct journal_scan s = { .from = from - 1,
				  .until = until ? until : 1,
				  .reverse = true };

	if (from <= 1)
		return 0;
	return scan(k, &s, match, e) < 0 ? -1 : k->done;
}

/* ---- steps ---- */

/* False: there is no more room. */
static bool add(struct walk *k, const struct event *ev, enum way_role role)
{
	struct way *w = k->w;

	if (w->n == WAY_STEPS_MAX) {
		w->more = true;
		return false;
	}
	xgrow(&w->v, &w->cap, w->n, sizeof(*w->v));
	w->v[w->n++] = (struct way_step){ *ev, role };
	return true;
}

static bool is_there(const struct way *w, const struct event *ev)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].ev.offset == ev->offset)
			return true;
	return false;
}

/* A setting is shown once, where it first counts. */
static void add_setting(struct walk *k)
{
	if (k->done && !is_there(k->w, &k->found))
		add(k, &k->found, WAY_IN_FORCE);
}

/* The value that a setting had when the event was recorded. */
static int add_in_force(struct walk *k, const char *type, struct str id,
			uint64_t at, bool *found_r, struct err *e)
{
	struct buf topic = { 0 };
	int rc;

	*found_r = false;
	if (!id.p)
		return 0;
	buf_addf(&topic, "%s/%.*s", type, STR_ARG(id));
	k->done = false;
	rc = journal_history(k->j, buf_str(&topic), at, take, k, e);
	buf_free(&topic);
	if (rc < 0)
		return -1;
	*found_r = k->done;
	add_setting(k);
	return 0;
}

/* Does a silence, as it was set, cover alerts of this topic and user? */
static bool may_cover(const struct event *silence, struct str topic,
		      struct str user, struct arena *a)
{
	struct str pattern = json_get_text(silence->data, "pattern", a);
	struct str whose = json_get_text(silence->data, "user", a);

	return (!pattern.p || topic_matches(topic, pattern)) &&
	       (!whose.p || str_eq(whose, user));
}

struct silences {
	struct walk *k;
	struct str topic, user;
	uint64_t at;
};

static int on_silence(void *arg, const struct journal_topic *t, struct err *e)
{
	struct silences *s = arg;
	struct arena *a = &s->k->w->arena;

	s->k->done = false;
	if (journal_history(s->k->j, arena_str(a, t->topic), s->at, take, s->k,
			    e) < 0)
		return -1;
	if (s->k->done && may_cover(&s->k->found, s->topic, s->user, a))
		add_setting(s->k);
	return 0;
}

/* What silenced an alert: those set then whose pattern and user are its own. */
static int add_silences(struct walk *k, const struct event *alert,
			struct err *e)
{
	struct arena *a = &k->w->arena;
	struct silences s = { .k = k, .at = alert->offset };
	struct buf topic = { 0 };

	if (!event_is(alert, "alert.suppressed") ||
	    !str_is(json_get_text(alert->data, "reason", a), "silence"))
		return 0;
	buf_puts(&topic, "alert.new/");
	buf_add_str(&topic, event_subject(alert));
	s.topic = arena_str(a, buf_str(&topic));
	s.user = json_get_text(alert->data, "user", a);
	buf_free(&topic);
	return journal_topics(k->j, STR("silence.set/"), (struct str){ 0 },
			      on_silence, &s, e) < 0
		       ? -1
		       : 0;
}

/* When a user is told depends on what the user has set. */
static int add_user(struct walk *k, const struct event *note, struct err *e)
{
	bool found;

	return add_in_force(k, "user.set", event_subject(note), note->offset,
			    &found, e);
}

static int add_rule(struct walk *k, const struct event *alert, struct err *e)
{
	struct arena *a = &k->w->arena;
	struct str rule = json_get_text(alert->data, "rule", a);
	bool found;

	if (add_in_force(k, "rule.set", rule, alert->offset, &found, e))
		return -1;
	return found ? 0
		     : add_in_force(k, "search.set", rule, alert->offset,
				    &found, e);
}

/*
 * A message of a chat has no record of its own: the chat's definition, and how
 * it was connected, stand for the request and its answer.
 */
static int add_stream(struct walk *k, const struct event *ev, struct err *e)
{
	static const char *const types[] = { "watch.set", "session.start",
					     "scraper.status" };
	struct str id = json_get_text(ev->data, "stream", &k->w->arena);
	bool found;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (!event_is(ev, types[i]) &&
		    add_in_force(k, types[i], id, ev->offset, &found, e))
			return -1;
	return 0;
}

/* What was read, by the watch that read it. */
static int add_watch(struct walk *k, const struct event *ev, struct err *e)
{
	struct str id = json_get_text(ev->data, "watch", &k->w->arena);
	bool found;

	if (event_is(ev, "watch.set"))
		return 0;
	return id.p ? add_in_force(k, "watch.set", id, ev->offset, &found, e)
		    : add_stream(k, ev, e);
}

/* Is the request of this watch on the way? */
static bool was_asked(const struct walk *k, struct str watch)
{
	for (size_t i = 0; i < k->w->n; i++) {
		const struct event *ev = &k->w->v[i].ev;

		if (event_is(ev, "observation.record") &&
		    str_eq(event_subject(ev), watch))
			return true;
	}
	return false;
}

static int match_offer(void *arg, const struct event *ev, struct err *e)
{
	struct walk *k = arg;

	arena_reset(&k->scratch);
	if (!str_eq(json_get_text(ev->data, "watch", &k->scratch), k->id))
		return ++k->passed >= k->look;
	return take(k, ev, e);
}

/*
 * The best of several offers may be another than the one that changed: then it
 * stands beside that as it was last told.
 */
static int add_offer(struct walk *k, const struct event *ev, struct err *e)
{
	struct buf topic = { 0 };
	struct str offers;
	int rc;

	if (!event_is(ev, "price.update") ||
	    !json_get(ev->data, "offers", &offers))
		return 0;
	k->id = json_get_text(ev->data, "watch", &k->w->arena);
	if (!k->id.p || was_asked(k, k->id))
		return 0;
	buf_addf(&topic, "offer.update/%.*s", STR_ARG(event_subject(ev)));
	k->done = false;
	k->passed = 0;
	rc = journal_history(k->j, buf_str(&topic), ev->offset, match_offer, k,
			     e);
	buf_free(&topic);
	if (rc >= 0 && k->done)
		add(k, &k->found, WAY_IN_FORCE);
	return rc < 0 ? -1 : 0;
}

static int add_step(struct walk *k, const struct event *ev, enum way_role role,
		    struct err *e)
{
	if ((is_alert(ev) && !event_is(ev, "alert.ack") &&
	     (add_rule(k, ev, e) || add_silences(k, ev, e))) ||
	    (is_notification(ev) && add_user(k, ev, e)) || add_offer(k, ev, e))
		return -1;
	add(k, ev, role);
	return 0;
}

/* ---- backwards ---- */

/* All that led to *asked, the first one first. */
static int find_causes(struct walk *k, const struct event *asked,
		       struct event chain[], size_t *n_r, struct err *e)
{
	struct event at = *asked;
	size_t n = 0;
	int rc = 1;

	while (rc > 0 && n < WAY_DEPTH_MAX) {
		struct str alert = alert_of(&at, &k->w->arena);
		struct str cause = event_attr(&at, "cause", &k->w->arena);
		uint64_t below = at.offset;
		bool tells = is_notification(&at);

		if (!cause.p)
			break;
		k->id = cause;
		rc = seek(k, match_name, below, 0, e);
		if (rc == 0)
			k->w->lost = cause;
		at = k->found;
		if (rc > 0 && tells && alert.p) {
			k->id = alert;
			rc = seek(k, match_alert, below, at.offset, e);
			if (rc > 0)
				chain[n++] = k->found;
			rc = rc < 0 ? -1 : 1;
		}
		if (rc > 0)
			chain[n++] = at;
	}
	*n_r = n;
	return rc < 0 ? -1 : 0;
}

static int go_back(struct walk *k, const struct event *asked, struct err *e)
{
	struct event chain[2 * WAY_DEPTH_MAX];
	size_t n;

	if (find_causes(k, asked, chain, &n, e) ||
	    add_watch(k, n ? &chain[n - 1] : asked, e))
		return -1;
	while (n-- > 0)
		if (add_step(k, &chain[n], WAY_CAUSE, e))
			return -1;
	return 0;
}

/* ---- forwards ---- */

static void put_on_way(struct walk *k, struct str name)
{
	if (name.p && k->n_on_way < ARRAY_LEN(k->on_way))
		k->on_way[k->n_on_way++] = str_hash_id(name);
}

/* An event by its name, or an alert by its id. */
static bool is_on_way(const struct walk *k, struct str name)
{
	uint64_t hash = name.p ? str_hash_id(name) : 0;

	for (size_t i = 0; name.p && i < k->n_on_way; i++)
		if (k->on_way[i] == hash)
			return true;
	return false;
}

/* A notification may tell of several. */
static bool tells_of(const struct walk *k, const struct event *ev,
		     struct arena *a)
{
	struct str alerts, id;
	struct json_iter it;

	if (is_on_way(k, alert_of(ev, a)))
		return true;
	if (!is_notification(ev) || !json_get(ev->data, "alerts", &alerts))
		return false;
	it = json_iter(alerts);
	while (json_next(&it))
		if (json_text(it.value, a, &id) && is_on_way(k, id))
			return true;
	return false;
}

static void stand_on(struct walk *k, const struct event *ev)
{
	put_on_way(k, event_cause(ev, &k->scratch));
	if (is_alert(ev))
		put_on_way(k, alert_of(ev, &k->scratch));
}

static int follow(void *arg, const struct event *ev, struct err *e)
{
	struct walk *k = arg;
	struct event mine;

	arena_reset(&k->scratch);
	if (!is_on_way(k, event_attr(ev, "cause", &k->scratch)) &&
	    !tells_of(k, ev, &k->scratch))
		return 0;
	if (k->w->n == WAY_STEPS_MAX) {
		k->w->more = k->done = true;
		return 1;
	}
	mine = copy_event(&k->w->arena, ev);
	stand_on(k, &mine);
	return add_step(k, &mine, WAY_FOLLOWS, e);
}

static int go_on(struct walk *k, const struct event *asked, struct err *e)
{
	struct journal_scan s = { .from = asked->offset + 1 };
	int rc;

	stand_on(k, asked);
	rc = scan(k, &s, follow, e);
	k->w->cut = rc > 0 && !k->w->more;
	return rc < 0 ? -1 : 0;
}

int way_find(struct way *w, struct journal *j, uint64_t offset, uint64_t look,
	     struct err *e)
{
	struct walk k = { .w = w, .j = j, .look = look };
	struct event asked;
	int rc = journal_get(j, offset, take, &k, e);

	if (rc <= 0)
		return rc;
	asked = k.found;
	if (go_back(&k, &asked, e) || add_step(&k, &asked, WAY_ASKED, e) ||
	    go_on(&k, &asked, e))
		rc = -1;
	arena_free(&k.scratch);
	return rc;
}

void way_free(struct way *w)
{
	free(w->v);
	arena_free(&w->arena);
	*w = (struct way){ 0 };
}
