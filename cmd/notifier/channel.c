#include "channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/opt.h"
#include "common/secret.h"
#include "common/url.h"
#include "common/xmem.h"

#include "words.h"

enum {
	WEBHOOK = 1 << CHANNEL_WEBHOOK,
	TELEGRAM = 1 << CHANNEL_TELEGRAM,
	COMMAND = 1 << CHANNEL_COMMAND,
	ALL = WEBHOOK | TELEGRAM | COMMAND,
	HOUR_MS = 60 * 60 * 1000,
	/* Telegram's own limit for one group. */
	TELEGRAM_RATE = 20,
};

/* One section as it is written, before it becomes a channel. */
struct section {
	const char *type, *url, *url_file, *token_file, *chat, *base_url;
	const char *command, *user, *policy;
	int64_t rate, parallel, timeout_ms, retries, retry_life_ms;
};

/* A key, for which types it is, and how to read it. */
struct key {
	struct opt opt;
	unsigned types;
};

static const char *const type_names[] = {
	[CHANNEL_WEBHOOK] = "webhook",
	[CHANNEL_TELEGRAM] = "telegram",
	[CHANNEL_COMMAND] = "command",
};

#define TYPES "type: webhook, telegram or command expected"

static int set_key(struct section *s, enum channel_type type,
		   const struct conf_entry *at, struct err *e)
{
	const struct key keys[] = {
		{ { .name = "type", .kind = OPT_STR, .dst = &s->type }, ALL },
		{ { .name = "user", .kind = OPT_STR, .dst = &s->user }, ALL },
		{ { .name = "policy", .kind = OPT_STR, .dst = &s->policy },
		  ALL },
		{ { .name = "rate",
		    .kind = OPT_UINT,
		    .dst = &s->rate,
		    .max = 60000 },
		  ALL },
		{ { .name = "parallel",
		    .kind = OPT_UINT,
		    .dst = &s->parallel,
		    .min = 1,
		    .max = 64 },
		  ALL },
		{ { .name = "timeout",
		    .kind = OPT_MS,
		    .dst = &s->timeout_ms,
		    .min = 100,
		    .max = HOUR_MS },
		  ALL },
		{ { .name = "retries",
		    .kind = OPT_UINT,
		    .dst = &s->retries,
		    .max = 1000000 },
		  ALL },
		{ { .name = "retry-life",
		    .kind = OPT_MS,
		    .dst = &s->retry_life_ms,
		    .max = INT64_C(365) * 24 * HOUR_MS },
		  ALL },
		{ { .name = "url", .kind = OPT_STR, .dst = &s->url }, WEBHOOK },
		{ { .name = "url-file", .kind = OPT_STR, .dst = &s->url_file },
		  WEBHOOK },
		{ { .name = "token-file",
		    .kind = OPT_STR,
		    .dst = &s->token_file },
		  WEBHOOK | TELEGRAM },
		{ { .name = "chat", .kind = OPT_STR, .dst = &s->chat },
		  TELEGRAM },
		{ { .name = "base-url", .kind = OPT_STR, .dst = &s->base_url },
		  TELEGRAM },
		{ { .name = "command", .kind = OPT_STR, .dst = &s->command },
		  COMMAND },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (strcmp(keys[i].opt.name, at->key) != 0)
			continue;
		if (type != CHANNEL_NONE && !(keys[i].types & 1u << type))
			return err_set(e, EX_CONFIG, "%s: not of type %s",
				       at->key, type_names[type]);
		if (!*at->value)
			return err_set(e, EX_CONFIG, "%s: empty", at->key);
		return opt_set(&keys[i].opt, at->value, e);
	}
	return err_set(e, EX_CONFIG, "%s: unknown key", at->key);
}

/* ---- secrets ---- */

char *channel_secret(const char *path, struct err *e)
{
	char text[CHANNEL_SECRET_MAX + 1];
	int fd = secret_open(path, e);
	struct str s;
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0 || n > CHANNEL_SECRET_MAX) {
		err_set(e, EX_CONFIG, "%s: %s", path,
			n < 0 ? strerror(errno) : "too large");
		return NULL;
	}
	s = str_trim((struct str){ text, (size_t)n });
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			s.len = 0;
	if (s.len == 0) {
		err_set(e, EX_CONFIG, "%s: one word expected", path);
		return NULL;
	}
	return xstrndup(s.p, s.len);
}

/* ---- one channel of each type ---- */

static int check_url(const char *key, const char *url, struct err *e)
{
	if (url_is_http(str_from(url)))
		return 0;
	return err_set(e, EX_CONFIG, "%s: no http or https URL", key);
}

static int make_webhook(const struct section *s, struct channel *c,
			struct err *e)
{
	char *token;

	if (!s->url == !s->url_file)
		return err_set(e, EX_CONFIG, "url or url-file is needed");
	c->url = s->url ? xstrdup(s->url) : channel_secret(s->url_file, e);
	if (!c->url)
		return err_prefix(e, "url-file");
	if (check_url(s->url ? "url" : "url-file", c->url, e))
		return -1;
	if (!s->token_file)
		return 0;
	token = channel_secret(s->token_file, e);
	if (!token)
		return err_prefix(e, "token-file");
	c->bearer = xmalloc(strlen(token) + 32);
	sprintf(c->bearer, "Authorization: Bearer %s", token);
	free(token);
	return 0;
}

/* As BotFather gives them: digits, a colon, letters. */
static bool is_token(const char *token)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-:";

	return token[strspn(token, allowed)] == '\0';
}

static int make_telegram(const struct section *s, struct channel *c,
			 struct err *e)
{
	const char *base = s->base_url;
	size_t len;
	char *token;

	if (!s->token_file || !s->chat)
		return err_set(e, EX_CONFIG, "%s is needed",
			       s->chat ? "token-file" : "chat");
	c->chat = s->chat;
	base = base ? base : "https://api.telegram.org";
	if (check_url("base-url", base, e))
		return -1;
	token = channel_secret(s->token_file, e);
	if (!token)
		return err_prefix(e, "token-file");
	if (!is_token(token)) {
		free(token);
		return err_set(e, EX_CONFIG, "token-file: %s: no bot's token",
			       s->token_file);
	}
	len = strlen(base);
	while (len && base[len - 1] == '/')
		len--;
	c->url = xmalloc(len + strlen(token) + 32);
	sprintf(c->url, "%.*s/bot%s/sendMessage", (int)len, base, token);
	free(token);
	return 0;
}

/* A program with its path must be there; others are looked for when run. */
static int make_command(const struct section *s, struct channel *c,
			struct err *e)
{
	if (!s->command)
		return err_set(e, EX_CONFIG, "command is needed");
	c->argv = words_split(str_from(s->command), e);
	if (!c->argv)
		return err_prefix(e, "command");
	if (strchr(c->argv[0], '/') && access(c->argv[0], X_OK) != 0)
		return err_set(e, EX_CONFIG, "command: %s: %s", c->argv[0],
			       strerror(errno));
	return 0;
}

/* One without a type is refused last: a misspelt key says more. */
static int find_type(const struct conf *conf, const char *name,
		     enum channel_type *type_r, struct err *e)
{
	const char *type = conf_get(conf, "channel", name, "type");

	for (size_t i = CHANNEL_WEBHOOK; type && i < ARRAY_LEN(type_names); i++)
		if (strcmp(type, type_names[i]) == 0)
			*type_r = (enum channel_type)i;
	return type && *type_r == CHANNEL_NONE ? err_set(e, EX_CONFIG, TYPES)
					       : 0;
}

/* Read the keys of a section; *line_r is that of one that is wrong. */
static int read_section(const struct conf *conf, const char *name,
			enum channel_type type, struct section *s,
			unsigned *line_r, struct err *e)
{
	for (size_t i = 0; i < conf_count(conf); i++) {
		const struct conf_entry *at = conf_at(conf, i);

		if (strcmp(at->section, "channel") != 0 ||
		    strcmp(at->name, name) != 0)
			continue;
		if (set_key(s, type, at, e)) {
			*line_r = at->line;
			return -1;
		}
	}
	if (s->policy && strcmp(s->policy, "resend") != 0 &&
	    strcmp(s->policy, "hold") != 0)
		return err_set(e, EX_CONFIG, "policy: resend or hold expected");
	if (s->user && !str_is_id(str_from(s->user)))
		return err_set(e, EX_CONFIG, "user: '%s' is no id", s->user);
	return 0;
}

static int make(const struct section *s, enum channel_type type,
		struct channel *c, struct err *e)
{
	c->type = type;
	c->user = s->user;
	c->hold = s->policy && strcmp(s->policy, "hold") == 0;
	c->rate = s->rate;
	c->parallel = s->parallel;
	c->timeout_ms = s->timeout_ms;
	c->retries = s->retries;
	c->retry_life_ms = s->retry_life_ms;
	switch (type) {
	case CHANNEL_WEBHOOK: return make_webhook(s, c, e);
	case CHANNEL_TELEGRAM: return make_telegram(s, c, e);
	case CHANNEL_COMMAND: return make_command(s, c, e);
	case CHANNEL_NONE: break;
	}
	return err_set(e, EX_CONFIG, TYPES);
}

/* The line of the key that the message begins with, or the section's first. */
static unsigned line_about(const struct conf *conf, const char *name,
			   const char *msg)
{
	size_t len = strcspn(msg, ":");
	unsigned line = 0;

	for (size_t i = 0; i < conf_count(conf); i++) {
		const struct conf_entry *at = conf_at(conf, i);

		if (strcmp(at->section, "channel") != 0 ||
		    strcmp(at->name, name) != 0)
			continue;
		if (strlen(at->key) == len && memcmp(at->key, msg, len) == 0)
			return at->line;
		line = line ? line : at->line;
	}
	return line;
}

static int load_one(const struct conf *conf, const char *name,
		    struct channel *c, struct err *e)
{
	struct section s = { .parallel = 4,
			     .timeout_ms = 30000,
			     .retry_life_ms = INT64_C(24) * HOUR_MS };
	enum channel_type type = CHANNEL_NONE;
	unsigned line = 0;
	int rc;

	c->name = name;
	if (!*name || strcmp(name, "-") == 0)
		rc = err_set(e, EX_CONFIG, "a channel needs a name");
	else
		rc = find_type(conf, name, &type, e);
	if (rc == 0 && type == CHANNEL_TELEGRAM)
		s.rate = TELEGRAM_RATE;
	if (rc == 0)
		rc = read_section(conf, name, type, &s, &line, e);
	if (rc == 0)
		rc = make(&s, type, c, e);
	if (rc == 0)
		return 0;
	e->code = EX_CONFIG;
	return err_prefix(e, "%s:%u: channel %s", conf_path(conf),
			  line ? line : line_about(conf, name, e->msg), name);
}

int channels_load(const struct conf *conf, struct channels *set_r,
		  struct err *e)
{
	const char *name;
	size_t cap = 0;

	*set_r = (struct channels){ .n = 0 };
	while ((name = conf_section(conf, "channel", set_r->n))) {
		if (set_r->n == CHANNELS_MAX) {
			err_set(e, EX_CONFIG, "%s: more than %d channels",
				conf_path(conf), CHANNELS_MAX);
			goto fail;
		}
		xgrow(&set_r->v, &cap, set_r->n, sizeof(*set_r->v));
		set_r->v[set_r->n] = (struct channel){ .name = NULL };
		if (load_one(conf, name, &set_r->v[set_r->n++], e))
			goto fail;
	}
	return 0;
fail:
	channels_free(set_r);
	return -1;
}

/* Secrets are wiped: they must not be found in a core file or a reused page. */
static void wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void channels_free(struct channels *set)
{
	for (size_t i = 0; i < set->n; i++) {
		wipe(set->v[i].url);
		wipe(set->v[i].bearer);
		free(set->v[i].argv);
	}
	free(set->v);
	*set = (struct channels){ .n = 0 };
}

const struct channel *channels_find(const struct channels *set, struct str name)
{
	for (size_t i = 0; i < set->n; i++)
		if (str_is(name, set->v[i].name))
			return &set->v[i];
	return NULL;
}

bool channel_serves(const struct channel *c, struct str user)
{
	return !c->user || str_is(user, c->user);
}
