/* An item's price and availability, each confirmed on its own. */
#include "diff_work.h"
#include "common/types_finding.h"

enum { KEY_AMOUNT = 1, KEY_AVAILABILITY };

/* A page that names no link of its own is the place to look. */
static struct str link_of(const struct diff_watch *w)
{
	return str_starts(w->url, STR("http")) ? w->url : (struct str){ 0 };
}

static uint64_t hash_amount(struct str price, struct str currency)
{
	struct diff_hash h = { .sum = 0 };

	diff_hash_amount(&h, price);
	diff_hash_text(&h, currency);
	return diff_hash_end(&h);
}

static uint64_t hash_text(struct str s)
{
	struct diff_hash h = { .sum = 0 };

	diff_hash_text(&h, s);
	return diff_hash_end(&h);
}

/* What of the item is believed: all that is known, or was confirmed now. */
struct belief {
	bool amount, availability; /* as the page has it */
	bool moved;
};

static struct belief judge(struct work *k)
{
	const struct watch_state *b = k->before;
	const struct item *it = &k->o->items[0];
	struct str none = { 0 }, price = b->priceless ? none : b->price;
	uint64_t known = hash_amount(price, b->currency);
	uint64_t seen = hash_amount(diff_now(price, it->price),
				    diff_now(b->currency, it->currency));
	uint64_t stock = hash_text(b->availability);
	uint64_t stock_seen =
		hash_text(diff_now(b->availability, it->availability));
	struct belief is = { true, true, true };

	if (!b->based)
		return is;
	is.amount = trails_see(&k->trails, KEY_AMOUNT, seen, known);
	is.availability =
		trails_see(&k->trails, KEY_AVAILABILITY, stock_seen, stock);
	is.moved = is.amount || is.availability;
	is.amount |= seen == known;
	is.availability |= stock == stock_seen;
	return is;
}

/* What is not remembered of a price did not move. */
static struct str say(struct work *k, const struct type_price *t)
{
	const struct watch_state *b = k->before;
	const struct item *it = &k->o->items[0];
	struct known *before = NULL;
	struct diff_event *ev;

	if (b->based) {
		before = arena_alloc(k->a, sizeof(*before));
		*before = diff_known(it);
		before->price = b->price;
		before->currency = b->currency;
		before->availability = b->availability;
	}
	ev = diff_say(k, "price.update", k->w->item->id, &shape_price, t);
	ev->item = it;
	ev->before = before;
	return ev->data;
}

void diff_price(struct work *k)
{
	const struct watch_state *b = k->before;
	struct watch_state *after = k->after;
	const struct item *it = &k->o->items[0];
	struct belief is = judge(k);
	struct type_price *t;

	if (!is.moved)
		return;
	t = arena_alloc(k->a, sizeof(*t));
	*t = (struct type_price){
		.watch = k->w->id,
		.item = *k->w->item,
		.price = it->price,
		.currency = diff_now(b->currency, it->currency),
		.previous = b->price,
		.availability = diff_now(b->availability, it->availability),
		.source = k->w->source,
		.list_price = it->list_price,
		.shipping = it->shipping,
		.unit_price = it->unit_price,
		.unit = it->unit,
		.condition = it->condition,
		.title = it->title,
		.link = it->link.p ? it->link : link_of(k->w),
		.image = it->image,
		.seller = it->seller,
		.baseline = !b->based,
		.free = it->free,
	};
	if (!is.amount) { /* only the availability is news */
		t->price = b->priceless ? (struct str){ 0 } : b->price;
		t->currency = b->currency;
		t->list_price = t->unit_price = (struct str){ 0 };
		t->unit = (struct str){ 0 };
		t->free = false;
	}
	if (!is.availability)
		t->availability = b->availability;
	after->offer = say(k, t);
	after->price = diff_now(b->price, t->price);
	after->currency = t->currency;
	after->availability = t->availability;
	after->priceless = !t->price.p;
}
