#include "mail_html.h"

#include <string.h>

#include "common/url.h"

#include "text_escape.h"

static void add_escaped(struct buf *b, struct str text)
{
	size_t units;

	text_escape_add(b, text, TEXT_HTML, TEXT_BYTES, SIZE_MAX, &units);
}

/* Where an address ends: not with what closes a sentence. */
static size_t address_length(struct str text)
{
	size_t len = 0;

	while (len < text.len && (unsigned char)text.p[len] > ' ' &&
	       !memchr("<>\"'`{}|\\^", text.p[len], 11))
		len++;
	while (len && memchr(".,;:!?)]", text.p[len - 1], 8))
		len--;
	return len;
}

/* The length of the http or https address that begins here; 0: none does. */
static size_t find_address(struct str text)
{
	size_t len;

	if (!str_starts(text, STR("http://")) &&
	    !str_starts(text, STR("https://")))
		return 0;
	len = address_length(text);
	return url_is_http(str_sub(text, 0, len)) ? len : 0;
}

static void add_line(struct buf *b, struct str line)
{
	size_t from = 0, i = 0;

	while (i < line.len) {
		struct str rest = str_sub(line, i, line.len);
		size_t len = *rest.p == 'h' ? find_address(rest) : 0;

		if (!len) {
			i++;
			continue;
		}
		add_escaped(b, str_sub(line, from, i));
		buf_puts(b, "<a href=\"");
		add_escaped(b, str_sub(rest, 0, len));
		buf_puts(b, "\">");
		add_escaped(b, str_sub(rest, 0, len));
		buf_puts(b, "</a>");
		i += len;
		from = i;
	}
	add_escaped(b, str_sub(line, from, line.len));
}

void mail_html_add(struct buf *b, struct str title, struct str text,
		   struct str picture)
{
	buf_puts(b, "<!DOCTYPE html>\n<html>\n<head>\n"
		    "<meta charset=\"utf-8\">\n<title>");
	add_escaped(b, title);
	buf_puts(b, "</title>\n</head>\n<body>\n<h3>");
	add_escaped(b, title);
	buf_puts(b, "</h3>\n<p>");
	while (text.p) {
		add_line(b, str_cut(text, '\n', &text));
		buf_puts(b, text.p ? "<br>\n" : "</p>\n");
	}
	if (picture.len)
		buf_addf(b, "<p><img src=\"cid:%.*s\" alt=\"Prices\"></p>\n",
			 STR_ARG(picture));
	buf_puts(b, "</body>\n</html>\n");
}
