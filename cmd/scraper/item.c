#include "item.h"

#include <stddef.h>

#include "common/xmem.h"

const char *outcome_name(enum outcome o)
{
	static const char *const names[] = {
		[OUTCOME_FOUND] = "found",
		[OUTCOME_CHANGED] = "changed",
		[OUTCOME_UNCHANGED] = "unchanged",
		[OUTCOME_EMPTY] = "empty",
		[OUTCOME_SELECTOR_MISS] = "selector-miss",
		[OUTCOME_PARSE_FAIL] = "parse-fail",
		[OUTCOME_BLOCKED] = "blocked",
		[OUTCOME_RATE_LIMITED] = "rate-limited",
		[OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_UNREACHABLE] = "unreachable",
		[OUTCOME_HTTP_ERROR] = "http-error",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_IMPLAUSIBLE] = "implausible",
	};

	return names[o];
}

/* Add `"name":value`, with a comma where something stands before it. */
static void print_name(struct buf *b, const char *name)
{
	if (b->len && b->p[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_json_str(b, str_from(name));
	buf_putc(b, ':');
}

static void print_item(const struct item *it, struct buf *b)
{
	const struct {
		const char *name;
		struct str value;
	} fields[] = {
		{ "id", it->id },
		{ "title", it->title },
		{ "price", it->price },
		{ "list_price", it->list_price },
		{ "shipping", it->shipping },
		{ "unit_price", it->unit_price },
		{ "unit", it->unit },
		{ "currency", it->currency },
		{ "availability", it->availability },
		{ "condition", it->condition },
		{ "sku", it->sku },
		{ "mpn", it->mpn },
		{ "gtin", it->gtin },
		{ "brand", it->brand },
		{ "image", it->image },
		{ "link", it->link },
		{ "seller", it->seller },
		{ "rating", it->rating },
		{ "published", it->published },
		{ "updated", it->updated },
		{ "author", it->author },
		{ "summary", it->summary },
		{ "picked", it->picked },
	};

	buf_putc(b, '{');
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (!fields[i].value.p)
			continue;
		print_name(b, fields[i].name);
		buf_json_str(b, fields[i].value);
	}
	if (it->free) {
		print_name(b, "free");
		buf_puts(b, "true");
	}
	buf_putc(b, '}');
}

void observation_print(const struct observation *o, struct buf *b)
{
	buf_putc(b, '{');
	print_name(b, "outcome");
	buf_json_str(b, str_from(outcome_name(o->outcome)));
	if (o->reason.p) {
		print_name(b, "reason");
		buf_json_str(b, o->reason);
	}
	print_name(b, "items");
	buf_putc(b, '[');
	for (size_t i = 0; i < o->n_items; i++) {
		if (i)
			buf_putc(b, ',');
		print_item(&o->items[i], b);
	}
	buf_putc(b, ']');
	if (o->text.p) {
		print_name(b, "text");
		buf_json_str(b, o->text);
	}
	if (o->next.p) {
		print_name(b, "next");
		buf_json_str(b, o->next);
	}
	buf_putc(b, '}');
}

/* Unicode's White_Space, line and paragraph separators among them. */
static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 ||
	       c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Controls, and what is invisible or turns the reading direction around. */
static bool is_dropped(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

struct str item_text(struct arena *a, struct str raw, size_t max)
{
	/* Broken bytes grow threefold, as U+FFFD; nothing else grows. */
	size_t room = raw.len > max / 3 ? max : raw.len * 3;
	char *out = NULL, enc[4];
	size_t len = 0;
	bool gap = false;

	while (raw.len) {
		uint32_t c = (unsigned char)*raw.p;
		size_t n = 1;

		if (c > ' ' && c < 0x7f && out && !gap && len < room) {
			out[len++] = (char)c;
			raw.p++;
			raw.len--;
			continue;
		}
		if (c >= 0x80)
			n = utf8_decode(raw, &c);
		raw = str_sub(raw, n, raw.len);
		if (is_space(c)) {
			gap = len > 0;
			continue;
		}
		if (is_dropped(c))
			continue;
		enc[0] = (char)c;
		if (c >= 0x80)
			n = utf8_encode(c, enc);
		if (len + gap + n > room)
			break;
		if (!out)
			out = arena_alloc(a, room + 1);
		if (gap)
			out[len++] = ' ';
		gap = false;
		for (size_t i = 0; i < n; i++)
			out[len++] = enc[i];
	}
	return (struct str){ out, len };
}

/* The texts of an item stand one after the other, before its flags. */
enum {
	ITEM_TEXTS = offsetof(struct item, free) / sizeof(struct str),
};
_Static_assert(offsetof(struct item, id) == 0 &&
		       offsetof(struct item, picked) ==
			       (ITEM_TEXTS - 1) * sizeof(struct str),
	       "item: texts first");

static struct str copy_text(struct arena *a, struct str s)
{
	return s.p ? arena_str(a, s) : s;
}

static void copy_raw(struct item *it, struct arena *a)
{
	struct item_raw *raw = arena_alloc(a, it->n_raw * sizeof(*raw));

	for (size_t i = 0; i < it->n_raw; i++)
		raw[i] = (struct item_raw){ it->raw[i].field,
					    copy_text(a, it->raw[i].text) };
	it->raw = raw;
}

/*
 * What extraction found, without the whole document that it stands in: results
 * of many fetches may wait for one transaction.
 */
void observation_copy(struct observation *to, const struct observation *from,
		      struct arena *a)
{
	*to = *from;
	to->reason = copy_text(a, from->reason);
	to->text = copy_text(a, from->text);
	to->next = copy_text(a, from->next);
	to->items = arena_alloc(a, from->n_items * sizeof(*to->items));
	for (size_t i = 0; i < from->n_items; i++) {
		struct str *texts = &to->items[i].id;

		to->items[i] = from->items[i];
		for (size_t k = 0; k < ITEM_TEXTS; k++)
			texts[k] = copy_text(a, texts[k]);
		copy_raw(&to->items[i], a);
	}
}
