#include "cache.h"

#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

struct slot {
	uint64_t offset; /* 0: free */
	uint64_t at;	 /* of all bytes that were ever written */
	uint32_t topic_len, frames_len;
	enum frame_kind kind;
};

struct cache {
	struct slot *slot; /* NULL: was never used */
	char *bytes;
	uint64_t written; /* bytes, and those that were left at the end */
};

struct cache *cache_new(void)
{
	return xcalloc(1, sizeof(struct cache));
}

void cache_clear(struct cache *c)
{
	free(c->slot);
	free(c->bytes);
	*c = (struct cache){ 0 };
}

void cache_free(struct cache **cp)
{
	if (*cp)
		cache_clear(*cp);
	free(*cp);
	*cp = NULL;
}

static struct slot *slot_of(const struct cache *c, enum frame_kind kind,
			    uint64_t offset)
{
	return &c->slot[(offset * FRAME_KINDS + kind) % CACHE_SLOTS];
}

bool cache_find(const struct cache *c, enum frame_kind kind, uint64_t offset,
		struct cached *r)
{
	const struct slot *s;
	const char *p;

	if (!c->slot)
		return false;
	s = slot_of(c, kind, offset);
	if (s->offset != offset || s->kind != kind ||
	    c->written - s->at > CACHE_BYTES)
		return false;
	p = c->bytes + s->at % CACHE_BYTES;
	*r = (struct cached){ { p, s->topic_len },
			      { p + s->topic_len, s->frames_len } };
	return true;
}

void cache_add(struct cache *c, enum frame_kind kind, uint64_t offset,
	       struct str topic, struct str frames)
{
	size_t len = topic.len + frames.len;
	size_t left = CACHE_BYTES - c->written % CACHE_BYTES;
	char *p;

	if (len > CACHE_LARGEST)
		return;
	if (!c->slot) {
		c->slot = xcalloc(CACHE_SLOTS, sizeof(*c->slot));
		c->bytes = xmalloc(CACHE_BYTES);
	}
	if (left < len)
		c->written += left;
	*slot_of(c, kind, offset) = (struct slot){
		.offset = offset,
		.at = c->written,
		.topic_len = (uint32_t)topic.len,
		.frames_len = (uint32_t)frames.len,
		.kind = kind,
	};
	p = c->bytes + c->written % CACHE_BYTES;
	memcpy(p, topic.p, topic.len);
	memcpy(p + topic.len, frames.p, frames.len);
	c->written += len;
}
