/*
 * slack - a message by an incoming webhook, or by a bot, which can also change
 * what it said. Texts are mrkdwn; in them only & < and > have to be escaped,
 * which takes from others' words every link and mention.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * https://docs.slack.dev/reference/methods/chat.postMessage
 * https://docs.slack.dev/reference/methods/chat.update
 * https://docs.slack.dev/messaging/formatting-message-text
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
#include <sysexits.h>

#include "common/http.h"
#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"

enum {
	TEXT_MAX = 4000, /* characters; chat.update takes no more */
	RATE = 60,	 /* "one message a second in a channel" */
};

struct slack {
	char *url;   /* of an incoming webhook; NULL: by a bot */
	char *token; /* the bot's */
	const char *channel, *base_url;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(slack, url, "url-file", OPT_STR), .secret = true },
	{ KIND_KEY(slack, token, "token-file", OPT_STR), .secret = true },
	{ KIND_KEY(slack, channel, "channel", OPT_STR) },
	{ KIND_KEY(slack, base_url, "base-url", OPT_STR) },
};

static int check(void *settings, struct arena *a, struct err *e)
{
	struct slack *s = settings;

	(void)a;
	if (!s->url == !s->token)
		return err_set(e, EX_CONFIG,
			       "url-file or token-file is needed");
	if (s->url && s->channel)
		return err_set(e, EX_CONFIG, "channel: a webhook has its own");
	if (s->url && s->base_url)
		return err_set(e, EX_CONFIG, "base-url: only for a bot");
	if (s->url)
		return kind_check_url("url-file", s->url, e);
	if (!s->channel)
		return err_set(e, EX_CONFIG, "channel is needed");
	if (!s->base_url)
		s->base_url = "https://slack.com/api";
	return kind_check_url("base-url", s->base_url, e);
}

/* Where a bot writes; an edit is of "CHANNEL/TS", see answer(). */
static void build_bot(const struct slack *s, const struct kind_message *km,
		      struct kind_request *req)
{
	struct str ts, channel = str_cut(km->edit, '/', &ts);

	kind_add_base(&req->url, s->base_url);
	kind_header(req, "Content-Type",
		    STR("application/json; charset=utf-8"));
	kind_bearer(req, s->token);
	buf_puts(&req->url, ts.p ? "/chat.update" : "/chat.postMessage");
	buf_puts(&req->body, "\"channel\":");
	buf_json_str(&req->body, ts.p ? channel : str_from(s->channel));
	if (ts.p) {
		buf_puts(&req->body, ",\"ts\":");
		buf_json_str(&req->body, ts);
	}
	buf_putc(&req->body, ',');
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct slack *s = settings;

	(void)e;
	buf_putc(&req->body, '{');
	if (s->url)
		buf_puts(&req->url, s->url);
	else
		build_bot(s, km, req);
	buf_puts(&req->body, "\"unfurl_links\":false,\"unfurl_media\":false,"
			     "\"text\":");
	buf_json_str(&req->body, km->text);
	buf_putc(&req->body, '}');
	return 0;
}

/* What a bot is told with the status 200. */
static void judge_error(struct str error, struct outcome *o)
{
	static const struct {
		enum outcome_end end;
		const char *reason;
		const char *errors[16];
	} t[] = {
		{ OUTCOME_FAILED,
		  "auth",
		  { "invalid_auth", "not_authed", "account_inactive",
		    "token_revoked", "token_expired", "no_permission",
		    "missing_scope", "not_allowed_token_type",
		    "org_login_required", "ekm_access_denied", "access_denied",
		    "team_access_not_granted", "two_factor_setup_required" } },
		{ OUTCOME_RETRY,
		  "rate-limit",
		  { "ratelimited", "rate_limited", "message_limit_exceeded" } },
		{ OUTCOME_RETRY,
		  "server-error",
		  { "internal_error", "fatal_error", "service_unavailable",
		    "request_timeout", "team_added_to_org" } },
	};
	static const char *const gone[] = { "message_not_found",
					    "cant_update_message",
					    "edit_window_closed", NULL };

	o->end = OUTCOME_FAILED;
	o->reason = "rejected";
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (str_is_any(error, t[i].errors)) {
			o->end = t[i].end;
			o->reason = t[i].reason;
		}
	if (str_is_any(error, gone)) {
		o->end = OUTCOME_RETRY;
		o->edit_gone = true;
	}
}

/*
 * A webhook says "ok", or its error with a status; a bot is told {"ok":true,
 * "channel":…,"ts":…} or {"ok":false,"error":…}. A message is known by its ts
 * in its channel, whose id is another thing than the name that it was sent to.
 */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	struct str body = kind_answer_object(r), ok, channel, ts;
	struct buf id = { .p = NULL };

	if (!body.p || !json_get(body, "ok", &ok)) {
		if (o->end != OUTCOME_SENT)
			outcome_set_receiver(o, r->body);
		else if (!str_is(str_trim(r->body), "ok"))
			kind_answer_of_others(o);
		return;
	}
	if (!str_is(json_trim(ok), "true")) {
		ts = json_get_text(body, "error", a);
		outcome_set_receiver(o, ts);
		if (o->end == OUTCOME_SENT)
			judge_error(ts, o);
		return;
	}
	channel = json_get_text(body, "channel", a);
	ts = json_get_text(body, "ts", a);
	if (!channel.len || !ts.len)
		return;
	buf_add_str(&id, channel);
	buf_putc(&id, '/');
	buf_add_str(&id, ts);
	outcome_set_message(o, buf_str(&id));
	buf_free(&id);
}

const struct kind kind_slack = {
	.name = "slack",
	.transport = KIND_HTTP,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct slack),
	.style = { .text = "*{{title}}*\n{{message}}"
			   "{{#data.link}}\n{{data.link}}{{/data.link}}",
		   .escape = TEXT_MRKDWN,
		   .unit = TEXT_UTF16,
		   .text_max = TEXT_MAX },
	.rate = RATE,
	.check = check,
	.build = build,
	.can_edit = true,
	.answer = answer,
};
