#ifndef SCRAPER_SSE_H
#define SCRAPER_SSE_H

/*
 * sse - read an event stream (WHATWG HTML, 9.2.6 "Interpreting an event
 * stream"). Pure; the bytes may be cut anywhere.
 *
 * Lines end with LF, CR or CRLF; a BOM at the beginning is dropped. Bytes that
 * are not UTF-8 become U+FFFD in what is given out.
 */
#include "common/buf.h"
#include "common/str.h"

enum {
	SSE_ID_MAX = 1024,   /* bytes; a longer id is ignored */
	SSE_EVENT_MAX = 256, /* likewise a longer type */
	SSE_RETRY_MAX = 24 * 3600 * 1000,
};

/* A zeroed one begins a stream; max: bytes of a line, and of an event. */
struct sse {
	size_t max;
	struct buf line, data, event, id, last_id;
	int64_t retry_ms;
	unsigned bom;  /* bytes of it seen; 3: no more is looked for */
	bool after_cr; /* an LF belongs to the line before */
	bool has_data; /* of the event that is being read */
	bool given;    /* the event was given out, the next one begins */
};

/* Borrowed until the next call. */
struct sse_event {
	struct str data, event; /* event "message" where none was named */
	struct str id;		/* the last one, "" for none */
};

enum sse_result {
	SSE_MORE,  /* all bytes were used */
	SSE_EVENT, /* *used_r bytes made an event */
	SSE_BIG,   /* a line or an event of more than max bytes */
};

enum sse_result sse_read(struct sse *s, struct str in, size_t *used_r,
			 struct sse_event *e_r);
void sse_free(struct sse *s);

#endif
