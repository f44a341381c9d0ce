/*
 * gotify - a message of an application of a Gotify server. Nothing can be
 * changed once it is there.
 * https://gotify.net/docs/pushmsg
 * https://gotify.net/docs/msgextras
 * https://gotify.net/api-docs (POST /message)
 */
#include <sysexits.h>

#include "common/http.h"
#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"

enum {
	/* There is none in the documentation; this is more than we tell. */
	TITLE_MAX = 1024,
	TEXT_MAX = 65536, /* bytes */
};

struct gotify {
	const char *base_url;
	char *token;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(gotify, base_url, "base-url", OPT_STR), .needed = true },
	{ KIND_KEY(gotify, token, "token-file", OPT_STR), .needed = true,
	  .secret = true },
};

static int check(void *settings, struct arena *a, struct err *e)
{
	const struct gotify *g = settings;

	(void)a;
	return kind_check_url("base-url", g->base_url, e);
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	/* Clients of Android: 1 to 3 are silent, 4 to 7 sound, 8 on pop up. */
	static const unsigned priorities[] = { [KIND_LOW] = 2,
					       [KIND_NORMAL] = 5,
					       [KIND_HIGH] = 8,
					       [KIND_URGENT] = 10 };
	const struct gotify *g = settings;
	struct arena a = { 0 };
	struct str link = kind_link(km, &a);
	struct buf *b = &req->body;

	(void)e;
	kind_add_base(&req->url, g->base_url);
	buf_puts(&req->url, "/message");
	kind_header(req, "X-Gotify-Key", str_from(g->token));
	buf_puts(b, "{\"title\":");
	buf_json_str(b, km->title);
	buf_puts(b, ",\"message\":");
	buf_json_str(b, km->text);
	buf_addf(b, ",\"priority\":%u", priorities[kind_priority(km)]);
	buf_puts(b, ",\"extras\":{\"client::display\":{\"contentType\":"
		    "\"text/plain\"}");
	if (link.p) {
		buf_puts(b, ",\"client::notification\":{\"click\":{\"url\":");
		buf_json_str(b, link);
		buf_puts(b, "}}");
	}
	buf_puts(b, "}}");
	arena_free(&a);
	return 0;
}

/* {"id":25,…}, or {"error":…,"errorCode":…,"errorDescription":…}. */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	struct str body = kind_answer_object(r), id;

	if (o->end != OUTCOME_SENT) {
		outcome_set_receiver(
			o, body.p ? json_get_text(body, "errorDescription", a)
				  : r->body);
		return;
	}
	if (body.p && json_get(body, "id", &id) &&
	    json_type_of(json_trim(id)) == JSON_NUMBER)
		outcome_set_message(o, json_trim(id));
	else
		kind_answer_of_others(o);
}

const struct kind kind_gotify = {
	.name = "gotify",
	.transport = KIND_HTTP,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct gotify),
	.style = { .text = "{{message}}",
		   .unit = TEXT_BYTES,
		   .title_max = TITLE_MAX,
		   .text_max = TEXT_MAX },
	.check = check,
	.build = build,
	.answer = answer,
};
