#ifndef COMMON_JSON_H
#define COMMON_JSON_H

/*
 * json - JSON (RFC 8259) in two ways.
 *
 * Scanning, for the hot path: json_check() proves once that bytes are one
 * strict JSON value; the json_* calls on a struct str then walk that text
 * without copying or allocating. They must only be given text that was
 * checked (or a piece that they returned).
 *
 * A tree, for documents that are queried in many ways (configuration, pages'
 * JSON-LD, API answers): json_parse() checks the text and makes one of struct
 * json nodes. A number keeps the digits that it was written with.
 */
#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/str.h"

enum {
	JSON_DEPTH_MAX = 512,	 /* nested arrays and objects */
	JSON_TREE_MAX = 1 << 30, /* bytes that one tree is made of */
};

enum json_type {
	JSON_NONE, /* no such value */
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

enum json_flags {
	JSON_UNIQUE = 1, /* refuse an object with the same name twice */
	JSON_NO_NUL = 2, /* refuse \u0000 in strings */
	/* Refuse an escaped half of a surrogate pair, which no UTF-8 can say. */
	JSON_NO_HALF = 4,
	/* What we store and pass on: everybody reads it, and all as the same. */
	JSON_STRICT = JSON_UNIQUE | JSON_NO_NUL | JSON_NO_HALF,
};

/* ---- scanning ---- */

/*
 * 0 if s is one JSON value with nothing but white space around it, else -1
 * with *e set to EX_DATAERR: what was wrong, and at which byte (from 1).
 */
int json_check(struct str s, unsigned flags, struct err *e);

/* Without the white space around it, a checked value starts with its type. */
struct str json_trim(struct str s);

/*
 * A checked value as one line: line breaks, which stand only between its
 * tokens, become blanks. s itself where there are none, else a copy in a.
 */
struct str json_one_line(struct str s, struct arena *a);
enum json_type json_type_of(struct str value);

/*
 * Walk the members of a checked object, or the elements of a checked array:
 *
 *	struct json_iter it = json_iter(obj);
 *	while (json_next(&it))
 *		use(it.key, it.value);
 *
 * key is the name between its quotes, still escaped (absent in arrays); value
 * is the value's text. Anything that is no object or array has no members.
 */
struct json_iter {
	struct str rest;
	struct str key, value;
};
struct json_iter json_iter(struct str value);
bool json_next(struct json_iter *it);

/* The value of a member of a checked object; false if there is none. */
bool json_get(struct str obj, const char *key, struct str *value_r);

/*
 * The text of a string value (quotes included in `value`): a part of `value`
 * itself where nothing is escaped, else a copy in the arena. False if value is
 * no string. Lone surrogates become U+FFFD.
 */
bool json_text(struct str value, struct arena *a, struct str *text_r);

/* The text of a member; absent if there is none, or it is no string. */
struct str json_get_text(struct str obj, const char *key, struct arena *a);

/* A key of json_iter without its escapes, likewise. */
struct str json_name(struct str key, struct arena *a);

/* ---- trees ---- */

struct json;

/*
 * The tree of s, which it does not borrow from; free with json_free(). NULL
 * with *e: EX_DATAERR.
 *
 * Its texts are without their escapes, end in a NUL and hold none: \u0000 is
 * U+FFFD in them, as is a lone half of a surrogate pair.
 */
struct json *json_parse(struct str s, unsigned flags, struct err *e);
void json_free(struct json **rootp); /* of the root only */

/* All of these take NULL as "no such value" and pass it on. */
enum json_type json_kind(const struct json *n);
/* Where an object says a name twice, the last one holds, as in browsers. */
const struct json *json_member(const struct json *obj, const char *key);
const struct json *json_at(const struct json *arr, size_t i);
const struct json *json_child(const struct json *n);   /* the first one */
const struct json *json_sibling(const struct json *n); /* the next one */
size_t json_count(const struct json *n);
const char *json_key(const struct json *n);    /* NULL outside objects */
const char *json_string(const struct json *n); /* NULL if no string */
bool json_true(const struct json *n);
/* A number as it was written, or NULL. */
const char *json_number(const struct json *n);
/* The same three with their lengths, which are known. */
struct str json_key_str(const struct json *n);
struct str json_content(const struct json *n); /* of a string or number */

/* Compare two numbers as they were written, exactly: <0, 0, >0. */
int json_number_cmp(struct str a, struct str b);

#define json_each(child, parent)                                   \
	for (const struct json *child = json_child(parent); child; \
	     child = json_sibling(child))

/* Add n as compact JSON text. */
void json_print(const struct json *n, struct buf *b);

#endif
