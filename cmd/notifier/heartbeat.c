#include "heartbeat.h"

#include <stdlib.h>
#include <string.h>

#include "common/http.h"
#include "common/log.h"
#include "common/xmem.h"

#include "vitals.h"

enum { ANSWER_MAX = 64 << 10 };

struct heartbeat {
	struct loop *loop;
	struct http *http;
	struct http_headers *headers;
	struct http_call *call;
	struct loop_timer *timer;
	struct stats *stats;
	int64_t every_ms;
	char *url, *fail_url; /* fail_url NULL: silence */
	struct vitals vitals;
	char why[VITALS_REASON_MAX]; /* of the last trouble */
	bool held;		     /* the last one was not that all is well */
	bool unheard;		     /* the last one was not taken */
};

/* "/fail" behind the path, before a query. */
static char *fail_url(const char *url)
{
	size_t path = strcspn(url, "?#"), cut = path;
	char *text = xmalloc(strlen(url) + sizeof("/fail"));

	while (cut > 0 && url[cut - 1] == '/')
		cut--;
	memcpy(text, url, cut);
	strcpy(text + cut, "/fail");
	strcat(text, url + path);
	return text;
}

/* One line when it changes, not one each time. */
static void on_answer(void *arg, const struct http_response *r)
{
	struct heartbeat *h = arg;
	bool taken = r->result == HTTP_OK && r->status / 100 == 2;

	h->call = NULL;
	stats_add(h->stats, "heartbeats_total",
		  !taken    ? "failed"
		  : h->held ? "trouble"
			    : "sent",
		  1);
	if (!taken && !h->unheard && r->result == HTTP_OK)
		log_warn("heartbeat: not taken: status %d", r->status);
	else if (!taken && !h->unheard)
		log_warn("heartbeat: not taken: %s",
			 http_result_name(r->result));
	else if (taken && h->unheard)
		log_info("heartbeat: taken again");
	h->unheard = !taken;
}

static void send_beat(struct heartbeat *h, const char *url, struct str body)
{
	struct http_request req = { .url = url,
				    .headers = h->headers,
				    .body = body,
				    .max_bytes = ANSWER_MAX,
				    .timeout_ms = HEARTBEAT_TIMEOUT_MS };

	http_cancel(&h->call); /* one that takes longer than the interval */
	h->call = http_send(h->http, &req, on_answer, h);
}

static void on_beat(void *arg)
{
	struct heartbeat *h = arg;
	char why[VITALS_REASON_MAX];
	bool good = vitals_are_good(&h->vitals, loop_now_ms(h->loop), why);

	loop_timer_start(h->timer, h->every_ms);
	if (!good && (!h->held || strcmp(why, h->why) != 0))
		log_warn("heartbeat: held back: %s", why);
	else if (good && h->held)
		log_info("heartbeat: all is well again");
	h->held = !good;
	if (!good)
		memcpy(h->why, why, sizeof(why));
	if (good)
		send_beat(h, h->url, (struct str){ 0 });
	else if (h->fail_url)
		send_beat(h, h->fail_url, str_from(h->why));
	else
		stats_add(h->stats, "heartbeats_total", "held", 1);
}

void heartbeat_clock(struct heartbeat *h)
{
	bool first = h->vitals.clock_ms < 0;

	h->vitals.clock_ms = loop_now_ms(h->loop);
	if (first)
		loop_timer_start(h->timer, h->every_ms < HEARTBEAT_FIRST_MS
						   ? h->every_ms
						   : HEARTBEAT_FIRST_MS);
}

void heartbeat_heard(struct heartbeat *h, struct str tool)
{
	vitals_heard(&h->vitals, tool, loop_now_ms(h->loop));
}

void heartbeat_stale(struct heartbeat *h, size_t watches)
{
	h->vitals.stale = watches;
}

struct heartbeat *heartbeat_new(struct loop *l,
				const struct heartbeat_conf *conf,
				struct stats *stats, struct err *e)
{
	static const char *const lines[] = { "Content-Type: text/plain",
					     "Expect:" };
	const struct http_config config = { .user_agent = "weir-notifier" };
	struct heartbeat *h = xcalloc(1, sizeof(*h));

	h->loop = l;
	h->stats = stats;
	h->every_ms = conf->every_ms;
	h->url = xstrdup(conf->url);
	if (conf->fail)
		h->fail_url = fail_url(conf->url);
	h->vitals.clock_ms = -1;
	for (size_t i = 0; i < conf->needs->n && i < VITALS_TOOLS_MAX; i++)
		h->vitals.tool[h->vitals.n_tools++] =
			(struct vitals_tool){ .name = conf->needs->v[i],
					      .heard_ms = -1 };
	h->timer = loop_timer_new(l, on_beat, h);
	h->headers = http_headers_new(lines, ARRAY_LEN(lines));
	h->http = http_new(l, &config, e);
	if (!h->http)
		heartbeat_free(&h);
	return h;
}

void heartbeat_free(struct heartbeat **hp)
{
	struct heartbeat *h = *hp;

	if (!h)
		return;
	if (h->http)
		http_cancel(&h->call);
	http_free(&h->http);
	http_headers_free(&h->headers);
	loop_timer_free(&h->timer);
	free(h->url);
	free(h->fail_url);
	free(h);
	*hp = NULL;
}
