#include "known.h"

#include <string.h>

#include "common/json.h"

/* Drop the entry that is nearest to the lower one behind it. */
static void thin(struct known *k)
{
	struct decimal least, gap;
	size_t best = 0;
	bool any = false;

	for (size_t i = 0; i + 1 < k->n; i++) {
		if (!decimal_sub(k->high[i].price, k->high[i + 1].price, &gap))
			continue;
		if (!any || decimal_cmp(gap, least) < 0) {
			best = i;
			least = gap;
			any = true;
		}
	}
	memmove(&k->high[best], &k->high[best + 1],
		(k->n - best - 1) * sizeof(k->high[0]));
	k->n--;
}

void known_price(struct known *k, struct str price, struct str currency,
		 int64_t time_us)
{
	struct decimal d;

	if (!decimal_parse(price, &d))
		return;
	if (!str_eq(currency, k->currency))
		k->n = 0;
	k->price = price;
	k->currency = currency;
	if (k->n && decimal_cmp(k->high[k->n - 1].price, d) == 0)
		return;
	if (k->n)
		k->high[k->n - 1].end_us = time_us;
	while (k->n && decimal_cmp(k->high[k->n - 1].price, d) <= 0)
		k->n--;
	if (k->n == KNOWN_HIGHS_MAX)
		thin(k);
	k->high[k->n++] = (struct high){ d, INT64_MAX };
}

bool known_highest(const struct known *k, int64_t from_us, struct decimal *r)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->high[i].end_us > from_us) {
			*r = k->high[i].price;
			return true;
		}
	}
	return false;
}

static void add_text(struct buf *b, const char *name, struct str text)
{
	if (!text.p)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_json_str(b, text);
}

void known_encode(const struct known *k, struct buf *b)
{
	buf_puts(b, "{\"data\":");
	buf_add_str(b, k->data);
	add_text(b, "price", k->price);
	add_text(b, "currency", k->currency);
	add_text(b, "availability", k->availability);
	buf_addf(b, ",\"time\":\"%lld\",\"recorded\":\"%lld\"",
		 (long long)k->time_us, (long long)k->recorded_us);
	buf_puts(b, ",\"highs\":[");
	for (size_t i = 0; i < k->n; i++) {
		char out[DECIMAL_TEXT_MAX];

		buf_addf(b, "%s[\"%s\",\"%lld\"]", i ? "," : "",
			 decimal_format(k->high[i].price, out),
			 (long long)k->high[i].end_us);
	}
	buf_puts(b, "]}");
}

static bool read_int(struct str s, int64_t *v_r)
{
	bool negative = s.len && s.p[0] == '-';
	uint64_t v;

	if (!str_u64(str_sub(s, negative, s.len), &v) || v > INT64_MAX)
		return false;
	*v_r = negative ? -(int64_t)v : (int64_t)v;
	return true;
}

static bool read_time(struct str obj, const char *key, struct arena *a,
		      int64_t *us_r)
{
	struct str value, text;

	return json_get(obj, key, &value) && json_text(value, a, &text) &&
	       read_int(text, us_r);
}

static bool read_high(struct str pair, struct arena *a, struct high *h)
{
	struct json_iter it = json_iter(pair);
	struct str text;

	return json_next(&it) && json_text(it.value, a, &text) &&
	       decimal_parse(text, &h->price) && json_next(&it) &&
	       json_text(it.value, a, &text) && read_int(text, &h->end_us);
}

bool known_decode(struct str text, struct arena *a, struct known *k)
{
	struct str highs;
	struct json_iter it;

	k->n = 0;
	if (!json_get(text, "data", &k->data) ||
	    !json_get(text, "highs", &highs) ||
	    !read_time(text, "time", a, &k->time_us) ||
	    !read_time(text, "recorded", a, &k->recorded_us))
		return false;
	k->price = json_get_text(text, "price", a);
	k->currency = json_get_text(text, "currency", a);
	k->availability = json_get_text(text, "availability", a);
	it = json_iter(highs);
	while (json_next(&it)) {
		if (k->n == KNOWN_HIGHS_MAX ||
		    !read_high(it.value, a, &k->high[k->n]))
			return false;
		k->n++;
	}
	return true;
}
