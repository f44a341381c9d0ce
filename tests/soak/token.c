#include "token.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/buf.h"

static char secret[TOKEN_SECRET + 1];

void token_begin(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < TOKEN_SECRET; i++)
		secret[i] = (char)('a' + arc4random_uniform(26));
	if (fd < 0 || write(fd, secret, TOKEN_SECRET) != TOKEN_SECRET) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static void add_base64url(struct buf *b, struct str bytes)
{
	char *to = buf_reserve(b, bytes.len * 2 + 4);
	int n = EVP_EncodeBlock((unsigned char *)to,
				(const unsigned char *)bytes.p, (int)bytes.len);

	while (n > 0 && to[n - 1] == '=')
		n--;
	for (int i = 0; i < n; i++)
		to[i] = to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i];
	b->len += (size_t)n;
}

const char *token_make(const char *user, int64_t until_s, bool everything)
{
	static char out[TOKEN_MAX];
	char claims[256];
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n_mac = 0;
	struct buf b = { 0 };

	snprintf(claims, sizeof(claims),
		 "{\"sub\":\"%s\",\"exp\":%lld,\"weir\":{\"role\":\"%s\","
		 "\"read\":[\"%s\"]}}",
		 user, (long long)until_s, everything ? "admin" : "viewer",
		 everything ? "" : "soak.n/");
	add_base64url(&b, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
	buf_putc(&b, '.');
	add_base64url(&b, str_from(claims));
	HMAC(EVP_sha256(), secret, TOKEN_SECRET, (const unsigned char *)b.p,
	     b.len, mac, &n_mac);
	buf_putc(&b, '.');
	add_base64url(&b, (struct str){ (const char *)mac, n_mac });
	str_copy(out, sizeof(out), buf_str(&b));
	buf_free(&b);
	return out;
}
