#include "common/expr.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/expr_private.h"
#include "common/xmem.h"

enum { EXPR_BLOCK = 1024 }; /* most expressions are short, and there are many */

static struct expr *compile(struct str text, bool is_rule, struct err *e)
{
	struct buf canonical = { 0 };
	struct expr *x;
	bool ok;

	if (text.len > EXPR_MAX) {
		err_set(e, EX_DATAERR, "longer than %d bytes", EXPR_MAX);
		return NULL;
	}
	if (!str_is_utf8(text)) {
		err_set(e, EX_DATAERR, "not UTF-8");
		return NULL;
	}
	x = xcalloc(1, sizeof(*x));
	x->memory.block = EXPR_BLOCK;
	ok = expr_parse(x, text, is_rule, e) == 0;
	if (ok) {
		expr_print(x, &canonical);
		x->text = arena_str(&x->memory, buf_str(&canonical));
		buf_free(&canonical);
	}
	if (x->text.len > EXPR_MAX) {
		err_set(e, EX_DATAERR,
			"longer than %d bytes in its canonical form", EXPR_MAX);
		ok = false;
	}
	if (!ok)
		expr_free(&x);
	return x;
}

struct expr *expr_compile(struct str text, struct err *e)
{
	return compile(text, false, e);
}

struct expr *expr_compile_rule(struct str text, struct err *e)
{
	return compile(text, true, e);
}

int expr_option(const char *text, struct expr **x_r, struct err *e)
{
	*x_r = text ? expr_compile(str_from(text), e) : NULL;
	if (!text || *x_r)
		return 0;
	e->code = EX_USAGE;
	return err_prefix(e, "--filter");
}

void expr_free(struct expr **xp)
{
	struct expr *x = *xp;

	if (!x)
		return;
	for (struct expr_node *n = x->matches; n; n = n->other)
		regex_free(&n->regex);
	arena_free(&x->memory);
	arena_free(&x->scratch);
	free(x);
	*xp = NULL;
}

struct str expr_text(const struct expr *x)
{
	return x->text;
}

uint64_t expr_given_up(const struct expr *x)
{
	return x->n_given_up;
}
