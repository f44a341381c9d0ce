#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

static void it_gets_all_members_and_ours_first(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load(&k, "url = http://a/b", &e), 0);
	assert_int_equal(
		kinds_compose(&k,
			      "{\"type\":\"custom\",\"id\":\"mine\","
			      "\"title\":\"\\u00e4\",\"message\":\"m\","
			      "\"user\":\"eve\",\"more\":[1.50]}",
			      &e),
		0);
	assert_string_equal(k.req.url.p, "http://a/b");
	assert_null(kinds_header(&k, "Authorization"));
	assert_string_equal(
		k.req.body.p,
		"{\"id\":\"k1\",\"channel\":\"x\",\"user\":\"ana\","
		"\"event\":{\"source\":\"weir/alerter/1\",\"id\":\"7\","
		"\"time\":\"1970-01-01T00:00:00.000000Z\"},"
		"\"type\":\"custom\",\"title\":\"\\u00e4\","
		"\"message\":\"m\",\"more\":[1.50]}");
	kinds_free(&k);
}

static void its_token_and_url_may_be_secrets(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\"}";
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load_secret(&k,
					   "url = https://a/\n"
					   "token-file = FILE",
					   "s3cret\n", &e),
			 0);
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(kinds_header(&k, "Authorization"), "Bearer s3cret");
	kinds_free(&k);
	assert_int_equal(kinds_load_secret(&k,
					   "type = webhook\n"
					   "url-file = FILE",
					   "https://a/s3cret", &e),
			 0);
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(k.req.url.p, "https://a/s3cret");
	kinds_free(&k);
	assert_int_equal(kinds_load_secret(&k,
					   "type = webhook\n"
					   "url-file = FILE",
					   "ftp://a/s3cret", &e),
			 -1);
	assert_null(strstr(e.msg, "s3cret"));
}

static void it_is_signed_with_its_secret(void **state)
{
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(kinds_load_secret(&k,
					   "url = http://a/\n"
					   "body = {\"t\":\"{{title}}\"}\n"
					   "secret-file = FILE",
					   "0123456789abcdef", &e),
			 0);
	assert_int_equal(kinds_compose(&k, KINDS_NOTE("\"t\"", "\"m\""), &e),
			 0);
	/* printf '1700000000.{"t":"t"}' | openssl dgst -sha256 -hmac … */
	assert_string_equal(kinds_header(&k, "X-Weir-Signature"),
			    "t=1700000000,v1=b71dabf09d79c6bfc8197d7808432a"
			    "3c12b461acf2521f55163fdca3e0501b8a");
	kinds_free(&k);
	assert_int_equal(kinds_load_secret(&k,
					   "url = http://a/\n"
					   "secret-file = FILE",
					   "0123456789abcde", &e),
			 -1);
	assert_non_null(strstr(e.msg, ":3: channel x: secret-file: at least "
				      "16 characters expected"));
	assert_null(strstr(e.msg, "0123456789"));
}

static void its_body_may_be_a_template(void **state)
{
	static const char data[] = "{\"type\":\"custom\",\"title\":\"a \\\"\","
				   "\"message\":\"b&c\",\"data\":{\"n\":2}}";
	static const struct {
		const char *keys, *type, *want;
	} t[] = {
		{ "body = {\"t\":\"{{title}}\",\"n\":{{json data.n}}}", NULL,
		  "{\"t\":\"a \\\"\",\"n\":2}" },
		{ "body = t={{title}}&m={{message}}\n"
		  "content-type = application/x-www-form-urlencoded",
		  "application/x-www-form-urlencoded", "t=a%20%22&m=b%26c" },
		{ "content-type = text/plain\nbody = {{title}}: {{message}}",
		  "text/plain", "a \": b&c" },
		{ "content-type = text/html\nbody = {{message}}", "text/html",
		  "b&amp;c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf keys = { .p = NULL };
		struct kinds_case k;
		struct err e;

		buf_addf(&keys, "url = http://a/\n%s", t[i].keys);
		if (kinds_load(&k, keys.p, &e) || kinds_compose(&k, data, &e))
			fail_msg("%s: %s", t[i].keys, e.msg);
		assert_string_equal(k.req.body.p, t[i].want);
		if (t[i].type)
			assert_string_equal(kinds_header(&k, "Content-Type"),
					    t[i].type);
		kinds_free(&k);
		buf_free(&keys);
	}
}

static void a_body_that_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *keys, *want;
	} t[] = {
		{ "body = {\"t\":{{title}}}",
		  ":3: channel x: body: filled in" },
		{ "body = {{titel}}", "body: column 1: a notification has no" },
		{ "body = x\ncontent-type = image/png",
		  ":4: channel x: content-type" },
		{ "content-type = text/plain", "only with a body" },
		{ "text = x", "text: not of type webhook" },
		{ "long = cut", "long: not of type webhook" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf keys = { .p = NULL };
		struct kinds_case k;
		struct err e;

		buf_addf(&keys, "url = http://a/\n%s", t[i].keys);
		assert_int_equal(kinds_load(&k, keys.p, &e), -1);
		if (!strstr(e.msg, t[i].want))
			fail_msg("%s: %s", t[i].keys, e.msg);
		buf_free(&keys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_all_members_and_ours_first),
		cmocka_unit_test(its_token_and_url_may_be_secrets),
		cmocka_unit_test(it_is_signed_with_its_secret),
		cmocka_unit_test(its_body_may_be_a_template),
		cmocka_unit_test(a_body_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
