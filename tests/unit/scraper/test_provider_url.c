/* What a provider is asked: tests/fixtures/egress/provider_url.jsonl. */
#include "cmd/scraper/provider_url.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct str text(const struct json *c, const char *key)
{
	return str_from(json_string(json_member(c, key)));
}

static bool judge(const struct json *c, void *ctx)
{
	struct buf b = { 0 };

	(void)ctx;
	provider_url(text(c, "template"), text(c, "url"), text(c, "key"), &b);
	if (!str_eq(buf_str(&b), text(c, "want")))
		fail_msg("%s", b.p);
	buf_free(&b);
	return true;
}

static void urls_and_keys_are_encoded(void **state)
{
	(void)state;
	assert_true(cases_run("tests/fixtures/egress", "provider_url.jsonl",
			      judge, NULL)
			    .n > 3);
}

static void a_key_is_not_shown(void **state)
{
	static const struct {
		const char *text, *secret, *want;
	} t[] = {
		{ "no hush here, hush", "hush", "no **** here, ****" },
		{ "hushush", "hush", "****ush" },
		{ "nothing", "hush", "nothing" },
		{ "nothing", "", "nothing" },
		{ "hush", "hush", "****" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char s[64];

		strcpy(s, t[i].text);
		provider_hide(s, str_from(t[i].secret));
		assert_string_equal(s, t[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_and_keys_are_encoded),
		cmocka_unit_test(a_key_is_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
