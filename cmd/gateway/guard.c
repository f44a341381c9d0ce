#include "guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/base64.h"

static bool is_port(struct str s)
{
	uint64_t port;

	return s.len <= 5 && str_u64(s, &port) && port > 0 && port <= 65535;
}

/* "name", "name:80", "[::1]:80": the name. Absent if it is none of these. */
static struct str host_name(struct str host)
{
	const struct str none = { 0 };
	size_t end = host.len && host.p[0] == '[' ? str_chr(host, ']')
						  : str_chr(host, ':');
	struct str name;

	if (host.len && host.p[0] == '[') {
		if (end == (size_t)-1)
			return none;
		end++;
	}
	if (end >= host.len)
		return host;
	name = str_sub(host, 0, end);
	host = str_sub(host, end, host.len);
	if (host.p[0] != ':' || !is_port(str_sub(host, 1, host.len)))
		return none;
	return name;
}

bool guard_is_host(const char *name)
{
	struct str s = str_from(name);

	return s.len && host_name(s).len == s.len && !strpbrk(name, "/@?# \t");
}

bool guard_host(struct str host, const char *const *names, size_t n)
{
	static const char *const loopback[] = { "localhost", "127.0.0.1",
						"[::1]" };
	struct str name = host_name(host);

	if (name.len == 0)
		return false;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++)
		if (str_eq_nocase(name, str_from(loopback[i])))
			return true;
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(name, str_from(names[i])))
			return true;
	return false;
}

/* Without the port that is meant anyway (RFC 6454, section 4). */
static struct str without_default_port(struct str host, bool is_https)
{
	struct str port = is_https ? STR(":443") : STR(":80");

	return host.len > port.len && str_ends(host, port)
		       ? str_sub(host, 0, host.len - port.len)
		       : host;
}

bool guard_origin(struct str origin, struct str scheme, struct str host)
{
	struct str rest;
	bool is_https;

	if (!origin.p)
		return true;
	is_https = str_starts(origin, STR("https://"));
	if (!is_https && !str_starts(origin, STR("http://")))
		return false; /* "null", file:, extensions */
	if (scheme.p && is_https != str_is(scheme, "https"))
		return false;
	rest = str_sub(origin, is_https ? 8 : 7, origin.len);
	return host.len > 0 &&
	       str_eq_nocase(without_default_port(rest, is_https),
			     without_default_port(host, is_https));
}

/* The password of "user:password" in base64, in b; absent if broken. */
static struct str basic_password(struct str coded, struct buf *b)
{
	struct str password = { 0 };

	if (base64_add_bytes(b, coded))
		str_cut(buf_str(b), ':', &password);
	return password;
}

struct str guard_token(struct str authorization, struct buf *b)
{
	const struct str none = { 0 };
	struct str value, scheme = str_cut(authorization, ' ', &value);

	value = str_trim(value);
	if (str_eq_nocase(scheme, STR("Basic")))
		return basic_password(value, b);
	return str_eq_nocase(scheme, STR("Bearer")) ? value : none;
}

bool guard_same(struct str a, struct str secret)
{
	/* Its length is no secret; its bytes are. */
	return a.p && secret.len && a.len == secret.len &&
	       CRYPTO_memcmp(a.p, secret.p, secret.len) == 0;
}

bool guard_is_address(const char *address)
{
	struct in6_addr any;

	return inet_pton(AF_INET, address, &any) == 1 ||
	       inet_pton(AF_INET6, address, &any) == 1;
}

bool guard_is_loopback(const char *address)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Of "; charset=utf-8; x=y": there is none, or it is UTF-8. */
static bool is_utf8(struct str params)
{
	struct str one, value;

	while (str_token(&params, "; \t", &one)) {
		one = str_cut(one, '=', &value);
		if (!str_eq_nocase(one, STR("charset")))
			continue;
		if (value.len > 1 && value.p[0] == '"')
			value = str_sub(value, 1, value.len - 1);
		if (!str_eq_nocase(value, STR("utf-8")))
			return false;
	}
	return true;
}

enum guard_body guard_body(struct str content_type)
{
	struct str params, type = str_trim(str_cut(content_type, ';', &params));

	if (str_eq_nocase(type, STR("application/json")))
		return GUARD_BODY_JSON;
	if (!is_utf8(params))
		return GUARD_BODY_OTHER;
	if (str_eq_nocase(type, STR("application/cloudevents+json")))
		return GUARD_BODY_CLOUDEVENT;
	if (str_eq_nocase(type, STR("application/cloudevents-batch+json")))
		return GUARD_BODY_CLOUDEVENT_BATCH;
	return GUARD_BODY_OTHER;
}
