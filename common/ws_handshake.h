#ifndef COMMON_WS_HANDSHAKE_H
#define COMMON_WS_HANDSHAKE_H

/*
 * ws_handshake - how a client opens a WebSocket (RFC 6455, 4.1). Pure.
 */
#include "common/buf.h"
#include "common/http_headers.h"
#include "common/wire_url.h"

enum {
	WS_KEY_SIZE = 25, /* base64 of 16 bytes, with its NUL */
	WS_ANSWER_HEAD_MAX = 32 << 10,
	WS_ANSWER_BODY_MAX = 32 << 10, /* of an answer that is no 101 */
};

/* The text of Sec-WebSocket-Key, of 16 random bytes. */
void ws_key(const unsigned char random[16], char key_r[WS_KEY_SIZE]);

struct ws_request {
	const struct wire_url *url;
	const char *key;
	const char *subprotocol, *user_agent; /* or NULL */
	const struct http_headers *headers;   /* or NULL; none of ours */
};
void ws_request_write(struct buf *out, const struct ws_request *r);

struct ws_answer {
	int status;
	struct str head; /* all of it */
	struct str body; /* what is here of it */
	/* Absent where there was none. All of this borrows from the input. */
	struct str retry_after, cf_mitigated, waf_action;
};

enum ws_answer_result {
	WS_ANSWER_MORE,
	WS_ANSWER_OPEN,	   /* 101, and all that it must say */
	WS_ANSWER_REFUSED, /* another status; its body is here, or enough */
	WS_ANSWER_BAD,	   /* *why_r says what is wrong */
};

/*
 * Read the answer to a request with that key and subprotocol. at_end: no more
 * will come. The frames begin behind answer_r->head.
 */
enum ws_answer_result ws_answer_read(struct str in, bool at_end,
				     const struct ws_request *asked,
				     struct ws_answer *answer_r,
				     const char **why_r);

#endif
