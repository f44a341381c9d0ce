#include <sysexits.h>

#include "common/json.h"

#include "alert.h"
#include "alerter.h"
#include "dispatch.h"
#include "freshness.h"

static int load(struct alerter *al, struct stage *s, struct str key,
		struct state *st, struct err *e)
{
	struct str bytes;
	int got = stage_get(s, key, &bytes, e);

	*st = (struct state){ .rule = { .fired_us = CLK_NONE,
					.due_us = CLK_NONE } };
	if (got <= 0)
		return got;
	/* The bytes die with the next change of the ledger. */
	bytes = arena_str(&al->arena, bytes);
	if (!state_decode(bytes, &al->arena, st))
		return err_set(e, EX_DATAERR,
			       "%.*s: written by another version",
			       STR_ARG(key));
	return 1;
}

static int save(struct alerter *al, struct stage *s, struct str key,
		const struct state *st, bool keep, struct err *e)
{
	deadlines_set(&al->deadlines, key, keep ? state_due(st) : CLK_NONE);
	if (!keep)
		return stage_del(s, key, e) < 0 ? -1 : 0;
	buf_reset(&al->text);
	state_encode(st, &al->text);
	return stage_put(s, key, buf_str(&al->text), e);
}

static int emit_alert(struct alerter *al, const struct hearing *h,
		      const char *type, const struct type_alert *alert,
		      struct err *e)
{
	const struct str no_ext = { 0 };

	buf_reset(&al->text);
	shape_encode(&shape_alert, alert, &al->text);
	stats_add(stage_stats(h->stage), "alerts_total", NULL, 1);
	return stage_emit(h->stage, alert_topic(type, alert, &al->arena),
			  h->time_us, h->ev, no_ext, buf_str(&al->text), e);
}

/* Who asked, as the cause of what is asked for. */
struct asking {
	struct stage *stage;
	const struct event *cause; /* or NULL, and: */
	struct str ext;
	int64_t time_us;
};

static int ask_stream(struct alerter *al, const struct asking *by,
		      const char *type, struct str id, struct str rule,
		      struct err *e)
{
	struct buf topic = { 0 };
	int rc;

	if (!id.p)
		return 0;
	buf_addf(&topic, "%s/%.*s", type, STR_ARG(id));
	buf_reset(&al->text);
	buf_puts(&al->text, "{\"reason\":\"rule ");
	buf_add_str(&al->text, rule); /* an id: nothing to escape */
	buf_puts(&al->text, "\"}");
	rc = stage_emit(by->stage, buf_str(&topic), by->time_us, by->cause,
			by->ext, buf_str(&al->text), e);
	buf_free(&topic);
	return rc;
}

static int ask_streams(struct alerter *al, const struct asking *by,
		       const struct rule *r, struct err *e)
{
	return ask_stream(al, by, "session.start", r->start, r->id, e) ||
			       ask_stream(al, by, "session.stop", r->stop,
					  r->id, e)
		       ? -1
		       : 0;
}

static int tell(struct alerter *al, const struct hearing *h,
		const struct rule *r, enum dispatch_change change,
		const struct type_alert *alert, struct err *e)
{
	struct dispatch_news news = { .change = change,
				      .alert = alert,
				      .time_us = h->time_us,
				      .recorded_us = h->recorded_us,
				      .cause = h->ev };

	buf_reset(&al->text);
	alert_notification(r, h->seen, alert, h->time_us, &al->arena,
			   &al->text);
	news.note = arena_str(&al->arena, buf_str(&al->text));
	return dispatch_tell(al, h->stage, &news, e);
}

static int fire(struct alerter *al, const struct hearing *h,
		const struct rule *r, const struct type_alert *alert,
		struct err *e)
{
	const struct str no_ext = { 0 };
	const struct asking by = { h->stage, h->ev, no_ext, h->time_us };

	return emit_alert(al, h, "alert.new", alert, e) ||
			       ask_streams(al, &by, r, e) ||
			       tell(al, h, r, DISPATCH_NEW, alert, e)
		       ? -1
		       : 0;
}

static int resolve(struct alerter *al, const struct hearing *h,
		   const struct rule *r, const struct type_alert *alert,
		   struct err *e)
{
	return emit_alert(al, h, "alert.resolved", alert, e) ||
			       tell(al, h, r, DISPATCH_RESOLVED, alert, e)
		       ? -1
		       : 0;
}

/* Keep in st what a held alert will say. */
static void hold(struct alerter *al, const struct hearing *h,
		 const struct rule *r, const struct type_alert *alert,
		 struct str cause, struct state *st)
{
	struct buf b = { 0 };

	buf_json_str(&b, cause);
	st->cause = arena_str(&al->arena, buf_str(&b));
	buf_reset(&b);
	shape_encode(&shape_alert, alert, &b);
	st->alert = arena_str(&al->arena, buf_str(&b));
	buf_reset(&b);
	alert_notification(r, h->seen, alert, h->time_us, &al->arena, &b);
	st->note = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
}

static int suppress(struct alerter *al, const struct hearing *h,
		    const char *reason, const struct state *st,
		    struct type_alert *alert, struct err *e)
{
	char until[CLK_TEXT_SIZE];

	alert->reason = str_from(reason);
	if (st->rule.due_us != CLK_NONE)
		alert->until = (struct str){ clk_format(st->rule.due_us, until),
					     CLK_TEXT_LEN };
	return emit_alert(al, h, "alert.suppressed", alert, e);
}

static int carry_out(struct alerter *al, const struct hearing *h,
		     const struct rule *r, enum rule_action action,
		     struct state *st, struct err *e)
{
	struct str cause = event_cause(h->ev, &al->arena);
	struct type_alert alert;

	alert_make(r, h->seen, cause, action == RULE_RESOLVE, &al->arena,
		   &alert);
	switch (action) {
	case RULE_FIRE:
		st->alert_id = alert.id;
		return fire(al, h, r, &alert, e);
	case RULE_COOLDOWN:
	case RULE_SILENCE:
		hold(al, h, r, &alert, cause, st);
		return suppress(al, h,
				action == RULE_SILENCE ? "silence" : "cooldown",
				st, &alert, e);
	case RULE_RESOLVE:
		if (st->alert_id.p)
			alert.id = st->alert_id;
		return resolve(al, h, r, &alert, e);
	case RULE_NOTHING: break;
	}
	/* What is still held says what is so now. */
	if (st->rule.held)
		hold(al, h, r, &alert, cause, st);
	return 0;
}

static bool is_quiet(const struct hearing *h, const struct rule *r)
{
	if (h->seen->kind == SIGHTING_LISTING ||
	    h->seen->kind == SIGHTING_PAGE || h->seen->kind == SIGHTING_CHAT)
		return h->seen->baseline;
	return rule_needs_change(r) && (h->is_set || h->first);
}

static struct occasion occasion(struct alerter *al, const struct hearing *h,
				const struct rule *r)
{
	const struct type_alert as = { .rule = r->id, .item = h->seen->item };
	struct str topic = alert_topic("alert.new", &as, &al->arena);
	struct occasion o = { .recorded_us = h->recorded_us,
			      .silent_until_us = CLK_NONE };

	o.momentary = rule_is_momentary(r) || h->seen->kind == SIGHTING_PAGE ||
		      h->seen->kind == SIGHTING_CHAT ||
		      h->seen->kind == SIGHTING_OTHER;
	o.quiet = is_quiet(h, r);
	o.silenced = silences_cover(&al->silences, topic, r->user,
				    h->recorded_us, &o.silent_until_us);
	return o;
}

int judge_rule(struct alerter *al, const struct hearing *h,
	       const struct rule *r, struct err *e)
{
	struct buf key = { 0 };
	struct occasion o;
	struct state st;
	enum verdict v;
	enum rule_action action;
	int got, rc = -1;

	state_key(&key, h->seen->key, r);
	got = load(al, h->stage, buf_str(&key), &st, e);
	if (got < 0)
		goto out;
	v = rule_judge(r, &h->seen->matter, st.rule.firing);
	rc = 0;
	/* Most rules see nothing, and have seen nothing. */
	if (v == VERDICT_UNKNOWN || (v == VERDICT_NO && !got))
		goto out;
	o = occasion(al, h, r);
	action = rule_step(r, &st.rule, v, &o);
	if (action != RULE_NOTHING || st.rule.held)
		rc = carry_out(al, h, r, action, &st, e);
	if (!rc)
		rc = save(al, h->stage, buf_str(&key), &st,
			  rule_state_matters(r, &st.rule, h->recorded_us), e);
out:
	buf_free(&key);
	return rc;
}

int judge_gone(struct alerter *al, const struct hearing *h, struct str key,
	       struct err *e)
{
	bool is_search;
	struct str id = state_rule(key, &is_search);
	const struct rule *r = percolator_get(al->percolator, is_search, id);
	struct state st;
	int got = load(al, h->stage, key, &st, e);

	if (got <= 0)
		return got;
	if (r)
		rule_gone(r, &st.rule);
	return save(al, h->stage, key, &st,
		    r && rule_state_matters(r, &st.rule, h->recorded_us), e);
}

/* Say what was held, as it was last seen. */
static int fire_held(struct alerter *al, struct stage *s, struct state *st,
		     const struct type_alert *alert, int64_t now_us,
		     struct err *e)
{
	const struct rule *r =
		percolator_get(al->percolator, false, alert->rule);
	struct asking by = { .stage = s, .time_us = now_us };
	struct dispatch_news news = { .change = DISPATCH_NEW,
				      .alert = alert,
				      .note = st->note,
				      .time_us = now_us,
				      .recorded_us = now_us };
	struct buf ext = { 0 };
	int rc;

	buf_puts(&ext, "{\"cause\":");
	buf_add_str(&ext, st->cause);
	buf_putc(&ext, '}');
	st->alert_id = alert->id;
	stats_add(stage_stats(s), "alerts_total", NULL, 1);
	rc = stage_emit(s, alert_topic("alert.new", alert, &al->arena), now_us,
			NULL, buf_str(&ext), st->alert, e);
	news.ext = buf_str(&ext);
	if (!rc)
		rc = dispatch_tell(al, s, &news, e);
	by.ext = buf_str(&ext);
	if (!rc && r)
		rc = ask_streams(al, &by, r, e);
	buf_free(&ext);
	return rc;
}

int judge_due(struct alerter *al, struct stage *s, int64_t now_us,
	      struct err *e)
{
	struct occasion o = { .recorded_us = now_us,
			      .silent_until_us = CLK_NONE };
	struct str key = arena_str(&al->arena, al->deadlines.v[0]->key);
	struct type_alert alert;
	struct state st;
	int got;

	if (str_starts(key, FRESHNESS_KEY))
		return freshness_due(al, s, key, now_us, e);
	got = load(al, s, key, &st, e);
	if (got < 0)
		return -1;
	if (!got || !st.rule.held)
		return save(al, s, key, &st, false, e);
	if (shape_decode(&shape_alert, st.alert, &alert, &al->arena, e))
		return err_prefix(e, "%.*s", STR_ARG(key));
	o.silenced =
		silences_cover(&al->silences,
			       alert_topic("alert.new", &alert, &al->arena),
			       alert.user, now_us, &o.silent_until_us);
	if (rule_due(&st.rule, &o) == RULE_FIRE &&
	    fire_held(al, s, &st, &alert, now_us, e))
		return -1;
	return save(al, s, key, &st, true, e);
}
