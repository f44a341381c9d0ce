/* What a request's head says, out of lws into struct net_request. */
#include "net_private.h"

#include "common/xmem.h"

static struct str keep(struct net *n, int len)
{
	struct str s = { n->scratch + n->scratch_used, (size_t)len };

	n->scratch_used += (size_t)len + 1;
	return s;
}

static int scratch_left(const struct net *n)
{
	return (int)(sizeof(n->scratch) - n->scratch_used);
}

/* A header's text, absent where it was not sent. */
struct str net_header(struct net *n, struct lws *wsi,
		      enum lws_token_indexes token)
{
	char *to = n->scratch + n->scratch_used;
	const struct str none = { 0 };
	int len;

	if (lws_hdr_total_length(wsi, token) <= 0)
		return none;
	len = lws_hdr_copy(wsi, to, scratch_left(n), token);
	return len < 0 ? none : keep(n, len);
}

/* Likewise, one that lws does not know; `name` in small letters, with ':'. */
static struct str other_header(struct net *n, struct lws *wsi, struct str name)
{
	char *to = n->scratch + n->scratch_used;
	const struct str none = { 0 };
	int len = lws_hdr_custom_length(wsi, name.p, (int)name.len);

	if (len <= 0 || len >= scratch_left(n))
		return none;
	len = lws_hdr_custom_copy(wsi, to, scratch_left(n), name.p,
				  (int)name.len);
	return len < 0 ? none : str_trim(keep(n, len));
}

bool net_header_has(struct net *n, struct lws *wsi,
		    enum lws_token_indexes token, struct str word)
{
	struct str list = net_header(n, wsi, token), one;

	while (str_token(&list, ", \t", &one))
		if (str_eq_nocase(one, word))
			return true;
	return false;
}

/* Who is not told so, too, takes the connection for one that goes on. */
bool net_wants_close(struct net *n, struct lws *wsi)
{
	if (str_is(net_header(n, wsi, WSI_TOKEN_HTTP), "HTTP/1.0"))
		return !net_header_has(n, wsi, WSI_TOKEN_CONNECTION,
				       STR("keep-alive"));
	return net_header_has(n, wsi, WSI_TOKEN_CONNECTION, STR("close"));
}

static enum net_method method_of(struct lws *wsi, struct str *path_r)
{
	static const enum net_method methods[] = {
		[LWSHUMETH_GET] = NET_GET,
		[LWSHUMETH_POST] = NET_POST,
		[LWSHUMETH_OPTIONS] = NET_OPTIONS,
		[LWSHUMETH_PUT] = NET_PUT,
		[LWSHUMETH_PATCH] = NET_OTHER,
		[LWSHUMETH_DELETE] = NET_DELETE,
		[LWSHUMETH_CONNECT] = NET_OTHER,
		[LWSHUMETH_HEAD] = NET_HEAD,
	};
	char *uri = NULL;
	int len = 0, m = lws_http_get_uri_and_method(wsi, &uri, &len);

	*path_r = (struct str){ uri, (size_t)len };
	if (m < 0 || (size_t)m >= ARRAY_LEN(methods))
		return NET_OTHER;
	return methods[m];
}

/* lws has cut the query at '&', and decoded it, already. */
static void read_params(struct net *n, struct lws *wsi, struct net_request *r)
{
	while (r->n_params < NET_PARAMS_MAX) {
		char *to = n->scratch + n->scratch_used;
		int len = lws_hdr_copy_fragment(wsi, to, scratch_left(n),
						WSI_TOKEN_HTTP_URI_ARGS,
						(int)r->n_params);
		struct net_param *p = &r->param[r->n_params];

		if (len < 0)
			break;
		r->n_params++;
		p->name = str_cut(keep(n, len), '=', &p->value);
	}
	/* "?", "&&": nothing was said */
	for (size_t i = 0; i < r->n_params;)
		if (r->param[i].name.len == 0 && !r->param[i].value.p)
			r->param[i] = r->param[--r->n_params];
		else
			i++;
}

/* Valid until the next call. */
const struct net_request *net_read_request(struct net *n, struct lws *wsi)
{
	struct net_request *r = &n->request;

	n->scratch_used = 0;
	*r = (struct net_request){ .method = NET_OTHER };
	r->method = method_of(wsi, &r->path);
	read_params(n, wsi, r);
	if (n->tls)
		r->scheme = STR("https");
	r->host = net_header(n, wsi, WSI_TOKEN_HOST);
	r->origin = net_header(n, wsi, WSI_TOKEN_ORIGIN);
	r->authorization = net_header(n, wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
	r->content_type = net_header(n, wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
	r->if_none_match = net_header(n, wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
	r->accept = net_header(n, wsi, WSI_TOKEN_HTTP_ACCEPT);
	r->last_event_id = other_header(n, wsi, STR("last-event-id:"));
	r->accept_encoding = net_header(n, wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING);
	if (r->method == NET_POST)
		r->ce_type = other_header(n, wsi, STR("ce-type:"));
	if (r->method == NET_OPTIONS)
		r->wants_method = other_header(
			n, wsi, STR("access-control-request-method:"));
	r->protocols = net_header(n, wsi, WSI_TOKEN_PROTOCOL);
	r->version = net_header(n, wsi, WSI_TOKEN_VERSION);
	return r;
}

/* Of several proxies, one after the other, each may mean another way. */
static struct str scheme_of(struct str said)
{
	if (str_eq_nocase(said, STR("https")) ||
	    str_eq_nocase(said, STR("wss")))
		return STR("https");
	if (str_eq_nocase(said, STR("http")) || str_eq_nocase(said, STR("ws")))
		return STR("http");
	return (struct str){ 0 };
}

bool net_know_client(struct net_conn *c)
{
	struct net *n = c->net;
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	struct in6_addr peer, client;

	if (n->conf.proxies->n == 0)
		return true;
	peers_leave(n->peers, &c->client);
	getpeername(lws_get_socket_fd(c->wsi), (struct sockaddr *)&sa, &len);
	peer = peers_address(&sa);
	client = proxies_client(n->conf.proxies, &peer,
				net_header(n, c->wsi,
					   WSI_TOKEN_X_FORWARDED_FOR));
	if (proxies_trust(n->conf.proxies, &peer))
		n->request.scheme = scheme_of(
			other_header(n, c->wsi, STR("x-forwarded-proto:")));
	if (IN6_ARE_ADDR_EQUAL(&peer, &client))
		return true;
	c->client = peers_take_address(n->peers, &client, n->conf.per_peer.max);
	if (!c->client)
		n->counts.crowded++;
	return c->client != NULL;
}

static bool has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

int net_request_fault(struct net *n, struct lws *wsi, const char **detail_r)
{
	const struct net_request *r = &n->request;
	struct str version = net_header(n, wsi, WSI_TOKEN_HTTP);
	bool control = has_control(r->path);

	for (size_t i = 0; i < r->n_params; i++)
		control |= has_control(r->param[i].name) ||
			   has_control(r->param[i].value);
	if (control || !version.p) {
		*detail_r = control ? "a control character in the address"
				    : "the request line is broken";
		return 400;
	}
	if (!str_is(version, "HTTP/1.1") && !str_is(version, "HTTP/1.0")) {
		*detail_r = "the version here is HTTP/1.1";
		return 505;
	}
	return 0;
}
