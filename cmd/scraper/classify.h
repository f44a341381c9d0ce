#ifndef SCRAPER_CLASSIFY_H
#define SCRAPER_CLASSIFY_H

/*
 * classify - how a request ended, as one of the typed outcomes. Pure.
 *
 * A page that blocks us often says 200: the challenge pages of the usual
 * gatekeepers are known by a header, a title or a mark that only such a page
 * has, and they are small. Marks that ordinary pages of a protected site have
 * too, or that a login form with a captcha has, count only with a status that
 * says no. The table of what was seen is tests/fixtures/classify.
 */
#include <stdint.h>

#include "common/http.h"

#include "item.h"

enum {
	CLASSIFY_REASON_MAX = 256,
	CLASSIFY_SCAN_MAX = 64 << 10, /* bytes of a page that are searched */
	CLASSIFY_PAGE_MAX = 32 << 10, /* challenge pages are small */
	CLASSIFY_TITLE_MAX = 80,
};
#define CLASSIFY_RETRY_MAX_MS (INT64_C(24) * 3600 * 1000)

struct answer {
	enum http_result result;
	const char *reason; /* where result is not HTTP_OK */
	int status;
	struct str body;
	bool conditional; /* the request named a version that we have */
	/* Headers; absent where there was none. */
	struct str content_type, retry_after;
	struct str cf_mitigated, waf_action; /* x-amzn-waf-action */
	/* Only of what is no success. */
	struct str server, kasada, datadome; /* x-kpsdk-ct, x-datadome */
};

struct verdict {
	/* OUTCOME_FOUND: there is a body to extract from. */
	enum outcome outcome;
	char reason[CLASSIFY_REASON_MAX];
	int64_t retry_ms; /* what Retry-After asks for; 0: nothing */
};

/* now_us: for a Retry-After that is a date. */
void classify(const struct answer *a, int64_t now_us, struct verdict *v_r);

/* Fill the header fields from a response. */
void answer_from(struct answer *a, const struct http_response *r);

#endif
