/*
 * schemas - the JSON Schema of every event type that weir knows.
 *
 *	schemas DIR			write DIR/TYPE.json for each
 *	schemas --check DIR		exit 1 where a file differs, lacks or is
 *					one too many
 *	schemas --decode FILE		judge lines {"type","data"}: "valid" or
 *					"invalid: WHY", a line each
 *	schemas --man			the types as a part of weir-events(7)
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

		snprintf(path, sizeof(path), "%s/%s.json", dir, t->type);
		shape_schema(t->shape, t->type, type_takes_null(t), &b);
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

	if (json_check(line, JSON_STRICT, &e) ||
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

static const char *kind_word(const struct shape_field *f)
{
	switch (f->kind) {
	case SHAPE_ID: return "id";
	case SHAPE_BLOB: return "blob";
	case SHAPE_DECIMAL: return "decimal";
	case SHAPE_PERCENT: return "percentage";
	case SHAPE_CURRENCY: return "currency";
	case SHAPE_DURATION:
	case SHAPE_INTERVAL: return "duration";
	case SHAPE_TIME: return "time";
	case SHAPE_URL: return "URL";
	case SHAPE_BOOL:
	case SHAPE_FLAG: return "boolean";
	case SHAPE_NUMBER:
	case SHAPE_RATE: return "number";
	case SHAPE_COUNT: return "count";
	case SHAPE_JSON: return "any";
	case SHAPE_OBJECT:
	case SHAPE_SUB: return "object";
	case SHAPE_LIST: return "array of text";
	case SHAPE_WORDS: return "text or array of text";
	case SHAPE_SUBS: return "array of objects";
	default: return "text";
	}
}

/* Words of text on lines of at most 78 bytes. */
static void print_wrapped(const char *text)
{
	struct str rest = str_from(text), word;
	size_t column = 0;

	while (str_token(&rest, " ", &word)) {
		if (column && column + 1 + word.len > 78) {
			putchar('\n');
			column = 0;
		}
		if (column)
			putchar(' ');
		printf("%.*s", STR_ARG(word));
		column += word.len + (column ? 1 : 0);
	}
	putchar('\n');
}

static void print_names(const char *const *names)
{
	struct buf b = { .max = FILE_MAX };

	buf_puts(&b, "One of");
	for (size_t i = 0; names[i]; i++)
		buf_addf(&b, "%s %s", i ? "," : "", names[i]);
	buf_putc(&b, '.');
	print_wrapped(b.p);
	buf_free(&b);
}

static void print_members(const struct shape *shape)
{
	puts(".Bl -tag -width Ds -compact");
	for (size_t i = 0; i < shape->n; i++) {
		const struct shape_field *f = &shape->fields[i];

		printf(".It Cm %s Pq %s%s%s\n", f->name, kind_word(f),
		       f->flags & SHAPE_REQUIRED ? ", required" : "",
		       f->flags & SHAPE_NULLABLE ? ", or null" : "");
		print_wrapped(f->doc);
		if (f->names)
			print_names(f->names);
	}
	puts(".El");
}

/* Objects inside others are told once, where they are first met. */
static void print_inner(const struct shape *shape)
{
	const struct shape *last = NULL;

	for (size_t i = 0; i < shape->n; i++) {
		const struct shape_field *f = &shape->fields[i];

		if (!f->sub || f->sub == last)
			continue;
		printf(".Pp\nMembers of\n.Cm %s :\n.Pp\n", f->name);
		print_members(f->sub);
		last = f->sub;
	}
}

static void print_manual(void)
{
	const struct type_entry *t, *next;

	for (size_t i = 0; (t = type_at(i)); i++) {
		printf(".Ss %s%s%s", t->type, t->subject ? "/" : "",
		       t->subject ? t->subject : "");
		/* Types of one shape stand together in the list. */
		while ((next = type_at(i + 1)) && next->shape == t->shape) {
			printf(", %s", next->type);
			i++;
		}
		putchar('\n');
		print_wrapped(t->shape->doc);
		if (t->retained)
			puts("Retained: data null deletes it.");
		else if (type_takes_null(t))
			puts("Data null undoes it.");
		if (t->shape->n == 0)
			continue;
		puts(".Pp");
		print_members(t->shape);
		print_inner(t->shape);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--decode") == 0)
		return decode_all(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return do_all(argv[2], true) ? EX_OK : 1;
	if (argc == 2 && strcmp(argv[1], "--man") == 0) {
		print_manual();
		return EX_OK;
	}
	if (argc == 2 && argv[1][0] != '-')
		return do_all(argv[1], false) ? EX_OK : EX_CANTCREAT;
	fputs("usage: schemas DIR | --check DIR | --decode FILE | --man\n",
	      stderr);
	return EX_USAGE;
}
