/* Sets of patterns, and from a topic to all that want it. */
#include "cmd/gateway/groups.h"

#include "common/event.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct group *group_of_kind(struct groups *g, const char *a,
				   const char *b, enum frame_kind kind)
{
	struct patterns p = { 0 };
	struct group *group;

	patterns_add(&p, str_from(a));
	if (b)
		patterns_add(&p, str_from(b));
	group = groups_get(g, &p, kind);
	patterns_free(&p);
	return group;
}

static struct group *group_of(struct groups *g, const char *a, const char *b)
{
	return group_of_kind(g, a, b, FRAME_WEBSOCKET);
}

static void equal_sets_are_one_group(void **state)
{
	struct groups *g = groups_new();
	struct group *one = group_of(g, "a/", "b"),
		     *same = group_of(g, "b", "a/");
	struct group *other = group_of(g, "a/", NULL);

	(void)state;
	assert_ptr_equal(one, same);
	assert_ptr_not_equal(one, other);
	assert_int_equal(groups_count(g), 2);
	groups_put(g, &one);
	assert_null(one);
	assert_int_equal(groups_count(g), 2);
	groups_put(g, &same);
	groups_put(g, &other);
	assert_int_equal(groups_count(g), 0);
	groups_free(&g);
}

static void one_set_in_frames_of_two_kinds_is_two_groups(void **state)
{
	struct groups *g = groups_new();
	struct group *ws = group_of(g, "a/", NULL);
	struct group *sse = group_of_kind(g, "a/", NULL, FRAME_SSE);
	struct group *same = group_of_kind(g, "a/", NULL, FRAME_SSE);

	(void)state;
	assert_ptr_not_equal(ws, sse);
	assert_ptr_equal(sse, same);
	assert_int_equal(ws->kind, FRAME_WEBSOCKET);
	assert_int_equal(sse->kind, FRAME_SSE);
	groups_put(g, &ws);
	groups_put(g, &sse);
	groups_put(g, &same);
	groups_free(&g);
}

static void count(void *arg, struct group *group)
{
	(void)group;
	++*(size_t *)arg;
}

/* The table by pattern agrees with comparing each pattern. */
static void matches_are_those_of_topic_matches(void **state)
{
	static const char *const patterns[] = {
		"",
		"price.",
		"price.update",
		"price.update/",
		"price.update/a",
		"price.update/a/",
		"price.update/a.b",
		"price.update/a.",
		"p",
		"price",
		"listing.",
		"/",
	};
	static const char *const topics[] = {
		"price.update/a",
		"price.update/a/b",
		"price.update/a.b",
		"price.update",
		"price.x",
		"p",
		"listing.new/s",
		"price",
		"x./y",
	};
	struct groups *g = groups_new();
	struct group *group[ARRAY_LEN(patterns)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		group[i] = group_of(g, patterns[i], NULL);
	for (size_t t = 0; t < ARRAY_LEN(topics); t++) {
		size_t want = 0, got = 0;

		for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
			want += topic_matches(str_from(topics[t]),
					      str_from(patterns[i]));
		groups_match(g, &(struct event){ .topic = str_from(topics[t]) },
			     count, &got);
		if (got != want)
			fail_msg("%s: want %zu, got %zu", topics[t], want, got);
	}
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		groups_put(g, &group[i]);
	groups_free(&g);
}

static void a_group_with_two_matches_is_told_once(void **state)
{
	struct groups *g = groups_new();
	struct group *group = group_of(g, "price.", "price.update/a");
	const struct event ev = { .topic = STR("price.update/a") };
	size_t got = 0;

	(void)state;
	groups_match(g, &ev, count, &got);
	assert_int_equal(got, 1);
	groups_match(g, &ev, count, &got);
	assert_int_equal(got, 2);
	groups_put(g, &group);
	groups_match(g, &ev, count, &got);
	assert_int_equal(got, 2);
	groups_free(&g);
}

static void a_set_is_sorted_and_bounded(void **state)
{
	struct patterns p = { 0 };
	struct buf b = { 0 };
	char text[16];

	(void)state;
	assert_true(patterns_add(&p, STR("b")));
	assert_true(patterns_add(&p, STR("")));
	assert_true(patterns_add(&p, STR("a/")));
	assert_true(patterns_add(&p, STR("b")));
	patterns_print(&p, &b);
	assert_string_equal(b.p, "[\"\",\"a/\",\"b\"]");
	assert_false(patterns_remove(&p, STR("a")));
	assert_true(patterns_remove(&p, STR("")));
	assert_int_equal(p.n, 2);
	for (int i = 2; i < PATTERNS_MAX; i++) {
		snprintf(text, sizeof(text), "t.%d/", i);
		assert_true(patterns_add(&p, str_from(text)));
	}
	assert_false(patterns_add(&p, STR("one.more")));
	assert_true(patterns_add(&p, STR("b")));
	patterns_free(&p);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_sets_are_one_group),
		cmocka_unit_test(one_set_in_frames_of_two_kinds_is_two_groups),
		cmocka_unit_test(matches_are_those_of_topic_matches),
		cmocka_unit_test(a_group_with_two_matches_is_told_once),
		cmocka_unit_test(a_set_is_sorted_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
