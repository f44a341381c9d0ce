#ifndef TESTS_UNIT_SCRAPER_EXTRACTS_H
#define TESTS_UNIT_SCRAPER_EXTRACTS_H

/*
 * extracts - check a case {"config","body","url","currency","type"} of one
 * kind: it gives the observation "want", or its configuration the "error".
 */
#include "tests/unit/scraper/cases.h"

#include <sysexits.h>

#include "cmd/scraper/extract.h"

#include "tests/unit/scraper/wires.h"

static bool extracts_check(const struct extract_kind *kind, void *compiled,
			   const struct json *c)
{
	struct document doc = {
		.body = str_from(case_text(c, "body")),
		.content_type = str_from(case_text(c, "type")),
		.url = str_from(case_text(c, "url")),
		.currency = str_from(case_text(c, "currency")),
	};
	struct observation o = { 0 };
	struct buf got = { 0 }, want = { 0 };
	struct arena a = { 0 };
	bool ok;

	kind->run(compiled, &doc, &a, &o);
	observation_print(&o, &got);
	json_print(json_member(c, "want"), &want);
	ok = str_eq(buf_str(&got), buf_str(&want));
	if (!ok)
		print_error("%s:\n got %s\nwant %s\n", case_text(c, "name"),
			    got.p, want.p);
	ok = ok && wires_carry(&o, buf_str(&got));
	buf_free(&got);
	buf_free(&want);
	arena_free(&a);
	return ok;
}

static bool extracts_right(const struct extract_kind *kind,
			   const struct json *c)
{
	const char *error = case_text(c, "error");
	void *compiled = NULL;
	struct err e = { 0 };
	bool ok;

	if ((kind->compile &&
	     kind->compile(json_member(c, "config"), &compiled, &e)) ||
	    (kind->prepare && kind->prepare(compiled, &e))) {
		if (compiled)
			kind->release(compiled);
		ok = error && e.code == EX_CONFIG &&
		     str_is(str_from(error), e.msg);
		if (!ok)
			print_error("%s: %s\n", case_text(c, "name"), e.msg);
		return ok;
	}
	ok = !error && extracts_check(kind, compiled, c);
	if (kind->release)
		kind->release(compiled);
	return ok;
}

#endif
