/* What may be connected to: every range at its edges, in every disguise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <sysexits.h>

#include "common/netguard.h"
#include "common/xmem.h"

struct row {
	const char *addr, *want; /* NULL: may be connected to */
};

static const struct row rows[] = {
	/* public, next to what is not */
	{ "1.0.0.0", NULL },
	{ "8.8.8.8", NULL },
	{ "9.255.255.255", NULL },
	{ "11.0.0.0", NULL },
	{ "100.63.255.255", NULL },
	{ "100.128.0.0", NULL },
	{ "126.255.255.255", NULL },
	{ "128.0.0.0", NULL },
	{ "169.253.255.255", NULL },
	{ "169.255.0.0", NULL },
	{ "172.15.255.255", NULL },
	{ "172.32.0.0", NULL },
	{ "192.0.1.0", NULL },
	{ "192.0.3.0", NULL },
	{ "192.167.255.255", NULL },
	{ "192.169.0.0", NULL },
	{ "198.17.255.255", NULL },
	{ "198.20.0.0", NULL },
	{ "223.255.255.255", NULL },
	{ "2606:4700::1", NULL },
	{ "2a00:1450:4001::200e", NULL },
	{ "2001:4860:4860::8888", NULL },
	/* IPv4 */
	{ "0.0.0.0", "unspecified" },
	{ "0.255.255.255", "unspecified" },
	{ "10.0.0.0", "private" },
	{ "10.255.255.255", "private" },
	{ "100.64.0.0", "shared" },
	{ "100.127.255.255", "shared" },
	{ "127.0.0.1", "loopback" },
	{ "127.255.255.254", "loopback" },
	{ "169.254.169.254", "link-local" },
	{ "172.16.0.0", "private" },
	{ "172.31.255.255", "private" },
	{ "192.0.0.192", "reserved" },
	{ "192.0.2.1", "documentation" },
	{ "192.88.99.1", "reserved" },
	{ "192.168.0.0", "private" },
	{ "192.168.255.255", "private" },
	{ "198.18.0.1", "benchmarking" },
	{ "198.19.255.255", "benchmarking" },
	{ "198.51.100.7", "documentation" },
	{ "203.0.113.7", "documentation" },
	{ "224.0.0.1", "multicast" },
	{ "239.255.255.255", "multicast" },
	{ "240.0.0.1", "reserved" },
	{ "255.255.255.255", "reserved" },
	/* IPv6 */
	{ "::", "unspecified" },
	{ "::1", "loopback" },
	{ "fc00::1", "private" },
	{ "fdff:ffff::1", "private" },
	{ "fe80::1", "link-local" },
	{ "febf::1", "link-local" },
	{ "fec0::1", "private" },
	{ "ff02::1", "multicast" },
	{ "2001:db8::1", "documentation" },
	{ "3fff::1", "documentation" },
	{ "2001:2::1", "benchmarking" },
	{ "2001:10::1", "reserved" },
	{ "2001:2f::1", "reserved" },
	{ "100::1", "reserved" },
	{ "5f00::1", "reserved" },
	{ "4000::1", "reserved" },
	{ "e000::1", "reserved" },
	/* IPv4 in disguise */
	{ "::ffff:127.0.0.1", "loopback" },
	{ "::ffff:7f00:1", "loopback" },
	{ "::ffff:8.8.8.8", NULL },
	{ "::ffff:169.254.169.254", "link-local" },
	{ "::127.0.0.1", "loopback" },
	{ "::10.1.2.3", "private" },
	{ "::8.8.8.8", "reserved" }, /* nobody routes these */
	{ "::ffff:0:127.0.0.1", "loopback" },
	{ "64:ff9b::127.0.0.1", "loopback" },
	{ "64:ff9b::192.168.1.1", "private" },
	{ "64:ff9b::8.8.8.8", NULL },
	{ "64:ff9b:1::8.8.8.8", "private" },
	{ "2002:7f00:1::", "loopback" },
	{ "2002:c0a8:101::1", "private" },
	{ "2002:808:808::1", NULL },
	{ "2001:0:7f00:1::f7f7:f7f7", "loopback" },  /* Teredo server */
	{ "2001:0:808:808::80ff:fffe", "loopback" }, /* Teredo client */
	{ "2001:0:808:808::f7f7:f7f7", NULL },
	{ "2606:4700::5efe:10.0.0.1", "private" }, /* ISATAP */
	{ "2606:4700::200:5efe:10.0.0.1", "private" },
	{ "2606:4700::5efe:8.8.8.8", NULL },
};

static const char *ask(const struct netguard *g, const char *addr,
		       unsigned port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = in6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, addr, &in.sin_addr) == 1)
		return netguard_refuses(g, (struct sockaddr *)&in);
	assert_int_equal(inet_pton(AF_INET6, addr, &in6.sin6_addr), 1);
	return netguard_refuses(g, (struct sockaddr *)&in6);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void only_public_addresses_pass(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		const char *as_addr = ask(NULL, r->addr, 80);
		const char *as_text = netguard_refuses_text(NULL, r->addr, 80);

		if (!same(as_addr, r->want) || !same(as_text, r->want))
			fail_msg("%s: %s, %s; want %s", r->addr,
				 as_addr ? as_addr : "passes",
				 as_text ? as_text : "passes",
				 r->want ? r->want : "passes");
	}
}

static void other_families_are_refused(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	(void)state;
	assert_non_null(netguard_refuses(NULL, (struct sockaddr *)&un));
	assert_non_null(netguard_refuses_text(NULL, "", 80));
	assert_non_null(netguard_refuses_text(NULL, "localhost", 80));
	assert_non_null(netguard_refuses_text(NULL, "2130706433", 80));
	assert_string_equal(netguard_refuses_text(NULL, "fe80::1%eth0", 80),
			    "link-local");
}

static void allow_list_opens_addresses_and_ports(void **state)
{
	static const struct {
		const char *entry, *addr;
		unsigned port;
		bool pass;
	} t[] = {
		{ "127.0.0.1", "127.0.0.1", 1, true },
		{ "127.0.0.1", "127.0.0.2", 1, false },
		{ "127.0.0.1", "::ffff:127.0.0.1", 1, true },
		{ "127.0.0.1", "::127.0.0.1", 1, false },
		{ "127.0.0.1", "::1", 1, false },
		{ "127.0.0.1:8080", "127.0.0.1", 8080, true },
		{ "127.0.0.1:8080", "127.0.0.1", 8081, false },
		{ "10.0.0.0/8", "10.200.0.1", 443, true },
		{ "10.0.0.0/8:443", "10.200.0.1", 443, true },
		{ "10.0.0.0/8:443", "10.200.0.1", 80, false },
		{ "10.0.0.0/8", "11.0.0.1", 443, true }, /* public anyway */
		{ "192.168.4.0/22", "192.168.7.255", 80, true },
		{ "192.168.4.0/22", "192.168.8.0", 80, false },
		{ "::1", "::1", 80, true },
		{ "[::1]", "::1", 80, true },
		{ "[::1]:80", "::1", 80, true },
		{ "[::1]:80", "::1", 81, false },
		{ "[fd00::/8]:443", "fd12::1", 443, true },
		{ "fd00::/8", "fd12::1", 443, true },
		{ "fd00::/8", "fe80::1", 443, false },
		{ "0.0.0.0/0", "169.254.169.254", 80, true },
		{ "0.0.0.0/0", "::1", 80, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct netguard *g = netguard_new();
		struct err e;

		assert_int_equal(netguard_allow(g, t[i].entry, &e), 0);
		if ((ask(g, t[i].addr, t[i].port) == NULL) != t[i].pass)
			fail_msg("%s: %s port %u", t[i].entry, t[i].addr,
				 t[i].port);
		netguard_free(&g);
		assert_null(g);
	}
}

static void bad_entries_are_configuration_errors(void **state)
{
	static const char *const bad[] = {
		"",
		"localhost",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1/33",
		"127.0.0.1/",
		"127.1",
		"::1/129",
		"[::1",
		"[::1]80",
		"[::1]:",
		"127.0.0.1:80:81",
		"fe80::1%eth0",
		" 127.0.0.1",
		"*",
	};
	struct netguard *g = netguard_new();
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e.code = 0;
		if (netguard_allow(g, bad[i], &e) != -1 ||
		    e.code != EX_CONFIG || !strstr(e.msg, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
	}
	netguard_free(&g);
}

static void the_allow_list_has_an_end(void **state)
{
	struct netguard *g = netguard_new();
	struct err e;

	(void)state;
	for (int i = 0; i < NETGUARD_ALLOW_MAX; i++)
		assert_int_equal(netguard_allow(g, "10.0.0.1", &e), 0);
	assert_int_equal(netguard_allow(g, "10.0.0.1", &e), -1);
	assert_int_equal(e.code, EX_CONFIG);
	netguard_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_public_addresses_pass),
		cmocka_unit_test(other_families_are_refused),
		cmocka_unit_test(allow_list_opens_addresses_and_ports),
		cmocka_unit_test(bad_entries_are_configuration_errors),
		cmocka_unit_test(the_allow_list_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
