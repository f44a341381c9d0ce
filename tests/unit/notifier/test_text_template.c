#include "cmd/notifier/text_template.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void mistakes_are_refused_with_their_column(void **state)
{
	static const struct {
		const char *source, *want;
	} t[] = {
		{ "a {{titel}}", "column 3: a notification has no 'titel'" },
		{ "\xc3\xa4\xc3\xb6 {{x}}", "column 4: " },
		{ "{{title", "column 1: {{ without its }}" },
		{ "{{}}", "column 1: a name expected" },
		{ "{{title }} {{ }}", "column 12: a name expected" },
		{ "{{title.x}}", "column 1: a notification has no 'title.x'" },
		{ "{{data.}}", "column 1: a name expected" },
		{ "{{data..a}}", "column 1: a name expected" },
		{ "{{raw title}}", "column 1: json, html" },
		{ "{{html title x}}", "column 1: a name expected" },
		{ "{{#title}}", "column 11: a section without its end" },
		{ "{{/title}}", "column 1: no such section is open" },
		{ "{{#title}}{{/type}}", "column 11: no such section" },
		{ "{{#a}}{{/a}}", "column 1: a notification has no 'a'" },
		{ "x\\y", "column 2: \\n, \\t" },
		{ "x\\", "column 2: \\n, \\t" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct arena a = { 0 };
		struct err e = { 0 };

		if (text_template_new(str_from(t[i].source), TEXT_PLAIN, &a,
				      &e))
			fail_msg("%s: was taken", t[i].source);
		assert_int_equal(e.code, EX_CONFIG);
		if (strncmp(e.msg, t[i].want, strlen(t[i].want)) != 0)
			fail_msg("%s: %s", t[i].source, e.msg);
		arena_free(&a);
	}
}

static void limits_are_kept(void **state)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e;

	(void)state;
	for (int i = 0; i < TEXT_PIECES_MAX; i++)
		buf_puts(&b, "{{title}}");
	assert_non_null(text_template_new(buf_str(&b), TEXT_PLAIN, &a, &e));
	buf_puts(&b, "x");
	assert_null(text_template_new(buf_str(&b), TEXT_PLAIN, &a, &e));
	assert_non_null(strstr(e.msg, "too many pieces"));
	buf_reset(&b);
	for (int i = 0; i < TEXT_TEMPLATE_MAX; i++)
		buf_putc(&b, 'x');
	assert_non_null(text_template_new(buf_str(&b), TEXT_PLAIN, &a, &e));
	buf_putc(&b, 'x');
	assert_null(text_template_new(buf_str(&b), TEXT_PLAIN, &a, &e));
	buf_reset(&b);
	for (int i = 0; i < TEXT_NEST_MAX; i++)
		buf_puts(&b, "{{#title}}");
	buf_puts(&b, "{{#title}}");
	assert_null(text_template_new(buf_str(&b), TEXT_PLAIN, &a, &e));
	assert_non_null(strstr(e.msg, "too deep"));
	buf_free(&b);
	arena_free(&a);
}

static void what_it_says_of_its_own_is_counted(void **state)
{
	struct arena a = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(
		text_template_fixed(
			text_template_new(STR("<b>{{title}}</b>\\n\xf0\x9f\x98"
					      "\x80"),
					  TEXT_HTML, &a, &e),
			TEXT_UTF16),
		3 + 4 + 1 + 2);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_refused_with_their_column),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(what_it_says_of_its_own_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
