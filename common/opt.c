#include "common/opt.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/str.h"
#include "common/version.h"
#include "common/xmem.h"

#define CONF_DEFAULT "/etc/weir/weir.conf"
#define DIR_DEFAULT  "/var/lib/weir"

enum { OPT_MAX = 64 };

union opt_value {
	bool flag;
	const char *text;
	int64_t number;
	struct opt_list list;
};

/* The values in the rows of a table. */
struct values {
	union opt_value v[OPT_MAX];
};

struct opt_origin {
	int argc;
	char **argv;
	struct values defaults;
	/* Options that are not read again may point into it. */
	struct conf *conf;
};

struct opt_past {
	struct values values;
	struct conf *conf;
};

/* The tool's table and the common one, joined. */
struct table {
	struct opt opt[OPT_MAX];
	size_t n;
	bool help, version;
	bool begun[OPT_MAX]; /* lists that the source being read gave */
};

static void table_init(struct table *t, const struct opt_tool *tool)
{
	struct opt_common *c = tool->common;
	const struct opt common[] = {
		{ 0, "dir", "DIR", OPT_STR, &c->dir, 1, 0,
		  "data and run directory (default " DIR_DEFAULT ")" },
		{ 0, "ingest", "ENDPOINT", OPT_STR, &c->ingest, 1, 0,
		  "where events go in (default: a socket in DIR/run)" },
		{ 0, "feed", "ENDPOINT", OPT_STR, &c->feed, 1, 0,
		  "where events come from (default: a socket in DIR/run)" },
		{ 0, "curve-key", "FILE", OPT_STR, &c->curve_key, 1, 0,
		  "with tcp:// endpoints: file of this tool's key pair" },
		{ 0, "curve-peers", "FILE", OPT_STR, &c->curve_peers, 1, 0,
		  "public keys of the other end: the store's, or its "
		  "clients'" },
		{ 0, "config", "FILE", OPT_STR, &c->config, 0, 0,
		  "configuration file (default " CONF_DEFAULT ", if there)" },
		{ 0, "check-config", NULL, OPT_FLAG, &c->check_config, 0, 0,
		  "check the configuration and exit" },
		{ 'v', "verbose", NULL, OPT_FLAG, &c->verbose, 0, 0,
		  "log debug messages" },
		{ 'h', "help", NULL, OPT_FLAG, &t->help, 0, 0,
		  "print this help and exit" },
		{ 'V', "version", NULL, OPT_FLAG, &t->version, 0, 0,
		  "print the version and exit" },
	};

	for (size_t i = 0; i < tool->n_opts; i++)
		t->opt[t->n++] = tool->opts[i];
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		t->opt[t->n++] = common[i];
}

static size_t value_size(enum opt_kind kind)
{
	switch (kind) {
	case OPT_FLAG: return sizeof(bool);
	case OPT_STR: return sizeof(const char *);
	case OPT_LIST: return sizeof(struct opt_list);
	default: return sizeof(int64_t);
	}
}

static void values_get(struct values *v_r, const struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		memcpy(&v_r->v[i], t->opt[i].dst, value_size(t->opt[i].kind));
}

/* Set the rows from `from` on. */
static void values_set(const struct values *v, const struct table *t,
		       size_t from)
{
	for (size_t i = from; i < t->n; i++)
		memcpy(t->opt[i].dst, &v->v[i], value_size(t->opt[i].kind));
}

static void values_free(struct values *v, const struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->opt[i].kind == OPT_LIST)
			free(v->v[i].list.v);
}

/* Among those from the i-th one on. */
static const struct opt *table_find(const struct table *t, size_t i,
				    const char *name)
{
	for (; i < t->n; i++)
		if (strcmp(t->opt[i].name, name) == 0)
			return &t->opt[i];
	return NULL;
}

static bool parse_size(struct str s, int64_t *v_r)
{
	unsigned shift = 0;
	uint64_t v;

	if (s.len > 1 && strchr("KMG", s.p[s.len - 1])) {
		shift = s.p[s.len - 1] == 'K'	? 10
			: s.p[s.len - 1] == 'M' ? 20
						: 30;
		s.len--;
	}
	if (!str_u64(s, &v) || v > (uint64_t)INT64_MAX >> shift)
		return false;
	*v_r = (int64_t)(v << shift);
	return true;
}

static int set_bool(const struct opt *o, const char *val, struct err *e)
{
	bool yes = strcmp(val, "yes") == 0 || strcmp(val, "1") == 0 ||
		   strcmp(val, "true") == 0;

	if (!yes && strcmp(val, "no") != 0 && strcmp(val, "0") != 0 &&
	    strcmp(val, "false") != 0)
		return err_set(e, EX_USAGE, "%s: '%s' is not yes or no",
			       o->name, val);
	*(bool *)o->dst = yes;
	return 0;
}

/* Digits, and perhaps the unit of a size, that were not taken all the same. */
static bool is_too_large(enum opt_kind kind, const char *val)
{
	size_t n = strspn(val, "0123456789");

	if (kind == OPT_SIZE && n && val[n] && strchr("KMG", val[n]))
		n++;
	return kind != OPT_MS && n && !val[n];
}

static int refuse_form(const struct opt *o, const char *val, struct err *e)
{
	const char *form = o->kind == OPT_MS ? "duration (as in 250ms, 90s, 1h)"
			   : o->kind == OPT_SIZE ? "size (as in 512, 64K, 1G)"
						 : "whole number";

	if (is_too_large(o->kind, val))
		return err_set(e, EX_USAGE, "%s: '%s' is too large", o->name,
			       val);
	return err_set(e, EX_USAGE, "%s: '%s' is no %s", o->name, val, form);
}

static int refuse_range(const struct opt *o, const char *val, struct err *e)
{
	const char *unit = o->kind == OPT_MS	 ? " ms"
			   : o->kind == OPT_SIZE ? " bytes"
						 : "";

	if (o->max == INT64_MAX)
		return err_set(e, EX_USAGE, "%s: '%s' is less than %lld%s",
			       o->name, val, (long long)o->min, unit);
	return err_set(e, EX_USAGE, "%s: '%s' is not between %lld and %lld%s",
		       o->name, val, (long long)o->min, (long long)o->max,
		       unit);
}

int opt_set(const struct opt *o, const char *val, struct err *e)
{
	struct opt_list *list = o->dst;
	uint64_t u;
	int64_t v = 0;
	bool ok = false;

	switch (o->kind) {
	case OPT_FLAG: return set_bool(o, val, e);
	case OPT_STR:
		if (o->min && !*val)
			return err_set(e, EX_USAGE, "%s: empty", o->name);
		*(const char **)o->dst = val;
		return 0;
	case OPT_LIST:
		xgrow(&list->v, &list->cap, list->n, sizeof(*list->v));
		list->v[list->n++] = val;
		return 0;
	case OPT_MS: ok = str_duration_ms(str_from(val), &v); break;
	case OPT_SIZE: ok = parse_size(str_from(val), &v); break;
	case OPT_UINT:
		ok = str_u64(str_from(val), &u) && u <= INT64_MAX;
		v = ok ? (int64_t)u : 0;
		break;
	}
	if (ok && v >= o->min && v <= o->max) {
		*(int64_t *)o->dst = v;
		return 0;
	}
	return ok ? refuse_range(o, val, e) : refuse_form(o, val, e);
}

/* What comes now is of another source, whose lists replace earlier ones. */
static void begin_source(struct table *t)
{
	memset(t->begun, 0, sizeof(t->begun));
}

static int set(struct table *t, const struct opt *o, const char *val,
	       struct err *e)
{
	bool *begun = &t->begun[o - t->opt];

	if (o->kind == OPT_LIST && !*begun)
		((struct opt_list *)o->dst)->n = 0;
	*begun = true;
	return opt_set(o, val, e);
}

/* What the command line said, kept until file and environment are read. */
struct given {
	struct {
		const struct opt *opt;
		const char *val;
	} * v;
	size_t n, cap;
};

static int complain(int c, char **argv, struct err *e)
{
	const char *why =
		c == ':' ? "needs a value" : "is no option of this tool";

	/* Inside a cluster such as -vx optind has not moved on yet. */
	if (optopt)
		return err_set(e, EX_USAGE, "-%c %s; see --help", optopt, why);
	return err_set(e, EX_USAGE, "%s %s; see --help", argv[optind - 1], why);
}

static int read_argv(const struct table *t, int argc, char **argv,
		     struct given *given, struct err *e)
{
	struct option longs[OPT_MAX + 1] = { 0 };
	char shorts[2 * OPT_MAX + 2] = ":";
	size_t len = 1;
	int c, index = -1;

	for (size_t i = 0; i < t->n; i++) {
		const struct opt *o = &t->opt[i];
		bool arg = o->kind != OPT_FLAG;

		longs[i] = (struct option){ o->name, arg, NULL, 0 };
		if (!o->letter)
			continue;
		shorts[len++] = (char)o->letter;
		if (arg)
			shorts[len++] = ':';
	}
	shorts[len] = '\0';
	opterr = 0;
	optind = 0; /* glibc: start anew, also a second time */
	while ((c = getopt_long(argc, argv, shorts, longs, &index)) != -1) {
		const struct opt *o = NULL;

		if (c == '?' || c == ':')
			return complain(c, argv, e);
		for (size_t i = 0; c != 0 && i < t->n; i++)
			if (t->opt[i].letter == c)
				o = &t->opt[i];
		if (c == 0)
			o = &t->opt[index];
		xgrow(&given->v, &given->cap, given->n, sizeof(*given->v));
		given->v[given->n].opt = o;
		given->v[given->n++].val = optarg ? optarg : "yes";
	}
	return 0;
}

static int read_conf(struct table *t, const struct opt_tool *tool,
		     const char *section, struct err *e)
{
	const struct conf *conf = tool->common->conf;
	bool shared = strcmp(section, "weir") == 0;

	begin_source(t);
	for (size_t i = 0; i < conf_count(conf); i++) {
		const struct conf_entry *at = conf_at(conf, i);
		const struct opt *o;

		if (strcmp(at->section, section) != 0 || at->name[0])
			continue;
		o = table_find(t, shared ? tool->n_opts : 0, at->key);
		if (!o)
			err_set(e, EX_CONFIG, "%s: unknown key%s", at->key,
				shared ? " of [weir]" : "");
		if (!o || set(t, o, at->value, e)) {
			e->code = EX_CONFIG;
			return err_prefix(e, "%s:%u", conf_path(conf),
					  at->line);
		}
	}
	return 0;
}

static int read_env(struct table *t, struct err *e)
{
	begin_source(t);
	for (size_t i = 0; i < t->n; i++) {
		char name[80] = "WEIR_";
		const char *val;
		size_t len = 5;

		/* Questions are asked on the command line only. */
		if (t->opt[i].dst == &t->help || t->opt[i].dst == &t->version)
			continue;
		for (const char *p = t->opt[i].name; *p; p++)
			name[len++] = *p == '-' ? '_' : (char)toupper(*p);
		val = getenv(name);
		if (val && *val && set(t, &t->opt[i], val, e))
			return err_prefix(e, "environment");
	}
	return 0;
}

/* How far explanations are indented, and how long lines get. */
enum { HELP_INDENT = 28, HELP_WIDTH = 80 };

/* Words, as many to a line as fit; `at` columns of the first are taken. */
static void print_words(struct str words, int at)
{
	while (words.len) {
		struct str word = str_cut(words, ' ', &words);

		if (at + 1 + (int)word.len > HELP_WIDTH)
			at = printf("\n%*s", HELP_INDENT, "") - 1;
		at += printf(" %.*s", STR_ARG(word));
	}
	putchar('\n');
}

static void print_help(const struct opt_tool *tool, const struct table *t)
{
	printf("usage: weir-%s %s\n%s\n\n", tool->name, tool->synopsis,
	       tool->summary);
	for (size_t i = 0; i < t->n; i++) {
		const struct opt *o = &t->opt[i];
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s %s",
			 o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			 o->letter ? "," : " ", o->name, o->arg ? o->arg : "");
		print_words(str_from(o->help), printf("  %-26s", left));
	}
	printf("\nSee weir-%s(1).\n", tool->name);
}

/* --config or $WEIR_CONFIG must exist; the default file need not. */
static int load_conf(const struct opt_tool *tool, struct err *e)
{
	struct opt_common *c = tool->common;
	const char *path = c->config ? c->config : getenv("WEIR_CONFIG");

	if (!path && access(CONF_DEFAULT, F_OK) == 0)
		path = CONF_DEFAULT;
	if (!path || !*path)
		return 0;
	c->conf = conf_load(path, e);
	return c->conf ? 0 : -1;
}

static int settle(const struct opt_tool *tool, struct table *t,
		  const struct given *given, struct err *e)
{
	struct opt_common *c = tool->common;

	for (size_t i = 0; i < given->n; i++)
		if (strcmp(given->v[i].opt->name, "config") == 0)
			c->config = given->v[i].val;
	if (load_conf(tool, e) || read_conf(t, tool, "weir", e) ||
	    read_conf(t, tool, tool->name, e) || read_env(t, e))
		return -1;
	begin_source(t);
	for (size_t i = 0; i < given->n; i++)
		if (set(t, given->v[i].opt, given->v[i].val, e))
			return err_prefix(e, "option");
	if (!c->dir)
		c->dir = DIR_DEFAULT;
	return 0;
}

static struct opt_origin *origin_new(const struct table *t, int argc,
				     char **argv)
{
	struct opt_origin *o = xcalloc(1, sizeof(*o));

	o->argc = argc;
	o->argv = argv;
	values_get(&o->defaults, t);
	return o;
}

int opt_parse(const struct opt_tool *tool, int argc, char **argv,
	      char ***args_r, struct err *e)
{
	struct opt_common *c = tool->common;
	struct table t = { .n = 0 };
	struct given given = { .n = 0 };
	int rc = -1;

	table_init(&t, tool);
	free(c->origin);
	c->origin = origin_new(&t, argc, argv);
	if (read_argv(&t, argc, argv, &given, e))
		goto out;
	*args_r = argv + optind;
	for (size_t i = 0; i < given.n; i++) {
		t.help |= given.v[i].opt->dst == &t.help;
		t.version |= given.v[i].opt->dst == &t.version;
	}
	rc = 1;
	if (t.help) {
		print_help(tool, &t);
		goto out;
	}
	if (t.version) {
		printf("weir-%s %s\n", tool->name, weir_version);
		goto out;
	}
	rc = settle(tool, &t, &given, e);
	c->origin->conf = c->conf;
out:
	free(given.v);
	if (rc == 1 && (fflush(stdout) || ferror(stdout)))
		rc = err_set(e, EX_IOERR, "standard output: write failed");
	return rc;
}

struct opt_past *opt_reload(const struct opt_tool *tool, struct err *e)
{
	struct opt_common *c = tool->common;
	struct opt_past *past = xcalloc(1, sizeof(*past));
	struct table t = { .n = 0 };
	struct given given = { .n = 0 };
	int rc;

	table_init(&t, tool);
	values_get(&past->values, &t);
	past->conf = c->conf;
	c->conf = NULL;
	values_set(&c->origin->defaults, &t, 0);
	rc = read_argv(&t, c->origin->argc, c->origin->argv, &given, e);
	if (rc == 0)
		rc = settle(tool, &t, &given, e);
	free(given.v);
	if (rc)
		opt_revert(tool, &past);
	else
		values_set(&past->values, &t, tool->n_opts);
	return past;
}

void opt_keep(const struct opt_tool *tool, struct opt_past **pastp)
{
	struct opt_past *past = *pastp;
	struct table t = { .n = 0 };

	table_init(&t, tool);
	values_free(&past->values, &t);
	if (past->conf != tool->common->origin->conf)
		conf_free(&past->conf);
	free(past);
	*pastp = NULL;
}

void opt_revert(const struct opt_tool *tool, struct opt_past **pastp)
{
	struct opt_past *past = *pastp;
	struct table t = { .n = 0 };
	struct values now;

	table_init(&t, tool);
	values_get(&now, &t);
	values_free(&now, &t);
	values_set(&past->values, &t, 0);
	conf_free(&tool->common->conf);
	tool->common->conf = past->conf;
	free(past);
	*pastp = NULL;
}

void opt_release(const struct opt_tool *tool)
{
	struct opt_common *c = tool->common;
	const struct opt_list none = { 0 };

	for (size_t i = 0; i < tool->n_opts; i++) {
		struct opt_list *list = tool->opts[i].dst;

		if (tool->opts[i].kind != OPT_LIST)
			continue;
		free(list->v);
		*list = none;
	}
	if (c->origin && c->origin->conf != c->conf)
		conf_free(&c->origin->conf);
	conf_free(&c->conf);
	free(c->origin);
	c->origin = NULL;
}
