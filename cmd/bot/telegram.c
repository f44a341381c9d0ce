#include "telegram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clk.h"
#include "common/http.h"
#include "common/retry_after.h"
#include "common/xmem.h"

struct telegram {
	struct http *http;
	char *prefix; /* "https://api.telegram.org/botTOKEN/" */
};

struct telegram_call {
	struct http_call *call;
	struct http_headers *headers;
	struct buf body;
	telegram_fn *fn;
	void *arg;
};

struct telegram *telegram_new(struct loop *l, const char *base,
			      const char *token, struct err *e)
{
	struct http_config config = { .user_agent = "weir-bot" };
	struct telegram *t = xcalloc(1, sizeof(*t));
	struct buf b = { 0 };

	buf_addf(&b, "%s/bot%s/", base, token);
	t->prefix = b.p;
	t->http = http_new(l, &config, e);
	if (!t->http)
		telegram_free(&t);
	return t;
}

void telegram_free(struct telegram **tp)
{
	if (!*tp)
		return;
	http_free(&(*tp)->http);
	free((*tp)->prefix);
	free(*tp);
	*tp = NULL;
}

static void release(struct telegram_call *c)
{
	http_headers_free(&c->headers);
	buf_free(&c->body);
	free(c);
}

void telegram_cancel(struct telegram_call **callp)
{
	if (!*callp)
		return;
	http_cancel(&(*callp)->call);
	release(*callp);
	*callp = NULL;
}

/* What it says of its own failure; seconds may stand in the body only. */
static void read_failure(const struct json *root, const struct http_response *r,
			 struct telegram_answer *a)
{
	const struct json *wait =
		json_member(json_member(root, "parameters"), "retry_after");
	const char *why = json_string(json_member(root, "description"));
	uint64_t s;

	if (why)
		a->why = why;
	if (json_number(wait) && str_u64(json_content(wait), &s) && s < 86400)
		a->wait_ms = (int64_t)s * 1000;
	else if (!retry_after_parse(http_header(r, "Retry-After"),
				    clk_wall_us(), &a->wait_ms))
		a->wait_ms = 0;
}

static void on_answer(void *arg, const struct http_response *r)
{
	struct telegram_call *c = arg;
	struct telegram_answer a = { .status = r->status,
				     .why = "an answer that is no JSON" };
	struct json *root = NULL;
	struct err e;

	c->call = NULL;
	if (r->result != HTTP_OK) {
		a.status = 0;
		a.why = r->reason;
	} else {
		root = json_parse(r->body, JSON_NO_NUL, &e);
		a.ok = r->status == 200 && json_true(json_member(root, "ok"));
		if (a.ok)
			a.result = json_member(root, "result");
		else
			read_failure(root, r, &a);
	}
	c->fn(c->arg, &a);
	json_free(&root);
	release(c);
}

static struct telegram_call *start(struct telegram *t, const char *method,
				   struct telegram_call *c, const char *type,
				   int64_t timeout_ms)
{
	const char *lines[] = { type, "Expect:" };
	struct http_request req = { .body = buf_str(&c->body),
				    .max_bytes = TELEGRAM_ANSWER_MAX,
				    .timeout_ms = timeout_ms };
	struct buf url = { 0 };

	c->headers = http_headers_new(lines, 2);
	req.headers = c->headers;
	buf_addf(&url, "%s%s", t->prefix, method);
	req.url = url.p;
	c->call = http_send(t->http, &req, on_answer, c);
	buf_free(&url);
	return c;
}

static struct telegram_call *call_new(telegram_fn *fn, void *arg)
{
	struct telegram_call *c = xcalloc(1, sizeof(*c));

	c->fn = fn;
	c->arg = arg;
	return c;
}

struct telegram_call *telegram_call(struct telegram *t, const char *method,
				    struct str body, int64_t timeout_ms,
				    telegram_fn *fn, void *arg)
{
	struct telegram_call *c = call_new(fn, arg);

	buf_add_str(&c->body, body);
	return start(t, method, c, "Content-Type: application/json",
		     timeout_ms);
}

static void add_field(struct buf *b, const char *mark, const char *name,
		      struct str value)
{
	buf_addf(b,
		 "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n",
		 mark, name);
	buf_add_str(b, value);
	buf_puts(b, "\r\n");
}

/* RFC 7578. The mark is random, so that no picture has it. */
struct telegram_call *telegram_photo(struct telegram *t, int64_t chat,
				     struct str caption, struct str png,
				     telegram_fn *fn, void *arg)
{
	struct telegram_call *c = call_new(fn, arg);
	char mark[40], id[24], type[96];

	snprintf(mark, sizeof(mark), "weir%08x%08x%08x", arc4random(),
		 arc4random(), arc4random());
	snprintf(id, sizeof(id), "%lld", (long long)chat);
	snprintf(type, sizeof(type),
		 "Content-Type: multipart/form-data; boundary=%s", mark);
	add_field(&c->body, mark, "chat_id", str_from(id));
	add_field(&c->body, mark, "caption", caption);
	add_field(&c->body, mark, "parse_mode", STR("HTML"));
	buf_addf(&c->body,
		 "--%s\r\nContent-Disposition: form-data; name=\"photo\"; "
		 "filename=\"chart.png\"\r\nContent-Type: image/png\r\n\r\n",
		 mark);
	buf_add_str(&c->body, png);
	buf_addf(&c->body, "\r\n--%s--\r\n", mark);
	return start(t, "sendPhoto", c, type, TELEGRAM_TIMEOUT_MS);
}
