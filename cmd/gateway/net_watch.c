/*
 * What requests and answers hold in memory, and how long they may take.
 *
 * libwebsockets ends a connection NET_REQUEST_S after the head of a request,
 * also in the middle of an answer that is being read, but begins anew with each
 * byte of a body; and it copies what a socket does not take, whole. So times
 * and bytes are counted here.
 */
#include "net_private.h"

#include "wire.h"

enum { LOOK_MS = 1000 };

bool net_hold(struct net_conn *c, size_t len, size_t whole)
{
	struct net_counts *n = &c->net->counts;

	if (whole > NET_SMALL_MAX && n->held + len > NET_HELD_MAX) {
		n->overloads++;
		return false;
	}
	n->held += len;
	c->holds += len;
	return true;
}

void net_let_go(struct net_conn *c)
{
	c->net->counts.held -= c->holds;
	c->holds = 0;
}

static void set_deadline(struct net_conn *c)
{
	c->deadline_ms = loop_now_ms(c->net->conf.loop) + NET_REQUEST_S * 1000;
	c->acked = wire_look(lws_get_socket_fd(c->wsi)).acked;
}

void net_watch(struct net_conn *c)
{
	struct net *n = c->net;

	set_deadline(c);
	if (c->watched_at)
		return;
	c->watched_at = &n->watched;
	c->next_watched = n->watched;
	if (n->watched)
		n->watched->watched_at = &c->next_watched;
	n->watched = c;
	if (!loop_timer_running(n->watch))
		loop_timer_start(n->watch, LOOK_MS);
}

void net_unwatch(struct net_conn *c)
{
	if (!c->watched_at)
		return;
	*c->watched_at = c->next_watched;
	if (c->next_watched)
		c->next_watched->watched_at = c->watched_at;
	c->watched_at = NULL;
}

/* An answer: true once it is out. */
static bool is_sent(struct net_conn *c)
{
	if (lws_partial_buffered(c->wsi)) {
		uint64_t acked = wire_look(lws_get_socket_fd(c->wsi)).acked;

		if (acked - c->acked >= NET_PROGRESS_MIN)
			set_deadline(c);
		return false;
	}
	c->sending = false;
	if (!c->receiving) {
		net_let_go(c);
		net_unwatch(c);
	}
	return true;
}

static void give_up(struct net_conn *c)
{
	c->net->counts.timeouts++;
	net_unwatch(c);
	if (c->receiving)
		net_decline(c, 408, "the request did not come in time");
	else
		net_kill_soon(c);
}

void net_look(void *arg)
{
	struct net *n = arg;
	int64_t now_ms = loop_now_ms(n->conf.loop);
	struct net_conn *c, *next;

	for (c = n->watched; c; c = next) {
		next = c->next_watched;
		if (c->dying || (c->sending && is_sent(c)))
			continue;
		if (now_ms >= c->deadline_ms)
			give_up(c);
	}
	if (n->watched)
		loop_timer_start(n->watch, LOOK_MS);
}
