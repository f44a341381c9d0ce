/*
 * telegram - a message by a bot: the Bot API's sendMessage and editMessageText,
 * parse_mode HTML.
 * https://core.telegram.org/bots/api
 */
#include <string.h>
#include <sysexits.h>

#include "common/http.h"
#include "common/json.h"
#include "common/retry_after.h"
#include "common/xmem.h"

#include "kind.h"

enum {
	TEXT_MAX = 4096, /* UTF-16 code units */
	RATE = 20,	 /* a minute in one group */
};

struct telegram {
	char *token;
	const char *chat, *base_url;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(telegram, chat, "chat", OPT_STR), .needed = true },
	{ KIND_KEY(telegram, token, "token-file", OPT_STR), .needed = true,
	  .secret = true },
	{ KIND_KEY(telegram, base_url, "base-url", OPT_STR) },
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

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct telegram *t = settings;

	(void)e;
	kind_add_base(&req->url, t->base_url);
	buf_addf(&req->url, "/bot%s/%s", t->token,
		 km->edit.p ? "editMessageText" : "sendMessage");
	buf_puts(&req->body, "{\"chat_id\":");
	buf_json_str(&req->body, str_from(t->chat));
	if (km->edit.p)
		buf_addf(&req->body, ",\"message_id\":%.*s", STR_ARG(km->edit));
	buf_puts(&req->body, ",\"parse_mode\":\"HTML\",\"text\":");
	buf_json_str(&req->body, km->text);
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
	struct str body = r->body, part, value;
	int64_t wait_ms = 0;
	struct err ignored;

	if (json_check(body, 0, &ignored))
		return;
	body = json_trim(body);
	if (o->end != OUTCOME_SENT) {
		value = json_get_text(body, "description", a);
		outcome_set_receiver(o, value);
		if (r->status == 400)
			judge_edit(value, o);
	}
	if (json_get(body, "parameters", &part) &&
	    json_get(part, "retry_after", &value) &&
	    retry_after_parse(value, 0, &wait_ms) && wait_ms > o->wait_ms)
		o->wait_ms = wait_ms;
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
