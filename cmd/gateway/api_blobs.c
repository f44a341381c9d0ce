#include <stdio.h>
#include <sysexits.h>

#include "common/blob.h"

#include "api.h"
#include "http.h"

/*
 * What was scraped is shown without scripts, forms or frames; under its hash
 * it stays what it is for ever.
 */
#define HEADERS                                                   \
	"ETag: %s\r\n"                                            \
	"Cache-Control: private, max-age=31536000, immutable\r\n" \
	"Content-Security-Policy: sandbox; default-src 'none'\r\n"

static void answer(struct net_conn *c, const char *etag, bool has_it,
		   bool is_text, struct str content)
{
	char headers[512];
	struct net_answer a = { .status = has_it ? 304 : 200,
				.headers = headers };

	snprintf(headers, sizeof(headers), HEADERS, etag);
	if (!has_it) {
		a.type = is_text ? "text/plain; charset=utf-8"
				 : "application/octet-stream";
		a.body = content;
	}
	net_answer(c, &a);
}

void api_blobs(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, struct str rest)
{
	const char *dir = g->settings->dir;
	char etag[BLOB_ID_SIZE + 2];
	struct buf b = { 0 };
	struct str content;
	bool is_text, has_it;
	struct err e;
	int rc;

	/* It has no topic: who may read any event has its name from there. */
	if (!access_reads_some(net_who(c))) {
		err_set(&e, EX_NOPERM, "blobs may not be read with this token");
		api_fail(g, c, &e);
		return;
	}
	if (!http_check_params(r, NULL, 0, &e)) {
		http_problem(c, 400, "%s", e.msg);
		return;
	}
	snprintf(etag, sizeof(etag), "\"%.*s\"", STR_ARG(rest));
	has_it = http_has_etag(r, etag);
	if (has_it || r->method == NET_HEAD) {
		content.p = NULL; /* it is not sent */
		rc = blob_look(dir, rest, &content.len, &is_text, &e);
	} else {
		rc = blob_get(dir, rest, &b, &is_text, &e);
		content = buf_str(&b);
	}
	if (rc > 0)
		answer(c, etag, has_it, is_text, content);
	else if (rc == 0)
		http_problem(c, 404, "there is no such blob");
	else
		http_problem(c, e.code == EX_DATAERR ? 500 : 503, "%s", e.msg);
	stats_add(g->stats, "blobs_total", rc > 0 ? "found" : "not-found", 1);
	buf_free(&b);
}
