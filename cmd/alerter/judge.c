/*
 * What rules make of what was seen. The life of each rule and thing is in
 * lifecycle.h; here it is loaded, said and saved.
 *
 * Beside the states the ledger has "alert/ID" for each alert that may be
 * acknowledged: the key of its state.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/log.h"
#include "common/types_rule.h"

#include "alert.h"
#include "alerter.h"
#include "freshness.h"
#include "nodata.h"
#include "say.h"

/* ---- states ---- */

struct turn { /* one look at one state */
	struct str key;
	bool is_kept; /* in the ledger, as: */
	struct str text;
	struct state old, st; /* before and after */
	const struct rule *r; /* NULL: nobody has it any more */
};

static struct str copy_key(struct alerter *al, struct str key)
{
	return arena_str(&al->arena, key);
}

static int load(struct alerter *al, struct stage *s, struct turn *t,
		struct err *e)
{
	struct str bytes;
	int got = stage_get(s, t->key, &bytes, e);

	t->old = (struct state){ .rule = LIFE_FRESH };
	if (got < 0)
		return -1;
	if (got > 0) {
		/* The bytes die with the next change of the ledger. */
		t->text = arena_str(&al->arena, bytes);
		t->is_kept = true;
		if (!state_decode(t->text, &al->arena, &t->old))
			return err_set(e, EX_DATAERR,
				       "%.*s: written by another version",
				       STR_ARG(t->key));
	}
	t->st = t->old;
	return got;
}

/* What an item's target and other rules that nobody set are like here. */
static const struct rule built_in = { .user = { RULE_USER,
						sizeof(RULE_USER) - 1 } };

static const struct rule *rule_of(const struct turn *t)
{
	return t->r ? t->r : &built_in;
}

/* The state under a key, with its rule. */
static int load_key(struct alerter *al, struct stage *s, struct str key,
		    struct turn *t, struct err *e)
{
	bool is_search;
	struct str id;

	*t = (struct turn){ .key = copy_key(al, key) };
	id = state_rule(t->key, &is_search);
	t->r = percolator_get(al->percolator, is_search, id);
	return load(al, s, t, e);
}

/* Its alert can be acknowledged under this id; absent: none. */
static struct str ack_id(const struct state *st)
{
	return st->rule.life == LIFE_FIRING || st->rule.life == LIFE_ACKED
		       ? st->alert_id
		       : (struct str){ 0 };
}

static int save_ack(struct stage *s, const struct turn *t, struct err *e)
{
	struct str old = ack_id(&t->old), new = ack_id(&t->st);
	struct buf key = { 0 };
	int rc = 0;

	if (old.p && new.p && str_eq(old, new))
		return 0;
	if (old.p) {
		buf_puts(&key, "alert/");
		buf_add_str(&key, old);
		rc = stage_del(s, buf_str(&key), e) < 0 ? -1 : 0;
	}
	if (!rc && new.p) {
		buf_reset(&key);
		buf_puts(&key, "alert/");
		buf_add_str(&key, new);
		rc = stage_put(s, buf_str(&key), t->key, e);
	}
	buf_free(&key);
	return rc;
}

void judge_watch(struct alerter *al, struct str key, const struct state *st)
{
	bool waits = st->rule.life == LIFE_SUPPRESSED &&
		     st->rule.hold != HOLD_COOLDOWN;

	deadlines_set(&al->deadlines, key, state_due(st));
	/* All at one time: they stand in the order of their keys. */
	deadlines_set(&al->suppressed, key, waits ? 0 : CLK_NONE);
}

static int save(struct alerter *al, struct stage *s, struct turn *t,
		struct err *e)
{
	const struct state none = { .rule = LIFE_FRESH };

	if (!rule_state_matters(&t->st.rule)) {
		t->st = none;
		if (!t->is_kept)
			return 0;
		judge_watch(al, t->key, &none);
		return save_ack(s, t, e) || stage_del(s, t->key, e) < 0 ? -1
									: 0;
	}
	buf_reset(&al->text);
	state_encode(&t->st, &al->text);
	if (t->is_kept && str_eq(buf_str(&al->text), t->text))
		return 0;
	judge_watch(al, t->key, &t->st);
	return stage_put(s, t->key, buf_str(&al->text), e) || save_ack(s, t, e)
		       ? -1
		       : 0;
}

int judge_renew(struct alerter *al, struct stage *s, struct str key,
		struct err *e)
{
	struct turn t;
	int got = load_key(al, s, key, &t, e);

	if (got <= 0)
		return got;
	t.old.alert_id = (struct str){ 0 }; /* it could not be acknowledged */
	return save(al, s, &t, e);
}

/* ---- what holds an alert back ---- */

struct silence_asked {
	struct alerter *al;
	const struct hearing *h; /* or NULL, and: */
	const struct rule *r;
	struct str json; /* the alert, once it was made */
};

/* Only silences with a condition want to know what it says. */
static struct str alert_json(void *arg)
{
	struct silence_asked *asked = arg;
	struct alerter *al = asked->al;
	struct type_alert alert;
	struct buf b = { 0 };

	if (asked->json.p)
		return asked->json;
	alert_make(asked->r, asked->h->seen,
		   event_cause(asked->h->ev, &al->arena), false, &al->arena,
		   &alert);
	shape_encode(&shape_alert, &alert, &b);
	asked->json = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return asked->json;
}

static void ask_silences(struct alerter *al, const struct type_alert *alert,
			 struct silence_asked *asked, struct occasion *o)
{
	const struct silence_case c = {
		.topic = alert_topic("alert.new", alert, &al->arena),
		.user = alert->user,
		.recorded_us = o->recorded_us,
		.data = alert_json,
		.arg = asked,
	};

	if (silences_cover(&al->silences, &c, &o->hold_until_us))
		o->hold = HOLD_SILENCE;
}

static bool is_quiet(const struct hearing *h, const struct rule *r)
{
	if (h->seen->kind == SIGHTING_LISTING ||
	    h->seen->kind == SIGHTING_PAGE || h->seen->kind == SIGHTING_CHAT)
		return h->seen->baseline;
	return rule_needs_change(r) && (h->is_set || h->first);
}

static struct occasion occasion(struct alerter *al, const struct hearing *h,
				const struct rule *r, enum verdict v)
{
	const struct type_alert as = { .rule = r->id,
				       .user = r->user,
				       .item = h->seen->item };
	struct silence_asked asked = { .al = al, .h = h, .r = r };
	struct occasion o = { .recorded_us = h->recorded_us,
			      .hold_until_us = CLK_NONE };

	o.momentary = rule_is_momentary(r) || h->seen->kind == SIGHTING_PAGE ||
		      h->seen->kind == SIGHTING_CHAT ||
		      h->seen->kind == SIGHTING_OTHER;
	o.quiet = is_quiet(h, r);
	if (v == VERDICT_YES)
		ask_silences(al, &as, &asked, &o);
	return o;
}

/* ---- what is said ---- */

static struct saying saying_of(const struct hearing *h)
{
	return (struct saying){ .stage = h->stage,
				.cause = h->ev,
				.time_us = h->time_us,
				.recorded_us = h->recorded_us };
}

static struct str note_of(struct alerter *al, const struct hearing *h,
			  const struct rule *r, const struct type_alert *alert)
{
	struct buf b = { 0 };
	struct str note;

	alert_notification(r, h->seen, alert, h->time_us, &al->arena, &b);
	note = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return note;
}

static void set_states(struct type_alert *alert, const char *state,
		       enum life was)
{
	alert->state = str_from(state);
	alert->was = str_from(life_name(was));
}

static struct str encode_alert(struct alerter *al,
			       const struct type_alert *alert)
{
	struct buf b = { 0 };
	struct str json;

	shape_encode(&shape_alert, alert, &b);
	json = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return json;
}

/* What changes an alert, beside its price. */
static struct str offer_of(struct alerter *al, const struct hearing *h)
{
	struct buf b = { 0 };
	struct str offer = { 0 };

	if (h->seen->seller.p)
		buf_add_str(&b, str_utf8_prefix(h->seen->seller, 64));
	if (h->seen->matter.availability.p) {
		buf_putc(&b, '\n');
		buf_add_str(&b,
			    str_utf8_prefix(h->seen->matter.availability, 64));
	}
	if (b.len)
		offer = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return offer;
}

/* Keep in st what will be said at its time. */
static void hold(struct alerter *al, const struct hearing *h,
		 const struct rule *r, struct type_alert *alert,
		 struct state *st)
{
	struct buf b = { 0 };

	buf_json_str(&b, event_cause(h->ev, &al->arena));
	st->cause = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	set_states(alert, st->rule.ending ? "resolved" : "firing",
		   st->rule.life);
	st->alert = encode_alert(al, alert);
	st->note = note_of(al, h, r, alert);
	st->offer = offer_of(al, h);
}

static int say_suppressed(struct alerter *al, const struct saying *by,
			  const struct turn *t, struct type_alert *alert,
			  struct err *e)
{
	char until[CLK_TEXT_SIZE];

	set_states(alert, "suppressed", t->old.rule.life);
	alert->reason = str_from(hold_name(t->st.rule.hold));
	if (t->st.rule.life == LIFE_SUPPRESSED && t->st.rule.due_us != CLK_NONE)
		alert->until = str_from(clk_format(t->st.rule.due_us, until));
	return say_record(al, by, "alert.suppressed", alert, e);
}

static void remember_said(struct alerter *al, const struct hearing *h,
			  const struct type_alert *alert, struct str key,
			  struct state *st)
{
	st->alert_id = alert->id;
	st->price = alert->currentPrice;
	st->offer = offer_of(al, h);
	st->item = (struct str){ 0 };
	if (!str_eq(alert->item.id, state_item(key)))
		st->item = alert->item.id;
}

/* Lower by so much: not each cent is news. */
static bool is_lower(struct str price, struct str said)
{
	const struct decimal part = { 100 - JUDGE_UPDATE_PERCENT, 2 };
	struct decimal now, then;

	return price.p && said.p && decimal_parse(price, &now) &&
	       decimal_parse(said, &then) && decimal_sign(then) > 0 &&
	       decimal_mul(then, part, &then) && decimal_cmp(now, then) <= 0;
}

static bool has_changed(struct alerter *al, const struct hearing *h,
			const struct state *st)
{
	struct str offer;

	if (st->rule.happened || h->seen->kind == SIGHTING_WATCH)
		return false;
	if (is_lower(h->seen->matter.price, st->price))
		return true;
	offer = offer_of(al, h);
	return offer.p && st->offer.p && !str_eq(offer, st->offer);
}

static bool is_told(const struct state *st)
{
	return st->rule.life == LIFE_FIRING || st->rule.life == LIFE_ACKED;
}

static int say_update(struct alerter *al, const struct hearing *h,
		      struct turn *t, struct type_alert *alert, struct err *e)
{
	const struct saying by = saying_of(h);

	set_states(alert, life_name(t->st.rule.life), t->old.rule.life);
	remember_said(al, h, alert, t->key, &t->st);
	return say_change(al, &by, DISPATCH_UPDATE, t->r, alert,
			  note_of(al, h, t->r, alert), e);
}

/* Its id stays while it is one alert, from the first that was made of it. */
static void keep_id(const struct turn *t, struct type_alert *alert)
{
	if (t->old.rule.life != LIFE_INACTIVE && !t->old.rule.happened &&
	    t->old.alert_id.p)
		alert->id = t->old.alert_id;
}

static int carry_out(struct alerter *al, const struct hearing *h,
		     struct turn *t, enum rule_action action, bool update,
		     struct err *e)
{
	struct saying by = saying_of(h);
	struct state *st = &t->st;
	char until[CLK_TEXT_SIZE];
	struct type_alert alert;

	alert_make(t->r, h->seen, event_cause(h->ev, &al->arena),
		   action == RULE_RESOLVE || st->rule.ending, &al->arena,
		   &alert);
	keep_id(t, &alert);
	by.happened = st->rule.happened;
	switch (action) {
	case RULE_FIRE:
		/* Only for what has no end. */
		if (st->rule.happened)
			alert.until = str_from(clk_format(
				h->recorded_us + (int64_t)LIFE_ACK_MS * 1000,
				until));
		set_states(&alert, "firing",
			   t->old.rule.happened ? LIFE_INACTIVE
						: t->old.rule.life);
		remember_said(al, h, &alert, t->key, st);
		return say_change(al, &by, DISPATCH_NEW, t->r, &alert,
				  note_of(al, h, t->r, &alert), e);
	case RULE_SUPPRESS:
		if (st->rule.life == LIFE_SUPPRESSED) {
			st->alert_id = alert.id;
			hold(al, h, t->r, &alert, st);
		}
		return say_suppressed(al, &by, t, &alert, e);
	case RULE_RESOLVE:
		set_states(&alert, "resolved", t->old.rule.life);
		return say_change(al, &by, DISPATCH_RESOLVED, t->r, &alert,
				  note_of(al, h, t->r, &alert), e);
	case RULE_NOTHING: break;
	}
	/* What is still held says what is so now. */
	if (state_has_more(st)) {
		st->alert_id = alert.id;
		hold(al, h, t->r, &alert, st);
	}
	return update ? say_update(al, h, t, &alert, e) : 0;
}

/* ---- events ---- */

int judge_rule(struct alerter *al, const struct hearing *h,
	       const struct rule *r, struct err *e)
{
	struct buf key = { 0 };
	struct turn t = { .r = r };
	struct occasion o;
	enum rule_action action;
	enum verdict v;
	bool update;
	int got, rc = -1;

	state_key(&key, h->seen->key, r);
	t.key = buf_str(&key);
	got = load(al, h->stage, &t, e);
	if (got < 0)
		goto out;
	v = rule_judge(r, &h->seen->matter, rule_is_firing(&t.st.rule));
	rc = 0;
	/* Most rules see nothing, and have seen nothing. */
	if (v == VERDICT_UNKNOWN || (v == VERDICT_NO && !got))
		goto out;
	o = occasion(al, h, r, v);
	action = rule_step(r, &t.st.rule, v, &o);
	update = v == VERDICT_YES && action == RULE_NOTHING && is_told(&t.st) &&
		 o.hold == HOLD_NONE && !h->is_set && has_changed(al, h, &t.st);
	if (action != RULE_NOTHING || update || state_has_more(&t.st))
		rc = carry_out(al, h, &t, action, update, e);
	if (!rc)
		rc = save(al, h->stage, &t, e);
out:
	buf_free(&key);
	return rc;
}

int judge_gone(struct alerter *al, const struct hearing *h, struct str key,
	       struct err *e)
{
	struct turn t;
	enum rule_action action;
	int got = load_key(al, h->stage, key, &t, e);

	if (got <= 0)
		return got;
	action = rule_gone(rule_of(&t), &t.st.rule, h->recorded_us);
	if (action == RULE_RESOLVE && t.r &&
	    carry_out(al, h, &t, action, false, e))
		return -1;
	return save(al, h->stage, &t, e);
}

/* What can be said of an alert by its state alone. */
static struct type_alert bare_alert(const struct turn *t, struct arena *a)
{
	const struct rule *r = rule_of(t);
	bool is_search;

	return (struct type_alert){
		.id = t->st.alert_id,
		.rule = state_rule(t->key, &is_search),
		.user = r->user,
		.item = { .present = true,
			  .id = t->st.item.p ? t->st.item
					     : state_item(t->key) },
		.version = alert_version(r, a),
	};
}

int judge_drop(struct alerter *al, struct stage *s, const struct event *ev,
	       struct str key, const char *why, struct err *e)
{
	struct saying by = { .stage = s,
			     .cause = ev,
			     .time_us = ev->time_us,
			     .recorded_us = ev->recorded_us };
	struct type_alert alert;
	struct turn t;
	int got = load_key(al, s, key, &t, e);

	if (got <= 0)
		return got;
	if (is_told(&t.old) && !t.old.rule.happened && t.old.alert_id.p &&
	    ev->time_us != CLK_NONE) {
		alert = bare_alert(&t, &al->arena);
		set_states(&alert, "resolved", t.old.rule.life);
		alert.reason = str_from(why);
		if (say_change(al, &by, DISPATCH_RESOLVED, t.r, &alert,
			       (struct str){ 0 }, e))
			return -1;
	} else if (dispatch_forget(al, s, t.old.alert_id, ev, e)) {
		return -1;
	}
	t.st.rule = (struct rule_state)LIFE_FRESH;
	return save(al, s, &t, e);
}

/* ---- deadlines, and what was held ---- */

static int say_held(struct alerter *al, struct stage *s, struct turn *t,
		    enum rule_action action, struct type_alert *alert,
		    int64_t time_us, int64_t recorded_us, struct err *e)
{
	struct saying by = { .stage = s,
			     .happened = t->st.rule.happened,
			     .time_us = time_us,
			     .recorded_us = recorded_us };
	struct buf ext = { 0 };
	int rc;

	buf_puts(&ext, "{\"cause\":");
	buf_add_str(&ext, t->old.cause);
	buf_putc(&ext, '}');
	by.ext = buf_str(&ext);
	if (action == RULE_SUPPRESS) {
		rc = say_suppressed(al, &by, t, alert, e);
		set_states(alert, "firing", LIFE_SUPPRESSED);
		alert->reason = alert->until = (struct str){ 0 };
		t->st.alert = encode_alert(al, alert);
	} else {
		bool over = action == RULE_RESOLVE;

		set_states(alert, over ? "resolved" : "firing",
			   t->old.rule.life);
		t->st.alert_id = alert->id;
		t->st.price = alert->currentPrice;
		if (!str_eq(alert->item.id, state_item(t->key)))
			t->st.item = alert->item.id;
		rc = say_change(al, &by,
				over ? DISPATCH_RESOLVED : DISPATCH_NEW, t->r,
				alert, t->old.note, e);
	}
	buf_free(&ext);
	return rc;
}

/* Its time has come, or what held it back may be over. */
static int look_again(struct alerter *al, struct stage *s, struct str key,
		      int64_t time_us, int64_t recorded_us, struct err *e)
{
	struct occasion o = { .recorded_us = recorded_us,
			      .hold_until_us = CLK_NONE };
	struct silence_asked asked = { .al = al };
	struct type_alert alert;
	enum rule_action action;
	struct turn t;
	int got = load_key(al, s, key, &t, e);

	if (got <= 0)
		return got;
	if (state_has_more(&t.st) &&
	    shape_decode(&shape_alert, t.st.alert, &alert, &al->arena, e))
		return err_prefix(e, "%.*s", STR_ARG(key));
	if (rule_is_held(&t.st.rule)) {
		asked.json = t.st.alert;
		ask_silences(al, &alert, &asked, &o);
	}
	action = rule_due(rule_of(&t), &t.st.rule, &o);
	/* It was said already that it is suppressed, but for another reason. */
	if (action == RULE_SUPPRESS && t.old.rule.life == LIFE_SUPPRESSED &&
	    t.old.rule.hold == t.st.rule.hold)
		action = RULE_NOTHING;
	if (action != RULE_NOTHING &&
	    say_held(al, s, &t, action, &alert, time_us, recorded_us, e))
		return -1;
	return save(al, s, &t, e);
}

int judge_due(struct alerter *al, struct stage *s, int64_t now_us,
	      struct err *e)
{
	struct str key = copy_key(al, al->deadlines.v[0]->key);
	int got;

	if (str_starts(key, FRESHNESS_KEY))
		return freshness_due(al, s, key, now_us, e);
	if (str_starts(key, NODATA_ABSENT_KEY))
		return nodata_due(al, s, key, now_us, e);
	if (str_starts(key, DISPATCH_KEY))
		return dispatch_due(al, s, key, now_us, e);
	got = look_again(al, s, key, now_us, now_us, e);
	/* A deadline of what is not there. */
	if (got == 0 && al->deadlines.n &&
	    str_eq(al->deadlines.v[0]->key, key) &&
	    al->deadlines.v[0]->due_us <= now_us)
		deadlines_set(&al->deadlines, key, CLK_NONE);
	return got < 0 ? -1 : 0;
}

int judge_suppressed(struct alerter *al, struct stage *s,
		     const struct event *ev, struct err *e)
{
	size_t n = al->suppressed.n;
	struct str *keys = arena_alloc(&al->arena, (n + 1) * sizeof(*keys));

	deadlines_keys(&al->suppressed, &al->arena, keys);
	for (size_t i = 0; i < n; i++)
		if (look_again(al, s, keys[i], ev->time_us, ev->recorded_us,
			       e) < 0)
			return -1;
	return 0;
}

/* ---- what the journal says was said ---- */

/* The key of the state that an alert came from; as sighting.c makes it. */
static struct str key_of_alert(struct alerter *al,
			       const struct type_alert *alert)
{
	const struct str source = alert->source.p ? alert->source : STR("-");
	bool is_search =
		!percolator_text(al->percolator, false, alert->rule).p &&
		!str_is(alert->rule, RULE_TARGET);
	bool is_listing = str_is(alert->itemType, "listing");
	struct rule r = { .id = alert->rule, .is_search = is_search };
	struct buf thing = { 0 }, key = { 0 };
	struct str s;

	buf_add_str(&thing, is_listing ? source : alert->item.id);
	buf_putc(&thing, '/');
	buf_add_str(&thing, is_listing ? alert->item.id : source);
	state_key(&key, buf_str(&thing), &r);
	s = copy_key(al, buf_str(&key));
	buf_free(&thing);
	buf_free(&key);
	return s;
}

/* False where this rule is not there, or is another than it was. */
static bool is_of_rule(const struct turn *t, const struct type_alert *alert,
		       struct arena *a)
{
	if (str_is(alert->rule, RULE_TARGET))
		return true;
	return t->r && (!alert->version.p ||
			str_eq(alert->version, alert_version(t->r, a)));
}

static void learn(struct turn *t, const struct event *ev,
		  const struct type_alert *alert)
{
	struct rule_state *st = &t->st.rule;

	if (event_is(ev, "alert.resolved")) {
		(void)rule_gone(rule_of(t), st, ev->recorded_us);
		return;
	}
	if (!is_told(&t->st)) {
		*st = (struct rule_state)LIFE_FRESH;
		st->life = LIFE_FIRING;
		st->fired_us = ev->recorded_us;
		if (!str_eq(alert->item.id, state_item(t->key)))
			t->st.item = alert->item.id;
	}
	t->st.alert_id = alert->id;
	if (alert->currentPrice.p)
		t->st.price = alert->currentPrice;
	if (event_is(ev, "alert.acked"))
		st->life = str_is(alert->state, life_name(LIFE_ACKED))
				   ? LIFE_ACKED
				   : LIFE_FIRING;
}

int judge_learn(struct alerter *al, struct stage *s, const struct event *ev,
		struct err *e)
{
	struct type_alert alert;
	struct turn t;

	if (event_is(ev, "alert.suppressed") ||
	    shape_decode(&shape_alert, ev->data, &alert, &al->arena, NULL) ||
	    !alert.id.p || !alert.rule.p || !alert.item.present ||
	    alert.until.p) /* it only happened */
		return 0;
	if (load_key(al, s, key_of_alert(al, &alert), &t, e) < 0)
		return -1;
	if (!is_of_rule(&t, &alert, &al->arena) ||
	    (!is_told(&t.st) && !event_is(ev, "alert.new")))
		return 0;
	learn(&t, ev, &alert);
	return save(al, s, &t, e);
}

/* ---- acknowledgements ---- */

static int say_acked(struct alerter *al, struct stage *s,
		     const struct event *ev, struct turn *t,
		     const struct type_ack *ack, struct err *e)
{
	const struct saying by = { .stage = s,
				   .cause = ev,
				   .time_us = ev->time_us,
				   .recorded_us = ev->recorded_us };
	struct type_alert alert = bare_alert(t, &al->arena);

	set_states(&alert, life_name(t->st.rule.life), t->old.rule.life);
	alert.by = ack->user;
	alert.note = ack->note;
	return say_change(al, &by, DISPATCH_ACKED, t->r, &alert,
			  (struct str){ 0 }, e);
}

int judge_ack(struct alerter *al, struct stage *s, const struct event *ev,
	      struct err *e)
{
	bool undo =
		!ev->data.p || json_type_of(json_trim(ev->data)) == JSON_NULL;
	struct str id = event_subject(ev), key;
	struct type_ack ack = { .user = { 0 } };
	struct buf row = { 0 };
	struct turn t;
	int got;

	buf_puts(&row, "alert/");
	buf_add_str(&row, id);
	got = stage_get(s, buf_str(&row), &key, e);
	buf_free(&row);
	if (got > 0)
		got = load_key(al, s, key, &t, e);
	if (got < 0)
		return -1;
	if (!got || (!undo && shape_decode(&shape_ack, ev->data, &ack,
					   &al->arena, NULL))) {
		log_warn("%.*s: no such alert is firing", STR_ARG(ev->topic));
		return 0;
	}
	if (!rule_ack(&t.st.rule, undo))
		return 0;
	return say_acked(al, s, ev, &t, &ack, e) ? -1 : save(al, s, &t, e);
}
