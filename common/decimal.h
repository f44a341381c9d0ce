#ifndef COMMON_DECIMAL_H
#define COMMON_DECIMAL_H

/*
 * decimal - exact decimal numbers, for money.
 *
 * A value is coef / 10^scale. It keeps the scale that it was written with, so
 * that "1250.60" prints as "1250.60", and compares as a number, so that
 * 2879.2 equals 2879.20. At most 30 digits, 18 of them after the point; an
 * operation that would need more reports it and never wraps.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/str.h"

enum {
	DECIMAL_DIGITS_MAX = 30,
	DECIMAL_SCALE_MAX = 18,
	DECIMAL_TEXT_MAX = 48, /* room for any value and its NUL */
};

__extension__ typedef __int128 decimal_coef;

struct decimal {
	decimal_coef coef;
	unsigned scale; /* 0 … DECIMAL_SCALE_MAX */
};

struct decimal decimal_from_int(int64_t v);

/*
 * Read [-]digits[.digits]; no exponent, no plus sign, no spaces, no leading
 * zeros before another digit. False if s is anything else or too long.
 */
bool decimal_parse(struct str s, struct decimal *d_r);

/* Also takes an exponent (JSON's number grammar), if the result fits. */
bool decimal_parse_json(struct str s, struct decimal *d_r);

/* Write d with its scale; returns out. */
const char *decimal_format(struct decimal d, char out[DECIMAL_TEXT_MAX]);

int decimal_cmp(struct decimal a, struct decimal b); /* <0, 0, >0 */
/*
 * Do two texts say the same amount, as 2879.2 and 2879.20 do? If one of them is
 * no decimal: are they the same text?
 */
bool decimal_same(struct str a, struct str b);
int decimal_sign(struct decimal d);

/* False, *r untouched, where the result does not fit. */
bool decimal_add(struct decimal a, struct decimal b, struct decimal *r);
bool decimal_sub(struct decimal a, struct decimal b, struct decimal *r);
bool decimal_mul(struct decimal a, struct decimal b, struct decimal *r);

/*
 * a / b rounded half to even at `scale` digits after the point. False if b is
 * 0 or the result does not fit.
 */
bool decimal_div(struct decimal a, struct decimal b, unsigned scale,
		 struct decimal *r);

/* Round half to even to `scale` digits (or pad with zeros if they fit). */
bool decimal_round(struct decimal a, unsigned scale, struct decimal *r);

#endif
