#ifndef SCRAPER_FEED_TEXT_H
#define SCRAPER_FEED_TEXT_H

/* feed_text - what feeds write into texts. Results are in the arena. */
#include "common/arena.h"
#include "common/str.h"

/* HTML as a reader sees it; text without markup is given back as it is. */
struct str feed_html_text(struct str html, struct arena *a);

/* True if s can only be meant as HTML: it has an end tag. */
bool feed_looks_like_html(struct str s);

/* Base64 (RFC 4648), white space in it or not; absent if it is none. */
struct str feed_base64(struct str s, struct arena *a);

/* "Name (mail)" of its parts, either of which may be absent or empty. */
struct str feed_person(struct str name, struct str mail, struct arena *a);

/*
 * The same from a text: "Name <mail>", "Name (mail)", "mail (Name)" and
 * either alone.
 */
struct str feed_person_text(struct str text, struct arena *a);

#endif
