#include "common/types_part.h"

#include <sysexits.h>

#include "common/json.h"
#include "common/types_rows.h"
#include "common/xmem.h"

/* A watch may leave the id to be made; what was seen has one. */
#define ITEM_ROWS(id_flags, id_doc)                                       \
	{ ROW(type_item, id, ID, id_flags, id_doc) },                     \
		{ ROW(type_item, kind, TEXT, 0,                           \
		      "What it is: watch, sneaker, car."),                \
		  .max = 128 },                                           \
		{ ROW(type_item, name, TEXT, 0, "What people call it."),  \
		  .max = 512 },                                           \
		{ ROW(type_item, target, DECIMAL, LOOSE,                  \
		      "The price to wait for: alert at this or less.") }, \
	{                                                                 \
		ROW(type_item, currency, CURRENCY, 0,                     \
		    "The currency of the target; absent: any.")           \
	}

static const struct shape_field item_rows[] = { ITEM_ROWS(
	0, "The item, the subject of its prices; absent: the watch's id.") };
static const struct shape_field seen_rows[] = { ITEM_ROWS(
	REQ, "The item, the subject of its prices.") };
const struct shape shape_item = SHAPE(type_item, item_rows, 0, "Item.");
const struct shape shape_item_seen = SHAPE(type_item, seen_rows, OPEN, "Item.");

static const struct shape_field bounds_rows[] = {
	{ ROW(type_bounds, min, DECIMAL, LOOSE, "The least, itself allowed.") },
	{ ROW(type_bounds, max, DECIMAL, LOOSE, "The most, itself allowed.") },
};
const struct shape shape_bounds =
	SHAPE(type_bounds, bounds_rows, 0, "Price bounds.");

static const struct shape_field secret_rows[] = {
	{ ROW(type_secret, file, ID, REQ, "A file in the secrets directory.") },
};
const struct shape shape_secret =
	SHAPE(type_secret, secret_rows, 0, "A secret.");

/* ---- request headers ---- */

/* Does a request header of this name carry a secret? */
static bool is_secret(struct str name)
{
	static const char *const parts[] = { "cookie", "auth",	   "token",
					     "secret", "key",	   "session",
					     "passw",  "signature" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct str part = str_from(parts[i]);

		for (size_t k = 0; k + part.len <= name.len; k++)
			if (str_eq_nocase(str_sub(name, k, k + part.len), part))
				return true;
	}
	return false;
}

bool secret_is_named(struct str value)
{
	struct json_iter it = json_iter(value);

	return json_type_of(value) == JSON_OBJECT && json_next(&it) &&
	       str_is(it.key, "file") &&
	       json_type_of(it.value) == JSON_STRING && !json_next(&it);
}

static int check_header(struct str name, struct str value, struct err *e)
{
	if (secret_is_named(value))
		return 0;
	if (is_secret(name))
		return err_set(e, EX_DATAERR,
			       "must not be in an event; put it into a file "
			       "of the secrets directory and write "
			       "{\"file\":NAME}");
	if (json_type_of(value) != JSON_STRING)
		return err_set(e, EX_DATAERR,
			       "neither a string nor {\"file\":NAME}");
	return 0;
}

int headers_check(struct str headers, struct arena *a, struct err *e)
{
	struct json_iter it = json_iter(headers);

	while (headers.p && json_next(&it)) {
		struct str name = json_name(it.key, a);

		if (check_header(name, it.value, e))
			return err_prefix(e, "headers: %.*s",
					  STR_ARG(str_utf8_prefix(name, 64)));
	}
	return 0;
}
