#include "hmac.h"

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
