/* WebSockets whose messages may be compressed (RFC 7692). */
#include "net_private.h"

#include <string.h>

/*
 * What lws has agreed to before ADD_HEADERS; it is asked to agree to the last
 * mention of the extension only, for after that it takes another one for a
 * mistake.
 */
static const char agreed[] = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

/* ---- the handshake ---- */

void net_allow_deflate(struct net_conn *c)
{
	struct net *n = c->net;

	if (n->inflater)
		n->offer = deflate_offer_read(
			net_header(n, c->wsi, WSI_TOKEN_EXTENSIONS));
}

bool net_deflates(const struct net_conn *c)
{
	return c->deflates;
}

int net_on_extension(struct net_conn *c)
{
	struct deflate_offer *o = &c->net->offer;

	return o->taken && o->mentions && --o->mentions == 0 ? 0 : -1;
}

int net_on_headers(struct net_conn *c, struct lws_process_html_args *a)
{
	struct deflate_offer *o = &c->net->offer;
	const size_t len = sizeof(agreed) - 1;
	size_t more;

	c->net->counts.offers_declined += o->asked && !o->taken;
	if (!o->taken)
		return 0;
	more = strlen(o->answer);
	/* There is a status line before it, and then some. */
	if (memcmp(a->p - len, agreed, len) != 0 || (size_t)a->max_len < more)
		return -1;
	memcpy(a->p - 2, o->answer, more);
	a->p += more;
	memcpy(a->p - 2, "\r\n", 2);
	c->net->counts.offers_taken++;
	c->deflates = true;
	return 0;
}

/* ---- what comes ---- */

bool net_is_marked(const struct net_conn *c)
{
	return (lws_get_reserved_bits(c->wsi) & 0x40) != 0;
}

int net_break_off(struct net_conn *c, uint16_t code, const char *why)
{
	c->net->counts.inflate_broken++;
	net_close(c, code, why);
	return -1;
}

int net_on_control(struct net_conn *c)
{
	if (c->dying || !net_is_marked(c))
		return 0;
	return net_break_off(c, 1002, "a control frame is not compressed");
}

enum inflate_result net_inflate(struct net_conn *c, struct str packed,
				size_t max, struct str *out_r)
{
	enum inflate_result r =
		inflater_read(c->net->inflater, packed, max, out_r);

	c->net->counts.inflated += r == INFLATE_OK;
	c->net->counts.bombs += r == INFLATE_TOO_LARGE;
	return r;
}

void net_after_pong(struct net_conn *c)
{
	/* lws may be within the head of a message's first frame, too. */
	if (c->deflates && !c->marked && !lws_is_first_fragment(c->wsi) &&
	    lws_remaining_packet_payload(c->wsi) == 0)
		net_on_control(c);
}

/*
 * It makes lws let the bit pass that says a message is compressed, and does
 * nothing of what an extension does.
 */
static int extension(struct lws_context *context,
		     const struct lws_extension *ext, struct lws *wsi,
		     enum lws_extension_callback_reasons why, void *user,
		     void *in, size_t len)
{
	static const struct lws_ext_options none[] = { { 0 } };

	(void)context;
	(void)ext;
	(void)wsi;
	(void)user;
	(void)len;
	if (why == LWS_EXT_CB_CONSTRUCT)
		*(const struct lws_ext_options **)in = none;
	return 0;
}

const struct lws_extension net_extensions[] = {
	{ .name = "permessage-deflate", .callback = extension },
	{ 0 },
};
