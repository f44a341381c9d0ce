/*
 * schemas - the JSON Schema of every event type that weir knows.
 *
 *	schemas DIR			write DIR/TYPE.json for each
 *	schemas --check DIR		exit 1 where a file differs, lacks or is
 *					one too many
 *	schemas --decode FILE		judge lines {"type","data"}: "valid" or
 *					"invalid: WHY", a line each
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/json.h"
#include "common/lines.h"
#include "common/types.h"
#include "common/xmem.h"

enum { FILE_MAX = 1 << 20 };

static bool read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "r");
	char chunk[4096];
	size_t n;

	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(b, chunk, n);
	fclose(f);
	return true;
}

static bool write_file(const char *path, struct str text)
{
	FILE *f = fopen(path, "w");
	bool ok = f && fwrite(text.p, 1, text.len, f) == text.len;

	if (f && fclose(f))
		ok = false;
	if (!ok)
		perror(path);
	return ok;
}

static bool is_same(const char *path, struct str want)
{
	struct buf have = { .max = FILE_MAX };
	bool same = read_file(path, &have) && str_eq(buf_str(&have), want);

	if (!same)
		fprintf(stderr, "%s: not what the shape says\n", path);
	buf_free(&have);
	return same;
}

/* False if a file in dir is of no type. */
static bool only_known(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool ok = d != NULL;

	while (d && (entry = readdir(d))) {
		struct str name = str_from(entry->d_name);

		if (!str_ends(name, STR(".json")) ||
		    type_shape(str_sub(name, 0, name.len - 5)))
			continue;
		fprintf(stderr, "%s/%s: no such type\n", dir, entry->d_name);
		ok = false;
	}
	if (d)
		closedir(d);
	return ok;
}

static bool do_all(const char *dir, bool check)
{
	const struct type_entry *t;
	bool ok = !check || only_known(dir);
	char path[4096];

	for (size_t i = 0; (t = type_at(i)); i++) {
		struct buf b = { .max = FILE_MAX };

		if (!t->shape)
			continue;
		snprintf(path, sizeof(path), "%s/%s.json", dir, t->type);
		shape_schema(t->shape, t->type, t->retained, &b);
		if (!(check ? is_same(path, buf_str(&b))
			    : write_file(path, buf_str(&b))))
			ok = false;
		buf_free(&b);
	}
	return ok;
}

/* The decoder's word on one line of the corpus. */
static void judge(struct str line, struct arena *a)
{
	struct str type_value, type, data;
	const struct shape *shape;
	struct err e = { 0 };
	void *out;

	if (json_check(line, JSON_UNIQUE | JSON_NO_NUL, &e) ||
	    !json_get(line, "type", &type_value) ||
	    !json_text(type_value, a, &type) ||
	    !json_get(line, "data", &data) || !(shape = type_shape(type))) {
		printf("unusable: %s\n", e.msg);
		return;
	}
	out = arena_alloc(a, shape->size);
	if (shape_decode(shape, data, out, a, &e))
		printf("invalid: %s\n", e.msg);
	else
		puts("valid");
}

static int decode_all(const char *path)
{
	struct arena a = { 0 };
	struct err e = { 0 };
	struct lines lines;
	struct str line;
	int fd = open(path, O_RDONLY | O_CLOEXEC), got;

	if (fd < 0) {
		perror(path);
		return EX_NOINPUT;
	}
	lines_init(&lines, fd, FILE_MAX);
	while ((got = lines_next(&lines, &line, &e)) > 0) {
		judge(line, &a);
		arena_reset(&a);
	}
	lines_fini(&lines);
	close(fd);
	arena_free(&a);
	return got < 0 ? EX_DATAERR : EX_OK;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--decode") == 0)
		return decode_all(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return do_all(argv[2], true) ? EX_OK : 1;
	if (argc == 2 && argv[1][0] != '-')
		return do_all(argv[1], false) ? EX_OK : EX_CANTCREAT;
	fputs("usage: schemas DIR | --check DIR | --decode FILE\n", stderr);
	return EX_USAGE;
}
