#ifndef GATEWAY_DEFLATE_OFFER_H
#define GATEWAY_DEFLATE_OFFER_H

/*
 * deflate_offer - what a client offers of permessage-deflate, and what is
 * answered (RFC 7692, sections 5 and 7.1; the grammar is that of RFC 6455,
 * section 9.1).
 *
 * The first offer that we can keep is taken, and never with context takeover,
 * in either direction: every message stands for itself. We compress with a
 * window of 15 bits for everybody, so an offer that wants a smaller one of us
 * is not taken; what window the client uses does not matter to us, who always
 * have the largest. A parameter that is unknown, comes twice, or has a value
 * that it must not have makes an offer void; a header that breaks the grammar
 * makes all of its offers void. Declined is not refused: the WebSocket is
 * plain.
 */
#include <stdbool.h>

#include "common/str.h"

struct deflate_offer {
	bool asked; /* the header offers it, or cannot be read */
	bool taken;
	unsigned mentions;  /* of the extension, where it can be read */
	const char *answer; /* taken: parameters, each after "; " */
};

/* Of the header Sec-WebSocket-Extensions, absent where there is none. */
struct deflate_offer deflate_offer_read(struct str header);

#endif
