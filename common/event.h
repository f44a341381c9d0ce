#ifndef COMMON_EVENT_H
#define COMMON_EVENT_H

/*
 * event - one thing that happened: a CloudEvents 1.0 event, in three forms.
 *
 * Text: one JSON object on one line (pipes, WebSocket, HTTP, files).
 * Frames: topic, attributes and data, as they travel on ZeroMQ; whoever only
 * routes never parses JSON. Record: what the journal keeps (journal.h).
 *
 *	{"specversion":"1.0","id":"1041","source":"weir/scraper/3f2a9c01",
 *	 "type":"price.update","subject":"rolex-submariner","time":"…",
 *	 "datacontenttype":"application/json","data":{…},
 *	 "recordedtime":"…","offset":"88213","epoch":"9b1c04e7"}
 *
 * The topic is type/subject, or the type alone. `source` names one ledger and
 * `id` is its sequence number from 1 without gaps; the pair is unique for ever.
 * recordedtime, offset and epoch are the store's; before it has seen an event
 * they are CLK_NONE, 0 and 0. See weir-events(7).
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/clk.h"
#include "common/err.h"
#include "common/str.h"

enum {
	EVENT_TOPIC_MAX = 255,	    /* bytes of UTF-8 */
	EVENT_SOURCE_MAX = 128,	    /* bytes */
	EVENT_ID_MAX = 128,	    /* bytes of an id that came from outside */
	EVENT_EXT_MAX = 4096,	    /* bytes of further attributes */
	EVENT_DATA_MAX = 256 << 10, /* bytes of JSON */
	EVENT_LINE_MAX = 512 << 10, /* bytes of one event as text */
};

struct event {
	struct str topic; /* type, or type/subject */
	struct str source;
	uint64_t id;	   /* 0: the id is no sequence number, see idtext */
	struct str idtext; /* the id as text, only where id is 0 */
	int64_t time_us;   /* when it happened; CLK_NONE: not said */
	int64_t recorded_us;
	uint64_t offset;
	uint32_t epoch;
	struct str ext;	 /* JSON object of further attributes, or absent */
	struct str data; /* JSON value; absent means null */
};

/* A place in a journal: the last event seen. Text: "9b1c04e7:88213". */
struct position {
	uint32_t epoch; /* 0: none */
	uint64_t offset;
};

enum { POSITION_TEXT_MAX = 32 };
const char *position_format(struct position p, char out[POSITION_TEXT_MAX]);
bool position_parse(struct str s, struct position *p_r);

/* The two parts of a topic; subject is absent where there is none. */
struct str event_type(const struct event *ev);
struct str event_subject(const struct event *ev);
bool event_is(const struct event *ev, const char *type);

/*
 * 0 if s is a topic: 1 to EVENT_TOPIC_MAX bytes of UTF-8 without spaces or
 * control characters, not ending in '/' or '.', not starting with '$', the type
 * two words or more with a dot between each (noun.verb). Else -1 with *e:
 * EX_DATAERR.
 */
int topic_check(struct str s, struct err *e);

/*
 * A pattern that is empty or ends in '/' or '.' is a prefix, any other is one
 * exact topic.
 */
bool topic_matches(struct str topic, struct str pattern);
bool pattern_is_prefix(struct str pattern);
int pattern_check(struct str s, struct err *e);
/* Likewise, of one that no topic can match, too: *e says what may be meant. */
int pattern_check_useful(struct str s, struct err *e);

/* A source: 1 to EVENT_SOURCE_MAX bytes, printable UTF-8 without spaces. */
bool source_is_valid(struct str s);

/*
 * Read one line. Strings point into the line, or into the arena where they
 * were escaped; data and ext point into line or arena too. Attributes that
 * weir does not know are kept in ext. With EVENT_LAX id, source and time may be
 * missing. -1 with *e: EX_DATAERR naming the attribute.
 */
enum event_flags {
	EVENT_LAX = 1,	 /* read: id, source, time may be missing */
	EVENT_BRIEF = 2, /* write: no specversion, datacontenttype, epoch */
};
int event_parse(struct str line, unsigned flags, struct arena *a,
		struct event *ev_r, struct err *e);

/* Add ev as one JSON object, without a newline. */
void event_print(const struct event *ev, unsigned flags, struct buf *b);

/*
 * The attributes frame: "source id time recordedtime offset epoch ext", '-'
 * where there is none. Reading borrows from the frames.
 */
void event_print_attrs(const struct event *ev, struct buf *b);
int event_parse_frames(struct str topic, struct str attrs, struct str data,
		       struct event *ev_r, struct err *e);

/*
 * Checks that a producer makes before it commits an event, and the store
 * before it accepts one: sizes, topic, source, data is JSON.
 */
int event_check(const struct event *ev, struct err *e);

/*
 * One further attribute of ev (a string's text, unescaped into the arena), or
 * absent.
 */
struct str event_attr(const struct event *ev, const char *name,
		      struct arena *a);

/* Its id: a number, or a text from outside. */
void event_add_id(const struct event *ev, struct buf *b);
/* "SOURCE ID": what the events that follow from it have as their `cause`. */
struct str event_cause(const struct event *ev, struct arena *a);

#endif
