#include "sight.h"

#include <stddef.h>

const char *sight_take(struct sight *s, uint64_t n)
{
	const char *wrong = s->state == SIGHT_NONE ? "not asked for"
			    : n <= s->seen	   ? "doubled"
			    : s->state == SIGHT_NEXT && n != s->seen + 1
				    ? "some are lost"
				    : NULL;

	if (s->state != SIGHT_NONE)
		s->state = SIGHT_NEXT;
	s->seen = n;
	return wrong;
}
