#ifndef SCRAPER_FEED_SIMPLE_H
#define SCRAPER_FEED_SIMPLE_H

/*
 * feed_simple - the text of plain HTML, without a parser.
 *
 * Most entries of most feeds have a text of a few paragraphs, links and line
 * breaks; to start a parser of HTML for each costs more than all the rest of
 * the feed. What is read here gives what dom_parse_html() and
 * dom_visible_text() give; all else is left to these.
 */
#include <stdbool.h>

#include "common/arena.h"
#include "common/str.h"

/* False: it is not that plain. */
bool feed_simple_text(struct str html, struct arena *a, struct str *text_r);

#endif
