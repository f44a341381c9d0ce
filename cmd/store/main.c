/*
 * weir-store - write the journal: take events from ingest, make them durable,
 * acknowledge them, and publish them on the feed. See weir-store(1).
 *
 * The only process of weir that blocks: it waits for its socket and for the
 * disk, and for nothing else.
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/log.h"
#include "common/notify.h"
#include "common/sig.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "blobs.h"
#include "collect.h"
#include "retention.h"
#include "writer.h"

enum {
	HEARTBEAT_MS = 1000,
	TIDY_MS = 10000,      /* dead readers, expired rows */
	TIDY_ROWS = 500,      /* looked at each time */
	FULL_RETRY_MS = 1000, /* with a full disk */
	PAUSE_MS = 20, /* between slices of retention, and of collecting */
	COMPLAIN_MS = 10000,
	CLOCK_AHEAD_US = 60000000, /* what we tell, of the machine's */
};

#define DAY INT64_C(86400000)

static struct {
	struct opt_common common;
	const char *backup, *keygen;
	bool check, collect;
	int64_t max_bytes, retain_every_ms, collect_every_ms, grace_ms;
} cfg = {
	.common.is_store = true,
	.max_bytes = (int64_t)8 << 30,
	.retain_every_ms = 600000,
	.collect_every_ms = DAY,
	.grace_ms = 7 * DAY,
};

static const struct opt opts[] = {
	{ 0, "max-bytes", "SIZE", OPT_SIZE, &cfg.max_bytes, 0, INT64_MAX,
	  "prune the oldest events above this (default 8G; 0: never)" },
	{ 0, "retain-every", "TIME", OPT_MS, &cfg.retain_every_ms, 100, DAY,
	  "how often retention looks (default 10m)" },
	{ 0, "collect-every", "TIME", OPT_MS, &cfg.collect_every_ms, 100,
	  365 * DAY, "how often blobs are collected (default 1d)" },
	{ 0, "blob-grace", "TIME", OPT_MS, &cfg.grace_ms, 60000, 3650 * DAY,
	  "how long one is kept that no event names (default 7d)" },
	{ 0, "collect", NULL, OPT_FLAG, &cfg.collect, 0, 0,
	  "remove the blobs that no event names, and exit" },
	{ 0, "backup", "DIR", OPT_STR, &cfg.backup, 0, 0,
	  "copy journal and blobs to DIR, also while it is in use, and exit" },
	{ 0, "keygen", "FILE", OPT_STR, &cfg.keygen, 0, 0,
	  "make a key pair in FILE, print its public key, and exit" },
	{ 0, "check", NULL, OPT_FLAG, &cfg.check, 0, 0,
	  "verify journal and blobs, and exit" },
};

static const struct opt_tool tool = {
	.name = "store",
	.synopsis = "[OPTION...]",
	.summary = "Keep every event: the one writer of the journal.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

struct store {
	struct bus *bus;
	struct bus_sock *ingest, *feed;
	struct journal *journal;
	struct writer *writer;
	struct retention *retention;
	struct collect *collect;
	struct stats *stats;
	/* next */
	int64_t heartbeat_ms, tidy_ms, retain_ms, collect_ms, report_ms;
	int64_t complain_ms; /* about clients that are refused, again from */
	int64_t retry_ms;    /* next try with a full disk; 0: now */
	bool full;
	bool moved; /* the journal is not where readers look for it */
	bool ahead; /* of the machine's clock */
	struct buf report;
	char stats_topic[40];
};

static void report(struct store *s)
{
	struct journal_head head;
	struct err ignored;
	uint64_t topics;

	journal_newest(s->journal, &head);
	if (journal_pruned_topics(s->journal, &topics, &ignored) == 0)
		stats_set(s->stats, "pruned_topics", NULL, (int64_t)topics);
	stats_set(s->stats, "offset", NULL, (int64_t)head.offset);
	stats_set(s->stats, "not_ready", "disk full", s->full);
	stats_set(s->stats, "not_ready", "journal moved", s->moved);
	stats_set(s->stats, "not_ready", "clock", s->ahead);
	stats_set(s->stats, "file_bytes", NULL,
		  (int64_t)journal_bytes(s->journal));
	buf_reset(&s->report);
	stats_print(s->stats, &s->report);
	(void)bus_send(s->feed, str_from(s->stats_topic), STR("-"),
		       buf_str(&s->report), &ignored);
}

/* The disk is full, or was: what failed is tried again each second. */
static int on_trouble(struct store *s, int64_t now_ms, struct err *e)
{
	if (e->code != EX_TEMPFAIL)
		return -1;
	if (!s->full) {
		log_error("disk full: %s; nothing is taken until there is room",
			  e->msg);
		s->report_ms = now_ms; /* so that /readyz says it, too */
	}
	s->full = true;
	s->retry_ms = now_ms + FULL_RETRY_MS;
	return 0;
}

/* Something was written. */
static void on_success(struct store *s)
{
	if (!s->full)
		return;
	log_info("there is room again");
	s->report_ms = clk_mono_ms();
	s->full = false;
}

/*
 * Is everything still where others look for it? While the journal is not,
 * nothing is taken: it would be lost to all who look there. Sockets that are
 * gone are not bound again beneath those who are connected: an end and a new
 * start is what all peers are made for, whatever became of the directory. But
 * not without the journal, in whose place it would begin an empty one.
 */
static int check_places(struct store *s, int64_t now_ms, struct err *e)
{
	bool moved = !journal_in_place(s->journal);

	if (moved != s->moved) {
		if (moved)
			log_error("%s/journal was moved, replaced or removed; "
				  "nothing is taken until it is back",
				  cfg.common.dir);
		else
			log_info("%s/journal is back", cfg.common.dir);
		s->moved = moved;
		s->report_ms = now_ms; /* so that /readyz says it, too */
	}
	if (moved || (bus_in_place(s->ingest) && bus_in_place(s->feed)))
		return 0;
	return err_set(e, EX_TEMPFAIL,
		       "the socket of %s was removed or replaced; ending, to "
		       "be started anew",
		       bus_in_place(s->ingest) ? "feed" : "ingest");
}

/*
 * A time that was told once is never taken back. After a clock that was wrong
 * it stands still, for years maybe: somebody has to know.
 */
static void check_clock(struct store *s, int64_t now_ms, int64_t now_us)
{
	struct journal_head head;
	bool ahead;

	journal_newest(s->journal, &head);
	ahead = head.recorded_us - now_us > CLOCK_AHEAD_US;
	if (ahead && !s->ahead)
		log_warn("the journal's clock is %lld s ahead of the machine's "
			 "and stands still until then, see weir-store(1)",
			 (long long)(head.recorded_us - now_us) / 1000000);
	if (s->ahead && !ahead)
		log_info("the machine's clock has caught up");
	if (s->ahead != ahead)
		s->report_ms = now_ms; /* so that /readyz says it, too */
	s->ahead = ahead;
}

/* Dead readers keep old pages from being reused; expired rows go. */
static int tidy(struct store *s, int64_t now_us, struct err *e)
{
	int dead = journal_clear_readers(s->journal);

	if (dead > 0)
		log_debug("cleared %d readers that died", dead);
	if (journal_write_begin(s->journal, e))
		return -1;
	if (journal_write_sweep(s->journal, now_us, TIDY_ROWS, e)) {
		journal_write_abort(s->journal);
		return -1;
	}
	if (!journal_write_changed(s->journal)) {
		journal_write_abort(s->journal);
		return 0;
	}
	if (journal_write_commit(s->journal, e))
		return -1;
	on_success(s);
	return 0;
}

/* A pass that fails is tried again the next time; events are not held up. */
static void collect_blobs(struct store *s, int64_t now_ms, int64_t now_us)
{
	struct err e;
	int rc = collect_turn(s->collect, s->journal, now_us, s->stats, &e);

	if (rc < 0)
		log_warn("blobs are not collected: %s", e.msg);
	s->collect_ms = now_ms + (rc > 0 ? PAUSE_MS : HEARTBEAT_MS);
}

static int run_timers(struct store *s, int64_t now_ms, struct err *e)
{
	int64_t now_us = clk_wall_us();
	int rc = 0;

	if (now_ms >= s->heartbeat_ms) {
		writer_heartbeat(s->writer, now_us);
		notify("WATCHDOG=1");
		check_clock(s, now_ms, now_us);
		if (check_places(s, now_ms, e))
			return -1;
		s->heartbeat_ms = now_ms + HEARTBEAT_MS;
	}
	if (now_ms >= s->report_ms) {
		report(s);
		s->report_ms = now_ms + STATS_EVERY_MS;
	}
	if (now_ms >= s->tidy_ms) {
		s->tidy_ms = now_ms + TIDY_MS;
		rc = tidy(s, now_us, e);
	}
	if (rc == 0 && now_ms >= s->retain_ms) {
		rc = retention_turn(s->retention, s->journal, now_us, s->stats,
				    e);
		s->retain_ms = now_ms + (rc > 0 ? PAUSE_MS : HEARTBEAT_MS);
	}
	if (now_ms >= s->collect_ms)
		collect_blobs(s, now_ms, now_us);
	return rc < 0 ? on_trouble(s, now_ms, e) : 0;
}

/* Answer those who ask to be let in; a line now and then about the others. */
static void admit(struct store *s, int64_t now_ms)
{
	struct err e;
	int rc;

	while ((rc = bus_admit(s->bus, &e)) != 0) {
		if (rc > 0)
			continue;
		stats_add(s->stats, "clients_refused_total", NULL, 1);
		if (now_ms < s->complain_ms)
			continue;
		log_warn("client refused: %s", e.msg);
		s->complain_ms = now_ms + COMPLAIN_MS;
	}
}

static int64_t wait_ms(const struct store *s, int64_t now_ms)
{
	int64_t next = s->heartbeat_ms;

	if (s->retain_ms < next)
		next = s->retain_ms;
	if (s->collect_ms < next)
		next = s->collect_ms;
	if (s->retry_ms && s->retry_ms < next)
		next = s->retry_ms;
	return next > now_ms ? next - now_ms : 0;
}

/* What retention goes by; a walk that is under way begins anew. */
static int read_retention(struct store *s, struct err *e)
{
	struct opt_past *past = opt_reload(&tool, e);
	struct retention *r;

	if (!past)
		return -1;
	r = retention_new(cfg.common.conf, cfg.common.dir, cfg.max_bytes,
			  cfg.retain_every_ms, e);
	if (!r) {
		opt_revert(&tool, &past);
		return -1;
	}
	retention_free(&s->retention);
	s->retention = r;
	s->retain_ms = 0;
	opt_keep(&tool, &past);
	return 0;
}

static void reload(struct store *s)
{
	struct err e;

	if (read_retention(s, &e))
		log_error("not reloaded: %s", e.msg);
	else
		log_info("reloaded");
}

static int work(struct store *s, struct err *e)
{
	while (!sig_stop()) {
		int64_t now_ms = clk_mono_ms();
		int rc = 0;

		if (sig_reload())
			reload(s);
		if (run_timers(s, now_ms, e))
			return -1;
		admit(s, now_ms);
		if (!s->moved && now_ms >= s->retry_ms) {
			s->retry_ms = 0;
			rc = writer_turn(s->writer, clk_wall_us(), e);
			if (rc < 0 && on_trouble(s, now_ms, e))
				return -1;
			if (rc > 0)
				on_success(s);
		}
		if (rc > 0)
			continue;
		if (s->retry_ms || s->moved)
			usleep((useconds_t)wait_ms(s, now_ms) * 1000);
		else
			bus_wait(s->ingest, (int)wait_ms(s, now_ms));
	}
	return 0;
}

static int open_sockets(struct store *s, struct err *e)
{
	s->bus = bus_new(&cfg.common, e);
	if (s->bus)
		s->feed = bus_open(s->bus, BUS_FEED, e);
	if (s->feed)
		s->ingest = bus_open(s->bus, BUS_INGEST, e);
	return s->ingest ? 0 : -1;
}

static struct collect *new_collect(void)
{
	return collect_new(&(struct collect_conf){
		.dir = cfg.common.dir,
		.grace_ms = cfg.grace_ms,
		.every_ms = cfg.collect_every_ms,
	});
}

static int serve(struct err *e)
{
	struct store s = { .stats = stats_new() };
	struct journal_head head;
	int rc = -1;

	sig_init(true);
	sig_init_reload();
	s.retention = retention_new(cfg.common.conf, cfg.common.dir,
				    cfg.max_bytes, cfg.retain_every_ms, e);
	/* The journal's lock comes first: it also guards the sockets. */
	if (s.retention)
		s.journal = journal_create(cfg.common.dir, e);
	if (!s.journal || open_sockets(&s, e))
		goto out;
	s.collect = new_collect();
	s.writer = writer_new(s.journal, s.ingest, s.feed, s.stats);
	journal_newest(s.journal, &head);
	snprintf(s.stats_topic, sizeof(s.stats_topic), "$stats/store/%08x",
		 head.epoch);
	log_info("ready dir=%s epoch=%08x head=%llu", cfg.common.dir,
		 head.epoch, (unsigned long long)head.offset);
	notify("READY=1");
	rc = work(&s, e);
	notify("STOPPING=1");
	if (rc == 0)
		log_info("stopped");
out:
	writer_free(&s.writer);
	bus_close(&s.ingest);
	bus_close(&s.feed);
	bus_free(&s.bus);
	journal_close(&s.journal);
	retention_free(&s.retention);
	collect_free(&s.collect);
	stats_free(&s.stats);
	buf_free(&s.report);
	return rc;
}

static void print_problem(void *arg, const char *text)
{
	unsigned *n = arg;

	++*n;
	log_error("%s", text);
}

static int check(struct err *e)
{
	struct journal *j = journal_open(cfg.common.dir, e);
	unsigned problems = 0;
	uint64_t n = 0, blobs = 0;
	int rc;

	if (!j)
		return -1;
	rc = journal_verify(j, print_problem, &problems, &n, e);
	if (rc == 0)
		rc = blobs_verify(cfg.common.dir, j, print_problem, &problems,
				  &blobs, e);
	journal_close(&j);
	if (rc == 0 && problems)
		rc = err_set(e, EX_DATAERR,
			     "%u problems in %llu events and %llu blobs",
			     problems, (unsigned long long)n,
			     (unsigned long long)blobs);
	if (rc == 0)
		log_info("%llu events, %llu blobs, no problems",
			 (unsigned long long)n, (unsigned long long)blobs);
	return rc;
}

static int backup(struct err *e)
{
	struct journal *j = journal_open(cfg.common.dir, e);
	uint64_t blobs;
	int rc;

	if (!j)
		return -1;
	rc = blobs_backup(cfg.common.dir, j, cfg.backup, &blobs, e);
	journal_close(&j);
	if (rc == 0)
		log_info("copied to %s/journal, and %llu blobs", cfg.backup,
			 (unsigned long long)blobs);
	return rc;
}

static int collect(struct err *e)
{
	struct journal *j = journal_open(cfg.common.dir, e);
	struct collect *c = new_collect();
	struct stats *stats = stats_new();
	int rc = j ? collect_now(c, j, clk_wall_us(), stats, e) : -1;
	const char *held = collect_held(c);

	if (rc == 0)
		log_info("%lld blobs removed, %lld left%s%s",
			 (long long)stats_get(stats, "blobs_collected_total",
					      NULL),
			 (long long)stats_get(stats, "blobs", NULL),
			 held ? ": " : "", held ? held : "");
	journal_close(&j);
	collect_free(&c);
	stats_free(&stats);
	return rc;
}

/* The public key's line is what the other end puts into its curve-peers. */
static int keygen(struct err *e)
{
	char public[BUS_KEY_LEN + 1];

	if (bus_keygen(cfg.keygen, public, e))
		return -1;
	if (printf("public %s\n", public) < 0 || fflush(stdout))
		return err_set(e, EX_IOERR, "standard output: write failed");
	return 0;
}

static int check_config(struct err *e)
{
	struct retention *r =
		retention_new(cfg.common.conf, cfg.common.dir, cfg.max_bytes,
			      cfg.retain_every_ms, e);

	if (!r)
		return -1;
	retention_free(&r);
	return 0;
}

static int run(char **args, struct err *e)
{
	(void)args;
	if (cfg.check + cfg.collect + !!cfg.backup + !!cfg.keygen > 1)
		return err_set(e, EX_USAGE,
			       "--backup, --check, --collect, --keygen: one at "
			       "a time");
	if (cfg.common.check_config)
		return check_config(e);
	if (cfg.check)
		return check(e);
	if (cfg.backup)
		return backup(e);
	if (cfg.keygen)
		return keygen(e);
	if (cfg.collect)
		return collect(e);
	return serve(e);
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
