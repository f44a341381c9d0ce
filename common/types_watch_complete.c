/*
 * What a user left out of a watch, and what a shape cannot say of one.
 */
#include "common/types_watch.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/cron.h"
#include "common/hours.h"
#include "common/json.h"
#include "common/types_way.h"
#include "common/url.h"
#include "common/xmem.h"

/* The parts of a URL that name a watch. */
struct place {
	struct str host, port, path;
	bool more; /* a query or a fragment follows */
};

static size_t span(struct str s, const char *stops)
{
	size_t n = 0;

	while (n < s.len && !strchr(stops, s.p[n]))
		n++;
	return n;
}

static int read_place(struct str url, struct place *p, struct err *e)
{
	bool mock = str_starts(url, STR("mock:"));
	struct str rest = str_sub(url, str_chr(url, ':') + 1, url.len);
	struct str authority = STR("mock");
	size_t n;

	if (!mock) {
		rest = str_sub(rest, 2, rest.len);
		n = span(rest, "/?#");
		authority = str_sub(rest, 0, n);
		rest = str_sub(rest, n, rest.len);
	}
	if (str_chr(authority, '@') != (size_t)-1)
		return err_set(e, EX_DATAERR,
			       "url: must not hold a user name or password");
	n = authority.len && authority.p[0] == '[' ? span(authority, "]") : 0;
	n += span(str_sub(authority, n, authority.len), ":");
	p->host = str_sub(authority, 0, n);
	p->port = str_sub(authority, n + 1, authority.len);
	n = span(rest, "?#");
	p->path = str_sub(rest, 0, n);
	p->more = n < rest.len;
	if (p->host.len == 0)
		return err_set(e, EX_DATAERR, "url: has no host");
	if (mock && p->path.len == 0)
		return err_set(e, EX_DATAERR, "url: mock: without a name");
	return 0;
}

/* Gathers an id; notes where it says less than what it was made from. */
struct naming {
	char text[WATCH_ID_TEXT];
	size_t len;
	bool lossy;
};

static void add_char(struct naming *n, char c)
{
	if (n->len == sizeof(n->text))
		n->lossy = true;
	else
		n->text[n->len++] = c;
}

static void add_part(struct naming *n, struct str part, bool is_path)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.p[i];

		if (!is_path && c >= 'A' && c <= 'Z')
			c = (char)(c + 'a' - 'A');
		if (is_path && c == '/') {
			add_char(n, '_');
			continue;
		}
		if ((is_path && c == '_') ||
		    !str_is_id((struct str){ &c, 1 })) {
			n->lossy = true;
			c = '-';
		}
		add_char(n, c);
	}
}

static struct str make_id(struct str url, const struct place *p,
			  struct arena *a)
{
	struct naming n = { .lossy = p->more };
	char out[WATCH_ID_TEXT + 16];
	int len;

	add_part(&n, p->host, false);
	if (p->port.len) {
		add_char(&n, '.');
		add_part(&n, p->port, false);
	}
	if (str_starts(url, STR("mock:")))
		add_char(&n, '_');
	add_part(&n, p->path, true);
	while (n.len > 1 && n.text[n.len - 1] == '_')
		n.len--; /* "/" at the end is the same page almost everywhere */
	len = snprintf(out, sizeof(out), "%.*s", (int)n.len, n.text);
	if (n.lossy)
		len += snprintf(out + len, sizeof(out) - (size_t)len, "-%08x",
				(unsigned)(str_hash(url) >> 32));
	return arena_str(a, (struct str){ out, (size_t)len });
}

static struct str make_source(struct str host, struct arena *a)
{
	struct naming n = { .len = 0 };

	add_part(&n, host, false);
	return arena_str(a, (struct str){ n.text, n.len });
}

static int check_cron(struct str expr, struct err *e)
{
	struct cron cron;

	if (!expr.p || cron_parse(expr, &cron, e) == 0)
		return 0;
	if (e)
		e->code = EX_DATAERR;
	return err_prefix(e, "cron");
}

static int check_confirm(const struct type_confirm *c, struct err *e)
{
	if (shape_count(c->times, 1) <= shape_count(c->of, 1))
		return 0;
	return err_set(e, EX_DATAERR, "confirm.of: less than times");
}

static int check_windows(const struct shape_list *windows, struct err *e)
{
	struct hours hours;

	if (!windows->present ||
	    hours_parse(windows->v, windows->n, &hours, e) == 0)
		return 0;
	if (e)
		e->code = EX_DATAERR;
	return err_prefix(e, "windows");
}

static int check_adaptive(const struct type_watch *w, struct err *e)
{
	int64_t min = 0, max = 0;

	if (!w->adaptive.present)
		return 0;
	if (w->cron.p)
		return err_set(e, EX_DATAERR, "adaptive: cron is there, too");
	str_duration_ms(w->adaptive.min, &min);
	str_duration_ms(w->adaptive.max, &max);
	if (min > max)
		return err_set(e, EX_DATAERR, "adaptive: min is above max");
	return 0;
}

static int check_contract(const struct type_watch *w, struct err *e)
{
	struct decimal min, max;

	if (w->min_items.p && str_is(w->kind, "page"))
		return err_set(e, EX_DATAERR, "min_items: a page has none");
	if (!w->plausible.present)
		return 0;
	if (!w->item.present)
		return err_set(e, EX_DATAERR,
			       "plausible: there is no item whose price it is");
	if (w->plausible.min.p && w->plausible.max.p &&
	    decimal_parse(w->plausible.min, &min) &&
	    decimal_parse(w->plausible.max, &max) && decimal_cmp(min, max) > 0)
		return err_set(e, EX_DATAERR, "plausible: min is above max");
	return 0;
}

/* A host, with its port where it is not the scheme's own. */
static bool is_place(struct str s)
{
	enum { PLACE_MAX = 253 + 6 }; /* bytes: a name (RFC 1035), a port */
	char url[PLACE_MAX + sizeof("http:///")];

	if (s.len > PLACE_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("*/\\?#@%", s.p[i]))
			return false;
	snprintf(url, sizeof(url), "http://%.*s/", (int)s.len, s.p);
	return url_is_http(str_from(url));
}

/* A list can go on; an item, or the text of a page, cannot. */
static int check_pages(const struct type_watch *w, struct err *e)
{
	bool is_list = !w->item.present && !str_is(w->kind, "page");

	if (w->pages.p && !is_list && shape_count(w->pages, 1) > 1)
		return err_set(e, EX_DATAERR, "pages: only a list has them");
	if (w->next_hosts.n && shape_count(w->pages, 1) < 2)
		return err_set(e, EX_DATAERR,
			       "next_hosts: pages is not above 1");
	for (size_t i = 0; i < w->next_hosts.n; i++)
		if (!is_place(w->next_hosts.v[i]))
			return err_set(e, EX_DATAERR,
				       "next_hosts: a host is wanted, such as "
				       "shop.example or shop.example:8080");
	return 0;
}

/* ---- chats ---- */

static bool has_scheme(struct str url, const char *scheme)
{
	struct str head = str_sub(url, 0, strlen(scheme));
	struct str rest = str_sub(url, head.len, url.len);

	if (str_starts(rest, STR("s://")))
		rest = str_sub(rest, 1, rest.len);
	return str_is(head, scheme) && str_starts(rest, STR("://"));
}

static int check_send(struct str send, struct err *e)
{
	struct json_iter it = json_iter(send);
	size_t n = 0;

	if (!send.p)
		return 0;
	if (json_type_of(send) != JSON_ARRAY)
		return err_set(e, EX_DATAERR, "send: not an array");
	while (json_next(&it)) {
		enum json_type type = json_type_of(it.value);

		if (type != JSON_STRING && type != JSON_OBJECT)
			return err_set(e, EX_DATAERR,
				       "send[%zu]: neither a text nor an "
				       "object",
				       n + 1);
		if (++n > CHAT_SEND_MAX)
			return err_set(e, EX_DATAERR, "send: more than %d",
				       CHAT_SEND_MAX);
	}
	return 0;
}

/* What goes into a line of IRC must not end it. */
static bool is_word(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == ',')
			return false;
	return s.len > 0;
}

/* Many servers do not answer to a name without one of RFC 2811's prefixes. */
static int check_channels(const struct shape_list *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		struct str name = l->v[i];

		if (!is_word(name))
			return err_set(e, EX_DATAERR,
				       "channels[%zu]: no name of a channel",
				       i + 1);
		if (!memchr("#&+!", name.p[0], 4))
			return err_set(e, EX_DATAERR,
				       "channels[%zu]: %.*s: #%.*s is meant?",
				       i + 1, STR_ARG(name), STR_ARG(name));
	}
	return 0;
}

static int check_protocol(const struct type_watch *w, struct err *e)
{
	static const struct {
		const char *protocol, *scheme;
	} pairs[] = {
		{ "websocket", "ws" }, { "irc", "irc" },   { "irc", "ws" },
		{ "sse", "http" },     { "poll", "http" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (str_is(w->chat.protocol, pairs[i].protocol) &&
		    has_scheme(w->url, pairs[i].scheme))
			return 0;
	return err_set(e, EX_DATAERR,
		       "chat: protocol: %.*s does not go with that URL",
		       STR_ARG(w->chat.protocol));
}

static int complete_chat(struct type_watch *w, struct err *e)
{
	enum { POLL_MIN_MS = 500 };
	struct type_chat *c = &w->chat;
	int64_t every_ms;

	c->present = true;
	if (!c->protocol.p)
		c->protocol = has_scheme(w->url, "ws")	  ? STR("websocket")
			      : has_scheme(w->url, "irc") ? STR("irc")
							  : STR("poll");
	if (!c->platform.p)
		c->platform = w->source;
	if (w->cron.p || w->extract.p || w->item.present)
		return err_set(e, EX_DATAERR, "%s: not for a chat",
			       w->cron.p      ? "cron"
			       : w->extract.p ? "extract"
					      : "item");
	if (w->every.p &&
	    (!str_duration_ms(w->every, &every_ms) || every_ms < POLL_MIN_MS))
		return err_set(e, EX_DATAERR, "every: below 500ms");
	if (str_is(c->protocol, "irc") && c->channels.n == 0)
		return err_set(e, EX_DATAERR, "chat: channels: none is named");
	if (w->adaptive.present || w->windows.present)
		return err_set(e, EX_DATAERR, "%s: not for a chat",
			       w->windows.present ? "windows" : "adaptive");
	if (w->min_items.p || w->plausible.present)
		return err_set(e, EX_DATAERR, "%s: not for a chat",
			       w->min_items.p ? "min_items" : "plausible");
	if (w->pages.p || w->next_hosts.present)
		return err_set(e, EX_DATAERR, "%s: not for a chat",
			       w->pages.p ? "pages" : "next_hosts");
	if (c->pass.p && !secret_is_named(c->pass))
		return err_set(e, EX_DATAERR,
			       "chat: pass: must be {\"file\":NAME}");
	if (check_protocol(w, e))
		return -1;
	return check_send(c->send, e) || (str_is(c->protocol, "irc") &&
					  check_channels(&c->channels, e))
		       ? err_prefix(e, "chat")
		       : 0;
}

int watch_complete(struct type_watch *w, struct arena *a, struct err *e)
{
	bool mock = str_starts(w->url, STR("mock:"));
	/* An http URL may be one, too. */
	bool chat = has_scheme(w->url, "ws") || has_scheme(w->url, "irc") ||
		    w->chat.present || str_is(w->kind, "chat");
	struct place place = { .more = false };

	if (read_place(w->url, &place, e) || headers_check(w->headers, a, e) ||
	    via_check(&w->via, e) || check_cron(w->cron, e) ||
	    check_confirm(&w->confirm, e) || check_windows(&w->windows, e) ||
	    check_adaptive(w, e))
		return -1;
	if (w->every.p && w->cron.p)
		return err_set(e, EX_DATAERR, "cron: every is there, too");
	if (!w->kind.p)
		w->kind = mock	 ? STR("mock")
			  : chat ? STR("chat")
				 : STR("product");
	if (mock != str_is(w->kind, "mock"))
		return err_set(e, EX_DATAERR, "kind: %.*s does not go with %s",
			       STR_ARG(w->kind),
			       mock ? "a mock: URL" : "an http URL");
	if (chat != str_is(w->kind, "chat"))
		return err_set(e, EX_DATAERR, "kind: %.*s does not go with %s",
			       STR_ARG(w->kind),
			       chat ? "a URL of that kind" : "chat");
	if (!w->id.p)
		w->id = make_id(w->url, &place, a);
	if (!w->source.p)
		w->source = make_source(place.host, a);
	if (chat)
		return complete_chat(w, e);
	if (mock || str_is(w->kind, "product"))
		w->item.present = true;
	if (w->item.present && !w->item.id.p)
		w->item.id = w->id;
	return check_contract(w, e) || check_pages(w, e) ? -1 : 0;
}
