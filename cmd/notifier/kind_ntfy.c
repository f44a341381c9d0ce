/*
 * ntfy - a message to a topic of ntfy.sh or another server of its kind,
 * published as JSON.
 * https://docs.ntfy.sh/publish/#publish-as-json
 * https://docs.ntfy.sh/publish/#updating-notifications (from 2.16 on; a server
 * of before shows what changes as a new message)
 * https://docs.ntfy.sh/publish/#limitations
 * https://docs.ntfy.sh/publish/#authentication
 */
#include <string.h>
#include <sysexits.h>

#include "common/http.h"
#include "common/json.h"
#include "common/xmem.h"

#include "kind.h"

enum {
	TITLE_MAX = 1024,
	TEXT_MAX = 4096,	 /* bytes; a longer one is made an attachment */
	BODY_MAX = 2 * TEXT_MAX, /* bytes of JSON */
	RATE = 12,		 /* "60 requests, then one every 5 seconds" */
	TOPIC_MAX = 64,
	TAGS_MAX = 16,
};

struct ntfy {
	const char *url, *base_url, *topic, *tags;
	char *token;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(ntfy, url, "url", OPT_STR) },
	{ KIND_KEY(ntfy, base_url, "base-url", OPT_STR) },
	{ KIND_KEY(ntfy, topic, "topic", OPT_STR) },
	{ KIND_KEY(ntfy, token, "token-file", OPT_STR), .secret = true },
	{ KIND_KEY(ntfy, tags, "tags", OPT_STR) },
};

/* "ntfys://HOST/TOPIC", with https and http, too. */
static int read_url(struct ntfy *n, struct arena *a, struct err *e)
{
	struct str rest, scheme = str_cut(str_from(n->url), ':', &rest);
	size_t slash = rest.len;
	struct buf b = { .p = NULL };

	while (slash && rest.p[slash - 1] != '/')
		slash--;
	/* What is before the topic is no less than "//HOST/". */
	if (slash < 4 || !str_starts(rest, STR("//")))
		return err_set(e, EX_CONFIG,
			       "url: ntfys://HOST/TOPIC expected");
	if (str_chr(rest, '@') != (size_t)-1)
		return err_set(e, EX_CONFIG,
			       "url: no user or password here, see token-file");
	n->topic = arena_strdup(a, str_sub(rest, slash, rest.len));
	if (str_is(scheme, "ntfy") || str_is(scheme, "ntfys"))
		buf_puts(&b, scheme.len == 4 ? "http:" : "https:");
	else
		buf_addf(&b, "%.*s:", STR_ARG(scheme));
	buf_add_str(&b, str_sub(rest, 0, slash));
	n->base_url = arena_strdup(a, buf_str(&b));
	buf_free(&b);
	return kind_check_url("url", n->base_url, e);
}

static bool is_topic(const char *topic)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t len = strspn(topic, allowed);

	return len >= 1 && len <= TOPIC_MAX && topic[len] == '\0';
}

static int check_tags(const char *tags, struct err *e)
{
	struct str rest = str_from(tags), tag;
	size_t n = 0;

	while (str_token(&rest, ", ", &tag))
		n++;
	if (n > TAGS_MAX)
		return err_set(e, EX_CONFIG, "tags: more than %d", TAGS_MAX);
	return 0;
}

static int check(void *settings, struct arena *a, struct err *e)
{
	struct ntfy *n = settings;
	const char *key = n->url ? "url" : "topic";

	if (n->url && (n->base_url || n->topic))
		return err_set(e, EX_CONFIG, "%s: url says it already",
			       n->base_url ? "base-url" : "topic");
	if (n->url && read_url(n, a, e))
		return -1;
	if (!n->topic)
		return err_set(e, EX_CONFIG, "url or topic is needed");
	if (!n->base_url)
		n->base_url = "https://ntfy.sh";
	else if (kind_check_url("base-url", n->base_url, e))
		return -1;
	if (!is_topic(n->topic))
		return err_set(e, EX_CONFIG,
			       "%s: a topic is 1 to %d letters, digits, _ or -",
			       key, TOPIC_MAX);
	return n->tags ? check_tags(n->tags, e) : 0;
}

static void add_tags(const char *tags, struct buf *b)
{
	struct str rest = str_from(tags), tag;
	const char *before = ",\"tags\":[";

	while (str_token(&rest, ", ", &tag)) {
		buf_puts(b, before);
		buf_json_str(b, tag);
		before = ",";
	}
	if (*before == ',' && before[1] == '\0')
		buf_putc(b, ']');
}

/* Escaped, a text may be longer than the server takes: it loses its end. */
static void add_message(struct str text, struct buf *b)
{
	size_t at = b->len, over;
	struct buf cut = { .p = NULL };

	buf_puts(b, ",\"message\":");
	buf_json_str(b, text);
	if (b->len + 1 <= BODY_MAX)
		return;
	over = b->len + 1 - BODY_MAX + 3;
	b->len = at;
	buf_add_str(&cut, str_utf8_prefix(
				  text, text.len > over ? text.len - over : 0));
	buf_puts(&cut, "\xe2\x80\xa6");
	buf_puts(b, ",\"message\":");
	buf_json_str(b, buf_str(&cut));
	buf_free(&cut);
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	static const char priorities[] = { [KIND_LOW] = '2',
					   [KIND_NORMAL] = '3',
					   [KIND_HIGH] = '4',
					   [KIND_URGENT] = '5' };
	const struct ntfy *n = settings;
	struct arena a = { 0 };
	struct str link = kind_link(km, &a);
	struct buf *b = &req->body;

	(void)e;
	kind_add_base(&req->url, n->base_url);
	buf_putc(&req->url, '/');
	if (n->token)
		kind_bearer(req, n->token);
	buf_addf(b, "{\"topic\":\"%s\",\"priority\":%c", n->topic,
		 priorities[kind_priority(km)]);
	if (km->edit.p) {
		buf_puts(b, ",\"sequence_id\":");
		buf_json_str(b, km->edit);
	}
	if (n->tags)
		add_tags(n->tags, b);
	if (link.p) {
		buf_puts(b, ",\"click\":");
		buf_json_str(b, link);
	}
	buf_puts(b, ",\"title\":");
	buf_json_str(b, km->title);
	add_message(km->text, b);
	buf_putc(b, '}');
	arena_free(&a);
	return 0;
}

/*
 * {"id":…,"event":"message",…}, with "sequence_id" where it is a change: what
 * the next one names, too. Or {"code":…,"http":…,"error":…}.
 */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	struct str body = kind_answer_object(r), id, first;

	if (o->end != OUTCOME_SENT) {
		outcome_set_receiver(o, body.p ? json_get_text(body, "error", a)
					       : r->body);
		return;
	}
	id = body.p ? json_get_text(body, "id", a) : body;
	if (id.len == 0) {
		kind_answer_of_others(o);
		return;
	}
	first = json_get_text(body, "sequence_id", a);
	outcome_set_message(o, first.len ? first : id);
}

const struct kind kind_ntfy = {
	.name = "ntfy",
	.transport = KIND_HTTP,
	.schemes = (const char *const[]){ "ntfy", "ntfys", NULL },
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct ntfy),
	.style = { .text = "{{message}}",
		   .unit = TEXT_BYTES,
		   .title_max = TITLE_MAX,
		   .text_max = TEXT_MAX },
	.rate = RATE,
	.check = check,
	.build = build,
	.can_edit = true,
	.answer = answer,
};
