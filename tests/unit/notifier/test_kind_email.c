#include "common/xmem.h"

#include "tests/unit/notifier/kinds.h"

#define KEYS "url = smtp://mx.example\nfrom = a@b\nto = c@d\n"

static void load(struct kinds_case *k, const char *keys)
{
	struct err e;

	if (kinds_load(k, keys, &e))
		fail_msg("%s", e.msg);
}

static void its_address_says_how(void **state)
{
	static const struct {
		const char *url, *want;
		enum smtp_tls tls;
	} t[] = {
		{ "smtp://mx.example", "smtp://mx.example:587",
		  SMTP_TLS_REQUIRED },
		{ "smtp://mx.example:25/", "smtp://mx.example:25",
		  SMTP_TLS_REQUIRED },
		{ "smtps://mx.example", "smtps://mx.example:465",
		  SMTP_TLS_REQUIRED },
		{ "smtp://[::1]:1025", "smtp://[::1]:1025", SMTP_TLS_TRY },
		{ "smtp://[::1]", "smtp://[::1]:587", SMTP_TLS_TRY },
		{ "smtp://127.0.0.1", "smtp://127.0.0.1:587", SMTP_TLS_TRY },
		{ "smtp://LocalHost", "smtp://LocalHost:587", SMTP_TLS_TRY },
		{ "smtps://localhost", "smtps://localhost:465",
		  SMTP_TLS_REQUIRED },
		{ "smtp://localhost.example", "smtp://localhost.example:587",
		  SMTP_TLS_REQUIRED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf keys = { .p = NULL };
		struct kinds_case k;
		struct err e;

		buf_addf(&keys, "url = %s\nfrom = a@b\nto = c@d\n", t[i].url);
		load(&k, keys.p);
		assert_int_equal(
			kinds_compose(&k,
				      "{\"type\":\"custom\",\"title\":\"t\","
				      "\"message\":\"m\"}",
				      &e),
			0);
		assert_string_equal(k.req.smtp.url, t[i].want);
		assert_int_equal(k.req.smtp.tls, t[i].tls);
		assert_string_equal(k.req.smtp.from, "a@b");
		assert_string_equal(k.req.smtp.to, "c@d");
		kinds_free(&k);
		buf_free(&keys);
	}
}

static void what_has_no_place_is_refused(void **state)
{
	static const char *const urls[] = {
		"smtp://",	    "smtp://:25", "smtp://u:p@h",
		"smtp://h/x",	    "smtp://h?x", "smtp://h:65536",
		"smtp://h:0",	    "smtp://h:",  "smtp://h:25x",
		"smtp://::1",	    "smtp://[]",  "smtp://[::1",
		"smtp://a b",	    "http://h",	  "h:25",
		"smtp://h/../x:25",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct buf keys = { .p = NULL };
		struct kinds_case k;
		struct err e;

		buf_addf(&keys,
			 "type = email\nfrom = a@b\nto = c@d\nurl = %s\n",
			 urls[i]);
		if (kinds_load(&k, keys.p, &e) == 0)
			fail_msg("%s", urls[i]);
		assert_non_null(strstr(e.msg, ":5: channel x: url: "));
		buf_free(&keys);
	}
}

static void a_password_goes_through_tls_only(void **state)
{
	static const struct {
		const char *keys;
		bool good;
	} t[] = {
		{ KEYS "login = u\npassword-file = FILE", true },
		{ KEYS "tls = try\nlogin = u\npassword-file = FILE", false },
		{ KEYS "tls = no\nlogin = u\npassword-file = FILE", false },
		{ KEYS "password-file = FILE", false },
		{ "url = smtp://localhost\nfrom = a@b\nto = c@d\nlogin = u\n"
		  "password-file = FILE",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct kinds_case k;
		struct err e;

		if ((kinds_load_secret(&k, t[i].keys, "s3cret", &e) == 0) !=
		    t[i].good)
			fail_msg("%s", t[i].keys);
		if (t[i].good)
			kinds_free(&k);
		else
			assert_null(strstr(e.msg, "s3cret"));
	}
}

static void a_mail_answers_the_one_before(void **state)
{
	static const char data[] = "{\"type\":\"custom\",\"title\":\"t\","
				   "\"message\":\"m\",\"alert\":\"a1\"}";
	static const char *const bad[] = { "815", "C1/2", "a@b>\r\nBcc: c@d",
					   "a@b c@d" };
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, KEYS);
	assert_int_equal(kinds_compose_part(&k, data, 1, STR("k0@b"), &e), 0);
	assert_string_equal(k.req.message_id.p, "k1@b");
	assert_non_null(strstr(k.req.body.p, "\r\nMessage-ID: <k1@b>\r\n"
					     "In-Reply-To: <k0@b>\r\n"
					     "References: <alert."));
	assert_non_null(strstr(k.req.body.p, "@b>\r\n <k0@b>\r\n"));
	/* What is none of ours. */
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(kinds_compose_part(&k, data, 1,
						    str_from(bad[i]), &e),
				 0);
		assert_null(strstr(k.req.body.p, "In-Reply-To"));
		assert_null(strstr(k.req.body.p, "c@d>\r\n\r\nBcc"));
		assert_null(strstr(k.req.body.p, "\nBcc"));
	}
	kinds_free(&k);
}

static void a_picture_is_where_the_page_is(void **state)
{
	static const char data[] =
		"{\"type\":\"custom\",\"title\":\"t\",\"message\":\"m\","
		"\"data\":{\"item\":{\"id\":\"lamp\"}}}";
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, KEYS);
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_string_equal(k.req.item.p, "lamp");
	assert_null(strstr(k.req.body.p, "cid:"));
	k.channels.v[0].kind->add_picture(&k.req, STR("\x89PNG"));
	assert_non_null(strstr(k.req.body.p, "cid:k1@b"));
	assert_non_null(strstr(k.req.body.p, "Content-ID: <k1@b>\r\n"));
	assert_non_null(strstr(k.req.body.p, "\r\n\r\niVBORw==\r\n"
					     "--=_weir-b--\r\n"
					     "--=_weir-a--\r\n"));
	kinds_free(&k);
	load(&k, KEYS "no-chart = yes\n");
	assert_int_equal(kinds_compose(&k, data, &e), 0);
	assert_int_equal(k.req.item.len, 0);
	kinds_free(&k);
}

static void items_that_are_none_have_no_picture(void **state)
{
	static const char *const items[] = { "7",
					     "\"lamp\"",
					     "{}",
					     "{\"id\":7}",
					     "{\"id\":\"--out=/etc/x y\"}",
					     "{\"id\":\"../x\"}",
					     "null" };
	struct kinds_case k;
	struct err e;

	(void)state;
	load(&k, KEYS);
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		struct buf data = { .p = NULL };

		buf_addf(&data,
			 "{\"type\":\"custom\",\"title\":\"t\",\"message\":"
			 "\"m\",\"data\":{\"item\":%s}}",
			 items[i]);
		assert_int_equal(kinds_compose(&k, data.p, &e), 0);
		if (k.req.item.len)
			fail_msg("%s", items[i]);
		buf_free(&data);
	}
	kinds_free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_address_says_how),
		cmocka_unit_test(what_has_no_place_is_refused),
		cmocka_unit_test(a_password_goes_through_tls_only),
		cmocka_unit_test(a_mail_answers_the_one_before),
		cmocka_unit_test(a_picture_is_where_the_page_is),
		cmocka_unit_test(items_that_are_none_have_no_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
