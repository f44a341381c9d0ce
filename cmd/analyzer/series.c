#include "series.h"

#include <string.h>

enum { FORMAT = 1 };

void series_init(struct series *s, struct str currency)
{
	s->n = 0;
	s->count = 0;
	s->first = s->low = s->high = (struct decimal){ 0, 0 };
	str_copy(s->currency, sizeof(s->currency), currency);
}

const struct decimal *series_price(const struct series *s)
{
	const struct segment *last = s->n ? &s->seg[s->n - 1] : NULL;

	return last && last->count ? &last->price : NULL;
}

int64_t series_end(const struct series *s, size_t i, int64_t now_us)
{
	return i + 1 < s->n ? s->seg[i + 1].start_us : now_us;
}

/* ---- compaction ---- */

/* The mean of two prices weighted by time; a's own where it does not fit. */
static struct decimal blend(struct decimal a, int64_t a_us, struct decimal b,
			    int64_t b_us)
{
	unsigned scale = SERIES_MEAN_SCALE;
	struct decimal sum, wa, wb, r;

	if (a_us + b_us == 0)
		return b;
	scale = a.scale > scale ? a.scale : scale;
	scale = b.scale > scale ? b.scale : scale;
	if (decimal_mul(a, decimal_from_int(a_us), &wa) &&
	    decimal_mul(b, decimal_from_int(b_us), &wb) &&
	    decimal_add(wa, wb, &sum) &&
	    decimal_div(sum, decimal_from_int(a_us + b_us), scale, &r))
		return r;
	return a;
}

static struct decimal lower(struct decimal a, struct decimal b)
{
	return decimal_cmp(b, a) < 0 ? b : a;
}

static struct decimal higher(struct decimal a, struct decimal b)
{
	return decimal_cmp(b, a) > 0 ? b : a;
}

/*
 * Segment i takes its successor in, which ends at end_us. Of a gap and a
 * price the price stays: what is merged is old or short.
 */
static void merge(struct series *s, size_t i, int64_t end_us)
{
	struct segment *a = &s->seg[i], *b = a + 1;

	if (a->count && b->count) {
		a->price = blend(a->price, b->start_us - a->start_us, b->price,
				 end_us - b->start_us);
		a->min = lower(a->min, b->min);
		a->max = higher(a->max, b->max);
		a->count += b->count;
	} else if (b->count) {
		int64_t start_us = a->start_us;

		*a = *b;
		a->start_us = start_us;
	}
	memmove(b, b + 1, (s->n - i - 2) * sizeof(*b));
	s->n--;
}

/*
 * Merge the pair that is shortest in relation to its age. The newest segment,
 * which still holds, is left alone.
 */
static void compact(struct series *s, int64_t now_us)
{
	size_t best = 0;
	__extension__ __int128 best_span = 0, best_age = 0;

	for (size_t i = 0; i + 2 < s->n; i++) {
		int64_t end_us = s->seg[i + 2].start_us;
		int64_t span = end_us - s->seg[i].start_us;
		int64_t age = now_us - s->seg[i].start_us + 1;

		if (i == 0 || span * best_age < best_span * age) {
			best = i;
			best_span = span;
			best_age = age;
		}
	}
	merge(s, best, s->seg[best + 2].start_us);
}

void series_add(struct series *s, int64_t time_us, const struct decimal *price)
{
	struct segment *last = s->n ? &s->seg[s->n - 1] : NULL;
	struct segment next = { .start_us = time_us };

	if (last && time_us < last->start_us)
		next.start_us = last->start_us;
	if (!price) {
		if (!last || !last->count)
			return;
	} else {
		next.price = next.min = next.max = *price;
		next.count = 1;
		s->low = s->count ? lower(s->low, *price) : *price;
		s->high = s->count ? higher(s->high, *price) : *price;
		if (s->count++ == 0)
			s->first = *price;
		if (last && last->count && last->count < UINT32_MAX &&
		    decimal_cmp(last->price, *price) == 0) {
			last->count++;
			return;
		}
	}
	if (s->n == SERIES_MAX)
		compact(s, next.start_us);
	s->seg[s->n++] = next;
}

/* ---- bytes ---- */

__extension__ typedef unsigned __int128 wide;

/* Seven bits a byte, the low ones first. */
static void put_wide(struct buf *b, wide v)
{
	while (v >= 0x80) {
		buf_putc(b, (char)(unsigned char)(v | 0x80));
		v >>= 7;
	}
	buf_putc(b, (char)(unsigned char)v);
}

static bool get_wide(struct str *rest, wide *v_r)
{
	wide v = 0;

	for (unsigned shift = 0; rest->len && shift < 128; shift += 7) {
		unsigned char c = (unsigned char)rest->p[0];

		*rest = str_sub(*rest, 1, rest->len);
		v |= (wide)(c & 0x7f) << shift;
		if (c < 0x80) {
			*v_r = v;
			return true;
		}
	}
	return false;
}

/* The sign is the lowest bit, so that small negative numbers stay short. */
static void put_signed(struct buf *b, decimal_coef v)
{
	put_wide(b, v < 0 ? ((wide)-v << 1) - 1 : (wide)v << 1);
}

static bool get_signed(struct str *rest, decimal_coef *v_r)
{
	wide v;

	if (!get_wide(rest, &v))
		return false;
	*v_r = v & 1 ? -(decimal_coef)(v >> 1) - 1 : (decimal_coef)(v >> 1);
	return true;
}

static void put_decimal(struct buf *b, struct decimal d)
{
	put_wide(b, d.scale);
	put_signed(b, d.coef);
}

static bool get_decimal(struct str *rest, struct decimal *d_r)
{
	/* What decimal.h allows. */
	const decimal_coef limit =
		(decimal_coef)1000000000000000 * 1000000000000000;
	wide scale;

	if (!get_wide(rest, &scale) || scale > DECIMAL_SCALE_MAX ||
	    !get_signed(rest, &d_r->coef) || d_r->coef >= limit ||
	    d_r->coef <= -limit)
		return false;
	d_r->scale = (unsigned)scale;
	return true;
}

static void put_segment(struct buf *b, const struct segment *g, int64_t since)
{
	/* Most segments are one price: no need to say it three times. */
	bool merged = decimal_cmp(g->min, g->max) != 0;

	put_wide(b, (wide)(g->start_us - since));
	put_wide(b, (wide)g->count << 1 | merged);
	if (g->count == 0)
		return;
	put_decimal(b, g->price);
	if (merged) {
		put_decimal(b, g->min);
		put_decimal(b, g->max);
	}
}

static bool get_segment(struct str *rest, struct segment *g, int64_t since)
{
	wide delta, count;

	*g = (struct segment){ .start_us = since };
	if (!get_wide(rest, &delta) || delta > INT64_MAX ||
	    __builtin_add_overflow(since, (int64_t)delta, &g->start_us) ||
	    !get_wide(rest, &count) || count >> 1 > UINT32_MAX)
		return false;
	g->count = (uint32_t)(count >> 1);
	if (g->count == 0)
		return true;
	if (!get_decimal(rest, &g->price))
		return false;
	g->min = g->max = g->price;
	if (!(count & 1))
		return true;
	return get_decimal(rest, &g->min) && get_decimal(rest, &g->max) &&
	       decimal_cmp(g->min, g->max) < 0;
}

void series_encode(const struct series *s, struct buf *b)
{
	int64_t since = s->n ? s->seg[0].start_us : 0;

	put_wide(b, FORMAT);
	buf_add(b, s->currency, sizeof(s->currency));
	put_wide(b, s->count);
	if (s->count) {
		put_decimal(b, s->first);
		put_decimal(b, s->low);
		put_decimal(b, s->high);
	}
	put_wide(b, s->n);
	put_signed(b, since);
	for (size_t i = 0; i < s->n; i++) {
		put_segment(b, &s->seg[i], since);
		since = s->seg[i].start_us;
	}
}

bool series_decode(struct str bytes, struct series *s)
{
	struct str rest = bytes;
	wide format, count, n;
	decimal_coef since;

	if (!get_wide(&rest, &format) || format != FORMAT ||
	    rest.len < sizeof(s->currency))
		return false;
	series_init(s, str_from(""));
	memcpy(s->currency, rest.p, sizeof(s->currency) - 1);
	s->currency[sizeof(s->currency) - 1] = '\0';
	rest = str_sub(rest, sizeof(s->currency), rest.len);
	if (!get_wide(&rest, &count) || count > UINT64_MAX)
		return false;
	s->count = (uint64_t)count;
	if (s->count &&
	    (!get_decimal(&rest, &s->first) || !get_decimal(&rest, &s->low) ||
	     !get_decimal(&rest, &s->high)))
		return false;
	if (!get_wide(&rest, &n) || n > SERIES_MAX ||
	    !get_signed(&rest, &since) || since > INT64_MAX ||
	    since < INT64_MIN)
		return false;
	for (; s->n < n; s->n++) {
		if (!get_segment(&rest, &s->seg[s->n], (int64_t)since))
			return false;
		since = s->seg[s->n].start_us;
	}
	return rest.len == 0;
}
