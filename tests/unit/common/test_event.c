#include "common/event.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

#define HEAD "{\"specversion\":\"1.0\",\"id\":\"1041\",\"source\":\"weir/s/a\","
#define TYPE "\"type\":\"price.update\",\"subject\":\"lamp\","
#define TIME "\"time\":\"2026-11-20T21:00:00.123456Z\""
#define FORM ",\"datacontenttype\":\"application/json\","
#define DATA "\"data\":{\"price\":\"1\"}"
#define STORE                                                \
	",\"recordedtime\":\"2026-11-20T21:00:00.124001Z\"," \
	"\"offset\":\"88213\",\"epoch\":\"9b1c04e7\"}"

static void parse(const char *line, unsigned flags, struct arena *a,
		  struct event *ev)
{
	struct err e = { 0 };

	if (event_parse(str_from(line), flags, a, ev, &e))
		fail_msg("%s: %s", line, e.msg);
}

static void text_survives_reading_and_writing(void **state)
{
	static const char *const lines[] = {
		HEAD TYPE TIME FORM DATA STORE,
		HEAD TYPE TIME FORM DATA "}",
		HEAD "\"type\":\"system.message\"," TIME FORM "\"data\":null}",
		HEAD TYPE TIME
		",\"cause\":\"weir/s/b 7\",\"n\":1.0,\"t\":true" FORM DATA "}",
		"{\"specversion\":\"1.0\",\"id\":\"0x7\",\"source\":\"urn:"
		"a\"," TYPE TIME FORM DATA "}",
		"{\"specversion\":\"1.0\",\"id\":\"007\",\"source\":\"urn:"
		"a\"," TYPE TIME FORM DATA "}",
		HEAD "\"type\":\"a.b\",\"subject\":\"\xc3\xa9/x\"," TIME FORM
		     "\"data\":[1,\"\\u0001\"]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct arena a = { 0 };
		struct buf b = { 0 };
		struct event ev;

		parse(lines[i], 0, &a, &ev);
		event_print(&ev, 0, &b);
		assert_string_equal(b.p, lines[i]);
		buf_free(&b);
		arena_free(&a);
	}
}

static void the_parts_of_an_event_are_what_the_line_says(void **state)
{
	struct arena a = { 0 };
	struct event ev;
	int64_t us;

	(void)state;
	parse(HEAD TYPE TIME
	      ",\"cause\":\"x \\u00e9\",\"n\":12" FORM DATA STORE,
	      0, &a, &ev);
	assert_true(str_is(ev.topic, "price.update/lamp"));
	assert_true(str_is(event_type(&ev), "price.update"));
	assert_true(str_is(event_subject(&ev), "lamp"));
	assert_true(event_is(&ev, "price.update"));
	assert_false(event_is(&ev, "price"));
	assert_int_equal(ev.id, 1041);
	assert_true(str_is(ev.source, "weir/s/a"));
	assert_true(clk_parse(STR("2026-11-20T21:00:00.123456Z"), &us));
	assert_int_equal(ev.time_us, us);
	assert_int_equal(ev.recorded_us, us + 545);
	assert_int_equal(ev.offset, 88213);
	assert_int_equal(ev.epoch, 0x9b1c04e7);
	assert_true(str_is(ev.data, "{\"price\":\"1\"}"));
	assert_true(str_is(event_attr(&ev, "cause", &a), "x \xc3\xa9"));
	assert_true(str_is(event_attr(&ev, "n", &a), "12"));
	assert_null(event_attr(&ev, "nothing", &a).p);
	arena_free(&a);
}

static void brief_leaves_out_what_was_said_once(void **state)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct event ev;

	(void)state;
	parse(HEAD TYPE TIME FORM DATA STORE, 0, &a, &ev);
	event_print(&ev, EVENT_BRIEF, &b);
	assert_string_equal(
		b.p, "{\"id\":\"1041\",\"source\":\"weir/s/a\"," TYPE TIME
		     "," DATA ",\"recordedtime\":"
		     "\"2026-11-20T21:00:00.124001Z\",\"offset\":\"88213\"}");
	buf_free(&b);
	arena_free(&a);
}

static void lax_reading_takes_events_that_are_not_complete(void **state)
{
	struct arena a = { 0 };
	struct event ev;

	(void)state;
	parse("{\"type\":\"a.b\"}", EVENT_LAX, &a, &ev);
	assert_int_equal(ev.id, 0);
	assert_null(ev.idtext.p);
	assert_null(ev.source.p);
	assert_null(ev.data.p);
	assert_true(ev.time_us == CLK_NONE && ev.recorded_us == CLK_NONE);
	assert_true(str_is(ev.topic, "a.b"));
	assert_null(event_subject(&ev).p);
	arena_free(&a);
}

static void a_bad_line_names_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "", "JSON: nothing there" },
		{ "[]", "not a JSON object" },
		{ "{\"type\":\"a.b\"", "JSON: ',' or '}' expected at byte 14" },
		{ "{\"type\":\"a.b\",\"type\":\"c.d\"}",
		  "JSON: the same name twice in an object at byte 21" },
		{ "{\"type\":\"a.b\",\"data\":\"\\u0000\"}", "NUL character" },
		{ "{\"type\":\"a.b\",\"data\":\"\xff\"}", "invalid UTF-8" },
		{ "{}", "type: missing" },
		{ "{\"type\":7}", "type: not a string" },
		{ "{\"type\":\"\"}", "type: empty" },
		{ "{\"type\":\"a/b\"}", "type: has a '/'" },
		{ "{\"type\":\"a.\"}", "topic ends in '.'" },
		{ "{\"type\":\"$a\"}", "topic starts with '$'" },
		{ "{\"type\":\"a b\"}", "topic has a space" },
		{ "{\"type\":\"a\\u0085b\"}", "topic has a space" },
		{ "{\"type\":\"a.b\",\"subject\":\"\"}", "subject: empty" },
		{ "{\"type\":\"a.b\",\"subject\":\"x/\"}",
		  "topic ends in '/'" },
		{ "{\"type\":\"a.b\",\"subject\":1}", "subject: not a string" },
		{ "{\"type\":\"a.b\",\"id\":7}", "id: not a string" },
		{ "{\"type\":\"a.b\",\"id\":\"\"}", "id: empty or too long" },
		{ "{\"type\":\"a.b\",\"source\":\"a b\"}",
		  "source: too long, or has a space" },
		{ "{\"type\":\"a.b\",\"time\":\"now\"}",
		  "time: not an RFC 3339 time" },
		{ "{\"type\":\"a.b\",\"time\":\"9999-12-31T23:59:59-01:00\"}",
		  "time: not an RFC 3339 time" },
		{ "{\"type\":\"a.b\",\"recordedtime\":1}",
		  "recordedtime: not an RFC 3339 time" },
		{ "{\"type\":\"a.b\",\"offset\":1}",
		  "offset: not a string of digits" },
		{ "{\"type\":\"a.b\",\"offset\":\"99999999999999999999\"}",
		  "offset: not a string of digits" },
		{ "{\"type\":\"a.b\",\"epoch\":\"9B1C04E7\"}",
		  "epoch: not eight hexadecimal digits" },
		{ "{\"type\":\"a.b\",\"specversion\":\"0.3\"}",
		  "specversion: must be \"1.0\"" },
		{ "{\"type\":\"a.b\",\"datacontenttype\":\"text/plain\"}",
		  "datacontenttype: must be \"application/json\"" },
		{ "{\"type\":\"a.b\",\"data_base64\":\"AA==\"}",
		  "data_base64: not taken" },
		{ "{\"type\":\"a.b\",\"Price\":\"1\"}",
		  "Price: unknown field" },
		{ "{\"type\":\"a.b\",\"price\":{}}",
		  "price: must be text, number or boolean" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = { 0 };
		struct err e = { 0 };
		struct event ev;

		if (event_parse(str_from(cases[i].line), EVENT_LAX, &a, &ev,
				&e) != -1)
			fail_msg("%s was taken", cases[i].line);
		if (e.code != EX_DATAERR || !strstr(e.msg, cases[i].want))
			fail_msg("%s: %s", cases[i].line, e.msg);
		arena_free(&a);
	}
}

static void a_strict_line_must_be_complete(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ "{\"type\":\"a.b\",\"source\":\"x\"," TIME "}",
		  "id: missing" },
		{ "{\"type\":\"a.b\",\"id\":\"1\"," TIME "}",
		  "source: missing" },
		{ "{\"type\":\"a.b\",\"id\":\"1\",\"source\":\"x\"}",
		  "time: missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = { 0 };
		struct err e = { 0 };
		struct event ev;

		assert_int_equal(event_parse(str_from(cases[i].line), 0, &a,
					     &ev, &e),
				 -1);
		assert_string_equal(e.msg, cases[i].want);
		arena_free(&a);
	}
}

/* {"type":"a.b",NAME:"xxx…"} with n x. */
static int parse_sized(const char *name, size_t n, struct err *e)
{
	struct buf b = { 0 };
	struct arena a = { 0 };
	struct event ev;
	int rc;

	buf_addf(&b, "{\"type\":\"a.b\",\"%s\":\"", name);
	memset(buf_reserve(&b, n), 'x', n);
	b.len += n;
	buf_puts(&b, "\"}");
	rc = event_parse(buf_str(&b), EVENT_LAX, &a, &ev, e);
	buf_free(&b);
	arena_free(&a);
	return rc;
}

static void every_size_has_a_limit(void **state)
{
	static const struct {
		const char *name;
		size_t most; /* x that are still taken */
		const char *want;
	} cases[] = {
		{ "subject", EVENT_TOPIC_MAX - 4, "topic is longer" },
		{ "source", EVENT_SOURCE_MAX, "source: too long" },
		{ "id", EVENT_ID_MAX, "id: empty or too long" },
		{ "data", EVENT_DATA_MAX - 2, "data: more than" },
		{ "other", EVENT_EXT_MAX - 12, "further attributes: more" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(parse_sized(cases[i].name, cases[i].most, &e),
				 0);
		assert_int_equal(
			parse_sized(cases[i].name, cases[i].most + 1, &e), -1);
		assert_non_null(strstr(e.msg, cases[i].want));
	}
	assert_int_equal(parse_sized("data", EVENT_LINE_MAX, &e), -1);
	assert_non_null(strstr(e.msg, "longer than"));
}

static void what_is_journaled_is_one_line(void **state)
{
	struct event ev = { .topic = STR("t.n"), .source = STR("a"), .id = 1 };
	struct err e;

	(void)state;
	ev.data = STR("[1, 2]");
	ev.ext = STR("{}");
	assert_int_equal(event_check(&ev, &e), 0);
	ev.data = STR("[1,\n2]");
	assert_int_equal(event_check(&ev, &e), -1);
	assert_string_equal(e.msg, "data: has a line break");
	ev.data = STR("1");
	ev.ext = STR("{\n}");
	assert_int_equal(event_check(&ev, &e), -1);
	assert_string_equal(e.msg, "further attributes: have a line break");
}

static void frames_survive_writing_and_reading(void **state)
{
	static const char *const attrs[] = {
		("weir/s/a 1041 2026-11-20T21:00:00.123456Z "
		 "2026-11-20T21:00:00.124001Z 88213 9b1c04e7 -"),
		"weir/s/a 1 2026-11-20T21:00:00.000000Z - - - -",
		"weir/s/a 0 - - - - {\"cause\":\"a b\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		struct buf b = { 0 };
		struct err e = { 0 };
		struct event ev;

		assert_int_equal(event_parse_frames(STR("a.b/c"),
						    str_from(attrs[i]),
						    STR("{}"), &ev, &e),
				 0);
		event_print_attrs(&ev, &b);
		assert_string_equal(b.p, attrs[i]);
		assert_true(str_is(ev.topic, "a.b/c"));
		assert_true(str_is(ev.data, "{}"));
		buf_free(&b);
	}
}

static void a_malformed_frame_is_refused(void **state)
{
	static const char *const attrs[] = {
		"",
		"weir/s/a",
		"weir/s/a 1 - - - -",
		" 1 - - - - -",
		"weir/s/a x - - - - -",
		"weir/s/a 1 now - - - -",
		"weir/s/a 1 - - -1 - -",
		"weir/s/a 1 - - 1 9b1c -",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++) {
		struct err e = { 0 };
		struct event ev;

		assert_int_equal(event_parse_frames(STR("a.b"),
						    str_from(attrs[i]),
						    STR("1"), &ev, &e),
				 -1);
		assert_int_equal(e.code, EX_DATAERR);
	}
}

static void a_producer_checks_before_it_commits(void **state)
{
	static const struct {
		struct event ev;
		const char *want; /* NULL: good */
	} cases[] = {
#define GOOD \
	.topic = { "a.b/c", 5 }, .source = { "x", 1 }, .id = 1, .time_us = 0
		{ { GOOD, .data = { "{}", 2 } }, NULL },
		{ { GOOD }, NULL },
		{ { GOOD, .data = { "{", 1 } }, "data: JSON" },
		{ { GOOD, .ext = { "[]", 2 } }, "further attributes" },
		{ { .topic = { "a.", 2 } }, "topic ends" },
		{ { .topic = { "nodot", 5 } }, "'nodot' is not of the form" },
		{ { .topic = { ".a", 2 } }, "'.a' is not of the form" },
		{ { .topic = { "a./b", 4 } }, "'a.' is not of the form" },
		{ { .topic = { "a..b", 4 } }, "'a..b' is not of the form" },
		{ { .topic = { "nodot/a.b", 9 } }, "'nodot' is not of the" },
		{ { .topic = { "a.b.c/..", 8 } }, "topic ends" },
		{ { .topic = { "a.b.c/.d", 8 } }, "source" },
		{ { .topic = { "a.b", 3 } }, "source" },
		{ { .topic = { "a.b", 3 }, .source = { "x", 1 } },
		  "id: no sequence number" },
		{ { .topic = { "a.b", 3 },
		    .source = { "x", 1 },
		    .id = 1,
		    .time_us = CLK_NONE },
		  "time: missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		int rc = event_check(&cases[i].ev, &e);

		assert_int_equal(rc, cases[i].want ? -1 : 0);
		if (cases[i].want && !strstr(e.msg, cases[i].want))
			fail_msg("want %s, got %s", cases[i].want, e.msg);
	}
}

/* Words are checked eight bytes at a time: no place may hide a byte. */
static void a_source_is_printable_wherever_one_looks(void **state)
{
	char text[24];

	(void)state;
	for (size_t len = 1; len <= sizeof(text); len++)
		for (size_t at = 0; at < len; at++)
			for (int c = 0; c < 256; c++) {
				struct str s = { text, len };

				memset(text, 'x', len);
				text[at] = (char)c;
				assert_int_equal(source_is_valid(s),
						 c > ' ' && c < 0x7f);
			}
}

static void a_pattern_is_a_prefix_or_one_topic(void **state)
{
	static const struct {
		const char *topic, *pattern;
		bool want;
	} cases[] = {
		{ "price.update/lamp", "", true },
		{ "price.update/lamp", "price.", true },
		{ "price.update/lamp", "price.update/", true },
		{ "price.update/lamp", "price.update/lamp", true },
		{ "price.update/lamp", "price.update", false },
		{ "price.update", "price.update", true },
		{ "price.update", "price.update/", false },
		{ "price.update/lamp", "price.update/lam", false },
		{ "price.update/lamps", "price.update/lamp", false },
		{ "price.stats/lamp", "price.update/", false },
		{ "alert.new/lamp/target", "alert.new/lamp/", true },
		{ "a.b/x.y.z", "a.b/x.", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (topic_matches(str_from(cases[i].topic),
				  str_from(cases[i].pattern)) != cases[i].want)
			fail_msg("%s %s", cases[i].topic, cases[i].pattern);
	assert_int_equal(pattern_check(STR("price."), NULL), 0);
	assert_int_equal(pattern_check(STR("$head"), NULL), -1);
	assert_int_equal(pattern_check(STR("a b"), NULL), -1);
}

static void a_pattern_that_matches_nothing_is_told(void **state)
{
	static const struct {
		const char *pattern, *why; /* NULL: something may match it */
	} cases[] = {
		{ "", NULL },
		{ "price.", NULL },
		{ "price.update", NULL },
		{ "price.update/", NULL },
		{ "price.update/lamp", NULL },
		{ "price.update/a/b.", NULL },
		{ "a.b.", NULL },
		{ "price", "no topic is 'price'; those of all types that begin "
			   "so are 'price.'" },
		{ "price/", "no topic matches 'price/': its type is not of the "
			    "form noun.verb" },
		{ "price/lamp", "no topic matches 'price/lamp': its type is "
				"not of the form noun.verb" },
		{ "price./", "no topic matches 'price./': its type is not of "
			     "the form noun.verb" },
		{ ".", "no topic matches '.': its type is not of the form "
		       "noun.verb" },
		{ "/", "no topic matches '/': its type is not of the form "
		       "noun.verb" },
		{ "a..", "no topic matches 'a..': its type is not of the form "
			 "noun.verb" },
		{ ".a.", "no topic matches '.a.': its type is not of the form "
			 "noun.verb" },
		{ "$head", "topic starts with '$'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = { 0 };
		int rc = pattern_check_useful(str_from(cases[i].pattern), &e);

		assert_int_equal(rc, cases[i].why ? -1 : 0);
		assert_string_equal(e.msg, cases[i].why ? cases[i].why : "");
	}
}

static void a_position_survives_as_text(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "9b1c04e7:88213", true },
		{ "00000001:0", true },
		{ "ffffffff:18446744073709551615", true },
		{ "ffffffff:18446744073709551616", false },
		{ "9b1c04e7", false },
		{ "9b1c04e7:", false },
		{ "9b1c04e:1", false },
		{ "9B1C04E7:1", false },
		{ "9b1c04e7:-1", false },
		{ "9b1c04e7:1 ", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[POSITION_TEXT_MAX];
		struct position p;

		assert_int_equal(position_parse(str_from(cases[i].text), &p),
				 cases[i].good);
		if (cases[i].good)
			assert_string_equal(position_format(p, out),
					    cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_survives_reading_and_writing),
		cmocka_unit_test(the_parts_of_an_event_are_what_the_line_says),
		cmocka_unit_test(brief_leaves_out_what_was_said_once),
		cmocka_unit_test(
			lax_reading_takes_events_that_are_not_complete),
		cmocka_unit_test(a_bad_line_names_what_is_wrong),
		cmocka_unit_test(a_strict_line_must_be_complete),
		cmocka_unit_test(every_size_has_a_limit),
		cmocka_unit_test(what_is_journaled_is_one_line),
		cmocka_unit_test(frames_survive_writing_and_reading),
		cmocka_unit_test(a_malformed_frame_is_refused),
		cmocka_unit_test(a_producer_checks_before_it_commits),
		cmocka_unit_test(a_source_is_printable_wherever_one_looks),
		cmocka_unit_test(a_pattern_is_a_prefix_or_one_topic),
		cmocka_unit_test(a_pattern_that_matches_nothing_is_told),
		cmocka_unit_test(a_position_survives_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
