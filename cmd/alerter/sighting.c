#include "sighting.h"

#include <stdio.h>

#include "common/json.h"
#include "common/types_finding.h"
#include "common/words.h"

/*
 * What alerts lead to must not lead to alerts; a rule may ask for sessions.
 * Records are for weir-explain.
 */
static const char *const passed_by[] = {
	"alert.",
	"user.",
	"delivery.",
	"watch.set",
	"watch.poll",
	"rule.",
	"search.",
	"silence.",
	"session.start/",
	"session.stop/",
	"stage.",
	"event.",
	"observation.record/",
};

/* Rows of words, a newline between them, so that no phrase spans two. */
static struct str rows(struct arena *a, const struct str *text, size_t n)
{
	struct buf b = { 0 };
	struct str row;

	for (size_t i = 0; i < n; i++) {
		if (b.len)
			buf_putc(&b, '\n');
		words_add(&b, text[i]);
	}
	row = arena_str(a, buf_str(&b));
	buf_free(&b);
	return row;
}

/* What users chose stays; what comes from a page is hashed unless an id. */
static struct str as_id(struct str s, struct arena *a)
{
	char out[17];

	if (str_is_id(s))
		return s;
	snprintf(out, sizeof(out), "%016llx",
		 (unsigned long long)str_hash_id(s));
	return arena_str(a, str_from(out));
}

static struct str join(struct arena *a, struct str item, struct str source)
{
	struct buf b = { 0 };
	struct str key;

	buf_add_str(&b, item);
	buf_putc(&b, '/');
	buf_add_str(&b, as_id(source, a));
	key = arena_str(a, buf_str(&b));
	buf_free(&b);
	return key;
}

static bool read_price(const struct event *ev, struct arena *a,
		       struct sighting *s)
{
	struct type_price p;
	struct str text[2];

	/* What was so once, and is told now, is not how it is. */
	if (shape_decode(&shape_price, ev->data, &p, a, NULL) || p.backfilled)
		return false;
	s->kind = SIGHTING_PRICE;
	s->item = p.item;
	s->watch = p.watch;
	s->title = p.item.name.p ? p.item.name
		   : p.title.p	 ? p.title
				 : p.item.id;
	s->link = p.link;
	s->seller = p.seller;
	s->baseline = p.baseline;
	s->matter.price = p.price;
	s->matter.currency = p.currency;
	s->matter.previous = p.previous;
	s->matter.availability = p.availability;
	s->matter.source = p.source.p ? p.source : p.watch;
	text[0] = p.item.name;
	text[1] = p.title;
	s->matter.row = rows(a, text, 2);
	return true;
}

static bool read_listing(const struct event *ev, struct arena *a,
			 struct sighting *s)
{
	struct type_listing l;
	struct str text[2];

	if (shape_decode(&shape_listing, ev->data, &l, a, NULL) || l.backfilled)
		return false;
	s->kind =
		event_is(ev, "listing.gone") ? SIGHTING_GONE : SIGHTING_LISTING;
	s->item.present = true;
	s->item.id = as_id(l.id, a);
	s->item.kind = STR("listing");
	s->item.name = str_utf8_prefix(l.title, 512);
	s->title = l.title.len ? l.title : l.id;
	s->watch = l.watch;
	s->link = l.link;
	s->seller = l.seller;
	if (ev->data.len <= SIGHTING_LISTING_MAX)
		s->listing = ev->data;
	s->baseline = l.baseline;
	s->matter.price = l.price;
	s->matter.currency = l.currency;
	s->matter.previous = l.previous;
	s->matter.availability = l.availability;
	s->matter.source = l.source.p ? l.source : event_subject(ev);
	text[0] = l.title;
	text[1] = l.summary;
	s->matter.row = rows(a, text, 2);
	return true;
}

static bool read_page(const struct event *ev, struct arena *a,
		      struct sighting *s)
{
	struct type_page_change p;

	if (shape_decode(&shape_page_change, ev->data, &p, a, NULL) ||
	    p.backfilled)
		return false;
	s->kind = SIGHTING_PAGE;
	s->item = (struct type_item){ .present = true, .id = p.watch };
	s->watch = p.watch;
	s->title = p.watch;
	s->link = p.url;
	s->baseline = p.baseline;
	s->added = p.added;
	s->removed = p.removed;
	s->blob = p.blob;
	s->matter.row = rows(a, p.added.v, p.added.n);
	return true;
}

/* "ann: is the blue one sold?" */
static struct str chat_title(const struct type_chat_message *m, struct arena *a)
{
	struct buf b = { 0 };
	struct str title;

	if (!m->username.len)
		return m->message;
	buf_add_str(&b, m->username);
	buf_puts(&b, ": ");
	buf_add_str(&b, m->message);
	title = arena_str(a, buf_str(&b));
	buf_free(&b);
	return title;
}

static bool read_chat(const struct event *ev, struct arena *a,
		      struct sighting *s)
{
	struct type_chat_message m;
	struct str text[2];

	if (shape_decode(&shape_chat_message, ev->data, &m, a, NULL))
		return false;
	s->kind = SIGHTING_CHAT;
	s->item.present = true;
	s->item.id = as_id(event_subject(ev), a);
	s->title = chat_title(&m, a);
	s->baseline = m.backlog;
	s->matter.source = event_subject(ev);
	text[0] = m.username;
	text[1] = m.message;
	s->matter.row = rows(a, text, 2);
	return true;
}

static bool read_other(const struct event *ev, struct arena *a,
		       struct sighting *s)
{
	struct str subject = event_subject(ev), text[3], source;
	struct decimal d;

	s->kind = SIGHTING_OTHER;
	s->item.present = true;
	s->item.id = as_id(subject.p ? subject : event_type(ev), a);
	text[0] = json_get_text(ev->data, "title", a);
	text[1] = json_get_text(ev->data, "message", a);
	text[2] = json_get_text(ev->data, "summary", a);
	s->title = text[0].len ? text[0] : text[1].len ? text[1] : ev->topic;
	s->matter.row = rows(a, text, 3);
	s->matter.price = json_get_text(ev->data, "price", a);
	if (!decimal_parse(s->matter.price, &d))
		s->matter.price = (struct str){ 0 };
	s->matter.currency = json_get_text(ev->data, "currency", a);
	source = json_get_text(ev->data, "source", a);
	s->matter.source = str_is_id(source) ? source : (struct str){ 0 };
	return true;
}

bool sighting_read(const struct event *ev, struct arena *a, struct sighting *s)
{
	struct str source;
	bool good;

	*s = (struct sighting){ .kind = SIGHTING_OTHER };
	for (size_t i = 0; i < sizeof(passed_by) / sizeof(passed_by[0]); i++)
		if (str_starts(ev->topic, str_from(passed_by[i])))
			return false;
	if (event_is(ev, "price.update"))
		good = read_price(ev, a, s);
	else if (str_starts(ev->topic, STR("listing.")))
		good = read_listing(ev, a, s);
	else if (event_is(ev, "page.change"))
		good = read_page(ev, a, s);
	else if (event_is(ev, "chat.message"))
		good = read_chat(ev, a, s);
	else
		good = read_other(ev, a, s);
	if (!good)
		return false;
	s->matter.ev = ev;
	s->matter.topic = ev->topic;
	s->matter.time_us = ev->time_us;
	source = s->matter.source.p ? s->matter.source : STR("-");
	s->key = s->kind == SIGHTING_LISTING || s->kind == SIGHTING_GONE
			 ? join(a, source, s->item.id)
			 : join(a, s->item.id, source);
	return true;
}
