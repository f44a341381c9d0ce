#include "common/conf.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

static const char *write_file(const char *dir, const void *text, size_t len)
{
	static char path[256];
	FILE *f = fopen(tmpdir_path(dir, "weir.conf", path), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	return path;
}

static struct conf *load(const char *dir, const char *text)
{
	struct err e = { 0 };
	struct conf *conf = conf_load(write_file(dir, text, strlen(text)), &e);

	if (!conf)
		fail_msg("%s", e.msg);
	return conf;
}

static void entries_come_in_the_order_of_the_file(void **state)
{
	static const struct conf_entry want[] = {
		{ "weir", "", "dir", "/var/lib/weir", 3 },
		{ "channel", "phone", "type", "telegram", 6 },
		{ "channel", "phone", "text", "a = b ; no # comment", 7 },
		{ "channel", "phone", "empty", "", 8 },
		{ "gateway", "", "port", "8080", 10 },
		{ "weir", "", "dir", "/else where", 13 },
	};
	struct conf *conf =
		load(*state, "# a comment\n"
			     "[weir]\n"
			     "  dir =  /var/lib/weir  \n"
			     "\n"
			     "[channel phone]\n"
			     "type=telegram\r\n"
			     "text = a = b ; no # comment\n"
			     "empty =\n"
			     "[gateway]\n"
			     "port = 8080\n"
			     "; another\n[weir]\ndir = /else where");

	assert_int_equal(conf_count(conf), ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const struct conf_entry *at = conf_at(conf, i);

		assert_string_equal(at->section, want[i].section);
		assert_string_equal(at->name, want[i].name);
		assert_string_equal(at->key, want[i].key);
		assert_string_equal(at->value, want[i].value);
		assert_int_equal(at->line, want[i].line);
	}
	conf_free(&conf);
	assert_null(conf);
}

static void the_last_value_of_a_key_holds(void **state)
{
	struct conf *conf = load(*state, "[weir]\na = 1\nb = 2\n[store]\n"
					 "a = 3\n[weir]\na = 4\n"
					 "[channel x]\na = 5\n");

	assert_string_equal(conf_get(conf, "weir", "", "a"), "4");
	assert_string_equal(conf_get(conf, "weir", "", "b"), "2");
	assert_string_equal(conf_get(conf, "store", "", "a"), "3");
	assert_string_equal(conf_get(conf, "channel", "x", "a"), "5");
	assert_null(conf_get(conf, "channel", "", "a"));
	assert_null(conf_get(conf, "weir", "", "c"));
	assert_null(conf_get(NULL, "weir", "", "a"));
	conf_free(&conf);
}

static void sections_of_a_kind_are_told_once_each(void **state)
{
	struct conf *conf = load(*state, "[channel b]\nx = 1\n[channel a]\n"
					 "x = 1\n[channel b]\ny = 1\n");

	assert_string_equal(conf_section(conf, "channel", 0), "b");
	assert_string_equal(conf_section(conf, "channel", 1), "a");
	assert_null(conf_section(conf, "channel", 2));
	assert_null(conf_section(conf, "retention", 0));
	conf_free(&conf);
}

static void refuse(const char *dir, const char *text, size_t len,
		   const char *want)
{
	struct err e = { 0 };

	assert_null(conf_load(write_file(dir, text, len), &e));
	assert_int_equal(e.code, EX_CONFIG);
	if (!strstr(e.msg, want))
		fail_msg("'%s' does not say '%s'", e.msg, want);
}

static void what_is_wrong_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "dir = x\n", ":1: " },
		{ "[weir]\nno equals sign\n", ":2: '='" },
		{ "[weir]\n = x\n", ":2: a key" },
		{ "[nobody]\n", ":1: unknown section 'nobody'" },
		{ "\n[weir\n", ":2: ']'" },
		{ "[channel a/b]\n", ":1: section name 'a/b'" },
		{ "[]\n", ":1: unknown section ''" },
	};
	static char big[CONF_FILE_MAX + 2];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refuse(*state, bad[i].text, strlen(bad[i].text), bad[i].want);
	refuse(*state, "[weir]\na = \xff\n", 13, "UTF-8");
	refuse(*state, "[weir]\na = \0\n", 13, "UTF-8");
	memset(big, 'x', sizeof(big));
	refuse(*state, big, CONF_LINE_MAX + 1, ":1: line is longer");
	memset(big, '\n', sizeof(big));
	refuse(*state, big, CONF_FILE_MAX + 1, "larger");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	struct err e = { 0 };
	char path[256];

	assert_null(conf_load(tmpdir_path(*state, "none", path), &e));
	assert_int_equal(e.code, EX_NOINPUT);
	assert_non_null(strstr(e.msg, path));
	assert_null(conf_load(*state, &e)); /* a directory */
	assert_int_equal(e.code, EX_NOINPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tmpdir_test(entries_come_in_the_order_of_the_file),
		tmpdir_test(the_last_value_of_a_key_holds),
		tmpdir_test(sections_of_a_kind_are_told_once_each),
		tmpdir_test(what_is_wrong_is_named_with_its_line),
		tmpdir_test(a_file_that_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
