/*
 * embed FILE... - write C source that holds the files, plain and gzipped, as
 * the table of cmd/gateway/assets.h. Runs while weir is built.
 *
 * embed --text NAME FILE - likewise one file, as `const char NAME[]`, and its
 * length as NAME_len.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

static void die(const char *what, const char *why)
{
	fprintf(stderr, "embed: %s: %s\n", what, why);
	exit(1);
}

/* Below web/ as it lies there; what is from elsewhere lies beside it. */
static const char *name_of(const char *path)
{
	const char *web = strstr(path, "/web/");
	const char *slash = web ? web + 4 : strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Schemas lie where the API's document looks for them. */
static const char *folder_of(const char *path)
{
	return strstr(path, "/schema/") ? "api/schema/" : "";
}

static const char *type_of(const char *path)
{
	static const char *const types[][2] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
		{ ".webmanifest", "application/manifest+json" },
	};
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	die(path, "of no known type");
	return NULL;
}

static unsigned char *read_file(const char *path, size_t *len_r)
{
	FILE *f = fopen(path, "rb");
	unsigned char *p = NULL;
	size_t cap = 0, n;

	*len_r = 0;
	if (!f)
		die(path, "cannot be read");
	do {
		p = realloc(p, cap += 65536);
		if (!p)
			die(path, "no memory");
		n = fread(p + *len_r, 1, cap - *len_r, f);
		*len_r += n;
	} while (n > 0);
	fclose(f);
	return p;
}

static unsigned char *gzip(const unsigned char *p, size_t len, size_t *len_r)
{
	z_stream z = { 0 };
	unsigned char *out;
	size_t room;

	if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY))
		die("gzip", "cannot start");
	room = deflateBound(&z, len);
	out = malloc(room);
	if (!out)
		die("gzip", "no memory");
	z.next_in = (unsigned char *)(uintptr_t)p;
	z.avail_in = (unsigned)len;
	z.next_out = out;
	z.avail_out = (unsigned)room;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		die("gzip", "failed");
	*len_r = z.total_out;
	deflateEnd(&z);
	return out;
}

static void print_bytes(const char *name, int i, const unsigned char *p,
			size_t len)
{
	printf("static const unsigned char %s_%d[] = {", name, i);
	for (size_t k = 0; k < len; k++)
		printf("%s%u,", k % 20 ? "" : "\n", p[k]);
	printf("\n};\n");
}

/* FNV-1a: changes whenever the file does. */
static uint64_t hash(const unsigned char *p, size_t len)
{
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static void print_text(const char *name, const char *path)
{
	size_t len;
	unsigned char *p = read_file(path, &len);

	printf("#include <stddef.h>\n\nextern const char %s[];\n"
	       "extern const size_t %s_len;\nconst char %s[] = {",
	       name, name, name);
	for (size_t k = 0; k < len; k++)
		printf("%s%d,", k % 20 ? "" : "\n", p[k]);
	printf("0\n};\nconst size_t %s_len = %zu;\n", name, len);
	free(p);
}

int main(int argc, char **argv)
{
	struct {
		size_t plain, gzip;
		uint64_t hash;
	} *info = calloc((size_t)argc, sizeof(*info));

	if (!info)
		die("embed", "no memory");
	if (argc == 4 && strcmp(argv[1], "--text") == 0) {
		print_text(argv[2], argv[3]);
		free(info);
		return 0;
	}
	printf("#include \"cmd/gateway/assets.h\"\n\n");
	for (int i = 1; i < argc; i++) {
		unsigned char *p = read_file(argv[i], &info[i].plain);
		unsigned char *z = gzip(p, info[i].plain, &info[i].gzip);

		info[i].hash = hash(p, info[i].plain);
		print_bytes("plain", i, p, info[i].plain);
		print_bytes("gzip", i, z, info[i].gzip);
		free(p);
		free(z);
	}
	printf("\nconst struct asset assets[] = {\n");
	for (int i = 1; i < argc; i++)
		printf("\t{ \"/%s%s\", \"%s\",\n\t  \"\\\"%016llx\\\"\", "
		       "plain_%d, gzip_%d, %zu, %zu },\n",
		       folder_of(argv[i]), name_of(argv[i]), type_of(argv[i]),
		       (unsigned long long)info[i].hash, i, i, info[i].plain,
		       info[i].gzip < info[i].plain ? info[i].gzip : 0);
	printf("};\nconst size_t n_assets = %d;\n", argc - 1);
	free(info);
	return 0;
}
