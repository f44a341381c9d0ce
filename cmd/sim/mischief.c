#include "mischief.h"

#include <stdio.h>
#include <string.h>

#include "common/xmem.h"

#include "mischief_lists.h"
#include "mischief_pages.h"
#include "wire.h"

enum { REDIRECTS_MAX = 1000, GARBAGE_BYTES = 4096 };

/* Take "N/" off the front of *rest; false (and 400) if it is not in bounds. */
static bool take_number(struct visit *v, struct str *rest, uint64_t min,
			uint64_t max, uint64_t *n_r)
{
	struct str behind, first = str_cut(*rest, '/', &behind);

	if (!str_u64(first, n_r) || *n_r < min || *n_r > max) {
		answer_error(v->a, 400, "The number is missing or too large.");
		return false;
	}
	*rest = behind;
	return true;
}

static void slow(struct visit *v, struct str rest)
{
	uint64_t ms;

	if (!take_number(v, &rest, 0, ANSWER_DELAY_MAX_MS, &ms))
		return;
	site_route(v, rest);
	v->a->delay_ms += (int64_t)ms;
}

static void status(struct visit *v, struct str rest)
{
	uint64_t code;

	if (!take_number(v, &rest, 200, 599, &code))
		return;
	answer_error(v->a, (unsigned)code, "As you asked.");
	if (code == 204 || code == 304) {
		buf_reset(&v->a->body);
		v->a->type = NULL;
	}
	if (v->rq->retry_after.len > 0 &&
	    str_copy(v->a->retry_after_text, sizeof(v->a->retry_after_text),
		     v->rq->retry_after))
		v->a->retry_after = v->a->retry_after_text;
}

static void flaky(struct visit *v, struct str rest)
{
	uint64_t n, count;

	if (!take_number(v, &rest, 1, UINT32_MAX, &n))
		return;
	count = tally_add(&v->site->counters, v->rq->path);
	if (count > 0 && count % n == 0)
		answer_error(v->a, 500, "Something went wrong.");
	else
		site_route(v, rest);
}

static void ratelimit(struct visit *v, struct str rest)
{
	char key[48];
	uint64_t n;

	if (!take_number(v, &rest, 0, UINT32_MAX, &n))
		return;
	snprintf(key, sizeof(key), "ratelimit/%llu", (unsigned long long)n);
	if (tally_rate(&v->site->counters, str_from(key), v->rq->now_ms) <= n) {
		site_route(v, rest);
		return;
	}
	answer_error(v->a, 429, "Not so fast.");
	v->a->retry_after = "1";
}

/* Replace [from, to) of the body. */
static void splice(struct buf *b, size_t from, size_t to, struct str by)
{
	struct buf out = { 0 };
	struct str body = buf_str(b);

	buf_add_str(&out, str_sub(body, 0, from));
	buf_add_str(&out, by);
	buf_add_str(&out, str_sub(body, to, body.len));
	buf_free(b);
	*b = out;
}

/* The script element stays, the JSON in it ends in the middle. */
static void cut_jsonld(struct buf *b)
{
	size_t from = str_find(buf_str(b), STR("\"priceCurrency\""));
	size_t to = str_find(buf_str(b), STR("}}\n</script>"));

	if (from != (size_t)-1 && to != (size_t)-1)
		splice(b, from, to + 2, STR("\"priceCurr"));
}

static void drop_end_tags(struct buf *b)
{
	struct buf out = { 0 };
	struct str rest = buf_str(b);

	for (;;) {
		size_t at = str_find(rest, STR("</"));

		buf_add_str(&out,
			    str_sub(rest, 0, at == (size_t)-1 ? rest.len : at));
		if (at == (size_t)-1)
			break;
		rest = str_sub(rest, at, rest.len);
		str_cut(rest, '>', &rest);
	}
	buf_free(b);
	*b = out;
}

/* The euro sign as windows-1252 has it, in a page that says UTF-8. */
static void spoil_charset(struct buf *b)
{
	size_t at;

	while ((at = str_find(buf_str(b), STR("EUR"))) != (size_t)-1)
		splice(b, at, at + 3, STR("\x80"));
}

static void broken(struct visit *v, struct str rest)
{
	static const struct {
		const char *name, *shop;
		void (*spoil)(struct buf *b);
	} ways[] = {
		{ "jsonld", "shop/jsonld/", cut_jsonld },
		{ "tags", "shop/microdata/", drop_end_tags },
		{ "charset", "shop/plain/", spoil_charset },
	};
	struct str item, way = str_cut(rest, '/', &item);

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct buf path = { 0 };

		if (!str_is(way, ways[i].name))
			continue;
		buf_puts(&path, ways[i].shop);
		buf_add_str(&path, item);
		site_route(v, buf_str(&path));
		buf_free(&path);
		if (v->a->status == 200)
			ways[i].spoil(&v->a->body);
		return;
	}
	site_route(v, rest);
	v->a->body.len /= 2;
}

static void cut(struct visit *v, struct str rest)
{
	site_route(v, rest);
	if (v->a->kind == ANSWER_PAGE)
		v->a->kind = ANSWER_CUT;
}

static void endless(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->kind = ANSWER_ENDLESS;
	v->a->type = "text/html; charset=utf-8";
	buf_puts(&v->a->body, "<p>And so it goes on, and on, and on.</p>\n");
}

static void bomb(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->kind = ANSWER_BOMB;
	v->a->type = "text/html; charset=utf-8";
}

/* A path was decoded when it came in. */
static void add_encoded(struct buf *b, struct str path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~/";

	for (size_t i = 0; i < path.len; i++) {
		unsigned char c = (unsigned char)path.p[i];

		if (c && strchr(plain, c))
			buf_putc(b, (char)c);
		else
			buf_addf(b, "%%%02X", c);
	}
}

static void redirect(struct visit *v, struct str rest)
{
	uint64_t n;

	if (!take_number(v, &rest, 0, REDIRECTS_MAX, &n))
		return;
	if (n == 0) {
		site_route(v, rest);
		return;
	}
	answer_redirect(v->a);
	buf_addf(&v->a->location, "/redirect/%llu/", (unsigned long long)n - 1);
	add_encoded(&v->a->location, rest);
}

static void redirect_loop(struct visit *v, struct str rest)
{
	(void)rest;
	answer_redirect(v->a);
	buf_puts(&v->a->location, "/redirect-loop/");
}

static void redirect_to(struct visit *v, struct str rest)
{
	struct str url = rest.len ? rest : v->rq->url;

	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.p[i] < ' ' || url.p[i] == 127)
			url.len = 0;
	if (url.len == 0) {
		answer_error(v->a, 400, "Say where, with ?url=");
		return;
	}
	answer_redirect(v->a);
	if (rest.len)
		buf_puts(&v->a->location, "http://");
	buf_add_str(&v->a->location, url);
}

static void headers(struct visit *v, struct str rest)
{
	uint64_t n;

	if (!take_number(v, &rest, 0, ANSWER_FILLERS_MAX, &n))
		return;
	site_route(v, rest);
	v->a->fillers = (unsigned)n;
}

static void maxage(struct visit *v, struct str rest)
{
	uint64_t s;

	if (!take_number(v, &rest, 0, UINT32_MAX, &s))
		return;
	site_route(v, rest);
	snprintf(v->a->cache_control_text, sizeof(v->a->cache_control_text),
		 "max-age=%llu", (unsigned long long)s);
	v->a->cache_control = v->a->cache_control_text;
}

static void blocked(struct visit *v, struct str rest)
{
	(void)rest;
	answer_error(v->a, 403, "");
	buf_reset(&v->a->body);
	buf_puts(&v->a->body,
		 "<!DOCTYPE html>\n<html lang=\"en\"><head>"
		 "<meta charset=\"utf-8\"><title>Just a moment...</title>"
		 "<meta name=\"robots\" content=\"noindex\"></head>\n"
		 "<body><h1>Checking your browser</h1>\n"
		 "<noscript>Enable JavaScript and cookies to continue"
		 "</noscript>\n<p>Please verify that you are a human.</p>\n"
		 "<form id=\"challenge-form\" action=\"/cdn-cgi/challenge\">"
		 "<div class=\"g-recaptcha\"></div></form>\n"
		 "</body></html>\n");
}

static void empty(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->type = "text/html; charset=utf-8";
}

static void nofields(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->type = "text/html; charset=utf-8";
	buf_puts(&v->a->body,
		 "<!DOCTYPE html>\n<html lang=\"en\"><head>"
		 "<meta charset=\"utf-8\"><title>Our new shop</title></head>\n"
		 "<body><div id=\"app\" data-view=\"product\">"
		 "<span class=\"x7a\">Our new shop is loading</span></div>\n"
		 "<p>We have rebuilt everything for you.</p></body></html>\n");
}

static void garbage(struct visit *v, struct str rest)
{
	uint64_t h = v->site->world->seed;

	(void)rest;
	v->a->type = "text/html";
	while (v->a->body.len < GARBAGE_BYTES) {
		h = str_hash((struct str){ (const char *)&h, sizeof(h) });
		buf_add(&v->a->body, &h, sizeof(h));
	}
}

static void drip(struct visit *v, struct str rest)
{
	uint64_t ms;

	if (!take_number(v, &rest, 1, ANSWER_DELAY_MAX_MS, &ms))
		return;
	site_route(v, rest);
	if (v->a->kind == ANSWER_PAGE)
		v->a->kind = ANSWER_DRIP;
	v->a->drip_ms = (int64_t)ms;
}

static void wire(struct visit *v, struct str rest)
{
	struct str behind;

	v->a->wire = wire_named(str_cut(rest, '/', &behind));
	if (v->a->wire)
		v->a->kind = ANSWER_WIRE;
	else
		answer_error(v->a, 404, "No such bytes.");
}

static void hang(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->kind = ANSWER_HANG;
}

/* Forbidden by robots.txt; who asks nevertheless is seen in the log. */
static void forbidden(struct visit *v, struct str rest)
{
	site_route(v, rest);
}

bool mischief_answer(struct visit *v, struct str name, struct str rest)
{
	static const struct {
		const char *name;
		void (*fn)(struct visit *v, struct str rest);
	} kinds[] = {
		{ "slow", slow },
		{ "status", status },
		{ "flaky", flaky },
		{ "ratelimit", ratelimit },
		{ "broken", broken },
		{ "cut", cut },
		{ "endless", endless },
		{ "bomb", bomb },
		{ "redirect", redirect },
		{ "redirect-loop", redirect_loop },
		{ "redirect-to", redirect_to },
		{ "headers", headers },
		{ "maxage", maxage },
		{ "blocked", blocked },
		{ "empty", empty },
		{ "nofields", nofields },
		{ "garbage", garbage },
		{ "hang", hang },
		{ "private", forbidden },
		{ "drip", drip },
		{ "wire", wire },
		{ "challenge", page_challenge },
		{ "login", page_login },
		{ "login-form", page_form },
		{ "consent", page_consent },
		{ "missing", page_missing },
		{ "priced", page_priced },
		{ "pdf", page_pdf },
		{ "many", page_many },
		{ "similar", page_similar },
		{ "locale", page_locale },
		{ "ab", page_ab },
		{ "as", page_as },
		{ "nuls", page_nuls },
		{ "shuffle", page_shuffle },
		{ "double", page_double },
		{ "sessions", page_sessions },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_is(name, kinds[i].name)) {
			kinds[i].fn(v, rest);
			return true;
		}
	}
	return false;
}
