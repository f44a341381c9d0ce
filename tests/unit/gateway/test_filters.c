/* Filters that many share, and sets of patterns that have them. */
#include "cmd/gateway/filters.h"

#include <stdio.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "cmd/gateway/groups.h"

#include "tests/unit/cases.h"

static struct filter *filter_of(struct filters *all, const char *text)
{
	struct err e;
	struct filter *f = filters_get(all, str_from(text), &e);

	if (!f)
		fail_msg("%s: %s", text, e.msg);
	return f;
}

static void equal_filters_are_one(void **state)
{
	struct filters *all = filters_new();
	struct filter *one = filter_of(all, "(price<=8000)and x=='a'");
	struct filter *same = filter_of(all, "price <= 8000 and x == \"a\"");
	struct filter *other = filter_of(all, "price < 8000");

	(void)state;
	assert_ptr_equal(one, same);
	assert_ptr_not_equal(one, other);
	assert_true(str_is(filter_text(one), "price <= 8000 and x == \"a\""));
	assert_int_equal(filters_count(all).filters, 2);
	filter_drop(&one);
	assert_null(one);
	assert_int_equal(filters_count(all).filters, 2);
	filter_drop(&same);
	filter_drop(&other);
	filter_drop(&other); /* NULL */
	assert_int_equal(filters_count(all).filters, 0);
	filters_free(&all);
}

static void what_is_no_filter_is_refused_with_its_place(void **state)
{
	struct filters *all = filters_new();
	struct err e = { 0 };

	(void)state;
	assert_null(filters_get(all, STR("price = 3"), &e));
	assert_int_equal(e.code, EX_DATAERR);
	assert_true(str_starts(str_from(e.msg), STR("line 1, column 7: ")));
	assert_int_equal(filters_count(all).filters, 0);
	filters_free(&all);
}

static void there_are_so_many_of_them(void **state)
{
	static struct filter *f[FILTERS_MAX];
	struct filters *all = filters_new();
	struct filter *again;
	struct err e = { 0 };
	char text[32];

	(void)state;
	for (int i = 0; i < FILTERS_MAX; i++) {
		snprintf(text, sizeof(text), "v == %d", i);
		f[i] = filter_of(all, text);
	}
	assert_null(filters_get(all, STR("v < 0"), &e));
	assert_int_equal(e.code, EX_UNAVAILABLE);
	again = filter_of(all, "v==7"); /* is there already */
	assert_ptr_equal(again, f[7]);
	filter_drop(&again);
	for (int i = 0; i < FILTERS_MAX; i++)
		filter_drop(&f[i]);
	filters_free(&all);
}

static void an_event_is_looked_at_once(void **state)
{
	const struct event rows[] = {
		{ .epoch = 1, .offset = 7, .data = STR("{\"v\":1}") },
		{ .epoch = 1, .offset = 8, .data = STR("{\"v\":2}") },
		{ .epoch = 2, .offset = 8, .data = STR("{\"v\":1}") },
	};
	struct filters *all = filters_new();
	struct filter *f = filter_of(all, "v == 1");
	const struct event nowhere = { .data = STR("{\"v\":1}") };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int k = 0; k < 3; k++)
			assert_int_equal(filter_match(f, &rows[i]), i != 1);
	assert_int_equal(filters_count(all).tests, ARRAY_LEN(rows));
	/* one that is in no journal could be any */
	assert_true(filter_match(f, &nowhere));
	assert_true(filter_match(f, &nowhere));
	assert_int_equal(filters_count(all).tests, ARRAY_LEN(rows) + 2);
	filter_drop(&f);
	filters_free(&all);
}

static void what_takes_too_long_is_counted(void **state)
{
	struct filters *all = filters_new();
	struct filter *f = filter_of(all, "v matches '(a|aa)+$'");
	struct event ev = { .epoch = 1, .offset = 1 };

	(void)state;
	ev.data = STR("{\"v\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}");
	assert_false(filter_match(f, &ev));
	assert_int_equal(filters_count(all).given_up, 1);
	ev.offset++;
	ev.data = STR("{\"v\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}");
	assert_true(filter_match(f, &ev));
	assert_int_equal(filters_count(all).given_up, 1);
	filter_drop(&f);
	filters_free(&all);
}

static void assert_printed(const struct patterns *p, const char *want)
{
	struct buf b = { 0 };

	patterns_print_filters(p, &b);
	assert_string_equal(b.p, want);
	buf_free(&b);
}

static void a_pattern_has_the_filter_that_it_was_given_last(void **state)
{
	struct filters *all = filters_new();
	struct filter *f = filter_of(all, "v == 1"),
		      *g = filter_of(all, "v == 2");
	struct patterns p = { 0 }, copy = { 0 };

	(void)state;
	assert_true(patterns_add(&p, STR("b/")));
	assert_printed(&p, "{}");
	assert_true(patterns_add_filtered(&p, STR("c/"), f));
	assert_true(patterns_add_filtered(&p, STR("a/"), g));
	assert_true(patterns_add_filtered(&p, STR("d/"), f));
	assert_int_equal(patterns_filters(&p), 2);
	assert_printed(&p, "{\"a/\":\"v == 2\",\"c/\":\"v == 1\","
			   "\"d/\":\"v == 1\"}");
	assert_true(patterns_cover(&p, STR("b/x")));
	assert_false(patterns_cover(&p, STR("c/x")));
	assert_true(patterns_match(&p, STR("c/x")));
	patterns_copy(&copy, &p);
	assert_true(patterns_eq(&copy, &p));
	assert_int_equal(patterns_hash(&copy), patterns_hash(&p));
	assert_true(patterns_add_filtered(&p, STR("b/"), g));
	assert_true(patterns_add(&p, STR("c/")));
	assert_true(patterns_remove(&p, STR("a/")));
	assert_printed(&p, "{\"b/\":\"v == 2\",\"d/\":\"v == 1\"}");
	assert_false(patterns_eq(&copy, &p));
	filter_drop(&f);
	filter_drop(&g);
	assert_int_equal(filters_count(all).filters, 2);
	patterns_free(&p);
	patterns_free(&copy);
	assert_int_equal(filters_count(all).filters, 0);
	filters_free(&all);
}

static void count(void *arg, struct group *group)
{
	(void)group;
	++*(size_t *)arg;
}

static struct group *group_of(struct groups *g, const char *pattern,
			      struct filter *f, const char *more)
{
	struct patterns p = { 0 };
	struct group *group;

	patterns_add_filtered(&p, str_from(pattern), f);
	if (more)
		patterns_add(&p, str_from(more));
	group = groups_get(g, &p, FRAME_WEBSOCKET);
	patterns_free(&p);
	return group;
}

static void groups_are_told_of_what_passes_their_filter(void **state)
{
	struct filters *all = filters_new();
	struct filter *f = filter_of(all, "v == 1");
	struct groups *g = groups_new();
	struct group *group[] = {
		group_of(g, "a.x/", NULL, NULL),
		group_of(g, "a.x/", f, NULL),
		group_of(g, "a.x/", f, "a.x/2"),
		group_of(g, "a.", f, NULL),
	};
	static const struct {
		const char *topic, *data;
		size_t want;
	} rows[] = {
		{ "a.x/1", "{\"v\":1}", 4 }, { "a.x/1", "{\"v\":2}", 1 },
		{ "a.x/2", "{\"v\":2}", 2 }, { "a.x/2", "{\"v\":1}", 4 },
		{ "a.y/1", "{\"v\":1}", 1 }, { "b.y/1", "{\"v\":1}", 0 },
	};

	(void)state;
	assert_int_equal(groups_count(g), 4);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct event ev = { .topic = str_from(rows[i].topic),
					  .data = str_from(rows[i].data),
					  .epoch = 1,
					  .offset = i + 1 };
		size_t got = 0;

		groups_match(g, &ev, count, &got);
		if (got != rows[i].want)
			fail_msg("%s %s: want %zu, got %zu", rows[i].topic,
				 rows[i].data, rows[i].want, got);
	}
	/* once for each event that any of them asked about */
	assert_int_equal(filters_count(all).tests, 5);
	for (size_t i = 0; i < ARRAY_LEN(group); i++)
		groups_put(g, &group[i]);
	groups_free(&g);
	filter_drop(&f);
	filters_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_filters_are_one),
		cmocka_unit_test(what_is_no_filter_is_refused_with_its_place),
		cmocka_unit_test(there_are_so_many_of_them),
		cmocka_unit_test(an_event_is_looked_at_once),
		cmocka_unit_test(what_takes_too_long_is_counted),
		cmocka_unit_test(
			a_pattern_has_the_filter_that_it_was_given_last),
		cmocka_unit_test(groups_are_told_of_what_passes_their_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
