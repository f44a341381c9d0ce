#ifndef SCRAPER_CSS_TREE_H
#define SCRAPER_CSS_TREE_H

/*
 * css_tree - a compiled selector, between css_parse.c and css_match.c.
 *
 * A complex selector is a chain of compounds from the right, where matching
 * starts, to the left.
 */
#include "css.h"

enum css_kind {
	CSS_TYPE, /* name absent: universal */
	CSS_ID,
	CSS_CLASS,
	CSS_ATTR,
	CSS_NOT,
	CSS_IS,
	CSS_HAS,
	CSS_NTH,
	CSS_CONTAINS,
	CSS_LANG,
	CSS_ROOT,
	CSS_SCOPE,
	CSS_EMPTY,
	CSS_CHECKED,
	CSS_ENABLED,
	CSS_DISABLED,
	CSS_REQUIRED,
	CSS_OPTIONAL,
	CSS_LINK,
	CSS_NEVER,
	CSS_ANCHOR, /* the element whose :has() is asked */
};

enum css_op {
	CSS_EXISTS,
	CSS_EQUALS,
	CSS_WORD,   /* ~= */
	CSS_DASH,   /* |= */
	CSS_PREFIX, /* ^= */
	CSS_SUFFIX, /* $= */
	CSS_INSIDE, /* *= */
};

enum css_case { CSS_CASE_DEFAULT, CSS_CASE_FOLD, CSS_CASE_EXACT };

enum css_ns { CSS_NS_UNSAID, CSS_NS_ANY, CSS_NS_NONE, CSS_NS_PREFIX };

enum css_comb {
	CSS_NOTHING, /* the leftmost compound */
	CSS_DESCENDANT,
	CSS_CHILD,
	CSS_ADJACENT,
	CSS_SIBLING,
};

struct css_word {
	struct str text;
	struct css_word *next;
};

struct css_simple {
	enum css_kind kind;
	enum css_ns ns;
	struct str prefix;
	struct str name, lower; /* as written, and in lower case */
	enum css_op op;
	enum css_case fold;
	struct str value;
	struct css_word *words; /* of :contains() and :lang() */
	int step, offset;	/* an+b */
	bool from_end, of_type;
	unsigned nth;		  /* which of the selector's CSS_NTH */
	struct css_complex *list; /* arguments; NULL: none */
	struct css_simple *next;
};

struct css_compound {
	struct css_simple *first;
	enum css_comb comb; /* between left and this */
	struct css_compound *left;
};

struct css_complex {
	struct css_compound *right;
	enum css_comb lead; /* in :has(): what stands before it all */
	struct css_complex *next;
};

struct css {
	struct arena arena;
	struct css_complex *list;
	unsigned n_nth;
};

#endif
