#include "xpath.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libxml/hash.h>
#include <libxml/xpathInternals.h>

#include "common/xmem.h"

#include "xpath_tree.h"

struct xpath {
	xmlXPathCompExpr *expr;
	char *text; /* libxml2 keeps a pointer to it */
	bool joins; /* sets that may have nodes in common */
};

/* Where libxml2 would print its errors. */
static void ignore_error(void *ctx, xmlError *error)
{
	(void)ctx;
	(void)error;
}

static void unknown_function(xmlXPathParserContext *ctxt, int nargs)
{
	(void)nargs;
	xmlXPathErr(ctxt, XPATH_UNKNOWN_FUNC_ERROR);
}

/* Without it libxml2 writes about unknown functions to standard error. */
static xmlXPathFunction look_up(void *data, const xmlChar *name,
				const xmlChar *ns_uri)
{
	xmlXPathContext *ctx = data;

	if (!ns_uri && xmlHashLookup(ctx->funcHash, name))
		return NULL; /* its own */
	return unknown_function;
}

static xmlXPathContext *new_context(xmlDoc *doc)
{
	xmlXPathContext *ctx = xmlXPathNewContext(doc);

	ctx->error = ignore_error;
	xmlXPathRegisterFuncLookup(ctx, look_up, ctx);
	return ctx;
}

/* libxml2 keeps its own words for its own printing. */
static const char *error_words(const xmlXPathContext *ctx)
{
	static const char *const words[] = {
		[XPATH_UNFINISHED_LITERAL_ERROR] = "a closing quote is missing",
		[XPATH_START_LITERAL_ERROR] = "a text in quotes expected",
		[XPATH_VARIABLE_REF_ERROR] = "variable expected",
		[XPATH_UNDEF_VARIABLE_ERROR] = "there are no variables",
		[XPATH_INVALID_PREDICATE_ERROR] = "predicate or ']' expected",
		[XPATH_UNCLOSED_ERROR] = "')' expected",
		[XPATH_UNKNOWN_FUNC_ERROR] = "no such function",
		[XPATH_INVALID_OPERAND] = "wrong operand",
		[XPATH_INVALID_TYPE] = "wrong type of argument",
		[XPATH_INVALID_ARITY] = "wrong number of arguments",
		[XPATH_MEMORY_ERROR] = "too many nodes",
		[XPATH_ENCODING_ERROR] = "is no UTF-8",
		[XPATH_INVALID_CHAR_ERROR] = "no such character in XPath",
		[XPATH_STACK_ERROR] = "too many values",
		[XPATH_OP_LIMIT_EXCEEDED] = "more steps than are allowed",
		[XPATH_RECURSION_LIMIT_EXCEEDED] = "nested too deep",
	};
	int code = ctx->lastError.code - XML_XPATH_EXPRESSION_OK;

	if (code < 0 || code >= (int)ARRAY_LEN(words) || !words[code])
		return "expression expected";
	return words[code];
}

/* Is the "//" at text[at] behind a step, and not where a path begins? */
static bool is_behind_step(const char *text, size_t at)
{
	unsigned char c;

	while (at > 0 && isspace((unsigned char)text[at - 1]))
		at--;
	c = at > 0 ? (unsigned char)text[at - 1] : '\0';
	return isalnum(c) || c >= 0x80 || (c && strchr("_-*])", c));
}

/*
 * Joins: what leads from several nodes to the same ones. A word in quotes is
 * taken for an axis as well, which costs nobody anything in common documents.
 */
static bool joins_sets(const char *text)
{
	static const char *const words[] = {
		"ancestor", "descendant", "following", "preceding",
		"parent",   "..",	  "|",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(text, words[i]))
			return true;
	for (const char *p = text; (p = strstr(p, "//")); p += 2)
		if (is_behind_step(text, (size_t)(p - text)))
			return true;
	return false;
}

static unsigned long steps_max(const struct xpath *x, size_t nodes)
{
	int64_t n = (int64_t)nodes, steps = XPATH_JOINS_MAX / n;

	if (steps < XPATH_WALKS * n)
		steps = XPATH_WALKS * n;
	if (!x->joins || steps > XPATH_STEPS_MAX)
		steps = XPATH_STEPS_MAX;
	return (unsigned long)steps;
}

struct xpath *xpath_compile(struct str text, struct err *e)
{
	struct xpath *x = xcalloc(1, sizeof(*x));
	xmlXPathContext *ctx = new_context(NULL);

	text = str_trim(text);
	if (text.len > XPATH_TEXT_MAX)
		err_set(e, EX_CONFIG, "xpath: longer than %d bytes",
			XPATH_TEXT_MAX);
	else if (!text.len)
		err_set(e, EX_CONFIG, "xpath: is empty");
	else if (!str_is_utf8(text) || str_chr(text, '\0') != (size_t)-1)
		err_set(e, EX_CONFIG, "xpath: is no UTF-8 text");
	else {
		x->text = xstrndup(text.p, text.len);
		x->joins = joins_sets(x->text);
		x->expr = xmlXPathCtxtCompile(ctx, (xmlChar *)x->text);
		if (!x->expr)
			err_set(e, EX_CONFIG, "xpath: %s at byte %d",
				error_words(ctx), ctx->lastError.int1 + 1);
	}
	xmlXPathFreeContext(ctx);
	if (!x->expr)
		xpath_free(&x);
	return x;
}

void xpath_free(struct xpath **xp)
{
	struct xpath *x = *xp;

	if (!x)
		return;
	xmlXPathFreeCompExpr(x->expr);
	free(x->text);
	free(x);
	*xp = NULL;
}

void xpath_doc_fini(struct xpath_doc *doc)
{
	xpath_tree_free(&doc->tree);
}

static struct str take_text(xmlChar *s, struct arena *a)
{
	struct str text = STR("");

	if (s)
		text = arena_str(a, str_from((const char *)s));
	xmlFree(s);
	return text;
}

/* False for what is no part of our document (a namespace node). */
static bool take_node(const xmlNode *n, struct arena *a, struct xpath_found *f)
{
	const void *node = NULL;

	switch (n->type) {
	case XML_ATTRIBUTE_NODE:
		f->value = take_text(xmlNodeGetContent(n), a);
		node = n->parent->_private;
		break;
	case XML_ELEMENT_NODE:
	case XML_TEXT_NODE:
	case XML_COMMENT_NODE:
	case XML_DOCUMENT_NODE: node = n->_private; break;
	default: break;
	}
	f->node = node;
	return node != NULL;
}

static void take_result(xmlXPathObject *result, struct arena *a,
			struct xpath_found **found_r, size_t *n_r)
{
	struct xpath_found *found;
	xmlNodeSet *set = result->nodesetval;
	size_t n = 0;

	if (result->type != XPATH_NODESET) {
		found = arena_alloc(a, sizeof(*found));
		found->value = take_text(xmlXPathCastToString(result), a);
		*found_r = found;
		*n_r = 1;
		return;
	}
	if (!set || !set->nodeNr)
		return;
	xmlXPathNodeSetSort(set);
	found = arena_alloc(a, (size_t)set->nodeNr * sizeof(*found));
	for (int i = 0; i < set->nodeNr; i++)
		n += take_node(set->nodeTab[i], a, &found[n]);
	*found_r = found;
	*n_r = n;
}

int xpath_select(const struct xpath *x, struct xpath_doc *doc,
		 const struct dom_node *context, struct arena *a,
		 struct xpath_found **found_r, size_t *n_r, struct err *e)
{
	struct xpath_tree *t = doc->tree;
	xmlXPathContext *ctx;
	xmlXPathObject *result;
	int rc = 0;

	*found_r = NULL;
	*n_r = 0;
	if (!t)
		t = doc->tree = xpath_tree_new(doc->dom);
	ctx = new_context(t->doc);
	ctx->opLimit = steps_max(x, t->n_nodes);
	for (size_t i = t->n_spaces; i-- > 0;) /* the first one wins */
		xmlXPathRegisterNs(ctx, t->spaces[i].ns->prefix,
				   t->spaces[i].ns->href);
	ctx->node = t->nodes[context->order];
	result = xmlXPathCompiledEval(x->expr, ctx);
	if (result)
		take_result(result, a, found_r, n_r);
	else if (ctx->lastError.code != XML_XPATH_UNDEF_PREFIX_ERROR)
		rc = err_set(e, EX_DATAERR, "xpath: %s", error_words(ctx));
	xmlXPathFreeObject(result);
	xmlXPathFreeContext(ctx);
	return rc;
}
