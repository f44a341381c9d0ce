#include "common/since.h"

#include <sysexits.h>

bool since_parse(struct str s, int64_t now_us, struct since *since_r)
{
	struct since since = { .is_position = false };
	int64_t ms;

	if (position_parse(s, &since.position))
		since.is_position = true;
	else if (str_duration_ms(s, &ms))
		since.us = now_us - ms * 1000;
	else if (!clk_parse(s, &since.us))
		return false;
	*since_r = since;
	return true;
}

int since_first(const struct since *since, struct journal *j,
		struct journal_want *want, uint64_t *first_r, struct err *e)
{
	if (since->is_position)
		return journal_resume(j, since->position, want, first_r, e);
	return journal_resume_at(j, since->us, want, first_r, e);
}

bool since_is_ahead(const struct since *since, const struct journal_head *head)
{
	return since->is_position && since->position.epoch == head->epoch &&
	       since->position.offset > head->offset;
}

bool since_has(const struct since *since, const struct event *ev)
{
	if (!since->is_position)
		return ev->recorded_us >= since->us;
	return ev->epoch != since->position.epoch ||
	       ev->offset > since->position.offset;
}

int since_last(const struct since *since, struct journal *j, uint64_t *last_r,
	       struct err *e)
{
	struct journal_head head;
	uint64_t after;

	if (!since->is_position) {
		if (journal_at_time(j, since->us + 1, &after, e))
			return -1;
		*last_r = after - 1;
		return 0;
	}
	if (journal_head(j, &head, e))
		return -1;
	if (since->position.epoch != head.epoch)
		return err_set(e, EX_DATAERR,
			       "a position of epoch %08x; this journal is %08x",
			       since->position.epoch, head.epoch);
	*last_r = since->position.offset;
	return 0;
}
