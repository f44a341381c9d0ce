/*
 * XML through libxml2: no network, no DTD, no entities but XML's own five and
 * those of HTML, which feeds use without declaring them. Its events go straight
 * into our tree. libxml2's own limits hold (256 deep, 10 MB of text).
 */
#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>

#include "common/xmem.h"

#include "dom_build.h"
#include "xml_mend.h"

enum { TEXT_MAX = 10 << 20 }; /* bytes; of one text */

struct reader {
	const xmlParserCtxt *ctxt;
	int depth; /* elements that are open */
	struct dom_builder b;
	struct buf scratch;
};

/* A tag that is cut is given up by the parser, which tells nobody. */
static void close_to(struct reader *r, int depth)
{
	for (; r->depth > depth; r->depth--)
		dom_build_close(&r->b);
}

static struct str from_xml(const xmlChar *s)
{
	return s ? str_from((const char *)s) : STR("");
}

/* prefix:name, as it was written; in scratch where there is a prefix. */
static struct str full_name(struct reader *r, const xmlChar *prefix,
			    const xmlChar *name)
{
	if (!prefix)
		return from_xml(name);
	buf_reset(&r->scratch);
	buf_add_str(&r->scratch, from_xml(prefix));
	buf_putc(&r->scratch, ':');
	buf_add_str(&r->scratch, from_xml(name));
	return buf_str(&r->scratch);
}

/* spaces: two each, prefix and name; attrs: five each. */
static void on_open(void *arg, const xmlChar *name, const xmlChar *prefix,
		    const xmlChar *space, int n_spaces, const xmlChar **spaces,
		    int n_attrs, int n_defaults, const xmlChar **attrs)
{
	const xmlChar *xmlns = (const xmlChar *)"xmlns";
	struct reader *r = arg;

	(void)n_defaults;
	close_to(r, r->ctxt->nameNr);
	r->depth++;
	dom_build_open(&r->b, dom_build_name(&r->b, full_name(r, prefix, name)),
		       space ? from_xml(space) : (struct str){ 0 });
	for (; n_spaces > 0; n_spaces--, spaces += 2)
		dom_build_attr(&r->b,
			       spaces[0] ? full_name(r, xmlns, spaces[0])
					 : STR("xmlns"),
			       from_xml(spaces[1]));
	for (; n_attrs > 0; n_attrs--, attrs += 5)
		dom_build_attr(&r->b, full_name(r, attrs[1], attrs[0]),
			       (struct str){ (const char *)attrs[3],
					     (size_t)(attrs[4] - attrs[3]) });
}

static void on_close(void *arg, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *space)
{
	struct reader *r = arg;

	(void)name;
	(void)prefix;
	(void)space;
	close_to(r, r->ctxt->nameNr - 1);
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct reader *r = arg;

	close_to(r, r->ctxt->nameNr);
	if (r->b.text.len + (size_t)len <= TEXT_MAX)
		dom_build_text(&r->b,
			       (struct str){ (const char *)text, (size_t)len });
}

static void on_comment(void *arg, const xmlChar *text)
{
	struct reader *r = arg;

	close_to(r, r->ctxt->nameNr);
	dom_build_comment(&r->b, from_xml(text));
}

/* No handler for what a DTD declares: there are XML's own entities only. */
static const xmlSAXHandler handlers = {
	.initialized = XML_SAX2_MAGIC,
	.startElementNs = on_open,
	.endElementNs = on_close,
	.characters = on_text,
	.ignorableWhitespace = on_text,
	.cdataBlock = on_text,
	.comment = on_comment,
};

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

/* True if it is well-formed, too. */
static bool read_doc(struct str s, struct arena *a, struct dom **dom_r)
{
	const int options = XML_PARSE_RECOVER | XML_PARSE_NONET |
			    XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			    XML_PARSE_IGNORE_ENC | XML_PARSE_NOENT;
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	struct reader r = { .ctxt = ctxt };
	bool good = false;

	dom_build_init(&r.b, a, true);
	if (ctxt && s.len) {
		*ctxt->sax = handlers;
		ctxt->userData = &r;
		xmlCtxtReadMemory(ctxt, s.p, (int)s.len, NULL, "UTF-8",
				  options);
		good = ctxt->wellFormed;
	}
	if (ctxt)
		xmlFreeDoc(ctxt->myDoc);
	xmlFreeParserCtxt(ctxt);
	buf_free(&r.scratch);
	*dom_r = dom_build_finish(&r.b);
	return good;
}

/*
 * What libxml2 recovers loses what stands around a mistake; mended, nothing is
 * lost, where that leaves no other mistake.
 */
static struct dom *read_mended(struct str s, struct dom *recovered,
			       struct arena *a)
{
	struct dom *mended;

	s = xml_mend(s, a);
	if (s.len > DOM_BYTES_MAX)
		return recovered;
	return read_doc(s, a, &mended) || !recovered->html ? mended : recovered;
}

struct dom *dom_parse_xml(struct str body, struct str content_type,
			  struct arena *a, struct err *e)
{
	struct dom *dom;

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
	if (!read_doc(body, a, &dom) && body.len)
		dom = read_mended(body, dom, a);
	return dom;
}
