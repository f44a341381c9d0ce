#include "common/expr_private.h"

#include <string.h>

#include "common/decimal.h"

const char *const expr_attrs[] = {
	[EXPR_DATA] = "data",	  [EXPR_TOPIC] = "topic",
	[EXPR_TYPE] = "type",	  [EXPR_SUBJECT] = "subject",
	[EXPR_SOURCE] = "source", [EXPR_ID] = "id",
	[EXPR_TIME] = "time",	  [EXPR_RECORDEDTIME] = "recordedtime",
	[EXPR_OFFSET] = "offset", [EXPR_EPOCH] = "epoch",
	[EXPR_FURTHER] = NULL,
};

/* What stands where something else was expected. */
int expr_unexpected(struct expr_parser *p, const char *wanted)
{
	struct str found = expr_quote(p->token.text);

	if (p->token.kind == EXPR_END)
		return expr_mistake(p, p->token.text.p,
				    "%s is missing at the end", wanted);
	return expr_mistake(p, p->token.text.p, "%s is expected, not '%.*s'",
			    wanted, STR_ARG(found));
}

int expr_expect(struct expr_parser *p, const char *sign, const char *wanted)
{
	return expr_is(p, sign) ? expr_next(p) : expr_unexpected(p, wanted);
}

/* ---- texts and numbers ---- */

/* Within ' as within ": what JSON says, but for the quotes. */
static void requote(struct str raw, struct buf *b)
{
	buf_putc(b, '"');
	for (size_t i = 1; i + 1 < raw.len; i++) {
		if (raw.p[i] == '\\' && raw.p[i + 1] == '\'')
			continue;
		if (raw.p[i] == '"')
			buf_putc(b, '\\');
		buf_putc(b, raw.p[i]);
		if (raw.p[i] == '\\')
			buf_putc(b, raw.p[++i]);
	}
	buf_putc(b, '"');
}

static int read_string(struct expr_parser *p, struct str *text_r)
{
	struct str raw = p->token.text;
	struct buf b = { 0 };
	struct err why;
	int rc = 0;

	if (raw.p[0] == '\'') {
		requote(raw, &b);
		raw = buf_str(&b);
	}
	if (json_check(raw, JSON_STRICT, &why))
		rc = expr_mistake(p, p->token.text.p, "text in quotes: %s",
				  why.msg);
	else if (json_text(raw, &p->x->memory, text_r))
		*text_r = arena_str(&p->x->memory, *text_r);
	buf_free(&b);
	return rc ? rc : expr_next(p);
}

int expr_read_decimal(struct expr_parser *p, struct decimal *d_r)
{
	struct str raw = p->token.text, shown = expr_quote(raw);
	struct decimal d;

	if (!decimal_parse_json(raw, &d))
		return expr_mistake(p, p->token.text.p,
				    "%.*s is no number of at most %d digits, "
				    "%d after the point",
				    STR_ARG(shown), DECIMAL_DIGITS_MAX,
				    DECIMAL_SCALE_MAX);
	while (d.scale > 0 && d.coef % 10 == 0) {
		d.coef /= 10;
		d.scale--;
	}
	*d_r = d;
	return expr_next(p);
}

static int read_number(struct expr_parser *p, struct str *text_r)
{
	char text[DECIMAL_TEXT_MAX];
	struct decimal d;

	if (expr_read_decimal(p, &d))
		return -1;
	*text_r = arena_str(&p->x->memory, str_from(decimal_format(d, text)));
	return 0;
}

bool expr_at_value(const struct expr_parser *p)
{
	return p->token.kind == EXPR_STRING || p->token.kind == EXPR_NUMBER ||
	       expr_is(p, "true") || expr_is(p, "false") || expr_is(p, "null");
}

int expr_read_value(struct expr_parser *p, struct expr_value *v_r)
{
	switch (p->token.kind) {
	case EXPR_STRING:
		v_r->type = JSON_STRING;
		return read_string(p, &v_r->text);
	case EXPR_NUMBER:
		v_r->type = JSON_NUMBER;
		return read_number(p, &v_r->text);
	default:
		v_r->type = expr_is(p, "null") ? JSON_NULL : JSON_BOOL;
		v_r->text = arena_str(&p->x->memory, p->token.text);
		return expr_next(p);
	}
}

/* ---- fields ---- */

struct expr_step *expr_step_of(struct expr *x, struct expr_step *parent,
			       struct str name, size_t index)
{
	struct expr_step **at = &parent->first;

	for (; *at; at = &(*at)->next)
		if ((*at)->index == index && !(*at)->name.p == !name.p &&
		    str_eq((*at)->name, name))
			return *at;
	*at = arena_alloc(&x->memory, sizeof(**at));
	(*at)->parent = parent;
	(*at)->index = index;
	(*at)->name = name.p ? arena_str(&x->memory, name) : name;
	return *at;
}

static int read_name(struct expr_parser *p, struct str *name_r)
{
	if (p->token.kind != EXPR_NAME)
		return expr_unexpected(p, "a name");
	*name_r = p->token.text;
	return expr_next(p);
}

static int read_index(struct expr_parser *p, size_t *index_r)
{
	uint64_t index;

	if (p->token.kind != EXPR_NUMBER)
		return expr_unexpected(p, "a number, or a name in quotes,");
	if (!str_u64(p->token.text, &index) || index > EXPR_INDEX_MAX)
		return expr_mistake(p, p->token.text.p,
				    "an index is a number from 0 to %d",
				    EXPR_INDEX_MAX);
	*index_r = (size_t)index;
	return expr_next(p);
}

/* What is between brackets; *name_r stays absent for an index. */
static int read_bracket(struct expr_parser *p, struct str *name_r,
			size_t *index_r)
{
	int rc = p->token.kind == EXPR_STRING ? read_string(p, name_r)
					      : read_index(p, index_r);

	return rc ? -1 : expr_expect(p, "]", "']'");
}

static int read_steps(struct expr_parser *p, struct expr_step *step,
		      struct expr_field *f_r)
{
	size_t n = step->parent != NULL;

	while (expr_is(p, ".") || expr_is(p, "[")) {
		bool dot = expr_is(p, ".");
		struct str name = { 0 };
		size_t index = 0;

		if (++n > EXPR_PATH_MAX)
			return expr_mistake(p, p->token.text.p,
					    "more than %d names in a field",
					    EXPR_PATH_MAX);
		if (expr_next(p))
			return -1;
		if (dot ? read_name(p, &name) : read_bracket(p, &name, &index))
			return -1;
		step = expr_step_of(p->x, step, name, index);
	}
	p->x->n_asked += !step->is_asked;
	step->is_asked = true;
	f_r->step = step;
	return 0;
}

/* event.NAME, or event["name"] for an attribute that weir does not know. */
static int read_attribute(struct expr_parser *p, struct expr_field *f_r)
{
	const char *meant;
	struct str name;
	size_t index;

	if (expr_is(p, "[")) {
		f_r->attr = EXPR_FURTHER;
		if (expr_next(p))
			return -1;
		if (p->token.kind != EXPR_STRING)
			return expr_unexpected(p, "a name in quotes");
		return read_bracket(p, &f_r->name, &index);
	}
	if (expr_expect(p, ".", "'.' and an attribute, as in event.type,"))
		return -1;
	name = p->token.text;
	for (int a = EXPR_TOPIC; a < EXPR_FURTHER; a++) {
		if (!expr_is(p, expr_attrs[a]))
			continue;
		f_r->attr = (enum expr_attr)a;
		return expr_next(p);
	}
	if (p->token.kind != EXPR_NAME)
		return expr_unexpected(p, "an attribute, as in event.type,");
	if (str_is(name, expr_attrs[EXPR_DATA]))
		return expr_mistake(p, p->token.text.p,
				    "fields of the data are written without "
				    "event, as in data.price or price");
	meant = expr_meant(name, expr_attrs + 1);
	name = expr_quote(name);
	return expr_mistake(p, p->token.text.p,
			    "events have no '%.*s'; did you mean %s%s%.*s%s?",
			    STR_ARG(name), meant ? "event." : "event[\"",
			    meant ? meant : "", meant ? 0 : (int)name.len,
			    name.p, meant ? "" : "\"]");
}

/* What keywords are looked for in; all but the last are a text each. */
static void read_text(struct expr *x, struct expr_field *f_r)
{
	static const char *const members[EXPR_TEXTS][2] = {
		{ "item", "name" },   { "title", NULL },   { "summary", NULL },
		{ "username", NULL }, { "message", NULL }, { "text", NULL },
		{ "added", NULL },
	};

	f_r->attr = EXPR_TEXT;
	for (size_t i = 0; i < EXPR_TEXTS; i++)
		x->texts[i] = expr_ask_for(x, members[i][0], members[i][1]);
}

int expr_read_field(struct expr_parser *p, struct expr_field *f_r)
{
	struct str name = p->token.text, shown = expr_quote(name);
	struct expr_step *root = &p->x->data;
	const char *at = p->token.text.p;

	if (p->token.kind != EXPR_NAME)
		return expr_unexpected(p, "a field");
	if (expr_next(p))
		return -1;
	if (str_is(name, "event"))
		return read_attribute(p, f_r);
	if (str_is(name, "data"))
		return read_steps(p, root, f_r);
	if (expr_is(p, "("))
		return expr_read_function(p, name, at, f_r);
	if (str_is(name, "text") && !expr_is(p, ".") && !expr_is(p, "[")) {
		read_text(p->x, f_r);
		return 0;
	}
	if (expr_is_word(name) && !str_is(name, "text"))
		return expr_mistake(p, at,
				    "a field is expected; one that is called "
				    "'%.*s' is written data.%.*s",
				    STR_ARG(shown), STR_ARG(shown));
	return read_steps(p, expr_step_of(p->x, root, name, 0), f_r);
}
