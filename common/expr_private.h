#ifndef COMMON_EXPR_PRIVATE_H
#define COMMON_EXPR_PRIVATE_H

/*
 * What an expression is between its text and its answer, for expr*.c.
 *
 * expr_token.c cuts the text into tokens and says what is wrong in it,
 * expr_operand.c makes values and fields of them and expr_parse.c tests and
 * what joins them; expr_print.c writes those in the canonical form, and expr.c
 * asks them about an event. All that is compiled lives in the
 * memory of struct expr and does not change any more.
 */
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/expr.h"
#include "common/json.h"

/* ---- tokens ---- */

enum expr_token_kind {
	EXPR_END,
	EXPR_NAME, /* a word of the language, or a name */
	EXPR_STRING,
	EXPR_NUMBER,
	EXPR_SIGN,
};

struct expr_token {
	enum expr_token_kind kind;
	struct str text; /* as written */
};

struct expr_parser {
	struct str text, rest;
	struct expr_token token; /* the one to look at */
	struct expr *x;		 /* what is being made */
	size_t depth, nodes;	 /* of it, against the limits */
	struct err *e;
};

/* Go on to the next token. -1: what stands there is none. */
int expr_next(struct expr_parser *p);
bool expr_is(const struct expr_parser *p, const char *text);

/* Say what is wrong at a place in the text. Returns -1. */
int expr_mistake(struct expr_parser *p, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A piece of the text as messages show it, for "%.*s". */
struct str expr_quote(struct str s);

/* Has a word a meaning of its own, so that no field goes by it alone? */
bool expr_is_word(struct str name);
bool expr_is_name(struct str s);

/*
 * What somebody meant who wrote this: one of a list that ends in NULL, or where
 * there is no list a word of the language. NULL: no idea.
 */
const char *expr_meant(struct str word, const char *const *list);

/* Say what stands where something else was wanted. Returns -1. */
int expr_unexpected(struct expr_parser *p, const char *wanted);

/* Go on behind this sign, which `wanted` describes. */
int expr_expect(struct expr_parser *p, const char *sign, const char *wanted);

/* ---- what it is compiled to ---- */

/* Each comparison stands beside its opposite. */
enum expr_kind {
	EXPR_OR,
	EXPR_AND,
	EXPR_NOT,
	EXPR_HAS,
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_GE,
	EXPR_GT,
	EXPR_LE,
	EXPR_IN,
	EXPR_CONTAINS,
	EXPR_STARTS,
	EXPR_MENTIONS,
};

/* Attributes of the event. */
enum expr_attr {
	EXPR_DATA, /* none: a field of the data */
	EXPR_TOPIC,
	EXPR_TYPE,
	EXPR_SUBJECT,
	EXPR_SOURCE,
	EXPR_ID,
	EXPR_TIME,
	EXPR_RECORDEDTIME,
	EXPR_OFFSET,
	EXPR_EPOCH,
	EXPR_FURTHER, /* one that weir does not know */
};
extern const char *const expr_attrs[]; /* their names, NULL at the end */

/*
 * The fields of an expression as one tree, which is laid over the data: a step
 * goes from a value into its member or element.
 */
struct expr_step {
	struct expr_step *parent, *first, *next;
	struct str name; /* absent: it is an element */
	size_t index;
	bool is_asked;	  /* a field ends here */
	struct str value; /* of the event at hand; absent: not found */
};

struct expr_field {
	enum expr_attr attr;
	struct str name;	/* EXPR_FURTHER */
	struct expr_step *step; /* EXPR_DATA */
};

/* A number as its digits, a text without quotes and escapes. */
struct expr_value {
	enum json_type type; /* JSON_NONE, or what can be compared */
	struct str text;
};

struct expr_node {
	enum expr_kind kind;
	struct expr_node *first; /* what or, and, not join */
	struct expr_node *next;	 /* beside this one */
	struct expr_field left, right;
	struct expr_value *list; /* right of it; NULL: a field is */
	size_t n_list;
	struct str phrase; /* EXPR_MENTIONS: words_add() of its text */
	uint16_t *table;   /* and words_table() of that */
};

struct expr {
	struct arena memory;  /* what was compiled */
	struct arena scratch; /* what one event needs */
	struct expr_node *root;
	struct expr_step data;
	size_t n_asked;	  /* fields of the data */
	size_t n_missing; /* of these, not found yet */
	bool is_read;	  /* the data of the event at hand */
	struct str text;
};

/* Read the operand that the parser stands at. */
bool expr_at_value(const struct expr_parser *p);
int expr_read_value(struct expr_parser *p, struct expr_value *v_r);
int expr_read_field(struct expr_parser *p, struct expr_field *f_r);

/* Fill x, but for x->text. -1 with *e. */
int expr_parse(struct expr *x, struct str text, struct err *e);

/* Add the canonical form. */
void expr_print(const struct expr *x, struct buf *b);

#endif
