#include "extract_wire.h"

#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/decimal.h"
#include "common/shape.h"
#include "common/swar.h"
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

/*
 * Numbers (how many, then they), and behind them all texts as one, which is
 * checked at once: a piece of UTF-8 is UTF-8 if it and what follows it begin
 * with a character.
 */

/* A bit for each field that is there; then for the two that are no fields. */
enum { HAS_PICKED = 1 << FIELD_COUNT, IS_FREE = 2 << FIELD_COUNT };
_Static_assert(FIELD_COUNT < 29, "fields: a bit of 32 for each");

enum {
	RAW_IS_FIELD = 1 << 8, /* what was found is what the field has */
	ITEM_NUMBERS = 3 + 3 * FIELD_COUNT, /* at most */
};
_Static_assert(FIELD_COUNT < (int)RAW_IS_FIELD, "fields: below that bit");

static uint32_t put_text(struct buf *texts, struct str s)
{
	buf_add_str(texts, s);
	return (uint32_t)s.len;
}

static uint32_t put_text_or_none(struct buf *texts, struct str s)
{
	return s.p ? put_text(texts, s) : ABSENT;
}

static void put_item(const struct item *it, struct buf *numbers,
		     struct buf *texts)
{
	struct item copy = *it;
	uint32_t v[ITEM_NUMBERS], *next = v + 1;

	v[0] = it->free ? IS_FREE : 0;
	for (enum field f = 0; f < FIELD_COUNT; f++) {
		struct str s = *field_of(&copy, f);

		if (!s.p)
			continue;
		v[0] |= UINT32_C(1) << f;
		*next++ = put_text(texts, s);
	}
	if (it->picked.p) {
		v[0] |= HAS_PICKED;
		*next++ = put_text(texts, it->picked);
	}
	*next++ = (uint32_t)it->n_raw;
	for (size_t i = 0; i < it->n_raw; i++) {
		enum field f = (enum field)it->raw[i].field;
		struct str text = it->raw[i].text, s = *field_of(&copy, f);
		bool same = s.p && str_eq(text, s);

		*next++ = (uint32_t)f | (same ? RAW_IS_FIELD : 0);
		if (!same)
			*next++ = put_text(texts, text);
	}
	buf_add(numbers, v, (size_t)(next - v) * sizeof(*v));
}

void wire_put_answer(const struct observation *o, struct buf *b)
{
	size_t at = begin_message(b, WIRE_ANSWER), head = b->len;
	uint32_t v[] = { 0, o->outcome, 0, 0, 0, 0, (uint32_t)o->dropped };
	struct str next =
		o->outcome == OUTCOME_FOUND ? o->next : (struct str){ 0 };
	struct buf texts = { 0 };

	buf_reserve(&texts, 4096);
	v[2] = put_text_or_none(&texts,
				str_utf8_prefix(o->reason, WIRE_REASON_MAX));
	v[3] = put_text_or_none(&texts,
				str_utf8_prefix(o->text, WIRE_TEXT_MAX));
	v[4] = put_text_or_none(&texts, next);
	buf_add(b, v, sizeof(v));
	for (size_t i = 0; i < o->n_items; i++) {
		size_t numbers = b->len, before = texts.len;

		put_item(&o->items[i], b, &texts);
		if (b->len - at + texts.len > WIRE_ANSWER_MAX) {
			b->len = numbers;
			texts.len = before;
			v[6] += (uint32_t)(o->n_items - i);
			break;
		}
		v[5]++;
	}
	v[0] = (uint32_t)((b->len - head) / sizeof(v[0])) - 1;
	memcpy(b->p + head, v, sizeof(v));
	buf_add_str(b, buf_str(&texts));
	buf_free(&texts);
	end_message(b, at);
}

/* What is left of an answer. */
struct answer {
	struct reader numbers;
	struct str texts;
	bool plain; /* no control character is in them */
};

static bool is_plain(struct str s)
{
	size_t i = 0;

	for (; s.len - i >= SWAR_BLOCK; i += SWAR_BLOCK) {
		swar_block b = swar_load_block(s.p + i);

		if (swar_any((b < ' ') | (b == 0x7f)))
			return false;
	}
	for (; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static void begin_answer(struct answer *in, struct str s)
{
	uint32_t n;

	*in = (struct answer){ .numbers.left = s };
	n = get_u32(&in->numbers);
	s = in->numbers.left;
	if (n > s.len / sizeof(n)) {
		in->numbers.bad = true;
		return;
	}
	in->numbers.left = str_sub(s, 0, n * sizeof(n));
	in->texts = str_sub(s, n * sizeof(n), s.len);
	in->plain = is_plain(in->texts);
	in->numbers.bad |= !str_is_utf8(in->texts);
}

static struct str get_text(struct answer *in)
{
	uint32_t len = get_u32(&in->numbers);
	struct str s = str_sub(in->texts, 0, len);

	if (len == ABSENT)
		return (struct str){ 0 };
	/* Not in the middle of a character. */
	in->numbers.bad |=
		s.len != len || (len && ((unsigned char)s.p[0] & 0xc0) == 0x80);
	in->texts = str_sub(in->texts, s.len, in->texts.len);
	return s;
}

/* No control characters: it goes into logs and events. */
static bool is_line(const struct answer *in, struct str s, size_t max)
{
	return s.len <= max && (in->plain || is_plain(s));
}

/* Any text but for zero bytes, which events may not hold. */
static bool is_text(const struct answer *in, struct str s, size_t max)
{
	return s.len <= max &&
	       (in->plain || !(s.len && memchr(s.p, '\0', s.len)));
}

static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'))
			return false;
	return true;
}

/* Could item_set() have put s there? */
static bool fits(const struct answer *in, enum field f, struct str s)
{
	struct decimal d;
	int64_t us;

	if (s.len == 0 || !is_line(in, s, ITEM_TEXT_MAX))
		return false;
	switch (field_form(f)) {
	case FORM_PRICE:
	case FORM_RATING: return decimal_parse(s, &d);
	case FORM_URL: return s.len <= ITEM_URL_MAX && url_is_http(s);
	case FORM_DATE: return clk_parse(s, &us);
	case FORM_CURRENCY: return shape_is_currency(s);
	case FORM_AVAILABILITY:
	case FORM_CONDITION: return is_word(s);
	case FORM_UNIT: return s.len <= ITEM_UNIT_MAX;
	case FORM_TEXT: break;
	}
	return true;
}

static void get_raw(struct answer *in, struct item *it, struct arena *a)
{
	uint32_t n = get_u32(&in->numbers);
	struct item_raw *raw;

	in->numbers.bad |= n > FIELD_COUNT;
	if (in->numbers.bad || n == 0)
		return;
	raw = arena_alloc(a, n * sizeof(*raw));
	for (uint32_t i = 0; i < n; i++) {
		uint32_t field = get_u32(&in->numbers);
		bool same = field & RAW_IS_FIELD;

		field &= ~(uint32_t)RAW_IS_FIELD;
		if (field >= FIELD_COUNT) {
			in->numbers.bad = true;
			return;
		}
		raw[i].field = (int)field;
		raw[i].text =
			same ? *field_of(it, (enum field)field) : get_text(in);
		in->numbers.bad |= !raw[i].text.p ||
				   !is_text(in, raw[i].text, ITEM_RAW_MAX);
	}
	it->raw = raw;
	it->n_raw = n;
}

static void get_item(struct answer *in, struct item *it, struct arena *a)
{
	uint32_t mask = get_u32(&in->numbers);

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		if (!(mask & UINT32_C(1) << f))
			continue;
		*field_of(it, f) = get_text(in);
		in->numbers.bad |= !fits(in, f, *field_of(it, f));
	}
	if (mask & HAS_PICKED)
		it->picked = get_text(in);
	get_raw(in, it, a);
	it->free = mask & IS_FREE;
	in->numbers.bad |= !is_line(in, it->picked, ITEM_TEXT_MAX) ||
			   !it->id.p || mask >= 2 * (uint32_t)IS_FREE;
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
	struct answer in;
	uint32_t outcome, n;

	begin_answer(&in, s);
	outcome = get_u32(&in.numbers);
	*o_r = (struct observation){ .outcome = (enum outcome)outcome };
	o_r->reason = get_text(&in);
	o_r->text = get_text(&in);
	o_r->next = get_text(&in);
	n = get_u32(&in.numbers);
	o_r->dropped = get_u32(&in.numbers);
	if (in.numbers.bad || !is_extraction(outcome) || n > ITEM_MAX ||
	    !is_line(&in, o_r->reason, WIRE_REASON_MAX) ||
	    !is_text(&in, o_r->text, WIRE_TEXT_MAX) ||
	    (o_r->next.p && !fits(&in, FIELD_LINK, o_r->next)))
		return err_set(e, EX_DATAERR, "no observation");
	if (outcome != OUTCOME_FOUND && (n > 0 || o_r->text.p || o_r->next.p))
		return err_set(e, EX_DATAERR, "items of none");
	o_r->items = arena_alloc(a, n * sizeof(*o_r->items));
	o_r->n_items = n;
	for (uint32_t i = 0; i < n; i++) {
		get_item(&in, &o_r->items[i], a);
		if (in.numbers.bad)
			return err_set(e, EX_DATAERR, "item %u is none",
				       (unsigned)i);
	}
	if (!is_read(&in.numbers) || in.texts.len > 0)
		return err_set(e, EX_DATAERR, "more than an observation");
	return 0;
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
	if (!is_read(&in) || filter_r->len > WIRE_REASON_MAX ||
	    !str_is_utf8(*filter_r) || !is_plain(*filter_r))
		return err_set(e, EX_DATAERR, "not ready");
	return 0;
}
