/*
 * notifier - deliver notifications to people.
 * Reads user.notification; writes delivery.sent, delivery.failed and
 * delivery.unknown. See weir-notifier(1).
 */
#include <stdlib.h>
#include <sysexits.h>

#include "common/secret.h"
#include "common/stage.h"
#include "common/tool.h"
#include "common/unsubscribe.h"
#include "common/url.h"
#include "common/xmem.h"

#include "notifier.h"
#include "trial.h"
#include "vapid.h"
#include "vitals.h"

static struct {
	struct opt_common common;
	struct stage_options stage;
	const char *test, *vapid_key;
	struct compose_links links;
	const char *links_key;
	const char *heartbeat, *heartbeat_file;
	int64_t heartbeat_ms;
	bool heartbeat_fail;
	struct opt_list heartbeat_needs;
} cfg = { .heartbeat_ms = 60000 };

static const struct opt opts[] = {
	STAGE_OPTIONS(cfg.stage),
	{ 0, "test", "CHANNEL", OPT_STR, &cfg.test, 0, 0,
	  "send a test message over CHANNEL, print the outcome, and exit" },
	{ 0, "unsubscribe-url", "URL", OPT_STR, &cfg.links.url, 1, 0,
	  "the gateway's address for users: mails have a link to it" },
	{ 0, "unsubscribe-key", "FILE", OPT_STR, &cfg.links_key, 1, 0,
	  "the key of these links, which the gateway has, too" },
	{ 0, "vapid-key", "FILE", OPT_STR, &cfg.vapid_key, 0, 0,
	  "make a key for web push, print its public half, and exit" },
	{ 0, "heartbeat", "URL", OPT_STR, &cfg.heartbeat, 0, 0,
	  "ask for URL again and again while all is well" },
	{ 0, "heartbeat-file", "FILE", OPT_STR, &cfg.heartbeat_file, 0, 0,
	  "the same, with the URL in a file" },
	{ 0, "heartbeat-every", "TIME", OPT_MS, &cfg.heartbeat_ms, 100,
	  24 * 3600 * 1000, "how often (default 1m)" },
	{ 0, "heartbeat-fail", NULL, OPT_FLAG, &cfg.heartbeat_fail, 0, 0,
	  "while something is wrong, post that to URL/fail" },
	{ 0, "heartbeat-needs", "TOOL", OPT_LIST, &cfg.heartbeat_needs, 0, 0,
	  "what must be heard of (default: alerter and scraper)" },
};

static const struct opt_tool tool = {
	.name = "notifier",
	.synopsis = "[-i FILE -o - [-p] [-s DIR]] [--test CHANNEL]",
	.summary = "Deliver notifications over the channels of weir.conf.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static struct channels channels;
static char *beat_url; /* of a file, or NULL */

/* On success *url_r is what was read from a file, or NULL. */
static int read_heartbeat(struct heartbeat_conf *beat_r, char **url_r,
			  struct err *e)
{
	static const char *usual[] = { "alerter", "scraper" };
	static const struct opt_list usually = { .v = usual,
						 .n = ARRAY_LEN(usual) };
	const char *option = cfg.heartbeat ? "heartbeat" : "heartbeat-file";

	*url_r = NULL;
	*beat_r = (struct heartbeat_conf){
		.url = cfg.heartbeat,
		.every_ms = cfg.heartbeat_ms,
		.fail = cfg.heartbeat_fail,
		.needs =
			cfg.heartbeat_needs.n ? &cfg.heartbeat_needs : &usually,
	};
	if (!cfg.heartbeat && !cfg.heartbeat_file)
		return 0;
	if (cfg.heartbeat && cfg.heartbeat_file)
		return err_set(e, EX_USAGE,
			       "--heartbeat-file: --heartbeat is there, too");
	if (cfg.stage.in || cfg.stage.out)
		return err_set(e, EX_USAGE, "--%s does not go with --in",
			       option);
	if (beat_r->needs->n > VITALS_TOOLS_MAX)
		return err_set(e, EX_USAGE, "--heartbeat-needs: more than %d",
			       VITALS_TOOLS_MAX);
	if (cfg.heartbeat_file) {
		*url_r = secret_word(cfg.heartbeat_file, e);
		if (!*url_r)
			return err_prefix(e, "heartbeat-file");
		beat_r->url = *url_r;
	}
	if (url_is_http(str_from(beat_r->url)))
		return 0;
	secret_free(*url_r);
	return err_set(e, EX_CONFIG, "--%s: no http or https URL", option);
}

/* On success the key is the caller's. */
static int read_links(struct compose_links *links_r, struct err *e)
{
	*links_r = (struct compose_links){ .url = cfg.links.url };
	if (!cfg.links.url != !cfg.links_key)
		return err_set(e, EX_CONFIG,
			       "unsubscribe-url and unsubscribe-key go "
			       "together");
	if (!cfg.links.url)
		return 0;
	if (!url_is_http(str_from(cfg.links.url)))
		return err_set(e, EX_CONFIG,
			       "unsubscribe-url: no http or https URL");
	links_r->key = unsubscribe_key(cfg.links_key, e);
	return links_r->key ? 0 : -1;
}

/* What is being sent needs its channel no longer. */
static int reload(struct notifier *n, struct err *e)
{
	struct opt_past *past = opt_reload(&tool, e);
	struct channels old = channels;
	struct heartbeat_conf beat;
	struct compose_links links;
	char *url;

	if (!past)
		return -1;
	if (read_heartbeat(&beat, &url, e)) {
		opt_revert(&tool, &past);
		return -1;
	}
	if (read_links(&links, e)) {
		secret_free(url);
		opt_revert(&tool, &past);
		return -1;
	}
	if (channels_load(cfg.common.conf, &channels, e)) {
		channels = old;
		secret_free(links.key);
		secret_free(url);
		opt_revert(&tool, &past);
		return -1;
	}
	n->beat = beat;
	secret_free(n->links.key);
	n->links = links;
	secret_free(beat_url);
	beat_url = url;
	notifier_rebind(n);
	channels_free(&old);
	opt_keep(&tool, &past);
	return 0;
}

/* 0, -1 with *e, or 1 where a test message was not delivered. */
static int work(struct err *e)
{
	struct notifier n = { .channels = &channels,
			      .common = cfg.stage.in ? NULL : &cfg.common,
			      .reload = reload };

	int rc;

	if (read_heartbeat(&n.beat, &beat_url, e) || read_links(&n.links, e))
		return -1;
	if (cfg.common.check_config)
		rc = 0;
	else if (cfg.test)
		rc = trial_run(&channels, cfg.test, e);
	else
		rc = stage_run(&notifier_handler, &n, &cfg.common, &cfg.stage,
			       e);
	secret_free(n.links.key);
	return rc;
}

static int run(char **args, struct err *e)
{
	int rc;

	(void)args;
	if (cfg.vapid_key)
		return vapid_key(cfg.vapid_key, e);
	if (channels_load(cfg.common.conf, &channels, e))
		return -1;
	rc = work(e);
	secret_free(beat_url);
	channels_free(&channels);
	return rc;
}

int main(int argc, char **argv)
{
	return tool_main(&tool, run, argc, argv);
}
