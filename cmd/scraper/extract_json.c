/*
 * Kind "json": an API's answer. SELECTOR is {"path":JSONPATH} or
 * {"pointer":JSON POINTER}; within fields, "$" and "" are the item.
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
#include "jsonpath.h"

struct selector {
	struct jsonpath *path; /* or: */
	char *pointer;
};

static void release_selector(void *selector)
{
	struct selector *s = selector;

	jsonpath_free(&s->path);
	free(s->pointer);
	free(s);
}

static void *compile_selector(const struct json *spec, bool list, struct err *e)
{
	const char *path = json_string(json_member(spec, "path"));
	const char *pointer = json_string(json_member(spec, "pointer"));
	struct selector *s = xcalloc(1, sizeof(*s));

	(void)list;
	if (!path == !pointer) {
		err_set(e, EX_CONFIG,
			"one of path and pointer is needed, as "
			"a string");
		goto fail;
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

/* One item, and what is left of the work on the whole document. */
struct place {
	const struct json *node;
	uint64_t *left;
};

static int select_nodes(const struct selector *s, struct place at,
			struct arena *a, struct nodelist *list_r, struct err *e)
{
	const struct json *one;

	if (s->path)
		return jsonpath_run_within(s->path, at.node, at.left, a, list_r,
					   e);
	*list_r = (struct nodelist){ 0 };
	one = jsonptr_get(str_from(s->pointer), at.node);
	if (one) {
		list_r->node = arena_alloc(a, sizeof(*list_r->node));
		list_r->node[0] = one;
		list_r->n = 1;
	}
	return 0;
}

static struct raw raw_of(const struct json *n)
{
	switch (json_kind(n)) {
	case JSON_STRING:
		return (struct raw){ str_from(json_string(n)), false };
	case JSON_NUMBER: return (struct raw){ str_from(json_number(n)), true };
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

static struct raw read_selector(const void *selector, const void *item,
				struct arena *a)
{
	struct nodelist list;
	struct raw raw;

	if (select_nodes(selector, *(const struct place *)item, a, &list,
			 NULL) == 0) {
		for (size_t i = 0; i < list.n; i++) {
			raw = raw_of(list.node[i]);
			if (raw.text.p)
				return raw;
		}
	}
	return (struct raw){ .text = { 0 } };
}

static const char *const members[] = { "path", "pointer", NULL };
static const struct selector_ops ops = {
	.members = members,
	.compile = compile_selector,
	.release = release_selector,
	.read = read_selector,
};

static int compile(const struct json *config, void **compiled_r, struct err *e)
{
	*compiled_r = fields_compile(config, &ops, e);
	return *compiled_r ? 0 : -1;
}

static void release(void *compiled)
{
	struct fields *f = compiled;

	fields_free(&f);
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

static void elements_of(const struct json *array, struct arena *a,
			struct nodelist *list_r)
{
	size_t n = json_count(array), i = 0;

	list_r->node = arena_alloc(a, n * sizeof(*list_r->node));
	list_r->n = n;
	json_each (element, array)
		list_r->node[i++] = element;
}

/* The nodes that are items; -1: *o has an outcome already. */
static int find_items(const struct selector *items, struct place root,
		      struct arena *a, struct nodelist *list_r,
		      struct observation *o)
{
	struct nodelist *l = list_r;
	struct err e;

	if (select_nodes(items, root, a, l, &e)) {
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "items: %s", e.msg);
		return -1;
	}
	if (l->n == 1 && json_kind(l->node[0]) == JSON_ARRAY)
		elements_of(l->node[0], a, l);
	else if (l->n == 0 && !is_empty_list(items, root.node, a))
		observation_fail(o, a, OUTCOME_SELECTOR_MISS,
				 "items found nothing");
	if (l->n == 0 && o->outcome != OUTCOME_SELECTOR_MISS)
		observation_fail(o, a, OUTCOME_EMPTY, "items: an empty list");
	return l->n > 0 ? 0 : -1;
}

static void add_items(const struct fields *f, const struct json *root,
		      const struct document *doc, struct arena *a,
		      struct observation *o)
{
	struct nodelist list = { .node = &root, .n = 1 };
	uint64_t left = JSONPATH_WORK_MAX;
	struct place at = { root, &left };

	if (fields_items(f) && find_items(fields_items(f), at, a, &list, o))
		return;
	for (size_t i = 0; i < list.n; i++) {
		at.node = list.node[i];
		if (!fields_add(f, &at, doc, a, o)) {
			o->dropped = list.n - i;
			break;
		}
	}
	fields_end(f, a, o);
	if (left == 0)
		observation_fail(o, a, OUTCOME_PARSE_FAIL,
				 "fields: too much work for JSONPath");
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
	add_items(compiled, root, doc, a, o);
	json_free(&root);
}

const struct extract_kind extract_json = { "json", compile, release, run };
