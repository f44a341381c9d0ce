#ifndef COMMON_HTTP_PRIVATE_H
#define COMMON_HTTP_PRIVATE_H

/*
 * Between http.c (requests), http_headers.c and http_loop.c (curl's sockets and
 * timer in our loop); nobody else includes this.
 */
#include "common/http.h"

struct sock;
struct curl_slist;

struct http {
	struct loop *loop;
	struct loop_timer *timer;
	void *multi; /* CURLM */
	const struct netguard *guard, *proxy_guard;
	char *user_agent, *ca_file;
	unsigned generation; /* of the settings; older handles are not used */
	struct http_call *idle, *busy;
	struct sock **socks; /* by file descriptor; http_loop.c */
	size_t n_socks;
	unsigned n_busy;
};

/* ---- http_loop.c ---- */

/* Let curl use the loop: sets the callbacks of h->multi. */
void http_loop_attach(struct http *h);
void http_loop_detach(struct http *h);

/* A socket that curl opened through us, and closes through http_closed(). */
void http_opened(struct http *h, int s);
int http_closed(void *http, int s); /* CURLOPT_CLOSESOCKETFUNCTION */

/* ---- http_headers.c ---- */

/* What CURLOPT_HTTPHEADER takes; borrowed. */
struct curl_slist *http_headers_list(const struct http_headers *h);

/* ---- http.c ---- */

/* Hand over what has ended. */
void http_drain(struct http *h);

#endif
