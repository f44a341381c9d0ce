#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "common/url.h"
#include "common/xmem.h"

#include "feed_text.h"
#include "feed_vocabulary.h"
#include "fields.h"
#include "next_url.h"

struct part {
	struct feed_name name;
	const struct dom_node *node;
};

struct reader {
	struct document doc; /* its url is the base of the whole feed */
	struct str root_ns;
	bool atom;
	const struct dom_node *channel; /* or <feed> */
	struct str feed_author;
	const struct dom_node *base_node; /* where entries are; and their */
	struct str base;		  /* base */
	struct arena *arena;
	/* The children of the entry at hand; Media RSS's groups are opened. */
	struct part *parts;
	size_t n, cap;
	uint64_t marks; /* of their names */
};

/* In order of preference, to one that is absent. */
typedef const struct str names[];
/* clang-format off */
#define NAME(lit) { (lit), sizeof(lit) - 1 }
/* clang-format on */

/* Most names that are wanted are in no entry: most of those end here. */
static bool may_have(const struct reader *r, struct str name)
{
	return r->marks & feed_mark(name.len, name.p[name.len - 1]);
}

static void collect_more(struct reader *r, const struct dom_node *parent)
{
	for (const struct dom_node *c = parent->first; c; c = c->next) {
		struct part p = { .node = c };

		if (c->type != DOM_ELEMENT)
			continue;
		p.name = feed_name_of(c, r->root_ns);
		xgrow(&r->parts, &r->cap, r->n, sizeof(p));
		r->parts[r->n++] = p;
		r->marks |= feed_name_mark(p.name);
		if (feed_name_is(p.name, "media:group") ||
		    feed_name_is(p.name, "media:content"))
			collect_more(r, c);
	}
}

static void collect(struct reader *r, const struct dom_node *parent)
{
	r->n = 0;
	r->marks = 0;
	collect_more(r, parent);
}

/* ---- texts ---- */

static bool has_elements(const struct dom_node *n)
{
	for (const struct dom_node *c = n->first; c; c = c->next)
		if (c->type == DOM_ELEMENT)
			return true;
	return false;
}

/* What the text of an element is: Atom's types, and what others mean. */
enum text_type { TYPE_TEXT, TYPE_HTML, TYPE_XHTML, TYPE_BASE64 };

static enum text_type text_type(const struct reader *r,
				const struct dom_node *n)
{
	struct str type = dom_attr(n, "type");

	if (str_is(dom_attr(n, "mode"), "base64"))
		return TYPE_BASE64;
	if (!r->atom)
		return str_is(type, "plain") ? TYPE_TEXT : TYPE_HTML;
	if (str_is(type, "html") || str_is(type, "text/html"))
		return TYPE_HTML;
	if (str_is(type, "xhtml") || str_ends(type, STR("xml")))
		return TYPE_XHTML;
	if (str_chr(type, '/') != (size_t)-1 &&
	    !str_starts(type, STR("text/")) &&
	    !str_starts(type, STR("image/")) && !has_elements(n))
		return TYPE_BASE64;
	return TYPE_TEXT;
}

static struct str text_of(const struct reader *r, const struct dom_node *n)
{
	enum text_type type = text_type(r, n);
	struct str s = has_elements(n) ? dom_visible_text(n, r->arena)
				       : dom_text_content(n, r->arena);

	if (type == TYPE_BASE64)
		s = feed_base64(s, r->arena);
	if (type == TYPE_HTML ||
	    (type != TYPE_XHTML && feed_looks_like_html(s)))
		s = feed_html_text(s, r->arena);
	return str_trim(s);
}

/* The first text that is not empty of the elements with these names. */
static struct str first_text(const struct reader *r, names wanted)
{
	for (size_t i = 0; wanted[i].p; i++) {
		for (size_t k = 0; k < r->n && may_have(r, wanted[i]); k++) {
			struct str s;

			if (!feed_name_is_str(r->parts[k].name, wanted[i]))
				continue;
			s = text_of(r, r->parts[k].node);
			if (s.len > 0)
				return s;
		}
	}
	return (struct str){ 0 };
}

static void set_first(const struct reader *r, struct item *it, enum field f,
		      names wanted)
{
	struct str s = first_text(r, wanted);

	if (s.len > 0)
		item_set_text(it, f, s, &r->doc, r->arena);
}

/* ---- addresses ---- */

/* RFC 3986's base at n: the xml:base of all that n is in. */
static struct str base_of(const struct reader *r, const struct dom_node *n)
{
	struct str own, outer, url;

	if (!n || n->type != DOM_ELEMENT)
		return r->doc.url;
	if (n == r->base_node)
		return r->base;
	outer = base_of(r, n->parent);
	own = dom_attr(n, "xml:base");
	if (own.len == 0 || !url_resolve(outer, own, r->arena, &url))
		return outer;
	return url;
}

/* True if the field has a value then. */
static bool set_url(const struct reader *r, struct item *it, enum field f,
		    struct str url, const struct dom_node *at)
{
	struct document doc = r->doc;

	if (str_trim(url).len == 0)
		return false;
	doc.url = base_of(r, at);
	item_set_text(it, f, url, &doc, r->arena);
	return field_of(it, f)->p;
}

/* How much a link is the entry's own page; 0: not at all. */
static int link_rank(const struct part *p)
{
	struct str rel = dom_attr(p->node, "rel");
	struct str type = dom_attr(p->node, "type");

	if (!feed_name_is(p->name, "link") || !dom_attr(p->node, "href").p)
		return 0;
	if (rel.p && !str_is(rel, "alternate") && rel.len > 0)
		return 0;
	return !type.p || str_is(type, "text/html") ? 3 : 2;
}

static bool is_permalink(const struct dom_node *guid, struct str text)
{
	return !str_eq_nocase(dom_attr(guid, "isPermaLink"), STR("false")) &&
	       url_is_http(text);
}

static bool is_image(const struct dom_node *n)
{
	return str_starts(dom_attr(n, "type"), STR("image/")) ||
	       str_is(dom_attr(n, "medium"), "image");
}

static bool set_enclosure(const struct reader *r, struct item *it)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct dom_node *n = r->parts[i].node;
		struct str url = { 0 };

		if (feed_name_is(r->parts[i].name, "enclosure"))
			url = dom_attr(n, "url");
		else if (feed_name_is(r->parts[i].name, "link") &&
			 str_is(dom_attr(n, "rel"), "enclosure"))
			url = dom_attr(n, "href");
		if (!is_image(n) && set_url(r, it, FIELD_LINK, url, n))
			return true;
	}
	return false;
}

static void set_link(const struct reader *r, const struct dom_node *entry,
		     struct item *it)
{
	const struct part *best = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct part *p = &r->parts[i];

		if (feed_name_is(p->name, "link") &&
		    !dom_attr(p->node, "href").p &&
		    set_url(r, it, FIELD_LINK, text_of(r, p->node), p->node))
			return;
		if (link_rank(p) > (best ? link_rank(best) : 0))
			best = p;
	}
	if (best && set_url(r, it, FIELD_LINK, dom_attr(best->node, "href"),
			    best->node))
		return;
	if (set_url(r, it, FIELD_LINK, dom_attr(entry, "HREF"), entry) ||
	    set_url(r, it, FIELD_LINK, dom_attr(entry, "href"), entry))
		return;
	set_first(r, it, FIELD_LINK, (names){ NAME("g:link"), { NULL, 0 } });
	for (size_t i = 0; i < r->n && !it->link.p; i++) {
		const struct dom_node *n = r->parts[i].node;
		struct str text;

		if (!feed_name_is(r->parts[i].name, "guid"))
			continue;
		text = text_of(r, n);
		if (is_permalink(n, text))
			set_url(r, it, FIELD_LINK, text, n);
	}
	if (it->link.p || set_enclosure(r, it))
		return;
	set_url(r, it, FIELD_LINK, dom_attr(entry, "rdf:about"), entry);
}

/* The address of a picture that p gives; absent if it gives none. */
static struct str image_of(const struct reader *r, const struct part *p,
			   struct str name)
{
	const struct dom_node *n = p->node;
	struct str url = dom_attr(n, "url");

	if (!feed_name_is_str(p->name, name))
		return (struct str){ 0 };
	if (feed_name_is(p->name, "link"))
		return str_is(dom_attr(n, "rel"), "enclosure") && is_image(n)
			       ? dom_attr(n, "href")
			       : (struct str){ 0 };
	if (feed_name_is(p->name, "itunes:link"))
		return str_is(dom_attr(n, "rel"), "image") ? dom_attr(n, "href")
							   : (struct str){ 0 };
	if (feed_name_is(p->name, "enclosure") ||
	    feed_name_is(p->name, "media:content"))
		return is_image(n) ? url : (struct str){ 0 };
	if (url.len > 0)
		return url;
	if (dom_attr(n, "href").len > 0)
		return dom_attr(n, "href");
	for (const struct dom_node *c = n->first; c; c = c->next)
		if (c->type == DOM_ELEMENT &&
		    feed_name_is(feed_name_of(c, r->root_ns), "url"))
			return dom_text_content(c, r->arena);
	return has_elements(n) ? (struct str){ 0 }
			       : dom_text_content(n, r->arena);
}

static void set_image(const struct reader *r, struct item *it)
{
	static names wanted = { NAME("g:image_link"),
				NAME("media:content"),
				NAME("media:thumbnail"),
				NAME("itunes:image"),
				NAME("itunes:link"),
				NAME("image"),
				NAME("enclosure"),
				NAME("link"),
				{ NULL, 0 } };

	for (size_t i = 0; wanted[i].p; i++)
		for (size_t k = 0; k < r->n && may_have(r, wanted[i]); k++)
			if (set_url(r, it, FIELD_IMAGE,
				    image_of(r, &r->parts[k], wanted[i]),
				    r->parts[k].node))
				return;
}

/* ---- people ---- */

/* <author> with <name> and <email> in it, or with a text. */
static struct str person_of(const struct reader *r, const struct dom_node *n)
{
	struct str name = { 0 }, mail = { 0 };

	if (!has_elements(n)) {
		name = dom_text_content(n, r->arena);
		if (str_chr(name, '@') == (size_t)-1) /* or <mail> is a tag */
			name = text_of(r, n);
		return feed_person_text(name, r->arena);
	}
	for (const struct dom_node *c = n->first; c; c = c->next) {
		struct feed_name cn;

		if (c->type != DOM_ELEMENT)
			continue;
		cn = feed_name_of(c, r->root_ns);
		if (str_eq_nocase(cn.local, STR("name")))
			name = dom_text_content(c, r->arena);
		else if (str_eq_nocase(cn.local, STR("email")))
			mail = dom_text_content(c, r->arena);
	}
	return feed_person(name, mail, r->arena);
}

/* All people under the first of the names that gives one. */
static void set_author(const struct reader *r, struct item *it)
{
	static names wanted = { NAME("author"),
				NAME("dc:creator"),
				NAME("dc:author"),
				NAME("itunes:author"),
				{ NULL, 0 } };
	struct buf all = { .max = ITEM_TEXT_MAX };

	for (size_t i = 0; wanted[i].p && all.len == 0; i++) {
		for (size_t k = 0; k < r->n && may_have(r, wanted[i]); k++) {
			struct str s;

			if (!feed_name_is_str(r->parts[k].name, wanted[i]))
				continue;
			s = person_of(r, r->parts[k].node);
			if (s.len > 0 && all.len > 0)
				buf_puts(&all, ", ");
			buf_add_str(&all, s);
		}
	}
	if (all.len > 0)
		item_set_text(it, FIELD_AUTHOR, buf_str(&all), &r->doc,
			      r->arena);
	buf_free(&all);
}

/* The author that is a child of n: a feed's own, or a source's. */
static struct str author_of(const struct reader *r, const struct dom_node *n)
{
	for (const struct dom_node *c = n->first; c; c = c->next)
		if (c->type == DOM_ELEMENT &&
		    feed_name_is(feed_name_of(c, r->root_ns), "author"))
			return person_of(r, c);
	return (struct str){ 0 };
}

/* RFC 4287, 4.2.1: else the author of the entry's source, else the feed's. */
static void inherit_author(const struct reader *r, struct item *it)
{
	for (size_t i = 0; i < r->n && !it->author.p; i++)
		if (feed_name_is(r->parts[i].name, "source"))
			item_set_text(it, FIELD_AUTHOR,
				      author_of(r, r->parts[i].node), &r->doc,
				      r->arena);
	if (!it->author.p)
		item_set_text(it, FIELD_AUTHOR, r->feed_author, &r->doc,
			      r->arena);
}

/* ---- entries ---- */

static void set_price(const struct reader *r, struct item *it)
{
	static names plain = {
		NAME("g:price"), NAME("price"), NAME("?:price"), { NULL, 0 }
	};
	static names sale = { NAME("g:sale_price"), { NULL, 0 } };

	set_first(r, it, FIELD_PRICE, sale);
	set_first(r, it, it->price.p ? FIELD_LIST_PRICE : FIELD_PRICE, plain);
}

static void set_id(const struct reader *r, const struct dom_node *entry,
		   struct item *it)
{
	static names ids = { NAME("guid"),
			     NAME("id"),
			     NAME("g:id"),
			     NAME("dc:identifier"),
			     { NULL, 0 } };
	struct str about = dom_attr(entry, "rdf:about");

	set_first(r, it, FIELD_ID, ids);
	if (!it->id.p && about.len > 0)
		item_set_text(it, FIELD_ID, about, &r->doc, r->arena);
}

static const struct {
	enum field field;
	names *sources;
} simple[] = {
	{ FIELD_TITLE, &(names){ NAME("title"),
				 NAME("dc:title"),
				 NAME("g:title"),
				 NAME("media:title"),
				 NAME("itunes:title"),
				 { NULL, 0 } } },
	{ FIELD_SUMMARY, &(names){ NAME("summary"),
				   NAME("description"),
				   NAME("g:description"),
				   NAME("dc:description"),
				   NAME("media:description"),
				   NAME("itunes:summary"),
				   NAME("abstract"),
				   NAME("dcterms:abstract"),
				   NAME("content:encoded"),
				   NAME("content"),
				   NAME("xhtml:body"),
				   NAME("xhtml:div"),
				   NAME("itunes:subtitle"),
				   { NULL, 0 } } },
	{ FIELD_PUBLISHED, &(names){ NAME("pubDate"),
				     NAME("published"),
				     NAME("issued"),
				     NAME("dcterms:issued"),
				     NAME("created"),
				     NAME("dcterms:created"),
				     NAME("dcterms:date"),
				     NAME("dc:date"),
				     { NULL, 0 } } },
	{ FIELD_UPDATED, &(names){ NAME("updated"),
				   NAME("modified"),
				   NAME("dcterms:modified"),
				   NAME("dc:date"),
				   { NULL, 0 } } },
	{ FIELD_CURRENCY,
	  &(names){ NAME("g:currency"), NAME("currency"), { NULL, 0 } } },
	{ FIELD_AVAILABILITY, &(names){ NAME("g:availability"), { NULL, 0 } } },
	{ FIELD_CONDITION, &(names){ NAME("g:condition"), { NULL, 0 } } },
	{ FIELD_BRAND, &(names){ NAME("g:brand"), { NULL, 0 } } },
	{ FIELD_GTIN, &(names){ NAME("g:gtin"), { NULL, 0 } } },
	{ FIELD_MPN, &(names){ NAME("g:mpn"), { NULL, 0 } } },
};

static void read_entry(struct reader *r, const struct dom_node *entry,
		       struct item *it)
{
	if (r->base_node != entry->parent) {
		r->base = base_of(r, entry->parent);
		r->base_node = entry->parent;
	}
	collect(r, entry);
	for (size_t i = 0; i < ARRAY_LEN(simple); i++)
		set_first(r, it, simple[i].field, *simple[i].sources);
	set_id(r, entry, it);
	set_link(r, entry, it);
	set_image(r, it);
	set_price(r, it);
	set_author(r, it);
	if (item_is_empty(it))
		return;
	if (r->atom && !it->author.p)
		inherit_author(r, it);
	item_finish(it, &r->doc, r->arena);
}

static bool is_entry(const struct reader *r, const struct dom_node *n)
{
	struct feed_name name;

	if (n->type != DOM_ELEMENT)
		return false;
	name = feed_name_of(n, r->root_ns);
	return feed_name_is(name, "item") || feed_name_is(name, "entry");
}

/*
 * Missing end tags nest an entry in the one before. Not for ever: each level
 * is text of all levels above it.
 */
static bool is_nested_deeply(const struct reader *r, const struct dom_node *n)
{
	int level = 0;

	while ((n = n->parent))
		level += is_entry(r, n);
	return level > 4;
}

static void read_entries(struct reader *r, const struct dom_node *root,
			 struct observation *o)
{
	const struct dom_node *n = root;

	while ((n = dom_walk(root, n))) {
		struct item it = { 0 }, *place;

		if (!is_entry(r, n) || is_nested_deeply(r, n))
			continue;
		if (o->n_items < ITEM_MAX)
			read_entry(r, n, &it);
		if (o->n_items < ITEM_MAX && item_is_empty(&it))
			continue;
		place = observation_add(o, r->arena);
		if (place)
			*place = it;
	}
}

/* The feed's own page, where nobody said where the feed is from. */
static void guess_base(struct reader *r)
{
	struct item it = { 0 };

	if (r->doc.url.p)
		return;
	collect(r, r->channel);
	set_link(r, r->channel, &it);
	r->doc.url = it.link;
}

bool feed_read_xml(const struct dom *d, const struct document *doc,
		   struct arena *a, struct observation *o)
{
	static const char *const roots[] = { "rss", "rdf:rdf", "feed",
					     "channel" };
	struct reader r = { .doc = *doc, .arena = a };
	struct feed_name name;
	size_t i = 0;

	if (!d->html)
		return false;
	r.root_ns = d->html->ns;
	name = feed_name_of(d->html, r.root_ns);
	while (i < ARRAY_LEN(roots) && !feed_name_is(name, roots[i]))
		i++;
	if (i == ARRAY_LEN(roots))
		return false;
	r.atom = feed_name_is(name, "feed");
	r.channel = d->html;
	for (const struct dom_node *c = d->html->first; c; c = c->next)
		if (c->type == DOM_ELEMENT &&
		    feed_name_is(feed_name_of(c, r.root_ns), "channel"))
			r.channel = c;
	guess_base(&r);
	if (r.atom)
		r.feed_author = author_of(&r, r.channel);
	read_entries(&r, d->html, o);
	free(r.parts);
	return true;
}

/* Of the feed or its channel itself, not of an entry. */
static bool find_next(const struct reader *r, const struct dom_node *parent,
		      struct observation *o)
{
	for (const struct dom_node *c = parent->first; c; c = c->next) {
		struct feed_name name;

		if (c->type != DOM_ELEMENT ||
		    !str_eq_nocase(dom_attr(c, "rel"), STR("next")))
			continue;
		name = feed_name_of(c, r->root_ns);
		if ((feed_name_is(name, "link") ||
		     feed_name_is(name, "atom:link")) &&
		    next_url(base_of(r, c), (struct str){ 0 },
			     dom_attr(c, "href"), r->arena, &o->next))
			return true;
	}
	return false;
}

void feed_next_xml(const struct dom *d, const struct document *doc,
		   struct arena *a, struct observation *o)
{
	struct reader r = { .doc = *doc, .arena = a, .root_ns = d->html->ns };

	if (find_next(&r, d->html, o))
		return;
	for (const struct dom_node *c = d->html->first; c; c = c->next)
		if (c->type == DOM_ELEMENT &&
		    feed_name_is(feed_name_of(c, r.root_ns), "channel") &&
		    find_next(&r, c, o))
			return;
}
