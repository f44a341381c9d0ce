/* A WebSocket message: any bytes give a command within bounds, or an error. */
#include <assert.h>
#include <string.h>

#include "common/json.h"

#include "cmd/gateway/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct client_command cmd;
	struct client_error e = { 0 };
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct filters *all = filters_new();
	const struct position at = { 7, (uint64_t)text.len };

	if (client_parse(text, &a, &cmd, &e)) {
		struct patterns p = { 0 };
		struct filter *f = cmd.filter.p
					   ? filters_get(all, cmd.filter, NULL)
					   : NULL;

		assert(cmd.n <= PATTERNS_MAX);
		for (size_t i = 0; i < cmd.n; i++) {
			assert(pattern_check(cmd.pattern[i], NULL) == 0);
			patterns_add_filtered(&p, cmd.pattern[i], f);
		}
		assert(patterns_filters(&p) == (f && cmd.n));
		filter_drop(&f);
		client_print_subscribed(&p, at, true, &b);
		assert(json_check(buf_str(&b), JSON_UNIQUE, NULL) == 0);
		buf_reset(&b);
		if (cmd.verb == CLIENT_PING) {
			client_print_pong(cmd.ping, at, &b);
			assert(json_check(buf_str(&b), JSON_UNIQUE, NULL) == 0);
		}
		patterns_free(&p);
	} else {
		assert(e.code && *e.message);
		client_print_error(e.code, e.message, &b);
		assert(json_check(buf_str(&b), JSON_UNIQUE, NULL) == 0);
	}
	filters_free(&all);
	buf_free(&b);
	arena_free(&a);
	return 0;
}
