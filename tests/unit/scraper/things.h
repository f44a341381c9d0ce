#ifndef TESTS_UNIT_SCRAPER_THINGS_H
#define TESTS_UNIT_SCRAPER_THINGS_H

/*
 * things - what a reader made of a page, as JSON to compare.
 *
 * {"type":["Product"],"id":"#p","name":["Lamp"],"offers":[{…}]}: types and id
 * where there are any, each property once with all of its values, in the order
 * of the page; the list is of the things that are no values of others.
 */
#include "tests/unit/cases.h"

#include "cmd/scraper/thing.h"

static inline void things_print_one(const struct thing *t, struct buf *b,
				    unsigned depth);

static inline void things_print_key(struct buf *b, struct str key)
{
	if (b->p[b->len - 1] != '{')
		buf_putc(b, ',');
	buf_json_str(b, key);
	buf_putc(b, ':');
}

static inline void things_print_values(const struct thing_prop *p,
				       struct buf *b, unsigned depth)
{
	struct str name = p->name;

	things_print_key(b, name);
	buf_putc(b, '[');
	for (; p; p = p->next) {
		if (!str_eq(p->name, name))
			continue;
		if (b->p[b->len - 1] != '[')
			buf_putc(b, ',');
		if (p->thing)
			things_print_one(p->thing, b, depth + 1);
		else
			buf_json_str(b, p->text);
	}
	buf_putc(b, ']');
}

static inline void things_print_one(const struct thing *t, struct buf *b,
				    unsigned depth)
{
	assert_true(depth <= THING_DEPTH_MAX);
	buf_putc(b, '{');
	for (unsigned i = 0; i < t->n_types; i++) {
		if (i == 0)
			things_print_key(b, STR("type"));
		buf_putc(b, i == 0 ? '[' : ',');
		buf_json_str(b, t->types[i]);
	}
	if (t->n_types > 0)
		buf_putc(b, ']');
	if (t->id.len > 0) {
		things_print_key(b, STR("id"));
		buf_json_str(b, t->id);
	}
	for (const struct thing_prop *p = t->first; p; p = p->next) {
		const struct thing_prop *q = t->first;

		while (!str_eq(q->name, p->name))
			q = q->next;
		if (q == p)
			things_print_values(p, b, depth);
	}
	buf_putc(b, '}');
}

static inline void things_print(const struct things *ts, struct buf *b)
{
	buf_putc(b, '[');
	for (const struct thing *t = ts->first; t; t = t->next) {
		if (t->parent || (!t->first && t->n_types == 0))
			continue;
		if (b->len > 1)
			buf_putc(b, ',');
		things_print_one(t, b, 0);
	}
	buf_putc(b, ']');
}

/* ctx: the reader to try with a case {"html","things"}. */
typedef void things_reader(struct things *ts, const struct dom *d);
struct things_ctx {
	things_reader *read;
};

static inline bool things_judge(const struct json *c, void *ctx)
{
	struct arena a = { 0 };
	struct things ts = { .arena = &a };
	struct buf got = { 0 }, want = { 0 };
	struct err e = { 0 };
	struct dom *d = dom_parse_html(cases_str(c, "html"),
				       STR("text/html; charset=utf-8"), &a, &e);
	bool same;

	assert_non_null(d);
	((struct things_ctx *)ctx)->read(&ts, d);
	things_print(&ts, &got);
	json_print(json_member(c, "things"), &want);
	same = str_eq(buf_str(&got), buf_str(&want));
	if (!same)
		print_message("# %s\n# want %s\n# got  %s\n",
			      json_string(json_member(c, "case")), want.p,
			      got.p);
	buf_free(&got);
	buf_free(&want);
	arena_free(&a);
	return same;
}

/* All cases of a file must be good. */
static inline void things_run(const char *file, things_reader *read)
{
	struct things_ctx ctx = { read };
	struct cases_count count =
		cases_run("tests/fixtures/product", file, things_judge, &ctx);

	assert_true(count.n >= 5);
	assert_int_equal(count.good, count.n);
}

#endif
