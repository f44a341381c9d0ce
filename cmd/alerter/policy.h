#ifndef ALERTER_POLICY_H
#define ALERTER_POLICY_H

/*
 * policy - what a rule or search says of telling: how urgent it is, with what
 * it is grouped, what it inhibits, how often it may, and who comes next.
 */
#include "common/types_rule.h"

#include "plan.h"
#include "user.h"

struct policy {
	struct str priority; /* low … urgent; absent: normal */
	bool urgent, digest, resolved;
	uint64_t max_per_day; /* 0: any number */
	bool is_grouped;
	struct plan_group group;
	struct shape_list by;
	bool inhibits;
	struct str inhibits_if; /* absent: any other alert */
	struct shape_list inhibits_equal;
	bool escalates; /* itself: the steps of the user are not meant */
	struct step *step;
	size_t n_steps;
};

/* What a rule without a word of it has; never NULL. */
const struct policy *policy_or_none(const struct policy *p);

/* In the arena, borrowing from t; NULL where nothing of it was said. */
struct policy *policy_of_rule(const struct type_rule *t, struct arena *a);
/* Borrows from nobody: it may be copied, and outlive the search. */
struct policy *policy_of_search(const struct type_search *t, struct arena *a);

#endif
