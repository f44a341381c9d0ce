#ifndef COMMON_STR_H
#define COMMON_STR_H

/*
 * str - a piece of text that somebody else owns, and what is asked of text.
 *
 * A struct str borrows bytes: it is not NUL-terminated, is valid as long as
 * its owner says, and is passed by value. p may be NULL only when len is 0;
 * a NULL p means "absent" where a function says so. Nothing here allocates,
 * looks at the locale, or fails loudly.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t len;
};

/* A struct str from a literal, usable in initialisers. */
#define STR(lit)   ((struct str){ (lit), sizeof(lit) - 1 })
/* For printf: "%.*s", STR_ARG(s). */
#define STR_ARG(s) (int)(s).len, (s).p ? (s).p : ""

/*
 * These few are called for each byte, node and member, mostly with a constant:
 * the compiler shall see into them. NULL gives the absent string.
 */
static inline struct str str_from(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool str_is(struct str a, const char *s)
{
	return str_eq(a, str_from(s));
}

/* Is it one of these? The last of them is NULL. */
static inline bool str_is_any(struct str s, const char *const *names)
{
	for (; *names; names++)
		if (str_is(s, *names))
			return true;
	return false;
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
int str_cmp(struct str a, struct str b); /* bytes, shorter first on a tie */
bool str_eq_nocase(struct str a, struct str b); /* ASCII only */
struct str str_trim(struct str s);		/* space, tab, CR, LF, FF, VT */
static inline struct str str_sub(struct str s, size_t from, size_t to)
{ /* [from, to) */
	if (to > s.len)
		to = s.len;
	if (from > to)
		from = to;
	return (struct str){ s.p ? s.p + from : NULL, to - from };
}

/* The first position of needle in s, or (size_t)-1. */
size_t str_find(struct str s, struct str needle);
size_t str_chr(struct str s, char c);

/*
 * Cut s at the first c: returns what stands before it and sets *rest_r to
 * what comes after it (absent where there is no c).
 */
struct str str_cut(struct str s, char c, struct str *rest_r);

/*
 * The next token of *s between characters of seps; empty ones are skipped.
 * Returns false at the end.
 */
bool str_token(struct str *s, const char *seps, struct str *token_r);

/* FNV-1a, 64 bits: for hash tables in memory and stable short ids. */
uint64_t str_hash(struct str s);

/*
 * The same with its bits mixed, for ids that leave the process: as unique as
 * str_hash(), but the ids of neighbours have nothing in common. Any part of it
 * is as good as any other.
 */
uint64_t str_hash_id(struct str s);

/* For hash tables in memory only: another machine may give another one. */
uint64_t str_hash_fast(struct str s);

/* Digits only, no sign, no space. False on overflow or anything else. */
bool str_u64(struct str s, uint64_t *v_r);

/* Write v in digits, without a NUL; returns their number. */
enum { STR_U64_MAX = 20 };
size_t str_put_u64(char out[STR_U64_MAX], uint64_t v);

/*
 * A duration such as "250ms", "90s", "15m", "1h", "7d", "2w"; a bare number
 * other than 0 is refused, so that nobody has to guess its unit. Result in
 * milliseconds, at most ten years.
 */
bool str_duration_ms(struct str s, int64_t *ms_r);

/* True if s is valid UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool str_is_utf8(struct str s);

/*
 * Decode one character at s.p (len > 0). Returns its length, 1 and U+FFFD
 * where the bytes are not UTF-8.
 */
size_t utf8_decode(struct str s, uint32_t *cp_r);

/* Encode cp into out (4 bytes); returns the length. Surrogates: U+FFFD. */
size_t utf8_encode(uint32_t cp, char out[4]);

/* The longest prefix of at most max bytes that ends between characters. */
struct str str_utf8_prefix(struct str s, size_t max);

/* Replace control characters and broken UTF-8 by '?', in place. */
void str_make_printable(char *s);

/*
 * Copy into a buffer of size bytes, NUL-terminated, cut to fit. False if it
 * had to be cut.
 */
bool str_copy(char *dst, size_t size, struct str s);

/*
 * An id that users choose: [A-Za-z0-9._-], 1 to 128 bytes (design, "The
 * event").
 */
enum { STR_ID_MAX = 128 };
bool str_is_id(struct str s);

#endif
