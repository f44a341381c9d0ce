#ifndef SCRAPER_XPATH_TREE_H
#define SCRAPER_XPATH_TREE_H

/*
 * xpath_tree - a copy of a document for libxml2. Only for xpath.c.
 */
#include <libxml/tree.h>
#include <libxml/xpath.h>

#include "dom.h"

enum { XPATH_NS_MAX = 64 }; /* prefixes known by name in one document */

struct xpath_tree {
	xmlDoc *doc;
	xmlNode **nodes; /* by dom_node.order */
	size_t n_nodes;
	struct {
		struct str prefix, uri;
		xmlNs *ns;
	} spaces[XPATH_NS_MAX];
	size_t n_spaces;
};

/* Each libxml2 node has its dom_node in _private; the document too. */
struct xpath_tree *xpath_tree_new(const struct dom *dom);
void xpath_tree_free(struct xpath_tree **tp);

#endif
