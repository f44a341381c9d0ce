/*
 * What only rules ask: of what was before, with slack, which values there were,
 * and what must be so.
 */
#include "common/expr.h"

#include <malloc.h>
#include <string.h>

#include "common/words.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct decimal decimal(const char *text)
{
	struct decimal d = { 0, 0 };

	assert_true(!text || decimal_parse(str_from(text), &d));
	return d;
}

/* ---- what was before ---- */

static const struct {
	enum expr_fact which;
	int days;
	const char *price;
} facts_known[] = {
	{ EXPR_PREVIOUS, 0, "9000" },	  { EXPR_LOWEST, 7, "7900.50" },
	{ EXPR_LOWEST, 30, "6400" },	  { EXPR_HIGHEST, 7, "10000.00" },
	{ EXPR_HIGHEST, 30, "12800.00" }, { EXPR_HIGHEST, 1, "0" },
};

static bool number(void *arg, enum expr_fact which, int64_t window_us,
		   struct decimal *r)
{
	const int64_t day_us = INT64_C(86400000000);

	assert_string_equal(arg, "mine");
	for (size_t i = 0; i < ARRAY_LEN(facts_known); i++) {
		if (facts_known[i].which != which ||
		    facts_known[i].days * day_us != window_us)
			continue;
		*r = decimal(facts_known[i].price);
		return true;
	}
	return false;
}

static char mine[] = "mine";
static const struct expr_facts facts = { .number = number, .arg = mine };

/* ---- tables ---- */

static struct expr *compile(struct str text)
{
	struct err e = { 0 };
	struct expr *x = expr_compile_rule(text, &e);

	if (!x)
		fail_msg("%.*s: %s", STR_ARG(text), e.msg);
	return x;
}

static const char item[] =
	"{\"price\":\"8000.00\",\"currency\":\"USD\",\"source\":\"ebay\","
	"\"title\":\"Red bicycle\",\"summary\":\"As good as new\",\"n\":10,"
	"\"item\":{\"name\":\"Bike \\\"42\\\"\"},\"target\":7900,"
	"\"added\":[\"first line\",5,\"second one\"],\"text\":7,"
	"\"location\":{\"lat\":52.52,\"lon\":\"13.405\"},\"loc\":true,"
	"\"huge\":123456789012345678901234567890123456789012345}";

static struct str data_of(const struct json *c)
{
	struct str raw = cases_str(c, "data");
	struct err e;

	if (!raw.p)
		return STR(item);
	if (json_check(raw, JSON_STRICT, &e))
		fail_msg("%.*s: %s", STR_ARG(raw), e.msg);
	return raw;
}

static struct event event_of(const struct json *c)
{
	struct str topic = cases_str(c, "topic");

	return (struct event){ .topic = topic.p ? topic : STR("price.update/a"),
			       .source = STR("test"),
			       .time_us = CLK_NONE,
			       .recorded_us = CLK_NONE,
			       .data = data_of(c) };
}

static bool list_allows(const struct expr_strings *s, struct str data,
			const char *key, struct arena *a)
{
	struct str text = json_get_text(data, key, a);

	for (size_t i = 0; i < s->n; i++)
		if (text.p && str_eq(text, s->v[i]))
			return true;
	return s->n == 0;
}

static bool topics_allow(const struct expr_needs *of, struct str topic)
{
	for (size_t i = 0; i < of->n_topics; i++)
		if (of->topics[i].is_prefix
			    ? str_starts(topic, of->topics[i].text)
			    : str_eq(topic, of->topics[i].text))
			return true;
	return of->n_topics == 0;
}

static bool price_allows(const struct expr_needs *of, struct str data)
{
	struct str raw, text;
	struct arena a = { 0 };
	struct decimal d;
	bool ok = false;

	if (!of->has_min && !of->has_max)
		return true;
	if (json_get(data, "price", &raw)) {
		text = raw;
		json_text(raw, &a, &text);
		ok = decimal_parse_json(text, &d) &&
		     (!of->has_min || decimal_cmp(of->min, d) <= 0) &&
		     (!of->has_max || decimal_cmp(d, of->max) <= 0);
	}
	arena_free(&a);
	return ok;
}

static const char row_of_item[] = " bike 42 \n red bicycle \n as good as new "
				  "\n first line \n second one ";

static bool clause_allows(const struct expr_clause *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (words_contain(STR(row_of_item), c->rows[i]))
			return true;
	return false;
}

/* What holds meets its needs, and what it must be told meets them, too. */
static void check_needs(struct expr *x, const struct event *ev)
{
	const struct expr_needs *needs = expr_needs(x);
	struct arena a = { 0 };

	assert_true(topics_allow(needs, ev->topic));
	assert_true(list_allows(&needs->currencies, ev->data, "currency", &a));
	assert_true(list_allows(&needs->sources, ev->data, "source", &a));
	assert_true(price_allows(needs, ev->data));
	for (size_t i = 0; str_is(ev->data, item) && i < needs->n_clauses; i++)
		assert_true(clause_allows(&needs->clauses[i]));
	arena_free(&a);
}

static const char *const names[] = {
	[EXPR_NO] = "no", [EXPR_UNKNOWN] = "unknown", [EXPR_YES] = "yes"
};

static bool judge_ask(const struct json *c, void *ctx)
{
	struct str text = cases_str(c, "expr"), want = cases_str(c, "want");
	struct expr *x = compile(text), *opposite;
	struct event ev = event_of(c);
	struct decimal slack = decimal(cases_str(c, "slack").p);
	enum expr_answer got = expr_ask(x, &ev, &facts, slack);
	struct buf not = { 0 };

	(void)ctx;
	if (!str_is(want, names[got]))
		fail_msg("%.*s: %s", STR_ARG(text), names[got]);
	buf_addf(&not, "not (%.*s)", STR_ARG(text));
	opposite = compile(buf_str(&not ));
	if (slack.coef == 0) {
		assert_int_equal(EXPR_YES - got,
				 expr_ask(opposite, &ev, &facts, slack));
		if (got == EXPR_YES)
			check_needs(x, &ev);
	} else if (expr_ask(x, &ev, &facts, decimal("0")) == EXPR_YES) {
		assert_int_equal(got, EXPR_YES);
	}
	if (str_is(ev.data, item)) {
		struct expr_facts with_row = facts;

		with_row.row = STR(row_of_item);
		assert_int_equal(got, expr_ask(x, &ev, &with_row, slack));
	}
	buf_free(&not );
	expr_free(&opposite);
	expr_free(&x);
	return true;
}

static void a_rule_asks_what_was_before(void **state)
{
	(void)state;
	assert_true(
		cases_run("tests/fixtures/expr", "rule.jsonl", judge_ask, NULL)
			.n > 60);
}

static bool judge_canonical(const struct json *c, void *ctx)
{
	struct expr *x = compile(cases_str(c, "expr"));
	struct expr *again = compile(expr_text(x));

	(void)ctx;
	if (!str_eq(expr_text(x), cases_str(c, "want")) ||
	    !str_eq(expr_text(x), expr_text(again)))
		fail_msg("%.*s became %.*s", STR_ARG(cases_str(c, "expr")),
			 STR_ARG(expr_text(x)));
	expr_free(&again);
	expr_free(&x);
	return true;
}

static void equal_rules_have_one_form(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/expr", "rule_canonical.jsonl",
			      judge_canonical, NULL)
			    .n > 10);
}

static bool judge_mistake(const struct json *c, void *ctx)
{
	struct str text = cases_str(c, "expr");
	struct err e = { 0 };
	struct expr *x = json_true(json_member(c, "filter"))
				 ? expr_compile(text, &e)
				 : expr_compile_rule(text, &e);

	(void)ctx;
	if (x)
		fail_msg("%.*s was taken", STR_ARG(text));
	if (!str_is(cases_str(c, "error"), e.msg))
		fail_msg("%.*s: %s", STR_ARG(text), e.msg);
	return true;
}

static void mistakes_in_rules_are_shown_where_they_are(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/expr", "rule_mistakes.jsonl",
			      judge_mistake, NULL)
			    .n > 30);
}

/* ---- values ---- */

static bool judge_values(const struct json *c, void *ctx)
{
	struct expr *x = compile(cases_str(c, "expr"));
	struct event ev = event_of(c);
	struct buf b = { 0 };

	(void)ctx;
	buf_putc(&b, ' ');
	expr_values(x, &ev, &facts, &b);
	if (!str_is(cases_str(c, "want"), b.p + 1))
		fail_msg("%.*s:%s", STR_ARG(cases_str(c, "expr")), b.p);
	assert_int_equal(json_check(str_sub(buf_str(&b), 1, b.len), JSON_STRICT,
				    NULL),
			 0);
	buf_free(&b);
	expr_free(&x);
	return true;
}

static void the_values_that_were_asked_are_told(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/expr", "values.jsonl",
			      judge_values, NULL)
			    .n > 10);
}

/* ---- needs ---- */

static void print_list(struct buf *b, const char *what,
		       const struct expr_strings *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_addf(b, "%s%.*s", i ? "|" : what, STR_ARG(s->v[i]));
}

static void print_bound(struct buf *b, const char *what, bool has,
			struct decimal d)
{
	char text[DECIMAL_TEXT_MAX];

	if (has)
		buf_addf(b, "%s%s", what, decimal_format(d, text));
}

static void print_needs(struct buf *b, const struct expr_needs *of)
{
	for (size_t i = 0; i < of->n_topics; i++)
		buf_addf(b, "%s%.*s%s",
			 i ? "|" : " topic=", STR_ARG(of->topics[i].text),
			 of->topics[i].is_prefix ? "*" : "");
	for (size_t i = 0; i < of->n_clauses; i++)
		for (size_t k = 0; k < of->clauses[i].n; k++)
			buf_addf(b, "%s%.*s", k ? "|" : " words=",
				 STR_ARG(of->clauses[i].rows[k]));
	print_bound(b, " min=", of->has_min, of->min);
	print_bound(b, " max=", of->has_max, of->max);
	print_list(b, " currency=", &of->currencies);
	print_list(b, " source=", &of->sources);
}

static bool judge_needs(const struct json *c, void *ctx)
{
	struct expr *x = compile(cases_str(c, "expr"));
	struct buf b = { 0 };

	(void)ctx;
	print_needs(&b, expr_needs(x));
	assert_ptr_equal(expr_needs(x), expr_needs(x));
	if (!str_eq(cases_str(c, "want"), buf_str(&b)))
		fail_msg("%.*s:%.*s", STR_ARG(cases_str(c, "expr")),
			 STR_ARG(buf_str(&b)));
	buf_free(&b);
	expr_free(&x);
	return true;
}

static void what_must_be_so_is_known_before(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/expr", "needs.jsonl", judge_needs,
			      NULL)
			    .n > 20);
}

/* ---- the manual ---- */

/* A line of a display, without what mandoc reads otherwise. */
static void add_line(struct buf *b, struct str line)
{
	for (size_t i = 0; i < line.len; i++) {
		bool escape =
			str_starts(str_sub(line, i, line.len), STR("\\e"));

		buf_putc(b, line.p[i]);
		i += escape;
	}
	buf_putc(b, ' ');
}

static void compile_example(struct str text, bool is_rule)
{
	struct err e = { 0 };
	struct expr *x = expr_compile_rule(text, &e);

	if (!x)
		fail_msg("%.*s: %s", STR_ARG(text), e.msg);
	expr_free(&x);
	x = expr_compile(text, &e);
	if (is_rule != !x)
		fail_msg("%.*s: a filter?", STR_ARG(text));
	expr_free(&x);
}

/* Displays behind a comment that says for whom they are. */
static void the_examples_of_the_manual_are_right(void **state)
{
	FILE *f = fopen("man/weir-expr.7", "re");
	char line[256];
	struct buf b = { 0 };
	bool is_rule = false, in = false;
	size_t n = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct str s = str_trim(str_from(line));
		bool rule = str_is(s, ".\\\" rule");

		if (rule || str_is(s, ".\\\" filter")) {
			is_rule = rule;
			in = true;
		} else if (in && str_is(s, ".Ed")) {
			compile_example(buf_str(&b), is_rule);
			buf_reset(&b);
			in = false;
			n++;
		} else if (in && !str_starts(s, STR(".Bd"))) {
			add_line(&b, s);
		}
	}
	assert_int_equal(n, 6);
	buf_free(&b);
	fclose(f);
}

/* ---- limits and costs ---- */

static void there_are_so_many_regular_expressions(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	struct expr *x;

	(void)state;
	buf_puts(&b, "a matches 'x'");
	for (int i = 1; i < EXPR_MATCHES_MAX; i++)
		buf_puts(&b, " or a matches 'x'");
	x = compile(buf_str(&b));
	expr_free(&x);
	buf_puts(&b, " or a matches 'x'");
	assert_null(expr_compile_rule(buf_str(&b), &e));
	assert_string_equal(e.msg, "line 1, column 147: more than 8 regular "
				   "expressions");
	buf_free(&b);
}

static void giving_up_is_counted(void **state)
{
	struct expr *x = compile(STR("not (title matches 'a*[xz]')"));
	struct event ev = { .topic = STR("a.b"), .data = STR(item) };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(expr_ask(x, &ev, NULL, decimal("0")), EXPR_YES);
	assert_int_equal(expr_given_up(x), 0);
	buf_puts(&b, "{\"title\":\"");
	for (int i = 0; i < 10000; i++)
		buf_putc(&b, 'a');
	buf_puts(&b, "\"}");
	ev.data = buf_str(&b);
	assert_int_equal(expr_ask(x, &ev, NULL, decimal("0")), EXPR_UNKNOWN);
	assert_false(expr_match(x, &ev));
	assert_int_equal(expr_given_up(x), 2);
	buf_free(&b);
	expr_free(&x);
}

static void asking_costs_no_memory(void **state)
{
	static const char *const data[] = { item, "{\"price\":null}", "[1]",
					    "{\"title\":\"\\u00e9\"}" };
	struct expr *x = compile(STR(
		"(text mentions ['blue', 'bicyc*'] or text matches 'x|y$') and "
		"price <= 0.9 * highest('7d') - 5 and drop_percent('30d') > 3 "
		"and distance(52, 13) < 100 and has(text)"));
	struct event ev = { .topic = STR("a.b") };
	size_t before = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		if (i == 4)
			before = mallinfo2().uordblks;
		ev.data = str_from(data[i % 4]);
		assert_true((i % 4 == 0) ==
			    (expr_ask(x, &ev, &facts, decimal("0.01")) ==
			     EXPR_YES));
	}
	assert_true(before == mallinfo2().uordblks);
	expr_free(&x);
}

static void without_facts_they_are_unknown(void **state)
{
	struct expr *x = compile(STR("previous() > 5 or drop('7d') > 5"));
	struct expr_facts none = { 0 };
	struct event ev = { .topic = STR("a.b"), .data = STR(item) };

	(void)state;
	assert_int_equal(expr_ask(x, &ev, NULL, decimal("0")), EXPR_UNKNOWN);
	assert_int_equal(expr_ask(x, &ev, &none, decimal("0")), EXPR_UNKNOWN);
	assert_int_equal(expr_ask(x, &ev, &facts, decimal("0")), EXPR_YES);
	expr_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_asks_what_was_before),
		cmocka_unit_test(equal_rules_have_one_form),
		cmocka_unit_test(mistakes_in_rules_are_shown_where_they_are),
		cmocka_unit_test(the_values_that_were_asked_are_told),
		cmocka_unit_test(what_must_be_so_is_known_before),
		cmocka_unit_test(the_examples_of_the_manual_are_right),
		cmocka_unit_test(there_are_so_many_regular_expressions),
		cmocka_unit_test(giving_up_is_counted),
		cmocka_unit_test(asking_costs_no_memory),
		cmocka_unit_test(without_facts_they_are_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
