#ifndef TESTS_UNIT_SCRAPER_CASES_H
#define TESTS_UNIT_SCRAPER_CASES_H

/* cases - run a check on each line of a file of JSON Lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/json.h"

static const char *case_text(const struct json *c, const char *name)
{
	return json_string(json_member(c, name));
}

/* Fails unless check() is true for all cases, and there are at_least. */
static void cases_run(const char *path, size_t at_least,
		      bool (*check)(const struct json *c))
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0, n = 0, wrong = 0;
	ssize_t len;

	if (!f)
		fail_msg("%s cannot be read", path);
	while ((len = getline(&line, &cap, f)) > 0) {
		struct err e = { 0 };
		struct str text = { line, (size_t)len };
		struct json *c = json_parse(text, 0, &e);

		n++;
		if (!c)
			fail_msg("%s:%zu: %s", path, n, e.msg);
		if (!check(c)) {
			print_error("%s:%zu is wrong\n", path, n);
			wrong++;
		}
		json_free(&c);
	}
	free(line);
	fclose(f);
	assert_int_equal(wrong, 0);
	assert_true(n >= at_least);
}

#endif
