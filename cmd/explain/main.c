/*
 * weir-explain - how an event came about, and what came of it.
 * See weir-explain(1).
 */
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/log.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "account.h"

enum { LOOK = 1000000 };

static struct {
	struct opt_common common;
	bool json;
	int64_t look;
} cfg = { .look = LOOK };

static const struct opt opts[] = {
	{ 'j', "json", NULL, OPT_FLAG, &cfg.json, 0, 0,
	  "print events and their parts as JSON Lines" },
	{ 0, "look", "N", OPT_UINT, &cfg.look, 1, INT64_MAX,
	  "look at N events before and after (default 1000000)" },
};

static const struct opt_tool tool = {
	.name = "explain",
	.synopsis = "[OPTION...] EVENT",
	.summary = "Print how an event came about, and what came of it.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.max_args = 1,
	.common = &cfg.common,
};

/* ---- which one ---- */

struct wanted {
	struct str source, id;
	uint64_t offset;
	struct arena arena;
};

static int match(void *arg, const struct event *ev, struct err *e)
{
	struct wanted *w = arg;
	uint64_t id;
	bool same = str_u64(w->id, &id) && ev->id ? ev->id == id
						  : str_eq(ev->idtext, w->id);

	(void)e;
	if (!same || !str_eq(ev->source, w->source))
		return 0;
	w->offset = ev->offset;
	return 1;
}

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	(void)e;
	*(uint64_t *)arg = t->last;
	return 1;
}

/* Down from the head, as far as we look. */
static int scan_down(struct journal *j, const struct journal_head *head,
		     journal_fn *fn, struct wanted *w, struct err *e)
{
	enum { PIECE = 10000 };
	struct journal_scan scan = { .from = head->offset,
				     .until = 1,
				     .reverse = true,
				     .budget = PIECE };
	int rc = 1;

	for (int64_t left = cfg.look; rc > 0 && left > 0; left -= PIECE) {
		uint64_t found = w->offset;

		rc = journal_scan(j, &scan, fn, w, &scan.from, e);
		if (scan.from < scan.until ||
		    (fn == match && found != w->offset))
			break;
	}
	return rc < 0 ? -1 : 0;
}

/* Each event of an alert; the first one of them is the last that is met. */
static int match_alert(void *arg, const struct event *ev, struct err *e)
{
	struct wanted *w = arg;

	(void)e;
	if (!str_starts(ev->topic, STR("alert.")) || event_is(ev, "alert.ack"))
		return 0;
	arena_reset(&w->arena);
	if (str_eq(json_get_text(ev->data, "id", &w->arena), w->id))
		w->offset = ev->offset;
	return 0;
}

static int find_alert(struct journal *j, struct str id,
		      const struct journal_head *head, uint64_t *offset_r,
		      struct err *e)
{
	struct wanted w = { .id = id };
	int rc = scan_down(j, head, match_alert, &w, e);

	*offset_r = w.offset;
	arena_free(&w.arena);
	return rc;
}

static int find_pair(struct journal *j, struct str text,
		     const struct journal_head *head, uint64_t *offset_r,
		     struct err *e)
{
	struct wanted w = { .source = text };
	int rc;

	while (w.source.len && w.source.p[w.source.len - 1] != '/')
		w.source.len--;
	w.id = str_sub(text, w.source.len, text.len);
	if (w.source.len)
		w.source.len--;
	rc = scan_down(j, head, match, &w, e);
	*offset_r = w.offset;
	return rc;
}

/* Its offset; 0: there is none. */
static int find(struct journal *j, struct str text, uint64_t *offset_r,
		struct err *e)
{
	struct journal_head head;
	struct position pos;

	*offset_r = 0;
	if (journal_head(j, &head, e))
		return -1;
	if (str_u64(text, offset_r))
		return 0;
	if (position_parse(text, &pos)) {
		*offset_r = pos.offset;
		return pos.epoch == head.epoch
			       ? 0
			       : err_set(e, EX_DATAERR,
					 "%.*s: the journal's epoch is %08x",
					 STR_ARG(text), head.epoch);
	}
	if (topic_check(text, NULL) == 0)
		return journal_topics(j, text, (struct str){ 0 }, on_topic,
				      offset_r, e) < 0
			       ? -1
			       : 0;
	if (str_is_id(text))
		return find_alert(j, text, &head, offset_r, e);
	return find_pair(j, text, &head, offset_r, e);
}

/* ---- what is said of it ---- */

static void warn(const struct way *w)
{
	if (w->lost.p)
		log_warn("its cause, %.*s, is not among the %lld events "
			 "before it",
			 STR_ARG(w->lost), (long long)cfg.look);
	if (w->more)
		log_warn("more follows: these are %d steps", WAY_STEPS_MAX);
	if (w->cut)
		log_warn("what follows after %lld events was not looked for",
			 (long long)cfg.look);
}

static int explain(struct journal *j, struct str text, struct err *e)
{
	struct way w = { .n = 0 };
	struct buf b = { 0 };
	uint64_t offset;
	int rc = find(j, text, &offset, e);

	if (rc == 0)
		rc = offset ? way_find(&w, j, offset, (uint64_t)cfg.look, e)
			    : 0;
	if (rc > 0) {
		if (cfg.json)
			account_print_json(&w, &b);
		else
			account_print(&w, &b);
		warn(&w);
		rc = buf_print(&b, e);
	} else if (rc == 0) {
		log_warn("%.*s: there is no such event", STR_ARG(text));
		rc = 1;
	}
	buf_free(&b);
	way_free(&w);
	return rc;
}

static int run(char **args, struct err *e)
{
	struct journal *j;
	int rc;

	if (cfg.common.check_config)
		return 0;
	if (!*args)
		return err_set(e, EX_USAGE, "EVENT is missing");
	j = journal_open(cfg.common.dir, e);
	if (!j)
		return -1;
	rc = explain(j, str_from(*args), e);
	journal_close(&j);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
