#ifndef NOTIFIER_MAIL_H
#define NOTIFIER_MAIL_H

/*
 * mail - the pieces of which an e-mail is made. Pure.
 *
 * Everything added is lines of at most 76 characters of ASCII that end with
 * CRLF, whatever the text is, but for addresses, which may be UTF-8 (RFC 6532).
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

enum { MAIL_ADDRESS_MAX = 254 }; /* bytes (RFC 5321, 4.5.3.1.3) */

/*
 * An address as it may stand in a command and in a header: a local part without
 * quotes, '@', and a domain.
 */
bool mail_is_address(struct str text);

/* "ana@example.net" or "Ana <ana@example.net>". The name may be absent. */
bool mail_parse_address(struct str text, struct str *name_r,
			struct str *address_r);

/* A header of text (RFC 5322, 2.2.1), in encoded words where it needs them
 * (RFC 2047). No text ends the header, or begins another one. */
void mail_add_text(struct buf *b, const char *name, struct str text);

/* A header with an address and its name, which may be absent. */
void mail_add_address(struct buf *b, const char *header, struct str name,
		      struct str address);

/* "Date: Fri, 21 Nov 1997 09:55:06 +0000" */
void mail_add_date(struct buf *b, int64_t us);

/* A text as quoted-printable (RFC 2045, 6.7); its lines end with '\n'. */
void mail_add_quoted(struct buf *b, struct str text);

/* Bytes as base64 (RFC 2045, 6.8). */
void mail_add_base64(struct buf *b, struct str bytes);

#endif
