#include "stream_link_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

enum { PER_HOST = LINKS_MAX, REDIRECTS = 5 };

static const struct link_ops *const transports[] = {
	[LINK_WEBSOCKET] = &link_websocket,
	[LINK_SSE] = &link_sse,
	[LINK_IRC] = &link_irc,
	[LINK_IRC_WEBSOCKET] = &link_irc,
	[LINK_POLL] = &link_poll,
};

static void set_defaults(struct links_conf *c)
{
	if (!c->user_agent)
		c->user_agent = "weir";
	if (!c->max_bytes)
		c->max_bytes = LINK_UNIT_MAX;
	if (!c->open_ms)
		c->open_ms = LINK_OPEN_MS;
	if (!c->idle_ms)
		c->idle_ms = LINK_IDLE_MS;
}

static struct http_config http_config_of(const struct links_conf *c)
{
	return (struct http_config){ .user_agent = c->user_agent,
				     .ca_file = c->ca_file,
				     .guard = c->guard,
				     .proxy_guard = c->proxy_guard,
				     .max_connections = LINKS_MAX,
				     .max_per_host = PER_HOST };
}

static struct wires_conf wires_conf_of(const struct links_conf *c)
{
	return (struct wires_conf){ .loop = c->loop,
				    .guard = c->guard,
				    .proxy_guard = c->proxy_guard,
				    .ca_file = c->ca_file };
}

struct links *links_new(const struct links_conf *conf, struct err *e)
{
	struct http_config http = http_config_of(conf);
	struct wires_conf wires = wires_conf_of(conf);
	struct links *ls = xcalloc(1, sizeof(*ls));

	ls->conf = *conf;
	set_defaults(&ls->conf);
	ls->wires = wires_new(&wires);
	ls->http = http_new(conf->loop, &http, e);
	if (!ls->http)
		links_free(&ls);
	return ls;
}

void links_set(struct links *ls, const struct links_conf *conf)
{
	struct http_config http = http_config_of(conf);
	struct wires_conf wires = wires_conf_of(conf);
	struct loop *loop = ls->conf.loop;

	ls->conf = *conf;
	ls->conf.loop = loop;
	set_defaults(&ls->conf);
	http_set(ls->http, &http);
	wires_set(ls->wires, &wires);
}

void links_free(struct links **lsp)
{
	struct links *ls = *lsp;

	if (!ls)
		return;
	for (struct link *l = ls->first, *next; l; l = next) {
		next = l->next;
		link_close(&l);
	}
	http_free(&ls->http);
	wires_free(&ls->wires);
	free(ls);
	*lsp = NULL;
}

/* ---- one link ---- */

static void link_free(struct link *l)
{
	if (l->ops)
		l->ops->stop(l);
	*l->at = l->next;
	if (l->next)
		l->next->at = l->at;
	l->links->n--;
	loop_timer_free(&l->timer);
	free(l->reason);
	free(l);
}

static void on_timer(void *arg)
{
	struct link *l = arg;

	if (!l->over) {
		l->ops->tick(l);
		return;
	}
	l->handler->end(l->arg, &l->end);
	link_free(l);
}

struct link *link_open(struct links *ls, const struct link_target *t,
		       const struct link_handler *h, void *arg)
{
	const struct link_ops *ops = transports[t->protocol];
	struct link *l = xcalloc(1, ops->size);

	l->links = ls;
	l->ops = ops;
	l->target = t;
	l->handler = h;
	l->arg = arg;
	l->idle_ms = t->idle_ms ? t->idle_ms : ls->conf.idle_ms;
	l->timer = loop_timer_new(ls->conf.loop, on_timer, l);
	l->next = ls->first;
	l->at = &ls->first;
	if (l->next)
		l->next->at = &l->next;
	ls->first = l;
	link_heard(l);
	if (++ls->n > LINKS_MAX)
		link_fail(l, OUTCOME_REFUSED, "more than %d streams",
			  LINKS_MAX);
	else
		l->ops->start(l);
	return l;
}

void link_close(struct link **lp)
{
	if (*lp)
		link_free(*lp);
	*lp = NULL;
}

void link_pause(struct link *l, bool paused)
{
	if (l->paused == paused || l->over)
		return;
	l->paused = paused;
	if (paused) {
		l->ops->pause(l);
		return;
	}
	link_heard(l);
	l->ops->resume(l);
}

void link_reject(struct link *l, const char *reason)
{
	link_fail(l, OUTCOME_PARSE_FAIL, "%s", reason);
}

/* ---- for the transports ---- */

void link_heard(struct link *l)
{
	l->heard_ms = loop_now_ms(l->links->conf.loop);
}

void link_set_timer(struct link *l, int64_t in_ms)
{
	if (!l->over)
		loop_timer_start(l->timer, in_ms);
}

void link_opened(struct link *l)
{
	if (l->open || l->over)
		return;
	l->open = true;
	if (l->handler->open)
		l->handler->open(l->arg);
}

bool link_give(struct link *l, const struct link_unit *u)
{
	if (l->over)
		return false;
	l->handler->unit(l->arg, u);
	return !l->paused && !l->over;
}

bool link_is_idle(struct link *l, int64_t heard_ms)
{
	int64_t now = loop_now_ms(l->links->conf.loop);
	int64_t half = l->idle_ms / 2, silent;

	if (heard_ms < l->heard_ms)
		heard_ms = l->heard_ms;
	silent = l->paused ? 0 : now - heard_ms;
	if (silent >= l->idle_ms) {
		link_fail(l, OUTCOME_TIMEOUT, "nothing came for %lld ms",
			  (long long)silent);
		return false;
	}
	link_set_timer(l, silent < half ? half - silent : l->idle_ms - silent);
	return silent >= half;
}

unsigned link_redirects(const struct link *l)
{
	return l->target->headers || l->target->proxy ? 0 : REDIRECTS;
}

enum link_way link_way_of(enum http_result result)
{
	switch (result) {
	case HTTP_PROXY: return LINK_PROXY_FAILED;
	case HTTP_NO_ROUTE: return LINK_PROXY_DOUBTED;
	default: return LINK_THERE;
	}
}

void link_is_late(struct link *l)
{
	link_fail(l, OUTCOME_TIMEOUT, "not open after %lld ms",
		  (long long)l->links->conf.open_ms);
}

int link_finish(struct link *l, const struct link_end *end)
{
	char reason[LINK_REASON_MAX];

	if (l->over)
		return -1;
	str_copy(reason, sizeof(reason), str_from(end->reason));
	str_make_printable(reason);
	l->over = true;
	l->reason = xstrdup(reason);
	l->end = *end;
	l->end.reason = l->reason;
	loop_timer_start(l->timer, 0);
	return -1;
}

int link_fail(struct link *l, enum outcome outcome, const char *fmt, ...)
{
	char reason[LINK_REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return link_finish(l, &(struct link_end){ .outcome = outcome,
						  .reason = reason });
}
