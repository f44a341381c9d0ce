#include "task.h"

#include "common/clk.h"
#include "common/log.h"

int known_get(struct scraper *s, struct str id, struct arena *a,
	      struct watch_state *st_r, struct err *e)
{
	char key[ROW_KEY_MAX];
	struct str val;
	struct err bad;
	int rc = stage_get(s->stage, row_key(ROW_KNOWN, id, key), &val, e);

	*st_r = (struct watch_state){ 0 };
	if (rc < 0)
		return -1;
	if (rc > 0 && watchstate_decode(arena_str(a, val), a, st_r, &bad))
		log_warn("%.*s: %s; taking a new baseline", STR_ARG(id),
			 bad.msg);
	return 0;
}

int known_of(struct task *t, struct arena *a, struct watch_state *st_r,
	     struct err *e)
{
	if (known_get(t->scraper, t->watch->def.id, a, st_r, e))
		return -1;
	if (st_r->config != t->watch->config)
		*st_r = (struct watch_state){ .config = t->watch->config,
					      .observed = st_r->observed,
					      .outcome = st_r->outcome };
	return 0;
}

int known_save(struct scraper *s, struct str id, const struct watch_state *st,
	       struct err *e)
{
	struct buf b = { 0 };
	char key[ROW_KEY_MAX];
	int rc;

	watchstate_encode(st, &b);
	rc = stage_put(s->stage, row_key(ROW_KNOWN, id, key), buf_str(&b), e);
	buf_free(&b);
	return rc;
}

int known_forget(struct scraper *s, struct str id, struct err *e)
{
	char key[ROW_KEY_MAX];

	return stage_del(s->stage, row_key(ROW_KNOWN, id, key), e) < 0 ? -1 : 0;
}

int known_load(struct task *t, struct err *e)
{
	struct arena a = { 0 };
	struct watch_state st;
	int rc = known_of(t, &a, &st, e);

	if (rc == 0 && st.observed)
		task_set_outcome(t, st.outcome);
	if (rc == 0)
		watch_set_version(t->watch, st.etag, st.last_modified);
	t->polls = st.polls;
	/* One that was good when we went had no time to grow old. */
	t->good_us = clk_wall_us();
	if (st.observed && !outcome_is_good(st.outcome) && st.good_us)
		t->good_us = st.good_us;
	t->known_us = st.good_us;
	t->stale = st.stale;
	arena_free(&a);
	return rc ? rc : rhythm_load(t, e);
}

int known_stale(struct task *t, struct err *e)
{
	struct arena a = { 0 };
	struct watch_state st;
	int rc = known_of(t, &a, &st, e);

	st.stale = t->stale;
	st.good_us = t->good_us;
	if (rc == 0)
		rc = known_save(t->scraper, t->watch->def.id, &st, e);
	arena_free(&a);
	return rc;
}
