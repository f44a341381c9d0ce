/*
 * The link in a mail: who has it wants no more of a rule. GET shows a button
 * and does nothing, as whatever scans mails follows links; POST, by that button
 * or by a mail reader (RFC 8058), sets a silence for that user and rule.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/types.h"
#include "common/unsubscribe.h"

#include "api.h"
#include "http.h"

/* The button's POST has an Origin only where the page has a referrer. */
#define HEADERS                                                          \
	"Content-Security-Policy: default-src 'none'; base-uri 'none'; " \
	"form-action 'self'; frame-ancestors 'none'\r\n"                 \
	"Referrer-Policy: same-origin\r\n"                               \
	"Cache-Control: no-store\r\n"                                    \
	"X-Robots-Tag: noindex\r\n"

#define PAGE                                                                 \
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"                      \
	"<meta charset=\"utf-8\">\n<title>weir</title>\n"                    \
	"<meta name=\"viewport\" content=\"width=device-width\">\n</head>\n" \
	"<body>\n"

static void answer_page(struct net_conn *c, struct buf *b)
{
	buf_puts(b, "</body>\n</html>\n");
	net_answer(c, &(struct net_answer){ .status = 200,
					    .type = "text/html; charset=utf-8",
					    .headers = HEADERS,
					    .body = buf_str(b) });
	buf_free(b);
}

/* An id has no character that HTML would take for its own. */
static void ask(struct net_conn *c, struct str rule)
{
	struct buf b = { 0 };

	buf_addf(&b,
		 PAGE "<p>No more notifications of <b>%.*s</b>?</p>\n"
		      "<form method=\"post\">\n"
		      "<input type=\"hidden\" name=\"List-Unsubscribe\" "
		      "value=\"One-Click\">\n<button>Unsubscribe</button>\n"
		      "</form>\n",
		 STR_ARG(rule));
	answer_page(c, &b);
}

static void on_done(struct gateway *g, struct net_conn *c, void *arg,
		    const struct position *pos, size_t n)
{
	struct buf b = { 0 };

	(void)g;
	(void)arg;
	(void)pos;
	(void)n;
	buf_puts(&b, PAGE "<p>You will get no more of these.</p>\n");
	answer_page(c, &b);
}

/* The same silence for the same user and rule, however often it is asked. */
static void silence(struct gateway *g, struct net_conn *c, struct str user,
		    struct str rule)
{
	struct buf key = { 0 }, condition = { 0 }, data = { 0 };
	char topic[64], *id = topic + sizeof("silence.set/") - 1;
	struct type_silence t = { .user = user,
				  .note = STR("unsubscribed by a link") };
	struct event ev = { .time_us = clk_wall_us(), .recorded_us = CLK_NONE };

	buf_addf(&key, "%.*s %.*s", STR_ARG(user), STR_ARG(rule));
	snprintf(topic, sizeof(topic), "silence.set/unsub.%016" PRIx64,
		 str_hash_id(buf_str(&key)));
	buf_addf(&condition, "rule == \"%.*s\"", STR_ARG(rule));
	t.id = str_from(id);
	t.when = buf_str(&condition);
	shape_encode(&shape_silence, &t, &data);
	ev.topic = str_from(topic);
	ev.data = buf_str(&data);
	api_publish(g, c, &ev, 1, on_done, NULL);
	buf_free(&key);
	buf_free(&condition);
	buf_free(&data);
}

void api_unsubscribe(struct gateway *g, struct net_conn *c,
		     const struct net_request *r, struct str rest)
{
	bool looks = r->method == NET_GET || r->method == NET_HEAD;
	struct str user, rule;
	struct err e;

	if (!looks && r->method != NET_POST)
		http_not_allowed(c, "GET, HEAD, POST");
	else if (!http_check_params(r, NULL, 0, &e))
		api_fail(g, c, &e);
	else if (!g->unsubscribe_key ||
		 !unsubscribe_read(rest, str_from(g->unsubscribe_key), &user,
				   &rule))
		http_problem(c, 404, "there is nothing here");
	else if (looks)
		ask(c, rule);
	else
		silence(g, c, user, rule);
}
