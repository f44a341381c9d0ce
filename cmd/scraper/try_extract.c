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

static int run(const struct extractor *x, const struct json *watch,
	       const char *base_url, FILE *in, FILE *out, struct err *e)
{
	const struct json *item = json_member(watch, "item");
	struct document doc = { .url = str_from(base_url) };
	struct observation o = { 0 };
	struct arena a = { 0 };
	struct buf body = { 0 };
	int rc = read_all(in, &body, e);

	if (!rc) {
		doc.body = buf_str(&body);
		if (!doc.url.p)
			doc.url = str_from(
				json_string(json_member(watch, "url")));
		doc.currency =
			str_from(json_string(json_member(item, "currency")));
		extractor_run(x, &doc, &a, &o);
		if (o.outcome == OUTCOME_FOUND)
			o.outcome = OUTCOME_CHANGED;
		rc = write_line(out, &o, e);
	}
	buf_free(&body);
	arena_free(&a);
	return rc;
}

int try_extract(const char *watch_json, const char *base_url, FILE *in,
		FILE *out, struct err *e)
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
		rc = run(x, watch, base_url, in, out, e);
out:
	extractor_free(&x);
	json_free(&watch);
	return rc;
}
