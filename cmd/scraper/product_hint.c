#include "product_hint.h"

#include <string.h>

#include "common/url.h"

enum { SCRIPTS_MAX = 1 << 20 }; /* bytes of scripts looked at */

struct str product_currency(struct str s, struct arena *a)
{
	char code[CURRENCY_LEN];

	s = str_trim(s);
	if (s.len != CURRENCY_LEN)
		return (struct str){ 0 };
	for (size_t i = 0; i < CURRENCY_LEN; i++)
		code[i] = (char)(s.p[i] >= 'a' && s.p[i] <= 'z'
					 ? s.p[i] - 'a' + 'A'
					 : s.p[i]);
	s = (struct str){ code, CURRENCY_LEN };
	return currency_is_code(s) ? arena_str(a, s) : (struct str){ 0 };
}

static struct str of_offers(const struct product *p, struct arena *a)
{
	for (; p; p = p->next)
		for (const struct offer *o = p->offers; o; o = o->next) {
			struct str c = product_currency(o->currency, a);

			if (c.p)
				return c;
		}
	return (struct str){ 0 };
}

/* s is behind "urrency": the rest of the name, a colon, a code in quotes. */
static struct str code_behind(struct str s)
{
	size_t i = 0;

	for (; i < s.len && i < 24; i++)
		if (s.p[i] == ':' || s.p[i] == '=')
			break;
	for (i++; i < s.len && strchr(" \t\\\"'", s.p[i]); i++)
		;
	if (i + 3 >= s.len || !strchr("\"'\\", s.p[i + 3]))
		return (struct str){ 0 };
	s = str_sub(s, i, i + 3);
	return currency_is_code(s) ? s : (struct str){ 0 };
}

static struct str of_script(struct str s)
{
	static const struct str name = { "urrency", 7 };
	size_t i;

	while ((i = str_find(s, name)) != (size_t)-1) {
		struct str c;

		s = str_sub(s, i + name.len, s.len);
		c = code_behind(s);
		if (c.p)
			return c;
	}
	return (struct str){ 0 };
}

static struct str of_scripts(const struct dom *d)
{
	size_t left = SCRIPTS_MAX;

	for (const struct dom_node *n = d->root; n && left > 0;
	     n = dom_walk(d->root, n)) {
		struct str s, c;

		if (n->type != DOM_TEXT || n->parent->tag != DOM_TAG_SCRIPT)
			continue;
		s = str_sub(n->text, 0,
			    n->text.len < left ? n->text.len : left);
		c = of_script(s);
		if (c.p)
			return c;
		left -= s.len;
	}
	return (struct str){ 0 };
}

void product_hints(const struct dom *d, const struct product *products,
		   const struct document *doc, struct arena *a,
		   struct price_hints *h_r)
{
	struct str host;

	*h_r = (struct price_hints){
		.page = of_offers(products, a),
		.lang = d->lang,
		.currency = product_currency(doc->currency, a),
	};
	if (!h_r->page.p)
		h_r->page = of_scripts(d);
	if (doc->url.p && url_host(doc->url, a, &host))
		h_r->country = currency_country(host);
}
