#include "try_extract.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

#include "common/buf.h"
#include "common/json.h"

#include "dom.h"
#include "extract.h"

/* One byte over the largest document, so that too large stays too large. */
static int read_all(FILE *in, struct buf *b, struct err *e)
{
	enum { PIECE = 64 << 10 };

	while (!feof(in) && b->len <= DOM_BYTES_MAX) {
		char *to = buf_reserve(b, PIECE);

		b->len += fread(to, 1, PIECE, in);
		if (ferror(in))
			return err_set(e, EX_IOERR, "document: %s",
				       strerror(errno));
	}
	return 0;
}

static int write_line(FILE *out, const struct observation *o, struct err *e)
{
	struct buf line = { 0 };
	int rc = 0;

	observation_print(o, &line);
	buf_putc(&line, '\n');
	if (fwrite(line.p, 1, line.len, out) != line.len || fflush(out))
		rc = err_set(e, EX_IOERR, "output: %s", strerror(errno));
	buf_free(&line);
	return rc;
}

struct
try {
	struct loop *loop;
	FILE *out; /* NULL: the programs alone are looked at */
	struct err *e;
	int rc;
};

static void on_extracted(void *arg, const struct extracted *x)
{
	struct try *t = arg;
	struct observation o = *x->o;

	if (o.outcome == OUTCOME_FOUND)
		o.outcome = OUTCOME_CHANGED;
	if (!t->out && o.outcome == OUTCOME_EMPTY)
		t->rc = 0;
	else if (!t->out)
		t->rc = err_set(t->e, EX_CONFIG, "%.*s", STR_ARG(o.reason));
	else if (o.outcome == OUTCOME_REFUSED)
		t->rc = err_set(t->e, EX_CONFIG, "watch: %.*s",
				STR_ARG(o.reason));
	else
		t->rc = write_line(t->out, &o, t->e);
	loop_stop(t->loop);
}

static int run(const struct wire_request *r,
	       const struct extract_pool_conf *conf, FILE *out, struct err *e)
{
	struct try t = { .loop = loop_new(e), .out = out, .e = e };
	struct extract_pool *pool;

	if (!t.loop)
		return -1;
	pool = extract_pool_new(t.loop, NULL, conf);
	extract_pool_run(pool, r, on_extracted, &t);
	loop_run(t.loop);
	extract_pool_free(&pool);
	loop_free(&t.loop);
	return t.rc;
}

static int read_and_run(const struct json *watch, const char *base_url,
			const struct extract_pool_conf *conf, FILE *in,
			FILE *out, struct err *e)
{
	const struct json *extract = json_member(watch, "extract");
	const struct json *item = json_member(watch, "item");
	const char *kind = json_string(json_member(watch, "kind"));
	const char *url = json_string(json_member(watch, "url"));
	struct buf body = { 0 }, config = { 0 };
	struct wire_request r = { .kind = kind ? str_from(kind)
					       : STR("product") };
	int rc = read_all(in, &body, e);

	if (extract)
		json_print(extract, &config);
	r.config = buf_str(&config);
	r.doc.body = body.len ? buf_str(&body) : STR("");
	r.doc.url = str_from(base_url ? base_url : url);
	r.doc.currency = str_from(json_string(json_member(item, "currency")));
	if (!rc)
		rc = run(&r, conf, out, e);
	buf_free(&body);
	buf_free(&config);
	return rc;
}

int try_extract(const char *watch_json, const char *base_url,
		const struct extract_pool_conf *conf, FILE *in, FILE *out,
		struct err *e)
{
	struct json *watch = json_parse(str_from(watch_json), JSON_UNIQUE, e);
	struct extractor *x = NULL;
	const char *kind;
	int rc = -1;

	if (!watch)
		return err_prefix(e, "watch");
	if (json_kind(watch) != JSON_OBJECT) {
		err_set(e, EX_DATAERR, "watch: is no object");
		goto out;
	}
	kind = json_string(json_member(watch, "kind"));
	x = extractor_new(kind ? kind : "product",
			  json_member(watch, "extract"), e);
	if (!x)
		err_prefix(e, "watch");
	else
		rc = read_and_run(watch, base_url, conf, in, out, e);
out:
	extractor_free(&x);
	json_free(&watch);
	return rc;
}

int try_programs(struct str kind, struct str extract,
		 const struct extract_pool_conf *conf, struct err *e)
{
	const struct wire_request r = { .kind = kind, .config = extract };

	return run(&r, conf, NULL, e);
}
