#include "known.h"

#include <string.h>

#include "common/json.h"

/* Drop the entry that is nearest to the one behind it. */
static void thin(struct edges *of)
{
	struct decimal least, gap;
	size_t best = 0;
	bool any = false;

	for (size_t i = 0; i + 1 < of->n; i++) {
		if (!decimal_sub(of->v[i].price, of->v[i + 1].price, &gap))
			continue;
		if (gap.coef < 0)
			gap.coef = -gap.coef;
		if (!any || decimal_cmp(gap, least) < 0) {
			best = i;
			least = gap;
			any = true;
		}
	}
	memmove(&of->v[best], &of->v[best + 1],
		(of->n - best - 1) * sizeof(of->v[0]));
	of->n--;
}

/* sign: 1 for heights, -1 for depths. */
static void add_edge(struct edges *to, struct decimal price, int sign,
		     int64_t time_us)
{
	if (to->n && decimal_cmp(to->v[to->n - 1].price, price) == 0)
		return;
	if (to->n)
		to->v[to->n - 1].end_us = time_us;
	while (to->n && decimal_cmp(to->v[to->n - 1].price, price) * sign <= 0)
		to->n--;
	if (to->n == KNOWN_EDGES_MAX)
		thin(to);
	to->v[to->n++] = (struct edge){ price, INT64_MAX };
}

void known_price(struct known *k, struct str price, struct str currency,
		 int64_t time_us)
{
	struct decimal d;

	if (!decimal_parse(price, &d))
		return;
	if (!str_eq(currency, k->currency))
		k->highs.n = k->lows.n = 0;
	k->price = price;
	k->currency = currency;
	add_edge(&k->highs, d, 1, time_us);
	add_edge(&k->lows, d, -1, time_us);
}

static bool first_after(const struct edges *of, int64_t from_us,
			struct decimal *r)
{
	for (size_t i = 0; i < of->n; i++) {
		if (of->v[i].end_us > from_us) {
			*r = of->v[i].price;
			return true;
		}
	}
	return false;
}

bool known_highest(const struct known *k, int64_t from_us, struct decimal *r)
{
	return first_after(&k->highs, from_us, r);
}

bool known_lowest(const struct known *k, int64_t from_us, struct decimal *r)
{
	return first_after(&k->lows, from_us, r);
}

static void add_text(struct buf *b, const char *name, struct str text)
{
	if (!text.p)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_json_str(b, text);
}

static void add_edges(struct buf *b, const char *name, const struct edges *of)
{
	char out[DECIMAL_TEXT_MAX];

	buf_addf(b, ",\"%s\":[", name);
	for (size_t i = 0; i < of->n; i++)
		buf_addf(b, "%s[\"%s\",\"%lld\"]", i ? "," : "",
			 decimal_format(of->v[i].price, out),
			 (long long)of->v[i].end_us);
	buf_putc(b, ']');
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
	add_edges(b, "highs", &k->highs);
	add_edges(b, "lows", &k->lows);
	buf_putc(b, '}');
}

static bool is_said(struct str data, const char *name, struct arena *a,
		    struct str known)
{
	return !known.p || str_eq(json_get_text(data, name, a), known);
}

struct str known_data(const struct known *k, struct arena *a)
{
	static const char *const known[] = { "price", "currency",
					     "availability", NULL };
	struct json_iter it = json_iter(k->data);
	struct buf b = { 0 };
	struct str text;

	if (is_said(k->data, "price", a, k->price) &&
	    is_said(k->data, "currency", a, k->currency) &&
	    is_said(k->data, "availability", a, k->availability))
		return k->data;
	add_text(&b, "price", k->price);
	add_text(&b, "currency", k->currency);
	add_text(&b, "availability", k->availability);
	while (json_next(&it)) {
		if (str_is_any(it.key, known))
			continue;
		buf_addf(&b, ",\"%.*s\":", STR_ARG(it.key));
		buf_add_str(&b, it.value);
	}
	buf_putc(&b, '}');
	b.p[0] = '{'; /* in the place of the first comma */
	text = arena_str(a, buf_str(&b));
	buf_free(&b);
	return text;
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

static bool read_edge(struct str pair, struct arena *a, struct edge *edge)
{
	struct json_iter it = json_iter(pair);
	struct str text;

	return json_next(&it) && json_text(it.value, a, &text) &&
	       decimal_parse(text, &edge->price) && json_next(&it) &&
	       json_text(it.value, a, &text) && read_int(text, &edge->end_us);
}

static bool read_edges(struct str list, struct arena *a, struct edges *of)
{
	struct json_iter it = json_iter(list);

	for (of->n = 0; json_next(&it); of->n++)
		if (of->n == KNOWN_EDGES_MAX ||
		    !read_edge(it.value, a, &of->v[of->n]))
			return false;
	return true;
}

bool known_decode(struct str text, struct arena *a, struct known *k)
{
	struct str highs, lows;

	k->highs.n = k->lows.n = 0;
	if (!json_get(text, "data", &k->data) ||
	    !json_get(text, "highs", &highs) ||
	    !read_edges(highs, a, &k->highs) ||
	    !read_time(text, "time", a, &k->time_us) ||
	    !read_time(text, "recorded", a, &k->recorded_us))
		return false;
	k->price = json_get_text(text, "price", a);
	k->currency = json_get_text(text, "currency", a);
	k->availability = json_get_text(text, "availability", a);
	/* Versions before had none. */
	return !json_get(text, "lows", &lows) || read_edges(lows, a, &k->lows);
}
