#include "state.h"

#include "common/json.h"

static void add_tail(struct buf *b, bool is_search, struct str id)
{
	buf_puts(b, is_search ? "/s/" : "/r/");
	buf_add_str(b, id);
}

void state_key(struct buf *b, struct str thing, const struct rule *r)
{
	buf_reset(b);
	buf_puts(b, "state/");
	buf_add_str(b, thing);
	add_tail(b, r->is_search, r->id);
}

bool state_is_of(struct str key, bool is_search, struct str id)
{
	struct buf tail = { 0 };
	bool is;

	add_tail(&tail, is_search, id);
	is = str_ends(key, buf_str(&tail));
	buf_free(&tail);
	return is;
}

struct str state_rule(struct str key, bool *is_search_r)
{
	size_t at = key.len;

	while (at > 0 && key.p[at - 1] != '/')
		at--;
	*is_search_r = str_ends(str_sub(key, 0, at), STR("/s/"));
	return str_sub(key, at, key.len);
}

static void add_time(struct buf *b, const char *name, int64_t us)
{
	char text[CLK_TEXT_SIZE];

	if (us != CLK_NONE)
		buf_addf(b, ",\"%s\":\"%s\"", name, clk_format(us, text));
}

static void add_json(struct buf *b, const char *name, struct str json)
{
	if (!json.p)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_add_str(b, json);
}

void state_encode(const struct state *st, struct buf *b)
{
	const struct rule_state *r = &st->rule;

	buf_addf(b, "{\"firing\":%s", r->firing ? "true" : "false");
	if (r->told)
		buf_puts(b, ",\"told\":true");
	if (r->held)
		buf_puts(b, ",\"held\":true");
	if (r->gone)
		buf_puts(b, ",\"gone\":true");
	add_time(b, "fired", r->fired_us);
	add_time(b, "due", r->due_us);
	if (st->alert_id.p) {
		buf_puts(b, ",\"id\":");
		buf_json_str(b, st->alert_id);
	}
	if (r->held) {
		add_json(b, "cause", st->cause);
		add_json(b, "alert", st->alert);
		add_json(b, "note", st->note);
	}
	buf_putc(b, '}');
}

static bool is_true(struct str obj, const char *key)
{
	struct str value;

	return json_get(obj, key, &value) && str_is(value, "true");
}

static int64_t get_time(struct str obj, const char *key, struct arena *a)
{
	struct str value, text;
	int64_t us;

	if (json_get(obj, key, &value) && json_text(value, a, &text) &&
	    clk_parse(text, &us))
		return us;
	return CLK_NONE;
}

bool state_decode(struct str text, struct arena *a, struct state *st)
{
	struct str value;

	*st = (struct state){
		.rule = { .firing = is_true(text, "firing"),
			  .told = is_true(text, "told"),
			  .held = is_true(text, "held"),
			  .gone = is_true(text, "gone"),
			  .fired_us = get_time(text, "fired", a),
			  .due_us = get_time(text, "due", a) },
	};
	st->alert_id = json_get_text(text, "id", a);
	json_get(text, "cause", &st->cause);
	json_get(text, "alert", &st->alert);
	json_get(text, "note", &st->note);
	return json_get(text, "firing", &value) &&
	       (!st->rule.held || (st->cause.p && st->alert.p && st->note.p));
}

int64_t state_due(const struct state *st)
{
	return st->rule.held || st->rule.gone ? st->rule.due_us : CLK_NONE;
}
