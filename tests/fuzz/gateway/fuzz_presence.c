/*
 * What is heard of other gateways: lines, of which every other one names who
 * says the next. Whatever they are, what is printed and told is JSON within
 * bounds, and what was only heard is forgotten in time.
 */
#include <assert.h>

#include "common/json.h"

#include "cmd/gateway/presence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_json(const struct buf *b)
{
	assert(json_check(buf_str(b), JSON_STRICT, NULL) == 0);
}

static void on_change(void *watcher, struct str message)
{
	(*(unsigned *)watcher)++;
	assert(json_check(message, JSON_STRICT, NULL) == 0);
}

static void hear_all(struct presence *p, struct str rest, int64_t *now_ms)
{
	while (rest.len) {
		struct str from = str_cut(rest, '\n', &rest);
		struct str text = str_cut(rest, '\n', &rest);
		struct presence_counts n;

		if (presence_hear(p, from, text, *now_ms))
			assert(from.len && json_check(text, 0, NULL) == 0);
		n = presence_count(p);
		assert(n.topics <= PRESENCE_TOPICS_MAX);
		assert(n.gateways <= PRESENCE_GATEWAYS_MAX);
		*now_ms += 100;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct presence *p = presence_new();
	struct buf b = { 0 };
	unsigned told = 0;
	int64_t now_ms = 0;

	presence_join(p, STR("a"), STR("ann"));
	presence_watch(p, STR("a"), &told, &b);
	is_json(&b);
	hear_all(p, (struct str){ (const char *)data, size }, &now_ms);
	presence_changes(p, on_change);
	assert(told <= 1);
	buf_reset(&b);
	presence_print(p, STR("a"), &b);
	is_json(&b);
	while (presence_tell(p, now_ms, &b)) {
		is_json(&b);
		assert(presence_hear(p, STR("another"), buf_str(&b), now_ms));
	}
	presence_expire(p, now_ms + PRESENCE_FORGET_MS + 1);
	assert(presence_count(p).topics == 1);
	assert(presence_count(p).gateways == 0);
	presence_unwatch(p, STR("a"), &told);
	presence_free(&p);
	buf_free(&b);
	return 0;
}
