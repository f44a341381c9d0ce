#include "common/wire_proxy.h"

#include <arpa/inet.h>
#include <string.h>

#include "common/base64.h"
#include "common/http_end.h"
#include "common/xmem.h"

enum {
	SOCKS = 5,
	NO_LOGIN = 0,
	LOGIN = 2, /* user and password */
	CONNECT = 1,
	IPV4 = 1,
	NAME = 3,
	IPV6 = 4,
	LOGIN_VERSION = 1,
};

static const struct {
	const char *name;
	bool tls, socks, names_here;
	unsigned port;
} kinds[] = {
	{ "http://", false, false, false, 80 },
	{ "https://", true, false, false, 443 },
	{ "socks5://", false, true, true, 1080 },
	{ "socks5h://", false, true, false, 1080 },
};

/* "host:port" or "[v6]:port" */
static bool take_place(struct wire_proxy *p, struct str place)
{
	size_t end = str_chr(place, ']');
	struct str host, port = { 0 };
	uint64_t n = p->port;

	if (str_starts(place, STR("[")) && end != (size_t)-1) {
		host = str_sub(place, 1, end);
		str_cut(str_sub(place, end + 1, place.len), ':', &port);
	} else {
		host = str_cut(place, ':', &port);
	}
	if (str_ends(port, STR("/")))
		port.len--;
	if (port.len && (!str_u64(port, &n) || n < 1 || n > 65535))
		return false;
	p->port = (unsigned)n;
	return host.len && str_copy(p->host, sizeof(p->host), host);
}

static bool fits(const char *s)
{
	return !s || strlen(s) <= WIRE_PROXY_NAME_MAX;
}

const char *wire_proxy_init(struct wire_proxy *p, const struct http_proxy *conf,
			    const char *to, unsigned port)
{
	struct str url = str_from(conf->url), place = { 0 };

	*p = (struct wire_proxy){ .conf = conf, .to_port = port };
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !place.p; i++) {
		struct str name = str_from(kinds[i].name);

		if (!str_starts(url, name))
			continue;
		place = str_sub(url, name.len, url.len);
		p->port = kinds[i].port;
		p->tls = kinds[i].tls;
		p->socks = kinds[i].socks;
		p->names_here = kinds[i].names_here;
	}
	if (!place.p || !take_place(p, place))
		return "no such proxy can be";
	if (!fits(conf->user) || !fits(conf->password))
		return "credentials too long for a proxy";
	if (!str_copy(p->to, sizeof(p->to), str_from(to)))
		return "a name too long for a proxy";
	return NULL;
}

static void put_text(struct buf *out, const char *s)
{
	buf_putc(out, (char)strlen(s));
	buf_puts(out, s);
}

static void ask_http(struct wire_proxy *p, struct buf *out)
{
	struct buf place = { 0 }, login = { 0 };

	/* A number, or a name: neither has what would end a line. */
	if (strchr(p->to, ':'))
		buf_addf(&place, "[%s]:%u", p->to, p->to_port);
	else
		buf_addf(&place, "%s:%u", p->to, p->to_port);
	buf_addf(out, "CONNECT %.*s HTTP/1.1\r\nHost: %.*s\r\n",
		 STR_ARG(buf_str(&place)), STR_ARG(buf_str(&place)));
	if (p->conf->user) {
		buf_addf(&login, "%s:%s", p->conf->user,
			 p->conf->password ? p->conf->password : "");
		buf_puts(out, "Proxy-Authorization: Basic ");
		base64_add(out, buf_str(&login));
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "\r\n");
	buf_free(&place);
	buf_free(&login);
}

static void ask_socks(struct wire_proxy *p, struct buf *out)
{
	const char head[] = { SOCKS, CONNECT, 0 };
	unsigned char a[16];

	p->at = WIRE_PROXY_ASK;
	buf_add(out, head, sizeof(head));
	if (inet_pton(AF_INET, p->to, a) == 1) {
		buf_putc(out, IPV4);
		buf_add(out, a, 4);
	} else if (inet_pton(AF_INET6, p->to, a) == 1) {
		buf_putc(out, IPV6);
		buf_add(out, a, 16);
	} else {
		buf_putc(out, NAME);
		put_text(out, p->to);
	}
	buf_putc(out, (char)(p->to_port >> 8));
	buf_putc(out, (char)p->to_port);
}

void wire_proxy_begin(struct wire_proxy *p, struct buf *out)
{
	const char both[] = { SOCKS, 2, NO_LOGIN, LOGIN };
	const char one[] = { SOCKS, 1, NO_LOGIN };

	p->at = WIRE_PROXY_GREET;
	if (!p->socks)
		ask_http(p, out);
	else if (p->conf->user)
		buf_add(out, both, sizeof(both));
	else
		buf_add(out, one, sizeof(one));
}

/* ---- what it answers ---- */

static enum wire_proxy_result judge_status(unsigned status, const char **why_r)
{
	*why_r = status == 407 ? "it wants other credentials"
			       : "it does not connect us";
	if (status / 100 == 2)
		return WIRE_PROXY_OPEN;
	return http_end_tunnel(status) == HTTP_NO_ROUTE ? WIRE_PROXY_NO_ROUTE
							: WIRE_PROXY_FAILED;
}

static enum wire_proxy_result read_http(struct str in, size_t *used_r,
					const char **why_r)
{
	size_t end =
		str_find(str_sub(in, 0, WIRE_PROXY_HEAD_MAX), STR("\r\n\r\n"));
	uint64_t status;

	if (end == (size_t)-1) {
		*why_r = "it answers without an end";
		return in.len >= WIRE_PROXY_HEAD_MAX ? WIRE_PROXY_FAILED
						     : WIRE_PROXY_MORE;
	}
	*used_r = end + 4;
	*why_r = "it speaks no HTTP";
	if (!str_starts(in, STR("HTTP/1.")) || end < 12 || in.p[8] != ' ' ||
	    !str_u64(str_sub(in, 9, 12), &status))
		return WIRE_PROXY_FAILED;
	return judge_status((unsigned)status, why_r);
}

static enum wire_proxy_result greeted(struct wire_proxy *p, struct buf *out,
				      int method, const char **why_r)
{
	if (method == NO_LOGIN) {
		ask_socks(p, out);
		return WIRE_PROXY_MORE;
	}
	if (method != LOGIN || !p->conf->user) {
		*why_r = "it wants other credentials";
		return WIRE_PROXY_FAILED;
	}
	p->at = WIRE_PROXY_LOGIN;
	buf_putc(out, LOGIN_VERSION);
	put_text(out, p->conf->user);
	put_text(out, p->conf->password ? p->conf->password : "");
	return WIRE_PROXY_MORE;
}

/* RFC 1928, 6: what is behind it, or the proxy itself. */
static enum wire_proxy_result judge_reply(int reply, const char **why_r)
{
	static const char *const names[] = {
		[1] = "general failure",     [2] = "not allowed",
		[3] = "network unreachable", [4] = "host unreachable",
		[5] = "connection refused",  [6] = "time to live expired",
		[7] = "command not known",   [8] = "address not known",
	};
	bool is_known = reply > 0 && reply < (int)ARRAY_LEN(names);

	if (reply == 0)
		return WIRE_PROXY_OPEN;
	*why_r = is_known ? names[reply] : "it speaks no SOCKS";
	return is_known && reply <= 6 ? WIRE_PROXY_NO_ROUTE : WIRE_PROXY_FAILED;
}

/* VER REP RSV ATYP ADDRESS PORT: its own address is nothing to us. */
static enum wire_proxy_result read_reply(struct str in, size_t *used_r,
					 const char **why_r)
{
	const unsigned char *b = (const unsigned char *)in.p;
	size_t n = 4;

	if (in.len >= 2 && b[1])
		return judge_reply(b[1], why_r);
	if (in.len < 5)
		return WIRE_PROXY_MORE;
	switch (b[3]) {
	case IPV4: n += 4; break;
	case IPV6: n += 16; break;
	case NAME: n += 1U + b[4]; break;
	default: *why_r = "it speaks no SOCKS"; return WIRE_PROXY_FAILED;
	}
	n += 2;
	if (in.len < n)
		return WIRE_PROXY_MORE;
	*used_r = n;
	return WIRE_PROXY_OPEN;
}

static enum wire_proxy_result read_socks(struct wire_proxy *p, struct str in,
					 size_t *used_r, struct buf *out,
					 const char **why_r)
{
	const unsigned char *b = (const unsigned char *)in.p;
	int version = p->at == WIRE_PROXY_LOGIN ? LOGIN_VERSION : SOCKS;

	if (in.len && b[0] != version) {
		*why_r = "it speaks no SOCKS";
		return WIRE_PROXY_FAILED;
	}
	if (p->at == WIRE_PROXY_ASK)
		return read_reply(in, used_r, why_r);
	if (in.len < 2)
		return WIRE_PROXY_MORE;
	*used_r = 2;
	if (p->at == WIRE_PROXY_GREET)
		return greeted(p, out, b[1], why_r);
	if (b[1]) {
		*why_r = "it wants other credentials";
		return WIRE_PROXY_FAILED;
	}
	ask_socks(p, out);
	return WIRE_PROXY_MORE;
}

enum wire_proxy_result wire_proxy_read(struct wire_proxy *p, struct str in,
				       size_t *used_r, struct buf *out,
				       const char **why_r)
{
	*used_r = 0;
	*why_r = "";
	return p->socks ? read_socks(p, in, used_r, out, why_r)
			: read_http(in, used_r, why_r);
}
