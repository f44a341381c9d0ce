/*
 * discord - a message by a webhook, which can also change what it said. Texts
 * are Markdown; whom they mention is said apart from them: nobody.
 * https://docs.discord.com/developers/resources/webhook#execute-webhook
 * https://docs.discord.com/developers/resources/webhook#edit-webhook-message
 * https://docs.discord.com/developers/topics/rate-limits
 * https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
 */
#include <sysexits.h>

#include "common/http.h"
#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"

enum {
	TEXT_MAX = 2000, /* characters, counted as UTF-16 code units here */
	RATE = 30,	 /* a minute in one channel */
	SUPPRESS_EMBEDS = 1 << 2,
	SUPPRESS_NOTIFICATIONS = 1 << 12,
};

struct discord {
	char *url;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(discord, url, "url-file", OPT_STR), .needed = true,
	  .secret = true },
};

static int check(void *settings, struct arena *a, struct err *e)
{
	const struct discord *d = settings;

	(void)a;
	return kind_check_url("url-file", d->url, e);
}

static bool is_number(struct str s)
{
	uint64_t v;

	return str_u64(s, &v);
}

/* The webhook's URL, which may have a query of its own, such as thread_id. */
static void add_url(const char *url, struct str edit, struct buf *b)
{
	struct str query, path = str_cut(str_from(url), '?', &query);

	buf_add_str(b, path);
	if (edit.p) {
		buf_puts(b, "/messages/");
		buf_add_str(b, edit);
	}
	buf_puts(b, edit.p ? "?" : "?wait=true");
	if (query.len && !edit.p)
		buf_putc(b, '&');
	buf_add_str(b, query);
}

/* The link goes where there is room, in marks that keep it as it is. */
static void add_text(const struct kind_message *km, struct buf *b)
{
	struct arena a = { 0 };
	struct str link = kind_link(km, &a);
	struct buf text = { .p = NULL };

	buf_add_str(&text, km->text);
	if (link.p &&
	    text_units(km->text, TEXT_UTF16) + link.len + 3 <= TEXT_MAX) {
		buf_puts(&text, "\n<");
		buf_add_str(&text, link);
		buf_putc(&text, '>');
	}
	buf_json_str(b, buf_str(&text));
	buf_free(&text);
	arena_free(&a);
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct discord *d = settings;
	struct str edit = km->edit;
	unsigned flags = SUPPRESS_EMBEDS;

	(void)e;
	if (!is_number(edit))
		edit = (struct str){ 0 };
	if (edit.p)
		req->method = "PATCH";
	else if (kind_priority(km) == KIND_LOW)
		flags |= SUPPRESS_NOTIFICATIONS;
	add_url(d->url, edit, &req->url);
	buf_puts(&req->body, "{\"allowed_mentions\":{\"parse\":[]},\"flags\":");
	buf_u64(&req->body, flags);
	buf_puts(&req->body, ",\"content\":");
	add_text(km, &req->body);
	buf_putc(&req->body, '}');
	return 0;
}

/* Codes of an edit: there is nothing that could be changed. */
static bool is_gone(struct str code)
{
	static const char *const gone[] = {
		"10008", /* unknown message */
		"30046", /* too many edits of a message older than an hour */
		"50005", /* a message authored by another user */
		NULL,
	};

	return str_is_any(code, gone);
}

/*
 * The message, as wait=true asks for; or {"message":…,"code":…}, with
 * "retry_after" at 429. Where this one was the last for now, headers say so
 * before there is a 429.
 */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	struct str body = kind_answer_object(r), value, id;

	if (str_is(http_header(r, "X-RateLimit-Remaining"), "0"))
		kind_wait(o, http_header(r, "X-RateLimit-Reset-After"));
	if (o->end == OUTCOME_SENT) {
		id = body.p ? json_get_text(body, "id", a) : body;
		if (is_number(id))
			outcome_set_message(o, id);
		else
			kind_answer_of_others(o);
		return;
	}
	if (!body.p) {
		outcome_set_receiver(o, r->body);
		return;
	}
	outcome_set_receiver(o, json_get_text(body, "message", a));
	if (json_get(body, "retry_after", &value))
		kind_wait(o, json_trim(value));
	if (json_get(body, "code", &value) && is_gone(json_trim(value))) {
		o->end = OUTCOME_RETRY;
		o->edit_gone = true;
	}
}

const struct kind kind_discord = {
	.name = "discord",
	.transport = KIND_HTTP,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct discord),
	.style = { .text = "**{{title}}**\n{{message}}",
		   .escape = TEXT_MARKDOWN,
		   .unit = TEXT_UTF16,
		   .text_max = TEXT_MAX },
	.rate = RATE,
	.check = check,
	.build = build,
	.can_edit = true,
	.answer = answer,
};
