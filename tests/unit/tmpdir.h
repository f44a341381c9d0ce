#ifndef TESTS_UNIT_TMPDIR_H
#define TESTS_UNIT_TMPDIR_H

/*
 * tmpdir - a directory for one test, gone with all in it at the end.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline int tmpdir_remove_one(const char *path, const struct stat *sb,
				    int type, struct FTW *ftw)
{
	(void)sb;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void tmpdir_remove(const char *path)
{
	nftw(path, tmpdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* For cmocka: *state is the path. */
static inline int tmpdir_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = malloc(256);

	*state = path;
	if (path)
		snprintf(path, 256, "%.200s/weir-test-XXXXXX",
			 tmp && *tmp ? tmp : "/tmp");
	return path && mkdtemp(path) ? 0 : -1;
}

static inline int tmpdir_teardown(void **state)
{
	tmpdir_remove(*state);
	free(*state);
	return 0;
}

#define tmpdir_test(f) \
	cmocka_unit_test_setup_teardown(f, tmpdir_setup, tmpdir_teardown)

/* DIR/NAME, in a buffer of the caller's. */
static inline const char *tmpdir_path(const char *dir, const char *name,
				      char out[256])
{
	snprintf(out, 256, "%.120s/%.120s", dir, name);
	return out;
}

/* Copy one file, as cp does. */
static inline void tmpdir_copy(const char *from, const char *to)
{
	static char block[1 << 16];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	size_t n;

	while (in && out && (n = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, n, out);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
}

#endif
