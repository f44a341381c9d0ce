#ifndef COMMON_EXPR_PRIVATE_H
#define COMMON_EXPR_PRIVATE_H

/*
 * What an expression is between its text and its answer, for expr*.c.
 *
 * expr_token.c cuts the text into tokens and says what is wrong in it,
 * expr_operand.c makes values and fields of them, expr_function.c functions and
 * arithmetic, expr_right.c what a test compares with, and expr_parse.c tests and
 * what joins them; expr_print.c writes
 * those in the canonical form. expr_read.c finds in an event what is asked
 * for, and expr_ask.c asks it; expr_values.c tells what was found, and
 * expr_needs.c what an index can know. All that is compiled lives in the memory
 * of struct expr and does not change any more.
 */
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/expr.h"
#include "common/json.h"
#include "common/regex.h"
#include "common/words.h"

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
	struct expr_token token;	/* the one to look at */
	struct expr *x;			/* what is being made */
	size_t depth, nodes, n_matches; /* of it, against the limits */
	bool is_rule;			/* may ask for what was before */
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

/* Each comparison stands beside its opposite; what is behind is of text. */
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
	EXPR_MATCHES,
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
	EXPR_FURTHER,  /* one that weir does not know */
	EXPR_TEXT,     /* `text`: what keywords are looked for in */
	EXPR_FUNCTION, /* a number that is computed */
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

/* The members that `text` is of; the last is a list of texts. */
enum { EXPR_TEXTS = 7 };

enum expr_function {
	EXPR_FN_DISTANCE,
	EXPR_FN_DROP,
	EXPR_FN_DROP_PERCENT,
	EXPR_FN_HIGHEST,
	EXPR_FN_LOWEST,
	EXPR_FN_PREVIOUS,
	EXPR_FN_RISE,
	EXPR_FN_RISE_PERCENT,
};
extern const char *const expr_functions[]; /* their names, NULL at the end */

/* A field, or a function. */
struct expr_field {
	enum expr_attr attr;
	struct str name;	/* EXPR_FURTHER */
	struct expr_step *step; /* EXPR_DATA */
	enum expr_function function;
	int64_t window_us;    /* of it; 0: none */
	struct decimal at[2]; /* of distance(): latitude, longitude */
};

/* A number as its digits, a text without quotes and escapes. */
struct expr_value {
	enum json_type type; /* JSON_NONE, or what can be compared */
	struct str text;
};

/* What is right of a comparison, where it is no value: times * field + plus. */
struct expr_term {
	struct expr_field field;
	bool is_sum; /* there is something to compute */
	struct decimal times, plus;
};

struct expr_node {
	enum expr_kind kind;
	bool is_decimal;	 /* compares what is computed */
	struct expr_node *first; /* what or, and, not join */
	struct expr_node *next;	 /* beside this one */
	struct expr_field left;
	struct expr_term right;
	struct expr_value *list; /* right of it; NULL: a term is */
	size_t n_list;
	struct words_wanted *wanted; /* EXPR_MENTIONS: for each of the list */
	struct regex *regex;	     /* EXPR_MATCHES */
	struct expr_node *other;     /* another one that matches */
	struct decimal limit;	     /* is_decimal: the value in the list */
};

struct expr {
	struct arena memory;  /* what was compiled */
	struct arena scratch; /* what one event needs */
	struct expr_node *root;
	struct expr_step data;
	struct expr_step *price, *place[4], *texts[EXPR_TEXTS]; /* or NULL */
	size_t n_asked; /* fields of the data */
	struct str text;
	struct expr_needs *needs;  /* once somebody asked */
	struct expr_node *matches; /* those that do */
	uint64_t n_given_up;

	/* What is being asked. */
	const struct event *ev;
	const struct expr_facts *facts;
	struct decimal slack;
	bool has_slack;
	bool is_turned;	  /* within an odd number of `not` */
	bool is_read;	  /* the data */
	size_t n_missing; /* fields that are not found yet */
};

/* Read the operand that the parser stands at. */
bool expr_at_value(const struct expr_parser *p);
int expr_read_value(struct expr_parser *p, struct expr_value *v_r);
int expr_read_decimal(struct expr_parser *p, struct decimal *d_r);
int expr_read_field(struct expr_parser *p, struct expr_field *f_r);
/* One that stands behind a number and a '*', or before '+' or '-'. */
int expr_read_term(struct expr_parser *p, struct expr_term *t_r);

/* Go on behind the name of a function and read what is in its parentheses. */
int expr_read_function(struct expr_parser *p, struct str name, const char *at,
		       struct expr_field *f_r);
/* The step from one into a member or element, made if it is not there. */
struct expr_step *expr_step_of(struct expr *x, struct expr_step *parent,
			       struct str name, size_t index);
/* The step to data.A.B, or data.A where b is NULL, asked for from now on. */
struct expr_step *expr_ask_for(struct expr *x, const char *a, const char *b);

/*
 * Can this value be compared with so? A time is given the form that events
 * have.
 */
int expr_check_value(struct expr_parser *p, const struct expr_node *n,
		     struct expr_value *v, const char *at);
/* Read what stands right of n's operator. */
int expr_read_right(struct expr_parser *p, struct expr_node *n);

/* Fill x, but for x->text. -1 with *e. */
int expr_parse(struct expr *x, struct str text, bool is_rule, struct err *e);

/* Add the canonical form. */
void expr_print(const struct expr *x, struct buf *b);
void expr_print_field(const struct expr_field *f, struct buf *b);

/* ---- the event at hand ---- */

/* Of this event, and nothing of the one before. */
void expr_take(struct expr *x, const struct event *ev,
	       const struct expr_facts *facts);

/* No function, and not `text`. Absent: JSON_NONE. */
struct expr_value expr_value(struct expr *x, const struct expr_field *f);
struct expr_value expr_read_json(struct expr *x, struct str raw);

/* Walk the texts of `text`, from a zeroed struct; false at the end. */
struct expr_texts {
	size_t i;
	struct json_iter list;
};
bool expr_next_text(struct expr *x, struct expr_texts *it, struct str *text_r);

/* Text that is a decimal number, as money is written in events. */
bool expr_is_decimal(struct str s);
static inline bool expr_is_number(const struct expr_value *v)
{
	return v->type == JSON_NUMBER ||
	       (v->type == JSON_STRING && expr_is_decimal(v->text));
}

/* The number that a field or function is. False: none, or not known. */
bool expr_decimal(struct expr *x, const struct expr_field *f,
		  struct decimal *d_r);
bool expr_term_decimal(struct expr *x, const struct expr_term *t,
		       struct decimal *d_r);

#endif
