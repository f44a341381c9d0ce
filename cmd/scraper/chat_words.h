#ifndef SCRAPER_CHAT_WORDS_H
#define SCRAPER_CHAT_WORDS_H

/*
 * chat_words - the names that servers give to the parts of a message. Pure.
 */
#include <stdbool.h>

#include "common/arena.h"
#include "common/str.h"

/* JSON values; absent where there is none. */
struct chat_parts {
	struct str text, username, id, sent;
};

/*
 * The parts of an object (checked JSON) by their names. False: it says itself
 * that it is no message, such as "type":"join".
 */
bool chat_words_parts(struct str object, struct arena *a,
		      struct chat_parts *p_r);

/* May a member of this name (as json_iter's key) hold messages? */
bool chat_words_is_container(struct str key);

#endif
