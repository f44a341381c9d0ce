#include "common/opt.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

enum { ARGS_MAX = 30 };

static struct settings {
	struct opt_common common;
	bool flag;
	const char *text;
	struct opt_list list;
	int64_t ms, n, size;
} cfg;

static const struct opt opts[] = {
	{ 'f', "flag", NULL, OPT_FLAG, &cfg.flag, 0, 0, "a flag" },
	{ 't', "text", "T", OPT_STR, &cfg.text, 0, 0, "a text" },
	{ 'l', "list", "L", OPT_LIST, &cfg.list, 0, 0, "a list" },
	{ 0, "some-time", "TIME", OPT_MS, &cfg.ms, 100, 60000, "a time" },
	{ 'n', "number", "N", OPT_UINT, &cfg.n, 1, 1000, "a number" },
	{ 0, "size", "SIZE", OPT_SIZE, &cfg.size, 1, INT64_MAX, "a size" },
};

static const struct opt_tool tool = {
	.name = "log",
	.synopsis = "[OPTION...]",
	.summary = "For tests.",
	.opts = opts,
	.n_opts = ARRAY_LEN(opts),
	.common = &cfg.common,
};

static int setup(void **state)
{
	cfg = (struct settings){ .text = "default", .n = 7 };
	setenv("WEIR_CONFIG", "", 1); /* not the machine's own */
	return tmpdir_setup(state);
}

static int teardown(void **state)
{
	static const char *const names[] = { "WEIR_TEXT",    "WEIR_SOME_TIME",
					     "WEIR_NUMBER",  "WEIR_LIST",
					     "WEIR_VERSION", "WEIR_FLAG",
					     "WEIR_DIR" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
	opt_release(&tool);
	return tmpdir_teardown(state);
}

/* Parse words that stand between spaces. */
static int parse(const char *words, char ***args_r, struct err *e)
{
	static char text[1024];
	static char *argv[ARGS_MAX + 2];
	int argc = 1;

	snprintf(text, sizeof(text), "%s", words);
	argv[0] = (char[]){ "weir-log" };
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	return opt_parse(&tool, argc, argv, args_r, e);
}

static void parse_ok(const char *words)
{
	struct err e = { 0 };
	char **args;

	if (parse(words, &args, &e))
		fail_msg("%s: %s", words, e.msg);
}

static void parse_fails(const char *words, int code, const char *want)
{
	struct err e = { 0 };
	char **args;

	if (parse(words, &args, &e) != -1)
		fail_msg("%s: taken", words);
	if (e.code != code || !strstr(e.msg, want))
		fail_msg("%s: %d '%s', want %d '%s'", words, e.code, e.msg,
			 code, want);
}

static void write_conf(const char *dir, const char *text, char path[256])
{
	FILE *f = fopen(tmpdir_path(dir, "conf", path), "we");

	fputs(text, f);
	fclose(f);
	setenv("WEIR_CONFIG", path, 1);
}

static void every_kind_is_read(void **state)
{
	struct err e = { 0 };
	char **args;

	(void)state;
	assert_int_equal(parse("-f --text=x -l a --list b --some-time 45s -n "
			       "12 --size 3K one - two",
			       &args, &e),
			 0);
	assert_true(cfg.flag);
	assert_string_equal(cfg.text, "x");
	assert_int_equal(cfg.list.n, 2);
	assert_string_equal(cfg.list.v[0], "a");
	assert_string_equal(cfg.list.v[1], "b");
	assert_int_equal(cfg.ms, 45000);
	assert_int_equal(cfg.n, 12);
	assert_int_equal(cfg.size, 3072);
	assert_string_equal(args[0], "one");
	assert_string_equal(args[1], "-");
	assert_string_equal(args[2], "two");
	assert_null(args[3]);
}

static void bounds_are_kept(void **state)
{
	static const struct {
		const char *words, *why; /* NULL: good */
	} cases[] = {
		{ "-n 1", NULL },
		{ "-n 1000", NULL },
		{ "-n 0", "number: '0' is not between 1 and 1000" },
		{ "-n 1001", "number: '1001' is not between 1 and 1000" },
		{ "-n -1", "number: '-1' is no whole number" },
		{ "-n 1x", "number: '1x' is no whole number" },
		{ "-n +1", "number: '+1' is no whole number" },
		{ "-n 99999999999999999999",
		  "number: '99999999999999999999' is too large" },
		{ "--some-time 100ms", NULL },
		{ "--some-time 60s", NULL },
		{ "--some-time 99ms",
		  "some-time: '99ms' is not between 100 and 60000 ms" },
		{ "--some-time 61s", "is not between 100 and 60000 ms" },
		{ "--some-time 100",
		  "some-time: '100' is no duration (as in 250ms, 90s, 1h)" },
		{ "--some-time 3y", "'3y' is no duration" },
		{ "--size 1", NULL },
		{ "--size 0", "size: '0' is less than 1 bytes" },
		{ "--size 8G", NULL },
		{ "--size 8T", "'8T' is no size (as in 512, 64K, 1G)" },
		{ "--size K", "'K' is no size" },
		{ "--size 9999999999G", "'9999999999G' is too large" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].why)
			parse_fails(cases[i].words, EX_USAGE, cases[i].why);
		else
			parse_ok(cases[i].words);
	}
	parse_ok("--size 2M");
	assert_int_equal(cfg.size, 2 << 20);
}

static void what_is_no_option_is_named(void **state)
{
	(void)state;
	parse_fails("--none", EX_USAGE, "--none is no option");
	parse_fails("--flag=yes", EX_USAGE, "--flag=yes");
	parse_fails("-x", EX_USAGE, "-x is no option");
	parse_fails("-fx", EX_USAGE, "-x is no option");
	parse_fails("-fxf", EX_USAGE, "-x is no option");
	parse_fails("-n", EX_USAGE, "-n needs a value");
	parse_fails("-fn", EX_USAGE, "-n needs a value");
	parse_fails("--number", EX_USAGE, "--number needs a value");
	parse_ok("-vvvvvvvvvvvv");
}

static void the_command_line_beats_environment_beats_file(void **state)
{
	char path[256];

	write_conf(*state,
		   "[weir]\ndir = /a\nfeed = ipc:///a\n"
		   "[log]\nfeed = ipc:///b\nnumber = 3\nsome-time = 1s\n"
		   "[sub]\nnumber = x\n",
		   path);
	parse_ok("");
	assert_string_equal(cfg.common.dir, "/a");
	assert_string_equal(cfg.common.feed, "ipc:///b");
	assert_int_equal(cfg.n, 3);
	assert_int_equal(cfg.ms, 1000);
	opt_release(&tool);
	setenv("WEIR_NUMBER", "4", 1);
	setenv("WEIR_SOME_TIME", "2s", 1);
	parse_ok("");
	assert_int_equal(cfg.n, 4);
	assert_int_equal(cfg.ms, 2000);
	assert_string_equal(cfg.common.feed, "ipc:///b");
	opt_release(&tool);
	parse_ok("--number 5");
	assert_int_equal(cfg.n, 5);
	assert_int_equal(cfg.ms, 2000);
	opt_release(&tool);
	cfg.common = (struct opt_common){ 0 };
	setenv("WEIR_CONFIG", "", 1);
	parse_ok("");
	assert_string_equal(cfg.common.dir, "/var/lib/weir");
}

static void a_list_replaces_those_of_weaker_sources(void **state)
{
	char path[256];

	write_conf(*state, "[log]\nlist = b\nlist = c\n", path);
	parse_ok("");
	assert_int_equal(cfg.list.n, 2);
	assert_string_equal(cfg.list.v[0], "b");
	opt_release(&tool);
	parse_ok("-l d");
	assert_int_equal(cfg.list.n, 1);
	assert_string_equal(cfg.list.v[0], "d");
}

static void a_wrong_file_is_named_with_its_line(void **state)
{
	char path[256];

	write_conf(*state, "[weir]\n\n[log]\nnumber = 0\n", path);
	parse_fails("", EX_CONFIG, "conf:4: number: '0' is not between");
	opt_release(&tool);
	write_conf(*state, "[log]\nport = 8080\n", path);
	parse_fails("", EX_CONFIG, "conf:2: port: unknown key");
	opt_release(&tool);
	write_conf(*state, "[log]\nflag = maybe\n", path);
	parse_fails("", EX_CONFIG, "conf:2: flag: 'maybe'");
	opt_release(&tool);
	write_conf(*state, "[weir]\ndri = /x\n", path);
	parse_fails("", EX_CONFIG, "conf:2: dri: unknown key of [weir]");
	opt_release(&tool);
	/* Not every tool knows it. */
	write_conf(*state, "[weir]\nnumber = 3\n", path);
	parse_fails("", EX_CONFIG, "conf:2: number: unknown key of [weir]");
	opt_release(&tool);
	/* The file of --config is the one, and must be there. */
	setenv("WEIR_CONFIG", "", 1);
	parse_fails("--config /none/such", EX_NOINPUT, "/none/such");
}

static void the_environment_sets_and_clears_flags(void **state)
{
	(void)state;
	setenv("WEIR_FLAG", "yes", 1);
	parse_ok("");
	assert_true(cfg.flag);
	setenv("WEIR_FLAG", "no", 1);
	parse_ok("");
	assert_false(cfg.flag);
	setenv("WEIR_FLAG", "maybe", 1);
	parse_fails("", EX_USAGE, "environment: flag");
	/* Questions are not settings, whoever uses these names. */
	unsetenv("WEIR_FLAG");
	setenv("WEIR_VERSION", "1.2", 1);
	parse_ok("");
}

static void what_is_empty_in_the_environment_is_not_set(void **state)
{
	char path[256];

	write_conf(*state, "[weir]\ndir = /a\n[log]\nnumber = 3\n", path);
	setenv("WEIR_DIR", "", 1);
	setenv("WEIR_NUMBER", "", 1);
	parse_ok("");
	assert_string_equal(cfg.common.dir, "/a");
	assert_int_equal(cfg.n, 3);
	opt_release(&tool);
	/* Elsewhere it is what somebody wrote down, or a script lost. */
	parse_fails("--dir=", EX_USAGE, "dir: empty");
	opt_release(&tool);
	write_conf(*state, "[weir]\ndir =\n", path);
	parse_fails("", EX_CONFIG, "conf:2: dir: empty");
}

static void settings_are_read_again(void **state)
{
	struct opt_past *past;
	char path[256];
	struct err e;

	write_conf(*state,
		   "[weir]\ndir = /a\n[log]\ntext = one\nlist = a\n"
		   "list = b\n",
		   path);
	parse_ok("-n 3");
	write_conf(*state,
		   "[weir]\ndir = /b\n[log]\nlist = c\nsize = 2K\nnumber = 4\n",
		   path);
	past = opt_reload(&tool, &e);
	assert_non_null(past);
	assert_string_equal(cfg.text, "default");
	assert_int_equal(cfg.list.n, 1);
	assert_string_equal(cfg.list.v[0], "c");
	assert_int_equal(cfg.size, 2048);
	assert_int_equal(cfg.n, 3); /* the command line holds */
	assert_string_equal(cfg.common.dir, "/a");
	opt_revert(&tool, &past);
	assert_null(past);
	assert_string_equal(cfg.text, "one");
	assert_int_equal(cfg.list.n, 2);
	assert_string_equal(cfg.list.v[1], "b");
	for (int i = 0; i < 3; i++) {
		past = opt_reload(&tool, &e);
		assert_non_null(past);
		opt_keep(&tool, &past);
		assert_string_equal(cfg.list.v[0], "c");
		assert_string_equal(cfg.common.dir, "/a");
	}
}

static void a_broken_file_changes_nothing(void **state)
{
	char path[256];
	struct err e;

	write_conf(*state, "[log]\ntext = one\nlist = a\n", path);
	parse_ok("");
	write_conf(*state, "[log]\ntext = two\nlist = b\nnumber = many\n",
		   path);
	assert_null(opt_reload(&tool, &e));
	assert_int_equal(e.code, EX_CONFIG);
	assert_non_null(strstr(e.msg, "conf:4: number: 'many'"));
	assert_string_equal(cfg.text, "one");
	assert_int_equal(cfg.list.n, 1);
	assert_string_equal(cfg.list.v[0], "a");
	assert_int_equal(cfg.n, 7);
	assert_string_equal(conf_get(cfg.common.conf, "log", "", "text"),
			    "one");
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(every_kind_is_read),
		test(bounds_are_kept),
		test(what_is_no_option_is_named),
		test(the_command_line_beats_environment_beats_file),
		test(a_list_replaces_those_of_weaker_sources),
		test(a_wrong_file_is_named_with_its_line),
		test(the_environment_sets_and_clears_flags),
		test(what_is_empty_in_the_environment_is_not_set),
		test(settings_are_read_again),
		test(a_broken_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
