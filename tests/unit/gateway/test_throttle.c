#include <arpa/inet.h>

/* How often addresses and users may do things. */
#include "cmd/gateway/throttle.h"

#include <stdio.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

static const struct throttle_limits limits = { { 0, 10, 2, 0 } };

/* 192.0.2.1, and so on. */
static struct in6_addr v4(unsigned n)
{
	struct in6_addr a = { 0 };

	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	a.s6_addr[12] = (uint8_t)(192 - (n >> 16));
	a.s6_addr[14] = (uint8_t)(n >> 8);
	a.s6_addr[15] = (uint8_t)n;
	return a;
}

/* 2001:db8:NETWORK:HALF::HOST */
static struct in6_addr v6(unsigned network, unsigned half, unsigned host)
{
	struct in6_addr a = { 0 };

	a.s6_addr[0] = 0x20;
	a.s6_addr[1] = 0x01;
	a.s6_addr[2] = 0x0d;
	a.s6_addr[3] = 0xb8;
	a.s6_addr[4] = (uint8_t)(network >> 8);
	a.s6_addr[5] = (uint8_t)network;
	a.s6_addr[6] = (uint8_t)(half >> 8);
	a.s6_addr[7] = (uint8_t)half;
	a.s6_addr[15] = (uint8_t)host;
	return a;
}

static int64_t take(struct throttle *t, enum throttle_kind kind,
		    unsigned address, const char *user, int64_t now_ms)
{
	struct in6_addr a = v4(address);

	return throttle_take(t, &limits, kind, &a, str_from(user), now_ms);
}

static int64_t take_v6(struct throttle *t, struct in6_addr a, int64_t now_ms)
{
	return throttle_take(t, &limits, THROTTLE_REQUEST, &a,
			     (struct str){ 0 }, now_ms);
}

static void an_address_has_so_many_a_second(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(take(t, THROTTLE_REQUEST, 1, NULL, 0), 0);
	assert_int_equal(take(t, THROTTLE_REQUEST, 1, NULL, 0), 100);
	assert_int_equal(take(t, THROTTLE_REQUEST, 2, NULL, 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, 1, NULL, 0), 0);
	assert_true(take(t, THROTTLE_REQUEST, 1, NULL, 99) > 0);
	assert_int_equal(take(t, THROTTLE_REQUEST, 1, NULL, 200), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(t, THROTTLE_SUBSCRIPTION, 1, NULL, 0), 0);
	throttle_free(&t);
}

static void a_user_has_as_many_from_all_addresses(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	assert_int_equal(take(t, THROTTLE_MESSAGE, 1, "ann", 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, 2, "ann", 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, 3, "ann", 0), 500);
	/* what was refused to the user was not taken from the address */
	assert_int_equal(take(t, THROTTLE_MESSAGE, 3, "bob", 0), 0);
	assert_int_equal(take(t, THROTTLE_MESSAGE, 3, "bob", 0), 0);
	/* a user may be called like an address */
	assert_int_equal(take(t, THROTTLE_MESSAGE, 4, "a", 0), 0);
	throttle_free(&t);
}

static void those_who_are_quiet_longest_are_forgotten(void **state)
{
	struct throttle *t = throttle_new();
	(void)state;
	take(t, THROTTLE_MESSAGE, 1, NULL, 0);
	take(t, THROTTLE_MESSAGE, 1, NULL, 0);
	take(t, THROTTLE_MESSAGE, 2, NULL, 0);
	take(t, THROTTLE_MESSAGE, 2, NULL, 0);
	for (unsigned i = 0; i < THROTTLE_MAX - 2; i++)
		take(t, THROTTLE_MESSAGE, 4 + i, NULL, 0);
	assert_int_equal(throttle_count(t), THROTTLE_MAX);
	assert_true(take(t, THROTTLE_MESSAGE, 1, NULL, 0) > 0);
	take(t, THROTTLE_MESSAGE, 3, NULL, 0);
	assert_int_equal(throttle_count(t), THROTTLE_MAX);
	assert_int_equal(take(t, THROTTLE_MESSAGE, 2, NULL, 0), 0);
	assert_true(take(t, THROTTLE_MESSAGE, 1, NULL, 0) > 0);
	throttle_free(&t);
}

static void an_address_of_ipv6_is_its_first_half(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(take_v6(t, v6(1, 1, i), 0), 0);
	assert_int_equal(take_v6(t, v6(1, 1, 10), 0), 100);
	assert_int_equal(take_v6(t, v6(1, 2, 1), 0), 0);
	throttle_free(&t);
}

/* What is refused to one of its addresses is not taken from the network. */
static void a_network_has_a_limit_of_its_own(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		assert_true((take_v6(t, v6(1, 1, 1), 0) == 0) == (i < 10));
	for (unsigned i = 0; i < 10 * (THROTTLE_NETWORK - 1); i++)
		assert_int_equal(take_v6(t, v6(1, 2 + i, 1), 0), 0);
	assert_true(take_v6(t, v6(1, 1000, 1), 0) > 0);
	assert_int_equal(take_v6(t, v6(2, 1000, 1), 0), 0);
	/* of IPv4, no network is one's own */
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(take(t, THROTTLE_REQUEST, 1 + i, NULL, 0), 0);
	throttle_free(&t);
}

static void a_network_cannot_have_others_forgotten(void **state)
{
	struct throttle *t = throttle_new();

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		take(t, THROTTLE_REQUEST, 1, NULL, 0);
	for (unsigned i = 0; i < 0x10000; i++)
		take_v6(t, v6(1, i, 1), 0);
	assert_int_equal(throttle_count(t), 2 + 10 * THROTTLE_NETWORK);
	assert_true(take(t, THROTTLE_REQUEST, 1, NULL, 0) > 0);
	throttle_free(&t);
}

static void what_was_much_is_charged_to_all(void **state)
{
	const struct throttle_limits ten = { { 0, 0, 10, 0 } };
	const struct str user = STR("u"), nobody = { 0 };
	struct in6_addr a, b;
	struct throttle *t = throttle_new();

	(void)state;
	inet_pton(AF_INET6, "2001:db8::1", &a);
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &b);
	throttle_charge(t, &ten, THROTTLE_MESSAGE, 20, &a, user, 0);
	assert_true(throttle_take(t, &ten, THROTTLE_MESSAGE, &a, nobody, 1000) >
		    0);
	assert_true(throttle_take(t, &ten, THROTTLE_MESSAGE, &b, user, 1000) >
		    0);
	assert_int_equal(
		throttle_take(t, &ten, THROTTLE_MESSAGE, &a, nobody, 1100), 0);
	/* its network, too: of another address */
	throttle_charge(t, &ten, THROTTLE_MESSAGE, 1000, &a, nobody, 2000);
	inet_pton(AF_INET6, "2001:db8:0:1::1", &b);
	assert_true(throttle_take(t, &ten, THROTTLE_MESSAGE, &b, nobody, 2000) >
		    0);
	/* where there is no limit, nothing is owed */
	throttle_charge(t, &ten, THROTTLE_REQUEST, 20, &a, nobody, 0);
	assert_int_equal(
		throttle_take(t, &ten, THROTTLE_REQUEST, &a, nobody, 0), 0);
	throttle_free(&t);
}

static void other_limits_hold_at_once(void **state)
{
	const struct throttle_limits more = { { 0, 10, 4, 0 } };
	const struct in6_addr a = v4(1);
	struct throttle *t = throttle_new();

	(void)state;
	take(t, THROTTLE_MESSAGE, 1, NULL, 0);
	take(t, THROTTLE_MESSAGE, 1, NULL, 0);
	assert_true(take(t, THROTTLE_MESSAGE, 1, NULL, 0) > 0);
	assert_int_equal(throttle_take(t, &more, THROTTLE_MESSAGE, &a,
				       (struct str){ 0 }, 0),
			 0);
	throttle_free(&t);
}

static void defaults_hold_for_others_than_this_machine(void **state)
{
	const struct throttle_limits given = { { THROTTLE_DEFAULT, 10, 0,
						 THROTTLE_DEFAULT } };
	struct throttle_limits l = throttle_resolve(&given, true);

	(void)state;
	assert_int_equal(l.per_s[THROTTLE_CONNECTION], 0);
	assert_int_equal(l.per_s[THROTTLE_REQUEST], 10);
	assert_int_equal(l.per_s[THROTTLE_MESSAGE], 0);
	assert_int_equal(l.per_s[THROTTLE_SUBSCRIPTION], 0);
	l = throttle_resolve(&given, false);
	assert_true(l.per_s[THROTTLE_CONNECTION] > 0);
	assert_int_equal(l.per_s[THROTTLE_REQUEST], 10);
	assert_int_equal(l.per_s[THROTTLE_MESSAGE], 0);
	assert_true(l.per_s[THROTTLE_SUBSCRIPTION] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_has_so_many_a_second),
		cmocka_unit_test(a_user_has_as_many_from_all_addresses),
		cmocka_unit_test(those_who_are_quiet_longest_are_forgotten),
		cmocka_unit_test(an_address_of_ipv6_is_its_first_half),
		cmocka_unit_test(a_network_has_a_limit_of_its_own),
		cmocka_unit_test(a_network_cannot_have_others_forgotten),
		cmocka_unit_test(what_was_much_is_charged_to_all),
		cmocka_unit_test(other_limits_hold_at_once),
		cmocka_unit_test(defaults_hold_for_others_than_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
