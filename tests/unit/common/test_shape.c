#include "common/shape.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

struct inner {
	bool present;
	struct str min;
};

struct thing {
	struct str name, price, color;
	bool good;
	struct str flag, number, any, object;
	struct inner inner;
	struct shape_list tags, words;
	struct shape_subs many;
};

static const char *const colors[] = { "red", "blue", NULL };

static const struct shape_field inner_rows[] = {
	{ .name = "min",
	  .kind = SHAPE_DECIMAL,
	  .flags = SHAPE_LOOSE,
	  .offset = offsetof(struct inner, min) },
};
static const struct shape inner_shape = {
	"Inner.", inner_rows, ARRAY_LEN(inner_rows), sizeof(struct inner),
	0,	  NULL
};

#define AT(m) .offset = offsetof(struct thing, m)
static const struct shape_field rows[] = {
	{ .name = "name",
	  .kind = SHAPE_TEXT,
	  .flags = SHAPE_REQUIRED,
	  AT(name),
	  .max = 5 },
	{ .name = "price",
	  .kind = SHAPE_DECIMAL,
	  .flags = SHAPE_REQUIRED | SHAPE_NULLABLE,
	  AT(price) },
	{ .name = "color", .kind = SHAPE_NAME, AT(color), .names = colors },
	{ .name = "good", .kind = SHAPE_BOOL, AT(good) },
	{ .name = "flag", .kind = SHAPE_FLAG, AT(flag) },
	{ .name = "number", .kind = SHAPE_NUMBER, AT(number) },
	{ .name = "any", .kind = SHAPE_JSON, AT(any) },
	{ .name = "object", .kind = SHAPE_OBJECT, AT(object) },
	{ .name = "inner", .kind = SHAPE_SUB, AT(inner), .sub = &inner_shape },
	{ .name = "tags", .kind = SHAPE_LIST, AT(tags), .max = 2 },
	{ .name = "words", .kind = SHAPE_WORDS, AT(words) },
	{ .name = "many",
	  .kind = SHAPE_SUBS,
	  AT(many),
	  .max = 2,
	  .sub = &inner_shape },
};
static const struct shape closed = {
	"A thing.", rows, ARRAY_LEN(rows), sizeof(struct thing), 0, NULL
};
static const struct shape open_shape = { "A thing.",	  rows,
					 ARRAY_LEN(rows), sizeof(struct thing),
					 SHAPE_OPEN,	  NULL };

/* What comes out when text is decoded and encoded again. */
static void goes_to(const char *text, const char *want)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	struct thing t;

	if (json_check(str_from(text), JSON_UNIQUE, &e) ||
	    shape_decode(&closed, str_from(text), &t, &a, &e))
		fail_msg("%s: %s", text, e.msg);
	shape_encode(&closed, &t, &b);
	assert_string_equal(b.p, want);
	buf_free(&b);
	arena_free(&a);
}

static void decoding_and_encoding_gives_the_same_object(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: the same */
	} cases[] = {
		{ "{\"name\":\"lamp\",\"price\":\"1.50\"}", NULL },
		{ "{\"name\":\"\",\"price\":null}", NULL },
		{ "{\"name\":\"a\",\"price\":\"1\",\"color\":\"red\","
		  "\"good\":true,\"flag\":false,\"number\":1e9,"
		  "\"any\":[null,{}],\"object\":{\"a\":1},"
		  "\"inner\":{\"min\":\"0.50\"},\"tags\":[\"x\",\"y\"],"
		  "\"words\":[\"p q\"]}",
		  NULL },
		{ "{\"name\":\"a\",\"price\":\"1\",\"inner\":{},"
		  "\"tags\":[],\"words\":\"p q\"}",
		  NULL },
		{ "{\"name\":\"a\",\"price\":\"1\",\"many\":[]}", NULL },
		{ "{\"name\":\"a\",\"price\":\"1\","
		  "\"many\":[{\"min\":\"1\"},{}]}",
		  NULL },
		/* any order, any white space, escaped names and texts */
		{ " { \"price\" : \"1\" , \"na\\u006de\" : \"\\u00e9\\n\" } ",
		  "{\"name\":\"\xc3\xa9\\n\",\"price\":\"1\"}" },
		/* false is the same as absent, a number becomes its text */
		{ "{\"name\":\"a\",\"price\":\"1\",\"good\":false,"
		  "\"inner\":{\"min\":8000}}",
		  "{\"name\":\"a\",\"price\":\"1\","
		  "\"inner\":{\"min\":\"8000\"}}" },
		{ "{\"name\":\"a\",\"price\":\"1\",\"inner\":{\"min\":2.5e2}}",
		  "{\"name\":\"a\",\"price\":\"1\","
		  "\"inner\":{\"min\":\"250\"}}" },
		/* five characters, ten bytes */
		{ "{\"name\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\","
		  "\"price\":null}",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		goes_to(cases[i].text,
			cases[i].want ? cases[i].want : cases[i].text);
}

#define UNKNOWN                                                              \
	"unknown member; known are name, price, color, good, flag, number, " \
	"any, object, inner, tags, words, many"

static void what_does_not_fit_is_named(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "[]", "not a JSON object" },
		{ "null", "not a JSON object" },
		{ "{}", "name: missing" },
		{ "{\"name\":\"a\"}", "price: missing" },
		{ "{\"name\":null,\"price\":\"1\"}", "name: not a string" },
		{ "{\"name\":\"abcdef\",\"price\":\"1\"}",
		  "name: longer than 5 characters" },
		{ "{\"price\":\"1,5\"}", "price: not a decimal" },
		{ "{\"price\":1.5}", "price: not a decimal" },
		{ "{\"colour\":\"red\"}", "colour: " UNKNOWN },
		{ "{\"nam\":\"a\"}", "nam: " UNKNOWN },
		{ "{\"\":1}", UNKNOWN },
		{ "{\"color\":\"green\"}", "color: not one of red, blue" },
		{ "{\"good\":1}", "good: not true or false" },
		{ "{\"flag\":\"true\"}", "flag: not true or false" },
		{ "{\"number\":\"1\"}", "number: not a number" },
		{ "{\"object\":[]}", "object: not an object" },
		{ "{\"inner\":[]}", "inner: not an object" },
		{ "{\"inner\":{\"min\":\"x\"}}", "inner.min: not a decimal" },
		{ "{\"inner\":{\"min\":1e99}}", "inner.min: not a decimal" },
		{ "{\"inner\":{\"max\":1}}",
		  "inner.max: unknown member; known are min" },
		{ "{\"tags\":\"a\"}", "tags: not an array of strings" },
		{ "{\"tags\":[\"a\",2]}", "tags[2]: not a string" },
		{ "{\"tags\":[\"a\",\"b\",\"c\"]}",
		  "tags: more than 2 entries" },
		{ "{\"words\":{}}",
		  "words: not a string or an array of strings" },
		{ "{\"words\":[[]]}", "words[1]: not a string" },
		{ "{\"many\":{}}", "many: not an array of objects" },
		{ "{\"many\":[{},1]}", "many[2]: not an object" },
		{ "{\"many\":[{\"min\":\"x\"}]}",
		  "many[1].min: not a decimal" },
		{ "{\"many\":[{\"max\":1}]}",
		  "many[1].max: unknown member; known are min" },
		{ "{\"many\":[{},{},{}]}", "many: more than 2 entries" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = { 0 };
		struct err e = { 0 };
		struct thing t;

		assert_int_equal(shape_decode(&closed, str_from(cases[i].text),
					      &t, &a, &e),
				 -1);
		assert_string_equal(e.msg, cases[i].want);
		assert_int_equal(e.code, EX_DATAERR);
		arena_free(&a);
	}
}

static void a_long_path_is_cut_in_the_message(void **state)
{
	struct buf b = { 0 };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct thing t;

	(void)state;
	buf_puts(&b, "{\"");
	for (int i = 0; i < 1000; i++)
		buf_puts(&b, "long");
	buf_puts(&b, "\":1}");
	assert_int_equal(shape_decode(&closed, buf_str(&b), &t, &a, &e), -1);
	assert_non_null(strstr(e.msg, "unknown member"));
	buf_free(&b);
	arena_free(&a);
}

static void an_open_shape_passes_over_unknown_members(void **state)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct thing t;
	struct str text = STR("{\"x\":{\"name\":1},\"name\":\"a\",\"y\":[],"
			      "\"price\":\"2\"}");

	(void)state;
	assert_int_equal(shape_decode(&open_shape, text, &t, &a, &e), 0);
	assert_true(str_is(t.name, "a"));
	assert_true(str_is(t.price, "2"));
	arena_free(&a);
}

static void plain_text_is_borrowed_not_copied(void **state)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct thing t;
	struct str text = STR("{\"name\":\"a\",\"price\":\"2\"}");

	(void)state;
	assert_int_equal(shape_decode(&closed, text, &t, &a, &e), 0);
	assert_ptr_equal(t.name.p, text.p + 9);
	assert_int_equal(a.used, 0);
	arena_free(&a);
}

static void a_schema_is_json_and_says_what_is_required(void **state)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	struct json *schema;

	(void)state;
	shape_schema(&closed, "some.thing", true, &b);
	schema = json_parse(buf_str(&b), JSON_UNIQUE, &e);
	if (!schema)
		fail_msg("%s", e.msg);
	assert_true(str_is(cases_str(schema, "title"), "some.thing"));
	assert_int_equal(json_count(json_member(schema, "required")), 2);
	assert_int_equal(json_count(json_member(schema, "properties")),
			 ARRAY_LEN(rows));
	assert_int_equal(b.p[b.len - 1], '\n');
	json_free(&schema);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding_and_encoding_gives_the_same_object),
		cmocka_unit_test(what_does_not_fit_is_named),
		cmocka_unit_test(a_long_path_is_cut_in_the_message),
		cmocka_unit_test(an_open_shape_passes_over_unknown_members),
		cmocka_unit_test(plain_text_is_borrowed_not_copied),
		cmocka_unit_test(a_schema_is_json_and_says_what_is_required),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
