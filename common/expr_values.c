#include "common/expr_private.h"

struct values {
	struct expr *x;
	struct buf *b;
	const struct expr_field *told[2 * EXPR_NODES_MAX];
	size_t n;
};

static void print_decimal(struct values *v, const struct expr_field *f)
{
	char text[DECIMAL_TEXT_MAX];
	struct decimal d;

	if (expr_decimal(v->x, f, &d))
		buf_addf(v->b, "\"%s\"", decimal_format(d, text));
	else
		buf_puts(v->b, "null");
}

static void print_string(struct values *v, struct str text)
{
	buf_json_str(v->b, str_utf8_prefix(text, EXPR_VALUE_MAX));
}

/* The texts, with a line for each. */
static void print_texts(struct values *v)
{
	struct expr_texts it = { 0 };
	struct buf all = { 0 };
	struct str text;

	while (all.len < EXPR_VALUE_MAX && expr_next_text(v->x, &it, &text)) {
		if (all.len)
			buf_putc(&all, '\n');
		buf_add_str(&all, text);
	}
	if (all.len)
		print_string(v, buf_str(&all));
	else
		buf_puts(v->b, "null");
	buf_free(&all);
}

static void print_value(struct values *v, const struct expr_field *f)
{
	struct expr_value value = expr_value(v->x, f);

	if (value.type == JSON_STRING)
		print_string(v, value.text);
	else if (value.type == JSON_NONE || value.text.len > EXPR_VALUE_MAX)
		buf_puts(v->b, "null");
	else
		buf_add_str(v->b, value.text);
}

static bool is_same(const struct expr_field *a, const struct expr_field *b)
{
	return a->attr == b->attr && a->step == b->step &&
	       str_eq(a->name, b->name) && a->function == b->function &&
	       a->window_us == b->window_us &&
	       decimal_cmp(a->at[0], b->at[0]) == 0 &&
	       decimal_cmp(a->at[1], b->at[1]) == 0;
}

/* Once each: the first time it is not told yet. */
static bool is_told(struct values *v, const struct expr_field *f)
{
	for (size_t i = 0; i < v->n; i++)
		if (is_same(v->told[i], f))
			return true;
	v->told[v->n++] = f;
	return false;
}

static void tell(struct values *v, const struct expr_field *f)
{
	struct buf name = { 0 };

	if (is_told(v, f))
		return;
	expr_print_field(f, &name);
	if (v->n > 1)
		buf_putc(v->b, ',');
	buf_json_str(v->b, buf_str(&name));
	buf_putc(v->b, ':');
	buf_free(&name);
	if (f->attr == EXPR_FUNCTION)
		print_decimal(v, f);
	else if (f->attr == EXPR_TEXT)
		print_texts(v);
	else
		print_value(v, f);
}

static void walk(struct values *v, const struct expr_node *n)
{
	for (const struct expr_node *i = n->kind <= EXPR_NOT ? n->first : NULL;
	     i; i = i->next)
		walk(v, i);
	if (n->kind <= EXPR_NOT)
		return;
	tell(v, &n->left);
	if (!n->list && n->kind <= EXPR_LE && n->kind >= EXPR_EQ)
		tell(v, &n->right.field);
}

void expr_values(struct expr *x, const struct event *ev,
		 const struct expr_facts *facts, struct buf *b)
{
	struct values v = { .x = x, .b = b };

	expr_take(x, ev, facts);
	buf_putc(b, '{');
	walk(&v, x->root);
	buf_putc(b, '}');
}
