#include "common/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

void hmac_add_hex(struct buf *b, struct str key, struct str text)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	HMAC(EVP_sha256(), key.p, (int)key.len, (const unsigned char *)text.p,
	     text.len, mac, &len);
	for (unsigned i = 0; i < len; i++)
		buf_addf(b, "%02x", mac[i]);
}

bool hmac_same(struct str a, struct str b)
{
	return a.len == b.len && CRYPTO_memcmp(a.p, b.p, a.len) == 0;
}
