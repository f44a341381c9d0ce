#include "common/smtp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>

#include <curl/curl.h>

#include "common/buf.h"
#include "common/xmem.h"

struct smtp {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct smtp_call *calls;
};

struct smtp_call {
	struct smtp *smtp;
	struct smtp_call *next, **prev;
	CURL *easy;
	struct curl_slist *to;
	smtp_fn *fn;
	void *arg;
	curl_socket_t fd;
	struct str mail;
	size_t given; /* bytes of it */
	bool mailing; /* from MAIL on */
	bool final;   /* the reply is whole */
	bool judged;  /* a reply came to the whole mail */
	bool over;    /* so did the last one that matters */
	int code;
	struct buf reply;
	char error[CURL_ERROR_SIZE];
};

/* ---- what curl does ---- */

/* The next bytes of the mail. */
static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
	struct smtp_call *c = arg;
	struct str rest = str_sub(c->mail, c->given, c->mail.len);
	size_t len = rest.len < size * n ? rest.len : size * n;

	if (len)
		memcpy(p, rest.p, len);
	c->given += len;
	return len;
}

static bool is_given(const struct smtp_call *c)
{
	return c->given == c->mail.len;
}

/*
 * A line of a reply. Behind the last one that matters there is nothing to read
 * any more: curl says QUIT and would wait for an answer, and all of us with it.
 */
static size_t on_reply(char *p, size_t size, size_t n, void *arg)
{
	struct smtp_call *c = arg;
	struct str line = { p, size * n };
	uint64_t code;

	if (line.len < 3 || c->over || !str_u64(str_sub(line, 0, 3), &code))
		return n;
	if (c->final)
		buf_reset(&c->reply);
	c->final = line.len < 4 || p[3] != '-';
	if (c->reply.len)
		buf_putc(&c->reply, ' ');
	if (c->reply.len < SMTP_REPLY_MAX)
		buf_add_str(&c->reply, str_trim(str_sub(line, 4, line.len)));
	if (!c->final)
		return n;
	c->code = (int)code;
	c->judged = c->mailing && is_given(c) && c->code != 354;
	c->over = c->judged || (c->mailing && c->code >= 400);
	if (c->over)
		shutdown(c->fd, SHUT_RD);
	return n;
}

/* The commands that we send; "DATA" alone does not show elsewhere. */
static int on_trace(CURL *easy, curl_infotype what, char *p, size_t len,
		    void *arg)
{
	struct smtp_call *c = arg;

	(void)easy;
	if (what == CURLINFO_HEADER_OUT &&
	    str_starts((struct str){ p, len }, STR("MAIL FROM")))
		c->mailing = true;
	return 0;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose,
			     struct curl_sockaddr *a)
{
	struct smtp_call *c = arg;

	(void)purpose;
	c->fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
	return c->fd;
}

/* ---- how it ends ---- */

static enum smtp_result result_of(const struct smtp_call *c, CURLcode rc)
{
	switch (rc) {
	case CURLE_OK: return SMTP_OK;
	case CURLE_OPERATION_TIMEDOUT: return SMTP_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST: return SMTP_NO_HOST;
	case CURLE_COULDNT_CONNECT: return SMTP_NO_CONNECT;
	case CURLE_LOGIN_DENIED: return SMTP_NO_AUTH;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_USE_SSL_FAILED: return SMTP_BAD_TLS;
	default: return c->code >= 400 ? SMTP_REFUSED : SMTP_BROKEN;
	}
}

static void call_free(struct smtp_call *c)
{
	curl_multi_remove_handle(c->smtp->multi, c->easy);
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->to);
	buf_free(&c->reply);
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
}

static void call_done(struct smtp_call *c, CURLcode rc)
{
	struct smtp_response r = {
		.result = result_of(c, rc),
		.code = c->code,
		.reply = buf_str(&c->reply),
		.sent = c->mailing && is_given(c) && !c->judged,
	};

	r.reason = r.result == SMTP_OK ? ""
		   : *c->error	       ? c->error
				       : curl_easy_strerror(rc);
	c->fn(c->arg, &r);
	call_free(c);
}

static void drain(struct smtp *s)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left))) {
		CURLcode rc = m->data.result;
		char *c = NULL;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		call_done((struct smtp_call *)(void *)c, rc);
	}
}

/* ---- the loop ---- */

struct sock {
	struct smtp *smtp;
	struct loop_fd *fd;
	curl_socket_t s;
};

static void on_ready(void *arg, int what)
{
	struct sock *k = arg;
	struct smtp *s = k->smtp;
	int mask = 0, running;

	if (what & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (what & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	curl_multi_socket_action(s->multi, k->s, mask, &running);
	drain(s);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
		     void *socket)
{
	struct smtp *s = arg;
	struct sock *k = socket;
	int interest = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (k)
			loop_fd_free(&k->fd);
		free(k);
		return 0;
	}
	if (what & CURL_POLL_IN)
		interest |= LOOP_READ;
	if (what & CURL_POLL_OUT)
		interest |= LOOP_WRITE;
	if (!k) {
		k = xcalloc(1, sizeof(*k));
		*k = (struct sock){ .smtp = s, .s = fd };
		k->fd = loop_fd_new(s->loop, fd, interest, on_ready, k);
		curl_multi_assign(s->multi, fd, k);
	}
	loop_fd_set(k->fd, interest);
	return 0;
}

static void on_timeout(void *arg)
{
	struct smtp *s = arg;
	int running;

	curl_multi_socket_action(s->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	drain(s);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct smtp *s = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(s->timer);
	else
		loop_timer_start(s->timer, ms);
	return 0;
}

/* ---- handles ---- */

static void set_tls(CURL *y, const struct smtp_request *req)
{
	static const long level[] = {
		[SMTP_TLS_REQUIRED] = CURLUSESSL_ALL,
		[SMTP_TLS_TRY] = CURLUSESSL_TRY,
		[SMTP_TLS_NO] = CURLUSESSL_NONE,
	};

	curl_easy_setopt(y, CURLOPT_USE_SSL, level[req->tls]);
	curl_easy_setopt(y, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!req->ca_file)
		return;
	curl_easy_setopt(y, CURLOPT_CAINFO, req->ca_file);
	curl_easy_setopt(y, CURLOPT_CAPATH, NULL);
}

static bool set_request(struct smtp_call *c, const struct smtp_request *req)
{
	CURL *y = c->easy;

	curl_easy_setopt(y, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(y, CURLOPT_PRIVATE, (void *)c);
	curl_easy_setopt(y, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(y, CURLOPT_PROXY, "");
	curl_easy_setopt(y, CURLOPT_URL, req->url);
	curl_easy_setopt(y, CURLOPT_USERNAME, req->login);
	curl_easy_setopt(y, CURLOPT_PASSWORD, req->password);
	curl_easy_setopt(y, CURLOPT_MAIL_FROM, req->from);
	curl_easy_setopt(y, CURLOPT_MAIL_RCPT, c->to);
	curl_easy_setopt(y, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(y, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(y, CURLOPT_READDATA, c);
	curl_easy_setopt(y, CURLOPT_HEADERFUNCTION, on_reply);
	curl_easy_setopt(y, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(y, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(y, CURLOPT_DEBUGFUNCTION, on_trace);
	curl_easy_setopt(y, CURLOPT_DEBUGDATA, c);
	curl_easy_setopt(y, CURLOPT_OPENSOCKETFUNCTION, on_open);
	curl_easy_setopt(y, CURLOPT_OPENSOCKETDATA, c);
	curl_easy_setopt(y, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(y, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(y, CURLOPT_TIMEOUT_MS, (long)req->timeout_ms);
	set_tls(y, req);
	return !curl_easy_setopt(y, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
}

struct smtp_call *smtp_call_new(struct smtp *s, const struct smtp_request *req,
				smtp_fn *fn, void *arg)
{
	struct smtp_call *c = xcalloc(1, sizeof(*c));

	c->smtp = s;
	c->fn = fn;
	c->arg = arg;
	c->fd = -1;
	c->to = curl_slist_append(NULL, req->to);
	c->easy = curl_easy_init();
	if (!c->to || !c->easy || !set_request(c, req))
		xmalloc(SIZE_MAX); /* the way that we run out of memory */
	c->next = s->calls;
	c->prev = &s->calls;
	if (s->calls)
		s->calls->prev = &c->next;
	s->calls = c;
	return c;
}

void smtp_send(struct smtp_call *c, struct str mail)
{
	c->mail = mail;
	curl_easy_setopt(c->easy, CURLOPT_INFILESIZE_LARGE,
			 (curl_off_t)mail.len);
	curl_multi_add_handle(c->smtp->multi, c->easy);
}

void smtp_cancel(struct smtp_call **callp)
{
	if (*callp)
		call_free(*callp);
	*callp = NULL;
}

struct smtp *smtp_new(struct loop *l, struct err *e)
{
	struct smtp *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	if (!curl_global_init(CURL_GLOBAL_DEFAULT))
		s->multi = curl_multi_init();
	if (!s->multi) {
		free(s);
		err_set(e, EX_SOFTWARE, "smtp: libcurl does not start");
		return NULL;
	}
	s->timer = loop_timer_new(l, on_timeout, s);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(s->multi, CURLMOPT_TIMERDATA, s);
	return s;
}

void smtp_free(struct smtp **sp)
{
	struct smtp *s = *sp;

	if (!s)
		return;
	while (s->calls)
		call_free(s->calls);
	curl_multi_cleanup(s->multi);
	loop_timer_free(&s->timer);
	free(s);
	*sp = NULL;
}
