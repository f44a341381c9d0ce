/*
 * A list as a set of entries by id.
 *
 * What is absent is gone, unless it may as well have been pushed off the page:
 * portals and feeds show the first so many of a longer list. A list is taken
 * for such a page where it is as long as it ever was, more or less, and not
 * very short; the entries that stood behind the last one which is still there
 * then count as pushed off, as many as came anew. In a feed all of them do, for
 * feeds drop what is old. What was pushed off is remembered by a hash of what
 * it said: it comes back without a word.
 *
 * An entry that waits for confirmation of being gone stands before all others,
 * so that it is never taken for one at the end.
 */
#include "diff_work.h"

#include <string.h>

#include "common/types_finding.h"

#include "bag.h"

enum {
	PAGE_MIN = 10,	 /* entries; what is shorter is a whole list */
	PAGE_PARTS = 10, /* a page may lack one of so many parts */
	PRESENT = 1,	 /* of an entry that is not known: it is there */
};

struct list {
	struct work *k;
	struct bag old, now; /* index + 1 by id */
	size_t n_now, newcomers;
	size_t end;	    /* of before->known: behind the last still there */
	size_t below;	    /* of the items: behind the last that was known */
	bool page;	    /* the first part of a longer list */
	struct known *kept; /* known from now on, of these and the waiting */
	size_t n_kept, n_waiting; /* the waiting stand before them */
	struct gone *left;	  /* gone from now on */
	size_t n_left;
	bool moved;
};

struct known diff_known(const struct item *it)
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

/* What the entry says now, and what it said before and does not deny. */
static struct known merged(const struct known *b, struct known n)
{
	return (struct known){
		.id = n.id,
		.title = diff_now(b->title, n.title),
		.price = diff_now(b->price, n.price),
		.list_price = diff_now(b->list_price, n.list_price),
		.currency = diff_now(b->currency, n.currency),
		.availability = diff_now(b->availability, n.availability),
		.condition = diff_now(b->condition, n.condition),
		.updated = diff_now(b->updated, n.updated),
		.link = diff_now(b->link, n.link),
		.image = diff_now(b->image, n.image),
		.summary = n.summary ? n.summary : b->summary,
	};
}

static bool text_moved(struct str before, struct str now)
{
	return now.p && !str_eq(before, now);
}

static bool amount_moved(struct str before, struct str now)
{
	return now.p && !decimal_same(before, now);
}

/* What is not said did not move; link and image do for reasons of their own. */
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

/* Of what entry_moved() compares. */
static uint64_t hash_of(const struct known *n)
{
	struct diff_hash h = { .sum = n->summary };

	diff_hash_text(&h, n->title);
	diff_hash_amount(&h, n->price);
	diff_hash_amount(&h, n->list_price);
	diff_hash_text(&h, n->currency);
	diff_hash_text(&h, n->availability);
	diff_hash_text(&h, n->condition);
	diff_hash_text(&h, n->updated);
	return diff_hash_end(&h);
}

static void say_entry(struct work *k, const char *type, const struct item *it,
		      const struct known *b, bool baseline)
{
	struct type_listing t = {
		.watch = k->w->id,
		.source = k->w->source,
		.baseline = baseline,
		.free = it->free,
		.id = it->id,
		.title = it->title,
		.price = it->price,
		.list_price = it->list_price,
		.shipping = it->shipping,
		.unit_price = it->unit_price,
		.unit = it->unit,
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
	struct diff_event *ev;

	if (b && amount_moved(b->price, it->price))
		t.previous = b->price;
	ev = diff_say(k, type, k->w->source, &shape_listing, &t);
	ev->item = it;
	ev->before = b;
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

	diff_say(k, "listing.gone", k->w->source, &shape_listing, &t)->before =
		b;
}

/* ---- what is not in the list ---- */

static void leave(struct list *l, const struct known *b, uint64_t value)
{
	l->left[l->n_left++] = (struct gone){ .id = str_hash(b->id),
					      .value = value,
					      .time_s = l->k->now_s };
	l->moved = true;
}

static bool was_pushed_off(const struct list *l, size_t at)
{
	const struct diff_watch *w = l->k->w;

	if (w->list == DIFF_WHOLE || at < l->end)
		return false;
	return w->feed ||
	       (l->page && l->k->before->n_known - at <= l->newcomers);
}

/* Of a list whose pages were not all read: may it be where nobody looked? */
static bool was_not_read(const struct list *l, size_t at)
{
	enum observation_span span = l->k->o->span;

	return span == OBSERVED_PART || (span == OBSERVED_TOP && at >= l->end);
}

/* Not for ever: no more is kept than the list ever had. */
static void stay(struct list *l, const struct known *b)
{
	if (l->n_kept < l->k->after->full)
		l->kept[l->n_kept++] = *b;
	else
		leave(l, b, hash_of(b));
}

static void see_absent(struct list *l)
{
	const struct watch_state *b = l->k->before;

	for (size_t i = 0; i < b->n_known; i++) {
		const struct known *known = &b->known[i];

		if (bag_count(&l->now, known->id))
			continue;
		if (was_not_read(l, i)) {
			stay(l, known);
		} else if (was_pushed_off(l, i)) {
			leave(l, known, hash_of(known));
		} else if (trails_see(&l->k->trails, str_hash(known->id), 0,
				      hash_of(known))) {
			say_gone(l->k, known);
			leave(l, known, 0);
		} else {
			l->n_waiting++;
			*(l->kept - l->n_waiting) = *known;
		}
	}
}

/* Those of before that have neither come back nor been away too long. */
static void see_gone(struct list *l)
{
	const struct watch_state *b = l->k->before;
	int64_t forget_s = l->k->w->forget_s;

	for (size_t i = 0; i < b->n_gone; i++) {
		struct gone g = b->gone[i];

		if (!g.time_s)
			g.time_s = l->k->now_s;
		if (l->k->now_s - g.time_s <= forget_s)
			l->left[l->n_left++] = g;
	}
}

static struct gone *find_gone(const struct list *l, uint64_t id)
{
	for (size_t i = l->n_left; i-- > 0;)
		if (l->left[i].id == id)
			return &l->left[i];
	return NULL;
}

static void come_back(struct list *l, struct gone *g)
{
	size_t at = (size_t)(g - l->left);

	memmove(g, g + 1, (l->n_left - at - 1) * sizeof(*g));
	l->n_left--;
	l->moved = true;
}

/* ---- what is in it ---- */

static void see_known(struct list *l, const struct item *it,
		      const struct known *b)
{
	struct known entry = diff_known(it), m = *b;
	struct trails *trails = &l->k->trails;
	bool news = entry_moved(b, &entry);

	if (news)
		m = merged(b, entry);
	if (trails->room)
		news = trails_see(trails, str_hash(it->id), hash_of(&m),
				  hash_of(b));
	if (news)
		say_entry(l->k, "listing.update", it, b, false);
	l->kept[l->n_kept++] = news ? m : *b;
}

static void see_unknown(struct list *l, size_t at)
{
	struct work *k = l->k;
	const struct item *it = &k->o->items[at];
	struct known entry = diff_known(it);
	uint64_t id = str_hash(it->id);
	struct gone *g = find_gone(l, id);
	/* The newest come first: what is below was there before, unseen. */
	bool old = k->w->list == DIFF_NEWEST && l->page && l->below &&
		   at >= l->below;

	if (k->before->based && !(g && g->value == hash_of(&entry))) {
		if (!trails_see(&k->trails, id, PRESENT, 0))
			return;
		say_entry(k, g ? "listing.update" : "listing.new", it, NULL,
			  old && !g);
	} else if (!k->before->based) {
		say_entry(k, "listing.new", it, NULL, true);
	}
	if (g)
		come_back(l, g);
	l->kept[l->n_kept++] = entry;
	l->moved = true;
}

/* Places, before anything is judged by them. */
static void survey(struct list *l)
{
	const struct watch_state *b = l->k->before;
	const struct observation *o = l->k->o;
	uint64_t full = b->full > b->n_known ? b->full : b->n_known;

	for (size_t i = 0; i < b->n_known; i++)
		bag_slot(&l->old, b->known[i].id)->count = i + 1;
	for (size_t i = 0; i < o->n_items; i++) {
		struct str id = o->items[i].id;
		struct bag_slot *slot;
		size_t at;

		if (!id.p)
			continue;
		slot = bag_slot(&l->now, id);
		if (slot->count)
			continue; /* the first of several holds */
		slot->count = i + 1;
		l->n_now++;
		at = bag_count(&l->old, id);
		l->newcomers += !at;
		if (at > l->end)
			l->end = at;
		if (at)
			l->below = i + 1;
	}
	if (full < l->n_now)
		full = l->n_now;
	l->k->after->full = full;
	l->page = l->n_now >= PAGE_MIN && l->n_now >= full - full / PAGE_PARTS;
}

void diff_list(struct work *k)
{
	const struct watch_state *b = k->before;
	const struct observation *o = k->o;
	struct list l = {
		.k = k,
		.old = bag_new(k->a, b->n_known),
		.now = bag_new(k->a, o->n_items),
	};
	survey(&l);
	if (!l.n_now)
		return; /* no entry that could be told from another */
	/* The waiting before, what is there and what may be there behind. */
	l.kept = arena_alloc(k->a,
			     (2 * b->n_known + o->n_items) * sizeof(*l.kept));
	l.kept += b->n_known;
	l.left = arena_alloc(k->a, (b->n_gone + b->n_known) * sizeof(*l.left));
	see_gone(&l);
	for (size_t i = 0; i < o->n_items; i++) {
		struct str id = o->items[i].id;
		size_t at;

		if (!id.p || bag_count(&l.now, id) != i + 1)
			continue;
		at = bag_count(&l.old, id);
		if (at)
			see_known(&l, &o->items[i], &b->known[at - 1]);
		else
			see_unknown(&l, i);
	}
	see_absent(&l);
	if (l.n_left > WATCHSTATE_GONE_MAX) {
		l.left += l.n_left - WATCHSTATE_GONE_MAX;
		l.n_left = WATCHSTATE_GONE_MAX;
	}
	k->after->known = l.kept - l.n_waiting;
	k->after->n_known = l.n_kept + l.n_waiting;
	k->after->gone = l.left;
	k->after->n_gone = l.n_left;
	k->d->moved |= l.moved;
}
