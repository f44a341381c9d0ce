#include "xpath_tree.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

static const xmlChar *xml(struct str s)
{
	return (const xmlChar *)s.p;
}

/*
 * The namespace of a prefix and URI (absent: whatever the prefix meant first,
 * or the prefix itself, as HTML has no declarations). NULL once there are too
 * many.
 */
static xmlNs *find_space(struct xpath_tree *t, struct str prefix,
			 struct str uri)
{
	char *name;
	size_t i;

	if (str_is(prefix, "xml")) /* the document's own */
		return xmlSearchNs(t->doc, (xmlNode *)t->doc,
				   (const xmlChar *)"xml");
	for (i = 0; i < t->n_spaces; i++)
		if (str_eq(t->spaces[i].prefix, prefix) &&
		    (!uri.p || str_eq(t->spaces[i].uri, uri)))
			return t->spaces[i].ns;
	if (i == XPATH_NS_MAX)
		return NULL;
	if (!uri.p)
		uri = prefix;
	t->spaces[i].prefix = prefix;
	t->spaces[i].uri = uri;
	name = xstrndup(prefix.p, prefix.len);
	t->spaces[i].ns = xmlNewNs(NULL, xml(uri), xml(str_from(name)));
	free(name);
	t->n_spaces++;
	return t->spaces[i].ns;
}

/* The name without its prefix, whose namespace goes to *ns_r. */
static const xmlChar *split_name(struct xpath_tree *t, struct str name,
				 struct str uri, xmlNs **ns_r)
{
	size_t colon = str_chr(name, ':');

	*ns_r = NULL;
	if (colon != (size_t)-1 && colon > 0 && colon + 1 < name.len)
		*ns_r = find_space(t, str_sub(name, 0, colon), uri);
	return (const xmlChar *)(*ns_r ? name.p + colon + 1 : name.p);
}

static xmlNode *copy_element(struct xpath_tree *t, const struct dom_node *n)
{
	xmlNs *ns;
	const xmlChar *name = split_name(t, n->name, n->ns, &ns);
	xmlNode *copy = xmlNewDocNode(t->doc, ns, name, NULL);
	xmlAttr *last = NULL;

	/* xmlNewProp() walks to the end for each: a list of our own. */
	for (const struct dom_attr *at = n->attrs; at; at = at->next) {
		xmlAttr *attr;

		name = split_name(t, at->name, (struct str){ 0 }, &ns);
		attr = xmlNewDocProp(t->doc, name, NULL);
		attr->ns = ns;
		attr->parent = copy;
		attr->children = xmlNewDocText(t->doc, xml(at->value));
		attr->last = attr->children;
		attr->children->parent = (xmlNode *)attr;
		attr->prev = last;
		if (last)
			last->next = attr;
		else
			copy->properties = attr;
		last = attr;
	}
	return copy;
}

static xmlNode *copy_node(struct xpath_tree *t, const struct dom_node *n)
{
	switch (n->type) {
	case DOM_ELEMENT: return copy_element(t, n);
	case DOM_TEXT: return xmlNewDocText(t->doc, xml(n->text));
	default: return xmlNewDocComment(t->doc, xml(n->text));
	}
}

/* xmlAddChild() merges texts and looks for ids; this is all that we need. */
static void append(xmlNode *parent, xmlNode *n)
{
	n->parent = parent;
	n->prev = parent->last;
	if (n->prev)
		n->prev->next = n;
	else
		parent->children = n;
	parent->last = n;
}

struct xpath_tree *xpath_tree_new(const struct dom *dom)
{
	struct xpath_tree *t = xcalloc(1, sizeof(*t));
	const struct dom_node *n, *last = dom->root;

	for (n = dom->root; n; n = dom_walk(dom->root, n))
		last = n;
	t->n_nodes = (size_t)last->order + 1;
	t->nodes = xcalloc(t->n_nodes, sizeof(*t->nodes));
	t->doc = xmlNewDoc(NULL);
	t->nodes[dom->root->order] = (xmlNode *)t->doc;
	n = dom->root;
	while ((n = dom_walk(dom->root, n))) {
		xmlNode *copy = copy_node(t, n);

		memcpy(&copy->_private, &n, sizeof(n)); /* keeps the const */
		append(t->nodes[n->parent->order], copy);
		t->nodes[n->order] = copy;
	}
	n = dom->root;
	memcpy(&t->doc->_private, &n, sizeof(n));
	xmlXPathOrderDocElems(t->doc);
	return t;
}

void xpath_tree_free(struct xpath_tree **tp)
{
	struct xpath_tree *t = *tp;

	if (!t)
		return;
	xmlFreeDoc(t->doc);
	for (size_t i = 0; i < t->n_spaces; i++)
		xmlFreeNs(t->spaces[i].ns);
	free(t->nodes);
	free(t);
	*tp = NULL;
}
