#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "cmd/sim/world.h"

enum { ADS = 12 };

/* Everything that a page could show of a world, as one number. */
static uint64_t fingerprint(const struct world *w)
{
	uint64_t h = w->tick ^ (uint64_t)w->now_s;

	for (size_t i = 0; i < w->n_products; i++) {
		const struct product *p = &w->products[i];
		const int64_t facts[] = { (int64_t)h, p->cents, p->in_stock,
					  p->changed_s };

		h = str_hash(
			(struct str){ (const char *)facts, sizeof(facts) });
	}
	for (size_t i = 0; i < w->n_ads; i++) {
		const struct ad *ad = &w->ads[i];
		const uint64_t facts[] = { h, str_hash(str_from(ad->id)),
					   str_hash(str_from(ad->title)),
					   (uint64_t)ad->cents, ad->here };

		h = str_hash(
			(struct str){ (const char *)facts, sizeof(facts) });
	}
	return h;
}

static uint64_t fingerprint_at(uint64_t seed, unsigned tick)
{
	struct world *w = world_new(seed, ADS);
	uint64_t h;

	world_step(w, tick);
	h = fingerprint(w);
	world_free(&w);
	assert_null(w);
	return h;
}

static void same_seed_and_tick_give_the_same_world(void **state)
{
	(void)state;
	assert_true(fingerprint_at(1, 0) == fingerprint_at(1, 0));
	assert_true(fingerprint_at(1, 500) == fingerprint_at(1, 500));
	assert_true(fingerprint_at(1, 500) != fingerprint_at(1, 501));
	assert_true(fingerprint_at(1, 500) != fingerprint_at(2, 500));
}

static void many_small_steps_equal_one_large_step(void **state)
{
	struct world *w = world_new(9, ADS);

	(void)state;
	for (int i = 0; i < 300; i++)
		world_step(w, 1);
	assert_true(fingerprint(w) == fingerprint_at(9, 300));
	world_free(&w);
}

static void prices_move_and_stay_plausible(void **state)
{
	struct world *w = world_new(3, 0);
	unsigned moves = 0;

	(void)state;
	for (int tick = 0; tick < 1000; tick++) {
		int64_t before = w->products[0].cents;

		world_step(w, 1);
		moves += before != w->products[0].cents;
		for (size_t i = 0; i < w->n_products; i++) {
			const struct product *p = &w->products[i];

			assert_in_range(p->cents, p->list_cents / 2 - p->step,
					p->list_cents * 5 / 4);
			assert_int_equal(p->cents % p->step, 0);
		}
	}
	/* pace 3: about every third tick, some steps too small to show */
	assert_in_range(moves, 200, 400);
	world_free(&w);
}

static void stock_goes_out_and_comes_back(void **state)
{
	struct world *w = world_new(4, 0);
	unsigned out = 0, back = 0;

	(void)state;
	for (int tick = 0; tick < 2000; tick++) {
		bool before = w->products[0].in_stock;

		world_step(w, 1);
		out += before && !w->products[0].in_stock;
		back += !before && w->products[0].in_stock;
	}
	assert_in_range(out, 5, 60);
	assert_in_range(back, out - 1, out);
	world_free(&w);
}

static void a_change_is_dated_and_no_change_is_not(void **state)
{
	struct world *w = world_new(5, 0);
	const struct product *p = &w->products[0];

	(void)state;
	for (int tick = 1; tick <= 200; tick++) {
		struct product before = *p;

		world_step(w, 1);
		if (p->cents != before.cents || p->in_stock != before.in_stock)
			assert_int_equal(p->changed_s,
					 WORLD_START_S + tick * WORLD_TICK_S);
		else
			assert_int_equal(p->changed_s, before.changed_s);
	}
	world_free(&w);
}

/* What became of one ad while time passed. */
struct fate {
	unsigned gone, back, repriced;
};

static void watch_slot(struct world *w, struct fate *fate)
{
	struct ad before[ADS * WORLD_SOURCES];

	for (size_t i = 0; i < w->n_slots; i++)
		before[i] = w->ads[i];
	world_step(w, 1);
	for (size_t i = 0; i < w->n_slots; i++) {
		const struct ad *a = &before[i], *b = &w->ads[i];
		bool same = str_eq(str_from(a->id), str_from(b->id));

		fate->gone += a->here && !b->here;
		fate->back += same && !a->here && b->here;
		fate->repriced +=
			same && a->here && b->here && a->cents != b->cents;
	}
}

static void ads_appear_change_disappear_and_come_back(void **state)
{
	struct world *w = world_new(6, ADS);
	struct fate fate = { 0 };
	uint64_t posted = 0;

	(void)state;
	for (int tick = 0; tick < 500; tick++)
		watch_slot(w, &fate);
	for (size_t i = 0; i < w->n_slots; i++)
		posted += w->ads[i].serial;
	assert_true(posted > 2 * w->n_slots);
	assert_true(fate.gone > w->n_slots);
	assert_true(fate.back > 10);
	assert_true(fate.repriced > 50);
	world_free(&w);
}

static void ids_of_ads_are_never_used_twice(void **state)
{
	struct world *w = world_new(6, ADS);
	struct str_set {
		char id[STR_ID_MAX + 1];
	} *seen = xcalloc(10000, sizeof(*seen));
	uint64_t before[ADS * WORLD_SOURCES] = { 0 };
	size_t n = 0;

	(void)state;
	for (int tick = 0; tick < 500; tick++) {
		for (size_t i = 0; i < w->n_slots; i++) {
			if (w->ads[i].serial == before[i])
				continue;
			before[i] = w->ads[i].serial;
			for (size_t k = 0; k < n; k++)
				assert_string_not_equal(seen[k].id,
							w->ads[i].id);
			assert_true(n < 10000);
			str_copy(seen[n++].id, sizeof(seen->id),
				 str_from(w->ads[i].id));
		}
		world_step(w, 1);
	}
	assert_true(n > 2 * w->n_slots);
	free(seen);
	world_free(&w);
}

static void setting_one_thing_leaves_the_others_alone(void **state)
{
	struct world *a = world_new(7, ADS), *b = world_new(7, ADS);

	(void)state;
	assert_true(world_set(a, STR("rolex-submariner"), 790000, 0, true));
	world_step(a, 100);
	world_step(b, 100);
	assert_int_equal(a->products[0].cents, 790000);
	assert_false(a->products[0].in_stock);
	for (size_t i = 1; i < a->n_products; i++)
		assert_int_equal(a->products[i].cents, b->products[i].cents);
	assert_string_equal(a->ads[5].id, b->ads[5].id);
	world_free(&a);
	world_free(&b);
}

static void a_price_that_is_not_held_moves_on(void **state)
{
	struct world *w = world_new(7, 0);

	(void)state;
	assert_true(world_set(w, STR("omega-seamaster"), 500000, -1, false));
	assert_int_equal(w->products[1].cents, 500000);
	assert_true(w->products[1].in_stock);
	world_step(w, 50);
	assert_int_not_equal(w->products[1].cents, 500000);
	assert_false(world_set(w, STR("no-such"), 1, -1, false));
	world_free(&w);
}

static void each_change_by_hand_has_a_time_of_its_own(void **state)
{
	struct world *w = world_new(7, ADS);
	int64_t last = w->now_s;

	(void)state;
	for (int i = 0; i < 100; i++) {
		world_set(w, STR("samba-og"), 9000 + i, -1, false);
		assert_true(w->products[4].changed_s > last);
		last = w->products[4].changed_s;
	}
	world_step(w, 1);
	assert_true(w->now_s > last);
	world_free(&w);
}

static void ads_are_added_changed_and_removed_by_hand(void **state)
{
	struct world *w = world_new(8, ADS);
	const struct ad *ad;

	(void)state;
	ad = world_put_ad(w, STR("mine"), 2, STR("A bicycle"), 45000);
	assert_non_null(ad);
	assert_ptr_equal(world_ad(w, STR("mine")), ad);
	assert_int_equal(w->ads_changed_s, w->now_s);
	assert_ptr_equal(world_put_ad(w, STR("mine"), 2, STR("B"), 1), ad);
	assert_string_equal(ad->title, "B");
	assert_null(world_put_ad(w, STR("mine"), 1, STR("B"), 1));
	assert_null(world_put_ad(w, STR("no id"), 1, STR("B"), 1));
	world_step(w, 500);
	assert_non_null(world_ad(w, STR("mine")));
	assert_true(world_remove_ad(w, STR("mine")));
	assert_null(world_ad(w, STR("mine")));
	assert_false(world_remove_ad(w, STR("mine")));
	world_free(&w);
}

static void the_table_of_added_ads_is_bounded(void **state)
{
	struct world *w = world_new(8, 0);
	char id[] = "x000";

	(void)state;
	for (int i = 0; i < WORLD_ADDED_MAX; i++) {
		id[1] = (char)('0' + i / 100);
		id[2] = (char)('0' + i / 10 % 10);
		id[3] = (char)('0' + i % 10);
		assert_non_null(
			world_put_ad(w, str_from(id), 0, STR("t"), 100));
	}
	assert_null(world_put_ad(w, STR("more"), 0, STR("t"), 100));
	assert_non_null(world_put_ad(w, STR("x000"), 0, STR("u"), 100));
	world_free(&w);
}

static void lines_change_only_when_they_are_dated(void **state)
{
	struct world *w = world_new(8, 0);
	unsigned before[WORLD_LINES], changes = 0;

	(void)state;
	for (int tick = 0; tick < 200; tick++) {
		int64_t dated = world_lines_changed_s(w);

		for (unsigned i = 0; i < WORLD_LINES; i++)
			before[i] = world_line(w, i, 7);
		world_step(w, 1);
		for (unsigned i = 0; i < WORLD_LINES; i++) {
			if (world_line(w, i, 7) == before[i])
				continue;
			changes++;
			assert_true(world_lines_changed_s(w) > dated);
		}
	}
	assert_true(changes > 50);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_and_tick_give_the_same_world),
		cmocka_unit_test(many_small_steps_equal_one_large_step),
		cmocka_unit_test(prices_move_and_stay_plausible),
		cmocka_unit_test(stock_goes_out_and_comes_back),
		cmocka_unit_test(a_change_is_dated_and_no_change_is_not),
		cmocka_unit_test(ads_appear_change_disappear_and_come_back),
		cmocka_unit_test(ids_of_ads_are_never_used_twice),
		cmocka_unit_test(setting_one_thing_leaves_the_others_alone),
		cmocka_unit_test(a_price_that_is_not_held_moves_on),
		cmocka_unit_test(each_change_by_hand_has_a_time_of_its_own),
		cmocka_unit_test(ads_are_added_changed_and_removed_by_hand),
		cmocka_unit_test(the_table_of_added_ads_is_bounded),
		cmocka_unit_test(lines_change_only_when_they_are_dated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
