#include "page.h"

#include "common/url.h"
#include "common/xmem.h"

enum { SNIFF = 1024 }; /* bytes that are looked at before parsing */

static bool is_xml(const struct document *doc)
{
	struct str type, params;
	struct str head = str_trim(str_sub(doc->body, 0, SNIFF));

	type = str_trim(str_cut(doc->content_type, ';', &params));
	if (str_is(type, "application/xhtml+xml") ||
	    str_find(head, STR("<html")) != (size_t)-1)
		return false;
	return str_is(type, "text/xml") || str_is(type, "application/xml") ||
	       str_ends(type, STR("+xml")) || str_starts(head, STR("<?xml"));
}

/* Formats that are no text, although they begin as if they were. */
static const char *signature_of(struct str body)
{
	static const struct {
		const char *begins, *name;
	} formats[] = {
		{ "%PDF-", "PDF" },
		{ "%!PS", "PostScript" },
		{ "{\\rtf", "RTF" },
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (str_starts(body, str_from(formats[i].begins)))
			return formats[i].name;
	return NULL;
}

/* After conversion from UTF-16 and its like, text has no NUL in it. */
static bool is_binary(const struct document *doc, struct arena *a)
{
	struct str text =
		dom_to_utf8(str_sub(doc->body, 0, SNIFF), doc->content_type, a);

	return str_chr(text, '\0') != (size_t)-1;
}

bool page_is_text(const struct document *doc, struct arena *a,
		  struct observation *o)
{
	const char *format = signature_of(doc->body);

	if (format)
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "the body is %s",
				 format);
	else if (is_binary(doc, a))
		observation_fail(o, a, OUTCOME_PARSE_FAIL,
				 "the body is no text");
	else
		return true;
	return false;
}

static struct str base_of(const struct dom *dom, struct str url,
			  struct arena *a)
{
	const struct dom_node *n = dom->root;

	while ((n = dom_walk(dom->root, n))) {
		struct str href;

		if (n->tag != DOM_TAG_BASE)
			continue;
		href = dom_attr(n, "href");
		if (href.p && url_resolve(url, href, a, &url))
			break;
	}
	return url;
}

/* Nothing to read and nothing to select: <html><head><body> and white space. */
static bool is_bare(const struct dom *dom, struct arena *a)
{
	const struct dom_node *n = dom->root;

	if (dom->xml)
		return !dom->html;
	while ((n = dom_walk(dom->root, n)))
		if (n->type == DOM_ELEMENT && n->tag != DOM_TAG_HTML &&
		    n->tag != DOM_TAG_HEAD && n->tag != DOM_TAG_BODY)
			return false;
	return dom_visible_text(dom->root, a).len == 0;
}

bool page_init(struct page *p, const struct document *doc, struct arena *a,
	       struct observation *o)
{
	struct err e;

	*p = (struct page){ .doc = *doc };
	if (!str_trim(doc->body).len) {
		observation_fail(o, a, OUTCOME_EMPTY, "the body is empty");
		return false;
	}
	if (!page_is_text(doc, a, o))
		return false;
	p->dom = is_xml(doc)
			 ? dom_parse_xml(doc->body, doc->content_type, a, &e)
			 : dom_parse_html(doc->body, doc->content_type, a, &e);
	if (!p->dom) {
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "%s", e.msg);
		return false;
	}
	if (is_bare(p->dom, a)) {
		observation_fail(o, a, OUTCOME_EMPTY,
				 "the document has no content");
		return false;
	}
	p->xpath.dom = p->dom;
	p->doc.url = base_of(p->dom, doc->url, a);
	p->doc.lang = p->dom->lang;
	return true;
}

void page_fini(struct page *p)
{
	xpath_doc_fini(&p->xpath);
}
