/*
 * webpush - a message to a browser that has subscribed, by its push service:
 * RFC 8030 (requests and answers), RFC 8291 (only the browser can read it) and
 * RFC 8292 (the service knows who sends it).
 *
 * A channel is one subscription, as PushSubscription.toJSON() says it. What the
 * page's service worker gets is JSON: {"title","body","tag"} and, where there
 * are such, "alert" (its id) and "url". A notification that replaces another
 * has the tag of that one, and takes its place at the service, too, as long as
 * the browser has not fetched it (Topic).
 */
#include <string.h>
#include <sysexits.h>

#include "common/base64.h"
#include "common/http.h"
#include "common/json.h"
#include "common/url.h"
#include "common/xmem.h"

#include "kind.h"
#include "webpush.h"

enum {
	TITLE_MAX = 256,	/* bytes */
	TEXT_MAX = 2048,	/* bytes */
	PADDED_TO = 1024,	/* its length says no more than how many */
	MESSAGE_MAX = 3 * 1024, /* bytes of JSON */
	SUBJECT_MAX = 256,
	ORIGIN_MAX = 300,
	TOKEN_S = 12 * 60 * 60, /* no more than a day is allowed */
	TOKEN_LEFT_S = 10 * 60, /* it is not used when it has less */
	TTL_S = 24 * 60 * 60,	/* the default */
	TTL_MAX_S = 28 * 24 * 60 * 60,
	RANDOM_NEEDED = WEBPUSH_SEED + WEBPUSH_SALT,
};

_Static_assert((int)MESSAGE_MAX <= (int)WEBPUSH_TEXT_MAX, "one record");
_Static_assert((int)RANDOM_NEEDED <= (int)KIND_RANDOM, "enough chance");

/* "vapid t=…, k=…" as it was made last; one subscription has one origin. */
struct vapid {
	int64_t expires_s; /* 0: none was made */
	char value[1400];
};

struct webpush {
	char *subscription; /* JSON */
	char *key;	    /* PEM */
	const char *subject;
	int64_t ttl_ms;
	struct vapid *vapid;
};

static const struct kind_key keys[] = {
	{ KIND_KEY(webpush, subscription, "subscription-file", OPT_STR),
	  .needed = true, .secret = true, .text = true },
	{ KIND_KEY(webpush, key, "vapid-file", OPT_STR), .needed = true,
	  .secret = true, .text = true },
	{ KIND_KEY(webpush, subject, "subject", OPT_STR), .needed = true },
	{ KIND_KEY(webpush, ttl_ms, "ttl", OPT_MS), .min = 1000,
	  .max = INT64_C(1000) * TTL_MAX_S },
};

/* ---- settings ---- */

struct subscription {
	struct str endpoint, origin;
	struct webpush_browser browser;
};

/* Exactly so many bytes in base64url. */
static bool read_bytes(struct str text, unsigned char *out, size_t len)
{
	struct buf b = { .p = NULL };
	bool ok = base64url_add_bytes(&b, text) && b.len == len;

	if (ok)
		memcpy(out, b.p, len);
	if (b.p)
		explicit_bzero(b.p, b.len);
	buf_free(&b);
	return ok;
}

/* "https://push.example.net": without path, and without a port of its own. */
static bool read_origin(struct str endpoint, struct arena *a,
			struct str *origin_r)
{
	struct str url;
	size_t end;

	if (!url_is_http(endpoint) || !url_normalise(endpoint, a, &url))
		return false;
	end = str_find(url, STR("://"));
	for (end += 3; end < url.len && url.p[end] != '/'; end++)
		;
	*origin_r = str_sub(url, 0, end);
	return origin_r->len <= ORIGIN_MAX &&
	       str_chr(*origin_r, '@') == (size_t)-1;
}

static int read_subscription(const char *text, struct arena *a,
			     struct subscription *s_r, struct err *e)
{
	struct str json = str_from(text), given;
	struct err why;

	if (json_check(json, JSON_UNIQUE, &why) ||
	    json_type_of(json) != JSON_OBJECT ||
	    !json_get(json, "keys", &given) ||
	    json_type_of(json_trim(given)) != JSON_OBJECT)
		return err_set(e, EX_CONFIG,
			       "subscription-file: no subscription as JSON, "
			       "{\"endpoint\":…,\"keys\":{\"p256dh\":…,"
			       "\"auth\":…}}");
	s_r->endpoint = json_get_text(json, "endpoint", a);
	if (!read_origin(s_r->endpoint, a, &s_r->origin))
		return err_set(e, EX_CONFIG,
			       "subscription-file: endpoint: no http or https "
			       "URL");
	if (!read_bytes(json_get_text(given, "p256dh", a), s_r->browser.public,
			WEBPUSH_PUBLIC) ||
	    !webpush_is_public(s_r->browser.public))
		return err_set(e, EX_CONFIG,
			       "subscription-file: p256dh: no public key of "
			       "P-256 in base64url");
	if (!read_bytes(json_get_text(given, "auth", a), s_r->browser.auth,
			WEBPUSH_AUTH))
		return err_set(e, EX_CONFIG,
			       "subscription-file: auth: %d bytes in base64url "
			       "expected",
			       WEBPUSH_AUTH);
	return 0;
}

static int check_subject(struct str subject, struct err *e)
{
	bool mail = str_starts(subject, STR("mailto:")) &&
		    str_chr(subject, '@') != (size_t)-1;
	bool page =
		str_starts(subject, STR("https://")) && url_is_http(subject);

	if ((mail || page) && subject.len <= SUBJECT_MAX &&
	    str_chr(subject, ' ') == (size_t)-1 && str_is_utf8(subject))
		return 0;
	return err_set(e, EX_CONFIG,
		       "subject: mailto:ADDRESS or https://… of at most %d "
		       "bytes expected",
		       SUBJECT_MAX);
}

static int check(void *settings, struct arena *a, struct err *e)
{
	struct webpush *w = settings;
	unsigned char private[WEBPUSH_PRIVATE];
	struct subscription s;
	struct arena own = { 0 };
	int rc = webpush_read_pem(str_from(w->key), private, e);

	explicit_bzero(private, sizeof(private));
	if (rc)
		return err_prefix(e, "vapid-file");
	rc = read_subscription(w->subscription, &own, &s, e);
	explicit_bzero(&s.browser, sizeof(s.browser));
	arena_free(&own);
	if (rc == 0)
		rc = check_subject(str_from(w->subject), e);
	w->vapid = arena_alloc(a, sizeof(*w->vapid));
	return rc;
}

/* ---- a request ---- */

static int make_vapid(const struct webpush *w, struct str origin,
		      int64_t expires_s, struct buf *b, struct err *e)
{
	unsigned char private[WEBPUSH_PRIVATE], public[WEBPUSH_PUBLIC];
	int rc = webpush_read_pem(str_from(w->key), private, e);

	buf_puts(b, "vapid t=");
	if (rc == 0)
		rc = webpush_token(b, private, origin, expires_s,
				   str_from(w->subject), e);
	if (rc == 0)
		rc = webpush_public(private, public, e);
	if (rc == 0) {
		buf_puts(b, ", k=");
		base64url_add(b, (struct str){ (const char *)public,
					       sizeof(public) });
	}
	explicit_bzero(private, sizeof(private));
	return rc;
}

/* A token is used again, so that the service need not check each anew. */
static int add_vapid(const struct webpush *w, struct str origin, int64_t now_s,
		     struct kind_request *req, struct err *e)
{
	struct vapid *v = w->vapid;
	struct buf b = { .p = NULL };
	int64_t left_s = v->expires_s - now_s;

	if (left_s < TOKEN_LEFT_S || left_s > TOKEN_S) {
		if (make_vapid(w, origin, now_s + TOKEN_S, &b, e)) {
			buf_free(&b);
			return -1;
		}
		str_copy(v->value, sizeof(v->value), buf_str(&b));
		v->expires_s = now_s + TOKEN_S;
		buf_free(&b);
	}
	kind_header(req, "Authorization", str_from(v->value));
	return 0;
}

/* What browser and service take for the same thing, told again. */
static void add_tag(const struct kind_message *km, struct buf *b)
{
	struct str alert = km->msg->data.alert;

	if (km->edit.p)
		buf_add_str(b, km->edit);
	else if (str_is_id(alert))
		buf_add_str(b, alert);
	else
		buf_puts(b, km->id);
	if (km->part > 1)
		buf_addf(b, "-%u", km->part);
}

/* The first len bytes of a text, in place of what is behind `at`. */
static void put_cut(struct buf *b, size_t at, struct str text, size_t len)
{
	b->len = at;
	buf_json_str(b, str_utf8_prefix(text, len));
	b->len--;
	buf_puts(b, "\xe2\x80\xa6\"");
}

/* As JSON of at most max bytes, with its quotes: as much as there is room. */
static void add_cut(struct buf *b, struct str text, size_t max)
{
	size_t at = b->len, fits = 0, over = text.len;

	buf_json_str(b, text);
	if (b->len - at <= max)
		return;
	while (over - fits > 1) {
		size_t mid = fits + (over - fits) / 2;

		put_cut(b, at, text, mid);
		if (b->len - at <= max)
			fits = mid;
		else
			over = mid;
	}
	put_cut(b, at, text, fits);
}

/* For the service worker; the text takes what the others leave, which is some. */
static void print(const struct kind_message *km, struct str tag, struct buf *b)
{
	struct arena a = { 0 };
	struct str link = kind_link(km, &a), alert = km->msg->data.alert;

	buf_puts(b, "{\"title\":");
	buf_json_str(b, km->title);
	buf_puts(b, ",\"tag\":");
	buf_json_str(b, tag);
	if (str_is_id(alert)) {
		buf_puts(b, ",\"alert\":");
		buf_json_str(b, alert);
	}
	if (link.p) {
		buf_puts(b, ",\"url\":");
		buf_json_str(b, link);
	}
	buf_puts(b, ",\"body\":");
	add_cut(b, km->text, MESSAGE_MAX - b->len - 1);
	buf_putc(b, '}');
	arena_free(&a);
}

static int encrypt(const struct kind_message *km, const struct subscription *s,
		   struct str tag, struct buf *b, struct err *e)
{
	unsigned char private[WEBPUSH_PRIVATE];
	struct buf text = { .p = NULL };
	int rc = webpush_private(km->random, private, e);

	print(km, tag, &text);
	if (rc == 0)
		rc = webpush_encrypt(
			b, buf_str(&text),
			(text.len + PADDED_TO - 1) / PADDED_TO * PADDED_TO,
			&s->browser, private, km->random + WEBPUSH_SEED, e);
	explicit_bzero(private, sizeof(private));
	buf_free(&text);
	return rc;
}

static void add_headers(const struct webpush *w, const struct kind_message *km,
			struct str tag, struct kind_request *req)
{
	static const char *const urgencies[] = { [KIND_LOW] = "low",
						 [KIND_NORMAL] = "normal",
						 [KIND_HIGH] = "high",
						 [KIND_URGENT] = "high" };
	struct buf b = { .p = NULL };

	kind_header(req, "Content-Type", STR("application/octet-stream"));
	kind_header(req, "Content-Encoding", STR("aes128gcm"));
	kind_header(req, "Urgency", str_from(urgencies[kind_priority(km)]));
	buf_u64(&b, w->ttl_ms ? (uint64_t)w->ttl_ms / 1000 : TTL_S);
	kind_header(req, "TTL", buf_str(&b));
	buf_reset(&b);
	/* At most 32 characters of base64url. */
	buf_addf(&b, "%016llx", (unsigned long long)str_hash_id(tag));
	kind_header(req, "Topic", buf_str(&b));
	buf_free(&b);
}

static int build(const void *settings, const struct kind_message *km,
		 struct kind_request *req, struct err *e)
{
	const struct webpush *w = settings;
	struct arena a = { 0 };
	struct subscription s;
	struct str tag;
	int rc = read_subscription(w->subscription, &a, &s, e);

	if (rc == 0) {
		add_tag(km, &req->message_id);
		tag = buf_str(&req->message_id);
		buf_add_str(&req->url, s.endpoint);
		req->secret_url = true;
		add_headers(w, km, tag, req);
		rc = add_vapid(w, s.origin, km->now_us / 1000000, req, e);
		if (rc == 0)
			rc = encrypt(km, &s, tag, &req->body, e);
	}
	explicit_bzero(&s.browser, sizeof(s.browser));
	arena_free(&a);
	return rc;
}

/* ---- an answer ---- */

/* Services say it as text, as "message" (Mozilla) or "reason" (Apple). */
static struct str said(const struct http_response *r, struct arena *a)
{
	struct str body = kind_answer_object(r), text;

	if (!body.p)
		return r->body;
	text = json_get_text(body, "message", a);
	return text.len ? text : json_get_text(body, "reason", a);
}

/* 201, or 202 where it may take a while (RFC 8030, 5). */
static void answer(const struct http_response *r, struct arena *a,
		   struct outcome *o)
{
	if (o->end == OUTCOME_SENT) {
		if (r->status != 201 && r->status != 202)
			kind_answer_of_others(o);
		return;
	}
	outcome_set_receiver(o, said(r, a));
	if (r->status == 404 || r->status == 410)
		o->reason = "gone";
}

const struct kind kind_webpush = {
	.name = "webpush",
	.transport = KIND_HTTP,
	.keys = keys,
	.n_keys = ARRAY_LEN(keys),
	.size = sizeof(struct webpush),
	.style = { .text = "{{message}}",
		   .unit = TEXT_BYTES,
		   .title_max = TITLE_MAX,
		   .text_max = TEXT_MAX },
	.check = check,
	.build = build,
	.can_edit = true,
	.answer = answer,
};
