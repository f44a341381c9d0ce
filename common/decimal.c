#include "common/decimal.h"

#include <string.h>

static const decimal_coef COEF_MAX =
	(decimal_coef)1000000000000000 * 1000000000000000; /* 10^30 */

static decimal_coef pow10_of(unsigned n)
{
	decimal_coef p = 1;

	while (n--)
		p *= 10;
	return p;
}

static decimal_coef magnitude(decimal_coef v)
{
	return v < 0 ? -v : v;
}

static bool fits(decimal_coef v)
{
	return magnitude(v) < COEF_MAX;
}

struct decimal decimal_from_int(int64_t v)
{
	return (struct decimal){ v, 0 };
}

/* Digits of s, at most one point among them. */
static bool parse_digits(struct str s, struct decimal *d_r)
{
	struct decimal d = { 0, 0 };
	bool point = false;
	size_t digits = 0, after = 0;

	if (s.len == 0 || s.p[0] == '.' || s.p[s.len - 1] == '.')
		return false;
	if (s.len > 1 && s.p[0] == '0' && s.p[1] != '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '.') {
			if (point)
				return false;
			point = true;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		d.coef = d.coef * 10 + (s.p[i] - '0');
		if (d.coef != 0)
			digits++;
		after += point;
		if (digits > DECIMAL_DIGITS_MAX || after > DECIMAL_SCALE_MAX)
			return false;
	}
	d.scale = (unsigned)after;
	*d_r = d;
	return true;
}

bool decimal_parse(struct str s, struct decimal *d_r)
{
	bool negative = s.len && s.p[0] == '-';

	if (!parse_digits(str_sub(s, negative, s.len), d_r))
		return false;
	if (negative)
		d_r->coef = -d_r->coef;
	return true;
}

bool decimal_parse_json(struct str s, struct decimal *d_r)
{
	size_t e = str_chr(s, 'e');
	struct decimal d;
	struct str exp;
	uint64_t n;
	bool down;

	if (e == (size_t)-1)
		e = str_chr(s, 'E');
	if (e == (size_t)-1)
		return decimal_parse(s, d_r);
	exp = str_sub(s, e + 1, s.len);
	down = exp.len && exp.p[0] == '-';
	if (down || (exp.len && exp.p[0] == '+'))
		exp = str_sub(exp, 1, exp.len);
	if (!decimal_parse(str_sub(s, 0, e), &d) || !str_u64(exp, &n))
		return false;
	if (d.coef == 0) {
		d.scale = 0;
		n = 0;
	}
	for (; n > 0; n--) {
		if (down) {
			if (d.scale < DECIMAL_SCALE_MAX)
				d.scale++;
			else if (d.coef % 10 == 0)
				d.coef /= 10;
			else
				return false;
		} else if (d.scale > 0) {
			d.scale--;
		} else {
			d.coef *= 10;
			if (!fits(d.coef))
				return false;
		}
	}
	*d_r = d;
	return true;
}

const char *decimal_format(struct decimal d, char out[DECIMAL_TEXT_MAX])
{
	decimal_coef v = magnitude(d.coef);
	char tmp[DECIMAL_TEXT_MAX];
	size_t i = sizeof(tmp);
	unsigned n = 0;

	tmp[--i] = '\0';
	do {
		if (d.scale && n == d.scale)
			tmp[--i] = '.';
		tmp[--i] = (char)('0' + (int)(v % 10));
		v /= 10;
		n++;
	} while (v || n <= d.scale);
	if (d.coef < 0)
		tmp[--i] = '-';
	return memcpy(out, tmp + i, sizeof(tmp) - i);
}

/* Bring both to the larger scale; false where one of them does not fit. */
static bool align(struct decimal *a, struct decimal *b)
{
	struct decimal *low = a->scale < b->scale ? a : b;
	struct decimal *high = low == a ? b : a;

	while (low->scale < high->scale) {
		low->coef *= 10;
		low->scale++;
		if (magnitude(low->coef) >= COEF_MAX * 10000000)
			return false;
	}
	return true;
}

int decimal_cmp(struct decimal a, struct decimal b)
{
	int sa = decimal_sign(a), sb = decimal_sign(b);

	if (sa != sb)
		return sa < sb ? -1 : 1;
	/* What cannot be aligned is larger by many digits. */
	if (!align(&a, &b))
		return (magnitude(a.coef) > magnitude(b.coef) ? 1 : -1) * sa;
	return a.coef < b.coef ? -1 : a.coef > b.coef;
}

bool decimal_same(struct str a, struct str b)
{
	struct decimal x, y;

	if (decimal_parse(a, &x) && decimal_parse(b, &y))
		return decimal_cmp(x, y) == 0;
	return str_eq(a, b);
}

int decimal_sign(struct decimal d)
{
	return d.coef < 0 ? -1 : d.coef > 0;
}

bool decimal_add(struct decimal a, struct decimal b, struct decimal *r)
{
	if (!align(&a, &b) || !fits(a.coef + b.coef))
		return false;
	*r = (struct decimal){ a.coef + b.coef, a.scale };
	return true;
}

bool decimal_sub(struct decimal a, struct decimal b, struct decimal *r)
{
	b.coef = -b.coef;
	return decimal_add(a, b, r);
}

bool decimal_mul(struct decimal a, struct decimal b, struct decimal *r)
{
	struct decimal p = { 0, a.scale + b.scale };

	if (__builtin_mul_overflow(a.coef, b.coef, &p.coef))
		return false;
	if (p.scale > DECIMAL_SCALE_MAX)
		return decimal_round(p, DECIMAL_SCALE_MAX, r);
	if (!fits(p.coef))
		return false;
	*r = p;
	return true;
}

/* n / d, half to even; d > 0. */
static decimal_coef divide(decimal_coef n, decimal_coef d)
{
	decimal_coef q = n / d, rest = magnitude(n % d);

	if (rest > d - rest || (rest == d - rest && q % 2 != 0))
		q += n < 0 ? -1 : 1;
	return q;
}

bool decimal_div(struct decimal a, struct decimal b, unsigned scale,
		 struct decimal *r)
{
	decimal_coef q;
	int up = (int)scale + (int)b.scale - (int)a.scale;

	if (b.coef == 0 || scale > DECIMAL_SCALE_MAX)
		return false;
	for (; up > 0; up--)
		if (__builtin_mul_overflow(a.coef, 10, &a.coef))
			return false;
	for (; up < 0; up++)
		if (__builtin_mul_overflow(b.coef, 10, &b.coef))
			return false;
	if (b.coef < 0) {
		a.coef = -a.coef;
		b.coef = -b.coef;
	}
	q = divide(a.coef, b.coef);
	if (!fits(q))
		return false;
	*r = (struct decimal){ q, scale };
	return true;
}

bool decimal_round(struct decimal a, unsigned scale, struct decimal *r)
{
	decimal_coef v = a.coef;

	if (scale > DECIMAL_SCALE_MAX)
		return false;
	if (a.scale > scale)
		v = divide(v, pow10_of(a.scale - scale));
	for (unsigned s = a.scale; s < scale; s++) {
		v *= 10;
		if (!fits(v))
			return false;
	}
	if (!fits(v))
		return false;
	*r = (struct decimal){ v, scale };
	return true;
}
