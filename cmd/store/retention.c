#include "retention.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/opt.h"
#include "common/xmem.h"

#include "tally.h"

_Static_assert((int)RETENTION_PRUNE <= JOURNAL_TOPICS_MAX, "one transaction");

struct rule {
	struct str type;
	int64_t age_ms, count, max_bytes, max_blobs; /* 0: no limit */
	int64_t bytes;	    /* of this type, in the pass that is under way */
	int64_t excess;	    /* bytes over the limit that the last pass found */
	struct tally tally; /* the blobs of this pass, and as above: */
	int64_t blobs, blob_excess;
};

#define DAY_MS INT64_C(86400000)

/* What weir writes by itself and names blobs in; a section goes over it. */
static const struct rule defaults[] = {
	{ .type = { "observation.record", sizeof("observation.record") - 1 },
	  .age_ms = 90 * DAY_MS,
	  .count = 1000,
	  .max_blobs = 1 << 30 },
	/* Once it was read, the record has it. */
	{ .type = { "observation.push", sizeof("observation.push") - 1 },
	  .age_ms = 7 * DAY_MS,
	  .count = 1000,
	  .max_blobs = 1 << 28 },
};

/* An event that is about to be pruned. */
struct victim {
	uint64_t offset;
	uint64_t topic; /* hash */
	int64_t bytes, blobs;
	struct rule *rule;
};

struct retention {
	const char *dir; /* borrowed */
	struct rule rule[RETENTION_RULES_MAX];
	size_t n;
	int64_t max_bytes, every_ms;
	bool walking;
	bool forced; /* this pass knows of excess */
	int64_t next_pass_us;
	uint64_t at, until; /* offsets: next to look at; where the pass ends */
	uint64_t floor;	    /* what stages have read */
	int64_t bytes, excess;

	/* one slice */
	int64_t now_us;
	struct journal *j;
	struct victim victim[RETENTION_PRUNE];
	size_t n_victims;
};

static int read_rule(const struct conf *conf, const char *type, struct rule *r,
		     struct err *e)
{
	const struct opt keys[] = {
		{ 0, "age", "TIME", OPT_MS, &r->age_ms, 1000, INT64_MAX, "" },
		{ 0, "count", "N", OPT_UINT, &r->count, 1, INT64_MAX, "" },
		{ 0, "bytes", "N", OPT_SIZE, &r->max_bytes, 1, INT64_MAX, "" },
		{ 0, "blobs", "N", OPT_SIZE, &r->max_blobs, 1, INT64_MAX, "" },
	};

	for (size_t i = 0; i < conf_count(conf); i++) {
		const struct conf_entry *at = conf_at(conf, i);
		size_t k = 0;

		if (strcmp(at->section, "retention") != 0 ||
		    strcmp(at->name, type) != 0)
			continue;
		while (k < ARRAY_LEN(keys) && strcmp(keys[k].name, at->key))
			k++;
		if (k == ARRAY_LEN(keys))
			err_set(e, EX_CONFIG, "%s: unknown key", at->key);
		if (k == ARRAY_LEN(keys) || opt_set(&keys[k], at->value, e)) {
			e->code = EX_CONFIG;
			return err_prefix(e, "%s:%u", conf_path(conf),
					  at->line);
		}
	}
	return 0;
}

static struct rule *rule_of(struct retention *r, struct str type)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->rule[i].type, type))
			return &r->rule[i];
	return NULL;
}

/* That of the type, or a new one; NULL: there are too many. */
static struct rule *rule_for(struct retention *r, const char *type)
{
	struct rule *rule = rule_of(r, str_from(type));

	if (rule || r->n == RETENTION_RULES_MAX)
		return rule;
	rule = &r->rule[r->n++];
	rule->type = str_from(type);
	return rule;
}

struct retention *retention_new(const struct conf *conf, const char *dir,
				int64_t max_bytes, int64_t every_ms,
				struct err *e)
{
	struct retention *r = xcalloc(1, sizeof(*r));
	const char *type;

	r->dir = dir;
	r->max_bytes = max_bytes;
	r->every_ms = every_ms;
	for (; r->n < ARRAY_LEN(defaults); r->n++)
		r->rule[r->n] = defaults[r->n];
	for (size_t i = 0; (type = conf_section(conf, "retention", i)); i++) {
		struct rule *rule = rule_for(r, type);

		if (!rule) {
			err_set(e, EX_CONFIG,
				"more than %d sections [retention]",
				RETENTION_RULES_MAX);
			goto fail;
		}
		if (read_rule(conf, type, rule, e))
			goto fail;
	}
	return r;
fail:
	retention_free(&r);
	return NULL;
}

void retention_free(struct retention **rp)
{
	struct retention *r = *rp;

	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		tally_free(&r->rule[i].tally);
	free(r);
	*rp = NULL;
}

struct counted {
	uint64_t count;
};

static int on_topic(void *arg, const struct journal_topic *t, struct err *e)
{
	struct counted *c = arg;

	(void)e;
	c->count = t->count;
	return 0;
}

/* Those of a topic that were chosen in this slice are still counted in it. */
static uint64_t chosen(const struct retention *r, uint64_t topic)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->n_victims; i++)
		n += r->victim[i].topic == topic;
	return n;
}

/*
 * The walk comes from the oldest, so an event that is met while its topic has
 * too many is one of those too many. None may be passed over: what is pruned
 * behind it would cut it off from its topic's chain.
 */
static bool too_many(struct retention *r, const struct rule *rule,
		     const struct event *ev)
{
	struct counted c = { 0 };
	struct err ignored;

	if (!rule->count || journal_topics(r->j, ev->topic, (struct str){ 0 },
					   on_topic, &c, &ignored))
		return false;
	return c.count > (uint64_t)rule->count + chosen(r, str_hash(ev->topic));
}

/* blobs: what it names first, of all events of its type in this pass. */
static bool is_due(struct retention *r, struct rule *rule,
		   const struct event *ev, int64_t bytes, int64_t blobs)
{
	if (!rule)
		return false;
	if (rule->age_ms && ev->recorded_us < r->now_us - rule->age_ms * 1000)
		return true;
	if (rule->excess > 0 || rule->blob_excess > 0) {
		rule->excess -= bytes;
		rule->blob_excess -= blobs;
		return true;
	}
	return too_many(r, rule, ev);
}

static void stays(struct retention *r, struct rule *rule, int64_t bytes,
		  int64_t blobs)
{
	r->bytes += bytes;
	if (!rule)
		return;
	rule->bytes += bytes;
	rule->blobs += blobs;
}

static int look(void *arg, const struct event *ev, struct err *e)
{
	struct retention *r = arg;
	struct rule *rule = rule_of(r, event_type(ev));
	int64_t bytes = (int64_t)(ev->topic.len + ev->source.len + ev->ext.len +
				  ev->data.len) +
			64; /* the record's head and its share of the page */
	int64_t blobs = rule && rule->max_blobs
				? tally_add(&rule->tally, r->dir, ev->data)
				: 0;
	bool forced = r->excess > 0, unread = ev->offset > r->floor;

	(void)e;
	if (forced || (!unread && is_due(r, rule, ev, bytes, blobs))) {
		r->excess -= bytes;
		r->victim[r->n_victims++] =
			(struct victim){ ev->offset, str_hash(ev->topic), bytes,
					 blobs, rule };
		return r->n_victims == RETENTION_PRUNE;
	}
	stays(r, rule, bytes, blobs);
	return 0;
}

static int prune(struct retention *r, struct journal *j, struct stats *stats,
		 struct err *e)
{
	if (r->n_victims == 0)
		return 0;
	if (journal_write_begin(j, e))
		return -1;
	for (size_t i = 0; i < r->n_victims; i++) {
		const struct victim *v = &r->victim[i];
		int rc = journal_write_prune(j, v->offset, e);

		if (rc < 0) {
			journal_write_abort(j);
			return -1;
		}
		if (rc == 0) /* it holds its topic's value, or is the newest */
			stays(r, v->rule, v->bytes, v->blobs);
		stats_add(stats, "pruned_total", NULL, rc);
	}
	return journal_write_commit(j, e);
}

/* Begin a pass: what is there, and what may go? */
static int begin_pass(struct retention *r, struct journal *j, struct err *e)
{
	const int64_t week_us = RETENTION_STAGE_DAYS * INT64_C(86400000000);
	struct journal_head head;

	if (journal_head(j, &head, e) ||
	    journal_write_floor(j, r->now_us - week_us, &r->floor, e))
		return -1;
	r->at = head.first;
	r->until = head.offset;
	r->bytes = 0;
	for (size_t i = 0; i < r->n; i++) {
		r->rule[i].bytes = r->rule[i].blobs = 0;
		tally_free(&r->rule[i].tally);
	}
	r->walking = head.offset > 0;
	return 0;
}

static int64_t over(int64_t n, int64_t max)
{
	return max && n > max ? n - max : 0;
}

/*
 * The pass is over: what it counted tells the next one how much must go. That
 * one comes at once, but what it leaves because nothing else may go waits.
 */
static void end_pass(struct retention *r, struct stats *stats)
{
	bool was_forced = r->forced;

	r->walking = r->forced = false;
	r->next_pass_us = r->now_us + r->every_ms * 1000;
	r->excess = over(r->bytes, r->max_bytes);
	for (size_t i = 0; i < r->n; i++) {
		struct rule *rule = &r->rule[i];

		rule->excess = over(rule->bytes, rule->max_bytes);
		rule->blob_excess = over(rule->blobs, rule->max_blobs);
		tally_free(&rule->tally);
		r->forced |= rule->excess > 0 || rule->blob_excess > 0;
	}
	r->forced |= r->excess > 0;
	if (r->forced && !was_forced)
		r->next_pass_us = r->now_us;
	stats_set(stats, "record_bytes", NULL, r->bytes);
}

int retention_turn(struct retention *r, struct journal *j, int64_t now_us,
		   struct stats *stats, struct err *e)
{
	struct journal_scan scan = { .budget = RETENTION_LOOK };
	uint64_t next;
	int rc;

	r->now_us = now_us;
	r->j = j;
	r->n_victims = 0;
	if (!r->walking) {
		if (now_us < r->next_pass_us)
			return 0;
		if (begin_pass(r, j, e))
			return -1;
		if (!r->walking) {
			end_pass(r, stats);
			return 0;
		}
	}
	scan.from = r->at;
	scan.until = r->until;
	rc = journal_scan(j, &scan, look, r, &next, e);
	if (rc < 0 || prune(r, j, stats, e)) {
		r->walking = false; /* what it counted is half of it */
		return -1;
	}
	r->at = next;
	if (rc == 0)
		end_pass(r, stats);
	return 1;
}
