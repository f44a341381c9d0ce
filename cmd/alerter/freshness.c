/*
 * The deadline in memory may be earlier than what the ledger says: a good fetch
 * moves only the latter, and a deadline that comes too early is set anew. So
 * the many fetches of a minute cost no search for their deadlines.
 */
#include "freshness.h"

#include <sysexits.h>

#include "common/contract.h"
#include "common/json.h"
#include "common/types_observation.h"
#include "common/types_rule.h"

struct freshness {
	struct type_watch watch; /* id, url, source, item, and its contract */
	struct contract contract;
	struct str source, id; /* of the event that told of seen_us */
	int64_t seen_us;       /* CLK_NONE: nothing was fetched yet */
	int64_t stale_us;      /* when it became stale */
	bool stale;
	struct str outcome, reason; /* of the last fetch that was not good */
};

static struct str key_of(struct alerter *al, struct str watch)
{
	struct buf b = { 0 };
	struct str key;

	buf_add_str(&b, FRESHNESS_KEY);
	buf_add_str(&b, watch);
	key = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return key;
}

static void encode(const struct freshness *f, struct buf *b)
{
	char time[CLK_TEXT_SIZE];

	buf_puts(b, "{\"watch\":");
	shape_encode(&shape_watch, &f->watch, b);
	if (f->stale)
		buf_puts(b, ",\"stale\":true");
	if (f->seen_us != CLK_NONE) {
		buf_addf(b, ",\"seen\":\"%s\",\"source\":",
			 clk_format(f->seen_us, time));
		buf_json_str(b, f->source);
		buf_puts(b, ",\"id\":");
		buf_json_str(b, f->id);
	}
	if (f->stale_us != CLK_NONE)
		buf_addf(b, ",\"since\":\"%s\"", clk_format(f->stale_us, time));
	if (f->outcome.p) {
		buf_puts(b, ",\"outcome\":");
		buf_json_str(b, f->outcome);
	}
	if (f->reason.p) {
		buf_puts(b, ",\"reason\":");
		buf_json_str(b, f->reason);
	}
	buf_putc(b, '}');
}

static bool decode(struct str val, struct arena *a, struct freshness *f)
{
	struct str watch, stale;

	*f = (struct freshness){ .seen_us = CLK_NONE, .stale_us = CLK_NONE };
	if (!json_get(val, "watch", &watch) ||
	    shape_decode(&shape_watch, watch, &f->watch, a, NULL))
		return false;
	f->stale = json_get(val, "stale", &stale) && str_is(stale, "true");
	f->source = json_get_text(val, "source", a);
	f->id = json_get_text(val, "id", a);
	f->outcome = json_get_text(val, "outcome", a);
	f->reason = json_get_text(val, "reason", a);
	contract_read(&f->watch, &f->contract);
	clk_parse(json_get_text(val, "since", a), &f->stale_us);
	return !f->source.p ||
	       clk_parse(json_get_text(val, "seen", a), &f->seen_us);
}

/* 1: *f is set; 0: this watch need not be fresh. */
static int load(struct alerter *al, struct stage *s, struct str key,
		struct freshness *f, struct err *e)
{
	struct str val;
	int got = stage_get(s, key, &val, e);

	if (got > 0 && !decode(arena_str(&al->arena, val), &al->arena, f))
		return err_set(e, EX_DATAERR,
			       "%.*s: written by another version",
			       STR_ARG(key));
	return got;
}

static int save(struct alerter *al, struct stage *s, struct str key,
		const struct freshness *f, struct err *e)
{
	buf_reset(&al->text);
	encode(f, &al->text);
	return stage_put(s, key, buf_str(&al->text), e);
}

static int64_t due_us(const struct freshness *f)
{
	int64_t ms;

	if (f->stale || f->seen_us == CLK_NONE || !f->watch.fresh.p ||
	    !str_duration_ms(f->watch.fresh, &ms))
		return CLK_NONE;
	return f->seen_us + (ms + FRESHNESS_GRACE_MS) * 1000;
}

int64_t freshness_deadline(struct str val, struct arena *a)
{
	struct freshness f;

	return decode(val, a, &f) ? due_us(&f) : CLK_NONE;
}

static void see(struct alerter *al, struct freshness *f, const struct event *ev)
{
	struct buf b = { 0 };

	f->seen_us = ev->recorded_us;
	f->source = ev->source;
	f->id = ev->idtext;
	if (ev->id) {
		buf_u64(&b, ev->id);
		f->id = arena_str(&al->arena, buf_str(&b));
	}
	buf_free(&b);
}

/* '$' keeps its state apart from those of items and listings. */
static struct str thing_of(struct alerter *al, struct str watch)
{
	struct buf b = { 0 };
	struct str thing;

	buf_puts(&b, "$watch/");
	buf_add_str(&b, watch);
	thing = arena_str(&al->arena, buf_str(&b));
	buf_free(&b);
	return thing;
}

static int judge(struct alerter *al, struct stage *s, const struct event *ev,
		 const struct freshness *f, int64_t time_us,
		 int64_t recorded_us, struct err *e)
{
	const struct type_watch *w = &f->watch;
	const struct rule r = { .id = STR(RULE_FRESH),
				.user = STR(RULE_USER),
				/* it is stale at once where it has none */
				.fresh = w->fresh.p ? w->fresh : STR("0s") };
	struct sighting seen = { .kind = SIGHTING_WATCH,
				 .item = w->item,
				 .watch = w->id,
				 .link = w->url,
				 .key = thing_of(al, w->id) };
	const struct hearing h = { .stage = s,
				   .ev = ev,
				   .seen = &seen,
				   .time_us = time_us,
				   .recorded_us = recorded_us };

	seen.matter.source = w->source;
	seen.matter.stale = f->stale;
	if (!w->fresh.p)
		seen.why = f->reason;
	if (!w->item.present)
		seen.item = (struct type_item){ .present = true, .id = w->id };
	seen.title = seen.item.name.p ? seen.item.name : seen.item.id;
	return judge_rule(al, &h, &r, e);
}

/* watch.stale or watch.fresh, beside what rules make of it. */
static int tell(struct stage *s, const struct event *cause,
		const struct freshness *f, struct str why, int64_t time_us,
		struct err *e)
{
	const struct type_watch *w = &f->watch;
	struct type_freshness t = { .watch = w->id,
				    .source = w->source,
				    .url = w->url,
				    .item = w->item.id,
				    .fresh = w->fresh,
				    .outcome = f->outcome,
				    .reason = why };
	int64_t since_us = f->stale ? f->seen_us : f->stale_us;
	struct buf topic = { 0 }, json = { 0 };
	char since[CLK_TEXT_SIZE];
	int rc;

	if (since_us != CLK_NONE)
		t.since = str_from(clk_format(since_us, since));
	buf_puts(&topic, f->stale ? "watch.stale/" : "watch.fresh/");
	buf_add_str(&topic, w->id);
	shape_encode(&shape_freshness, &t, &json);
	rc = stage_emit(s, buf_str(&topic), time_us, cause, (struct str){ 0 },
			buf_str(&json), e);
	buf_free(&topic);
	buf_free(&json);
	return rc;
}

/* It has just become stale, or is so no longer: for rules, and for all. */
static int turn(struct alerter *al, struct stage *s, const struct event *ev,
		struct freshness *f, struct str why, int64_t time_us,
		int64_t recorded_us, struct err *e)
{
	if (f->stale)
		f->stale_us = recorded_us;
	return tell(s, ev, f, why, time_us, e) ||
			       judge(al, s, ev, f, time_us, recorded_us, e)
		       ? -1
		       : 0;
}

/* What was known is of another watch, or of none. */
static int forget(struct alerter *al, struct stage *s, const struct event *ev,
		  struct str key, const char *why, struct err *e)
{
	const struct rule r = { .id = STR(RULE_FRESH) };
	struct buf state = { 0 };
	int rc;

	state_key(&state, thing_of(al, event_subject(ev)), &r);
	deadlines_set(&al->deadlines, key, CLK_NONE);
	rc = stage_del(s, key, e) < 0 ||
	     judge_drop(al, s, ev, buf_str(&state), why, e);
	buf_free(&state);
	return rc ? -1 : 0;
}

static bool is_same(const struct type_watch *a, const struct type_watch *b)
{
	struct buf x = { 0 }, y = { 0 };
	bool same;

	shape_encode(&shape_watch, a, &x);
	shape_encode(&shape_watch, b, &y);
	same = str_eq(buf_str(&x), buf_str(&y));
	buf_free(&x);
	buf_free(&y);
	return same;
}

/* Whatever it was: nobody waits for it any more. */
static int release(struct stage *s, const struct event *ev, struct freshness *f,
		   const char *why, struct err *e)
{
	if (!f->stale)
		return 0;
	f->stale = false;
	return tell(s, ev, f, str_from(why), ev->time_us, e);
}

static bool is_judged(const struct type_watch *w)
{
	return w && !str_is(w->enabled, "false") &&
	       (w->fresh.p || w->min_items.p || w->plausible.present);
}

int freshness_set(struct alerter *al, struct stage *s, const struct event *ev,
		  const struct type_watch *w, struct err *e)
{
	struct str id = event_subject(ev), key = key_of(al, id);
	struct freshness old, f = { .seen_us = CLK_NONE, .stale_us = CLK_NONE };
	int got = load(al, s, key, &old, e);

	if (got < 0)
		return -1;
	if (!is_judged(w)) {
		if (!got)
			return 0;
		return release(s, ev, &old, "removed", e) ||
				       forget(al, s, ev, key, "removed", e)
			       ? -1
			       : 0;
	}
	f.watch = (struct type_watch){ .id = id,
				       .url = w->url,
				       .source = w->source,
				       .item = w->item,
				       .fresh = w->fresh,
				       .min_items = w->min_items,
				       .plausible = w->plausible };
	if (got && is_same(&old.watch, &f.watch))
		return 0;
	if (got && (release(s, ev, &old, "set anew", e) ||
		    forget(al, s, ev, key, "set anew", e)))
		return -1;
	if (!al->feeding)
		see(al, &f, ev);
	deadlines_set(&al->deadlines, key, due_us(&f));
	return save(al, s, key, &f, e);
}

/* Well is only what keeps the contract, whatever was said of it. */
static bool is_well(struct alerter *al, const struct freshness *f,
		    struct freshness_end *end)
{
	char why[CONTRACT_REASON_MAX];

	if (!end->well)
		return false;
	if ((end->items < 0 ||
	     contract_takes_items(&f->contract, end->items, why)) &&
	    contract_takes_price(&f->contract, end->price, why))
		return true;
	end->outcome = STR(FRESHNESS_BROKEN);
	end->reason = arena_str(&al->arena, str_from(why));
	return false;
}

static int fetched_well(struct alerter *al, struct stage *s,
			const struct event *ev, struct str key,
			struct freshness *f, struct err *e)
{
	bool is_new = f->seen_us == CLK_NONE, was_stale = f->stale;

	f->stale = false;
	see(al, f, ev);
	if (is_new || was_stale)
		deadlines_set(&al->deadlines, key, due_us(f));
	if (was_stale &&
	    turn(al, s, ev, f, STR("fetched"), ev->time_us, ev->recorded_us, e))
		return -1;
	f->outcome = f->reason = (struct str){ 0 };
	f->stale_us = CLK_NONE;
	return save(al, s, key, f, e);
}

/* What has no age to wait for is stale with the first that breaks it. */
static int fetched_badly(struct alerter *al, struct stage *s,
			 const struct event *ev, struct str key,
			 struct freshness *f, const struct freshness_end *end,
			 struct err *e)
{
	f->outcome = end->outcome;
	f->reason = end->reason;
	if (f->seen_us == CLK_NONE) {
		see(al, f, ev);
		deadlines_set(&al->deadlines, key, due_us(f));
	}
	if (!f->stale && !f->watch.fresh.p &&
	    str_is(end->outcome, FRESHNESS_BROKEN)) {
		f->stale = true;
		if (turn(al, s, ev, f, f->reason, ev->time_us, ev->recorded_us,
			 e))
			return -1;
	}
	return save(al, s, key, f, e);
}

int freshness_fetched(struct alerter *al, struct stage *s,
		      const struct event *ev, struct str watch,
		      const struct freshness_end *end, struct err *e)
{
	struct str key = key_of(al, watch);
	struct freshness_end judged = *end;
	struct freshness f;
	int got = load(al, s, key, &f, e);

	if (got <= 0)
		return got;
	return is_well(al, &f, &judged)
		       ? fetched_well(al, s, ev, key, &f, e)
		       : fetched_badly(al, s, ev, key, &f, &judged, e);
}

static int64_t count_of(struct str number)
{
	uint64_t n;

	return str_u64(number, &n) && n <= INT64_MAX ? (int64_t)n : -1;
}

/* Live is to a chat what a good fetch is to a page. */
static int chat_observed(struct alerter *al, struct stage *s,
			 const struct event *ev, struct err *e)
{
	struct freshness_end end = { .items = -1 };
	struct type_status t;

	if (shape_decode(&shape_status, ev->data, &t, &al->arena, NULL) ||
	    !t.stream.p)
		return 0;
	end.well = str_is(t.state, "live");
	end.outcome = t.outcome;
	end.reason = t.reason.p ? t.reason : t.state;
	return freshness_fetched(al, s, ev, t.stream, &end, e);
}

int freshness_observed(struct alerter *al, struct stage *s,
		       const struct event *ev, struct err *e)
{
	const struct freshness_end good = { .well = true, .items = -1 };
	struct type_observation o;
	struct type_summary t;
	int rc = 0;

	if (event_is(ev, "scraper.status"))
		return chat_observed(al, s, ev, e);
	if (event_is(ev, "observation.change") &&
	    shape_decode(&shape_observation, ev->data, &o, &al->arena, NULL) ==
		    0) {
		const struct freshness_end end = {
			.well = str_is(o.outcome, "changed") ||
				str_is(o.outcome, "unchanged"),
			.items = count_of(o.items),
			.outcome = o.outcome,
			.reason = o.reason,
		};

		return freshness_fetched(al, s, ev, o.watch, &end, e);
	}
	if (!event_is(ev, "observation.summary") ||
	    shape_decode(&shape_summary, ev->data, &t, &al->arena, NULL))
		return 0;
	for (size_t i = 0; i < t.seen.n && !rc; i++)
		rc = freshness_fetched(al, s, ev, t.seen.v[i], &good, e);
	return rc;
}

int freshness_due(struct alerter *al, struct stage *s, struct str key,
		  int64_t now_us, struct err *e)
{
	struct freshness f;
	int got = load(al, s, key, &f, e);
	int64_t due = got > 0 ? due_us(&f) : CLK_NONE;
	struct event last;

	if (got < 0)
		return -1;
	if (due == CLK_NONE || due > now_us) {
		deadlines_set(&al->deadlines, key, due);
		return 0;
	}
	f.stale = true;
	last = (struct event){ .source = f.source, .idtext = f.id };
	deadlines_set(&al->deadlines, key, CLK_NONE);
	if (turn(al, s, &last, &f,
		 f.reason.p    ? f.reason
		 : f.outcome.p ? f.outcome
			       : STR("nothing was told of it"),
		 now_us, now_us, e))
		return -1;
	return save(al, s, key, &f, e);
}
