#ifndef SCRAPER_JSONPATH_TOKEN_H
#define SCRAPER_JSONPATH_TOKEN_H

/*
 * jsonpath_token - characters and literals of RFC 9535, for jsonpath_parse.c.
 *
 * What is read goes forward from `pos`; strings are kept in the path's arena.
 * A failure is false with p->e, which names the place.
 */
#include "jsonpath_query.h"

struct path_parser {
	struct str text;
	size_t pos;
	int nesting;
	struct jsonpath *path;
	struct err *e;
};

/* Always false. */
bool path_fail(struct path_parser *p, size_t pos, const char *why);

char path_peek(const struct path_parser *p); /* 0 at the end */
bool path_take(struct path_parser *p, const char *token);
void path_skip_space(struct path_parser *p);
bool path_is_digit(char c);
bool path_is_name_first(char c);

/* At a quote: the text up to the same one, without escapes. */
bool path_string(struct path_parser *p, struct str *s_r);
/* Within what a double can tell apart. */
bool path_integer(struct path_parser *p, int64_t *v_r);
/* A JSON number, as it is written. */
bool path_number(struct path_parser *p, struct expr *x);

#endif
