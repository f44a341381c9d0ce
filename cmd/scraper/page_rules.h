#ifndef SCRAPER_PAGE_RULES_H
#define SCRAPER_PAGE_RULES_H

/*
 * page_rules - which lines of a page's text count, and which changes of them.
 *
 *	{"ignore_lines":[PATTERN,…],"trigger":[PATTERN,…],
 *	 "unordered":true,"only_new":true}
 *
 * A pattern is an I-Regexp (RFC 9485) that matches some part of a line; one
 * that starts with ^ or ends in $ is bound to that end ("[$]" is the sign). One
 * that costs more work than a match may take does not match.
 */
#include "common/err.h"
#include "common/json.h"

enum { PAGE_PATTERNS_MAX = 50 }; /* of one member */

struct page_patterns {
	struct iregexp **v;
	size_t n, cap;
};

struct page_rules {
	struct page_patterns ignore, trigger;
	bool unordered; /* lines that only moved did not change */
	bool only_new;	/* lines that were never there, and nothing else */
};

/*
 * Read these members of config, which may be NULL. NULL with *e: EX_CONFIG,
 * naming the member.
 */
struct page_rules *page_rules_compile(const struct json *config, struct err *e);
void page_rules_free(struct page_rules **rp);

/* Does one of the patterns match the line? */
bool page_patterns_match(const struct page_patterns *p, struct str line);

#endif
