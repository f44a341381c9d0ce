/*
 * webhook - a POST of the notification as JSON to any URL.
 *
 * The body has the members of the notification, with `id` (of the delivery),
 * `channel`, `user` and `event` {source, id, time} before them; or it is what
 * the channel's own template says.
 *
 * With a secret it is signed: X-Weir-Signature is "t=SECONDS,v1=HEX", where HEX
 * is HMAC-SHA-256 of "SECONDS.BODY". Each attempt is signed anew, so that a
 * receiver may refuse what is old.
 */
#include <string.h>
#include <sysexits.h>

#include "common/hmac.h"
#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"

enum { SECRET_MIN = 16 }; /* bytes */

struct webhook {
	const char *url;
	char *secret_url; /* the same, from a file */
	char *token;	  /* Authorization: Bearer; NULL: none */
	char *secret;	  /* to sign with; NULL: it is not */
	const char *body_source, *content_type;
	const struct text_template *body; /* NULL: the whole notification */
	bool json;			  /* the body must be */
};

static const struct kind_key keys[] = {
	{ KIND_KEY(webhook, url, "url", OPT_STR) },
	{ KIND_KEY(webhook, secret_url, "url-file", OPT_STR), .secret = true },
	{ KIND_KEY(webhook, token, "token-file", OPT_STR), .secret = true },
	{ KIND_KEY(webhook, secret, "secret-file", OPT_STR), .secret = true },
	{ KIND_KEY(webhook, body_source, "body", OPT_STR) },
	{ KIND_KEY(webhook, content_type, "content-type", OPT_STR) },
};

static const struct {
	const char *type;
	enum text_escape escape;
} bodies[] = {
	{ "application/json", TEXT_JSON },
	{ "application/x-www-form-urlencoded", TEXT_URL },
	{ "text/plain", TEXT_PLAIN },
	{ "text/html", TEXT_HTML },
	{ "text/markdown", TEXT_MARKDOWN },
};

static void fill(const struct webhook *w, const struct text_values *v,
		 struct arena *a, struct buf *b)
{
	const struct text_limit any = { .unit = TEXT_BYTES };
	struct str part[TEXT_PARTS_MAX];

	text_fill(w->body, v, &any, a, part);
	buf_add_str(b, part[0]);
}

/* A value that stands where JSON wants quotes around it shows at once. */
static int try_body(const struct webhook *w, struct arena *a, struct err *e)
{
	const struct message m = {
		.ev = { .source = STR("weir/alerter/1"),
			.time_us = 0,
			.data = STR("{\"title\":\"a \\\"\",\"message\":\"b\","
				    "\"type\":\"custom\"}") },
		.user = STR("ana"),
	};
	const struct text_values v = { &m, STR("id"), STR("x") };
	struct buf b = { .p = NULL };
	int rc;

	fill(w, &v, a, &b);
	rc = json_check(buf_str(&b), JSON_STRICT, e);
	buf_free(&b);
	return rc ? err_prefix(e, "body: filled in, it is no JSON") : 0;
}

static int check_body(struct webhook *w, struct arena *a, struct err *e)
{
	size_t i = 0;

	if (w->content_type && !w->body_source)
		return err_set(e, EX_CONFIG,
			       "content-type: only with a body of your own");
	if (!w->body_source)
		return 0;
	while (w->content_type && i < ARRAY_LEN(bodies) &&
	       strcmp(w->content_type, bodies[i].type) != 0)
		i++;
	if (i == ARRAY_LEN(bodies))
		return err_set(e, EX_CONFIG,
			       "content-type: application/json, application/"
			       "x-www-form-urlencoded, text/plain, text/html "
			       "or text/markdown expected");
	w->json = bodies[i].escape == TEXT_JSON;
	w->body = text_template_new(str_from(w->body_source), bodies[i].escape,
				    a, e);
	if (!w->body)
		return err_prefix(e, "body");
	return w->json ? try_body(w, a, e) : 0;
}

static int check(void *settings, struct arena *a, struct err *e)
{
	struct webhook *w = settings;

	if (check_body(w, a, e))
		return -1;
	if (w->secret && strlen(w->secret) < SECRET_MIN)
		return err_set(e, EX_CONFIG,
			       "secret-file: at least %d characters expected",
			       SECRET_MIN);
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

static void print(const struct kind_message *km, struct arena *a, struct buf *b)
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
		/* "\u0069d" is id, too. */
		if (is_ours(json_name(it.key, a)))
			continue;
		buf_puts(b, ",\"");
		buf_add_str(b, it.key);
		buf_puts(b, "\":");
		buf_add_str(b, it.value);
	}
	buf_putc(b, '}');
}

static void sign(const char *secret, int64_t now_us, struct kind_request *req)
{
	struct buf text = { .p = NULL }, value = { .p = NULL };

	buf_u64(&text, (uint64_t)now_us / 1000000);
	buf_puts(&value, "t=");
	buf_add_str(&value, buf_str(&text));
	buf_puts(&value, ",v1=");
	buf_putc(&text, '.');
	buf_add_str(&text, buf_str(&req->body));
	hmac_add_hex(&value, str_from(secret), buf_str(&text));
	kind_header(req, "X-Weir-Signature", buf_str(&value));
	buf_free(&value);
	buf_free(&text);
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct webhook *w = settings;
	struct arena a = { 0 };

	buf_puts(&req->url, w->url ? w->url : w->secret_url);
	if (w->token)
		kind_bearer(req, w->token);
	if (w->body) {
		fill(w, km->values, &a, &req->body);
	} else {
		print(km, &a, &req->body);
	}
	arena_free(&a);
	if (w->content_type)
		kind_header(req, "Content-Type", str_from(w->content_type));
	if (w->secret)
		sign(w->secret, km->now_us, req);
	return w->json ? json_check(buf_str(&req->body), 0, e) : 0;
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
