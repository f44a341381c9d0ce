#include "known.h"

#include <string.h>

#include "common/clk.h"
#include "common/json.h"
#include "common/xmem.h"

enum { EDGE_BYTES = sizeof(decimal_coef) + sizeof(int64_t) + 1 };

/* Without the room for edges, which is large. */
void known_init(struct known *k)
{
	k->data = k->price = k->currency = k->availability = (struct str){ 0 };
	k->time_us = k->recorded_us = CLK_NONE;
	k->highs.n = k->lows.n = 0;
}

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

/* ---- as bytes ---- */

enum { BYTES_FORMAT = 1 }; /* no first byte of JSON */

/* Behind it the edges, first the highs, and the texts. */
struct head {
	uint8_t format, n_highs, n_lows, n_texts;
	uint32_t len[4]; /* of the texts; ABSENT */
	int64_t time_us, recorded_us;
};
static const uint32_t ABSENT = UINT32_MAX;

static char *put_edges(char *at, const struct edges *of)
{
	for (size_t i = 0; i < of->n; i++) {
		const struct edge *edge = &of->v[i];
		uint8_t scale = (uint8_t)edge->price.scale;

		memcpy(at, &edge->price.coef, sizeof(decimal_coef));
		memcpy(at + sizeof(decimal_coef), &edge->end_us,
		       sizeof(int64_t));
		memcpy(at + sizeof(decimal_coef) + sizeof(int64_t), &scale, 1);
		at += EDGE_BYTES;
	}
	return at;
}

void known_encode(const struct known *k, struct buf *b)
{
	const struct str text[] = { k->data, k->price, k->currency,
				    k->availability };
	struct head h = { .format = BYTES_FORMAT,
			  .n_highs = (uint8_t)k->highs.n,
			  .n_lows = (uint8_t)k->lows.n,
			  .n_texts = ARRAY_LEN(text),
			  .time_us = k->time_us,
			  .recorded_us = k->recorded_us };
	size_t n = sizeof(h) + (k->highs.n + k->lows.n) * EDGE_BYTES;
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		h.len[i] = text[i].p ? (uint32_t)text[i].len : ABSENT;
		n += text[i].len;
	}
	at = buf_reserve(b, n);
	if (!at)
		return;
	memcpy(at, &h, sizeof(h));
	at = put_edges(at + sizeof(h), &k->highs);
	at = put_edges(at, &k->lows);
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		if (text[i].len)
			memcpy(at, text[i].p, text[i].len);
		at += text[i].len;
	}
	*at = '\0';
	b->len += n;
}

static void take_edges(struct str *rest, size_t n, struct edges *of)
{
	for (of->n = 0; of->n < n; of->n++) {
		struct edge *edge = &of->v[of->n];
		const char *at = rest->p;

		memcpy(&edge->price.coef, at, sizeof(decimal_coef));
		memcpy(&edge->end_us, at + sizeof(decimal_coef),
		       sizeof(int64_t));
		edge->price.scale =
			(uint8_t)at[sizeof(decimal_coef) + sizeof(int64_t)];
		*rest = str_sub(*rest, EDGE_BYTES, rest->len);
	}
}

static bool decode_bytes(struct str bytes, struct known *k)
{
	struct str text[4] = { { 0 } };
	struct head h;
	size_t n = sizeof(h);

	if (bytes.len < n)
		return false;
	memcpy(&h, bytes.p, sizeof(h));
	if (h.n_texts != ARRAY_LEN(text) || h.n_highs > KNOWN_EDGES_MAX ||
	    h.n_lows > KNOWN_EDGES_MAX)
		return false;
	n += (size_t)(h.n_highs + h.n_lows) * EDGE_BYTES;
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		n += h.len[i] == ABSENT ? 0 : h.len[i];
	if (n != bytes.len)
		return false;
	bytes = str_sub(bytes, sizeof(h), bytes.len);
	take_edges(&bytes, h.n_highs, &k->highs);
	take_edges(&bytes, h.n_lows, &k->lows);
	for (size_t i = 0; i < ARRAY_LEN(text); i++) {
		if (h.len[i] == ABSENT)
			continue;
		text[i] = str_sub(bytes, 0, h.len[i]);
		bytes = str_sub(bytes, h.len[i], bytes.len);
	}
	k->data = text[0];
	k->price = text[1];
	k->currency = text[2];
	k->availability = text[3];
	k->time_us = h.time_us;
	k->recorded_us = h.recorded_us;
	return true;
}

/* ---- as versions before wrote it ---- */

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

static bool decode_json(struct str text, struct arena *a, struct known *k)
{
	struct str highs;

	k->lows.n = 0;
	if (json_check(text, 0, NULL) || !json_get(text, "data", &k->data) ||
	    !json_get(text, "highs", &highs) ||
	    !read_edges(highs, a, &k->highs) ||
	    !read_time(text, "time", a, &k->time_us) ||
	    !read_time(text, "recorded", a, &k->recorded_us))
		return false;
	k->price = json_get_text(text, "price", a);
	k->currency = json_get_text(text, "currency", a);
	k->availability = json_get_text(text, "availability", a);
	return true;
}

bool known_decode(struct str bytes, struct arena *a, struct known *k)
{
	return bytes.len && bytes.p[0] == BYTES_FORMAT
		       ? decode_bytes(bytes, k)
		       : decode_json(bytes, a, k);
}
