#include "lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/event.h"
#include "common/json.h"
#include "common/types_finding.h"
#include "common/xmem.h"

#define QUERY STR("{query}")

static int read_file(const char *path, struct buf *b, struct err *e)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;

	if (!f)
		return err_set(e, EX_CONFIG, "%s: %s", path, strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(b, piece, n);
	fclose(f);
	if (b->full)
		return err_set(e, EX_CONFIG, "%s: longer than %d bytes", path,
			       LOOKUP_FILE_MAX);
	return 0;
}

/* One line of JSON with {query} in its url. */
static int check(struct str text, struct arena *a, char **watch_r,
		 struct err *e)
{
	struct str line, url;

	if (json_check(text, JSON_STRICT, e))
		return -1;
	line = json_one_line(json_trim(text), a);
	url = json_get_text(line, "url", a);
	if (str_find(url, QUERY) == (size_t)-1)
		return err_set(e, EX_CONFIG, "no {query} in its url");
	*watch_r = xstrndup(line.p, line.len);
	return 0;
}

static int load(struct str line, struct lookups *ls, struct err *e)
{
	struct str rest = line, kind = { 0 }, path = { 0 }, more;
	struct buf text = { .max = LOOKUP_FILE_MAX };
	struct arena a = { 0 };
	char name[4096];
	int rc;

	if (!str_token(&rest, " \t", &kind) ||
	    !str_token(&rest, " \t", &path) || str_token(&rest, " \t", &more) ||
	    !str_copy(name, sizeof(name), path))
		return err_set(e, EX_CONFIG, "lookup '%.*s': not KIND FILE",
			       STR_ARG(line));
	if (!str_is_id(kind) || lookups_find(ls, kind))
		return err_set(e, EX_CONFIG, "lookup '%.*s': %s", STR_ARG(line),
			       str_is_id(kind) ? "this kind is there twice"
					       : "the kind is no id");
	rc = read_file(name, &text, e);
	if (!rc)
		rc = check(buf_str(&text), &a, &ls->v[ls->n].watch, e);
	if (!rc)
		ls->v[ls->n++].kind = kind;
	else
		err_prefix(e, "lookup '%.*s'", STR_ARG(line));
	if (rc)
		e->code = EX_CONFIG;
	arena_free(&a);
	buf_free(&text);
	return rc;
}

int lookups_load(const struct opt_list *lines, struct lookups *ls_r,
		 struct err *e)
{
	*ls_r = (struct lookups){ .n = 0 };
	if (lines->n > LOOKUPS_MAX)
		return err_set(e, EX_CONFIG, "lookup: more than %d",
			       LOOKUPS_MAX);
	for (size_t i = 0; i < lines->n; i++) {
		if (load(str_from(lines->v[i]), ls_r, e)) {
			lookups_free(ls_r);
			return -1;
		}
	}
	return 0;
}

void lookups_free(struct lookups *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		free(ls->v[i].watch);
	ls->n = 0;
}

const char *lookups_find(const struct lookups *ls, struct str kind)
{
	for (size_t i = 0; i < ls->n; i++)
		if (str_eq(ls->v[i].kind, kind))
			return ls->v[i].watch;
	return NULL;
}

static void add_encoded(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			buf_putc(b, (char)c);
		else
			buf_addf(b, "%%%02X", c);
	}
}

void lookup_watch(const char *watch, struct str query, struct buf *b)
{
	struct str rest = str_from(watch);
	size_t at;

	while ((at = str_find(rest, QUERY)) != (size_t)-1) {
		buf_add_str(b, str_sub(rest, 0, at));
		add_encoded(b, str_utf8_prefix(query, LOOKUP_QUERY_MAX));
		rest = str_sub(rest, at + QUERY.len, rest.len);
	}
	buf_add_str(b, rest);
}

static void add_member(struct buf *b, const char *name, struct str text)
{
	if (!text.p)
		return;
	buf_addf(b, ",\"%s\":", name);
	buf_json_str(b, text);
}

/* Lines that are no finding are what the scraper said to us: passed over. */
static bool add_find(struct str line, struct arena *a, bool is_first,
		     struct buf *b)
{
	struct type_listing l;
	struct event ev;
	struct err e;

	if (event_parse(line, 0, a, &ev, &e) || !event_is(&ev, "listing.new") ||
	    shape_decode(&shape_listing, ev.data, &l, a, &e) || !l.link.p ||
	    !l.title.p)
		return false;
	buf_puts(b, is_first ? "{\"url\":" : ",{\"url\":");
	buf_json_str(b, l.link);
	add_member(b, "title", str_utf8_prefix(l.title, LOOKUP_TITLE_MAX));
	add_member(b, "price", l.price);
	add_member(b, "currency", l.currency);
	buf_putc(b, '}');
	return true;
}

size_t lookup_finds(struct str lines, struct buf *b)
{
	struct arena a = { 0 };
	struct str line;
	size_t n = 0;

	buf_putc(b, '[');
	while (n < LOOKUP_FINDS_MAX && str_token(&lines, "\n", &line)) {
		n += add_find(line, &a, n == 0, b);
		arena_reset(&a);
	}
	buf_putc(b, ']');
	arena_free(&a);
	return n;
}
