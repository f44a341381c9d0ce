/* Which proxy of a pool is next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/str.h"

#include "cmd/scraper/proxy_pool.h"

enum { N = 5, HOSTS = 1000 };

static void make(struct pool_proxy v[N])
{
	for (int i = 0; i < N; i++) {
		char url[40];

		snprintf(url, sizeof(url), "http://10.0.0.%d:3128", i);
		v[i] = (struct pool_proxy){ .hash = str_hash(str_from(url)) };
	}
}

static uint64_t host(int i)
{
	char name[40];

	snprintf(name, sizeof(name), "shop%d.example", i);
	return str_hash(str_from(name));
}

static int pick(const struct pool_rules *r, const struct pool_proxy *v,
		size_t turn, uint64_t h, int64_t now)
{
	int64_t wait;
	bool held;

	return pool_pick(r, v, N, turn, h, now, &wait, &held);
}

static void each_in_its_turn(void **state)
{
	const struct pool_rules r = { .requests = 2, .delay_ms = 100 };
	struct pool_proxy v[N];
	int64_t wait;
	bool held;

	(void)state;
	make(v);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(pick(&r, v, i, 1, 0), i);
		pool_start(&r, &v[i], 0);
	}
	/* All have a pause. */
	assert_int_equal(pool_pick(&r, v, N, 0, 1, 60, &wait, &held), -1);
	assert_int_equal(wait, 40);
	assert_false(held);
	assert_int_equal(pick(&r, v, 3, 1, 100), 3);
	for (size_t i = 0; i < N; i++)
		pool_start(&r, &v[i], 100);
	/* All have as many as they may. */
	assert_int_equal(pool_pick(&r, v, N, 0, 1, 999, &wait, &held), -1);
	assert_int_equal(wait, POOL_BUSY);
	pool_end(&v[4], POOL_GOOD, 1, 999);
	assert_int_equal(pick(&r, v, 0, 1, 999), 4);
}

static void a_host_keeps_its_proxy(void **state)
{
	const struct pool_rules r = { .requests = 100000, .sticky = true };
	struct pool_proxy v[N];
	int before[HOSTS], share[N] = { 0 }, moved = 0;

	(void)state;
	make(v);
	for (int i = 0; i < HOSTS; i++) {
		before[i] = pick(&r, v, (size_t)i, host(i), 0);
		assert_int_equal(pick(&r, v, 0, host(i), 5), before[i]);
		share[before[i]]++;
	}
	for (int i = 0; i < N; i++)
		assert_in_range(share[i], HOSTS / N / 2, HOSTS / N * 2);
	/* One that fails loses its own, and no other moves … */
	pool_start(&r, &v[2], 0);
	pool_end(&v[2], POOL_FAILED, 1, 0);
	for (int i = 0; i < HOSTS; i++) {
		int now = pick(&r, v, 0, host(i), 1);

		assert_true(now != 2 && now >= 0);
		assert_true(before[i] == 2 || now == before[i]);
		moved += before[i] == 2;
	}
	assert_int_equal(moved, share[2]);
	/* … and gets them back. */
	for (int i = 0; i < HOSTS; i++)
		assert_int_equal(pick(&r, v, 0, host(i), POOL_HOLD_MS),
				 before[i]);
}

/* A sticky host waits for its own proxy while that is only busy. */
static void a_busy_proxy_is_waited_for(void **state)
{
	const struct pool_rules r = { .requests = 1, .sticky = true };
	struct pool_proxy v[N];
	int64_t wait;
	bool held;
	int at;

	(void)state;
	make(v);
	at = pick(&r, v, 0, host(1), 0);
	pool_start(&r, &v[at], 0);
	assert_int_equal(pool_pick(&r, v, N, 0, host(1), 0, &wait, &held), -1);
	assert_int_equal(wait, POOL_BUSY);
	assert_false(held);
}

static void failures_hold_longer_each_time(void **state)
{
	const struct pool_rules r = { .requests = 4 };
	struct pool_proxy p = { .hash = 1 };
	int64_t now = 0, want = POOL_HOLD_MS, wait;
	bool held;

	(void)state;
	for (int i = 0; i < 12; i++) {
		pool_start(&r, &p, now);
		pool_end(&p, POOL_FAILED, 1, now);
		assert_int_equal(pool_pick(&r, &p, 1, 0, 1, now, &wait, &held),
				 -1);
		assert_true(held);
		assert_int_equal(wait, want);
		now += want;
		want = want * 2 < POOL_HOLD_MAX_MS ? want * 2
						   : POOL_HOLD_MAX_MS;
		/* One at a time tries it. */
		assert_int_equal(pool_pick(&r, &p, 1, 0, 1, now, &wait, &held),
				 0);
		pool_start(&r, &p, now);
		assert_int_equal(pool_pick(&r, &p, 1, 0, 1, now, &wait, &held),
				 -1);
		assert_int_equal(wait, POOL_BUSY);
		pool_end(&p, POOL_NEUTRAL, 1, now);
	}
	pool_start(&r, &p, now);
	pool_end(&p, POOL_GOOD, 1, now);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pool_pick(&r, &p, 1, 0, 1, now, &wait, &held),
				 0);
		pool_start(&r, &p, now);
	}
	/* What ends together is one failure. */
	for (int i = 0; i < 4; i++)
		pool_end(&p, POOL_FAILED, 1, now);
	assert_int_equal(p.failures, 1);
	assert_int_equal(p.hold_ms, now + POOL_HOLD_MS);
}

static void one_bad_host_is_no_bad_proxy(void **state)
{
	const struct pool_rules r = { .requests = 4 };
	struct pool_proxy p = { .hash = 1 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		pool_start(&r, &p, 0);
		pool_end(&p, POOL_DOUBT, 7, 0);
	}
	assert_true(pool_is_well(&p, 0));
	pool_start(&r, &p, 0);
	pool_end(&p, POOL_GOOD, 8, 0);
	pool_start(&r, &p, 0);
	pool_end(&p, POOL_DOUBT, 9, 0);
	assert_true(pool_is_well(&p, 0));
	pool_start(&r, &p, 0);
	pool_end(&p, POOL_DOUBT, 7, 0);
	assert_false(pool_is_well(&p, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_in_its_turn),
		cmocka_unit_test(a_host_keeps_its_proxy),
		cmocka_unit_test(a_busy_proxy_is_waited_for),
		cmocka_unit_test(failures_hold_longer_each_time),
		cmocka_unit_test(one_bad_host_is_no_bad_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
