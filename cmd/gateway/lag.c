#include "lag.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/xmem.h"

struct lag {
	struct lag_rule rule[LAG_RULES_MAX];
	size_t n;
};

static bool read_policy(struct str text, struct lag_rule *r)
{
	struct str number, policy = str_cut(text, ':', &number);
	uint64_t n;

	if (str_is(policy, "latest"))
		r->policy = LAG_LATEST;
	else if (str_is(policy, "disconnect"))
		r->policy = LAG_DISCONNECT;
	else
		return false;
	if (!str_u64(number, &n) || n < 1 || n > LAG_EVENTS_MAX)
		return false;
	r->n = (size_t)n + 1;
	return true;
}

static int read_rule(const char *text, struct lag_rule *r, struct err *e)
{
	const char *equals = strrchr(text, '=');
	struct str pattern = { text, equals ? (size_t)(equals - text) : 0 };
	struct err why;

	if (!equals || !read_policy(str_from(equals + 1), r))
		return err_set(e, EX_USAGE,
			       "lag: %s: not PATTERN=latest:N or "
			       "PATTERN=disconnect:N, with N from 1 to %d",
			       text, LAG_EVENTS_MAX);
	if (pattern_check(pattern, &why))
		return err_set(e, EX_USAGE, "lag: %s: %s", text, why.msg);
	r->pattern = (struct str){ xstrndup(text, pattern.len), pattern.len };
	r->offset = xcalloc(r->n, sizeof(*r->offset));
	return 0;
}

struct lag *lag_new(const char *const *rule, size_t n, struct err *e)
{
	struct lag *l = xcalloc(1, sizeof(*l));
	int rc = 0;

	if (n > LAG_RULES_MAX)
		rc = err_set(e, EX_USAGE, "lag: more than %d of them",
			     LAG_RULES_MAX);
	while (rc == 0 && l->n < n) {
		rc = read_rule(rule[l->n], &l->rule[l->n], e);
		l->n += rc == 0;
	}
	if (rc)
		lag_free(&l);
	return l;
}

void lag_free(struct lag **lp)
{
	struct lag *l = *lp;

	for (size_t i = 0; l && i < l->n; i++) {
		free((char *)(uintptr_t)l->rule[i].pattern.p);
		free(l->rule[i].offset);
	}
	free(l);
	*lp = NULL;
}

void lag_event(struct lag *l, struct str topic, uint64_t offset)
{
	for (size_t i = 0; i < l->n; i++) {
		struct lag_rule *r = &l->rule[i];

		if (!topic_matches(topic, r->pattern))
			continue;
		r->offset[r->next++] = offset;
		r->next %= r->n;
		r->oldest = r->offset[r->next]; /* 0 until there are so many */
	}
}

void lag_forget(struct lag *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct lag_rule *r = &l->rule[i];

		memset(r->offset, 0, r->n * sizeof(*r->offset));
		r->oldest = r->next = 0;
	}
}

struct str lag_common(struct str a, struct str b)
{
	if (topic_matches(a, b))
		return a;
	return topic_matches(b, a) ? b : (struct str){ 0 };
}

const struct lag_rule *lag_judge(const struct lag *l, const struct patterns *p,
				 uint64_t pos)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct lag_rule *r = &l->rule[i];

		for (size_t k = 0; pos < r->oldest && k < p->n; k++)
			if (lag_common(p->v[k], r->pattern).p)
				return r;
	}
	return NULL;
}
