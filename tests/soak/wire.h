#ifndef SOAK_WIRE_H
#define SOAK_WIRE_H

/* wire - a connection of a client, and what comes on it in pieces. */
#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/str.h"

struct client;

struct wire {
	struct client *client;
	int fd; /* -1: none */
	struct buf in;
	bool has_head; /* a WebSocket or a stream has begun */
};

/* False, counted as refused: there is nobody. */
bool wire_open(struct wire *w, bool narrow);
/* `hard`: with a reset, in whatever it was in. */
void wire_close(struct wire *w, bool hard);
/* Its end shows when it is read. */
void wire_say(const struct wire *w, struct str s);
/* Whether what comes is read. */
void wire_read(struct wire *w, bool on);

/*
 * What a text begins with. These return the bytes of it, 0 where it is not
 * whole yet, and -1 where it is none.
 */
struct answer {
	int status;
	struct str body;
};
int wire_head(struct str in, struct answer *a_r); /* without a body */
int wire_answer(struct str in, struct answer *a_r);

enum { FRAME_TEXT = 1, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };
struct frame {
	unsigned opcode;
	struct str data;
};
int wire_frame(struct str in, struct frame *f_r);

/* Ask for a WebSocket. */
void wire_shake_hands(const struct wire *w, const char *path,
		      const char *protocol, const char *token);

#endif
