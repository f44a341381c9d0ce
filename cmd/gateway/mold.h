#ifndef GATEWAY_MOLD_H
#define GATEWAY_MOLD_H

/*
 * mold - JSON that is made from other JSON, by a template that is JSON, too.
 *
 * A string that starts with '$' stands for a value, everything else for itself:
 *
 *	"$data.item.name,data.item.id,'?'"	the first that is there, not null
 *	"$data.price:number"			"1250.60" as 1250.60
 *	"$?data.note"				where there is none, no member
 *
 * What a value may start with is in mold_roots: `data`, the event's attributes,
 * `match` (what stood for the braces of a name), `user`, `now` and `merged`.
 * Forms: number (a decimal text as a number, exactly as it is written), text
 * (the other way round), ms (a time as milliseconds since 1970), time (such
 * milliseconds, or a time, as RFC 3339). What is not there, or has no such
 * form, is null.
 *
 * In an object, the member "$all" stands for all members of an object; those
 * written before it are for where it has none of that name, those behind it
 * replace what it has. With "$if", the whole object is left out where there is
 * no such value. weir-compat(5) has examples.
 *
 * Pure. Compiled once, printed often; printing never fails.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/err.h"
#include "common/event.h"
#include "common/str.h"

enum {
	MOLD_DEPTH_MAX = 8,   /* nested objects and arrays of a template */
	MOLD_CHOICES_MAX = 4, /* values of which the first is taken */
};

struct mold;

/* What values are taken from; what is absent is not there. */
struct mold_scope {
	const struct event *ev; /* or NULL */
	struct str data;	/* checked JSON */
	struct str match, user; /* text */
	struct str merged;	/* checked JSON */
	int64_t now_us;
};

/*
 * Compile checked JSON; the mold lives as long as it and the arena. NULL with
 * *e (EX_CONFIG), and *at_r the value that is wrong.
 */
const struct mold *mold_compile(struct str json, struct arena *a,
				struct str *at_r, struct err *e);

/* Add it; false, and nothing is added, where the whole is to be left out. */
bool mold_print(const struct mold *m, const struct mold_scope *s,
		struct buf *b);

/*
 * A single value ("data.item.id"), without '$': compiled likewise, and as text:
 * a string without quotes and escapes, a number as it is written, all else
 * absent.
 */
const struct mold *mold_compile_value(struct str text, struct arena *a,
				      struct err *e);
struct str mold_text(const struct mold *m, const struct mold_scope *s,
		     struct arena *a);

#endif
