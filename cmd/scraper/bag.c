#include "bag.h"

struct bag bag_new(struct arena *a, size_t n)
{
	size_t size = 8;

	while (size < 2 * n)
		size *= 2;
	return (struct bag){
		.slots = arena_alloc(a, size * sizeof(struct bag_slot)),
		.mask = size - 1,
	};
}

/* Where the text is, or the free slot where it would be. */
static struct bag_slot *find(const struct bag *b, struct str text)
{
	size_t at = (size_t)str_hash(text) & b->mask;

	while (b->slots[at].text.p && !str_eq(b->slots[at].text, text))
		at = (at + 1) & b->mask;
	return &b->slots[at];
}

struct bag_slot *bag_slot(struct bag *b, struct str text)
{
	struct bag_slot *slot = find(b, text);

	if (!slot->text.p)
		slot->text = text;
	return slot;
}

size_t bag_count(const struct bag *b, struct str text)
{
	return find(b, text)->count;
}
