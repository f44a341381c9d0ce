#include "channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/opt.h"
#include "common/secret.h"
#include "common/xmem.h"

enum { HOUR_MS = 60 * 60 * 1000 };

/* What is being read: a section on its way to a channel. */
struct section {
	const struct conf *conf;
	const char *name;
	struct channel *channel;
	const char *type, *policy, *title, *text, *length;
	unsigned line; /* of the key that is wrong; 0: not known */
};

/* ---- the keys of all kinds ---- */

/* 1 where there is no such key. */
static int set_common(struct section *s, const struct conf_entry *at,
		      struct err *e)
{
	struct channel *c = s->channel;
	const struct opt keys[] = {
		{ .name = "type", .kind = OPT_STR, .dst = &s->type },
		{ .name = "user", .kind = OPT_STR, .dst = &c->user },
		{ .name = "policy", .kind = OPT_STR, .dst = &s->policy },
		{ .name = "title", .kind = OPT_STR, .dst = &s->title },
		{ .name = "text", .kind = OPT_STR, .dst = &s->text },
		{ .name = "long", .kind = OPT_STR, .dst = &s->length },
		{ .name = "fallover", .kind = OPT_STR, .dst = &c->fallover },
		{ .name = "standby", .kind = OPT_FLAG, .dst = &c->standby },
		{ .name = "down-after",
		  .kind = OPT_MS,
		  .dst = &c->down_after_ms,
		  .max = 24 * HOUR_MS },
		{ .name = "rate",
		  .kind = OPT_UINT,
		  .dst = &c->rate,
		  .max = 60000 },
		{ .name = "parallel",
		  .kind = OPT_UINT,
		  .dst = &c->parallel,
		  .min = 1,
		  .max = CHANNEL_PARALLEL_MAX },
		{ .name = "timeout",
		  .kind = OPT_MS,
		  .dst = &c->timeout_ms,
		  .min = 100,
		  .max = HOUR_MS },
		{ .name = "retries",
		  .kind = OPT_UINT,
		  .dst = &c->retries,
		  .max = 1000000 },
		{ .name = "retry-life",
		  .kind = OPT_MS,
		  .dst = &c->retry_life_ms,
		  .max = INT64_C(365) * 24 * HOUR_MS },
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, at->key) == 0)
			return opt_set(&keys[i], at->value, e);
	return 1;
}

static int check_common(const struct section *s, struct err *e)
{
	struct channel *c = s->channel;

	if (s->policy && strcmp(s->policy, "resend") != 0 &&
	    strcmp(s->policy, "hold") != 0)
		return err_set(e, EX_CONFIG, "policy: resend or hold expected");
	c->hold = s->policy && strcmp(s->policy, "hold") == 0;
	if (c->user && !str_is_id(str_from(c->user)))
		return err_set(e, EX_CONFIG, "user: '%s' is no id", c->user);
	return 0;
}

/* ---- the keys of a kind ---- */

static const struct kind_key *find_key(const struct kind *k, const char *name)
{
	for (size_t i = 0; k && i < k->n_keys; i++)
		if (strcmp(k->keys[i].name, name) == 0)
			return &k->keys[i];
	return NULL;
}

static void *place(const struct channel *c, const struct kind_key *key)
{
	return (char *)c->settings + key->at;
}

static int set_secret(const struct channel *c, const struct kind_key *key,
		      const char *file, struct err *e)
{
	char **at = place(c, key);

	secret_free(*at);
	*at = key->text ? secret_text(file, e) : secret_word(file, e);
	return *at ? 0 : err_prefix(e, "%s", key->name);
}

static int set_own(const struct section *s, const struct conf_entry *at,
		   struct err *e)
{
	const struct channel *c = s->channel;
	const struct kind_key *key = find_key(c->kind, at->key);
	struct opt opt;

	/* Without a kind, the type that is not there is told of last. */
	if (!key && c->kind && kind_knows(at->key))
		return err_set(e, EX_CONFIG, "%s: not of type %s", at->key,
			       c->kind->name);
	if (!key && (c->kind || !kind_knows(at->key)))
		return err_set(e, EX_CONFIG, "%s: unknown key", at->key);
	if (!key)
		return 0;
	if (key->secret)
		return set_secret(c, key, at->value, e);
	opt = (struct opt){ .name = key->name,
			    .kind = key->kind,
			    .dst = place(c, key),
			    .min = key->min,
			    .max = key->max };
	return opt_set(&opt, at->value, e);
}

static int check_needed(const struct channel *c, struct err *e)
{
	for (size_t i = 0; i < c->kind->n_keys; i++) {
		const struct kind_key *key = &c->kind->keys[i];

		/* Numbers have defaults. */
		if (key->needed && !*(const char **)place(c, key))
			return err_set(e, EX_CONFIG, "%s is needed", key->name);
	}
	return 0;
}

/* ---- a section ---- */

static int refuse_type(struct err *e)
{
	struct buf names = { .p = NULL };

	kind_names(&names);
	err_set(e, EX_CONFIG, "type: %.*s expected", (int)names.len, names.p);
	buf_free(&names);
	return -1;
}

/* By its type, or by a URL whose scheme is a kind's own. */
static int find_kind(struct section *s, struct err *e)
{
	const char *type = conf_get(s->conf, "channel", s->name, "type");
	const char *url = conf_get(s->conf, "channel", s->name, "url");

	if (type)
		s->channel->kind = kind_find(str_from(type));
	else if (url)
		s->channel->kind = kind_of_url(str_from(url));
	return type && !s->channel->kind ? refuse_type(e) : 0;
}

static int read_keys(struct section *s, struct err *e)
{
	for (size_t i = 0; i < conf_count(s->conf); i++) {
		const struct conf_entry *at = conf_at(s->conf, i);
		int rc;

		if (strcmp(at->section, "channel") != 0 ||
		    strcmp(at->name, s->name) != 0)
			continue;
		if (*at->value)
			rc = set_common(s, at, e);
		else
			rc = err_set(e, EX_CONFIG, "%s: empty", at->key);
		if (rc == 1)
			rc = set_own(s, at, e);
		if (rc) {
			s->line = at->line;
			return -1;
		}
	}
	return 0;
}

/* A template whose own words leave room for what happened. */
static int make_template(const char *key, const char *source,
			 enum text_escape escape, enum text_unit unit,
			 size_t max, struct arena *a,
			 const struct text_template **t_r, struct err *e)
{
	*t_r = text_template_new(str_from(source), escape, a, e);
	if (!*t_r)
		return err_prefix(e, "%s", key);
	if (max && text_template_fixed(*t_r, unit) > max / 2)
		return err_set(e, EX_CONFIG,
			       "%s: more than half of the %zu that are taken",
			       key, max);
	return 0;
}

static int make_texts(const struct section *s, struct arena *a, struct err *e)
{
	struct channel *c = s->channel;
	const struct text_style *style = &c->kind->style;
	const char *title = s->title ? s->title : style->title;

	if (!style->text && (s->title || s->text))
		return err_set(e, EX_CONFIG, "%s: not of type %s",
			       s->title ? "title" : "text", c->kind->name);
	if (!style->text_max && s->length)
		return err_set(e, EX_CONFIG, "long: not of type %s",
			       c->kind->name);
	if (s->length && strcmp(s->length, "cut") != 0 &&
	    strcmp(s->length, "split") != 0)
		return err_set(e, EX_CONFIG, "long: cut or split expected");
	c->split = s->length && strcmp(s->length, "split") == 0;
	if (!style->text)
		return 0;
	if (make_template("title", title ? title : "{{title}}",
			  style->title_escape, style->unit, style->title_max, a,
			  &c->title, e))
		return -1;
	return make_template("text", s->text ? s->text : style->text,
			     style->escape, style->unit, style->text_max, a,
			     &c->text, e);
}

static int read_section(struct section *s, struct arena *a, struct err *e)
{
	struct channel *c = s->channel;

	if (!*s->name || strcmp(s->name, "-") == 0)
		return err_set(e, EX_CONFIG, "a channel needs a name");
	if (find_kind(s, e))
		return -1;
	if (c->kind) {
		c->settings = arena_alloc(a, c->kind->size);
		c->rate = c->kind->rate;
	}
	if (read_keys(s, e) || check_common(s, e))
		return -1;
	if (!c->kind)
		return refuse_type(e);
	if (check_needed(c, e) || c->kind->check(c->settings, a, e))
		return -1;
	return make_texts(s, a, e);
}

/* The line of the key that the message begins with, or the section's first. */
static unsigned line_about(const struct section *s, const char *msg)
{
	size_t len = strcspn(msg, ":");
	unsigned line = 0;

	for (size_t i = 0; i < conf_count(s->conf); i++) {
		const struct conf_entry *at = conf_at(s->conf, i);

		if (strcmp(at->section, "channel") != 0 ||
		    strcmp(at->name, s->name) != 0)
			continue;
		if (strlen(at->key) == len && memcmp(at->key, msg, len) == 0)
			return at->line;
		line = line ? line : at->line;
	}
	return line;
}

static int load_one(const struct conf *conf, const char *name,
		    struct channel *c, struct arena *a, struct err *e)
{
	struct section s = { .conf = conf, .name = name, .channel = c };

	*c = (struct channel){ .name = name,
			       .parallel = 4,
			       .timeout_ms = 30000,
			       .down_after_ms = 2 * 60 * 1000,
			       .retry_life_ms = INT64_C(24) * HOUR_MS };
	if (read_section(&s, a, e) == 0)
		return 0;
	e->code = EX_CONFIG;
	return err_prefix(e, "%s:%u: channel %s", conf_path(conf),
			  s.line ? s.line : line_about(&s, e->msg), name);
}

/* Is there such a channel, and for these people? */
static int check_fallover(const struct channels *set, const struct channel *c,
			  struct err *e)
{
	const struct channel *to;

	if (!c->fallover || strcmp(c->fallover, "-") == 0)
		return 0;
	to = channels_find(set, str_from(c->fallover));
	if (!to || to == c)
		return err_set(e, EX_CONFIG,
			       "fallover: there is no other channel '%s'",
			       c->fallover);
	if (to->user && (!c->user || strcmp(to->user, c->user) != 0))
		return err_set(e, EX_CONFIG, "fallover: %s is %s's alone",
			       c->fallover, to->user);
	return 0;
}

static int check_fallovers(const struct conf *conf, struct channels *set,
			   struct err *e)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct section s = { .conf = conf,
					   .name = set->v[i].name };

		if (check_fallover(set, &set->v[i], e))
			return err_prefix(e, "%s:%u: channel %s",
					  conf_path(conf),
					  line_about(&s, e->msg), s.name);
	}
	return 0;
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
		if (load_one(conf, name, &set_r->v[set_r->n++], &set_r->arena,
			     e))
			goto fail;
	}
	if (check_fallovers(conf, set_r, e) == 0)
		return 0;
fail:
	channels_free(set_r);
	return -1;
}

static void free_secrets(struct channel *c)
{
	for (size_t i = 0; c->settings && i < c->kind->n_keys; i++)
		if (c->kind->keys[i].secret)
			secret_free(*(char **)place(c, &c->kind->keys[i]));
}

void channels_free(struct channels *set)
{
	for (size_t i = 0; i < set->n; i++)
		free_secrets(&set->v[i]);
	free(set->v);
	arena_free(&set->arena);
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

static bool is_in(struct str name, const struct shape_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(name, names->v[i]))
			return true;
	return false;
}

bool channel_is_meant(const struct channel *c, struct str user,
		      const struct shape_list *notify)
{
	if (!channel_serves(c, user))
		return false;
	return notify->n ? is_in(str_from(c->name), notify) : !c->standby;
}

static bool was_tried(struct str name, struct str tried)
{
	while (tried.len)
		if (str_eq(str_cut(tried, '\n', &tried), name))
			return true;
	return false;
}

const struct channel *channels_next(const struct channels *set,
				    const struct channel *c, struct str user,
				    const struct shape_list *notify,
				    struct str tried)
{
	size_t at = 0;

	if (tried.len > CHANNEL_TRIED_MAX)
		return NULL;
	while (at < set->n && strcmp(set->v[at].name, c->name) != 0)
		at++;
	for (size_t i = 1; i < set->n; i++) {
		const struct channel *to = &set->v[(at + i) % set->n];
		bool wanted = c->fallover ? strcmp(c->fallover, to->name) == 0
					  : to->user != NULL;

		if (wanted && channel_serves(to, user) &&
		    !channel_is_meant(to, user, notify) &&
		    !was_tried(str_from(to->name), tried))
			return to;
	}
	return NULL;
}
