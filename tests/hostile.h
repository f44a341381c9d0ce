#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

/*
 * hostile - documents that were made to cost much, and what must come of them.
 * For the unit tests, which judge outcomes, and the bench, which takes times.
 */
#include "common/buf.h"

#include "cmd/scraper/item.h"

struct hostile {
	const char *name, *kind, *config, *type;
	/* Written before, n times around, and behind. */
	const char *head, *again, *middle, *back, *tail;
	unsigned n;
	enum outcome want;
	const char *reason; /* part of it; NULL: any */
};

static const struct hostile hostile_cases[] = {
	{ .name = "200,000 nested elements",
	  .kind = "product",
	  .again = "<div>",
	  .middle = "x",
	  .n = 200000,
	  .want = OUTCOME_PARSE_FAIL,
	  .reason = "nested deeper than" },
	{ .name = "200,000 nested elements, for selectors",
	  .kind = "html",
	  .config = "{\"items\":{\"css\":\"div div\"},"
		    "\"fields\":{\"title\":{}}}",
	  .again = "<div>",
	  .middle = "x",
	  .n = 200000,
	  .want = OUTCOME_PARSE_FAIL,
	  .reason = "nested deeper than" },
	{ .name = "200,000 formatting elements left open",
	  .kind = "page",
	  .again = "<b><p>",
	  .n = 200000,
	  .want = OUTCOME_EMPTY },
	{ .name = "100,000 tables in tables",
	  .kind = "page",
	  .again = "<table><tr><td>",
	  .n = 100000,
	  .want = OUTCOME_PARSE_FAIL,
	  .reason = "nested deeper than" },
	{ .name = "100,000 links left open",
	  .kind = "page",
	  .again = "<a href=x>y",
	  .n = 100000,
	  .want = OUTCOME_FOUND },
	{ .name = "10,000 attributes",
	  .kind = "html",
	  .config = "{\"fields\":{\"title\":{\"css\":\"p\"}}}",
	  .head = "<p",
	  .again = " a#=1",
	  .tail = ">hello</p>",
	  .n = 10000,
	  .want = OUTCOME_FOUND },
	{ .name = "10,000 elements with 200 attributes",
	  .kind = "product",
	  .head = "<p>",
	  .again = "<i a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9 class='a b c' "
		   "itemprop=price property=x></i>",
	  .n = 10000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "5 MB of text",
	  .kind = "page",
	  .head = "<p>",
	  .again = "0123456789",
	  .n = 500000,
	  .want = OUTCOME_FOUND },
	{ .name = "5 MB of text, for a price",
	  .kind = "product",
	  .head = "<h1>x</h1><p class=price>",
	  .again = "$1 99,9.9 ",
	  .n = 500000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "5 MB in an attribute",
	  .kind = "product",
	  .head = "<p class='price ",
	  .again = "price-box ",
	  .tail = "'>x",
	  .n = 500000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "100,000 entities",
	  .kind = "page",
	  .head = "<p>",
	  .again = "&amp;&notin;&#x1f600;&bogus;",
	  .n = 100000,
	  .want = OUTCOME_FOUND },
	{ .name = "100,000 prices",
	  .kind = "product",
	  .head = "<h1>x</h1>",
	  .again = "<p class=price>$1.50</p>",
	  .n = 100000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "50,000 scripts of JSON-LD",
	  .kind = "product",
	  .again = "<script type='application/ld+json'>{\"@type\":\"Product\","
		   "\"offers\":{\"price\":1}}</script>",
	  .n = 50000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "JSON-LD nested 100,000 deep",
	  .kind = "product",
	  .head = "<script type='application/ld+json'>",
	  .again = "{\"a\":",
	  .middle = "1",
	  .back = "}",
	  .tail = "</script>",
	  .n = 100000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "microdata in microdata, 900 deep",
	  .kind = "product",
	  .again = "<div itemscope itemprop=a itemtype='http://schema.org/"
		   "Product'>",
	  .middle = "x",
	  .n = 900,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = ":has in :has in :has",
	  .kind = "html",
	  .config = "{\"items\":{\"css\":\"*:has(*:has(*:has(b)))\"},"
		    "\"fields\":{\"title\":{}}}",
	  .again = "<div><p><i>x</i></p></div>",
	  .n = 20000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = ":has and siblings",
	  .kind = "html",
	  .config = "{\"items\":{\"css\":\"p:has(~ p ~ p ~ p ~ b)\"},"
		    "\"fields\":{\"title\":{}}}",
	  .again = "<p>x</p>",
	  .n = 20000,
	  .want = OUTCOME_PARSE_FAIL,
	  .reason = "steps" },
	{ .name = ":nth-last-child of 50,000",
	  .kind = "html",
	  .config = "{\"items\":{\"css\":\"p:nth-last-of-type(2n+1) ~ b\"},"
		    "\"fields\":{\"title\":{}}}",
	  .again = "<p>x</p>",
	  .n = 50000,
	  .want = OUTCOME_SELECTOR_MISS },
	{ .name = "XPath over all of all",
	  .kind = "html",
	  .config = "{\"items\":{\"xpath\":\"//*[count(//*[count(//*)>0])>0]\""
		    "},\"fields\":{\"title\":{}}}",
	  .again = "<p>x</p>",
	  .n = 20000,
	  .want = OUTCOME_PARSE_FAIL },
	{ .name = "JSON nested 200,000 deep",
	  .kind = "json",
	  .config = "{\"fields\":{\"title\":{\"path\":\"$..a\"}}}",
	  .again = "[",
	  .back = "]",
	  .n = 200000,
	  .want = OUTCOME_PARSE_FAIL },
	{ .name = "JSONPath: descendants of descendants",
	  .kind = "json",
	  .config = "{\"fields\":{\"title\":{\"path\":\"$..[*]..[*]..[*]..x\""
		    "}}}",
	  .again = "[",
	  .middle = "1",
	  .back = ",1,1,1]",
	  .n = 500,
	  .want = OUTCOME_PARSE_FAIL,
	  .reason = "too much work" },
	{ .name = "JSON of 500,000 numbers",
	  .kind = "json",
	  .config = "{\"fields\":{\"title\":{\"path\":\"$[0]\"}}}",
	  .head = "[1",
	  .again = ",1234567",
	  .tail = "]",
	  .n = 500000,
	  .want = OUTCOME_FOUND },
	{ .name = "XML nested 200,000 deep",
	  .kind = "feed",
	  .type = "text/xml",
	  .head = "<rss>",
	  .again = "<a>",
	  .n = 200000,
	  .want = OUTCOME_EMPTY },
	{ .name = "entities of entities",
	  .kind = "feed",
	  .type = "text/xml",
	  .head = "<!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
		  "\"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;"
		  "&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\">]>"
		  "<rss><channel><item><title>x",
	  .again = "&e;",
	  .tail = "</title></item></channel></rss>",
	  .n = 1000,
	  .want = OUTCOME_FOUND },
	{ .name = "an entity that is a file",
	  .kind = "feed",
	  .type = "text/xml",
	  .head = "<!DOCTYPE rss [<!ENTITY f SYSTEM \"file:///etc/passwd\">]>"
		  "<rss><channel><item><title>x&f;y</title></item></channel>"
		  "</rss>",
	  .want = OUTCOME_FOUND },
	{ .name = "100,000 entries",
	  .kind = "feed",
	  .type = "text/xml",
	  .head = "<rss><channel>",
	  .again = "<item><title>x#</title></item>",
	  .tail = "</channel></rss>",
	  .n = 100000,
	  .want = OUTCOME_FOUND },
	{ .name = "an entry of 100,000 links",
	  .kind = "feed",
	  .type = "text/xml",
	  .head = "<feed xmlns='http://www.w3.org/2005/Atom'><entry>",
	  .again = "<link href='/#'/>",
	  .tail = "<title>x</title></entry></feed>",
	  .n = 100000,
	  .want = OUTCOME_FOUND },
};

static inline void hostile_add(struct buf *b, const char *text, unsigned n)
{
	for (; text && *text; text++)
		if (*text == '#')
			buf_addf(b, "%u", n);
		else
			buf_putc(b, *text);
}

/* b is emptied first. A '#' in what is repeated is the number of the turn. */
static inline void hostile_make(const struct hostile *h, struct buf *b)
{
	buf_reset(b);
	if (h->head)
		buf_puts(b, h->head);
	for (unsigned i = 0; i < h->n; i++)
		hostile_add(b, h->again, i);
	if (h->middle)
		buf_puts(b, h->middle);
	for (unsigned i = 0; h->back && i < h->n; i++)
		buf_puts(b, h->back);
	if (h->tail)
		buf_puts(b, h->tail);
}

#endif
