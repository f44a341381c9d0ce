#include "common/unsubscribe.h"

#include <string.h>

#include "tests/unit/cases.h"

#define MAC                                \
	"808a867573f94ca0bd5926ce7930435b" \
	"5b2a450eac4d011c136b932e52967e79"
#define KEY STR("0123456789abcdef0123456789abcdef")

static void a_word_says_whose_and_which(void **state)
{
	struct buf b = { .p = NULL };
	struct str user, rule;

	(void)state;
	unsubscribe_add(&b, KEY, STR("ana"), STR("lamp.deal"));
	/* printf 'unsubscribe ana lamp.deal' | openssl dgst -sha256 -hmac … */
	assert_string_equal(b.p, "ana~lamp.deal~" MAC);
	assert_true(unsubscribe_read(buf_str(&b), KEY, &user, &rule));
	assert_true(str_is(user, "ana"));
	assert_true(str_is(rule, "lamp.deal"));
	buf_free(&b);
}

static void nobody_makes_one_without_the_key(void **state)
{
	static const char *const bad[] = {
		"",
		"~",
		"~~",
		"ana",
		"ana~lamp.deal",
		"ana~lamp.deal~",
		"ana~lamp.deal~" MAC "0",
		"bob~lamp.deal~" MAC,
		"ana~lamp.deals~" MAC,
		"ana lamp.deal~~" MAC,
		"an~a~lamp.deal~" MAC,
		"~lamp.deal~" MAC,
		"ana\"~lamp.deal~" MAC,
	};
	struct str user, rule;
	struct buf b = { .p = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (unsubscribe_read(str_from(bad[i]), KEY, &user, &rule))
			fail_msg("%s", bad[i]);
	unsubscribe_add(&b, KEY, STR("ana"), STR("lamp.deal"));
	assert_false(unsubscribe_read(buf_str(&b),
				      STR("0123456789abcdef0123456789abcdeF"),
				      &user, &rule));
	assert_false(
		unsubscribe_read(buf_str(&b), (struct str){ 0 }, &user, &rule));
	/* Each of its characters counts. */
	for (size_t i = 0; i < b.len; i++) {
		b.p[i] ^= 1;
		assert_false(unsubscribe_read(buf_str(&b), KEY, &user, &rule));
		b.p[i] ^= 1;
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_says_whose_and_which),
		cmocka_unit_test(nobody_makes_one_without_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
