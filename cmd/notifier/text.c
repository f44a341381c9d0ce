#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

enum piece_kind {
	PIECE_LITERAL,
	PIECE_VALUE,
	PIECE_JSON,   /* a value as JSON */
	PIECE_IF,     /* a section begins: only where it is there */
	PIECE_UNLESS, /* … is not */
	PIECE_END,
};

struct piece {
	enum piece_kind kind;
	enum text_escape escape;
	struct str text; /* literal, or the path */
};

struct text_template {
	char *source; /* literals without their backslashes, paths */
	struct piece piece[TEXT_PIECES_MAX];
	size_t n;
};

/* ---- counting and escaping ---- */

static size_t units_of(uint32_t cp, size_t bytes, enum text_unit unit)
{
	switch (unit) {
	case TEXT_BYTES: return bytes;
	case TEXT_UTF16: return cp > 0xffff ? 2 : 1;
	case TEXT_CHARACTERS: break;
	}
	return 1;
}

size_t text_units(struct str s, enum text_unit unit)
{
	size_t units = 0;

	while (s.len) {
		uint32_t cp;
		size_t n = utf8_decode(s, &cp);

		units += units_of(cp, n, unit);
		s = str_sub(s, n, s.len);
	}
	return units;
}

/* One character on its way, and room for what it becomes. */
struct escaped {
	struct str s;
	char room[16];
};

static void put(struct escaped *x, const char *text)
{
	x->s = str_from(text);
}

static bool entity(struct escaped *x, uint32_t cp)
{
	switch (cp) {
	case '&': put(x, "&amp;"); return true;
	case '<': put(x, "&lt;"); return true;
	case '>': put(x, "&gt;"); return true;
	}
	return false;
}

static void backslash(struct escaped *x, uint32_t cp)
{
	x->room[0] = '\\';
	x->room[1] = (char)cp;
	x->s = (struct str){ x->room, 2 };
}

static void percent(struct escaped *x, struct str raw)
{
	static const char free[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";

	if (raw.len == 1 && *raw.p && strchr(free, *raw.p))
		return;
	for (size_t i = 0; i < raw.len; i++) {
		x->room[3 * i] = '%';
		x->room[3 * i + 1] = hex[(unsigned char)raw.p[i] >> 4];
		x->room[3 * i + 2] = hex[(unsigned char)raw.p[i] & 15];
	}
	x->s = (struct str){ x->room, 3 * raw.len };
}

/* raw is one character, cp. */
static void escape(struct escaped *x, struct str raw, uint32_t cp,
		   enum text_escape how)
{
	bool control = (cp < ' ' && cp != '\n' && cp != '\t') || cp == 0x7f;

	x->s = raw;
	if (how == TEXT_URL) {
		percent(x, raw);
	} else if (how == TEXT_JSON) {
		if (cp == '"' || cp == '\\')
			backslash(x, cp);
		else if (cp < ' ')
			x->s = (struct str){ x->room,
					     (size_t)sprintf(x->room, "\\u%04x",
							     (unsigned)cp) };
	} else if (control) {
		x->s = (struct str){ 0 };
	} else if (how == TEXT_MARKDOWN) {
		if (cp < 0x80 && strchr("\\`*_~|<>#[]()", (int)cp))
			backslash(x, cp);
	} else if (how == TEXT_HTML && cp == '"') {
		put(x, "&quot;");
	} else if (how == TEXT_HTML || how == TEXT_MRKDWN) {
		(void)entity(x, cp);
	}
}

/*
 * Add the beginning of a value, escaped, as far as it goes in room (units).
 * Returns the bytes of it that went; *units_r what they took. b NULL: count.
 */
static size_t add_escaped(struct buf *b, struct str value, enum text_escape how,
			  enum text_unit unit, size_t room, size_t *units_r)
{
	size_t at = 0, used = 0;

	while (at < value.len) {
		struct str rest = str_sub(value, at, value.len);
		struct escaped x;
		uint32_t cp;
		size_t n = utf8_decode(rest, &cp), units;

		escape(&x, str_sub(rest, 0, n), cp, how);
		units = x.s.p == rest.p ? units_of(cp, n, unit)
					: text_units(x.s, unit);
		if (units > room - used)
			break;
		used += units;
		at += n;
		if (b)
			buf_add_str(b, x.s);
	}
	*units_r = used;
	return at;
}

/* ---- reading a template ---- */

static const char *const names[] = {
	"title",    "message",	"type",	  "timestamp", "alert",	 "alerts",
	"priority", "resolved", "update", "data",      "notify", "escalation",
	"id",	    "channel",	"user",	  "time",      "source", NULL,
};

/* What is being read: one pass over the source. */
struct reader {
	struct text_template *t;
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

static int add_piece(struct reader *r, enum piece_kind kind,
		     enum text_escape how, struct str text, struct err *e)
{
	struct text_template *t = r->t;

	if (t->n == TEXT_PIECES_MAX)
		return refuse(r, r->at, e, "too many pieces");
	t->piece[t->n++] = (struct piece){ kind, how, text };
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
	return add_piece(r, PIECE_LITERAL, TEXT_PLAIN,
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
		return add_piece(r, mark == '#' ? PIECE_IF : PIECE_UNLESS,
				 TEXT_PLAIN, path, e);
	}
	if (r->n_open == 0 || !str_eq(r->open[r->n_open - 1], path))
		return refuse(r, at, e, "no such section is open");
	r->n_open--;
	return add_piece(r, PIECE_END, TEXT_PLAIN, path, e);
}

/* What stands between "{{" and "}}". */
static int read_tag(struct reader *r, struct str tag, size_t at, struct err *e)
{
	struct str path, word = str_cut(tag, ' ', &path);
	enum text_escape how = r->escape;
	enum piece_kind kind = PIECE_VALUE;

	if (tag.len && strchr("#^/", *tag.p))
		return read_section(r, *tag.p,
				    str_trim(str_sub(tag, 1, tag.len)), at, e);
	if (!path.p)
		path = word;
	else if (str_is(word, "json"))
		kind = PIECE_JSON;
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
					struct err *e)
{
	struct text_template *t = xcalloc(1, sizeof(*t));
	struct reader r = { .t = t, .source = source, .escape = how };

	r.out = t->source = xmalloc(source.len + 1);
	if (source.len > TEXT_TEMPLATE_MAX)
		err_set(e, EX_CONFIG, "longer than %d bytes",
			TEXT_TEMPLATE_MAX);
	else if (read_all(&r, e) == 0)
		return t;
	text_template_free(&t);
	return NULL;
}

void text_template_free(struct text_template **tp)
{
	if (*tp)
		free((*tp)->source);
	free(*tp);
	*tp = NULL;
}

/* ---- looking up ---- */

/* A name of the delivery or its event, not of the notification. */
static bool of_event(const struct text_values *v, struct str name,
		     struct arena *a, struct str *text_r)
{
	const struct event *ev = &v->msg->ev;
	char time[CLK_TEXT_SIZE];

	if (str_is(name, "id"))
		*text_r = v->id;
	else if (str_is(name, "channel"))
		*text_r = v->channel;
	else if (str_is(name, "user"))
		*text_r = v->msg->user;
	else if (str_is(name, "source"))
		*text_r = ev->source;
	else if (!str_is(name, "time"))
		return false;
	else if (ev->time_us == CLK_NONE)
		*text_r = (struct str){ 0 };
	else
		*text_r = arena_str(a, str_from(clk_format(ev->time_us, time)));
	return true;
}

static bool step_into(struct str value, struct str step, struct arena *a,
		      struct str *value_r)
{
	struct json_iter it = json_iter(value);
	bool list = json_type_of(value) == JSON_ARRAY;
	uint64_t index = 0, i = 0;

	if (list && !str_u64(step, &index))
		return false;
	while (json_next(&it))
		if (list ? i++ == index : str_eq(json_name(it.key, a), step)) {
			*value_r = json_trim(it.value);
			return true;
		}
	return false;
}

/* A value's JSON; false where it is not there, or null. */
static bool find_json(const struct text_values *v, struct str path,
		      struct arena *a, struct str *json_r)
{
	struct str value = json_trim(v->msg->ev.data);

	while (path.p)
		if (!step_into(value, str_cut(path, '.', &path), a, &value))
			return false;
	*json_r = value;
	return json_type_of(value) != JSON_NULL;
}

static struct str find_text(const struct text_values *v, struct str path,
			    struct arena *a)
{
	struct str text = { 0 }, json;

	if (of_event(v, path, a, &text) || !find_json(v, path, a, &json))
		return text;
	if (!json_text(json, a, &text))
		text = json_one_line(json, a);
	return text;
}

static bool is_there(const struct text_values *v, struct str path,
		     struct arena *a)
{
	struct str text, json;
	struct json_iter it;

	if (of_event(v, path, a, &text))
		return text.len > 0;
	if (!find_json(v, path, a, &json))
		return false;
	switch (json_type_of(json)) {
	case JSON_STRING: return json.len > 2;
	case JSON_BOOL: return *json.p == 't';
	case JSON_ARRAY:
	case JSON_OBJECT: it = json_iter(json); return json_next(&it);
	default: return true;
	}
}

static struct str as_json(const struct text_values *v, struct str path,
			  struct arena *a)
{
	struct buf b = { .p = NULL };
	struct str text, json;

	if (of_event(v, path, a, &text)) {
		buf_json_str(&b, text);
		json = arena_str(a, buf_str(&b));
		buf_free(&b);
		return json;
	}
	if (!find_json(v, path, a, &json))
		return STR("null");
	return json_one_line(json, a);
}

/* ---- filling in ---- */

/* A piece as it will be printed: what is fixed, and what may be cut. */
struct run {
	bool fixed;
	bool cut; /* "…" follows */
	enum text_escape escape;
	struct str text;
	size_t units; /* escaped */
};

static size_t skip_section(const struct text_template *t, size_t i)
{
	size_t depth = 0;

	for (;; i++) {
		enum piece_kind k = t->piece[i].kind;

		if (k == PIECE_IF || k == PIECE_UNLESS)
			depth++;
		else if (k == PIECE_END && --depth == 0)
			return i;
	}
}

static size_t make_runs(const struct text_template *t,
			const struct text_values *v, enum text_unit unit,
			struct arena *a, struct run *run)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct piece *p = &t->piece[i];
		struct run *r = &run[n];

		*r = (struct run){ .fixed = true, .text = p->text };
		switch (p->kind) {
		case PIECE_IF:
		case PIECE_UNLESS:
			if (is_there(v, p->text, a) != (p->kind == PIECE_IF))
				i = skip_section(t, i);
			continue;
		case PIECE_END: continue;
		case PIECE_LITERAL: break;
		case PIECE_JSON: r->text = as_json(v, p->text, a); break;
		case PIECE_VALUE:
			r->fixed = false;
			r->escape = p->escape;
			r->text = find_text(v, p->text, a);
		}
		if (r->fixed)
			r->units = text_units(r->text, unit);
		else
			add_escaped(NULL, r->text, r->escape, unit, SIZE_MAX,
				    &r->units);
		n++;
	}
	return n;
}

static void print_run(struct buf *b, const struct run *r)
{
	size_t units;

	if (r->fixed)
		buf_add_str(b, r->text);
	else
		add_escaped(b, r->text, r->escape, TEXT_BYTES, SIZE_MAX,
			    &units);
	if (r->cut)
		buf_puts(b, "\xe2\x80\xa6");
}

static struct run *longest(struct run *run, size_t n)
{
	struct run *longest = NULL;

	for (size_t i = 0; i < n; i++)
		if (!run[i].fixed && !run[i].cut &&
		    (!longest || run[i].units > longest->units))
			longest = &run[i];
	return longest;
}

/* Where a part of so many bytes had better end: behind a line or a blank. */
static size_t break_before(struct str text, size_t len)
{
	size_t blank = 0;

	if (len == text.len)
		return len;
	for (size_t i = len; i > len - len / 4; i--) {
		if (text.p[i - 1] == '\n')
			return i;
		if (text.p[i - 1] == ' ' && !blank)
			blank = i;
	}
	return blank ? blank : len;
}

/* How much of a value goes in room. */
static size_t fit(const struct run *r, enum text_unit unit, size_t room,
		  size_t *units_r)
{
	return add_escaped(NULL, r->text, r->escape, unit, room, units_r);
}

/* Cut values, the longest first, until all of it is no longer than max. */
static void cut_runs(struct run *run, size_t n, size_t total,
		     const struct text_limit *limit)
{
	size_t dots = text_units(STR("\xe2\x80\xa6"), limit->unit);
	struct run *r;

	while (total > limit->max && (r = longest(run, n))) {
		size_t over = total - limit->max + dots;
		size_t room = r->units > over ? r->units - over : 0;

		total -= r->units;
		r->text.len = fit(r, limit->unit, room, &r->units);
		r->cut = true;
		total += r->units + dots;
	}
}

/* The value that is the longest goes on where it does not fit. */
static size_t split_run(struct run *first, size_t total,
			const struct text_limit *limit, struct arena *a,
			struct str *part_r, size_t n)
{
	struct run rest = *first;
	size_t over = total - limit->max, units, len;

	len = fit(first, limit->unit,
		  first->units > over ? first->units - over : 0, &units);
	first->text.len = break_before(rest.text, len);
	rest.text = str_sub(rest.text, first->text.len, rest.text.len);
	while (rest.text.len && n < TEXT_PARTS_MAX) {
		struct run r = rest;
		struct buf b = { .p = NULL };

		add_escaped(NULL, rest.text, rest.escape, limit->unit, SIZE_MAX,
			    &r.units);
		if (n + 1 == TEXT_PARTS_MAX) {
			cut_runs(&r, 1, r.units, limit);
			rest.text.len = 0;
		} else {
			len = fit(&rest, limit->unit, limit->max, &units);
			r.text.len = break_before(rest.text, len);
			rest.text =
				str_sub(rest.text, r.text.len, rest.text.len);
		}
		print_run(&b, &r);
		part_r[n++] = arena_str(a, buf_str(&b));
		buf_free(&b);
	}
	return n;
}

size_t text_fill(const struct text_template *t, const struct text_values *v,
		 const struct text_limit *limit, struct arena *a,
		 struct str part_r[TEXT_PARTS_MAX])
{
	struct run run[TEXT_PIECES_MAX];
	size_t n = make_runs(t, v, limit->unit, a, run), total = 0, parts = 1;
	struct run *most = longest(run, n);
	struct buf b = { .p = NULL };

	for (size_t i = 0; i < n; i++)
		total += run[i].units;
	if (limit->max && total > limit->max) {
		/* Where the others alone are too long, only cutting helps. */
		if (limit->split && most && total - most->units < limit->max)
			parts = split_run(most, total, limit, a, part_r, 1);
		else
			cut_runs(run, n, total, limit);
	}
	for (size_t i = 0; i < n; i++)
		print_run(&b, &run[i]);
	part_r[0] = arena_str(a, buf_str(&b));
	buf_free(&b);
	return parts;
}
