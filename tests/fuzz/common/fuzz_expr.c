/*
 * An expression, NUL, JSON: what compiles has a canonical form that means the
 * same and is its own canonical form; an expression and its opposite never both
 * match.
 */
#include <assert.h>
#include <sysexits.h>

#include "common/expr.h"
#include "common/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct expr *opposite_of(struct str text)
{
	struct buf b = { 0 };
	struct expr *x;

	buf_addf(&b, "not (%.*s)", STR_ARG(text));
	x = expr_compile(buf_str(&b), NULL); /* NULL: it is too long now */
	buf_free(&b);
	return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str value, text = { (const char *)data, size };
	struct event ev = { .topic = STR("price.update/a"),
			    .source = STR("fuzz"),
			    .id = 7,
			    .time_us = 1800000000000000,
			    .recorded_us = CLK_NONE,
			    .ext = STR("{\"x\":\"y\"}") };
	struct expr *x, *again, *opposite;
	struct err e = { 0 };
	bool matched;

	text = str_cut(text, '\0', &value);
	x = expr_compile(text, &e);
	if (!x) {
		assert(e.code == EX_DATAERR && e.msg[0]);
		return 0;
	}
	again = expr_compile(expr_text(x), &e);
	assert(again && str_eq(expr_text(again), expr_text(x)));
	opposite = opposite_of(expr_text(x));
	if (json_check(value, JSON_STRICT, NULL) == 0)
		ev.data = value;
	matched = expr_match(x, &ev);
	assert(matched == expr_match(x, &ev));
	assert(matched == expr_match(again, &ev));
	if (opposite)
		assert(!matched || !expr_match(opposite, &ev));
	expr_free(&opposite);
	expr_free(&again);
	expr_free(&x);
	return 0;
}
