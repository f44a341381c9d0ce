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

static void answer(struct net_conn *c, const struct net_request *r,
		   struct str id, bool is_text, struct str content)
{
	char etag[BLOB_ID_SIZE + 2], headers[512];
	struct net_answer a = { .status = 200, .headers = headers };

	snprintf(etag, sizeof(etag), "\"%.*s\"", STR_ARG(id));
	snprintf(headers, sizeof(headers), HEADERS, etag);
	if (http_has_etag(r, etag)) {
		a.status = 304;
	} else {
		a.type = is_text ? "text/plain; charset=utf-8"
				 : "application/octet-stream";
		a.body = content;
	}
	net_answer(c, &a);
}

void api_blobs(struct gateway *g, struct net_conn *c,
	       const struct net_request *r, struct str rest)
{
	struct buf b = { 0 };
	bool is_text;
	struct err e;
	int rc = blob_get(g->settings->dir, rest, &b, &is_text, &e);

	if (rc > 0)
		answer(c, r, rest, is_text, buf_str(&b));
	else if (rc == 0)
		http_problem(c, 404, "there is no such blob");
	else
		http_problem(c, e.code == EX_DATAERR ? 500 : 503, "%s", e.msg);
	stats_add(g->stats, "blobs_total", rc > 0 ? "found" : "not-found", 1);
	buf_free(&b);
}
