#include "common/types_user.h"

#include <sysexits.h>

#include "common/cron.h"
#include "common/expr.h"
#include "common/hours.h"
#include "common/types_rows.h"

static const struct shape_field digest_rows[] = {
	{ ROW(type_digest, at, TEXT, 0,
	      "When, by the clock of the user's zone; absent: " USER_DIGEST_AT
	      "."),
	  .max = 5 },
	{ ROW(type_digest, days, TEXT, 0,
	      "On which days, as in Mon or Mon-Fri; absent: every day."),
	  .max = 64 },
};
static const struct shape shape_digest =
	SHAPE(type_digest, digest_rows, 0, "When a digest is sent.");

static const struct shape_field step_rows[] = {
	{ ROW(type_step, after, INTERVAL, REQ,
	      "So long after the alert was told first.") },
	{ ROW(type_step, notify, LIST, 0,
	      "Over these channels; absent: those of the user.") },
	{ ROW(type_step, user, ID, 0, "Whom; absent: the same user.") },
};
const struct shape shape_step =
	SHAPE(type_step, step_rows, 0, "Who is told next.");

static const struct shape_field user_rows[] = {
	{ ROW(type_user, id, ID, 0, "The user.") },
	{ ROW(type_user, name, TEXT, 0, "What people call them."), .max = 128 },
	{ ROW(type_user, zone, TEXT, 0,
	      "Their time zone, such as Europe/Berlin; absent: UTC."),
	  .max = 128 },
	{ ROW(type_user, quiet, LIST, 0,
	      "When they are not to be told, as in 22:00-07:00 or Sat,Sun; "
	      "absent: never."),
	  .max = HOURS_WINDOWS_MAX },
	{ SUB(type_user, digest, 0, shape_digest,
	      "When they get what only goes into a digest; absent: each day "
	      "at " USER_DIGEST_AT ".") },
	{ ROW(type_user, max_per_day, COUNT, 0,
	      "Notifications in one of their days; absent: any number."),
	  .max = USER_DAY_MAX },
	{ ROW(type_user, notify, LIST, 0,
	      "Names of channels in weir.conf in the order of preference, "
	      "where "
	      "a rule names none; absent: all of the user's.") },
	{ .name = "escalate",
	  .kind = SHAPE_SUBS,
	  .offset = offsetof(struct type_user, escalate),
	  .max = USER_STEPS_MAX,
	  .sub = &shape_step,
	  .doc = "Who is told next while nobody acknowledges, where a rule "
		 "does not say it." },
	{ ROW(type_user, searches, COUNT, 0,
	      "Saved searches that they may have; absent: any number."),
	  .max = USER_SEARCHES_MAX },
};
const struct shape shape_user =
	SHAPE(type_user, user_rows, 0, "Whom to tell, when, and how.");

static const struct shape_field group_rows[] = {
	{ ROW(type_group, by, LIST, 0,
	      "Fields of the alert, such as source or item.kind: alerts with "
	      "the same values are told together; absent: all of the rule."),
	  .max = USER_LIST_MAX },
	{ ROW(type_group, wait, DURATION, 0,
	      "How long the first alert of a group waits for others; absent: "
	      "30s.") },
	{ ROW(type_group, interval, DURATION, 0,
	      "The least time between two notifications of a group; absent: "
	      "5m.") },
	{ ROW(type_group, repeat, INTERVAL, 0,
	      "Told again after so long while it is still so; absent: "
	      "never.") },
};
const struct shape shape_group =
	SHAPE(type_group, group_rows, 0, "Which alerts are told together.");

static const struct shape_field inhibits_rows[] = {
	{ .name = "if",
	  .kind = SHAPE_TEXT,
	  .offset = offsetof(struct type_inhibits, when),
	  .max = EXPR_MAX,
	  .doc = "An expression on the other alert (weir-expr(7)); absent: "
		 "any." },
	{ ROW(type_inhibits, equal, LIST, 0,
	      "Fields that must have the same values in both, such as source."),
	  .max = USER_LIST_MAX },
};
static const char *const inhibits_any_of[] = { "if", "equal", NULL };
const struct shape shape_inhibits = {
	.doc = "Which other alerts tell nobody meanwhile.",
	.fields = inhibits_rows,
	.n = sizeof(inhibits_rows) / sizeof(inhibits_rows[0]),
	.size = sizeof(struct type_inhibits),
	.any_of = inhibits_any_of,
};

const char *const user_priorities[] = { "low", "normal", "high", "urgent",
					NULL };

/* ---- what a shape cannot say ---- */

/* conf.h lets nothing else be a channel's name. */
int user_check_notify(const struct shape_list *names, struct err *e)
{
	for (size_t i = 0; i < names->n; i++)
		if (!str_is_id(names->v[i]))
			return err_set(e, EX_DATAERR,
				       "notify[%zu]: no channel can have that "
				       "name (not an id)",
				       i + 1);
	return 0;
}

static int64_t duration_ms(struct str s)
{
	int64_t ms;

	return str_duration_ms(s, &ms) ? ms : 0;
}

int user_check_escalate(const struct shape_subs *steps, struct err *e)
{
	const struct type_step *step = steps->v;

	for (size_t i = 0; i < steps->n; i++) {
		if (user_check_notify(&step[i].notify, e))
			return err_prefix(e, "escalate[%zu]", i + 1);
		if (i && duration_ms(step[i].after) <=
				 duration_ms(step[i - 1].after))
			return err_set(e, EX_DATAERR,
				       "escalate[%zu]: after: not later than "
				       "that of the step before",
				       i + 1);
	}
	return 0;
}

/* Names with dots between them, as a field of data is written. */
static int check_fields(const struct shape_list *fields, const char *member,
			struct err *e)
{
	for (size_t i = 0; i < fields->n; i++) {
		struct str rest = fields->v[i];

		do {
			struct str name = str_cut(rest, '.', &rest);

			if (name.len == 0 || !str_is_id(name))
				return err_set(e, EX_DATAERR,
					       "%s[%zu]: not a field of alerts "
					       "such as source or item.kind",
					       member, i + 1);
		} while (rest.p);
	}
	return 0;
}

int user_check_group(const struct type_group *g, struct err *e)
{
	return check_fields(&g->by, "group.by", e);
}

int user_check_inhibits(const struct type_inhibits *i, struct err *e)
{
	struct expr *x;

	if (check_fields(&i->equal, "inhibits.equal", e))
		return -1;
	if (!i->when.p)
		return 0;
	x = expr_compile(i->when, e);
	if (!x)
		return err_prefix(e, "inhibits.if");
	expr_free(&x);
	return 0;
}

/* "8:00" */
static bool read_clock(struct str s, uint64_t *hour_r, uint64_t *minute_r)
{
	struct str rest, hour = str_cut(s, ':', &rest);

	return hour.len <= 2 && rest.len == 2 && str_u64(hour, hour_r) &&
	       str_u64(rest, minute_r) && *hour_r < 24 && *minute_r < 60;
}

int user_digest_cron(const struct type_digest *d, struct cron *c_r,
		     struct err *e)
{
	struct str at = d->at.p ? d->at : STR(USER_DIGEST_AT);
	uint64_t hour, minute;
	struct buf b = { 0 };
	struct err bad;
	int rc;

	if (!read_clock(at, &hour, &minute))
		return err_set(e, EX_DATAERR, "digest.at: no time as in 08:00");
	for (size_t i = 0; i < d->days.len; i++)
		if (d->days.p[i] != ',' && d->days.p[i] != '-' &&
		    !((d->days.p[i] | 32) >= 'a' && (d->days.p[i] | 32) <= 'z'))
			return err_set(e, EX_DATAERR,
				       "digest.days: no days as in Mon-Fri");
	buf_addf(&b, "%u %u * * ", (unsigned)minute, (unsigned)hour);
	buf_add_str(&b, d->days.p ? d->days : STR("*"));
	rc = cron_parse(buf_str(&b), c_r, &bad);
	buf_free(&b);
	return rc ? err_set(e, EX_DATAERR, "digest.days: no days as in Mon-Fri")
		  : 0;
}

int user_check(const struct type_user *u, struct err *e)
{
	struct hours quiet, told;
	struct cron digest;

	if (u->quiet.present && u->quiet.n) {
		if (hours_parse(u->quiet.v, u->quiet.n, &quiet, e)) {
			if (e)
				e->code = EX_DATAERR;
			return err_prefix(e, "quiet");
		}
		if (!hours_invert(&quiet, &told))
			return err_set(e, EX_DATAERR,
				       "quiet: leaves no time to be told "
				       "anything");
	}
	return user_digest_cron(&u->digest, &digest, e) ||
			       user_check_notify(&u->notify, e) ||
			       user_check_escalate(&u->escalate, e)
		       ? -1
		       : 0;
}
