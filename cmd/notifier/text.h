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

#include "common/arena.h"
#include "common/err.h"
#include "common/str.h"

#include "message.h"

enum {
	TEXT_TEMPLATE_MAX = 4096, /* bytes */
	TEXT_PIECES_MAX = 128,	  /* literals, values and marks of one */
	TEXT_NEST_MAX = 8,	  /* sections in one another */
	TEXT_PARTS_MAX = 10,	  /* of one text; the last one is cut */
};

enum text_escape {
	TEXT_PLAIN,    /* control characters but line break and tab go */
	TEXT_HTML,     /* & < > and the quote become entities */
	TEXT_MRKDWN,   /* Slack: & < > become entities */
	TEXT_MARKDOWN, /* what Markdown gives a meaning, behind a backslash */
	TEXT_JSON,     /* the inside of a string */
	TEXT_URL,      /* percent-encoded, but for unreserved characters */
};

/* In what receivers count. */
enum text_unit { TEXT_BYTES, TEXT_CHARACTERS, TEXT_UTF16 };

/* How the texts of a kind are made where the channel says nothing else. */
struct text_style {
	const char *title; /* a template; NULL: "{{title}}" */
	const char *text;  /* NULL: "{{message}}" */
	enum text_escape title_escape, escape;
	enum text_unit unit;
	size_t title_max, text_max; /* units of the escaped text; 0: any */
};

size_t text_units(struct str s, enum text_unit unit);

/* ---- templates ---- */

/*
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
 * Names are title, message, type, timestamp, alert, alerts, priority, data,
 * resolved, escalation, notify of the notification; id (of the delivery),
 * channel, user, time and source of the event. What is not there is empty.
 */
struct text_template;

/* NULL with *e, EX_CONFIG: "column 7: …", in characters from 1. */
struct text_template *text_template_new(struct str source,
					enum text_escape escape, struct err *e);
void text_template_free(struct text_template **tp);

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
