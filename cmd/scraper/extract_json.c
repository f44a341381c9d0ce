/*
 * Kind "json": an API's answer. SELECTOR is {"path":JSONPATH},
 * {"pointer":JSON POINTER} or {"jq":PROGRAM}; within fields, "$", "" and "."
 * are the item.
 *
 * An "items" that selects a single array means its elements. A field takes
 * the first of the values found that is a text, number or boolean.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "dom.h"
#include "extract.h"
#include "fields.h"
#include "jqprogram.h"
#include "jsonpath.h"

struct selector {
	struct jsonpath *path; /* or: */
	char *pointer;	       /* or: */
	char *program;
	struct jqprogram *jq; /* of the program, once prepared */
};

static void release_selector(void *selector)
{
	struct selector *s = selector;

	jsonpath_free(&s->path);
	free(s->pointer);
	free(s->program);
	jqprogram_free(&s->jq);
	free(s);
}

static void *compile_selector(const struct json *spec, bool list, struct err *e)
{
	const char *path = json_string(json_member(spec, "path"));
	const char *pointer = json_string(json_member(spec, "pointer"));
	const char *program = json_string(json_member(spec, "jq"));
	struct selector *s = xcalloc(1, sizeof(*s));

	(void)list;
	if (!!path + !!pointer + !!program != 1) {
		err_set(e, EX_CONFIG,
			"one of path, pointer and jq is needed, as a string");
		goto fail;
	}
	if (program) {
		if (jqprogram_check(str_from(program), e))
			goto fail;
		s->program = xstrdup(program);
		return s;
	}
	if (path) {
		s->path = jsonpath_compile(str_from(path), e);
		if (!s->path)
			goto fail;
		return s;
	}
	if (jsonptr_check(str_from(pointer), e))
		goto fail;
	s->pointer = xstrdup(pointer);
	return s;
fail:
	release_selector(s);
	return NULL;
}

static bool has_program(const void *selector)
{
	const struct selector *s = selector;

	return s->program;
}

static int prepare_selector(void *selector, struct err *e)
{
	struct selector *s = selector;

	if (s->program && !s->jq)
		s->jq = jqprogram_new(s->program, e);
	return s->program && !s->jq ? -1 : 0;
}

/* ---- nodes ---- */

/* A value of the document, or one that a program made: as either, on demand. */
struct node {
	const struct json *json;
	struct json *own; /* json, where it was made for this */
	struct jqvalue *value;
};

/* Of one document. */
struct run {
	struct arena *a;
	uint64_t left;	   /* work that JSONPath may still do */
	struct err failed; /* the first program for a field that did */
};

/* What fields are read from. */
struct place {
	struct run *run;
	struct node *node;
};

static const struct json *as_json(struct node *n)
{
	struct err e;

	if (!n->json)
		n->json = n->own = jqvalue_json(n->value, &e);
	return n->json;
}

static const struct jqvalue *as_value(struct node *n)
{
	if (!n->value)
		n->value = jqvalue_new(n->json);
	return n->value;
}

static void drop(struct node *n)
{
	jqvalue_free(&n->value);
	json_free(&n->own);
}

static struct raw raw_of(const struct json *n)
{
	switch (json_kind(n)) {
	case JSON_STRING: return (struct raw){ json_content(n), false };
	case JSON_NUMBER: return (struct raw){ json_content(n), true };
	case JSON_BOOL:
		return (struct raw){ str_from(json_true(n) ? "true" : "false"),
				     false };
	case JSON_ARRAY:
		json_each (child, n)
			if (json_kind(child) != JSON_ARRAY &&
			    raw_of(child).text.p)
				return raw_of(child);
		break;
	default: break;
	}
	return (struct raw){ .text = { 0 } };
}

/* The same of a value of jq's. */
static struct raw raw_of_value(const struct jqvalue *v, struct arena *a)
{
	struct raw raw = { .text = { 0 } };
	int n = jqvalue_count(v);

	raw.text = jqvalue_text(v, a, &raw.number);
	for (int i = 0; i < n && !raw.text.p; i++) {
		struct jqvalue *element = jqvalue_at(v, i);

		raw.text = jqvalue_text(element, a, &raw.number);
		jqvalue_free(&element);
	}
	return raw;
}

/* ---- fields ---- */

static struct raw read_program(const struct selector *s, struct place at,
			       struct arena *a)
{
	struct raw raw = { .text = { 0 } };
	struct jqvalue *v;
	struct err e;
	int rc = 0;

	jqprogram_start(s->jq, as_value(at.node));
	for (int i = 0; i < JQPROGRAM_RESULTS_MAX && !raw.text.p; i++) {
		rc = jqprogram_next(s->jq, &v, &e);
		if (rc <= 0)
			break;
		raw = raw_of_value(v, a);
		jqvalue_free(&v);
	}
	if (rc < 0 && !at.run->failed.code)
		at.run->failed = e;
	return raw;
}

static int find_nodes(const struct selector *s, struct place at,
		      struct nodelist *list_r, struct err *e)
{
	const struct json *root = as_json(at.node), *one;

	*list_r = (struct nodelist){ 0 };
	if (!root)
		return 0;
	if (s->path)
		return jsonpath_run_within(s->path, root, &at.run->left,
					   at.run->a, list_r, e);
	one = jsonptr_get(str_from(s->pointer), root);
	if (one) {
		list_r->node = arena_alloc(at.run->a, sizeof(*list_r->node));
		list_r->node[0] = one;
		list_r->n = 1;
	}
	return 0;
}

static struct raw read_selector(const void *selector, const void *item,
				struct arena *a)
{
	const struct selector *s = selector;
	const struct place *at = item;
	struct nodelist list;
	struct raw raw;

	if (s->program)
		return read_program(s, *at, a);
	if (find_nodes(s, *at, &list, NULL) == 0) {
		for (size_t i = 0; i < list.n; i++) {
			raw = raw_of(list.node[i]);
			if (raw.text.p)
				return raw;
		}
	}
	return (struct raw){ .text = { 0 } };
}

static const char *const members[] = { "path", "pointer", "jq", NULL };
static const struct selector_ops ops = {
	.members = members,
	.compile = compile_selector,
	.has_program = has_program,
	.prepare = prepare_selector,
	.release = release_selector,
	.read = read_selector,
};

static int compile(const struct json *config, void **compiled_r, struct err *e)
{
	*compiled_r = fields_compile(config, &ops, e);
	return *compiled_r ? 0 : -1;
}

static bool has_programs(const void *compiled)
{
	return fields_have_programs(compiled);
}

static int prepare(void *compiled, struct err *e)
{
	return fields_prepare(compiled, e);
}

static void release(void *compiled)
{
	struct fields *f = compiled;

	fields_free(&f);
}

/* ---- items ---- */

struct items {
	struct node *node;
	size_t n, cap, dropped;
};

static void add_node(struct items *l, struct node n)
{
	xgrow(&l->node, &l->cap, l->n, sizeof(*l->node));
	l->node[l->n++] = n;
}

static void free_items(struct items *l)
{
	for (size_t i = 0; i < l->n; i++)
		drop(&l->node[i]);
	free(l->node);
}

/* Whether the list that the last segment of "items" looks into is empty. */
static bool is_empty_list(const struct selector *s, const struct json *root,
			  struct arena *a)
{
	struct nodelist parents;

	if (!s->path || jsonpath_is_singular(s->path) ||
	    jsonpath_run_parents(s->path, root, a, &parents, NULL))
		return false;
	for (size_t i = 0; i < parents.n; i++)
		if (json_kind(parents.node[i]) != JSON_ARRAY ||
		    json_child(parents.node[i]))
			return false;
	return parents.n > 0;
}

static int select_items(const struct selector *s, struct place at,
			struct items *l, struct observation *o)
{
	struct nodelist list;
	struct err e;

	if (find_nodes(s, at, &list, &e)) {
		observation_fail(o, at.run->a, OUTCOME_PARSE_FAIL, "items: %s",
				 e.msg);
		return -1;
	}
	if (list.n == 1 && json_kind(list.node[0]) == JSON_ARRAY) {
		json_each (element, list.node[0])
			add_node(l, (struct node){ .json = element });
		return 0;
	}
	for (size_t i = 0; i < list.n; i++)
		add_node(l, (struct node){ .json = list.node[i] });
	if (list.n > 0 || is_empty_list(s, at.node->json, at.run->a))
		return 0;
	observation_fail(o, at.run->a, OUTCOME_SELECTOR_MISS,
			 "items found nothing");
	return -1;
}

/* A single array stands for its elements. */
static void spread(struct items *l)
{
	struct node whole = l->node[0];
	int n = jqvalue_count(whole.value);

	if (n < 0)
		return;
	l->n = 0;
	for (int i = 0; i < n && l->n < JQPROGRAM_RESULTS_MAX; i++)
		add_node(l,
			 (struct node){ .value = jqvalue_at(whole.value, i) });
	l->dropped += (size_t)n - l->n;
	drop(&whole);
}

/* A program that fails does not find its way in the document. */
static int run_items(const struct selector *s, struct place at, struct items *l,
		     struct observation *o)
{
	struct jqvalue *v;
	struct err e;
	int rc;

	jqprogram_start(s->jq, as_value(at.node));
	while ((rc = jqprogram_next(s->jq, &v, &e)) > 0) {
		if (l->n == JQPROGRAM_RESULTS_MAX) {
			l->dropped = 1; /* at least */
			jqvalue_free(&v);
			break;
		}
		add_node(l, (struct node){ .value = v });
	}
	if (rc < 0) {
		observation_fail(o, at.run->a, OUTCOME_SELECTOR_MISS,
				 "items: %s", e.msg);
		return -1;
	}
	if (l->n == 1)
		spread(l);
	return 0;
}

/* The nodes that are items; -1: *o has an outcome already. */
static int find_items(const struct selector *s, struct place root,
		      struct items *l, struct observation *o)
{
	if (s->program ? run_items(s, root, l, o) : select_items(s, root, l, o))
		return -1;
	if (l->n > 0)
		return 0;
	observation_fail(o, root.run->a, OUTCOME_EMPTY, "items: an empty list");
	return -1;
}

static void add_items(const struct fields *f, struct items *l, struct run *run,
		      const struct document *doc, struct observation *o)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		struct place at = { run, &l->node[i] };

		if (!fields_add(f, &at, doc, run->a, o))
			break;
		drop(&l->node[i]);
	}
	o->dropped = l->dropped + (l->n - i);
	fields_end(f, run->a, o);
	if (run->left == 0)
		observation_fail(o, run->a, OUTCOME_PARSE_FAIL,
				 "fields: too much work for JSONPath");
	else if (o->outcome == OUTCOME_SELECTOR_MISS && run->failed.code)
		observation_fail(o, run->a, OUTCOME_SELECTOR_MISS, "%.*s: %s",
				 STR_ARG(o->reason), run->failed.msg);
}

static void read_root(const struct fields *f, const struct json *root,
		      const struct document *doc, struct arena *a,
		      struct observation *o)
{
	struct run run = { .a = a, .left = JSONPATH_WORK_MAX };
	struct node node = { .json = root };
	struct place at = { &run, &node };
	struct items l = { 0 };

	if (!fields_items(f))
		add_node(&l, (struct node){ .json = root });
	if (!fields_items(f) || find_items(fields_items(f), at, &l, o) == 0)
		add_items(f, &l, &run, doc, o);
	if (o->outcome == OUTCOME_FOUND)
		fields_read_next(f, &at, doc->url, doc, a, o);
	free_items(&l);
	drop(&node);
}

static void run(const void *compiled, const struct document *doc,
		struct arena *a, struct observation *o)
{
	struct str text = dom_to_utf8(doc->body, doc->content_type, a);
	struct json *root;
	struct err e;

	if (str_trim(text).len == 0) {
		observation_fail(o, a, OUTCOME_EMPTY, "nothing there");
		return;
	}
	root = json_parse(text, 0, &e);
	if (!root) {
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "%s", e.msg);
		return;
	}
	read_root(compiled, root, doc, a, o);
	json_free(&root);
}

const struct extract_kind extract_json = {
	.name = "json",
	.compile = compile,
	.has_programs = has_programs,
	.prepare = prepare,
	.release = release,
	.run = run,
};
