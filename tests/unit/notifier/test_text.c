#include "cmd/notifier/text.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define DATA                                                       \
	"{\"type\":\"custom\",\"title\":\"a <b> & \\\"c\\\"\","    \
	"\"message\":\"*x* \\\\ y\\nz\",\"priority\":\"high\","    \
	"\"resolved\":false,\"data\":{\"n\":1.50,\"none\":null,"   \
	"\"empty\":\"\",\"url\":\"http://a/?b=c d\",\"yes\":true," \
	"\"list\":[\"one\",{\"two\":2}],\"no\":[],\"a\\u0062\":\"k\"}}"

static struct message message(const char *data)
{
	return (struct message){
		.ev = { .topic = STR("user.notification/ana"),
			.source = STR("weir/alerter/1"),
			.time_us = 0,
			.data = str_from(data) },
		.user = STR("ana"),
	};
}

static size_t fill(const char *source, enum text_escape how, const char *data,
		   const struct text_limit *limit, struct arena *a,
		   struct str *part)
{
	struct message m = message(data);
	const struct text_values v = { &m, STR("k1"), STR("phone") };
	struct text_template *t;
	struct err e;

	t = text_template_new(str_from(source), how, a, &e);
	if (!t)
		fail_msg("%s: %s", source, e.msg);
	return text_fill(t, &v, limit, a, part);
}

static void values_are_found_and_escaped(void **state)
{
	static const struct {
		const char *source;
		enum text_escape how;
		const char *want;
	} t[] = {
		{ "{{title}}", TEXT_PLAIN, "a <b> & \"c\"" },
		{ "{{ title }}", TEXT_HTML, "a &lt;b&gt; &amp; &quot;c&quot;" },
		{ "{{title}}", TEXT_MRKDWN, "a &lt;b&gt; &amp; \"c\"" },
		{ "{{message}}", TEXT_MARKDOWN, "\\*x\\* \\\\ y\nz" },
		{ "{\"t\":\"{{title}}{{message}}\"}", TEXT_JSON,
		  "{\"t\":\"a <b> & \\\"c\\\"*x* \\\\ y\\u000az\"}" },
		{ "{{data.url}}", TEXT_URL, "http%3A%2F%2Fa%2F%3Fb%3Dc%20d" },
		{ "<a href=\"?q={{url title}}\">{{title}}</a>", TEXT_HTML,
		  "<a href=\"?q=a%20%3Cb%3E%20%26%20%22c%22\">"
		  "a &lt;b&gt; &amp; &quot;c&quot;</a>" },
		{ "{{html title}}", TEXT_PLAIN,
		  "a &lt;b&gt; &amp; &quot;c&quot;" },
		{ "{{data.n}} {{data.yes}}{{data.none}}{{data.x.y}}",
		  TEXT_PLAIN, "1.50 true" },
		{ "{{data.list.0}}, {{data.list.1.two}}{{data.list.2}}"
		  "{{data.list.x}}",
		  TEXT_PLAIN, "one, 2" },
		{ "{{data.list}}", TEXT_PLAIN, "[\"one\",{\"two\":2}]" },
		{ "{{data.ab}}", TEXT_PLAIN, "k" },
		{ "{{json title}},{{json data.n}},{{json data.gone}},"
		  "{{json user}}",
		  TEXT_PLAIN, "\"a <b> & \\\"c\\\"\",1.50,null,\"ana\"" },
		{ "{{id}} {{channel}} {{user}} {{source}} {{time}}", TEXT_PLAIN,
		  "k1 phone ana weir/alerter/1 1970-01-01T00:00:00.000000Z" },
		{ "{{#data.url}}[{{data.url}}]{{/data.url}}{{#data.x}}no"
		  "{{/data.x}}{{^data.x}}!{{/data.x}}",
		  TEXT_PLAIN, "[http://a/?b=c d]!" },
		{ "{{#data.empty}}1{{/data.empty}}{{#data.none}}2"
		  "{{/data.none}}{{#resolved}}3{{/resolved}}{{#data.no}}4"
		  "{{/data.no}}{{#data.yes}}5{{^data.no}}6{{/data.no}}"
		  "{{/data.yes}}{{#data.list}}7{{/data.list}}{{#user}}8"
		  "{{/user}}",
		  TEXT_PLAIN, "5678" },
		{ "{{#data.x}}{{#data.n}}a{{/data.n}}b{{/data.x}}c", TEXT_PLAIN,
		  "c" },
		{ "a\\n\\t\\\\\\{{ }\\\"", TEXT_HTML, "a\n\t\\{{ }\"" },
	};
	const struct text_limit any = { .unit = TEXT_BYTES };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct str part[TEXT_PARTS_MAX];
		struct arena a = { 0 };

		assert_int_equal(
			fill(t[i].source, t[i].how, DATA, &any, &a, part), 1);
		if (!str_is(part[0], t[i].want))
			fail_msg("%s: %.*s", t[i].source, STR_ARG(part[0]));
		arena_free(&a);
	}
}

static void control_characters_go(void **state)
{
	static const char data[] =
		"{\"title\":\"a\\u0000b\\u001b[1mc\\u007f\\td\\ne\"}";
	const struct text_limit any = { .unit = TEXT_BYTES };
	struct str part[TEXT_PARTS_MAX];
	struct arena a = { 0 };

	(void)state;
	fill("{{title}}", TEXT_PLAIN, data, &any, &a, part);
	assert_true(str_is(part[0], "ab[1mc\td\ne"));
	fill("{{title}}", TEXT_HTML, data, &any, &a, part);
	assert_true(str_is(part[0], "ab[1mc\td\ne"));
	fill("{{title}}", TEXT_JSON, data, &any, &a, part);
	assert_true(str_is(part[0], "a\\u0000b\\u001b[1mc\x7f\\u0009d"
				    "\\u000ae"));
	arena_free(&a);
}

static char *long_data(const char *unit, size_t n)
{
	struct buf b = { 0 };

	buf_puts(&b, "{\"title\":\"tt\",\"message\":\"");
	while (n--)
		buf_puts(&b, unit);
	buf_puts(&b, "\"}");
	return b.p;
}

static void the_longest_value_is_cut_and_nothing_else(void **state)
{
	static const char *const chars[] = { "x", "&", "\xc3\xa4",
					     "\xf0\x9f\x98\x80" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chars); i++)
		for (size_t max = 30; max < 60; max++) {
			const struct text_limit limit = { TEXT_UTF16, max,
							  false };
			char *data = long_data(chars[i], 100);
			struct str part[TEXT_PARTS_MAX];
			struct arena a = { 0 };
			size_t units;

			assert_int_equal(fill("<b>{{title}}</b> {{message}}."
					      "<i>{{user}}</i>",
					      TEXT_HTML, data, &limit, &a,
					      part),
					 1);
			units = text_units(part[0], TEXT_UTF16);
			assert_in_range(units, max - 4, max);
			assert_true(str_starts(part[0], STR("<b>tt</b> ")));
			assert_true(str_ends(part[0],
					     STR("\xe2\x80\xa6.<i>ana</i>")));
			assert_true(str_is_utf8(part[0]));
			arena_free(&a);
			free(data);
		}
}

static void where_one_value_is_not_enough_the_next_is_cut(void **state)
{
	const struct text_limit limit = { TEXT_CHARACTERS, 10, false };
	struct str part[TEXT_PARTS_MAX];
	struct arena a = { 0 };

	(void)state;
	fill("{{title}}|{{message}}", TEXT_PLAIN,
	     "{\"title\":\"0123456789abc\",\"message\":\"0123456789\"}", &limit,
	     &a, part);
	assert_true(str_is(part[0], "\xe2\x80\xa6|0123456\xe2\x80\xa6"));
	arena_free(&a);
}

/* Join the parts again; each keeps within the limit. */
static char *join(const struct str *part, size_t n,
		  const struct text_limit *limit)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		assert_true(text_units(part[i], limit->unit) <= limit->max);
		assert_true(str_is_utf8(part[i]));
		buf_add_str(&b, part[i]);
	}
	return b.p;
}

static void what_is_split_is_all_there(void **state)
{
	static const char *const chars[] = { "x", "\xc3\xa4",
					     "\xf0\x9f\x98\x80", "ab ",
					     "ab\\n" };
	static const enum text_unit units[] = { TEXT_BYTES, TEXT_CHARACTERS,
						TEXT_UTF16 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(chars); i++)
		for (size_t u = 0; u < ARRAY_LEN(units); u++) {
			const struct text_limit limit = { units[u], 100, true };
			const struct text_limit any = { units[u], 0, false };
			char *data = long_data(chars[i], 120), *all;
			struct str part[TEXT_PARTS_MAX], whole[TEXT_PARTS_MAX];
			struct arena a = { 0 };
			size_t n;

			n = fill("{{title}} {{message}}", TEXT_PLAIN, data,
				 &limit, &a, part);
			assert_in_range(n, 2, 6);
			fill("{{title}} {{message}}", TEXT_PLAIN, data, &any,
			     &a, whole);
			all = join(part, n, &limit);
			assert_true(str_is(whole[0], all));
			/* Not within a word. */
			if (i >= 3)
				assert_true(
					str_chr(STR(" \n"),
						part[1].p[-1 + part[1].len]) !=
					(size_t)-1);
			free(all);
			arena_free(&a);
			free(data);
		}
}

static void parts_are_escaped_and_their_number_is_bounded(void **state)
{
	const struct text_limit limit = { TEXT_UTF16, 20, true };
	char *data = long_data("<", 400);
	struct str part[TEXT_PARTS_MAX];
	struct arena a = { 0 };
	size_t n = fill("<b>{{title}}</b>{{message}}", TEXT_HTML, data, &limit,
			&a, part);

	(void)state;
	assert_int_equal(n, TEXT_PARTS_MAX);
	assert_true(str_is(part[0], "<b>tt</b>&lt;&lt;"));
	assert_true(str_is(part[1], "&lt;&lt;&lt;&lt;&lt;"));
	assert_true(str_ends(part[n - 1], STR("&lt;\xe2\x80\xa6")));
	free(join(part, n, &limit));
	arena_free(&a);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_and_escaped),
		cmocka_unit_test(control_characters_go),
		cmocka_unit_test(the_longest_value_is_cut_and_nothing_else),
		cmocka_unit_test(where_one_value_is_not_enough_the_next_is_cut),
		cmocka_unit_test(what_is_split_is_all_there),
		cmocka_unit_test(parts_are_escaped_and_their_number_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
