/* Who came through which proxy. */
#include "cmd/gateway/proxies.h"

#include <arpa/inet.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct in6_addr address(const char *text)
{
	struct in6_addr a = { 0 };
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		a.s6_addr[10] = a.s6_addr[11] = 0xff;
		memcpy(a.s6_addr + 12, &v4, 4);
	} else {
		assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	}
	return a;
}

static void the_rightmost_that_is_not_trusted_is_the_client(void **state)
{
	static const struct {
		const char *peer, *header, *want;
	} rows[] = {
		{ "127.0.0.1", NULL, "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4", "1.2.3.4" },
		{ "127.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4" },
		{ "127.0.0.1", "9.9.9.9,1.2.3.4,10.1.2.3", "1.2.3.4" },
		{ "10.255.0.1", " 1.2.3.4 ", "1.2.3.4" },
		{ "127.0.0.1", "10.0.0.1, 10.0.0.2", "10.0.0.1" },
		{ "127.0.0.1", "2001:db8::5", "2001:db8::5" },
		{ "2001:db8:1::9", "1.2.3.4", "1.2.3.4" },
		{ "127.0.0.1", "1.2.3.4:5678", "1.2.3.4" },
		{ "127.0.0.1", "[2001:db8::5]:80", "2001:db8::5" },
		/* not trusted: what it says does not count */
		{ "127.0.0.2", "1.2.3.4", "127.0.0.2" },
		{ "11.0.0.1", "1.2.3.4", "11.0.0.1" },
		{ "2001:db8:2::9", "1.2.3.4", "2001:db8:2::9" },
		/* no addresses */
		{ "127.0.0.1", "", "127.0.0.1" },
		{ "127.0.0.1", "unknown", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4, unknown", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3.4, ", "127.0.0.1" },
		{ "127.0.0.1", "1.2.3", "127.0.0.1" },
		{ "127.0.0.1", "evil, 10.0.0.1", "10.0.0.1" },
	};
	const char *list[] = { "127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48" };
	struct proxies p;

	(void)state;
	assert_int_equal(
		proxies_read(&p, &(struct opt_list){ list, 3, 3 }, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct in6_addr peer = address(rows[i].peer);
		struct in6_addr want = address(rows[i].want);
		struct in6_addr got =
			proxies_client(&p, &peer, str_from(rows[i].header));

		if (memcmp(&got, &want, sizeof(got)) != 0)
			fail_msg("%s, '%s': want %s", rows[i].peer,
				 rows[i].header, rows[i].want);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	  "box",      "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1",
		"::/129", "10.0.0/8", "10.0.0.0/8/8"
	};
	static const char *const good[] = { "0.0.0.0/0", "::/0", "::1",
					    "10.1.2.3/32" };
	struct proxies p;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *one[] = { bad[i] };
		struct err e;

		assert_int_equal(
			proxies_read(&p, &(struct opt_list){ one, 1, 1 }, &e),
			-1);
		assert_int_equal(e.code, EX_CONFIG);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		const char *one[] = { good[i] };

		assert_int_equal(
			proxies_read(&p, &(struct opt_list){ one, 1, 1 }, NULL),
			0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_rightmost_that_is_not_trusted_is_the_client),
		cmocka_unit_test(what_is_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
