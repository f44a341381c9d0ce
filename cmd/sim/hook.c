#include "hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/xmem.h"

struct hook {
	char name[STR_ID_MAX + 1];
	uint64_t total; /* requests; the newest is at (total-1) % MAX */
	char *records[HOOK_RECORDS_MAX];
	bool scripted;
	int64_t times; /* answers left of the script, -1: no end */
	unsigned status;
	int64_t retry_after_s, delay_ms;
	char *body; /* NULL: the usual one */
};

static struct hook *find(const struct hooks *hs, struct str name)
{
	for (size_t i = 0; i < hs->n; i++)
		if (str_is(name, hs->v[i]->name))
			return hs->v[i];
	return NULL;
}

/* NULL for a name that is no id, and when there are HOOKS_MAX already. */
static struct hook *find_or_make(struct hooks *hs, struct str name)
{
	struct hook *h = find(hs, name);

	if (h || hs->n == HOOKS_MAX || !str_is_id(name))
		return h;
	h = hs->v[hs->n++] = xcalloc(1, sizeof(*h));
	str_copy(h->name, sizeof(h->name), name);
	return h;
}

/* Bodies may be anything; JSON strings hold UTF-8. */
static void add_utf8(struct buf *b, struct str s)
{
	struct buf clean = { 0 };

	while (s.len > 0) {
		uint32_t cp;
		char c[4];
		size_t n = utf8_decode(s, &cp);

		buf_add(&clean, c, utf8_encode(cp, c));
		s = str_sub(s, n, s.len);
	}
	buf_json_str(b, buf_str(&clean));
	buf_free(&clean);
}

static void record(struct hook *h, const struct request *rq)
{
	struct buf b = { 0 };
	char **slot = &h->records[h->total % HOOK_RECORDS_MAX];

	buf_addf(&b, "{\"at_ms\":%lld,\"method\":", (long long)rq->now_ms);
	add_utf8(&b, rq->method);
	buf_puts(&b, ",\"path\":");
	add_utf8(&b, rq->path);
	buf_puts(&b, ",\"args\":");
	buf_add_str(&b, rq->args);
	buf_puts(&b, ",\"headers\":");
	buf_add_str(&b, rq->headers);
	buf_puts(&b, ",\"body\":");
	add_utf8(&b, str_sub(rq->body, 0,
			     rq->body.len < HOOK_BODY_MAX ? rq->body.len
							  : HOOK_BODY_MAX));
	buf_addf(&b, ",\"bytes\":%zu}", rq->body.len);
	free(*slot);
	*slot = b.p;
	h->total++;
}

/* Give the scripted status, pause and headers; false if there is no script. */
static bool play(struct hook *h, struct answer *a)
{
	if (!h->scripted)
		return false;
	a->status = h->status;
	a->delay_ms = h->delay_ms;
	if (h->retry_after_s >= 0) {
		snprintf(a->retry_after_text, sizeof(a->retry_after_text),
			 "%lld", (long long)h->retry_after_s);
		a->retry_after = a->retry_after_text;
	}
	if (h->times > 0 && --h->times == 0)
		h->scripted = false;
	return true;
}

void hooks_receive(struct hooks *hs, struct str name, const struct request *rq,
		   struct answer *a)
{
	struct hook *h = find_or_make(hs, name);

	if (!h) {
		answer_error(a, 404, "No such receiver, or too many.");
		return;
	}
	record(h, rq);
	a->type = "text/plain; charset=utf-8";
	buf_puts(&a->body, play(h, a) && h->body ? h->body : "ok");
}

static void telegram_error(struct answer *a, unsigned status, const char *text)
{
	a->status = status;
	buf_addf(&a->body,
		 "{\"ok\":false,\"error_code\":%u,\"description\":\"%s", status,
		 text);
	if (a->retry_after)
		buf_addf(&a->body,
			 ": retry after %s\",\"parameters\":"
			 "{\"retry_after\":%s}}",
			 a->retry_after, a->retry_after);
	else
		buf_puts(&a->body, "\"}");
}

static size_t count_characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* What is wrong with a sendMessage, in Telegram's words; NULL: nothing. */
static const char *telegram_fault(const struct json *message)
{
	const struct json *chat = json_member(message, "chat_id");
	const char *text = json_string(json_member(message, "text"));

	if (json_kind(chat) != JSON_NUMBER && !json_string(chat))
		return "Bad Request: chat_id is empty";
	if (!text || !*text)
		return "Bad Request: message text is empty";
	if (count_characters(text) > TELEGRAM_TEXT_MAX)
		return "Bad Request: message is too long";
	return NULL;
}

static const char *telegram_status_text(unsigned status)
{
	switch (status) {
	case 400: return "Bad Request: chat not found";
	case 401: return "Unauthorized";
	case 403: return "Forbidden: bot was blocked by the user";
	case 429: return "Too Many Requests";
	default: return "Internal Server Error";
	}
}

static void telegram_accept(const struct hook *h, const struct json *message,
			    struct answer *a)
{
	const struct json *text = json_member(message, "text");

	buf_addf(&a->body, "{\"ok\":true,\"result\":{\"message_id\":%llu",
		 (unsigned long long)h->total);
	if (text) {
		buf_puts(&a->body, ",\"text\":");
		json_print(text, &a->body);
	}
	buf_puts(&a->body, "}}");
}

void hooks_telegram(struct hooks *hs, struct str rest, const struct request *rq,
		    struct answer *a)
{
	struct str method, token = str_cut(rest, '/', &method);
	struct hook *h = find_or_make(hs, STR("telegram"));
	struct json *message;
	const char *fault = NULL;
	struct err e;

	a->type = "application/json";
	if (!h || token.len == 0 || !str_starts(method, STR("send"))) {
		telegram_error(a, 404, "Not Found");
		return;
	}
	record(h, rq);
	if (play(h, a) && a->status != 200) {
		telegram_error(a, a->status, telegram_status_text(a->status));
		return;
	}
	/* Forms are taken as they are: only JSON is looked into. */
	message = json_parse(rq->body, 0, &e);
	if (message && str_is(method, "sendMessage"))
		fault = telegram_fault(message);
	if (fault)
		telegram_error(a, 400, fault);
	else
		telegram_accept(h, message, a);
	json_free(&message);
}

/* A whole number in low … high; absent leaves *v. */
static int get_int(const struct json *obj, const char *key, int64_t low,
		   int64_t high, int64_t *v, struct err *e)
{
	const struct json *n = json_member(obj, key);
	uint64_t u;

	if (!n)
		return 0;
	if (!str_u64(str_from(json_number(n)), &u) || u > (uint64_t)high ||
	    (int64_t)u < low)
		return err_set(e, EX_DATAERR, "%s: not between %lld and %lld",
			       key, (long long)low, (long long)high);
	*v = (int64_t)u;
	return 0;
}

int hooks_script(struct hooks *hs, const struct json *script, struct err *e)
{
	const char *name = json_string(json_member(script, "name"));
	const char *body = json_string(json_member(script, "body"));
	int64_t status = 200, retry_s = -1, delay_ms = 0, times = -1;
	struct hook *h;

	if (get_int(script, "status", 200, 599, &status, e) ||
	    get_int(script, "retry_after", 0, 86400, &retry_s, e) ||
	    get_int(script, "delay_ms", 0, ANSWER_DELAY_MAX_MS, &delay_ms, e) ||
	    get_int(script, "times", 1, INT32_MAX, &times, e))
		return -1;
	if (body && strlen(body) > HOOK_ANSWER_MAX)
		return err_set(e, EX_DATAERR, "body: too long");
	h = find_or_make(hs, str_from(name));
	if (!h)
		return err_set(e, EX_DATAERR, "name: no id, or too many");
	h->scripted = true;
	h->status = (unsigned)status;
	h->retry_after_s = retry_s;
	h->delay_ms = delay_ms;
	h->times = times;
	free(h->body);
	h->body = body ? xstrdup(body) : NULL;
	return 0;
}

void hooks_print(const struct hooks *hs, struct str name, struct buf *b)
{
	const struct hook *h = find(hs, name);
	uint64_t total = h ? h->total : 0;
	uint64_t first =
		total > HOOK_RECORDS_MAX ? total - HOOK_RECORDS_MAX : 0;

	buf_puts(b, "{\"name\":");
	add_utf8(b, name);
	buf_addf(b, ",\"total\":%llu,\"requests\":[",
		 (unsigned long long)total);
	for (uint64_t i = first; i < total; i++) {
		buf_puts(b, i == first ? "\n" : ",\n");
		buf_puts(b, h->records[i % HOOK_RECORDS_MAX]);
	}
	buf_puts(b, "]}\n");
}

void hooks_release(struct hooks *hs)
{
	for (size_t i = 0; i < hs->n; i++) {
		struct hook *h = hs->v[i];

		for (size_t k = 0; k < HOOK_RECORDS_MAX; k++)
			free(h->records[k]);
		free(h->body);
		free(h);
	}
	hs->n = 0;
}
