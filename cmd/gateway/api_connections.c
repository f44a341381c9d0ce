/* Who is connected to this gateway; and ending that. */
#include <stdlib.h>
#include <string.h>

#include "common/xmem.h"

#include "api.h"
#include "http.h"
#include "roll.h"
#include "socketio_live.h"

enum {
	LIMIT = 100,
	LIMIT_MAX = 1000,
	CLOSED_BY_ADMIN = 4009,
	SUBSCRIPTIONS = 16, /* patterns shown of one; how many there are is */
};

static const char *const transports[HUB_TRANSPORTS] = {
	[HUB_WEBSOCKET] = "websocket",
	[HUB_SSE] = "sse",
	[HUB_POLL] = "poll",
	[HUB_SOCKETIO] = "socketio",
};

/* "PROCESS-NUMBER": no two gateways have the same. */
static struct str process_of(const struct gateway *g)
{
	struct str source = producer_memory_source(g->queue);

	return str_sub(source, strlen("weir/gateway/"), source.len);
}

static void print_id(const struct gateway *g, uint64_t id, struct buf *b)
{
	buf_addf(b, "\"%.*s-%llu\"", STR_ARG(process_of(g)),
		 (unsigned long long)id);
}

static bool parse_id(const struct gateway *g, struct str text, uint64_t *id_r)
{
	struct str number, process = str_cut(text, '-', &number);

	return str_eq(process, process_of(g)) && str_u64(number, id_r);
}

static void print_subscriptions(const struct hub_client *c, struct buf *b)
{
	static const struct patterns none;
	struct patterns shown = c->group ? c->group->patterns : none;
	size_t n = shown.n;

	if (shown.n > SUBSCRIPTIONS)
		shown.n = SUBSCRIPTIONS;
	buf_addf(b, ",\"subscriptions\":%zu,\"patterns\":", n);
	patterns_print(&shown, b);
}

/* NULL: a client that is between two requests. */
static struct net_conn *conn_of(const struct roll_item *item)
{
	return item->client->kind >= FRAME_CUSTOM
		       ? socketio_live_conn((struct live *)item->session)
		       : item->session->conn;
}

static void print_one(struct gateway *g, const struct roll_item *item,
		      struct buf *b)
{
	const struct hub_client *c = item->client;
	const struct net_conn *conn = conn_of(item);
	struct position pos = hub_position(g->hub, c);
	char time[CLK_TEXT_SIZE], text[POSITION_TEXT_MAX];
	uint64_t head = follow_head(g->follow);
	char address[NET_PEER_MAX] = "";

	if (conn)
		net_peer(conn, address);
	buf_puts(b, "{\"id\":");
	print_id(g, item->id, b);
	buf_addf(b,
		 ",\"transport\":\"%s\",\"user\":", transports[c->transport]);
	if (item->session->who->user.p)
		buf_json_str(b, item->session->who->user);
	else
		buf_puts(b, "null");
	buf_addf(b, ",\"role\":\"%s\",\"address\":\"%s\",\"since\":\"%s\"",
		 access_role_name(item->session->who->role), address,
		 clk_format(item->since_us, time));
	print_subscriptions(c, b);
	if (pos.epoch)
		buf_addf(b, ",\"position\":\"%s\",\"lag\":%llu",
			 position_format(pos, text),
			 (unsigned long long)(c->group && head > pos.offset
						      ? head - pos.offset
						      : 0));
	else
		buf_puts(b, ",\"position\":null,\"lag\":null");
	buf_addf(b, ",\"choked\":%s,\"sent_bytes\":%llu}",
		 c->blocked ? "true" : "false",
		 (unsigned long long)(conn ? net_arrived(conn) : 0));
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

size_t api_count_users(struct gateway *g)
{
	size_t n = 0, users = 0, all = roll_count(g->roll);
	struct str *v = xcalloc(all + 1, sizeof(*v));

	for (const struct roll_item *i = roll_after(g->roll, 0); i; i = i->next)
		if (i->session->who->user.p)
			v[n++] = i->session->who->user;
	if (n)
		qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++)
		users += i == 0 || !str_eq(v[i], v[i - 1]);
	free(v);
	return users;
}

static void list(struct gateway *g, struct net_conn *c,
		 const struct net_request *r)
{
	static const char *const names[] = { "limit", "after" };
	struct str after_text = http_param(r, "after");
	struct roll_item *item;
	struct buf b = { 0 };
	uint64_t limit, after = 0, n = 0;
	struct err e;

	if (!http_check_params(r, names, ARRAY_LEN(names), &e) ||
	    !http_param_u64(r, "limit", 1, LIMIT_MAX, LIMIT, &limit, &e)) {
		http_problem(c, 400, "%s", e.msg);
		return;
	}
	if (after_text.p && !parse_id(g, after_text, &after)) {
		http_problem(c, 400, "after: not a connection of this gateway");
		return;
	}
	buf_addf(&b, "{\"total\":%zu,\"connections\":[", roll_count(g->roll));
	for (item = roll_after(g->roll, after); item && n < limit;
	     item = item->next) {
		if (n++)
			buf_putc(&b, ',');
		print_one(g, item, &b);
		after = item->id;
	}
	buf_putc(&b, ']');
	if (item) {
		buf_puts(&b, ",\"after\":");
		print_id(g, after, &b);
	}
	buf_putc(&b, '}');
	http_json(c, 200, NULL, &b);
}

static void end_one(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, struct str text)
{
	struct roll_item *item = NULL;
	uint64_t id;
	struct err e;

	if (!http_check_params(r, NULL, 0, &e)) {
		http_problem(c, 400, "%s", e.msg);
		return;
	}
	if (parse_id(g, text, &id))
		item = roll_find(g->roll, id);
	if (!item) {
		http_problem(c, 404, "not a connection of this gateway");
		return;
	}
	stats_add(g->stats, "closed_by_admin_total", NULL, 1);
	if (item->client->kind >= FRAME_CUSTOM)
		socketio_live_end((struct live *)item->session);
	else
		net_hang_up(item->session->conn, CLOSED_BY_ADMIN, "closed");
	net_answer(c, &(struct net_answer){ .status = 204 });
}

void api_connections(struct gateway *g, struct net_conn *c,
		     const struct net_request *r, struct str rest)
{
	if (r->method != NET_GET && r->method != NET_HEAD)
		http_not_allowed(c, "GET, HEAD");
	else if (rest.len)
		http_problem(c, 404, "there is nothing here");
	else
		list(g, c, r);
}

void api_connection(struct gateway *g, struct net_conn *c,
		    const struct net_request *r, struct str rest)
{
	if (r->method == NET_DELETE)
		end_one(g, c, r, rest);
	else
		http_not_allowed(c, "DELETE");
}
