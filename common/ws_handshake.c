#include "common/ws_handshake.h"

#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "common/xmem.h"

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

void ws_key(const unsigned char random[16], char key_r[WS_KEY_SIZE])
{
	EVP_EncodeBlock((unsigned char *)key_r, random, 16);
}

/* What a server makes of the key. */
static struct str accept_of(const char *key, char out[32])
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	struct buf b = { 0 };

	buf_puts(&b, key);
	buf_puts(&b, guid);
	SHA1((const unsigned char *)b.p, b.len, digest);
	buf_free(&b);
	EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
	return str_from(out);
}

/* ---- the request ---- */

/* Those that are the handshake's own are not a watch's to say. */
static bool is_ours(const char *line)
{
	static const char *const names[] = {
		"Host:",	  "Upgrade:",	     "Connection:",
		"Sec-WebSocket-", "Content-Length:", "Transfer-Encoding:",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncasecmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void write_host(struct buf *out, const struct wire_url *u)
{
	buf_addf(out, u->is_ipv6 ? "Host: [%s]" : "Host: %s", u->host);
	if (u->port_said)
		buf_addf(out, ":%u", u->port);
	buf_puts(out, "\r\n");
}

void ws_request_write(struct buf *out, const struct ws_request *r)
{
	const char *line;
	bool agent = false;

	buf_puts(out, "GET ");
	if (r->url->target.p[0] != '/')
		buf_putc(out, '/');
	buf_add_str(out, r->url->target);
	buf_puts(out, " HTTP/1.1\r\n");
	write_host(out, r->url);
	buf_addf(out,
		 "Upgrade: websocket\r\n"
		 "Connection: Upgrade\r\n"
		 "Sec-WebSocket-Key: %s\r\n"
		 "Sec-WebSocket-Version: 13\r\n",
		 r->key);
	if (r->subprotocol)
		buf_addf(out, "Sec-WebSocket-Protocol: %s\r\n", r->subprotocol);
	for (size_t i = 0; (line = http_headers_line(r->headers, i)); i++) {
		if (is_ours(line) || strpbrk(line, "\r\n"))
			continue;
		agent = agent || strncasecmp(line, "User-Agent:", 11) == 0;
		buf_addf(out, "%s\r\n", line);
	}
	if (r->user_agent && !agent)
		buf_addf(out, "User-Agent: %s\r\n", r->user_agent);
	buf_puts(out, "\r\n");
}

/* ---- the answer ---- */

/* The last value of a header, or absent. */
static struct str header(struct str head, const char *name)
{
	struct str rest = head, found = { 0 }, line, value;

	str_cut(rest, '\n', &rest); /* the status line */
	while (rest.len) {
		line = str_cut(rest, '\n', &rest);
		if (!str_eq_nocase(str_cut(line, ':', &value), str_from(name)))
			continue;
		if (value.p)
			found = str_trim(value);
	}
	return found;
}

static bool has_word(struct str list, struct str word)
{
	struct str token;

	while (str_token(&list, ", \t", &token))
		if (str_eq_nocase(token, word))
			return true;
	return false;
}

/* "HTTP/1.1 101 …" */
static bool read_status(struct str head, int *status_r)
{
	uint64_t n;

	if (!str_starts(head, STR("HTTP/1.")) || head.len < 13 ||
	    head.p[8] != ' ' || !str_u64(str_sub(head, 9, 12), &n) || n < 100)
		return false;
	*status_r = (int)n;
	return true;
}

static const char *fault(struct str head, const struct ws_request *asked)
{
	struct str protocol = header(head, "Sec-WebSocket-Protocol");
	char accept[32];

	if (!str_eq_nocase(header(head, "Upgrade"), STR("websocket")) ||
	    !has_word(header(head, "Connection"), STR("upgrade")))
		return "status 101, but to no WebSocket";
	if (!str_eq(header(head, "Sec-WebSocket-Accept"),
		    accept_of(asked->key, accept)))
		return "status 101, but it has not read our key";
	if (header(head, "Sec-WebSocket-Extensions").len)
		return "an extension that was not asked for";
	if (protocol.p &&
	    !(asked->subprotocol && str_is(protocol, asked->subprotocol)))
		return "a subprotocol that was not asked for";
	if (asked->subprotocol && !protocol.p)
		return "the server does not speak the subprotocol";
	return NULL;
}

static bool body_is_whole(const struct ws_answer *a)
{
	struct str length = header(a->head, "Content-Length");
	uint64_t n;

	if (a->body.len >= WS_ANSWER_BODY_MAX)
		return true;
	if (str_u64(length, &n))
		return a->body.len >= n;
	return has_word(header(a->head, "Transfer-Encoding"), STR("chunked")) &&
	       str_ends(a->body, STR("0\r\n\r\n"));
}

enum ws_answer_result ws_answer_read(struct str in, bool at_end,
				     const struct ws_request *asked,
				     struct ws_answer *answer_r,
				     const char **why_r)
{
	size_t end = str_find(in, STR("\r\n\r\n"));

	*answer_r = (struct ws_answer){ 0 };
	*why_r = "not HTTP";
	if (in.len >= 7 && !str_starts(in, STR("HTTP/1.")))
		return WS_ANSWER_BAD;
	if (end == (size_t)-1 && in.len > WS_ANSWER_HEAD_MAX)
		*why_r = "headers without an end";
	if (end == (size_t)-1)
		return at_end || in.len > WS_ANSWER_HEAD_MAX ? WS_ANSWER_BAD
							     : WS_ANSWER_MORE;
	answer_r->head = str_sub(in, 0, end + 4);
	answer_r->body = str_sub(in, end + 4, in.len);
	if (!read_status(answer_r->head, &answer_r->status))
		return WS_ANSWER_BAD;
	if (answer_r->status == 101) {
		*why_r = fault(answer_r->head, asked);
		return *why_r ? WS_ANSWER_BAD : WS_ANSWER_OPEN;
	}
	answer_r->retry_after = header(answer_r->head, "Retry-After");
	answer_r->cf_mitigated = header(answer_r->head, "Cf-Mitigated");
	answer_r->waf_action = header(answer_r->head, "X-Amzn-Waf-Action");
	return at_end || body_is_whole(answer_r) ? WS_ANSWER_REFUSED
						 : WS_ANSWER_MORE;
}
