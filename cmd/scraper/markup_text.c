#include "markup_text.h"

#include <string.h>

#include "common/xmem.h"

#include "plain.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Is the white space at i beside a point: "14 \n .59"? */
static bool is_by_point(struct str s, size_t i)
{
	size_t before = i, after = i;

	while (before > 0 && is_space(s.p[before]))
		before--;
	while (after + 1 < s.len && is_space(s.p[after]))
		after++;
	return s.p[before] == '.' || s.p[before] == ',' || s.p[after] == '.' ||
	       s.p[after] == ',';
}

/*
 * Digits with at most separators between them make one number; bytes above
 * ASCII are those of spaces that do not break (U+00A0, U+202F) and of U+2019.
 */
static unsigned count_numbers(struct str s)
{
	unsigned n = 0;
	bool in = false;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= '0' && c <= '9') {
			n += !in;
			in = true;
		} else if (in && !strchr(".,' ", c) && c != 0xa0 && c != 0xc2 &&
			   c != 0xe2 && c != 0x80 && c != 0xaf && c != 0x99) {
			in = is_space(s.p[i]) && is_by_point(s, i);
		}
	}
	return n;
}

/* " - ", or a dash of another length. */
static bool has_dash(struct str s)
{
	for (size_t i = 0; i + 2 < s.len; i++)
		if (!memcmp(s.p + i, " - ", 3) ||
		    !memcmp(s.p + i, "\xe2\x80\x93", 3) ||
		    !memcmp(s.p + i, "\xe2\x80\x94", 3))
			return true;
	return false;
}

/* UTF-8's digits of scripts that shops are written in begin so. */
static bool has_other_digit(struct str s)
{
	static const struct {
		struct str lead;
		unsigned char first; /* of ten last bytes */
	} scripts[] = {
		{ { "\xd9", 1 }, 0xa0 },     /* Arabic */
		{ { "\xdb", 1 }, 0xb0 },     /* Persian */
		{ { "\xe0\xa5", 2 }, 0xa6 }, /* Devanagari */
		{ { "\xe0\xa7", 2 }, 0xa6 }, /* Bengali */
		{ { "\xe0\xb9", 2 }, 0x90 }, /* Thai */
		{ { "\xef\xbc", 2 }, 0x90 }, /* full width */
	};

	for (size_t i = 0; i + 1 < s.len; i++) {
		if ((unsigned char)s.p[i] < 0xd9)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(scripts); k++) {
			struct str lead = scripts[k].lead;

			if (i + lead.len < s.len &&
			    !memcmp(s.p + i, lead.p, lead.len) &&
			    (unsigned char)(s.p[i + lead.len] -
					    scripts[k].first) < 10)
				return true;
		}
	}
	return false;
}

bool markup_text_has_digit(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9')
			return true;
	return has_other_digit(s);
}

bool markup_text_is_price(struct str s)
{
	struct plain t;
	unsigned n;

	if (has_other_digit(s)) {
		plain_make(s, &t);
		s = (struct str){ t.raw, t.len };
	}
	n = count_numbers(s);
	return n == 1 || (n == 2 && has_dash(s));
}

bool markup_text_has_letter(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z')
			return true;
	return false;
}
