#include "cmd/notifier/webpush.h"
#include "common/base64.h"
#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

/* The browser of RFC 8291's example, and its server's key. */
#define P256DH                                                                 \
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7V" \
	"d8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define SUBSCRIPTION(endpoint, p256dh, auth)                                \
	"{\"endpoint\":\"" endpoint "\",\"expirationTime\":null,\"keys\":{" \
	"\"p256dh\":\"" p256dh "\",\"auth\":\"" auth "\"}}"
#define GOOD SUBSCRIPTION("https://Push.example:443/s3cret/1", P256DH, AUTH)
#define PUBLIC                                                                 \
	"BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz" \
	"AC8wEqKK6PBru3jl7A8"

static const char *pem(void)
{
	static struct buf b;
	struct buf private = { .p = NULL };
	struct err e;

	buf_reset(&b);
	assert_true(base64url_add_bytes(
		&private, STR("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")));
	assert_int_equal(webpush_add_pem(&b, (unsigned char *)private.p, &e),
			 0);
	buf_free(&private);
	return b.p;
}

/* A channel of this subscription with more keys. */
static int load(struct kinds_case *k, const char *subscription,
		const char *more, struct err *e)
{
	struct buf keys = { .p = NULL };
	char path[64];
	int rc;

	strcpy(path, kinds_file(subscription));
	buf_addf(&keys,
		 "type = webpush\nvapid-file = FILE\nsubscription-file = %s\n"
		 "%s",
		 path, more);
	rc = kinds_load_secret(k, keys.p, pem(), e);
	unlink(path);
	buf_free(&keys);
	return rc;
}

#define SUBJECT "subject = mailto:weir@example.net\n"

static void assert_header(const struct kinds_case *k, const char *name,
			  const char *want)
{
	assert_non_null(kinds_header(k, name));
	assert_string_equal(kinds_header(k, name), want);
}

static void a_request_says_what_the_service_must_know(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\","
		"\"priority\":\"urgent\",\"alert\":\"a1\"}";
	struct kinds_case k;
	char topic[32];
	struct err e;

	(void)state;
	assert_int_equal(load(&k, GOOD, SUBJECT, &e), 0);
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(k.req.url.p, "https://Push.example:443/s3cret/1");
	assert_true(k.req.secret_url);
	assert_header(&k, "TTL", "86400");
	assert_header(&k, "Urgency", "high");
	assert_header(&k, "Content-Encoding", "aes128gcm");
	assert_header(&k, "Content-Type", "application/octet-stream");
	assert_string_equal(k.req.message_id.p, "a1");
	str_copy(topic, sizeof(topic), str_from(kinds_header(&k, "Topic")));
	assert_int_equal(strlen(topic), 16);
	assert_null(strstr(topic, "a1"));
	assert_int_equal(k.req.body.len, 103 + 1024);
	/* What replaces it, and what has nothing to do with it. */
	assert_int_equal(kinds_compose_part(&k, KINDS_NOTE("\"t\"", "\"m\""), 1,
					    STR("a1"), &e),
			 0);
	assert_header(&k, "Topic", topic);
	assert_header(&k, "Urgency", "normal");
	assert_int_equal(kinds_compose(&k, KINDS_NOTE("\"t\"", "\"m\""), &e),
			 0);
	assert_string_equal(k.req.message_id.p, "k1");
	assert_string_not_equal(kinds_header(&k, "Topic"), topic);
	kinds_free(&k);
	assert_int_equal(load(&k, GOOD, SUBJECT "ttl = 90s\n", &e), 0);
	assert_int_equal(kinds_compose(&k, KINDS_NOTE("\"t\"", "\"m\""), &e),
			 0);
	assert_header(&k, "TTL", "90");
	kinds_free(&k);
}

/* The claims of the token that was sent, and its key. */
static void claims_of(const struct kinds_case *k, struct buf *b)
{
	struct str rest = str_from(kinds_header(k, "Authorization")), claims;

	assert_true(str_starts(rest, STR("vapid t=")));
	assert_true(str_ends(rest, STR(", k=" PUBLIC)));
	(void)str_cut(rest, '.', &rest);
	claims = str_cut(rest, '.', &rest);
	buf_reset(b);
	assert_true(base64url_add_bytes(b, claims));
}

static void a_token_is_for_its_service_and_used_again(void **state)
{
	/* Seconds after KINDS_NOW_S, and whether it is a new one then. */
	static const struct {
		int64_t after_s;
		bool anew;
	} t[] = { { 0, true },
		  { 60, false },
		  { 11 * 3600 + 50 * 60, false },
		  { 11 * 3600 + 50 * 60 + 1, true },
		  { 11 * 3600 + 50 * 60 + 2, false },
		  { 0, true } }; /* the clock was set back */
	struct kinds_case k;
	struct buf b = { .p = NULL }, want = { .p = NULL };
	char last[1400] = "";
	int64_t expires_s = 0;
	struct err e;

	(void)state;
	assert_int_equal(load(&k, GOOD, SUBJECT, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int64_t now_s = KINDS_NOW_S + t[i].after_s;

		assert_int_equal(kinds_compose_at(&k,
						  KINDS_NOTE("\"t\"", "\"m\""),
						  now_s, &e),
				 0);
		assert_int_equal(strcmp(kinds_header(&k, "Authorization"),
					last) != 0,
				 t[i].anew);
		strcpy(last, kinds_header(&k, "Authorization"));
		if (t[i].anew)
			expires_s = now_s + 12 * 3600;
		buf_reset(&want);
		buf_addf(&want,
			 "{\"aud\":\"https://push.example\",\"exp\":%lld,"
			 "\"sub\":\"mailto:weir@example.net\"}",
			 (long long)expires_s);
		claims_of(&k, &b);
		assert_string_equal(b.p, want.p);
	}
	buf_free(&b);
	buf_free(&want);
	kinds_free(&k);
}

/* The longest of everything fits, whatever it takes to escape it. */
static void no_message_is_more_than_three_pieces(void **state)
{
	static const struct {
		const char *text;
		size_t title, message; /* so many of them */
	} t[] = {
		{ "x", 480, 4000 },
		{ "\\\"", 480, 2000 },
		{ "\\t", 480, 2000 },
		{ "\xf0\x9f\x98\x80", 120, 1000 },
	};
	struct kinds_case k;
	struct err e;

	(void)state;
	assert_int_equal(load(&k, GOOD, SUBJECT "title = {{title}}\n", &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf data = { .p = NULL };

		buf_puts(&data, "{\"type\":\"custom\",\"title\":\"");
		for (size_t n = 0; n < t[i].title; n++)
			buf_puts(&data, t[i].text);
		buf_puts(&data, "\",\"message\":\"");
		for (size_t n = 0; n < t[i].message; n++)
			buf_puts(&data, t[i].text);
		buf_puts(&data, "\",\"alert\":\"");
		for (size_t n = 0; n < STR_ID_MAX; n++)
			buf_putc(&data, 'a');
		buf_puts(&data, "\",\"data\":{\"link\":\"http://a/");
		for (size_t n = 0; n < 1000; n++)
			buf_putc(&data, 'b');
		buf_puts(&data, "\"}}");
		assert_int_equal(kinds_compose(&k, data.p, &e), 0);
		assert_int_equal(k.req.body.len, 103 + 3072);
		buf_free(&data);
	}
	kinds_free(&k);
}

static void its_answers_are_understood(void **state)
{
	static const struct kinds_answer_case t[] = {
		{ 201, "", OUTCOME_SENT, "", "", "", 0, false },
		{ 202, "", OUTCOME_SENT, "", "", "", 0, false },
		{ 200, "<html>", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "",
		  0, false },
		{ 204, "", OUTCOME_FAILED, "rejected", KINDS_FOREIGN, "", 0,
		  false },
		{ 404, "not found", OUTCOME_FAILED, "gone", "not found", "", 0,
		  false },
		{ 410, "{\"code\":410,\"message\":\"it has expired\"}",
		  OUTCOME_FAILED, "gone", "it has expired", "", 0, false },
		{ 413, "too large", OUTCOME_FAILED, "rejected", "too large", "",
		  0, false },
		{ 429, "", OUTCOME_RETRY, "rate-limit", "", "", 0, false },
		{ 401, "no", OUTCOME_FAILED, "auth", "no", "", 0, false },
		{ 403, "{\"reason\":\"BadJwtToken\"}", OUTCOME_FAILED, "auth",
		  "BadJwtToken", "", 0, false },
		{ 400, "{}", OUTCOME_FAILED, "rejected", "", "", 0, false },
		{ 503, "later", OUTCOME_RETRY, "server-error", "later", "", 0,
		  false },
	};

	(void)state;
	kinds_check_answers("webpush", t, ARRAY_LEN(t));
}

static void what_is_no_subscription_is_refused(void **state)
{
	static const struct {
		const char *subscription, *more, *want;
	} t[] = {
		{ GOOD, "", "subject is needed" },
		{ GOOD, "subject = weir@example.net\n", "subject: mailto:" },
		{ GOOD, "subject = mailto:weir\n", "subject: mailto:" },
		{ GOOD, "subject = http://a.example/\n", "subject: mailto:" },
		{ GOOD, "subject = mailto:a b@c\n", "subject: mailto:" },
		{ GOOD, SUBJECT "ttl = 29d\n", "ttl" },
		{ "s3cret", SUBJECT, "subscription-file: no subscription" },
		{ "[\"s3cret\"]", SUBJECT,
		  "subscription-file: no subscription" },
		{ "{\"endpoint\":\"https://s3cret.example/\"}", SUBJECT,
		  "subscription-file: no subscription" },
		{ GOOD "\n" GOOD, SUBJECT,
		  "subscription-file: no subscription" },
		{ SUBSCRIPTION("ftp://s3cret/", P256DH, AUTH), SUBJECT,
		  "endpoint: no http or https URL" },
		{ SUBSCRIPTION("https://u:s3cret@h/", P256DH, AUTH), SUBJECT,
		  "endpoint: no http or https URL" },
		{ SUBSCRIPTION("https://s3cret/", AUTH, AUTH), SUBJECT,
		  "p256dh: no public key" },
		{ SUBSCRIPTION("https://s3cret/", P256DH "=", AUTH), SUBJECT,
		  "p256dh: no public key" },
		{ SUBSCRIPTION("https://s3cret/", P256DH, "s3cretA"), SUBJECT,
		  "auth: 16 bytes in base64url" },
	};
	struct kinds_case k;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		if (load(&k, t[i].subscription, t[i].more, &e) == 0)
			fail_msg("%s%s: taken", t[i].subscription, t[i].more);
		if (!strstr(e.msg, t[i].want) || strstr(e.msg, "s3cret"))
			fail_msg("%s: %s", t[i].want, e.msg);
	}
	assert_int_equal(kinds_load_secret(&k,
					   "type = webpush\n" SUBJECT
					   "vapid-file = FILE\n"
					   "subscription-file = /dev/null\n",
					   "s3cret", &e),
			 -1);
	assert_null(strstr(e.msg, "s3cret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_what_the_service_must_know),
		cmocka_unit_test(a_token_is_for_its_service_and_used_again),
		cmocka_unit_test(no_message_is_more_than_three_pieces),
		cmocka_unit_test(its_answers_are_understood),
		cmocka_unit_test(what_is_no_subscription_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
