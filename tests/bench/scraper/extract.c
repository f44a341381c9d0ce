/*
 * Extractions per second of CPU, beside the bare parse of the same documents by
 * the same library, and beside extractions in the process that reads documents
 * for the scraper, that of handing them over included; all of it on one core.
 * With WEIR_CASES also real shop pages; with BENCH_ONLY one kind, for a profile.
 */
#include "bench.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>
#include <libxml/parser.h>
#include <myhtml/api.h>
#include <zlib.h>

#include "common/xmem.h"

#include "cmd/scraper/extract.h"

#include "child.h"
#include "pages.h"

enum { ROUNDS = 25, PAGE_MAX = 8 << 20 };

struct docs {
	struct buf *v;
	size_t n, cap;
};

static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- the bare parses ---- */

static void parse_html(const struct buf *b)
{
	static myhtml_t *my;
	static myhtml_tree_t *tree;

	if (!my) {
		my = myhtml_create();
		myhtml_init(my, MyHTML_OPTIONS_PARSE_MODE_SINGLE, 1, 0);
		tree = myhtml_tree_create();
		myhtml_tree_init(tree, my);
	}
	myhtml_parse(tree, MyENCODING_UTF_8, b->p, b->len);
}

static void parse_xml(const struct buf *b)
{
	xmlFreeDoc(xmlReadMemory(b->p, (int)b->len, NULL, NULL,
				 XML_PARSE_RECOVER | XML_PARSE_NOERROR |
					 XML_PARSE_NONET));
}

static void parse_json(const struct buf *b)
{
	cJSON_Delete(cJSON_ParseWithLength(b->p, b->len));
}

/* ---- measuring ---- */

struct job {
	const char *name, *kind, *config, *type;
	void (*bare)(const struct buf *b);
	double want_ratio, want_rate; /* 0: none */
	struct docs docs;
	size_t items; /* that must come out of all; 0: any number */
};

static void run_bare(const struct job *j)
{
	for (size_t i = 0; i < j->docs.n; i++)
		j->bare(&j->docs.v[i]);
}

static struct document document_of(const struct job *j, size_t i)
{
	return (struct document){
		.body = buf_str(&j->docs.v[i]),
		.content_type = str_from(j->type),
		.url = STR("https://shop.example/p/1"),
	};
}

static size_t run_ours(const struct job *j, const struct extractor *x,
		       struct arena *a)
{
	size_t items = 0;

	for (size_t i = 0; i < j->docs.n; i++) {
		struct observation o = { .n_items = 0 };
		const struct document doc = document_of(j, i);

		extractor_run(x, &doc, a, &o);
		items += o.n_items;
		arena_reset(a);
	}
	return items;
}

struct rates {
	double ours, bare, through_child; /* documents per second of CPU */
	double child_mib;
};

static double ours_rate(const struct job *j, const struct extractor *x,
			struct arena *a, double seconds)
{
	double from = cpu_now(), done = 0;

	while (cpu_now() - from < seconds) {
		run_ours(j, x, a);
		done += (double)j->docs.n;
	}
	return done / (cpu_now() - from);
}

static double bare_rate(const struct job *j, double seconds)
{
	double from = cpu_now(), done = 0;

	while (cpu_now() - from < seconds) {
		run_bare(j);
		done += (double)j->docs.n;
	}
	return done / (cpu_now() - from);
}

static void keep_best(double *best, double rate)
{
	if (rate > *best)
		*best = rate;
}

static struct wire_request *requests_of(const struct job *j)
{
	struct wire_request *v = xcalloc(j->docs.n, sizeof(*v));

	for (size_t i = 0; i < j->docs.n; i++)
		v[i] = (struct wire_request){ .kind = str_from(j->kind),
					      .config = str_from(j->config),
					      .doc = document_of(j, i) };
	return v;
}

/* The best of many short rounds, in turns: others use the machine too. */
static void measure(const struct job *j, double seconds, struct rates *r)
{
	struct err e;
	struct json *config =
		j->config ? json_parse(str_from(j->config), 0, &e) : NULL;
	struct extractor *x = extractor_new(j->kind, config, &e);
	struct arena a = { .keep = EXTRACT_KEEP }; /* as in the child */
	struct wire_request *requests = requests_of(j);
	size_t items;
	struct child *ch = child_start(requests, j->docs.n, &items);

	json_free(&config);
	if (!x || items != run_ours(j, x, &a) ||
	    (j->items && items != j->items)) {
		fprintf(stderr, "bench: %s finds something else\n", j->name);
		exit(1);
	}
	*r = (struct rates){ 0 };
	for (int i = 0; i < ROUNDS; i++) {
		keep_best(&r->ours, ours_rate(j, x, &a, seconds));
		keep_best(&r->bare, bare_rate(j, seconds));
		keep_best(&r->through_child, child_rate(ch, seconds));
	}
	r->child_mib = child_mib(ch);
	child_stop(&ch);
	free(requests);
	arena_free(&a);
	extractor_free(&x);
}

static struct buf *docs_add(struct docs *d)
{
	xgrow(&d->v, &d->cap, d->n, sizeof(*d->v));
	d->v[d->n] = (struct buf){ 0 };
	return &d->v[d->n++];
}

static void docs_free(struct docs *d)
{
	for (size_t i = 0; i < d->n; i++)
		buf_free(&d->v[i]);
	free(d->v);
}

static void print(struct job *j, double seconds, bool *comma)
{
	struct rates r;
	size_t bytes = 0;
	const char *only = getenv("BENCH_ONLY");

	if (only && strcmp(only, j->name) != 0) {
		docs_free(&j->docs);
		return;
	}
	for (size_t i = 0; i < j->docs.n; i++)
		bytes += j->docs.v[i].len;
	measure(j, seconds, &r);
	printf("%s\n  {\"what\":\"%s\",\"bytes\":%zu,\"per_cpu_second\":%.0f,"
	       "\"bare_parse\":%.0f,\"ratio\":%.2f",
	       *comma ? "," : "", j->name, bytes / j->docs.n, r.ours, r.bare,
	       r.ours / r.bare);
	if (j->want_ratio > 0)
		printf(",\"ratio_want\":%.1f", j->want_ratio);
	if (j->want_rate > 0)
		printf(",\"want\":%.0f", j->want_rate);
	printf(",\"through_child\":{\"per_cpu_second\":%.0f,\"ratio\":%.3f,"
	       "\"ratio_want\":0.9,\"of_bare\":%.2f,\"pss_mib\":%.1f}}",
	       r.through_child, r.through_child / r.ours,
	       r.through_child / r.bare, r.child_mib);
	*comma = true;
	docs_free(&j->docs);
}

/* ---- real pages ---- */

static void add_gz(struct docs *d, const char *path)
{
	static char page[PAGE_MAX];
	gzFile f = gzopen(path, "r");
	int n = f ? gzread(f, page, sizeof(page)) : -1;

	if (f)
		gzclose(f);
	if (n > 0)
		buf_add(docs_add(d), page, (size_t)n);
}

static void add_real(struct docs *d, const char *cases)
{
	char path[4096];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/product-pages/html", cases);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/product-pages/html/%s", cases,
			 e->d_name);
		if (strstr(e->d_name, ".gz"))
			add_gz(d, path);
	}
	if (dir)
		closedir(dir);
}

#define LIST_CONFIG                                                    \
	"{\"items\":{\"css\":\"li.result\"},\"fields\":{\"id\":"       \
	"{\"attr\":\"data-id\"},\"title\":{\"css\":\"h3\"},\"price\":" \
	"{\"css\":\".price\"},\"link\":{\"css\":\"h3 a\",\"attr\":"    \
	"\"href\"},\"image\":{\"css\":\"img\",\"attr\":\"src\"}}}"

#define JSON_CONFIG                                                       \
	"{\"items\":{\"path\":\"$.results[*]\"},\"fields\":{\"id\":"      \
	"{\"path\":\"$.id\"},\"title\":{\"path\":\"$.title\"},\"price\":" \
	"{\"path\":\"$.price.amount\"},\"currency\":{\"path\":"           \
	"\"$.price.currency\"},\"link\":{\"path\":\"$.url\"}}}"

void bench_extract(const char *bin, bool quick)
{
	const char *cases = getenv("WEIR_CASES");
	double seconds = quick ? 0.02 : 0.1;
	bool comma = false;
	struct job product = { .name = "product",
			       .kind = "product",
			       .type = "text/html; charset=utf-8",
			       .bare = parse_html,
			       .want_ratio = 0.6,
			       .items = 1 };
	struct job list = { .name = "list of 50",
			    .kind = "html",
			    .config = LIST_CONFIG,
			    .type = "text/html; charset=utf-8",
			    .bare = parse_html,
			    .want_ratio = 0.6,
			    .items = 50 };
	struct job small = { .name = "JSON of 10",
			     .kind = "json",
			     .config = JSON_CONFIG,
			     .type = "application/json",
			     .bare = parse_json,
			     .items = 10 };
	struct job many = list;
	struct job feed = { .name = "feed of 50",
			    .kind = "feed",
			    .type = "application/rss+xml",
			    .bare = parse_xml,
			    .want_rate = 2000,
			    .items = 50 };
	struct job json = { .name = "JSON of 100",
			    .kind = "json",
			    .config = JSON_CONFIG,
			    .type = "application/json",
			    .bare = parse_json,
			    .want_rate = 3000,
			    .items = 100 };
	struct job real = product;

	(void)bin;
	/* Both processes on one: two threads of a core slow each other down. */
	pin(1);
	printf("{\"bench\":\"scraper-extract\",\"kinds\":[");
	page_product(docs_add(&product.docs));
	print(&product, seconds, &comma);
	page_list(docs_add(&list.docs), 50);
	print(&list, seconds, &comma);
	many.name = "list of 500";
	many.items = 500;
	page_list(docs_add(&many.docs), 500);
	print(&many, seconds, &comma);
	page_feed(docs_add(&feed.docs), 50);
	print(&feed, seconds, &comma);
	page_json(docs_add(&json.docs), 100);
	print(&json, seconds, &comma);
	page_json(docs_add(&small.docs), 10);
	print(&small, seconds, &comma);
	real.name = "real shop pages";
	real.items = 0;
	if (cases)
		add_real(&real.docs, cases);
	if (real.docs.n)
		print(&real, seconds, &comma);
	printf("\n]}\n");
}
