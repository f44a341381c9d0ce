/* Connections are counted by whom they can be held against. */
#include "cmd/gateway/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&sa;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&sa;

	sa.ss_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	assert_int_equal(inet_pton(sa.ss_family, text,
				   strchr(text, ':') ? (void *)&v6->sin6_addr
						     : (void *)&v4->sin_addr),
			 1);
	return sa;
}

static void an_address_is_one_of_ipv4_or_a_network_of_ipv6(void **state)
{
	static const struct {
		const char *a, *b, *text;
		bool same;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", "192.0.2.1", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", "192.0.2.1", false },
		{ "2001:db8::1", "2001:db8::2:3", "2001:db8::", true },
		{ "2001:db8::1", "2001:db8:0:1::1", "2001:db8::", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sockaddr_storage a = address(rows[i].a),
					b = address(rows[i].b);
		struct peers *p = peers_new();
		struct peer *one = peers_take(p, &a, 1), *two;
		char text[PEERS_TEXT_MAX];

		assert_non_null(one);
		peer_text(one, text);
		assert_string_equal(text, rows[i].text);
		two = peers_take(p, &b, 1);
		assert_int_equal(two == NULL, rows[i].same);
		peers_leave(p, &one);
		assert_null(one);
		if (!two)
			two = peers_take(p, &b, 1);
		assert_non_null(two);
		peers_leave(p, &two);
		peers_free(&p);
	}
}

static void some_addresses_are_of_this_machine(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "127.0.0.1", true },	  { "127.255.0.9", true },
		{ "::1", true },	  { "::ffff:127.0.0.1", true },
		{ "128.0.0.1", false },	  { "0.0.0.0", false },
		{ "192.0.2.1", false },	  { "::ffff:10.0.0.1", false },
		{ "2001:db8::1", false }, { "fe80::1", false },
		{ "0:0:0:1::1", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sockaddr_storage sa = address(rows[i].text);
		struct in6_addr a = peers_address(&sa);
		struct peers *p = peers_new();
		struct peer *peer = peers_take(p, &sa, 0);

		if (peers_is_local(&a) != rows[i].want ||
		    peer_is_local(peer) != rows[i].want)
			fail_msg("%s: want %d", rows[i].text, rows[i].want);
		peers_leave(p, &peer);
		peers_free(&p);
	}
}

static void without_a_limit_there_is_none(void **state)
{
	struct sockaddr_storage a = address("127.0.0.1");
	struct peers *p = peers_new();
	struct peer *peer[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(peer); i++)
		assert_non_null(peer[i] = peers_take(p, &a, 0));
	assert_null(peers_take(p, &a, 100));
	for (size_t i = 0; i < ARRAY_LEN(peer); i++)
		peers_leave(p, &peer[i]);
	peers_free(&p);
}

static void this_machine_is_spared_where_a_limit_says_so(void **state)
{
	static const struct {
		const char *text;
		struct peers_limit limit;
		size_t max;
	} rows[] = {
		{ "127.0.0.1", { 9, true }, 0 },
		{ "127.0.0.1", { 9, false }, 9 },
		{ "::ffff:127.1.2.3", { 9, true }, 0 },
		{ "::1", { 9, true }, 0 },
		{ "::ffff:192.0.2.1", { 9, true }, 9 },
		{ "192.0.2.1", { 9, true }, 9 },
		{ "2001:db8::1", { 0, true }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sockaddr_storage sa = address(rows[i].text);
		struct in6_addr a = peers_address(&sa);

		assert_int_equal(peers_max(&rows[i].limit, &a), rows[i].max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			an_address_is_one_of_ipv4_or_a_network_of_ipv6),
		cmocka_unit_test(some_addresses_are_of_this_machine),
		cmocka_unit_test(this_machine_is_spared_where_a_limit_says_so),
		cmocka_unit_test(without_a_limit_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
