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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_all_members_and_ours_first),
		cmocka_unit_test(its_token_and_url_may_be_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
