#include "outcome.h"

#include <sysexits.h>

#include "common/buf.h"

static struct outcome make(enum outcome_end end, const char *reason, int status)
{
	return (struct outcome){ .end = end,
				 .reason = reason,
				 .status = status };
}

static struct outcome of_status(int status)
{
	switch (status) {
	case 401:
	case 403:
	case 407: return make(OUTCOME_FAILED, "auth", status);
	case 408: return make(OUTCOME_RETRY, "timeout", status);
	case 429: return make(OUTCOME_RETRY, "rate-limit", status);
	}
	if (status / 100 == 2)
		return make(OUTCOME_SENT, "", status);
	if (status / 100 == 5)
		return make(OUTCOME_RETRY, "server-error", status);
	return make(OUTCOME_FAILED, "rejected", status);
}

struct outcome outcome_of_http(enum http_result result, bool sent, int status)
{
	enum outcome_end end = sent ? OUTCOME_UNKNOWN : OUTCOME_RETRY;

	switch (result) {
	case HTTP_OK:
	case HTTP_REDIRECTS:
	case HTTP_TOO_LARGE: /* of the answer the status is enough */
		if (status)
			return of_status(status);
		break;
	case HTTP_REFUSED: return make(OUTCOME_FAILED, "rejected", -1);
	case HTTP_TIMEOUT: return make(end, "timeout", -1);
	case HTTP_NO_HOST: return make(end, "dns", -1);
	case HTTP_BAD_TLS: return make(end, "tls", -1);
	case HTTP_NO_CONNECT:
	case HTTP_PROXY:
	case HTTP_NO_ROUTE:
	case HTTP_BROKEN: break;
	}
	return make(end, "network", -1);
}

struct outcome outcome_of_exit(int status, int signal, bool timed_out)
{
	if (timed_out)
		return make(OUTCOME_UNKNOWN, "timeout", -1);
	if (signal)
		return make(OUTCOME_UNKNOWN, "signal", -1);
	if (status == 0)
		return make(OUTCOME_SENT, "", 0);
	if (status == EX_TEMPFAIL)
		return make(OUTCOME_RETRY, "temporary", status);
	return make(OUTCOME_FAILED, "rejected", status);
}

/* "4.7.1 try later": it is about what we may, not about what it can. */
static bool is_policy(struct str reply)
{
	return str_starts(reply, STR("4.7."));
}

static struct outcome of_reply(const struct smtp_response *r)
{
	int code = r->code;

	if (code / 100 == 4)
		return make(OUTCOME_RETRY,
			    is_policy(r->reply) ? "rate-limit" : "server-error",
			    code);
	/* Authentication (RFC 4954, 6; 3207, 4). */
	if (r->result == SMTP_NO_AUTH || code == 530 || code == 534 ||
	    code == 535 || code == 538)
		return make(OUTCOME_FAILED, "auth", code ? code : -1);
	return make(OUTCOME_FAILED, "rejected", code);
}

static struct outcome of_smtp(const struct smtp_response *r)
{
	enum outcome_end end = r->sent ? OUTCOME_UNKNOWN : OUTCOME_RETRY;

	switch (r->result) {
	case SMTP_OK: return make(OUTCOME_SENT, "", r->code);
	case SMTP_REFUSED:
	case SMTP_NO_AUTH: return of_reply(r);
	case SMTP_TIMEOUT: return make(end, "timeout", -1);
	case SMTP_NO_HOST: return make(end, "dns", -1);
	case SMTP_BAD_TLS: return make(end, "tls", -1);
	case SMTP_NO_CONNECT:
	case SMTP_BROKEN: break;
	}
	return make(end, "network", -1);
}

struct outcome outcome_of_smtp(const struct smtp_response *r)
{
	bool replied = r->result == SMTP_OK || r->result == SMTP_REFUSED ||
		       r->result == SMTP_NO_AUTH;
	struct outcome o = of_smtp(r);

	outcome_set_receiver(&o, replied && r->reply.len ? r->reply
							 : str_from(r->reason));
	return o;
}

void outcome_set_receiver(struct outcome *o, struct str text)
{
	struct str rest;

	text = str_trim(str_cut(str_trim(text), '\n', &rest));
	str_copy(o->receiver, sizeof(o->receiver),
		 str_utf8_prefix(text, OUTCOME_RECEIVER_MAX));
	str_make_printable(o->receiver);
}

void outcome_set_message(struct outcome *o, struct str id)
{
	o->message[0] = '\0';
	if (id.len <= OUTCOME_MESSAGE_MAX && str_is_utf8(id))
		str_copy(o->message, sizeof(o->message), id);
	str_make_printable(o->message);
}

/* How much of text[at] is the secret, or its beginning where the text ends. */
static size_t secret_at(struct str text, size_t at, struct str secret)
{
	struct str rest = str_sub(text, at, text.len);

	if (str_starts(rest, secret))
		return secret.len;
	return rest.len >= 4 && str_starts(secret, rest) ? rest.len : 0;
}

static void hide_word(struct outcome *o, struct str secret)
{
	struct str text = str_from(o->receiver);
	struct buf b = { .p = NULL };
	bool found = false;
	size_t at = 0;

	while (secret.len > 1 && at < text.len) {
		size_t n = secret_at(text, at, secret);

		if (n)
			buf_puts(&b, "***");
		else
			buf_putc(&b, text.p[at]);
		found = found || n;
		at += n ? n : 1;
	}
	if (found) {
		str_copy(o->receiver, sizeof(o->receiver),
			 str_utf8_prefix(buf_str(&b), OUTCOME_RECEIVER_MAX));
		/* A secret may be half a character. */
		str_make_printable(o->receiver);
	}
	buf_free(&b);
}

void outcome_hide(struct outcome *o, struct str secret)
{
	size_t scheme = str_find(secret, STR("://"));
	struct str rest, part;

	hide_word(o, secret);
	if (scheme == (size_t)-1)
		return;
	rest = str_sub(secret, scheme + 3, secret.len);
	while (rest.len && *rest.p != '/')
		rest = str_sub(rest, 1, rest.len);
	hide_word(o, rest);
	while (str_token(&rest, "/?&=", &part))
		if (part.len >= OUTCOME_SECRET_PART)
			hide_word(o, part);
}
