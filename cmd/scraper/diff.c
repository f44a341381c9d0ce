#include "diff.h"

#include <string.h>

#include "common/blob.h"
#include "common/buf.h"
#include "common/clk.h"
#include "common/decimal.h"
#include "common/xmem.h"

#include "bag.h"
#include "linediff.h"

struct work {
	const struct diff_watch *w;
	const struct watch_state *before;
	const struct observation *o;
	struct arena *a;
	struct watch_state *after;
	struct diff *d;
	size_t cap; /* of d->events */
};

static struct diff_event event_of(const char *type, struct str subject,
				  const struct shape *shape, const void *data,
				  struct arena *a)
{
	struct buf topic = { 0 }, json = { 0 };
	struct diff_event ev;

	buf_addf(&topic, "%s/%.*s", type, STR_ARG(subject));
	shape_encode(shape, data, &json);
	ev.topic = arena_str(a, buf_str(&topic));
	ev.data = arena_str(a, buf_str(&json));
	buf_free(&topic);
	buf_free(&json);
	return ev;
}

static void say(struct work *k, const char *type, struct str subject,
		const struct shape *shape, const void *data)
{
	if (k->d->n == k->cap) {
		size_t cap = k->cap ? 2 * k->cap : 16;
		struct diff_event *more =
			arena_alloc(k->a, cap * sizeof(*more));

		if (k->d->n)
			memcpy(more, k->d->events, k->d->n * sizeof(*more));
		k->d->events = more;
		k->cap = cap;
	}
	k->d->events[k->d->n++] = event_of(type, subject, shape, data, k->a);
}

/* Equal as amounts: 2879.2 is 2879.20. */
static bool same_amount(struct str a, struct str b)
{
	struct decimal x, y;

	if (decimal_parse(a, &x) && decimal_parse(b, &y))
		return decimal_cmp(x, y) == 0;
	return str_eq(a, b);
}

/* Did something that is said now change? What is not said did not. */
static bool text_moved(struct str before, struct str now)
{
	return now.p && !str_eq(before, now);
}

static bool amount_moved(struct str before, struct str now)
{
	return now.p && !same_amount(before, now);
}

static void keep(struct str *known, struct str now)
{
	if (now.p)
		*known = now;
}

/* ---- an item's price ---- */

/* A page that names no link of its own is the place to look. */
static struct str link_of(const struct diff_watch *w)
{
	return str_starts(w->url, STR("http")) ? w->url : (struct str){ 0 };
}

static void diff_price(struct work *k)
{
	const struct watch_state *b = k->before;
	const struct item *it = &k->o->items[0];
	bool baseline = !b->based;
	struct type_price t = {
		.watch = k->w->id,
		.item = *k->w->item,
		.price = it->price,
		.currency = it->currency.p ? it->currency : b->currency,
		.previous = b->price,
		.availability =
			it->availability.p ? it->availability : b->availability,
		.source = k->w->source,
		.list_price = it->list_price,
		.condition = it->condition,
		.title = it->title,
		.link = it->link.p ? it->link : link_of(k->w),
		.image = it->image,
		.seller = it->seller,
		.baseline = baseline,
		.free = it->free,
	};

	if (!baseline && !amount_moved(b->price, it->price) &&
	    !text_moved(b->currency, it->currency) &&
	    !text_moved(b->availability, it->availability) &&
	    !(b->priceless && it->price.p))
		return;
	say(k, "price.update", k->w->item->id, &shape_price, &t);
	keep(&k->after->price, it->price);
	keep(&k->after->currency, it->currency);
	keep(&k->after->availability, it->availability);
	k->after->priceless = !it->price.p;
}

/* ---- a list ---- */

static struct known known_of(const struct item *it)
{
	return (struct known){
		.id = it->id,
		.title = it->title,
		.price = it->price,
		.list_price = it->list_price,
		.currency = it->currency,
		.availability = it->availability,
		.condition = it->condition,
		.updated = it->updated,
		.link = it->link,
		.image = it->image,
		.summary = it->summary.p ? str_hash(it->summary) : 0,
	};
}

static bool entry_moved(const struct known *b, const struct known *n)
{
	return text_moved(b->title, n->title) ||
	       amount_moved(b->price, n->price) ||
	       amount_moved(b->list_price, n->list_price) ||
	       text_moved(b->currency, n->currency) ||
	       text_moved(b->availability, n->availability) ||
	       text_moved(b->condition, n->condition) ||
	       text_moved(b->updated, n->updated) ||
	       (n->summary && n->summary != b->summary);
}

/* What the entry says now, and what it said before and does not deny. */
static struct known entry_merged(const struct known *b, struct known n)
{
	struct known m = *b;

	keep(&m.title, n.title);
	keep(&m.price, n.price);
	keep(&m.list_price, n.list_price);
	keep(&m.currency, n.currency);
	keep(&m.availability, n.availability);
	keep(&m.condition, n.condition);
	keep(&m.updated, n.updated);
	keep(&m.link, n.link);
	keep(&m.image, n.image);
	m.summary = n.summary ? n.summary : b->summary;
	return m;
}

static struct type_listing listing_of(const struct work *k,
				      const struct item *it)
{
	return (struct type_listing){
		.watch = k->w->id,
		.source = k->w->source,
		.baseline = !k->before->based,
		.free = it->free,
		.id = it->id,
		.title = it->title,
		.price = it->price,
		.list_price = it->list_price,
		.currency = it->currency,
		.availability = it->availability,
		.condition = it->condition,
		.sku = it->sku,
		.mpn = it->mpn,
		.gtin = it->gtin,
		.brand = it->brand,
		.image = it->image,
		.link = it->link,
		.seller = it->seller,
		.rating = it->rating,
		.published = it->published,
		.updated = it->updated,
		.author = it->author,
		.summary = it->summary,
	};
}

static bool went_before(const struct watch_state *b, struct str id)
{
	uint64_t hash = str_hash(id);

	for (size_t i = 0; i < b->n_gone; i++)
		if (b->gone[i] == hash)
			return true;
	return false;
}

static void say_entry(struct work *k, const struct item *it,
		      const struct known *b)
{
	struct type_listing t = listing_of(k, it);
	const char *type = "listing.new";

	if (b || went_before(k->before, it->id))
		type = "listing.update";
	if (b && amount_moved(b->price, it->price))
		t.previous = b->price;
	say(k, type, k->w->source, &shape_listing, &t);
}

static void say_gone(struct work *k, const struct known *b)
{
	struct type_listing t = {
		.watch = k->w->id,
		.source = k->w->source,
		.id = b->id,
		.title = b->title,
		.price = b->price,
		.list_price = b->list_price,
		.currency = b->currency,
		.availability = b->availability,
		.condition = b->condition,
		.updated = b->updated,
		.link = b->link,
		.image = b->image,
	};

	say(k, "listing.gone", k->w->source, &shape_listing, &t);
}

/* Entries of before that are not in the list, and their place in `gone`. */
static void diff_gone(struct work *k, const struct bag *now)
{
	const struct watch_state *b = k->before;
	struct watch_state *after = k->after;
	size_t n = 0;

	after->gone = arena_alloc(k->a, (b->n_gone + b->n_known) *
						sizeof(*after->gone));
	if (b->n_gone)
		memcpy(after->gone, b->gone, b->n_gone * sizeof(*b->gone));
	n = b->n_gone;
	for (size_t i = 0; i < b->n_known; i++) {
		if (bag_count(now, b->known[i].id))
			continue;
		say_gone(k, &b->known[i]);
		if (!went_before(b, b->known[i].id))
			after->gone[n++] = str_hash(b->known[i].id);
	}
	if (n > WATCHSTATE_GONE_MAX) {
		after->gone += n - WATCHSTATE_GONE_MAX;
		n = WATCHSTATE_GONE_MAX;
	}
	after->n_gone = n;
}

static void diff_list(struct work *k)
{
	const struct watch_state *b = k->before;
	struct bag old = bag_new(k->a, b->n_known);
	struct bag now = bag_new(k->a, k->o->n_items);
	struct known *known = arena_alloc(k->a, k->o->n_items * sizeof(*known));
	size_t n = 0;

	for (size_t i = 0; i < b->n_known; i++)
		bag_slot(&old, b->known[i].id)->count = i + 1;
	for (size_t i = 0; i < k->o->n_items; i++) {
		const struct item *it = &k->o->items[i];
		struct known entry = known_of(it);
		size_t at;

		if (!it->id.p || bag_slot(&now, it->id)->count++)
			continue; /* the first of several holds */
		at = bag_count(&old, it->id);
		if (at && !entry_moved(&b->known[at - 1], &entry)) {
			known[n++] = b->known[at - 1];
			continue;
		}
		say_entry(k, it, at ? &b->known[at - 1] : NULL);
		known[n++] =
			at ? entry_merged(&b->known[at - 1], entry) : entry;
	}
	if (n == 0)
		return; /* no entry that could be told from another */
	k->after->known = known;
	k->after->n_known = n;
	diff_gone(k, &now);
}

/* ---- a page ---- */

/* As many lines as fit; true if that is not all. */
static bool take_lines(struct str *lines, size_t n, struct arena *a,
		       struct shape_list *list)
{
	size_t bytes = 0;

	list->v = arena_alloc(a, DIFF_LINES_MAX * sizeof(*list->v));
	list->present = true;
	for (size_t i = 0; i < n; i++) {
		struct str line =
			str_utf8_prefix(lines[i], DIFF_LINE_BYTES_MAX);

		bytes += line.len;
		if (list->n == DIFF_LINES_MAX || bytes > DIFF_PAGE_BYTES_MAX)
			return true;
		list->v[list->n++] = line;
	}
	return false;
}

/* The name of a text that is to be kept. */
static struct str name_text(struct work *k, struct str text,
			    char id[BLOB_ID_SIZE])
{
	struct err none;

	if (text.len > k->w->keep_max || blob_id(text, id, &none))
		return (struct str){ 0 };
	k->d->keep = text;
	return str_from(id);
}

static void diff_page(struct work *k)
{
	struct str old = k->before->text;
	struct str now = str_utf8_prefix(k->o->text, WATCHSTATE_TEXT_MAX);
	struct type_page_change t = { .watch = k->w->id,
				      .url = k->w->url,
				      .baseline = !k->before->based };
	char id[BLOB_ID_SIZE];
	struct linediff lines;

	if (k->before->based) {
		linediff(old, now, k->a, &lines);
		if (!lines.n_added && !lines.n_removed)
			return;
		t.truncated =
			take_lines(lines.added, lines.n_added, k->a, &t.added);
		t.truncated |= take_lines(lines.removed, lines.n_removed, k->a,
					  &t.removed);
	}
	k->after->text = now;
	t.blob = name_text(k, now, id);
	say(k, "page.change", k->w->id, &shape_page_change, &t);
}

void diff_found(const struct diff_watch *w, const struct watch_state *before,
		const struct observation *o, struct arena *a,
		struct watch_state *after_r, struct diff *d_r)
{
	struct work k = { .w = w,
			  .before = before,
			  .o = o,
			  .a = a,
			  .after = after_r,
			  .d = d_r };

	*after_r = *before;
	*d_r = (struct diff){ .outcome = OUTCOME_UNCHANGED };
	if (w->page)
		diff_page(&k);
	else if (w->item)
		diff_price(&k);
	else
		diff_list(&k);
	if (d_r->n)
		d_r->outcome = OUTCOME_CHANGED;
	d_r->moved = d_r->n > 0;
	after_r->based = true;
}

/* ---- how fetches end ---- */

static enum outcome ending(enum outcome o)
{
	return o == OUTCOME_CHANGED ? OUTCOME_UNCHANGED : o;
}

bool diff_ends_otherwise(enum outcome a, enum outcome b)
{
	return ending(a) != ending(b);
}

static struct str number(struct arena *a, int64_t n)
{
	struct buf b = { 0 };
	struct str s;

	buf_addf(&b, "%lld", (long long)n);
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

struct diff_event diff_ending(const struct diff_watch *w,
			      const struct diff_ending *end, struct arena *a)
{
	char time[CLK_TEXT_SIZE];
	struct type_observation t = {
		.watch = w->id,
		.source = w->source,
		.outcome = str_from(outcome_name(end->outcome)),
		.reason = str_utf8_prefix(end->reason, 500),
		.url = w->url,
	};

	if (!end->first)
		t.previous = str_from(outcome_name(end->previous));
	if (end->status)
		t.status = number(a, end->status);
	if (end->next_us != CLK_NONE)
		t.next = str_from(clk_format(end->next_us, time));
	if (end->outcome == OUTCOME_CHANGED ||
	    end->outcome == OUTCOME_UNCHANGED)
		t.items = number(a, (int64_t)end->items);
	return event_of("observation.change", w->id, &shape_observation, &t, a);
}
