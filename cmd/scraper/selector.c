#include "selector.h"

#include <stdlib.h>
#include <sysexits.h>

#include "common/xmem.h"

#include "css.h"

struct selector {
	struct css *css;
	struct xpath *xpath;
	char *text; /* of either */
	char *attr;
};

const char *const selector_members[] = { "css", "xpath", "attr", NULL };

static int read_text(const struct json *spec, const char *name, char **text_r,
		     struct err *e)
{
	const struct json *member = json_member(spec, name);

	if (!member)
		return 0;
	if (!json_string(member) || !*json_string(member))
		return err_set(e, EX_CONFIG, "%s is no text", name);
	free(*text_r);
	*text_r = xstrdup(json_string(member));
	return 0;
}

static int compile(struct selector *s, bool xpath, struct err *e)
{
	if (xpath)
		s->xpath = xpath_compile(str_from(s->text), e);
	else
		s->css = css_compile(str_from(s->text), e);
	return s->css || s->xpath ? 0 : err_prefix(e, "%s", s->text);
}

struct selector *selector_from_css(const char *css, struct err *e)
{
	struct selector *s = xcalloc(1, sizeof(*s));

	s->text = xstrdup(css);
	if (compile(s, false, e))
		selector_free(&s);
	return s;
}

struct selector *selector_compile(const struct json *spec, struct err *e)
{
	struct selector *s = xcalloc(1, sizeof(*s));
	bool css = json_member(spec, "css"), xpath = json_member(spec, "xpath");

	if (css && xpath) {
		err_set(e, EX_CONFIG, "both css and xpath are there");
		goto fail;
	}
	if (read_text(spec, "css", &s->text, e) ||
	    read_text(spec, "xpath", &s->text, e) ||
	    read_text(spec, "attr", &s->attr, e))
		goto fail;
	if (s->text && compile(s, xpath, e))
		goto fail;
	return s;
fail:
	selector_free(&s);
	return NULL;
}

void selector_free(struct selector **sp)
{
	struct selector *s = *sp;

	if (!s)
		return;
	css_free(&s->css);
	xpath_free(&s->xpath);
	free(s->text);
	free(s->attr);
	free(s);
	*sp = NULL;
}

const char *selector_text(const struct selector *s)
{
	return s->text ? s->text : "";
}

bool selector_has_attr(const struct selector *s)
{
	return s->attr != NULL;
}

/* All that is found, nodes and values. The first failure stays in the page. */
static size_t find(const struct selector *s, struct page *p,
		   const struct dom_node *context, struct arena *a,
		   struct xpath_found **found_r)
{
	const struct dom_node **nodes = &context;
	struct err e = { 0 };
	size_t n = 1;
	int rc = 0;

	if (s->xpath) {
		rc = xpath_select(s->xpath, &p->xpath, context, a, found_r, &n,
				  &e);
	} else {
		if (s->css)
			rc = css_select(s->css, p->dom, context, a, &nodes, &n,
					&e);
		*found_r = arena_alloc(a, n * sizeof(**found_r));
		for (size_t i = 0; i < n; i++)
			(*found_r)[i].node = nodes[i];
	}
	if (rc && !p->err.code)
		p->err = e;
	return rc ? 0 : n;
}

size_t selector_nodes(const struct selector *s, struct page *p,
		      const struct dom_node *context, struct arena *a,
		      const struct dom_node ***nodes_r)
{
	struct xpath_found *found = NULL;
	size_t n = find(s, p, context, a, &found), kept = 0;

	*nodes_r = arena_alloc(a, n * sizeof(**nodes_r));
	for (size_t i = 0; i < n; i++)
		if (!found[i].value.p)
			(*nodes_r)[kept++] = found[i].node;
	return kept;
}

/* Where an element without content keeps what it is about. */
static const char *natural_attr(const struct dom_node *n)
{
	static const char *const pairs[][2] = {
		{ "meta", "content" }, { "img", "src" },
		{ "input", "value" },  { "link", "href" },
		{ "source", "src" },   { "embed", "src" },
		{ "area", "href" },    { "track", "src" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (str_is(n->name, pairs[i][0]))
			return pairs[i][1];
	return NULL;
}

static struct str read_node(const struct selector *s, const struct page *p,
			    const struct dom_node *n, struct arena *a)
{
	const char *attr = s->attr;

	if (n->type == DOM_TEXT || n->type == DOM_COMMENT)
		return n->text;
	if (n->type == DOM_DOCUMENT && p->dom->html)
		n = p->dom->html;
	if (!attr && !p->dom->xml)
		attr = natural_attr(n);
	return attr ? dom_attr(n, attr) : dom_visible_text(n, a);
}

struct str selector_read_link(const struct selector *s, struct page *p,
			      const struct dom_node *context, struct arena *a)
{
	struct xpath_found *found = NULL;
	size_t n = find(s, p, context, a, &found);

	for (size_t i = 0; i < n; i++) {
		struct str text = found[i].value;

		if (!text.p && !s->attr && found[i].node->type == DOM_ELEMENT)
			text = dom_attr(found[i].node, "href");
		else if (!text.p)
			text = read_node(s, p, found[i].node, a);
		if (str_trim(text).len)
			return text;
	}
	return (struct str){ 0 };
}

struct str selector_read(const struct selector *s, struct page *p,
			 const struct dom_node *context, struct arena *a)
{
	struct xpath_found *found = NULL;
	size_t n = find(s, p, context, a, &found);

	for (size_t i = 0; i < n; i++) {
		struct str text = found[i].value;

		if (!text.p)
			text = read_node(s, p, found[i].node, a);
		if (str_trim(text).len)
			return text;
	}
	return (struct str){ 0 };
}
