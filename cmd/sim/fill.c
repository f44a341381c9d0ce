#include "fill.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void fill_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.p[i]) {
		case '&': buf_puts(b, "&amp;"); break;
		case '<': buf_puts(b, "&lt;"); break;
		case '>': buf_puts(b, "&gt;"); break;
		case '"': buf_puts(b, "&quot;"); break;
		case '\'': buf_puts(b, "&#39;"); break;
		default: buf_putc(b, s.p[i]);
		}
	}
}

/* "</script>" or "<!--" in a value must not end the script around it. */
static void fill_json(struct buf *b, struct str s)
{
	struct buf quoted = { 0 };

	buf_json_str(&quoted, s);
	for (size_t i = 0; i < quoted.len; i++) {
		if (quoted.p[i] == '<')
			buf_puts(b, "\\u003c");
		else
			buf_putc(b, quoted.p[i]);
	}
	buf_free(&quoted);
}

static struct str value_of(struct str name, const struct fill *vars, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, vars[i].name))
			return vars[i].value;
	assert(!"a template names a value that it was not given");
	return STR("");
}

/* The length of "{name}" or "{j:name}" at p, 0 if there is none. */
static size_t hole_len(const char *p, char *how_r, struct str *name_r)
{
	const char *name = p + 1;
	size_t len;

	*how_r = 't';
	if ((name[0] == 'j' || name[0] == 'r') && name[1] == ':') {
		*how_r = name[0];
		name += 2;
	}
	len = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
	if (len == 0 || name[len] != '}')
		return 0;
	*name_r = (struct str){ name, len };
	return (size_t)(name - p) + len + 1;
}

void fill(struct buf *b, const char *tmpl, const struct fill *vars, size_t n)
{
	while (*tmpl) {
		size_t plain = strcspn(tmpl, "{"), len;
		struct str name, value;
		char how;

		buf_add(b, tmpl, plain);
		tmpl += plain;
		if (!*tmpl)
			break;
		len = hole_len(tmpl, &how, &name);
		if (len == 0) {
			buf_putc(b, *tmpl++);
			continue;
		}
		tmpl += len;
		value = value_of(name, vars, n);
		if (how == 'j')
			fill_json(b, value);
		else if (how == 'r')
			buf_add_str(b, value);
		else
			fill_text(b, value);
	}
}

struct str fill_money(int64_t cents, enum fill_money style,
		      char out[FILL_MONEY_SIZE])
{
	char digits[24];
	char group = style == MONEY_EU ? '.' : ',';
	char *p = out;
	int n = snprintf(digits, sizeof(digits), "%" PRId64, cents / 100);

	assert(cents >= 0);
	for (int i = 0; i < n; i++) {
		if (style != MONEY_PLAIN && i > 0 && (n - i) % 3 == 0)
			*p++ = group;
		*p++ = digits[i];
	}
	*p++ = style == MONEY_EU ? ',' : '.';
	*p++ = (char)('0' + cents / 10 % 10);
	*p++ = (char)('0' + cents % 10);
	*p = '\0';
	return (struct str){ out, (size_t)(p - out) };
}

/* No setlocale() in this process, so names of days are English. */
struct str fill_http_date(int64_t s, char out[FILL_DATE_SIZE])
{
	struct tm tm;

	gmtime_r(&(time_t){ s }, &tm);
	return (struct str){ out, strftime(out, FILL_DATE_SIZE,
					   "%a, %d %b %Y %H:%M:%S GMT", &tm) };
}

struct str fill_iso_date(int64_t s, char out[FILL_DATE_SIZE])
{
	struct tm tm;

	gmtime_r(&(time_t){ s }, &tm);
	return (struct str){ out, strftime(out, FILL_DATE_SIZE,
					   "%Y-%m-%dT%H:%M:%SZ", &tm) };
}
