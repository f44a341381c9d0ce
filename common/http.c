/*
 * A pool of easy handles has everything set that is the same for all requests,
 * and only what differs from the last one is set per request: that, and what
 * http_loop.c does, keeps this as quick as a bare curl loop.
 */
#include "common/http_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/buf.h"
#include "common/http_end.h"
#include "common/unpack.h"
#include "common/xmem.h"

enum {
	CONNECTIONS = 256, /* defaults of http_config */
	PER_HOST = 8,
	STALL_BYTES = 10,  /* per second */
	BUFFER = 16 << 10, /* curl's, of each request under way */
	STREAM_BUFFER = 4 << 10,
};

struct http_call {
	struct http *http;
	struct bank *bank; /* where it is under way */
	CURL *easy;
	unsigned generation;
	http_fn *fn;
	void *arg;
	struct buf body;
	size_t header_bytes, header_lines;
	bool plain; /* the handle is set for a GET without a body */
	bool too_large;
	bool proxied; /* the handle is set for a proxy */
	const struct http_proxy *proxy;
	struct curl_slist *connect_to;
	bool sent; /* a connection stood */
	const struct http_stream *stream;
	bool streaming;	       /* its body has begun */
	size_t chunked;	       /* bytes that were handed on of one read */
	bool streams;	       /* what the handle was last set to */
	const char *refused;   /* by the guard: what the address is */
	struct unpack *unpack; /* NULL: the body is as it comes */
	bool endless;	       /* a stream of events, where none was wanted */
	struct err spoilt;     /* why it cannot be unpacked; code 0: it can */
	bool begun;	       /* the body */
	/* What the handle was last given. */
	int64_t timeout_ms, connect_ms, max_redirects, max_bytes;
	const struct http_headers *headers;
	char error[CURL_ERROR_SIZE];
	struct http_call *next; /* while idle */
	struct http_call *busy_next, **busy_prev;
};

/* ---- what curl calls during a transfer ---- */

static bool take_body(void *arg, struct str piece)
{
	struct http_call *c = arg;

	if (c->streaming) {
		c->chunked += piece.len;
		c->too_large = c->chunked > HTTP_STREAM_MAX;
		if (!c->too_large)
			c->stream->chunk(c->arg, piece);
		return !c->too_large;
	}
	buf_add_str(&c->body, piece);
	c->too_large = c->body.full;
	return !c->too_large;
}

static int begin_body(struct http_call *c)
{
	const struct http_response r = { .call = c };
	struct buf codings = { 0 };
	int rc = unpack_new(http_header_all(&r, "Content-Encoding", &codings),
			    &c->unpack, &c->spoilt);

	buf_free(&codings);
	c->begun = true;
	return rc;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	const struct str bytes = { p, size * n };
	struct http_call *c = arg;

	if (!c->begun && begin_body(c))
		return 0;
	c->chunked = 0;
	if (!c->unpack)
		return take_body(c, bytes) ? n : 0;
	return unpack_feed(c->unpack, bytes, take_body, c, &c->spoilt) ? 0 : n;
}

/* The end of a head. False: the body that follows is not wanted. */
static bool begin_stream(struct http_call *c)
{
	struct http_response r = { .result = HTTP_OK, .call = c };
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 || c->streaming) /* or a trailer's */
		return true;
	r.status = (int)status;
	c->streaming = c->stream->head(c->arg, &r);
	return c->streaming;
}

/* A body that never ends is no page: who wants it says so (http_stream). */
static bool is_endless(struct http_call *c)
{
	const struct http_response r = { .call = c };
	struct str rest;
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 &&
	       str_eq_nocase(str_trim(str_cut(http_header(&r, "content-type"),
					      ';', &rest)),
			     STR("text/event-stream"));
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	c->header_bytes += size * n;
	c->header_lines++;
	if (c->header_bytes > HTTP_HEADERS_MAX ||
	    c->header_lines > HTTP_HEADER_LINES_MAX) {
		c->too_large = true;
		return 0;
	}
	if (size * n != 2 || memcmp(p, "\r\n", 2) != 0)
		return n;
	if (c->stream)
		return begin_stream(c) ? n : 0;
	c->endless = is_endless(c);
	return c->endless ? 0 : n;
}

/* Where a proxy may stand, or whatever else answers us. */
static const char *refuses(const struct http_call *c, const struct sockaddr *sa)
{
	const struct http *h = c->http;
	const char *what = h->guard ? netguard_refuses(h->guard, sa) : NULL;

	if (what && c->proxy && h->proxy_guard)
		what = netguard_refuses(h->proxy_guard, sa);
	return what;
}

static const char *refuses_text(const struct http_call *c, const char *peer,
				unsigned port)
{
	const struct http *h = c->http;
	const char *what =
		h->guard ? netguard_refuses_text(h->guard, peer, port) : NULL;

	if (what && c->proxy && h->proxy_guard)
		what = netguard_refuses_text(h->proxy_guard, peer, port);
	return what;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose,
			     struct curl_sockaddr *a)
{
	struct http_call *c = arg;
	const char *what = refuses(c, &a->addr);
	curl_socket_t s;

	(void)purpose;
	if (what) {
		c->refused = what;
		return CURL_SOCKET_BAD;
	}
	s = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	if (s != CURL_SOCKET_BAD)
		http_opened(c->bank, s);
	return s;
}

/* A connection that was opened for one request may serve another. */
static int on_request(void *arg, char *peer, char *local, int peer_port,
		      int local_port)
{
	struct http_call *c = arg;

	(void)local;
	(void)local_port;
	c->sent = true;
	/* Of several addresses one was good. */
	c->refused = refuses_text(c, peer, (unsigned)peer_port);
	return c->refused ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- how calls end ---- */

static bool is_https(CURL *y)
{
	const char *url = NULL;

	curl_easy_getinfo(y, CURLINFO_EFFECTIVE_URL, &url);
	return url && strncasecmp(url, "https:", 6) == 0;
}

static void look_at_end(const struct http_call *c, CURLcode rc,
			struct http_end *end)
{
	curl_off_t connected = 0;
	CURL *y = c->easy;

	*end = (struct http_end){
		.code = (int)rc,
		.sent = c->sent,
		.too_large = c->too_large,
		.refused = c->refused,
		.endless = c->endless,
		.header_bytes = c->header_bytes,
		.header_lines = c->header_lines,
		.max_bytes = c->streaming ? HTTP_STREAM_MAX : c->body.max,
		.error = c->error,
	};
	curl_easy_getinfo(y, CURLINFO_RESPONSE_CODE, &end->status);
	if (!c->proxy)
		return;
	end->proxy = c->proxy->url;
	end->https = is_https(y);
	curl_easy_getinfo(y, CURLINFO_HTTP_CONNECTCODE, &end->tunnel);
	curl_easy_getinfo(y, CURLINFO_PROXY_ERROR, &end->socks);
	curl_easy_getinfo(y, CURLINFO_CONNECT_TIME_T, &connected);
	end->reached = connected != 0;
}

/* The body is here: is it whole? */
static CURLcode finish_body(struct http_call *c, CURLcode rc)
{
	if (rc == CURLE_OK && c->unpack)
		unpack_end(c->unpack, &c->spoilt);
	unpack_free(&c->unpack);
	if (!c->spoilt.code || c->too_large)
		return rc;
	str_copy(c->error, sizeof(c->error), str_from(c->spoilt.msg));
	return CURLE_BAD_CONTENT_ENCODING;
}

static void call_free(struct http_call *c)
{
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->connect_to);
	buf_free(&c->body);
	free(c);
}

static void call_idle(struct http_call *c)
{
	struct http *h = c->http;

	unpack_free(&c->unpack); /* of one that was cancelled */
	*c->busy_prev = c->busy_next;
	if (c->busy_next)
		c->busy_next->busy_prev = c->busy_prev;
	h->n_busy--;
	if (c->generation != h->generation) {
		call_free(c);
		return;
	}
	if (c->body.cap > HTTP_KEEP_BYTES)
		buf_free(&c->body);
	buf_reset(&c->body);
	c->next = h->idle;
	h->idle = c;
}

static void call_done(struct http_call *c, CURLcode rc)
{
	char text[CURL_ERROR_SIZE];
	struct http_response r = { .call = c };
	struct http_end end;
	curl_off_t us = 0;
	char *s = NULL;

	curl_multi_remove_handle(c->bank->multi, c->easy);
	look_at_end(c, finish_body(c, rc), &end);
	r.result = http_end_result(&end);
	r.reason = http_end_reason(&end, r.result, text, sizeof(text));
	curl_easy_getinfo(c->easy, CURLINFO_TOTAL_TIME_T, &us);
	r.status = (int)end.status;
	r.sent = c->sent;
	r.total_us = us;
	if (!curl_easy_getinfo(c->easy, CURLINFO_EFFECTIVE_URL, &s))
		r.url = s ? s : "";
	s = NULL;
	if (end.status / 100 == 3 && end.status != 304 &&
	    !curl_easy_getinfo(c->easy, CURLINFO_REDIRECT_URL, &s))
		r.location = s;
	if (r.result == HTTP_OK)
		r.body = buf_str(&c->body);
	c->fn(c->arg, &r);
	call_idle(c);
}

void http_drain(struct bank *b)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(b->multi, &left))) {
		CURLcode rc = m->data.result;
		char *c = NULL;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		call_done((struct http_call *)(void *)c, rc);
	}
}

/* ---- handles ---- */

/*
 * One file, and no directory beside it: only what comes from a file alone does
 * curl read once, and not for each connection (40 ms, 900 KB).
 */
static void set_ca(struct http_call *c)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
	const char *file = c->http->ca_file ? c->http->ca_file : v->cainfo;

	if (!file || (!c->http->ca_file && access(file, R_OK)))
		return;
	curl_easy_setopt(c->easy, CURLOPT_CAINFO, file);
	curl_easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c->easy, CURLOPT_PROXY_CAINFO, file);
	curl_easy_setopt(c->easy, CURLOPT_PROXY_CAPATH, NULL);
}

/* All that is the same for every request of this client. */
static bool easy_init(struct http_call *c)
{
	struct http *h = c->http;
	CURL *y = c->easy;

	/* Others fail only for want of memory or for an unknown option. */
	curl_easy_setopt(y, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(y, CURLOPT_PRIVATE, (void *)c);
	curl_easy_setopt(y, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(y, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(y, CURLOPT_PROXY, "");
	curl_easy_setopt(y, CURLOPT_USERAGENT, h->user_agent);
	set_ca(c);
	/* What a proxy says to CONNECT is no header of the answer. */
	curl_easy_setopt(y, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(y, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
	curl_easy_setopt(y, CURLOPT_LOW_SPEED_TIME, (long)HTTP_STALL_S);
	curl_easy_setopt(y, CURLOPT_MAXAGE_CONN, (long)HTTP_IDLE_S);
	curl_easy_setopt(y, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(y, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(y, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(y, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(y, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(y, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(y, CURLOPT_CLOSESOCKETFUNCTION, http_closed);
	curl_easy_setopt(y, CURLOPT_CLOSESOCKETDATA, h);
	curl_easy_setopt(y, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(y, CURLOPT_PREREQDATA, c);
	/* It is asked for by curl, and undone by unpack. */
	curl_easy_setopt(y, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	return !curl_easy_setopt(y, CURLOPT_ACCEPT_ENCODING, UNPACK_ACCEPT) &&
	       !curl_easy_setopt(y, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       !curl_easy_setopt(y, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
}

static struct http_call *call_new(struct http *h)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	c->http = h;
	c->generation = h->generation;
	c->plain = true;
	c->timeout_ms = c->connect_ms = c->max_redirects = c->max_bytes = -1;
	c->easy = curl_easy_init();
	if (!c->easy || !easy_init(c))
		xmalloc(SIZE_MAX); /* the way that we run out of memory */
	return c;
}

static void set_method(struct http_call *c, const struct http_request *req)
{
	const char *method = req->method;
	CURL *y = c->easy;

	if (!method && !req->body.p && c->plain)
		return;
	curl_easy_setopt(y, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(y, CURLOPT_CUSTOMREQUEST, NULL);
	c->plain = !method && !req->body.p;
	if (req->body.p) {
		curl_easy_setopt(y, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)req->body.len);
		curl_easy_setopt(y, CURLOPT_POSTFIELDS, req->body.p);
	}
	if (method && strcmp(method, "HEAD") == 0)
		curl_easy_setopt(y, CURLOPT_NOBODY, 1L);
	else if (method)
		curl_easy_setopt(y, CURLOPT_CUSTOMREQUEST, method);
}

static void set_stream(struct http_call *c, bool streams)
{
	CURL *y = c->easy;

	if (c->streams == streams)
		return;
	c->streams = streams;
	curl_easy_setopt(y, CURLOPT_LOW_SPEED_LIMIT,
			 streams ? 0L : (long)STALL_BYTES);
	curl_easy_setopt(y, CURLOPT_BUFFERSIZE,
			 streams ? (long)STREAM_BUFFER : (long)BUFFER);
}

/* "::ADDRESS:": whatever the host, connect there. */
static void set_address(struct http_call *c, const char *address)
{
	bool v6 = address && strchr(address, ':');
	char text[128];

	curl_slist_free_all(c->connect_to);
	c->connect_to = NULL;
	if (address) {
		snprintf(text, sizeof(text), "::%s%s%s:", v6 ? "[" : "",
			 address, v6 ? "]" : "");
		c->connect_to = curl_slist_append(NULL, text);
	}
	curl_easy_setopt(c->easy, CURLOPT_CONNECT_TO, c->connect_to);
}

/*
 * The texts are copied by curl. Connections are told apart by the proxy's
 * scheme, host and port, so that nobody else's is used.
 */
static void set_proxy(struct http_call *c, const struct http_request *req)
{
	const struct http_proxy *p = req->proxy;
	long alone = p && p->alone;
	CURL *y = c->easy;

	c->proxy = p;
	if (!p && !c->proxied)
		return;
	c->proxied = p != NULL;
	curl_easy_setopt(y, CURLOPT_PROXY, p ? p->url : "");
	curl_easy_setopt(y, CURLOPT_PROXYUSERNAME, p ? p->user : NULL);
	curl_easy_setopt(y, CURLOPT_PROXYPASSWORD, p ? p->password : NULL);
	curl_easy_setopt(y, CURLOPT_FRESH_CONNECT, alone);
	curl_easy_setopt(y, CURLOPT_FORBID_REUSE, alone);
	set_address(c, p ? req->address : NULL);
}

/* What differs between requests, where it differs from the last one. */
static void set_request(struct http_call *c, const struct http_request *req)
{
	int64_t connect = req->connect_ms ? req->connect_ms : req->timeout_ms;
	int64_t timeout = req->stream ? 0 : req->timeout_ms;
	int64_t max_bytes = req->stream ? 0 : (int64_t)req->max_bytes;
	CURL *y = c->easy;

	curl_easy_setopt(y, CURLOPT_URL, req->url);
	/*
	 * A second request waits until it is known whether the first one's
	 * connection can carry both. Without TLS curl learns that only from the
	 * answer, so that one slow answer would hold up all others.
	 */
	curl_easy_setopt(y, CURLOPT_PIPEWAIT,
			 (long)(strncasecmp(req->url, "https:", 6) == 0));
	set_method(c, req);
	set_proxy(c, req);
	if (c->headers != req->headers || req->headers)
		curl_easy_setopt(y, CURLOPT_HTTPHEADER,
				 http_headers_list(req->headers));
	c->headers = req->headers;
	set_stream(c, req->stream != NULL);
	if (c->timeout_ms != timeout)
		curl_easy_setopt(y, CURLOPT_TIMEOUT_MS, (long)timeout);
	c->timeout_ms = timeout;
	if (c->connect_ms != connect)
		curl_easy_setopt(y, CURLOPT_CONNECTTIMEOUT_MS, (long)connect);
	c->connect_ms = connect;
	if (c->max_redirects != (int64_t)req->max_redirects) {
		curl_easy_setopt(y, CURLOPT_FOLLOWLOCATION,
				 (long)(req->max_redirects > 0));
		curl_easy_setopt(y, CURLOPT_MAXREDIRS,
				 (long)req->max_redirects);
	}
	c->max_redirects = req->max_redirects;
	/* Counts what is announced; on_body() counts what comes. */
	if (c->max_bytes != max_bytes)
		curl_easy_setopt(y, CURLOPT_MAXFILESIZE_LARGE,
				 (curl_off_t)max_bytes);
	c->max_bytes = max_bytes;
}

struct http_call *http_send(struct http *h, const struct http_request *req,
			    http_fn *fn, void *arg)
{
	struct http_call *c = h->idle;

	if (c)
		h->idle = c->next;
	else
		c = call_new(h);
	c->fn = fn;
	c->arg = arg;
	c->body.max = req->max_bytes;
	c->body.full = false;
	c->header_bytes = c->header_lines = 0;
	c->too_large = c->sent = c->streaming = c->begun = false;
	c->spoilt.code = 0;
	c->stream = req->stream;
	c->refused = NULL;
	c->endless = false;
	c->error[0] = '\0';
	set_request(c, req);
	c->busy_next = h->busy;
	c->busy_prev = &h->busy;
	if (h->busy)
		h->busy->busy_prev = &c->busy_next;
	h->busy = c;
	h->n_busy++;
	c->bank = http_bank(h, req);
	curl_multi_add_handle(c->bank->multi, c->easy);
	return c;
}

void http_cancel(struct http_call **callp)
{
	if (!*callp)
		return;
	curl_multi_remove_handle((*callp)->bank->multi, (*callp)->easy);
	call_idle(*callp);
	*callp = NULL;
}

void http_pause(struct http_call *call, bool paused)
{
	curl_easy_pause(call->easy, paused ? CURLPAUSE_RECV : CURLPAUSE_CONT);
}

struct str http_header(const struct http_response *r, const char *name)
{
	struct curl_header *h;

	if (!r->call)
		return (struct str){ 0 };
	/* How many there are is known only from one of them. */
	if (curl_easy_header(r->call->easy, name, 0, CURLH_HEADER, -1, &h))
		return (struct str){ 0 };
	if (h->amount > 1)
		curl_easy_header(r->call->easy, name, h->amount - 1,
				 CURLH_HEADER, -1, &h);
	return str_from(h->value);
}

struct str http_header_all(const struct http_response *r, const char *name,
			   struct buf *b)
{
	struct curl_header *h;
	size_t n = 0;

	buf_reset(b);
	while (r->call && curl_easy_header(r->call->easy, name, n, CURLH_HEADER,
					   -1, &h) == CURLHE_OK) {
		buf_puts(b, n++ ? ", " : "");
		buf_puts(b, h->value);
	}
	return n ? buf_str(b) : (struct str){ 0 };
}

unsigned http_busy(const struct http *h)
{
	return h->n_busy;
}

static void free_idle(struct http *h)
{
	struct http_call *c;

	while ((c = h->idle)) {
		h->idle = c->next;
		call_free(c);
	}
}

void http_set(struct http *h, const struct http_config *config)
{
	const char *agent = config->user_agent ? config->user_agent : "weir";
	unsigned total = config->max_connections, tls = config->max_tls;
	unsigned per_host = config->max_per_host;

	total = total ? total : CONNECTIONS;
	tls = tls ? tls : total;
	per_host = per_host ? per_host : PER_HOST;
	free(h->user_agent);
	free(h->ca_file);
	h->guard = config->guard;
	h->proxy_guard = config->proxy_guard;
	h->user_agent = xstrdup(agent);
	h->ca_file = config->ca_file ? xstrdup(config->ca_file) : NULL;
	h->generation++;
	free_idle(h);
	http_banks_set(h, total, tls, per_host);
}

struct http *http_new(struct loop *l, const struct http_config *config,
		      struct err *e)
{
	struct http *h = xcalloc(1, sizeof(*h));

	h->loop = l;
	if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
		err_set(e, EX_SOFTWARE, "http: libcurl does not start");
		http_free(&h);
		return NULL;
	}
	http_set(h, config);
	return h;
}

void http_free(struct http **hp)
{
	struct http *h = *hp;
	struct http_call *c;

	if (!h)
		return;
	while ((c = h->busy)) {
		curl_multi_remove_handle(c->bank->multi, c->easy);
		call_idle(c);
	}
	free_idle(h);
	http_banks_free(h);
	http_loop_detach(h);
	free(h->user_agent);
	free(h->ca_file);
	free(h);
	*hp = NULL;
}
