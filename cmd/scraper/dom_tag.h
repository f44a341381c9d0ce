#ifndef SCRAPER_DOM_TAG_H
#define SCRAPER_DOM_TAG_H

/*
 * dom_tag - the elements' names that somebody asks for, as small numbers.
 *
 * A set of them is a table of bool by number: one look instead of a comparison
 * for each name. All other names are DOM_TAG_OTHER.
 */
#include "common/str.h"

/* In the order of strcmp(). */
#define DOM_TAG_LIST(X)             \
	X(A, "a")                   \
	X(ADDRESS, "address")       \
	X(ARTICLE, "article")       \
	X(ASIDE, "aside")           \
	X(B, "b")                   \
	X(BASE, "base")             \
	X(BDI, "bdi")               \
	X(BLOCKQUOTE, "blockquote") \
	X(BODY, "body")             \
	X(BR, "br")                 \
	X(BUTTON, "button")         \
	X(CAPTION, "caption")       \
	X(CENTER, "center")         \
	X(DATA, "data")             \
	X(DATALIST, "datalist")     \
	X(DD, "dd")                 \
	X(DEL, "del")               \
	X(DETAILS, "details")       \
	X(DIALOG, "dialog")         \
	X(DIR, "dir")               \
	X(DIV, "div")               \
	X(DL, "dl")                 \
	X(DT, "dt")                 \
	X(EM, "em")                 \
	X(FIELDSET, "fieldset")     \
	X(FIGCAPTION, "figcaption") \
	X(FIGURE, "figure")         \
	X(FONT, "font")             \
	X(FOOTER, "footer")         \
	X(FORM, "form")             \
	X(H1, "h1")                 \
	X(H2, "h2")                 \
	X(H3, "h3")                 \
	X(H4, "h4")                 \
	X(H5, "h5")                 \
	X(H6, "h6")                 \
	X(HEAD, "head")             \
	X(HEADER, "header")         \
	X(HGROUP, "hgroup")         \
	X(HR, "hr")                 \
	X(HTML, "html")             \
	X(I, "i")                   \
	X(IFRAME, "iframe")         \
	X(IMG, "img")               \
	X(INPUT, "input")           \
	X(INS, "ins")               \
	X(LABEL, "label")           \
	X(LEGEND, "legend")         \
	X(LI, "li")                 \
	X(LINK, "link")             \
	X(LISTING, "listing")       \
	X(MAIN, "main")             \
	X(MENU, "menu")             \
	X(META, "meta")             \
	X(NAV, "nav")               \
	X(NOSCRIPT, "noscript")     \
	X(OL, "ol")                 \
	X(OPTGROUP, "optgroup")     \
	X(OPTION, "option")         \
	X(P, "p")                   \
	X(PLAINTEXT, "plaintext")   \
	X(PRE, "pre")               \
	X(S, "s")                   \
	X(SCRIPT, "script")         \
	X(SEARCH, "search")         \
	X(SECTION, "section")       \
	X(SELECT, "select")         \
	X(SMALL, "small")           \
	X(SPAN, "span")             \
	X(STRIKE, "strike")         \
	X(STRONG, "strong")         \
	X(STYLE, "style")           \
	X(SUB, "sub")               \
	X(SUMMARY, "summary")       \
	X(SUP, "sup")               \
	X(SVG, "svg")               \
	X(TABLE, "table")           \
	X(TBODY, "tbody")           \
	X(TD, "td")                 \
	X(TEMPLATE, "template")     \
	X(TEXTAREA, "textarea")     \
	X(TFOOT, "tfoot")           \
	X(TH, "th")                 \
	X(THEAD, "thead")           \
	X(TITLE, "title")           \
	X(TR, "tr")                 \
	X(UL, "ul")                 \
	X(XMP, "xmp")

enum dom_tag {
	DOM_TAG_OTHER,
#define X(tag, name) DOM_TAG_##tag,
	DOM_TAG_LIST(X)
#undef X
		DOM_TAGS,
};

enum dom_tag dom_tag_of(struct str name);

#endif
