#include "compat_private.h"

#include <string.h>
#include <sysexits.h>

#include "common/json.h"

/* ---- names ---- */

bool name_match(const struct name *n, struct str text, struct str *var_r)
{
	struct str none = { 0 };

	*var_r = none;
	if (!n->open)
		return str_eq(n->before, text);
	if (text.len <= n->before.len + n->after.len ||
	    !str_starts(text, n->before) || !str_ends(text, n->after))
		return false;
	*var_r = str_sub(text, n->before.len, text.len - n->after.len);
	return str_chr(*var_r, '/') == (size_t)-1;
}

void name_fill(const struct name *n, struct str var, struct buf *b)
{
	buf_add_str(b, n->before);
	if (n->open)
		buf_add_str(b, var);
	buf_add_str(b, n->after);
}

/* ---- what a client is told by itself ---- */

struct str compat_namespace(const struct compat *t, size_t i)
{
	struct str none = { 0 };

	return i < t->n_nsps ? t->nsp[i] : none;
}

bool compat_recovers(const struct compat *t)
{
	return t->recovers;
}

static bool print_say(const struct say *s, const struct mold_scope *scope,
		      struct str *name_r, struct buf *payload)
{
	*name_r = s->name;
	if (!mold_print(s->data, scope, payload))
		buf_puts(payload, "null");
	return true;
}

bool compat_greeting(const struct compat *t, size_t i,
		     const struct mold_scope *s, struct str *name_r,
		     struct buf *payload)
{
	return i < t->n_greetings &&
	       print_say(&t->greeting[i], s, name_r, payload);
}

bool compat_answer(const struct compat *t, struct str name,
		   const struct mold_scope *s, struct str *name_r,
		   struct buf *payload)
{
	for (size_t i = 0; i < t->n_answers; i++)
		if (str_eq(t->answer[i].event, name))
			return print_say(&t->answer[i], s, name_r, payload);
	return false;
}

/* ---- events ---- */

static const struct event_rule *find_event(const struct compat *t,
					   struct str topic)
{
	for (size_t i = 0; i < t->n_events; i++)
		if (topic_matches(topic, t->event[i].topic))
			return &t->event[i];
	return NULL;
}

/* The newest values of a prefix, as one object. */
struct merging {
	const struct event_rule *rule;
	const struct event *now; /* holds for its topic, or NULL */
	struct buf *b;
	size_t n;
};

static void merge_one(struct merging *m, const struct event *ev)
{
	const struct mold_scope s = { .ev = ev, .data = ev->data };
	size_t before = m->b->len;
	struct str subject = event_subject(ev);

	if (!subject.p || m->n == COMPAT_MERGED_MAX)
		return;
	if (m->n)
		buf_putc(m->b, ',');
	buf_json_str(m->b, subject);
	buf_putc(m->b, ':');
	if (mold_print(m->rule->merge, &s, m->b))
		m->n++;
	else
		m->b->len = before;
}

static void merge_past(void *arg, const struct event *ev)
{
	struct merging *m = arg;

	/* A deleted value is none any more. */
	if ((m->now && str_eq(m->now->topic, ev->topic)) || !ev->data.p ||
	    json_type_of(json_trim(ev->data)) == JSON_NULL)
		return;
	merge_one(m, ev);
}

static void merge(const struct event_rule *rule, const struct event *now,
		  const struct compat_past *past, struct buf *b)
{
	struct merging m = { rule, now, b, 0 };

	buf_putc(b, '{');
	if (now)
		merge_one(&m, now);
	if (past && past->each)
		past->each(past->arg, rule->topic, merge_past, &m);
	buf_putc(b, '}');
}

static void print_event(const struct event_rule *rule,
			const struct mold_scope *scope,
			const struct compat_past *past, struct buf *b)
{
	struct mold_scope s = *scope;
	struct buf merged = { 0 };

	if (rule->merge) {
		merge(rule, s.ev, past, &merged);
		s.merged = buf_str(&merged);
	}
	if (!mold_print(rule->data, &s, b))
		buf_puts(b, "null");
	buf_free(&merged);
}

void compat_payload(const struct compat *t, const struct event *ev,
		    const struct compat_past *past, struct buf *b)
{
	const struct event_rule *rule = find_event(t, ev->topic);
	const struct mold_scope s = { .ev = ev, .data = ev->data };

	if (rule)
		print_event(rule, &s, past, b);
	else
		event_print(ev, EVENT_BRIEF, b);
}

static void tell(const struct event_rule *rule, struct str subject,
		 struct str payload, compat_fn *fn, void *arg)
{
	for (size_t i = 0; i < rule->n_names; i++) {
		struct buf text = { 0 }, quoted = { 0 };

		if (rule->name[i].open && !subject.p)
			continue;
		name_fill(&rule->name[i], subject, &text);
		buf_json_str(&quoted, buf_str(&text));
		fn(arg, buf_str(&quoted), payload);
		buf_free(&text);
		buf_free(&quoted);
	}
}

void compat_event(const struct compat *t, const struct event *ev,
		  const struct compat_past *past, compat_fn *fn, void *arg)
{
	const struct event_rule *rule = find_event(t, ev->topic);
	struct buf payload = { 0 }, name = { 0 };

	compat_payload(t, ev, past, &payload);
	if (rule) {
		tell(rule, event_subject(ev), buf_str(&payload), fn, arg);
	} else {
		buf_json_str(&name, event_type(ev));
		fn(arg, buf_str(&name), buf_str(&payload));
	}
	buf_free(&payload);
	buf_free(&name);
}

/* ---- rooms ---- */

static const struct room_rule *find_room(const struct compat *t,
					 struct str room, struct str *var_r)
{
	for (size_t i = 0; i < t->n_rooms; i++)
		if (name_match(&t->room[i].name, room, var_r))
			return &t->room[i];
	return NULL;
}

/* An event whose name, without braces, this is. */
static const struct event_rule *find_named(const struct compat *t,
					   struct str name)
{
	for (size_t i = 0; i < t->n_events; i++)
		for (size_t k = 0; k < t->event[i].n_names; k++)
			if (!t->event[i].name[k].open &&
			    str_eq(t->event[i].name[k].before, name))
				return &t->event[i];
	return NULL;
}

/* What stands in braces must not make a pattern of its own. */
static bool is_part(const struct name *topic, struct str with)
{
	if (!topic->open)
		return true;
	if (str_is(topic->var, "user"))
		return with.len && str_chr(with, '/') == (size_t)-1 &&
		       !str_ends(with, STR("."));
	return str_is_id(with) && !str_ends(with, STR("."));
}

/* False: a topic would not be one, or there is no user. */
static bool add_topics(const struct name *topic, size_t n, struct str var,
		       struct str user, struct patterns *set)
{
	struct buf b = { 0 };
	struct err e;
	bool ok = true;

	for (size_t i = 0; ok && i < n; i++) {
		struct str with = str_is(topic[i].var, "user") ? user : var;

		buf_reset(&b);
		name_fill(&topic[i], with, &b);
		ok = is_part(&topic[i], with) &&
		     pattern_check(buf_str(&b), &e) == 0 &&
		     patterns_add(set, buf_str(&b));
	}
	buf_free(&b);
	return ok;
}

bool compat_room(const struct compat *t, struct str room, struct str user,
		 struct patterns *set)
{
	struct str var;
	const struct room_rule *r = find_room(t, room, &var);
	const struct event_rule *ev = r ? NULL : find_named(t, room);
	struct err e;

	if (room.len == 0 || room.len > COMPAT_NAME_MAX)
		return false;
	if (r)
		return add_topics(r->topic, r->n_topics, var, user, set);
	if (ev)
		return patterns_add(set, ev->topic);
	return str_chr(room, '.') != (size_t)-1 &&
	       pattern_check(room, &e) == 0 && patterns_add(set, room);
}

bool compat_room_for(const struct compat *t, struct str var, struct str value,
		     struct buf *b)
{
	for (size_t i = 0; i < t->n_rooms; i++)
		if (t->room[i].name.open && str_eq(t->room[i].name.var, var)) {
			name_fill(&t->room[i].name, value, b);
			return true;
		}
	return false;
}

struct str compat_first_room(const struct compat *t, size_t i)
{
	struct str none = { 0 };

	return i < t->n_firsts ? t->first[i] : none;
}

struct str compat_left_for(const struct compat *t, struct str room)
{
	struct str var, none = { 0 };
	const struct room_rule *r = find_room(t, room, &var);

	return r ? r->left : none;
}

void compat_state(const struct compat *t, struct str room, int64_t now_us,
		  const struct compat_past *past, compat_fn *fn, void *arg)
{
	const struct mold_scope s = { .now_us = now_us };
	const struct str nobody = { 0 };
	struct patterns set = { 0 };

	if (!compat_room(t, room, nobody, &set))
		set.n = 0;
	for (size_t i = 0; i < t->n_events; i++) {
		const struct event_rule *rule = &t->event[i];
		struct buf payload = { 0 };

		for (size_t k = 0; rule->merge && k < set.n; k++) {
			if (!str_eq(set.v[k], rule->topic))
				continue;
			print_event(rule, &s, past, &payload);
			tell(rule, nobody, buf_str(&payload), fn, arg);
			break;
		}
		buf_free(&payload);
	}
	patterns_free(&set);
}

/* ---- publishing ---- */

static bool find_publish(const struct compat *t, struct str name,
			 struct str *var_r, const struct publish_rule **rule_r)
{
	for (size_t i = 0; i < t->n_publishes; i++)
		if (name_match(&t->publish[i].name, name, var_r)) {
			*rule_r = &t->publish[i];
			return true;
		}
	return false;
}

/* The name with its value in the braces. */
static bool fill(const struct name *n, const struct mold *var,
		 const struct mold_scope *s, struct arena *a,
		 struct str *text_r)
{
	struct str value = { 0 };
	struct buf b = { 0 };

	if (n->open)
		value = mold_text(var, s, a);
	if (n->open && value.len == 0)
		return false;
	name_fill(n, value, &b);
	*text_r = arena_str(a, buf_str(&b));
	buf_free(&b);
	return true;
}

static struct str print_mold(const struct mold *m, const struct mold_scope *s,
			     struct arena *a)
{
	struct buf b = { 0 };
	struct str text = STR("null");

	if (mold_print(m, s, &b))
		text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

int compat_publish(const struct compat *t, struct str name,
		   const struct mold_scope *scope, struct arena *a,
		   struct event *ev_r, struct err *e)
{
	struct mold_scope s = *scope;
	const struct publish_rule *r;

	*ev_r = (struct event){ .time_us = CLK_NONE, .recorded_us = CLK_NONE };
	if (!find_publish(t, name, &s.match, &r))
		return err_set(e, EX_USAGE,
			       "%.*s: nothing that can be published",
			       STR_ARG(str_utf8_prefix(name, 64)));
	if (!fill(&r->topic, r->var, &s, a, &ev_r->topic))
		return err_set(e, EX_DATAERR, "%.*s is missing or empty",
			       STR_ARG(str_utf8_prefix(r->topic.var, 64)));
	if (topic_check(ev_r->topic, e))
		return -1;
	ev_r->data = json_one_line(print_mold(r->data, &s, a), a);
	return 0;
}

/* ---- paths ---- */

static bool serves(const struct path_rule *r, bool is_write)
{
	return is_write ? r->n_actions > 0
			: r->n_topics > 0 || r->status || r->same.p;
}

static void describe(const struct path_rule *r, bool is_write,
		     struct compat_path *p)
{
	p->rule = r;
	p->as = r->as;
	p->same = r->same;
	if (is_write)
		p->kind = COMPAT_ACTIONS;
	else if (r->same.p)
		p->kind = COMPAT_SAME;
	else
		p->kind = r->status ? COMPAT_STATUS : COMPAT_HISTORY;
}

bool compat_path(const struct compat *t, struct str path, bool is_write,
		 struct compat_path *p_r, bool *other_r)
{
	*p_r = (struct compat_path){ .kind = COMPAT_HISTORY };
	*other_r = false;
	for (size_t i = 0; i < t->n_paths; i++) {
		const struct path_rule *r = &t->path[i];

		if (!name_match(&r->path, path, &p_r->var))
			continue;
		if (serves(r, is_write)) {
			describe(r, is_write, p_r);
			return true;
		}
		*other_r = true;
	}
	return false;
}

bool compat_path_patterns(const struct compat_path *p, struct str user,
			  struct patterns *set)
{
	return add_topics(p->rule->topic, p->rule->n_topics, p->var, user, set);
}

int compat_action(const struct compat_path *p, struct str body, struct arena *a,
		  struct str *name_r, struct str *payload_r, struct err *e)
{
	const struct mold_scope s = { .data = body, .match = p->var };
	struct str value, word = { 0 };

	if (json_get(body, "action", &value))
		json_text(value, a, &word);
	for (size_t i = 0; i < p->rule->n_actions; i++) {
		const struct action *act = &p->rule->action[i];

		if (act->word.p && !str_eq(act->word, word))
			continue;
		if (!fill(&act->name, act->var, &s, a, name_r))
			return err_set(e, EX_DATAERR,
				       "%.*s is missing or empty",
				       STR_ARG(act->name.var));
		*payload_r = print_mold(act->data, &s, a);
		return 0;
	}
	return err_set(e, EX_DATAERR, "action: not one of this path");
}
