#ifndef COMMON_SHAPE_H
#define COMMON_SHAPE_H

/*
 * shape - the form of a JSON object, said once.
 *
 * A table of fields serves three purposes: decode JSON into a C struct
 * (refusing what does not fit, by name), encode the struct again, and print
 * the JSON Schema (draft 2020-12) that says the same. etc/schema/ holds the
 * printed schemas; a test keeps them equal.
 *
 * Decoding copies nothing that needs no unescaping: text in the struct points
 * into the JSON or into the arena.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/decimal.h"
#include "common/err.h"
#include "common/str.h"

enum shape_kind {
	SHAPE_TEXT,	/* struct str: a string of at most max characters */
	SHAPE_ID,	/* struct str: [A-Za-z0-9._-]{1,128} */
	SHAPE_BLOB,	/* struct str: 64 hexadecimal digits; see blob.h */
	SHAPE_DECIMAL,	/* struct str: "1250.60"; decimal.h reads it */
	SHAPE_PERCENT,	/* struct str: "1%" or "0.5%" */
	SHAPE_CURRENCY, /* struct str: three capitals */
	SHAPE_DURATION, /* struct str: "250ms", "1h", "7d"; at most 999d */
	SHAPE_INTERVAL, /* the same, at least SHAPE_INTERVAL_MIN_MS */
	SHAPE_TIME,	/* struct str: RFC 3339 */
	SHAPE_URL,    /* struct str: http, https, ws, wss, irc, ircs or mock */
	SHAPE_NAME,   /* struct str: one of `names` */
	SHAPE_BOOL,   /* bool; absent is false */
	SHAPE_FLAG,   /* struct str: true or false as text, or absent */
	SHAPE_NUMBER, /* struct str: a JSON number as it was written */
	SHAPE_RATE,   /* the same, above 0 and at most 100: per cent */
	SHAPE_COUNT,  /* struct str: a whole number from 1 to max, as digits */
	SHAPE_JSON,   /* struct str: any JSON value as text */
	SHAPE_OBJECT, /* struct str: a JSON object as text */
	SHAPE_SUB,    /* struct, by `sub`; presence is a leading bool */
	SHAPE_LIST,   /* struct shape_list of text */
	SHAPE_WORDS,  /* struct shape_list: a string or an array of them */
	SHAPE_SUBS,   /* struct shape_subs: an array of objects, by `sub` */
};

enum shape_flags {
	SHAPE_REQUIRED = 1,  /* must be there */
	SHAPE_NULLABLE = 2,  /* null is allowed, and decodes as absent */
	SHAPE_OPEN = 4,	     /* of a shape: unknown members are passed over */
	SHAPE_LOOSE = 8,     /* of a decimal: a JSON number is taken, too */
	SHAPE_POSITIVE = 16, /* of a decimal: above 0 */
};

enum {
	SHAPE_TEXT_MAX = 4096,	      /* characters, where a field has no max */
	SHAPE_LIST_MAX = 64,	      /* entries, likewise */
	SHAPE_URL_MAX = 2048,	      /* characters */
	SHAPE_COUNT_MAX = 1000000000, /* where a field has no max */
	SHAPE_FIELDS_MAX = 64,	      /* of one shape */
	/* What is done again and again is no busy loop: "0s" is a mistake. */
	SHAPE_INTERVAL_MIN_MS = 50,
};

struct shape_list {
	struct str *v;
	size_t n;
	bool present;
	bool single; /* SHAPE_WORDS: it was one string */
};

struct shape_subs {
	void *v; /* n structs of sub->size bytes */
	size_t n;
	bool present;
};

struct shape;

struct shape_field {
	const char *name;
	enum shape_kind kind;
	unsigned flags;
	size_t offset; /* in the struct */
	size_t max;    /* characters, entries, the largest count; 0: as above */
	const struct shape *sub;
	const char *const *names; /* NULL-terminated */
	const char *doc;	  /* one sentence for schema and manual */
};

struct shape {
	const char *doc; /* one sentence */
	const struct shape_field *fields;
	size_t n;
	size_t size; /* of the struct */
	unsigned flags;
	const char *const *any_of; /* one of these must be there; or NULL */
};

/*
 * Decode `object` (checked by json_check() with JSON_UNIQUE) into the struct
 * at out, zeroed first. Text lives as long as object and arena do. -1 with
 * *e: EX_DATAERR, "price.min: not a decimal".
 */
int shape_decode(const struct shape *shape, struct str object, void *out,
		 struct arena *a, struct err *e);

/*
 * Add the struct as a JSON object; absent members are left out, but for those
 * that are required: nullable ones are written as null, bools as false.
 */
void shape_encode(const struct shape *shape, const void *in, struct buf *b);

/*
 * Add the JSON Schema, indented, with a newline at its end. nullable: null in
 * place of the object is allowed. The schema allows what the decoder allows,
 * and no more but for two things that it cannot say: that a day is on the
 * calendar, and how many digits a number has.
 */
void shape_schema(const struct shape *shape, const char *title, bool nullable,
		  struct buf *b);

/* The value of a SHAPE_COUNT, or `otherwise` where it is absent. */
int64_t shape_count(struct str s, int64_t otherwise);

/* Three capitals, as ISO 4217 codes are. */
bool shape_is_currency(struct str s);

/* A URL with one of these schemes, without spaces or control characters. */
bool shape_is_url(struct str s);

#endif
