#include "task.h"

#include "common/log.h"
#include "common/stats.h"

/*
 * Before the event that names it is in the ledger, it is on disk. An event that
 * never comes leaves it to the collector.
 */
static void put(struct blob_batch *b, const char *what, struct str content,
		bool is_text, struct keeping *k)
{
	struct err e;

	k->how = KEEPING_KEPT;
	if (blob_batch_add(b, content, is_text, k->id, &e) == 0)
		return;
	k->how = KEEPING_FAILED;
	log_warn("%s not kept: %s", what, e.msg);
}

/* Pictures and archives do not pack. */
static bool is_text(struct str body)
{
	enum { LOOK = 4096 };

	return str_chr(str_sub(body, 0, LOOK), '\0') == (size_t)-1;
}

void keep_body(const struct result *r, struct str body, struct blob_batch *b,
	       struct keeping *k)
{
	struct err none;

	if (!body.p)
		return;
	if (b && body.len <= r->task->scraper->conf->body_max)
		put(b, "body", body, is_text(body), k);
	else if (blob_id(body, k->id, &none))
		k->how = KEEPING_FAILED;
	else
		k->how = b ? KEEPING_TOO_LARGE : KEEPING_NOWHERE;
}

void keep_text(const struct result *r, struct blob_batch *b,
	       const struct diff *d, struct keeping *k)
{
	if (!b || !r->task->watch->diff.page ||
	    !r->task->scraper->conf->keep_max || d->n == 0)
		return;
	if (d->keep.p)
		put(b, "text", d->keep, true, k);
	else
		k->how = KEEPING_TOO_LARGE;
}

bool keep_ended(const struct result *r, const struct blob_batch *b,
		const char *what, const char *total, struct keeping *k)
{
	static const char *const names[] = {
		[KEEPING_KEPT] = "kept",
		[KEEPING_FAILED] = "failed",
		[KEEPING_TOO_LARGE] = "too-large",
		[KEEPING_NOWHERE] = "nowhere",
	};
	struct err e;

	if (k->how == KEEPING_NONE)
		return true;
	if (k->how == KEEPING_KEPT && blob_batch_kept(b, k->id, &e)) {
		k->how = KEEPING_FAILED;
		log_warn("%s not kept: %s", what, e.msg);
	}
	stats_add(stage_stats(r->task->scraper->stage), total, names[k->how],
		  1);
	return k->how != KEEPING_FAILED;
}
