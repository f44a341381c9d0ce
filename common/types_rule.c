#include "common/types.h"

#include <sysexits.h>

#include "common/words.h"

/* Keywords without a word would find everything, or nothing. */
static int check_keywords(const struct shape_list *keywords, struct err *e)
{
	for (size_t i = 0; i < keywords->n; i++)
		if (words_any(keywords->v[i]))
			return 0;
	return keywords->present
		       ? err_set(e, EX_DATAERR, "keywords: no word in them")
		       : 0;
}

/* conf.h lets nothing else be a channel's name. */
static int check_notify(const struct shape_list *names, struct err *e)
{
	for (size_t i = 0; i < names->n; i++)
		if (!str_is_id(names->v[i]))
			return err_set(e, EX_DATAERR,
				       "notify[%zu]: no channel can have that "
				       "name (not an id)",
				       i + 1);
	return 0;
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

	if (pattern_check(pattern, e))
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

int rule_check(const struct type_rule *r, struct str id, struct err *e)
{
	if (str_is(id, RULE_TARGET))
		return err_set(e, EX_DATAERR,
			       "id: '" RULE_TARGET "' is taken; the target of "
			       "an item is that rule");
	if (str_is(id, RULE_FRESH))
		return err_set(e, EX_DATAERR,
			       "id: '" RULE_FRESH "' is taken; how fresh a "
			       "watch must be is that rule");
	return check_pattern(r->on, "on", e) || target_check(r->target, e) ||
			       check_bounds(&r->price, e) ||
			       check_keywords(&r->keywords, e) ||
			       check_notify(&r->notify, e)
		       ? -1
		       : 0;
}

int search_check(const struct type_search *s, struct err *e)
{
	return check_bounds(&s->price, e) || check_keywords(&s->keywords, e) ||
			       check_notify(&s->notify, e)
		       ? -1
		       : 0;
}

int silence_check(const struct type_silence *s, struct err *e)
{
	return check_pattern(s->pattern, "pattern", e);
}
