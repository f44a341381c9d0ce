/*
 * What a proxy answers. Whether it comes at once or in pieces may neither
 * change what it means nor what is said to it, and what is decided needs all of
 * the bytes that were used.
 */
#include <assert.h>
#include <string.h>

#include "common/wire_proxy.h"
#include "common/xmem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http_proxy proxies[] = {
	{ .url = "http://proxy:3128" },
	{ .url = "socks5h://[::1]:1080" },
	{ .url = "socks5://10.0.0.1", .user = "ann", .password = "pw" },
};

struct told {
	enum wire_proxy_result result;
	size_t used;
	const char *why;
	struct buf said;
};

/* step: how many bytes more are there at each look; 0: all. */
static void talk(const struct http_proxy *conf, struct str in, size_t step,
		 struct told *t)
{
	struct wire_proxy p;
	size_t there = step ? 0 : in.len, used;

	*t = (struct told){ .result = WIRE_PROXY_MORE };
	assert(!wire_proxy_init(&p, conf, "chat.example", 6697));
	wire_proxy_begin(&p, &t->said);
	while (t->result == WIRE_PROXY_MORE) {
		t->result = wire_proxy_read(&p, str_sub(in, t->used, there),
					    &used, &t->said, &t->why);
		assert(used <= there - t->used);
		t->used += used;
		if (used || t->result != WIRE_PROXY_MORE)
			continue;
		if (there == in.len)
			break;
		there = in.len - there < step ? in.len : there + step;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct http_proxy *conf;
	struct str in = { (const char *)data + 1, size - 1 };
	struct told whole, pieces;

	if (!size)
		return 0;
	conf = &proxies[data[0] % ARRAY_LEN(proxies)];
	talk(conf, in, 0, &whole);
	talk(conf, in, 1 + data[0] / ARRAY_LEN(proxies), &pieces);
	assert(whole.result == pieces.result);
	assert(whole.said.len == pieces.said.len &&
	       !memcmp(whole.said.p, pieces.said.p, whole.said.len));
	if (whole.result == WIRE_PROXY_OPEN)
		assert(whole.used == pieces.used);
	else if (whole.result != WIRE_PROXY_MORE)
		assert(*whole.why && !strcmp(whole.why, pieces.why));
	buf_free(&whole.said);
	buf_free(&pieces.said);
	return 0;
}
