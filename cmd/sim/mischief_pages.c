#include "mischief_pages.h"

#include <stdio.h>
#include <string.h>

#include "common/xmem.h"

#include "fill.h"
#include "pages.h"

enum {
	MANY_MAX = 20000,
	ITEMS_MAX = 1000, /* of a list that is written in another order */
	NULS_FROM = 1024, /* before that, a NUL says that it is no text */
	NULS_EVERY = 64,  /* bytes */
};

#define HEAD                                                      \
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=" \
	"\"utf-8\"><title>{title}</title></head>\n<body>"

static void html(struct visit *v, const char *title, const char *body)
{
	v->a->type = "text/html; charset=utf-8";
	FILL(&v->a->body, HEAD "{r:body}</body></html>\n",
	     { "title", str_from(title) }, { "body", str_from(body) });
}

void page_challenge(struct visit *v, struct str rest)
{
	struct str behind;
	uint64_t code;

	if (!str_u64(str_cut(rest, '/', &behind), &code) || code < 200 ||
	    code > 599) {
		answer_error(v->a, 400, "With which status?");
		return;
	}
	html(v, "Just a moment...",
	     "<h1>Checking your browser</h1>\n"
	     "<noscript>Enable JavaScript and cookies to continue</noscript>\n"
	     "<script>window._cf_chl_opt={cType:'managed'};</script>\n");
	v->a->status = (unsigned)code;
}

void page_login(struct visit *v, struct str rest)
{
	(void)rest;
	answer_redirect(v->a);
	buf_puts(&v->a->location, "/login-form/?next=/");
}

void page_form(struct visit *v, struct str rest)
{
	(void)rest;
	html(v, "Sign in",
	     "<h1>Sign in</h1>\n<p>Please sign in to see our prices.</p>\n"
	     "<form method=\"post\"><input name=\"user\">"
	     "<input type=\"password\" name=\"password\">"
	     "<button>Sign in</button></form>\n");
}

void page_consent(struct visit *v, struct str rest)
{
	(void)rest;
	html(v, "Your privacy",
	     "<h1>We value your privacy</h1>\n"
	     "<p>We and our 842 partners store cookies on your device.</p>\n"
	     "<button>Accept all</button><button>Settings</button>\n");
}

void page_missing(struct visit *v, struct str rest)
{
	(void)rest;
	html(v, "Page not found",
	     "<h1>Oops!</h1>\n<p>We could not find what you look for.</p>\n"
	     "<ul><li><a href=\"/shop/\">To the shop</a></li></ul>\n");
}

void page_priced(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->type = "text/html; charset=utf-8";
	FILL(&v->a->body,
	     HEAD "<main class=\"product\"><h1>{title}</h1>"
		  "<p class=\"price\">{price}</p><p>In stock</p>"
		  "<button>Add to cart</button></main></body></html>\n",
	     { "title", STR("Diver 300 M") }, { "price", v->rq->url });
}

void page_pdf(struct visit *v, struct str rest)
{
	(void)rest;
	v->a->type = "application/pdf";
	buf_puts(&v->a->body, "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>"
			      "endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
}

void page_many(struct visit *v, struct str rest)
{
	struct str behind;
	uint64_t n;

	if (!str_u64(str_cut(rest, '/', &behind), &n) || n > MANY_MAX) {
		answer_error(v->a, 400, "How many?");
		return;
	}
	v->a->type = "text/html; charset=utf-8";
	buf_puts(&v->a->body, "<!DOCTYPE html><title>Many</title><ul>\n");
	for (unsigned i = 0; i < n; i++)
		buf_addf(&v->a->body,
			 "<li class=\"result\" data-id=\"m%u\"><h3>No. %u</h3>"
			 "<p class=\"price\">$%u.00</p></li>\n",
			 i, i, i + 1);
	buf_puts(&v->a->body, "</ul>\n");
}

/* ---- in front of a page ---- */

void page_as(struct visit *v, struct str rest)
{
	static const struct {
		const char *name, *type;
	} types[] = {
		{ "html", "text/html; charset=utf-8" },
		{ "json", "application/json" },
		{ "xml", "application/xml" },
		{ "text", "text/plain; charset=utf-8" },
		{ "image", "image/png" },
		{ "bytes", "application/octet-stream" },
		{ "none", NULL },
	};
	struct str path, name = str_cut(rest, '/', &path);

	site_route(v, path);
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_is(name, types[i].name))
			v->a->type = types[i].type;
}

void page_nuls(struct visit *v, struct str rest)
{
	struct buf out = { 0 };

	site_route(v, rest);
	for (size_t i = 0; i < v->a->body.len; i++) {
		buf_putc(&out, v->a->body.p[i]);
		if (i >= NULS_FROM && i % NULS_EVERY == 0)
			buf_putc(&out, '\0');
	}
	buf_free(&v->a->body);
	v->a->body = out;
}

/* The entries of an HTML list, and what stands around them. */
struct list {
	struct str before, items[ITEMS_MAX], after;
	size_t n;
};

static void find_items(struct str page, struct list *l)
{
	size_t from = str_find(page, STR("<li"));

	l->n = 0;
	l->before = str_sub(page, 0, from == (size_t)-1 ? page.len : from);
	page = str_sub(page, l->before.len, page.len);
	while (l->n < ITEMS_MAX && str_starts(page, STR("<li"))) {
		size_t end = str_find(page, STR("</li>\n"));

		if (end == (size_t)-1)
			break;
		l->items[l->n++] = str_sub(page, 0, end + 6);
		page = str_sub(page, end + 6, page.len);
	}
	l->after = page;
}

/* How often this was asked for: what is done is another each time. */
static uint64_t turn_of(struct visit *v)
{
	return tally_add(&v->site->counters, v->rq->path);
}

static void take_body(struct visit *v, struct buf *out)
{
	buf_free(&v->a->body);
	v->a->body = *out;
	v->a->modified_s = 0; /* it is another one each time */
}

void page_shuffle(struct visit *v, struct str rest)
{
	uint64_t turn = turn_of(v);
	struct buf out = { 0 };
	struct list l;

	site_route(v, rest);
	find_items(buf_str(&v->a->body), &l);
	buf_add_str(&out, l.before);
	for (size_t i = 0; i < l.n; i++) {
		size_t at = (i + turn) % l.n;

		buf_add_str(&out, l.items[turn % 2 ? l.n - 1 - at : at]);
	}
	buf_add_str(&out, l.after);
	take_body(v, &out);
}

void page_double(struct visit *v, struct str rest)
{
	struct buf out = { 0 };
	struct list l;

	site_route(v, rest);
	find_items(buf_str(&v->a->body), &l);
	buf_add_str(&out, l.before);
	for (size_t i = 0; i < 2 * l.n; i++)
		buf_add_str(&out, l.items[i % l.n]);
	buf_add_str(&out, l.after);
	take_body(v, &out);
}

/* Each link gets a session's id and a campaign, new ones each time. */
void page_sessions(struct visit *v, struct str rest)
{
	const struct str href = STR("<a href=\"");
	unsigned long long turn = turn_of(v);
	struct buf out = { 0 };
	struct str body;
	size_t at;

	site_route(v, rest);
	body = buf_str(&v->a->body);
	while ((at = str_find(body, href)) != (size_t)-1) {
		size_t end = at + href.len;

		while (end < body.len && body.p[end] != '"')
			end++;
		buf_add_str(&out, str_sub(body, 0, end));
		buf_addf(&out, "?utm_campaign=c%llu&amp;gclid=%llu", turn,
			 turn * 7919);
		body = str_sub(body, end, body.len);
	}
	buf_add_str(&out, body);
	take_body(v, &out);
}
