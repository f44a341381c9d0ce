/*
 * OpenGraph (ogp.me) and what shops put beside it into <meta>: one thing with
 * all of it, named as the page names it ("og:title",
 * "product:price:amount"), whose type is the value of og:type.
 */
#include "thing.h"

static const char *const prefixes[] = { "og:",	    "product:", "book:",
					"twitter:", "article:", "event:" };

static bool is_wanted(struct str name)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct str prefix = str_from(prefixes[i]);

		if (name.len > prefix.len &&
		    str_eq_nocase(str_sub(name, 0, prefix.len), prefix))
			return true;
	}
	return false;
}

void opengraph_read(struct things *ts, const struct dom *d)
{
	struct thing *t = NULL;

	for (const struct dom_node *n = d->root; n; n = dom_walk(d->root, n)) {
		struct str name, value;

		if (n->type != DOM_ELEMENT || n->tag != DOM_TAG_META)
			continue;
		name = dom_attr(n, "property");
		if (!is_wanted(name))
			name = dom_attr(n, "name");
		value = dom_attr(n, "content");
		if (!value.p || !is_wanted(name))
			continue;
		if (!t)
			t = thing_new(ts, THING_OPENGRAPH, n);
		if (!t)
			return;
		if (str_is(name, "og:type"))
			thing_add_type(t, value);
		thing_add_text(ts, t, name, value, n);
	}
}
