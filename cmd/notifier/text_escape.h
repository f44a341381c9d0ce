#ifndef NOTIFIER_TEXT_ESCAPE_H
#define NOTIFIER_TEXT_ESCAPE_H

/*
 * text_escape - count text as receivers do, and take from it the meaning that
 * it would have to them. Pure.
 */
#include "common/buf.h"
#include "common/str.h"

enum text_escape {
	TEXT_PLAIN,    /* control characters but line break and tab go */
	TEXT_HTML,     /* & < > and the quote become entities */
	TEXT_MRKDWN,   /* Slack: & < > become entities */
	TEXT_MARKDOWN, /* what Markdown gives a meaning, behind a backslash */
	TEXT_JSON,     /* the inside of a string (RFC 8259) */
	TEXT_URL,      /* percent-encoded, but for unreserved characters */
};

/* In what receivers count. */
enum text_unit { TEXT_BYTES, TEXT_CHARACTERS, TEXT_UTF16 };

size_t text_units(struct str s, enum text_unit unit);

/*
 * Add the beginning of a value, escaped, as far as whole characters go in room
 * (units of what comes out). Returns the bytes of the value that went, and in
 * *units_r what they took. b NULL: only count.
 */
size_t text_escape_add(struct buf *b, struct str value, enum text_escape how,
		       enum text_unit unit, size_t room, size_t *units_r);

#endif
