#include "site.h"

#include <stdio.h>
#include <time.h>

#include "common/json.h"
#include "common/xmem.h"

#include "control.h"
#include "fill.h"
#include "mischief.h"
#include "mischief_lists.h"
#include "pages.h"

enum { DEPTH_MAX = 16 }; /* prefixes in one path */

static void robots(struct visit *v)
{
	buf_puts(&v->a->body, "User-agent: *\nDisallow: /private/\n");
	if (v->site->crawl_delay_s > 0)
		buf_addf(&v->a->body, "Crawl-delay: %u\n",
			 v->site->crawl_delay_s);
	v->a->type = "text/plain; charset=utf-8";
}

static bool is_read(const struct request *rq)
{
	return str_is(rq->method, "GET") || str_is(rq->method, "HEAD");
}

static bool route_page(struct visit *v, struct str path)
{
	const struct world *w = v->site->world;
	struct str rest, first = str_cut(path, '/', &rest);

	if (path.len == 0)
		page_front(w, v->a);
	else if (str_is(first, "shop"))
		page_shop(w, v->rq->base, rest, v->a);
	else if (str_is(path, "ads/endless/"))
		page_endless_list(v, rest);
	else if (str_is(first, "ads"))
		page_ads(w, v->rq->base, rest, v->rq->args, v->a);
	else if (str_is(first, "img"))
		page_image(rest, v->a);
	else if (str_is(path, "page"))
		page_text(w, v->a);
	else if (str_is(path, "robots.txt") && v->site->robots[0])
		site_route(v, str_from(v->site->robots));
	else if (str_is(path, "robots.txt"))
		robots(v);
	else
		return mischief_answer(v, first, rest);
	return true;
}

void site_route(struct visit *v, struct str path)
{
	if (v->depth++ == DEPTH_MAX || !route_page(v, path))
		answer_error(v->a, 404, "There is nothing here.");
}

/*
 * A scraping provider: it counts the request as a receiver of its name does,
 * wants a key, and answers with the page that was asked for.
 */
static void provide(struct visit *v, struct str name)
{
	const struct str url = v->rq->url;
	struct str key, rest;
	size_t at = str_find(url, STR("://"));

	hooks_receive(&v->site->hooks, name, v->rq, v->a);
	if (v->a->status != 200)
		return;
	if (!json_get(v->rq->args, "api_key", &key) || key.len <= 2) {
		answer_error(v->a, 401, "There is no key.");
		return;
	}
	if (at == (size_t)-1) {
		answer_error(v->a, 400, "There is no url.");
		return;
	}
	str_cut(str_sub(url, at + 3, url.len), '/', &rest);
	buf_reset(&v->a->body);
	site_route(v, str_cut(rest, '?', &(struct str){ 0 }));
}

static void dispatch(struct visit *v, struct str path)
{
	struct str rest, first = str_cut(path, '/', &rest);

	if (str_is(first, "control")) {
		control_answer(v, rest);
	} else if (str_is(first, "hook")) {
		first = str_cut(rest, '/', &rest);
		hooks_receive(&v->site->hooks, first, v->rq, v->a);
	} else if (str_is(first, "provider")) {
		provide(v, str_cut(rest, '/', &rest));
	} else if (str_starts(path, STR("bot"))) {
		hooks_telegram(&v->site->hooks, str_sub(path, 3, path.len),
			       v->rq, v->a);
	} else if (is_read(v->rq)) {
		site_route(v, path);
	} else {
		answer_error(v->a, 405, "These pages are only read.");
		v->a->allow = "GET, HEAD";
	}
}

static bool is_unmodified(const struct request *rq, const struct answer *a)
{
	struct tm tm = { 0 };
	char text[64];
	const char *end;

	/* RFC 9110, 13.1.3: a date does not count where there is a tag. */
	if (rq->none_match.p)
		return str_is(rq->none_match, "*") ||
		       str_find(rq->none_match, str_from(a->etag)) !=
			       (size_t)-1;
	if (!str_copy(text, sizeof(text), rq->modified_since))
		return false;
	end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end && !*end && timegm(&tm) >= a->modified_s;
}

/* Give the page its tag, and leave the page out if the client has it. */
static void validate(const struct request *rq, struct answer *a)
{
	if (a->status != 200 || a->modified_s == 0 || a->kind != ANSWER_PAGE)
		return;
	/* Weak: it stays the same when the body is compressed. */
	snprintf(a->etag, sizeof(a->etag), "W/\"%016llx\"",
		 (unsigned long long)str_hash(buf_str(&a->body)));
	if (is_unmodified(rq, a)) {
		a->status = 304;
		a->type = NULL;
		buf_reset(&a->body);
	}
}

void site_answer(struct site *s, const struct request *rq, struct answer *a)
{
	struct visit v = { .site = s, .rq = rq, .a = a };

	a->status = 200;
	a->body.max = ANSWER_BODY_MAX;
	if (!str_starts(rq->path, STR("/control/")))
		tally_add(&s->log, rq->path);
	dispatch(&v, str_sub(rq->path, 1, rq->path.len));
	if (a->body.full)
		answer_error(a, 500, "The page became too large.");
	validate(rq, a);
}

void site_release(struct site *s)
{
	world_free(&s->world);
	hooks_release(&s->hooks);
	chats_release(&s->chats);
	tally_release(&s->log);
	tally_release(&s->counters);
}
