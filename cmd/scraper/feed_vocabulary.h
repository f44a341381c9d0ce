#ifndef SCRAPER_FEED_VOCABULARY_H
#define SCRAPER_FEED_VOCABULARY_H

/* feed_vocabulary - the names of a feed's elements, whoever prefixed them. */
#include "dom.h"

/*
 * prefix is the usual one of its namespace ("dc", "media"), "" for the feed's
 * own elements and "?" for what is neither.
 */
struct feed_name {
	struct str prefix, local;
};

/* root_ns: the namespace of the feed's root element; may be absent. */
struct feed_name feed_name_of(const struct dom_node *n, struct str root_ns);

/* True for "dc:title" or "title"; the case does not matter. */
bool feed_name_is_just(struct feed_name n, struct str name);
static inline bool feed_name_is_str(struct feed_name n, struct str name)
{
	/* "local", or "prefix:local"; most are of another length. */
	return (name.len == n.local.len ||
		name.len == n.prefix.len + 1 + n.local.len) &&
	       feed_name_is_just(n, name);
}

static inline bool feed_name_is(struct feed_name n, const char *name)
{
	return feed_name_is_str(n, str_from(name));
}

/*
 * One bit of 64, from a name's length and last letter: a name whose bit is not
 * among those of an entry's elements is none of them.
 */
static inline uint64_t feed_mark(size_t len, char last)
{
	return UINT64_C(1) << (len * 5 + (last & 31)) % 64;
}

static inline uint64_t feed_name_mark(struct feed_name n)
{
	size_t before = n.prefix.len ? n.prefix.len + 1 : 0;

	return n.local.len ? feed_mark(before + n.local.len,
				       n.local.p[n.local.len - 1])
			   : 0;
}

#endif
