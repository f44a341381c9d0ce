/*
 * gateway - serve the journal to clients: dashboard, REST, WebSocket and SSE.
 *
 * Reads the feed and the journal, writes what it was given over HTTP to
 * ingest. Design, section 6; weir-gateway(1).
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/secret.h"
#include "common/tool.h"
#include "common/unsubscribe.h"
#include "common/xmem.h"

#include "activation.h"
#include "gateway.h"
#include "guard.h"
#include "leave.h"
#include "live.h"
#include "origins.h"
#include "socketio_live.h"
#include "tls.h"

static struct gateway_settings cfg = {
	.listen = "127.0.0.1",
	.port = 8080,
	.max_clients = 10000,
	.ping_ms = LIVE_PING_MS,
	.accept_rate = 5000,
	.max_per_address = -1,
	.limits = { { THROTTLE_DEFAULT, THROTTLE_DEFAULT, THROTTLE_DEFAULT,
		      THROTTLE_DEFAULT } },
	.max_subscriptions = PATTERNS_MAX,
};
static struct opt_common common;

/* What cfg points to, whatever the file says later. */
static char listening[64];

static const struct opt opts[] = {
	{ 'l', "listen", "ADDRESS", OPT_STR, &cfg.listen, 0, 0,
	  "IP address (default 127.0.0.1); others than loopback need a token" },
	{ 'P', "port", "PORT", OPT_UINT, &cfg.port, 0, 65535,
	  "TCP port (default 8080); 0 for any free one" },
	{ 'H', "host", "NAME", OPT_LIST, &cfg.hosts, 0, 0,
	  "name by which clients may call this gateway" },
	{ 't', "token-file", "FILE", OPT_STR, &cfg.auth.token_file, 0, 0,
	  "file with the owner's token, who may do everything" },
	{ 'k', "keys-file", "FILE", OPT_STR, &cfg.auth.keys_file, 0, 0,
	  "file with the API keys of users, as hashes" },
	{ 'j', "jwt-keys", "FILE", OPT_LIST, &cfg.auth.jwt_keys, 0, 0,
	  "keys for JWTs: a JWK Set, a public key or a secret" },
	{ 0, "jwt-audience", "TEXT", OPT_STR, &cfg.auth.jwt_audience, 1, 0,
	  "audience that JWTs must be for" },
	{ 0, "jwt-issuer", "TEXT", OPT_STR, &cfg.auth.jwt_issuer, 1, 0,
	  "issuer that JWTs must be from" },
	{ 0, "jwt-without-exp", NULL, OPT_FLAG, &cfg.auth.jwt_without_exp, 0, 0,
	  "take JWTs that do not say until when (exp)" },
	{ 'a', "anonymous", "PATTERN", OPT_LIST, &cfg.auth.anonymous, 0, 0,
	  "what may be read without a token" },
	{ 'o', "origin", "ORIGIN", OPT_LIST, &cfg.origins, 0, 0,
	  "pages elsewhere that may use this gateway; * for all" },
	{ 0, "tls-cert", "FILE", OPT_STR, &cfg.tls_cert, 1, 0,
	  "certificate and its chain, PEM: https and wss" },
	{ 0, "tls-key", "FILE", OPT_STR, &cfg.tls_key, 1, 0,
	  "its private key, PEM" },
	{ 0, "unsubscribe-key", "FILE", OPT_STR, &cfg.unsubscribe_key, 1, 0,
	  "file with the notifier's key of links to unsubscribe" },
	{ 'e', "expect", "TOOL", OPT_LIST, &cfg.expect, 0, 0,
	  "tool that must be running for /readyz to say yes" },
	{ 0, "max-clients", "N", OPT_UINT, &cfg.max_clients, 1, 1000000,
	  "connections at a time (default 10000); more are turned away" },
	{ 0, "lag", "RULE", OPT_LIST, &cfg.lag, 0, 0,
	  "PATTERN=latest:N or PATTERN=disconnect:N, for who is behind" },
	{ 0, "compat", "FILE", OPT_STR, &cfg.compat, 1, 0,
	  "what clients of before call things (default: built in)" },
	{ 0, "max-per-address", "N", OPT_UINT, &cfg.max_per_address, 0, 1000000,
	  "connections of one address (default 1000, local: 0, no limit)" },
	{ 0, "accept-rate", "N", OPT_UINT, &cfg.accept_rate, 0, 1000000,
	  "connections taken in a second (default 5000; 0: no limit)" },
	{ 0, "connections-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_CONNECTION], 0, 1000000,
	  "of an address (default 500, local: 0, no limit)" },
	{ 0, "requests-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_REQUEST], 0, 1000000,
	  "of an address, and of a user (default 1000, local: 0)" },
	{ 0, "messages-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_MESSAGE], 0, 1000000,
	  "likewise, of all their WebSockets (default 1000, local: 0)" },
	{ 0, "subscriptions-per-s", "N", OPT_UINT,
	  &cfg.limits.per_s[THROTTLE_SUBSCRIPTION], 0, 1000000,
	  "likewise, of WebSockets and streams (default 500, local: 0)" },
	{ 0, "max-subscriptions", "N", OPT_UINT, &cfg.max_subscriptions, 1,
	  PATTERNS_MAX, "patterns of one client (default 128)" },
	{ 0, "trusted-proxy", "ADDRESS", OPT_LIST, &cfg.proxies, 0, 0,
	  "ADDRESS[/BITS] whose X-Forwarded-For and -Proto are believed" },
	{ 0, "deflate", NULL, OPT_FLAG, &cfg.deflate, 0, 0,
	  "compress WebSockets of clients that offer permessage-deflate" },
	{ 0, "no-io-uring", NULL, OPT_FLAG, &cfg.no_io_uring, 0, 0,
	  "send to each client by a system call of its own" },
	{ 0, "ping", "TIME", OPT_MS, &cfg.ping_ms, LIVE_PING_MIN_MS,
	  LIVE_PING_MAX_MS,
	  "how often WebSockets are asked whether they live (default 45s)" },
};

static const struct opt_tool tool = {
	.name = "gateway",
	.synopsis = "[OPTION...]",
	.summary = "Serve events to browsers and programs.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &common,
};

/* Without authentication, any page at all would be the owner. */
static int check_origins(const struct auth *a, struct err *e)
{
	if (origins_check(&cfg.origins, e))
		return -1;
	for (size_t i = 0; i < cfg.origins.n && !auth_is_on(a); i++)
		if (strcmp(cfg.origins.v[i], "*") == 0)
			return err_set(e, EX_CONFIG,
				       "origin: '*' not without authentication "
				       "(--token-file, --keys-file or "
				       "--jwt-keys)");
	return 0;
}

static int check_names(const char *address, struct err *e)
{
	if (!guard_is_address(address))
		return err_set(e, EX_CONFIG, "listen: %s: not an IP address",
			       address);
	for (size_t i = 0; i < cfg.hosts.n; i++)
		if (!guard_is_host(cfg.hosts.v[i]))
			return err_set(e, EX_CONFIG,
				       "host: '%s' is neither like "
				       "weir.example nor like [2001:db8::1]; "
				       "no scheme, no port",
				       cfg.hosts.v[i]);
	return 0;
}

/* address: where we are, or will be, reached. NULL with *e. */
static struct auth *read_auth(const char *address, struct err *e)
{
	struct auth *a =
		check_names(address, e) ? NULL : auth_new(&cfg.auth, e);

	if (a && check_origins(a, e))
		auth_free(&a);
	if (a && !auth_is_on(a) && !guard_is_loopback(address)) {
		auth_free(&a);
		err_set(e, EX_CONFIG,
			"listen: %s: not without authentication (--token-file, "
			"--keys-file or --jwt-keys)",
			address);
	}
	return a;
}

/* How far clients may fall behind; *l_r is NULL where nothing is said. */
static int read_lag(struct lag **l_r, struct err *e)
{
	*l_r = cfg.lag.n ? lag_new(cfg.lag.v, cfg.lag.n, e) : NULL;
	return cfg.lag.n && !*l_r ? -1 : 0;
}

/* *key_r is NULL where there is to be none. */
static int read_unsubscribe(char **key_r, struct err *e)
{
	*key_r = NULL;
	if (!cfg.unsubscribe_key)
		return 0;
	*key_r = unsubscribe_key(cfg.unsubscribe_key, e);
	return *key_r ? 0 : -1;
}

/* ---- SIGHUP ---- */

/* The certificate, where there is to be one; *tls_r is NULL otherwise. */
static int read_tls(struct tls **tls_r, struct err *e)
{
	*tls_r = NULL;
	if (!cfg.tls_cert && !cfg.tls_key)
		return 0;
	if (!cfg.tls_cert || !cfg.tls_key)
		return err_set(e, EX_CONFIG,
			       "tls-cert and tls-key go together");
	*tls_r = tls_read(cfg.tls_cert, cfg.tls_key, e);
	return *tls_r ? 0 : -1;
}

/* A new certificate, for those who come from now on. */
static int reload_tls(struct gateway *g, struct err *e)
{
	struct tls *tls;
	int rc = read_tls(&tls, e);

	if (rc == 0 && !tls != !g->tls)
		rc = err_set(e, EX_CONFIG,
			     "tls-cert: between plain and TLS it takes a "
			     "restart");
	if (rc == 0 && tls)
		rc = net_set_tls(g->net, tls, e);
	tls_free(&tls);
	return rc;
}

static int read_settings(struct gateway *g, struct err *e)
{
	const struct gateway_settings old = cfg;
	struct opt_past *past = opt_reload(&tool, e);
	struct lag *lag = NULL; /* must be right, and needs a restart */
	struct proxies proxies;
	struct auth *auth = NULL;
	char *unsubscribe = NULL;

	if (!past)
		return -1;
	if (read_lag(&lag, e) == 0 &&
	    proxies_read(&proxies, &cfg.proxies, e) == 0 &&
	    read_unsubscribe(&unsubscribe, e) == 0)
		auth = read_auth(listening, e);
	lag_free(&lag);
	if (!auth || reload_tls(g, e)) {
		auth_free(&auth);
		secret_free(unsubscribe);
		opt_revert(&tool, &past);
		return -1;
	}
	auth_free(&g->auth);
	g->auth = auth;
	secret_free(g->unsubscribe_key);
	g->unsubscribe_key = unsubscribe;
	g->proxies = proxies;
	sessions_review(g->sessions);
	cfg.listen = listening;
	cfg.port = old.port;
	cfg.max_clients = old.max_clients;
	cfg.ping_ms = old.ping_ms;
	cfg.accept_rate = old.accept_rate;
	cfg.max_per_address = old.max_per_address;
	opt_keep(&tool, &past);
	return 0;
}

static void on_hup(void *arg)
{
	struct err e;

	if (read_settings(arg, &e))
		log_error("not reloaded: %s", e.msg);
	else
		log_info("reloaded");
}

/* ---- life ---- */

/* Where a socket that was handed over listens is where we do. */
static int find_socket(int *fd_r, struct err *e)
{
	static char address[ACTIVATION_ADDRESS_MAX];
	uint16_t port;
	int rc = activation_take(fd_r, e);

	if (rc != 1)
		return rc;
	activation_address(*fd_r, address, &port);
	cfg.listen = address;
	cfg.port = port;
	return 0;
}

/* 0, with what the program that is to be executed gets, or -1. */
static int run_once(int listening_fd, struct leave_fds *next, struct err *e)
{
	struct gateway g = { .settings = &cfg, .listening = listening_fd };
	int rc = -1;

	if (proxies_read(&g.proxies, &cfg.proxies, e))
		return -1;
	g.auth = read_auth(cfg.listen, e);
	if (!g.auth)
		return -1;
	if (read_unsubscribe(&g.unsubscribe_key, e) || read_tls(&g.tls, e)) {
		auth_free(&g.auth);
		secret_free(g.unsubscribe_key);
		return -1;
	}
	str_copy(listening, sizeof(listening), str_from(cfg.listen));
	g.compat = read_lag(&g.lag, e) ? NULL : compat_open(cfg.compat, e);
	if (!g.compat || common.check_config)
		rc = g.compat ? 0 : -1;
	else if (gateway_open(&g, on_hup, e) == 0) {
		socketio_live_take_over(g.socketio);
		rc = gateway_serve(&g, e);
	}
	if (g.leave && leave_is_done(g.leave)) {
		next->seats = socketio_live_hand_over(g.socketio);
		next->listening = net_listening(g.net);
	}
	gateway_close(&g);
	secret_free(g.unsubscribe_key);
	return rc;
}

static int run(char **args, struct err *e)
{
	struct leave_fds next;
	int fd = -1, rc;

	(void)args;
	cfg.common = &common;
	cfg.dir = common.dir;
	do {
		next = (struct leave_fds){ -1, -1 };
		rc = find_socket(&fd, e);
		if (rc == 0)
			rc = run_once(fd, &next, e);
		if (next.listening >= 0) {
			leave_execute(&next, e);
			log_error("not replaced: %s", e->msg);
		}
	} while (next.listening >= 0);
	return rc;
}

int main(int argc, char **argv)
{
	leave_init(argv);
	return tool_main(&tool, run, argc, argv);
}
