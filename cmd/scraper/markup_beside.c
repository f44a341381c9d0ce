#include "markup_beside.h"

#include "common/xmem.h"

#include "markup_text.h"
#include "price.h"

enum {
	ROW_LEN = 120,	 /* visible characters of a line, at most */
	ROW_STEPS = 40,	 /* nodes of it looked at, each way */
	BEFORE_LEN = 80, /* bytes of it before the amount */
	BEHIND_LEN = 24, /* bytes of it behind the amount */
};

/* The line that an amount stands in: what holds it and little else. */
static const struct dom_node *row_of(const struct layout *l,
				     const struct dom_node *n)
{
	while (n->parent && layout_length(l, n->parent) <= ROW_LEN)
		n = n->parent;
	return n;
}

/* An amount, or a part of one. */
static bool is_amount(struct str text)
{
	struct price p;

	return markup_text_has_digit(text) &&
	       (!markup_text_has_letter(text) ||
		price_parse_marked(text, NULL, &p));
}

/*
 * Visible text of the row before n, its end, as far as it is about no other
 * amount; and behind it, its beginning.
 */
static struct str text_before(const struct layout *l,
			      const struct dom_node *row,
			      const struct dom_node *n, struct buf *b)
{
	struct str texts[3];
	size_t count = 0;

	for (size_t i = n->order; i-- > row->order &&
				  count < ARRAY_LEN(texts) &&
				  n->order - i <= ROW_STEPS;) {
		const struct dom_node *t = l->nodes[i];

		if (!t || t->type != DOM_TEXT || layout_length(l, t) == 0)
			continue;
		if (is_amount(t->text))
			break;
		texts[count++] = str_trim(t->text);
	}
	buf_reset(b);
	while (count-- > 0) {
		buf_add_str(b, texts[count]);
		buf_putc(b, ' ');
	}
	return b->len > BEFORE_LEN
		       ? str_sub(buf_str(b), b->len - BEFORE_LEN, b->len)
		       : buf_str(b);
}

static struct str text_behind(const struct layout *l,
			      const struct dom_node *row,
			      const struct dom_node *n)
{
	const struct dom_node *t = dom_skip(row, n);

	for (int i = 0; t && i < ROW_STEPS; i++, t = dom_walk(row, t))
		if (t->type == DOM_TEXT && layout_length(l, t) > 0)
			return str_utf8_prefix(str_trim(t->text), BEHIND_LEN);
	return (struct str){ 0 };
}

enum price_aside markup_beside(const struct layout *l, const struct dom_node *n,
			       struct str text, struct buf *b, struct buf *line)
{
	const struct dom_node *row = row_of(l, n);
	struct plain t;
	size_t from, to;

	buf_reset(line);
	buf_add_str(line, text_before(l, row, n, b));
	plain_make(buf_str(line), &t);
	from = t.len;
	buf_add_str(line, text);
	plain_make(buf_str(line), &t);
	to = t.len;
	buf_putc(line, ' ');
	buf_add_str(line, text_behind(l, row, n));
	plain_make(buf_str(line), &t);
	return price_aside(&t, from, to);
}
