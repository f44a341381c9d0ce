#include "sms_text.h"

#include <string.h>

/* What one part holds, where it is the only one and where there are more. */
struct room {
	unsigned alone, each;
};

static const struct room gsm = { 160, 153 }, ucs2 = { 70, 67 };

/* Septets of a character in GSM's alphabet; 0: it is not there. */
static unsigned septets(uint32_t cp)
{
	/* The basic table beyond ASCII, and the extension table. */
	static const uint16_t more[] = {
		0xa1,  0xa3,  0xa4,  0xa5,  0xa7,  0xbf,  0xc4,	 0xc5,
		0xc6,  0xc7,  0xc9,  0xd1,  0xd6,  0xd8,  0xdc,	 0xdf,
		0xe0,  0xe4,  0xe5,  0xe6,  0xe8,  0xe9,  0xec,	 0xf1,
		0xf2,  0xf6,  0xf8,  0xf9,  0xfc,  0x393, 0x394, 0x398,
		0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9,
	};

	if (cp == 0x20ac || cp == '\f' ||
	    (cp && cp < 0x80 && strchr("^{}\\[~]|", (int)cp)))
		return 2;
	if (cp == '\n' || cp == '\r')
		return 1;
	if (cp < 0x80)
		return cp >= ' ' && cp != '`' && cp != 0x7f;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (more[i] == cp)
			return 1;
	return 0;
}

static unsigned units_of(uint32_t cp, const struct room *room)
{
	if (room == &gsm)
		return septets(cp);
	return cp > 0xffff ? 2 : 1;
}

bool sms_text_is_gsm(struct str text)
{
	while (text.len) {
		uint32_t cp;
		size_t n = utf8_decode(text, &cp);

		if (!septets(cp))
			return false;
		text = str_sub(text, n, text.len);
	}
	return true;
}

/*
 * The bytes of its beginning that go in so many parts of `each` units, and in
 * *parts_r how many they take.
 */
static size_t fill(struct str text, const struct room *room, unsigned each,
		   size_t parts, size_t *parts_r)
{
	size_t at = 0, full = 0;
	unsigned used = each;

	while (at < text.len) {
		uint32_t cp;
		size_t n = utf8_decode(str_sub(text, at, text.len), &cp);
		unsigned units = units_of(cp, room);

		if (used + units > each) {
			if (full == parts)
				break;
			full++;
			used = 0;
		}
		used += units;
		at += n;
	}
	*parts_r = full;
	return at;
}

static size_t measure(struct str text, const struct room *room)
{
	size_t parts;

	if (fill(text, room, room->alone, 1, &parts) < text.len)
		fill(text, room, room->each, SIZE_MAX, &parts);
	return parts;
}

size_t sms_text_parts(struct str text)
{
	return measure(text, sms_text_is_gsm(text) ? &gsm : &ucs2);
}

void sms_text_add(struct buf *b, struct str text, size_t parts)
{
	const struct room *room = sms_text_is_gsm(text) ? &gsm : &ucs2;
	struct str dots = room == &gsm ? STR("...") : STR("\xe2\x80\xa6");
	unsigned each = parts == 1 ? room->alone : room->each;
	size_t at = text.len, ignored;

	if (measure(text, room) <= parts) {
		buf_add_str(b, text);
		return;
	}
	/* The dots stand in the last part, which no pair is torn over for. */
	at = fill(text, room, each, parts, &ignored);
	for (unsigned freed = 0; freed < (room == &gsm ? 3u : 1u);) {
		uint32_t cp;

		do
			at--;
		while (at && ((unsigned char)text.p[at] & 0xc0) == 0x80);
		utf8_decode(str_sub(text, at, text.len), &cp);
		freed += units_of(cp, room);
	}
	buf_add_str(b, str_sub(text, 0, at));
	buf_add_str(b, dots);
}
