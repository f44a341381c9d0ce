/* Who may read and write what. */
#include "cmd/gateway/access.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"

enum { MANY = 4 };

struct row {
	const char *user; /* NULL: nobody in particular */
	enum access_role role;
	const char *granted[MANY];
	const char *asked; /* a pattern, or a topic to write */
	bool want;
};

static struct access *make(const struct row *r, bool writes)
{
	struct access *a = access_new(str_from(r->user));

	a->role = r->role;
	for (size_t i = 0; i < MANY && r->granted[i]; i++)
		assert_int_equal(access_grant(writes ? &a->writes : &a->reads,
					      str_from(r->granted[i]), NULL),
				 0);
	return a;
}

static void judge(const struct row *rows, size_t n, bool writes)
{
	for (size_t i = 0; i < n; i++) {
		struct access *a = make(&rows[i], writes);
		struct str asked = str_from(rows[i].asked);
		bool got = writes ? access_writes(a, asked)
				  : access_reads(a, asked);

		if (got != rows[i].want)
			fail_msg("row %zu, '%s': want %d", i, rows[i].asked,
				 rows[i].want);
		access_drop(&a);
	}
}

static void a_pattern_must_be_covered_to_be_read(void **state)
{
	static const struct row rows[] = {
		{ "ann", 0, { "price." }, "price.update/", true },
		{ "ann", 0, { "price." }, "price.", true },
		{ "ann", 0, { "price." }, "price.update/a", true },
		{ "ann", 0, { "price.update/" }, "price.update/a/", true },
		{ "ann", 0, { "price.update/a" }, "price.update/a", true },
		{ "ann", 0, { "x.y", "price." }, "price.stats/", true },
		{ "ann", 0, { "" }, "price.update/a", true },
		{ "ann", 0, { "" }, "price.", true },
		{ NULL, 0, { "price." }, "price.update/a", true },
		{ "ann", 0, { "price." }, "", false },
		{ "ann", 0, { "price." }, "listing.new/", false },
		{ "ann", 0, { "price." }, "price", false },
		{ "ann", 0, { "price.update/" }, "price.", false },
		{ "ann", 0, { "price.update/" }, "price.update", false },
		{ "ann", 0, { "price.update/a" }, "price.update/", false },
		{ "ann", 0, { "price.update/a" }, "price.update/a/", false },
		{ "ann", 0, { "price.update/a" }, "price.update/ab", false },
		{ "ann", 0, { "price.update/a" }, "price.update/a.", false },
		{ "ann", 0, { NULL }, "price.update/a", false },
		{ NULL, 0, { NULL }, "", false },
		{ "ann", 2, { NULL }, "price.update/a", false },
	};

	(void)state;
	judge(rows, ARRAY_LEN(rows), false);
}

static void notifications_are_read_by_their_user_alone(void **state)
{
	static const struct row rows[] = {
		{ "ann", 0, { NULL }, "user.notification/ann", true },
		{ "ann", 0, { "" }, "user.notification/ann", true },
		{ "ann", 0, { NULL }, "user.notification/ann/", true },
		{ "ann", 0, { NULL }, "user.notification/ann/x", true },
		{ "ann", 0, { "user." }, "user.message/", true },
		{ "ann", 0, { "user." }, "user.notification", true },
		{ "ann", 0, { "" }, "user.notification.", true },
		/* others' */
		{ "ann", 0, { "" }, "user.notification/bob", false },
		{ "ann", 2, { "" }, "user.notification/bob", false },
		{ "ann", 0, { "" }, "user.notification/annie", false },
		{ "ann", 0, { "" }, "user.notification/an", false },
		{ "ann", 0, { "" }, "user.notification/Ann", false },
		{ "ann", 0, { "" }, "user.notification/bob/", false },
		{ "ann",
		  0,
		  { "user.notification/bob" },
		  "user.notification/bob",
		  false },
		{ NULL, 0, { "" }, "user.notification/bob", false },
		/* and what would contain them */
		{ "ann", 0, { "" }, "", false },
		{ "ann", 2, { "" }, "", false },
		{ "ann", 0, { "" }, "user.", false },
		{ "ann", 0, { "user." }, "user.", false },
		{ "ann", 0, { "" }, "user.notification/", false },
		{ "ann", 0, { "" }, "user.notification//", false },
		{ "ann", 0, { "" }, "user.notification/ann.", false },
		{ NULL, 0, { "" }, "user.notification/", false },
		{ NULL, 0, { "" }, "", false },
	};

	(void)state;
	judge(rows, ARRAY_LEN(rows), false);
}

static void publishers_write_and_only_admins_set(void **state)
{
	static const struct row rows[] = {
		{ "p", 1, { "venue." }, "venue.update/7", true },
		{ "p", 1, { "venue.update/7" }, "venue.update/7", true },
		{ "p", 1, { "" }, "user.notification/bob", true },
		{ "p", 1, { "watch." }, "watch.poll/a", true },
		{ "a", 2, { "" }, "watch.set/a", true },
		{ "a", 2, { "rule." }, "rule.set/a", true },
		{ "v", 0, { "" }, "venue.update/7", false },
		{ NULL, 0, { "" }, "venue.update/7", false },
		{ "p", 1, { NULL }, "venue.update/7", false },
		{ "p", 1, { "venue." }, "price.update/7", false },
		{ "p", 1, { "" }, "watch.set/a", false },
		{ "p", 1, { "watch.set/" }, "watch.set/a", false },
		{ "p", 1, { "" }, "search.set/a", false },
		{ "p", 1, { "" }, "silence.set", false },
		{ "p", 1, { "" }, "any.set/a", false },
		{ "a", 2, { "venue." }, "watch.set/a", false },
		{ "a", 2, { "" }, "$stats/x", false },
	};

	(void)state;
	judge(rows, ARRAY_LEN(rows), true);
}

static void the_owner_may_do_everything_else(void **state)
{
	struct access *a = access_new_owner();

	(void)state;
	assert_true(access_reads(a, STR("")));
	assert_true(access_reads(a, STR("user.notification/bob")));
	assert_true(access_reads_stats(a));
	assert_true(access_reads_some(a));
	assert_true(access_writes(a, STR("watch.set/a")));
	assert_true(access_writes(a, STR("price.update/a")));
	assert_false(access_writes(a, STR("$stats/x")));
	assert_true(access_administers(a));
	assert_false(access_expired(a, INT64_MAX - 1));
	access_drop(&a);
	assert_null(a);
}

/* The patterns as a JSON array, or the reason why not. */
static const char *readable(const struct row *r, char out[512])
{
	struct access *a = make(r, false);
	struct patterns p = { 0 };
	struct buf b = { 0 };
	struct err e;

	if (access_readable(a, &p, &e))
		buf_puts(&b, e.msg);
	else
		patterns_print(&p, &b);
	str_copy(out, 512, buf_str(&b));
	buf_free(&b);
	patterns_free(&p);
	access_drop(&a);
	return out;
}

static void without_topics_it_is_what_may_be_read(void **state)
{
	static const struct {
		struct row who;
		const char *want;
	} rows[] = {
		{ { "ann", 0, { "price.", "listing.new/" }, NULL, 0 },
		  "[\"listing.new/\",\"price.\",\"user.notification/ann\"]" },
		{ { NULL, 0, { "price." }, NULL, 0 }, "[\"price.\"]" },
		{ { "ann", 0, { NULL }, NULL, 0 },
		  "[\"user.notification/ann\"]" },
		{ { "ann", 0, { "$stats/", "a.b" }, NULL, 0 },
		  "[\"a.b\",\"user.notification/ann\"]" },
		{ { "ann", 0, { "user.notification/bob", "a.b" }, NULL, 0 },
		  "[\"a.b\",\"user.notification/ann\"]" },
		{ { "ann", 0, { "" }, NULL, 0 },
		  "topics must be named: '' would contain the notifications "
		  "of other users" },
		{ { "ann", 2, { "a.b", "user." }, NULL, 0 },
		  "topics must be named: 'user.' would contain the "
		  "notifications of other users" },
		{ { NULL, 0, { NULL }, NULL, 0 },
		  "nothing may be read without a token" },
	};
	struct access *owner = access_new_owner();
	struct patterns p = { 0 };
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(readable(&rows[i].who, text), rows[i].want);
	assert_int_equal(access_readable(owner, &p, NULL), 0);
	assert_int_equal(p.n, 1);
	assert_true(patterns_match(&p, STR("user.notification/bob")));
	patterns_free(&p);
	access_drop(&owner);
}

static void refusals_say_which_and_why(void **state)
{
	const struct str asked[] = { STR("price.update/a"), STR("user.") };
	struct row row = { "ann", 0, { "" }, NULL, 0 };
	struct access *a = make(&row, false);
	struct err e;

	(void)state;
	assert_int_equal(access_check_reads(a, asked, 2, &e), -1);
	assert_int_equal(e.code, EX_NOPERM);
	assert_string_equal(e.msg, "'user.' would contain the notifications "
				   "of other users");
	assert_int_equal(access_check_reads(a, asked, 1, &e), 0);
	assert_int_equal(access_check_writes(a, asked[0], &e), -1);
	assert_string_equal(e.msg, "the role viewer writes nothing");
	access_drop(&a);
}

static void a_user_is_the_last_part_of_a_topic(void **state)
{
	static const char *const good[] = { "a", "ann", "auth0|12", "a@b.c",
					    "j\xc3\xbcrg" };
	static const char *const bad[] = { "",	    "a/b",  "a.", "a b", "/",
					   "a\x01", "\xff", "$a", "." };
	char longest[ACCESS_USER_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(access_check_user(str_from(good[i]), NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (access_check_user(str_from(bad[i]), NULL) == 0)
			fail_msg("'%s' passed", bad[i]);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[ACCESS_USER_MAX + 1] = '\0';
	assert_int_equal(access_check_user(str_from(longest), NULL), -1);
	longest[ACCESS_USER_MAX] = '\0';
	assert_int_equal(access_check_user(str_from(longest), NULL), 0);
}

static void roles_have_names(void **state)
{
	enum access_role role;

	(void)state;
	for (int i = ACCESS_VIEWER; i <= ACCESS_ADMIN; i++) {
		const char *name = access_role_name((enum access_role)i);

		assert_true(access_role_parse(str_from(name), &role));
		assert_int_equal(role, i);
	}
	assert_false(access_role_parse(STR("owner"), &role));
	assert_false(access_role_parse(STR(""), &role));
	assert_false(access_role_parse((struct str){ 0 }, &role));
}

static void stats_are_for_admins_and_who_reads_them(void **state)
{
	static const struct {
		struct row who;
		bool want;
	} rows[] = {
		{ { "a", 2, { NULL }, NULL, 0 }, true },
		{ { "m", 0, { "$stats/" }, NULL, 0 }, true },
		{ { "m", 0, { "" }, NULL, 0 }, true },
		{ { "m", 0, { "price." }, NULL, 0 }, false },
		{ { NULL, 0, { NULL }, NULL, 0 }, false },
	};
	struct patterns p = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct access *a = make(&rows[i].who, false);

		assert_int_equal(access_reads_stats(a), rows[i].want);
		access_drop(&a);
	}
	assert_int_equal(access_grant(&p, STR("$other/"), NULL), -1);
	assert_int_equal(access_grant(&p, STR("a b"), NULL), -1);
	assert_int_equal(p.n, 0);
}

static void it_lives_as_long_as_somebody_holds_it(void **state)
{
	struct access *a = access_new(STR("ann")), *b = access_hold(a);

	(void)state;
	access_drop(&a);
	assert_string_equal(b->user.p, "ann");
	b->expires_us = 1000;
	assert_false(access_expired(b, 1000 + ACCESS_GRACE_S * 1000000 - 1));
	assert_true(access_expired(b, 1000 + ACCESS_GRACE_S * 1000000));
	access_drop(&b);
	access_drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_must_be_covered_to_be_read),
		cmocka_unit_test(notifications_are_read_by_their_user_alone),
		cmocka_unit_test(publishers_write_and_only_admins_set),
		cmocka_unit_test(the_owner_may_do_everything_else),
		cmocka_unit_test(without_topics_it_is_what_may_be_read),
		cmocka_unit_test(refusals_say_which_and_why),
		cmocka_unit_test(a_user_is_the_last_part_of_a_topic),
		cmocka_unit_test(roles_have_names),
		cmocka_unit_test(stats_are_for_admins_and_who_reads_them),
		cmocka_unit_test(it_lives_as_long_as_somebody_holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
