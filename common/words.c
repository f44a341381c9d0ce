#include "common/words.h"

#include <assert.h>
#include <string.h>

#include "common/words_fold.h"

static uint32_t fold(uint32_t cp)
{
	uint32_t block = cp >> FOLD_BITS;

	if (block >= FOLD_BLOCKS || !fold_block[block])
		return cp;
	return fold_to[fold_block[block] - 1][cp & ((1 << FOLD_BITS) - 1)];
}

uint32_t words_fold(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
	return fold(cp);
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

/* ---- rows ---- */

/* What a character is to a row, if it is no letter. */
enum { SEPARATOR = ' ', MARK = 0 };

/* Folded letters and digits; all else of ASCII separates. */
static const char ascii[0x80 + 1] = "                                "
				    "                0123456789      "
				    " abcdefghijklmnopqrstuvwxyz     "
				    " abcdefghijklmnopqrstuvwxyz     ";

static uint32_t read_wide(const char **p, const char *end)
{
	uint32_t cp;

	*p += utf8_decode((struct str){ *p, (size_t)(end - *p) }, &cp);
	return is_word(cp) ? fold(cp) : SEPARATOR;
}

/* The next character, folded, or SEPARATOR, or MARK. */
static inline uint32_t read_next(const char **p, const char *end)
{
	unsigned char c = (unsigned char)**p;

	if (c >= 0x80)
		return read_wide(p, end);
	++*p;
	return (uint32_t)ascii[c];
}

/* A text whose row is being written, a part at a time. */
struct row {
	const char *p, *end; /* what is to come of the text */
	bool in_word;
};

enum { STEP = 5 }; /* bytes that one character adds: a space and itself */

/*
 * Write what comes next of the row, but for the space at its very end, to out,
 * which has room for `size` bytes; goes on while a character fits.
 */
static size_t write_row(struct row *r, char *out, size_t size)
{
	const char *p = r->p, *end = r->end;
	char *o = out, *last = out + size - STEP;
	bool in_word = r->in_word;

	while (p < end && o <= last) {
		uint32_t cp = read_next(&p, end);

		if (cp == SEPARATOR) {
			in_word = false;
			continue;
		}
		if (cp == MARK)
			continue;
		if (!in_word)
			*o++ = ' ';
		in_word = true;
		if (cp < 0x80)
			*o++ = (char)cp;
		else
			o += utf8_encode(cp, o);
	}
	r->p = p;
	r->in_word = in_word;
	return (size_t)(o - out);
}

void words_add(struct buf *b, struct str text)
{
	struct row r = { text.p, text.len ? text.p + text.len : text.p, false };
	/* No byte of a text adds more than two to its row. */
	size_t size = 2 * text.len + STEP;
	char *out = buf_reserve(b, size);
	size_t n;

	if (!out || !text.p)
		return;
	n = write_row(&r, out, size);
	if (n > 0)
		out[n++] = ' ';
	out[n] = '\0';
	b->len += n;
}

/* Is there a '*' directly behind its last word, and nothing but space after? */
static bool is_prefix(struct str text)
{
	struct str all = str_trim(text);
	const char *p = all.p;
	uint32_t last = SEPARATOR, cp;

	if (!str_ends(all, STR("*")))
		return false;
	while (p < all.p + all.len - 1) {
		cp = read_next(&p, all.p + all.len);
		last = cp == MARK ? last : cp;
	}
	return last != SEPARATOR;
}

void words_phrase(struct buf *b, struct str text)
{
	words_add(b, text);
	if (is_prefix(text))
		b->p[--b->len] = '\0';
}

bool words_any(struct str text)
{
	const char *p = text.p, *end = text.p + text.len;

	while (p < end) {
		uint32_t cp = read_next(&p, end);

		if (cp != SEPARATOR && cp != MARK)
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
 * the row that ends its first i + 1 bytes, which is where to go on when the
 * byte behind them does not fit.
 */
void words_table(struct str row, uint16_t *table)
{
	uint16_t n = 0;

	table[0] = 0;
	for (size_t i = 1; i < row.len; i++) {
		while (n > 0 && row.p[i] != row.p[n])
			n = table[n - 1];
		n += row.p[i] == row.p[n];
		table[i] = n;
	}
}

/* Does the phrase end in these bytes of a row? *n_r of it were there before. */
static inline bool ends_in(const struct words_wanted *w, const char *p,
			   size_t len, uint16_t *n_r)
{
	const char *row = w->row.p;
	size_t n = *n_r;

	for (size_t i = 0; i < len; i++) {
		while (n > 0 && p[i] != row[n])
			n = w->table[n - 1];
		n += p[i] == row[n];
		if (n == w->row.len)
			return true;
	}
	*n_r = (uint16_t)n;
	return false;
}

bool words_mention(struct str text, const struct words_wanted *any, size_t n)
{
	struct row r = { text.p, text.len ? text.p + text.len : text.p, false };
	uint16_t found[WORDS_WANTED_MAX];
	char part[256];
	size_t len;
	bool more = text.len > 0;

	assert(n <= WORDS_WANTED_MAX);
	memset(found, 0, n * sizeof(*found));
	while (more) {
		len = write_row(&r, part, sizeof(part) - 1);
		more = r.p < r.end;
		if (!more)
			part[len++] = ' ';
		for (size_t i = 0; i < n; i++)
			if (ends_in(&any[i], part, len, &found[i]))
				return true;
	}
	return false;
}
