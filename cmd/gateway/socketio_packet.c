#include "socketio_packet.h"

#include <sysexits.h>

#include "common/arena.h"
#include "common/json.h"
#include "common/xmem.h"

static int bad(struct err *e, const char *what)
{
	return err_set(e, EX_DATAERR, "socketio: %s", what);
}

/* Digits at the beginning; their number. */
static size_t digits(struct str s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static bool is_binary(enum socketio_type type)
{
	return type == SOCKETIO_BINARY_EVENT || type == SOCKETIO_BINARY_ACK;
}

static void skip(struct str *s, size_t n)
{
	*s = str_sub(*s, n, s->len);
}

static int read_attachments(struct str *rest, struct socketio_packet *p,
			    struct err *e)
{
	size_t n = digits(*rest);
	uint64_t v;

	if (n == 0 || n == rest->len || rest->p[n] != '-' ||
	    !str_u64(str_sub(*rest, 0, n), &v))
		return bad(e,
			   "a binary packet without its attachments' number");
	if (v > SOCKETIO_ATTACHMENTS_MAX)
		return bad(e, "too many attachments");
	p->n_attachments = (size_t)v;
	skip(rest, n + 1);
	return 0;
}

static int read_namespace(struct str *rest, struct socketio_packet *p,
			  struct err *e)
{
	p->nsp = STR("/");
	if (rest->len == 0 || rest->p[0] != '/')
		return 0;
	p->nsp = str_cut(*rest, ',', rest);
	if (p->nsp.len > SOCKETIO_NAMESPACE_MAX)
		return bad(e, "the namespace's name is too long");
	return 0;
}

static int read_id(struct str *rest, struct socketio_packet *p, struct err *e)
{
	size_t n = digits(*rest);

	p->has_id = n > 0;
	if (n &&
	    (!str_u64(str_sub(*rest, 0, n), &p->id) || p->id > SOCKETIO_ID_MAX))
		return bad(e, "the id is too large");
	skip(rest, n);
	return 0;
}

/* ---- the payload ---- */

/* Names that a client gives to events of its own. */
static bool is_reserved(struct str name)
{
	static const char *const names[] = {
		"\"connect\"",	     "\"connect_error\"", "\"disconnect\"",
		"\"disconnecting\"", "\"newListener\"",	  "\"removeListener\"",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

static bool has_name(struct str array)
{
	struct json_iter it = json_iter(array);

	if (!json_next(&it))
		return false;
	switch (json_type_of(it.value)) {
	case JSON_NUMBER: return true;
	case JSON_STRING: return !is_reserved(it.value);
	default: return false;
	}
}

static bool is_key(struct str key, const char *name)
{
	struct arena a = { .block = 256 };
	bool same = key.p && str_is(json_name(key, &a), name);

	arena_free(&a);
	return same;
}

/*
 * False if a placeholder stands for none of n attachments. Each level is a scan
 * of what is in it: so they are counted.
 */
static bool has_attachments(struct str value, size_t n, int depth)
{
	struct json_iter it = json_iter(value);
	bool is_placeholder = false;
	uint64_t num = UINT64_MAX;

	if (depth > SOCKETIO_DEPTH_MAX)
		return false;
	while (json_next(&it)) {
		if (is_key(it.key, "_placeholder"))
			is_placeholder = str_is(it.value, "true");
		else if (is_key(it.key, "num"))
			str_u64(it.value, &num);
		if (!has_attachments(it.value, n, depth + 1))
			return false;
	}
	return !is_placeholder || num < n;
}

static int check_data(const struct socketio_packet *p, struct err *e)
{
	enum json_type type = p->data.p ? json_type_of(p->data) : JSON_NONE;

	switch (p->type) {
	case SOCKETIO_CONNECT:
		if (type != JSON_NONE && type != JSON_OBJECT)
			return bad(e, "connect is given an object, or nothing");
		break;
	case SOCKETIO_DISCONNECT:
		if (type != JSON_NONE)
			return bad(e, "disconnect is given nothing");
		break;
	case SOCKETIO_EVENT:
	case SOCKETIO_BINARY_EVENT:
		if (type != JSON_ARRAY || !has_name(p->data))
			return bad(e, "an event is an array, its name first");
		break;
	case SOCKETIO_ACK:
	case SOCKETIO_BINARY_ACK:
		if (type != JSON_ARRAY || !p->has_id)
			return bad(e, "an ack is an array, and has an id");
		break;
	case SOCKETIO_CONNECT_ERROR:
		return bad(e, "clients do not refuse a connection");
	}
	if (is_binary(p->type) &&
	    !has_attachments(p->data, p->n_attachments, 1))
		return bad(e, "a placeholder without its attachment, "
			      "or nested too deeply");
	return 0;
}

int socketio_read(struct str text, struct socketio_packet *p_r, struct err *e)
{
	struct socketio_packet p = { 0 };
	struct str rest;

	if (text.len == 0 || text.p[0] < '0' ||
	    text.p[0] > '0' + SOCKETIO_BINARY_ACK)
		return bad(e, "an unknown type of packet");
	p.type = (enum socketio_type)(text.p[0] - '0');
	rest = str_sub(text, 1, text.len);
	if ((is_binary(p.type) && read_attachments(&rest, &p, e)) ||
	    read_namespace(&rest, &p, e) || read_id(&rest, &p, e))
		return -1;
	if (rest.len) {
		if (json_check(rest, JSON_STRICT, e))
			return -1;
		p.data = json_trim(rest);
	}
	if (check_data(&p, e))
		return -1;
	*p_r = p;
	return 0;
}

void socketio_print(const struct socketio_packet *p, struct buf *b)
{
	buf_putc(b, (char)('0' + p->type));
	if (is_binary(p->type)) {
		buf_u64(b, p->n_attachments);
		buf_putc(b, '-');
	}
	if (!str_is(p->nsp, "/")) {
		buf_add_str(b, p->nsp);
		buf_putc(b, ',');
	}
	if (p->has_id)
		buf_u64(b, p->id);
	buf_add_str(b, p->data);
}
