#ifndef SIM_FILL_H
#define SIM_FILL_H

/*
 * fill - documents from templates.
 *
 * A template is text with names in braces, which are replaced by values:
 *
 *	{x}   as text or an attribute value of HTML or XML (escaped)
 *	{j:x} as a JSON string with its quotes, also safe inside <script>
 *	{r:x} as it is (markup made by an earlier fill)
 *
 * Braces around anything else stand for themselves, so that JSON and CSS can
 * be written plainly. A name that has no value is a bug and ends the process.
 */
#include <stddef.h>

#include "common/buf.h"
#include "common/str.h"

struct fill {
	const char *name; /* [a-z_]+ */
	struct str value; /* UTF-8 */
};

void fill(struct buf *b, const char *tmpl, const struct fill *vars, size_t n);

#define FILL(b, tmpl, ...)                                  \
	fill(b, tmpl, (const struct fill[]){ __VA_ARGS__ }, \
	     sizeof((const struct fill[]){ __VA_ARGS__ }) / \
		     sizeof(struct fill))

/* One value, escaped as {x} is. */
void fill_text(struct buf *b, struct str s);

/* Prices, in cents: 790000 is "7900.00", "7,900.00" or "7.900,00". */
enum { FILL_MONEY_SIZE = 32 };
enum fill_money { MONEY_PLAIN, MONEY_US, MONEY_EU };
struct str fill_money(int64_t cents, enum fill_money style,
		      char out[FILL_MONEY_SIZE]);

/* Seconds since 1970 as HTTP (RFC 9110) and RSS write them, 29 characters. */
enum { FILL_DATE_SIZE = 30 };
struct str fill_http_date(int64_t s, char out[FILL_DATE_SIZE]);

/* The same as RFC 3339 in whole seconds, for Atom and JSON. */
struct str fill_iso_date(int64_t s, char out[FILL_DATE_SIZE]);

#endif
