#include "chat_wire.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

static bool is_header(struct str name, const char *wanted)
{
	return str_eq_nocase(name, str_from(wanted));
}

static void read_header(struct str line, struct wire_head *h)
{
	struct str value;
	struct str name = str_cut(line, ':', &value);

	value = str_trim(value);
	if (is_header(name, "sec-websocket-key"))
		h->key = value;
	else if (is_header(name, "sec-websocket-protocol"))
		h->protocol = str_trim(str_cut(value, ',', &(struct str){ 0 }));
	else if (is_header(name, "last-event-id"))
		h->last_id = value;
}

int wire_head_read(struct str in, struct wire_head *h_r)
{
	size_t end = str_find(in, STR("\r\n\r\n"));
	struct str rest, line, target;

	*h_r = (struct wire_head){ .len = end + 4 };
	if (end == (size_t)-1)
		return in.len < WIRE_HEAD_MAX ? 0 : -1;
	rest = str_sub(in, 0, end);
	line = str_cut(rest, '\n', &rest);
	h_r->method = str_cut(line, ' ', &line);
	target = str_cut(line, ' ', &line);
	if (!str_starts(target, STR("/")))
		return -1;
	h_r->path = str_cut(target, '?', &h_r->query);
	while (rest.p)
		read_header(str_trim(str_cut(rest, '\n', &rest)), h_r);
	return 1;
}

struct str wire_query(struct str query, const char *name)
{
	while (query.p) {
		struct str value;
		struct str pair = str_cut(query, '&', &query);

		if (str_is(str_cut(pair, '=', &value), name))
			return value.p ? value : STR("");
	}
	return (struct str){ 0 };
}

void wire_upgrade(struct buf *out, const struct wire_head *h)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	unsigned char digest[SHA_DIGEST_LENGTH], text[32];
	struct buf b = { 0 };

	buf_add_str(&b, h->key);
	buf_puts(&b, guid);
	SHA1((const unsigned char *)b.p, b.len, digest);
	EVP_EncodeBlock(text, digest, sizeof(digest));
	buf_free(&b);
	buf_addf(out,
		 "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		 "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		 (const char *)text);
	if (h->protocol.p)
		buf_addf(out, "Sec-WebSocket-Protocol: %.*s\r\n",
			 STR_ARG(h->protocol));
	buf_puts(out, "\r\n");
}

void wire_frame(struct buf *out, unsigned opcode, struct str payload)
{
	size_t n = payload.len;

	buf_putc(out, (char)(0x80 | opcode));
	if (n < 126) {
		buf_putc(out, (char)n);
	} else {
		buf_putc(out, 126); /* nothing here is longer than 64 KiB */
		buf_putc(out, (char)(n >> 8));
		buf_putc(out, (char)n);
	}
	buf_add_str(out, payload);
}

int wire_frame_read(char *in, size_t len, unsigned *opcode_r,
		    struct str *payload_r, size_t *used_r)
{
	const unsigned char *p = (const unsigned char *)in;
	size_t n, head = 2;
	char *payload;

	if (len < 2)
		return 0;
	n = p[1] & 0x7f;
	if (!(p[0] & 0x80) || !(p[1] & 0x80) || n == 127)
		return -1;
	if (n == 126) {
		if (len < 4)
			return 0;
		n = (size_t)p[2] << 8 | p[3];
		head = 4;
	}
	if (len < head + 4 + n)
		return 0;
	payload = in + head + 4;
	for (size_t i = 0; i < n; i++)
		payload[i] = (char)(payload[i] ^ in[head + i % 4]);
	*opcode_r = p[0] & 15;
	*payload_r = (struct str){ payload, n };
	*used_r = head + 4 + n;
	return 1;
}
