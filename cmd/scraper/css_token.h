#ifndef SCRAPER_CSS_TOKEN_H
#define SCRAPER_CSS_TOKEN_H

/*
 * css_token - the text of a selector as characters and tokens (CSS Syntax
 * Module Level 3, section 4), for css_parse.c.
 *
 * What is read goes forward from `at`; strings are kept in the selector's
 * arena. Failures are -1 with p->e, which names the place.
 */
#include "css_tree.h"

struct css_parser {
	struct css *css;
	struct str in;
	size_t at;
	unsigned depth;
	struct err *e;
};

/* "EXPECTED expected at byte N: REST" */
int css_fail(struct css_parser *p, const char *expected);

/* The character here, or further on; 0 at the end. */
int css_peek(const struct css_parser *p);
int css_peek_at(const struct css_parser *p, size_t ahead);
bool css_take(struct css_parser *p, char c);
bool css_is_digit(int c);
bool css_is_name(int c);

void css_skip_comments(struct css_parser *p);
/* Skips white space and comments; true if there was white space. */
bool css_skip_space(struct css_parser *p);

bool css_at_ident(const struct css_parser *p);
bool css_at_name(const struct css_parser *p);
/* Name characters and escapes, none of them too. */
void css_name(struct css_parser *p, struct str *name_r);
/* An identifier; what: as css_fail() calls it. */
int css_ident(struct css_parser *p, const char *what, struct str *name_r);
/* An identifier or a string. */
int css_word(struct css_parser *p, const char *what, struct str *s_r);

/* A copy in lower case (ASCII). */
struct str css_lower_case(struct css_parser *p, struct str s);

#endif
