#ifndef COMMON_SMTP_H
#define COMMON_SMTP_H

/*
 * smtp - hands a mail to a server (RFC 5321, 6409), libcurl behind it.
 *
 * Asynchronous, in the thread of the event loop. A mail has a connection of
 * its own, and one recipient, so that there is one outcome. Once the server has
 * the mail, or does not want it, nothing waits for its answer to QUIT.
 *
 * Nothing here logs. The callback runs from the loop, once for each mail that
 * was sent and not cancelled, never before smtp_send() has returned.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/loop.h"
#include "common/str.h"

enum { SMTP_REPLY_MAX = 512 }; /* bytes of a reply that are kept */

enum smtp_result {
	SMTP_OK,      /* the server has it */
	SMTP_REFUSED, /* it does not: see code */
	SMTP_NO_AUTH, /* it does not know us: see code, or 0 */
	SMTP_TIMEOUT,
	SMTP_NO_HOST, /* the name did not resolve */
	SMTP_NO_CONNECT,
	SMTP_BAD_TLS, /* or there is none */
	SMTP_BROKEN,  /* the connection ended, or it made no sense */
};

enum smtp_tls {
	SMTP_TLS_REQUIRED, /* by STARTTLS (RFC 3207), or there is no mail */
	SMTP_TLS_TRY,	   /* where the server offers it */
	SMTP_TLS_NO,
};

struct smtp_request {
	const char *url; /* smtp://HOST:PORT; smtps://HOST:PORT: TLS at once */
	enum smtp_tls tls;
	const char *ca_file;	      /* PEM; NULL: the system's */
	const char *login, *password; /* NULL: none */
	const char *from, *to;	      /* addresses, without < and > */
	int64_t timeout_ms;	      /* for all of it */
};

struct smtp_response {
	enum smtp_result result;
	int code;	    /* of the last reply (RFC 5321, 4.2); 0: none */
	struct str reply;   /* its text, as one line */
	const char *reason; /* one line; "" where result is SMTP_OK */
	/*
	 * All of it was given, and no reply came: with another result than
	 * SMTP_OK, SMTP_REFUSED and SMTP_NO_AUTH it may have arrived.
	 */
	bool sent;
};

struct smtp;
struct smtp_call;

/* The response and all in it die when the callback returns. */
typedef void smtp_fn(void *arg, const struct smtp_response *r);

/* NULL with *e: EX_SOFTWARE. */
struct smtp *smtp_new(struct loop *l, struct err *e);
/* Cancels what is under way. Not from a callback. */
void smtp_free(struct smtp **sp);

/* For a mail that follows; all of *req is copied. */
struct smtp_call *smtp_call_new(struct smtp *s, const struct smtp_request *req,
				smtp_fn *fn, void *arg);
/*
 * Send it, once: lines (RFC 5322) that end with CRLF, borrowed until the
 * callback, after which there is no call any more.
 */
void smtp_send(struct smtp_call *c, struct str mail);

/* Its callback does not come. Not from its own callback. */
void smtp_cancel(struct smtp_call **callp);

#endif
