#include "mold.h"

#include <sysexits.h>

#include "common/clk.h"
#include "common/decimal.h"
#include "common/json.h"
#include "common/xmem.h"

enum root {
	ROOT_LITERAL,
	ROOT_DATA,
	ROOT_MERGED,
	ROOT_MATCH,
	ROOT_USER,
	ROOT_NOW,
	ROOT_TIME,
	ROOT_RECORDED,
	ROOT_TYPE,
	ROOT_SUBJECT,
	ROOT_TOPIC,
	ROOT_SOURCE,
	ROOT_POSITION,
};

static const struct {
	const char *name;
	enum root root;
	bool deep; /* JSON: names of members may follow */
} roots[] = {
	{ "data", ROOT_DATA, true },
	{ "merged", ROOT_MERGED, true },
	{ "match", ROOT_MATCH, false },
	{ "user", ROOT_USER, false },
	{ "now", ROOT_NOW, false },
	{ "time", ROOT_TIME, false },
	{ "recorded", ROOT_RECORDED, false },
	{ "type", ROOT_TYPE, false },
	{ "subject", ROOT_SUBJECT, false },
	{ "topic", ROOT_TOPIC, false },
	{ "source", ROOT_SOURCE, false },
	{ "position", ROOT_POSITION, false },
};

enum form { FORM_PLAIN, FORM_NUMBER, FORM_TEXT, FORM_MS, FORM_TIME };

static const char *const forms[] = { "", "number", "text", "ms", "time" };

struct choice {
	enum root root;
	struct str text;  /* of a literal */
	const char **key; /* names of members, from the outside in */
	size_t n_keys;
};

struct part {
	enum { PART_MEMBER, PART_ALL } kind;
	struct str key; /* JSON text between its quotes */
	const char *name;
	const struct mold *mold;
};

struct mold {
	enum { MOLD_CONSTANT, MOLD_VALUE, MOLD_OBJECT, MOLD_ARRAY } kind;
	struct str json; /* of a constant */
	/* of a value */
	struct choice choice[MOLD_CHOICES_MAX];
	size_t n_choices;
	enum form form;
	bool optional;
	/* of an object or array */
	struct part *part;
	size_t n_parts;
	const struct mold *condition;
};

/* ---- compiling ---- */

static int read_choice(struct str text, struct arena *a, struct choice *c,
		       struct err *e)
{
	struct str rest, name;
	size_t dots = 0;

	if (text.len >= 2 && text.p[0] == '\'' && str_ends(text, STR("'"))) {
		c->root = ROOT_LITERAL;
		c->text = str_sub(text, 1, text.len - 1);
		return 0;
	}
	name = str_cut(text, '.', &rest);
	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		if (!str_is(name, roots[i].name))
			continue;
		c->root = roots[i].root;
		if (rest.p && !roots[i].deep)
			return err_set(e, EX_CONFIG, "%s has no members",
				       roots[i].name);
	}
	if (c->root == ROOT_LITERAL)
		return err_set(e, EX_CONFIG, "'%.*s' is nothing that is known",
			       STR_ARG(str_utf8_prefix(name, 64)));
	for (size_t i = 0; i < text.len; i++)
		dots += text.p[i] == '.';
	c->key = arena_alloc(a, (dots + 1) * sizeof(*c->key));
	while (rest.p) {
		name = str_cut(rest, '.', &rest);
		if (name.len == 0)
			return err_set(e, EX_CONFIG, "a name is empty");
		c->key[c->n_keys++] = arena_strdup(a, name);
	}
	return 0;
}

static int read_form(struct str text, enum form *form_r, struct err *e)
{
	for (size_t i = 1; i < ARRAY_LEN(forms); i++)
		if (str_is(text, forms[i])) {
			*form_r = (enum form)i;
			return 0;
		}
	return err_set(e, EX_CONFIG, "'%.*s' is no form",
		       STR_ARG(str_utf8_prefix(text, 64)));
}

static int read_value(struct str text, struct arena *a, struct mold *m,
		      struct err *e)
{
	struct str form, list = str_cut(text, ':', &form), one;

	m->kind = MOLD_VALUE;
	if (form.p && read_form(form, &m->form, e))
		return -1;
	while (str_token(&list, ",", &one)) {
		if (m->n_choices == MOLD_CHOICES_MAX)
			return err_set(e, EX_CONFIG, "more than %d choices",
				       MOLD_CHOICES_MAX);
		if (read_choice(one, a, &m->choice[m->n_choices++], e))
			return -1;
	}
	if (m->n_choices == 0)
		return err_set(e, EX_CONFIG, "a value is missing");
	return 0;
}

const struct mold *mold_compile_value(struct str text, struct arena *a,
				      struct err *e)
{
	struct mold *m = arena_alloc(a, sizeof(*m));

	return read_value(text, a, m, e) ? NULL : m;
}

struct compiling {
	struct arena *a;
	struct str *at;
	struct err *e;
	int depth;
};

static const struct mold *compile(struct compiling *k, struct str json);

static bool compile_part(struct compiling *k, const struct json_iter *it,
			 struct mold *m)
{
	struct part *p = &m->part[m->n_parts];
	const struct mold *of = compile(k, it->value);

	if (!of)
		return false;
	if (it->key.len == 0 || it->key.p[0] != '$') {
		*p = (struct part){ PART_MEMBER, it->key, NULL, of };
		if (it->key.p) /* else an element of an array */
			p->name = arena_strdup(k->a, json_name(it->key, k->a));
		m->n_parts++;
		return true;
	}
	*k->at = it->value;
	if (of->kind != MOLD_VALUE)
		return !err_set(k->e, EX_CONFIG, "%.*s takes a value, \"$...\"",
				STR_ARG(str_utf8_prefix(it->key, 64)));
	if (str_is(it->key, "$if")) {
		m->condition = of;
		return true;
	}
	if (!str_is(it->key, "$all"))
		return !err_set(k->e, EX_CONFIG, "%.*s: neither $all nor $if",
				STR_ARG(str_utf8_prefix(it->key, 64)));
	for (size_t i = 0; i < m->n_parts; i++)
		if (m->part[i].kind == PART_ALL)
			return !err_set(k->e, EX_CONFIG, "a second $all");
	*p = (struct part){ .kind = PART_ALL, .mold = of };
	m->n_parts++;
	return true;
}

static bool compile_parts(struct compiling *k, struct str json, struct mold *m)
{
	struct json_iter it = json_iter(json);
	size_t n = 0;

	while (json_next(&it))
		n++;
	m->part = arena_alloc(k->a, (n + 1) * sizeof(*m->part));
	it = json_iter(json);
	while (json_next(&it))
		if (!compile_part(k, &it, m))
			return false;
	return true;
}

static const struct mold *compile(struct compiling *k, struct str json)
{
	enum json_type type = json_type_of(json);
	struct mold *m = arena_alloc(k->a, sizeof(*m));
	struct str text;

	*k->at = json;
	if (type == JSON_OBJECT || type == JSON_ARRAY) {
		m->kind = type == JSON_OBJECT ? MOLD_OBJECT : MOLD_ARRAY;
		if (k->depth == MOLD_DEPTH_MAX) {
			err_set(k->e, EX_CONFIG, "more than %d levels",
				MOLD_DEPTH_MAX);
			return NULL;
		}
		k->depth++;
		if (!compile_parts(k, json, m))
			return NULL;
		k->depth--;
		return m;
	}
	m->json = json;
	if (!json_text(json, k->a, &text) || !str_starts(text, STR("$")))
		return m;
	m->optional = str_starts(text, STR("$?"));
	return read_value(str_sub(text, m->optional ? 2 : 1, text.len), k->a, m,
			  k->e)
		       ? NULL
		       : m;
}

const struct mold *mold_compile(struct str json, struct arena *a,
				struct str *at_r, struct err *e)
{
	struct compiling k = { .a = a, .at = at_r, .e = e };

	return compile(&k, json);
}

/* ---- values ---- */

/* A value is JSON, or text that is not quoted yet. */
struct found {
	struct str json, text;
	char room[CLK_TEXT_SIZE + POSITION_TEXT_MAX];
};

static bool find_member(struct str json, const struct choice *c,
			struct found *f)
{
	for (size_t i = 0; i < c->n_keys; i++)
		if (!json.p || !json_get(json, c->key[i], &json))
			return false;
	f->json = json.p ? json_trim(json) : json;
	return json.p && json_type_of(f->json) != JSON_NULL;
}

static bool find_time(int64_t us, struct found *f)
{
	if (us == CLK_NONE)
		return false;
	f->text = (struct str){ clk_format(us, f->room), CLK_TEXT_LEN };
	return true;
}

static bool find_text(struct str text, struct found *f)
{
	f->text = text;
	return text.p != NULL;
}

static bool find_attribute(const struct event *ev, enum root root,
			   struct found *f)
{
	const struct position pos = { ev->epoch, ev->offset };

	switch (root) {
	case ROOT_TIME: return find_time(ev->time_us, f);
	case ROOT_RECORDED: return find_time(ev->recorded_us, f);
	case ROOT_TYPE: return find_text(event_type(ev), f);
	case ROOT_SUBJECT: return find_text(event_subject(ev), f);
	case ROOT_TOPIC: return find_text(ev->topic, f);
	case ROOT_SOURCE: return find_text(ev->source, f);
	default:
		return pos.epoch &&
		       find_text(str_from(position_format(pos, f->room)), f);
	}
}

static bool find(const struct choice *c, const struct mold_scope *s,
		 struct found *f)
{
	*f = (struct found){ 0 };
	switch (c->root) {
	case ROOT_LITERAL: return find_text(c->text, f);
	case ROOT_DATA: return find_member(s->data, c, f);
	case ROOT_MERGED: return find_member(s->merged, c, f);
	case ROOT_MATCH: return find_text(s->match, f);
	case ROOT_USER: return find_text(s->user, f);
	case ROOT_NOW: return find_time(s->now_us, f);
	default: return s->ev && find_attribute(s->ev, c->root, f);
	}
}

static bool find_first(const struct mold *m, const struct mold_scope *s,
		       struct found *f)
{
	for (size_t i = 0; i < m->n_choices; i++)
		if (find(&m->choice[i], s, f))
			return true;
	return false;
}

/* The text of a string that was found. */
static bool found_text(const struct found *f, struct arena *a, struct str *t_r)
{
	*t_r = f->text;
	return f->text.p || json_text(f->json, a, t_r);
}

/* ---- forms ---- */

static bool add_number(const struct found *f, struct arena *a, struct buf *b)
{
	struct decimal d;
	struct str text;

	if (!f->text.p && json_type_of(f->json) == JSON_NUMBER)
		text = f->json;
	else if (!found_text(f, a, &text) || !decimal_parse(text, &d))
		return false;
	buf_add_str(b, text);
	return true;
}

static bool add_text(const struct found *f, struct arena *a, struct buf *b)
{
	char room[DECIMAL_TEXT_MAX];
	struct decimal d;
	struct str text;

	if (!f->text.p && json_type_of(f->json) == JSON_NUMBER) {
		text = f->json;
		if (!decimal_parse(text, &d) && decimal_parse_json(text, &d))
			text = str_from(decimal_format(d, room));
	} else if (!found_text(f, a, &text)) {
		return false;
	}
	buf_json_str(b, text);
	return true;
}

/* A time as text, or the milliseconds that JavaScript counts. */
static bool read_time(const struct found *f, struct arena *a, int64_t *us_r)
{
	struct str text, whole, fraction;
	uint64_t ms;

	if (f->text.p || json_type_of(f->json) == JSON_STRING)
		return found_text(f, a, &text) && clk_parse(text, us_r);
	whole = str_cut(f->json, '.', &fraction);
	if (!str_u64(whole, &ms) || ms > (uint64_t)INT64_MAX / 100000)
		return false;
	*us_r = (int64_t)ms * 1000;
	return true;
}

static bool add_time(const struct found *f, enum form form, struct arena *a,
		     struct buf *b)
{
	char text[CLK_TEXT_SIZE];
	int64_t us;

	if (!read_time(f, a, &us))
		return false;
	if (form == FORM_TIME)
		buf_addf(b, "\"%s\"", clk_format(us, text));
	else
		buf_addf(b, "%lld", (long long)us / 1000);
	return true;
}

static bool add_found(const struct found *f, enum form form, struct buf *b)
{
	struct arena a = { .block = 256 };
	bool added = true;

	switch (form) {
	case FORM_NUMBER: added = add_number(f, &a, b); break;
	case FORM_TEXT: added = add_text(f, &a, b); break;
	case FORM_MS:
	case FORM_TIME: added = add_time(f, form, &a, b); break;
	case FORM_PLAIN:
		if (f->text.p)
			buf_json_str(b, f->text);
		else
			buf_add_str(b, f->json);
		break;
	}
	arena_free(&a);
	return added;
}

/* ---- printing ---- */

static bool print_value(const struct mold *m, const struct mold_scope *s,
			struct buf *b)
{
	struct found f;

	if (find_first(m, s, &f) && add_found(&f, m->form, b))
		return true;
	if (m->optional)
		return false;
	buf_puts(b, "null");
	return true;
}

static void print_member(struct str key, const struct mold *m,
			 const struct mold_scope *s, struct buf *b)
{
	size_t before = b->len;

	if (b->p[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_putc(b, '"');
	buf_add_str(b, key);
	buf_puts(b, "\":");
	if (!mold_print(m, s, b))
		b->len = before;
}

/* One of the members written behind "$all" has this name. */
static bool is_replaced(const struct mold *m, size_t from, struct str key)
{
	for (size_t i = from; i < m->n_parts; i++)
		if (str_eq(m->part[i].key, key))
			return true;
	return false;
}

static void print_all(const struct mold *m, size_t at, struct str all,
		      struct buf *b)
{
	struct json_iter it = json_iter(all);

	while (json_next(&it)) {
		if (is_replaced(m, at + 1, it.key))
			continue;
		if (b->p[b->len - 1] != '{')
			buf_putc(b, ',');
		buf_putc(b, '"');
		buf_add_str(b, it.key);
		buf_puts(b, "\":");
		buf_add_str(b, it.value);
	}
}

/* The object that "$all" stands for, and where it stands; absent if none. */
static struct str find_all(const struct mold *m, const struct mold_scope *s,
			   size_t *at_r)
{
	struct str none = { 0 };
	struct found f;

	for (*at_r = 0; *at_r < m->n_parts; (*at_r)++)
		if (m->part[*at_r].kind == PART_ALL)
			return find_first(m->part[*at_r].mold, s, &f) &&
					       f.json.p &&
					       json_type_of(f.json) ==
						       JSON_OBJECT
				       ? f.json
				       : none;
	return none;
}

static void print_object(const struct mold *m, const struct mold_scope *s,
			 struct buf *b)
{
	size_t at;
	struct str all = find_all(m, s, &at), other;

	buf_putc(b, '{');
	for (size_t i = 0; i < m->n_parts; i++) {
		const struct part *p = &m->part[i];

		if (p->kind == PART_ALL)
			print_all(m, at, all, b);
		else if (i > at || !all.p || !json_get(all, p->name, &other))
			print_member(p->key, p->mold, s, b);
	}
	buf_putc(b, '}');
}

static void print_array(const struct mold *m, const struct mold_scope *s,
			struct buf *b)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < m->n_parts; i++) {
		if (i)
			buf_putc(b, ',');
		if (!mold_print(m->part[i].mold, s, b))
			buf_puts(b, "null");
	}
	buf_putc(b, ']');
}

bool mold_print(const struct mold *m, const struct mold_scope *s, struct buf *b)
{
	struct found f;

	if (m->condition && !find_first(m->condition, s, &f))
		return false;
	switch (m->kind) {
	case MOLD_CONSTANT: buf_add_str(b, m->json); break;
	case MOLD_VALUE: return print_value(m, s, b);
	case MOLD_OBJECT: print_object(m, s, b); break;
	case MOLD_ARRAY: print_array(m, s, b); break;
	}
	return true;
}

struct str mold_text(const struct mold *m, const struct mold_scope *s,
		     struct arena *a)
{
	struct str text = { 0 };
	struct found f;

	if (!find_first(m, s, &f))
		return text;
	if (f.text.p)
		return arena_str(a, f.text);
	if (json_type_of(f.json) == JSON_NUMBER)
		return arena_str(a, f.json);
	json_text(f.json, a, &text);
	return text.p ? arena_str(a, text) : text;
}
