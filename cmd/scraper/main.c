/*
 * scraper - fetch what users watch, on schedule, and say what changed.
 * Reads watch.set, watch.poll, session.start and .stop, writes price.update,
 * listing.new, .update and .gone, page.change, chat.message,
 * observation.change, .record and .summary, scraper.status.
 * See weir-scraper(1).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/blob.h"
#include "common/files.h"
#include "common/netguard.h"
#include "common/stage.h"
#include "common/tool.h"
#include "common/types_way.h"
#include "common/version.h"
#include "common/xmem.h"

#include "extract_child.h"
#include "scraper.h"
#include "stream_link.h"
#include "again.h"
#include "try.h"
#include "try_extract.h"

enum {
	CONNECTIONS = 12000, /* that are kept: one for each of 10,000 hosts */
	TLS_CONNECTIONS = 256,
	OTHER_FILES = 256,
};

#define BODY_MAX (2 << 20) /* bytes of one that is kept */
#define MINUTE	 INT64_C(60000)
#define HOUR	 (60 * MINUTE)
#define DAY	 (24 * HOUR)

static struct {
	const char *watches, *proxies, *providers, *via, *secrets, *user_agent,
		*robots_agent, *ca_file;
	bool once, test;
	struct opt_list allow, allow_proxy;
	int64_t per_host, delay_ms, burst, limited_ms, blocked_ms, hold_max_ms;
	int64_t max_bytes, timeout_ms, connect_ms, redirects, fetches;
	int64_t spread_ms, backoff_ms, backoff_max_ms, keep_bytes, body_bytes,
		push_bytes;
	int64_t reconnect_ms, reconnect_max_ms;
	int64_t cache_max_ms;
	struct extract_pool_conf extract;
	/* --try */
	const char *try, *watch, *base_url, *robots, *expr, *tz;
	const char *again;
	int64_t count;
	struct stage_options stage;
	struct opt_common common;
} cfg = {
	.robots_agent = "weir",
	.per_host = 2,
	.delay_ms = 1000,
	.burst = 2,
	.limited_ms = MINUTE,
	.blocked_ms = 5 * MINUTE,
	.hold_max_ms = DAY,
	.max_bytes = 8 << 20,
	.timeout_ms = 30000,
	.connect_ms = 10000,
	.redirects = 5,
	.fetches = 64,
	.spread_ms = MINUTE,
	.backoff_ms = 30000,
	.backoff_max_ms = HOUR,
	.reconnect_ms = 1000,
	.reconnect_max_ms = 5 * MINUTE,
	.cache_max_ms = HOUR,
	.keep_bytes = WATCHSTATE_TEXT_MAX,
	.body_bytes = -1,
	.push_bytes = 256 << 20,
	.extract = { .children = 1, .timeout_ms = 5000, .memory = 256 << 20 },
	.count = 1,
};

static const struct opt opts[] = {
	{ 'w', "watches", "FILE", OPT_STR, &cfg.watches, 0, 0,
	  "with -o or --test: take the watches from FILE, JSON Lines" },
	{ '1', "once", NULL, OPT_FLAG, &cfg.once, 0, 0,
	  "with -w: one pass over the watches, then end" },
	{ 'o', "out", "-", OPT_STR, &cfg.stage.out, 0, 0,
	  "with -w: write events to standard output" },
	{ 's', "state", "DIR", OPT_STR, &cfg.stage.state_dir, 0, 0,
	  "with -o: remember in DIR what was seen" },
	{ 0, "test", NULL, OPT_FLAG, &cfg.test, 0, 0,
	  "with -w: fetch once, print the observations, change nothing" },
	{ 0, "allow", "ADDR[/BITS][:PORT]", OPT_LIST, &cfg.allow, 0, 0,
	  "fetch from this address although it is not public" },
	{ 0, "allow-proxy", "ADDR[/BITS][:PORT]", OPT_LIST, &cfg.allow_proxy, 0,
	  0, "a proxy may be at this address although it is not public" },
	{ 0, "via", "WAY,...", OPT_STR, &cfg.via, 0, 0,
	  "by which ways, for watches that say none (default direct)" },
	{ 0, "proxies", "FILE", OPT_STR, &cfg.proxies, 0, 0,
	  "with -w: pools of proxies, JSON Lines" },
	{ 0, "providers", "FILE", OPT_STR, &cfg.providers, 0, 0,
	  "with -w: scraping providers, JSON Lines" },
	{ 0, "user-agent", "TEXT", OPT_STR, &cfg.user_agent, 0, 0,
	  "what we call ourselves (default weir/VERSION)" },
	{ 0, "robots-agent", "NAME", OPT_STR, &cfg.robots_agent, 0, 0,
	  "the name that we obey in robots.txt (default weir)" },
	{ 0, "ca-file", "FILE", OPT_STR, &cfg.ca_file, 0, 0,
	  "trust these certificates (default: the system's)" },
	{ 0, "secrets", "DIR", OPT_STR, &cfg.secrets, 0, 0,
	  "where header values are read from (default DIR/secrets)" },
	{ 0, "host-requests", "N", OPT_UINT, &cfg.per_host, 1, 1000,
	  "requests to one host at a time (default 2)" },
	{ 0, "host-delay", "TIME", OPT_MS, &cfg.delay_ms, 0, HOUR,
	  "time between two requests to one host (default 1s)" },
	{ 0, "host-burst", "N", OPT_UINT, &cfg.burst, 1, 1000,
	  "requests in a row after a rest (default 2)" },
	{ 0, "hold", "TIME", OPT_MS, &cfg.limited_ms, 1, DAY,
	  "leave a host alone that asks for it, doubling (default 1m)" },
	{ 0, "hold-blocked", "TIME", OPT_MS, &cfg.blocked_ms, 1, DAY,
	  "leave a host alone that blocks us, doubling (default 5m)" },
	{ 0, "hold-max", "TIME", OPT_MS, &cfg.hold_max_ms, 1, 7 * DAY,
	  "at most so long (default 1d)" },
	{ 0, "max-bytes", "SIZE", OPT_SIZE, &cfg.max_bytes, 1, 64 << 20,
	  "the largest body, decompressed (default 8M)" },
	{ 0, "timeout", "TIME", OPT_MS, &cfg.timeout_ms, 1, HOUR,
	  "for one request (default 30s)" },
	{ 0, "connect-timeout", "TIME", OPT_MS, &cfg.connect_ms, 1, HOUR,
	  "until a connection stands (default 10s)" },
	{ 0, "max-redirects", "N", OPT_UINT, &cfg.redirects, 0, 20,
	  "how many to follow (default 5)" },
	{ 0, "max-fetches", "N", OPT_UINT, &cfg.fetches, 1, 1000,
	  "requests at a time, to all hosts (default 64)" },
	{ 0, "spread", "TIME", OPT_MS, &cfg.spread_ms, 0, DAY,
	  "spread the first fetches after a start over this (default 1m)" },
	{ 0, "backoff", "TIME", OPT_MS, &cfg.backoff_ms, 1, DAY,
	  "after a failure try again in this time, doubling (default 30s)" },
	{ 0, "backoff-max", "TIME", OPT_MS, &cfg.backoff_max_ms, 1, 7 * DAY,
	  "at most so long, or the watch's interval (default 1h)" },
	{ 0, "reconnect", "TIME", OPT_MS, &cfg.reconnect_ms, 1, DAY,
	  "a chat that was lost: connect again in this time, doubling "
	  "(default 1s)" },
	{ 0, "reconnect-max", "TIME", OPT_MS, &cfg.reconnect_max_ms, 1, DAY,
	  "at most so long (default 5m)" },
	{ 0, "cache-max", "TIME", OPT_MS, &cfg.cache_max_ms, 0, 7 * DAY,
	  "ask for no answer again that is fresh, at most so long (default "
	  "1h)" },
	{ 0, "extractors", "N", OPT_UINT, &cfg.extract.children, 1,
	  EXTRACT_POOL_CHILDREN_MAX,
	  "processes that read documents, at most (default 1)" },
	{ 0, "extract-timeout", "TIME", OPT_MS, &cfg.extract.timeout_ms, 1,
	  HOUR, "for one document to be read (default 5s)" },
	{ 0, "extract-memory", "SIZE", OPT_SIZE, &cfg.extract.memory, 16 << 20,
	  INT64_C(16) << 30, "for each of them (default 256M)" },
	{ 0, "keep-texts", "SIZE", OPT_SIZE, &cfg.keep_bytes, 0,
	  WATCHSTATE_TEXT_MAX,
	  "keep texts of pages up to this as blobs (default 1M; 0: none)" },
	{ 0, "keep-bodies", "SIZE", OPT_SIZE, &cfg.body_bytes, 0, BLOB_MAX,
	  "record what changed, and keep its body up to this (default 2M, "
	  "with -o 0: neither)" },
	{ 0, "push-wait", "SIZE", OPT_SIZE, &cfg.push_bytes, 1,
	  INT64_C(4) << 30,
	  "of what is pushed in, so much may wait to be read (default 256M)" },
	{ 0, "retry", "POSITION", OPT_STR, &cfg.stage.retry, 0, 0,
	  "handle the event at POSITION, which was skipped, again" },
	{ 0, "again", "WATCH", OPT_STR, &cfg.again, 0, 0,
	  "read the bodies kept of it again; print what nobody was told" },
	{ 0, "try", "PART", OPT_STR, &cfg.try, 0, 0,
	  "try one part: watch, extract, price, robots or cron" },
	{ 0, "watch", "JSON", OPT_STR, &cfg.watch, 0, 0,
	  "try extract: the watch; the document is standard input" },
	{ 0, "base-url", "URL", OPT_STR, &cfg.base_url, 0, 0,
	  "try extract: where the document is from" },
	{ 0, "agent", "NAME", OPT_STR, &cfg.robots_agent, 0, 0,
	  "try robots: the same as --robots-agent" },
	{ 0, "robots", "FILE", OPT_STR, &cfg.robots, 0, 0,
	  "try robots: robots.txt; URLs are standard input" },
	{ 0, "expr", "CRON", OPT_STR, &cfg.expr, 0, 0,
	  "try cron: the expression" },
	{ 0, "from", "TIME", OPT_STR, &cfg.stage.from, 0, 0,
	  "try cron: print times after this one" },
	{ 0, "count", "N", OPT_UINT, &cfg.count, 1, 1000000,
	  "try cron: how many (default 1)" },
	{ 0, "tz", "ZONE", OPT_STR, &cfg.tz, 0, 0,
	  "try cron: time zone (default UTC)" },
};

static const struct opt_tool tool = {
	.name = "scraper",
	.synopsis = "[OPTION...]",
	.summary = "Fetch what is watched, on schedule, and say what changed.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static int missing(const char *option, struct err *e)
{
	return err_set(e, EX_USAGE, "--try %s goes with --%s", cfg.try, option);
}

static int run_try(struct err *e)
{
	if (strcmp(cfg.try, "price") == 0)
		return try_price(stdin, stdout, e);
	if (strcmp(cfg.try, "extract") == 0)
		return !cfg.watch ? missing("watch", e)
				  : try_extract(cfg.watch, cfg.base_url,
						&cfg.extract, stdin, stdout, e);
	if (strcmp(cfg.try, "watch") == 0)
		return try_watch(&cfg.extract, stdin, stdout, e);
	if (strcmp(cfg.try, "robots") == 0)
		return !cfg.robots ? missing("robots", e)
				   : try_robots(cfg.robots_agent, cfg.robots,
						stdin, stdout, e);
	if (strcmp(cfg.try, "cron") == 0) {
		if (!cfg.expr || !cfg.stage.from)
			return missing(cfg.expr ? "from" : "expr", e);
		return try_cron(cfg.expr, cfg.stage.from,
				(unsigned long)cfg.count, cfg.tz, stdout, e);
	}
	return err_set(e, EX_USAGE,
		       "--try: '%s' is not watch, extract, price, robots or "
		       "cron",
		       cfg.try);
}

/* Which options go together. */
static int check_options(struct err *e)
{
	bool out = cfg.stage.out || cfg.test;
	struct str via[WAY_MAX];
	size_t n;

	if (cfg.stage.from)
		return err_set(e, EX_USAGE, "--from goes with --try cron");
	if (cfg.test && (cfg.stage.out || cfg.stage.state_dir))
		return err_set(e, EX_USAGE, "--test does not go with --%s",
			       cfg.stage.out ? "out" : "state");
	if (out && !cfg.watches)
		return err_set(e, EX_USAGE, "--%s goes with --watches",
			       cfg.test ? "test" : "out");
	if (cfg.watches && !out)
		return err_set(e, EX_USAGE, "--watches goes with --out -");
	if ((cfg.proxies || cfg.providers) && !cfg.watches)
		return err_set(e, EX_USAGE, "--%s goes with --watches",
			       cfg.proxies ? "proxies" : "providers");
	if (cfg.via && ways_parse(cfg.via, via, &n, e))
		return -1;
	if (cfg.once && !out)
		return err_set(e, EX_USAGE, "--once goes with --watches");
	return 0;
}

struct guards {
	struct netguard *sites, *proxies;
};

/* What the scraper works by, and what that borrows from. */
static struct {
	struct scraper_conf conf;
	struct guards guards;
	unsigned connections; /* at most, as far as the system lets us */
	char agent[128], secrets[4096];
} now;

static int reload(struct scraper *s, struct err *e);

static struct netguard *read_guard(const struct opt_list *allow, struct err *e)
{
	struct netguard *guard = netguard_new();

	for (size_t i = 0; i < allow->n; i++)
		if (netguard_allow(guard, allow->v[i], e)) {
			netguard_free(&guard);
			break;
		}
	return guard;
}

static void free_guards(struct guards *g)
{
	netguard_free(&g->sites);
	netguard_free(&g->proxies);
}

static int read_guards(struct guards *g, struct err *e)
{
	g->sites = read_guard(&cfg.allow, e);
	g->proxies = g->sites ? read_guard(&cfg.allow_proxy, e) : NULL;
	if (g->proxies)
		return 0;
	free_guards(g);
	return -1;
}

/* Those in use, and as many that idle as are worth their memory. */
static unsigned max_tls(void)
{
	unsigned most = (unsigned)cfg.fetches * 2;

	return most > TLS_CONNECTIONS ? most : TLS_CONNECTIONS;
}

/* What TLS, chats, the journal and files may need is left over. */
static unsigned max_connections(void)
{
	size_t others = max_tls() + LINKS_MAX + OTHER_FILES;
	size_t files = files_allow(CONNECTIONS + others);

	if (files >= CONNECTIONS + others)
		return CONNECTIONS;
	return (unsigned)(files > 2 * others ? files - others : files / 2);
}

static void set_conf(void)
{
	now.conf = (struct scraper_conf){
		.file = cfg.watches,
		.proxies = cfg.proxies,
		.providers = cfg.providers,
		.counts = !cfg.stage.out || cfg.stage.state_dir,
		.secrets_dir = cfg.secrets ? cfg.secrets : now.secrets,
		.keep_dir =
			cfg.stage.out ? cfg.stage.state_dir : cfg.common.dir,
		.keep_max = (size_t)cfg.keep_bytes,
		.body_max = cfg.body_bytes >= 0 ? (size_t)cfg.body_bytes
			    : cfg.stage.out	? 0
						: BODY_MAX,
		.push_max = (size_t)cfg.push_bytes,
		.once = cfg.once,
		.test = cfg.test ? stdout : NULL,
		.spread_ms = cfg.spread_ms,
		.cache_max_ms = cfg.cache_max_ms,
		.backoff = { cfg.backoff_ms, cfg.backoff_max_ms },
		.http = { .user_agent =
				  cfg.user_agent ? cfg.user_agent : now.agent,
			  .ca_file = cfg.ca_file,
			  .guard = now.guards.sites,
			  .proxy_guard = now.guards.proxies,
			  .max_connections = now.connections,
			  .max_tls = max_tls(),
			  /* Politeness counts; a proxy is a host, too. */
			  .max_per_host = (unsigned)cfg.fetches },
		.fetcher = { .polite = { cfg.per_host, cfg.delay_ms, cfg.burst,
					 cfg.limited_ms, cfg.blocked_ms,
					 cfg.hold_max_ms },
			     /* Each is asked once: there is no "later". */
			     .holds = !cfg.once && !cfg.test,
			     .guard = now.guards.sites,
			     .robots = cfg.robots_agent,
			     .max_bytes = (size_t)cfg.max_bytes,
			     .timeout_ms = cfg.timeout_ms,
			     .connect_ms = cfg.connect_ms,
			     .max_redirects = cfg.redirects,
			     .max_active = cfg.fetches },
		.reconnect = { cfg.reconnect_ms, cfg.reconnect_max_ms },
		.links = { .guard = now.guards.sites,
			   .proxy_guard = now.guards.proxies,
			   .ca_file = cfg.ca_file,
			   .user_agent =
				   cfg.user_agent ? cfg.user_agent : now.agent,
			   .open_ms = cfg.timeout_ms },
		.extract = cfg.extract,
		.reload = reload,
	};
	if (cfg.via)
		ways_parse(cfg.via, now.conf.via, &now.conf.n_via, NULL);
}

static int reload(struct scraper *s, struct err *e)
{
	struct opt_past *past = opt_reload(&tool, e);
	struct guards old = now.guards, guards = { NULL, NULL };

	if (!past)
		return -1;
	if (read_guards(&guards, e) || check_options(e)) {
		free_guards(&guards);
		opt_revert(&tool, &past);
		return -1;
	}
	now.guards = guards;
	set_conf();
	scraper_apply(s);
	free_guards(&old);
	opt_keep(&tool, &past);
	return 0;
}

static int scrape(struct err *e)
{
	struct scraper *s;
	int rc;

	if (check_options(e))
		return -1;
	if (read_guards(&now.guards, e))
		return -1;
	if (cfg.common.check_config) {
		free_guards(&now.guards);
		return 0;
	}
	now.connections = max_connections();
	snprintf(now.agent, sizeof(now.agent), "weir/%s", weir_version);
	snprintf(now.secrets, sizeof(now.secrets), "%s/secrets",
		 cfg.common.dir);
	if (cfg.test)
		cfg.stage.out = "-";
	set_conf();
	s = scraper_new(&now.conf);
	rc = stage_run(&scraper_handler, s, &cfg.common, &cfg.stage, e);
	scraper_free(&s);
	free_guards(&now.guards);
	return rc;
}

static int run_again(struct err *e)
{
	const char *other = cfg.try	      ? "try"
			    : cfg.watches     ? "watches"
			    : cfg.stage.retry ? "retry"
					      : NULL;

	if (other)
		return err_set(e, EX_USAGE, "--again does not go with --%s",
			       other);
	if (check_options(e))
		return -1;
	snprintf(now.secrets, sizeof(now.secrets), "%s/secrets",
		 cfg.common.dir);
	return again_run(cfg.common.dir,
			 cfg.secrets ? cfg.secrets : now.secrets,
			 str_from(cfg.again), &cfg.extract, stdout, e);
}

static int run(char **args, struct err *e)
{
	(void)args;
	if (cfg.again && !cfg.common.check_config)
		return run_again(e);
	return cfg.try ? run_try(e) : scrape(e);
}

int main(int argc, char **argv)
{
	if (extract_child_asked(argc, argv))
		extract_child_main(argv);
	return tool_main(&tool, run, argc, argv);
}
