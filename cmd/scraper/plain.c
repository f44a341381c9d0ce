#include "plain.h"

#include <string.h>

#include "common/xmem.h"

/* Where the digits of the scripts in use begin (Unicode's category Nd). */
static const uint32_t zeros[] = {
	0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6,
	0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0,
	0x0f20, 0x1040, 0x17e0, 0x1810, 0xff10,
};

static const struct {
	uint32_t from, to;
	char ascii; /* 0: dropped */
} replaced[] = {
	{ 0x0000, 0x0008, 0 },	  { 0x0009, 0x000d, ' ' },
	{ 0x000e, 0x001f, 0 },	  { 0x007f, 0x009f, 0 },
	{ 0x00a0, 0x00a0, ' ' },  { 0x00ad, 0x00ad, 0 },
	{ 0x00b4, 0x00b4, '\'' }, { 0x00b7, 0x00b7, '.' },
	{ 0x02bc, 0x02bc, '\'' }, { 0x060c, 0x060c, ',' },
	{ 0x061c, 0x061c, 0 },	  { 0x066a, 0x066a, '%' },
	{ 0x066b, 0x066b, '.' },  { 0x066c, 0x066c, '\'' },
	{ 0x1680, 0x1680, ' ' },  { 0x2000, 0x200a, ' ' },
	{ 0x200b, 0x200f, 0 },	  { 0x2010, 0x2015, '-' },
	{ 0x2018, 0x201b, '\'' }, { 0x2028, 0x2029, ' ' },
	{ 0x202a, 0x202e, 0 },	  { 0x202f, 0x202f, ' ' },
	{ 0x2032, 0x2032, '\'' }, { 0x205f, 0x205f, ' ' },
	{ 0x2060, 0x206f, 0 },	  { 0x2212, 0x2212, '-' },
	{ 0x3000, 0x3000, ' ' },  { 0x301c, 0x301c, '~' },
	{ 0xfeff, 0xfeff, 0 },	  { 0xff04, 0xff04, '$' },
	{ 0xff0c, 0xff0c, ',' },  { 0xff0e, 0xff0e, '.' },
	{ 0xff0d, 0xff0d, '-' },  { 0xff05, 0xff05, '%' },
	{ 0xff5e, 0xff5e, '~' },  { 0xfffd, 0xfffd, 0 },
};

static uint32_t narrow(uint32_t cp)
{
	if (cp >= ' ' && cp <= '~')
		return cp;
	for (size_t i = 0; i < ARRAY_LEN(zeros); i++)
		if (cp >= zeros[i] && cp < zeros[i] + 10)
			return '0' + (cp - zeros[i]);
	for (size_t i = 0; i < ARRAY_LEN(replaced); i++)
		if (cp >= replaced[i].from && cp <= replaced[i].to)
			return (unsigned char)replaced[i].ascii;
	return cp;
}

/* Lower case, where it has the same number of bytes. */
static uint32_t fold(uint32_t cp)
{
	if ((cp >= 'A' && cp <= 'Z') ||
	    (cp >= 0xc0 && cp <= 0xde && cp != 0xd7) ||
	    (cp >= 0x410 && cp <= 0x42f) || (cp >= 0x391 && cp <= 0x3a9))
		return cp + 32;
	if (cp >= 0x400 && cp <= 0x40f)
		return cp + 80;
	/* Latin Extended-A pairs each capital with the letter after it. */
	if ((cp >= 0x100 && cp <= 0x137 && cp != 0x130) ||
	    (cp >= 0x14a && cp <= 0x177))
		return cp | 1;
	if ((cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17e))
		return cp + (cp & 1);
	return cp;
}

static void add(struct plain *t, uint32_t cp)
{
	char raw[4], low[4];
	size_t n = utf8_encode(cp, raw);

	if (utf8_encode(fold(cp), low) != n)
		memcpy(low, raw, n);
	memcpy(t->raw + t->len, raw, n);
	memcpy(t->low + t->len, low, n);
	t->len += n;
}

void plain_make(struct str text, struct plain *t_r)
{
	t_r->len = 0;
	while (text.len && t_r->len + 4 <= PLAIN_MAX) {
		char c = text.p[0];
		uint32_t cp;
		size_t n;

		if (c >= ' ' && c <= '~') { /* as most is */
			text = str_sub(text, 1, text.len);
			t_r->raw[t_r->len] = c;
			t_r->low[t_r->len++] =
				(char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
			continue;
		}
		n = utf8_decode(text, &cp);
		text = str_sub(text, n, text.len);
		cp = narrow(cp);
		if (cp)
			add(t_r, cp);
	}
	t_r->raw[t_r->len] = t_r->low[t_r->len] = '\0';
}

static bool is_letter(uint32_t cp)
{
	if (cp < 0xc0)
		return (cp | 32) >= 'a' && (cp | 32) <= 'z';
	switch (cp) {
	case 0x00d7: /* × ÷ and currency signs outside their own block */
	case 0x00f7:
	case 0x058f:
	case 0x060b:
	case 0x09f2:
	case 0x09f3:
	case 0x0e3f:
	case 0x17db:
	case 0xfdfc: return false;
	default:
		return !(cp >= 0x2000 && cp <= 0x2bff) &&
		       !(cp >= 0x3000 && cp <= 0x9fff) &&
		       !(cp >= 0xac00 && cp <= 0xd7af) && cp < 0xfe00;
	}
}

bool plain_starts_with_letter(struct str s)
{
	uint32_t cp = 0;

	if (s.len)
		utf8_decode(s, &cp);
	return is_letter(cp);
}

bool plain_ends_with_letter(struct str s)
{
	size_t at = s.len;

	while (at > 0 && ((unsigned char)s.p[at - 1] & 0xc0) == 0x80)
		at--;
	return at > 0 && plain_starts_with_letter(str_sub(s, at - 1, s.len));
}

bool plain_letter_at(const struct plain *t, size_t i)
{
	return plain_starts_with_letter((struct str){ t->raw + i, t->len - i });
}

bool plain_letter_before(const struct plain *t, size_t i)
{
	return plain_ends_with_letter((struct str){ t->raw, i });
}

size_t plain_word_at(const struct plain *t, size_t i, const char *const words[])
{
	struct str rest = { t->low + i, t->len - i };

	if (!rest.len)
		return 0;
	for (; *words; words++) {
		struct str word;

		if (**words != t->low[i])
			continue;
		word = str_from(*words);
		if (!str_starts(rest, word))
			continue;
		if (plain_starts_with_letter(word) && plain_letter_before(t, i))
			continue;
		if (plain_ends_with_letter(word) &&
		    plain_letter_at(t, i + word.len))
			continue;
		return word.len;
	}
	return 0;
}
