#ifndef SCRAPER_EXTRACT_WIRE_H
#define SCRAPER_EXTRACT_WIRE_H

/*
 * extract_wire - what the scraper and the processes that extract for it say to
 * each other, written and read in one file.
 *
 * A message is its length (4 bytes), its type (1 byte), and its fields. Both
 * ends are one program on one machine, so numbers stand as they are in memory
 * and there is no version.
 *
 * The scraper is believed. The other end may have been taken over by a page:
 * what it says is taken only if an extractor could have said it (limits,
 * UTF-8, the form of each field), and refused as a whole otherwise.
 */
#include "extract.h"

enum {
	WIRE_HEAD = 5,
	WIRE_REQUEST_MAX = (64 << 20) + (1 << 20), /* --max-bytes and more */
	WIRE_ANSWER_MAX = 16 << 20,
	WIRE_TEXT_MAX = 8 << 20, /* of a page; what is over it is cut */
	WIRE_REASON_MAX = 400,
};

enum wire_type {
	WIRE_READY = 1, /* child: it can be asked */
	WIRE_REQUEST,	/* parent */
	WIRE_ANSWER,	/* child */
};

/*
 * What to extract, and from what. Without a document (doc.body.p == NULL) it is
 * asked whether the configuration is good: the answer is OUTCOME_EMPTY then.
 */
struct wire_request {
	struct str kind;
	struct str config; /* the watch's "extract", JSON; may be absent */
	struct document doc;
};

/*
 * The length of the message that b begins with, its head included; 0 where
 * that is not there yet. *type_r is its type. A length over max, or below that
 * of a head, is -1.
 */
int64_t wire_length(struct str b, size_t max, enum wire_type *type_r);

/* Each of these adds one message, or reads what follows a message's head. */

void wire_put_request(const struct wire_request *r, struct buf *b);
/* Borrows from s. -1: it is none. */
int wire_get_request(struct str s, struct wire_request *r_r);

/* filter: why there is no filter of system calls; absent where there is one. */
void wire_put_ready(struct str filter, struct buf *b);
int wire_get_ready(struct str s, struct str *filter_r, struct err *e);

/*
 * OUTCOME_FOUND and the outcomes of extraction, and OUTCOME_REFUSED for a
 * configuration that is not good. Items that do not fit into WIRE_ANSWER_MAX
 * are counted as dropped.
 */
void wire_put_answer(const struct observation *o, struct buf *b);
/* Texts borrow from s, items are in the arena. -1 with *e: EX_DATAERR. */
int wire_get_answer(struct str s, struct arena *a, struct observation *o_r,
		    struct err *e);

#endif
