#include <stdarg.h>
#include <stdio.h>

#include "extract.h"

void observation_fail(struct observation *o, struct arena *a, enum outcome why,
		      const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_make_printable(text);
	o->outcome = why;
	o->reason = arena_str(a, str_from(text));
	o->items = NULL;
	o->n_items = 0;
	o->next = (struct str){ 0 }; /* what fails leads nowhere */
}

/* The array doubles within the arena: it has room at no power of two. */
struct item *observation_add(struct observation *o, struct arena *a)
{
	enum { FIRST = 16 };
	size_t n = o->n_items;

	if (n == ITEM_MAX) {
		o->dropped++;
		return NULL;
	}
	if (n == 0 || (n >= FIRST && (n & (n - 1)) == 0)) {
		struct item *more;

		more = arena_alloc(a, (n ? n * 2 : FIRST) * sizeof(*more));
		for (size_t i = 0; i < n; i++)
			more[i] = o->items[i];
		o->items = more;
	}
	return &o->items[o->n_items++];
}
