/*
 * Tokens and keys: any bytes. The first byte says what the rest is: a token, the
 * header and claims of one that is signed here, a file of keys, API keys.
 */
#include <assert.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "cmd/gateway/jwt.h"
#include "cmd/gateway/keys.h"

#define SECRET "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_token(const struct jwks *keys, struct str token)
{
	const struct jwt_conf conf = { keys, { 0 }, { 0 }, true };
	struct err e = { 0 };
	struct access *who = jwt_read(&conf, token, 0, &e);

	assert(who ? who->user.len > 0 && !who->owner : *e.msg != '\0');
	if (who)
		assert(access_check_user(who->user, NULL) == 0);
	access_drop(&who);
}

static void add_base64url(struct buf *b, struct str s)
{
	char text[16 << 10];
	int len = EVP_EncodeBlock((unsigned char *)text,
				  (const unsigned char *)s.p, (int)s.len);

	for (int i = 0; i < len && text[i] != '='; i++) {
		char c = text[i];

		buf_putc(b, c == '+' ? '-' : c == '/' ? '_' : c);
	}
}

/* "HEADER\nCLAIMS", signed as it should be. */
static void try_signed(const struct jwks *keys, struct str s)
{
	struct buf b = { 0 };
	unsigned char mac[32];
	unsigned n = sizeof(mac);
	struct str claims, head = str_cut(s, '\n', &claims);

	if (s.len > 4096)
		return;
	add_base64url(&b, head);
	buf_putc(&b, '.');
	add_base64url(&b, claims);
	HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
	     (const unsigned char *)b.p, b.len, mac, &n);
	buf_putc(&b, '.');
	add_base64url(&b, (struct str){ (const char *)mac, n });
	try_token(keys, buf_str(&b));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data + 1, size - 1 };
	struct jwks *keys = jwks_new();
	struct keys *k;
	bool secret;

	if (size > 0) {
		jwks_add(keys, STR(SECRET), &secret, NULL);
		switch (data[0] % 4) {
		case 0: try_token(keys, rest); break;
		case 1: try_signed(keys, rest); break;
		case 2: jwks_add(keys, rest, &secret, NULL); break;
		case 3:
			k = keys_read(rest, NULL);
			keys_free(&k);
			break;
		}
		assert(jwks_count(keys) <= JWKS_MAX);
	}
	jwks_free(&keys);
	return 0;
}
