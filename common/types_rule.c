#include "common/types.h"

#include <sysexits.h>

#include "common/words.h"

/* Keywords without a word would find everything, or nothing. */
static int check_keywords(const struct shape_list *keywords, struct err *e)
{
	for (size_t i = 0; i < keywords->n; i++)
		if (words_any(keywords->v[i]))
			return 0;
	return keywords->n ? err_set(e, EX_DATAERR, "keywords: no word in them")
			   : 0;
}

static int check_bounds(const struct type_bounds *b, struct err *e)
{
	struct decimal min, max;

	if (!b->min.p || !b->max.p || !decimal_parse(b->min, &min) ||
	    !decimal_parse(b->max, &max) || decimal_cmp(min, max) <= 0)
		return 0;
	return err_set(e, EX_DATAERR, "price: min is above max");
}

int rule_check(const struct type_rule *r, struct str id, struct err *e)
{
	if (str_is(id, RULE_TARGET))
		return err_set(e, EX_DATAERR,
			       "id: '" RULE_TARGET "' is taken; the target of "
			       "an item is that rule");
	return check_bounds(&r->price, e) || check_keywords(&r->keywords, e)
		       ? -1
		       : 0;
}

int search_check(const struct type_search *s, struct err *e)
{
	return check_bounds(&s->price, e) || check_keywords(&s->keywords, e)
		       ? -1
		       : 0;
}
