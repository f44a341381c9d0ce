#include "inhibit.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/expr.h"
#include "common/json.h"
#include "common/xmem.h"

struct inhibitor {
	struct arena arena;
	struct str id, alert, rule;
	struct type_inhibits what;
	struct expr *when; /* or NULL: any */
};

bool field_get(struct str object, struct str path, struct str *value_r)
{
	char name[STR_ID_MAX + 1];
	struct str rest = path;

	*value_r = object;
	do {
		struct str part = str_cut(rest, '.', &rest);

		if (json_type_of(*value_r) != JSON_OBJECT ||
		    !str_copy(name, sizeof(name), part) ||
		    !json_get(*value_r, name, value_r))
			return false;
	} while (rest.p);
	return true;
}

void inhibitor_encode(const struct policy *p, struct str alert, struct buf *b)
{
	const struct type_inhibits what = { .present = true,
					    .when = p->inhibits_if,
					    .equal = p->inhibits_equal };

	buf_puts(b, "{\"alert\":");
	buf_add_str(b, alert);
	buf_puts(b, ",\"inhibits\":");
	shape_encode(&shape_inhibits, &what, b);
	buf_putc(b, '}');
}

static void inhibitor_free(struct inhibitor *i)
{
	expr_free(&i->when);
	arena_free(&i->arena);
	free(i);
}

static int fill(struct inhibitor *i, struct str text, struct err *e)
{
	struct str what;

	text = arena_str(&i->arena, text);
	if (json_check(text, JSON_UNIQUE, e) ||
	    !json_get(text, "alert", &i->alert) ||
	    !json_get(text, "inhibits", &what))
		return err_set(e, EX_DATAERR, "inhibitor: damaged");
	if (shape_decode(&shape_inhibits, what, &i->what, &i->arena, e))
		return -1;
	i->rule = json_get_text(i->alert, "rule", &i->arena);
	if (!i->what.when.p)
		return 0;
	i->when = expr_compile(i->what.when, e);
	return i->when ? 0 : -1;
}

int inhibitors_put(struct inhibitors *all, struct str id, struct str text,
		   struct err *e)
{
	struct inhibitor *i;

	inhibitors_remove(all, id);
	if (all->n == INHIBITORS_MAX)
		return err_set(e, EX_DATAERR,
			       "%d alerts that inhibit others are there",
			       INHIBITORS_MAX);
	i = xcalloc(1, sizeof(*i));
	i->id = arena_str(&i->arena, id);
	if (fill(i, text, e)) {
		inhibitor_free(i);
		return -1;
	}
	xgrow(&all->v, &all->cap, all->n, sizeof(struct inhibitor *));
	all->v[all->n++] = i;
	return 0;
}

bool inhibitors_remove(struct inhibitors *all, struct str id)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!str_eq(all->v[i]->id, id))
			continue;
		inhibitor_free(all->v[i]);
		all->v[i] = all->v[--all->n];
		return true;
	}
	return false;
}

void inhibitors_free(struct inhibitors *all)
{
	for (size_t i = 0; i < all->n; i++)
		inhibitor_free(all->v[i]);
	free(all->v);
	*all = (struct inhibitors){ 0 };
}

static bool are_equal(const struct inhibitor *i, struct str alert)
{
	const struct shape_list *equal = &i->what.equal;

	for (size_t k = 0; k < equal->n; k++) {
		struct str a, b;
		bool has = field_get(i->alert, equal->v[k], &a);

		if (has != field_get(alert, equal->v[k], &b) ||
		    (has && !str_eq(a, b)))
			return false;
	}
	return true;
}

struct str inhibitors_find(const struct inhibitors *all, struct str id,
			   struct str topic, struct str alert)
{
	const struct event ev = { .topic = topic, .data = alert };
	struct str found = { 0 }, rule;

	if (all->n == 0 || !json_get(alert, "rule", &rule))
		return found;
	rule = str_sub(rule, 1, rule.len - 1); /* an id: nothing is escaped */
	for (size_t k = 0; k < all->n; k++) {
		struct inhibitor *i = all->v[k];

		if (str_eq(i->id, id) || str_eq(i->rule, rule) ||
		    !are_equal(i, alert) ||
		    (i->when && !expr_match(i->when, &ev)))
			continue;
		/* Whichever was set first: the least, in memory as in a replay. */
		if (!found.p || str_cmp(i->id, found) < 0)
			found = i->id;
	}
	return found;
}
