#ifndef GATEWAY_COMPAT_PRIVATE_H
#define GATEWAY_COMPAT_PRIVATE_H

/*
 * The table as compat_load.c makes it, and compat.c asks it. All of it lives in
 * one arena, its text included.
 */
#include "compat.h"

/* "venue:{id}": what stands before, in and behind the braces. */
struct name {
	struct str before, var, after;
	bool open; /* there are braces */
};

/* A payload that a client is sent under a name. */
struct say {
	struct str event; /* what it answers; absent of a greeting */
	struct str name;  /* in quotes */
	const struct mold *data;
};

struct event_rule {
	struct str topic; /* a pattern */
	struct name *name;
	size_t n_names;
	const struct mold *data;
	const struct mold *merge; /* or NULL: the value of each topic */
};

struct room_rule {
	struct name name;
	struct name *topic;
	size_t n_topics;
	struct str left; /* the room that is left for this one */
};

struct publish_rule {
	struct name name;
	struct name topic;
	const struct mold *var; /* of topic, or NULL */
	const struct mold *data;
};

struct action {
	struct str word; /* absent: it is the only one */
	struct name name;
	const struct mold *var; /* of name, or NULL */
	const struct mold *data;
};

struct path_rule {
	struct name path;
	struct name *topic;
	size_t n_topics;
	struct str as, same;
	bool status;
	struct action *action;
	size_t n_actions;
};

struct compat {
	struct arena arena;
	struct str text;
	bool recovers;
	struct str *nsp, *first;
	struct say *greeting, *answer;
	struct event_rule *event;
	struct room_rule *room;
	struct publish_rule *publish;
	struct path_rule *path;
	size_t n_nsps, n_firsts, n_greetings, n_answers, n_events, n_rooms;
	size_t n_publishes, n_paths;
};

/* True, with what stands for the braces, if text is such a name. */
bool name_match(const struct name *n, struct str text, struct str *var_r);

/* Add the name with this in its braces. */
void name_fill(const struct name *n, struct str var, struct buf *b);

#endif
