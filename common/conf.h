#ifndef COMMON_CONF_H
#define COMMON_CONF_H

/*
 * conf - weir.conf, the configuration file (weir.conf(5)).
 *
 *	# a comment
 *	[weir]			what all tools share
 *	dir = /var/lib/weir
 *	[gateway]		one tool
 *	port = 8080
 *	[channel phone]		one of many: a kind and a name
 *	type = telegram
 *
 * A key is a long option's name; a value is everything after '=' without the
 * white space around it. A line is at most CONF_LINE_MAX bytes. Unknown kinds
 * of section, lines without '=' and broken UTF-8 are errors that name the
 * line. Within one section the same key may be given several times; options
 * that hold one value take the last.
 */
#include "common/err.h"
#include "common/str.h"

enum { CONF_LINE_MAX = 4096, CONF_FILE_MAX = 1 << 20 };

struct conf;

/* Load path. NULL with *e: EX_NOINPUT (cannot be read) or EX_CONFIG. */
struct conf *conf_load(const char *path, struct err *e);
void conf_free(struct conf **confp);

/*
 * Every entry in the order of the file, NUL-terminated strings that live as
 * long as conf. name is "" for a section without one. Stop with -1.
 */
struct conf_entry {
	const char *section, *name, *key, *value;
	unsigned line;
};
size_t conf_count(const struct conf *conf);
const struct conf_entry *conf_at(const struct conf *conf, size_t i);
const char *conf_path(const struct conf *conf);

/* The last value of a key in a section, or NULL. conf may be NULL. */
const char *conf_get(const struct conf *conf, const char *section,
		     const char *name, const char *key);

/*
 * The i-th distinct section of a kind, by its name, or NULL after the last
 * one: for (i = 0; (name = conf_section(conf, "channel", i)); i++).
 */
const char *conf_section(const struct conf *conf, const char *section,
			 size_t i);

#endif
