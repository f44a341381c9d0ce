/* WebSockets: the handshake, messages in, frames out. */
#include "net_private.h"

#include <ctype.h>
#include <errno.h>
#include <sys/socket.h>

#include "frame.h"
#include "wire.h"

enum {
	CHOKED_ANSWERS_MAX = 8, /* small writes to a socket that takes none */
	EXTENSIONS_MAX = 254,	/* bytes of Sec-WebSocket-Extensions */
};

/* 16 bytes in base64 (RFC 6455, 4.1). */
static bool is_key(struct str s)
{
	if (s.len != 24 || !str_ends(s, STR("==")))
		return false;
	for (size_t i = 0; i < s.len - 2; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '+' &&
		    s.p[i] != '/')
			return false;
	return true;
}

/* NULL, or what the handshake lacks that every WebSocket must have. */
static const char *handshake_fault(struct net *n, struct lws *wsi)
{
	if (!str_eq_nocase(net_header(n, wsi, WSI_TOKEN_UPGRADE),
			   STR("websocket")))
		return "the only upgrade offered is to websocket";
	if (!net_header_has(n, wsi, WSI_TOKEN_CONNECTION, STR("upgrade")))
		return "Connection does not say Upgrade";
	if (!is_key(net_header(n, wsi, WSI_TOKEN_KEY)))
		return "Sec-WebSocket-Key is not 16 bytes in base64";
	return NULL;
}

int net_on_upgrade(struct net_conn *c)
{
	struct net *n = c->net;
	const struct net_request *r;
	const char *detail;
	int fault;

	if (lws_hdr_total_length(c->wsi, WSI_TOKEN_UPGRADE) <= 0)
		return -1;
	n->counts.requests++;
	n->offer = (struct deflate_offer){ 0 };
	r = net_read_request(n, c->wsi);
	net_begin_request(c);
	c->head_only = r->method == NET_HEAD;
	fault = net_request_fault(n, c->wsi, &detail);
	if (!fault && (detail = handshake_fault(n, c->wsi)))
		fault = 400;
	if (!fault && lws_hdr_total_length(c->wsi, WSI_TOKEN_EXTENSIONS) >
			      EXTENSIONS_MAX) {
		detail = "Sec-WebSocket-Extensions is too long";
		fault = 431;
	}
	if (fault)
		net_refuse(c, fault, detail);
	else if (!net_know_client(c))
		net_decline(c, 503, net_crowded);
	else if (n->leaving)
		net_decline(c, 503, "the service restarts");
	else if (n->conf.on->upgrade(n->conf.arg, c, r)) {
		net_end_request(c);
		return 0;
	}
	return -1;
}

int net_on_opened(struct net_conn *c)
{
	c->is_socket = true;
	net_set_headers(c, STR(""));
	c->net->counts.sockets++;
	c->net->conf.on->opened(c->net->conf.arg, c);
	return 0;
}

bool net_has_room(struct net_conn *c)
{
	if (!c->choked && lws_partial_buffered(c->wsi)) {
		c->choked = true;
		c->choked_sends = 0;
		lws_callback_on_writable(c->wsi);
	}
	return !c->choked;
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
	return net_has_room(c);
}

int64_t net_quiet_ms(const struct net_conn *c)
{
	return wire_quiet_ms(lws_get_socket_fd(c->wsi));
}

void net_give_up(struct net_conn *c)
{
	if (c->dying)
		return;
	c->net->counts.silent++;
	net_kill_soon(c);
}

struct line net_line(const struct net_conn *c)
{
	return (struct line){ (void *)(uintptr_t)c,
			      c->net->tls ? -1 : lws_get_socket_fd(c->wsi) };
}

/* What the socket did not take, with the connection before our eyes. */
static bool has_taken(struct net_conn *c, int took, struct str frames,
		      size_t *taken_r)
{
	*taken_r = frames.len;
	if (c->dying)
		return false;
	if (c->net->tls)
		return net_send(c, frames);
	if (took < 0 && took != -EAGAIN && took != -EINTR) {
		net_kill_soon(c);
		return false;
	}
	*taken_r = took > 0 ? (size_t)took : 0;
	c->net->counts.bytes += *taken_r;
	return false;
}

/* Of those that bytes may go to past lws, the sockets and the indices. */
static size_t pick_straight(const struct line *to, size_t n_to, int *fd_r,
			    size_t *at_r)
{
	size_t n = 0;

	for (size_t i = 0; i < n_to; i++) {
		const struct net_conn *c = to[i].conn;

		fd_r[n] = to[i].fd;
		at_r[n] = i;
		n += to[i].fd >= 0 && !c->dying &&
		     !lws_partial_buffered(c->wsi);
	}
	return n;
}

/*
 * First who may be written to, then the writes: each look at a connection is a
 * miss of the cache, and these overlap, where no system call is between them.
 */
size_t net_send_to(struct net *n, const struct line *to, size_t n_to,
		   struct str frames, struct line_left *left_r)
{
	int fd[LINES_MAX] = { 0 }, sent[LINES_MAX];
	size_t at[LINES_MAX], straight, left = 0, next = 0, taken;

	straight = pick_straight(to, n_to, fd, at);
	burst_send(n->burst, fd, straight, frames, sent);
	for (size_t i = 0; i < n_to; i++) {
		int took = 0;

		if (next < straight && at[next] == i)
			took = sent[next++];
		if (took == (int)frames.len) {
			n->counts.sends++;
			n->counts.bytes += frames.len;
		} else if (to[i].conn &&
			   !has_taken(to[i].conn, took, frames, &taken)) {
			left_r[left++] = (struct line_left){ i, taken };
		}
	}
	return left;
}

void net_end_when_sent(struct net_conn *c)
{
	if (!lws_partial_buffered(c->wsi)) {
		net_kill_soon(c);
		return;
	}
	c->dying = c->ending = true;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, NET_CLOSE_S);
	lws_callback_on_writable(c->wsi);
}

void net_close(struct net_conn *c, uint16_t code, const char *why)
{
	struct buf b = { 0 };

	if (c->dying)
		return;
	frame_add_close(&b, code, why);
	net_write(c, buf_str(&b));
	buf_free(&b);
	net_end_when_sent(c);
}

void net_hang_up(struct net_conn *c, uint16_t code, const char *why)
{
	if (c->is_socket)
		net_close(c, code, why);
	else if (!c->dying)
		net_end_when_sent(c);
}

uint64_t net_arrived(const struct net_conn *c)
{
	return wire_look(lws_get_socket_fd(c->wsi)).acked;
}

static bool is_admitted(struct net_conn *c)
{
	return c->net->conf.on->incoming(c->net->conf.arg, c);
}

/* To refuse it may have cost as much as to read it. */
static void refuse_message(struct net_conn *c, const char *code,
			   const char *why)
{
	c->skipping = true;
	buf_free(&c->body);
	if (is_admitted(c))
		c->net->conf.on->refused(c->net->conf.arg, c, code, why);
}

void net_take_binary(struct net_conn *c, size_t max)
{
	c->binary_max = max;
}

static void begin_message(struct net_conn *c)
{
	c->net->counts.messages++;
	c->skipping = false;
	c->binary = lws_frame_is_binary(c->wsi);
	buf_reset(&c->body);
	if (c->binary && !c->binary_max)
		refuse_message(c, "not-text", "messages are text, not binary");
}

/* Another frame; false: it is none of RFC 7692, section 6. */
static bool begin_frame(struct net_conn *c)
{
	bool first = lws_is_first_fragment(c->wsi);

	c->marked = net_is_marked(c);
	if (first) {
		c->packed = c->marked;
		begin_message(c);
	}
	return first || !c->marked;
}

static const char *too_large(const struct net_conn *c)
{
	return c->binary_max ? "a message is too large"
			     : "a message may have 64 KiB at most";
}

/* A whole message, as it came. */
static void end_message(struct net_conn *c, struct str data, size_t max)
{
	if (!is_admitted(c))
		return;
	if (c->packed) {
		switch (net_inflate(c, data, max, &data)) {
		case INFLATE_OK: break;
		case INFLATE_TOO_LARGE:
			c->net->conf.on->refused(c->net->conf.arg, c,
						 "too-large", too_large(c));
			return;
		case INFLATE_BROKEN:
			net_break_off(c, 1007, "what is compressed is broken");
			return;
		}
	}
	c->net->conf.on->message(c->net->conf.arg, c, data, c->binary);
}

int net_on_receive(struct net_conn *c, const char *in, size_t len)
{
	bool end = lws_is_final_fragment(c->wsi) &&
		   lws_remaining_packet_payload(c->wsi) == 0;
	size_t max = c->binary_max ? c->binary_max : NET_MESSAGE_MAX;
	struct str part = { in ? in : "", len };

	if (c->dying)
		return 0;
	if (!c->in_frame && !begin_frame(c)) {
		net_break_off(c, 1002, "RSV1 in the middle of a message");
		return 0;
	}
	c->in_frame = lws_remaining_packet_payload(c->wsi) > 0;
	if (!c->skipping &&
	    c->body.len + len > (c->packed ? inflater_packed_max(max) : max))
		refuse_message(c, "too-large", too_large(c));
	if (!c->skipping && !(end && c->body.len == 0)) {
		buf_add_str(&c->body, part);
		part = buf_str(&c->body);
	}
	if (end && !c->skipping)
		end_message(c, part, max);
	if (end)
		buf_free(&c->body); /* a quiet client costs no memory */
	return 0;
}

int net_on_writable(struct net_conn *c)
{
	net_after_pong(c);
	if (!c->ending && (!c->choked || c->dying))
		return 0;
	if (lws_partial_buffered(c->wsi)) {
		lws_callback_on_writable(c->wsi);
		return 0;
	}
	if (c->ending) {
		c->ending = false;
		net_kill_soon(c);
		return 0;
	}
	c->choked = false;
	c->net->conf.on->writable(c->net->conf.arg, c);
	return 0;
}
