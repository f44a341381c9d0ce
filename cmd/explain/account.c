#include "account.h"

#include <stdio.h>

#include <string.h>

#include "common/json.h"
#include "common/xmem.h"

struct account {
	const struct way *w;
	struct buf *b;
	struct arena a;
};

/* ---- lines ---- */

static void put_text(struct account *c, struct str s)
{
	struct str cut = str_utf8_prefix(s, ACCOUNT_TEXT_MAX);
	char *text = arena_strdup(&c->a, cut);

	str_make_printable(text);
	buf_puts(c->b, text);
	if (cut.len < s.len)
		buf_puts(c->b, " ...");
}

static void start_line(struct account *c, struct str name)
{
	enum { WIDTH = 14, NAME_MAX = 60 };
	size_t at = c->b->len;

	buf_puts(c->b, "  ");
	put_text(c, str_utf8_prefix(name, NAME_MAX));
	do
		buf_putc(c->b, ' ');
	while (c->b->len - at < WIDTH + 2);
}

static void end_line(struct account *c)
{
	buf_putc(c->b, '\n');
}

/* Text without its quotes; anything else as the JSON that it is. */
static struct str as_text(struct account *c, struct str value)
{
	struct str text;

	return json_text(value, &c->a, &text) ? text : value;
}

static void line(struct account *c, const char *name, struct str text)
{
	start_line(c, str_from(name));
	put_text(c, text);
	end_line(c);
}

static struct str get(struct str data, const char *name)
{
	struct str value = { 0 };

	if (json_type_of(data) != JSON_OBJECT || !json_get(data, name, &value))
		value.p = NULL;
	return value;
}

static bool is_there(struct str value)
{
	return value.p && json_type_of(value) != JSON_NULL;
}

static void line_of(struct account *c, struct str data, const char *name,
		    const char *label)
{
	struct str value = get(data, name);

	if (is_there(value))
		line(c, label, as_text(c, value));
}

/* ---- what was read ---- */

static void put_quoted(struct account *c, const char *before, struct str value)
{
	if (!value.p)
		return;
	buf_puts(c->b, before);
	buf_puts(c->b, " \"");
	put_text(c, as_text(c, value));
	buf_putc(c->b, '"');
}

static void print_field(struct account *c, struct str name, struct str field)
{
	struct str by = get(field, "by");

	start_line(c, name);
	put_text(c, as_text(c, get(field, "value")));
	put_quoted(c, ", before", get(field, "previous"));
	put_quoted(c, ", from", get(field, "raw"));
	if (by.p) {
		buf_puts(c->b, " by ");
		put_text(c, by);
	}
	end_line(c);
}

/* The best offer for an item follows from any offer for it. */
static bool is_offer_of(struct str moved, const struct event *ev)
{
	struct str type = STR("offer.update/");

	return event_is(ev, "price.update") && str_starts(moved, type) &&
	       str_eq(str_sub(moved, type.len, moved.len), event_subject(ev));
}

/* The entry that another step is about, or any where none is. */
static bool concerns(struct account *c, struct str moved)
{
	struct str topic = as_text(c, get(moved, "event"));
	struct str id = as_text(c, get(moved, "id"));
	bool any = true;

	for (size_t i = 0; i < c->w->n; i++) {
		const struct event *ev = &c->w->v[i].ev;
		struct str own = as_text(c, get(ev->data, "id"));

		if (c->w->v[i].role == WAY_IN_FORCE ||
		    event_is(ev, "observation.record"))
			continue;
		if (str_starts(ev->topic, STR("listing.")) ||
		    event_is(ev, "price.update") ||
		    event_is(ev, "offer.update") || event_is(ev, "page.change"))
			any = false;
		if (is_offer_of(topic, ev))
			return true;
		if (str_eq(ev->topic, topic) &&
		    (!str_starts(topic, STR("listing.")) || str_eq(own, id)))
			return true;
	}
	return any;
}

static void print_moved(struct account *c, struct str moved)
{
	struct json_iter it = json_iter(get(moved, "fields"));

	line(c, "told", as_text(c, get(moved, "event")));
	line_of(c, moved, "id", "entry");
	line_of(c, moved, "page", "on page");
	line_of(c, moved, "picked", "picked");
	while (json_next(&it))
		print_field(c, json_name(it.key, &c->a), it.value);
}

static void print_all_moved(struct account *c, struct str data)
{
	struct json_iter it = json_iter(get(data, "moved"));
	size_t printed = 0, left = 0;
	uint64_t more;

	while (json_next(&it)) {
		if (!concerns(c, it.value))
			continue;
		if (printed++ < ACCOUNT_LINES_MAX)
			print_moved(c, it.value);
		else
			left++;
	}
	if (printed && str_u64(get(data, "more"), &more))
		left += more;
	if (left)
		buf_addf(c->b, "  and %zu more\n", left);
}

static void print_headers(struct account *c, struct str headers)
{
	struct json_iter it = json_iter(headers);
	const char *label = "headers";

	for (; json_next(&it); label = "") {
		start_line(c, str_from(label));
		put_text(c, json_name(it.key, &c->a));
		buf_puts(c->b, ": ");
		put_text(c, as_text(c, it.value));
		end_line(c);
	}
}

static void print_answer(struct account *c, struct str data)
{
	struct str status = get(data, "status"), took = get(data, "took");
	struct str final = get(data, "final");

	if (!status.p)
		return;
	start_line(c, STR("answered"));
	put_text(c, status);
	if (took.p)
		buf_addf(c->b, " after %.*s ms", STR_ARG(took));
	if (final.p) {
		buf_puts(c->b, " from ");
		put_text(c, as_text(c, final));
	}
	end_line(c);
}

static void print_body(struct account *c, struct str body)
{
	struct str blob = get(body, "blob"), hash = get(body, "sha256");

	if (!body.p)
		return;
	start_line(c, STR("body"));
	put_text(c, get(body, "bytes"));
	buf_puts(c->b, " bytes");
	if (blob.p) {
		buf_puts(c->b, ", blob ");
		put_text(c, as_text(c, blob));
	} else if (hash.p) {
		buf_puts(c->b, ", not kept, SHA-256 ");
		put_text(c, as_text(c, hash));
	}
	end_line(c);
}

/* The later pages of a list, and why there are no more. */
static void print_further(struct account *c, struct str data)
{
	struct json_iter it = json_iter(get(data, "further"));
	char label[24];

	for (unsigned n = 2; json_next(&it); n++) {
		snprintf(label, sizeof(label), "page %u", n);
		start_line(c, str_from(label));
		put_text(c, as_text(c, get(it.value, "url")));
		buf_puts(c->b, ", status ");
		put_text(c, get(it.value, "status"));
		buf_puts(c->b, ", items ");
		put_text(c, get(it.value, "items"));
		end_line(c);
		print_body(c, get(it.value, "body"));
	}
	line_of(c, data, "pages", "pages");
	line_of(c, data, "stopped", "stopped");
}

static void print_record(struct account *c, struct str data)
{
	bool pushed = str_is(get(data, "pushed"), "true");

	line_of(c, data, "url", pushed ? "pushed as" : "asked");
	line_of(c, data, "via", "via");
	line_of(c, data, "proxy", "proxy");
	line_of(c, data, "robots", "robots.txt");
	print_answer(c, data);
	print_headers(c, get(data, "headers"));
	print_body(c, get(data, "body"));
	print_further(c, data);
	line_of(c, data, "kind", "read as");
	line_of(c, data, "extract", "extract");
	line_of(c, data, "outcome", "outcome");
	line_of(c, data, "reason", "reason");
	line_of(c, data, "items", "items");
	print_all_moved(c, data);
}

/* ---- other events ---- */

static void print_lines(struct account *c, const char *sign, struct str list)
{
	struct json_iter it = json_iter(list);
	size_t n = 0;

	while (json_next(&it)) {
		if (n++ >= ACCOUNT_LINES_MAX)
			continue;
		buf_addf(c->b, "  %s ", sign);
		put_text(c, as_text(c, it.value));
		end_line(c);
	}
	if (n > ACCOUNT_LINES_MAX)
		buf_addf(c->b, "  %s and %zu more\n", sign,
			 n - ACCOUNT_LINES_MAX);
}

static void print_page(struct account *c, struct str data)
{
	line_of(c, data, "url", "url");
	line_of(c, data, "baseline", "baseline");
	print_lines(c, "-", get(data, "removed"));
	print_lines(c, "+", get(data, "added"));
	line_of(c, data, "blob", "blob");
}

/* Of types with much in them: what an account is about. */
static const struct {
	const char *type;
	const char *members[18];
} brief[] = {
	{ "price.update",
	  { "price", "currency", "previous", "availability", "source", "offers",
	    "baseline", "backfilled" } },
	{ "offer.update",
	  { "watch", "price", "currency", "previous", "availability", "source",
	    "stale", "baseline", "backfilled" } },
	{ "price.stats", { "price", "currency", "z", "trend" } },
	{ "listing.",
	  { "id", "title", "price", "currency", "previous", "link", "baseline",
	    "backfilled" } },
	{ "observation.change",
	  { "outcome", "previous", "reason", "status", "pages", "stopped",
	    "next" } },
	{ "alert.",
	  { "rule", "version", "kind", "message", "currentPrice", "targetPrice",
	    "currency", "previous", "values", "was", "state", "user", "reason",
	    "until", "by", "note" } },
	{ "user.notification",
	  { "title", "message", "priority", "notify", "update" } },
	{ "delivery.",
	  { "channel", "attempt", "status", "reason", "receiver", "fallover",
	    "instead", "message_id", "id" } },
	{ "channel.", { "channel", "user", "reason", "receiver", "since" } },
};

static const char *const *members_of(struct str topic)
{
	for (size_t i = 0; i < ARRAY_LEN(brief); i++)
		if (str_starts(topic, str_from(brief[i].type)))
			return brief[i].members;
	return NULL;
}

static void print_all(struct account *c, struct str data)
{
	struct json_iter it = json_iter(data);

	while (json_next(&it)) {
		start_line(c, json_name(it.key, &c->a));
		put_text(c, as_text(c, it.value));
		end_line(c);
	}
}

static void print_data(struct account *c, const struct event *ev)
{
	const char *const *members = members_of(ev->topic);

	if (event_is(ev, "observation.record"))
		print_record(c, ev->data);
	else if (event_is(ev, "page.change"))
		print_page(c, ev->data);
	else if (!members)
		print_all(c, ev->data);
	for (; members && *members; members++)
		line_of(c, ev->data, *members, *members);
}

static void print_step(struct account *c, const struct way_step *s)
{
	const struct position pos = { s->ev.epoch, s->ev.offset };
	char at[POSITION_TEXT_MAX], time[CLK_TEXT_SIZE];

	put_text(c, s->ev.topic);
	buf_addf(c->b, "  %s  %s  (%s)\n", position_format(pos, at),
		 clk_format(s->ev.time_us, time), way_role_name(s->role));
	print_data(c, &s->ev);
}

void account_print(const struct way *w, struct buf *b)
{
	struct account c = { .w = w, .b = b };

	for (size_t i = 0; i < w->n; i++)
		print_step(&c, &w->v[i]);
	arena_free(&c.a);
}

void account_print_json(const struct way *w, struct buf *b)
{
	for (size_t i = 0; i < w->n; i++) {
		buf_addf(b, "{\"step\":\"%s\",\"event\":",
			 way_role_name(w->v[i].role));
		event_print(&w->v[i].ev, 0, b);
		buf_puts(b, "}\n");
	}
}
