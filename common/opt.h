#ifndef COMMON_OPT_H
#define COMMON_OPT_H

/*
 * opt - a tool's settings: one table for the command line, the environment,
 * weir.conf and --help.
 *
 * A setting is looked for in this order, the last one found holds: the default
 * that is in *dst already; weir.conf, section [weir] (what every tool has) and
 * then the tool's own; the environment (WEIR_ and the name in capitals, '-' as
 * '_'; one that is empty is not set); the command line. A list that one of them
 * gives replaces those of the ones before. All are checked by the same code
 * against the same bounds.
 *
 * The options that every tool has (struct opt_common) are added by opt_parse().
 * weir.conf is the file of --config, else of $WEIR_CONFIG, else
 * /etc/weir/weir.conf if there is one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/conf.h"
#include "common/err.h"

enum opt_kind {
	OPT_FLAG, /* bool: "yes", "no"; on the command line no value */
	OPT_STR,  /* const char *: borrowed from argv, environment or file */
	OPT_LIST, /* struct opt_list: may be given several times */
	OPT_MS,	  /* int64_t: a duration, bounds in ms */
	OPT_UINT, /* int64_t: a whole number within the bounds */
	OPT_SIZE, /* int64_t: bytes, with K, M or G if wanted, bounds in bytes */
};

struct opt {
	int letter;	  /* short option, or 0 */
	const char *name; /* long option and key */
	const char *arg;  /* what --help calls the value; NULL for flags */
	enum opt_kind kind;
	void *dst;
	int64_t min, max; /* OPT_STR: min 1 is "not empty" */
	const char *help; /* one line */
};

struct opt_list {
	const char **v;
	size_t n, cap;
};

/* What every tool knows. Zeroed before opt_parse(), but for is_store. */
struct opt_common {
	bool is_store;	    /* it binds ingest and feed, the others connect */
	const char *dir;    /* data and run directory, never NULL afterwards */
	const char *ingest; /* endpoint, or NULL: DIR/run/ingest */
	const char *feed;   /* endpoint, or NULL: DIR/run/feed */
	const char *curve_key, *curve_peers; /* files of keys; bus_keys.h */
	const char *config; /* the path that was given, or NULL */
	bool check_config, verbose;
	struct conf *conf; /* the loaded file, or NULL; freed by opt_release */
	struct opt_origin *origin; /* what opt_reload() starts from */
};

struct opt_tool {
	const char *name;     /* "store": section, and weir-NAME */
	const char *synopsis; /* what --help shows behind "weir-NAME " */
	const char *summary;  /* one sentence */
	const struct opt *opts;
	size_t n_opts;
	size_t max_args; /* operands that are taken, at most */
	struct opt_common *common;
};

/*
 * Fill the table's destinations. Returns 0 to go on, with *args_r the
 * operands (NULL-terminated, in argv; a lone "-" is one); 1 when --help or
 * --version was answered on standard output; -1 with *e: EX_USAGE for the
 * command line and environment, EX_CONFIG for the file.
 */
int opt_parse(const struct opt_tool *tool, int argc, char **argv,
	      char ***args_r, struct err *e);

/*
 * Read the settings again, as on SIGHUP: defaults, file, environment and the
 * command line of opt_parse(). The tool's own options then hold what is found;
 * those that all tools have stay as they are until a restart. NULL with *e:
 * nothing has changed. Otherwise the caller takes the new values over, checks
 * what only it can check, and ends with one of the two below; until then
 * strings of before are still there.
 */
struct opt_past;
struct opt_past *opt_reload(const struct opt_tool *tool, struct err *e);
void opt_keep(const struct opt_tool *tool, struct opt_past **pastp);
void opt_revert(const struct opt_tool *tool, struct opt_past **pastp);

/* Free what the calls above allocated (lists, the loaded file). */
void opt_release(const struct opt_tool *tool);

/* Set one option from text; for those who read settings from elsewhere. */
int opt_set(const struct opt *o, const char *val, struct err *e);

#endif
