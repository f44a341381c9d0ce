/* Everybody once in a period, evenly spread, whoever comes and goes. */
#include "cmd/gateway/wheel.h"

#include "tests/unit/cases.h"

enum { PERIOD_MS = 25000, MANY = 5000 };

struct one {
	struct wheel_item item; /* first */
	int visits;
	struct wheel *leaves; /* when it is visited */
};

static size_t visited;

static void visit(void *arg, struct wheel_item *item)
{
	struct one *o = (struct one *)item;

	(void)arg;
	o->visits++;
	visited++;
	if (o->leaves)
		wheel_remove(o->leaves, item);
}

static void everybody_once_in_a_period_evenly_spread(void **state)
{
	static struct one many[MANY];
	static struct wheel w;
	size_t most = 0;

	(void)state;
	wheel_init(&w, PERIOD_MS, 1000);
	for (size_t i = 0; i < MANY; i++)
		wheel_add(&w, &many[i].item, 1000);
	for (int64_t now = 1000; now <= 1000 + PERIOD_MS; now += 10) {
		visited = 0;
		wheel_turn(&w, now, visit, NULL);
		if (visited > most)
			most = visited;
	}
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(many[i].visits, 1);
	assert_in_range(most, 1, MANY / WHEEL_SLOTS + 1);
}

/* The loop stood still for an hour: no one is asked twice in one turn. */
static void whoever_is_late_visits_each_once(void **state)
{
	static struct one few[3];
	static struct wheel w;

	(void)state;
	wheel_init(&w, PERIOD_MS, 0);
	for (size_t i = 0; i < 3; i++)
		wheel_add(&w, &few[i].item, 0);
	wheel_turn(&w, 3600 * 1000, visit, NULL);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(few[i].visits, 1);
}

static void the_wait_ends_when_somebody_comes_up(void **state)
{
	static struct one a, b;
	static struct wheel w;
	int64_t now = 777, wait;

	(void)state;
	wheel_init(&w, PERIOD_MS, 500);
	assert_int_equal(wheel_wait_ms(&w, now), -1);
	wheel_add(&w, &a.item, now);
	wheel_add(&w, &b.item, now);
	for (int i = 1; i <= 20; i++) {
		wait = wheel_wait_ms(&w, now);
		assert_in_range(wait, 1, PERIOD_MS);
		visited = 0;
		wheel_turn(&w, now + wait - 1, visit, NULL);
		assert_int_equal(visited, 0);
		wheel_turn(&w, now += wait, visit, NULL);
		assert_int_equal(visited, 1);
	}
	assert_int_equal(a.visits, 10);
	assert_int_equal(b.visits, 10);
}

static void one_that_is_visited_may_leave(void **state)
{
	static struct one many[2 * WHEEL_SLOTS];
	static struct wheel w;

	(void)state;
	wheel_init(&w, PERIOD_MS, 0);
	for (size_t i = 0; i < 2 * WHEEL_SLOTS; i++) {
		many[i].leaves = i % 3 ? &w : NULL;
		wheel_add(&w, &many[i].item, 0);
	}
	wheel_turn(&w, PERIOD_MS, visit, NULL);
	wheel_turn(&w, 2 * PERIOD_MS, visit, NULL);
	for (size_t i = 0; i < 2 * WHEEL_SLOTS; i++)
		assert_int_equal(many[i].visits, i % 3 ? 1 : 2);
	/* Whoever comes after a long quiet does not find all slots due. */
	for (size_t i = 0; i < 2 * WHEEL_SLOTS; i++)
		if (!many[i].leaves)
			wheel_remove(&w, &many[i].item);
	assert_int_equal(wheel_wait_ms(&w, 9 * PERIOD_MS), -1);
	wheel_add(&w, &many[0].item, 9 * PERIOD_MS);
	assert_in_range(wheel_wait_ms(&w, 9 * PERIOD_MS), 1, PERIOD_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_once_in_a_period_evenly_spread),
		cmocka_unit_test(whoever_is_late_visits_each_once),
		cmocka_unit_test(the_wait_ends_when_somebody_comes_up),
		cmocka_unit_test(one_that_is_visited_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
