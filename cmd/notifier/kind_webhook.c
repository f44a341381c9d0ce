/*
 * webhook - a POST of the notification as JSON to any URL.
 *
 * The body has the members of the notification, with `id` (of the delivery),
 * `channel`, `user` and `event` {source, id, time} before them.
 */
#include <sysexits.h>

#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"

struct webhook {
	const char *url;
	char *secret_url; /* the same, from a file */
	char *token;	  /* Authorization: Bearer; NULL: none */
};

static const struct kind_key keys[] = {
	{ KIND_KEY(webhook, url, "url", OPT_STR) },
	{ KIND_KEY(webhook, secret_url, "url-file", OPT_STR), .secret = true },
	{ KIND_KEY(webhook, token, "token-file", OPT_STR), .secret = true },
};

static int check(void *settings, struct arena *a, struct err *e)
{
	const struct webhook *w = settings;

	(void)a;
	if (!w->url == !w->secret_url)
		return err_set(e, EX_CONFIG, "url or url-file is needed");
	if (w->url)
		return kind_check_url("url", w->url, e);
	return kind_check_url("url-file", w->secret_url, e);
}

static bool is_ours(struct str key)
{
	static const char *const ours[] = { "id", "channel", "user", "event",
					    NULL };

	return str_is_any(key, ours);
}

static void print(const struct kind_message *km, struct buf *b)
{
	const struct event *ev = &km->msg->ev;
	struct json_iter it = json_iter(ev->data);
	char time[CLK_TEXT_SIZE];
	struct buf event_id = { .p = NULL };

	buf_puts(b, "{\"id\":");
	buf_json_str(b, str_from(km->id));
	buf_puts(b, ",\"channel\":");
	buf_json_str(b, str_from(km->channel));
	buf_puts(b, ",\"user\":");
	buf_json_str(b, km->msg->user);
	buf_puts(b, ",\"event\":{\"source\":");
	buf_json_str(b, ev->source);
	event_add_id(ev, &event_id);
	buf_puts(b, ",\"id\":");
	buf_json_str(b, buf_str(&event_id));
	buf_free(&event_id);
	if (ev->time_us != CLK_NONE)
		buf_addf(b, ",\"time\":\"%s\"", clk_format(ev->time_us, time));
	buf_putc(b, '}');
	while (json_next(&it)) {
		if (is_ours(it.key))
			continue;
		buf_puts(b, ",\"");
		buf_add_str(b, it.key);
		buf_puts(b, "\":");
		buf_add_str(b, it.value);
	}
	buf_putc(b, '}');
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct webhook *w = settings;
	struct buf bearer = { .p = NULL };

	(void)e;
	buf_puts(&req->url, w->url ? w->url : w->secret_url);
	if (w->token) {
		buf_addf(&bearer, "Bearer %s", w->token);
		kind_header(req, "Authorization", buf_str(&bearer));
		buf_free(&bearer);
	}
	print(km, &req->body);
	return 0;
}

const struct kind kind_webhook = {
	.name = "webhook",
	.transport = KIND_HTTP,
	.schemes = (const char *const[]){ "http", "https", NULL },
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct webhook),
	.check = check,
	.build = build,
};
