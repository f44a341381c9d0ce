/*
 * telegram - a message by a bot: the Bot API's sendMessage and editMessageText,
 * parse_mode HTML; under alerts that are not over with buttons, whose presses
 * weir-bot takes: "ack:ALERT" and "day:ALERT".
 * https://core.telegram.org/bots/api#sendmessage
 * https://core.telegram.org/bots/api#editmessagetext
 * https://core.telegram.org/bots/api#inlinekeyboardbutton
 * https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
 */
#include <string.h>
#include <sysexits.h>

#include "common/http.h"
#include "common/json.h"
#include "common/url.h"
#include "common/xmem.h"

#include "kind.h"

enum {
	TEXT_MAX = 4096,   /* UTF-16 code units */
	RATE = 20,	   /* a minute in one group */
	CALLBACK_MAX = 64, /* bytes of callback_data */
};

struct telegram {
	char *token;
	const char *chat, *base_url;
	bool buttons;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(telegram, chat, "chat", OPT_STR), .needed = true },
	{ KIND_KEY(telegram, token, "token-file", OPT_STR), .needed = true,
	  .secret = true },
	{ KIND_KEY(telegram, base_url, "base-url", OPT_STR) },
	{ KIND_KEY(telegram, buttons, "buttons", OPT_FLAG) },
};

/* As BotFather gives them: digits, a colon, letters. */
static bool is_token(const char *token)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-:";

	return token[strspn(token, allowed)] == '\0';
}

static int check(void *settings, struct arena *a, struct err *e)
{
	struct telegram *t = settings;

	(void)a;
	if (!t->base_url)
		t->base_url = "https://api.telegram.org";
	if (!is_token(t->token))
		return err_set(e, EX_CONFIG, "token-file: no bot's token");
	return kind_check_url("base-url", t->base_url, e);
}

/* A host without a dot is no address to the API, which then takes nothing. */
static bool is_public(struct str link, struct arena *a)
{
	struct str host;

	return link.p && url_host(link, a, &host) &&
	       str_chr(host, '.') != (size_t)-1;
}

static void add_press(struct buf *b, const char *text, const char *what,
		      struct str alert)
{
	buf_addf(b, "{\"text\":\"%s\",\"callback_data\":\"%s:%.*s\"}", text,
		 what, STR_ARG(alert));
}

/* What can be done about an alert; nothing once it is over. */
static void add_buttons(const struct kind_message *km, struct buf *b)
{
	const struct type_notification *n = &km->msg->data;
	bool acts = n->alert.len && n->alert.len + 4 <= CALLBACK_MAX;
	struct arena a = { 0 };
	struct str link = kind_link(km, &a);
	bool opens = n->alert.len && is_public(link, &a);

	/* What is changed later, and has the buttons, is the first part. */
	if (n->resolved || km->part > 1)
		acts = opens = false;
	if (acts || opens || km->edit.p)
		buf_puts(b, ",\"reply_markup\":{\"inline_keyboard\":[");
	if (acts) {
		buf_putc(b, '[');
		add_press(b, "Acknowledge", "ack", n->alert);
		buf_putc(b, ',');
		add_press(b, "Silence for a day", "day", n->alert);
		buf_puts(b, opens ? "]," : "]");
	}
	if (opens) {
		buf_puts(b, "[{\"text\":\"Open\",\"url\":");
		buf_json_str(b, link);
		buf_puts(b, "}]");
	}
	if (acts || opens || km->edit.p)
		buf_puts(b, "]}");
	arena_free(&a);
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct telegram *t = settings;
	struct kind_message m = *km;
	uint64_t number;

	(void)e;
	/* An id of another service: there is nothing of ours to change. */
	if (!str_u64(m.edit, &number))
		m.edit = (struct str){ 0 };
	kind_add_base(&req->url, t->base_url);
	buf_addf(&req->url, "/bot%s/%s", t->token,
		 m.edit.p ? "editMessageText" : "sendMessage");
	buf_puts(&req->body, "{\"chat_id\":");
	buf_json_str(&req->body, str_from(t->chat));
	if (m.edit.p)
		buf_addf(&req->body, ",\"message_id\":%.*s", STR_ARG(m.edit));
	buf_puts(&req->body, ",\"parse_mode\":\"HTML\",\"text\":");
	buf_json_str(&req->body, m.text);
	if (t->buttons)
		add_buttons(&m, &req->body);
	buf_putc(&req->body, '}');
	return 0;
}

/* Of editMessageText: what is as wanted already, and what cannot be. */
static void judge_edit(struct str description, struct outcome *o)
{
	static const char *const gone[] = { "message to edit not found",
					    "message can't be edited",
					    "MESSAGE_ID_INVALID" };

	if (str_find(description, STR("message is not modified")) !=
	    (size_t)-1) {
		o->end = OUTCOME_SENT;
		o->reason = "";
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		if (str_find(description, str_from(gone[i])) != (size_t)-1) {
			o->end = OUTCOME_RETRY;
			o->edit_gone = true;
		}
}

/* {"ok":…,"description":…,"parameters":{"retry_after":…},"result":{…}} */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	struct str body = kind_answer_object(r), part, value;

	if (!body.p || !json_get(body, "ok", &value)) {
		if (o->end != OUTCOME_SENT)
			outcome_set_receiver(o, r->body);
		kind_answer_of_others(o);
		return;
	}
	if (o->end != OUTCOME_SENT) {
		value = json_get_text(body, "description", a);
		outcome_set_receiver(o, value);
		if (r->status == 400)
			judge_edit(value, o);
	}
	if (json_get(body, "parameters", &part) &&
	    json_get(part, "retry_after", &value))
		kind_wait(o, json_trim(value));
	if (json_get(body, "result", &part) &&
	    json_get(part, "message_id", &value) &&
	    json_type_of(value) == JSON_NUMBER)
		outcome_set_message(o, value);
}

const struct kind kind_telegram = {
	.name = "telegram",
	.transport = KIND_HTTP,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct telegram),
	.style = { .text = "<b>{{title}}</b>\n{{message}}",
		   .escape = TEXT_HTML,
		   .unit = TEXT_UTF16,
		   .text_max = TEXT_MAX },
	.rate = RATE,
	.check = check,
	.build = build,
	.can_edit = true,
	.answer = answer,
};
