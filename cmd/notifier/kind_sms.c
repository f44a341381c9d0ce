/*
 * sms - a short message by Twilio's API, or one that is made like it. Nothing
 * can be changed once it is sent.
 * https://www.twilio.com/docs/messaging/api/message-resource
 * https://www.twilio.com/docs/usage/requests-to-twilio
 * https://www.twilio.com/docs/api/errors
 * https://www.twilio.com/docs/glossary/what-sms-character-limit
 */
#include <string.h>
#include <sysexits.h>

#include "common/base64.h"
#include "common/http.h"
#include "common/json.h"
#include "common/url.h"
#include "common/xmem.h"

#include "kind.h"
#include "sms_text.h"

enum {
	SEGMENTS_MAX = 10, /* a Body has at most 1600 characters */
	SEGMENTS = 3,
	RATE = 60, /* one a second from a number */
	PHONE_MAX = 15,
};

struct sms {
	const char *account, *key, *to, *from, *service, *base_url;
	char *token;
	int64_t segments;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(sms, account, "account", OPT_STR), .needed = true },
	{ KIND_KEY(sms, token, "token-file", OPT_STR), .needed = true,
	  .secret = true },
	{ KIND_KEY(sms, to, "to", OPT_STR), .needed = true },
	{ KIND_KEY(sms, from, "from", OPT_STR) },
	{ KIND_KEY(sms, service, "service", OPT_STR) },
	{ KIND_KEY(sms, key, "key", OPT_STR) },
	{ KIND_KEY(sms, base_url, "base-url", OPT_STR) },
	{ KIND_KEY(sms, segments, "segments", OPT_UINT), .min = 1,
	  .max = SEGMENTS_MAX },
};

static bool is_phone(const char *s)
{
	size_t len = *s == '+' ? strspn(s + 1, "0123456789") : 0;

	return len >= 2 && len <= PHONE_MAX && s[1 + len] == '\0';
}

/* What goes in a path and before the colon of a password. */
static int check_sid(const char *name, const char *sid, struct err *e)
{
	for (; *sid; sid++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
			    "yz0123456789-_",
			    *sid))
			return err_set(e, EX_CONFIG,
				       "%s: letters and digits expected", name);
	return 0;
}

static int check(void *settings, struct arena *a, struct err *e)
{
	struct sms *s = settings;

	(void)a;
	if (check_sid("account", s->account, e) ||
	    (s->key && check_sid("key", s->key, e)))
		return -1;
	if (!s->from == !s->service)
		return err_set(e, EX_CONFIG, "%s",
			       s->from ? "service: from is there, too"
				       : "from or service is needed");
	if (!is_phone(s->to))
		return err_set(e, EX_CONFIG,
			       "to: a number such as +491701234567 expected");
	if (!s->segments)
		s->segments = SEGMENTS;
	if (!s->base_url)
		s->base_url = "https://api.twilio.com";
	return kind_check_url("base-url", s->base_url, e);
}

/* RFC 7617; the user is the account, or a key of it. */
static void add_login(const struct sms *s, struct kind_request *req)
{
	struct buf login = { .p = NULL }, value = { .p = NULL };

	buf_addf(&login, "%s:%s", s->key ? s->key : s->account, s->token);
	buf_puts(&value, "Basic ");
	base64_add(&value, buf_str(&login));
	kind_header(req, "Authorization", buf_str(&value));
	explicit_bzero(login.p, login.len);
	explicit_bzero(value.p, value.len);
	buf_free(&login);
	buf_free(&value);
}

static void add_field(struct buf *b, const char *name, struct str value)
{
	buf_addf(b, "%s%s=", b->len ? "&" : "", name);
	url_add_encoded(b, value);
}

/* A tab alone would make it a text of UCS-2. */
static struct str without_tabs(struct str text, struct arena *a)
{
	char *p = arena_strdup(a, text);

	for (size_t i = 0; i < text.len; i++)
		if (p[i] == '\t')
			p[i] = ' ';
	return (struct str){ p, text.len };
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct sms *s = settings;
	struct buf text = { .p = NULL };
	struct arena a = { 0 };

	(void)e;
	kind_add_base(&req->url, s->base_url);
	buf_addf(&req->url, "/2010-04-01/Accounts/%s/Messages.json",
		 s->account);
	add_login(s, req);
	kind_header(req, "Content-Type",
		    STR("application/x-www-form-urlencoded"));
	sms_text_add(&text, without_tabs(km->text, &a), (size_t)s->segments);
	add_field(&req->body, "To", str_from(s->to));
	if (s->from)
		add_field(&req->body, "From", str_from(s->from));
	else
		add_field(&req->body, "MessagingServiceSid",
			  str_from(s->service));
	add_field(&req->body, "Body", buf_str(&text));
	buf_free(&text);
	arena_free(&a);
	return 0;
}

/* Of an answer, or of a message that has failed at once. */
static void judge_code(struct str code, struct outcome *o)
{
	static const struct {
		const char *code;
		enum outcome_end end;
		const char *reason;
	} t[] = {
		{ "20003", OUTCOME_FAILED, "auth" }, /* no such login */
		{ "20005", OUTCOME_FAILED, "auth" }, /* account not active */
		{ "30002", OUTCOME_FAILED, "auth" }, /* account suspended */
		{ "21610", OUTCOME_FAILED, "unsubscribed" }, /* said STOP */
		{ "20429", OUTCOME_RETRY, "rate-limit" },
		{ "14107", OUTCOME_RETRY, "rate-limit" },
		{ "30001", OUTCOME_RETRY, "rate-limit" },  /* queue is full */
		{ "30003", OUTCOME_RETRY, "unreachable" }, /* phone is off */
		{ "30008", OUTCOME_RETRY, "unreachable" }, /* nobody knows */
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (str_is(code, t[i].code)) {
			o->end = t[i].end;
			o->reason = t[i].reason;
		}
}

/* "21610: Attempt to send to unsubscribed recipient" */
static void tell(struct str code, struct str text, struct outcome *o)
{
	struct buf b = { .p = NULL };

	buf_add_str(&b, code);
	if (code.len && text.len)
		buf_puts(&b, ": ");
	buf_add_str(&b, text);
	outcome_set_receiver(o, buf_str(&b));
	buf_free(&b);
}

static struct str number_of(struct str obj, const char *name)
{
	struct str value;

	if (json_get(obj, name, &value) &&
	    json_type_of(json_trim(value)) == JSON_NUMBER)
		return json_trim(value);
	return (struct str){ 0 };
}

/*
 * {"sid":…,"status":"queued","error_code":null,…}, or {"code":…,"message":…,
 * "status":…}.
 */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	struct str body = kind_answer_object(r), code, sid, state;

	if (!body.p) {
		if (o->end != OUTCOME_SENT)
			outcome_set_receiver(o, r->body);
		kind_answer_of_others(o);
		return;
	}
	if (o->end != OUTCOME_SENT) {
		code = number_of(body, "code");
		tell(code, json_get_text(body, "message", a), o);
		judge_code(code, o);
		return;
	}
	sid = json_get_text(body, "sid", a);
	state = json_get_text(body, "status", a);
	code = number_of(body, "error_code");
	if (sid.len == 0) {
		kind_answer_of_others(o);
	} else if (code.len || str_is(state, "failed") ||
		   str_is(state, "undelivered")) {
		o->end = OUTCOME_FAILED;
		o->reason = "rejected";
		tell(code, json_get_text(body, "error_message", a), o);
		judge_code(code, o);
	} else {
		outcome_set_message(o, sid);
	}
}

const struct kind kind_sms = {
	.name = "sms",
	.transport = KIND_HTTP,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct sms),
	.style = { .text = "{{title}}\n{{message}}" },
	.rate = RATE,
	.check = check,
	.build = build,
	.answer = answer,
};
