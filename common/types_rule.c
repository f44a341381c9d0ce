#include "common/types_rule.h"

#include <sysexits.h>

#include "common/expr.h"
#include "common/hours.h"
#include "common/types.h"
#include "common/types_rows.h"
#include "common/words.h"

#define DOC_USER "Whom to tell; absent: default."
#define DOC_WORDS                                                            \
	"Words, or an array of phrases: all must occur as whole words in "   \
	"title or summary, whatever their case and marks; one that ends in " \
	"* is the beginning of a word."
#define DOC_IF                                                             \
	"What must be so: an expression (weir-expr(7)), beside what else " \
	"is asked."
#define DOC_SELLERS  "Sold by one of these."
#define DOC_NEAR     "Not farther away than this."
#define DOC_SCORE    "The score is this or more."
#define DOC_CURRENCY "Only prices in this currency; absent: any."
#define DOC_MAX	     "Notifications in one day of the user; absent: any number."
#define DOC_PRIORITY "urgent is told in quiet hours, too; absent: normal."
#define DOC_DIGEST   "Told in the user's digest only."
#define DOC_RESOLVED "Told again when it is over."
#define DOC_COOLDOWN "How long to keep quiet after an alert for the same thing."

static const struct shape_field near_rows[] = {
	{ ROW(type_near, lat, NUMBER, REQ, "Latitude, in degrees.") },
	{ ROW(type_near, lon, NUMBER, REQ, "Longitude, in degrees.") },
	{ ROW(type_near, km, NUMBER, REQ, "Kilometres.") },
};
static const struct shape shape_near =
	SHAPE(type_near, near_rows, 0, "A place and its surroundings.");

/* What rules and searches ask alike. */
#define ASK_ROWS(s)                                        \
	{ .name = "if",                                    \
	  .kind = SHAPE_TEXT,                              \
	  .offset = offsetof(struct s, when),              \
	  .max = EXPR_MAX,                                 \
	  .doc = DOC_IF },                                 \
		{ ROW(s, sellers, LIST, 0, DOC_SELLERS),   \
		  .max = RULE_NAMES_MAX },                 \
		{ SUB(s, near, 0, shape_near, DOC_NEAR) }, \
	{                                                  \
		ROW(s, score, NUMBER, 0, DOC_SCORE)        \
	}

static const struct shape_field search_rows[] = {
	{ ROW(type_search, id, ID, 0, "The search.") },
	{ ROW(type_search, user, ID, 0, DOC_USER) },
	ASK_ROWS(type_search),
	{ ROW(type_search, keywords, WORDS, 0, DOC_WORDS) },
	{ SUB(type_search, price, 0, shape_bounds,
	      "Bounds; a listing without a price is out of them.") },
	{ ROW(type_search, currency, CURRENCY, 0, DOC_CURRENCY) },
	{ ROW(type_search, sources, LIST, 0,
	      "Absent or empty: all listings; of a chat, only where its id is "
	      "among them."),
	  .max = RULE_NAMES_MAX },
	{ ROW(type_search, notify, LIST, 0, DOC_NOTIFY) },
	{ ROW(type_search, cooldown, DURATION, 0, DOC_COOLDOWN) },
	{ ROW(type_search, max_per_day, COUNT, 0, DOC_MAX),
	  .max = USER_DAY_MAX },
	{ NAMED(type_search, priority, 0, user_priorities, DOC_PRIORITY) },
	{ ROW(type_search, digest, BOOL, 0, DOC_DIGEST) },
	{ ROW(type_search, resolved, BOOL, 0, DOC_RESOLVED) },
};
const struct shape shape_search =
	SHAPE(type_search, search_rows, 0, "A saved search for listings.");

static const struct shape_field drop_rows[] = {
	{ ROW(type_drop, percent, RATE, 0, "At least so many per cent.") },
	{ ROW(type_drop, amount, DECIMAL, LOOSE | POS, "At least so much.") },
	{ ROW(type_drop, over, DURATION, 0,
	      "Below the highest price of this time; absent: below the "
	      "price before.") },
};
static const char *const drop_any_of[] = { "percent", "amount", NULL };
static const struct shape shape_drop = {
	.doc = "Drop.",
	.fields = drop_rows,
	.n = sizeof(drop_rows) / sizeof(drop_rows[0]),
	.size = sizeof(struct type_drop),
	.any_of = drop_any_of,
};

/* https://schema.org/ItemAvailability */
static const char *const stock_names[] = { "BackOrder",	  "Discontinued",
					   "InStock",	  "InStoreOnly",
					   "MadeToOrder", "LimitedAvailability",
					   "OnlineOnly",  "OutOfStock",
					   "PreOrder",	  "PreSale",
					   "Reserved",	  "SoldOut",
					   NULL };

static const struct shape_field of_rows[] = {
	{ ROW(type_of, n, COUNT, REQ, "So many must say yes."),
	  .max = RULE_OF_MAX },
	{ ROW(type_of, m, COUNT, REQ, "Of the last so many judgements."),
	  .max = RULE_OF_MAX },
};
static const struct shape shape_of = SHAPE(type_of, of_rows, 0, "N of M.");

static const struct shape_field fewer_rows[] = {
	{ ROW(type_fewer, percent, RATE, REQ,
	      "Fewer by at least so many per cent.") },
	{ ROW(type_fewer, over, INTERVAL, REQ,
	      "Than it was for half of this time, or more.") },
};
static const struct shape shape_fewer =
	SHAPE(type_fewer, fewer_rows, 0, "Fewer items than usual.");

static const struct shape_field rule_rows[] = {
	{ ROW(type_rule, id, ID, 0, "The rule; \"target\" is taken.") },
	{ ROW(type_rule, on, TEXT, REQ,
	      "The topics it is for: a pattern such as price.update/."),
	  .max = EVENT_TOPIC_MAX },
	{ ROW(type_rule, target, DECIMAL, LOOSE,
	      "Fires when the price is this or less.") },
	{ SUB(type_rule, drop, 0, shape_drop, "Fires when the price drops.") },
	{ NAMED(type_rule, stock, 0, stock_names,
		"Fires when the availability becomes this.") },
	{ ROW(type_rule, keywords, WORDS, 0, DOC_WORDS) },
	ASK_ROWS(type_rule),
	{ ROW(type_rule, sources, LIST, 0,
	      "Only of these; absent or empty: any."),
	  .max = RULE_NAMES_MAX },
	{ SUB(type_rule, price, 0, shape_bounds,
	      "Bounds within which the price must be.") },
	{ ROW(type_rule, currency, CURRENCY, 0, DOC_CURRENCY) },
	{ ROW(type_rule, hysteresis, PERCENT, 0,
	      "How far the price must go back before the rule may fire "
	      "again.") },
	{ ROW(type_rule, cooldown, DURATION, 0, DOC_COOLDOWN) },
	{ ROW(type_rule, user, ID, 0, DOC_USER) },
	{ ROW(type_rule, notify, LIST, 0, DOC_NOTIFY) },
	{ ROW(type_rule, start, ID, 0,
	      "The chat that is started when the rule fires.") },
	{ ROW(type_rule, stop, ID, 0,
	      "The chat that is stopped when the rule fires.") },
	{ ROW(type_rule, max_per_day, COUNT, 0, DOC_MAX), .max = USER_DAY_MAX },
	{ NAMED(type_rule, priority, 0, user_priorities, DOC_PRIORITY) },
	{ ROW(type_rule, digest, BOOL, 0, DOC_DIGEST) },
	{ ROW(type_rule, resolved, BOOL, 0, DOC_RESOLVED) },
	{ SUB(type_rule, group, 0, shape_group,
	      "Alerts that are told together, in one notification.") },
	{ SUB(type_rule, inhibits, 0, shape_inhibits,
	      "While this rule fires, these other alerts tell nobody.") },
	{ .name = "escalate",
	  .kind = SHAPE_SUBS,
	  .offset = offsetof(struct type_rule, escalate),
	  .max = USER_STEPS_MAX,
	  .sub = &shape_step,
	  .doc = "Who is told next while nobody acknowledges; absent: as the "
		 "user says." },
	{ ROW(type_rule, until, TEXT, 0,
	      "An expression (weir-expr(7)): what fires is over when it holds, "
	      "not before; absent: when the conditions hold no longer."),
	  .max = EXPR_MAX },
	{ .name = "for",
	  .kind = SHAPE_DURATION,
	  .offset = offsetof(struct type_rule, hold),
	  .doc = "How long it must be so before it fires." },
	{ ROW(type_rule, keep, DURATION, 0,
	      "How long it fires at least, once it does.") },
	{ SUB(type_rule, of, 0, shape_of,
	      "How many of the last judgements must say that it is so.") },
	{ ROW(type_rule, absent, INTERVAL, 0,
	      "Fires when nothing that the rule is for comes for so long.") },
	{ SUB(type_rule, fewer, 0, shape_fewer,
	      "Fires when a watch finds fewer items than usual.") },
};
const struct shape shape_rule =
	SHAPE(type_rule, rule_rows, 0, "When to alert, and whom.");

static const struct shape_field silence_rows[] = {
	{ ROW(type_silence, id, ID, 0, "The silence.") },
	{ ROW(type_silence, pattern, TEXT, 0,
	      "The alerts that notify nobody: a pattern of their topics, "
	      "such as alert.new/rolex-submariner/."),
	  .max = EVENT_TOPIC_MAX },
	{ .name = "if",
	  .kind = SHAPE_TEXT,
	  .offset = offsetof(struct type_silence, when),
	  .max = EXPR_MAX,
	  .doc = "An expression on the alert (weir-expr(7)); with a pattern, "
		 "both must hold." },
	{ ROW(type_silence, until, TIME, 0, "Absent: until it is removed.") },
	{ ROW(type_silence, windows, LIST, 0,
	      "Only in these hours of the week, as of a watch: Mon-Fri "
	      "09:00-17:00."),
	  .max = HOURS_WINDOWS_MAX },
	{ ROW(type_silence, zone, TEXT, 0,
	      "Their time zone, such as Europe/Paris; absent: UTC."),
	  .max = 64 },
	{ ROW(type_silence, user, ID, 0, "Only this user; absent: all.") },
	{ ROW(type_silence, note, TEXT, 0, "Why."), .max = 512 },
};
static const char *const silence_any_of[] = { "pattern", "if", NULL };
const struct shape shape_silence = {
	.doc = "No notifications for a while.",
	.fields = silence_rows,
	.n = sizeof(silence_rows) / sizeof(silence_rows[0]),
	.size = sizeof(struct type_silence),
	.any_of = silence_any_of,
};

static const struct shape_field ack_rows[] = {
	{ ROW(type_ack, user, ID, 0, "Who takes care of it.") },
	{ ROW(type_ack, note, TEXT, 0, "What they say of it."), .max = 512 },
};
const struct shape shape_ack =
	SHAPE(type_ack, ack_rows, 0,
	      "Somebody takes care of an alert, so nobody else need be told.");

/* ---- what a shape cannot say ---- */

static size_t count_words(struct str text)
{
	struct buf row = { 0 };
	struct str rest, word;
	size_t n = 0;

	words_add(&row, text);
	for (rest = buf_str(&row); str_token(&rest, " ", &word);)
		n++;
	buf_free(&row);
	return n;
}

/* Keywords without a word would find everything, or nothing. */
static int check_keywords(const struct shape_list *keywords, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < keywords->n; i++)
		n += count_words(keywords->v[i]);
	if (n > RULE_WORDS_MAX)
		return err_set(e, EX_DATAERR,
			       "keywords: %zu words; %d are the most", n,
			       RULE_WORDS_MAX);
	return n || !keywords->present
		       ? 0
		       : err_set(e, EX_DATAERR, "keywords: no word in them");
}

static int check_if(struct str when, const char *member, struct err *e)
{
	struct expr *x;

	if (!when.p)
		return 0;
	x = expr_compile_rule(when, e);
	if (!x)
		return err_prefix(e, "%s", member);
	expr_free(&x);
	return 0;
}

static int check_until(const struct type_rule *r, struct err *e)
{
	if (r->until.p && r->hysteresis.p)
		return err_set(e, EX_DATAERR,
			       "until: not together with hysteresis");
	return check_if(r->until, "until", e);
}

static bool is_within(struct str number, int most)
{
	struct decimal d, limit = decimal_from_int(most);

	if (!decimal_parse_json(number, &d))
		return false;
	if (d.coef < 0)
		d.coef = -d.coef;
	return decimal_cmp(d, limit) <= 0;
}

static int check_near(const struct type_near *near, struct err *e)
{
	struct decimal km;

	if (!near->present)
		return 0;
	if (!is_within(near->lat, 90))
		return err_set(e, EX_DATAERR, "near.lat: not from -90 to 90");
	if (!is_within(near->lon, 180))
		return err_set(e, EX_DATAERR, "near.lon: not from -180 to 180");
	if (!decimal_parse_json(near->km, &km) || decimal_sign(km) < 0)
		return err_set(e, EX_DATAERR, "near.km: not a distance");
	return 0;
}

static int check_score(struct str score, struct err *e)
{
	struct decimal d;

	return !score.p || decimal_parse_json(score, &d)
		       ? 0
		       : err_set(e, EX_DATAERR, "score: too long a number");
}

static bool is_below_zero(struct str price)
{
	struct decimal d;

	return price.p && decimal_parse(price, &d) && decimal_sign(d) < 0;
}

static int check_bounds(const struct type_bounds *b, struct err *e)
{
	struct decimal min, max;

	if (is_below_zero(b->max))
		return err_set(e, EX_DATAERR,
			       "price: max is below 0, as no price is");
	if (!b->min.p || !b->max.p || !decimal_parse(b->min, &min) ||
	    !decimal_parse(b->max, &max) || decimal_cmp(min, max) <= 0)
		return 0;
	return err_set(e, EX_DATAERR, "price: min is above max");
}

/* A type that always has a subject is never the whole topic. */
static int check_pattern(struct str pattern, const char *member, struct err *e)
{
	const struct type_entry *t;

	if (pattern_check_useful(pattern, e))
		return err_prefix(e, "%s", member);
	for (size_t i = 0; (t = type_at(i)); i++)
		if (t->subject && str_is(pattern, t->type))
			return err_set(e, EX_DATAERR,
				       "%s: matches nothing without what comes "
				       "after '%s/'; with the '/' it means all "
				       "of them",
				       member, t->type);
	return 0;
}

int target_check(struct str target, struct err *e)
{
	return is_below_zero(target)
		       ? err_set(e, EX_DATAERR,
				 "target: below 0, as no price is")
		       : 0;
}

/* What the alerter judges by itself. */
static int check_id(struct str id, struct err *e)
{
	static const char *const taken[][2] = {
		{ RULE_TARGET, "the target of an item" },
		{ RULE_FRESH, "how fresh a watch must be" },
		{ RULE_CHANNEL, "a channel that does not deliver" },
		{ RULE_GAP, "a time of which nothing is known" },
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (str_is(id, taken[i][0]))
			return err_set(e, EX_DATAERR,
				       "id: '%s' is taken; %s is that rule",
				       taken[i][0], taken[i][1]);
	return 0;
}

static int check_of(const struct type_of *of, struct err *e)
{
	if (!of->present || shape_count(of->n, 0) <= shape_count(of->m, 0))
		return 0;
	return err_set(e, EX_DATAERR, "of: n is above m");
}

/* What is not there is not judged by what it says. */
static int check_no_data(const struct type_rule *r, struct err *e)
{
	if (r->absent.p && r->fewer.present)
		return err_set(e, EX_DATAERR,
			       "absent: not together with fewer");
	if ((r->absent.p || r->fewer.present) && r->of.present)
		return err_set(e, EX_DATAERR,
			       "of: not together with absent or fewer");
	if (r->fewer.present &&
	    (r->when.p || r->target.p || r->price.present || r->drop.present ||
	     r->stock.p || r->keywords.present || r->score.p ||
	     r->near.present || r->currency.p || r->sellers.present))
		return err_set(e, EX_DATAERR,
			       "fewer: together with on and sources only");
	return 0;
}

int rule_check(const struct type_rule *r, struct str id, struct err *e)
{
	return check_id(id, e) || check_of(&r->of, e) || check_no_data(r, e) ||
			       check_pattern(r->on, "on", e) ||
			       target_check(r->target, e) ||
			       check_bounds(&r->price, e) ||
			       check_keywords(&r->keywords, e) ||
			       check_if(r->when, "if", e) ||
			       check_until(r, e) || check_near(&r->near, e) ||
			       check_score(r->score, e) ||
			       user_check_notify(&r->notify, e) ||
			       user_check_escalate(&r->escalate, e) ||
			       user_check_group(&r->group, e) ||
			       user_check_inhibits(&r->inhibits, e)
		       ? -1
		       : 0;
}

int search_check(const struct type_search *s, struct err *e)
{
	return check_bounds(&s->price, e) || check_keywords(&s->keywords, e) ||
			       check_if(s->when, "if", e) ||
			       check_near(&s->near, e) ||
			       check_score(s->score, e) ||
			       user_check_notify(&s->notify, e)
		       ? -1
		       : 0;
}

int silence_check(const struct type_silence *s, struct err *e)
{
	struct hours hours;
	struct expr *x;

	if (s->pattern.p && check_pattern(s->pattern, "pattern", e))
		return -1;
	if (s->windows.present &&
	    hours_parse(s->windows.v, s->windows.n, &hours, e))
		return err_prefix(e, "windows");
	if (!s->when.p)
		return 0;
	x = expr_compile(s->when, e);
	if (!x)
		return err_prefix(e, "if");
	expr_free(&x);
	return 0;
}
