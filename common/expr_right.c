/*
 * What a test compares with, looks for, or is a member of: the right side.
 */
#include "common/expr_private.h"

#include <stdlib.h>
#include <string.h>

#include "common/clk.h"

static bool is_time(const struct expr_field *f)
{
	return f->attr == EXPR_TIME || f->attr == EXPR_RECORDEDTIME;
}

static bool is_order(enum expr_kind kind)
{
	return kind >= EXPR_LT && kind <= EXPR_LE;
}

static bool is_decimal(struct str s)
{
	struct decimal d;

	return decimal_parse(s, &d);
}

int expr_check_value(struct expr_parser *p, const struct expr_node *n,
		     struct expr_value *v, const char *at)
{
	struct str shown = expr_quote(v->text);
	char text[CLK_TEXT_SIZE];
	int64_t us;

	if (v->type == JSON_NULL && n->kind > EXPR_NE)
		return expr_mistake(p, at,
				    "null is no value; has(FIELD) asks for "
				    "one");
	if (v->type == JSON_NULL || n->kind > EXPR_IN)
		return 0;
	if (is_time(&n->left)) {
		if (v->type != JSON_STRING || !clk_parse(v->text, &us))
			return expr_mistake(p, at,
					    "event.%s is compared with a time "
					    "such as \"2026-11-20T21:00:00Z\"",
					    expr_attrs[n->left.attr]);
		v->text = arena_str(&p->x->memory,
				    str_from(clk_format(us, text)));
		return 0;
	}
	if (is_order(n->kind) && v->type == JSON_BOOL)
		return expr_mistake(p, at,
				    "%.*s is not more or less than something; "
				    "did you mean ==?",
				    STR_ARG(shown));
	if (is_order(n->kind) && is_decimal(v->text) && v->type == JSON_STRING)
		return expr_mistake(p, at,
				    "\"%.*s\" is text, in the order of letters;"
				    " did you mean the number %.*s?",
				    STR_ARG(shown), STR_ARG(shown));
	return 0;
}

/* One that would be read as a space. */
static bool has_odd_star(struct str text)
{
	struct str all = str_trim(text);
	size_t at = str_chr(all, '*');
	struct buf row = { 0 };
	bool is_odd;

	if (at == (size_t)-1)
		return false;
	if (at + 1 < all.len)
		return true;
	words_phrase(&row, text);
	is_odd = str_ends(buf_str(&row), STR(" "));
	buf_free(&row);
	return is_odd;
}

static int check_text(struct expr_parser *p, const struct expr_node *n,
		      const struct expr_value *v, const char *at)
{
	if (v->type != JSON_STRING)
		return n->kind == EXPR_CONTAINS && n->left.attr != EXPR_TEXT
			       ? 0
			       : expr_mistake(p, at,
					      "a text in quotes is expected");
	if (v->text.len == 0)
		return expr_mistake(p, at, "every text has \"\" in it");
	if (n->kind != EXPR_MENTIONS)
		return 0;
	if (!words_any(v->text))
		return expr_mistake(p, at, "there is no word in it");
	if (has_odd_star(v->text))
		return expr_mistake(p, at,
				    "a '*' stands only behind the last word, "
				    "as in \"red bicyc*\"");
	return 0;
}

/* One value of a list. */
static int read_item(struct expr_parser *p, struct expr_node *n,
		     struct expr_value *v_r)
{
	const char *at = p->token.text.p;

	if (n->n_list == EXPR_LIST_MAX)
		return expr_mistake(p, at, "more than %d values in a list",
				    EXPR_LIST_MAX);
	if (!expr_at_value(p))
		return expr_unexpected(p, "a text, number, true or false");
	if (expr_read_value(p, v_r))
		return -1;
	return n->kind == EXPR_IN ? expr_check_value(p, n, v_r, at)
				  : check_text(p, n, v_r, at);
}

static int read_list(struct expr_parser *p, struct expr_node *n)
{
	struct expr_value list[EXPR_LIST_MAX];

	if (expr_expect(p, "[", "a list such as [\"a\", \"b\"]"))
		return -1;
	for (;;) {
		if (read_item(p, n, &list[n->n_list]))
			return -1;
		n->n_list++;
		if (!expr_is(p, ","))
			break;
		if (expr_next(p))
			return -1;
	}
	n->list = arena_alloc(&p->x->memory, n->n_list * sizeof(*list));
	memcpy(n->list, list, n->n_list * sizeof(*list));
	return expr_expect(p, "]", "',' or ']'");
}

/* As rows of words, which text is searched for. */
static void compile_phrases(struct expr_parser *p, struct expr_node *n)
{
	struct arena *a = &p->x->memory;
	struct buf row = { 0 };

	n->wanted = arena_alloc(a, n->n_list * sizeof(*n->wanted));
	for (size_t i = 0; i < n->n_list; i++) {
		uint16_t *table;

		buf_reset(&row);
		words_phrase(&row, n->list[i].text);
		table = arena_alloc(a, row.len * sizeof(*table));
		words_table(buf_str(&row), table);
		n->wanted[i].row = arena_str(a, buf_str(&row));
		n->wanted[i].table = table;
	}
	buf_free(&row);
}

static int read_value(struct expr_parser *p, struct expr_node *n)
{
	const char *at = p->token.text.p;

	if (!expr_at_value(p))
		return expr_unexpected(p, "a text in quotes");
	n->list = arena_alloc(&p->x->memory, sizeof(*n->list));
	n->n_list = 1;
	if (expr_read_value(p, n->list) || expr_check_value(p, n, n->list, at))
		return -1;
	return n->kind > EXPR_IN ? check_text(p, n, n->list, at) : 0;
}

/* ---- regular expressions ---- */

/* The first backslash that JSON takes for itself, or for none; or NULL. */
static const char *lone_backslash(struct str raw)
{
	for (size_t i = 1; i + 1 < raw.len; i++) {
		if (raw.p[i] != '\\')
			continue;
		if (!strchr("\"'\\/nrtu", raw.p[i + 1]))
			return raw.p + i;
		i++;
	}
	return NULL;
}

/* How long an escape is, and how many bytes it is in UTF-8. */
static size_t escape_len(struct str raw, size_t *is_r)
{
	unsigned cp;

	*is_r = 1;
	if (raw.p[1] != 'u')
		return 2;
	cp = (unsigned)strtoul((char[]){ raw.p[2], raw.p[3], raw.p[4], raw.p[5],
					 '\0' },
			       NULL, 16);
	*is_r = cp < 0x80 ? 1 : cp < 0x800 ? 2 : 3;
	if (cp < 0xd800 || cp >= 0xe000)
		return 6;
	*is_r = 4;
	return 12;
}

/* Where a byte of a text in quotes stands between them. */
static const char *place_in(struct str raw, size_t at)
{
	size_t i = 1;

	while (i + 1 < raw.len && at > 0) {
		size_t len = 1, is = 1;

		if (raw.p[i] == '\\')
			len = escape_len(str_sub(raw, i, raw.len), &is);
		i += len;
		at -= is < at ? is : at;
	}
	return raw.p + i;
}

static int read_regex(struct expr_parser *p, struct expr_node *n)
{
	struct str raw = p->token.text;
	const char *lone =
		p->token.kind == EXPR_STRING ? lone_backslash(raw) : NULL;
	struct err why;
	size_t at;

	if (lone)
		return expr_mistake(p, lone,
				    "in quotes a backslash is written twice, "
				    "as in \"\\\\d\"");
	if (read_value(p, n))
		return -1;
	if (++p->n_matches > EXPR_MATCHES_MAX)
		return expr_mistake(p, raw.p,
				    "more than %d regular expressions",
				    EXPR_MATCHES_MAX);
	n->regex = regex_compile(n->list->text, &at, &why);
	if (!n->regex)
		return expr_mistake(p, place_in(raw, at),
				    "regular expression: %s", why.msg);
	n->other = p->x->matches;
	p->x->matches = n;
	return 0;
}

/* ---- any of these ---- */

/* 5 begins "5 * price", too. */
static bool at_term(const struct expr_parser *p)
{
	struct str rest = str_trim(p->rest);

	return !expr_at_value(p) ||
	       (p->token.kind == EXPR_NUMBER && rest.len && rest.p[0] == '*');
}

int expr_read_right(struct expr_parser *p, struct expr_node *n)
{
	if (n->kind == EXPR_IN)
		return read_list(p, n);
	if (n->kind == EXPR_MENTIONS) {
		if (expr_is(p, "[") ? read_list(p, n) : read_value(p, n))
			return -1;
		compile_phrases(p, n);
		return 0;
	}
	if (n->kind == EXPR_MATCHES)
		return read_regex(p, n);
	if (n->kind > EXPR_IN || !at_term(p))
		return read_value(p, n);
	if (p->token.kind != EXPR_NAME && p->token.kind != EXPR_NUMBER)
		return expr_unexpected(p, "a value or a field");
	return expr_read_term(p, &n->right);
}
