#include "cmd/scraper/extract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/xmem.h"

#include "tests/hostile.h"

enum {
	/*
	 * Of the arena, for each byte of a document, and for any document.
	 * "<b><p>" opens up to three <b> again in each <p>.
	 */
	MEMORY_PER_BYTE = 120,
	MEMORY_MIN = 4 << 20,
	TEXT_MAX = 100 << 10, /* of an entity that was expanded */
};

static bool has_reason(const struct hostile *h, const struct observation *o)
{
	return !h->reason ||
	       str_find(o->reason, str_from(h->reason)) != (size_t)-1;
}

/* Refused, or read with memory that is in proportion to the document. */
static void end_as_they_must(void **state)
{
	struct buf body = { 0 };
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile_cases); i++) {
		const struct hostile *h = &hostile_cases[i];
		struct err e = { 0 };
		struct json *config =
			h->config ? json_parse(str_from(h->config), 0, &e)
				  : NULL;
		struct extractor *x = extractor_new(h->kind, config, &e);
		struct document doc = { .content_type = str_from(h->type) };
		struct observation o;
		struct arena a = { 0 };
		size_t max;

		if (!x)
			fail_msg("%s: %s", h->name, e.msg);
		hostile_make(h, &body);
		doc.body = buf_str(&body);
		max = MEMORY_PER_BYTE * body.len;
		extractor_run(x, &doc, &a, &o);
		if (o.outcome != h->want || !has_reason(h, &o) ||
		    a.used > (max > MEMORY_MIN ? max : MEMORY_MIN)) {
			print_error("%s: %s, %.*s, %zu bytes of memory\n",
				    h->name, outcome_name(o.outcome),
				    STR_ARG(o.reason), a.used);
			wrong++;
		}
		for (size_t k = 0; k < o.n_items; k++)
			assert_true(o.items[k].title.len < TEXT_MAX);
		arena_free(&a);
		extractor_free(&x);
		json_free(&config);
	}
	buf_free(&body);
	assert_int_equal(wrong, 0);
}

static void no_entity_is_a_file(void **state)
{
	struct extractor *x = extractor_new("feed", NULL, NULL);
	struct buf body = { 0 };
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile_cases); i++) {
		struct document doc = { .content_type = STR("text/xml") };
		struct observation o;
		struct arena a = { 0 };

		hostile_make(&hostile_cases[i], &body);
		doc.body = buf_str(&body);
		if (str_find(doc.body, STR("/etc/passwd")) == (size_t)-1)
			continue;
		extractor_run(x, &doc, &a, &o);
		assert_int_equal(o.n_items, 1);
		assert_true(str_find(o.items[0].title, STR("root")) ==
			    (size_t)-1);
		seen++;
		arena_free(&a);
	}
	assert_int_equal(seen, 1);
	extractor_free(&x);
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(end_as_they_must),
		cmocka_unit_test(no_entity_is_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
