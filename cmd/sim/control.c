#include "control.h"

#include <stdio.h>
#include <sysexits.h>

#include "common/decimal.h"
#include "common/err.h"
#include "common/json.h"
#include "common/xmem.h"

#include "fill.h"

/* "7900.00" or 7900, as cents. */
static int get_cents(const struct json *price, int64_t *cents_r, struct err *e)
{
	const char *text = json_string(price);
	const struct decimal hundred = decimal_from_int(100);
	struct decimal d, whole;

	if (!text)
		text = json_number(price);
	if (!text || !decimal_parse(str_from(text), &d) ||
	    !decimal_mul(d, hundred, &d) || !decimal_round(d, 0, &whole) ||
	    decimal_cmp(d, whole) != 0 || decimal_sign(d) < 0 ||
	    decimal_cmp(d, decimal_from_int(WORLD_CENTS_MAX)) > 0)
		return err_set(e, EX_DATAERR, "price: not an amount in cents");
	*cents_r = (int64_t)whole.coef;
	return 0;
}

static int post_tick(struct site *s, const struct json *in, struct buf *out,
		     struct err *e)
{
	const struct json *n = json_member(in, "n");
	uint64_t ticks = 1;

	if (n && (!str_u64(str_from(json_number(n)), &ticks) ||
		  ticks > WORLD_STEP_MAX))
		return err_set(e, EX_DATAERR, "n: not between 0 and %d",
			       WORLD_STEP_MAX);
	world_step(s->world, (unsigned)ticks);
	buf_addf(out, "{\"tick\":%llu}\n", (unsigned long long)s->world->tick);
	return 0;
}

static void print_product(const struct product *p, struct buf *b)
{
	char price[FILL_MONEY_SIZE];

	FILL(b,
	     "{\"id\":{j:id},\"kind\":{j:kind},\"name\":{j:name},"
	     "\"price\":{j:price},\"currency\":\"USD\",\"stock\":{stock},"
	     "\"held\":{held}}",
	     { "id", str_from(p->id) }, { "kind", str_from(p->kind) },
	     { "name", str_from(p->name) },
	     { "price", fill_money(p->cents, MONEY_PLAIN, price) },
	     { "stock", p->in_stock ? STR("true") : STR("false") },
	     { "held", p->held ? STR("true") : STR("false") });
}

static void print_ad(const struct ad *ad, struct buf *b)
{
	char price[FILL_MONEY_SIZE], posted[FILL_DATE_SIZE];

	FILL(b,
	     "{\"id\":{j:id},\"source\":{j:source},\"title\":{j:title},"
	     "\"price\":{j:price},\"currency\":\"USD\",\"place\":{j:place},"
	     "\"posted\":{j:posted}}",
	     { "id", str_from(ad->id) },
	     { "source", str_from(world_sources[ad->source]) },
	     { "title", str_from(ad->title) },
	     { "price", fill_money(ad->cents, MONEY_PLAIN, price) },
	     { "place", str_from(ad->place) },
	     { "posted", fill_iso_date(ad->posted_s, posted) });
}

static int post_set(struct site *s, const struct json *in, struct buf *out,
		    struct err *e)
{
	struct str item = str_from(json_string(json_member(in, "item")));
	const struct json *price = json_member(in, "price");
	const struct json *stock = json_member(in, "stock");
	int64_t cents = -1;

	if (price && get_cents(price, &cents, e))
		return -1;
	if (!world_set(s->world, item, cents, stock ? json_true(stock) : -1,
		       json_true(json_member(in, "hold"))))
		return err_set(e, EX_DATAERR, "item: there is none '%.*s'",
			       STR_ARG(item));
	print_product(world_product(s->world, item), out);
	buf_putc(out, '\n');
	return 0;
}

static int post_ad(struct site *s, const struct json *in, struct buf *out,
		   struct err *e)
{
	struct str id = str_from(json_string(json_member(in, "id")));
	struct str title = str_from(json_string(json_member(in, "title")));
	int source =
		world_source(str_from(json_string(json_member(in, "source"))));
	const struct ad *ad;
	int64_t cents;

	if (json_true(json_member(in, "remove"))) {
		if (!world_remove_ad(s->world, id))
			return err_set(e, EX_DATAERR,
				       "id: there is none '%.*s'", STR_ARG(id));
		buf_puts(out, "{\"removed\":true}\n");
		return 0;
	}
	if (source < 0)
		return err_set(e, EX_DATAERR, "source: there is no such");
	if (title.len == 0)
		return err_set(e, EX_DATAERR, "title: missing");
	if (get_cents(json_member(in, "price"), &cents, e))
		return -1;
	ad = world_put_ad(s->world, id, (unsigned)source, title, cents);
	if (!ad)
		return err_set(e, EX_DATAERR,
			       "id: no id, of another source, or too many");
	print_ad(ad, out);
	buf_putc(out, '\n');
	return 0;
}

static int post_ads(struct site *s, const struct json *in, struct buf *out,
		    struct err *e)
{
	const char *fail = json_number(json_member(in, "fail"));

	if (!fail || !str_u64(str_from(fail), &s->world->ads_fail))
		return err_set(e, EX_DATAERR, "fail: no number of a page");
	buf_puts(out, "{\"ok\":true}\n");
	return 0;
}

static int post_robots(struct site *s, const struct json *in, struct buf *out,
		       struct err *e)
{
	struct str path = str_from(json_string(json_member(in, "path")));

	if (!path.p || !str_copy(s->robots, sizeof(s->robots), path))
		return err_set(e, EX_DATAERR, "path: missing or too long");
	buf_puts(out, "{\"ok\":true}\n");
	return 0;
}

static int post_hook(struct site *s, const struct json *in, struct buf *out,
		     struct err *e)
{
	if (hooks_script(&s->hooks, in, e))
		return -1;
	buf_puts(out, "{\"ok\":true}\n");
	return 0;
}

static int post_chat(struct site *s, const struct json *in, struct buf *out,
		     struct err *e)
{
	if (chats_control(&s->chats, in, e))
		return -1;
	buf_puts(out, "{\"ok\":true}\n");
	return 0;
}

static void get_chat(struct site *s, struct str name, struct answer *a)
{
	const struct chat_room *r = chats_room(&s->chats, name);

	if (r)
		chats_describe(r, &a->body);
	else
		answer_error(a, 404, "No such room.");
}

static void get_state(const struct site *s, struct buf *b)
{
	const struct world *w = s->world;
	const char *separator = "\n";
	char now[FILL_DATE_SIZE];

	/* A seed has up to 64 bits, more than JSON readers keep of a number. */
	buf_addf(b,
		 "{\"seed\":\"%llu\",\"tick\":%llu,\"now\":\"%s\","
		 "\"products\":[",
		 (unsigned long long)w->seed, (unsigned long long)w->tick,
		 fill_iso_date(w->now_s, now).p);
	for (size_t i = 0; i < w->n_products; i++) {
		buf_puts(b, i ? ",\n" : "\n");
		print_product(&w->products[i], b);
	}
	buf_puts(b, "],\"ads\":[");
	for (size_t i = 0; i < w->n_ads; i++) {
		if (!w->ads[i].here)
			continue;
		buf_puts(b, separator);
		print_ad(&w->ads[i], b);
		separator = ",\n";
	}
	buf_puts(b, "]}\n");
}

static void get_log(const struct site *s, struct buf *b)
{
	buf_puts(b, "{\"paths\":{");
	for (size_t i = 0; i < s->log.n; i++) {
		buf_puts(b, i ? ",\n" : "\n");
		buf_json_str(b, str_from(s->log.v[i].key));
		buf_addf(b, ":%llu", (unsigned long long)s->log.v[i].count);
	}
	buf_addf(b, "},\"others\":%llu}\n", (unsigned long long)s->log.others);
}

static void answer_post(struct visit *v, struct str rest)
{
	static const struct {
		const char *name;
		int (*fn)(struct site *s, const struct json *in,
			  struct buf *out, struct err *e);
	} posts[] = {
		{ "chat", post_chat }, { "tick", post_tick },
		{ "set", post_set },   { "ad", post_ad },
		{ "hook", post_hook }, { "robots", post_robots },
		{ "ads", post_ads },
	};
	struct str body = v->rq->body.len ? v->rq->body : STR("{}");
	struct err e = { 0 };
	struct json *in;
	size_t i = 0;

	while (i < ARRAY_LEN(posts) && !str_is(rest, posts[i].name))
		i++;
	if (i == ARRAY_LEN(posts)) {
		answer_error(v->a, 404, "No such control.");
		return;
	}
	in = json_parse(body, JSON_STRICT, &e);
	if (!in || posts[i].fn(v->site, in, &v->a->body, &e)) {
		v->a->status = 400;
		FILL(&v->a->body, "{\"error\":{j:why}}\n",
		     { "why", str_from(e.msg) });
	}
	json_free(&in);
}

void control_answer(struct visit *v, struct str rest)
{
	struct str name, first = str_cut(rest, '/', &name);

	v->a->type = "application/json";
	v->a->cache_control = "no-store";
	if (!v->rq->control)
		answer_error(v->a, 403, "Only from this machine.");
	else if (str_is(v->rq->method, "POST"))
		answer_post(v, rest);
	else if (str_is(rest, "state"))
		get_state(v->site, &v->a->body);
	else if (str_is(rest, "log"))
		get_log(v->site, &v->a->body);
	else if (str_is(first, "hook") && str_is_id(name))
		hooks_print(&v->site->hooks, name, &v->a->body);
	else if (str_is(first, "chat") && str_is_id(name))
		get_chat(v->site, name, v->a);
	else
		answer_error(v->a, 404, "No such control.");
}
