#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clk.h"
#include "common/xmem.h"

uint32_t dice_below(struct dice *d, uint32_t n)
{
	d->state ^= d->state >> 12;
	d->state ^= d->state << 25;
	d->state ^= d->state >> 27;
	return (uint32_t)((d->state * 2685821657736338717u) >> 33) % n;
}

double dice_log(struct dice *d, double low, double high)
{
	double share = dice_below(d, 1 << 20) / (double)(1 << 20);

	return low * pow(high / low, share);
}

uint32_t words_draw(struct dice *d)
{
	static double *upto; /* the sum of 1 / (r + 1) up to a rank */
	uint32_t low = 0, high = WORDS_KNOWN - 1;
	double want;

	if (!upto) {
		double sum = 0;

		upto = xcalloc(WORDS_KNOWN, sizeof(*upto));
		for (uint32_t r = 0; r < WORDS_KNOWN; r++)
			upto[r] = sum += 1.0 / (r + 1);
	}
	want = dice_below(d, 1u << 31) / (double)(1u << 31) *
	       upto[WORDS_KNOWN - 1];
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (upto[mid] <= want)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Syllables, so that words are as long as words are; rare ones are longer. */
void words_put(struct buf *b, uint32_t rank)
{
	static const char first[] = "bdfghklmnprstvwz", then[] = "aeiou";

	do {
		buf_putc(b, first[rank % 16]);
		rank /= 16;
		buf_putc(b, then[rank % 5]);
		rank /= 5;
	} while (rank > 0);
}

void put_search(struct buf *b, struct dice *d, uint32_t i)
{
	uint32_t n = 2 + dice_below(d, 4), word[5];
	double max = dice_log(d, 20, 5000);

	buf_addf(b,
		 "{\"id\":\"search-%07u\",\"user\":\"user%u\",\"keywords\":\"",
		 i, dice_below(d, 50000));
	for (uint32_t k = 0; k < n;) {
		uint32_t before = 0;

		word[k] = words_draw(d);
		while (before < k && word[before] != word[k])
			before++;
		if (before < k) /* the same again: another one */
			continue;
		if (k > 0)
			buf_putc(b, ' ');
		words_put(b, word[k++]);
	}
	buf_puts(b, "\",\"price\":{");
	if (dice_below(d, 2))
		buf_addf(b, "\"min\":\"%.0f\",", max / dice_log(d, 2, 20));
	buf_addf(b, "\"max\":\"%.0f\"},\"currency\":\"EUR\"}", max);
}

static struct str sentence(struct dice *d, uint32_t n)
{
	struct buf b = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			buf_puts(&b, dice_below(d, 8) ? " " : ", ");
		words_put(&b, words_draw(d));
	}
	return buf_str(&b);
}

struct ad make_ad(struct dice *d)
{
	struct buf price = { 0 }, data = { 0 };
	struct ad ad = { .title = sentence(d, 4 + dice_below(d, 7)),
			 .summary = sentence(d, 10 + dice_below(d, 21)) };

	buf_addf(&price, "%.2f", dice_log(d, 5, 5000));
	ad.price = buf_str(&price);
	buf_addf(&data,
		 "{\"id\":\"1\",\"title\":\"%s\",\"price\":\"%s\","
		 "\"currency\":\"EUR\",\"source\":\"ads\",\"summary\":\"%s\"}",
		 ad.title.p, ad.price.p, ad.summary.p);
	ad.data = buf_str(&data);
	return ad;
}

void put_price(struct buf *b, struct dice *d, uint32_t i, uint32_t n_items)
{
	char time[CLK_TEXT_SIZE];
	uint32_t item = dice_below(d, n_items);
	/* Each has its price, which wavers; one in a hundred is a deal. */
	uint32_t cents = (100 + item % 100) * (97 + dice_below(d, 6));

	if (dice_below(d, 100) == 0)
		cents = cents * 7 / 10;

	clk_format(INT64_C(1772323200000000) + i * INT64_C(1000000), time);
	buf_addf(b,
		 "{\"specversion\":\"1.0\",\"id\":\"%u\","
		 "\"source\":\"weir/scraper/3f2a9c01\","
		 "\"type\":\"price.update\",\"subject\":\"item%05u\","
		 "\"time\":\"%s\",\"datacontenttype\":\"application/json\","
		 "\"data\":{\"item\":{\"id\":\"item%05u\",\"kind\":\"lamp\","
		 "\"name\":\"Lamp number %u\"},\"watch\":\"w%u\","
		 "\"price\":\"%u.%02u\",\"currency\":\"EUR\","
		 "\"availability\":\"InStock\",\"source\":\"shop.example\","
		 "\"link\":\"https://shop.example/lamps/%u\"},"
		 "\"recordedtime\":\"%s\",\"offset\":\"%u\","
		 "\"epoch\":\"9b1c04e7\"}\n",
		 i + 1, item, time, item, item, item, cents / 100, cents % 100,
		 item, time, i + 1);
}
