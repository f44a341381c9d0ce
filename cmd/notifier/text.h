#ifndef NOTIFIER_TEXT_H
#define NOTIFIER_TEXT_H

/*
 * text - what a notification reads like on a channel: a template filled in,
 * each value escaped for where it goes, and no longer than the receiver takes.
 * Pure.
 *
 * Only values are escaped and only values are cut, so that what a template
 * says of its own, such as tags, stays whole. What is too long loses its end
 * at its longest value, between characters, where "…" then stands; or that
 * value goes on in further parts, which hold nothing else, broken at a line's
 * end or a blank where one is near.
 */
#include <stdbool.h>
#include <stddef.h>

#include "message.h"
#include "text_template.h"

enum { TEXT_PARTS_MAX = 10 }; /* of one text; the last one is cut */

/* How the texts of a kind are made where the channel says nothing else. */
struct text_style {
	const char *title; /* a template; NULL: "{{title}}" */
	const char *text;  /* likewise; NULL: it has no texts */
	enum text_escape title_escape, escape;
	enum text_unit unit;
	size_t title_max, text_max; /* units of the escaped text; 0: any */
};

/* What a template is filled with. */
struct text_values {
	const struct message *msg;
	struct str id, channel;
};

struct text_limit {
	enum text_unit unit;
	size_t max; /* 0: none */
	bool split; /* else it is cut */
};

/*
 * Fill it in; the parts are in the arena. Returns their number, 1 to
 * TEXT_PARTS_MAX.
 */
size_t text_fill(const struct text_template *t, const struct text_values *v,
		 const struct text_limit *limit, struct arena *a,
		 struct str part_r[TEXT_PARTS_MAX]);

#endif
