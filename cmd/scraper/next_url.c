#include "next_url.h"

#include "common/buf.h"
#include "common/url.h"

#include "header_value.h"
#include "item.h"

/* The query of url with this parameter in place of all others of its name. */
static void put_param(struct buf *b, struct str url, struct str name,
		      struct str value)
{
	struct buf pair = { 0 };
	struct str query, part, rest;
	bool first = true;

	url = str_cut(url, '#', &rest);
	buf_add_str(b, str_cut(url, '?', &query));
	buf_putc(b, '?');
	url_add_encoded(&pair, name);
	while (query.len) {
		struct str left;

		part = str_cut(query, '&', &left);
		query = left;
		if (!part.len ||
		    str_eq(str_cut(part, '=', &rest), buf_str(&pair)))
			continue;
		if (!first)
			buf_putc(b, '&');
		buf_add_str(b, part);
		first = false;
	}
	if (!first)
		buf_putc(b, '&');
	buf_add_str(b, buf_str(&pair));
	buf_putc(b, '=');
	url_add_encoded(b, value);
	buf_free(&pair);
}

bool next_url(struct str url, struct str param, struct str said,
	      struct arena *a, struct str *next_r)
{
	struct buf b = { 0 };
	bool ok;

	said = str_trim(said);
	if (!said.len || str_is(said, "null") || str_is(said, "false"))
		return false;
	if (!param.p)
		return url_resolve(url, said, a, next_r) &&
		       next_r->len <= ITEM_URL_MAX;
	if (said.len > NEXT_CURSOR_MAX || !url.p)
		return false;
	put_param(&b, url, param, said);
	ok = b.len <= ITEM_URL_MAX && url_is_http(buf_str(&b));
	if (ok)
		*next_r = arena_str(a, buf_str(&b));
	buf_free(&b);
	return ok;
}

/* ---- the header ---- */

static bool has_word(struct str words, const char *wanted)
{
	struct str word;

	while (str_token(&words, " \t", &word))
		if (str_eq_nocase(word, str_from(wanted)))
			return true;
	return false;
}

/* The parameters of one link, up to its comma: is it rel=next? */
static bool is_next(struct str *rest)
{
	bool next = false, told = false;

	while (rest->len && rest->p[0] == ';') {
		struct str name, value, param;

		*rest = str_sub(*rest, 1, rest->len);
		param = header_take(rest, ";,");
		name = str_trim(str_cut(param, '=', &value));
		/* The first of several holds. */
		if (told || !str_eq_nocase(name, STR("rel")))
			continue;
		told = true;
		next = has_word(header_unquoted(value), "next");
	}
	return next;
}

bool next_url_of_header(struct str header, struct str url, struct arena *a,
			struct str *next_r)
{
	struct str rest = header;

	for (;;) {
		size_t open = str_chr(rest, '<'), end;
		struct str target;

		if (open == (size_t)-1)
			return false;
		rest = str_sub(rest, open + 1, rest.len);
		end = str_chr(rest, '>');
		if (end == (size_t)-1)
			return false;
		target = str_sub(rest, 0, end);
		rest = str_sub(rest, end + 1, rest.len);
		header_take(&rest, ";,");
		if (is_next(&rest))
			return next_url(url, (struct str){ 0 }, target, a,
					next_r);
		header_take(&rest, ",");
	}
}
