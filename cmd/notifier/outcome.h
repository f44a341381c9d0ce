#ifndef NOTIFIER_OUTCOME_H
#define NOTIFIER_OUTCOME_H

/*
 * outcome - how one attempt to deliver ended, and what follows from it. Pure.
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/http.h"
#include "common/smtp.h"

enum outcome_end {
	OUTCOME_SENT,	 /* the receiver has it */
	OUTCOME_RETRY,	 /* it has not, and may take it later */
	OUTCOME_FAILED,	 /* it has not, and will not */
	OUTCOME_UNKNOWN, /* it may have it */
};

enum { OUTCOME_RECEIVER_MAX = 200, OUTCOME_MESSAGE_MAX = 200 }; /* bytes */

struct outcome {
	enum outcome_end end;
	const char *reason; /* a word; "" where it was sent */
	int status;	    /* of HTTP, SMTP or a command; -1: none */
	int64_t wait_ms;    /* the receiver asks for it, also where it has
			       taken this one; 0: it does not */
	unsigned more;	    /* parts of the text that follow this one */
	bool edit_gone;	    /* with OUTCOME_RETRY: there is nothing to change,
			       send a new message */
	char receiver[OUTCOME_RECEIVER_MAX + 1]; /* what it said; may be "" */
	char message[OUTCOME_MESSAGE_MAX + 1];	 /* its id for it; may be "" */
};

/*
 * Of a request. sent: it may have reached the server, so that a timeout or a
 * broken transfer leaves open whether it was taken.
 */
struct outcome outcome_of_http(enum http_result result, bool sent, int status);

/*
 * Of a command: 0 is sent, 75 (EX_TEMPFAIL) asks for another try, any other
 * exit status is a failure. Ended by a signal, ours at the timeout or another:
 * unknown.
 */
struct outcome outcome_of_exit(int status, int signal, bool timed_out);

/*
 * Of a mail, by the code of the server's reply (RFC 5321, 4.2) and its subject
 * (RFC 3463): 4yz asks for another try, 5yz is a failure. A mail that was given
 * and got no reply may be there. What it said is kept, of a mail that it took,
 * too.
 */
struct outcome outcome_of_smtp(const struct smtp_response *r);

/* Keep the first line of what the receiver said, made printable. */
void outcome_set_receiver(struct outcome *o, struct str text);

/*
 * Keep the receiver's id of the message that was sent, by which it can be
 * changed (kind_message.edit). One that is too long is not kept.
 */
void outcome_set_message(struct outcome *o, struct str id);

/*
 * The receiver may have said our secret back to us, as pages do that quote the
 * address that was asked for: "***" then stands for it. Of a URL it is the
 * whole, what is behind its host, and each part of that which is no shorter
 * than OUTCOME_SECRET_PART.
 */
enum { OUTCOME_SECRET_PART = 16 };
void outcome_hide(struct outcome *o, struct str secret);

#endif
