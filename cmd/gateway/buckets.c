#include "buckets.h"

#include <stdlib.h>

#include "common/clk.h"
#include "common/xmem.h"

static int64_t start_of(int64_t us, int64_t span_us)
{
	int64_t rest = us % span_us;

	return us - (rest < 0 ? rest + span_us : rest);
}

/*
 * Where its bucket is, or should be. What happened (time) is nearly, but not
 * always, in the order in which it was recorded.
 */
static size_t place(const struct buckets *b, int64_t start_us)
{
	size_t i = b->n;

	while (i > 0 && b->v[i - 1].start_us <= start_us)
		i--;
	return i;
}

void buckets_add(struct buckets *b, int64_t time_us, struct decimal value)
{
	int64_t start = start_of(time_us, b->span_us);
	size_t at = place(b, start);
	struct bucket *v;

	if (at == b->n || b->v[at].start_us != start) {
		xgrow(&b->v, &b->cap, b->n, sizeof(*b->v));
		for (size_t i = b->n++; i > at; i--)
			b->v[i] = b->v[i - 1];
		b->v[at] =
			(struct bucket){ start, value, value, value, value, 1 };
		return;
	}
	v = &b->v[at];
	v->first = value;
	if (decimal_cmp(value, v->min) < 0)
		v->min = value;
	if (decimal_cmp(value, v->max) > 0)
		v->max = value;
	v->n++;
}

void buckets_free(struct buckets *b)
{
	free(b->v);
	b->v = NULL;
	b->n = b->cap = 0;
}

static void print_value(struct buf *out, const char *name, struct decimal d)
{
	char text[DECIMAL_TEXT_MAX];

	buf_addf(out, ",\"%s\":\"%s\"", name, decimal_format(d, text));
}

void buckets_print(const struct buckets *b, size_t limit, struct buf *out)
{
	char text[CLK_TEXT_SIZE];

	buf_putc(out, '[');
	for (size_t i = b->n < limit ? b->n : limit; i-- > 0;) {
		const struct bucket *v = &b->v[i];

		buf_addf(out, "{\"time\":\"%s\"",
			 clk_format(v->start_us, text));
		print_value(out, "first", v->first);
		print_value(out, "min", v->min);
		print_value(out, "max", v->max);
		print_value(out, "last", v->last);
		buf_addf(out, ",\"count\":%llu}%s", (unsigned long long)v->n,
			 i ? "," : "");
	}
	buf_putc(out, ']');
}
