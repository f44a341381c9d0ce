#include "alert.h"

#include <stdio.h>
#include <string.h>

/* Of a page, in a message. */
enum { LINES = 3, LINE_BYTES = 512 };

static struct str decimal_text(struct decimal d, struct arena *a)
{
	char out[DECIMAL_TEXT_MAX];

	return arena_str(a, str_from(decimal_format(d, out)));
}

static struct str make_id(const struct rule *r, const struct sighting *s,
			  struct str cause, struct arena *a)
{
	struct buf b = { 0 };
	char out[17];

	buf_puts(&b, r->is_search ? "search " : "rule ");
	buf_add_str(&b, r->id);
	buf_putc(&b, ' ');
	buf_add_str(&b, s->key);
	buf_putc(&b, ' ');
	buf_add_str(&b, cause);
	snprintf(out, sizeof(out), "%016llx",
		 (unsigned long long)str_hash_id(buf_str(&b)));
	buf_free(&b);
	return arena_str(a, str_from(out));
}

static void add_price(struct buf *b, struct str price, struct str currency)
{
	buf_add_str(b, price);
	if (currency.p) {
		buf_putc(b, ' ');
		buf_add_str(b, currency);
	}
}

static void add_lines(struct buf *b, const struct shape_list *lines)
{
	for (size_t i = 0; i < lines->n && i < LINES; i++) {
		buf_puts(b, i ? " / " : "");
		buf_add_str(b, str_utf8_prefix(lines->v[i], LINE_BYTES));
	}
	if (lines->n > LINES)
		buf_puts(b, " / …");
}

/* What came says more than what went. */
static void add_change(struct buf *b, const struct sighting *s)
{
	buf_puts(b, ": the page has changed");
	if (s->added.n) {
		buf_puts(b, ": ");
		add_lines(b, &s->added);
	} else if (s->removed.n) {
		buf_puts(b, ", gone: ");
		add_lines(b, &s->removed);
	}
}

/* ", target 80", or that it is so no longer. */
static void add_reason(struct buf *b, const struct rule *r,
		       const struct type_alert *t, const struct sighting *s,
		       bool over)
{
	if (s->kind == SIGHTING_GONE) {
		buf_puts(b, ", gone");
		return;
	}
	if (r->lacks) {
		buf_puts(b, ": ");
		buf_add_str(b, s->why);
		return;
	}
	if (t->targetPrice.p) {
		buf_puts(b, over ? ", above the target " : ", target ");
		buf_add_str(b, t->targetPrice);
	}
	if (str_is(t->kind, "drop") && over) {
		buf_puts(b, ", the drop is over");
	} else if (str_is(t->kind, "drop") && t->previous.p) {
		buf_puts(b, ", down from ");
		buf_add_str(b, t->previous);
	}
	if (str_is(t->kind, "stock")) {
		buf_puts(b, s->matter.price.p ? ", " : ": ");
		buf_add_str(b, str_utf8_prefix(s->matter.availability, 64));
	}
	if (str_is(t->kind, "fresh") && over) {
		buf_puts(b, ": fetched again");
	} else if (str_is(t->kind, "fresh") && s->why.p) {
		buf_puts(b, ": ");
		buf_add_str(b, s->why);
	} else if (str_is(t->kind, "fresh")) {
		buf_puts(b, ": no good fetch for ");
		buf_add_str(b, r->fresh);
	}
	if (str_is(t->kind, "page"))
		add_change(b, s);
	if (over && (str_is(t->kind, "keywords") || str_is(t->kind, "match")))
		buf_puts(b, ", no longer a match");
}

/* ": Tickets from Monday": the first new line of a page with a keyword. */
static void add_line(struct buf *b, const struct rule *r,
		     const struct shape_list *added)
{
	for (size_t i = 0; i < added->n; i++) {
		if (!rule_finds(r, added->v[i]))
			continue;
		buf_puts(b, ": ");
		buf_add_str(b, str_utf8_prefix(added->v[i], LINE_BYTES));
		return;
	}
}

/* "Lamp: 79.90 EUR, target 80, at shop.example" */
static struct str sentence(const struct rule *r, const struct type_alert *t,
			   const struct sighting *s, bool over, struct arena *a)
{
	struct buf b = { 0 };
	struct str text;

	buf_add_str(&b, str_utf8_prefix(s->title, 512));
	if (s->matter.price.p) {
		buf_puts(&b, ": ");
		add_price(&b, s->matter.price, s->matter.currency);
	}
	add_reason(&b, r, t, s, over);
	add_line(&b, r, &s->added);
	if (s->matter.source.p) {
		buf_puts(&b, ", at ");
		buf_add_str(&b, s->matter.source);
	}
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

struct str alert_version(const struct rule *r, struct arena *a)
{
	struct buf b = { 0 };
	char out[17];

	if (r->text.p) {
		buf_add_str(&b, r->text);
	} else if (r->target_text.p) {
		buf_add_str(&b, r->target_text);
		buf_putc(&b, ' ');
		buf_add_str(&b, r->currency);
	} else {
		return (struct str){ 0 };
	}
	snprintf(out, sizeof(out), "%016llx",
		 (unsigned long long)str_hash_id(buf_str(&b)));
	buf_free(&b);
	return arena_str(a, str_from(out));
}

/* Absent where it asks for nothing. */
static struct str values(const struct rule *r, const struct sighting *s,
			 struct arena *a)
{
	struct buf b = { 0 };
	struct str json = { 0 };

	rule_values(r, &s->matter, &b);
	if (b.len > 2)
		json = arena_str(a, buf_str(&b));
	buf_free(&b);
	return json;
}

void alert_make(const struct rule *r, const struct sighting *s,
		struct str cause, bool over, struct arena *a,
		struct type_alert *t)
{
	struct decimal reference;

	*t = (struct type_alert){
		.id = make_id(r, s, cause, a),
		.rule = r->id,
		.user = r->user,
		.kind = str_from(rule_kind(r)),
		.itemType = s->item.kind,
		.item = s->item,
		.currentPrice = s->matter.price,
		.targetPrice = r->target_text,
		.currency = s->matter.currency,
		.previous = s->matter.previous,
		.source = s->matter.source,
		.link = s->link,
		.listing = s->listing,
		.blob = s->blob,
		.notify = r->notify,
		.version = alert_version(r, a),
	};
	t->item.target = r->is_search ? (struct str){ 0 } : s->item.target;
	if (s->kind == SIGHTING_PAGE && str_is(t->kind, "match"))
		t->kind = STR("page");
	if (str_is(t->kind, "drop") &&
	    rule_reference(r, &s->matter, &reference))
		t->previous = decimal_text(reference, a);
	t->message = sentence(r, t, s, over, a);
	t->values = values(r, s, a);
}

struct str alert_topic(const char *type, const struct type_alert *t,
		       struct arena *a)
{
	/* The longest type, so that all topics of an alert look alike. */
	const size_t room = EVENT_TOPIC_MAX - sizeof("alert.suppressed/") - 1;
	struct buf b = { 0 };
	struct str topic;

	buf_addf(&b, "%s/", type);
	if (t->item.id.len + t->rule.len <= room)
		buf_add_str(&b, t->item.id);
	else
		buf_addf(&b, "%016llx",
			 (unsigned long long)str_hash_id(t->item.id));
	buf_putc(&b, '/');
	buf_add_str(&b, t->rule);
	topic = arena_str(a, buf_str(&b));
	buf_free(&b);
	return topic;
}

static struct str headline(const struct type_alert *t, const struct sighting *s,
			   struct arena *a)
{
	static const char *const words[][2] = {
		{ "target", "Target reached" },
		{ "drop", "Price drop" },
		{ "stock", "In stock" },
		{ "page", "Page changed" },
		{ "fresh", "Not fetched" },
		{ "keywords", "Found" },
		{ "match", "Alert" },
		{ "absent", "Nothing came" },
		{ "fewer", "Fewer than usual" },
		{ "channel", "Not delivered" },
		{ "gap", "Nothing was recorded" },
	};
	const char *word = "Alert";
	struct buf b = { 0 };
	struct str text;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(t->kind, words[i][0]))
			word = words[i][1];
	if (str_is(t->kind, "stock") &&
	    !str_is(s->matter.availability, "InStock"))
		word = "Availability";
	buf_addf(&b, "%s: ", word);
	buf_add_str(&b, str_utf8_prefix(s->title, 200));
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
}

/* The alert itself, and what the old notifications had under other names. */
static struct str note_data(const struct rule *r, const struct type_alert *t,
			    struct arena *a)
{
	struct buf b = { 0 };
	struct str data, threshold = r->target_text;

	shape_encode(&shape_alert, t, &b);
	b.len--; /* the closing brace */
	if (r->keywords.present) {
		buf_puts(&b, ",\"keywords\":[");
		for (size_t i = 0; i < r->keywords.n; i++) {
			if (i)
				buf_putc(&b, ',');
			buf_json_str(&b, r->keywords.v[i]);
		}
		buf_putc(&b, ']');
	}
	if (!threshold.p && r->has_max)
		threshold = decimal_text(r->max, a);
	if (threshold.p) {
		buf_puts(&b, ",\"threshold_price\":");
		buf_json_str(&b, threshold);
	}
	buf_putc(&b, '}');
	data = arena_str(a, buf_str(&b));
	buf_free(&b);
	return data;
}

void alert_notification(const struct rule *r, const struct sighting *s,
			const struct type_alert *alert, int64_t time_us,
			struct arena *a, struct buf *b)
{
	char time[CLK_TEXT_SIZE];
	struct type_notification n = {
		.title = headline(alert, s, a),
		.message = alert->message,
		.timestamp = { clk_format(time_us, time), CLK_TEXT_LEN },
		.alert = alert->id,
		.data = note_data(r, alert, a),
		.notify = r->notify,
	};

	if (r->is_search)
		n.type = STR("saved_search");
	else if (s->kind == SIGHTING_PRICE || s->kind == SIGHTING_LISTING)
		n.type = STR("price_alert");
	else
		n.type = STR("custom");
	shape_encode(&shape_notification, &n, b);
}
