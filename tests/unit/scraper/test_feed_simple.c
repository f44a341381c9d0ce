#include "cmd/scraper/feed_simple.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"
#include "common/xmem.h"

#include "cmd/scraper/dom.h"

enum { DOCUMENTS = 20000, PIECES_MAX = 24 };

static const char *const pieces[] = {
	"a",
	"b c",
	" ",
	"\n ",
	"x\xc2\xa0y",
	"\xc3\xa9",
	"1 & 2",
	"&amp;",
	"&lt;",
	"&nbsp;",
	"&#39;",
	"&#8364;",
	"&#150;",
	"&eacute;",
	"&amp",
	"<p>",
	"</p>",
	"<p class=\"x\">",
	"<div>",
	"</div>",
	"<br>",
	"<br/>",
	"<br />",
	"<BR>",
	"<ul>",
	"</ul>",
	"<ol>",
	"</ol>",
	"<li>",
	"</li>",
	"<blockquote>",
	"</blockquote>",
	"<a href='/x?y=1&z'>",
	"</a>",
	"<b>",
	"</b>",
	"<i>",
	"</i>",
	"<span hidden>",
	"<span style=x>",
	"</span>",
	"<img src=a.png alt=\"no text\">",
	"<strong>",
	"</strong>",
	"</br>",
	"<pre>",
	"</pre>",
	"<!-- c -->",
	"<h2>",
	"</h2>",
	"<table><tr><td>",
	"</table>",
	"<script>x</script>",
	"<p",
	"<",
	">",
	"\"",
	"<b/>",
};

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static struct str by_parser(struct str html, struct arena *a)
{
	struct dom *d =
		dom_parse_html(html, STR("text/html; charset=utf-8"), a, NULL);

	return d ? dom_visible_text(d->root, a) : html;
}

static void reads_what_the_parser_reads(void **state)
{
	uint64_t seed = 1;
	struct buf b = { 0 };
	size_t simple = 0;

	(void)state;
	for (int i = 0; i < DOCUMENTS; i++) {
		size_t n = next(&seed) % PIECES_MAX;
		/* Some of plain pieces only, or hardly any would be simple. */
		size_t kinds = i % 2 ? ARRAY_LEN(pieces) : 38;
		struct str text, want;
		struct arena a = { 0 };

		buf_reset(&b);
		buf_puts(&b, "x");
		for (size_t k = 0; k < n; k++)
			buf_puts(&b, pieces[next(&seed) % kinds]);
		if (feed_simple_text(buf_str(&b), &a, &text)) {
			want = by_parser(buf_str(&b), &a);
			if (!str_eq(text, want))
				fail_msg("%.*s: \"%.*s\", not \"%.*s\"",
					 STR_ARG(buf_str(&b)), STR_ARG(text),
					 STR_ARG(want));
			simple++;
		}
		arena_free(&a);
	}
	buf_free(&b);
	assert_true(simple > DOCUMENTS / 10);
}

static void leaves_to_the_parser_what_is_not_plain(void **state)
{
	static const char *const others[] = {
		"<p hidden>x</p>",
		"<p HIDDEN=1>x",
		"a</div>b",
		"<p>x</li>",
		"<!--x-->",
		"<script>x</script>",
		"<pre>x\ny</pre>",
		"a<b",
		"<p title=\"x>y",
		"&eacute;",
		"&amp x",
		"&#0;",
		"&#x41;",
		"<table><td>x",
		"\x01",
		"\xff",
		"<a\x0b>",
	};
	struct arena a = { 0 };
	struct str text;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (feed_simple_text(str_from(others[i]), &a, &text))
			fail_msg("%s is read as %.*s", others[i],
				 STR_ARG(text));
	assert_true(feed_simple_text(
		STR("<p>A &amp; B<br>c</p><ul><li>d<li>e</ul>f"), &a, &text));
	assert_true(str_is(text, "A & B\nc\nd\ne\nf"));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_the_parser_reads),
		cmocka_unit_test(leaves_to_the_parser_what_is_not_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
