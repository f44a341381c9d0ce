#ifndef TESTS_UNIT_SCRAPER_EXTRACT_CASES_H
#define TESTS_UNIT_SCRAPER_EXTRACT_CASES_H

/*
 * extract_cases - cases of one kind of extractor:
 *
 *	{"extract":…,"html":…,"url":…,"currency":…,"want":OBSERVATION}
 *	{"extract":…,"html":…,"text":…}		found, with this text
 *	{"extract":…,"error":…}			how the message starts
 */
#include <string.h>
#include <sysexits.h>

#include "cmd/scraper/extract.h"

#include "tests/unit/cases.h"
#include "tests/unit/scraper/wires.h"

/* As observation_print() and json_print() write it; b is emptied first. */
static inline void extract_cases_want(const struct json *c, struct buf *b)
{
	buf_reset(b);
	if (!cases_str(c, "text").p) {
		json_print(json_member(c, "want"), b);
		return;
	}
	buf_puts(b, "{\"outcome\":\"found\",\"items\":[],\"text\":");
	buf_json_str(b, cases_str(c, "text"));
	buf_putc(b, '}');
}

static inline bool extract_cases_refused(const struct json *c, struct err *e)
{
	const char *error = json_string(json_member(c, "error"));

	if (error && e->code == EX_CONFIG &&
	    !strncmp(e->msg, error, strlen(error)))
		return true;
	print_message("# refused: %s\n", e->msg);
	return false;
}

/* ctx is the kind's name. */
static inline bool extract_cases_judge(const struct json *c, void *ctx)
{
	struct document doc = {
		.body = cases_str(c, "html"),
		.url = cases_str(c, "url"),
		.currency = cases_str(c, "currency"),
	};
	struct observation o;
	struct arena a = { 0 };
	struct buf got = { 0 }, want = { 0 };
	struct err e = { 0 };
	struct extractor *x = extractor_new(ctx, json_member(c, "extract"), &e);
	bool good;

	if (!x)
		return extract_cases_refused(c, &e);
	extractor_run(x, &doc, &a, &o);
	observation_print(&o, &got);
	extract_cases_want(c, &want);
	good = str_eq(buf_str(&got), buf_str(&want)) &&
	       wires_carry(&o, buf_str(&got));
	if (!good)
		print_message("# %s:\n#  got %s\n# want %s\n",
			      json_string(json_member(c, "name")), got.p,
			      want.p);
	extractor_free(&x);
	buf_free(&got);
	buf_free(&want);
	arena_free(&a);
	return good;
}

#endif
