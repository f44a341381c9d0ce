#include "common/expr.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/clk.h"
#include "common/expr_private.h"
#include "common/words.h"
#include "common/xmem.h"

enum { EXPR_BLOCK = 1024 }; /* most expressions are short, and there are many */

struct expr *expr_compile(struct str text, struct err *e)
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
	ok = expr_parse(x, text, e) == 0;
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
	arena_free(&x->memory);
	arena_free(&x->scratch);
	free(x);
	*xp = NULL;
}

struct str expr_text(const struct expr *x)
{
	return x->text;
}

/* ---- fields ---- */

static struct expr_step *step_at(const struct expr_step *in, size_t index)
{
	for (struct expr_step *s = in->first; s; s = s->next)
		if (!s->name.p && s->index == index)
			return s;
	return NULL;
}

static struct expr_step *step_named(const struct expr_step *in, struct str name)
{
	for (struct expr_step *s = in->first; s; s = s->next)
		if (s->name.p && str_eq(s->name, name))
			return s;
	return NULL;
}

static struct expr_step *find_step(struct expr *x, const struct expr_step *in,
				   const struct json_iter *it, size_t index)
{
	if (!it->key.p)
		return step_at(in, index);
	if (str_chr(it->key, '\\') == (size_t)-1)
		return step_named(in, it->key);
	return step_named(in, json_name(it->key, &x->scratch));
}

/*
 * Lay the tree of fields over a value. Goes no deeper than the fields do, and
 * no further than the last of them.
 */
static void find_values(struct expr *x, struct expr_step *s, struct str value)
{
	struct json_iter it = json_iter(value);

	if (s->is_asked && !s->value.p) {
		s->value = value;
		x->n_missing--;
	}
	if (!s->first)
		return;
	for (size_t i = 0; x->n_missing > 0 && json_next(&it); i++) {
		struct expr_step *inner = find_step(x, s, &it, i);

		if (inner)
			find_values(x, inner, it.value);
	}
}

static void forget_values(struct expr_step *s)
{
	s->value = (struct str){ 0 };
	for (struct expr_step *inner = s->first; inner; inner = inner->next)
		forget_values(inner);
}

/* The data is read when a test first needs it: often the topic says enough. */
static void read_data(struct expr *x, const struct event *ev)
{
	if (x->is_read)
		return;
	forget_values(&x->data);
	x->n_missing = x->n_asked;
	find_values(x, &x->data, json_trim(ev->data));
	x->is_read = true;
}

static struct str number_text(struct expr *x, uint64_t v)
{
	char *text = arena_alloc(&x->scratch, STR_U64_MAX);

	return (struct str){ text, str_put_u64(text, v) };
}

static struct str time_text(struct expr *x, int64_t us)
{
	char *text;

	if (us == CLK_NONE)
		return (struct str){ 0 };
	text = arena_alloc(&x->scratch, CLK_TEXT_SIZE);
	return str_from(clk_format(us, text));
}

static struct str epoch_text(struct expr *x, uint32_t epoch)
{
	char text[POSITION_TEXT_MAX];

	position_format((struct position){ epoch, 0 }, text);
	return arena_str(&x->scratch, str_sub(str_from(text), 0, 8));
}

/* An attribute as the event's text has it; absent where there is none. */
static struct str attribute(struct expr *x, const struct expr_field *f,
			    const struct event *ev)
{
	const struct str none = { 0 };

	switch (f->attr) {
	case EXPR_TOPIC: return ev->topic;
	case EXPR_TYPE: return event_type(ev);
	case EXPR_SUBJECT: return event_subject(ev);
	case EXPR_SOURCE: return ev->source;
	case EXPR_ID: return ev->id ? number_text(x, ev->id) : ev->idtext;
	case EXPR_TIME: return time_text(x, ev->time_us);
	case EXPR_RECORDEDTIME: return time_text(x, ev->recorded_us);
	case EXPR_OFFSET: return ev->offset ? number_text(x, ev->offset) : none;
	case EXPR_EPOCH: return ev->epoch ? epoch_text(x, ev->epoch) : none;
	default: return none;
	}
}

/* A value of JSON text as one to compare. */
static struct expr_value read_value(struct expr *x, struct str raw)
{
	struct expr_value v = { json_type_of(raw), raw };

	if (v.type == JSON_STRING)
		json_text(raw, &x->scratch, &v.text);
	return v;
}

static struct expr_value value_of(struct expr *x, const struct expr_field *f,
				  const struct event *ev)
{
	struct str text;

	if (f->attr == EXPR_DATA) {
		read_data(x, ev);
		return read_value(x, f->step->value);
	}
	if (f->attr == EXPR_FURTHER)
		text = event_attr(ev, f->name.p, &x->scratch);
	else
		text = attribute(x, f, ev);
	return (struct expr_value){ text.p ? JSON_STRING : JSON_NONE, text };
}

/* ---- tests ---- */

/* Ordered, so that `and` is the least of its answers and `or` the greatest. */
enum answer { NO, UNKNOWN, YES };

static enum answer yes_or_no(bool is_so)
{
	return is_so ? YES : NO;
}

static bool is_plain(const struct expr_value *v)
{
	return v->type == JSON_BOOL || v->type == JSON_NUMBER ||
	       v->type == JSON_STRING;
}

/* Text that is a decimal number, as money is written in events. */
static bool is_decimal(struct str s)
{
	size_t i = s.len > 0 && s.p[0] == '-', point = 0, digits = i;

	if (i + 1 < s.len && s.p[i] == '0' && s.p[i + 1] != '.')
		return false;
	for (; i < s.len; i++) {
		if (s.p[i] == '.' && !point && i > digits && i + 1 < s.len)
			point = i;
		else if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return i > digits;
}

static bool is_number(const struct expr_value *v)
{
	return v->type == JSON_NUMBER ||
	       (v->type == JSON_STRING && is_decimal(v->text));
}

enum { DIFFERENT = 2 }; /* of kinds that are neither equal nor in an order */

/*
 * <0, 0, >0 or DIFFERENT. A value in the expression says whether text is to be
 * read as a number; where there is none, text that can be is.
 */
static int compare(const struct expr_value *a, const struct expr_value *b,
		   bool as_numbers)
{
	int c;

	if (as_numbers && is_number(a) && is_number(b))
		c = json_number_cmp(a->text, b->text);
	else if (a->type == b->type)
		c = str_cmp(a->text, b->text);
	else
		return DIFFERENT;
	return c < 0 ? -1 : c > 0;
}

static bool is_equal(const struct expr_value *v, const struct expr_value *want)
{
	return compare(v, want, want->type == JSON_NUMBER) == 0;
}

static enum answer ask_order(enum expr_kind kind, int c)
{
	switch (kind) {
	case EXPR_LT: return yes_or_no(c < 0);
	case EXPR_LE: return yes_or_no(c <= 0);
	case EXPR_GT: return yes_or_no(c > 0);
	default: return yes_or_no(c >= 0);
	}
}

static enum answer ask_comparison(struct expr *x, const struct expr_node *n,
				  const struct expr_value *left,
				  const struct event *ev)
{
	struct expr_value right =
		n->list ? *n->list : value_of(x, &n->right, ev);
	int c;

	if (!is_plain(left) || !is_plain(&right))
		return UNKNOWN;
	c = compare(left, &right, !n->list || right.type == JSON_NUMBER);
	if (n->kind == EXPR_EQ || n->kind == EXPR_NE)
		return yes_or_no((c == 0) == (n->kind == EXPR_EQ));
	if (c == DIFFERENT || left->type == JSON_BOOL)
		return UNKNOWN;
	return ask_order(n->kind, c);
}

static enum answer ask_in(const struct expr_node *n, const struct expr_value *v)
{
	if (!is_plain(v))
		return UNKNOWN;
	for (size_t i = 0; i < n->n_list; i++)
		if (is_equal(v, &n->list[i]))
			return YES;
	return NO;
}

static enum answer ask_contains(struct expr *x, const struct expr_node *n,
				const struct expr_value *v)
{
	struct json_iter it;

	if (v->type == JSON_STRING && n->list->type == JSON_STRING)
		return yes_or_no(str_find(v->text, n->list->text) !=
				 (size_t)-1);
	if (v->type != JSON_ARRAY)
		return UNKNOWN;
	it = json_iter(v->text);
	while (json_next(&it)) {
		struct expr_value element = read_value(x, it.value);

		if (is_equal(&element, n->list))
			return YES;
	}
	return NO;
}

static enum answer ask_test(struct expr *x, const struct expr_node *n,
			    const struct event *ev)
{
	struct expr_value v = value_of(x, &n->left, ev);

	switch (n->kind) {
	case EXPR_HAS:
		return yes_or_no(v.type != JSON_NONE && v.type != JSON_NULL);
	case EXPR_IN: return ask_in(n, &v);
	case EXPR_CONTAINS: return ask_contains(x, n, &v);
	case EXPR_STARTS:
		return v.type == JSON_STRING
			       ? yes_or_no(str_starts(v.text, n->list->text))
			       : UNKNOWN;
	case EXPR_MENTIONS:
		return v.type == JSON_STRING
			       ? yes_or_no(words_mention(v.text, n->phrase,
							 n->table))
			       : UNKNOWN;
	default: return ask_comparison(x, n, &v, ev);
	}
}

static enum answer ask(struct expr *x, const struct expr_node *n,
		       const struct event *ev)
{
	enum answer sum = n->kind == EXPR_AND ? YES : NO, last = YES - sum;

	if (n->kind > EXPR_NOT)
		return ask_test(x, n, ev);
	if (n->kind == EXPR_NOT)
		return YES - ask(x, n->first, ev);
	for (n = n->first; n && sum != last; n = n->next) {
		enum answer a = ask(x, n, ev);

		if (last == NO ? a < sum : a > sum)
			sum = a;
	}
	return sum;
}

bool expr_match(struct expr *x, const struct event *ev)
{
	arena_reset(&x->scratch);
	x->is_read = false;
	return ask(x, x->root, ev) == YES;
}
