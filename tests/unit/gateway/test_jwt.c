/* Tokens: who they are for, or why they are not believed. */
#include "cmd/gateway/jwt.h"

#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "common/base64.h"

#include "tests/unit/cases.h"

#define CASES "tests/fixtures/jwt"

/* A file of keys as it stands in a case: text, or JSON. */
static void read_text(const struct json *keys, struct buf *b)
{
	if (json_kind(keys) == JSON_STRING)
		buf_puts(b, json_string(keys));
	else
		json_print(keys, b);
}

static struct jwks *read_keys(const struct json *keys, struct err *e)
{
	struct jwks *j = jwks_new();
	struct buf b = { 0 };
	bool secret;

	read_text(keys, &b);
	if (jwks_add(j, buf_str(&b), &secret, e))
		jwks_free(&j);
	buf_free(&b);
	return j;
}

static bool judge_rfc(const struct json *c, void *ctx)
{
	struct jwks *keys = read_keys(json_member(c, "keys"), NULL);
	struct str token = cases_str(c, "token"), name = cases_str(c, "name");
	struct str part = token, last;
	struct buf sig = { 0 };
	enum sign_alg alg;
	size_t dot = token.len;

	(void)ctx;
	if (!keys)
		fail_msg("%s: no key", name.p);
	while (token.p[dot - 1] != '.')
		dot--;
	part = str_sub(token, 0, dot - 1);
	last = str_sub(token, dot, token.len);
	assert_true(sign_alg_parse(cases_str(c, "alg"), &alg));
	assert_true(base64url_add_bytes(&sig, last));
	if (!jwks_verify(keys, alg, (struct str){ 0 }, part, buf_str(&sig)))
		fail_msg("%s: not verified", name.p);
	sig.p[5] ^= 1;
	if (jwks_verify(keys, alg, (struct str){ 0 }, part, buf_str(&sig)))
		fail_msg("%s: verified with another signature", name.p);
	sig.p[5] ^= 1;
	part.len--;
	if (jwks_verify(keys, alg, (struct str){ 0 }, part, buf_str(&sig)))
		fail_msg("%s: verified with other bytes", name.p);
	buf_free(&sig);
	jwks_free(&keys);
	return true;
}

static void the_rfcs_examples_are_verified(void **state)
{
	(void)state;
	assert_int_equal(cases_run(CASES, "rfc.jsonl", judge_rfc, NULL).good,
			 4);
}

/* "ann viewer [...] [...] 1700000000" */
static void print_access(const struct access *who, struct buf *b)
{
	buf_addf(b, "%s %s ", who->user.p, access_role_name(who->role));
	patterns_print(&who->reads, b);
	buf_putc(b, ' ');
	patterns_print(&who->writes, b);
	if (who->expires_us == ACCESS_NEVER)
		buf_puts(b, " never");
	else
		buf_addf(b, " %lld", (long long)(who->expires_us / 1000000));
}

static bool judge_token(const struct json *c, void *ctx)
{
	struct jwks *keys = read_keys(json_member(c, "keys"), NULL);
	const struct jwt_conf conf = { keys, cases_str(c, "audience"),
				       cases_str(c, "issuer"), true };
	const char *now = json_number(json_member(c, "now"));
	struct access *who;
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)ctx;
	if (!keys)
		fail_msg("%s: no key", cases_str(c, "name").p);
	who = jwt_read(&conf, cases_str(c, "token"),
		       strtoll(now, NULL, 10) * 1000000, &e);
	if (who)
		print_access(who, &b);
	else
		buf_puts(&b, e.msg);
	if (!who && e.code != EX_NOPERM)
		fail_msg("%s: code %d", cases_str(c, "name").p, e.code);
	if (!str_eq(buf_str(&b), cases_str(c, "want")))
		fail_msg("%s: '%s', want '%s'", cases_str(c, "name").p, b.p,
			 cases_str(c, "want").p);
	buf_free(&b);
	access_drop(&who);
	jwks_free(&keys);
	return true;
}

static void tokens_are_believed_or_not(void **state)
{
	struct cases_count n =
		cases_run(CASES, "tokens.jsonl", judge_token, NULL);

	(void)state;
	assert_int_equal(n.n, n.good);
	assert_true(n.n > 100);
}

/* What is believed for ever is not, unless that is allowed. */
static bool judge_endless(const struct json *c, void *ctx)
{
	struct jwks *keys = read_keys(json_member(c, "keys"), NULL);
	const struct jwt_conf conf = { keys, cases_str(c, "audience"),
				       cases_str(c, "issuer"), false };
	const char *now = json_number(json_member(c, "now"));
	struct err e = { 0 };
	size_t *endless = ctx;

	if (str_ends(cases_str(c, "want"), STR(" never"))) {
		assert_null(jwt_read(&conf, cases_str(c, "token"),
				     strtoll(now, NULL, 10) * 1000000, &e));
		assert_int_equal(e.code, EX_NOPERM);
		assert_string_equal(e.msg,
				    "the token does not say until when (exp)");
		++*endless;
	}
	jwks_free(&keys);
	return true;
}

static void tokens_must_say_until_when(void **state)
{
	size_t endless = 0;

	(void)state;
	cases_run(CASES, "tokens.jsonl", judge_endless, &endless);
	assert_true(endless > 0);
}

static bool judge_keys(const struct json *c, void *ctx)
{
	const struct json *want = json_member(c, "want");
	struct err e = { 0 };
	struct jwks *keys = read_keys(json_member(c, "keys"), &e);
	const char *name = cases_str(c, "name").p;

	(void)ctx;
	if (json_kind(want) == JSON_NUMBER) {
		if (!keys)
			fail_msg("%s: %s", name, e.msg);
		assert_int_equal(jwks_count(keys), atoi(json_number(want)));
	} else if (keys || strcmp(e.msg, json_string(want)) != 0 ||
		   e.code != EX_CONFIG) {
		fail_msg("%s: '%s', want '%s'", name, e.msg, json_string(want));
	}
	jwks_free(&keys);
	return true;
}

static void keys_are_good_for_one_algorithm_or_refused(void **state)
{
	struct cases_count n = cases_run(CASES, "keys.jsonl", judge_keys, NULL);

	(void)state;
	assert_int_equal(n.n, n.good);
}

static void it_is_told_which_files_are_secret(void **state)
{
	static const struct {
		const char *text;
		bool secret;
	} rows[] = {
		{ "0123456789abcdef0123456789abcdef", true },
		{ "{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3O"
		  "DlhYmNkZWY\"}",
		  true },
		{ "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
		  "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct jwks *j = jwks_new();
		bool secret;

		assert_int_equal(
			jwks_add(j, str_from(rows[i].text), &secret, NULL), 0);
		assert_int_equal(secret, rows[i].secret);
		jwks_free(&j);
	}
}

static void base64url_is_taken_in_one_form(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{ "", "" },	      { "Zg", "f" },
		{ "Zm8", "fo" },      { "Zm9v", "foo" },
		{ "Zm9vYg", "foob" }, { "_-8", "\xff\xef" },
		{ "Z", NULL },	      { "Zm9vY", NULL },
		{ "Zh", NULL },	      { "Zm9", NULL },
		{ "Zg==", NULL },     { "Zm8=", NULL },
		{ "Zm 8", NULL },     { "Zm8\n", NULL },
		{ "/+8", NULL },      { "Zm\xc3\xa4", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b = { 0 };
		bool ok;

		buf_putc(&b, '!');
		ok = base64url_add_bytes(&b, str_from(rows[i].text));
		if (ok != (rows[i].want != NULL))
			fail_msg("'%s': %d", rows[i].text, ok);
		assert_true(str_eq(str_sub(buf_str(&b), 1, b.len),
				   ok ? str_from(rows[i].want) : STR("")));
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfcs_examples_are_verified),
		cmocka_unit_test(tokens_are_believed_or_not),
		cmocka_unit_test(tokens_must_say_until_when),
		cmocka_unit_test(keys_are_good_for_one_algorithm_or_refused),
		cmocka_unit_test(it_is_told_which_files_are_secret),
		cmocka_unit_test(base64url_is_taken_in_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
