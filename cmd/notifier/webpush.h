#ifndef NOTIFIER_WEBPUSH_H
#define NOTIFIER_WEBPUSH_H

/*
 * webpush - the cryptography of Web Push: messages that only one browser can
 * read (RFC 8291 by RFC 8188), and tokens by which a push service knows who
 * sends them (RFC 8292, "VAPID"). OpenSSL behind it.
 *
 * Keys, salt and time in, bytes out; what is random is passed in, but for what
 * a signature (ES256) takes of its own.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum {
	WEBPUSH_PRIVATE = 32, /* bytes of a private key of P-256 */
	WEBPUSH_PUBLIC = 65,  /* of a public one: a point, not compressed */
	WEBPUSH_AUTH = 16,    /* of the secret that a browser shares with us */
	WEBPUSH_SALT = 16,
	WEBPUSH_SIGNATURE = 64,
	/* So many random bytes become a private key, without any bias. */
	WEBPUSH_SEED = 40,
	/* Of a message: header, record and tag are 4096, what services take. */
	WEBPUSH_TEXT_MAX =
		4096 - (WEBPUSH_SALT + 4 + 1 + WEBPUSH_PUBLIC) - 1 - 16,
};

/* What a browser gave: PushSubscription.getKey("p256dh"), getKey("auth"). */
struct webpush_browser {
	unsigned char public[WEBPUSH_PUBLIC];
	unsigned char auth[WEBPUSH_AUTH];
};

/* Is it a point of the curve, written in full? */
bool webpush_is_public(const unsigned char public[WEBPUSH_PUBLIC]);

/* -1 with *e: EX_SOFTWARE. */
int webpush_private(const unsigned char seed[WEBPUSH_SEED],
		    unsigned char private_r[WEBPUSH_PRIVATE], struct err *e);
int webpush_public(const unsigned char private[WEBPUSH_PRIVATE],
		   unsigned char public_r[WEBPUSH_PUBLIC], struct err *e);

/*
 * Add the body of a request: text and zeros up to a length of `padded`, at
 * most WEBPUSH_TEXT_MAX (less than the text: none). private is for this message
 * alone. -1 with *e: EX_DATAERR, nothing added.
 */
int webpush_encrypt(struct buf *b, struct str text, size_t padded,
		    const struct webpush_browser *to,
		    const unsigned char private[WEBPUSH_PRIVATE],
		    const unsigned char salt[WEBPUSH_SALT], struct err *e);

/* ES256 (RFC 7518, 3.4). -1 with *e: EX_SOFTWARE. */
int webpush_sign(const unsigned char private[WEBPUSH_PRIVATE], struct str text,
		 unsigned char signature_r[WEBPUSH_SIGNATURE], struct err *e);

/*
 * Add a token for the push service at this origin, valid until expires_s, by
 * somebody who can be reached at subject. -1 with *e: EX_SOFTWARE.
 */
int webpush_token(struct buf *b, const unsigned char private[WEBPUSH_PRIVATE],
		  struct str origin, int64_t expires_s, struct str subject,
		  struct err *e);

/*
 * A private key from its PEM (PKCS #8 or SEC 1, not encrypted), and the other
 * way round. -1 with *e: EX_CONFIG, EX_SOFTWARE.
 */
int webpush_read_pem(struct str pem, unsigned char private_r[WEBPUSH_PRIVATE],
		     struct err *e);
int webpush_add_pem(struct buf *b, const unsigned char private[WEBPUSH_PRIVATE],
		    struct err *e);

#endif
