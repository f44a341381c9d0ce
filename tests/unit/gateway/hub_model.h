#ifndef TESTS_UNIT_GATEWAY_HUB_MODEL_H
#define TESTS_UNIT_GATEWAY_HUB_MODEL_H

/*
 * hub_model - what one client of the hub must receive, and be told.
 *
 * It knows no rings, pieces or groups: only what was ever recorded, what of
 * that was pruned, and what the client asked for. That is a list of requests
 * ("last", later patterns with `since`, the newest after a lag), served one
 * after the other, and then the stream of what comes after one position. What
 * comes next is then known exactly. Only what was pruned may be left out, and
 * then the client must have been told of it.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/cases.h"

#include "cmd/gateway/hub.h"

enum {
	MODEL_TOPICS = 9,
	MODEL_PATTERNS = 7,
	MODEL_FILTERS = 3,
	MODEL_HISTORY = 30000,
};

static const char *const model_topic[MODEL_TOPICS] = {
	"a.x/1", "a.x/2", "a.x/3", "b.y/1", "b.y/2", "c.z", "a.w", "d.v", "b.u",
};

static const char *const model_pattern[MODEL_PATTERNS] = {
	"", "a.x/", "a.", "b.y/", "b.y/1", "a.x/2", "c.z",
};

/* Of what the events say: {"v":V,"even":...,"tags":[...]}. */
static const char *const model_filter[MODEL_FILTERS] = {
	"v < 40", "even or tags contains \"one\"", "v.more == 1"
};

static inline bool model_holds(int filter, unsigned v)
{
	switch (filter) {
	case 0: return v < 40;
	case 1: return v % 2 == 0 || v % 10 == 1;
	default: return false;
	}
}

/* A topic, or the topics of a pattern, are among those of a pattern. */
static inline bool model_within(const char *topic, const char *pattern)
{
	size_t n = strlen(pattern);

	if (n == 0 || pattern[n - 1] == '/' || pattern[n - 1] == '.')
		return strncmp(topic, pattern, n) == 0;
	return strcmp(topic, pattern) == 0;
}

/* ---- what was recorded ---- */

struct history {
	uint32_t epoch, before; /* before: the epoch that it was copied from */
	uint64_t before_end;	/* and where that ended; before 0: none */
	uint64_t head;
	uint64_t newest; /* that the hub was told of */
	uint64_t pruned; /* the highest that ever was; 0: none */
	uint8_t topic[MODEL_HISTORY], value[MODEL_HISTORY]; /* by offset */
	bool there[MODEL_HISTORY];
	bool heard[MODEL_HISTORY]; /* by the hub, as the rules count it */
};

/* ---- what is wanted ---- */

/* Of each pattern: -1 it is not, 0 without a filter, else filter and 1. */
struct wanted {
	int8_t how[MODEL_PATTERNS];
};

static inline void wanted_none(struct wanted *w)
{
	memset(w->how, -1, sizeof(w->how));
}

static inline size_t wanted_count(const struct wanted *w)
{
	size_t n = 0;

	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		n += w->how[p] >= 0;
	return n;
}

static inline bool wanted_is(const struct wanted *w, const struct history *h,
			     uint64_t o)
{
	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		if (w->how[p] >= 0 &&
		    model_within(model_topic[h->topic[o]], model_pattern[p]) &&
		    (w->how[p] == 0 || model_holds(w->how[p] - 1, h->value[o])))
			return true;
	return false;
}

/* All events of a topic are, whatever they say. */
static inline bool wanted_covers(const struct wanted *w, size_t topic)
{
	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		if (w->how[p] == 0 &&
		    model_within(model_topic[topic], model_pattern[p]))
			return true;
	return false;
}

/*
 * The highest offset above `after` that was pruned, of a topic that is wanted,
 * and that was not told of for that pattern; 0: none.
 */
static inline uint64_t wanted_lost(const struct wanted *w,
				   const uint64_t told[MODEL_PATTERNS],
				   const struct history *h, uint64_t after)
{
	for (uint64_t o = h->pruned; o > after; o--)
		for (size_t p = 0; !h->there[o] && p < MODEL_PATTERNS; p++)
			if (w->how[p] >= 0 && (!told || told[p] < o) &&
			    model_within(model_topic[h->topic[o]],
					 model_pattern[p]))
				return o;
	return 0;
}

/* ---- one client ---- */

struct request {
	struct wanted asked, had; /* events of the first, not the second */
	uint64_t at, end;	  /* after the first, up to the second */
	bool is_list;		  /* only these, */
	const char *thin;	  /* or: of these topics; NULL */
	uint64_t list[MODEL_TOPICS];
	size_t n_list;
	uint64_t told[MODEL_PATTERNS], said[MODEL_PATTERNS]; /* as below */
};

struct model {
	const struct history *h;
	char name[64]; /* of the client, for who reads what failed */
	struct wanted set;
	struct request request[HUB_OWED_MAX + 2];
	size_t n_requests;
	uint64_t at; /* of the stream: everything up to here is done */
	/*
	 * Up to where it knows of what was pruned, by pattern, and what need
	 * not be said again: that is all, once it wants something new.
	 */
	uint64_t told[MODEL_PATTERNS], said[MODEL_PATTERNS];
	size_t got, listed, missed; /* events; of lists; of requests */
};

#define model_need(m, truth, ...)                       \
	do {                                            \
		if (!(truth)) {                         \
			print_error("%s: ", (m)->name); \
			print_error(__VA_ARGS__);       \
			print_error("\n");              \
			fail();                         \
		}                                       \
	} while (0)

static inline unsigned long long ull(uint64_t n)
{
	return n;
}

static inline bool request_lists(const struct request *r, uint64_t o)
{
	for (size_t i = 0; i < r->n_list; i++)
		if (r->list[i] == o)
			return true;
	return false;
}

static inline bool model_is_due(const struct model *m, const struct request *r,
				uint64_t o)
{
	if (!wanted_is(&m->set, m->h, o))
		return false;
	if (!r)
		return true;
	if ((r->is_list ||
	     (r->thin && model_within(model_topic[m->h->topic[o]], r->thin))) &&
	    !request_lists(r, o))
		return false;
	return wanted_is(&r->asked, m->h, o) && !wanted_is(&r->had, m->h, o);
}

/* It was pruned, and the client knows. */
static inline bool model_is_excused(const struct model *m,
				    const struct request *r, uint64_t o)
{
	const uint64_t *told = r ? r->told : m->told;

	if (m->h->there[o])
		return false;
	if (r && r->is_list)
		return true; /* the newest that there is, is none */
	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		if (m->set.how[p] >= 0 && told[p] >= o &&
		    model_within(model_topic[m->h->topic[o]], model_pattern[p]))
			return true;
	return false;
}

/* Nothing is due any more of a request, or of the stream, up to there. */
static inline void model_pass(const struct model *m, const struct request *r,
			      uint64_t upto)
{
	for (uint64_t o = (r ? r->at : m->at) + 1; o <= upto; o++)
		model_need(m,
			   !model_is_due(m, r, o) || model_is_excused(m, r, o),
			   "%s at %llu was left out%s",
			   model_topic[m->h->topic[o]], ull(o),
			   m->h->there[o] ? "" : ", and it was not told");
}

static inline void model_pop(struct model *m)
{
	model_pass(m, &m->request[0], m->request[0].end);
	m->n_requests--;
	memmove(&m->request[0], &m->request[1],
		m->n_requests * sizeof(m->request[0]));
}

/* The hub has that many of its requests left. */
static inline void model_sync(struct model *m, size_t left)
{
	model_need(m, m->n_requests >= left, "%zu requests, not %zu", left,
		   m->n_requests);
	while (m->n_requests > left)
		model_pop(m);
}

static inline void model_receive(struct model *m, uint64_t o)
{
	model_need(m, o <= m->h->head, "%llu is not there yet", ull(o));
	while (m->n_requests) {
		struct request *r = &m->request[0];

		if (o > r->at && o <= r->end && model_is_due(m, r, o)) {
			model_pass(m, r, o - 1);
			r->at = o;
			m->listed += r->is_list;
			m->missed += !r->is_list;
			return;
		}
		model_pop(m);
	}
	model_need(m, o > m->at, "%llu came again, after %llu", ull(o),
		   ull(m->at));
	model_need(m, o <= m->h->newest, "%llu came too early", ull(o));
	model_need(m, model_is_due(m, NULL, o), "%llu is for somebody else",
		   ull(o));
	model_pass(m, NULL, o - 1);
	m->at = o;
	m->got++;
}

/* The hub says that this is where the client stands. */
static inline void model_stands_at(struct model *m, uint64_t pos)
{
	model_need(m, m->at <= pos, "stands at %llu, and had %llu", ull(pos),
		   ull(m->at));
	model_pass(m, NULL, pos);
	m->at = pos;
}

/* Of all that it wants, or of what a request is about. */
static inline void told_now(const struct wanted *w, const struct history *h,
			    uint64_t told[MODEL_PATTERNS])
{
	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		if (w->how[p] >= 0)
			told[p] = h->pruned;
}

/* It is told that events after a position are gone: of its first request. */
static inline void model_told_of_request(struct model *m, uint64_t pos)
{
	struct request *r = &m->request[0];

	model_need(m, m->n_requests && !r->is_list, "told of no request");
	model_need(m, r->at <= pos && pos <= r->end,
		   "told of a request at %llu, not %llu", ull(pos), ull(r->at));
	model_pass(m, r, pos);
	r->at = pos;
	model_need(m, wanted_lost(&r->asked, r->said, m->h, pos),
		   "told of a request, after %llu, and nothing is lost",
		   ull(pos));
	told_now(&r->asked, m->h, r->told);
	told_now(&r->asked, m->h, r->said);
}

static inline void model_told_all(struct model *m)
{
	told_now(&m->set, m->h, m->told);
	told_now(&m->set, m->h, m->said);
}

static inline void model_told(struct model *m, uint64_t pos)
{
	model_stands_at(m, pos);
	model_need(m, wanted_lost(&m->set, m->said, m->h, pos),
		   "told, after %llu, and nothing is lost", ull(pos));
	model_told_all(m);
}

/* Another journal, from there on. */
static inline void model_begin(struct model *m, uint64_t pos)
{
	m->n_requests = 0;
	m->at = pos;
	memset(m->told, 0, sizeof(m->told));
	memset(m->said, 0, sizeof(m->said));
}

/* The newest request was none: nothing is due by it. */
static inline void model_withdraw(struct model *m)
{
	const struct request *r = &m->request[m->n_requests - 1];

	model_pass(m, r, r->end);
	m->n_requests--;
}

static inline struct request *model_ask(struct model *m,
					const struct wanted *asked)
{
	struct request *r = &m->request[m->n_requests++];

	assert_true(m->n_requests <= sizeof(m->request) / sizeof(*r));
	memset(r, 0, sizeof(*r));
	r->asked = *asked;
	wanted_none(&r->had);
	r->end = m->at;
	return r;
}

/* The newest event of each topic, as far as it lies after `after`. */
static inline void model_list(struct model *m, struct request *r,
			      const char *within, uint64_t after)
{
	for (size_t t = 0; t < MODEL_TOPICS; t++) {
		uint64_t o = m->h->head;

		while (o > 0 && m->h->topic[o] != t)
			o--;
		if (o > after && o <= r->end && !request_lists(r, o) &&
		    model_within(model_topic[t], within))
			r->list[r->n_list++] = o;
	}
}

/* What it wants from now on. */
static inline void model_set(struct model *m, const struct wanted *wish)
{
	for (size_t p = 0; p < MODEL_PATTERNS; p++) {
		if (wish->how[p] < 0)
			continue;
		if (m->set.how[p] < 0) {
			m->told[p] = 0;
			memset(m->said, 0, sizeof(m->said));
		}
		m->set.how[p] = wish->how[p];
	}
}

static inline void model_unset(struct model *m, size_t pattern)
{
	size_t n = 0;

	m->set.how[pattern] = -1;
	m->told[pattern] = 0;
	for (size_t i = 0; i < m->n_requests; i++) {
		struct request r = m->request[i];

		r.asked.how[pattern] = -1;
		if (wanted_count(&r.asked))
			m->request[n++] = r;
	}
	m->n_requests = n;
}

/* ---- rules for those who fall behind ---- */

struct model_rule {
	const char *text, *pattern;
	enum lag_policy policy;
	uint64_t n;
};

/* The first rule that somebody at pos is too far behind for; NULL: none. */
static inline const struct model_rule *model_judge(
	const struct model *m, const struct model_rule *rule, uint64_t pos)
{
	for (; rule->text; rule++) {
		uint64_t missed = 0;
		bool wants = false;

		for (uint64_t o = pos + 1; o <= m->h->newest; o++)
			missed += m->h->heard[o] &&
				  model_within(model_topic[m->h->topic[o]],
					       rule->pattern);
		for (size_t p = 0; p < MODEL_PATTERNS; p++)
			wants |=
				m->set.how[p] >= 0 &&
				(model_within(model_pattern[p],
					      rule->pattern) ||
				 model_within(rule->pattern, model_pattern[p]));
		if (wants && missed > rule->n)
			return rule;
	}
	return NULL;
}

/* It goes on with the newest, from `pos` to `upto`. */
static inline void model_moved_on(struct model *m,
				  const struct model_rule *rule, uint64_t pos,
				  uint64_t upto)
{
	bool all = true;
	struct request *r;

	model_need(m, rule && rule->policy == LAG_LATEST,
		   "moved on from %llu, and no rule says so", ull(pos));
	model_need(m, m->n_requests == 0, "moved on, and requests are left");
	model_stands_at(m, pos);
	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		all &= m->set.how[p] < 0 ||
		       model_within(model_pattern[p], rule->pattern);
	m->at = upto;
	r = model_ask(m, &m->set);
	r->at = pos;
	r->is_list = all;
	r->thin = rule->pattern;
	memcpy(r->told, m->told, sizeof(r->told));
	memcpy(r->said, m->said, sizeof(r->said));
	model_list(m, r, rule->pattern, pos);
}

#endif
