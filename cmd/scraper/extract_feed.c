/*
 * Kind "feed": RSS, Atom, CDF or JSON Feed, told apart by what is in it and
 * not by what the header says. Its configuration may be {"next":{}}: whether
 * the feed's own next page is wanted.
 */
#include <sysexits.h>

#include "common/swar.h"
#include "common/xmem.h"

#include "extract.h"
#include "feed.h"

/* What a configuration is compiled to that wants the next page. */
static char wants_next;

static int compile(const struct json *config, void **compiled_r, struct err *e)
{
	static const char *const known[] = { "next", NULL };
	static const char *const none[] = { NULL };
	const struct json *next = json_member(config, "next");

	if (extract_members(config, "extract", known, e) ||
	    (next && extract_members(next, "next", none, e)))
		return -1;
	*compiled_r = next ? &wants_next : NULL;
	return 0;
}

static bool read_json(const struct document *doc, struct str text, bool next,
		      struct arena *a, struct observation *o, struct err *e)
{
	struct json *root = json_parse(text, 0, e);
	bool ok = root && feed_read_json(root, doc, a, o);

	if (ok && next)
		feed_next_json(root, doc, a, o);
	json_free(&root);
	return ok;
}

/* Warnings that a server wrote before the document are cut. */
static struct str skip_noise(struct str text)
{
	static const char *const starts[] = { "<?xml", "<rss", "<feed",
					      "<rdf:RDF" };
	size_t first = (size_t)-1;

	if (text.p[0] == '<' && !str_starts(text, STR("<br")) &&
	    !str_starts(text, STR("<b>")))
		return text;
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t at = str_find(text, str_from(starts[i]));

		if (at < first)
			first = at;
	}
	return first == (size_t)-1 ? text : str_sub(text, first, text.len);
}

static bool read_xml(const struct document *doc, struct str text, bool next,
		     struct arena *a, struct observation *o, struct err *e)
{
	struct dom *d;
	bool ok;

	d = dom_parse_xml(skip_noise(text), STR("text/xml; charset=utf-8"), a,
			  e);
	ok = d && feed_read_xml(d, doc, a, o);
	if (ok && next)
		feed_next_xml(d, doc, a, o);
	return ok;
}

/* How many characters beyond ASCII s has, and how many of them are U+FFFD. */
static void count_chars(struct str s, size_t *beyond_r, size_t *broken_r)
{
	*beyond_r = *broken_r = 0;
	while (s.len > 0) {
		uint32_t cp;

		/* As most is. */
		while (s.len >= SWAR_BLOCK &&
		       !swar_any(swar_load_block(s.p) >= 0x80)) {
			s.p += SWAR_BLOCK;
			s.len -= SWAR_BLOCK;
		}
		if (s.len == 0)
			break;
		if ((unsigned char)*s.p < 0x80) {
			s.p++;
			s.len--;
			continue;
		}
		s = str_sub(s, utf8_decode(s, &cp), s.len);
		*beyond_r += cp >= 0x80;
		*broken_r += cp == 0xfffd;
	}
}

/*
 * Feeds declare wrong encodings more often than pages do. Bytes that are good
 * UTF-8 beyond ASCII are nothing else; where hardly any are, and UTF-8 was
 * declared, they are windows-1252.
 */
static struct str decode(const struct document *doc, struct arena *a)
{
	const struct str utf8 = STR("text/xml; charset=utf-8");
	struct str text;
	size_t beyond, broken;

	count_chars(doc->body, &beyond, &broken);
	if (beyond > 0 && str_is_utf8(doc->body))
		return dom_to_utf8(doc->body, utf8, a);
	text = dom_to_utf8(doc->body, doc->content_type, a);
	count_chars(text, &beyond, &broken);
	if (broken * 2 > beyond)
		text = dom_to_utf8(doc->body,
				   STR("text/xml; charset=windows-1252"), a);
	return text;
}

static void run(const void *compiled, const struct document *doc,
		struct arena *a, struct observation *o)
{
	struct str text = str_trim(decode(doc, a));
	struct err e = { .msg = "no RSS, Atom or JSON Feed" };
	bool ok;

	if (text.len == 0) {
		observation_fail(o, a, OUTCOME_EMPTY, "nothing there");
		return;
	}
	ok = text.p[0] == '{' ? read_json(doc, text, compiled, a, o, &e)
			      : read_xml(doc, text, compiled, a, o, &e);
	if (!ok)
		observation_fail(o, a, OUTCOME_PARSE_FAIL, "feed: %s", e.msg);
	else if (o->n_items == 0)
		observation_fail(o, a, OUTCOME_EMPTY, "a feed without entries");
	else
		o->outcome = OUTCOME_FOUND;
}

const struct extract_kind extract_feed = {
	.name = "feed",
	.compile = compile,
	.run = run,
};
