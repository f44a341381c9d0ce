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

struct str state_item(struct str key)
{
	struct str rest = str_sub(key, sizeof("state/") - 1, key.len);

	return str_cut(rest, '/', &rest);
}

bool state_has_more(const struct state *st)
{
	return rule_is_held(&st->rule) || st->rule.ending;
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

static void add_text(struct buf *b, const char *name, struct str text)
{
	if (!text.p)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_json_str(b, text);
}

/* As people read it, but for "quiet". */
static const char *life_word(enum life life)
{
	return life == LIFE_QUIET ? "quiet" : life_name(life);
}

void state_encode(const struct state *st, struct buf *b)
{
	const struct rule_state *r = &st->rule;

	buf_addf(b, "{\"state\":\"%s\"", life_word(r->life));
	if (r->life == LIFE_SUPPRESSED)
		buf_addf(b, ",\"hold\":\"%s\"", hold_name(r->hold));
	if (r->ending)
		buf_puts(b, ",\"ending\":true");
	if (r->happened)
		buf_puts(b, ",\"happened\":true");
	if (r->said)
		buf_addf(b, ",\"judged\":\"%u\"", (unsigned)r->said);
	add_time(b, "fired", r->fired_us);
	add_time(b, "due", r->due_us);
	add_text(b, "id", st->alert_id);
	add_text(b, "item", st->item);
	add_text(b, "price", st->price);
	add_text(b, "offer", st->offer);
	if (state_has_more(st)) {
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

/* A version before this one had other words, and no more than these states. */
static bool read_old(struct str text, struct rule_state *r)
{
	struct str value;

	if (!json_get(text, "firing", &value))
		return false;
	if (!str_is(value, "true")) {
		r->life = LIFE_INACTIVE;
	} else if (is_true(text, "told")) {
		r->life = LIFE_FIRING;
	} else if (is_true(text, "held")) {
		r->life = LIFE_SUPPRESSED;
		r->hold = HOLD_SILENCE; /* or a cooldown, which has an end */
	} else {
		r->life = LIFE_QUIET;
	}
	return true;
}

static bool read_life(struct str text, struct str word, struct arena *a,
		      struct rule_state *r)
{
	const struct str hold = json_get_text(text, "hold", a);

	for (int i = LIFE_INACTIVE; i <= LIFE_ACKED; i++) {
		if (!str_is(word, life_word((enum life)i)))
			continue;
		r->life = (enum life)i;
		for (int j = HOLD_NONE; j <= HOLD_INHIBITED; j++)
			if (hold.p && str_is(hold, hold_name((enum hold)j)))
				r->hold = (enum hold)j;
		return true;
	}
	return false;
}

bool state_decode(struct str text, struct arena *a, struct state *st)
{
	const struct str word = json_get_text(text, "state", a);
	struct rule_state *r = &st->rule;
	uint64_t said;

	*st = (struct state){
		.rule = { .ending = is_true(text, "ending"),
			  .happened = is_true(text, "happened"),
			  .fired_us = get_time(text, "fired", a),
			  .due_us = get_time(text, "due", a) },
	};
	st->is_old = !word.p;
	if (st->is_old ? !read_old(text, r) : !read_life(text, word, a, r))
		return false;
	if (str_u64(json_get_text(text, "judged", a), &said) &&
	    said <= UINT32_MAX)
		r->said = (uint32_t)said;
	st->alert_id = json_get_text(text, "id", a);
	st->item = json_get_text(text, "item", a);
	st->price = json_get_text(text, "price", a);
	st->offer = json_get_text(text, "offer", a);
	json_get(text, "cause", &st->cause);
	json_get(text, "alert", &st->alert);
	json_get(text, "note", &st->note);
	/* There it was that of the alert before this one. */
	if (st->is_old && rule_is_held(r))
		st->alert_id = json_get_text(st->alert, "id", a);
	return !state_has_more(st) ||
	       (st->cause.p && st->alert.p && st->note.p);
}

int64_t state_due(const struct state *st)
{
	return st->rule.due_us;
}
