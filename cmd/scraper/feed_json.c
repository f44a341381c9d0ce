#include "feed.h"

#include <string.h>

#include "feed_text.h"
#include "fields.h"
#include "next_url.h"

static struct str text_of(const struct json *obj, const char *name)
{
	const struct json *n = json_member(obj, name);

	/* JSON Feed, "id": a number is to be taken for a string. */
	if (json_kind(n) == JSON_NUMBER)
		return str_from(json_number(n));
	return str_from(json_string(n));
}

/* The first of the members that is a text with something in it. */
static void set_first(struct item *it, enum field f, const struct json *entry,
		      const char *const *members, const struct document *doc,
		      struct arena *a)
{
	for (; *members && !field_of(it, f)->p; members++)
		item_set_text(it, f, text_of(entry, *members), doc, a);
}

/* "authors" of 1.1, "author" of 1.0. */
static void set_author(struct item *it, const struct json *from,
		       const struct document *doc, struct arena *a)
{
	struct buf all = { .max = ITEM_TEXT_MAX };

	json_each (author, json_member(from, "authors")) {
		struct str name = text_of(author, "name");

		if (name.len > 0 && all.len > 0)
			buf_puts(&all, ", ");
		buf_add_str(&all, name);
	}
	if (all.len == 0)
		buf_add_str(&all, text_of(json_member(from, "author"), "name"));
	item_set_text(it, FIELD_AUTHOR, buf_str(&all), doc, a);
	buf_free(&all);
}

static void set_attached_image(struct item *it, const struct json *entry,
			       const struct document *doc, struct arena *a)
{
	json_each (file, json_member(entry, "attachments"))
		if (!it->image.p &&
		    str_starts(text_of(file, "mime_type"), STR("image/")))
			item_set_text(it, FIELD_IMAGE, text_of(file, "url"),
				      doc, a);
}

static void read_entry(struct item *it, const struct json *entry,
		       const struct json *root, const struct document *doc,
		       struct arena *a)
{
	static const struct {
		enum field field;
		const char *members[4];
	} simple[] = {
		{ FIELD_ID, { "id" } },
		{ FIELD_LINK, { "url", "external_url" } },
		{ FIELD_TITLE, { "title" } },
		{ FIELD_SUMMARY, { "summary", "content_text" } },
		{ FIELD_IMAGE, { "image", "banner_image" } },
		{ FIELD_PUBLISHED, { "date_published" } },
		{ FIELD_UPDATED, { "date_modified" } },
	};

	for (size_t i = 0; i < sizeof(simple) / sizeof(simple[0]); i++)
		set_first(it, simple[i].field, entry, simple[i].members, doc,
			  a);
	if (!it->summary.p)
		item_set_text(it, FIELD_SUMMARY,
			      feed_html_text(text_of(entry, "content_html"), a),
			      doc, a);
	if (!it->image.p)
		set_attached_image(it, entry, doc, a);
	set_author(it, entry, doc, a);
	if (item_is_empty(it))
		return;
	if (!it->author.p)
		set_author(it, root, doc, a);
	item_finish(it, doc, a);
}

bool feed_read_json(const struct json *root, const struct document *doc,
		    struct arena *a, struct observation *o)
{
	const struct json *items = json_member(root, "items");
	struct document base = *doc;

	if (str_find(text_of(root, "version"), STR("jsonfeed.org/")) ==
		    (size_t)-1 ||
	    json_kind(items) != JSON_ARRAY)
		return false;
	if (!base.url.p)
		base.url = text_of(root, "home_page_url");
	json_each (entry, items) {
		struct item it = { 0 }, *place;

		if (o->n_items < ITEM_MAX)
			read_entry(&it, entry, root, &base, a);
		if (o->n_items < ITEM_MAX && item_is_empty(&it))
			continue;
		place = observation_add(o, a);
		if (place)
			*place = it;
	}
	return true;
}

void feed_next_json(const struct json *root, const struct document *doc,
		    struct arena *a, struct observation *o)
{
	next_url(doc->url, (struct str){ 0 }, text_of(root, "next_url"), a,
		 &o->next);
}
