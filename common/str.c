#include "common/str.h"

#include <string.h>

#include "common/swar.h"

bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len &&
	       str_eq((struct str){ s.p, prefix.len }, prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       str_eq(str_sub(s, s.len - suffix.len, s.len), suffix);
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c)
		return c;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
	while (s.len && is_space(s.p[0]))
		s.p++, s.len--;
	while (s.len && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

size_t str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return (size_t)-1;
	at = memmem(s.p, s.len, needle.p, needle.len);
	return at ? (size_t)(at - s.p) : (size_t)-1;
}

size_t str_chr(struct str s, char c)
{
	const char *at = s.len ? memchr(s.p, c, s.len) : NULL;

	return at ? (size_t)(at - s.p) : (size_t)-1;
}

struct str str_cut(struct str s, char c, struct str *rest_r)
{
	size_t at = str_chr(s, c);

	if (at == (size_t)-1) {
		*rest_r = (struct str){ 0 };
		return s;
	}
	*rest_r = str_sub(s, at + 1, s.len);
	return str_sub(s, 0, at);
}

/* They are few: a call of strchr() for each character costs more. */
static bool is_one_of(char c, const char *seps)
{
	for (; *seps; seps++)
		if (*seps == c)
			return true;
	return false;
}

bool str_token(struct str *s, const char *seps, struct str *token_r)
{
	size_t i = 0, start;

	while (i < s->len && is_one_of(s->p[i], seps))
		i++;
	if (i == s->len) {
		*s = str_sub(*s, i, i);
		return false;
	}
	start = i;
	while (i < s->len && !is_one_of(s->p[i], seps))
		i++;
	*token_r = str_sub(*s, start, i);
	*s = str_sub(*s, i, s->len);
	return true;
}

uint64_t str_hash(struct str s)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
	return h;
}

/*
 * The finalizer of MurmurHash3 (Appleby, github.com/aappleby/smhasher), in
 * which every bit of the input moves every bit of the result; one to one.
 */
uint64_t str_hash_id(struct str s)
{
	uint64_t h = str_hash(s);

	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

uint64_t str_hash_fast(struct str s)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = s.len * k, last = 0;

	for (; s.len >= 8; s.p += 8, s.len -= 8) {
		h = (h ^ swar_load(s.p)) * k;
		h ^= h >> 32;
	}
	if (s.len)
		memcpy(&last, s.p, s.len);
	h = (h ^ last) * k;
	return h ^ h >> 32;
}

bool str_u64(struct str s, uint64_t *v_r)
{
	uint64_t v = 0;

	if (s.len == 0 || s.len > 20)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';

		if (d > 9 || __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return false;
	}
	*v_r = v;
	return true;
}

/* Two digits a division: half the divisions, and those are what it costs. */
size_t str_put_u64(char out[STR_U64_MAX], uint64_t v)
{
	static const char pairs[] = "00010203040506070809"
				    "10111213141516171819"
				    "20212223242526272829"
				    "30313233343536373839"
				    "40414243444546474849"
				    "50515253545556575859"
				    "60616263646566676869"
				    "70717273747576777879"
				    "80818283848586878889"
				    "90919293949596979899";
	char tmp[STR_U64_MAX];
	size_t i = sizeof(tmp);

	for (; v >= 100; v /= 100) {
		i -= 2;
		memcpy(tmp + i, pairs + v % 100 * 2, 2);
	}
	if (v >= 10) {
		i -= 2;
		memcpy(tmp + i, pairs + v * 2, 2);
	} else {
		tmp[--i] = (char)('0' + v);
	}
	memcpy(out, tmp + i, sizeof(tmp) - i);
	return sizeof(tmp) - i;
}

bool str_duration_ms(struct str s, int64_t *ms_r)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
		{ "ms", 1 },	  { "s", 1000 },     { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 },
	};
	const int64_t max = 3650 * INT64_C(86400000);
	struct str unit;
	uint64_t n;
	size_t i = 0;

	while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	if (!str_u64(str_sub(s, 0, i), &n))
		return false;
	unit = str_sub(s, i, s.len);
	if (n == 0 && unit.len == 0) {
		*ms_r = 0;
		return true;
	}
	for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++) {
		if (!str_is(unit, units[k].unit))
			continue;
		if (n > (uint64_t)(max / units[k].ms))
			return false;
		*ms_r = (int64_t)n * units[k].ms;
		return true;
	}
	return false;
}

size_t utf8_decode(struct str s, uint32_t *cp_r)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t cp, min;
	size_t n;

	*cp_r = 0xfffd;
	if (p[0] < 0x80) {
		*cp_r = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2, cp = p[0] & 0x1f, min = 0x80;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3, cp = p[0] & 0x0f, min = 0x800;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4, cp = p[0] & 0x07, min = 0x10000;
	else
		return 1;
	if (s.len < n)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 1;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if (cp < min || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return 1;
	*cp_r = cp;
	return n;
}

bool str_is_utf8(struct str s)
{
	size_t i = 0;

	while (i < s.len) {
		uint32_t cp;

		/* Most text is ASCII. */
		if (s.len - i >= 32 &&
		    !swar_high(swar_load(s.p + i) | swar_load(s.p + i + 8) |
			       swar_load(s.p + i + 16) |
			       swar_load(s.p + i + 24))) {
			i += 32;
			continue;
		}
		if (s.len - i >= 8 && !swar_high(swar_load(s.p + i))) {
			i += 8;
			continue;
		}
		if ((unsigned char)s.p[i] < 0x80) {
			i++;
			continue;
		}
		size_t n = utf8_decode(str_sub(s, i, s.len), &cp);

		if (n == 1)
			return false;
		i += n;
	}
	return true;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

struct str str_utf8_prefix(struct str s, size_t max)
{
	size_t n = max;

	if (s.len <= max)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_sub(s, 0, n);
}

void str_make_printable(char *s)
{
	struct str rest = str_from(s);
	char *out = s;

	while (rest.len) {
		uint32_t cp;
		size_t n = utf8_decode(rest, &cp);
		bool broken = n == 1 && (unsigned char)rest.p[0] >= 0x80;

		if (broken || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			*out++ = '?';
		else
			for (size_t i = 0; i < n; i++)
				*out++ = rest.p[i];
		rest = str_sub(rest, n, rest.len);
	}
	*out = '\0';
}

bool str_copy(char *dst, size_t size, struct str s)
{
	size_t n = s.len < size ? s.len : size - 1;

	if (n)
		memcpy(dst, s.p, n);
	dst[n] = '\0';
	return n == s.len;
}

bool str_is_id(struct str s)
{
	if (s.len == 0 || s.len > STR_ID_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '.' || c == '_' ||
		      c == '-'))
			return false;
	}
	return true;
}
