#include "provenance.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/json.h"
#include "common/types_observation.h"
#include "common/xmem.h"

#include "fields.h"

/* Of an answer; never one that could hold a secret of ours. */
static const char *const headers[] = {
	"content-type",
	"content-language",
	"date",
	"last-modified",
	"etag",
	"cache-control",
	"expires",
	"age",
	"retry-after",
	"server",
	"via",
	"cf-mitigated",
	"x-amzn-waf-action",
};

static void put(struct buf *b, const char *name, struct str text)
{
	if (!text.p)
		return;
	if (b->p[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_addf(b, "\"%s\":", name);
	buf_json_str(b, text);
}

static struct str finish(struct buf *b, struct arena *a)
{
	struct str s = arena_str(a, buf_str(b));

	buf_free(b);
	return s;
}

static struct str print_headers(const struct http_response *r, struct arena *a)
{
	struct buf b = { 0 };

	buf_putc(&b, '{');
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		put(&b, headers[i],
		    item_text(a, http_header(r, headers[i]),
			      PROVENANCE_HEADER_MAX));
	buf_putc(&b, '}');
	return finish(&b, a);
}

void provenance_take(struct provenance *p, const struct fetched *f, bool body,
		     struct arena *a)
{
	if (body && f->a->body.len) {
		p->body = arena_str(a, f->a->body);
		p->bytes = p->body.len;
	}
	if (f->via.p)
		p->via = arena_str(a, f->via);
	if (f->proxy)
		p->proxy = arena_str(a, str_from(f->proxy));
	if (!f->r)
		return;
	p->took_us = f->r->total_us;
	p->url = arena_str(a, str_from(f->r->url));
	p->headers = print_headers(f->r, a);
}

void provenance_push(struct provenance *p, const struct answer *in,
		     struct str url, struct str source, uint64_t id,
		     struct arena *a)
{
	struct buf b = { 0 };

	p->body = arena_str(a, in->body);
	p->bytes = p->body.len;
	p->url = arena_str(a, url);
	p->push_source = arena_str(a, source);
	p->push_id = id;
	buf_putc(&b, '{');
	put(&b, "content-type",
	    item_text(a, in->content_type, PROVENANCE_HEADER_MAX));
	buf_putc(&b, '}');
	p->headers = finish(&b, a);
}

bool provenance_is_telling(enum outcome o)
{
	return o == OUTCOME_EMPTY || o == OUTCOME_SELECTOR_MISS ||
	       o == OUTCOME_PARSE_FAIL || o == OUTCOME_BLOCKED ||
	       o == OUTCOME_IMPLAUSIBLE;
}

/* ---- what moved ---- */

/* What is compared, and told. */
static const struct {
	enum field field;
	size_t before; /* in struct known */
} told[] = {
	{ FIELD_TITLE, offsetof(struct known, title) },
	{ FIELD_PRICE, offsetof(struct known, price) },
	{ FIELD_LIST_PRICE, offsetof(struct known, list_price) },
	{ FIELD_CURRENCY, offsetof(struct known, currency) },
	{ FIELD_AVAILABILITY, offsetof(struct known, availability) },
	{ FIELD_CONDITION, offsetof(struct known, condition) },
	{ FIELD_UPDATED, offsetof(struct known, updated) },
};

static struct str known_text(const struct known *k, size_t at)
{
	const void *text;

	if (!k)
		return (struct str){ 0 };
	text = (const char *)k + at;
	return *(const struct str *)text;
}

static struct str brief(struct str s)
{
	return s.p ? str_utf8_prefix(s, PROVENANCE_TEXT_MAX) : s;
}

static struct str raw_of(const struct item *it, enum field f)
{
	for (size_t i = 0; i < it->n_raw; i++)
		if (it->raw[i].field == (int)f)
			return it->raw[i].text;
	return (struct str){ 0 };
}

/* The watch's own words for where a field is; absent: it has none. */
static struct str selector_of(const struct watch *w, enum field f)
{
	struct str fields, spec;

	if (!w->def.extract.p || !json_get(w->def.extract, "fields", &fields) ||
	    json_type_of(fields) != JSON_OBJECT ||
	    !json_get(fields, field_name(f), &spec) ||
	    spec.len > PROVENANCE_BY_MAX)
		return (struct str){ 0 };
	return spec;
}

/* Only what is there now, and is news. */
static void print_field(const struct watch *w, const struct item *it,
			enum field f, struct str before, struct buf *b)
{
	struct str now = *field_of((struct item *)(uintptr_t)it, f);
	struct str by = selector_of(w, f);

	if (!now.p || str_eq(now, before))
		return;
	if (b->p[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_addf(b, "\"%s\":{", field_name(f));
	put(b, "value", brief(now));
	put(b, "previous", brief(before));
	put(b, "raw", raw_of(it, f));
	if (by.p) {
		buf_puts(b, ",\"by\":");
		buf_add_str(b, by);
	}
	buf_putc(b, '}');
}

static void print_fields(const struct watch *w, const struct diff_event *ev,
			 struct buf *b)
{
	buf_puts(b, ",\"fields\":{");
	for (size_t i = 0; i < ARRAY_LEN(told); i++) {
		struct str before = known_text(ev->before, told[i].before);

		print_field(w, ev->item, told[i].field, before, b);
	}
	buf_putc(b, '}');
}

static void print_moved(const struct watch *w, const struct diff_event *ev,
			struct buf *b)
{
	buf_putc(b, '{');
	put(b, "event", ev->topic);
	if (ev->item)
		put(b, "id", brief(ev->item->id));
	else if (ev->before)
		put(b, "id", brief(ev->before->id));
	if (ev->item)
		put(b, "picked", brief(ev->item->picked));
	if (ev->item && ev->item->page > 1)
		buf_addf(b, ",\"page\":%u", ev->item->page);
	if (ev->item)
		print_fields(w, ev, b);
	buf_putc(b, '}');
}

/* As many as there is room for; *more_r: how many are left. */
static struct str print_all_moved(const struct watch *w, const struct diff *d,
				  size_t *more_r, struct arena *a)
{
	struct buf b = { 0 };
	size_t i = 0;

	buf_putc(&b, '[');
	for (; i < d->n && i < PROVENANCE_MOVED_MAX; i++) {
		size_t was = b.len;

		if (i)
			buf_putc(&b, ',');
		print_moved(w, &d->events[i], &b);
		if (b.len > PROVENANCE_MOVED_BYTES) {
			b.len = was;
			break;
		}
	}
	buf_putc(&b, ']');
	*more_r = d->n - i;
	return finish(&b, a);
}

/* ---- the whole ---- */

static struct str number(struct arena *a, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	return arena_str(a, str_from(text));
}

static struct str final_url(const struct watch *w, const struct provenance *p)
{
	if (!p->url.p || str_eq(p->url, w->def.url) ||
	    p->url.len > SHAPE_URL_MAX || !shape_is_url(p->url))
		return (struct str){ 0 };
	return p->url;
}

static void set_body(struct type_body *b, const struct provenance *p,
		     const struct provenance_end *end, struct arena *a)
{
	b->present = p->body.p || p->bytes;
	if (end->kept)
		b->blob = end->body_id;
	else
		b->sha256 = end->body_id;
	b->bytes = number(a, (int64_t)p->bytes);
}

struct str provenance_print(const struct watch *w, const struct provenance *p,
			    const struct provenance_end *end, struct arena *a)
{
	char config[24];
	struct buf b = { 0 };
	size_t more = 0;
	struct type_record t = {
		.watch = w->def.id,
		.source = w->def.source,
		.kind = w->def.kind,
		.outcome = str_from(outcome_name(end->outcome)),
		.url = w->def.url,
		.final = final_url(w, p),
		.headers = p->headers,
		.via = p->via,
		.proxy = p->proxy,
		.pushed = p->push_source.p,
		.stopped = end->stopped,
		.further = end->further,
	};

	snprintf(config, sizeof(config), "%016" PRIx64, w->config);
	t.config = str_from(config);
	if (end->reason.p)
		t.reason = str_utf8_prefix(end->reason, 500);
	if (w->ignores_robots)
		t.robots = STR("ignored");
	if (end->status)
		t.status = number(a, end->status);
	if (end->pages)
		t.pages = number(a, end->pages);
	if (p->took_us)
		t.took = number(a, p->took_us / 1000);
	if (w->def.extract.len <= PROVENANCE_EXTRACT_MAX)
		t.extract = w->def.extract;
	if (end->d->n) {
		t.items = number(a, (int64_t)end->items);
		t.moved = print_all_moved(w, end->d, &more, a);
	}
	if (more)
		t.more = number(a, (int64_t)more);
	set_body(&t.body, p, end, a);
	shape_encode(&shape_record, &t, &b);
	return finish(&b, a);
}
