/* "a b": whatever is a decimal prints as itself, and arithmetic agrees. */
#include <assert.h>

#include "common/decimal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str s, struct decimal d)
{
	char text[DECIMAL_TEXT_MAX];
	struct decimal again;

	decimal_format(d, text);
	/* Only a negative zero loses its sign. */
	assert(str_is(s, text) ||
	       (decimal_sign(d) == 0 && str_starts(s, STR("-"))));
	assert(decimal_parse(str_from(text), &again));
	assert(decimal_cmp(d, again) == 0 && d.scale == again.scale);
}

static void check_pair(struct decimal a, struct decimal b)
{
	struct decimal sum, back, r;
	int order = decimal_cmp(a, b);

	assert((order < 0) == (decimal_cmp(b, a) > 0));
	if (decimal_sub(a, b, &r))
		assert(decimal_sign(r) == (order > 0) - (order < 0));
	if (decimal_add(a, b, &sum) && decimal_sub(sum, b, &back))
		assert(decimal_cmp(back, a) == 0);
	if (decimal_mul(a, b, &r) && a.scale + b.scale <= DECIMAL_SCALE_MAX &&
	    decimal_sign(b) && decimal_div(r, b, a.scale, &back))
		assert(decimal_cmp(back, a) == 0);
	for (unsigned scale = 0; scale <= DECIMAL_SCALE_MAX; scale++)
		if (decimal_div(a, b, scale, &r) || decimal_round(a, scale, &r))
			assert(r.scale == scale);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str second, s = { (const char *)data, size };
	struct decimal a, b, json;
	bool got_a, got_b;

	s = str_cut(s, ' ', &second);
	got_a = decimal_parse(s, &a);
	got_b = decimal_parse(second, &b);
	if (got_a) {
		check_text(s, a);
		assert(decimal_parse_json(s, &json));
		assert(decimal_cmp(a, json) == 0);
	}
	if (got_a && got_b)
		check_pair(a, b);
	decimal_parse_json(second, &json);
	return 0;
}
