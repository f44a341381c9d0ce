#ifndef SCRAPER_SECRETS_H
#define SCRAPER_SECRETS_H

/*
 * secrets - the request headers of a watch, with what must not be in an event.
 *
 *	{"Accept-Language":"de","Cookie":{"file":"shop.cookie"}}
 *
 * A value is text or names a file in the secrets directory, whose content
 * (without white space around it) is the value. For headers that carry secrets
 * watch_complete() has refused text: a watch is an event that anybody may
 * read. Headers that the client itself is in charge of are refused here, like
 * names and values that would break a request apart.
 *
 * A file must be a regular one that nobody but its owner may touch (mode 0600
 * or less); any other is an error, as if it were not there.
 */
#include "common/arena.h"
#include "common/err.h"
#include "common/str.h"

enum { SECRETS_HEADERS_MAX = 32, SECRETS_VALUE_MAX = 16 << 10 };

struct header_lines {
	const char **v; /* "Name: value"; in the arena, as it is itself */
	size_t n;
};

/*
 * In place of a directory: nothing is read. Names are checked all the same, and
 * every value is taken to be a good one.
 */
extern const char secrets_unread[];

/*
 * What is in a file of the secrets directory, without white space around it,
 * at most SECRETS_VALUE_MAX bytes. -1 with *e: EX_CONFIG.
 */
int secrets_read(struct str file, const char *dir, struct arena *a,
		 struct str *value_r, struct err *e);

/*
 * headers is a checked JSON object, or absent. dir may be NULL where there is
 * no secrets directory. -1 with *e: EX_CONFIG; its text never shows a value.
 */
int secrets_headers(struct str headers, const char *dir, struct arena *a,
		    struct header_lines *lines_r, struct err *e);

/* One value: a JSON string, or {"file":NAME}. */
int secrets_value(struct str json, const char *dir, struct arena *a,
		  struct str *value_r, struct err *e);

#endif
