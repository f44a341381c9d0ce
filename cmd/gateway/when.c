#include "when.h"

#include <sysexits.h>

bool when_parse(struct str s, int64_t now_us, struct when *w)
{
	int64_t age_ms;

	*w = (struct when){ .is_position = position_parse(s, &w->pos) };
	if (w->is_position)
		return position_parse(s, &w->pos);
	if (str_duration_ms(s, &age_ms)) {
		w->us = now_us - age_ms * 1000;
		return true;
	}
	return clk_parse(s, &w->us);
}

int when_since(struct journal *j, const struct when *w, uint64_t *first_r,
	       bool *recovered_r, struct err *e)
{
	int rc;

	*recovered_r = true;
	if (!w->is_position)
		return journal_at_time(j, w->us, first_r, e);
	rc = journal_resume(j, w->pos, first_r, e);
	*recovered_r = rc == 1;
	return rc < 0 ? -1 : 0;
}

int when_until(struct journal *j, const struct when *w, uint64_t *last_r,
	       struct err *e)
{
	struct journal_head head;

	if (!w->is_position) {
		if (journal_at_time(j, w->us + 1, last_r, e))
			return -1;
		*last_r -= 1;
		return 0;
	}
	if (journal_head(j, &head, e))
		return -1;
	if (w->pos.epoch != head.epoch)
		return err_set(e, EX_USAGE,
			       "until: a position of another journal");
	*last_r = w->pos.offset;
	return 0;
}
