/*
 * sim - a small web of shops and classified ads that change, for the demo and
 * for tests. Reads nothing, writes nothing but answers. See weir-sim(1).
 */
#include "common/err.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/notify.h"
#include "common/tool.h"
#include "common/xmem.h"

#include "chat_server.h"
#include "server.h"
#include "site.h"

enum { ALIVE_MS = 5000 };

static struct {
	const char *listen, *chat;
	int64_t chat_every_ms, seed, tick_ms, ads, crawl_delay_s;
	struct opt_common common;
} cfg = { .listen = "127.0.0.1:8090",
	  .chat_every_ms = 1000,
	  .seed = 1,
	  .tick_ms = 2000,
	  .ads = 12 };

static const struct opt opts[] = {
	{ 'l', "listen", "ADDR:PORT", OPT_STR, &cfg.listen, 0, 0,
	  "where to listen; port 0: any that is free" },
	{ 's', "seed", "N", OPT_UINT, &cfg.seed, 0, INT64_MAX,
	  "the world to make: the same seed makes the same one" },
	{ 't', "tick", "TIME", OPT_MS, &cfg.tick_ms, 0, 86400000,
	  "how often the world changes; 0: only by POST /control/tick" },
	{ 'n', "ads", "N", OPT_UINT, &cfg.ads, 0, WORLD_ADS_MAX,
	  "classified ads of each source" },
	{ 0, "chat", "ADDR:PORT", OPT_STR, &cfg.chat, 0, 0,
	  "where to have chats; port 0: any that is free (default: nowhere)" },
	{ 0, "chat-every", "TIME", OPT_MS, &cfg.chat_every_ms, 0, 86400000,
	  "how often somebody says something; 0: only by POST /control/chat" },
	{ 0, "crawl-delay", "SECONDS", OPT_UINT, &cfg.crawl_delay_s, 0, 3600,
	  "Crawl-delay in robots.txt; 0: none" },
};

static const struct opt_tool tool = {
	.name = "sim",
	.synopsis = "[OPTION...]",
	.summary = "Serve a small web of shops and ads that change.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

struct sim {
	struct loop *loop;
	struct site site;
	struct server *server;
	struct chat_server *chats;
	struct loop_timer *tick, *alive;
	int64_t next_ms; /* the next tick */
};

/* Ticks keep their rhythm; those that were missed are not made up for. */
static void on_tick(void *arg)
{
	struct sim *sim = arg;
	int64_t now = loop_now_ms(sim->loop);

	world_step(sim->site.world, 1);
	sim->next_ms += cfg.tick_ms;
	if (sim->next_ms <= now)
		sim->next_ms = now + cfg.tick_ms;
	loop_timer_start(sim->tick, sim->next_ms - now);
}

static void on_alive(void *arg)
{
	struct sim *sim = arg;

	notify("WATCHDOG=1");
	loop_timer_start(sim->alive, ALIVE_MS);
}

static int serve(struct sim *sim, struct err *e)
{
	sim->loop = loop_new(e);
	if (!sim->loop || loop_signals(sim->loop, NULL, NULL, e))
		return -1;
	sim->site.crawl_delay_s = (unsigned)cfg.crawl_delay_s;
	sim->site.world = world_new((uint64_t)cfg.seed, (unsigned)cfg.ads);
	sim->server = server_open(sim->loop, cfg.listen, &sim->site, e);
	if (!sim->server)
		return -1;
	sim->site.chats.seed = (uint64_t)cfg.seed;
	if (cfg.chat) {
		sim->chats =
			chat_server_open(sim->loop, cfg.chat, &sim->site.chats,
					 cfg.chat_every_ms, e);
		if (!sim->chats)
			return -1;
	}
	sim->tick = loop_timer_new(sim->loop, on_tick, sim);
	sim->alive = loop_timer_new(sim->loop, on_alive, sim);
	if (cfg.tick_ms > 0) {
		sim->next_ms = loop_now_ms(sim->loop) + cfg.tick_ms;
		loop_timer_start(sim->tick, cfg.tick_ms);
	}
	loop_timer_start(sim->alive, ALIVE_MS);

	log_info("ready listen=%s chat=%s seed=%lld tick_ms=%lld ads=%lld",
		 server_address(sim->server),
		 sim->chats ? chat_server_address(sim->chats) : "-",
		 (long long)cfg.seed, (long long)cfg.tick_ms,
		 (long long)cfg.ads);
	notify("READY=1");
	loop_run(sim->loop);
	notify("STOPPING=1");
	return 0;
}

static void release(struct sim *sim)
{
	loop_timer_free(&sim->alive);
	loop_timer_free(&sim->tick);
	server_close(&sim->server);
	chat_server_close(&sim->chats);
	site_release(&sim->site);
	loop_free(&sim->loop);
}

static int run(char **args, struct err *e)
{
	struct sim sim = { 0 };
	int rc;

	(void)args;
	if (cfg.common.check_config)
		return 0;
	rc = serve(&sim, e);
	release(&sim);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
