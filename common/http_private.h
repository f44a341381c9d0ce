#ifndef COMMON_HTTP_PRIVATE_H
#define COMMON_HTTP_PRIVATE_H

/*
 * Between http.c (requests), http_headers.c, http_bank.c (which connections are
 * kept where) and http_loop.c (curl's sockets and timers in our loop); nobody
 * else includes this.
 */
#include "common/http.h"

struct sock;
struct curl_slist;

enum {
	BANK_LEAST = 256,      /* connections, or there is one bank less */
	BANK_TLS = HTTP_BANKS, /* behind those of plain ones */
};

/* A multi handle of curl's, with the connections that it keeps. */
struct bank {
	struct http *http;
	struct loop_timer *timer;
	void *multi; /* CURLM; NULL: not needed yet */
};

struct http {
	struct loop *loop;
	struct bank banks[BANK_TLS + 1];
	/* Limits of each of n_banks, and of BANK_TLS. */
	unsigned n_banks, bank_max, tls_max, host_max;
	const struct netguard *guard, *proxy_guard;
	char *user_agent, *ca_file;
	unsigned generation; /* of the settings; older handles are not used */
	struct http_call *idle, *busy;
	struct sock **socks; /* by file descriptor; http_loop.c */
	size_t n_socks;
	unsigned n_busy;
};

/* ---- http_loop.c ---- */

/* Let curl use the loop: sets the callbacks of b->multi. */
void http_loop_attach(struct bank *b);
/* Of all banks, once curl has let go of them. */
void http_loop_detach(struct http *h);

/* A socket that curl opened through us, and closes through http_closed(). */
void http_opened(struct bank *b, int s);
int http_closed(void *http, int s); /* CURLOPT_CLOSESOCKETFUNCTION */

/* ---- http_headers.c ---- */

/* What CURLOPT_HTTPHEADER takes; borrowed. */
struct curl_slist *http_headers_list(const struct http_headers *h);

/* ---- http_bank.c ---- */

/* The one for this request: always the same for a host, or a proxy. */
struct bank *http_bank(struct http *h, const struct http_request *req);
/* Limits as in http_config. */
void http_banks_set(struct http *h, unsigned max_connections, unsigned max_tls,
		    unsigned max_per_host);
void http_banks_free(struct http *h);

/* ---- http.c ---- */

/* Hand over what has ended. */
void http_drain(struct bank *b);

#endif
