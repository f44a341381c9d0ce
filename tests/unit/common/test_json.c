#include "common/json.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static void strict_json_is_taken(void **state)
{
	static const char *const good[] = {
		"null",
		" true ",
		"\t\r\nfalse",
		"0",
		"-0",
		"-0.0e-0",
		"1E+2",
		"123456789012345678901234567890.5e999",
		"\"\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
		"\"\\ud800\"",
		"\"\x7f\"",
		"[]",
		"[ ]",
		"{}",
		"{ }",
		"[[],{}]",
		"{\"\":0,\"a\":{\"a\":[1 , 2]}}",
		"{\"a\":1,\"a\":2}",
		"\"\\u0000\"",
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (json_check(str_from(good[i]), 0, &e))
			fail_msg("'%s': %s", good[i], e.msg);
}

static void what_is_wrong_is_said_with_its_byte(void **state)
{
	const struct {
		struct str text;
		unsigned flags;
		const char *msg;
	} bad[] = {
		{ { NULL, 0 }, 0, "nothing there" },
		{ STR("  "), 0, "value expected at byte 3" },
		{ STR("\xef\xbb\xbf{}"), 0, "value expected at byte 1" },
		{ STR("[1,]"), 0, "value expected at byte 4" },
		{ STR("[1 2]"), 0, "',' or ']' expected at byte 4" },
		{ STR("[1"), 0, "',' or ']' expected at byte 3" },
		{ STR("{\"a\" 1}"), 0, "':' expected" },
		{ STR("{\"a\":1 \"b\":2}"), 0, "',' or '}' expected" },
		{ STR("{\"a\":1,}"), 0, "name expected at byte 8" },
		{ STR("{a:1}"), 0, "name expected at byte 2" },
		{ STR("{\"a\":"), 0, "value expected" },
		{ STR("{} x"), 0, "more after the value at byte 4" },
		{ STR("\"\\ud800\""), JSON_NO_HALF,
		  "half of a surrogate pair at byte 3" },
		{ STR("\"\\uDFFF\""), JSON_NO_HALF,
		  "half of a surrogate pair" },
		{ STR("\"\\ud83d\\n\""), JSON_NO_HALF,
		  "half of a surrogate pair" },
		{ STR("\"\\ud83d\\ud83d\\ude00\""), JSON_NO_HALF,
		  "half of a surrogate pair at byte 3" },
		{ STR("{\"\\ude00\\ud83d\":1}"), JSON_STRICT,
		  "half of a surrogate pair" },
		{ STR("01"), 0, "leading zero" },
		{ STR("+1"), 0, "value expected" },
		{ STR("-"), 0, "digit expected" },
		{ STR("1."), 0, "digit expected" },
		{ STR("1e"), 0, "digit expected" },
		{ STR("1e+"), 0, "digit expected" },
		{ STR(".5"), 0, "value expected" },
		{ STR("nul"), 0, "unknown word" },
		{ STR("NaN"), 0, "value expected" },
		{ STR("'a'"), 0, "value expected" },
		{ STR("\"a"), 0, "string without end" },
		{ STR("\"a\\"), 0, "string without end" },
		{ STR("\"\\x\""), 0, "unknown escape" },
		{ STR("\"\\\0\""), 0, "unknown escape" },
		{ STR("\"\\u12g4\""), 0, "four hex digits" },
		{ STR("\"\\u12"), 0, "four hex digits" },
		{ STR("\"a\nb\""), 0, "control character" },
		{ STR("\"a\0b\""), 0, "control character" },
		{ STR("[1]\0"), 0, "more after the value" },
		{ STR("\"\xff\""), 0, "invalid UTF-8" },
		{ STR("\"\xed\xa0\x80\""), 0, "invalid UTF-8" },
		{ STR("\"\\u0000\""), JSON_NO_NUL, "NUL character" },
		{ STR("{\"a\":1,\"a\":2}"), JSON_UNIQUE, "twice" },
		{ STR("[{\"a\":1,\"\\u0061\":2}]"), JSON_UNIQUE, "twice" },
		{ STR("{\"\\n\":{},\"\\u000a\":2}"), JSON_UNIQUE, "twice" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };

		if (json_check(bad[i].text, bad[i].flags, &e) != -1)
			fail_msg("case %zu (%s) was taken", i, bad[i].msg);
		assert_int_equal(e.code, EX_DATAERR);
		if (!strstr(e.msg, bad[i].msg))
			fail_msg("'%s' does not say '%s'", e.msg, bad[i].msg);
		assert_null(json_parse(bad[i].text, bad[i].flags, NULL));
	}
}

/* Strings are scanned eight bytes at a time: no place may hide a byte. */
static void every_byte_counts_wherever_it_stands(void **state)
{
	char text[32];

	(void)state;
	for (size_t at = 1; at < sizeof(text) - 1; at++) {
		for (int c = 0; c < 0x80; c++) {
			struct str s = { text, sizeof(text) };
			bool good = c >= 0x20 && c != '"' && c != '\\';

			memset(text, 'x', sizeof(text));
			text[0] = text[sizeof(text) - 1] = '"';
			text[at] = (char)c;
			assert_int_equal(json_check(s, 0, NULL) == 0, good);
		}
	}
}

static void names_are_unique_also_among_many(void **state)
{
	struct buf b = { 0 };

	(void)state;
	/* Few are compared one by one, many are sorted. */
	for (int n = 1; n < 60; n++) {
		for (int twin = 0; twin < n; twin++) {
			buf_reset(&b);
			buf_putc(&b, '{');
			for (int i = 0; i < n; i++)
				buf_addf(&b, "\"%d\":{\"%d\":0},", i, i);
			buf_addf(&b, "\"x\":0}");
			assert_int_equal(
				json_check(buf_str(&b), JSON_UNIQUE, NULL), 0);
			b.len--;
			buf_addf(&b, ",\"%d\":1}", twin);
			assert_int_equal(
				json_check(buf_str(&b), JSON_UNIQUE, NULL), -1);
			assert_int_equal(json_check(buf_str(&b), 0, NULL), 0);
		}
	}
	buf_free(&b);
}

static void nesting_has_a_limit(void **state)
{
	struct buf b = { 0 };
	struct err e;

	(void)state;
	for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
		bool fits = depth <= JSON_DEPTH_MAX;
		struct json *tree;

		buf_reset(&b);
		for (int i = 0; i < depth; i++)
			buf_puts(&b, i % 2 ? "[" : "{\"a\":");
		buf_puts(&b, "1");
		for (int i = depth; i-- > 0;)
			buf_putc(&b, i % 2 ? ']' : '}');
		tree = json_parse(buf_str(&b), JSON_UNIQUE, &e);
		assert_int_equal(tree != NULL, fits);
		json_free(&tree);
	}
	assert_non_null(strstr(e.msg, "too deeply"));
	/* Brackets without end run into it too, not into the stack's end. */
	buf_reset(&b);
	for (int i = 0; i < 1000000; i++)
		buf_putc(&b, '[');
	assert_int_equal(json_check(buf_str(&b), 0, &e), -1);
	buf_free(&b);
}

static void members_are_walked_in_order(void **state)
{
	struct str text = STR(" { \"a\" : 1 , \"b\\\"\":[1,\"],}\",{}],"
			      "\"c\":{\"d\":\"}\"},\"e\":-1.5e3 } ");
	static const struct {
		const char *key, *value;
		enum json_type type;
	} want[] = {
		{ "a", "1", JSON_NUMBER },
		{ "b\\\"", "[1,\"],}\",{}]", JSON_ARRAY },
		{ "c", "{\"d\":\"}\"}", JSON_OBJECT },
		{ "e", "-1.5e3", JSON_NUMBER },
	};
	struct json_iter it = json_iter(text);
	struct str value;

	(void)state;
	assert_int_equal(json_check(text, 0, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(json_next(&it));
		assert_true(str_is(it.key, want[i].key));
		assert_true(str_is(it.value, want[i].value));
		assert_int_equal(json_type_of(it.value), want[i].type);
	}
	assert_false(json_next(&it));
	assert_false(json_next(&it));
	assert_true(json_get(text, "e", &value));
	assert_true(str_is(value, "-1.5e3"));
	assert_false(json_get(text, "d", &value));
	assert_false(json_get(STR("[\"a\"]"), "a", &value));
}

static void elements_have_no_key_and_scalars_no_elements(void **state)
{
	static const char *const scalars[] = {
		"1", "\"[1]\"", "null", "true", "[]", "{}", " [ ] ", "{ }"
	};
	struct json_iter it = json_iter(STR("[ 1,\"a\" , null,true ]"));
	const char *const want[] = { "1", "\"a\"", "null", "true" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(json_next(&it));
		assert_null(it.key.p);
		assert_true(str_is(it.value, want[i]));
	}
	assert_false(json_next(&it));
	it = json_iter((struct str){ 0 });
	assert_false(json_next(&it));
	for (size_t i = 0; i < ARRAY_LEN(scalars); i++) {
		it = json_iter(str_from(scalars[i]));
		assert_false(json_next(&it));
	}
}

static void strings_are_unescaped(void **state)
{
	const struct {
		struct str json, want;
	} s[] = {
		{ STR("\"\""), STR("") },
		{ STR("\"plain\""), STR("plain") },
		{ STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
		  STR("\"\\/\b\f\n\r\t") },
		{ STR("\"\\u00e9\\u20AC\""), STR("\xc3\xa9\xe2\x82\xac") },
		{ STR("\"\\ud83d\\uDE00\""), STR("\xf0\x9f\x98\x80") },
		{ STR("\"a\\u0000b\""), STR("a\0b") },
		{ STR("\"\\ud83d\""), STR("\xef\xbf\xbd") },
		{ STR("\"\\ude00\\ud83d\""), STR("\xef\xbf\xbd\xef\xbf\xbd") },
		{ STR("\"\\ud83d\\n\""), STR("\xef\xbf\xbd\n") },
		{ STR("\"\\ud83d\\u0041\""), STR("\xef\xbf\xbd"
						 "A") },
	};
	struct arena a = { 0 };
	struct str text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(s); i++) {
		assert_int_equal(json_check(s[i].json, 0, NULL), 0);
		assert_true(json_text(s[i].json, &a, &text));
		if (!str_eq(text, s[i].want))
			fail_msg("case %zu", i);
	}
	assert_false(json_text(STR("1"), &a, &text));
	assert_false(json_text((struct str){ 0 }, &a, &text));
	/* What needs no copy is none. */
	assert_true(json_text(s[1].json, &a, &text));
	assert_ptr_equal(text.p, s[1].json.p + 1);
	arena_free(&a);
}

static void a_members_text_is_absent_unless_it_is_one(void **state)
{
	const struct str obj = STR(" {\"n\":1,\"s\":\"a\\tb\",\"e\":\"\"} ");
	struct arena a = { 0 };

	(void)state;
	assert_true(str_is(json_get_text(obj, "s", &a), "a\tb"));
	assert_non_null(json_get_text(obj, "e", &a).p);
	assert_null(json_get_text(obj, "n", &a).p);
	assert_null(json_get_text(obj, "x", &a).p);
	assert_null(json_get_text(STR("[\"s\"]"), "s", &a).p);
	assert_null(json_get_text((struct str){ 0 }, "s", &a).p);
	arena_free(&a);
}

static void a_tree_keeps_digits_case_and_order(void **state)
{
	static const char text[] =
		"{ \"n\": 9007199254740993, \"N\": 0.10, \"e\":1E+2, \"big\":"
		"12345678901234567890123456789012345678901234567890"
		"12345678901234567890123456789012345678901234567890,"
		"\"s\":\"a\\u0000\\ud800 5\", \"\\u00e9\":[ true, null, -0 ] }";
	static const char want[] =
		"{\"n\":9007199254740993,\"N\":0.10,\"e\":1E+2,\"big\":"
		"12345678901234567890123456789012345678901234567890"
		"12345678901234567890123456789012345678901234567890,"
		"\"s\":\"a\xef\xbf\xbd\xef\xbf\xbd 5\",\"\xc3\xa9\":"
		"[true,null,-0]}";
	struct json *tree = json_parse(STR(text), 0, NULL);
	struct buf b = { 0 };

	(void)state;
	assert_non_null(tree);
	json_print(tree, &b);
	assert_string_equal(b.p, want);
	assert_string_equal(json_number(json_member(tree, "n")),
			    "9007199254740993");
	assert_string_equal(json_number(json_member(tree, "N")), "0.10");
	assert_null(json_member(tree, "E"));
	json_free(&tree);
	assert_null(tree);
	buf_free(&b);
}

static void nothing_is_passed_on(void **state)
{
	struct json *tree =
		json_parse(STR("{\"a\":1,\"b\":[\"x\"],\"a\":2}"), 0, NULL);
	const struct json *b = json_member(tree, "b");
	struct buf out = { 0 };

	(void)state;
	/* Where a name stands twice the last one holds. */
	assert_string_equal(json_number(json_member(tree, "a")), "2");
	assert_int_equal(json_count(tree), 3);
	assert_string_equal(json_string(json_at(b, 0)), "x");
	assert_null(json_at(b, 1));
	assert_null(json_at(tree, 0));
	assert_null(json_member(b, "0"));
	assert_null(json_member(NULL, "a"));
	assert_null(json_at(NULL, 0));
	assert_null(json_child(NULL));
	assert_null(json_sibling(NULL));
	assert_null(json_key(json_at(b, 0)));
	assert_null(json_string(b));
	assert_null(json_number(b));
	assert_int_equal(json_count(NULL), 0);
	assert_int_equal(json_kind(NULL), JSON_NONE);
	assert_false(json_true(NULL));
	json_print(NULL, &out);
	assert_string_equal(out.p, "null");
	buf_free(&out);
	json_free(&tree);
}

static size_t base64(struct str s, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	unsigned bits = 0, n = 0;
	size_t len = 0;

	for (size_t i = 0; i < s.len && s.p[i] != '='; i++) {
		const char *at = memchr(digits, s.p[i], sizeof(digits) - 1);

		assert_non_null(at);
		bits = bits << 6 | (unsigned)(at - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[len++] = (char)(bits >> n);
		}
	}
	return len;
}

static bool judge_text(const struct json *c, void *ctx)
{
	struct str coded = cases_str(c, "b64"), expect = cases_str(c, "expect");
	char *text = xmalloc(coded.len + 1);
	size_t len = base64(coded, text);
	bool taken = json_check((struct str){ text, len }, 0, NULL) == 0;
	struct json *tree = json_parse((struct str){ text, len }, 0, NULL);
	bool same = taken == (tree != NULL);

	(void)ctx;
	json_free(&tree);
	free(text);
	return same &&
	       (str_is(expect, "either") || taken == str_is(expect, "accept"));
}

static void agrees_with_other_parsers(void **state)
{
	struct cases_count count =
		cases_run(cases_dir(), "json.jsonl", judge_text, NULL);

	(void)state;
	print_message("# texts: %zu of %zu\n", count.good, count.n);
	assert_int_equal(count.good, count.n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strict_json_is_taken),
		cmocka_unit_test(what_is_wrong_is_said_with_its_byte),
		cmocka_unit_test(every_byte_counts_wherever_it_stands),
		cmocka_unit_test(names_are_unique_also_among_many),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(members_are_walked_in_order),
		cmocka_unit_test(elements_have_no_key_and_scalars_no_elements),
		cmocka_unit_test(strings_are_unescaped),
		cmocka_unit_test(a_members_text_is_absent_unless_it_is_one),
		cmocka_unit_test(a_tree_keeps_digits_case_and_order),
		cmocka_unit_test(nothing_is_passed_on),
		cmocka_unit_test(agrees_with_other_parsers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
