/*
 * At the end of each request curl looks at the connections that it keeps, one
 * by one, until it comes to the one that was used; once a second it asks the
 * kernel about each of them. With 10,000 in one handle that cost ten times the
 * request. So hosts are spread over several handles, by a hash.
 *
 * A connection without TLS that idles costs some 3 KB here and with curl, and
 * one with TLS 48 KB (7.88, OpenSSL 3.0): these have a handle of their own,
 * with a limit of its own, and one set of certificates in it, which takes 3 MB.
 */
#include "common/http_private.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "common/xmem.h"

/* The part of a URL that names a host, without its path. */
static struct str host_part(const char *url)
{
	const char *p = strstr(url, "://");

	p = p ? p + 3 : url;
	return (struct str){ p, strcspn(p, "/?#") };
}

static void set_limits(const struct http *h, const struct bank *b)
{
	bool tls = b == &h->banks[BANK_TLS];
	long max = (long)(tls ? h->tls_max : h->bank_max);

	curl_multi_setopt(b->multi, CURLMOPT_MAXCONNECTS, max);
	curl_multi_setopt(b->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, max);
	curl_multi_setopt(b->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  (long)h->host_max);
}

struct bank *http_bank(struct http *h, const struct http_request *req)
{
	const char *url = req->proxy ? req->proxy->url : req->url;
	bool tls = strncasecmp(req->url, "https:", 6) == 0 ||
		   strncasecmp(url, "https:", 6) == 0;
	size_t at = tls ? BANK_TLS : str_hash(host_part(url)) % h->n_banks;
	struct bank *b = &h->banks[at];

	if (b->multi)
		return b;
	b->http = h;
	b->multi = curl_multi_init();
	if (!b->multi)
		xmalloc(SIZE_MAX); /* the way that we run out of memory */
	http_loop_attach(b);
	set_limits(h, b);
	return b;
}

void http_banks_set(struct http *h, unsigned max_connections, unsigned max_tls,
		    unsigned max_per_host)
{
	unsigned least = max_per_host > BANK_LEAST ? max_per_host : BANK_LEAST;
	unsigned n = max_connections / least;

	h->n_banks = n < 1 ? 1 : n > HTTP_BANKS ? HTTP_BANKS : n;
	h->bank_max = (max_connections + h->n_banks - 1) / h->n_banks;
	h->tls_max = max_tls;
	h->host_max = max_per_host;
	for (size_t i = 0; i < ARRAY_LEN(h->banks); i++)
		if (h->banks[i].multi)
			set_limits(h, &h->banks[i]);
}

void http_banks_free(struct http *h)
{
	for (size_t i = 0; i < ARRAY_LEN(h->banks); i++)
		if (h->banks[i].multi)
			curl_multi_cleanup(h->banks[i].multi);
}
