#include "text_template.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

static const char *const names[] = {
	"title",    "message",	"type",	  "timestamp", "alert",	 "alerts",
	"priority", "resolved", "update", "data",      "notify", "escalation",
	"id",	    "channel",	"user",	  "time",      "source", NULL,
};

/* What is being read: one pass over the source. */
struct reader {
	struct text_piece piece[TEXT_PIECES_MAX];
	size_t n;
	struct str source;
	size_t at; /* bytes */
	char *out; /* in t->source */
	enum text_escape escape;
	struct str open[TEXT_NEST_MAX];
	size_t n_open;
};

static int refuse(const struct reader *r, size_t at, struct err *e,
		  const char *what)
{
	size_t column =
		1 + text_units(str_sub(r->source, 0, at), TEXT_CHARACTERS);

	return err_set(e, EX_CONFIG, "column %zu: %s", column, what);
}

static int add_piece(struct reader *r, enum text_piece_kind kind,
		     enum text_escape how, struct str text, struct err *e)
{
	if (r->n == TEXT_PIECES_MAX)
		return refuse(r, r->at, e, "too many pieces");
	r->piece[r->n++] = (struct text_piece){ kind, how, text };
	return 0;
}

/* Up to the next "{{" or the end, without backslashes. */
static int read_literal(struct reader *r, struct err *e)
{
	char *from = r->out;

	while (r->at < r->source.len) {
		char c = r->source.p[r->at];

		if (c == '{' && r->at + 1 < r->source.len &&
		    r->source.p[r->at + 1] == '{')
			break;
		if (c == '\\') {
			char next = r->at + 1 < r->source.len
					    ? r->source.p[r->at + 1]
					    : '\0';

			switch (next) {
			case 'n': c = '\n'; break;
			case 't': c = '\t'; break;
			case '\\':
			case '{':
			case '"': c = next; break;
			default:
				return refuse(r, r->at, e,
					      "\\n, \\t, \\\\ or \\{ expected");
			}
			r->at++;
		}
		*r->out++ = c;
		r->at++;
	}
	if (r->out == from)
		return 0;
	return add_piece(r, TEXT_PIECE_LITERAL, TEXT_PLAIN,
			 (struct str){ from, (size_t)(r->out - from) }, e);
}

static bool is_path(struct str path)
{
	struct str rest = path;

	if (path.len == 0)
		return false;
	while (rest.p) {
		struct str step = str_cut(rest, '.', &rest);

		if (step.len == 0)
			return false;
		for (size_t i = 0; i < step.len; i++)
			if (strchr(" \t#^/{}\"\\", step.p[i]))
				return false;
	}
	return true;
}

static int check_path(const struct reader *r, struct str path, size_t at,
		      struct err *e)
{
	struct str rest, first = str_cut(path, '.', &rest);
	char what[120];

	if (!is_path(path))
		return refuse(r, at, e, "a name expected, as in {{title}}");
	if (str_is_any(first, names) &&
	    (!rest.p || str_is(first, "data") || str_is(first, "alerts") ||
	     str_is(first, "notify")))
		return 0;
	snprintf(what, sizeof(what),
		 "a notification has no '%.*s'; its facts are data.NAME",
		 (int)(path.len < 40 ? path.len : 40), path.p);
	return refuse(r, at, e, what);
}

static bool find_escape(struct str name, enum text_escape *how_r)
{
	static const char *const escapes[] = {
		[TEXT_HTML] = "html",
		[TEXT_MRKDWN] = "mrkdwn",
		[TEXT_MARKDOWN] = "markdown",
		[TEXT_URL] = "url",
	};

	for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
		if (escapes[i] && str_is(name, escapes[i])) {
			*how_r = (enum text_escape)i;
			return true;
		}
	return false;
}

static int read_section(struct reader *r, char mark, struct str path, size_t at,
			struct err *e)
{
	if (check_path(r, path, at, e))
		return -1;
	if (mark != '/') {
		if (r->n_open == TEXT_NEST_MAX)
			return refuse(r, at, e, "sections are too deep");
		r->open[r->n_open++] = path;
		return add_piece(
			r, mark == '#' ? TEXT_PIECE_IF : TEXT_PIECE_UNLESS,
			TEXT_PLAIN, path, e);
	}
	if (r->n_open == 0 || !str_eq(r->open[r->n_open - 1], path))
		return refuse(r, at, e, "no such section is open");
	r->n_open--;
	return add_piece(r, TEXT_PIECE_END, TEXT_PLAIN, path, e);
}

/* What stands between "{{" and "}}". */
static int read_tag(struct reader *r, struct str tag, size_t at, struct err *e)
{
	struct str path, word = str_cut(tag, ' ', &path);
	enum text_escape how = r->escape;
	enum text_piece_kind kind = TEXT_PIECE_VALUE;

	if (tag.len && strchr("#^/", *tag.p))
		return read_section(r, *tag.p,
				    str_trim(str_sub(tag, 1, tag.len)), at, e);
	if (!path.p)
		path = word;
	else if (str_is(word, "json"))
		kind = TEXT_PIECE_JSON;
	else if (!find_escape(word, &how))
		return refuse(r, at, e,
			      "json, html, mrkdwn, markdown or url expected "
			      "before the name");
	path = str_trim(path);
	if (check_path(r, path, at, e))
		return -1;
	return add_piece(r, kind, how, path, e);
}

static int read_all(struct reader *r, struct err *e)
{
	while (r->at < r->source.len) {
		struct str rest, tag;
		size_t at, end;

		if (read_literal(r, e))
			return -1;
		if (r->at == r->source.len)
			break;
		at = r->at;
		rest = str_sub(r->source, at + 2, r->source.len);
		end = str_find(rest, STR("}}"));
		if (end == (size_t)-1)
			return refuse(r, at, e, "{{ without its }}");
		/* Borrowed bytes are copied: the source may go. */
		memcpy(r->out, rest.p, end);
		tag = (struct str){ r->out, end };
		r->out += end;
		if (read_tag(r, str_trim(tag), at, e))
			return -1;
		r->at = at + 2 + end + 2;
	}
	if (r->n_open)
		return refuse(r, r->at, e, "a section without its end");
	return 0;
}

struct text_template *text_template_new(struct str source, enum text_escape how,
					struct arena *a, struct err *e)
{
	struct reader r = { .source = source, .escape = how };
	struct text_template *t;

	if (source.len > TEXT_TEMPLATE_MAX) {
		err_set(e, EX_CONFIG, "longer than %d bytes",
			TEXT_TEMPLATE_MAX);
		return NULL;
	}
	r.out = arena_alloc(a, source.len + 1);
	if (read_all(&r, e))
		return NULL;
	t = arena_alloc(a, sizeof(*t) + r.n * sizeof(r.piece[0]));
	t->n = r.n;
	memcpy(t->piece, r.piece, r.n * sizeof(r.piece[0]));
	return t;
}

size_t text_template_fixed(const struct text_template *t, enum text_unit unit)
{
	size_t units = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->piece[i].kind == TEXT_PIECE_LITERAL)
			units += text_units(t->piece[i].text, unit);
	return units;
}
