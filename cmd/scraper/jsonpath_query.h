#ifndef SCRAPER_JSONPATH_QUERY_H
#define SCRAPER_JSONPATH_QUERY_H

/*
 * jsonpath_query - a compiled JSONPath, between jsonpath_parse.c, which makes
 * it, and jsonpath.c, which runs it. Names follow RFC 9535.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/str.h"

struct expr;
struct iregexp;

enum selector_type {
	SELECT_NAME,
	SELECT_WILDCARD,
	SELECT_INDEX,
	SELECT_SLICE,
	SELECT_FILTER,
};

struct selector {
	enum selector_type type;
	struct str name;
	int64_t start, end, step; /* start is also the index */
	bool has_start, has_end;
	struct expr *filter;
	struct selector *next;
};

struct segment {
	bool descendant;
	struct selector *selectors;
	struct segment *next;
};

struct query {
	bool relative; /* "@", else "$" */
	bool singular;
	struct segment *segments;
};

enum expr_type {
	EXPR_OR, /* of args[0] and args[1]; so are the next five */
	EXPR_AND,
	EXPR_EQ,
	EXPR_LT,
	EXPR_LE,
	EXPR_NOT, /* of args[0] */
	EXPR_EXISTS,
	/* Values: */
	EXPR_QUERY,
	EXPR_LITERAL,
	EXPR_LENGTH,
	EXPR_COUNT,
	EXPR_VALUE,
	/* Functions with a logical result: */
	EXPR_MATCH,
	EXPR_SEARCH,
};

struct expr {
	enum expr_type type;
	struct expr *args[2];
	struct query query;	/* of EXISTS and QUERY */
	enum json_type literal; /* NUMBER, STRING, BOOL, NULL */
	struct str text;	/* of a number or string; "true" */
	struct iregexp *regexp; /* MATCH, SEARCH with a literal pattern */
	bool regexp_ready;	/* regexp is set, or the pattern is none */
};

struct regexp_ref {
	struct iregexp *regexp;
	struct regexp_ref *next;
};

struct jsonpath {
	struct arena arena; /* everything below */
	struct query query;
	struct regexp_ref *regexps; /* to be freed */
};

#endif
