/* What old clients call things: molds, the built-in table, tables of others. */
#include "cmd/gateway/compat.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define FIXTURES "tests/fixtures/compat"

/* A member as compact text, absent where there is none. */
static struct str text_of(const struct json *c, const char *key,
			  struct arena *a)
{
	const struct json *member = json_member(c, key);
	struct str none = { 0 };
	struct buf b = { 0 };

	if (!member)
		return none;
	json_print(member, &b);
	none = arena_str(a, buf_str(&b));
	buf_free(&b);
	return none;
}

static struct compat *built_in(void)
{
	struct err e = { 0 };
	struct compat *t = compat_parse(
		(struct str){ compat_default, compat_default_len }, &e);

	if (!t)
		fail_msg("%s", e.msg);
	return t;
}

/* ---- molds ---- */

static void print_as_said(const struct json *c, const struct mold *m,
			  struct str data, struct arena *a)
{
	const struct mold_scope s = { .data = data,
				      .match = STR("m"),
				      .user = STR("u\""),
				      .now_us = 1000000 };
	struct str want = text_of(c, "want", a);
	struct buf b = { 0 };
	struct err e;
	bool printed = mold_print(m, &s, &b);

	if (cases_str(c, "text").p)
		want = cases_str(c, "text");
	if (printed == json_true(json_member(c, "absent")))
		fail_msg("printed, or not, against what is said");
	if (printed && !str_eq(buf_str(&b), want))
		fail_msg("want %.*s, got %s", STR_ARG(want), b.p);
	assert_true(!printed || json_check(buf_str(&b), 0, &e) == 0);
	buf_free(&b);
}

static bool judge_mold(const struct json *c, void *ctx)
{
	struct arena a = { 0 };
	struct str at, error = cases_str(c, "error");
	struct err e = { 0 };
	const struct mold *m =
		mold_compile(text_of(c, "mold", &a), &a, &at, &e);

	(void)ctx;
	if (!m && !(error.p && strstr(e.msg, error.p)))
		fail_msg("%s", e.msg);
	if (m && error.p)
		fail_msg("taken, but: %s", error.p);
	if (m)
		print_as_said(c, m, text_of(c, "data", &a), &a);
	arena_free(&a);
	return true;
}

static void molds_make_what_is_said(void **state)
{
	struct cases_count n =
		cases_run(FIXTURES, "molds.jsonl", judge_mold, NULL);

	(void)state;
	assert_true(n.n > 40 && n.good == n.n);
}

/* ---- events ---- */

static struct event event_of(const struct json *c, struct arena *a)
{
	struct event ev = { .source = STR("weir/test/1"),
			    .id = 3,
			    .offset = 7,
			    .epoch = 0x9b1c04e7 };

	ev.topic = cases_str(c, "topic");
	ev.data = text_of(c, "data", a);
	clk_parse(STR("2026-11-20T21:00:00Z"), &ev.time_us);
	ev.recorded_us = ev.time_us + 1000;
	return ev;
}

struct past {
	const struct json *events;
	struct arena *a;
};

static void each_past(void *arg, struct str pattern,
		      void (*fn)(void *fn_arg, const struct event *ev),
		      void *fn_arg)
{
	struct past *p = arg;

	json_each (c, p->events) {
		struct event ev = event_of(c, p->a);

		if (topic_matches(ev.topic, pattern))
			fn(fn_arg, &ev);
	}
}

struct said {
	struct buf names;
	struct str payload;
	struct arena *a;
};

static void on_said(void *arg, struct str name, struct str payload)
{
	struct said *s = arg;
	struct err e;

	buf_putc(&s->names, s->names.len ? ',' : '[');
	buf_add_str(&s->names, name);
	s->payload = arena_str(s->a, payload);
	assert_int_equal(json_check(payload, JSON_STRICT, &e), 0);
}

static bool judge_event(const struct json *c, void *ctx)
{
	struct arena a = { 0 };
	struct past past = { json_member(c, "past"), &a };
	const struct compat_past how = { each_past, &past };
	struct said said = { .a = &a };
	struct event ev = event_of(c, &a);
	struct str payload = cases_str(c, "payload");

	compat_event(ctx, &ev, &how, on_said, &said);
	buf_putc(&said.names, ']');
	if (!str_eq(buf_str(&said.names), text_of(c, "names", &a)))
		fail_msg("%s: %s", ev.topic.p, said.names.p);
	if (payload.p && !str_eq(said.payload, payload))
		fail_msg("%s: want %s, got %s", ev.topic.p, payload.p,
			 said.payload.p);
	buf_free(&said.names);
	arena_free(&a);
	return true;
}

static void events_have_the_old_names_and_payloads(void **state)
{
	struct compat *t = built_in();
	struct cases_count n =
		cases_run(FIXTURES, "events.jsonl", judge_event, t);

	(void)state;
	assert_true(n.n > 20 && n.good == n.n);
	compat_free(&t);
}

static void one_object_is_there_before_anything_has_changed(void **state)
{
	struct err e;
	struct json *events =
		json_parse(STR("[{\"topic\":\"scraper.status/ksl\","
			       "\"data\":{\"running\":true}}]"),
			   0, &e);
	struct compat *t = built_in();
	struct arena a = { 0 };
	struct past past = { events, &a };
	const struct compat_past how = { each_past, &past };
	struct said said = { .a = &a };

	(void)state;
	compat_state(t, STR("price:update"), 1000000, &how, on_said, &said);
	assert_int_equal(said.names.len, 0);
	compat_state(t, STR("scraper_status"), 1000000, &how, on_said, &said);
	assert_true(str_is(buf_str(&said.names), "[\"scraper_status\""));
	assert_true(str_is(said.payload, "{\"ksl\":true,\"timestamp\":"
					 "\"1970-01-01T00:00:01.000000Z\"}"));
	buf_free(&said.names);
	arena_free(&a);
	json_free(&events);
	compat_free(&t);
}

/* ---- greetings, answers, rooms ---- */

static void clients_are_greeted_and_answered(void **state)
{
	const struct mold_scope s = { .now_us = 1000000 };
	struct compat *t = built_in();
	struct buf b = { 0 };
	struct str name;

	(void)state;
	assert_true(compat_recovers(t));
	assert_true(str_is(compat_namespace(t, 0), "/"));
	assert_null(compat_namespace(t, 1).p);
	assert_true(compat_greeting(t, 0, &s, &name, &b));
	assert_true(str_is(name, "\"connected\""));
	assert_true(str_is(buf_str(&b),
			   "{\"message\":\"Connected to weir\","
			   "\"timestamp\":\"1970-01-01T00:00:01.000000Z\"}"));
	assert_false(compat_greeting(t, 1, &s, &name, &b));
	buf_reset(&b);
	assert_true(compat_answer(t, STR("ping"), &s, &name, &b));
	assert_true(str_is(name, "\"pong\""));
	assert_true(str_is(buf_str(&b), "{\"timestamp\":"
					"\"1970-01-01T00:00:01.000000Z\"}"));
	assert_false(compat_answer(t, STR("pong"), &s, &name, &b));
	buf_free(&b);
	compat_free(&t);
}

static bool judge_room(const struct json *c, void *ctx)
{
	struct str room = cases_str(c, "room"), left = cases_str(c, "left");
	bool wanted = json_kind(json_member(c, "patterns")) == JSON_ARRAY;
	struct arena a = { 0 };
	struct patterns set = { 0 };
	struct buf b = { 0 };

	if (compat_room(ctx, room, cases_str(c, "user"), &set) != wanted)
		fail_msg("'%s': a room, or not", room.p);
	patterns_print(&set, &b);
	if (wanted && !str_eq(buf_str(&b), text_of(c, "patterns", &a)))
		fail_msg("'%s': %s", room.p, b.p);
	assert_true(str_eq(compat_left_for(ctx, room), left));
	patterns_free(&set);
	buf_free(&b);
	arena_free(&a);
	return true;
}

static void rooms_are_patterns(void **state)
{
	struct compat *t = built_in();
	struct cases_count n =
		cases_run(FIXTURES, "rooms.jsonl", judge_room, t);

	(void)state;
	assert_true(n.n > 20 && n.good == n.n);
	for (size_t i = 0; compat_first_room(t, i).p; i++) {
		struct patterns set = { 0 };

		assert_true(compat_room(t, compat_first_room(t, i), STR("ann"),
					&set));
		patterns_free(&set);
	}
	compat_free(&t);
}

/* ---- publishing ---- */

static bool judge_publish(const struct json *c, void *ctx)
{
	struct arena a = { 0 };
	const struct mold_scope s = { .data = text_of(c, "data", &a) };
	struct str error = cases_str(c, "error"), name = cases_str(c, "name");
	struct event ev;
	struct err e = { 0 };

	if (compat_publish(ctx, name, &s, &a, &ev, &e)) {
		if (!error.p || !strstr(e.msg, error.p))
			fail_msg("%s: %s", name.p, e.msg);
	} else if (error.p || !str_eq(ev.topic, cases_str(c, "topic")) ||
		   !str_eq(ev.data, cases_str(c, "want"))) {
		fail_msg("%s: %s %s", name.p, ev.topic.p, ev.data.p);
	}
	arena_free(&a);
	return true;
}

static void what_old_clients_publish_becomes_events(void **state)
{
	struct compat *t = built_in();
	struct cases_count n =
		cases_run(FIXTURES, "publish.jsonl", judge_publish, t);

	(void)state;
	assert_true(n.n > 15 && n.good == n.n);
	compat_free(&t);
}

/* ---- paths ---- */

static void old_paths_lead_where_they_led(void **state)
{
	static const struct {
		const char *path;
		bool is_post;
		const char *pattern, *as; /* of a history */
		int kind;		  /* -1: not there; -2: the other */
	} rows[] = {
		{ "/api/venues/updates", false, "venue.update/", "updates",
		  COMPAT_HISTORY },
		{ "/api/venues/42/updates", false, "venue.update/42", "updates",
		  COMPAT_HISTORY },
		{ "/api/venues/42/vibe-checks", false, "vibe.check/42",
		  "vibeChecks", COMPAT_HISTORY },
		{ "/api/venues/42/promotions", false, "promotion.update/42",
		  "promotions", COMPAT_HISTORY },
		{ "/api/notifications", false, "user.notification/ann",
		  "notifications", COMPAT_HISTORY },
		{ "/api/websocket", false, NULL, NULL, COMPAT_STATUS },
		{ "/api/websocket", true, NULL, NULL, COMPAT_ACTIONS },
		{ "/api/health", false, NULL, NULL, COMPAT_SAME },
		{ "/api/health", true, NULL, NULL, -2 },
		{ "/api/venues/updates", true, NULL, NULL, -2 },
		{ "/api/venues/a/b/updates", false, NULL, NULL, -1 },
		{ "/api/venues//updates", false, NULL, NULL, -1 },
		{ "/api/v1/events", false, NULL, NULL, -1 },
	};
	struct compat *t = built_in();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct patterns set = { 0 };
		struct compat_path p;
		bool other;
		int kind = -1;

		if (compat_path(t, str_from(rows[i].path), rows[i].is_post, &p,
				&other))
			kind = (int)p.kind;
		else if (other)
			kind = -2;
		if (kind != rows[i].kind)
			fail_msg("%s: %d", rows[i].path, kind);
		if (kind != COMPAT_HISTORY)
			continue;
		assert_true(compat_path_patterns(&p, STR("ann"), &set));
		assert_true(set.n == 1 && str_is(set.v[0], rows[i].pattern));
		assert_true(str_is(p.as, rows[i].as));
		patterns_free(&set);
	}
	compat_free(&t);
}

static void actions_name_what_they_publish(void **state)
{
	static const struct {
		const char *body, *name, *payload; /* NULL: an error */
	} rows[] = {
		{ "{\"action\":\"broadcast\",\"channel\":\"venue:42\","
		  "\"data\":{\"a\":1}}",
		  "venue:42", "{\"a\":1}" },
		{ "{\"action\":\"notify\",\"userId\":7,\"data\":{}}",
		  "notifications:7", "{}" },
		{ "{\"action\":\"notify\",\"data\":{}}", NULL, NULL },
		{ "{\"action\":\"stop\"}", NULL, NULL },
		{ "{\"action\":1}", NULL, NULL },
		{ "[]", NULL, NULL },
	};
	struct compat *t = built_in();
	struct compat_path p;
	bool other;

	(void)state;
	assert_true(compat_path(t, STR("/api/websocket"), true, &p, &other));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = { 0 };
		struct str name, payload;
		struct err e = { 0 };
		int rc = compat_action(&p, str_from(rows[i].body), &a, &name,
				       &payload, &e);

		if ((rc == 0) != (rows[i].name != NULL))
			fail_msg("%s: %s", rows[i].body, e.msg);
		if (rc == 0)
			assert_true(str_is(name, rows[i].name) &&
				    str_is(payload, rows[i].payload));
		arena_free(&a);
	}
	compat_free(&t);
}

/* ---- tables of others ---- */

static bool judge_table(const struct json *c, void *ctx)
{
	struct str error = cases_str(c, "error");
	struct err e = { 0 };
	struct compat *t = compat_parse(cases_str(c, "table"), &e);

	(void)ctx;
	if (t && error.p)
		fail_msg("%s: taken", json_string(json_member(c, "table")));
	if (!t && !(error.p && strstr(e.msg, error.p)))
		fail_msg("%s: %s", json_string(json_member(c, "table")), e.msg);
	compat_free(&t);
	return true;
}

static void what_is_wrong_with_a_table_is_said_with_its_line(void **state)
{
	struct cases_count n =
		cases_run(FIXTURES, "tables.jsonl", judge_table, NULL);

	(void)state;
	assert_true(n.n > 20 && n.good == n.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(molds_make_what_is_said),
		cmocka_unit_test(events_have_the_old_names_and_payloads),
		cmocka_unit_test(
			one_object_is_there_before_anything_has_changed),
		cmocka_unit_test(clients_are_greeted_and_answered),
		cmocka_unit_test(rooms_are_patterns),
		cmocka_unit_test(what_old_clients_publish_becomes_events),
		cmocka_unit_test(old_paths_lead_where_they_led),
		cmocka_unit_test(actions_name_what_they_publish),
		cmocka_unit_test(
			what_is_wrong_with_a_table_is_said_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
