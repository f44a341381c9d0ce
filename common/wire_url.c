#include "common/wire_url.h"

#include <string.h>

#include "common/xmem.h"

static const struct {
	const char *name;
	unsigned port;
	bool tls;
} schemes[] = {
	{ "ws", 80, false },
	{ "wss", 443, true },
	{ "irc", 6667, false },
	{ "ircs", 6697, true },
};

static bool is_host_char(char c, bool is_ipv6)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '.')
		return true;
	if (is_ipv6)
		return c == ':';
	return (c >= 'g' && c <= 'z') || c == '-' || c == '_';
}

static bool take_host(struct str host, struct wire_url *u)
{
	if (!host.len || host.len > WIRE_HOST_MAX)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!is_host_char(c, u->is_ipv6))
			return false;
		u->host[i] = c;
	}
	u->host[host.len] = '\0';
	return true;
}

/* "host", "host:port", "[v6]" or "[v6]:port" */
static const char *take_authority(struct str s, struct wire_url *u)
{
	struct str port = { 0 };
	uint64_t n;

	if (s.len && s.p[0] == '[') {
		size_t end = str_chr(s, ']');

		if (end == (size_t)-1)
			return "the bracket is open";
		u->is_ipv6 = true;
		port = str_sub(s, end + 1, s.len);
		s = str_sub(s, 1, end);
		if (port.len && port.p[0] != ':')
			return "no such host";
		if (port.len)
			port = str_sub(port, 1, port.len);
	} else {
		s = str_cut(s, ':', &port);
	}
	if (!take_host(s, u))
		return "no such host";
	if (!port.len)
		return NULL;
	if (!str_u64(port, &n) || n < 1 || n > 65535)
		return "no such port";
	u->port_said = n != u->port;
	u->port = (unsigned)n;
	return NULL;
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

const char *wire_url_parse(struct str url, struct wire_url *u_r)
{
	size_t at = str_find(url, STR("://")), end;
	struct str scheme, rest;
	bool known = false;

	*u_r = (struct wire_url){ 0 };
	if (url.len > WIRE_URL_MAX || !is_plain(url))
		return "not a URL";
	if (at == (size_t)-1)
		return "no scheme";
	scheme = str_sub(url, 0, at);
	for (size_t i = 0; i < ARRAY_LEN(schemes) && !known; i++) {
		known = str_eq_nocase(scheme, str_from(schemes[i].name));
		if (!known)
			continue;
		u_r->scheme = str_from(schemes[i].name);
		u_r->port = schemes[i].port;
		u_r->tls = schemes[i].tls;
	}
	if (!known)
		return "no scheme of a stream";
	rest = str_sub(url, at + 3, url.len);
	rest = str_sub(rest, 0,
		       str_chr(rest, '#') == (size_t)-1 ? rest.len
							: str_chr(rest, '#'));
	for (end = 0; end < rest.len && !strchr("/?", rest.p[end]); end++)
		;
	u_r->target = str_sub(rest, end, rest.len);
	if (!u_r->target.len)
		u_r->target = STR("/");
	if (str_chr(str_sub(rest, 0, end), '@') != (size_t)-1)
		return "no names or passwords in a URL";
	return take_authority(str_sub(rest, 0, end), u_r);
}
