#include "cmd/scraper/dom.h"

#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "tests/unit/cases.h"

static const struct str no_type = { 0 };

/* name[attr=value](children), 'text', !comment. */
static void draw(const struct dom_node *n, struct buf *b)
{
	if (n->type == DOM_TEXT)
		buf_addf(b, "'%.*s'", STR_ARG(n->text));
	if (n->type == DOM_COMMENT)
		buf_addf(b, "!%.*s", STR_ARG(n->text));
	buf_add_str(b, n->name);
	for (const struct dom_attr *at = n->attrs; at; at = at->next)
		buf_addf(b, "[%.*s=%.*s]", STR_ARG(at->name),
			 STR_ARG(at->value));
	if (!n->first)
		return;
	if (n->type == DOM_ELEMENT)
		buf_putc(b, '(');
	for (const struct dom_node *d = n->first; d; d = d->next) {
		if (d != n->first)
			buf_putc(b, ' ');
		draw(d, b);
	}
	if (n->type == DOM_ELEMENT)
		buf_putc(b, ')');
}

static struct str from_hex(struct str hex, struct arena *a)
{
	char *out = arena_alloc(a, hex.len);
	unsigned v, n = 0, digits = 0;

	for (size_t i = 0; i < hex.len; i++) {
		if (hex.p[i] == ' ')
			continue;
		assert_int_equal(sscanf((char[]){ hex.p[i], 0 }, "%x", &v), 1);
		out[n] = (char)(out[n] << 4 | (char)v);
		n += digits++ % 2;
	}
	return (struct str){ out, n };
}

static struct dom *parse(const struct json *c, struct arena *a)
{
	struct str type = cases_str(c, "type"), body = cases_str(c, "html");
	bool xml = str_is(cases_str(c, "as"), "xml");
	struct err e = { 0 };
	struct dom *dom;

	if (cases_str(c, "bytes").p)
		body = from_hex(cases_str(c, "bytes"), a);
	if (cases_str(c, "xml").p) {
		body = cases_str(c, "xml");
		xml = true;
	}
	dom = xml ? dom_parse_xml(body, type, a, &e)
		  : dom_parse_html(body, type, a, &e);
	if (!dom)
		fail_msg("%s", e.msg);
	return dom;
}

static bool judge(const struct json *c, void *ctx)
{
	struct str tree = cases_str(c, "tree");
	struct str visible = cases_str(c, "visible"), got;
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct dom *dom = parse(c, &a);
	bool good;

	(void)ctx;
	draw(dom->root, &b);
	got = visible.p ? dom_visible_text(dom->root, &a) : buf_str(&b);
	good = str_eq(got, visible.p ? visible : tree);
	if (!good)
		print_message("# %s: got %.*s\n",
			      json_string(json_member(c, "name")),
			      STR_ARG(got));
	buf_free(&b);
	arena_free(&a);
	return good;
}

static void parses_as_browsers_do(void **state)
{
	struct cases_count count =
		cases_run("tests/fixtures/extract", "dom.jsonl", judge, NULL);

	(void)state;
	assert_true(count.n > 30);
	assert_int_equal(count.good, count.n);
}

static void walks_in_document_order(void **state)
{
	struct arena a = { 0 };
	struct dom *dom = dom_parse_html(
		STR("<html lang=en><p id=x>a<b>b<i>c</i></b></p><p>d"), no_type,
		&a, NULL);
	const struct dom_node *n = dom->root, *p = NULL, *b = NULL;
	unsigned order = 0;

	(void)state;
	assert_true(str_is(dom->lang, "en"));
	assert_true(str_is(dom->html->name, "html"));
	while ((n = dom_walk(dom->root, n))) {
		assert_true(n->order > order);
		order = n->order;
		if (str_is(n->name, "p") && !p)
			p = n;
		if (str_is(n->name, "b"))
			b = n;
	}
	assert_true(str_is(dom_text_content(p, &a), "abc"));
	assert_true(str_is(dom_text_content(b->first, &a), "b"));
	assert_true(str_is(dom_attr(p, "id"), "x"));
	assert_null(dom_attr(p, "class").p);
	assert_ptr_equal(dom_skip(p, b), NULL);
	assert_ptr_equal(dom_skip(dom->root, b), p->next);
	arena_free(&a);
}

static void text_can_be_left_out(void **state)
{
	struct arena a = { 0 };
	struct dom *dom =
		dom_parse_html(STR("<p>a<b>b</b>c<p>d"), no_type, &a, NULL);
	bool ignored[32] = { false };
	const struct dom_node *n = dom->root;

	(void)state;
	while ((n = dom_walk(dom->root, n)))
		if (str_is(n->name, "b"))
			ignored[n->order] = true;
	assert_true(
		str_is(dom_visible_text_but(dom->root, ignored, &a), "ac\nd"));
	arena_free(&a);
}

/* Long documents are parsed in pieces; no seam may show. */
static void long_documents_have_no_seams(void **state)
{
	static const char tail[] = "<script>a<b</script><!-- c --><style>d"
				   "</style><textarea>e</textarea>&lt;<i f=g>";
	static const char want[] =
		"script('a<b') ! c  style('d') textarea('e') '<' i[f=g]";

	(void)state;
	for (size_t pad = 8192 - sizeof(tail); pad < 8192; pad++) {
		struct arena a = { 0 };
		struct buf b = { 0 }, got = { 0 };
		struct dom *dom;

		buf_puts(&b, "<body>");
		for (size_t i = b.len; i < pad; i++)
			buf_putc(&b, 'x');
		buf_puts(&b, tail);
		dom = dom_parse_html(buf_str(&b), no_type, &a, NULL);
		assert_non_null(dom);
		draw(dom->root, &got);
		if (!strstr(got.p, want))
			fail_msg("%zu: %s", pad, got.p + pad);
		buf_free(&b);
		buf_free(&got);
		arena_free(&a);
	}
}

/* A document that repeats itself; '#' in the unit is its number. */
struct repeated {
	const char *what;
	bool xml;
	const char *head, *unit, *tail;
	size_t n;
	const char *error; /* NULL: must be parsed */
};

static void repeat(const struct repeated *r, struct buf *b)
{
	buf_puts(b, r->head);
	for (size_t i = 0; i < r->n; i++)
		for (const char *c = r->unit; *c; c++)
			if (*c == '#')
				buf_u64(b, i);
			else
				buf_putc(b, *c);
	buf_puts(b, r->tail);
}

static void refuses_what_takes_too_long_or_too_much(void **state)
{
	static const struct repeated cases[] = {
		{ "deep enough", false, "", "<div>", "", 990, NULL },
		{ "too deep", false, "", "<div>", "", 20000, "deeper than" },
		{ "too deep, with closing tags for others", false, "",
		  "<div></x>", "", 20000, "deeper than" },
		{ "too deep in what hides it", false, "", "<svg><style><div>",
		  "", 20000, "deeper than" },
		{ "unclosed paragraphs do not nest", false, "", "<p>x", "",
		  20000, NULL },
		{ "nor do list items", false, "<ul>", "<li>x", "", 20000,
		  NULL },
		{ "formatting to be opened again", false, "<p>", "<font a#=1>",
		  "</p><p>x<p>y", 5000, "formatting" },
		{ "too many nodes", false, "", "<br>", "", 2000001,
		  "more than 2000000 nodes" },
		{ "too large", false, "", "xxxxxxxxxxxxxxxx", "y",
		  DOM_BYTES_MAX / 16, "larger than" },
		{ "large enough", false, "", "xxxxxxxxxxxxxxxx", "",
		  DOM_BYTES_MAX / 16, NULL },
		{ "XML too large", true, "", "xxxxxxxxxxxxxxxx", "y",
		  DOM_BYTES_MAX / 16, "larger than" },
		{ "XML's depth ends it, without harm", true, "", "<a>", "",
		  20000, NULL },
		{ "attributes that all differ", true, "<a ", "b#='1' ", "/>",
		  1001, "too many attributes" },
		{ "as many in text", true, "<a>", "b#='1' ", "</a>", 5000,
		  NULL },
		{ "HTML may have them", false, "<a ", "b#='1' ", "/>", 5000,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct repeated *r = &cases[i];
		struct arena a = { 0 };
		struct buf b = { 0 };
		struct err e = { 0 };
		struct dom *dom;

		repeat(r, &b);
		dom = r->xml ? dom_parse_xml(buf_str(&b), no_type, &a, &e)
			     : dom_parse_html(buf_str(&b), no_type, &a, &e);
		if (r->error ? dom || !strstr(e.msg, r->error) ||
				       e.code != EX_DATAERR
			     : !dom)
			fail_msg("%s: %s", r->what, dom ? "parsed" : e.msg);
		buf_free(&b);
		arena_free(&a);
	}
}

/* Each part repeated until the document is large: mending is linear. */
static void broken_xml_is_mended_in_time(void **state)
{
	static const char *const parts[] = {
		"</a",	      "</a>",		"<![CDATA[</a>", "<a b='",
		"<a b=\"<a ", "<a x=1 x=2>",	"<!--",		 "<a/ b><br>",
		"< & <",      "<A></a></B>",	"<a>]]>",	 "<?x",
		"<!DOCTYPE ", "<a><b></a></b>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		struct arena a = { 0 };
		struct buf b = { 0 };
		struct err e = { 0 };
		struct dom *d;

		buf_puts(&b, "<r>");
		while (b.len < 300000)
			buf_puts(&b, parts[i]);
		d = dom_parse_xml(buf_str(&b), STR("text/xml"), &a, &e);
		assert_true(d || e.code);
		assert_true(a.used < 200 * b.len);
		arena_free(&a);
		buf_free(&b);
	}
}

/* Where myhtml believes that the white space is still there, it overruns. */
static void white_space_before_text_is_no_room(void **state)
{
	struct arena a = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };
	struct dom *dom;
	struct str text;

	(void)state;
	buf_puts(&b, "<head></head>");
	for (int i = 0; i < 20000; i++)
		buf_putc(&b, ' ');
	buf_puts(&b, "x</i>");
	for (int i = 0; i < 10000; i++)
		buf_putc(&b, 'y');
	dom = dom_parse_html(buf_str(&b), (struct str){ 0 }, &a, &e);
	assert_non_null(dom);
	text = dom_visible_text(dom->root, &a);
	assert_int_equal(text.len, 10001);
	for (size_t i = 0; i < text.len; i++)
		assert_int_equal(text.p[i], i ? 'y' : 'x');
	buf_free(&b);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_as_browsers_do),
		cmocka_unit_test(walks_in_document_order),
		cmocka_unit_test(text_can_be_left_out),
		cmocka_unit_test(long_documents_have_no_seams),
		cmocka_unit_test(refuses_what_takes_too_long_or_too_much),
		cmocka_unit_test(broken_xml_is_mended_in_time),
		cmocka_unit_test(white_space_before_text_is_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
