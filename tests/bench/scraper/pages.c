#include "pages.h"

#include <stdio.h>

enum { PRODUCT_BYTES = 100 << 10, LIST_TAIL = 60 };

static const char prose[] =
	"The movement is wound by hand and runs for three days; the case is of "
	"steel, brushed on its flanks, and as thin as the crystal allows. ";

static void add_head(struct buf *b, const char *title)
{
	buf_addf(b,
		 "<!DOCTYPE html>\n<html lang=\"en-US\"><head>"
		 "<meta charset=\"utf-8\"><title>%s | Meridian</title>\n"
		 "<meta name=\"viewport\" content=\"width=device-width\">\n",
		 title);
	for (int i = 0; i < 12; i++)
		buf_addf(
			b,
			"<link rel=\"preload\" as=\"style\" href=\"https://"
			"static.shop.example/assets/%08x/theme-%d.css\">\n"
			"<script async src=\"https://static.shop.example/assets"
			"/%08x/chunk-%d.js\"></script>\n",
			i * 2654435761U, i, i * 40503U, i);
	buf_puts(b, "<style>");
	for (int i = 0; i < 120; i++)
		buf_addf(b,
			 ".c-%d__e{display:flex;margin:0 %dpx;color:#%06x}\n",
			 i, i % 24, i * 7919 & 0xffffff);
	buf_puts(b, "</style>\n");
}

static void add_menu(struct buf *b)
{
	buf_puts(b, "<header class=\"site-header\" role=\"banner\"><nav "
		    "aria-label=\"Main\"><ul class=\"menu menu--main\">\n");
	for (int i = 0; i < 10; i++) {
		buf_addf(b,
			 "<li class=\"menu__item\"><a class=\"menu__link\" "
			 "href=\"/c/%d\" data-track=\"nav:%d\">Department %d"
			 "</a><div class=\"menu__panel\"><ul>\n",
			 i, i, i);
		for (int k = 0; k < 9; k++)
			buf_addf(b,
				 "<li><a href=\"/c/%d/%d\"><span "
				 "class=\"label\">Category %d &amp; %d</span>"
				 "</a></li>\n",
				 i, k, k, i);
		buf_puts(b, "</ul></div></li>\n");
	}
	buf_puts(b, "</ul></nav></header>\n");
}

static void add_card(struct buf *b, unsigned i, const char *class)
{
	buf_addf(b,
		 "<li class=\"%s\" data-id=\"sku-%05u\" "
		 "data-position=\"%u\">\n<article class=\"card card--grid\">"
		 "<div class=\"card__media\"><a href=\"/p/watch-%u?ref=list\" "
		 "class=\"card__link\"><picture><source type=\"image/webp\" "
		 "srcset=\"/i/%u-320.webp 320w, /i/%u-640.webp 640w\"><img "
		 "src=\"/i/%u.jpg\" alt=\"Watch %u\" loading=\"lazy\" "
		 "width=\"320\" height=\"320\"></picture></a></div>\n",
		 class, i, i, i, i, i, i, i);
	buf_addf(
		b,
		"<div class=\"card__body\"><h3 class=\"card__title\"><a "
		"href=\"/p/watch-%u\">Diver&#39;s watch No. %u, 42&nbsp;mm"
		"</a></h3><div class=\"card__rating\" aria-label=\"4.%u of 5\">"
		"<span class=\"star\"></span><span class=\"star\"></span>"
		"<span class=\"count\">(%u)</span></div>\n"
		"<div class=\"card__price\"><s class=\"was\">$%u.00</s> <span "
		"class=\"price\">$1,%03u.50</span></div><p "
		"class=\"card__text\">",
		i, i, i % 10, i * 3, i + 2000, i);
	buf_puts(b, prose);
	buf_addf(b,
		 "</p><ul class=\"badges\"><li>Free delivery</li><li>In stock"
		 "</li></ul><form action=\"/cart\" method=\"post\"><input "
		 "type=\"hidden\" name=\"id\" value=\"%u\"><button "
		 "class=\"btn btn--primary\" type=\"submit\"><span>Add to cart"
		 "</span></button></form></div></article></li>\n",
		 i);
}

static void add_foot(struct buf *b)
{
	buf_puts(b, "<footer class=\"site-footer\"><div class=\"cols\">");
	for (int i = 0; i < 40; i++)
		buf_addf(b,
			 "<div class=\"col\"><h4>Help %d</h4><p><a "
			 "href=\"/help/%d\">Delivery &amp; returns</a></p>"
			 "</div>\n",
			 i, i);
	buf_puts(b, "</div></footer></body></html>\n");
}

static void add_offer(struct buf *b)
{
	buf_puts(
		b,
		"<script type=\"application/ld+json\">{\"@context\":"
		"\"https://schema.org\",\"@graph\":[{\"@type\":"
		"\"BreadcrumbList\",\"itemListElement\":[{\"@type\":"
		"\"ListItem\",\"position\":1,\"name\":\"Watches\"}]},"
		"{\"@type\":\"Product\",\"name\":\"Diver 300 M\",\"sku\":"
		"\"D300\",\"brand\":{\"@type\":\"Brand\",\"name\":"
		"\"Meridian\"},\"image\":[\"/i/1.jpg\"],\"offers\":{"
		"\"@type\":\"Offer\",\"price\":\"1290.50\","
		"\"priceCurrency\":\"USD\",\"availability\":"
		"\"https://schema.org/InStock\"}}]}</script>\n"
		"<meta property=\"og:type\" content=\"product\">\n"
		"<meta property=\"product:price:amount\" content=\"1290.50\">"
		"<meta property=\"product:price:currency\" content=\"USD\">\n");
}

void page_product(struct buf *b)
{
	add_head(b, "Diver 300 M");
	add_offer(b);
	buf_puts(b, "</head><body class=\"template-product\">\n");
	add_menu(b);
	buf_puts(b, "<main><div class=\"product\"><h1>Diver 300 M</h1><div "
		    "class=\"buy\"><span class=\"price\">$1,290.50</span><p>In "
		    "stock</p><button type=\"submit\">Add to cart</button>"
		    "</div></div>\n");
	buf_puts(b, "<script>window.__STATE__={\"product\":{\"id\":300,"
		    "\"name\":\"Diver 300 M\",\"price\":1290.5,\"related\":[");
	for (int i = 0; i < 60; i++)
		buf_addf(b,
			 "%s{\"id\":%d,\"name\":\"Watch %d\",\"slug\":\"watch-"
			 "%d\",\"tags\":[\"steel\",\"diver\"]}",
			 i ? "," : "", i, i, i);
	buf_puts(b, "]}};</script>\n<section class=\"related\"><ul>\n");
	for (unsigned i = 0; b->len < PRODUCT_BYTES - 4000; i++) {
		if (i % 3 == 0) {
			add_card(b, i, "related__item");
			continue;
		}
		buf_addf(b,
			 "<li class=\"review\"><div class=\"review__head\">"
			 "<strong>Customer %u</strong> <time "
			 "datetime=\"2026-01-%02u\">January %u</time></div><p>",
			 i, i % 28 + 1, i % 28 + 1);
		buf_puts(b, prose);
		buf_puts(b, prose);
		buf_puts(b, "</p></li>\n");
	}
	buf_puts(b, "</ul></section></main>\n");
	add_foot(b);
}

void page_list(struct buf *b, unsigned n)
{
	add_head(b, "Watches");
	buf_puts(b, "</head><body class=\"template-list\">\n");
	add_menu(b);
	buf_puts(b, "<main><div class=\"results\"><ul class=\"grid\">\n");
	for (unsigned i = 0; i < n; i++)
		add_card(b, i, "result grid__item");
	buf_puts(b, "</ul></div></main>\n");
	for (unsigned i = 0; i < LIST_TAIL; i++)
		buf_addf(b, "<!-- tracking %u --><div class=\"ad\"></div>\n",
			 i);
	add_foot(b);
}

void page_feed(struct buf *b, unsigned n)
{
	buf_puts(b,
		 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss "
		 "version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/"
		 "modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/"
		 "1.1/\"><channel><title>News</title><link>https://"
		 "news.example/</link><description>All of it</description>\n");
	for (unsigned i = 0; i < n; i++)
		buf_addf(
			b,
			"<item><title>Entry &amp; number %u</title><link>"
			"https://news.example/2026/%u</link><guid "
			"isPermaLink=\"false\">tag:news.example,2026:%u</guid>"
			"<pubDate>Fri, 20 Nov 2026 %02u:%02u:00 +0100</pubDate>"
			"<dc:creator>Someone</dc:creator><description><![CDATA["
			"<p>%s</p>]]></description></item>\n",
			i, i, i, i / 60, i % 60, prose);
	buf_puts(b, "</channel></rss>\n");
}

void page_json(struct buf *b, unsigned n)
{
	buf_puts(b, "{\"total\":1000,\"results\":[");
	for (unsigned i = 0; i < n; i++)
		buf_addf(b,
			 "%s{\"id\":%u,\"title\":\"Watch number %u\",\"price\":"
			 "{\"amount\":%u.50,\"currency\":\"EUR\"},\"url\":"
			 "\"https://shop.example/p/%u\",\"stock\":true,"
			 "\"images\":[\"/i/%u.jpg\",\"/i/%u-2.jpg\"],"
			 "\"seller\":{\"name\":\"Someone\",\"since\":2019}}",
			 i ? "," : "", i, i, i + 100, i, i, i);
	buf_puts(b, "]}\n");
}
