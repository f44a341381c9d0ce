#include "exchange.h"

#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/xmem.h"

#include "fill.h"
#include "wire.h"

enum { PIECE_BYTES = 32 << 10, PACK_FROM_BYTES = 256 };

/* ---- reading ---- */

static bool is_loopback(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct in6_addr *six;

	if (!info || !info->client_addr)
		return false;
	if (info->client_addr->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, info->client_addr, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	six = &((const struct sockaddr_in6 *)(const void *)info->client_addr)
		       ->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(six) ||
	       (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == 127);
}

static struct str header(struct MHD_Connection *conn, const char *name)
{
	return str_from(
		MHD_lookup_connection_value(conn, MHD_HEADER_KIND, name));
}

static struct str argument(struct MHD_Connection *conn, const char *name)
{
	return str_from(
		MHD_lookup_connection_value(conn, MHD_GET_ARGUMENT_KIND, name));
}

static bool is_host(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr(".-:[]", s.p[i]))
			return false;
	return s.len > 0 && s.len < 256;
}

/* Add "name":"value" to a JSON object; names of headers have no case. */
static enum MHD_Result add_pair(void *arg, enum MHD_ValueKind kind,
				const char *name, const char *value)
{
	struct buf *b = arg;
	char *text;

	if (b->len > 1)
		buf_putc(b, ',');
	text = xstrdup(name);
	for (char *p = text; kind == MHD_HEADER_KIND && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	str_make_printable(text);
	buf_json_str(b, str_from(text));
	free(text);
	buf_putc(b, ':');
	text = xstrdup(value ? value : "");
	str_make_printable(text);
	buf_json_str(b, str_from(text));
	free(text);
	return MHD_YES;
}

static struct str read_pairs(struct MHD_Connection *conn,
			     enum MHD_ValueKind kind, struct buf *b)
{
	buf_putc(b, '{');
	MHD_get_connection_values(conn, kind, add_pair, b);
	buf_putc(b, '}');
	return buf_str(b);
}

void exchange_read(struct exchange *x, const char *method, const char *path,
		   const char *listen_name, struct exchange_scratch *scratch,
		   struct request *rq)
{
	struct str host = header(x->conn, "Host");

	buf_puts(&scratch->base, "http://");
	buf_add_str(&scratch->base,
		    is_host(host) ? host : str_from(listen_name));
	*rq = (struct request){
		.method = str_from(method),
		.path = str_from(path),
		.base = buf_str(&scratch->base),
		.body = buf_str(&x->in),
		.headers =
			read_pairs(x->conn, MHD_HEADER_KIND, &scratch->headers),
		.args = read_pairs(x->conn, MHD_GET_ARGUMENT_KIND,
				   &scratch->args),
		.url = argument(x->conn, "url"),
		.retry_after = argument(x->conn, "retry_after"),
		.none_match = header(x->conn, "If-None-Match"),
		.modified_since = header(x->conn, "If-Modified-Since"),
		/* A page in some browser here is not someone here. */
		.control = is_loopback(x->conn) && !header(x->conn, "Origin").p,
	};
}

void exchange_scratch_free(struct exchange_scratch *scratch)
{
	buf_free(&scratch->base);
	buf_free(&scratch->headers);
	buf_free(&scratch->args);
}

/* ---- writing ---- */

/* "gzip" among what is accepted, and not with the weight 0. */
static bool accepts_gzip(struct str accepted)
{
	struct str one;

	while (str_token(&accepted, ",", &one)) {
		struct str weight, name = str_cut(one, ';', &weight);

		if (!str_eq_nocase(str_trim(name), STR("gzip")))
			continue;
		weight = str_trim(weight);
		return !str_is(weight, "q=0") && !str_is(weight, "q=0.0");
	}
	return false;
}

static bool is_text(const char *type)
{
	return type && (strstr(type, "text") || strstr(type, "json") ||
			strstr(type, "xml"));
}

static ssize_t read_cut(void *arg, uint64_t pos, char *out, size_t max)
{
	const struct exchange *x = arg;
	size_t left = x->a.body.len / 2 - (size_t)pos;

	if (left == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left > max)
		left = max;
	memcpy(out, x->a.body.p + pos, left);
	return (ssize_t)left;
}

/* A pause, then a byte. */
static ssize_t read_drip(void *arg, uint64_t pos, char *out, size_t max)
{
	struct exchange *x = arg;

	if (max == 0)
		return 0;
	if (x->dripped == pos) {
		x->dripped++;
		x->pause(x->server, x, x->a.drip_ms);
		return 0;
	}
	*out = x->a.body.p[pos];
	return 1;
}

static ssize_t read_endless(void *arg, uint64_t pos, char *out, size_t max)
{
	const struct exchange *x = arg;
	size_t n = 0;

	while (n < max)
		out[n++] = x->a.body.p[pos++ % x->a.body.len];
	return (ssize_t)n;
}

static ssize_t read_bomb(void *arg, uint64_t pos, char *out, size_t max)
{
	const struct exchange *x = arg;

	return (ssize_t)gzip_bomb_read(x->bomb, pos, out, max);
}

/* MHD takes the page's memory over. */
static struct MHD_Response *give(struct buf *b)
{
	struct MHD_Response *r;

	if (b->len == 0)
		return MHD_create_response_from_buffer(0, NULL,
						       MHD_RESPMEM_PERSISTENT);
	r = MHD_create_response_from_buffer(b->len, b->p,
					    MHD_RESPMEM_MUST_FREE);
	if (r)
		*b = (struct buf){ 0 };
	return r;
}

static struct MHD_Response *page(struct exchange *x, bool *packed_r)
{
	struct buf packed = { 0 };
	struct MHD_Response *r;

	*packed_r = is_text(x->a.type) && x->a.body.len >= PACK_FROM_BYTES &&
		    accepts_gzip(header(x->conn, "Accept-Encoding"));
	if (!*packed_r)
		return give(&x->a.body);
	gzip_pack(buf_str(&x->a.body), &packed);
	r = give(&packed);
	buf_free(&packed);
	return r;
}

static struct MHD_Response *make_response(struct exchange *x, bool *packed_r)
{
	*packed_r = x->a.kind == ANSWER_BOMB;
	switch (x->a.kind) {
	case ANSWER_CUT:
		return MHD_create_response_from_callback(
			x->a.body.len, PIECE_BYTES, read_cut, x, NULL);
	case ANSWER_DRIP:
		return MHD_create_response_from_callback(
			x->a.body.len, PIECE_BYTES, read_drip, x, NULL);
	case ANSWER_ENDLESS:
		return MHD_create_response_from_callback(
			MHD_SIZE_UNKNOWN, PIECE_BYTES, read_endless, x, NULL);
	case ANSWER_BOMB:
		return MHD_create_response_from_callback(
			x->bomb->size, PIECE_BYTES, read_bomb, x, NULL);
	default: return page(x, packed_r);
	}
}

static void add(struct MHD_Response *r, const char *name, const char *value)
{
	if (value && *value)
		MHD_add_response_header(r, name, value);
}

static void add_headers(struct MHD_Response *r, const struct answer *a,
			const char *modified, bool packed)
{
	char name[32];

	add(r, "Content-Type", a->type);
	add(r, "Content-Encoding", packed ? "gzip" : NULL);
	add(r, "Vary", is_text(a->type) ? "Accept-Encoding" : NULL);
	add(r, "ETag", a->etag);
	add(r, "Last-Modified", a->etag[0] ? modified : NULL);
	add(r, "Cache-Control", a->cache_control);
	add(r, "Location", a->location.p);
	add(r, "Retry-After", a->retry_after);
	add(r, "Allow", a->allow);
	for (unsigned i = 0; i < a->fillers; i++) {
		snprintf(name, sizeof(name), "X-Filler-%u", i);
		add(r, name, "nothing of interest stands here");
	}
}

static int socket_of(struct MHD_Connection *conn)
{
	return MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)
		->connect_fd;
}

enum MHD_Result exchange_write(struct exchange *x)
{
	char modified[FILL_DATE_SIZE];
	struct MHD_Response *r;
	enum MHD_Result done;
	bool packed;

	if (x->a.kind == ANSWER_HANG)
		return MHD_NO;
	if (x->a.kind == ANSWER_WIRE) {
		wire_send(x->a.wire, socket_of(x->conn));
		return MHD_NO;
	}
	fill_http_date(x->a.modified_s, modified);
	r = make_response(x, &packed);
	if (!r)
		return MHD_NO;
	add_headers(r, &x->a, modified, packed);
	done = MHD_queue_response(x->conn, x->a.status, r);
	MHD_destroy_response(r);
	return done;
}
