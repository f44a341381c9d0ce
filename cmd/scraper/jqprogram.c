#include "jqprogram.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <jq.h>

#include "common/xmem.h"

struct jqprogram {
	jq_state *jq;
	struct err *e; /* while compiling: where the first message goes */
};

struct jqvalue {
	jv v;
};

/* ---- words ---- */

/* What is not about the input. The clock and time zone are not, either. */
static const char *const refused[] = {
	"import",
	"include",
	"env",
	"input",
	"inputs",
	"debug",
	"stderr",
	"input_filename",
	"halt",
	"halt_error",
	"now",
	"input_line_number",
	"modulemeta",
	"localtime",
	"get_search_list",
	"strflocaltime",
};

enum { NESTING_MAX = 32 }; /* of strings in programs in strings */

struct words {
	struct str left;
	char before; /* what is not white space, before the word */
	bool def;    /* the word before is "def" */
	bool in_string;
	unsigned parens[NESTING_MAX]; /* open in the program of each level */
	size_t level;		      /* 0: not in a string's program */
};

static bool is_word_char(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static void skip(struct words *w, size_t n)
{
	w->left = str_sub(w->left, n < w->left.len ? n : w->left.len,
			  w->left.len);
}

/* In a string: to its end, or into the program of a "\(". */
static int pass_string(struct words *w, struct err *e)
{
	char c = w->left.p[0];

	if (c == '\\' && w->left.len > 1 && w->left.p[1] == '(') {
		if (w->level + 1 == NESTING_MAX)
			return err_set(e, EX_CONFIG,
				       "jq: strings are nested too deep");
		w->parens[++w->level] = 0;
		w->in_string = false;
		w->before = '(';
		skip(w, 2);
		return 0;
	}
	w->in_string = c != '"';
	skip(w, c == '\\' ? 2 : 1);
	return 0;
}

/* Anything else that is no word. */
static void pass_char(struct words *w)
{
	char c = w->left.p[0];

	if (c == '#') {
		skip(w, str_chr(w->left, '\n'));
		return;
	}
	if (c == '"')
		w->in_string = true;
	if (c == '(')
		w->parens[w->level]++;
	if (c == ')' && w->parens[w->level] > 0)
		w->parens[w->level]--;
	else if (c == ')' && w->level > 0) {
		w->level--;
		w->in_string = true;
	}
	if (!strchr(" \t\r\n", c)) {
		w->before = c;
		w->def = false;
	}
	skip(w, 1);
}

/* A field, a variable, a name of an object's member or of a definition. */
static bool is_own_name(const struct words *w, struct str word)
{
	struct str after = str_trim(w->left);

	if (w->before == '$')
		return !str_is(word, "ENV");
	if (w->before == '.')
		return true;
	if (w->def) /* else "1,halt_error(1)" would call it */
		return after.len && (after.p[0] == ':' || after.p[0] == '(');
	return after.len && (w->before == '{' || w->before == ',') &&
	       after.p[0] == ':';
}

static int pass_word(struct words *w, struct err *e)
{
	struct str word = w->left;
	bool bad;

	for (word.len = 1; word.len < w->left.len; word.len++)
		if (!is_word_char(word.p[word.len], false))
			break;
	skip(w, word.len);
	bad = w->before == '$';
	for (size_t i = 0; i < ARRAY_LEN(refused) && !bad; i++)
		bad = str_is(word, refused[i]);
	if (bad && !is_own_name(w, word))
		return err_set(e, EX_CONFIG,
			       "jq: %s%.*s: a program sees its document, and "
			       "nothing else",
			       w->before == '$' ? "$" : "", STR_ARG(word));
	w->def = str_is(word, "def");
	w->before = 'a';
	return 0;
}

int jqprogram_check(struct str text, struct err *e)
{
	struct words w = { .left = text };
	int rc = 0;

	if (str_trim(text).len == 0)
		return err_set(e, EX_CONFIG, "jq: no program");
	if (text.len > JQPROGRAM_TEXT_MAX)
		return err_set(e, EX_CONFIG, "jq: longer than %d bytes",
			       JQPROGRAM_TEXT_MAX);
	while (w.left.len > 0 && rc == 0) {
		if (w.in_string)
			rc = pass_string(&w, e);
		else if (is_word_char(w.left.p[0], true))
			rc = pass_word(&w, e);
		else
			pass_char(&w);
	}
	return rc;
}

/* ---- programs ---- */

/* "jq: error: WHAT (Unix shell quoting issues?) at <top-level>, line 1:\n…" */
static void on_message(void *arg, jv message)
{
	struct jqprogram *p = arg;
	struct str s = str_from(jv_string_value(message)), rest;
	size_t hint;

	if (p->e && !p->e->code) {
		s = str_cut(s, '\n', &rest);
		if (str_starts(s, STR("jq: error: ")))
			s = str_sub(s, sizeof("jq: error: ") - 1, s.len);
		if (str_ends(s, STR(":")))
			s.len--;
		hint = str_find(s, STR(" (Unix shell quoting issues?)"));
		if (hint == (size_t)-1)
			hint = s.len;
		rest = str_sub(s, hint, s.len);
		rest = str_sub(rest, str_chr(rest, ')') + 1, rest.len);
		err_set(p->e, EX_CONFIG, "jq: %.*s%.*s", (int)hint, s.p,
			STR_ARG(rest));
	}
	jv_free(message);
}

static void no_memory(void *unused)
{
	(void)unused;
	_exit(EX_OSERR);
}

struct jqprogram *jqprogram_new(const char *text, struct err *e)
{
	struct jqprogram *p = xcalloc(1, sizeof(*p));
	bool good = false;

	p->jq = jq_init();
	if (p->jq) {
		p->e = e;
		e->code = 0;
		jq_set_nomem_handler(p->jq, no_memory, NULL);
		jq_set_error_cb(p->jq, on_message, p);
		good = jq_compile(p->jq, text);
		p->e = NULL;
	}
	if (good)
		return p;
	if (!p->jq || !e->code)
		err_set(e, EX_CONFIG, "jq: no program");
	jqprogram_free(&p);
	return NULL;
}

void jqprogram_free(struct jqprogram **pp)
{
	struct jqprogram *p = *pp;

	if (!p)
		return;
	if (p->jq)
		jq_teardown(&p->jq);
	free(p);
	*pp = NULL;
}

void jqprogram_start(struct jqprogram *p, const struct jqvalue *input)
{
	jq_start(p->jq, jv_copy(input->v), 0);
}

static struct jqvalue *value_of(jv v)
{
	struct jqvalue *value = xmalloc(sizeof(*value));

	value->v = v;
	return value;
}

static int fail(jv v, struct err *e)
{
	jv message = jv_invalid_get_msg(v);

	if (jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	err_set(e, EX_DATAERR, "jq: %s", jv_string_value(message));
	jv_free(message);
	return -1;
}

int jqprogram_next(struct jqprogram *p, struct jqvalue **v_r, struct err *e)
{
	jv v = jq_next(p->jq);

	if (jv_is_valid(v)) {
		*v_r = value_of(v);
		return 1;
	}
	if (jv_invalid_has_msg(jv_copy(v)))
		return fail(v, e);
	jv_free(v);
	return 0;
}

/* ---- values ---- */

static jv from_json(const struct json *n)
{
	jv all;

	switch (json_kind(n)) {
	case JSON_BOOL: return jv_bool(json_true(n));
	case JSON_NUMBER: return jv_number(strtod(json_number(n), NULL));
	case JSON_STRING: return jv_string(json_string(n));
	case JSON_ARRAY:
		all = jv_array();
		json_each (child, n)
			all = jv_array_append(all, from_json(child));
		return all;
	case JSON_OBJECT:
		all = jv_object();
		json_each (child, n)
			all = jv_object_set(all, jv_string(json_key(child)),
					    from_json(child));
		return all;
	default: return jv_null();
	}
}

struct jqvalue *jqvalue_new(const struct json *n)
{
	return value_of(from_json(n));
}

void jqvalue_free(struct jqvalue **vp)
{
	if (!*vp)
		return;
	jv_free((*vp)->v);
	free(*vp);
	*vp = NULL;
}

struct str jqvalue_text(const struct jqvalue *v, struct arena *a,
			bool *number_r)
{
	jv_kind kind = jv_get_kind(v->v);
	struct str text;
	jv s;

	*number_r = kind == JV_KIND_NUMBER;
	if (kind == JV_KIND_TRUE || kind == JV_KIND_FALSE)
		return kind == JV_KIND_TRUE ? STR("true") : STR("false");
	if (kind != JV_KIND_NUMBER && kind != JV_KIND_STRING)
		return (struct str){ 0 };
	s = jv_copy(v->v);
	if (kind == JV_KIND_NUMBER)
		s = jv_dump_string(s, 0);
	text.p = jv_string_value(s);
	text.len = (size_t)jv_string_length_bytes(jv_copy(s));
	text = arena_str(a, text);
	jv_free(s);
	/* What is not a number is "null". */
	if (*number_r && str_is(text, "null"))
		return (struct str){ 0 };
	return text;
}

int jqvalue_count(const struct jqvalue *v)
{
	if (jv_get_kind(v->v) != JV_KIND_ARRAY)
		return -1;
	return jv_array_length(jv_copy(v->v));
}

struct jqvalue *jqvalue_at(const struct jqvalue *v, int i)
{
	return value_of(jv_array_get(jv_copy(v->v), i));
}

struct json *jqvalue_json(const struct jqvalue *v, struct err *e)
{
	jv text = jv_dump_string(jv_copy(v->v), 0);
	struct str s = { jv_string_value(text),
			 (size_t)jv_string_length_bytes(jv_copy(text)) };
	struct json *n = json_parse(s, 0, e);

	jv_free(text);
	return n;
}
