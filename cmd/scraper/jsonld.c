/*
 * JSON-LD 1.1 as pages embed it: objects are things, their members
 * properties, arrays several values of the same property.
 *
 * The parser is our own because much of what is found in the wild is not quite
 * JSON and its meaning is plain all the same. It makes one pass over the text.
 * Only where that fails is the text read once more with another idea of where
 * strings end: in "24" monitor", the quote behind 24 ends nothing, as what
 * follows it is neither comma, colon nor bracket.
 *
 * Of JSON-LD itself it knows what product pages use: @graph, @id, @type,
 * @value, @list, @set. Contexts are taken to be schema.org's.
 */
#include "thing.h"

#include <string.h>

#include "common/buf.h"

struct loose {
	struct things *ts;
	enum thing_source source;
	const struct dom_node *node;
	const char *p, *end;
	unsigned depth;
	bool stray_quotes; /* strings may hold quotes that are not escaped */
	bool mute;	   /* read, but keep nothing */
	bool broken;
};

static bool at(const struct loose *l, const char *lit)
{
	size_t n = strlen(lit);

	return (size_t)(l->end - l->p) >= n && memcmp(l->p, lit, n) == 0;
}

static void skip_past(struct loose *l, const char *lit)
{
	size_t i = str_find((struct str){ l->p, (size_t)(l->end - l->p) },
			    str_from(lit));

	l->p = i == (size_t)-1 ? l->end : l->p + i + strlen(lit);
}

/* White space, comments, and the marks that hide scripts from old parsers. */
static void skip_space(struct loose *l)
{
	static const char *const marks[] = {
		"<!--",		"-->",	    "<![CDATA[", "]]>",
		"\xef\xbb\xbf", "\xc2\xa0", NULL
	};

	while (l->p < l->end) {
		const char *start = l->p;

		if ((unsigned char)*l->p <= ' ') {
			l->p++;
			continue;
		}
		for (size_t i = 0; marks[i]; i++)
			if (at(l, marks[i]))
				l->p += strlen(marks[i]);
		if (at(l, "//<![CDATA[") || at(l, "//]]>"))
			l->p += 2;
		else if (at(l, "//"))
			skip_past(l, "\n");
		else if (at(l, "/*"))
			skip_past(l, "*/");
		if (l->p == start)
			return;
	}
}

/* With stray quotes: does the one at p end its string? */
static bool ends_string(const struct loose *l, const char *p)
{
	bool comma = false;

	for (p++; p < l->end; p++) {
		if ((unsigned char)*p <= ' ')
			continue;
		if (*p == ',' && !comma) {
			comma = true;
			continue;
		}
		return strchr(comma ? "\"'{[}]/" : ":}]", *p) != NULL;
	}
	return true;
}

/* l->p is behind "\u"; the code unit there, or -1. */
static long hex4(struct loose *l)
{
	long v = 0;

	if (l->end - l->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *d = memchr(digits, l->p[i] | 32, 16);

		if (!d)
			return -1;
		v = v * 16 + (d - digits);
	}
	l->p += 4;
	return v;
}

static void read_unicode(struct loose *l, struct buf *b)
{
	long cp = hex4(l);
	char out[4];

	if (cp < 0) {
		buf_puts(b, "\\u");
		return;
	}
	if (cp >= 0xd800 && cp < 0xdc00 && at(l, "\\u")) {
		const char *back = l->p;
		long low;

		l->p += 2;
		low = hex4(l);
		if (low >= 0xdc00 && low < 0xe000)
			cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
		else
			l->p = back;
	}
	buf_add(b, out, utf8_encode(cp ? (uint32_t)cp : ' ', out));
}

/* l->p is behind a backslash. */
static void read_escape(struct loose *l, struct buf *b)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t  ";
	const char *c;

	if (l->p == l->end)
		return;
	c = memchr(from, *l->p, sizeof(from) - 1);
	if (*l->p == 'u') {
		l->p++;
		read_unicode(l, b);
	} else {
		buf_putc(b, c ? to[c - from] : *l->p);
		l->p++;
	}
}

/* A string in quotes of the kind at l->p. False where the text ends in it. */
static bool read_string(struct loose *l, struct str *s_r)
{
	struct buf b = { 0 };
	char quote = *l->p++;
	const char *run = l->p;
	bool closed = false;

	while (l->p < l->end && !closed) {
		if (*l->p == quote &&
		    (!l->stray_quotes || ends_string(l, l->p))) {
			closed = true;
		} else if (*l->p == '\\') {
			buf_add(&b, run, (size_t)(l->p - run));
			l->p++;
			read_escape(l, &b);
			run = l->p;
			continue;
		}
		l->p++;
	}
	*s_r = (struct str){ run, (size_t)(l->p - run) - closed };
	if (b.len > 0) {
		buf_add_str(&b, *s_r);
		*s_r = l->mute ? STR("") : arena_str(l->ts->arena, buf_str(&b));
	}
	buf_free(&b);
	return closed;
}

/* A number or a word: what stands up to the next separator. */
static struct str read_bare(struct loose *l)
{
	const char *start = l->p;

	while (l->p < l->end && (unsigned char)*l->p > ' ' &&
	       !strchr(",:{}[]\"'", *l->p))
		l->p++;
	return (struct str){ start, (size_t)(l->p - start) };
}

static void read_value(struct loose *l, struct thing *owner, struct str name);

/* A name and its colon. False: there is none, the object is broken. */
static bool read_name(struct loose *l, struct str *name_r)
{
	if (*l->p == '"' || *l->p == '\'') {
		if (!read_string(l, name_r))
			return false;
	} else {
		*name_r = read_bare(l);
		if (name_r->len == 0)
			return false;
	}
	skip_space(l);
	if (l->p == l->end || *l->p != ':')
		return false;
	l->p++;
	skip_space(l);
	return true;
}

static void read_muted(struct loose *l)
{
	bool mute = l->mute;

	l->mute = true;
	read_value(l, NULL, (struct str){ 0 });
	l->mute = mute;
}

/* schema.org's context has "type" as another name of @type. */
static bool is_type(struct str name)
{
	return str_is(name, "@type") || str_is(name, "type");
}

static void read_member(struct loose *l, struct thing *t, struct str name)
{
	struct thing_prop *before = t ? t->last : NULL, *p;

	if (!t || str_is(name, "@context") || str_is(name, "@reverse")) {
		read_muted(l);
		return;
	}
	if (str_is(name, "@graph")) {
		read_value(l, NULL, (struct str){ 0 });
		return;
	}
	read_value(l, t, name);
	p = before ? before->next : t->first;
	if (!p || !p->text.p)
		return;
	if (str_is(name, "@id"))
		t->id = str_trim(p->text);
	for (; p && is_type(name); p = p->next)
		thing_add_type(t, p->text);
}

/* @type and @id are no properties. */
static void drop_keywords(struct thing *t)
{
	struct thing_prop **link = &t->first;

	t->last = NULL;
	while (*link) {
		struct thing_prop *p = *link;

		if (is_type(p->name) || str_is(p->name, "@id")) {
			*link = p->next;
			continue;
		}
		t->last = p;
		link = &p->next;
	}
}

/* {"@value":…} and lists are their contents; false if t is neither. */
static bool hand_over(struct loose *l, struct thing *t, struct thing *owner,
		      struct str name)
{
	bool found = false;

	for (struct thing_prop *p = t->first; p; p = p->next) {
		if (!str_is(p->name, "@value") && !str_is(p->name, "@list") &&
		    !str_is(p->name, "@set"))
			continue;
		found = true;
		if (p->thing)
			thing_add_thing(l->ts, owner, name, p->thing);
		else
			thing_add_text(l->ts, owner, name, p->text, NULL);
	}
	if (found)
		t->first = t->last = NULL; /* it is nothing by itself */
	return found;
}

/* l->p is behind the opening brace. */
static void read_members(struct loose *l, struct thing *t)
{
	for (;;) {
		struct str name;

		skip_space(l);
		if (l->p == l->end)
			return;
		if (*l->p == '}' || *l->p == ',') {
			if (*l->p++ == '}')
				return;
			continue;
		}
		if (!read_name(l, &name)) {
			l->broken = true;
			return;
		}
		read_member(l, t, name);
		if (l->broken)
			return;
	}
}

static void read_object(struct loose *l, struct thing *owner, struct str name)
{
	struct thing *t = NULL;

	l->p++;
	if (!l->mute) {
		t = thing_new(l->ts, l->source, l->node);
		l->broken = !t;
	}
	if (l->broken)
		return;
	read_members(l, t);
	if (!t)
		return;
	drop_keywords(t);
	if (owner && !hand_over(l, t, owner, name))
		thing_add_thing(l->ts, owner, name, t);
}

static void read_array(struct loose *l, struct thing *owner, struct str name)
{
	for (l->p++; !l->broken;) {
		skip_space(l);
		if (l->p == l->end)
			return;
		if (*l->p == ',') {
			l->p++;
		} else if (*l->p == ']') {
			l->p++;
			return;
		} else {
			read_value(l, owner, name);
		}
	}
}

/* A string, number or word; the words that mean nothing are left out. */
static void read_scalar(struct loose *l, struct thing *owner, struct str name)
{
	static const char *const nothing[] = { "null", "undefined", "NaN" };
	struct str s;

	if (*l->p == '"' || *l->p == '\'') {
		if (!read_string(l, &s))
			return;
	} else {
		s = read_bare(l);
		if (s.len == 0)
			l->broken = true;
		if (s.len == 0 || l->p == l->end)
			return;
		for (size_t i = 0; i < 3; i++)
			if (str_is(s, nothing[i]))
				return;
	}
	if (owner)
		thing_add_text(l->ts, owner, name, s, NULL);
}

static void read_value(struct loose *l, struct thing *owner, struct str name)
{
	if (l->p == l->end || l->broken)
		return;
	if (++l->depth > THING_DEPTH_MAX)
		l->broken = true;
	else if (*l->p == '{')
		read_object(l, owner, name);
	else if (*l->p == '[')
		read_array(l, owner, name);
	else
		read_scalar(l, owner, name);
	l->depth--;
}

/* One after the other, whatever stands between them. */
static bool read_all(struct loose *l)
{
	while (l->p < l->end && !l->broken) {
		skip_space(l);
		if (l->p < l->end && (*l->p == '{' || *l->p == '[')) {
			read_value(l, NULL, (struct str){ 0 });
			if (l->source == THING_STATE)
				break;
		} else if (l->p < l->end) {
			l->p++;
		}
	}
	return !l->broken;
}

/* Quotes written as entities: &quot; and the four others, in place of ". */
static struct str undo_entities(struct str s, struct arena *a)
{
	static const struct {
		const char *name;
		char c;
	} table[] = { { "&quot;", '"' }, { "&#34;", '"' }, { "&#39;", '\'' },
		      { "&amp;", '&' },	 { "&lt;", '<' },  { "&gt;", '>' } };
	char *out = arena_alloc(a, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len;) {
		size_t k = 0, len = 1;

		out[n] = s.p[i];
		for (; s.p[i] == '&' && k < 6; k++) {
			if (!str_starts(str_sub(s, i, s.len),
					str_from(table[k].name)))
				continue;
			out[n] = table[k].c;
			len = strlen(table[k].name);
			break;
		}
		n++;
		i += len;
	}
	return (struct str){ out, n };
}

static bool has_entity_quotes(struct str s)
{
	size_t quote = str_chr(s, '"'), quot = str_find(s, STR("&quot;"));

	if (quot == (size_t)-1)
		quot = str_find(s, STR("&#34;"));
	return quot < quote;
}

void jsonld_parse(struct things *ts, enum thing_source source, struct str text,
		  const struct dom_node *node)
{
	struct loose l = { .ts = ts, .source = source, .node = node };
	struct thing *last = ts->last;

	if (has_entity_quotes(text))
		text = undo_entities(text, ts->arena);
	l.p = text.p;
	l.end = text.p + text.len;
	if (read_all(&l))
		return;
	if (last)
		last->next = NULL;
	else
		ts->first = NULL;
	ts->last = last;
	l = (struct loose){ .ts = ts,
			    .source = source,
			    .node = node,
			    .p = text.p,
			    .end = text.p + text.len,
			    .stray_quotes = true };
	read_all(&l);
}

static bool is_jsonld(const struct dom_node *n)
{
	struct str type;

	if (n->tag != DOM_TAG_SCRIPT)
		return false;
	type = str_trim(str_cut(dom_attr(n, "type"), ';', &(struct str){ 0 }));
	return str_eq_nocase(type, STR("application/ld+json")) ||
	       str_eq_nocase(type, STR("application/json+ld"));
}

void jsonld_read(struct things *ts, const struct dom *d)
{
	for (const struct dom_node *n = d->root; n; n = dom_walk(d->root, n))
		if (is_jsonld(n))
			jsonld_parse(ts, THING_JSONLD,
				     dom_text_content(n, ts->arena), n);
}
