/* Where a list goes on, as a header says it; the rest is in extraction's cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "cmd/scraper/item.h"
#include "cmd/scraper/next_url.h"
#include "cmd/scraper/origin.h"

static void reads_the_link_header(void **state)
{
	static const struct {
		const char *header, *next;
	} cases[] = {
		{ "<https://a.example/?p=2>; rel=\"next\"",
		  "https://a.example/?p=2" },
		{ "<?p=2>; rel=next", "https://a.example/list?p=2" },
		{ "</?p=0>; rel=\"prev\", </?p=2>; rel=\"next\"",
		  "https://a.example/?p=2" },
		{ "<a,b;c>; rel=next", "https://a.example/a,b;c" },
		{ "</x>; title=\"a, <b>; rel=next\"; rel=last, </2>; rel=next",
		  "https://a.example/2" },
		{ "</2>; REL = \"nofollow Next\"", "https://a.example/2" },
		{ "</2>; rel=last; rel=next", NULL }, /* the first holds */
		{ "</2>; title=next", NULL },
		{ "</2>", NULL },
		{ "</2; rel=next", NULL },
		{ "rel=next", NULL },
		{ "<>; rel=next", NULL },
		{ "<mailto:x@y>; rel=next", NULL },
		{ "</2>; rel=\"next", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = { 0 };
		struct str next = { 0 };
		bool found = next_url_of_header(str_from(cases[i].header),
						STR("https://a.example/list"),
						&a, &next);

		if (found != (cases[i].next != NULL) ||
		    (found && !str_is(next, cases[i].next)))
			fail_msg("%s: %.*s", cases[i].header, STR_ARG(next));
		arena_free(&a);
	}
}

static void takes_no_more_than_a_url_may_have(void **state)
{
	char said[ITEM_URL_MAX + 2];
	struct arena a = { 0 };
	struct str next;

	(void)state;
	for (size_t i = 0; i < sizeof(said); i++)
		said[i] = 'x';
	assert_true(next_url(STR("http://a/"), STR("p"),
			     (struct str){ said, NEXT_CURSOR_MAX }, &a, &next));
	assert_false(next_url(STR("http://a/"), STR("p"),
			      (struct str){ said, NEXT_CURSOR_MAX + 1 }, &a,
			      &next));
	assert_true(next_url(STR("http://a/"), (struct str){ 0 },
			     (struct str){ said, ITEM_URL_MAX - 9 }, &a,
			     &next));
	assert_false(next_url(STR("http://a/"), (struct str){ 0 },
			      (struct str){ said, ITEM_URL_MAX }, &a, &next));
	assert_false(
		next_url((struct str){ 0 }, STR("p"), STR("2"), &a, &next));
	arena_free(&a);
}

static void knows_what_is_at_home(void **state)
{
	static const struct {
		const char *from, *to;
		bool home;
	} cases[] = {
		{ "http://a/x", "http://A/y", true },
		{ "http://a/x", "https://a/y", true },
		{ "https://a/x", "http://a/y", false },
		{ "http://a/x", "http://a:8080/y", false },
		{ "http://a/x", "http://b/y", false },
		{ "http://a/x", "http://a.b/y", false },
		{ "http://a?x", "http://a#y", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (origin_is_home(str_from(cases[i].from),
				   str_from(cases[i].to)) != cases[i].home)
			fail_msg("%s to %s", cases[i].from, cases[i].to);
	assert_true(origin_is_on(STR("http://a.b:8/x"), STR("A.b:8")));
	assert_true(origin_is_on(STR("https://a.b"), STR("a.b")));
	assert_false(origin_is_on(STR("http://a.b:8/x"), STR("a.b")));
	assert_false(origin_is_on(STR("http://x.a.b/"), STR("a.b")));
	assert_false(origin_is_on(STR("a.b"), STR("a.b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_link_header),
		cmocka_unit_test(takes_no_more_than_a_url_may_have),
		cmocka_unit_test(knows_what_is_at_home),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
