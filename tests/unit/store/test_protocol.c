/*
 * The protocol between ledger, producer and store, by the code that runs it,
 * under a network that loses and doubles, and processes that are killed,
 * rolled back or restored between any two steps. Everything follows from the
 * seed. With LONG=yes it tries many more.
 */
#include "common/ledger.h"

#include <sys/stat.h>

#include "common/journal.h"
#include "common/producer.h"

#include "cmd/store/writer.h"

#include "tests/unit/cases.h"
#include "tests/unit/fake_bus.h"
#include "tests/unit/tmpdir.h"

enum { STEPS = 150, RUNS = 20, RUNS_LONG = 500, SETTLE = 20000 };

struct world {
	char root[200], store[256], ledger[256], file[256];
	bool pure;

	struct bus *bus;
	struct bus_sock *ingest, *feed;
	struct journal *journal;
	struct writer *writer;
	struct stats *stats;
	int64_t now_us;
	unsigned backups;

	struct loop loop;
	struct ledger *l;
	struct producer *producer;
	bool failed;
	uint64_t said; /* the serial number of the last event emitted */
	bool restored; /* the store lost what came after its backup */
};

static unsigned runs(void)
{
	const char *is_long = getenv("LONG");

	return is_long && strcmp(is_long, "yes") == 0 ? RUNS_LONG : RUNS;
}

static void check(int rc, const struct err *e)
{
	if (rc)
		fail_msg("%s", e->msg);
}

/* ---- the store ---- */

static void store_start(struct world *w)
{
	struct err e = { 0 };

	w->journal = journal_create(w->store, &e);
	check(!w->journal, &e);
	w->ingest = bus_open(w->bus, BUS_INGEST, &e);
	w->feed = bus_open(w->bus, BUS_FEED, &e);
	w->writer = writer_new(w->journal, w->ingest, w->feed, w->stats);
}

static void store_stop(struct world *w)
{
	writer_free(&w->writer);
	bus_close(&w->ingest);
	bus_close(&w->feed);
	journal_close(&w->journal);
}

static void store_turn(struct world *w)
{
	struct err e = { 0 };

	w->now_us += 1000;
	check(w->writer && writer_turn(w->writer, w->now_us, &e) < 0, &e);
}

/* ---- the producer ---- */

static void on_failed(void *arg, const struct err *e)
{
	struct world *w = arg;

	(void)e;
	w->failed = true;
}

static void producer_start(struct world *w)
{
	struct ledger_conf lc = { .path = w->ledger,
				  .tool = "test",
				  .pure = w->pure };
	struct producer_conf pc = {
		.loop = &w->loop, .bus = w->bus, .failed = on_failed, .arg = w
	};
	struct err e = { 0 };

	w->l = ledger_open(&lc, &e);
	check(!w->l, &e);
	pc.queue = ledger_queue(w->l);
	w->producer = producer_new(&pc, &e);
	check(!w->producer, &e);
	w->failed = false;
}

/* A clean end tidies the ledger; a kill leaves its file as it is. */
static void producer_stop(struct world *w, bool kill)
{
	char aside[256];

	tmpdir_path(w->root, "aside", aside);
	if (kill)
		tmpdir_copy(w->file, aside);
	producer_free(&w->producer);
	ledger_close(&w->l);
	if (kill)
		tmpdir_copy(aside, w->file);
}

/*
 * A pure handler says what follows from its state; one that is not never says
 * the same again.
 */
static void say(struct world *w)
{
	struct event ev = { .topic = STR("test.event"), .time_us = 1 };
	uint64_t n = w->said;
	struct err e = { 0 };
	struct str val;
	char text[32];

	check(ledger_begin(w->l, &e), &e);
	if (w->pure) {
		n = 0;
		if (ledger_get(w->l, STR("n"), &val, &e) > 0)
			memcpy(&n, val.p, sizeof(n));
	}
	n++;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	ev.data = str_from(text);
	check(ledger_put(w->l, STR("n"),
			 (struct str){ (const char *)&n, sizeof(n) }, &e) ||
		      ledger_emit(w->l, &ev, &e),
	      &e);
	if (fake_chance(10) == 0) { /* killed before the commit */
		ledger_abort(w->l);
		producer_stop(w, true);
		producer_start(w);
		return;
	}
	check(ledger_commit(w->l, &e), &e);
	if (n > w->said)
		w->said = n;
	producer_kick(w->producer);
}

/* ---- what was recorded ---- */

struct record {
	uint64_t last; /* the serial number before */
	uint64_t seen, doubled, backwards, missing, gaps;
};

static int on_event(void *arg, const struct event *ev, struct err *e)
{
	struct record *r = arg;
	uint64_t n = 0;

	(void)e;
	if (event_is(ev, "stage.gap")) {
		r->gaps++;
		return 0;
	}
	assert_true(str_u64(ev->data, &n));
	r->seen++;
	r->doubled += n == r->last;
	r->backwards += n < r->last;
	if (n > r->last + 1)
		r->missing += n - r->last - 1;
	if (n > r->last)
		r->last = n;
	return 0;
}

static struct record read_record(struct world *w, uint64_t from)
{
	struct journal_scan scan = { .from = 1, .budget = UINT64_MAX };
	struct record r = { .last = from };
	struct err e = { 0 };
	uint64_t next;

	check(journal_scan(w->journal, &scan, on_event, &r, &next, &e), &e);
	return r;
}

/* ---- life ---- */

static void live(struct world *w, int64_t ms)
{
	store_turn(w);
	fake_loop_turn(&w->loop, ms);
	/* A process that gives up is started again. */
	if (w->failed) {
		producer_stop(w, true);
		producer_start(w);
	}
}

/* Until everything that was said is recorded, on a network that works. */
static void settle(struct world *w)
{
	int left = SETTLE;

	fake_net.lose = fake_net.twice = 0;
	if (!w->writer)
		store_start(w);
	while (left-- > 0 && !(ledger_outbox_count(w->l) == 0 &&
			       producer_connected(w->producer)))
		live(w, 20);
	if (left < 0)
		fail_msg("it never comes to rest: %llu events wait",
			 (unsigned long long)ledger_outbox_count(w->l));
}

static void world_open(struct world *w, const char *root, unsigned run,
		       bool pure)
{
	char path[256], *mem;

	*w = (struct world){ .now_us = INT64_C(1700000000000000),
			     .pure = pure };
	snprintf(w->root, sizeof(w->root), "%.100s/%u", root, run);
	mkdir(w->root, 0700);
	tmpdir_path(w->root, "store", w->store);
	tmpdir_path(w->root, "ledger", w->ledger);
	mem = xstrdup(tmpdir_path(w->ledger, "data.mdb", path));
	snprintf(w->file, sizeof(w->file), "%s", mem);
	free(mem);
	fake_seed = run + 1;
	fake_net = (struct fake_net){ .lose = fake_chance(4) * 10,
				      .twice = fake_chance(4) * 10 };
	w->stats = stats_new();
	w->bus = bus_new(NULL, NULL);
	store_start(w);
	producer_start(w);
}

static void world_close(struct world *w)
{
	producer_stop(w, false);
	store_stop(w);
	bus_free(&w->bus);
	stats_free(&w->stats);
	tmpdir_remove(w->root);
}

/* One step of what happens on any day. */
static void happen(struct world *w)
{
	switch (fake_chance(20)) {
	case 0:
		producer_stop(w, fake_chance(2));
		producer_start(w);
		break;
	case 1:
		if (w->writer)
			store_stop(w);
		else
			store_start(w);
		break;
	case 2:
	case 3:
		live(w, 500); /* timers end */
		break;
	case 4:
	case 5:
	case 6:
	case 7:
	case 8: say(w); break;
	default: live(w, fake_chance(30)); break;
	}
}

static void kills_and_losses(void **state, bool pure)
{
	unsigned long lost = 0;

	for (unsigned run = 0; run < runs(); run++) {
		struct record r;
		struct world w;

		world_open(&w, *state, run, pure);
		for (int i = 0; i < STEPS; i++)
			happen(&w);
		settle(&w);
		r = read_record(&w, 0);
		if (r.doubled || r.backwards || r.missing || r.last != w.said)
			fail_msg("run %u: %llu said, %llu recorded, %llu "
				 "doubled, %llu out of order, %llu missing",
				 run, (unsigned long long)w.said,
				 (unsigned long long)r.seen,
				 (unsigned long long)r.doubled,
				 (unsigned long long)r.backwards,
				 (unsigned long long)r.missing);
		lost += fake_net.lost;
		world_close(&w);
	}
	assert_true(lost > runs()); /* the network did its worst */
}

static void kills_and_losses_lose_and_double_nothing(void **state)
{
	kills_and_losses(state, false);
}

static void kills_and_losses_of_a_pure_stage_neither(void **state)
{
	kills_and_losses(state, true);
}

/* ---- an older ledger under the same name ---- */

/*
 * Taken while the store is there. A copy from before the store was asked cannot
 * know what its original sent afterwards, and might say it twice.
 */
static void copy_ledger(struct world *w, const char *to)
{
	if (!w->writer)
		store_start(w);
	while (!producer_connected(w->producer))
		live(w, 20);
	tmpdir_copy(w->file, to);
}

static void rolled_back(void **state, bool pure)
{
	for (unsigned run = 0; run < runs(); run++) {
		struct world w;
		struct record r;
		uint64_t at;
		char old[256];
		int when = (int)fake_chance(STEPS / 2);

		world_open(&w, *state, 1000 + run, pure);
		tmpdir_path(w.root, "old", old);
		for (int i = 0; i < STEPS; i++) {
			if (i == when)
				copy_ledger(&w, old);
			happen(&w);
		}
		settle(&w);
		producer_stop(&w, false);
		tmpdir_copy(old, w.file);
		at = w.said;
		producer_start(&w);
		fake_net.lose = fake_chance(3) * 10;
		for (int i = 0; i < STEPS; i++)
			happen(&w);
		settle(&w);
		r = read_record(&w, 0);
		/*
		 * What it says from then on is recorded once, in order; the
		 * pure one says again what is there already.
		 */
		if (r.doubled || r.backwards || r.missing ||
		    (!pure && r.last != w.said) || (pure && r.last < at))
			fail_msg("run %u: %llu said, last %llu, %llu doubled, "
				 "%llu out of order, %llu missing",
				 run, (unsigned long long)w.said,
				 (unsigned long long)r.last,
				 (unsigned long long)r.doubled,
				 (unsigned long long)r.backwards,
				 (unsigned long long)r.missing);
		world_close(&w);
	}
}

static void an_older_ledger_loses_nothing_new(void **state)
{
	rolled_back(state, false);
}

static void an_older_ledger_of_a_pure_stage_doubles_nothing(void **state)
{
	rolled_back(state, true);
}

/* ---- an older store ---- */

static void an_older_store_gets_all_that_is_still_there(void **state)
{
	unsigned told = 0;

	for (unsigned run = 0; run < runs(); run++) {
		char copy[256];
		struct world w;
		struct record r;
		struct err e = { 0 };
		uint64_t at, waiting;

		world_open(&w, *state, 2000 + run, run % 2);
		for (int i = 0; i < STEPS / 3; i++)
			happen(&w);
		if (!w.writer)
			store_start(&w);
		check(journal_backup(w.journal,
				     tmpdir_path(w.root, "backup", copy), &e),
		      &e);
		for (int i = 0; i < STEPS / 3; i++)
			happen(&w);
		if (w.writer)
			store_stop(&w);
		snprintf(w.store, sizeof(w.store), "%s", copy);
		store_start(&w);
		waiting = ledger_outbox_count(w.l);
		at = w.said;
		for (int i = 0; i < STEPS / 3; i++)
			happen(&w);
		settle(&w);
		r = read_record(&w, 0);
		/* Lost is at most what was acknowledged since, in one piece. */
		if (r.doubled || r.backwards || r.last != w.said ||
		    r.missing + waiting > at)
			fail_msg("run %u: %llu said, last %llu, %llu doubled, "
				 "%llu out of order, %llu missing",
				 run, (unsigned long long)w.said,
				 (unsigned long long)r.last,
				 (unsigned long long)r.doubled,
				 (unsigned long long)r.backwards,
				 (unsigned long long)r.missing);
		if (r.missing && r.gaps == 0)
			fail_msg("run %u: lost events and did not say so", run);
		told += r.gaps > 0;
		world_close(&w);
	}
	assert_true(told > 0); /* it did come to that */
}

/* The store's row of a source: is it there, and does it expire? */
static bool is_transient(struct world *w, struct str source)
{
	struct err e = { 0 };
	bool transient = false;
	uint64_t last;

	check(journal_write_begin(w->journal, &e), &e);
	check(journal_write_source(w->journal, source, &last, &transient, &e) !=
		      1,
	      &e);
	journal_write_abort(w->journal);
	return transient;
}

static void what_a_source_said_of_itself_outlives_the_store(void **state)
{
	const struct str source = STR("weir/pub/1");
	struct bus_sock *pub;
	struct world w;
	struct err e = { 0 };

	world_open(&w, *state, 1, false);
	fake_net.lose = fake_net.twice = 0;
	pub = bus_open(w.bus, BUS_PRODUCER, &e);
	bus_send(pub, STR("$hello"), STR("weir/pub/1 nonce t"), STR(""), &e);
	store_turn(&w);
	assert_true(is_transient(&w, source));
	store_stop(&w);
	store_start(&w);
	bus_send(pub, STR("a.b"), STR("weir/pub/1 1 - - - - -"), STR("1"), &e);
	store_turn(&w);
	assert_true(is_transient(&w, source));
	bus_send(pub, STR("$hello"), STR("weir/pub/1 nonce -"), STR(""), &e);
	store_turn(&w);
	assert_false(is_transient(&w, source));
	bus_close(&pub);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(kills_and_losses_lose_and_double_nothing),
		tmpdir_test(kills_and_losses_of_a_pure_stage_neither),
		tmpdir_test(an_older_ledger_loses_nothing_new),
		tmpdir_test(an_older_ledger_of_a_pure_stage_doubles_nothing),
		tmpdir_test(an_older_store_gets_all_that_is_still_there),
		tmpdir_test(what_a_source_said_of_itself_outlives_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
