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
static inline bool feed_name_is(struct feed_name n, const char *name)
{
	size_t len = strlen(name);

	/* "local", or "prefix:local"; most are of another length. */
	return (len == n.local.len || len == n.prefix.len + 1 + n.local.len) &&
	       feed_name_is_just(n, (struct str){ name, len });
}

#endif
