/* The random walk that stands in for a shop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "cmd/scraper/mock.h"

static struct mock parse(const char *url)
{
	struct mock m;
	struct err e;

	if (mock_parse(str_from(url), &m, &e))
		fail_msg("%s: %s", url, e.msg);
	return m;
}

static void it_walks_the_same_way_every_time(void **state)
{
	struct mock m = parse("mock:Rolex?seed=7&start=12000&step=50");
	struct decimal a = { 0 }, b = { 0 };
	bool moved = false;

	(void)state;
	for (uint64_t n = 1; n <= 500; n++) {
		struct decimal next = mock_price(&m, n, a);

		if (n > 1) {
			decimal_coef step = next.coef - a.coef;

			assert_true(step >= -50 && step <= 50);
			moved |= step != 0;
		}
		a = next;
		b = mock_price(&m, n, b);
		assert_int_equal(decimal_cmp(a, b), 0);
	}
	assert_true(moved);
	assert_int_equal(mock_price(&m, 1, a).coef, 12000);
}

static void seed_and_name_choose_the_walk(void **state)
{
	struct mock a = parse("mock:A?seed=7&start=10000&step=900");
	struct mock b = parse("mock:A?seed=8&start=10000&step=900");
	struct mock c = parse("mock:B?seed=7&start=10000&step=900");

	(void)state;
	assert_true(mock_price(&a, 2, a.start).coef !=
		    mock_price(&b, 2, b.start).coef);
	assert_true(mock_price(&a, 2, a.start).coef !=
		    mock_price(&c, 2, c.start).coef);
}

static void it_keeps_cents_and_bounds(void **state)
{
	struct mock m = parse("mock:x?start=10&step=0.50&currency=EUR");
	struct decimal p = m.start;
	char text[DECIMAL_TEXT_MAX];

	(void)state;
	assert_string_equal(decimal_format(m.start, text), "10.00");
	assert_true(str_is(m.currency, "EUR"));
	for (uint64_t n = 2; n < 20000; n++) {
		p = mock_price(&m, n, p);
		assert_int_equal(p.scale, 2);
		assert_true(p.coef >= 500 && p.coef <= 2000);
	}
}

static void without_a_step_it_stands(void **state)
{
	struct mock m = parse("mock:x?start=5&step=0");

	(void)state;
	assert_int_equal(mock_price(&m, 2, m.start).coef, 5);
	m = parse("mock:x");
	assert_int_equal(m.start.coef, 100);
}

static void bad_urls_are_refused(void **state)
{
	static const char *const bad[] = {
		"mock:",
		"mock:?seed=1",
		"http://x/",
		"mock:x?seed=-1",
		"mock:x?seed",
		"mock:x?start=abc",
		"mock:x?start=-5",
		"mock:x?step=1e3",
		"mock:x?start=99999999999999999999",
		"mock:x?start=0.0000001",
		"mock:x?currency=EURO",
		"mock:x?colour=red",
	};
	struct mock m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e.code = 0;
		if (mock_parse(str_from(bad[i]), &m, &e) != -1 ||
		    e.code != EX_CONFIG)
			fail_msg("'%s' was taken", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_walks_the_same_way_every_time),
		cmocka_unit_test(seed_and_name_choose_the_walk),
		cmocka_unit_test(it_keeps_cents_and_bounds),
		cmocka_unit_test(without_a_step_it_stands),
		cmocka_unit_test(bad_urls_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
