/*
 * XML through libxml2: no network, no DTD, no entities but XML's own five and
 * those of HTML, which feeds use without declaring them. libxml2's own limits
 * hold (256 deep, 10 MB of text).
 */
#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#include "common/xmem.h"

#include "dom_build.h"
#include "xml_mend.h"

static struct str from_xml(const xmlChar *s)
{
	return str_from((const char *)s);
}

/* prefix:name, as it was written; in scratch where there is a prefix. */
static struct str full_name(const xmlNs *ns, const xmlChar *name,
			    struct buf *scratch)
{
	if (!ns || !ns->prefix)
		return from_xml(name);
	buf_reset(scratch);
	buf_puts(scratch, (const char *)ns->prefix);
	buf_putc(scratch, ':');
	buf_puts(scratch, (const char *)name);
	return buf_str(scratch);
}

static void copy_value(struct dom_builder *b, const xmlAttr *at,
		       struct buf *scratch)
{
	xmlChar *value = xmlNodeListGetString(at->doc, at->children, 1);

	dom_build_attr(b, full_name(at->ns, at->name, scratch),
		       value ? from_xml(value) : STR(""));
	xmlFree(value);
}

static void copy_element(struct dom_builder *b, const xmlNode *n,
			 struct buf *scratch)
{
	dom_build_open(b, full_name(n->ns, n->name, scratch),
		       n->ns ? from_xml(n->ns->href) : (struct str){ 0 });
	for (const xmlNs *ns = n->nsDef; ns; ns = ns->next) {
		buf_reset(scratch);
		buf_puts(scratch, ns->prefix ? "xmlns:" : "xmlns");
		if (ns->prefix)
			buf_puts(scratch, (const char *)ns->prefix);
		dom_build_attr(b, buf_str(scratch),
			       ns->href ? from_xml(ns->href) : STR(""));
	}
	for (const xmlAttr *at = n->properties; at; at = at->next)
		copy_value(b, at, scratch);
}

/* Copies n; returns true if it was opened, to be closed after its children. */
static bool copy_node(struct dom_builder *b, const xmlNode *n,
		      struct buf *scratch)
{
	switch (n->type) {
	case XML_ELEMENT_NODE: copy_element(b, n, scratch); return true;
	case XML_TEXT_NODE:
	case XML_CDATA_SECTION_NODE:
		dom_build_text(b, from_xml(n->content));
		return false;
	case XML_COMMENT_NODE:
		dom_build_comment(b, from_xml(n->content));
		return false;
	default: return false;
	}
}

static void copy_tree(struct dom_builder *b, const xmlDoc *doc)
{
	struct buf scratch = { 0 };
	const xmlNode *n = doc->children;

	while (n) {
		bool opened = copy_node(b, n, &scratch);

		if (opened && n->children) {
			n = n->children;
			continue;
		}
		if (opened)
			dom_build_close(b);
		while (!n->next && n->parent != (const xmlNode *)doc) {
			n = n->parent;
			dom_build_close(b);
		}
		n = n->next;
	}
	buf_free(&scratch);
}

/* The length of a reference that XML knows by itself at s ('&'), or 0. */
static size_t plain_reference(struct str s)
{
	static const char *const known[] = { "&amp;", "&lt;", "&gt;", "&quot;",
					     "&apos;" };
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_starts(s, str_from(known[i])))
			return strlen(known[i]);
	if (!str_starts(s, STR("&#")))
		return 0;
	n = s.len > 2 && s.p[2] == 'x' ? 3 : 2;
	while (n < s.len && isxdigit((unsigned char)s.p[n]))
		n++;
	return n;
}

/* Adds what stands for the '&' at s; returns how many bytes that replaces. */
static size_t mend_reference(struct buf *out, struct str s)
{
	enum { ENTITY_MAX = 10 }; /* letters of HTML's longest name */
	char name[ENTITY_MAX + 1];
	size_t end = str_chr(str_sub(s, 0, sizeof(name) + 1), ';');
	const htmlEntityDesc *ent = NULL;

	if (end != (size_t)-1 &&
	    str_copy(name, sizeof(name), str_sub(s, 1, end)))
		ent = htmlEntityLookup((const xmlChar *)name);
	if (!ent) {
		buf_puts(out, "&amp;");
		return 1;
	}
	buf_addf(out, "&#%u;", ent->value);
	return end + 1;
}

/*
 * The length of the comment at s, to the end where it has none; dashes that
 * XML does not have in one are told, because libxml2 copies what it has read
 * of the comment for each pair of them.
 */
static size_t comment_length(struct str s, bool *bad_r)
{
	struct str body = str_sub(s, 4, s.len);
	size_t end = str_find(body, STR("-->"));

	*bad_r = end == (size_t)-1 ||
		 str_find(str_sub(body, 0, end), STR("--")) != (size_t)-1;
	return end == (size_t)-1 ? s.len : 4 + end + 3;
}

/*
 * HTML's entities as numbers, and other ampersands as themselves: libxml2
 * would drop them. Bad comments are dropped. What a DTD declares is not looked
 * at.
 */
static struct str mend_references(struct str s, struct arena *a)
{
	static const struct str cdata = { "<![CDATA[", 9 };
	struct buf out = { 0 };
	size_t done = 0, i = 0;

	for (;;) {
		struct str rest;
		size_t skip = 1;

		while (i < s.len && s.p[i] != '<' && s.p[i] != '&')
			i++;
		if (i >= s.len)
			break;
		rest = str_sub(s, i, s.len);
		if (rest.p[0] == '<' && str_starts(rest, cdata)) {
			skip = str_find(rest, STR("]]>"));
			if (skip == (size_t)-1)
				break;
		} else if (rest.p[0] == '<' && str_starts(rest, STR("<!--"))) {
			bool bad;

			skip = comment_length(rest, &bad);
			if (bad) {
				buf_add(&out, s.p + done, i - done);
				done = i + skip;
			}
		} else if (rest.p[0] == '&') {
			skip = plain_reference(rest);
			if (!skip) {
				buf_add(&out, s.p + done, i - done);
				skip = mend_reference(&out, rest);
				done = i + skip;
			}
		}
		i += skip;
	}
	if (!done)
		return s;
	buf_add(&out, s.p + done, s.len - done);
	s = arena_str(a, buf_str(&out));
	buf_free(&out);
	return s;
}

/*
 * libxml2 compares each attribute of a tag with all others: 200,000 of them
 * take minutes.
 */
static bool has_crowded_tag(struct str s)
{
	enum { ATTRS_MAX = 1000 };
	bool in_tag = false;
	char quote = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.len && n <= ATTRS_MAX; i++) {
		size_t text = in_tag ? 0 : str_chr(str_sub(s, i, s.len), '<');
		char c;

		if (text == (size_t)-1)
			break;
		i += text;
		c = s.p[i];
		if (c == '<') { /* never within a value */
			in_tag = true;
			quote = 0;
			n = 0;
		} else if (in_tag && quote) {
			if (c == quote)
				quote = 0;
		} else if (in_tag && (c == '"' || c == '\'')) {
			quote = c;
			n++;
		} else if (c == '>') {
			in_tag = false;
		}
	}
	return n > ATTRS_MAX;
}

static xmlDoc *read_doc(xmlParserCtxt *ctxt, struct str s)
{
	const int options = XML_PARSE_RECOVER | XML_PARSE_NONET |
			    XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_IGNORE_ENC | XML_PARSE_COMPACT;

	return s.len ? xmlCtxtReadMemory(ctxt, s.p, (int)s.len, NULL, "UTF-8",
					 options)
		     : NULL;
}

/*
 * What libxml2 recovers loses what stands around a mistake; mended, nothing is
 * lost, where that leaves no other mistake.
 */
static xmlDoc *read_mended(xmlParserCtxt *ctxt, struct str s, xmlDoc *doc,
			   struct arena *a)
{
	xmlDoc *mended;

	s = xml_mend(s, a);
	if (s.len > DOM_BYTES_MAX)
		return doc;
	mended = read_doc(ctxt, s);
	if (mended && (ctxt->wellFormed || !doc)) {
		xmlFreeDoc(doc);
		return mended;
	}
	xmlFreeDoc(mended);
	return doc;
}

struct dom *dom_parse_xml(struct str body, struct str content_type,
			  struct arena *a, struct err *e)
{
	struct dom_builder b;
	xmlParserCtxt *ctxt;
	xmlDoc *doc;

	if (body.len > DOM_BYTES_MAX) {
		err_set(e, EX_DATAERR, "xml: larger than %d bytes",
			DOM_BYTES_MAX);
		return NULL;
	}
	body = str_trim(dom_to_utf8(body, content_type, a));
	body = mend_references(body, a);
	if (has_crowded_tag(body)) {
		err_set(e, EX_DATAERR, "xml: too many attributes in one tag");
		return NULL;
	}
	ctxt = xmlNewParserCtxt();
	if (!ctxt) {
		err_set(e, EX_OSERR, "xml: cannot start the parser");
		return NULL;
	}
	doc = read_doc(ctxt, body);
	if (body.len && !ctxt->wellFormed)
		doc = read_mended(ctxt, body, doc, a);
	dom_build_init(&b, a, true);
	if (doc)
		copy_tree(&b, doc);
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(ctxt);
	return dom_build_finish(&b);
}
