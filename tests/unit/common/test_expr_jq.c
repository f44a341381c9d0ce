/*
 * Generated expressions asked about generated data, and what jq says to the
 * same questions in its own words, with null for unknown.
 */
#include "common/expr.h"

#include <string.h>

#include "common/xmem.h"

#include "tests/unit/cases.h"
#include "tests/unit/tmpdir.h"

enum { EXPRS = 100, DOCS = 100, DEPTH = 3 };

static const char jq_words[] =
	"def plain: type | . == \"number\" or . == \"string\" or . == "
	"\"boolean\";\n"
	"def num: if type == \"number\" then . elif type == \"string\" and "
	"test(\"^-?(0|[1-9][0-9]*)([.][0-9]+)?$\") then tonumber else null "
	"end;\n"
	"def not3: if . == null then null else not end;\n"
	"def and3(f; g): f as $a | g as $b | if $a == false or $b == false "
	"then false elif $a == null or $b == null then null else true end;\n"
	"def or3(f; g): and3(f | not3; g | not3) | not3;\n"
	"def eq($c): if plain | not then null elif $c | type == \"number\" "
	"then num == $c else . == $c end;\n"
	"def le($c): if $c | type == \"number\" then num as $n | if $n == null "
	"then null else $n <= $c end elif type == \"string\" then . <= $c "
	"else null end;\n"
	"def lt($c): and3(le($c); eq($c) | not3);\n"
	"def in3($l): if plain | not then null else . as $v | any($l[]; "
	". as $c | $v | eq($c)) end;\n"
	"def con($c): if type == \"string\" and ($c | type == \"string\") then "
	"contains($c) elif type == \"array\" then any(.[]; eq($c) == true) "
	"else null end;\n"
	"def sta($c): if type == \"string\" then startswith($c) else null "
	"end;\n"
	"def eq2($v; $w): if ($v | plain) and ($w | plain) | not then null "
	"elif ($v | num) != null and ($w | num) != null then ($v | num) == "
	"($w | num) else $v == $w end;\n"
	"def lt2($v; $w): if ($v | num) != null and ($w | num) != null then "
	"($v | num) < ($w | num) elif [$v, $w] | all(type == \"string\") then "
	"$v < $w else null end;\n";

static uint64_t seed = 20261121;

static size_t below(size_t n) /* xorshift64* */
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (size_t)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

static const char *pick(const char *const *of)
{
	size_t n = 0;

	while (of[n])
		n++;
	return of[below(n)];
}

static const char *const names[] = { "a", "b", "c", "d", NULL };
static const char *const paths[] = { "a",    "b",	"c",	      "d",
				     "a.b",  "b.c",	"c[1]",	      "a[0].b",
				     "data", "d.b.c.a", "data.a.b.c", NULL };
static const char *const numbers[] = { "0", "1", "-1.5", "10", "2e1", NULL };
/* Text that is a number is refused where order is asked for. */
static const char *const words[] = { "\"\\u00e9a\"", "\"a\"", "\"ab\"",
				     "\"zz\\\"\"",   "\"B\"", NULL };
static const char *const odd[] = { "\"1.0\"", "\"-1.5\"", "\"10\"", "\"01\"",
				   "true",    "false",	  NULL };

static const char *pick_ordered(void)
{
	return pick(below(2) ? words : numbers);
}

static const char *pick_value(void)
{
	return below(3) ? pick_ordered() : pick(odd);
}

/* ---- data ---- */

static void add_value(struct buf *b, int depth)
{
	size_t kind = below(depth > 0 ? 12 : 7);
	bool is_list = kind < 9;

	if (kind < 7) {
		buf_puts(b, kind ? pick_value() : "null");
		return;
	}
	buf_puts(b, is_list ? "[ " : "{");
	for (size_t i = 0, n = below(3) + 1; i < n; i++) {
		buf_puts(b, i ? " , " : "");
		if (!is_list)
			buf_addf(b, "\"%s\":", names[i]);
		add_value(b, depth - 1);
	}
	buf_puts(b, is_list ? "]" : " }");
}

static void add_doc(struct buf *b)
{
	buf_puts(b, "{\"\":0");
	for (size_t i = 0; names[i]; i++) {
		if (below(6) == 0)
			continue;
		/* A name may be written with escapes, too. */
		if (below(8) == 0)
			buf_addf(b, ",\"\\u00%02x\":", names[i][0]);
		else
			buf_addf(b, ",\"%s\":", names[i]);
		add_value(b, 4);
	}
	buf_puts(b, "}\n");
}

/* ---- expressions ---- */

/* @f and @g are fields, @v any value, @o one that has an order, @t text. */
static const struct {
	const char *ours, *jq;
} tests[] = {
	{ "@f", "@f | eq(true)" },
	{ "has(@f)", "@f != null" },
	{ "@f in [@v, @o]", "@f | in3([@v, @o])" },
	{ "@f not in [@v]", "@f | in3([@v]) | not3" },
	{ "@f contains @v", "@f | con(@v)" },
	{ "@f starts @t", "@f | sta(@t)" },
	{ "@f == @v", "@f | eq(@v)" },
	{ "@v != @f", "@f | eq(@v) | not3" },
	{ "@f < @o", "@f | lt(@o)" },
	{ "@f <= @o", "@f | le(@o)" },
	{ "@f > @o", "@f | le(@o) | not3" },
	{ "@f >= @o", "@f | lt(@o) | not3" },
	{ "@o < @f", "@f | le(@o) | not3" },
	{ "@f == @g", "eq2(@f; @g)" },
	{ "@f != @g", "eq2(@f; @g) | not3" },
	{ "@f < @g", "lt2(@f; @g)" },
	{ "@g >= @f", "lt2(@g; @f) | not3" },
};

static const struct {
	const char *ours[3], *jq[3];
} joins[] = {
	{ { "not (", NULL, ")" }, { "(", NULL, "| not3)" } },
	{ { "(", ") and (", ")" }, { "and3(", "; ", ")" } },
	{ { "(", ") or (", ")" }, { "or3(", "; ", ")" } },
};

struct blanks {
	const char *f, *g, *v, *o, *t;
};

static void add_field(struct buf *b, const char *path, bool is_jq)
{
	if (!is_jq)
		buf_puts(b, path);
	else
		buf_addf(b, "(try .%s catch null)",
			 strncmp(path, "data", 4) != 0 ? path
			 : path[4]		       ? path + 5
						       : "");
}

static void fill_in(struct buf *b, const char *form, const struct blanks *with,
		    bool is_jq)
{
	for (; *form; form++) {
		if (*form != '@') {
			buf_putc(b, *form);
			continue;
		}
		switch (*++form) {
		case 'f': add_field(b, with->f, is_jq); break;
		case 'g': add_field(b, with->g, is_jq); break;
		case 'v': buf_puts(b, with->v); break;
		case 'o': buf_puts(b, with->o); break;
		default: buf_puts(b, with->t); break;
		}
	}
}

static void add_expr(struct buf *ours, struct buf *jq, int depth)
{
	const struct blanks with = { pick(paths), pick(paths), pick_value(),
				     pick_ordered(), pick(words) };
	size_t kind = below(depth > 0 ? ARRAY_LEN(joins) + 1 : 1);

	if (kind == 0) {
		kind = below(ARRAY_LEN(tests));
		fill_in(ours, tests[kind].ours, &with, false);
		buf_putc(jq, '(');
		fill_in(jq, tests[kind].jq, &with, true);
		buf_putc(jq, ')');
		return;
	}
	kind--;
	buf_puts(ours, joins[kind].ours[0]);
	buf_puts(jq, joins[kind].jq[0]);
	add_expr(ours, jq, depth - 1);
	if (joins[kind].ours[1]) {
		buf_puts(ours, joins[kind].ours[1]);
		buf_puts(jq, joins[kind].jq[1]);
		add_expr(ours, jq, depth - 1);
	}
	buf_puts(ours, joins[kind].ours[2]);
	buf_puts(jq, joins[kind].jq[2]);
}

/* ---- the two answers ---- */

static void write_file(const char *dir, const char *name, struct str text)
{
	char path[256];
	FILE *f = fopen(tmpdir_path(dir, name, path), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.len, f), text.len);
	assert_int_equal(fclose(f), 0);
}

/* What one expression says: "true", "false" or, for unknown, "null". */
static const char *answer(struct str text, const struct event *ev)
{
	struct buf not = { 0 };
	struct expr *x = expr_compile(text, NULL), *opposite;
	const char *says;

	buf_addf(&not, "not (%.*s)", STR_ARG(text));
	opposite = expr_compile(buf_str(&not ), NULL);
	assert_true(x && opposite);
	says = expr_match(x, ev)	  ? "true"
	       : expr_match(opposite, ev) ? "false"
					  : "null";
	expr_free(&x);
	expr_free(&opposite);
	buf_free(&not );
	return says;
}

/* `says` is jq's list of answers about one document. */
static void compare(const struct str *exprs, struct str doc, struct str says)
{
	struct event ev = { .topic = STR("a.b"), .data = doc };
	struct json_iter it = json_iter(says);
	size_t i;

	assert_int_equal(json_check(doc, JSON_STRICT, NULL), 0);
	for (i = 0; json_next(&it); i++) {
		const char *ours = answer(exprs[i], &ev);

		if (!str_is(it.value, ours))
			fail_msg("%.*s of %.*s: %s; jq says %.*s",
				 STR_ARG(exprs[i]), STR_ARG(doc), ours,
				 STR_ARG(it.value));
	}
	assert_int_equal(i, EXPRS);
}

static void jq_gives_the_same_answers(void **state)
{
	struct str exprs[EXPRS], doc, rest;
	struct buf ours = { 0 }, jq = { 0 }, docs = { 0 };
	struct arena a = { 0 };
	char command[600], *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f;

	buf_puts(&jq, jq_words);
	for (size_t i = 0; i < EXPRS; i++) {
		buf_reset(&ours);
		buf_puts(&jq, i ? ",\n" : "[");
		add_expr(&ours, &jq, DEPTH);
		exprs[i] = arena_str(&a, buf_str(&ours));
	}
	buf_putc(&jq, ']');
	for (size_t i = 0; i < DOCS; i++)
		add_doc(&docs);
	write_file(*state, "questions", buf_str(&jq));
	write_file(*state, "docs", buf_str(&docs));
	snprintf(command, sizeof(command), "cd '%s' && jq -c -f questions docs",
		 (const char *)*state);
	f = popen(command, "re");
	assert_non_null(f);
	rest = buf_str(&docs);
	while ((len = getline(&line, &cap, f)) > 0) {
		doc = str_cut(rest, '\n', &rest);
		compare(exprs, doc, (struct str){ line, (size_t)len });
	}
	assert_int_equal(pclose(f), 0);
	assert_int_equal(rest.len, 0); /* each of them was answered */
	free(line);
	buf_free(&ours);
	buf_free(&jq);
	buf_free(&docs);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		tmpdir_test(jq_gives_the_same_answers),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
