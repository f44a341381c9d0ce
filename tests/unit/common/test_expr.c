#include "common/expr.h"

#include <malloc.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct expr *compile(struct str text)
{
	struct err e = { 0 };
	struct expr *x = expr_compile(text, &e);

	if (!x)
		fail_msg("%.*s: %s", STR_ARG(text), e.msg);
	return x;
}

static bool matches(struct str text, const struct event *ev)
{
	struct expr *x = compile(text);
	bool once = expr_match(x, ev), twice = expr_match(x, ev);

	expr_free(&x);
	assert_true(once == twice);
	return once;
}

/* Of an expression and its opposite, neither matches what is unknown. */
static const char *answer(struct str text, const struct event *ev)
{
	struct buf not = { 0 };
	bool yes = matches(text, ev), no;

	buf_addf(&not, "not (%.*s)", STR_ARG(text));
	no = matches(buf_str(&not ), ev);
	buf_free(&not );
	assert_false(yes && no);
	return yes ? "yes" : no ? "no" : "unknown";
}

/* ---- tables ---- */

/* What a case is asked about: its event, its data, or the item. */
static void read_event(const struct json *c, struct str item, struct arena *a,
		       struct event *ev_r)
{
	const struct json *event = json_member(c, "event");
	struct err e = { 0 };
	struct buf line = { 0 };

	*ev_r = (struct event){ .topic = STR("price.update/a"),
				.source = STR("test"),
				.id = 1,
				.time_us = CLK_NONE,
				.recorded_us = CLK_NONE };
	ev_r->data = cases_str(c, "raw");
	if (!ev_r->data.p)
		ev_r->data = item;
	if (json_check(ev_r->data, JSON_STRICT, &e))
		fail_msg("%.*s: %s", STR_ARG(ev_r->data), e.msg);
	if (!event)
		return;
	json_print(event, &line);
	if (event_parse(arena_str(a, buf_str(&line)), EVENT_LAX, a, ev_r, &e))
		fail_msg("%s: %s", line.p, e.msg);
	buf_free(&line);
}

static bool judge_match(const struct json *c, void *item)
{
	struct str text = cases_str(c, "expr");
	struct arena a = { 0 };
	struct event ev;
	const char *got;

	read_event(c, str_from(item), &a, &ev);
	got = answer(text, &ev);
	if (!str_is(cases_str(c, "want"), got))
		fail_msg("%.*s: %s", STR_ARG(text), got);
	arena_free(&a);
	return true;
}

static void an_event_matches_or_not_or_it_is_unknown(void **state)
{
	char item[4096] = "";
	FILE *f = fopen("tests/fixtures/expr/item.json", "re");

	(void)state;
	assert_non_null(f);
	assert_true(fread(item, 1, sizeof(item) - 1, f) > 0);
	fclose(f);
	assert_true(cases_run("tests/fixtures/expr", "match.jsonl", judge_match,
			      item)
			    .n > 400);
}

static bool judge_canonical(const struct json *c, void *ctx)
{
	struct expr *x = compile(cases_str(c, "expr")), *again;

	(void)ctx;
	again = compile(expr_text(x));
	if (!str_eq(expr_text(x), cases_str(c, "want")) ||
	    !str_eq(expr_text(x), expr_text(again)))
		fail_msg("%.*s became %.*s", STR_ARG(cases_str(c, "expr")),
			 STR_ARG(expr_text(x)));
	expr_free(&again);
	expr_free(&x);
	return true;
}

static void equal_expressions_have_one_form(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/expr", "canonical.jsonl",
			      judge_canonical, NULL)
			    .n > 50);
}

static bool judge_mistake(const struct json *c, void *ctx)
{
	struct str text = cases_str(c, "expr");
	struct err e = { 0 };

	(void)ctx;
	if (expr_compile(text, &e))
		fail_msg("%.*s was taken", STR_ARG(text));
	if (e.code != EX_DATAERR || !str_is(cases_str(c, "error"), e.msg))
		fail_msg("%.*s: %s", STR_ARG(text), e.msg);
	return true;
}

static void mistakes_are_shown_where_they_are(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/expr", "mistakes.jsonl",
			      judge_mistake, NULL)
			    .n > 90);
}

/* ---- limits ---- */

/* `n` times `part`, between `first` and `last`. */
static struct str repeat(struct buf *b, const char *first, const char *part,
			 int n, const char *last)
{
	buf_reset(b);
	buf_puts(b, first);
	for (int i = 0; i < n; i++)
		buf_puts(b, part);
	buf_puts(b, last);
	return buf_str(b);
}

static void every_limit_is_kept(void **state)
{
	static const struct {
		const char *first, *part, *last;
		int most;
		const char *why;
	} limits[] = {
		{ "a", " ", "", EXPR_MAX - 1, "longer than 4096 bytes" },
		{ "a == '", "x", "'", EXPR_MAX - 7, "longer than 4096 bytes" },
		/* a space on both sides of <, where none was */
		{ "a<'", "x", "'", EXPR_MAX - 6,
		  "longer than 4096 bytes in its canonical form" },
		{ "", "not ", "a", EXPR_DEPTH_MAX, "more than 32 in each" },
		{ "a", " or a", "", EXPR_NODES_MAX - 2, "more than 256 tests" },
		{ "a in [1", ",1", "]", EXPR_LIST_MAX - 1,
		  "more than 256 values" },
		{ "a", ".a", "", EXPR_PATH_MAX - 1, "more than 32 names" },
	};
	struct buf b = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct err e = { 0 };
		struct expr *x;

		x = compile(repeat(&b, limits[i].first, limits[i].part,
				   limits[i].most, limits[i].last));
		expr_free(&x);
		x = expr_compile(repeat(&b, limits[i].first, limits[i].part,
					limits[i].most + 1, limits[i].last),
				 &e);
		assert_null(x);
		assert_int_equal(e.code, EX_DATAERR);
		if (!strstr(e.msg, limits[i].why))
			fail_msg("%s: %s", limits[i].why, e.msg);
	}
	buf_free(&b);
}

static void parentheses_count_while_they_are_open(void **state)
{
	struct buf b = { 0 }, all = { 0 };
	struct expr *x;

	(void)state;
	for (int i = 0; i < 3; i++) {
		repeat(&b, i ? "and " : "", "(", EXPR_DEPTH_MAX, "a");
		buf_add_str(&all, buf_str(&b));
		repeat(&b, "", ")", EXPR_DEPTH_MAX, " ");
		buf_add_str(&all, buf_str(&b));
	}
	x = compile(buf_str(&all));
	assert_true(str_is(expr_text(x), "a and a and a"));
	expr_free(&x);
	buf_free(&all);
	buf_free(&b);
}

static void what_is_not_utf8_is_refused(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(expr_compile(STR("a == '\xff'"), &e));
	assert_int_equal(e.code, EX_DATAERR);
	assert_null(expr_compile((struct str){ "a\0b", 3 }, &e));
	assert_null(expr_compile((struct str){ 0 }, &e));
	assert_null(expr_compile(STR("a ="), NULL));
}

static void an_event_of_any_form_costs_no_memory(void **state)
{
	static const char wanted[] = "{\"price\":\"7999\",\"tags\":[1,\"b\"],"
				     "\"title\":\"The \\\"Sub\\\"\"}";
	static const char *const data[] = { wanted, "{\"price\":null}",
					    "[1,2,3]", "null" };
	struct expr *x = compile(STR("price <= 8000 and title mentions 'sub' "
				     "and tags contains 'b' and event.id == 7 "
				     "and event.time > '2020-01-01'"));
	struct event ev = { .topic = STR("a.b"),
			    .id = 7,
			    .time_us = 1800000000000000 };
	size_t before = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		if (i == 4)
			before = mallinfo2().uordblks;
		ev.data = str_from(data[i % 4]);
		assert_true(expr_match(x, &ev) == (i % 4 == 0));
	}
	assert_true(before == mallinfo2().uordblks);
	expr_free(&x);
	expr_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_matches_or_not_or_it_is_unknown),
		cmocka_unit_test(equal_expressions_have_one_form),
		cmocka_unit_test(mistakes_are_shown_where_they_are),
		cmocka_unit_test(every_limit_is_kept),
		cmocka_unit_test(parentheses_count_while_they_are_open),
		cmocka_unit_test(what_is_not_utf8_is_refused),
		cmocka_unit_test(an_event_of_any_form_costs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
