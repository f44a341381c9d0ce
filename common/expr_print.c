#include "common/expr_private.h"

static const char *const signs[] = {
	[EXPR_OR] = " or ",	    [EXPR_AND] = " and ",
	[EXPR_EQ] = " == ",	    [EXPR_NE] = " != ",
	[EXPR_LT] = " < ",	    [EXPR_GE] = " >= ",
	[EXPR_GT] = " > ",	    [EXPR_LE] = " <= ",
	[EXPR_IN] = " in ",	    [EXPR_CONTAINS] = " contains ",
	[EXPR_STARTS] = " starts ", [EXPR_MENTIONS] = " mentions ",
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

static void print_field(const struct expr_field *f, struct buf *b)
{
	if (f->attr == EXPR_DATA) {
		print_step(f->step, b);
		return;
	}
	buf_puts(b, "event");
	if (f->attr == EXPR_FURTHER)
		print_name(f->name, b);
	else
		buf_addf(b, ".%s", expr_attrs[f->attr]);
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
	if (!n->list)
		print_field(&n->right, b);
	if (n->kind == EXPR_IN)
		buf_putc(b, '[');
	for (size_t i = 0; i < n->n_list; i++) {
		buf_puts(b, i ? ", " : "");
		print_value(&n->list[i], b);
	}
	if (n->kind == EXPR_IN)
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
		print_field(&n->left, b);
		buf_putc(b, ')');
		return;
	}
	if (is_bare(n)) {
		buf_puts(b, n->kind == EXPR_NE ? "not " : "");
		print_field(&n->left, b);
		return;
	}
	print_field(&n->left, b);
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
