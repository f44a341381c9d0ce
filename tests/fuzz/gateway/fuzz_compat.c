/*
 * A table of old clients' names, and what they send: the first line is a table
 * (where it is none, the built-in one), the second a payload, the rest names.
 * Whatever comes out is JSON, topics and patterns that can be used.
 */
#include <assert.h>
#include <string.h>

#include "common/json.h"

#include "cmd/gateway/compat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_json(void *arg, struct str name, struct str payload)
{
	(void)arg;
	assert(json_check(name, 0, NULL) == 0);
	assert(json_check(payload, 0, NULL) == 0);
}

static void use_name(const struct compat *t, struct str name, struct str data)
{
	struct mold_scope scope = { .data = data, .user = STR("ann") };
	struct patterns set = { 0 };
	struct arena a = { 0 };
	struct compat_path path;
	struct event ev;
	struct err e;
	bool other;

	compat_room(t, name, scope.user, &set);
	for (size_t i = 0; i < set.n; i++)
		assert(pattern_check(set.v[i], NULL) == 0);
	compat_left_for(t, name);
	compat_state(t, name, 0, NULL, check_json, NULL);
	if (compat_publish(t, name, &scope, &a, &ev, &e) == 0) {
		assert(topic_check(ev.topic, NULL) == 0);
		assert(json_check(ev.data, 0, NULL) == 0);
	}
	if (compat_path(t, name, true, &path, &other))
		compat_action(&path, data, &a, &name, &scope.data, &e);
	if (compat_path(t, name, false, &path, &other) &&
	    path.kind == COMPAT_HISTORY)
		compat_path_patterns(&path, scope.user, &set);
	if (topic_check(name, NULL) == 0) {
		ev = (struct event){ .topic = name,
				     .data = data,
				     .source = STR("weir/test/1"),
				     .id = 1,
				     .recorded_us = CLK_NONE };
		compat_event(t, &ev, NULL, check_json, NULL);
	}
	patterns_free(&set);
	arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, name;
	struct str table = str_cut(rest, '\n', &rest);
	struct str payload = str_cut(rest, '\n', &rest);
	struct err e = { 0 };
	struct compat *t = compat_parse(table, &e);

	if (!t) {
		assert(strncmp(e.msg, "line ", 5) == 0);
		t = compat_parse(
			(struct str){ compat_default, compat_default_len }, &e);
	}
	assert(t);
	payload = json_trim(payload);
	if (json_check(payload, JSON_STRICT, NULL))
		payload = STR("{}");
	while (str_token(&rest, "\n", &name))
		if (str_is_utf8(name))
			use_name(t, name, payload);
	compat_free(&t);
	return 0;
}
