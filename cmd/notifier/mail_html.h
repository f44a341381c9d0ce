#ifndef NOTIFIER_MAIL_HTML_H
#define NOTIFIER_MAIL_HTML_H

/*
 * mail_html - a text as a page of HTML, for a mail. Pure.
 *
 * It says what the text says and nothing else: all of it is escaped, lines stay
 * lines, and what is an http or https address becomes a link to it.
 */
#include "common/buf.h"
#include "common/str.h"

/* picture: the Content-ID of one that stands below the text; absent: none. */
void mail_html_add(struct buf *b, struct str title, struct str text,
		   struct str picture);

#endif
