#include "common/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

struct conf {
	char *path, *text;
	struct conf_entry *entry;
	size_t n, cap;
};

/* The kinds of section that weir.conf(5) knows. */
static const char *const sections[] = {
	"weir",	   "store",  "scraper", "analyzer",  "alerter", "notifier",
	"gateway", "worker", "bot",	"bridge",    "sim",	"log",
	"pub",	   "sub",    "channel", "retention", "proxy",	"provider",
};

static int read_file(struct conf *conf, struct err *e)
{
	FILE *f = fopen(conf->path, "re");
	size_t len = 0;

	if (!f)
		return err_set(e, EX_NOINPUT, "%s: %s", conf->path,
			       strerror(errno));
	conf->text = xmalloc(CONF_FILE_MAX + 1);
	len = fread(conf->text, 1, CONF_FILE_MAX + 1, f);
	if (ferror(f)) {
		err_set(e, EX_NOINPUT, "%s: %s", conf->path, strerror(errno));
		fclose(f);
		return -1;
	}
	fclose(f);
	if (len > CONF_FILE_MAX)
		return err_set(e, EX_CONFIG, "%s: larger than %d bytes",
			       conf->path, CONF_FILE_MAX);
	conf->text[len] = '\0';
	if (memchr(conf->text, '\0', len) ||
	    !str_is_utf8((struct str){ conf->text, len }))
		return err_set(e, EX_CONFIG, "%s: not UTF-8 text", conf->path);
	conf->text = xrealloc(conf->text, len + 1);
	return 0;
}

/* Cut a piece of the text out as a C string; whatever follows it is passed. */
static char *terminate(struct str s)
{
	char *p = (char *)(uintptr_t)s.p;

	p[s.len] = '\0';
	return p;
}

static int parse_section(struct conf_entry *at, struct str line, struct err *e)
{
	struct str kind, name;

	if (!str_ends(line, STR("]")))
		return err_set(e, EX_CONFIG, "']' expected");
	line = str_sub(line, 1, line.len - 1);
	kind = str_cut(line, ' ', &name);
	name = str_trim(name);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (!str_is(kind, sections[i]))
			continue;
		if (name.len && !str_is_id(name))
			return err_set(e, EX_CONFIG,
				       "section name '%.*s' is no id",
				       STR_ARG(name));
		at->section = sections[i];
		at->name = name.len ? terminate(name) : "";
		return 0;
	}
	return err_set(e, EX_CONFIG, "unknown section '%.*s'", STR_ARG(kind));
}

static int parse_line(struct conf *conf, struct conf_entry *at, struct str line,
		      struct err *e)
{
	struct str key, value;

	if (line.len > CONF_LINE_MAX)
		return err_set(e, EX_CONFIG, "line is longer than %d bytes",
			       CONF_LINE_MAX);
	line = str_trim(line);
	if (line.len == 0 || line.p[0] == '#' || line.p[0] == ';')
		return 0;
	if (line.p[0] == '[')
		return parse_section(at, line, e);
	if (!at->section)
		return err_set(e, EX_CONFIG, "a [section] must come first");
	if (str_chr(line, '=') == (size_t)-1)
		return err_set(e, EX_CONFIG, "'=' expected");
	key = str_trim(str_cut(line, '=', &value));
	value = str_trim(value);
	if (key.len == 0)
		return err_set(e, EX_CONFIG, "a key must stand before '='");
	at->key = terminate(key);
	at->value = value.len ? terminate(value) : "";
	xgrow(&conf->entry, &conf->cap, conf->n, sizeof(*conf->entry));
	conf->entry[conf->n++] = *at;
	return 0;
}

struct conf *conf_load(const char *path, struct err *e)
{
	struct conf *conf = xcalloc(1, sizeof(*conf));
	struct conf_entry at = { 0 };
	struct str rest;

	conf->path = xstrdup(path);
	if (read_file(conf, e))
		goto fail;
	rest = str_from(conf->text);
	while (rest.p) {
		struct str line = str_cut(rest, '\n', &rest);

		at.line++;
		if (parse_line(conf, &at, line, e)) {
			err_prefix(e, "%s:%u", path, at.line);
			goto fail;
		}
	}
	return conf;
fail:
	conf_free(&conf);
	return NULL;
}

void conf_free(struct conf **confp)
{
	struct conf *conf = *confp;

	if (!conf)
		return;
	free(conf->entry);
	free(conf->text);
	free(conf->path);
	free(conf);
	*confp = NULL;
}

size_t conf_count(const struct conf *conf)
{
	return conf ? conf->n : 0;
}

const struct conf_entry *conf_at(const struct conf *conf, size_t i)
{
	return &conf->entry[i];
}

const char *conf_path(const struct conf *conf)
{
	return conf ? conf->path : NULL;
}

const char *conf_get(const struct conf *conf, const char *section,
		     const char *name, const char *key)
{
	for (size_t i = conf_count(conf); i-- > 0;) {
		const struct conf_entry *at = &conf->entry[i];

		if (strcmp(at->section, section) == 0 &&
		    strcmp(at->name, name) == 0 && strcmp(at->key, key) == 0)
			return at->value;
	}
	return NULL;
}

/* True if the section of entry i was seen before it. */
static bool seen_before(const struct conf *conf, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(conf->entry[k].section, conf->entry[i].section) ==
			    0 &&
		    strcmp(conf->entry[k].name, conf->entry[i].name) == 0)
			return true;
	return false;
}

const char *conf_section(const struct conf *conf, const char *section, size_t i)
{
	for (size_t k = 0; k < conf_count(conf); k++) {
		if (strcmp(conf->entry[k].section, section) != 0 ||
		    seen_before(conf, k))
			continue;
		if (i-- == 0)
			return conf->entry[k].name;
	}
	return NULL;
}
