/* WebSockets: the handshake, messages in, frames out. */
#include "net_private.h"

#include "frame.h"

enum { CHOKED_ANSWERS_MAX = 8 }; /* small writes to a socket that takes none */

/* 0 lets lws shake hands; -1 closes, after what was answered is out. */
int net_on_upgrade(struct net_conn *c)
{
	struct net *n = c->net;
	const struct net_request *r;

	if (lws_hdr_total_length(c->wsi, WSI_TOKEN_UPGRADE) <= 0)
		return -1;
	n->counts.requests++;
	r = net_read_request(n, c->wsi);
	c->in_request = true;
	c->head_only = r->method == NET_HEAD;
	if (!str_eq_nocase(net_header(n, c->wsi, WSI_TOKEN_UPGRADE),
			   STR("websocket")))
		net_refuse(c, 400, "the only upgrade offered is to websocket");
	else if (lws_hdr_total_length(c->wsi, WSI_TOKEN_KEY) <= 0)
		net_refuse(c, 400, "Sec-WebSocket-Key is missing");
	else if (n->conf.on->upgrade(n->conf.arg, c, r)) {
		c->in_request = false;
		return 0;
	}
	return -1;
}

int net_on_opened(struct net_conn *c)
{
	c->is_socket = true;
	c->net->counts.sockets++;
	c->net->conf.on->opened(c->net->conf.arg, c);
	return 0;
}

bool net_send(struct net_conn *c, struct str frames)
{
	if (c->dying)
		return false;
	if (c->choked && ++c->choked_sends > CHOKED_ANSWERS_MAX) {
		c->net->counts.failed++;
		net_kill_soon(c); /* asks and asks, and reads no answer */
		return false;
	}
	if (net_write(c, frames) < 0) {
		net_kill_soon(c);
		return false;
	}
	if (!c->choked && lws_partial_buffered(c->wsi)) {
		c->choked = true;
		c->choked_sends = 0;
		lws_callback_on_writable(c->wsi);
	}
	return !c->choked;
}

void net_close(struct net_conn *c, uint16_t code, const char *why)
{
	struct buf b = { 0 };

	if (c->dying)
		return;
	frame_add_close(&b, code, why);
	net_write(c, buf_str(&b));
	buf_free(&b);
	net_kill_soon(c);
}

static void refuse_message(struct net_conn *c, const char *code,
			   const char *why)
{
	c->skipping = true;
	buf_free(&c->body);
	c->net->conf.on->refused(c->net->conf.arg, c, code, why);
}

int net_on_receive(struct net_conn *c, const char *in, size_t len)
{
	const struct net_events *on = c->net->conf.on;
	bool end = lws_is_final_fragment(c->wsi) &&
		   lws_remaining_packet_payload(c->wsi) == 0;

	if (c->dying)
		return 0;
	if (lws_is_first_fragment(c->wsi)) {
		c->net->counts.messages++;
		c->skipping = false;
		buf_reset(&c->body);
		if (lws_frame_is_binary(c->wsi))
			refuse_message(c, "not-text",
				       "messages are text, not binary");
	}
	if (!c->skipping && c->body.len + len > NET_MESSAGE_MAX)
		refuse_message(c, "too-large",
			       "a message may have 64 KiB at most");
	if (!c->skipping) {
		if (end && c->body.len == 0) {
			on->message(c->net->conf.arg, c,
				    (struct str){ in ? in : "", len });
			return 0;
		}
		buf_add(&c->body, in, len);
		if (end)
			on->message(c->net->conf.arg, c, buf_str(&c->body));
	}
	if (end)
		buf_free(&c->body); /* a quiet client costs no memory */
	return 0;
}

int net_on_writable(struct net_conn *c)
{
	if (!c->choked || c->dying)
		return 0;
	if (lws_partial_buffered(c->wsi)) {
		lws_callback_on_writable(c->wsi);
		return 0;
	}
	c->choked = false;
	c->net->conf.on->writable(c->net->conf.arg, c);
	return 0;
}
