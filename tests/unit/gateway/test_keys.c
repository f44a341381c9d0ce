/* API keys: a file of hashes, and who has which key. */
#include "cmd/gateway/keys.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

/* Of "abc" (FIPS 180-2, B.1), of "weir_1" and of "weir_2". */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ONE "351e35c69fbd376076293ee9ad484bbea09617f6b6ed9bd61e419a2b47ff3886"
#define TWO "46aa1213a0b361994bc1cf2f0b9369903a3fe0b13a804629c18ab55619abb96c"

static void a_key_is_found_by_its_hash(void **state)
{
	static const char text[] =
		"# keys of the shop\n"
		"\n"
		"{\"sha256\":\"" ONE "\",\"user\":\"one\"}\n"
		"  {\"sha256\":\"" ABC "\",\"user\":\"ann\","
		"\"role\":\"publisher\",\"read\":[\"price.\",\"$stats/\"],"
		"\"write\":[\"venue.\"],\"expires\":\"2027-01-01T00:00:00Z\"}\r"
		"\n"
		"{\"user\":\"two\",\"sha256\":\"" TWO "\"}";
	struct err e;
	struct keys *k = keys_read(str_from(text), &e);
	struct access *who;

	(void)state;
	if (!k)
		fail_msg("%s", e.msg);
	who = keys_find(k, STR("abc"));
	assert_string_equal(who->user.p, "ann");
	assert_int_equal(who->role, ACCESS_PUBLISHER);
	assert_true(access_reads(who, STR("price.update/a")));
	assert_true(access_reads_stats(who));
	assert_true(access_writes(who, STR("venue.update/a")));
	assert_int_equal(who->expires_us, INT64_C(1798761600000000));
	assert_true(keys_have(k, who));
	access_drop(&who);
	who = keys_find(k, STR("weir_1"));
	assert_string_equal(who->user.p, "one");
	assert_int_equal(who->role, ACCESS_VIEWER);
	assert_int_equal(who->expires_us, ACCESS_NEVER);
	assert_false(access_reads(who, STR("price.update/a")));
	access_drop(&who);
	who = keys_find(k, STR("weir_2"));
	keys_free(&k);
	assert_string_equal(who->user.p, "two"); /* lives on */
	access_drop(&who);
}

static void what_is_no_key_is_nobodys(void **state)
{
	static const char text[] = "{\"sha256\":\"" ABC "\",\"user\":\"ann\"}";
	struct keys *k = keys_read(str_from(text), NULL), *none;
	char longest[KEYS_KEY_MAX + 2];

	(void)state;
	assert_null(keys_find(k, STR("")));
	assert_null(keys_find(k, STR("abd")));
	assert_null(keys_find(k, STR("abc ")));
	assert_null(keys_find(k, STR(ABC)));
	memset(longest, 'x', sizeof(longest));
	assert_null(keys_find(k, (struct str){ longest, KEYS_KEY_MAX + 1 }));
	keys_free(&k);
	none = keys_read(STR(""), NULL);
	assert_non_null(none);
	assert_null(keys_find(none, STR("abc")));
	keys_free(&none);
}

static void a_key_that_changed_is_another_one(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "{\"sha256\":\"" ABC "\",\"user\":\"ann\",\"read\":[\"a.b\"]"
		  "}",
		  true },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"ann\"}", false },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"bob\",\"read\":[\"a.b\"]"
		  "}",
		  false },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"ann\",\"read\":[\"a.c\"]"
		  "}",
		  false },
		{ "{\"sha256\":\"" ONE "\",\"user\":\"ann\",\"read\":[\"a.b\"]"
		  "}",
		  false },
		{ "", false },
	};
	struct keys *old = keys_read(str_from(rows[0].text), NULL);
	struct access *who = keys_find(old, STR("abc"));

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct keys *k = keys_read(str_from(rows[i].text), NULL);

		assert_non_null(k);
		assert_int_equal(keys_have(k, who), rows[i].want);
		keys_free(&k);
	}
	access_drop(&who);
	keys_free(&old);
}

static void a_broken_file_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "{\"user\":\"ann\"}", "line 1: sha256 is missing" },
		{ "\n\n{\"sha256\":\"" ABC "\"}", "line 3: user is missing" },
		{ "[]", "line 1: not a JSON object" },
		{ "{\"sha256\":\"abc\",\"user\":\"ann\"}",
		  "line 1: sha256: not 64 digits in hexadecimal" },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"a/b\"}",
		  "line 1: a user has no space, no control character, no '/', "
		  "no '$' at its start and no '.' at its end" },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"a\",\"role\":\"root\"}",
		  "line 1: role: neither viewer, nor publisher, nor admin" },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"a\",\"reads\":[]}",
		  "line 1: reads: unknown member" },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"a\",\"expires\":1}",
		  "line 1: expires: not a time (RFC 3339)" },
		{ "{\"sha256\":\"" ABC "\",\"user\":\"a\"}\n"
		  "{\"sha256\":\"" ABC "\",\"user\":\"b\"}",
		  NULL },
		{ "0123456789", NULL },
		{ "{", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };
		struct keys *k = keys_read(str_from(rows[i].text), &e);

		assert_null(k);
		assert_int_equal(e.code, EX_CONFIG);
		if (rows[i].want)
			assert_string_equal(e.msg, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_found_by_its_hash),
		cmocka_unit_test(what_is_no_key_is_nobodys),
		cmocka_unit_test(a_key_that_changed_is_another_one),
		cmocka_unit_test(a_broken_file_is_refused_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
