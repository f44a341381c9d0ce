#include "world.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "catalogue.h"

enum {
	STREAM_PRODUCTS = 1 << 20,
	STREAM_LINES = 2 << 20,
	STREAM_ADS = 3 << 20,
};

const char *const world_sources[WORLD_SOURCES] = { "facebook", "craigslist",
						   "ksl" };
static const char *const id_prefix[WORLD_SOURCES] = { "fb", "cl", "ksl" };

/* A stream of random numbers: SplitMix64 (Steele, Lea, Flood 2014). */
struct dice {
	uint64_t s;
};

static uint64_t dice_next(struct dice *d)
{
	uint64_t z = d->s += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct dice dice_for(uint64_t seed, uint64_t stream, uint64_t tick)
{
	struct dice d = { seed };

	d.s = dice_next(&d) ^ stream;
	d.s = dice_next(&d) ^ tick;
	d.s = dice_next(&d);
	return d;
}

/* 0 … n-1; the bias of the remainder is far below what anyone could see. */
static int64_t roll(struct dice *d, int64_t n)
{
	return (int64_t)(dice_next(d) % (uint64_t)n);
}

static bool chance(struct dice *d, int64_t one_in)
{
	return roll(d, one_in) == 0;
}

static int64_t round_to(int64_t cents, int64_t step)
{
	return cents < step ? step : cents / step * step;
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/*
 * One step of a random walk: a shock of up to 4 % either way (small ones are
 * likelier) and a pull towards the list price, so that it never runs off.
 */
static int64_t walk(const struct product *p, struct dice *d)
{
	int64_t shock = roll(d, 41) + roll(d, 41) - 40;
	int64_t pull = (p->list_cents - p->cents) * 1000 / p->list_cents / 8;
	int64_t cents = p->cents + p->cents * (shock + pull) / 1000;

	return round_to(clamp(cents, p->list_cents / 2, p->list_cents * 5 / 4),
			p->step);
}

static void step_product(const struct world *w, struct product *p)
{
	struct dice d = dice_for(w->seed, p->stream, w->tick);
	int64_t cents = p->cents;
	bool stock = p->in_stock;

	if (p->held)
		return;
	if (chance(&d, p->pace))
		cents = walk(p, &d);
	if (chance(&d, stock ? 80 : 12))
		stock = !stock;
	if (cents != p->cents || stock != p->in_stock)
		p->changed_s = w->now_s;
	p->cents = cents;
	p->in_stock = stock;
}

/* The next ad of a slot: a new id, a thing, a condition, a place, a price. */
static void post(const struct world *w, struct ad *ad, struct dice *d)
{
	const struct catalogue_thing *thing =
		&catalogue_things[roll(d, (int64_t)catalogue_n_things)];
	const char *note = catalogue_notes[roll(d, (int64_t)catalogue_n_notes)];
	const char *place =
		catalogue_places[roll(d, (int64_t)catalogue_n_places)];

	snprintf(ad->id, sizeof(ad->id), "%s%" PRIu64, id_prefix[ad->source],
		 100000 + ad->serial * WORLD_ADS_MAX + ad->number);
	snprintf(ad->title, sizeof(ad->title), "%s%s%s", thing->title,
		 *note ? ", " : "", note);
	str_copy(ad->place, sizeof(ad->place), str_from(place));
	ad->cents = thing->cents * (70 + roll(d, 61)) / 100;
	ad->cents = round_to(ad->cents, ad->cents > 100000 ? 5000 : 500);
	ad->serial++;
	ad->here = true;
	ad->over = false;
	ad->posted_s = ad->changed_s = w->now_s;
	ad->until = w->tick + 15 + (uint64_t)roll(d, 90);
}

/* Sellers come down in price, now and then one goes up. */
static void reprice(const struct world *w, struct ad *ad, struct dice *d)
{
	int64_t percent = chance(d, 6) ? 105 : 96 - roll(d, 12);
	int64_t cents = round_to(ad->cents * percent / 100, 500);

	if (cents != ad->cents)
		ad->changed_s = w->now_s;
	ad->cents = cents;
}

/* Listed → away for a while, or sold; away → listed again; sold → the next. */
static bool step_ad(const struct world *w, struct ad *ad)
{
	struct dice d = dice_for(w->seed, ad->stream, w->tick);

	if (w->tick < ad->until) {
		int64_t before = ad->cents;

		if (ad->here && chance(&d, 40))
			reprice(w, ad, &d);
		return ad->cents != before;
	}
	if (ad->here) {
		ad->here = false;
		ad->over = !chance(&d, 4);
		ad->until = w->tick + 2 + (uint64_t)roll(&d, 6);
	} else if (ad->over) {
		post(w, ad, &d);
	} else {
		ad->here = true;
		ad->changed_s = w->now_s;
		ad->until = w->tick + 10 + (uint64_t)roll(&d, 40);
	}
	return true;
}

/* At tick 0 the slots are in the middle of their lives. */
static void init_ad(struct world *w, size_t i)
{
	struct ad *ad = &w->ads[i];
	struct dice d;

	ad->source = (unsigned)(i % WORLD_SOURCES);
	ad->number = i / WORLD_SOURCES;
	ad->stream = STREAM_ADS + i;
	d = dice_for(w->seed, ad->stream, 0);
	post(w, ad, &d);
	ad->until = 1 + (uint64_t)roll(&d, 60);
	ad->posted_s -= 60 * (1 + roll(&d, 7 * 24 * 60));
	ad->changed_s = ad->posted_s;
}

struct world *world_new(uint64_t seed, unsigned n_ads)
{
	struct world *w = xcalloc(1, sizeof(*w));

	assert(n_ads <= WORLD_ADS_MAX);
	w->seed = seed;
	w->now_s = w->ads_changed_s = WORLD_START_S;
	w->n_products = catalogue_n_products;
	w->products = xcalloc(w->n_products, sizeof(*w->products));
	for (size_t i = 0; i < w->n_products; i++) {
		struct product *p = &w->products[i];

		*p = catalogue_products[i];
		p->stream = STREAM_PRODUCTS + i;
		p->in_stock = true;
		p->changed_s = w->now_s;
		p->cents = p->list_cents;
		for (unsigned k = 0; k < 8; k++) {
			struct dice d = dice_for(seed, p->stream, 0);

			d.s += k;
			p->cents = walk(p, &d);
		}
	}
	w->n_ads = w->n_slots = (size_t)n_ads * WORLD_SOURCES;
	w->ads = xcalloc(w->n_slots + WORLD_ADDED_MAX, sizeof(*w->ads));
	for (size_t i = 0; i < w->n_slots; i++)
		init_ad(w, i);
	return w;
}

void world_free(struct world **wp)
{
	struct world *w = *wp;

	*wp = NULL;
	if (!w)
		return;
	free(w->products);
	free(w->ads);
	free(w);
}

static int64_t tick_s(uint64_t tick)
{
	return WORLD_START_S + (int64_t)tick * WORLD_TICK_S;
}

void world_step(struct world *w, unsigned n)
{
	assert(n <= WORLD_STEP_MAX);
	while (n-- > 0) {
		w->tick++;
		/* Sixty changes by hand in one tick run ahead of it. */
		w->now_s = tick_s(w->tick) > w->now_s ? tick_s(w->tick)
						      : w->now_s + 1;
		for (size_t i = 0; i < w->n_products; i++)
			step_product(w, &w->products[i]);
		for (size_t i = 0; i < w->n_slots; i++)
			if (step_ad(w, &w->ads[i]))
				w->ads_changed_s = w->now_s;
	}
}

static struct product *find_product(const struct world *w, struct str id)
{
	for (size_t i = 0; i < w->n_products; i++)
		if (str_is(id, w->products[i].id))
			return &w->products[i];
	return NULL;
}

static struct ad *find_ad(const struct world *w, struct str id)
{
	for (size_t i = 0; i < w->n_ads; i++)
		if (str_is(id, w->ads[i].id))
			return &w->ads[i];
	return NULL;
}

const struct product *world_product(const struct world *w, struct str id)
{
	return find_product(w, id);
}

const struct ad *world_ad(const struct world *w, struct str id)
{
	const struct ad *ad = find_ad(w, id);

	return ad && ad->here ? ad : NULL;
}

int world_source(struct str name)
{
	for (int i = 0; i < WORLD_SOURCES; i++)
		if (str_is(name, world_sources[i]))
			return i;
	return -1;
}

bool world_set(struct world *w, struct str id, int64_t cents, int stock,
	       bool hold)
{
	struct product *p = find_product(w, id);

	if (!p)
		return false;
	assert(cents <= WORLD_CENTS_MAX);
	if (cents >= 0)
		p->cents = cents;
	if (stock >= 0)
		p->in_stock = stock > 0;
	p->held = hold;
	p->changed_s = ++w->now_s;
	return true;
}

const struct ad *world_put_ad(struct world *w, struct str id, unsigned source,
			      struct str title, int64_t cents)
{
	struct ad *ad = find_ad(w, id);

	assert(source < WORLD_SOURCES && cents <= WORLD_CENTS_MAX);
	if (!str_is_id(id) || (ad && ad->source != source))
		return NULL;
	w->now_s++;
	if (!ad) {
		if (w->n_ads == w->n_slots + WORLD_ADDED_MAX)
			return NULL;
		ad = &w->ads[w->n_ads++];
		*ad = (struct ad){ .source = source, .posted_s = w->now_s };
		str_copy(ad->id, sizeof(ad->id), id);
		str_copy(ad->place, sizeof(ad->place),
			 str_from(catalogue_places[0]));
	}
	title = str_utf8_prefix(title, sizeof(ad->title) - 1);
	str_copy(ad->title, sizeof(ad->title), title);
	ad->cents = cents;
	ad->here = true;
	ad->changed_s = w->ads_changed_s = w->now_s;
	return ad;
}

bool world_remove_ad(struct world *w, struct str id)
{
	struct ad *ad = find_ad(w, id);

	if (!ad || !ad->here)
		return false;
	ad->here = false;
	ad->over = true;
	ad->until = w->tick + 3; /* when the slot makes its next ad */
	w->ads_changed_s = ++w->now_s;
	return true;
}

/* Each line has a rhythm of its own: every 5th, 8th, 11th … tick. */
static uint64_t line_period(unsigned i)
{
	return 5 + 3 * (uint64_t)i;
}

unsigned world_line(const struct world *w, unsigned i, unsigned n_choices)
{
	struct dice d =
		dice_for(w->seed, STREAM_LINES + i, w->tick / line_period(i));

	assert(i < WORLD_LINES);
	return (unsigned)roll(&d, n_choices);
}

int64_t world_lines_changed_s(const struct world *w)
{
	uint64_t last = 0;

	for (unsigned i = 0; i < WORLD_LINES; i++) {
		uint64_t turn = w->tick - w->tick % line_period(i);

		if (turn > last)
			last = turn;
	}
	return tick_s(last);
}
