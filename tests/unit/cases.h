#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

/*
 * cases - tables of cases kept as data, a JSON object on each line.
 *
 * Those of the project are under tests/fixtures. Larger sets that are not part
 * of it are read from the directory that $WEIR_CASES names; a test that finds
 * it unset says so in one line and is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/json.h"

/* Judge one case; false, or a failed assertion, makes the test fail. */
typedef bool cases_judge(const struct json *c, void *ctx);

struct cases_count {
	size_t n, good;
};

/* Call judge for each line of the file; a file that is not there fails. */
static inline struct cases_count cases_run(const char *dir, const char *name,
					   cases_judge *judge, void *ctx)
{
	struct cases_count count = { 0, 0 };
	char path[4096], *line = NULL;
	size_t cap = 0;
	ssize_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		fail_msg("%s: cannot be read", path);
	while ((len = getline(&line, &cap, f)) > 0) {
		struct err e = { 0 };
		struct json *c =
			json_parse((struct str){ line, (size_t)len }, 0, &e);

		if (!c)
			fail_msg("%s: %s", path, e.msg);
		count.n++;
		if (judge(c, ctx))
			count.good++;
		else if (getenv("WEIR_CASES_SHOW"))
			print_message("# %s", line);
		json_free(&c);
	}
	free(line);
	fclose(f);
	return count;
}

/* The directory of the larger sets; skips the test where there is none. */
static inline const char *cases_dir(void)
{
	const char *dir = getenv("WEIR_CASES");

	if (!dir || !*dir) {
		print_message("# skipped: WEIR_CASES names no directory\n");
		skip();
	}
	return dir;
}

/* The text of a member, absent where it is null or not there. */
static inline struct str cases_str(const struct json *c, const char *key)
{
	return str_from(json_string(json_member(c, key)));
}

#endif
