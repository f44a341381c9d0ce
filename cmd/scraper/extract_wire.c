#include "extract_wire.h"

#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/decimal.h"
#include "common/url.h"

#include "fields.h"

#define ABSENT UINT32_MAX /* in place of a length */

/* ---- writing ---- */

static void put_u32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof(v));
}

static void put_str(struct buf *b, struct str s)
{
	put_u32(b, s.p ? (uint32_t)s.len : ABSENT);
	buf_add_str(b, s);
}

/* Returns where the message begins, for end_message(). */
static size_t begin_message(struct buf *b, enum wire_type type)
{
	size_t at = b->len;

	put_u32(b, 0);
	buf_putc(b, (char)type);
	return at;
}

static void end_message(struct buf *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at);

	memcpy(b->p + at, &len, sizeof(len));
}

/* ---- reading ---- */

/* What is left; once something is wrong, everything is absent. */
struct reader {
	struct str left;
	bool bad;
};

static uint32_t get_u32(struct reader *r)
{
	uint32_t v = 0;

	if (r->bad || r->left.len < sizeof(v)) {
		r->bad = true;
		return 0;
	}
	memcpy(&v, r->left.p, sizeof(v));
	r->left = str_sub(r->left, sizeof(v), r->left.len);
	return v;
}

static struct str get_str(struct reader *r)
{
	uint32_t len = get_u32(r);
	struct str s;

	if (r->bad || len == ABSENT)
		return (struct str){ 0 };
	if (len > r->left.len) {
		r->bad = true;
		return (struct str){ 0 };
	}
	s = str_sub(r->left, 0, len);
	r->left = str_sub(r->left, len, r->left.len);
	return s;
}

static bool is_read(const struct reader *r)
{
	return !r->bad && r->left.len == 0;
}

int64_t wire_length(struct str b, size_t max, enum wire_type *type_r)
{
	uint32_t len;

	if (b.len < WIRE_HEAD)
		return 0;
	memcpy(&len, b.p, sizeof(len));
	*type_r = (enum wire_type)(unsigned char)b.p[sizeof(len)];
	return len < WIRE_HEAD || len > max ? -1 : (int64_t)len;
}

/* ---- the request ---- */

void wire_put_request(const struct wire_request *r, struct buf *b)
{
	size_t at = begin_message(b, WIRE_REQUEST);

	buf_reserve(b, r->config.len + r->doc.body.len + 1024);
	put_str(b, r->kind);
	put_str(b, r->config);
	put_str(b, r->doc.content_type);
	put_str(b, r->doc.url);
	put_str(b, r->doc.currency);
	put_str(b, r->doc.body);
	end_message(b, at);
}

int wire_get_request(struct str s, struct wire_request *r_r)
{
	struct reader in = { .left = s };

	*r_r = (struct wire_request){ .kind = get_str(&in) };
	r_r->config = get_str(&in);
	r_r->doc.content_type = get_str(&in);
	r_r->doc.url = get_str(&in);
	r_r->doc.currency = get_str(&in);
	r_r->doc.body = get_str(&in);
	return is_read(&in) && r_r->kind.p ? 0 : -1;
}

/* ---- the answer ---- */

/* No control characters: it goes into logs and events. */
static bool is_line(struct str s, size_t max)
{
	if (s.len > max || !str_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

/* Any text but for zero bytes, which events may not hold. */
static bool is_text(struct str s, size_t max)
{
	return s.len <= max && str_is_utf8(s) &&
	       !(s.len && memchr(s.p, '\0', s.len));
}

static bool is_currency(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.len == 3;
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'))
			return false;
	return true;
}

/* Could item_set() have put s there? */
static bool fits(enum field f, struct str s)
{
	struct decimal d;
	int64_t us;

	if (s.len == 0 || !is_line(s, ITEM_TEXT_MAX))
		return false;
	switch (field_form(f)) {
	case FORM_PRICE:
	case FORM_RATING: return decimal_parse(s, &d);
	case FORM_URL: return s.len <= ITEM_URL_MAX && url_is_http(s);
	case FORM_DATE: return clk_parse(s, &us);
	case FORM_CURRENCY: return is_currency(s);
	case FORM_AVAILABILITY:
	case FORM_CONDITION: return is_word(s);
	case FORM_UNIT: return s.len <= ITEM_UNIT_MAX;
	case FORM_TEXT: break;
	}
	return true;
}

/* A bit for each field that is there; then for the two that are no fields. */
enum { HAS_PICKED = 1 << FIELD_COUNT, IS_FREE = 2 << FIELD_COUNT };
_Static_assert(FIELD_COUNT < 29, "fields: a bit of 32 for each");

static void put_item(const struct item *it, struct buf *b)
{
	struct item copy = *it;
	uint32_t mask = it->free ? IS_FREE : 0;

	for (enum field f = 0; f < FIELD_COUNT; f++)
		mask |= field_of(&copy, f)->p ? UINT32_C(1) << f : 0;
	mask |= it->picked.p ? HAS_PICKED : 0;
	put_u32(b, mask);
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (field_of(&copy, f)->p)
			put_str(b, *field_of(&copy, f));
	if (it->picked.p)
		put_str(b, it->picked);
	put_u32(b, (uint32_t)it->n_raw);
	for (size_t i = 0; i < it->n_raw; i++) {
		put_u32(b, (uint32_t)it->raw[i].field);
		put_str(b, it->raw[i].text);
	}
}

static void get_raw(struct reader *in, struct item *it, struct arena *a)
{
	uint32_t n = get_u32(in);
	struct item_raw *raw;

	in->bad |= n > FIELD_COUNT;
	if (in->bad || n == 0)
		return;
	raw = arena_alloc(a, n * sizeof(*raw));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t field = get_u32(in);

		raw[i] = (struct item_raw){ (int)field, get_str(in) };
		in->bad |= field >= FIELD_COUNT || !raw[i].text.p ||
			   !is_text(raw[i].text, ITEM_RAW_MAX);
	}
	it->raw = raw;
	it->n_raw = n;
}

static void get_item(struct reader *in, struct item *it, struct arena *a)
{
	uint32_t mask = get_u32(in);

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		if (!(mask & UINT32_C(1) << f))
			continue;
		*field_of(it, f) = get_str(in);
		in->bad |= !fits(f, *field_of(it, f));
	}
	if (mask & HAS_PICKED)
		it->picked = get_str(in);
	get_raw(in, it, a);
	it->free = mask & IS_FREE;
	in->bad |= !is_line(it->picked, ITEM_TEXT_MAX) || !it->id.p ||
		   mask >= 2 * (uint32_t)IS_FREE;
}

void wire_put_answer(const struct observation *o, struct buf *b)
{
	size_t at = begin_message(b, WIRE_ANSWER), counts;
	uint32_t n[2] = { 0, (uint32_t)o->dropped };

	put_u32(b, o->outcome);
	put_str(b, str_utf8_prefix(o->reason, WIRE_REASON_MAX));
	put_str(b, str_utf8_prefix(o->text, WIRE_TEXT_MAX));
	counts = b->len;
	buf_add(b, n, sizeof(n));
	for (size_t i = 0; i < o->n_items; i++) {
		size_t before = b->len;

		put_item(&o->items[i], b);
		if (b->len - at > WIRE_ANSWER_MAX) {
			b->len = before;
			n[1] += (uint32_t)(o->n_items - i);
			break;
		}
		n[0]++;
	}
	memcpy(b->p + counts, n, sizeof(n));
	end_message(b, at);
}

static bool is_extraction(uint32_t outcome)
{
	return outcome == OUTCOME_FOUND || outcome == OUTCOME_EMPTY ||
	       outcome == OUTCOME_SELECTOR_MISS ||
	       outcome == OUTCOME_PARSE_FAIL || outcome == OUTCOME_REFUSED;
}

int wire_get_answer(struct str s, struct arena *a, struct observation *o_r,
		    struct err *e)
{
	struct reader in = { .left = s };
	uint32_t outcome = get_u32(&in), n;

	*o_r = (struct observation){ .outcome = (enum outcome)outcome };
	o_r->reason = get_str(&in);
	o_r->text = get_str(&in);
	n = get_u32(&in);
	o_r->dropped = get_u32(&in);
	if (in.bad || !is_extraction(outcome) || n > ITEM_MAX ||
	    !is_line(o_r->reason, WIRE_REASON_MAX) ||
	    !is_text(o_r->text, WIRE_TEXT_MAX))
		return err_set(e, EX_DATAERR, "no observation");
	if (outcome != OUTCOME_FOUND && (n > 0 || o_r->text.p))
		return err_set(e, EX_DATAERR, "items of none");
	o_r->items = arena_alloc(a, n * sizeof(*o_r->items));
	o_r->n_items = n;
	for (uint32_t i = 0; i < n; i++) {
		get_item(&in, &o_r->items[i], a);
		if (in.bad)
			return err_set(e, EX_DATAERR, "item %u is none",
				       (unsigned)i);
	}
	return is_read(&in)
		       ? 0
		       : err_set(e, EX_DATAERR, "more than an observation");
}

/* ---- ready ---- */

void wire_put_ready(struct str filter, struct buf *b)
{
	size_t at = begin_message(b, WIRE_READY);

	put_str(b, str_utf8_prefix(filter, WIRE_REASON_MAX));
	end_message(b, at);
}

int wire_get_ready(struct str s, struct str *filter_r, struct err *e)
{
	struct reader in = { .left = s };

	*filter_r = get_str(&in);
	if (!is_read(&in) || !is_line(*filter_r, WIRE_REASON_MAX))
		return err_set(e, EX_DATAERR, "not ready");
	return 0;
}
