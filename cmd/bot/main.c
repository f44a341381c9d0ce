/*
 * bot - watch, look and be told by Telegram.
 * Takes commands of people in by getUpdates, publishes what the API would, and
 * answers. See weir-bot(1).
 */
#include <sysexits.h>

#include "common/secret.h"
#include "common/tool.h"
#include "common/url.h"
#include "common/xmem.h"

#include "bot.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
	const char *base, *token_file, *zone;
	struct opt_list allow, lookup;
	int64_t poll_ms;
} cfg = { .base = "https://api.telegram.org", .zone = "UTC", .poll_ms = 50000 };

static const struct opt opts[] = {
	{ 0, "token-file", "FILE", OPT_STR, &cfg.token_file, 1, 0,
	  "the bot's token; only its owner may touch the file" },
	{ 0, "allow", "ID ROLE [USER]", OPT_LIST, &cfg.allow, 0, 0,
	  "who may use it: reader, editor or admin; may be given again" },
	{ 0, "lookup", "KIND FILE", OPT_LIST, &cfg.lookup, 0, 0,
	  "where a kind of thing is looked up; may be given again" },
	{ 0, "zone", "ZONE", OPT_STR, &cfg.zone, 0, 0,
	  "of times in charts (default UTC)" },
	{ 0, "base-url", "URL", OPT_STR, &cfg.base, 1, 0,
	  "the Bot API's server (default https://api.telegram.org)" },
	{ 0, "poll", "TIME", OPT_MS, &cfg.poll_ms, 1000, 50000,
	  "how long Telegram may wait for an update (default 50s)" },
	{ 0, "from", "POSITION", OPT_STR, &cfg.stage.from, 0, 0,
	  "with a new ledger: answer for what came after POSITION" },
	{ 0, "retry", "POSITION", OPT_STR, &cfg.stage.retry, 0, 0,
	  "handle the event at POSITION, which was skipped, again" },
};

static const struct opt_tool tool = {
	.name = "bot",
	.synopsis = "[OPTION...]",
	.summary = "Watch, look and be told by Telegram.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

/* "123456:ABC…": a number, a colon, and what is secret. */
static int read_token(char **token_r, struct err *e)
{
	struct str secret, number, rest;
	uint64_t v;

	if (!cfg.token_file)
		return err_set(e, EX_CONFIG, "--token-file: not given");
	*token_r = secret_word(cfg.token_file, e);
	if (!*token_r)
		return err_prefix(e, "--token-file");
	secret = str_from(*token_r);
	number = str_cut(secret, ':', &rest);
	if (!str_u64(number, &v) || rest.len < 16)
		return err_set(e, EX_CONFIG,
			       "--token-file: %s holds no token of a bot",
			       cfg.token_file);
	return 0;
}

static int check(struct bot *b, struct err *e)
{
	struct tz_cache zones = { 0 };
	int rc = 0;

	if (!url_is_http(str_from(cfg.base)))
		return err_set(e, EX_CONFIG,
			       "--base-url: no http or https URL");
	if (!tz_get(&zones, str_from(cfg.zone), e))
		rc = err_prefix(e, "--zone");
	tz_cache_free(&zones);
	if (rc || guests_parse(&cfg.allow, &b->guests, e))
		return -1;
	if (b->guests.n == 0)
		return err_set(e, EX_CONFIG, "--allow: nobody may use the bot");
	return lookups_load(&cfg.lookup, &b->lookups, e);
}

static int run(char **args, struct err *e)
{
	struct bot b = { .base = cfg.base,
			 .zone = cfg.zone,
			 .dir = cfg.common.dir,
			 .config = cfg.common.config,
			 .poll_s = cfg.poll_ms / 1000 };
	char *token = NULL;
	int rc;

	(void)args;
	rc = read_token(&token, e) || check(&b, e) ? -1 : 0;
	b.token = token;
	if (rc == 0 && !cfg.common.check_config)
		rc = stage_run(&bot_handler, &b, &cfg.common, &cfg.stage, e);
	lookups_free(&b.lookups);
	secret_free(token);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
