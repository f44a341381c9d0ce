/*
 * What clients of the hub receive, whatever happens: long seeded mixtures of
 * events, prunes, a reader that is late, other journals, sockets that take no
 * more, clients that lag, come back, and want something else. Each client is
 * held to a model of its own (hub_model.h). The journal is a real one.
 *
 * A mixture does not look at the clock, and so a seed is one course of things.
 * WEIR_SEED=N runs that one, WEIR_SEEDS=N so many.
 */
#include <sysexits.h>

#include "tests/unit/gateway/hub_world.h"

enum {
	STEPS = 2500,
	SEEDS = 16,
	BEFORE = 300,	  /* events that there are at the beginning */
	TURNS_MAX = 5000, /* until all are served, at the end */
};

static const struct model_rule no_rules[] = { { 0 } };
static const struct model_rule latest[] = {
	{ "a.x/=latest:40", "a.x/", LAG_LATEST, 40 },
	{ 0 },
};
static const struct model_rule both[] = {
	{ "b.=disconnect:60", "b.", LAG_DISCONNECT, 60 },
	{ "=latest:150", "", LAG_LATEST, 150 },
	{ 0 },
};
static const struct model_rule disconnect[] = {
	{ "=disconnect:100", "", LAG_DISCONNECT, 100 },
	{ 0 },
};
static const struct model_rule *const all_rules[] = { no_rules, latest, both,
						      disconnect };

/* ---- clients ---- */

static void check_position(struct client *c)
{
	struct position pos = hub_position(c->w->hub, &c->hub);

	observe(c);
	if (!c->hub.group)
		return;
	model_sync(&c->model, owed(c));
	if (c->hub.owed) {
		model_need(&c->model, pos.epoch == 0, "a position before all");
		return;
	}
	model_need(&c->model, pos.epoch == c->w->h->epoch, "another epoch");
	if (c->gone && c->left_at.epoch == pos.epoch)
		model_need(&c->model, pos.offset == c->left_at.offset,
			   "was sent away at %llu, and stands at %llu",
			   ull(c->left_at.offset), ull(pos.offset));
	model_stands_at(&c->model, pos.offset);
}

/* What the answer to a wish must be. */
struct answer {
	uint64_t pos;		 /* after which, of what `since` says */
	bool recovered, is_lost; /* of what comes after pos, some */
	bool is_elsewhere;	 /* the stream goes on from another place, */
	bool is_lost_later;	 /* and of that, some is lost */
};

static struct answer expect(const struct history *h, const struct wanted *wish,
			    const struct position *since, bool last,
			    bool was_in)
{
	struct answer a = { h->newest, true, false, !since, false };
	uint64_t end = h->head;
	bool known = since && since->epoch == h->epoch;

	if (!since)
		return a;
	if (!known && h->before && since->epoch == h->before) {
		end = h->before_end;
		known = true;
	}
	a.pos = !known ? 0 : since->offset < end ? since->offset : end;
	a.is_lost = wanted_lost(wish, NULL, h, a.pos) > 0;
	a.recovered = !a.is_lost && since->epoch == h->epoch &&
		      since->offset <= h->head;
	/* A position above the newest event is nobody's. */
	a.is_elsewhere = !was_in &&
			 ((known && since->offset > end && a.pos > h->newest) ||
			  (!a.recovered && last));
	if (a.is_elsewhere)
		a.pos = h->newest;
	return a;
}

struct wish {
	struct wanted what; /* all with the same filter */
	int filter;	    /* or -1 */
	bool has_since, last;
	struct position since;
};

static int send_wish(struct client *c, const struct wish *wish,
		     struct position *pos_r, bool *recovered_r, struct err *e)
{
	struct str pattern[MODEL_PATTERNS];
	struct hub_wish hw = { pattern, 0,
			       wish->has_since ? &wish->since : NULL,
			       wish->last, NULL };
	int rc;

	for (size_t p = 0; p < MODEL_PATTERNS; p++)
		if (wish->what.how[p] >= 0)
			pattern[hw.n++] = str_from(model_pattern[p]);
	if (wish->filter >= 0) {
		hw.filter =
			filters_get(hub_filters(c->w->hub),
				    str_from(model_filter[wish->filter]), e);
		assert_non_null(hw.filter);
	}
	rc = hub_subscribe(c->w->hub, &c->hub, &hw, pos_r, recovered_r, e);
	filter_drop(&hw.filter);
	return rc;
}

/* What the model makes of a wish that was granted. */
static void granted(struct client *c, const struct wish *wish,
		    struct position pos, bool recovered, bool was_in)
{
	const struct history *h = c->w->h;
	struct model *m = &c->model;
	const struct wanted had = m->set;
	struct answer a =
		expect(h, &wish->what, wish->has_since ? &wish->since : NULL,
		       wish->last, was_in);
	size_t before = m->n_requests;
	struct request *r;

	/* What comes by the stream of what it wants now may be lost, too. */
	a.is_lost_later = (was_in || a.is_elsewhere) &&
			  wanted_lost(&wish->what, NULL, h, pos.offset);
	a.recovered &= !a.is_lost_later;
	model_need(m, pos.epoch == h->epoch, "answered with another epoch");
	model_need(m, recovered == a.recovered, "recovered: %d, after %llu",
		   recovered, ull(a.pos));
	if (was_in)
		model_stands_at(m, pos.offset);
	else
		model_begin(m, a.pos);
	model_need(m, pos.offset == m->at, "goes on from %llu, not %llu",
		   ull(pos.offset), ull(m->at));
	c->w->ahead += pos.offset > h->newest;
	model_set(m, &wish->what);
	if (a.is_lost_later || (a.is_lost && !was_in))
		model_told_all(m);
	if (was_in && wish->has_since && (a.recovered || !wish->last)) {
		r = model_ask(m, &wish->what);
		r->at = a.pos < m->at ? a.pos : m->at;
		r->had = had;
		if (a.is_lost) {
			told_now(&wish->what, h, r->told);
			told_now(&wish->what, h, r->said);
		}
	}
	if (wish->last && !(wish->has_since && a.recovered)) {
		r = model_ask(m, &wish->what);
		r->is_list = true;
		r->had = had;
		for (size_t p = 0; p < MODEL_PATTERNS; p++) {
			if (wish->what.how[p] < 0)
				continue;
			r->had.how[p] = -1;
			model_list(m, r, model_pattern[p], 0);
		}
	}
	if (m->n_requests > before && owed(c) == before)
		model_withdraw(m);
	model_need(m, m->n_requests == owed(c), "%zu requests, not %zu",
		   owed(c), m->n_requests);
}

static void ask(struct client *c, const struct wish *wish)
{
	struct world *w = c->w;
	bool was_in = c->hub.group != NULL, recovered;
	struct position pos;
	struct err e;
	int rc;

	check_position(c);
	rc = send_wish(c, wish, &pos, &recovered, &e);
	if (rc) {
		model_need(&c->model,
			   w->is_out ? e.code == EX_UNAVAILABLE
				     : e.code == EX_TEMPFAIL &&
					       owed(c) == HUB_OWED_MAX,
			   "%s", e.msg);
		check_position(c);
		return;
	}
	c->is_late = false;
	c->returning |= wish->has_since;
	granted(c, wish, pos, recovered, was_in);
	observe(c);
}

/* Of two kinds, so that many want the same; which, the seed says. */
static enum frame_kind kind_of(const struct client *c)
{
	return frames_kind(c->w->seed * 2 + (size_t)(c - c->w->client) % 2);
}

static void leave(struct client *c)
{
	struct world *w = c->w;

	hub_leave(w->hub, &c->hub);
	c->hub = (struct hub_client){ .user = c,
				      .line.conn = c,
				      .kind = kind_of(c) };
	wanted_none(&c->model.set);
	c->model.n_requests = 0;
	c->choked = c->taken = c->gone = false;
	c->returning = c->is_excused = c->is_late = false;
	c->looked = 0;
}

/* One that was sent away goes on from where it was, with all that it had. */
static void come_back(struct client *c)
{
	const struct wanted set = c->model.set;
	const struct history *h = c->w->h;
	struct wish wish = { .since = c->left_at };

	/* Of the journals before the last one nothing is known here. */
	wish.has_since = wish.since.epoch == h->epoch ||
			 (h->before && wish.since.epoch == h->before);
	leave(c);
	for (size_t p = 0; p < MODEL_PATTERNS; p++) {
		if (set.how[p] < 0)
			continue;
		wanted_none(&wish.what);
		wish.what.how[p] = set.how[p];
		wish.filter = set.how[p] - 1;
		ask(c, &wish);
	}
}

static struct position some_position(struct world *w)
{
	const struct history *h = w->h;
	struct position pos = { h->epoch, 0 };
	uint64_t far = pick(w, 8);

	if (far < 4)
		pos.offset = h->newest -
			     pick(w, h->newest < 300 ? h->newest + 1 : 300);
	else if (far < 6)
		pos.offset = pick(w, h->head + 1);
	else if (far < 7)
		pos.offset = h->newest + pick(w, h->head - h->newest + 1);
	else
		pos.offset = h->head + 1 + pick(w, 100);
	if (one_in(w, 12))
		pos.epoch = h->before && one_in(w, 2) ? h->before : 77;
	return pos;
}

static void want(struct world *w, struct client *c)
{
	struct wish wish = { .filter = -1 };
	size_t n = 1 + one_in(w, 4);

	if (one_in(w, 3))
		wish.filter = (int)pick(w, MODEL_FILTERS);
	wanted_none(&wish.what);
	while (n-- > 0)
		wish.what.how[one_in(w, 3) ? 0 : pick(w, MODEL_PATTERNS)] =
			(int8_t)(wish.filter + 1);
	wish.has_since = one_in(w, 2);
	wish.last = one_in(w, 4);
	wish.since = some_position(w);
	ask(c, &wish);
}

static void unwant(struct world *w, struct client *c)
{
	size_t p = pick(w, MODEL_PATTERNS);
	struct str pattern = str_from(model_pattern[p]);

	check_position(c);
	hub_unsubscribe(w->hub, &c->hub, &pattern, 1);
	if (c->model.set.how[p] < 0)
		return;
	/* What it wanted so far comes before the change. */
	if (c->model.n_requests == 0 && c->hub.group)
		check_position(c);
	c->is_late = false;
	model_unset(&c->model, p);
	model_need(&c->model, c->model.n_requests == owed(c),
		   "%zu requests, not %zu", owed(c), c->model.n_requests);
	observe(c);
}

static void change_mind(struct world *w, struct client *c)
{
	if (c->gone)
		come_back(c);
	else if (!c->hub.group || !one_in(w, 3))
		want(w, c);
	else if (one_in(w, 3))
		leave(c);
	else
		unwant(w, c);
}

static void unchoke(struct client *c)
{
	struct world *w = c->w;

	c->choked = false;
	c->looked = 0;
	if (!c->taken || c->gone)
		return;
	c->taken = false;
	hub_drained(w->hub, &c->hub);
	observe(c);
	if (c->hub.state == HUB_BEHIND && !c->hub.owed && !c->returning &&
	    !c->is_excused && !w->is_out)
		c->is_late = model_judge(&c->model, w->rule,
					 hub_position(w->hub, &c->hub).offset);
}

static void unchoke_some(struct world *w, struct client *c)
{
	if (!one_in(w, 6)) {
		unchoke(c);
		return;
	}
	for (size_t i = 0; i < CLIENTS; i++)
		unchoke(&w->client[i]);
}

/* Something else was written to its socket, which took not all of it. */
static void choke_by_others(struct client *c)
{
	if (c->gone || c->taken)
		return;
	check_position(c);
	c->choked = c->taken = true;
	hub_choked(c->w->hub, &c->hub);
	check_position(c);
}

static void look_at_choked(struct world *w)
{
	w->in_look = true;
	hub_judge_choked(w->hub);
	w->in_look = false;
	for (size_t i = 0; i < CLIENTS; i++)
		w->client[i].looked += w->client[i].hub.state == HUB_CHOKED;
}

static void set_out(struct world *w, bool is_out)
{
	w->is_out = is_out;
	for (size_t i = 0; i < CLIENTS; i++) {
		observe(&w->client[i]);
		w->client[i].is_excused |= w->client[i].hub.state != HUB_LIVE &&
					   w->client[i].hub.state != HUB_AHEAD;
		w->client[i].is_late = false;
	}
	loop_work_wake(w->hub->work);
}

/* ---- the mixture ---- */

/* Of some topics there is nothing new for a while; the hub keeps up, or not. */
static void change_pace(struct world *w)
{
	w->first = pick(w, MODEL_TOPICS);
	w->span = one_in(w, 2) ? 2 : MODEL_TOPICS;
	w->lags = one_in(w, 2);
}

static void happen(struct world *w)
{
	struct client *c = &w->client[pick(w, CLIENTS)];
	const uint64_t what = pick(w, 100);

	if (what < 18)
		change_mind(w, c);
	else if (what < 26)
		c->choked = true;
	else if (what < 41)
		unchoke_some(w, c);
	else if (what < 46)
		check_position(c);
	else if (what < 48)
		choke_by_others(c);
	else if (what < 50)
		look_at_choked(w);
	else if (what < 60)
		follow(w, 1 + pick(w, 60));
	else if (what < 66)
		record(w, 1 + pick(w, 30));
	else if (what < 74)
		prune(w);
	else if (what < 76)
		set_out(w, w->is_out ? false : one_in(w, 3));
	else if (what == 76 && !w->copy[0] && one_in(w, 6))
		copy_journal(w);
	else if (what == 77 && !w->is_out && one_in(w, 8))
		change_journal(w);
	else if (what == 78)
		change_pace(w);
	else if (what == 79 && one_in(w, 3)) {
		record(w, 300); /* more than one write takes */
		follow(w, 10000);
	} else {
		record(w, 1 + pick(w, 12));
		follow(w, w->lags ? 1 + pick(w, 12) : 10000);
	}
}

/* Everybody takes all that is there, and then stands at the newest event. */
static bool settle(struct world *w)
{
	bool settled = true;

	follow(w, 10000);
	hub_look(w->hub);
	for (size_t i = 0; i < CLIENTS; i++) {
		struct client *c = &w->client[i];

		if (c->gone)
			come_back(c);
		unchoke(c);
		settled &= !c->hub.group || c->hub.state == HUB_LIVE;
	}
	assert_int_equal(w->h->newest, w->h->head);
	for (size_t i = 0; settled && i < CLIENTS; i++) {
		struct client *c = &w->client[i];

		check_position(c);
		model_need(&c->model,
			   !c->hub.group || c->model.at == w->h->head,
			   "stands at %llu of %llu", ull(c->model.at),
			   ull(w->h->head));
	}
	return settled;
}

static bool drive(void *arg)
{
	struct world *w = arg;

	for (size_t i = 0; i < CLIENTS; i++)
		snprintf(w->client[i].model.name,
			 sizeof(w->client[i].model.name),
			 "seed %llu, step %d, client %zu", ull(w->seed),
			 w->step, i);
	if (w->step < STEPS) {
		happen(w);
		w->step++;
	} else {
		if (w->is_out)
			set_out(w, false);
		if (settle(w))
			loop_stop(w->loop);
		assert_true(++w->turns < TURNS_MAX);
	}
	return true;
}

static struct world *new_world(uint64_t seed, const char *dir)
{
	struct world *w = xcalloc(1, sizeof(*w));
	char path[256];
	struct err e;

	w->seed = seed;
	w->random = seed * 0x9e3779b97f4a7c15u;
	w->dir = dir;
	w->h = xcalloc(1, sizeof(*w->h));
	w->copied = xcalloc(1, sizeof(*w->copied));
	w->now_us = 1763000000000000;
	w->span = MODEL_TOPICS;
	w->deflater = deflater_new();
	w->inflater = inflater_new();
	w->loop = loop_new(&e);
	new_dir(w, path);
	open_journal(w, path);
	for (int i = 0; i < BEFORE; i += 30)
		record(w, 30);
	w->h->newest = w->h->head - pick(w, 20);
	return w;
}

static void free_world(struct world *w)
{
	loop_free(&w->loop);
	deflater_free(&w->deflater);
	inflater_free(&w->inflater);
	journal_close(&w->reader);
	journal_close(&w->writer);
	buf_free(&w->reply);
	free(w->copied);
	free(w->h);
	free(w);
}

/* What a mixture must have had in it, to say anything. */
static struct {
	size_t got, listed, missed, told, moved, sent_away;
	size_t gaps, epochs, ahead, inflated;
	uint64_t from_ring, from_journal, shared;
} seen;

static void add_up(const struct world *w)
{
	const struct hub_counts n = hub_count(w->hub);

	for (size_t i = 0; i < CLIENTS; i++) {
		const struct client *c = &w->client[i];

		seen.got += c->model.got;
		seen.listed += c->model.listed;
		seen.missed += c->model.missed;
		seen.told += c->told;
		seen.moved += c->moved;
		seen.sent_away += c->sent_away;
	}
	seen.gaps += w->gaps;
	seen.epochs += w->epochs;
	seen.ahead += w->ahead;
	seen.inflated += w->inflated;
	seen.from_ring += n.from_ring;
	seen.from_journal += n.from_journal;
	seen.shared += n.shared;
}

static void run(uint64_t seed, const char *dir)
{
	struct world *w = new_world(seed, dir);
	const char *text[LAG_RULES_MAX];
	struct hub_conf conf = { .arg = w,
				 .loop = w->loop,
				 .deflater = w->deflater,
				 .journal = give_journal,
				 .send = take,
				 .send_to = take_lines,
				 .encode = frames_encode,
				 .lagged = be_lagged,
				 .broken = be_broken };
	size_t n = 0;
	struct err e;

	w->rule = all_rules[seed % ARRAY_LEN(all_rules)];
	for (; w->rule[n].text; n++)
		text[n] = w->rule[n].text;
	conf.lag = n ? lag_new(text, n, &e) : NULL;
	w->hub = hub_new(&conf);
	for (size_t i = 0; i < CLIENTS; i++) {
		w->client[i].w = w;
		w->client[i].model.h = w->h;
		leave(&w->client[i]);
	}
	hub_epoch(w->hub, (struct position){ w->h->epoch, w->h->newest });
	w->driver = loop_work_new(w->loop, drive, w);
	loop_work_wake(w->driver);
	loop_run(w->loop);
	for (size_t i = 0; i < CLIENTS; i++)
		hub_leave(w->hub, &w->client[i].hub);
	add_up(w);
	loop_work_free(&w->driver);
	hub_free(&w->hub);
	lag_free(&conf.lag);
	free_world(w);
}

/* What is in memory is synced at once, and there are many commits. */
static void run_in_memory(uint64_t seed)
{
	char dir[] = "/dev/shm/weir-hub-XXXXXX";
	char other[] = "/tmp/weir-hub-XXXXXX";
	const char *path = mkdtemp(dir);

	if (!path)
		path = mkdtemp(other);
	assert_non_null(path);
	run(seed, path);
	tmpdir_remove(path);
}

static uint64_t number_of(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);
	uint64_t n;

	return text && str_u64(str_from(text), &n) ? n : otherwise;
}

static void each_gets_what_it_asked_for_and_is_told_what_is_lost(void **state)
{
	uint64_t one = number_of("WEIR_SEED", 0);
	uint64_t n = number_of("WEIR_SEEDS", SEEDS);

	(void)state;
	if (one) {
		run_in_memory(one);
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		run_in_memory(seed);
	assert_true(seen.got > 1000 && seen.listed > 100 && seen.missed > 100);
	assert_true(seen.told > 10 && seen.gaps > 10 && seen.epochs > 10);
	assert_true(seen.moved > 10 && seen.sent_away > 10);
	assert_true(seen.ahead > 10 && seen.inflated > 10);
	assert_true(seen.from_ring > 0 && seen.from_journal > 0);
	assert_true(seen.shared > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_gets_what_it_asked_for_and_is_told_what_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
