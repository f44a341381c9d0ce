/*
 * Rules for clients that fall behind: one on each line. Those that are taken
 * judge as their own text says; the others are told why.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"
#include "common/xmem.h"

#include "cmd/gateway/lag.h"

enum { EVENTS = 40, LINES_MAX = LAG_RULES_MAX + 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str topic_at(uint64_t offset)
{
	static const char *const topics[] = { "a.x/1", "a.x/2", "b.y", "a." };

	return str_from(topics[offset % 3]);
}

/* What somebody at `pos` has missed of a rule's topics. */
static uint64_t missed(struct str pattern, uint64_t pos)
{
	uint64_t n = 0;

	for (uint64_t o = pos + 1; o <= EVENTS; o++)
		n += topic_matches(topic_at(o), pattern);
	return n;
}

/* The first rule that says so, by its text. */
static size_t first_rule(char *const *rule, size_t n, uint64_t pos)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const char *sign = strrchr(rule[i], '=');
		struct str pattern = { rule[i], (size_t)(sign - rule[i]) };

		if (missed(pattern, pos) >
		    strtoull(strchr(sign, ':') + 1, NULL, 10))
			break;
	}
	return i;
}

static void judge(struct lag *l, char *const *rule, size_t n)
{
	struct patterns all = { 0 };

	patterns_add(&all, STR(""));
	for (uint64_t o = 1; o <= EVENTS; o++)
		lag_event(l, topic_at(o), o);
	for (uint64_t pos = 0; pos <= EVENTS; pos++) {
		const struct lag_rule *r = lag_judge(l, &all, pos);
		size_t want = first_rule(rule, n, pos);

		assert((r != NULL) == (want < n));
		if (r)
			assert(str_starts(str_from(rule[want]), r->pattern) &&
			       rule[want][r->pattern.len] == '=');
	}
	lag_forget(l);
	assert(!lag_judge(l, &all, 0));
	patterns_free(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1), *rule[LINES_MAX], *at = text;
	struct err e = { 0 };
	struct lag *l;
	size_t n = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	while (at && n < LINES_MAX)
		rule[n++] = strsep(&at, "\n");
	l = lag_new((const char *const *)rule, n, &e);
	assert(l ? n <= LAG_RULES_MAX
		 : str_starts(str_from(e.msg), STR("lag: ")));
	if (l)
		judge(l, rule, n);
	lag_free(&l);
	free(text);
	return 0;
}
