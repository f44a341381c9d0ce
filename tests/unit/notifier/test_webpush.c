/* Web push's cryptography, by the examples of its standards. */
#include "cmd/notifier/webpush.h"

#include <string.h>
#include <sysexits.h>

#include "common/base64.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

/* RFC 8291, section 5 and appendix A. */
#define AS_PRIVATE "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
#define AS_PUBLIC                                                              \
	"BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz" \
	"AC8wEqKK6PBru3jl7A8"
#define UA_PUBLIC                                                              \
	"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7V" \
	"d8pZGH6SRpkNtoIAiw4"
#define AUTH "BTBZMqHH6r4Tts7J_aSIgg"
#define SALT "DGv6ra1nlYgDCS1FRnbzlw"
#define TEXT "When I grow up, I want to be a watermelon"
#define BODY                                                                   \
	"DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMo" \
	"ZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf" \
	"1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"

static void bytes_of(const char *text, unsigned char *out, size_t len)
{
	struct buf b = { .p = NULL };

	assert_true(base64url_add_bytes(&b, str_from(text)));
	assert_int_equal(b.len, len);
	memcpy(out, b.p, len);
	buf_free(&b);
}

static void assert_text(const unsigned char *p, size_t len, const char *want)
{
	struct buf b = { .p = NULL };

	base64url_add(&b, (struct str){ (const char *)p, len });
	assert_string_equal(b.p, want);
	buf_free(&b);
}

struct example {
	struct webpush_browser browser;
	unsigned char private[WEBPUSH_PRIVATE], salt[WEBPUSH_SALT];
};

static struct example example(void)
{
	struct example x;

	bytes_of(UA_PUBLIC, x.browser.public, sizeof(x.browser.public));
	bytes_of(AUTH, x.browser.auth, sizeof(x.browser.auth));
	bytes_of(AS_PRIVATE, x.private, sizeof(x.private));
	bytes_of(SALT, x.salt, sizeof(x.salt));
	return x;
}

static void the_example_of_rfc_8291(void **state)
{
	struct example x = example();
	unsigned char public[WEBPUSH_PUBLIC];
	struct buf b = { .p = NULL };
	struct err e;

	(void)state;
	assert_int_equal(webpush_public(x.private, public, &e), 0);
	assert_text(public, sizeof(public), AS_PUBLIC);
	assert_int_equal(webpush_encrypt(&b, STR(TEXT), 0, &x.browser,
					 x.private, x.salt, &e),
			 0);
	assert_text((unsigned char *)b.p, b.len, BODY);
	buf_free(&b);
}

/* The length of what is sent is that of the padding, up to what fits. */
static void a_length_is_hidden(void **state)
{
	static const struct {
		size_t len, padded, want;
	} t[] = {
		{ 0, 0, 103 },
		{ 0, 100, 203 },
		{ 99, 100, 203 },
		{ 100, 100, 203 },
		{ 101, 100, 204 },
		{ WEBPUSH_TEXT_MAX, 0, 4096 },
		{ 1, WEBPUSH_TEXT_MAX, 4096 },
		{ WEBPUSH_TEXT_MAX + 1, 0, 0 },
		{ 1, WEBPUSH_TEXT_MAX + 1, 0 },
	};
	static char text[WEBPUSH_TEXT_MAX + 1];
	struct example x = example();

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf b = { .p = NULL };
		struct err e;
		int rc = webpush_encrypt(&b, (struct str){ text, t[i].len },
					 t[i].padded, &x.browser, x.private,
					 x.salt, &e);

		assert_int_equal(rc, t[i].want ? 0 : -1);
		assert_int_equal(b.len, t[i].want);
		if (rc)
			assert_int_equal(e.code, EX_DATAERR);
		buf_free(&b);
	}
}

static void what_is_no_point_of_the_curve(void **state)
{
	struct example x = example();
	struct buf b = { .p = NULL };
	struct err e;

	(void)state;
	assert_true(webpush_is_public(x.browser.public));
	x.browser.public[64] ^= 1;
	assert_false(webpush_is_public(x.browser.public));
	assert_int_equal(webpush_encrypt(&b, STR(TEXT), 0, &x.browser,
					 x.private, x.salt, &e),
			 -1);
	assert_int_equal(b.len, 0);
	x.browser.public[64] ^= 1;
	x.browser.public[0] = 6; /* hybrid: OpenSSL would read it */
	assert_false(webpush_is_public(x.browser.public));
	memset(x.browser.public, 0, sizeof(x.browser.public));
	assert_false(webpush_is_public(x.browser.public));
	buf_free(&b);
}

/* The order of P-256, less one: of the least seed that comes to it. */
static void chance_becomes_a_key_of_the_curve(void **state)
{
	static const unsigned char last[WEBPUSH_PRIVATE] = {
		0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
		0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x50,
	};
	static const unsigned char one[WEBPUSH_PRIVATE] = { [31] = 1 };
	unsigned char seed[WEBPUSH_SEED] = { 0 }, private[WEBPUSH_PRIVATE];
	struct err e;

	(void)state;
	assert_int_equal(webpush_private(seed, private, &e), 0);
	assert_memory_equal(private, one, sizeof(one));
	memcpy(seed + 8, last, sizeof(last)); /* is 0 of that modulus */
	assert_int_equal(webpush_private(seed, private, &e), 0);
	assert_memory_equal(private, one, sizeof(one));
	seed[WEBPUSH_SEED - 1]--;
	assert_int_equal(webpush_private(seed, private, &e), 0);
	assert_memory_equal(private, last, sizeof(last));
	memset(seed, 0xff, sizeof(seed));
	assert_int_equal(webpush_private(seed, private, &e), 0);
	assert_memory_not_equal(private, last, sizeof(last));
}

/* RFC 8292, section 2.4: all but its signature, which is another each time. */
static void the_example_of_rfc_8292(void **state)
{
	static const char want[] =
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9."
		"eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1"
		"MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.";
	struct example x = example();
	struct buf b = { .p = NULL }, again = { .p = NULL };
	struct str text, rest;
	struct err e;

	(void)state;
	buf_puts(&b, "t=");
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(webpush_token(i ? &again : &b, x.private,
					       STR("https://push.example.net"),
					       1453523768,
					       STR("mailto:push@example.com"),
					       &e),
				 0);
	text = str_sub(buf_str(&b), 2, b.len);
	assert_true(str_starts(text, STR(want)));
	assert_int_equal(text.len, sizeof(want) - 1 + 86);
	assert_true(str_starts(buf_str(&again), STR(want)));
	assert_false(str_eq(text, buf_str(&again)));
	(void)str_cut(text, '=', &rest);
	assert_null(rest.p);
	buf_free(&again);
	buf_free(&b);
}

static void a_key_goes_into_a_file_and_comes_back(void **state)
{
	struct example x = example();
	unsigned char private[WEBPUSH_PRIVATE];
	struct buf pem = { .p = NULL };
	struct err e;

	(void)state;
	assert_int_equal(webpush_add_pem(&pem, x.private, &e), 0);
	assert_true(str_starts(buf_str(&pem),
			       STR("-----BEGIN PRIVATE KEY-----\n")));
	assert_int_equal(webpush_read_pem(buf_str(&pem), private, &e), 0);
	assert_memory_equal(private, x.private, sizeof(private));
	buf_free(&pem);
}

static void what_is_no_such_key_is_refused(void **state)
{
	/* Nothing; of Ed25519, of P-384; public; with a password. */
	static const char *const t[] = {
		"",
		"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIND8r6ZSE1govhMcyR808YhfLTeyU/"
		"z1NE1zThc02eBz\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDxHpkB8rXZboBu/"
		"a1k\n"
		"uqzoO2MrwdJabq9lwRBPJCTo9sazeRAlPo6T+"
		"XebuS7t6XmhZANiAAS8QhikofTw\n"
		"Ir+Gnf7yqdwtf0otkfNIsBcDxn20l8g/"
		"ibptBOBwRq2vIOi0bGFY33emiFBpr2F0\n"
		"1jYjhxWk4Hi+DN6OrEvXcLhdjoTI/rmO6CFbIM5YqW/YyZisDxZiCaU=\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\n"
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAthggRMBReKq3d4tAQsR01Euov"
		"70\n"
		"SvzHceXNnxUdl1iguTZ3XSjA4GsOPQR8r0fOtKE3y4QlzHonh9ZMmiYPnQ==\n"
		"-----END PUBLIC KEY-----\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
		"MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiV4ojREHTxcgICCA"
		"Aw\n"
		"DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMlAyFC0aIZUEPQwsggpBzgEgZ"
		"Dx\n"
		"6mqbn1Ai+ZLk1/lpzMJLQe57VwHKb5m/wAD9f+S/"
		"rthUhfTdUrc1dGdiertUUYom\n"
		"8Fu/psUiFHERZPGEMtYu6EYcUcN9+14Bniy8I/JWbJFFw3nzLK2tSgqG4euTb/"
		"ad\n"
		"xuh92KMhLNVRxJXGN/"
		"Sj+KHSmA7PTo26cnWREUEFUF0u85aEQfytYQ86o3376PY=\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		unsigned char private[WEBPUSH_PRIVATE];
		struct err e;

		assert_int_equal(webpush_read_pem(str_from(t[i]), private, &e),
				 -1);
		assert_int_equal(e.code, EX_CONFIG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_8291),
		cmocka_unit_test(a_length_is_hidden),
		cmocka_unit_test(what_is_no_point_of_the_curve),
		cmocka_unit_test(chance_becomes_a_key_of_the_curve),
		cmocka_unit_test(the_example_of_rfc_8292),
		cmocka_unit_test(a_key_goes_into_a_file_and_comes_back),
		cmocka_unit_test(what_is_no_such_key_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
