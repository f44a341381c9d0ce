/*
 * What a WebSocket's server sends: frames, and the answer to a handshake. A
 * frame that is read whole needs all of its bytes.
 */
#include <assert.h>

#include "common/ws_frame.h"
#include "common/ws_handshake.h"

enum { MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void frames(struct str in)
{
	struct ws_frame f;
	struct str text;
	const char *why;
	unsigned code;
	size_t used, n;

	while (ws_frame_read(in, MAX, &f, &used, &why) == WS_FRAME_OK) {
		assert(used <= in.len && f.payload.len <= MAX);
		assert(ws_frame_read(str_sub(in, 0, used - 1), MAX, &f, &n,
				     &why) == WS_FRAME_MORE);
		if (f.opcode == WS_CLOSE &&
		    ws_close_read(f.payload, &code, &text))
			assert(*ws_close_name(code) || code >= 1000);
		in = str_sub(in, used, in.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct wire_url url;
	const struct ws_request r = { .url = &url,
				      .key = "dGhlIHNhbXBsZSBub25jZQ==",
				      .subprotocol = "chat" };
	struct ws_answer a;
	const char *why = NULL;

	frames(in);
	switch (ws_answer_read(in, size % 2, &r, &a, &why)) {
	case WS_ANSWER_BAD: assert(why && *why); break;
	case WS_ANSWER_OPEN: assert(a.status == 101); break;
	case WS_ANSWER_REFUSED: assert(a.status >= 100); break;
	case WS_ANSWER_MORE: break;
	}
	if (!wire_url_parse(in, &url))
		assert(url.host[0] && url.port && url.target.len);
	return 0;
}
