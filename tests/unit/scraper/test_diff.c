/* What an observation says that was not known before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/blob.h"
#include "common/clk.h"
#include "common/json.h"
#include "common/types.h"
#include "common/xmem.h"

#include "cmd/scraper/diff.h"

/* One watch, seen again and again. */
struct story {
	struct arena arena;
	struct diff_watch watch;
	struct type_item item;
	struct watch_state state;
	int64_t now_us;
	struct diff d;
};

static void story_price(struct story *s)
{
	*s = (struct story){ .item = { .present = true,
				       .id = STR("rolex"),
				       .target = STR("8000") } };
	s->watch = (struct diff_watch){ .id = STR("w1"),
					.source = STR("shop"),
					.url = STR("http://shop/x"),
					.forget_s = DIFF_FORGET_MS / 1000,
					.item = &s->item };
}

static void story_list(struct story *s)
{
	story_price(s);
	s->watch.item = NULL;
}

static void story_page(struct story *s)
{
	story_list(s);
	s->watch.page = true;
}

static void see(struct story *s, const struct observation *o)
{
	struct watch_state after;

	s->now_us += 60 * 1000000;
	diff_found(&s->watch, &s->state, o, s->now_us, &s->arena, &after,
		   &s->d);
	s->state = after;
	for (size_t i = 0; i < s->d.n; i++) {
		struct event ev = { .topic = s->d.events[i].topic,
				    .source = STR("weir/scraper/-"),
				    .id = 1,
				    .data = s->d.events[i].data };
		struct err e;

		if (event_check(&ev, &e) || type_check(&ev, &e))
			fail_msg("%.*s: %s", STR_ARG(ev.topic), e.msg);
	}
	assert_int_equal(s->d.moved, s->d.n > 0);
	assert_int_equal(s->d.outcome,
			 s->d.n ? OUTCOME_CHANGED : OUTCOME_UNCHANGED);
}

static void see_items(struct story *s, struct item *items, size_t n)
{
	struct observation o = { .outcome = OUTCOME_FOUND,
				 .items = items,
				 .n_items = n };

	see(s, &o);
}

static void see_text(struct story *s, const char *text)
{
	struct observation o = { .outcome = OUTCOME_FOUND,
				 .text = str_from(text) };

	see(s, &o);
}

/* "TOPIC DATA" of each event, a line each. */
static const char *told(struct story *s)
{
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < s->d.n; i++) {
		buf_add_str(&b, s->d.events[i].topic);
		buf_putc(&b, ' ');
		buf_add_str(&b, s->d.events[i].data);
		buf_putc(&b, '\n');
	}
	text = arena_strdup(&s->arena, buf_str(&b));
	buf_free(&b);
	return text;
}

/* ---- prices ---- */

static void a_price_is_told_once_and_then_when_it_moves(void **state)
{
	struct story s;
	struct item it = { .id = STR("1"),
			   .price = STR("100.00"),
			   .currency = STR("EUR"),
			   .availability = STR("InStock") };

	(void)state;
	story_price(&s);
	see_items(&s, &it, 1);
	assert_string_equal(
		told(&s),
		"price.update/rolex {\"watch\":\"w1\",\"item\":{\"id\":"
		"\"rolex\",\"target\":\"8000\"},\"price\":\"100.00\","
		"\"currency\":\"EUR\",\"availability\":\"InStock\","
		"\"source\":\"shop\",\"link\":\"http://shop/x\","
		"\"baseline\":true}\n");
	see_items(&s, &it, 1);
	assert_string_equal(told(&s), "");
	it.price = STR("100.0"); /* the same amount */
	see_items(&s, &it, 1);
	assert_string_equal(told(&s), "");
	it.price = STR("99.5");
	see_items(&s, &it, 1);
	assert_non_null(strstr(told(&s), "\"price\":\"99.5\""));
	assert_non_null(strstr(told(&s), "\"previous\":\"100.00\""));
	assert_null(strstr(told(&s), "baseline"));
	it.availability = STR("OutOfStock");
	see_items(&s, &it, 1);
	assert_non_null(strstr(told(&s), "\"availability\":\"OutOfStock\""));
	it.currency = STR("USD");
	see_items(&s, &it, 1);
	assert_int_equal(s.d.n, 1);
	arena_free(&s.arena);
}

static void no_data_moves_no_price(void **state)
{
	struct story s;
	struct item full = { .id = STR("1"),
			     .price = STR("5"),
			     .currency = STR("EUR"),
			     .availability = STR("InStock") };
	struct item bare = { .id = STR("1"), .title = STR("just a title") };

	(void)state;
	story_price(&s);
	see_items(&s, &full, 1);
	see_items(&s, &bare, 1);
	assert_int_equal(s.d.n, 0);
	see_items(&s, &full, 1);
	assert_int_equal(s.d.n, 0);
	/* Sold out, and the page gives no price any more: told with null. */
	bare.availability = STR("OutOfStock");
	see_items(&s, &bare, 1);
	assert_non_null(strstr(told(&s), "\"price\":null"));
	assert_non_null(strstr(told(&s), "\"previous\":\"5\""));
	see_items(&s, &bare, 1);
	assert_int_equal(s.d.n, 0);
	/* Back at the old price: whoever heard null must hear of it. */
	full.availability = (struct str){ 0 };
	see_items(&s, &full, 1);
	assert_non_null(strstr(told(&s), "\"price\":\"5\""));
	see_items(&s, &full, 1);
	assert_int_equal(s.d.n, 0);
	arena_free(&s.arena);
}

static void free_is_a_price(void **state)
{
	struct story s;
	struct item it = { .id = STR("1"), .price = STR("0"), .free = true };

	(void)state;
	story_price(&s);
	s.watch.url = STR("mock:x");
	see_items(&s, &it, 1);
	assert_non_null(strstr(told(&s), "\"price\":\"0\""));
	assert_non_null(strstr(told(&s), "\"free\":true"));
	assert_null(strstr(told(&s), "link"));
	arena_free(&s.arena);
}

/* ---- lists ---- */

static struct item entry(const char *id, const char *price)
{
	return (struct item){ .id = str_from(id),
			      .title = STR("An ad"),
			      .price = str_from(price),
			      .currency = STR("USD") };
}

static void lists_are_sets(void **state)
{
	struct story s;
	struct item first[] = { entry("a", "1"), entry("b", "2") };
	struct item turned[] = { entry("b", "2"), entry("a", "1"),
				 entry("a", "7") };
	struct item next[] = { entry("c", "3"), entry("a", "1") };

	(void)state;
	story_list(&s);
	see_items(&s, first, 2);
	assert_string_equal(
		told(&s),
		"listing.new/shop {\"watch\":\"w1\",\"source\":\"shop\","
		"\"baseline\":true,\"id\":\"a\",\"title\":\"An ad\","
		"\"price\":\"1\",\"currency\":\"USD\"}\n"
		"listing.new/shop {\"watch\":\"w1\",\"source\":\"shop\","
		"\"baseline\":true,\"id\":\"b\",\"title\":\"An ad\","
		"\"price\":\"2\",\"currency\":\"USD\"}\n");
	/* Another order, and one of them twice: nothing new. */
	see_items(&s, turned, 3);
	assert_int_equal(s.d.n, 0);
	see_items(&s, next, 2);
	assert_string_equal(
		told(&s),
		"listing.new/shop {\"watch\":\"w1\",\"source\":\"shop\","
		"\"id\":\"c\",\"title\":\"An ad\",\"price\":\"3\","
		"\"currency\":\"USD\"}\n"
		"listing.gone/shop {\"watch\":\"w1\",\"source\":\"shop\","
		"\"id\":\"b\",\"title\":\"An ad\",\"price\":\"2\","
		"\"currency\":\"USD\"}\n");
	arena_free(&s.arena);
}

static void entries_update_when_what_they_say_changes(void **state)
{
	struct story s;
	struct item it = entry("a", "10");

	(void)state;
	story_list(&s);
	see_items(&s, &it, 1);
	it.price = STR("10.00");
	it.image = STR("http://cdn/other?token=1"); /* not compared */
	it.rating = STR("4.5");
	see_items(&s, &it, 1);
	assert_int_equal(s.d.n, 0);
	it.price = STR("8");
	see_items(&s, &it, 1);
	assert_non_null(strstr(told(&s), "listing.update/shop"));
	assert_non_null(strstr(told(&s), "\"previous\":\"10\""));
	it.summary = STR("with a scratch");
	see_items(&s, &it, 1);
	assert_int_equal(s.d.n, 1);
	assert_null(strstr(told(&s), "previous"));
	/* A field that the page leaves out is not one that changed. */
	it.price = it.summary = (struct str){ 0 };
	see_items(&s, &it, 1);
	assert_int_equal(s.d.n, 0);
	it.price = STR("8");
	see_items(&s, &it, 1);
	assert_int_equal(s.d.n, 0);
	arena_free(&s.arena);
}

static void nothing_is_gone_without_a_list(void **state)
{
	struct story s;
	struct item it = entry("a", "10"), nameless = { .title = STR("?") };

	(void)state;
	story_list(&s);
	see_items(&s, &it, 1);
	see_items(&s, NULL, 0);
	assert_int_equal(s.d.n, 0);
	see_items(&s, &nameless, 1);
	assert_int_equal(s.d.n, 0);
	see_items(&s, &it, 1);
	assert_int_equal(s.d.n, 0);
	arena_free(&s.arena);
}

static void what_went_is_remembered_up_to_a_limit(void **state)
{
	struct story s;
	char ids[WATCHSTATE_GONE_MAX + 100][8];
	struct item it = { .title = STR("x") };

	(void)state;
	story_list(&s);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		snprintf(ids[i], sizeof(ids[i]), "%zu", i);
		it.id = str_from(ids[i]);
		see_items(&s, &it, 1);
	}
	assert_int_equal(s.state.n_gone, WATCHSTATE_GONE_MAX);
	/* The oldest were forgotten, the newest not. */
	it.id = str_from(ids[0]);
	see_items(&s, &it, 1);
	assert_non_null(strstr(told(&s), "listing.new"));
	it.id = str_from(ids[ARRAY_LEN(ids) - 2]);
	see_items(&s, &it, 1);
	assert_non_null(strstr(told(&s), "listing.update"));
	arena_free(&s.arena);
}

/* ---- pages ---- */

static void a_page_tells_lines_that_came_and_went(void **state)
{
	struct story s;

	(void)state;
	story_page(&s);
	see_text(&s, "one\ntwo\nthree\n");
	assert_string_equal(told(&s),
			    "page.change/w1 {\"watch\":\"w1\","
			    "\"url\":\"http://shop/x\",\"baseline\":true}\n");
	see_text(&s, "one\ntwo\nthree\n");
	assert_int_equal(s.d.n, 0);
	see_text(&s, "one\n2 <b>\nthree\nfour");
	assert_string_equal(told(&s), "page.change/w1 {\"watch\":\"w1\","
				      "\"url\":\"http://shop/x\","
				      "\"added\":[\"2 <b>\",\"four\"],"
				      "\"removed\":[\"two\"]}\n");
	arena_free(&s.arena);
}

static void a_text_to_keep_is_named_by_its_hash(void **state)
{
	struct story s;
	char id[BLOB_ID_SIZE];
	struct err e;

	(void)state;
	story_page(&s);
	s.watch.keep_max = 10;
	assert_int_equal(blob_id(STR("one\ntwo\n"), id, &e), 0);
	see_text(&s, "one\ntwo\n");
	assert_true(str_is(s.d.keep, "one\ntwo\n"));
	assert_non_null(strstr(told(&s), id));
	see_text(&s, "one\ntwo\n"); /* nothing new: nothing to keep */
	assert_null(s.d.keep.p);
	see_text(&s, "one\nthree\n");
	assert_true(str_is(s.d.keep, "one\nthree\n"));
	see_text(&s, "one\nthree \n"); /* above keep_max: not named */
	assert_int_equal(s.d.n, 1);
	assert_null(s.d.keep.p);
	assert_null(strstr(told(&s), "blob"));
	arena_free(&s.arena);
}

static void a_huge_change_is_cut(void **state)
{
	struct story s;
	struct buf b = { 0 };

	(void)state;
	story_page(&s);
	see_text(&s, "start\n");
	for (int i = 0; i < 3000; i++)
		buf_addf(&b, "line %d of a page with very much text\n", i);
	see_text(&s, arena_strdup(&s.arena, buf_str(&b)));
	assert_int_equal(s.d.n, 1);
	assert_non_null(strstr(told(&s), "\"truncated\":true"));
	assert_true(s.d.events[0].data.len < EVENT_DATA_MAX);
	buf_free(&b);
	arena_free(&s.arena);
}

/* ---- endings ---- */

static void changed_and_unchanged_are_one_ending(void **state)
{
	(void)state;
	assert_false(diff_ends_otherwise(OUTCOME_CHANGED, OUTCOME_UNCHANGED));
	assert_false(diff_ends_otherwise(OUTCOME_BLOCKED, OUTCOME_BLOCKED));
	assert_true(diff_ends_otherwise(OUTCOME_CHANGED, OUTCOME_EMPTY));
	assert_true(diff_ends_otherwise(OUTCOME_TIMEOUT, OUTCOME_BLOCKED));
}

static void an_ending_is_told_with_its_reason(void **state)
{
	struct story s;
	struct diff_ending end = { .outcome = OUTCOME_BLOCKED,
				   .previous = OUTCOME_CHANGED,
				   .reason = STR("status 403"),
				   .status = 403,
				   .next_us = 0,
				   .items = 3 };
	struct diff_event ev;

	(void)state;
	story_list(&s);
	ev = diff_ending(&s.watch, &end, &s.arena);
	assert_true(str_is(ev.topic, "observation.change/w1"));
	assert_true(str_is(ev.data,
			   "{\"watch\":\"w1\",\"source\":\"shop\","
			   "\"outcome\":\"blocked\",\"previous\":\"changed\","
			   "\"reason\":\"status 403\","
			   "\"url\":\"http://shop/x\",\"status\":403,"
			   "\"next\":\"1970-01-01T00:00:00.000000Z\"}"));
	end = (struct diff_ending){ .outcome = OUTCOME_UNCHANGED,
				    .first = true,
				    .next_us = CLK_NONE,
				    .items = 3 };
	ev = diff_ending(&s.watch, &end, &s.arena);
	assert_non_null(strstr(ev.data.p, "\"items\":3"));
	assert_null(strstr(ev.data.p, "next\""));
	arena_free(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_price_is_told_once_and_then_when_it_moves),
		cmocka_unit_test(no_data_moves_no_price),
		cmocka_unit_test(free_is_a_price),
		cmocka_unit_test(lists_are_sets),
		cmocka_unit_test(entries_update_when_what_they_say_changes),
		cmocka_unit_test(nothing_is_gone_without_a_list),
		cmocka_unit_test(what_went_is_remembered_up_to_a_limit),
		cmocka_unit_test(a_page_tells_lines_that_came_and_went),
		cmocka_unit_test(a_text_to_keep_is_named_by_its_hash),
		cmocka_unit_test(a_huge_change_is_cut),
		cmocka_unit_test(changed_and_unchanged_are_one_ending),
		cmocka_unit_test(an_ending_is_told_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
