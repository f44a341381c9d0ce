#ifndef GATEWAY_COMPAT_H
#define GATEWAY_COMPAT_H

/*
 * compat - what clients of before call things: a table that maps weir's topics
 * and events to their names and payloads, and back. etc/compat.json is built
 * in; weir-compat(5) has the format.
 *
 * A name may have one part in braces, which stands for any text without '/':
 * "venue:{id}". Payloads are made by molds (mold.h), in which {id} is `match`.
 *
 * Pure but for compat_open(): text in, text out. What is made is JSON that was
 * checked or built here.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

#include "mold.h"
#include "patterns.h"

enum {
	COMPAT_FILE_MAX = 1 << 20, /* bytes of a table */
	COMPAT_NAMESPACES_MAX = 4,
	COMPAT_NAME_MAX = 255,	  /* bytes of the name of a room or event */
	COMPAT_MERGED_MAX = 1000, /* topics that one object is made of */
};

struct compat;

/*
 * The table of a text, which is copied. NULL with *e: EX_CONFIG, the message
 * starts with "line N: ".
 */
struct compat *compat_parse(struct str text, struct err *e);
void compat_free(struct compat **cp);

/* The table of a file; path NULL: the built-in one. Messages name the file. */
struct compat *compat_open(const char *path, struct err *e);

/* The table that is built in; it is well formed. */
extern const char compat_default[];
extern const size_t compat_default_len;

/* ---- namespaces, and what a client is told by itself ---- */

/* The i-th namespace, absent behind the last one. */
struct str compat_namespace(const struct compat *t, size_t i);

/* Events carry their position as last argument, and clients can come back. */
bool compat_recovers(const struct compat *t);

/* The i-th greeting of a client: its name in quotes, and a payload. */
bool compat_greeting(const struct compat *t, size_t i,
		     const struct mold_scope *s, struct str *name_r,
		     struct buf *payload);

/* The answer to an event of this name; false if the table has none. */
bool compat_answer(const struct compat *t, struct str name,
		   const struct mold_scope *s, struct str *name_r,
		   struct buf *payload);

/* ---- events ---- */

/*
 * Where the newest values are found that are made into one object: call fn for
 * the newest event of each topic with this pattern, which need not be in
 * order. Borrowed during the call.
 */
struct compat_past {
	void (*each)(void *arg, struct str pattern,
		     void (*fn)(void *fn_arg, const struct event *ev),
		     void *fn_arg);
	void *arg;
};

/*
 * An event as old clients know it: fn is called for each of its names (in
 * quotes), always with the same payload. One that is not in the table has its
 * type as name, and itself as payload.
 */
typedef void compat_fn(void *arg, struct str name, struct str payload);
void compat_event(const struct compat *t, const struct event *ev,
		  const struct compat_past *past, compat_fn *fn, void *arg);

/* The payload alone. */
void compat_payload(const struct compat *t, const struct event *ev,
		    const struct compat_past *past, struct buf *b);

/* ---- rooms ---- */

/*
 * Add the patterns of a room: one of the table, the name of an event, or itself
 * a pattern with a '.'. False if it is none of these, is for a user where there
 * is none, or the set is full.
 */
bool compat_room(const struct compat *t, struct str room, struct str user,
		 struct patterns *set);

/*
 * Add the name of the room whose braces are called this, with this in them:
 * {"jobId":"7"} is the room "job:7". False if there is none.
 */
bool compat_room_for(const struct compat *t, struct str var, struct str value,
		     struct buf *b);

/* The i-th room of a fresh client, absent behind the last one. */
struct str compat_first_room(const struct compat *t, size_t i);

/* The room that a client leaves when it joins this one, or absent. */
struct str compat_left_for(const struct compat *t, struct str room);

/*
 * Rooms whose events are one object: that object as it is now, as
 * compat_event() would give it.
 */
void compat_state(const struct compat *t, struct str room, int64_t now_us,
		  const struct compat_past *past, compat_fn *fn, void *arg);

/* ---- what old clients publish ---- */

/*
 * The event that a payload (checked JSON) under a name makes; strings live as
 * long as the arena. Only topic and data are set. -1 with *e: EX_USAGE (the
 * table has no such name), EX_DATAERR.
 */
int compat_publish(const struct compat *t, struct str name,
		   const struct mold_scope *s, struct arena *a,
		   struct event *ev_r, struct err *e);

/* ---- HTTP paths ---- */

struct compat_path {
	enum {
		COMPAT_HISTORY, /* events of topics since a time */
		COMPAT_STATUS,	/* what is connected */
		COMPAT_ACTIONS, /* a write: something to publish */
		COMPAT_SAME,	/* another path's answer */
	} kind;
	struct str as;	 /* history: the array's name in the answer */
	struct str same; /* the other path */
	struct str var;	 /* what stood for the braces, of the request's path */
	const struct path_rule *rule; /* compat's own */
};

/*
 * What is at a path, or false. is_write: it is wanted for POST and the like,
 * otherwise for GET or HEAD. *other_r: there is something for the others only.
 */
bool compat_path(const struct compat *t, struct str path, bool is_write,
		 struct compat_path *p_r, bool *other_r);

/* The patterns of a history. False: it is a user's, and there is none. */
bool compat_path_patterns(const struct compat_path *p, struct str user,
			  struct patterns *set);

/*
 * What an action publishes: the name for compat_publish() and its payload, from
 * a body (checked JSON). -1 with *e: EX_DATAERR.
 */
int compat_action(const struct compat_path *p, struct str body, struct arena *a,
		  struct str *name_r, struct str *payload_r, struct err *e);

#endif
