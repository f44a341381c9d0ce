#include "goodbyes.h"

void goodbyes_add(struct goodbyes *g, const char *sid, int64_t now_ms)
{
	struct goodbye *one = &g->ring[g->next];

	g->next = (g->next + 1) % GOODBYES_MAX;
	g->pushed += *one->sid && one->until_ms > now_ms;
	str_copy(one->sid, sizeof(one->sid), str_from(sid));
	one->until_ms = now_ms + GOODBYES_MS;
}

/* The newest first: most often all others are over. */
bool goodbyes_take(struct goodbyes *g, struct str sid, int64_t now_ms)
{
	for (size_t i = 1; i <= GOODBYES_MAX && sid.len; i++) {
		struct goodbye *one =
			&g->ring[(g->next + GOODBYES_MAX - i) % GOODBYES_MAX];

		if (one->until_ms <= now_ms)
			return false;
		if (str_is(sid, one->sid)) {
			*one->sid = '\0';
			return true;
		}
	}
	return false;
}
