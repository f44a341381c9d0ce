/*
 * With WEIR_CASES: the pages of extruct and what it says of them,
 * $WEIR_CASES/structured.jsonl ({"kind","html","expected"}). Every type and
 * every property with a text that it finds, our readers must find in some
 * thing. How things are put together is the matter of our own tables.
 */
#include "tests/unit/cases.h"

#include <string.h>

#include "common/xmem.h"

#include "cmd/scraper/thing.h"

struct tally {
	size_t found, missed;
	bool good; /* of the case at hand */
};

struct page {
	struct things things;
	struct tally *t;
};

/* What JSON-LD, extruct and its options have beside the properties. */
static bool is_frame(const char *key)
{
	static const char *const keys[] = {
		"@context", "@id",	 "id",	       "iid",
		"iid_ref",  "namespace", "_nodeId_",   "htmlNode",
		"@type",    "type",	 "textContent"
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

/* OpenGraph's other vocabularies say nothing of what is sold. */
static bool is_asked(const char *key)
{
	static const char *const others[] = { "fb:", "concerts:", "music:",
					      "profile:" };

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_starts(str_from(key), str_from(others[i])))
			return false;
	return !is_frame(key);
}

/* The same letters; addresses are resolved there and not here. */
static bool is_same(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	while (i < a.len || k < b.len) {
		if (i < a.len && (unsigned char)a.p[i] <= ' ')
			i++;
		else if (k < b.len && (unsigned char)b.p[k] <= ' ')
			k++;
		else if (i == a.len || k == b.len || a.p[i++] != b.p[k++])
			return false;
	}
	return true;
}

static bool has_text(const struct page *p, const char *name, struct str text)
{
	for (const struct thing *t = p->things.first; t; t = t->next) {
		const struct thing_prop *q = NULL;

		while ((q = thing_prop(t, name, q)))
			if (!q->thing && (is_same(q->text, text) ||
					  (q->text.len > 2 &&
					   str_ends(text, str_trim(q->text)))))
				return true;
	}
	return false;
}

static bool has_type(const struct page *p, struct str type)
{
	for (const struct thing *t = p->things.first; t; t = t->next)
		for (unsigned i = 0; i < t->n_types; i++)
			if (str_eq_nocase(t->types[i], thing_name(type)))
				return true;
	return false;
}

static void count(struct page *p, bool found, const char *name,
		  const char *text)
{
	p->t->found += found;
	p->t->missed += !found;
	p->t->good &= found;
	if (!found)
		print_message("# missed: %s of %.60s\n", name, text);
}

static void look_for(struct page *p, const char *key, const struct json *v)
{
	const char *text = json_string(v);

	if (json_kind(v) == JSON_NUMBER)
		text = json_number(v);
	if (!text && !is_frame(key)) {
		json_each (inner, v) {
			const char *name = json_key(inner);

			look_for(p, name ? name : key, inner);
		}
	} else if (text && (!strcmp(key, "type") || !strcmp(key, "@type"))) {
		count(p, has_type(p, str_from(text)), key, text);
	} else if (text && is_asked(key)) {
		count(p, has_text(p, key, str_from(text)), key, text);
	}
}

/* [["og:type","product"],…] */
static void look_for_pairs(struct page *p, const struct json *list)
{
	json_each (page, list)
		json_each (pair, json_member(page, "properties"))
			if (json_string(json_at(pair, 0)))
				look_for(p, json_string(json_at(pair, 0)),
					 json_at(pair, 1));
}

static bool judge(const struct json *c, void *ctx)
{
	struct tally *t = ctx;
	struct arena a = { 0 };
	struct page p = { .things.arena = &a, .t = t };
	struct err e = { 0 };
	struct dom *d = dom_parse_html(cases_str(c, "html"),
				       STR("text/html; charset=utf-8"), &a, &e);
	const struct json *expected = json_member(c, "expected");

	assert_non_null(d);
	jsonld_read(&p.things, d);
	microdata_read(&p.things, d);
	rdfa_read(&p.things, d);
	opengraph_read(&p.things, d);
	t->good = true;
	if (str_is(cases_str(c, "kind"), "opengraph")) {
		look_for_pairs(&p, expected);
	} else if (json_kind(expected) == JSON_OBJECT) {
		look_for(&p, "", json_member(expected, "microdata"));
		look_for(&p, "", json_member(expected, "json-ld"));
		look_for_pairs(&p, json_member(expected, "opengraph"));
	} else {
		look_for(&p, "", expected);
	}
	arena_free(&a);
	return t->good;
}

static void agrees_with_what_others_read(void **state)
{
	struct tally t = { 0 };
	struct cases_count count =
		cases_run(cases_dir(), "structured.jsonl", judge, &t);

	(void)state;
	print_message("# pages %zu of %zu; values %zu found, %zu missed\n",
		      count.good, count.n, t.found, t.missed);
	assert_true(count.n > 0 && t.missed * 20 <= t.found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_what_others_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
