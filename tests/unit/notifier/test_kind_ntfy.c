#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

static void an_address_may_say_all_of_it(void **state)
{
	static const struct {
		const char *keys, *url, *topic;
	} t[] = {
		{ "url = ntfys://h/a", "https://h/", "a" },
		{ "url = ntfy://h:8/b-_1", "http://h:8/", "b-_1" },
		{ "url = ntfys://h/sub/a", "https://h/sub/", "a" },
		{ "type = ntfy\nurl = https://ntfy.sh/a", "https://ntfy.sh/",
		  "a" },
		{ "type = ntfy\ntopic = a", "https://ntfy.sh/", "a" },
		{ "type = ntfy\ntopic = a\nbase-url = http://h//", "http://h/",
		  "a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf want = { .p = NULL };
		struct kinds_case k;
		struct err e;

		if (kinds_load(&k, t[i].keys, &e))
			fail_msg("%s: %s", t[i].keys, e.msg);
		assert_int_equal(
			kinds_compose(&k, KINDS_NOTE("\"t\"", "\"m\""), &e), 0);
		assert_string_equal(k.req.url.p, t[i].url);
		buf_addf(&want,
			 "{\"topic\":\"%s\",\"priority\":3,\"title\":\"t\","
			 "\"message\":\"m\"}",
			 t[i].topic);
		assert_string_equal(k.req.body.p, want.p);
		assert_null(kinds_header(&k, "Authorization"));
		buf_free(&want);
		kinds_free(&k);
	}
}

static void it_says_how_much_it_matters_and_where_to_look(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"a\\nb\",\"message\":\"m\","
		"\"priority\":\"urgent\",\"data\":{\"link\":\"http://a/\"}}";
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load_secret(&k,
					   "url = ntfys://h/a\n"
					   "tags = warning, shop\n"
					   "token-file = FILE",
					   "tk_s3cret", &e),
			 0);
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("x1"), &e), 0);
	assert_string_equal(k.req.body.p,
			    "{\"topic\":\"a\",\"priority\":5,"
			    "\"sequence_id\":\"x1\","
			    "\"tags\":[\"warning\",\"shop\"],"
			    "\"click\":\"http://a/\",\"title\":\"a b\","
			    "\"message\":\"m\"}");
	assert_string_equal(kinds_header(&k, "Authorization"),
			    "Bearer tk_s3cret");
	kinds_free(&k);
}

static void no_link_but_the_webs(void **state)
{
	static const char *const links[] = { "javascript:alert(1)", "a", "",
					     "mailto:a@b" };
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load(&k, "url = ntfys://h/a", &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		struct buf data = { .p = NULL };

		buf_addf(&data,
			 "{\"type\":\"custom\",\"title\":\"t\",\"message\":"
			 "\"m\",\"data\":{\"link\":\"%s\"}}",
			 links[i]);
		assert_int_equal(kinds_compose(&k, data.p, &e), 0);
		assert_null(strstr(k.req.body.p, "click"));
		buf_free(&data);
	}
	kinds_free(&k);
}

/* The server takes 4096 bytes of text and twice as many of JSON. */
static void no_text_is_more_than_it_takes(void **state)
{
	static const char *const chars[] = { "x", "\\\"", "\\n", "\xc3\xa4",
					     "\xf0\x9f\x98\x80" };
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load(&k, "url = ntfys://h/a", &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(chars); i++)
		for (size_t shift = 0; shift < 4; shift++) {
			struct buf data = { .p = NULL };
			struct json *root;
			struct str text;

			buf_puts(&data, "{\"type\":\"custom\",\"title\":\"t\","
					"\"message\":\"");
			for (size_t n = 0; n < shift; n++)
				buf_putc(&data, '.');
			for (size_t n = shift; n < 4096; n++)
				buf_puts(&data, chars[i]);
			buf_puts(&data, "\"}");
			assert_int_equal(kinds_compose(&k, data.p, &e), 0);
			assert_true(k.req.body.len <= 8192);
			root = json_parse(buf_str(&k.req.body), JSON_UNIQUE,
					  &e);
			text = json_content(json_member(root, "message"));
			assert_in_range(text.len, 4000, 4096);
			assert_true(str_is_utf8(text));
			if (i > 0)
				assert_true(
					str_ends(text, STR("\xe2\x80\xa6")));
			json_free(&root);
			buf_free(&data);
		}
	kinds_free(&k);
}

static void its_answers_are_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 200, "{\"id\":\"sPs71M8\",\"event\":\"message\"}",
		  OUTCOME_SENT, "", "", "sPs71M8", 0, false },
		{ 200, "{\"id\":\"b2\",\"sequence_id\":\"sPs71M8\"}",
		  OUTCOME_SENT, "", "", "sPs71M8", 0, false },
		{ 200, "<html>", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "",
		  0, false },
		{ 200, "[]", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "", 0,
		  false },
		{ 401,
		  "{\"code\":40101,\"http\":401,\"error\":\"unauthorized\"}",
		  OUTCOME_FAILED, "auth", "unauthorized", "", 0, false },
		{ 403, "{\"code\":40301,\"http\":403,\"error\":\"forbidden\"}",
		  OUTCOME_FAILED, "auth", "forbidden", "", 0, false },
		{ 413,
		  "{\"code\":41303,\"http\":413,\"error\":\"JSON body too "
		  "large\"}",
		  OUTCOME_FAILED, "rejected", "JSON body too large", "", 0,
		  false },
		{ 429,
		  "{\"code\":42908,\"http\":429,\"error\":\"limit reached: "
		  "too many messages\"}",
		  OUTCOME_RETRY, "rate-limit",
		  "limit reached: too many messages", "", 0, false },
		{ 502, "Bad Gateway", OUTCOME_RETRY, "server-error",
		  "Bad Gateway", "", 0, false },
	};

	(void)state;
	kinds_check_answers("ntfy", t, ARRAY_LEN(t));
}

static void what_is_no_topic_is_refused(void **state)
{
	static const struct kinds_refusal t[] = {
		{ "type = ntfy", "s3cret", "url or topic is needed" },
		{ "url = ntfys://h", "s3cret",
		  ":2: channel x: url: ntfys://HOST/TOPIC expected" },
		{ "url = ntfys:///a", "s3cret",
		  ":2: channel x: url: ntfys://HOST/TOPIC expected" },
		{ "url = ntfys://u:s3cret@h/a", "s3cret",
		  ":2: channel x: url: no user or password here" },
		{ "url = ntfys://h/a?b", "s3cret",
		  ":2: channel x: url: a topic is 1 to 64" },
		{ "url = ntfys://h/", "s3cret",
		  ":2: channel x: url: a topic is 1 to 64" },
		{ "url = ntfys://h/a\ntopic = b", "s3cret",
		  ":3: channel x: topic: url says it already" },
		{ "type = ntfy\ntopic = a b", "s3cret",
		  ":3: channel x: topic: a topic is" },
		{ "type = ntfy\ntopic = a\nbase-url = ntfy://h", "s3cret",
		  ":4: channel x: base-url: no http or https URL" },
		{ "url = ntfys://h/a\n"
		  "tags = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
		  "s3cret", ":3: channel x: tags: more than 16" },
	};

	(void)state;
	kinds_check_refusals(t, ARRAY_LEN(t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_may_say_all_of_it),
		cmocka_unit_test(it_says_how_much_it_matters_and_where_to_look),
		cmocka_unit_test(no_link_but_the_webs),
		cmocka_unit_test(no_text_is_more_than_it_takes),
		cmocka_unit_test(its_answers_are_understood),
		cmocka_unit_test(what_is_no_topic_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
