/* Numbers of JSON compared by their digits, however many there are. */
#include "common/json.h"

enum { EXPONENT_MAX = 1000000000 }; /* farther is as good as this far */

/* A number as sign * 0.d1d2d3... * 10^magnitude, where d1 is no zero. */
struct number {
	int sign; /* 0: it is zero */
	int64_t magnitude;
	struct str digits; /* from d1 on; may hold the point */
};

static int64_t read_exponent(struct str s)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	int64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] >= '0' && s.p[i] <= '9' && v < EXPONENT_MAX)
			v = v * 10 + (s.p[i] - '0');
	return negative ? -v : v;
}

static struct number read_number(struct str s)
{
	struct number n = { .sign = 1 };
	size_t e = 0, point, first = 0;

	if (s.len > 0 && s.p[0] == '-') {
		n.sign = -1;
		s = str_sub(s, 1, s.len);
	}
	while (e < s.len && (s.p[e] | 32) != 'e')
		e++;
	if (e < s.len)
		n.magnitude = read_exponent(str_sub(s, e + 1, s.len));
	s.len = e;
	point = str_chr(s, '.');
	if (point == (size_t)-1)
		point = s.len;
	while (first < s.len && (s.p[first] == '0' || s.p[first] == '.'))
		first++;
	n.digits = str_sub(s, first, s.len);
	n.magnitude += (int64_t)point - (int64_t)first + (first > point);
	if (n.digits.len == 0)
		n.sign = 0;
	return n;
}

/* The next digit; zeros without end behind the last. */
static char next_digit(struct str *digits)
{
	if (digits->len > 0 && digits->p[0] == '.')
		*digits = str_sub(*digits, 1, digits->len);
	if (digits->len == 0)
		return '0';
	digits->p++;
	digits->len--;
	return digits->p[-1];
}

int json_number_cmp(struct str a, struct str b)
{
	struct number x = read_number(a), y = read_number(b);

	if (x.sign != y.sign)
		return x.sign < y.sign ? -1 : 1;
	if (x.sign == 0)
		return 0;
	if (x.magnitude != y.magnitude)
		return x.magnitude < y.magnitude ? -x.sign : x.sign;
	while (x.digits.len > 0 || y.digits.len > 0) {
		char c = next_digit(&x.digits), d = next_digit(&y.digits);

		if (c != d)
			return c < d ? -x.sign : x.sign;
	}
	return 0;
}
