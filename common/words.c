#include "common/words.h"

struct fold_range {
	uint16_t first, last;
	uint8_t step;
	int16_t delta;
};

/* From Unicode's CaseFolding.txt, simple foldings; sorted. */
static const struct fold_range folds[] = {
	{ 0x0041, 0x005a, 1, 32 },    { 0x00c0, 0x00d6, 1, 32 },
	{ 0x00d8, 0x00de, 1, 32 },    { 0x0100, 0x012e, 2, 1 },
	{ 0x0132, 0x0136, 2, 1 },     { 0x0139, 0x0147, 2, 1 },
	{ 0x014a, 0x0176, 2, 1 },     { 0x0178, 0x0178, 1, -121 },
	{ 0x0179, 0x017d, 2, 1 },     { 0x017f, 0x017f, 1, -268 },
	{ 0x0181, 0x0181, 1, 210 },   { 0x0182, 0x0184, 2, 1 },
	{ 0x0186, 0x0186, 1, 206 },   { 0x0187, 0x0187, 1, 1 },
	{ 0x0189, 0x018a, 1, 205 },   { 0x018b, 0x018b, 1, 1 },
	{ 0x018e, 0x018e, 1, 79 },    { 0x018f, 0x018f, 1, 202 },
	{ 0x0190, 0x0190, 1, 203 },   { 0x0191, 0x0191, 1, 1 },
	{ 0x0193, 0x0193, 1, 205 },   { 0x0194, 0x0194, 1, 207 },
	{ 0x0196, 0x0196, 1, 211 },   { 0x0197, 0x0197, 1, 209 },
	{ 0x0198, 0x0198, 1, 1 },     { 0x019c, 0x019c, 1, 211 },
	{ 0x019d, 0x019d, 1, 213 },   { 0x019f, 0x019f, 1, 214 },
	{ 0x01a0, 0x01a4, 2, 1 },     { 0x01a6, 0x01a6, 1, 218 },
	{ 0x01a7, 0x01a7, 1, 1 },     { 0x01a9, 0x01a9, 1, 218 },
	{ 0x01ac, 0x01ac, 1, 1 },     { 0x01ae, 0x01ae, 1, 218 },
	{ 0x01af, 0x01af, 1, 1 },     { 0x01b1, 0x01b2, 1, 217 },
	{ 0x01b3, 0x01b5, 2, 1 },     { 0x01b7, 0x01b7, 1, 219 },
	{ 0x01b8, 0x01b8, 1, 1 },     { 0x01bc, 0x01bc, 1, 1 },
	{ 0x01c4, 0x01c4, 1, 2 },     { 0x01c5, 0x01c5, 1, 1 },
	{ 0x01c7, 0x01c7, 1, 2 },     { 0x01c8, 0x01c8, 1, 1 },
	{ 0x01ca, 0x01ca, 1, 2 },     { 0x01cb, 0x01db, 2, 1 },
	{ 0x01de, 0x01ee, 2, 1 },     { 0x01f1, 0x01f1, 1, 2 },
	{ 0x01f2, 0x01f4, 2, 1 },     { 0x01f6, 0x01f6, 1, -97 },
	{ 0x01f7, 0x01f7, 1, -56 },   { 0x01f8, 0x021e, 2, 1 },
	{ 0x0220, 0x0220, 1, -130 },  { 0x0222, 0x0232, 2, 1 },
	{ 0x023a, 0x023a, 1, 10795 }, { 0x023b, 0x023b, 1, 1 },
	{ 0x023d, 0x023d, 1, -163 },  { 0x023e, 0x023e, 1, 10792 },
	{ 0x0241, 0x0241, 1, 1 },     { 0x0243, 0x0243, 1, -195 },
	{ 0x0244, 0x0244, 1, 69 },    { 0x0245, 0x0245, 1, 71 },
	{ 0x0246, 0x024e, 2, 1 },     { 0x0370, 0x0372, 2, 1 },
	{ 0x0376, 0x0376, 1, 1 },     { 0x037f, 0x037f, 1, 116 },
	{ 0x0386, 0x0386, 1, 38 },    { 0x0388, 0x038a, 1, 37 },
	{ 0x038c, 0x038c, 1, 64 },    { 0x038e, 0x038f, 1, 63 },
	{ 0x0391, 0x03a1, 1, 32 },    { 0x03a3, 0x03ab, 1, 32 },
	{ 0x03c2, 0x03c2, 1, 1 },     { 0x03cf, 0x03cf, 1, 8 },
	{ 0x03d0, 0x03d0, 1, -30 },   { 0x03d1, 0x03d1, 1, -25 },
	{ 0x03d5, 0x03d5, 1, -15 },   { 0x03d6, 0x03d6, 1, -22 },
	{ 0x03d8, 0x03ee, 2, 1 },     { 0x03f0, 0x03f0, 1, -54 },
	{ 0x03f1, 0x03f1, 1, -48 },   { 0x03f4, 0x03f4, 1, -60 },
	{ 0x03f5, 0x03f5, 1, -64 },   { 0x03f7, 0x03f7, 1, 1 },
	{ 0x03f9, 0x03f9, 1, -7 },    { 0x03fa, 0x03fa, 1, 1 },
	{ 0x03fd, 0x03ff, 1, -130 },  { 0x0400, 0x040f, 1, 80 },
	{ 0x0410, 0x042f, 1, 32 },    { 0x0460, 0x0480, 2, 1 },
	{ 0x048a, 0x04be, 2, 1 },     { 0x04c0, 0x04c0, 1, 15 },
	{ 0x04c1, 0x04cd, 2, 1 },     { 0x04d0, 0x052e, 2, 1 },
	{ 0x0531, 0x0556, 1, 48 },    { 0x1e00, 0x1e94, 2, 1 },
	{ 0x1e9b, 0x1e9b, 1, -58 },   { 0x1e9e, 0x1e9e, 1, -7615 },
	{ 0x1ea0, 0x1efe, 2, 1 },     { 0x1f08, 0x1f0f, 1, -8 },
	{ 0x1f18, 0x1f1d, 1, -8 },    { 0x1f28, 0x1f2f, 1, -8 },
	{ 0x1f38, 0x1f3f, 1, -8 },    { 0x1f48, 0x1f4d, 1, -8 },
	{ 0x1f59, 0x1f5f, 2, -8 },    { 0x1f68, 0x1f6f, 1, -8 },
	{ 0x1f88, 0x1f8f, 1, -8 },    { 0x1f98, 0x1f9f, 1, -8 },
	{ 0x1fa8, 0x1faf, 1, -8 },    { 0x1fb8, 0x1fb9, 1, -8 },
	{ 0x1fba, 0x1fbb, 1, -74 },   { 0x1fbc, 0x1fbc, 1, -9 },
	{ 0x1fbe, 0x1fbe, 1, -7173 }, { 0x1fc8, 0x1fcb, 1, -86 },
	{ 0x1fcc, 0x1fcc, 1, -9 },    { 0x1fd8, 0x1fd9, 1, -8 },
	{ 0x1fda, 0x1fdb, 1, -100 },  { 0x1fe8, 0x1fe9, 1, -8 },
	{ 0x1fea, 0x1feb, 1, -112 },  { 0x1fec, 0x1fec, 1, -7 },
	{ 0x1ff8, 0x1ff9, 1, -128 },  { 0x1ffa, 0x1ffb, 1, -126 },
	{ 0x1ffc, 0x1ffc, 1, -9 },    { 0xff21, 0xff3a, 1, 32 },
};

uint32_t words_fold(uint32_t cp)
{
	size_t low = 0, high = sizeof(folds) / sizeof(folds[0]);

	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct fold_range *r = &folds[mid];

		if (cp > r->last)
			low = mid + 1;
		else if (cp < r->first)
			high = mid;
		else if ((cp - r->first) % r->step == 0)
			return (uint32_t)((int32_t)cp + r->delta);
		else
			return cp;
	}
	return cp;
}

/* Punctuation, symbols and spaces beyond ASCII, as far as text has them. */
static const struct {
	uint32_t first, last;
} separators[] = {
	{ 0x80, 0xa9 },	      { 0xab, 0xb1 },	  { 0xb4, 0xb4 },
	{ 0xb6, 0xb8 },	      { 0xbb, 0xbf },	  { 0xd7, 0xd7 },
	{ 0xf7, 0xf7 },	      { 0x2c2, 0x2df },	  { 0x37e, 0x37e },
	{ 0x387, 0x387 },     { 0x55a, 0x55f },	  { 0x589, 0x58f },
	{ 0x60c, 0x60d },     { 0x61b, 0x61f },	  { 0x66a, 0x66d },
	{ 0x6d4, 0x6d4 },     { 0x1680, 0x1680 }, { 0x2000, 0x206f },
	{ 0x207a, 0x207e },   { 0x208a, 0x208e }, { 0x20a0, 0x20cf },
	{ 0x2190, 0x245f },   { 0x2500, 0x2bff }, { 0x2e00, 0x2e7f },
	{ 0x3000, 0x3004 },   { 0x3008, 0x3020 }, { 0x3030, 0x3030 },
	{ 0x30fb, 0x30fb },   { 0xe000, 0xf8ff }, { 0xfe10, 0xfe1f },
	{ 0xfe30, 0xfe6f },   { 0xff01, 0xff0f }, { 0xff1a, 0xff20 },
	{ 0xff3b, 0xff40 },   { 0xff5b, 0xff65 }, { 0xffe0, 0xffff },
	{ 0x1f000, 0x1faff },
};

static bool is_word(uint32_t cp)
{
	size_t low = 0, high = sizeof(separators) / sizeof(separators[0]);

	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'a' && cp <= 'z') ||
		       (cp >= 'A' && cp <= 'Z');
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (cp > separators[mid].last)
			low = mid + 1;
		else if (cp < separators[mid].first)
			high = mid;
		else
			return false;
	}
	return true;
}

void words_add(struct buf *b, struct str text)
{
	/* A space and a letter for each byte; no folding needs more. */
	char *start = buf_reserve(b, 2 * text.len + 1), *out = start;
	bool in_word = false;

	if (!start)
		return;
	for (size_t i = 0; i < text.len;) {
		uint32_t cp;

		i += utf8_decode(str_sub(text, i, text.len), &cp);
		if (!is_word(cp)) {
			in_word = false;
			continue;
		}
		if (!in_word)
			*out++ = ' ';
		in_word = true;
		out += utf8_encode(words_fold(cp), out);
	}
	if (out > start)
		*out++ = ' ';
	*out = '\0';
	b->len += (size_t)(out - start);
}

void words_phrase(struct buf *b, struct str text)
{
	struct str trimmed = str_trim(text);
	size_t before = b->len;
	uint32_t cp = 0;

	words_add(b, text);
	if (b->len == before || !str_ends(trimmed, STR("*")))
		return;
	/* Directly behind a word: what ends "red *" is no beginning. */
	for (size_t i = 0; i + 1 < trimmed.len;)
		i += utf8_decode(str_sub(trimmed, i, trimmed.len), &cp);
	if (is_word(cp))
		b->p[--b->len] = '\0';
}

bool words_any(struct str text)
{
	uint32_t cp;

	for (size_t i = 0; i < text.len;) {
		i += utf8_decode(str_sub(text, i, text.len), &cp);
		if (is_word(cp))
			return true;
	}
	return false;
}

bool words_contain(struct str row, struct str phrase)
{
	return str_find(row, phrase) != (size_t)-1;
}

/*
 * Knuth, Morris, Pratt: table[i] is the length of the longest proper prefix of
 * phrase that ends its first i + 1 bytes, which is where to go on when the
 * byte behind them does not fit.
 */
void words_table(struct str phrase, uint16_t *table)
{
	uint16_t n = 0;

	table[0] = 0;
	for (size_t i = 1; i < phrase.len; i++) {
		while (n > 0 && phrase.p[i] != phrase.p[n])
			n = table[n - 1];
		n += phrase.p[i] == phrase.p[n];
		table[i] = n;
	}
}

struct mention {
	struct str phrase;
	const uint16_t *table;
	size_t n; /* so many bytes of the phrase end what was added */
};

/* The next bytes of the row; true: the phrase is in. */
static bool mention_add(struct mention *m, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		while (m->n > 0 && p[i] != m->phrase.p[m->n])
			m->n = m->table[m->n - 1];
		m->n += p[i] == m->phrase.p[m->n];
		if (m->n == m->phrase.len)
			return true;
	}
	return false;
}

bool words_mention(struct str text, struct str phrase, const uint16_t *table)
{
	struct mention m = { phrase, table, 0 };
	bool in_word = false;

	/* One space before the row, and one at the end of each word. */
	mention_add(&m, " ", 1);
	for (size_t i = 0; i < text.len;) {
		char bytes[4];
		uint32_t cp;

		i += utf8_decode(str_sub(text, i, text.len), &cp);
		if (is_word(cp)) {
			size_t n = utf8_encode(words_fold(cp), bytes);

			in_word = true;
			if (mention_add(&m, bytes, n))
				return true;
		} else if (in_word) {
			in_word = false;
			if (mention_add(&m, " ", 1))
				return true;
		}
	}
	return in_word && mention_add(&m, " ", 1);
}
