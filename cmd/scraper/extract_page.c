/*
 * Kind page: the text that a reader sees, line by line.
 *
 *	{"css":SELECTOR or "xpath":…,"ignore":[SELECTOR or {"xpath":…},…],…}
 *
 * css or xpath narrows the page to what it selects, ignore leaves out what
 * changes without meaning (counters, dates, advertisements), and the members
 * of page_rules.h lines. Which changes count is for diff_page.c.
 */
#include <stdlib.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "extract.h"
#include "page_rules.h"
#include "selector.h"

enum { IGNORE_MAX = 100 }; /* selectors of one watch */

struct config {
	struct selector *part;
	struct selector *ignore[IGNORE_MAX];
	size_t n_ignore;
	struct page_rules *rules;
};

static void release(void *compiled)
{
	struct config *c = compiled;

	selector_free(&c->part);
	for (size_t i = 0; i < c->n_ignore; i++)
		selector_free(&c->ignore[i]);
	page_rules_free(&c->rules);
	free(c);
}

/* A bare text is a CSS selector. */
static struct selector *compile_ignored(const struct json *spec, struct err *e)
{
	static const char *const known[] = { "css", "xpath", NULL };

	if (json_string(spec))
		return selector_from_css(json_string(spec), e);
	if (json_kind(spec) != JSON_OBJECT) {
		err_set(e, EX_CONFIG, "is no selector");
		return NULL;
	}
	return extract_members(spec, "selector", known, e)
		       ? NULL
		       : selector_compile(spec, e);
}

static int compile_ignore(struct config *c, const struct json *list,
			  struct err *e)
{
	if (list && json_kind(list) != JSON_ARRAY)
		return err_set(e, EX_CONFIG, "ignore: is no array");
	json_each (spec, list) {
		struct selector *s;

		if (c->n_ignore == IGNORE_MAX)
			return err_set(e, EX_CONFIG,
				       "ignore: more than %d selectors",
				       IGNORE_MAX);
		s = compile_ignored(spec, e);
		if (!s)
			return err_prefix(e, "ignore");
		c->ignore[c->n_ignore++] = s;
	}
	return 0;
}

static int compile(const struct json *config, void **compiled_r, struct err *e)
{
	static const char *const known[] = {
		"css",	   "xpath",	"ignore",   "ignore_lines",
		"trigger", "unordered", "only_new", NULL,
	};
	struct config *c = xcalloc(1, sizeof(*c));

	if (extract_members(config, "extract", known, e) ||
	    compile_ignore(c, json_member(config, "ignore"), e))
		goto fail;
	c->rules = page_rules_compile(config, e);
	if (!c->rules)
		goto fail;
	if (json_member(config, "css") || json_member(config, "xpath")) {
		c->part = selector_compile(config, e);
		if (!c->part) {
			err_prefix(e, "extract");
			goto fail;
		}
	}
	*compiled_r = c;
	return 0;
fail:
	release(c);
	return -1;
}

/* By the order of nodes, whether they are left out; NULL if none is. */
static bool *ignored_nodes(const struct config *c, struct page *p,
			   struct arena *a)
{
	const struct dom_node *n, *last = p->dom->root;
	bool *ignored = NULL;

	if (!c->n_ignore)
		return NULL;
	for (n = last; n; n = dom_walk(p->dom->root, n))
		last = n;
	ignored = arena_alloc(a, (size_t)last->order + 1);
	for (size_t i = 0; i < c->n_ignore; i++) {
		const struct dom_node **nodes;
		size_t found = selector_nodes(c->ignore[i], p, p->dom->root, a,
					      &nodes);

		for (size_t j = 0; j < found; j++)
			ignored[nodes[j]->order] = true;
	}
	return ignored;
}

static bool is_within(const struct dom_node *n, const struct dom_node *top)
{
	while (n && n != top)
		n = n->parent;
	return n != NULL;
}

/* The text of all parts; a part within the one before was read with it. */
static struct str join(const struct dom_node *const *parts, size_t n,
		       const bool *ignored, struct arena *a)
{
	const struct dom_node *top = NULL;
	struct buf b = { 0 };
	struct str s;

	for (size_t i = 0; i < n; i++) {
		if (top && is_within(parts[i], top))
			continue;
		top = parts[i];
		s = dom_visible_text_but(top, ignored, a);
		if (b.len && s.len)
			buf_putc(&b, '\n');
		buf_add_str(&b, s);
	}
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

/* Without the lines that are to be ignored. */
static struct str filter_lines(const struct page_patterns *ignore,
			       struct str text, struct arena *a)
{
	struct str rest = text, line, s;
	struct buf b = { 0 };

	if (!ignore->n)
		return text;
	while (rest.len) {
		line = str_cut(rest, '\n', &rest);
		if (page_patterns_match(ignore, line))
			continue;
		if (b.len)
			buf_putc(&b, '\n');
		buf_add_str(&b, line);
	}
	s = arena_str(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static void read_page(const struct config *c, struct page *p, struct arena *a,
		      struct observation *o)
{
	const struct dom_node *const whole[] = { p->dom->root };
	const struct dom_node *const *parts = whole;
	const struct dom_node **found;
	const bool *ignored = ignored_nodes(c, p, a);
	struct str text;
	size_t n = 1;

	if (c->part) {
		n = selector_nodes(c->part, p, p->dom->root, a, &found);
		parts = found;
	}
	if (p->err.code) {
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "%s", p->err.msg);
		return;
	}
	if (!n) {
		observation_fail(o, a, OUTCOME_SELECTOR_MISS,
				 "nothing matches %s", selector_text(c->part));
		return;
	}
	text = filter_lines(&c->rules->ignore, join(parts, n, ignored, a), a);
	if (!text.len) {
		observation_fail(o, a, OUTCOME_EMPTY, "there is no text");
		return;
	}
	o->outcome = OUTCOME_FOUND;
	o->text = text;
}

static void run(const void *compiled, const struct document *doc,
		struct arena *a, struct observation *o)
{
	struct page p;

	if (page_init(&p, doc, a, o))
		read_page(compiled, &p, a, o);
	page_fini(&p);
}

const struct extract_kind extract_page = {
	.name = "page",
	.compile = compile,
	.release = release,
	.run = run,
};
