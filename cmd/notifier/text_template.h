#ifndef NOTIFIER_TEXT_TEMPLATE_H
#define NOTIFIER_TEXT_TEMPLATE_H

/*
 * text_template - what a text looks like, with places for what happened.
 *
 *	{{title}}			a value, escaped
 *	{{data.item.id}}		from within; data.list.0 the first
 *	{{url title}}			escaped otherwise: html, mrkdwn,
 *					markdown, url
 *	{{json data}}			a whole JSON value, with its quotes
 *	{{#data.url}} … {{/data.url}}	only where it is there, and neither
 *					empty nor false
 *	{{^data.url}} … {{/data.url}}	only where it is not
 *	\n \t \\ \{			line break, tab, '\', '{'
 *
 * The names are title, message, type, timestamp, alert, alerts, priority,
 * data, resolved, update, escalation and notify of the notification; id (of
 * the delivery), channel, user, time and source of the event. There are no
 * loops, no arithmetic, and nothing is run. Pure.
 */
#include <stddef.h>

#include "common/arena.h"
#include "common/err.h"

#include "text_escape.h"

enum {
	TEXT_TEMPLATE_MAX = 4096, /* bytes */
	TEXT_PIECES_MAX = 128,	  /* literals, values and marks of one */
	TEXT_NEST_MAX = 8,	  /* sections in one another */
};

enum text_piece_kind {
	TEXT_PIECE_LITERAL,
	TEXT_PIECE_VALUE,
	TEXT_PIECE_JSON,   /* a value as JSON */
	TEXT_PIECE_IF,	   /* a section begins: only where it is there */
	TEXT_PIECE_UNLESS, /* … is not */
	TEXT_PIECE_END,
};

struct text_template {
	size_t n;
	struct text_piece {
		enum text_piece_kind kind;
		enum text_escape escape;
		struct str text; /* literal, or the path */
	} piece[];		 /* sections are whole */
};

/*
 * Lives in the arena, and does not borrow from source. NULL with *e,
 * EX_CONFIG: "column 7: …", in characters from 1.
 */
struct text_template *text_template_new(struct str source,
					enum text_escape escape,
					struct arena *a, struct err *e);

/* The units of what it says of its own, which nothing cuts. */
size_t text_template_fixed(const struct text_template *t, enum text_unit unit);

#endif
