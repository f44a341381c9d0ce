#include "cmd/notifier/mail.h"
#include "cmd/notifier/mail_html.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static void addresses_are_read(void **state)
{
	static const struct {
		const char *text, *name, *address; /* NULL: it is none */
	} t[] = {
		{ "a@b", "", "a@b" },
		{ " a.b+c@d.example ", "", "a.b+c@d.example" },
		{ "Ana <a@b>", "Ana", "a@b" },
		{ "\"Ana, B.\" <a@b>", "Ana, B.", "a@b" },
		{ "<a@b>", "", "a@b" },
		{ "Änne <ä@ö.example>", "Änne", "ä@ö.example" },
		{ "", "", NULL },
		{ "a", "", NULL },
		{ "@b", "", NULL },
		{ "a@", "", NULL },
		{ "a@b@c", "", NULL },
		{ "a@b.", "", NULL },
		{ "a@.b", "", NULL },
		{ "a b@c", "", NULL },
		{ "a@b, c@d", "", NULL },
		{ "a@b\r\nBcc: c@d", "", NULL },
		{ "Ana <a@b", "", NULL },
		{ "Ana <a@b> x", "", NULL },
		{ "Ana <a@b>>", "", NULL },
		{ "a@b\xff", "", NULL },
		{ "\xff <a@b>", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct str name, address;
		bool good = mail_parse_address(str_from(t[i].text), &name,
					       &address);

		if (good != !!t[i].address ||
		    (good && (!str_is(name, t[i].name) ||
			      !str_is(address, t[i].address))))
			fail_msg("%s", t[i].text);
	}
}

static void a_header_is_one_header(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "plain", "Subject: plain\r\n" },
		{ "", "Subject: \r\n" },
		{ "é", "Subject: =?UTF-8?B?w6k=?=\r\n" },
		{ "=?UTF-8?Q?x?=",
		  "Subject: =?UTF-8?B?PT9VVEYtOD9RP3g/PQ==?=\r\n" },
		/* "a  Bcc: b": a control character is a blank. */
		{ "a\r\nBcc: b", "Subject: =?UTF-8?B?YSAgQmNjOiBi?=\r\n" },
		{ "a\x7f", "Subject: =?UTF-8?B?YSA=?=\r\n" },
		{ " a", "Subject: =?UTF-8?B?IGE=?=\r\n" },
		/* 67 that fit on the line, and one more. */
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "901234567",
		  "Subject: "
		  "1234567890123456789012345678901234567890123456789012345678"
		  "901234567\r\n" },
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "9012345678",
		  "Subject: =?UTF-8?B?MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkw"
		  "MTIzNDU2Nzg5?=\r\n"
		  " =?UTF-8?B?MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=?=\r\n" },
		/* No character is in two words. */
		{ "€€€€€€€€€€€€€€",
		  "Subject: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs"
		  "4oKs4oKs4oKs?=\r\n =?UTF-8?B?4oKs?=\r\n" },
		{ "x€€€€€€€€€€€€€",
		  "Subject: =?UTF-8?B?eOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKCrOKC"
		  "rOKCrOKCrA==?=\r\n =?UTF-8?B?4oKs?=\r\n" },
	};
	struct buf b = { .p = NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&b);
		mail_add_text(&b, "Subject", str_from(t[i].text));
		assert_string_equal(b.p, t[i].want);
	}
	buf_free(&b);
}

static void an_address_is_after_its_name(void **state)
{
	static const struct {
		const char *name, *want;
	} t[] = {
		{ "", "From: a@b\r\n" },
		{ "Ana, B.", "From: \"Ana, B.\"\r\n <a@b>\r\n" },
		{ "a\"b", "From: =?UTF-8?B?YSJi?=\r\n <a@b>\r\n" },
		{ "a\\", "From: =?UTF-8?B?YVw=?=\r\n <a@b>\r\n" },
		{ "é", "From: =?UTF-8?B?w6k=?=\r\n <a@b>\r\n" },
	};
	struct buf b = { .p = NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&b);
		mail_add_address(&b, "From", str_from(t[i].name), STR("a@b"));
		assert_string_equal(b.p, t[i].want);
	}
	buf_free(&b);
}

static void a_date_is_as_mails_have_it(void **state)
{
	static const struct {
		int64_t s;
		const char *want;
	} t[] = {
		{ 0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n" },
		{ -1, "Date: Wed, 31 Dec 1969 23:59:59 +0000\r\n" },
		{ 880106106, "Date: Fri, 21 Nov 1997 09:55:06 +0000\r\n" },
		{ 1709251199, "Date: Thu, 29 Feb 2024 23:59:59 +0000\r\n" },
	};
	struct buf b = { .p = NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&b);
		mail_add_date(&b, t[i].s * 1000000);
		assert_string_equal(b.p, t[i].want);
	}
	buf_free(&b);
}

static void a_text_is_quoted_where_it_would_be_changed(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "", "" },
		{ "a", "a\r\n" },
		{ "a\nb\n", "a\r\nb\r\n" },
		{ "a=b", "a=3Db\r\n" },
		{ "é", "=C3=A9\r\n" },
		{ "a \nb\t", "a=20\r\nb=09\r\n" },
		{ "a b", "a b\r\n" },
		{ ".\n..a", "=2E\r\n=2E.a\r\n" },
		{ "From x\n--=_weir-a--", "=46rom x\r\n=2D-=3D_weir-a--\r\n" },
		{ "a\r\nb\rc", "a=0D\r\nb=0Dc\r\n" },
		/* 75, and a line that goes on; no escape is torn apart. */
		{ "123456789012345678901234567890123456789012345678901234567890"
		  "1234567890123456.",
		  "123456789012345678901234567890123456789012345678901234567890"
		  "123456789012345=\r\n6.\r\n" },
		{ "123456789012345678901234567890123456789012345678901234567890"
		  "123456789012345.",
		  "123456789012345678901234567890123456789012345678901234567890"
		  "123456789012345=\r\n=2E\r\n" },
		{ "123456789012345678901234567890123456789012345678901234567890"
		  "1234567890123=",
		  "123456789012345678901234567890123456789012345678901234567890"
		  "1234567890123=\r\n=3D\r\n" },
	};
	struct buf b = { .p = NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&b);
		mail_add_quoted(&b, str_from(t[i].text));
		assert_string_equal(b.p ? b.p : "", t[i].want);
	}
	buf_free(&b);
}

static void a_page_says_what_the_text_says(void **state)
{
	static const struct {
		const char *text, *want;
	} t[] = {
		{ "a\nb", "a<br>\nb" },
		{ "<b>&\"'", "&lt;b&gt;&amp;&quot;'" },
		{ "see http://a.example/?b&c=\"d.",
		  "see <a href=\"http://a.example/?b&amp;c=\">"
		  "http://a.example/?b&amp;c=</a>&quot;d." },
		{ "(https://a.example/b), x",
		  "(<a href=\"https://a.example/b\">https://a.example/b</a>),"
		  " x" },
		{ "https://a.example/é",
		  "<a href=\"https://a.example/é\">https://a.example/é</a>" },
		{ "javascript:alert(1) data:x mailto:a@b h http:// https://.",
		  "javascript:alert(1) data:x mailto:a@b h http:// https://." },
		{ "http://a/<script>",
		  "<a href=\"http://a/\">http://a/</a>&lt;script&gt;" },
	};
	struct buf b = { .p = NULL }, want = { .p = NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		buf_reset(&b);
		buf_reset(&want);
		mail_html_add(&b, STR("<t>"), str_from(t[i].text),
			      (struct str){ 0 });
		buf_addf(&want, "<h3>&lt;t&gt;</h3>\n<p>%s</p>\n</body>",
			 t[i].want);
		if (!strstr(b.p, want.p))
			fail_msg("%s", b.p);
	}
	mail_html_add(&b, STR("t"), STR("m"), STR("c@d"));
	assert_non_null(strstr(b.p, "<img src=\"cid:c@d\""));
	buf_free(&b);
	buf_free(&want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(a_header_is_one_header),
		cmocka_unit_test(an_address_is_after_its_name),
		cmocka_unit_test(a_date_is_as_mails_have_it),
		cmocka_unit_test(a_text_is_quoted_where_it_would_be_changed),
		cmocka_unit_test(a_page_says_what_the_text_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
