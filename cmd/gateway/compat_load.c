/* Reading the table: what is wrong is said with its line. */
#include "compat_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

struct loading {
	struct compat *t;
	struct err *e;
};

static size_t line_of(const struct compat *t, const char *at)
{
	size_t line = 1;

	for (const char *p = t->text.p; p < at; p++)
		line += *p == '\n';
	return line;
}

/* False, for the one who returns it. */
static bool __attribute__((format(printf, 3, 4)))
fail(struct loading *l, struct str at, const char *fmt, ...)
{
	char why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	str_make_printable(why);
	err_set(l->e, EX_CONFIG, "line %zu: %s", line_of(l->t, at.p), why);
	return false;
}

/* ---- small values ---- */

static bool read_text(struct loading *l, struct str json, struct str *text_r)
{
	if (!json_text(json, &l->t->arena, text_r) || text_r->len == 0)
		return fail(l, json, "a text is wanted here");
	if (text_r->len > COMPAT_NAME_MAX)
		return fail(l, json, "more than %d bytes", COMPAT_NAME_MAX);
	return true;
}

static bool read_quoted(struct loading *l, struct str json, struct str *text_r)
{
	struct str text;

	*text_r = json;
	return read_text(l, json, &text);
}

static bool read_bool(struct loading *l, struct str json, bool *v_r)
{
	*v_r = str_is(json, "true");
	return json_type_of(json) == JSON_BOOL ||
	       fail(l, json, "true or false is wanted here");
}

static bool read_name(struct loading *l, struct str json, struct name *n)
{
	struct str text;
	size_t open, close;

	if (!read_text(l, json, &text))
		return false;
	open = str_chr(text, '{');
	close = str_chr(text, '}');
	*n = (struct name){ .before = text };
	if (open == (size_t)-1 && close == (size_t)-1)
		return true;
	if (open == (size_t)-1 || close == (size_t)-1 || close <= open + 1 ||
	    str_chr(str_sub(text, open + 1, text.len), '{') != (size_t)-1 ||
	    str_chr(str_sub(text, close + 1, text.len), '}') != (size_t)-1)
		return fail(l, json, "one name in braces, at most");
	n->open = true;
	n->before = str_sub(text, 0, open);
	n->var = str_sub(text, open + 1, close);
	n->after = str_sub(text, close + 1, text.len);
	return true;
}

static bool read_mold(struct loading *l, struct str json,
		      const struct mold **m_r)
{
	struct str at = json;
	struct err e;

	*m_r = mold_compile(json, &l->t->arena, &at, &e);
	return *m_r || fail(l, at, "%s", e.msg);
}

/* The value that a name has in its braces. */
static bool read_var(struct loading *l, struct str json, const struct name *n,
		     const struct mold **m_r)
{
	struct err e;

	if (!n->open)
		return true;
	*m_r = mold_compile_value(n->var, &l->t->arena, &e);
	return *m_r || fail(l, json, "%s", e.msg);
}

static bool check_pattern(struct loading *l, struct str json, struct str text)
{
	struct err e;

	return pattern_check(text, &e) == 0 || fail(l, json, "%s", e.msg);
}

/* ---- arrays ---- */

static size_t count(struct str json)
{
	struct json_iter it = json_iter(json);
	size_t n = 0;

	while (json_next(&it))
		n++;
	return n;
}

typedef bool read_fn(struct loading *l, struct str json, void *out);

/* An array, or (lone) a single one for itself; each element of `size` bytes. */
static bool read_array(struct loading *l, struct str json, size_t size,
		       read_fn *fn, bool lone, void *v_r, size_t *n_r)
{
	bool is_array = json_type_of(json) == JSON_ARRAY;
	struct json_iter it = json_iter(json);
	char *v;

	if (!is_array && !lone)
		return fail(l, json, "an array is wanted here");
	v = arena_alloc(&l->t->arena, (count(json) + 1) * size);
	memcpy(v_r, &v, sizeof(v)); /* whatever it points to */
	if (!is_array) {
		*n_r = 1;
		return fn(l, json, v);
	}
	for (*n_r = 0; json_next(&it); ++*n_r)
		if (!fn(l, it.value, v + *n_r * size))
			return false;
	return *n_r || fail(l, json, "the array is empty");
}

static bool one_text(struct loading *l, struct str json, void *out)
{
	return read_text(l, json, out);
}

static bool one_name(struct loading *l, struct str json, void *out)
{
	return read_name(l, json, out);
}

static bool read_names(struct loading *l, struct str json, struct name **v_r,
		       size_t *n_r)
{
	return read_array(l, json, sizeof(**v_r), one_name, true, v_r, n_r);
}

/* Topics whose braces are a user, or what those of `of` stand for. */
static bool read_topics(struct loading *l, struct str json,
			const struct name *of, struct name **v_r, size_t *n_r)
{
	if (!read_names(l, json, v_r, n_r))
		return false;
	for (size_t i = 0; i < *n_r; i++) {
		const struct name *n = &(*v_r)[i];

		if (n->open && !str_is(n->var, "user") &&
		    !(of->open && str_eq(n->var, of->var)))
			return fail(l, json, "{%.*s} is not known here",
				    STR_ARG(n->var));
		if (!n->open && !check_pattern(l, json, n->before))
			return false;
	}
	return true;
}

/* ---- objects: each member by its name ---- */

/* Members that an object may have, in `has` those that it has. */
struct members {
	const char *const *name;
	size_t n;
	struct str value[8];
};

static bool read_members(struct loading *l, struct str json, struct members *m)
{
	struct json_iter it = json_iter(json);

	if (json_type_of(json) != JSON_OBJECT)
		return fail(l, json, "an object is wanted here");
	while (json_next(&it)) {
		size_t i = 0;

		while (i < m->n && !str_is(it.key, m->name[i]))
			i++;
		if (i == m->n)
			return fail(l, it.value, "%.*s: unknown member",
				    STR_ARG(str_utf8_prefix(it.key, 64)));
		m->value[i] = it.value;
	}
	return true;
}

static bool need(struct loading *l, struct str json, const struct members *m,
		 size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!m->value[i].p)
			return fail(l, json, "%s is missing", m->name[i]);
	return true;
}

static bool one_greeting(struct loading *l, struct str json, void *out)
{
	static const char *const names[] = { "event", "data" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };
	struct say *s = out;

	return read_members(l, json, &m) && need(l, json, &m, 2) &&
	       read_quoted(l, m.value[0], &s->name) &&
	       read_mold(l, m.value[1], &s->data);
}

static bool one_answer(struct loading *l, struct str json, void *out)
{
	static const char *const names[] = { "event", "answer", "data" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };
	struct say *s = out;

	return read_members(l, json, &m) && need(l, json, &m, 3) &&
	       read_text(l, m.value[0], &s->event) &&
	       read_quoted(l, m.value[1], &s->name) &&
	       read_mold(l, m.value[2], &s->data);
}

static bool one_event(struct loading *l, struct str json, void *out)
{
	static const char *const names[] = { "topic", "event", "data",
					     "merge" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };
	struct event_rule *r = out;

	if (!read_members(l, json, &m) || !need(l, json, &m, 3) ||
	    !read_text(l, m.value[0], &r->topic) ||
	    !check_pattern(l, m.value[0], r->topic) ||
	    !read_names(l, m.value[1], &r->name, &r->n_names) ||
	    !read_mold(l, m.value[2], &r->data))
		return false;
	return !m.value[3].p || read_mold(l, m.value[3], &r->merge);
}

static bool one_room(struct loading *l, struct str json, void *out)
{
	static const char *const names[] = { "room", "topics", "instead_of" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };
	struct room_rule *r = out;

	return read_members(l, json, &m) && need(l, json, &m, 2) &&
	       read_name(l, m.value[0], &r->name) &&
	       read_topics(l, m.value[1], &r->name, &r->topic, &r->n_topics) &&
	       (!m.value[2].p || read_text(l, m.value[2], &r->left));
}

static bool one_publish(struct loading *l, struct str json, void *out)
{
	static const char *const names[] = { "event", "topic", "data" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };
	struct publish_rule *r = out;

	return read_members(l, json, &m) && need(l, json, &m, 3) &&
	       read_name(l, m.value[0], &r->name) &&
	       read_name(l, m.value[1], &r->topic) &&
	       read_var(l, m.value[1], &r->topic, &r->var) &&
	       read_mold(l, m.value[2], &r->data);
}

/* ---- paths ---- */

static bool read_action(struct loading *l, struct str json, struct action *a)
{
	static const char *const names[] = { "event", "data" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };

	return read_members(l, json, &m) && need(l, json, &m, 2) &&
	       read_name(l, m.value[0], &a->name) &&
	       read_var(l, m.value[0], &a->name, &a->var) &&
	       read_mold(l, m.value[1], &a->data);
}

static bool read_actions(struct loading *l, struct str json,
			 struct path_rule *r)
{
	struct json_iter it = json_iter(json);

	if (json_type_of(json) != JSON_OBJECT)
		return fail(l, json, "an object is wanted here");
	r->action = arena_alloc(&l->t->arena,
				(count(json) + 1) * sizeof(*r->action));
	while (json_next(&it)) {
		struct action *a = &r->action[r->n_actions++];

		a->word = json_name(it.key, &l->t->arena);
		if (!read_action(l, it.value, a))
			return false;
	}
	return true;
}

/* What is published whatever the body says. */
static bool read_lone_action(struct loading *l, struct str json,
			     struct path_rule *r)
{
	if (r->n_actions)
		return fail(l, json, "one of actions and publish");
	r->action = arena_alloc(&l->t->arena, sizeof(*r->action));
	r->n_actions = 1;
	return read_action(l, json, r->action);
}

static bool one_path(struct loading *l, struct str json, void *out)
{
	static const char *const names[] = { "path",   "topics",  "as",
					     "status", "actions", "same",
					     "publish" };
	struct members m = { names, ARRAY_LEN(names), { { 0 } } };
	struct path_rule *r = out;

	if (!read_members(l, json, &m) || !need(l, json, &m, 1) ||
	    !read_name(l, m.value[0], &r->path))
		return false;
	if (!str_starts(r->path.before, STR("/")))
		return fail(l, m.value[0], "a path starts with '/'");
	if (m.value[1].p &&
	    !read_topics(l, m.value[1], &r->path, &r->topic, &r->n_topics))
		return false;
	r->as = STR("events");
	if ((m.value[2].p && !read_text(l, m.value[2], &r->as)) ||
	    (m.value[3].p && !read_bool(l, m.value[3], &r->status)) ||
	    (m.value[4].p && !read_actions(l, m.value[4], r)) ||
	    (m.value[5].p && !read_text(l, m.value[5], &r->same)) ||
	    (m.value[6].p && !read_lone_action(l, m.value[6], r)))
		return false;
	if ((r->n_topics > 0) + r->status + (r->same.p != NULL) > 1 ||
	    (!r->n_topics && !r->status && !r->same.p && !r->n_actions))
		return fail(l, json, "one of topics, status and same");
	return true;
}

/* ---- the whole ---- */

/* The members of the table; all may be left out. */
static bool read_table(struct loading *l)
{
	static const char *const names[] = {
		"namespaces", "first_rooms", "greetings", "answers", "events",
		"rooms",      "publish",     "paths",	  "recovery"
	};
	struct compat *t = l->t;
	const struct {
		size_t size;
		read_fn *fn;
		void *v_r;
		size_t *n_r;
	} lists[] = {
		{ sizeof(*t->nsp), one_text, &t->nsp, &t->n_nsps },
		{ sizeof(*t->first), one_text, &t->first, &t->n_firsts },
		{ sizeof(*t->greeting), one_greeting, &t->greeting,
		  &t->n_greetings },
		{ sizeof(*t->answer), one_answer, &t->answer, &t->n_answers },
		{ sizeof(*t->event), one_event, &t->event, &t->n_events },
		{ sizeof(*t->room), one_room, &t->room, &t->n_rooms },
		{ sizeof(*t->publish), one_publish, &t->publish,
		  &t->n_publishes },
		{ sizeof(*t->path), one_path, &t->path, &t->n_paths },
	};
	struct str table = json_trim(t->text);
	struct json_iter it = json_iter(table);

	if (json_type_of(table) != JSON_OBJECT)
		return fail(l, table, "the table is not an object");
	while (json_next(&it)) {
		size_t i = 0;

		while (i < ARRAY_LEN(names) && !str_is(it.key, names[i]))
			i++;
		if (i == ARRAY_LEN(names))
			return fail(l, it.value, "%.*s: unknown member",
				    STR_ARG(str_utf8_prefix(it.key, 64)));
		if (i < ARRAY_LEN(lists)
			    ? !read_array(l, it.value, lists[i].size,
					  lists[i].fn, false, lists[i].v_r,
					  lists[i].n_r)
			    : !read_bool(l, it.value, &t->recovers))
			return false;
	}
	return true;
}

/* What is true of several parts together. */
static bool check_table(struct loading *l)
{
	struct compat *t = l->t;

	if (t->n_nsps == 0) {
		t->nsp = arena_alloc(&t->arena, sizeof(*t->nsp));
		t->nsp[t->n_nsps++] = STR("/");
	}
	if (t->n_nsps > COMPAT_NAMESPACES_MAX)
		return fail(l, t->text, "more than %d namespaces",
			    COMPAT_NAMESPACES_MAX);
	for (size_t i = 0; i < t->n_nsps; i++)
		if (!str_starts(t->nsp[i], STR("/")))
			return fail(l, t->text, "a namespace starts with '/'");
	for (size_t i = 0; i < t->n_firsts; i++) {
		struct patterns set = { 0 };
		bool known = compat_room(t, t->first[i], STR("u"), &set);

		patterns_free(&set);
		if (!known)
			return fail(l, t->text,
				    "first_rooms: %.*s: no such room",
				    STR_ARG(str_utf8_prefix(t->first[i], 64)));
	}
	return true;
}

/* json_check() says "byte N": the line is what people look for. */
static int not_json(struct compat *t, const struct err *why, struct err *e)
{
	const char *at = strstr(why->msg, "byte ");
	size_t byte = at ? (size_t)strtoul(at + 5, NULL, 10) : 1;

	if (byte == 0 || byte > t->text.len + 1)
		byte = 1;
	return err_set(e, EX_CONFIG, "line %zu: %s",
		       line_of(t, t->text.p + byte - 1), why->msg);
}

struct compat *compat_parse(struct str text, struct err *e)
{
	struct compat *t = xcalloc(1, sizeof(*t));
	struct loading l = { t, e };
	struct err why;

	if (text.len > COMPAT_FILE_MAX) {
		err_set(e, EX_CONFIG, "line 1: more than %d bytes",
			COMPAT_FILE_MAX);
		compat_free(&t);
		return NULL;
	}
	t->text = arena_str(&t->arena, text);
	if (json_check(t->text, JSON_STRICT, &why))
		not_json(t, &why, e);
	else if (read_table(&l) && check_table(&l))
		return t;
	compat_free(&t);
	return NULL;
}

void compat_free(struct compat **tp)
{
	if (!*tp)
		return;
	arena_free(&(*tp)->arena);
	free(*tp);
	*tp = NULL;
}
