#include "silence.h"

#include <stdlib.h>

#include "common/arena.h"
#include "common/clk.h"
#include "common/event.h"
#include "common/types_rule.h"
#include "common/xmem.h"

struct silence {
	struct arena arena;
	struct str id, pattern, user;
	int64_t until_us; /* CLK_NONE: no end */
};

static void silence_free(struct silence *s)
{
	arena_free(&s->arena);
	free(s);
}

int silences_put(struct silences *all, struct str id, struct str data,
		 struct err *e)
{
	struct silence *s = xcalloc(1, sizeof(*s));
	struct type_silence t;

	data = arena_str(&s->arena, data);
	if (shape_decode(&shape_silence, data, &t, &s->arena, e)) {
		silence_free(s);
		return -1;
	}
	s->id = arena_str(&s->arena, id);
	s->pattern = t.pattern;
	s->user = t.user;
	if (!t.until.p || !clk_parse(t.until, &s->until_us))
		s->until_us = CLK_NONE;
	silences_remove(all, id);
	xgrow(&all->v, &all->cap, all->n, sizeof(struct silence *));
	all->v[all->n++] = s;
	return 0;
}

void silences_remove(struct silences *all, struct str id)
{
	for (size_t i = 0; i < all->n; i++) {
		if (!str_eq(all->v[i]->id, id))
			continue;
		silence_free(all->v[i]);
		all->v[i] = all->v[--all->n];
		return;
	}
}

void silences_free(struct silences *all)
{
	for (size_t i = 0; i < all->n; i++)
		silence_free(all->v[i]);
	free(all->v);
	*all = (struct silences){ 0 };
}

bool silences_cover(const struct silences *all, struct str topic,
		    struct str user, int64_t recorded_us, int64_t *until_us_r)
{
	bool covered = false;

	for (size_t i = 0; i < all->n; i++) {
		const struct silence *s = all->v[i];

		if (!topic_matches(topic, s->pattern) ||
		    (s->user.p && !str_eq(s->user, user)) ||
		    (s->until_us != CLK_NONE && recorded_us >= s->until_us))
			continue;
		if (!covered || s->until_us == CLK_NONE ||
		    (*until_us_r != CLK_NONE && s->until_us > *until_us_r))
			*until_us_r = s->until_us;
		covered = true;
	}
	return covered;
}
