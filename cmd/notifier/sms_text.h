#ifndef NOTIFIER_SMS_TEXT_H
#define NOTIFIER_SMS_TEXT_H

/*
 * sms_text - how many parts a text takes as a short message, and its beginning
 * that takes no more. Pure.
 *
 * A text of the alphabet of GSM 03.38 alone has 160 characters in one part and
 * 153 in each of several, where some (the extension table: ^ { } \ [ ~ ] | and
 * the euro) count twice; any other is sent as UCS-2 with 70 and 67, where what
 * lies beyond the basic plane counts twice. Nothing that counts twice is torn
 * apart by the end of a part. 3GPP TS 23.038, 6.2; TS 23.040, 9.2.3.24.1.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/str.h"

/* May all of it be sent in GSM's alphabet? */
bool sms_text_is_gsm(struct str text);

/* 0 for an empty text. */
size_t sms_text_parts(struct str text);

/*
 * Add as much of it as goes in so many parts. Where something had to go, "..."
 * or "…" stands at the end, as the alphabet has it.
 */
void sms_text_add(struct buf *b, struct str text, size_t parts);

#endif
