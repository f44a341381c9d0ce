#include "common/http_end.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

static const char *const result_names[] = {
	[HTTP_OK] = "ok",
	[HTTP_TIMEOUT] = "timeout",
	[HTTP_NO_HOST] = "dns",
	[HTTP_NO_CONNECT] = "connect",
	[HTTP_BAD_TLS] = "tls",
	[HTTP_BROKEN] = "broken transfer",
	[HTTP_REFUSED] = "refused",
	[HTTP_TOO_LARGE] = "too large",
	[HTTP_REDIRECTS] = "too many redirects",
	[HTTP_PROXY] = "proxy",
	[HTTP_NO_ROUTE] = "no route",
};

const char *http_result_name(enum http_result r)
{
	return result_names[r];
}

/* ---- behind a proxy ---- */

/* What a SOCKS proxy said (RFC 1928, 6). */
static enum http_result socks_result(long reply)
{
	switch (reply) {
	case CURLPX_RESOLVE_HOST: return HTTP_NO_HOST;
	case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
	case CURLPX_REPLY_NOT_ALLOWED:
	case CURLPX_REPLY_NETWORK_UNREACHABLE:
	case CURLPX_REPLY_HOST_UNREACHABLE:
	case CURLPX_REPLY_CONNECTION_REFUSED:
	case CURLPX_REPLY_TTL_EXPIRED: return HTTP_NO_ROUTE;
	default: return HTTP_PROXY;
	}
}

enum http_result http_end_tunnel(long status)
{
	switch (status) {
	case 403:
	case 500:
	case 502:
	case 503:
	case 504: return HTTP_NO_ROUTE;
	default: return HTTP_PROXY;
	}
}

/* Before our own request was sent: the proxy's failure, or that of its way. */
static enum http_result way_result(const struct http_end *end)
{
	switch (end->code) {
	case CURLE_OPERATION_TIMEDOUT:
		return end->reached ? HTTP_NO_ROUTE : HTTP_PROXY;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING: return HTTP_PROXY;
	default:
		/* A TLS failure through SOCKS is the host's. */
		return strncmp(end->proxy, "https:", 6) == 0 ? HTTP_PROXY
							     : HTTP_OK;
	}
}

/* HTTP_OK: neither the proxy's failure nor that of its way to the host. */
static enum http_result proxy_result(const struct http_end *end)
{
	bool tunnelled = strncmp(end->proxy, "http", 4) != 0 || end->https;

	if (end->code == CURLE_OK)
		return end->status == 407 && !tunnelled ? HTTP_PROXY : HTTP_OK;
	if (end->code == CURLE_PROXY)
		return socks_result(end->socks);
	if (end->tunnel && end->tunnel / 100 != 2)
		return http_end_tunnel(end->tunnel);
	if (end->sent || end->tunnel || end->too_large ||
	    end->code == CURLE_URL_MALFORMAT)
		return HTTP_OK;
	return way_result(end);
}

/* ---- results ---- */

static enum http_result code_result(const struct http_end *end)
{
	switch (end->code) {
	case CURLE_OK: return HTTP_OK;
	case CURLE_OPERATION_TIMEDOUT: return HTTP_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY: return HTTP_NO_HOST;
	case CURLE_COULDNT_CONNECT:
	case CURLE_INTERFACE_FAILED: return HTTP_NO_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CLIENTCERT: return HTTP_BAD_TLS;
	case CURLE_UNSUPPORTED_PROTOCOL:
		/* Also what curl says to an answer that is no HTTP/1. */
		return end->sent && !end->status ? HTTP_BROKEN : HTTP_REFUSED;
	case CURLE_URL_MALFORMAT: return HTTP_REFUSED;
	case CURLE_TOO_MANY_REDIRECTS: return HTTP_REDIRECTS;
	case CURLE_OUT_OF_MEMORY: /* so it says of a header above its limit */
	case CURLE_FILESIZE_EXCEEDED: return HTTP_TOO_LARGE;
	default: return HTTP_BROKEN;
	}
}

enum http_result http_end_result(const struct http_end *end)
{
	enum http_result by_proxy = HTTP_OK;

	if (end->refused)
		return end->proxy ? HTTP_PROXY : HTTP_REFUSED;
	if (end->proxy)
		by_proxy = proxy_result(end);
	if (by_proxy != HTTP_OK)
		return by_proxy;
	if ((end->too_large || end->endless) && end->code != CURLE_OK)
		return HTTP_TOO_LARGE;
	return code_result(end);
}

const char *http_end_reason(const struct http_end *end, enum http_result result,
			    char *text, size_t size)
{
	bool headers = end->header_bytes > HTTP_HEADERS_MAX;
	bool lines = end->header_lines > HTTP_HEADER_LINES_MAX;

	if (end->code == CURLE_OK && result == HTTP_OK)
		return "";
	if (end->refused)
		snprintf(text, size, "%saddress is %s",
			 end->proxy ? "the proxy's " : "", end->refused);
	else if (end->endless)
		snprintf(
			text, size,
			"a stream of events, which has no end: as a chat, with "
			"\"protocol\":\"sse\"");
	else if (end->code == CURLE_OK)
		snprintf(text, size, "the proxy wants other credentials (407)");
	else if (end->code == CURLE_OUT_OF_MEMORY)
		snprintf(text, size, "a header of more than %d bytes",
			 CURL_MAX_HTTP_HEADER);
	else if (lines)
		snprintf(text, size, "more than %d headers",
			 HTTP_HEADER_LINES_MAX);
	else if (end->too_large || end->code == CURLE_FILESIZE_EXCEEDED)
		snprintf(text, size, "%s of more than %zu bytes",
			 headers ? "headers" : "body",
			 headers ? (size_t)HTTP_HEADERS_MAX : end->max_bytes);
	else
		str_copy(text, size,
			 str_from(end->error[0]
					  ? end->error
					  : curl_easy_strerror(
						    (CURLcode)end->code)));
	str_make_printable(text);
	return text;
}
