#ifndef GATEWAY_CLIENT_H
#define GATEWAY_CLIENT_H

/*
 * client - what a client says on a WebSocket: the protocol weir.v1.
 *
 *	{"subscribe":["price.update/"],"since":"9b1c04e7:88213","last":true,
 *	 "filter":"price <= 8000","presence":true}
 *	{"unsubscribe":["price.update/"]}
 *	{"ping":1}
 *	{"auth":"TOKEN"}
 *	{"publish":{"type":"venue.update","subject":"7","data":{}},"id":1}
 *
 * One message is one JSON object with one of these. `since` is a position, a
 * time or an age, as text (common/since.h). With a later
 * subscription it asks for what its patterns have missed, up to the one
 * position that a client has. `filter` (weir-expr(7)) is for the patterns that
 * it comes with; when one of them comes again, it has the new filter, or none.
 * Where both `since` and `last` are given, `last` is for when the position
 * cannot be recovered.
 *
 * Pure: text in, a command out; replies are text.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/event.h"
#include "common/str.h"

#include "access.h"
#include "patterns.h"

enum {
	CLIENT_PING_MAX = 1024, /* bytes of JSON that a pong gives back; and of
				   the id that goes with what is published */
};

enum client_verb {
	CLIENT_SUBSCRIBE,
	CLIENT_UNSUBSCRIBE,
	CLIENT_PING,
	CLIENT_AUTH,
	CLIENT_PUBLISH,
};

struct client_command {
	enum client_verb verb;
	struct str pattern[PATTERNS_MAX];
	size_t n;
	bool last, presence;
	struct str since;  /* or absent */
	struct str filter; /* as written, or absent */
	struct str ping;   /* JSON */
	struct str token;
	struct str event, id; /* JSON; id is absent where it was not given */
};

/* What is wrong with a message: a word for programs, a sentence for people. */
struct client_error {
	const char *code;
	char message[240];
};

/*
 * Read one message; strings in *cmd_r live as long as text and arena do. False
 * with *e set if it is not one.
 */
bool client_parse(struct str text, struct arena *a,
		  struct client_command *cmd_r, struct client_error *e);

/*
 * Why a WebSocket that may come back is closed: after how long, and from where
 * to go on, unless its epoch is 0.
 */
void client_print_reason(unsigned retry_ms, struct position pos, struct buf *b);

/*
 * The replies, as JSON. A position of epoch 0 is written as null; filters are
 * there only where there are any.
 */
void client_print_subscribed(const struct patterns *p, struct position pos,
			     bool recovered, struct buf *b);
void client_print_pong(struct str ping, struct position pos, struct buf *b);
/* A time of ACCESS_NEVER is written as null, as is a user who has no name. */
void client_print_authenticated(const struct access *who, struct buf *b);
/* `id` is absent, written as null, or JSON. */
void client_print_published(struct str id, struct position pos, struct buf *b);
void client_print_refused(const char *code, const char *message, struct str id,
			  struct buf *b);
void client_print_error(const char *code, const char *message, struct buf *b);

#endif
