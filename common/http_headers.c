#include "common/http_headers.h"

#include <stdint.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "common/http_private.h"
#include "common/xmem.h"

/* As curl wants them, so that a request makes nothing. */
struct http_headers {
	struct curl_slist *list;
};

static void add_line(struct http_headers *h, const char *line)
{
	struct curl_slist *l = curl_slist_append(h->list, line);

	if (!l)
		xmalloc(SIZE_MAX); /* the way that we run out of memory */
	h->list = l;
}

struct http_headers *http_headers_join(const struct http_headers *base,
				       const char *const *lines, size_t n)
{
	struct http_headers *h;

	if (n == 0 && !base)
		return NULL;
	h = xcalloc(1, sizeof(*h));
	for (size_t i = 0; http_headers_line(base, i); i++)
		add_line(h, http_headers_line(base, i));
	for (size_t i = 0; i < n; i++)
		add_line(h, lines[i]);
	return h;
}

struct http_headers *http_headers_new(const char *const *lines, size_t n)
{
	return http_headers_join(NULL, lines, n);
}

const char *http_headers_line(const struct http_headers *h, size_t i)
{
	const struct curl_slist *l = h ? h->list : NULL;

	while (l && i--)
		l = l->next;
	return l ? l->data : NULL;
}

void http_headers_free(struct http_headers **hp)
{
	if (*hp)
		curl_slist_free_all((*hp)->list);
	free(*hp);
	*hp = NULL;
}

struct curl_slist *http_headers_list(const struct http_headers *h)
{
	return h ? h->list : NULL;
}
