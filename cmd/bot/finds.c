#include "finds.h"

#include <stdio.h>

#include "common/json.h"

#include "bot.h"
#include "errand.h"

enum { FORGET_A_TURN = 16, KEY_LEN = 16 };

static struct str key_text(int64_t us, char out[40])
{
	int n = snprintf(out, 40, "f/%0*llx", KEY_LEN, (unsigned long long)us);

	return (struct str){ out, (size_t)n };
}

struct forgetting {
	struct stage *s;
	struct str limit;
	int n;
};

static int forget(void *arg, struct str key, struct str val, struct err *e)
{
	struct forgetting *f = arg;

	(void)val;
	if (f->n++ == FORGET_A_TURN || str_cmp(key, f->limit) >= 0)
		return 1;
	return stage_del(f->s, key, e) < 0 ? -1 : 0;
}

/* "Seamaster 300 — 4100 EUR" */
static void label(struct buf *b, struct str title, struct str price,
		  struct str currency)
{
	buf_reset(b);
	buf_add_str(b, title);
	if (!price.p)
		return;
	buf_puts(b, " – ");
	buf_add_str(b, price);
	if (currency.p) {
		buf_putc(b, ' ');
		buf_add_str(b, currency);
	}
}

static void list(struct str finds, struct str key, struct arena *a,
		 struct reply *r)
{
	struct json_iter it = json_iter(finds);
	struct buf text = { 0 }, data = { 0 };

	for (size_t i = 0; json_next(&it); i++) {
		label(&text, json_get_text(it.value, "title", a),
		      json_get_text(it.value, "price", a),
		      json_get_text(it.value, "currency", a));
		buf_reset(&data);
		buf_puts(&data, "f:");
		buf_add_str(&data, key);
		buf_addf(&data, ":%zu", i);
		reply_button(r, buf_str(&text), buf_str(&data));
	}
	buf_free(&text);
	buf_free(&data);
}

int finds_offer(struct bot *b, int64_t chat, struct str kind, struct str query,
		struct str finds, struct err *e)
{
	int64_t now_us = clk_wall_us();
	char key_out[40], limit[40];
	struct str key = key_text(now_us, key_out);
	struct forgetting f = {
		.s = b->stage,
		.limit = key_text(now_us - FINDS_KEPT_S * 1000000LL, limit),
	};
	struct reply r = { .n_buttons = 0 };
	struct arena a = { 0 };
	struct buf row = { 0 };
	int rc;

	buf_puts(&row, "{\"kind\":");
	buf_json_str(&row, kind);
	buf_puts(&row, ",\"finds\":");
	buf_add_str(&row, finds);
	buf_putc(&row, '}');
	rc = stage_each(b->stage, STR("f/"), forget, &f, e) < 0 ? -1 : 0;
	if (!rc)
		rc = stage_put(b->stage, key, buf_str(&row), e);
	reply_puts(&r, "Found for <b>");
	reply_text(&r, str_utf8_prefix(query, 200));
	reply_puts(&r, "</b>. Which one shall be watched?");
	list(finds, str_sub(key, 2, key.len), &a, &r);
	if (!rc)
		rc = errand_send(b, chat, &r, e);
	reply_free(&r);
	buf_free(&row);
	arena_free(&a);
	return rc;
}

int finds_get(struct bot *b, struct str data, struct arena *a,
	      struct find *find_r, struct err *e)
{
	struct str rest, key = str_cut(str_sub(data, 2, data.len), ':', &rest);
	struct str val, finds;
	struct json_iter it;
	char out[40];
	uint64_t want;
	int got;

	if (key.len != KEY_LEN || !str_u64(rest, &want))
		return 0;
	snprintf(out, sizeof(out), "f/%.*s", STR_ARG(key));
	got = stage_get(b->stage, str_from(out), &val, e);
	if (got <= 0)
		return got;
	val = arena_str(a, val);
	if (!json_get(val, "finds", &finds))
		return 0;
	it = json_iter(finds);
	for (uint64_t i = 0; json_next(&it); i++) {
		if (i != want)
			continue;
		*find_r = (struct find){
			.url = json_get_text(it.value, "url", a),
			.title = json_get_text(it.value, "title", a),
			.kind = json_get_text(val, "kind", a),
		};
		return find_r->url.p != NULL;
	}
	return 0;
}
