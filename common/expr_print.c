#include "common/expr_private.h"

static const char *const signs[] = {
	[EXPR_OR] = " or ",
	[EXPR_AND] = " and ",
	[EXPR_EQ] = " == ",
	[EXPR_NE] = " != ",
	[EXPR_LT] = " < ",
	[EXPR_GE] = " >= ",
	[EXPR_GT] = " > ",
	[EXPR_LE] = " <= ",
	[EXPR_IN] = " in ",
	[EXPR_CONTAINS] = " contains ",
	[EXPR_STARTS] = " starts ",
	[EXPR_MENTIONS] = " mentions ",
	[EXPR_MATCHES] = " matches ",
};

static void print_name(struct str name, struct buf *b)
{
	buf_putc(b, '[');
	buf_json_str(b, name);
	buf_putc(b, ']');
}

static void print_step(const struct expr_step *s, struct buf *b)
{
	bool is_name = expr_is_name(s->name);

	if (!s->parent) {
		buf_puts(b, "data");
	} else if (!s->parent->parent && is_name && !expr_is_word(s->name)) {
		buf_add_str(b, s->name);
	} else {
		print_step(s->parent, b);
		if (is_name)
			buf_addf(b, ".%.*s", STR_ARG(s->name));
		else if (s->name.p)
			print_name(s->name, b);
		else
			buf_addf(b, "[%zu]", s->index);
	}
}

static void print_number(struct decimal d, struct buf *b)
{
	char text[DECIMAL_TEXT_MAX];

	buf_puts(b, decimal_format(d, text));
}

/* In the largest unit that it is a whole number of, but weeks. */
static void print_window(int64_t us, struct buf *b)
{
	static const struct {
		const char *name;
		int64_t us;
	} units[] = {
		{ "d", INT64_C(86400000000) },
		{ "h", INT64_C(3600000000) },
		{ "m", 60000000 },
		{ "s", 1000000 },
		{ "ms", 1000 },
	};
	size_t i = 0;

	while (us % units[i].us)
		i++;
	buf_addf(b, "\"%lld%s\"", (long long)(us / units[i].us), units[i].name);
}

static void print_function(const struct expr_field *f, struct buf *b)
{
	buf_addf(b, "%s(", expr_functions[f->function]);
	if (f->window_us)
		print_window(f->window_us, b);
	if (f->function == EXPR_FN_DISTANCE) {
		print_number(f->at[0], b);
		buf_puts(b, ", ");
		print_number(f->at[1], b);
	}
	buf_putc(b, ')');
}

void expr_print_field(const struct expr_field *f, struct buf *b)
{
	switch (f->attr) {
	case EXPR_DATA: print_step(f->step, b); return;
	case EXPR_TEXT: buf_puts(b, "text"); return;
	case EXPR_FUNCTION: print_function(f, b); return;
	case EXPR_FURTHER:
		buf_puts(b, "event");
		print_name(f->name, b);
		return;
	default: buf_addf(b, "event.%s", expr_attrs[f->attr]); return;
	}
}

/* times * field + plus, without what changes nothing. */
static void print_term(const struct expr_term *t, struct buf *b)
{
	struct decimal plus = t->plus;

	if (t->is_sum && decimal_cmp(t->times, decimal_from_int(1)) != 0) {
		print_number(t->times, b);
		buf_puts(b, " * ");
	}
	expr_print_field(&t->field, b);
	if (!t->is_sum || plus.coef == 0)
		return;
	buf_puts(b, plus.coef < 0 ? " - " : " + ");
	if (plus.coef < 0)
		plus.coef = -plus.coef;
	print_number(plus, b);
}

static void print_value(const struct expr_value *v, struct buf *b)
{
	if (v->type == JSON_STRING)
		buf_json_str(b, v->text);
	else
		buf_add_str(b, v->text);
}

static void print_right(const struct expr_node *n, struct buf *b)
{
	bool is_list = n->kind == EXPR_IN || n->n_list > 1;

	if (!n->list)
		print_term(&n->right, b);
	if (is_list)
		buf_putc(b, '[');
	for (size_t i = 0; i < n->n_list; i++) {
		buf_puts(b, i ? ", " : "");
		print_value(&n->list[i], b);
	}
	if (is_list)
		buf_putc(b, ']');
}

/* "available" and "not available", which are == true and != true. */
static bool is_bare(const struct expr_node *n)
{
	return (n->kind == EXPR_EQ || n->kind == EXPR_NE) && n->list &&
	       n->list->type == JSON_BOOL && str_is(n->list->text, "true");
}

static void print_test(const struct expr_node *n, struct buf *b)
{
	if (n->kind == EXPR_HAS) {
		buf_puts(b, "has(");
		expr_print_field(&n->left, b);
		buf_putc(b, ')');
		return;
	}
	if (is_bare(n)) {
		buf_puts(b, n->kind == EXPR_NE ? "not " : "");
		expr_print_field(&n->left, b);
		return;
	}
	expr_print_field(&n->left, b);
	buf_puts(b, signs[n->kind]);
	print_right(n, b);
}

/* Within `outer`: parentheses where they would be read otherwise without. */
static void print_node(const struct expr_node *n, enum expr_kind outer,
		       struct buf *b)
{
	bool closed = n->kind < outer && n->kind <= EXPR_AND;

	if (closed)
		buf_putc(b, '(');
	if (n->kind == EXPR_NOT) {
		buf_puts(b, "not ");
		print_node(n->first, EXPR_NOT, b);
	} else if (n->kind > EXPR_NOT) {
		print_test(n, b);
	} else {
		for (const struct expr_node *i = n->first; i; i = i->next) {
			buf_puts(b, i == n->first ? "" : signs[n->kind]);
			print_node(i, n->kind, b);
		}
	}
	if (closed)
		buf_putc(b, ')');
}

void expr_print(const struct expr *x, struct buf *b)
{
	print_node(x->root, EXPR_OR, b);
}
